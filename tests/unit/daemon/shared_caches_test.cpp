#include "node/daemon/workers/shared_caches.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/crypto/keys.h"
#include "node/daemon/workers/script_pool.h"

namespace parley {
namespace {

Hash256 message(uint64_t number) {
    return sha256(as_bytes(std::to_string(number)));
}

TEST(SharedSignatureCache, contains_only_the_very_record_that_was_inserted) {
    SeededRandom random(1);
    SharedSignatureCache cache(random, 1 << 20);
    const Hash256 one = message(1);
    const Hash256 two = message(2);
    const Bytes key(33, 2);
    const Bytes signature(70, 3);
    const SignatureRecord record{SignatureKind::ecdsa, one, key, signature};
    EXPECT_FALSE(cache.contains(record));
    cache.insert(record);
    EXPECT_TRUE(cache.contains(record));
    const Bytes longer_key(34, 2);
    EXPECT_FALSE(cache.contains({SignatureKind::schnorr, one, key, signature}));
    EXPECT_FALSE(cache.contains({SignatureKind::ecdsa, two, key, signature}));
    EXPECT_FALSE(cache.contains({SignatureKind::ecdsa, one, longer_key, signature}));
    EXPECT_FALSE(cache.contains({SignatureKind::ecdsa, one, key, Bytes(71, 3)}));
    SharedSignatureCache other(random, 1 << 20);
    EXPECT_FALSE(other.contains(record));
}

TEST(SharedScriptCache, contains_only_the_very_pair_that_was_inserted) {
    SeededRandom random(1);
    SharedScriptCache cache(random, 1 << 20);
    const Wtxid one{message(1)};
    EXPECT_FALSE(cache.contains(one, kConsensusScriptFlags));
    cache.insert(one, kConsensusScriptFlags);
    EXPECT_TRUE(cache.contains(one, kConsensusScriptFlags));
    EXPECT_FALSE(cache.contains(one, kStandardScriptFlags));
    EXPECT_FALSE(cache.contains(one, kConsensusScriptFlags & ~kVerifyTaproot));
    EXPECT_FALSE(cache.contains(Wtxid{message(2)}, kConsensusScriptFlags));
    SharedScriptCache other(random, 1 << 20);
    EXPECT_FALSE(other.contains(one, kConsensusScriptFlags));
    SharedScriptCache nothing(random, 0);
    nothing.insert(one, kConsensusScriptFlags);
    EXPECT_FALSE(nothing.contains(one, kConsensusScriptFlags));
}

TEST(SharedSignatureCache, full_cache_keeps_the_newest) {
    SeededRandom random(1);
    constexpr size_t kBytes = 64 * 4 * 32 * 8;  // eight sets in each part
    SharedSignatureCache cache(random, kBytes);
    const auto record = [](const Hash256& hash) {
        return SignatureRecord{SignatureKind::schnorr, hash, {}, {}};
    };
    constexpr uint64_t kInserted = 50'000;
    for (uint64_t i = 0; i < kInserted; ++i) {
        const Hash256 hash = message(i);
        cache.insert(record(hash));
        ASSERT_TRUE(cache.contains(record(hash)));
    }
    size_t kept = 0;
    for (uint64_t i = 0; i < kInserted; ++i) kept += cache.contains(record(message(i))) ? 1 : 0;
    EXPECT_GT(kept, kBytes / 32 * 9 / 10);
    EXPECT_LE(kept, kBytes / 32);
}

TEST(SharedSignatureCache, threads_may_use_it_at_once) {
    SeededRandom random(1);
    SharedSignatureCache cache(random, 1 << 22);
    std::vector<std::thread> threads;
    std::atomic<int> missed{0};
    for (uint64_t t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (uint64_t i = 0; i < 2'000; ++i) {
                const Hash256 hash = message(t * 1'000 + i);  // some by two threads
                cache.insert({SignatureKind::ecdsa, hash, {}, {}});
                if (!cache.contains({SignatureKind::ecdsa, hash, {}, {}})) ++missed;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(missed, 0);
}

// A spend of a P2WPKH output by a key of the test.
ScriptCheck signed_check(bool remember) {
    const SecretKey key = *SecretKey::from_bytes(Bytes(32, 5));
    const Bytes public_key = to_bytes(key.public_key().bytes());
    const TxOutput spent{Amount{1000}, p2wpkh_script(hash160(public_key))};
    TransactionData data;
    data.inputs.resize(1);
    data.outputs.resize(1);
    const Script code = p2pkh_script(hash160(public_key));
    Bytes signature =
        key.sign_der(witness_v0_signature_hash(data, 0, code.bytes(), spent.value, kSighashAll));
    signature.push_back(kSighashAll);
    data.inputs[0].witness = {signature, public_key};
    return {std::make_shared<const SpendingTransaction>(make_transaction(std::move(data)),
                                                        std::vector{spent}),
            0, kStandardScriptFlags, remember};
}

// Counts the queries.
class CountingCache final : public SignatureCache {
 public:
    explicit CountingCache(SignatureCache& cache) : table_(cache) {}
    bool contains(const SignatureRecord& record) override {
        const bool known = table_.contains(record);
        ++(known ? hits : misses);
        return known;
    }
    void insert(const SignatureRecord& record) override {
        table_.insert(record);
        ++inserted;
    }
    int hits = 0;
    int misses = 0;
    int inserted = 0;

 private:
    SignatureCache& table_;
};

TEST(ScriptPool, signatures_of_the_mempool_are_known_when_their_block_comes) {
    SeededRandom random(1);
    SharedSignatureCache shared(random, 1 << 20);
    CountingCache cache(shared);
    ScriptPool pool(1, &cache);
    const std::vector block{signed_check(false)};
    const std::vector mempool{signed_check(true)};
    EXPECT_FALSE(pool.verify_all(block));
    EXPECT_EQ(cache.inserted, 0) << "a block's signatures do not come again";
    EXPECT_FALSE(pool.verify_all(mempool));
    EXPECT_EQ(cache.inserted, 1);
    EXPECT_EQ(cache.hits, 0);
    EXPECT_FALSE(pool.verify_all(block));
    EXPECT_EQ(cache.hits, 1);
    EXPECT_EQ(cache.misses, 2);
}

}  // namespace
}  // namespace parley
