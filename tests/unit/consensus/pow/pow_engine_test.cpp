#include "consensus/pow/pow_engine.h"

#include <gtest/gtest.h>

#include "base/crypto/pow_search.h"
#include "chain/rules/retarget.h"

namespace parley {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart = from_unix_seconds(1'700'000'000);

template <class T>
const T* find_output(const EngineOutputs& outputs) {
    for (const auto& output : outputs) {
        if (const auto* found = std::get_if<T>(&output)) return found;
    }
    return nullptr;
}

void add(EngineOutputs& outputs, EngineOutputs more) {
    std::move(more.begin(), more.end(), std::back_inserter(outputs));
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
    EngineOutputs outputs;
    add(outputs, engine.handle(engine_input::Started{&genesis}, kStart));
    ASSERT_NE(find_output<engine_output::BuildProposal>(outputs), nullptr);
    outputs.clear();
    add(outputs,
        engine.handle(engine_input::ProposalBuilt{genesis.hash, candidate(genesis.hash)}, kStart));
    const auto* search = find_output<engine_output::SearchNonce>(outputs);
    ASSERT_NE(search, nullptr);
    const uint64_t job = search->job;
    BlockHeader solved = search->header;
    solved.nonce = 7;
    outputs.clear();
    add(outputs, engine.handle(miner_input::SolutionFound{job, solved}, kStart + 1s));
    const auto* publish = find_output<engine_output::Publish>(outputs);
    ASSERT_NE(publish, nullptr);
    EXPECT_EQ(publish->block->header.nonce, 7u);
    EXPECT_TRUE(publish->seal.empty());

    outputs.clear();
    add(outputs, engine.handle(miner_input::SolutionFound{job, solved}, kStart + 1s));
    EXPECT_TRUE(outputs.empty()) << "a job yields one block";

    HeaderNode next = genesis;
    next.height = Height{1};
    next.hash = solved.hash();
    add(outputs, engine.handle(engine_input::TipChanged{&next}, kStart + 1s));
    const auto* build = find_output<engine_output::BuildProposal>(outputs);
    ASSERT_NE(build, nullptr);
    EXPECT_EQ(build->parent, next.hash);
}

TEST_F(PowEngineTest, continuous_solution_of_an_old_job_is_ignored) {
    PowEngine engine = make("gen");
    const HeaderNode genesis = genesis_node();
    EngineOutputs outputs;
    add(outputs, engine.handle(engine_input::Started{&genesis}, kStart));
    add(outputs,
        engine.handle(engine_input::ProposalBuilt{genesis.hash, candidate(genesis.hash)}, kStart));
    const uint64_t job = find_output<engine_output::SearchNonce>(outputs)->job;
    add(outputs,
        engine.handle(engine_input::ProposalBuilt{genesis.hash, candidate(genesis.hash)}, kStart));
    outputs.clear();
    add(outputs,
        engine.handle(miner_input::SolutionFound{job, candidate(genesis.hash)->header}, kStart));
    EXPECT_TRUE(outputs.empty());
}

TEST_F(PowEngineTest, continuous_new_transactions_refresh_the_template_at_most_once_a_period) {
    PowEngine engine = make("gen");
    const HeaderNode genesis = genesis_node();
    EngineOutputs outputs;
    add(outputs, engine.handle(engine_input::Started{&genesis}, kStart));
    add(outputs,
        engine.handle(engine_input::ProposalBuilt{genesis.hash, candidate(genesis.hash)}, kStart));
    EXPECT_FALSE(engine.next_deadline());
    outputs.clear();
    add(outputs, engine.handle(engine_input::DemandChanged{{1}}, kStart + 100ms));
    add(outputs, engine.handle(engine_input::DemandChanged{{2}}, kStart + 200ms));
    EXPECT_TRUE(outputs.empty());
    ASSERT_TRUE(engine.next_deadline());
    EXPECT_EQ(*engine.next_deadline(), kStart + 1s);
    add(outputs, engine.handle(engine_input::TimerDue{}, kStart + 1s));
    EXPECT_NE(find_output<engine_output::BuildProposal>(outputs), nullptr);
}

TEST_F(PowEngineTest, interval_keeps_its_grid_when_searches_take_time) {
    PowEngine engine = make("2");
    const HeaderNode genesis = genesis_node();
    EngineOutputs outputs;
    add(outputs, engine.handle(engine_input::Started{&genesis}, kStart));
    EXPECT_EQ(find_output<engine_output::BuildProposal>(outputs), nullptr);
    for (int slot = 1; slot <= 3; ++slot) {
        ASSERT_EQ(engine.next_deadline(), kStart + slot * 2s);
        outputs.clear();
        add(outputs, engine.handle(engine_input::TimerDue{}, kStart + slot * 2s));
        ASSERT_NE(find_output<engine_output::BuildProposal>(outputs), nullptr);
        add(outputs,
            engine.handle(engine_input::ProposalBuilt{genesis.hash, candidate(genesis.hash)},
                          kStart + slot * 2s));
        const auto* search = find_output<engine_output::SearchNonce>(outputs);
        add(outputs, engine.handle(miner_input::SolutionFound{search->job, search->header},
                                   kStart + slot * 2s + 300ms));
    }
}

TEST_F(PowEngineTest, poisson_gaps_have_the_mean_that_was_asked_for) {
    PowEngine engine = make("poisson:10");
    const HeaderNode genesis = genesis_node();
    constexpr int kBlocks = 4'000;
    TimePoint now = kStart;
    EngineOutputs outputs;
    add(outputs, engine.handle(engine_input::Started{&genesis}, now));
    for (int i = 0; i < kBlocks; ++i) {
        now = engine.next_deadline().value();
        outputs.clear();
        add(outputs, engine.handle(engine_input::TimerDue{}, now));
        add(outputs,
            engine.handle(engine_input::ProposalBuilt{genesis.hash, candidate(genesis.hash)}, now));
        const auto* search = find_output<engine_output::SearchNonce>(outputs);
        ASSERT_NE(search, nullptr);
        const auto solved = *search;
        add(outputs, engine.handle(miner_input::SolutionFound{solved.job, solved.header}, now));
    }
    const double mean_s = std::chrono::duration<double>(now - kStart).count() / kBlocks;
    EXPECT_NEAR(mean_s, 10, 4 * 10 / std::sqrt(kBlocks)) << "seed 1";
}

TEST_F(PowEngineTest, on_demand_mines_while_something_waits) {
    PowEngine engine = make("tx");
    const HeaderNode genesis = genesis_node();
    EngineOutputs outputs;
    add(outputs, engine.handle(engine_input::Started{&genesis}, kStart));
    EXPECT_TRUE(outputs.empty());
    add(outputs, engine.handle(engine_input::DemandChanged{{1}}, kStart));
    EXPECT_NE(find_output<engine_output::BuildProposal>(outputs), nullptr);
    add(outputs,
        engine.handle(engine_input::ProposalBuilt{genesis.hash, candidate(genesis.hash)}, kStart));
    outputs.clear();
    add(outputs, engine.handle(engine_input::DemandChanged{{0}}, kStart));
    EXPECT_NE(find_output<engine_output::StopSearch>(outputs), nullptr);
}

TEST_F(PowEngineTest, engine_message_is_blamed_on_its_sender) {
    PowEngine engine = make("off");
    EngineOutputs outputs;
    add(outputs, engine.handle(engine_input::PeerMessage{PeerId{3}, Bytes{1, 2, 3}}, kStart));
    const auto* blame = find_output<engine_output::Blame>(outputs);
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
