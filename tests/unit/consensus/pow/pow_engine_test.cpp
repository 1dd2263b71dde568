#include "consensus/pow/pow_engine.h"

#include <gtest/gtest.h>

#include "base/crypto/pow_search.h"
#include "chain/rules/retarget.h"

namespace parley {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart = from_unix_seconds(1'700'000'000);

template <class T>
const T* find_effect(const EngineEffects& effects) {
    for (const auto& effect : effects) {
        if (const auto* found = std::get_if<T>(&effect)) return found;
    }
    return nullptr;
}

class PowEngineTest : public ::testing::Test {
 protected:
    PowEngine make(std::string_view automine) {
        PowOptions options;
        options.schedule = *parse_automine(automine);
        return PowEngine{options, params_, random_};
    }

    HeaderNode genesis_node() const {
        HeaderNode node;
        node.header = params_.genesis->header;
        node.hash = params_.genesis_hash;
        node.score = work_from_compact(node.header.bits);
        return node;
    }

    /// A header below genesis that meets its target.
    BlockHeader mined(uint32_t bits) const {
        BlockHeader header;
        header.previous = params_.genesis_hash;
        header.time = params_.genesis->header.time + 600;
        header.bits = bits;
        const auto target = target_from_compact(bits);
        const auto nonce =
            search_nonce(header.serialize(), target->to_hash(), 0, uint64_t{1} << 32);
        header.nonce = nonce.value();
        return header;
    }

    BlockRef candidate(const BlockHash& parent) const {
        Block block;
        block.header.previous = parent;
        block.header.bits = 0x207fffff;
        return std::make_shared<const Block>(std::move(block));
    }

    ChainParams params_ = regtest_params();
    SeededRandom random_{1};
};

TEST_F(PowEngineTest, verify_header_good_adds_its_work_to_the_parents) {
    const PowEngine engine = make("off");
    const HeaderNode parent = genesis_node();
    const BlockHeader header = mined(0x207fffff);
    const auto score = engine.verify_header(header, header.hash(), {}, parent);
    ASSERT_TRUE(score);
    EXPECT_EQ(**score, *parent.score + U256{2});  // half of all hashes meet regtest's target
}

TEST_F(PowEngineTest, verify_header_other_bits_is_bad_diffbits) {
    const PowEngine engine = make("off");
    const BlockHeader header = mined(0x201fffff);
    const auto score = engine.verify_header(header, header.hash(), {}, genesis_node());
    ASSERT_FALSE(score);
    EXPECT_EQ(score.error().reason, "bad-diffbits");
}

TEST_F(PowEngineTest, verify_header_hash_above_target_is_high_hash) {
    const PowEngine engine = make("off");
    BlockHeader header = mined(0x207fffff);
    while (U256::from_hash(header.hash()) <= *target_from_compact(header.bits)) ++header.nonce;
    const auto verdict = engine.check_header(header, header.hash());
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().reason, "high-hash");
}

TEST_F(PowEngineTest, verify_header_with_seal_is_refused) {
    const PowEngine engine = make("off");
    const BlockHeader header = mined(0x207fffff);
    const Bytes seal{1};
    EXPECT_FALSE(engine.verify_header(header, header.hash(), seal, genesis_node()));
}

TEST_F(PowEngineTest, continuous_solution_publishes_and_goes_on_with_the_new_tip) {
    PowEngine engine = make("gen");
    const HeaderNode genesis = genesis_node();
    EngineEffects effects;
    engine.on_start(genesis, kStart, effects);
    ASSERT_NE(find_effect<engine_effect::BuildProposal>(effects), nullptr);
    effects.clear();
    engine.on_proposal_built(genesis.hash, candidate(genesis.hash), kStart, effects);
    const auto* search = find_effect<engine_effect::SearchNonce>(effects);
    ASSERT_NE(search, nullptr);
    const uint64_t job = search->job;
    BlockHeader solved = search->header;
    solved.nonce = 7;
    effects.clear();
    engine.on_solution(job, solved, kStart + 1s, effects);
    const auto* publish = find_effect<engine_effect::Publish>(effects);
    ASSERT_NE(publish, nullptr);
    EXPECT_EQ(publish->block->header.nonce, 7u);
    EXPECT_TRUE(publish->seal.empty());

    effects.clear();
    engine.on_solution(job, solved, kStart + 1s, effects);
    EXPECT_TRUE(effects.empty()) << "a job yields one block";

    HeaderNode next = genesis;
    next.height = Height{1};
    next.hash = solved.hash();
    engine.on_tip(next, kStart + 1s, effects);
    const auto* build = find_effect<engine_effect::BuildProposal>(effects);
    ASSERT_NE(build, nullptr);
    EXPECT_EQ(build->parent, next.hash);
}

TEST_F(PowEngineTest, continuous_solution_of_an_old_job_is_ignored) {
    PowEngine engine = make("gen");
    const HeaderNode genesis = genesis_node();
    EngineEffects effects;
    engine.on_start(genesis, kStart, effects);
    engine.on_proposal_built(genesis.hash, candidate(genesis.hash), kStart, effects);
    const uint64_t job = find_effect<engine_effect::SearchNonce>(effects)->job;
    engine.on_proposal_built(genesis.hash, candidate(genesis.hash), kStart, effects);
    effects.clear();
    engine.on_solution(job, candidate(genesis.hash)->header, kStart, effects);
    EXPECT_TRUE(effects.empty());
}

TEST_F(PowEngineTest, continuous_new_transactions_refresh_the_template_at_most_once_a_period) {
    PowEngine engine = make("gen");
    const HeaderNode genesis = genesis_node();
    EngineEffects effects;
    engine.on_start(genesis, kStart, effects);
    engine.on_proposal_built(genesis.hash, candidate(genesis.hash), kStart, effects);
    EXPECT_FALSE(engine.next_deadline());
    effects.clear();
    engine.on_demand({1, kStart}, kStart + 100ms, effects);
    engine.on_demand({2, kStart}, kStart + 200ms, effects);
    EXPECT_TRUE(effects.empty());
    ASSERT_TRUE(engine.next_deadline());
    EXPECT_EQ(*engine.next_deadline(), kStart + 1s);
    engine.on_timer(kStart + 1s, effects);
    EXPECT_NE(find_effect<engine_effect::BuildProposal>(effects), nullptr);
}

TEST_F(PowEngineTest, interval_keeps_its_grid_when_searches_take_time) {
    PowEngine engine = make("2");
    const HeaderNode genesis = genesis_node();
    EngineEffects effects;
    engine.on_start(genesis, kStart, effects);
    EXPECT_EQ(find_effect<engine_effect::BuildProposal>(effects), nullptr);
    for (int slot = 1; slot <= 3; ++slot) {
        ASSERT_EQ(engine.next_deadline(), kStart + slot * 2s);
        effects.clear();
        engine.on_timer(kStart + slot * 2s, effects);
        ASSERT_NE(find_effect<engine_effect::BuildProposal>(effects), nullptr);
        engine.on_proposal_built(genesis.hash, candidate(genesis.hash), kStart + slot * 2s,
                                 effects);
        const auto* search = find_effect<engine_effect::SearchNonce>(effects);
        engine.on_solution(search->job, search->header, kStart + slot * 2s + 300ms, effects);
    }
}

TEST_F(PowEngineTest, poisson_gaps_have_the_mean_that_was_asked_for) {
    PowEngine engine = make("poisson:10");
    const HeaderNode genesis = genesis_node();
    constexpr int kBlocks = 4'000;
    TimePoint now = kStart;
    EngineEffects effects;
    engine.on_start(genesis, now, effects);
    for (int i = 0; i < kBlocks; ++i) {
        now = engine.next_deadline().value();
        effects.clear();
        engine.on_timer(now, effects);
        engine.on_proposal_built(genesis.hash, candidate(genesis.hash), now, effects);
        const auto* search = find_effect<engine_effect::SearchNonce>(effects);
        ASSERT_NE(search, nullptr);
        const auto solved = *search;
        engine.on_solution(solved.job, solved.header, now, effects);
    }
    const double mean_s = std::chrono::duration<double>(now - kStart).count() / kBlocks;
    EXPECT_NEAR(mean_s, 10, 4 * 10 / std::sqrt(kBlocks)) << "seed 1";
}

TEST_F(PowEngineTest, on_demand_mines_while_something_waits) {
    PowEngine engine = make("tx");
    const HeaderNode genesis = genesis_node();
    EngineEffects effects;
    engine.on_start(genesis, kStart, effects);
    EXPECT_TRUE(effects.empty());
    engine.on_demand({1, kStart}, kStart, effects);
    EXPECT_NE(find_effect<engine_effect::BuildProposal>(effects), nullptr);
    engine.on_proposal_built(genesis.hash, candidate(genesis.hash), kStart, effects);
    effects.clear();
    engine.on_demand({0, {}}, kStart, effects);
    EXPECT_NE(find_effect<engine_effect::StopSearch>(effects), nullptr);
}

TEST_F(PowEngineTest, engine_message_is_blamed_on_its_sender) {
    PowEngine engine = make("off");
    EngineEffects effects;
    engine.on_message(PeerId{3}, Bytes{1, 2, 3}, kStart, effects);
    const auto* blame = find_effect<engine_effect::Blame>(effects);
    ASSERT_NE(blame, nullptr);
    EXPECT_EQ(blame->peer, PeerId{3});
}

TEST(MiningSchedule, parse_and_print_are_inverse) {
    for (const char* text : {"off", "gen", "tx", "2", "0.5", "poisson:600", "poisson:0.25"}) {
        const auto schedule = parse_automine(text);
        ASSERT_TRUE(schedule) << text;
        EXPECT_EQ(to_string(*schedule), text);
    }
}

TEST(MiningSchedule, parse_refuses_what_is_no_schedule) {
    for (const char* text : {"", ".", "-1", "1e3", "0.0000001", "0.0001", "86401", "poisson",
                             "poisson:", "2s", "99999999999999999999", "1.2.3"}) {
        EXPECT_FALSE(parse_automine(text)) << text;
    }
}

}  // namespace
}  // namespace parley
