// A snapshot of the UTXO set: what it must be to be taken, and what becomes of it.
#include <gmock/gmock.h>

#include "chain/state/snapshot/stored_coins.h"
#include "chain/store/coin_codec.h"
#include "chain/store/index_store.h"
#include "tests/unit/chain/test_chain.h"

namespace parley {
namespace {

using ::testing::HasSubstr;

constexpr Height kBase{20};
using SomeCoins = std::vector<std::pair<OutPoint, Coin>>;

Hash256 hash_of(const SomeCoins& coins) {
    Sha256 state;
    for (const auto& [outpoint, coin] : coins) state.write(serialize_hashed_coin(outpoint, coin));
    return sha256(state.finish().span());
}

// The chain that another node has: `length` blocks, one with a spend, and the set at the base.
class Origin {
 public:
    explicit Origin(int length = 30) {
        chain.mine(kBase.value());
        coins = all_coins(*chain);
        chain.mine(length - kBase.value());
    }
    KnownSnapshot known() const { return {kBase, chain_hash(kBase), hash_of(coins), uint64_t{21}}; }
    BlockHash chain_hash(Height height) const { return chain->index().at_height(height)->hash; }

    TestChain chain;
    SomeCoins coins;
};

class SnapshotTest : public ::testing::Test {
 protected:
    explicit SnapshotTest(bool forged = false) : chain(params(forged), {}, blocks, coins) {}

