#include "chain/state/index/block_index.h"

#include <gtest/gtest.h>

#include "tests/unit/chain/chain_parts.h"

namespace parley {
namespace {

// A sealed header scores its height; a header without a seal has no score yet.
class SealRules final : public HeaderRules {
 public:
    Expected<std::optional<Score>, HeaderError> verify_header(
        const BlockHeader&, const BlockHash&, ByteSpan seal,
        const HeaderNode& parent) const override {
        if (seal.empty() || !parent.score) return std::optional<Score>{};
        return std::optional<Score>{*parent.score + Score{1}};
    }
    Score genesis_score(const BlockHeader&) const override { return Score{}; }
    uint32_t next_bits(const HeaderNode&, int64_t) const override { return 0; }
};

BlockHeader child_of(const HeaderNode& parent, uint32_t nonce = 0) {
    BlockHeader header;
    header.previous = parent.hash;
    header.nonce = nonce;
    return header;
}

// Headers with any score; the bodies are never read.
class Index : public ::testing::Test {
 protected:
    const HeaderNode& header(const HeaderNode& parent, uint64_t score) {
        const BlockHeader header = child_of(parent, ++nonce_);
        return index.add(header, header.hash(), parent, {}, genesis_score() + Score{score});
    }
    const HeaderNode& body(const HeaderNode& node, uint32_t file = 0) {
        index.add_body(node, {file, ++offset_, 1}, 1);
        return node;
    }
    void connect(const HeaderNode& node) {
        index.add_undo(node, {node.block_position.file, ++offset_, 1});
        index.connect_tip(node);
        index.drop_worse_candidates();
    }
    Score genesis_score() const { return *index.genesis().score; }

    const ChainParams params = regtest_params();
    const WorkRules rules{params};
    BlockIndex index{params, rules};

