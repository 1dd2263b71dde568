// Engines with certificates beside the blocks: a block without its seal is stored, but is not
// eligible until the seal arrives.
#include <gtest/gtest.h>

#include "tests/unit/chain/test_chain.h"

namespace parley {
namespace {

// A header is certified by a seal of one byte, 'S', or by 'H' and its height; the score is the
// height. 'P' is a part of a seal. Another one is wrong.
class SealRules final : public HeaderRules {
 public:
    Expected<std::optional<Score>, HeaderError> verify_header(
        const BlockHeader&, const BlockHash&, ByteSpan seal,
        const HeaderNode& parent) const override {
        if (seal.empty()) return std::optional<Score>{};
        if (to_bytes(seal) == Bytes{'P'}) return std::optional<Score>{};
        const Bytes with_height{'H', static_cast<uint8_t>(parent.height.value() + 1)};
        if (to_bytes(seal) != Bytes{'S'} && to_bytes(seal) != with_height)
            return Unexpected(HeaderError{"bad-seal", "wrong signature"});
        return std::optional<Score>{Score{static_cast<uint64_t>(parent.height.value()) + 1}};
    }
    Score genesis_score(const BlockHeader&) const override { return Score{0}; }
    uint32_t next_bits(const HeaderNode& parent, int64_t) const override {
        return parent.header.bits;
    }
};

const Bytes kSeal{'S'};
using State = BlockResult::State;

class Seals : public ::testing::Test {
 protected:
    Seals() {
        options.engine = "sealed";
        open();
        source.mine(6);
    }
    void open() {
        chain.reset();
        auto opened = Chainstate::open(params, rules, blocks, coins, verifier, log, options);
        ASSERT_TRUE(opened.has_value()) << opened.error();
        chain = std::move(*opened);
    }
    BlockRef block(int32_t height) { return source.block(Height{height}); }
    State accept(int32_t height, const Bytes& seal) {
        return chain->accept_block(block(height), seal, source.now()).state;
    }
    HeadersResult accept_headers(int32_t first, int32_t last, const Bytes& seal) {
        std::vector<BlockHeader> headers;
        for (int32_t h = first; h <= last; ++h) headers.push_back(block(h)->header);
        return chain->accept_headers(headers, seal, source.now());
    }
    const HeaderNode* find(int32_t height) {
        return chain->index().find(block(height)->header.hash());
    }
    size_t known() const {
        size_t count = 0;
        chain->index().for_each([&](const HeaderNode&) { ++count; });
        return count;
    }
    int32_t activate() {
        while (chain->activate_best_chain().more) {
        }
        return chain->index().tip().height.value();
    }

