// Block 277,647 of the main chain, connected to the outputs that it spends: real signatures, from
// before BIP66, of every form that was in use.
#include <gtest/gtest.h>

#include <map>

#include "chain/rules/block_rules.h"
#include "chain/store/coin_codec.h"
#include "tests/unit/chain/bzip2.h"
#include "tests/unit/vectors.h"

namespace parley {
namespace {

constexpr Height kHeight{277'647};
constexpr size_t kPlainSizeMax = 1 << 21;

class GivenCoins final : public CoinsView {
 public:
    Expected<void, StorageError> fetch(std::span<const OutPoint> outpoints,
                                       const Visitor& visit) const override {
        for (size_t i = 0; i < outpoints.size(); ++i) {
            const auto found = coins.find(outpoints[i]);
            if (found != coins.end()) visit(i, found->second);
        }
        return {};
    }
    std::map<OutPoint, Coin> coins;
};

// Counts, and verifies for real.
class CountingVerifier final : public ScriptVerifier {
 public:
    std::unique_ptr<ScriptRun> begin() override { return std::make_unique<Run>(inputs); }
    size_t inputs = 0;

 private:
    class Run final : public ScriptRun {
     public:
        explicit Run(size_t& inputs) : inputs_(inputs) {}
        void add(std::vector<ScriptCheck> checks) override {
            inputs_ += checks.size();
            run_->add(std::move(checks));
        }
        std::optional<ScriptFailure> finish() override { return run_->finish(); }

     private:
        size_t& inputs_;
        std::unique_ptr<ScriptRun> run_ = InlineScriptVerifier{}.begin();
    };
};

class BlockVectors : public testing::Test {
 protected:
    // False: the files are not there.
    bool read() {
        const auto packed_block = read_vectors("mainnet_block_277647.dat.bz2");
        const auto packed_coins = read_vectors("mainnet_block_277647.utxos.bz2");
        if (!packed_block || !packed_coins) return false;
        const Bytes block_bytes = decompress(*packed_block, kPlainSizeMax);
        Reader reader(block_bytes);
        EXPECT_EQ(to_bytes(reader.bytes(4)), to_bytes(params_.magic));
        const auto size = reader.le<uint32_t>();
        EXPECT_EQ(size, reader.left());
        block_ = read_block(reader);
        EXPECT_TRUE(reader.done());
        read_coins(decompress(*packed_coins, kPlainSizeMax));
        // Whether older coinbases are repeated cannot be seen from here.
        params_.bip30_needless_until = Height{0};
        parent_.height = kHeight - 1;
        parent_.header.time = block_.header.time - 600;
        return true;
    }
    // txid, index, length, and the coin in its compact form, repeated.
    void read_coins(const Bytes& bytes) {
        Reader reader(bytes);
        while (reader.ok() && reader.left() != 0) {
            OutPoint outpoint;
            outpoint.txid = Txid{reader.hash()};
            outpoint.index = reader.le<uint32_t>();
            Reader coin(reader.bytes(reader.le<uint32_t>()));
            const Coin value = read_coin(coin);
            EXPECT_TRUE(coin.done());
            ++given_;
            // What the block makes itself is in the file too.
            if (value.height < kHeight) coins_.coins[outpoint] = value;
        }
        EXPECT_TRUE(reader.done());
    }
    Expected<BlockUndo, BlockError> connect(const Block& block, ScriptVerifier& verifier) {
        CoinsOverlay overlay(coins_, OutPointHash(1, 2));
        const ConnectContext context{params_, parent_, block.header.hash()};
        EXPECT_TRUE(load_coins_to_connect(context, block, overlay));
        return connect_block(context, block, overlay, verifier);
    }

    ChainParams params_ = main_params();
    HeaderNode parent_;
    Block block_;
    GivenCoins coins_;
    int given_ = 0;
};

TEST_F(BlockVectors, block_277647_is_valid_with_its_signatures) {
    if (!read()) GTEST_SKIP() << "mainnet_block_277647.* not found: 1 block left out";
    EXPECT_TRUE(check_block(block_));
    CountingVerifier verifier;
    const auto connected = connect(block_, verifier);
    ASSERT_TRUE(connected) << connected.error().to_string();
    size_t inputs = 0;
    for (const auto& spent : connected->spent) inputs += spent.size();
    EXPECT_EQ(verifier.inputs, inputs);
    std::printf("block 277647: %zu transactions, %zu inputs verified, %zu older coins\n",
                block_.transactions.size(), inputs, coins_.coins.size());
    expect_cases("mainnet_block_277647.utxos.bz2", given_, 732);
}

TEST_F(BlockVectors, block_277647_with_any_changed_signature_is_refused) {
    if (!read()) GTEST_SKIP() << "mainnet_block_277647.* not found: 1 block left out";
    int refused = 0;
    for (size_t i = 1; i < block_.transactions.size(); i += 37) {
        TransactionData data = block_.transactions[i]->data();
        Bytes script = to_bytes(data.inputs[0].script_sig.bytes());
        script.at(20) ^= 1;  // within R
        data.inputs[0].script_sig = Script{script};
        Block changed = block_;
        changed.transactions = {block_.transactions[0]};
        // What the transaction spends may be made by the ones before it.
        for (size_t before = 1; before < i; ++before)
            changed.transactions.push_back(block_.transactions[before]);
        changed.transactions.push_back(make_transaction(std::move(data)));
        // The reward of the whole block is not there.
        TransactionData coinbase = block_.transactions[0]->data();
        for (auto& output : coinbase.outputs) output.value = Amount{0};
        changed.transactions[0] = make_transaction(std::move(coinbase));
        InlineScriptVerifier verifier;
        const auto verdict = connect(changed, verifier);
        ASSERT_FALSE(verdict) << i;
        EXPECT_TRUE(verdict.error().reason.starts_with("block-script-verify-flag-failed ("))
            << verdict.error().to_string();
        ++refused;
    }
    EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace parley