 private:
    void SetUp() override {
        index.place_genesis({0, 8, 285});
        index.rank_candidates();
    }
    uint32_t nonce_ = 0;
    uint64_t offset_ = 1'000;
};

TEST_F(Index, best_header_needs_no_body_and_the_candidate_does) {
    const HeaderNode& a = header(index.genesis(), 1);
    const HeaderNode& b = header(a, 2);
    EXPECT_EQ(&index.best_header(), &b);
    EXPECT_EQ(&index.best_candidate(), &index.genesis());
    body(b);
    EXPECT_EQ(&index.best_candidate(), &index.genesis()) << "its parent's body is missing";
    body(a);
    EXPECT_EQ(&index.best_candidate(), &b) << "linked together with its parent";
    EXPECT_EQ(b.chain_transactions, 3u);
    EXPECT_TRUE(index.better_than_tip(b));
    EXPECT_FALSE(index.better_than_tip(index.genesis()));
}

TEST_F(Index, first_body_seen_wins_a_tie_until_another_is_preferred) {
    const HeaderNode& a = header(index.genesis(), 1);
    const HeaderNode& b = header(index.genesis(), 1);
    body(b);
    body(a);
    EXPECT_EQ(&index.best_candidate(), &b);
    index.prefer(a);
    EXPECT_EQ(&index.best_candidate(), &a);
    index.prefer(b);
    EXPECT_EQ(&index.best_candidate(), &b) << "the last wish counts";
    connect(b);
    const HeaderNode& low = index.genesis();
    index.prefer(low);
    EXPECT_EQ(&index.best_candidate(), &b) << "a score below the tip's is not preferred";
}

TEST_F(Index, branch_whose_bodies_were_complete_first_wins_a_tie) {
    const HeaderNode& a = header(index.genesis(), 1);
    const HeaderNode& b = header(index.genesis(), 1);
    const HeaderNode& first = body(header(a, 2));
    const HeaderNode& second = body(header(a, 2));
    const HeaderNode& later = body(header(b, 2));
    body(b);
    EXPECT_EQ(&index.best_candidate(), &later) << "its parent came first";
    body(a);
    EXPECT_EQ(&index.best_candidate(), &later);
    index.invalidate(later);
    EXPECT_EQ(&index.best_candidate(), &first) << "both waited for one parent; it was there first";
    index.invalidate(first);
    EXPECT_EQ(&index.best_candidate(), &second);
}

TEST_F(Index, invalid_block_takes_its_descendants_and_reconsider_gives_them_back) {
    const HeaderNode& a = body(header(index.genesis(), 1));
    const HeaderNode& b = body(header(a, 2));
    const HeaderNode& c = header(b, 3);
    const HeaderNode& side = body(header(index.genesis(), 1));
    connect(a);
    index.invalidate(b);
    EXPECT_EQ(b.status, BlockStatus::invalid);
    EXPECT_TRUE(b.invalidated);
    EXPECT_EQ(c.status, BlockStatus::invalid_ancestor);
    EXPECT_EQ(&index.best_header(), &a);
    EXPECT_EQ(&index.best_candidate(), &a);
    index.invalidate(a);
    EXPECT_EQ(&index.best_candidate(), &side) << "worse than the tip was, and now the best";
    EXPECT_TRUE(index.better_than_tip(side));
    index.reconsider(c);
    EXPECT_EQ(a.status, BlockStatus::connected);
    EXPECT_EQ(b.status, BlockStatus::stored);
    EXPECT_EQ(c.status, BlockStatus::header_only);
    EXPECT_FALSE(b.invalidated);
    EXPECT_EQ(&index.best_header(), &c);
    EXPECT_EQ(&index.best_candidate(), &b);
}

TEST_F(Index, invalid_chain_far_above_the_tip_is_noticed) {
    const HeaderNode* tip = &index.genesis();
    for (uint64_t score = 1; score <= 6; ++score) {
        tip = &body(header(*tip, score));
        connect(*tip);
    }
    const HeaderNode& bad = header(*tip, 7);
    const HeaderNode* top = &bad;
    for (uint64_t score = 8; score <= 13; ++score) top = &header(*top, score);
    std::vector<const HeaderNode*> branch;
    for (const HeaderNode* node = top; node != tip; node = node->parent) branch.push_back(node);
    for (const HeaderNode* node : branch) body(*node);
    index.invalidate(bad);
    EXPECT_FALSE(index.longer_chain_is_invalid()) << "the user's wish";
    index.reconsider(bad);
    index.mark_invalid(bad);
    EXPECT_TRUE(index.longer_chain_is_invalid());
    index.reconsider(bad);
    EXPECT_FALSE(index.longer_chain_is_invalid());
}

TEST_F(Index, branch_beside_the_finalized_block_is_no_candidate) {
    const HeaderNode& a = body(header(index.genesis(), 1));
    const HeaderNode& b = body(header(a, 2));
    const HeaderNode& rival = body(header(index.genesis(), 9));
    connect(a);
    connect(b);
    EXPECT_EQ(&index.best_candidate(), &rival);
    index.finalize(a);
    EXPECT_EQ(&index.best_candidate(), &b);
    EXPECT_FALSE(index.descends_from_finalized(rival));
    EXPECT_FALSE(index.descends_from_finalized(index.genesis()));
    EXPECT_TRUE(index.descends_from_finalized(a));
    index.disconnect_tip();
    EXPECT_DEATH(index.disconnect_tip(), "finalized");
    EXPECT_DEATH(index.finalize(rival), "contains");
}

TEST_F(Index, at_height_knows_the_best_chain_only) {
    const HeaderNode& a = body(header(index.genesis(), 1));
    const HeaderNode& side = header(index.genesis(), 1);
    connect(a);
    EXPECT_EQ(index.at_height(Height{1}), &a);
    EXPECT_EQ(index.at_height(Height{2}), nullptr);
    EXPECT_EQ(index.at_height(Height{-1}), nullptr);
    EXPECT_FALSE(index.contains(side));
    EXPECT_EQ(index.all_at_height(Height{1}), (std::vector{&a, &side}));
    EXPECT_EQ(index.tips(), (std::vector{&a, &side}));
    EXPECT_EQ(index.height_max(), Height{1});
    EXPECT_DEATH(index.connect_tip(side), "parent");
}

TEST_F(Index, tip_is_a_chain_tip_even_with_a_child) {
    const HeaderNode& a = header(index.genesis(), 1);
    EXPECT_EQ(index.tips(), (std::vector{&index.genesis(), &a}));
}

TEST_F(Index, locator_is_dense_then_sparse_and_ends_in_genesis) {
    std::vector<const HeaderNode*> nodes{&index.genesis()};
    for (uint64_t i = 1; i <= 100; ++i) {
        nodes.push_back(&body(header(*nodes.back(), i)));
        connect(*nodes.back());
    }
    const auto locator = BlockIndex::locator(*nodes.back());
    std::vector<BlockHash> expected;
    for (const size_t height : {100, 99, 98, 97, 96, 95, 94, 93, 92, 91, 90, 88, 84, 76, 60, 28, 0})
        expected.push_back(nodes[height]->hash);
    EXPECT_EQ(locator, expected);
    EXPECT_EQ(BlockIndex::locator(index.genesis()), std::vector{index.genesis().hash});
    EXPECT_EQ(&index.find_fork(locator), nodes.back());
    const HeaderNode& side = header(*nodes[50], 51);
    EXPECT_EQ(index.find_fork({BlockHash{}, side.hash, nodes[50]->hash, nodes[60]->hash}).height,
              Height{50})
        << "the first that is in the best chain";
    EXPECT_EQ(&index.find_fork({BlockHash{}}), &index.genesis());
    EXPECT_EQ(&index.find_fork({}), &index.genesis());
}

TEST_F(Index, removed_bodies_keep_what_was_connected_and_forget_the_rest) {
    const HeaderNode& a = body(header(index.genesis(), 1), 0);
    const HeaderNode& b = body(header(a, 2), 1);
    const HeaderNode& side = body(header(index.genesis(), 9), 0);
    const HeaderNode& above = body(header(side, 10), 1);
    connect(a);
    connect(b);
    EXPECT_EQ(index.last_pruned(), nullptr);
    const uint32_t file = 0;
    index.remove_bodies({&file, 1});
    EXPECT_TRUE(index.pruned());
    EXPECT_EQ(index.last_pruned(), &a);
    EXPECT_TRUE(a.is_pruned());
    EXPECT_EQ(a.status, BlockStatus::connected);
    EXPECT_EQ(b.chain_transactions, 3u);
    EXPECT_FALSE(side.is_pruned()) << "as if its body had never come";
    EXPECT_EQ(side.status, BlockStatus::header_only);
    EXPECT_EQ(above.chain_transactions, 0u);
    EXPECT_EQ(&index.best_candidate(), &b) << "the way to the better branch is gone";
    EXPECT_TRUE(index.genesis().has_body());
    EXPECT_FALSE(has_bodies_above(b, index.genesis()));
    EXPECT_TRUE(has_bodies_above(b, a));
}

TEST_F(Index, pruned_branch_is_a_candidate_again_when_its_last_body_is_back) {
    const HeaderNode& a = body(header(index.genesis(), 1), 1);
    const HeaderNode& b = body(header(a, 2), 1);
    connect(a);
    connect(b);
    const HeaderNode& c = body(header(b, 4), 2);
    const HeaderNode& winner = body(header(index.genesis(), 3), 2);
    index.disconnect_tip();
    index.disconnect_tip();
    connect(winner);
    const uint32_t file = 1;
    index.remove_bodies({&file, 1});
    EXPECT_EQ(&index.best_candidate(), &winner) << "the way to the better branch is gone";
    body(b, 2);
    EXPECT_EQ(&index.best_candidate(), &winner);
    body(a, 2);
    EXPECT_EQ(&index.best_candidate(), &c);
    EXPECT_EQ(a.status, BlockStatus::connected);
}

TEST_F(Index, refuted_snapshot_clears_the_marks_above_but_for_the_users) {
    const HeaderNode& base = header(index.genesis(), 1);
    const HeaderNode& good = body(header(base, 2));
    const HeaderNode& bad = body(header(good, 3));
    const HeaderNode& above = header(bad, 4);
    const HeaderNode& wished = body(header(good, 5));
    const HeaderNode& below_wish = body(header(wished, 6));
    index.adopt_snapshot(base, index.genesis(), 2);
    connect(good);
    index.mark_invalid(bad);
    index.invalidate(wished);
    index.doubt_descendants();
    EXPECT_FALSE(good.has_undo());
    EXPECT_EQ(good.status, BlockStatus::stored);
    EXPECT_EQ(bad.status, BlockStatus::stored);
    EXPECT_EQ(above.status, BlockStatus::header_only);
    EXPECT_EQ(wished.status, BlockStatus::invalid);
    EXPECT_EQ(below_wish.status, BlockStatus::invalid_ancestor);
    index.end_snapshot();
    index.reconsider(wished);
    EXPECT_EQ(below_wish.status, BlockStatus::stored);
}

TEST_F(Index, score_that_does_not_grow_is_damage_and_is_not_taken) {
    const HeaderNode& a = header(index.genesis(), 1);
    EXPECT_EQ(index.damaged_score(), nullptr);
    const HeaderNode& b = header(a, 1);
    EXPECT_EQ(index.damaged_score(), &a);
    EXPECT_FALSE(b.score);
    EXPECT_EQ(&index.best_header(), &a);
    body(a);
    body(b);
    EXPECT_EQ(&index.best_candidate(), &a);
}

TEST_F(Index, changes_are_written_once_and_read_back) {
    const HeaderNode& a = body(header(index.genesis(), 1));
    const HeaderNode& b = body(header(a, 2));
    header(b, 3);
    connect(a);
    index.invalidate(b);
    EXPECT_GT(index.changes(), 3u);
    MemoryStorage storage;
    WriteBatch batch;
    index.write_changes(batch);
    EXPECT_EQ(index.changes(), 0u);
    put_hash(batch, kActiveTipKey, a.hash);
    put_file_info(batch, 0, {});
    storage.commit(std::move(batch), Durability::written);

    auto contents = load_index(storage);
    ASSERT_TRUE(contents.has_value()) << contents.error();
    ASSERT_EQ(contents->headers.size(), 4u);
    BlockIndex again(params, rules);
    ASSERT_TRUE(again.load(*contents).has_value());
    ASSERT_TRUE(again.load_active_chain(*contents).has_value());
    again.rank_candidates();
    EXPECT_EQ(again.tip().hash, a.hash);
    EXPECT_EQ(again.best_header().hash, a.hash);
    EXPECT_EQ(again.best_candidate().hash, a.hash);
    EXPECT_EQ(again.find(b.hash)->status, BlockStatus::invalid);
    EXPECT_TRUE(again.find(b.hash)->invalidated);
    EXPECT_EQ(again.sequence_last(), index.sequence_last());
    EXPECT_EQ(again.tip().chain_transactions, 2u);
}

// What load_index() gives for a chain of two connected blocks.
IndexContents contents_of(const std::vector<const HeaderNode*>& nodes) {
    IndexContents contents;
    for (const HeaderNode* node : nodes) {
        HeaderNode record = *node;
        record.parent = record.skip = record.first_child = record.next_sibling = nullptr;
        contents.headers.push_back(record);
    }
    contents.active_tip = nodes.back()->hash;
    contents.synced = SyncedMark{0, nodes.front()->hash};
    return contents;
}

TEST_F(Index, records_that_contradict_each_other_are_refused) {
    const HeaderNode& a = body(header(index.genesis(), 1));
    const HeaderNode& b = body(header(a, 2));
    connect(a);
    connect(b);
    const auto problem = [&](auto damage) {
        IndexContents contents = contents_of({&index.genesis(), &a, &b});
        damage(contents);
        BlockIndex again(params, rules);
        auto loaded = again.load(contents);
        if (loaded) loaded = again.load_active_chain(contents);
        return loaded ? std::string{} : loaded.error();
    };
    EXPECT_EQ(problem([](auto&) {}), "");
    EXPECT_EQ(problem([](auto& c) { c.headers.erase(c.headers.begin()); }),
              "the record of the genesis block is missing");
    EXPECT_EQ(problem([](auto& c) { c.headers.erase(c.headers.begin() + 1); }),
              "a header's parent is missing");
    EXPECT_EQ(problem([](auto& c) { c.headers.push_back(c.headers[2]); }), "a header occurs twice");
    EXPECT_EQ(problem([](auto& c) { c.headers[2].score = c.headers[1].score; }),
              "a score is not above the parent's");
    EXPECT_EQ(problem([](auto& c) { c.headers[1].status = BlockStatus::invalid; }),
              "a block is valid but its parent is not");
    EXPECT_EQ(problem([](auto& c) { c.headers[2].status = BlockStatus::stored; }),
              "a block's status does not match its stored data");
    EXPECT_EQ(problem([](auto& c) { c.active_tip = BlockHash{}; }), "the tip's header is missing");
    EXPECT_EQ(problem([](auto& c) { c.finalized = BlockHash{}; }),
              "the finalized block is not in the chain");
}

TEST_F(Index, bodies_that_a_power_cut_took_are_forgotten) {
    const HeaderNode& a = body(header(index.genesis(), 1));
    const HeaderNode& b = body(header(a, 2));
    connect(a);
    connect(b);
    const auto yes = [](const HeaderNode&) { return true; };
    const auto not_b = [&](const HeaderNode& node) { return node.hash != b.hash; };

    IndexContents contents = contents_of({&index.genesis(), &a, &b});
    BlockIndex whole(params, rules);
    ASSERT_TRUE(whole.load(contents).has_value());
    EXPECT_EQ(whole.drop_lost(contents, yes, yes), 0u);
    EXPECT_EQ(contents.active_tip, b.hash);

    BlockIndex torn(params, rules);
    contents = contents_of({&index.genesis(), &a, &b});
    ASSERT_TRUE(torn.load(contents).has_value());
    EXPECT_EQ(torn.drop_lost(contents, not_b, yes), 1u);
    EXPECT_EQ(contents.active_tip, a.hash);
    EXPECT_FALSE(torn.find(b.hash)->has_body());
    EXPECT_EQ(torn.find(b.hash)->status, BlockStatus::header_only);
    ASSERT_TRUE(torn.load_active_chain(contents).has_value());
    EXPECT_EQ(torn.tip().hash, a.hash);

    // What the last sync covers is not looked at.
    BlockIndex synced(params, rules);
    contents = contents_of({&index.genesis(), &a, &b});
    contents.synced = SyncedMark{index.sequence_last(), b.hash};
    ASSERT_TRUE(synced.load(contents).has_value());
    EXPECT_EQ(synced.drop_lost(contents, not_b, not_b), 0u);
}

TEST(BlockIndex, seal_gives_descendants_that_waited_for_it_their_scores) {
    const ChainParams params = regtest_params();
    const SealRules rules;
    BlockIndex index(params, rules);
    index.rank_candidates();
    const Bytes seal{1};
    const auto add = [&](const HeaderNode& parent, const Bytes& with) -> const HeaderNode& {
        const BlockHeader header = child_of(parent);
        const BlockHash hash = header.hash();
        const auto score = rules.verify_header(header, hash, with, parent);
        return index.add(header, hash, parent, with, *score);
    };
    const HeaderNode& a = add(index.genesis(), {});
    const HeaderNode& b = add(a, seal);
    const HeaderNode& c = add(b, {});
    const HeaderNode& d = add(c, seal);
    for (const HeaderNode* node : {&a, &b, &c, &d}) {
        EXPECT_FALSE(node->score);
        index.add_body(*node, {0, 1, 1}, 1);
    }
    EXPECT_EQ(&index.best_header(), &index.genesis());
    index.attach_seal(a, seal, Score{1});
    EXPECT_EQ(*a.score, Score{1});
    EXPECT_EQ(*b.score, Score{2});
    EXPECT_FALSE(c.score) << "it has no seal itself";
    EXPECT_FALSE(d.score);
    EXPECT_EQ(&index.best_header(), &b);
    EXPECT_EQ(&index.best_candidate(), &b);
    EXPECT_DEATH(index.attach_seal(a, seal, Score{1}), "score");
}

}  // namespace
}  // namespace parley
