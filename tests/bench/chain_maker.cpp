#include "tests/bench/chain_maker.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <thread>

#include "base/check.h"
#include "base/crypto/hash.h"
#include "base/crypto/keys.h"
#include "base/crypto/pow_search.h"
#include "base/random.h"
#include "chain/primitives/coinbase.h"
#include "chain/rules/params.h"
#include "chain/rules/retarget.h"
#include "chain/script/sighash.h"

namespace parley::bench {
namespace {

constexpr size_t kKeys = 256;
// Outputs of one splitting transaction: 62 kB, so that blocks and coins have ordinary sizes.
constexpr uint64_t kSplit = 2'000;
constexpr size_t kInputsOfPayment = 2;
// A block of maximum weight has room for 14,600 such inputs.
constexpr uint64_t kInputsOfBlockMax = 14'000;
constexpr int64_t kBlockSpacing_s = 60;

struct Key {
    SecretKey secret;
    Bytes public_key;
    Script payout;       // P2WPKH
    Script script_code;  // what BIP143 signs in its place
};

struct OwnedCoin {
    OutPoint outpoint;
    Amount value{0};
    size_t key = 0;
};

// A transaction that is not signed yet. Transactions that spend from it can already be built,
// because a txid does not depend on witnesses.
struct Unsigned {
    TransactionData data;
    std::vector<OwnedCoin> spent;
};

int32_t split_blocks(const ChainSize& size) {
    return static_cast<int32_t>((size.coins + kSplit - 1) / kSplit);
}

class Maker {
 public:
    explicit Maker(const ChainSize& size)
        : size_(size),
          params_(regtest_params()),
          first_split_(params_.coinbase_maturity_blocks + 1),
          first_payment_(first_split_ + split_blocks(size)) {
        SeededRandom random(1);
        for (size_t i = 0; i < kKeys; ++i) {
            SecretKey secret = SecretKey::generate(random);
            const Bytes public_key = to_bytes(secret.public_key().bytes());
            const Hash160 hash = hash160(public_key);
            keys_.push_back(
                {std::move(secret), public_key, p2wpkh_script(hash), p2pkh_script(hash)});
        }
    }

    std::vector<BlockRef> run() {
        plan();
        sign();
        return assemble();
    }

 private:
    size_t next_key() { return next_key_++ % kKeys; }

    Amount subsidy(int32_t height) const { return block_subsidy(params_, Height{height}); }

    TransactionRef coinbase(int32_t height, std::optional<Hash256> commitment) const {
        return make_coinbase({Height{height}, keys_[static_cast<size_t>(height) % kKeys].payout,
                              subsidy(height), 0, commitment});
    }

    void add_output(TransactionData& data, Amount value, std::vector<OwnedCoin>& made) {
        const size_t key = next_key();
        made.push_back({{Txid{}, static_cast<uint32_t>(data.outputs.size())}, value, key});
        data.outputs.push_back({value, keys_[key].payout});
    }

    void finish(Unsigned transaction, std::vector<OwnedCoin> made, int32_t height) {
        for (const OwnedCoin& coin : transaction.spent) {
            TxInput input;
            input.prevout = coin.outpoint;
            transaction.data.inputs.push_back(std::move(input));
        }
        const Txid txid = make_transaction(transaction.data)->txid();
        for (OwnedCoin& coin : made) {
            coin.outpoint.txid = txid;
            coins_.push_back(coin);
        }
        block_of_.push_back(height);
        plan_.push_back(std::move(transaction));
    }

    void plan_split(int32_t height) {
        // Block 1's coinbase is the first to mature. Its txid depends on the commitment, and an
        // empty block's is known.
        const int32_t from = height - params_.coinbase_maturity_blocks;
        Block empty;
        empty.transactions.push_back(coinbase(from, std::nullopt));
        const Txid txid = coinbase(from, witness_commitment(empty))->txid();
        Unsigned transaction;
        transaction.spent.push_back({{txid, 0}, subsidy(from), static_cast<size_t>(from) % kKeys});
        std::vector<OwnedCoin> made;
        const Amount value{subsidy(from).value() / static_cast<int64_t>(kSplit)};
        for (uint64_t i = 0; i < kSplit; ++i) add_output(transaction.data, value, made);
        finish(std::move(transaction), std::move(made), height);
    }