    TestChain source;  // makes the blocks; its rules do not matter
    const ChainParams params = regtest_params();
    const SealRules rules;
    MemoryStorage blocks;
    MemoryStorage coins;
    InlineScriptVerifier verifier;
    NullLog log;
    ChainOptions options;
    std::unique_ptr<Chainstate> chain;
};

TEST_F(Seals, sealed_block_joins_at_once) {
    EXPECT_EQ(accept(1, kSeal), State::accepted);
    EXPECT_EQ(activate(), 1);
    EXPECT_EQ(chain->index().tip().seal, kSeal);
}

TEST_F(Seals, block_without_seal_waits_for_it) {
    EXPECT_EQ(accept(1, {}), State::accepted);
    EXPECT_EQ(activate(), 0);
    EXPECT_EQ(chain->index().best_header().height, Height{0});
    const BlockHash hash = block(1)->header.hash();
    EXPECT_FALSE(chain->index().find(hash)->score.has_value());
    const auto attached = chain->attach_seal(hash, kSeal);
    ASSERT_TRUE(attached.has_value());
    EXPECT_TRUE(*attached);
    EXPECT_EQ(activate(), 1);
    EXPECT_FALSE(*chain->attach_seal(hash, kSeal)) << "it has one already";
}

TEST_F(Seals, seal_with_a_block_that_is_known_counts) {
    EXPECT_EQ(accept(1, {}), State::accepted);
    EXPECT_EQ(accept(1, kSeal), State::already_have);
    EXPECT_EQ(activate(), 1);
}

TEST_F(Seals, wrong_seal_is_refused_and_leaves_no_trace) {
    const auto result = chain->accept_block(block(1), Bytes{'X'}, source.now());
    EXPECT_EQ(result.state, State::invalid);
    EXPECT_EQ(result.error->reason, "bad-seal");
    EXPECT_EQ(chain->index().find(block(1)->header.hash()), nullptr);
    EXPECT_EQ(accept(1, {}), State::accepted);
    const auto attached = chain->attach_seal(block(1)->header.hash(), Bytes{'X'});
    ASSERT_FALSE(attached.has_value());
    EXPECT_EQ(attached.error().reason, "bad-seal");
    EXPECT_EQ(activate(), 0);
    EXPECT_TRUE(*chain->attach_seal(block(1)->header.hash(), kSeal));
    EXPECT_EQ(activate(), 1);
    EXPECT_EQ(chain->attach_seal(BlockHash{Hash256{{1}}}, kSeal).error().kind,
              BlockErrorKind::unknown_block);
}

TEST_F(Seals, late_seal_of_an_ancestor_frees_its_sealed_descendants) {
    EXPECT_EQ(accept(1, {}), State::accepted);
    for (int32_t h = 2; h <= 4; ++h) EXPECT_EQ(accept(h, kSeal), State::accepted);
    EXPECT_EQ(accept(5, {}), State::accepted);
    EXPECT_EQ(accept(6, kSeal), State::accepted);
    EXPECT_EQ(activate(), 0);
    open();  // everything that waits survives a restart
    EXPECT_EQ(activate(), 0);
    EXPECT_TRUE(*chain->attach_seal(block(1)->header.hash(), kSeal));
    EXPECT_EQ(activate(), 4);
    EXPECT_TRUE(*chain->attach_seal(block(5)->header.hash(), kSeal));
    EXPECT_EQ(activate(), 6);
    EXPECT_EQ(chain->index().best_header().height, Height{6});
    open();
    EXPECT_EQ(chain->index().tip().height, Height{6});
    EXPECT_EQ(chain->index().tip().seal, kSeal);
    EXPECT_EQ(*chain->index().tip().score, Score{6});
}

TEST_F(Seals, headers_with_seals_come_first_and_bodies_later) {
    for (int32_t h = 1; h <= 6; ++h)
        ASSERT_TRUE(chain->accept_header(block(h)->header, kSeal, source.now()));
    EXPECT_EQ(chain->index().best_header().height, Height{6});
    EXPECT_EQ(activate(), 0);
    for (int32_t h = 6; h >= 1; --h) EXPECT_EQ(accept(h, {}), State::accepted);
    EXPECT_EQ(activate(), 6);
}

TEST_F(Seals, seal_of_the_last_header_certifies_those_before_it) {
    const HeadersResult result = accept_headers(1, 4, {'H', 4});
    EXPECT_FALSE(result.error.has_value());
    EXPECT_EQ(result.added, 4u);
    ASSERT_EQ(result.last, find(4));
    EXPECT_EQ(result.last->seal, (Bytes{'H', 4}));
    EXPECT_FALSE(result.last->score.has_value()) << "its ancestors' seals come with their blocks";
    EXPECT_TRUE(find(3)->seal.empty());
    // The next ones, on top of those whose scores are unknown; the first two are known.
    EXPECT_EQ(accept_headers(3, 6, {'H', 6}).added, 2u);
    for (int32_t h = 1; h <= 6; ++h) accept(h, kSeal);
    EXPECT_EQ(activate(), 6);
}

TEST_F(Seals, headers_with_a_wrong_seal_are_not_stored) {
    for (const Bytes& seal : {Bytes{'X'}, Bytes{'H', 3}, Bytes{'H', 5}}) {
        const HeadersResult result = accept_headers(1, 4, seal);
        ASSERT_TRUE(result.error.has_value());
        EXPECT_EQ(result.error->reason, "bad-seal");
        EXPECT_EQ(result.error->kind, BlockErrorKind::invalid_header);
        EXPECT_EQ(result.last, nullptr);
        EXPECT_EQ(known(), 1u) << "the genesis block";
    }
    const HeadersResult part = accept_headers(1, 4, {'P'});
    ASSERT_TRUE(part.error.has_value());
    EXPECT_EQ(part.error->reason, "incomplete-seal");
    EXPECT_EQ(accept_headers(2, 4, kSeal).error->kind, BlockErrorKind::missing_parent);
    EXPECT_EQ(known(), 1u);
    EXPECT_FALSE(accept_headers(1, 1, {'H', 1}).error.has_value());
    EXPECT_EQ(known(), 2u);
}

TEST_F(Seals, seal_of_a_known_header_is_checked_and_attached) {
    EXPECT_EQ(accept(1, {}), State::accepted);
    EXPECT_EQ(accept_headers(1, 1, {'X'}).error->reason, "bad-seal");
    EXPECT_EQ(activate(), 0);
    const HeadersResult result = accept_headers(1, 1, kSeal);
    EXPECT_FALSE(result.error.has_value());
    EXPECT_EQ(result.added, 0u);
    EXPECT_EQ(activate(), 1);
}

TEST_F(Seals, headers_below_an_invalid_block_stay_out) {
    accept_headers(1, 2, kSeal);
    ASSERT_TRUE(chain->invalidate(block(2)->header.hash()));
    EXPECT_EQ(accept_headers(3, 4, kSeal).error->kind, BlockErrorKind::invalid_parent);
    EXPECT_EQ(accept_headers(1, 4, kSeal).error->kind, BlockErrorKind::invalid_parent);
    EXPECT_EQ(known(), 3u);
}

}  // namespace
}  // namespace parley