    ChainParams params(bool forged) const {
        ChainParams result = regtest_params();
        result.snapshots = {origin.known()};
        if (forged) result.snapshots[0].coins_hash = hash_of(forged_coins());
        return result;
    }
    SomeCoins forged_coins() const {
        SomeCoins set = origin.coins;
        set[0].second.output.value = Amount{7};
        return set;
    }
    void give_headers(int count = 30) {
        for (int height = 1; height <= count; ++height)
            ASSERT_TRUE(
                chain->accept_header(origin.chain.block(Height{height})->header, {}, chain.now()));
    }
    void give_block(int height) { chain.accept(origin.chain.block(Height{height})); }
    void give_blocks(int first, int last) {
        for (int height = first; height <= last; ++height) give_block(height);
        chain.activate();
    }
    /// The error; empty: the snapshot is in use.
    std::string load(const SomeCoins& set) {
        if (auto begun = chain->begin_snapshot(origin.known().block); !begun) return begun.error();
        chain->add_snapshot_coins(set);
        while (true) {
            const auto more = chain->finish_snapshot();
            if (!more) return more.error();
            if (!*more) return {};
        }
    }
    void validate() {
        for (int steps = 0; chain->snapshot_work(); ++steps) {
            ASSERT_LT(steps, 2'000);
            chain->snapshot_step();
            if (chain->failure()) return;
        }
    }
    const BlockIndex& index() { return chain->index(); }

    Origin origin;
    std::shared_ptr<MemoryStorage> blocks = std::make_shared<MemoryStorage>();
    std::shared_ptr<MemoryStorage> coins = std::make_shared<MemoryStorage>();
    TestChain chain;
};

TEST_F(SnapshotTest, base_is_the_tip_at_once_and_the_chain_goes_on_from_there) {
    give_headers();
    ASSERT_EQ(load(origin.coins), "");
    EXPECT_EQ(index().tip().height, kBase);
    EXPECT_EQ(index().tip().chain_transactions, 21u);
    EXPECT_FALSE(index().tip().has_body());
    EXPECT_EQ(all_coins(*chain), origin.coins);
    give_blocks(21, 30);
    EXPECT_EQ(index().tip().height, Height{30});
    EXPECT_EQ(all_coins(*chain), all_coins(*origin.chain));
    EXPECT_EQ(index().snapshot_base(), index().at_height(kBase)) << "not validated";
    EXPECT_FALSE(chain->snapshot_work()) << "no block is there to be validated";
}

TEST_F(SnapshotTest, blocks_below_are_validated_as_they_come) {
    give_headers();
    ASSERT_EQ(load(origin.coins), "");
    give_blocks(21, 25);
    give_block(2);
    EXPECT_FALSE(chain->snapshot_work()) << "the first is missing";
    give_block(1);
    validate();
    EXPECT_EQ(index().validated().height, Height{2});
    EXPECT_EQ(chain->background()->at().height, Height{2});
    EXPECT_EQ(index().tip().height, Height{25});
    give_blocks(3, 20);
    validate();
    EXPECT_EQ(index().snapshot_base(), nullptr);
    EXPECT_EQ(chain->background(), nullptr);
    EXPECT_FALSE(chain->failure());
    EXPECT_TRUE(has_undo_above(index().tip(), index().genesis()));
    EXPECT_EQ(index().tip().chain_transactions, 26u);
    EXPECT_EQ(*has_coins(*coins, kCoinsKeys[0]), false) << "the other set is erased";
    EXPECT_EQ(chain->verify(4, 0)->problem, "");
    EXPECT_EQ(chain->verify(4, 0)->blocks, 25);
}

TEST_F(SnapshotTest, restarts_at_any_time_change_nothing) {
    give_headers();
    chain.restart();
    give_headers();
    ASSERT_EQ(load(origin.coins), "");
    for (int height = 1; height <= 20; ++height) {
        give_block(height);
        if (height % 3 == 0) validate();
        if (height % 4 == 0) chain->flush(Durability::synced);
        chain.restart();
        ASSERT_NE(index().snapshot_base(), nullptr);
        EXPECT_EQ(index().tip().height, kBase);
        EXPECT_EQ(all_coins(*chain), origin.coins);
    }
    give_blocks(21, 30);
    chain.restart();
    EXPECT_EQ(index().tip().height, Height{30});
    validate();
    ASSERT_FALSE(chain->failure()) << chain->failure()->message;
    EXPECT_EQ(index().snapshot_base(), nullptr);
    chain.restart();
    EXPECT_EQ(index().snapshot_base(), nullptr);
    EXPECT_EQ(all_coins(*chain), all_coins(*origin.chain));
    EXPECT_EQ(chain->verify(4, 0)->blocks, 30);
}

TEST_F(SnapshotTest, chain_that_left_the_snapshot_s_is_left_in_the_background) {
    give_headers(5);
    give_blocks(1, 5);
    BlockPlan plan;
    plan.extra_nonce = 7;
    chain.add(chain.build(*index().at_height(Height{5}), plan));
    chain.mine(3);
    EXPECT_EQ(index().tip().height, Height{9});
    give_headers();
    ASSERT_EQ(load(origin.coins), "");
    EXPECT_EQ(index().validated().height, Height{5});
    EXPECT_EQ(chain->background()->at().height, Height{9});
    EXPECT_FALSE(chain->snapshot_work()) << "the block beside the branch is missing";
    give_blocks(6, 30);
    validate();
    ASSERT_FALSE(chain->failure()) << chain->failure()->message;
    EXPECT_EQ(index().snapshot_base(), nullptr);
    EXPECT_EQ(all_coins(*chain), all_coins(*origin.chain));
}

TEST_F(SnapshotTest, branch_without_the_base_wins_only_after_the_validation) {
    give_headers();
    ASSERT_EQ(load(origin.coins), "");
    BlockPlan plan;
    plan.extra_nonce = 9;
    const HeaderNode* side = &index().genesis();
    std::vector<BlockRef> branch;
    for (int i = 0; i < 40; ++i) {
        branch.push_back(chain.build(*side, plan));
        side = chain.accept(branch.back()).node;
        ASSERT_NE(side, nullptr);
    }
    chain.activate();
    EXPECT_EQ(index().tip().height, kBase);
    give_blocks(1, 20);
    validate();
    chain.activate();
    EXPECT_EQ(&index().tip(), side);
    EXPECT_EQ(chain->verify(4, 0)->problem, "");
}

TEST_F(SnapshotTest, other_coins_are_refused_and_leave_nothing_behind) {
    give_headers();
    SomeCoins set = origin.coins;
    set[3].second.output.value = Amount{1};
    EXPECT_THAT(load(set), HasSubstr("Population failed: Bad snapshot content hash: expected " +
                                     origin.known().coins_hash.to_string() + ", got "));
    EXPECT_EQ(index().tip().height, Height{0});
    validate();
    EXPECT_EQ(*has_coins(*coins, kCoinsKeys[1]), false);
    EXPECT_EQ(load(origin.coins), "") << "the right ones may follow";
}

TEST_F(SnapshotTest, interrupted_load_is_erased_by_the_next_start) {
    give_headers();
    ASSERT_TRUE(chain->begin_snapshot(origin.known().block));
    chain->add_snapshot_coins(origin.coins);
    EXPECT_EQ(chain->begin_snapshot(origin.known().block).error(),
              "Another snapshot is being loaded");
    chain.restart();
    EXPECT_TRUE(chain->snapshot_work());
    validate();
    EXPECT_EQ(*has_coins(*coins, kCoinsKeys[1]), false);
}

TEST_F(SnapshotTest, what_cannot_be_a_base_is_refused_in_bitcoind_s_words) {
    const BlockHash base = origin.known().block;
    EXPECT_EQ(chain->check_snapshot(BlockHash{}).error(),
              "assumeutxo block hash in snapshot metadata not recognized (hash: " +
                  BlockHash{}.to_string() + "). The following snapshot heights are available: 20");
    EXPECT_EQ(chain->check_snapshot(base).error(),
              "The base block header (" + base.to_string() +
                  ") must appear in the headers chain. Make sure all headers are syncing, and call "
                  "loadtxoutset again");
    give_headers();
    EXPECT_TRUE(chain->check_snapshot(base));
    ASSERT_TRUE(chain->invalidate(origin.chain_hash(kBase - 1)));
    EXPECT_EQ(chain->check_snapshot(base).error(),
              "The base block header (" + base.to_string() + ") is part of an invalid chain");
    ASSERT_TRUE(chain->reconsider(origin.chain_hash(kBase - 1)));
    give_blocks(1, 20);
    EXPECT_EQ(chain->begin_snapshot(base).error(),
              "Population failed: Work does not exceed active chainstate");
}

TEST_F(SnapshotTest, forked_headers_with_more_work_stand_in_the_way) {
    give_headers(20);
    TestChain other;
    BlockPlan plan;
    plan.extra_nonce = 5;
    const HeaderNode* side = &other->index().genesis();
    for (int i = 0; i < 25; ++i) {
        const BlockRef block = other.build(*side, plan);
        side = other.accept(block).node;
        ASSERT_TRUE(chain->accept_header(block->header, {}, chain.now()));
    }
    EXPECT_THAT(load(origin.coins), HasSubstr("A forked headers-chain with more work"));
}

TEST_F(SnapshotTest, second_one_waits_for_the_validation_of_the_first) {
    give_headers();
    ASSERT_EQ(load(origin.coins), "");
    EXPECT_EQ(load(origin.coins), "Can't activate a snapshot-based chainstate more than once");
}

// The known hash itself is wrong: what no user can notice before the blocks are there.
class ForgedSnapshotTest : public SnapshotTest {
 protected:
    ForgedSnapshotTest() : SnapshotTest(true) {}
};

TEST_F(ForgedSnapshotTest, blocks_refute_it_and_the_next_start_goes_on_without_it) {
    give_headers();
    ASSERT_EQ(load(forged_coins()), "");
    give_blocks(1, 25);
    EXPECT_EQ(index().tip().height, Height{25});
    validate();
    ASSERT_TRUE(chain->failure());
    EXPECT_THAT(chain->failure()->message, HasSubstr("The UTXO snapshot is refuted"));
    EXPECT_THAT(chain->failure()->message, HasSubstr("continues at height 20 instead of 25"));
    chain.restart();
    EXPECT_EQ(index().snapshot_base(), nullptr);
    EXPECT_EQ(index().tip().height, Height{25}) << "connected again, with the right coins";
    ASSERT_TRUE(origin.chain->invalidate(origin.chain_hash(Height{26})));
    origin.chain.activate();
    EXPECT_EQ(all_coins(*chain), all_coins(*origin.chain));
    validate();
    EXPECT_EQ(*has_coins(*coins, kCoinsKeys[1]), false);
}

TEST_F(ForgedSnapshotTest, block_that_its_coins_made_invalid_is_taken_after_it_is_refuted) {
    give_headers();
    ASSERT_EQ(load(forged_coins()), "");
    give_blocks(1, 30);
    chain.mine(95);
    const auto& [outpoint, coin] = origin.coins[0];
    ASSERT_EQ(coin.height + 100 <= index().tip().height, true);
    BlockPlan plan;
    plan.transactions = {spend_true({outpoint}, coin.output.value)};
    const BlockRef spend = chain.build(index().tip(), plan);
    EXPECT_EQ(chain.verdict(spend), "bad-txns-in-belowout");
    validate();
    ASSERT_TRUE(chain->failure());
    chain.restart();
    EXPECT_EQ(index().tip().hash, spend->header.hash());
}

TEST_F(SnapshotTest, known_bases_of_the_public_chains_have_rising_heights) {
    for (const ChainName& name : chain_names()) {
        const ChainParams chain_params = name.params();
        Height last{0};
        for (const KnownSnapshot& known : chain_params.snapshots) {
            EXPECT_GT(known.height, last);
            EXPECT_GT(known.chain_transactions, static_cast<uint64_t>(known.height.value()));
            last = known.height;
        }
    }
    EXPECT_EQ(regtest_params().snapshots.back().height, Height{299});
}

}  // namespace
}  // namespace parley