    void plan_payment(int32_t height) {
        Unsigned transaction;
        std::vector<OwnedCoin> made;
        for (size_t i = 0; i < kInputsOfPayment; ++i) {
            transaction.spent.push_back(coins_.front());
            coins_.pop_front();
        }
        for (size_t i = 0; i < kInputsOfPayment; ++i)
            add_output(transaction.data, transaction.spent[i].value, made);
        finish(std::move(transaction), std::move(made), height);
    }

    void plan() {
        for (int32_t height = first_split_; height < first_payment_; ++height) plan_split(height);
        const auto splits = static_cast<uint64_t>(first_payment_ - first_split_);
        const auto blocks = static_cast<uint64_t>(size_.blocks - first_payment_ + 1);
        const uint64_t payments =
            size_.inputs > splits ? (size_.inputs - splits) / kInputsOfPayment : 0;
        for (uint64_t i = 0; i < payments; ++i)
            plan_payment(first_payment_ + static_cast<int32_t>(i * blocks / payments));
    }

    void sign_one(Unsigned& transaction) const {
        const SighashParts parts = sighash_parts(transaction.data);
        for (size_t i = 0; i < transaction.spent.size(); ++i) {
            const OwnedCoin& coin = transaction.spent[i];
            const Key& key = keys_[coin.key];
            Bytes signature = key.secret.sign_der(witness_v0_signature_hash(
                transaction.data, i, key.script_code.bytes(), coin.value, kSighashAll, &parts));
            signature.push_back(kSighashAll);
            transaction.data.inputs[i].witness = {std::move(signature), key.public_key};
        }
    }

    void sign() {
        std::atomic<size_t> next{0};
        const auto work = [&] {
            for (size_t i = next++; i < plan_.size(); i = next++) sign_one(plan_[i]);
        };
        std::vector<std::thread> threads;
        for (unsigned i = 1; i < size_.threads; ++i) threads.emplace_back(work);
        work();
        for (std::thread& thread : threads) thread.join();
    }

    std::vector<BlockRef> assemble() {
        std::vector<BlockRef> blocks;
        BlockHash previous = params_.genesis_hash;
        size_t next = 0;
        for (int32_t height = 1; height <= size_.blocks; ++height) {
            Block block;
            block.header.version = 0x20000000;
            block.header.previous = previous;
            block.header.time =
                static_cast<uint32_t>(size_.end_time - (size_.blocks - height) * kBlockSpacing_s);
            block.header.bits = params_.start_bits;
            block.transactions.push_back(coinbase(height, std::nullopt));
            for (; next < plan_.size() && block_of_[next] == height; ++next)
                block.transactions.push_back(make_transaction(std::move(plan_[next].data)));
            block.transactions[0] = coinbase(height, witness_commitment(block));
            block.header.merkle_root = block_merkle_root(block);
            solve(block.header);
            previous = block.header.hash();
            blocks.push_back(std::make_shared<const Block>(std::move(block)));
        }
        return blocks;
    }

    static void solve(BlockHeader& header) {
        const auto target = target_from_compact(header.bits);
        CHECK(target);
        const auto nonce = search_nonce(header.serialize(), target->to_hash(), 0, 1'000'000);
        CHECK(nonce);
        header.nonce = *nonce;
    }

    const ChainSize size_;
    const ChainParams params_;
    const int32_t first_split_;
    const int32_t first_payment_;
    std::vector<Key> keys_;
    size_t next_key_ = 0;
    std::deque<OwnedCoin> coins_;
    std::vector<Unsigned> plan_;
    std::vector<int32_t> block_of_;  // parallel to plan_
};

}  // namespace

std::string ChainSize::validate() const {
    const int32_t maturity = regtest_params().coinbase_maturity_blocks;
    if (coins < 2 * kSplit || split_blocks(*this) > maturity)
        return "The number of coins must be between 4,000 and 200,000.";
    const int32_t room = blocks - maturity - split_blocks(*this);
    if (room < 1) return "So few blocks leave none for payments: coinbases mature at height 101.";
    if (inputs / static_cast<uint64_t>(room) > kInputsOfBlockMax)
        return "So many inputs do not fit in so few blocks.";
    return {};
}

std::vector<BlockRef> make_chain(const ChainSize& size) {
    return Maker(size).run();
}

uint64_t count_inputs(const std::vector<BlockRef>& blocks) {
    uint64_t inputs = 0;
    for (const BlockRef& block : blocks) {
        for (size_t i = 1; i < block->transactions.size(); ++i)
            inputs += block->transactions[i]->inputs().size();
    }
    return inputs;
}

}  // namespace parley::bench
