// BIP9: the states of deployments against a version that goes forward block by block, and the
// reports that come of them.
#include "chain/state/versionbits.h"
#include "chain/state/index/header_tree.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "tests/unit/chain/test_chain.h"
#include "tests/unit/seed.h"

namespace parley {
namespace {

using enum DeploymentState;

constexpr int32_t kPeriod = 10;
constexpr int32_t kThreshold = 8;

Deployment deployment(int bit, int64_t start, int64_t timeout, int32_t height = 0) {
    Deployment result;
    result.name = "bit" + std::to_string(bit);
    result.bit = bit;
    result.start_time = start;
    result.timeout = timeout;
    result.min_activation_height = Height{height};
    result.period_blocks = kPeriod;
    result.threshold_blocks = kThreshold;
    return result;
}

// A straight chain; block n has time 1000 * n, and so its median time past is 1000 * (n - 5).
class Signals : public ::testing::Test {
 protected:
    Signals() : tree(genesis()) { nodes.push_back(&tree.genesis()); }

    static BlockHeader genesis() {
        BlockHeader header;
        header.version = 1;
        return header;
    }
    void grow(int count, uint32_t version) {
        for (int i = 0; i < count; ++i) {
            BlockHeader header;
            header.version = static_cast<int32_t>(version);
            header.previous = nodes.back()->hash;
            header.time = static_cast<uint32_t>(1000 * nodes.size());
            nodes.push_back(&tree.add(header, header.hash(), *nodes.back()));
        }
    }
    void until(size_t blocks, uint32_t version) {
        grow(static_cast<int>(blocks - nodes.size()), version);
    }
    ChainParams params_of(std::vector<Deployment> deployments) {
        ChainParams params = regtest_params();
        params.deployments = std::move(deployments);
        params.unknown_rules_period_blocks = kPeriod;
        params.unknown_rules_threshold_blocks = kThreshold;
        return params;
    }

    HeaderTree tree;
    std::vector<const HeaderNode*> nodes;
};

constexpr uint32_t kBit3 = 0x20000008;

TEST_F(Signals, deployment_starts_locks_in_and_becomes_active) {
    const ChainParams params = params_of({deployment(3, 12'000, Deployment::kNoTimeout)});
    VersionBits bits(params);
    until(20, 0x20000000);
    EXPECT_EQ(bits.state(0, nodes.back()), started) << "the median of 14,000 is past the start";
    EXPECT_EQ(bits.state(0, nodes[9]), defined);
    EXPECT_EQ(bits.block_version(*nodes.back()), static_cast<int32_t>(kBit3));
    until(28, kBit3);
    until(30, 0x20000000);
    EXPECT_EQ(bits.state(0, nodes[28]), started);
    EXPECT_EQ(bits.state(0, nodes[29]), locked_in) << "eight of ten";
    EXPECT_EQ(bits.block_version(*nodes[29]), static_cast<int32_t>(kBit3));
    until(40, 0x20000000);
    EXPECT_EQ(bits.state(0, nodes[39]), active);
    EXPECT_EQ(bits.block_version(*nodes[39]), 0x20000000);
    EXPECT_EQ(bits.since(0, nodes[39]), Height{40});
    until(100, 0x20000000);
    EXPECT_EQ(bits.since(0, nodes[99]), Height{40});
    EXPECT_EQ(bits.since(0, nodes[33]), Height{30});
    EXPECT_EQ(bits.since(0, nodes[25]), Height{20});
    EXPECT_EQ(bits.since(0, nodes[5]), Height{0});
}

TEST_F(Signals, too_few_signals_before_the_timeout_fail) {
    const ChainParams params = params_of({deployment(3, 0, 20'000)});
    VersionBits bits(params);
    until(10, 0x20000000);
    EXPECT_EQ(bits.state(0, nodes.back()), started);
    until(17, kBit3);
    until(20, 0x20000000);
    EXPECT_EQ(bits.state(0, nodes.back()), started) << "seven of ten";
    until(30, 0x20000000);
    EXPECT_EQ(bits.state(0, nodes.back()), failed);
    until(60, kBit3);
    EXPECT_EQ(bits.state(0, nodes.back()), failed) << "for good";
}

TEST_F(Signals, threshold_counts_even_when_the_timeout_has_come) {
    const ChainParams params = params_of({deployment(3, 0, 5'000)});
    VersionBits bits(params);
    until(10, 0x20000000);
    until(20, kBit3);
    EXPECT_EQ(bits.state(0, nodes.back()), locked_in);
}

TEST_F(Signals, least_height_delays_the_activation) {
    const ChainParams params = params_of({deployment(3, 0, Deployment::kNoTimeout, 45)});
    VersionBits bits(params);
    until(60, kBit3);
    EXPECT_EQ(bits.state(0, nodes[19]), locked_in);
    EXPECT_EQ(bits.state(0, nodes[39]), locked_in);
    EXPECT_EQ(bits.state(0, nodes[49]), active);
}

TEST_F(Signals, start_time_and_timeout_count_from_their_second_on) {
    // The first period ends with a median time of 4,000, the second with 14,000.
    const ChainParams params = params_of({
        deployment(3, 14'000, Deployment::kNoTimeout),
        deployment(4, 14'001, Deployment::kNoTimeout),
        deployment(5, 0, 14'000),
        deployment(6, 0, 14'001),
    });
    VersionBits bits(params);
    until(20, 0x20000000);
    ASSERT_EQ(nodes[19]->median_time_past(), 14'000);
    EXPECT_EQ(bits.state(0, nodes[19]), started);
    EXPECT_EQ(bits.state(1, nodes[19]), defined);
    EXPECT_EQ(bits.state(2, nodes[19]), failed);
    EXPECT_EQ(bits.state(3, nodes[19]), started);
}

TEST_F(Signals, script_rules_hold_from_the_activation_on) {
    Deployment rule = deployment(3, 0, Deployment::kNoTimeout);
    rule.script_flags = kVerifyNullFail;
    const ChainParams params = params_of({rule});
    VersionBits bits(params);
    until(30, kBit3);
    ASSERT_EQ(bits.state(0, nodes[28]), locked_in);
    EXPECT_EQ(bits.script_flags(*nodes[9]), kVerifyNone);
    EXPECT_EQ(bits.script_flags(*nodes[28]), kVerifyNone) << "only locked in";
    EXPECT_EQ(bits.script_flags(*nodes[29]), kVerifyNullFail);
}

TEST_F(Signals, other_top_bits_are_no_signals) {
    const ChainParams params = params_of({deployment(3, 0, Deployment::kNoTimeout)});
    VersionBits bits(params);
    until(20, 0x00000008);
    until(40, 0x60000008);
    until(60, 0xe0000008);
    EXPECT_EQ(bits.state(0, nodes.back()), started);
}

TEST_F(Signals, always_and_never_need_no_signals) {
    Deployment flagged = deployment(1, Deployment::kAlwaysActive, Deployment::kNoTimeout);
    flagged.script_flags = kVerifyNullFail;
    const ChainParams params =
        params_of({flagged, deployment(2, Deployment::kNeverActive, Deployment::kNoTimeout)});
    VersionBits bits(params);
    until(30, 0x20000004);
    EXPECT_EQ(bits.state(0, nullptr), active);
    EXPECT_EQ(bits.state(1, nodes.back()), failed);
    EXPECT_EQ(bits.script_flags(*nodes.back()), kVerifyNullFail);
    const auto reports = bits.reports(*nodes.back());
    ASSERT_EQ(reports.size(), 1u) << "what is switched off is not reported";
    EXPECT_EQ(reports[0].active_since, Height{0});
}

TEST_F(Signals, report_shows_the_running_period) {
    const ChainParams params = params_of({deployment(3, 0, Deployment::kNoTimeout)});
    VersionBits bits(params);
    until(10, 0x20000000);
    until(12, kBit3);
    until(15, 0x20000000);
    DeploymentReport report = bits.reports(*nodes[13])[0];
    EXPECT_EQ(report.state, started);
    EXPECT_EQ(report.since, Height{10});
    EXPECT_EQ(report.signals, (std::vector<bool>{true, true, false, false}));
    EXPECT_EQ(report.count(), 2);
    EXPECT_TRUE(report.possible());
    EXPECT_FALSE(bits.reports(*nodes[14])[0].possible()) << "three missed, two may be";
    EXPECT_EQ(bits.reports(*nodes[9])[0].state, defined);
    EXPECT_EQ(bits.reports(*nodes[9])[0].state_next, started);
    EXPECT_TRUE(bits.reports(*nodes[9])[0].signals.empty());
    until(20, 0x20000000);
    until(40, kBit3);
    EXPECT_EQ(bits.reports(*nodes[39])[0].state, locked_in);
    EXPECT_EQ(bits.reports(*nodes[39])[0].active_since, Height{40});
    EXPECT_EQ(bits.reports(*nodes[38])[0].active_since, std::nullopt);
}

TEST_F(Signals, unknown_bits_are_noticed_unless_a_deployment_explains_them) {
    const ChainParams params = params_of({deployment(3, 0, Deployment::kNoTimeout)});
    VersionBits bits(params);
    until(10, 0x20000000);
    until(20, 0x20000088);  // bits 3 and 7
    auto unknown = bits.unknown_rules(*nodes.back());
    ASSERT_EQ(unknown.size(), 1u);
    EXPECT_EQ(unknown[0].bit, 7);
    EXPECT_FALSE(unknown[0].active);
    until(30, 0x20000000);
    unknown = bits.unknown_rules(*nodes.back());
    ASSERT_EQ(unknown.size(), 1u);
    EXPECT_TRUE(unknown[0].active);
    until(60, kBit3);
    EXPECT_EQ(bits.unknown_rules(*nodes.back()).size(), 2u)
        << "bit 3 means nothing any more once its deployment is active";
}

// ---- against a plain version

struct PlainBlock {
    const HeaderNode* node = nullptr;
    size_t parent = 0;
    DeploymentState next = defined;  // of its child
};

// BIP9's table, from the state of the period that ends with `last`.
DeploymentState plain_next(const Deployment& rule, const HeaderNode& last, DeploymentState before) {
    if ((last.height.value() + 1) % rule.period_blocks != 0) return before;
    const int64_t median = last.median_time_past();
    if (before == defined) return median >= rule.start_time ? started : defined;
    if (before == started) {
        int32_t count = 0;
        const HeaderNode* node = &last;
        for (int32_t i = 0; i < rule.period_blocks; ++i) {
            const auto version = static_cast<uint32_t>(node->header.version);
            count += version >> 29 == 1 && (version & 1u << rule.bit) != 0 ? 1 : 0;
            node = node->parent;
        }
        if (count >= rule.threshold_blocks) return locked_in;
        return median >= rule.timeout ? failed : started;
    }
    if (before == locked_in && last.height + 1 >= rule.min_activation_height) return active;
    return before;
}

TEST(VersionBitsModel, a_million_questions_agree_with_going_forward) {
    SeededRandom random(test_seed());
    constexpr int kQuestions = 1'000'000;
    constexpr int kTrees = 50;
    for (int tree_number = 0; tree_number < kTrees; ++tree_number) {
        ChainParams params = regtest_params();
        Deployment rule = deployment(5, static_cast<int64_t>(random.uniform(300'000)),
                                     static_cast<int64_t>(random.uniform(1'500'000)),
                                     static_cast<int32_t>(random.uniform(600)));
        rule.period_blocks = 1 + static_cast<int32_t>(random.uniform(40));
        rule.threshold_blocks =
            1 + static_cast<int32_t>(random.uniform(static_cast<uint64_t>(rule.period_blocks)));
        params.deployments = {rule};
        BlockHeader genesis;
        HeaderTree tree(genesis);
        VersionBits bits(params);
        std::vector<PlainBlock> blocks{{&tree.genesis(), 0, defined}};
        blocks[0].next = plain_next(rule, tree.genesis(), defined);
        // Eagerness changes, so that all outcomes are seen.
        const uint64_t eagerness = random.uniform(101);
        for (int i = 0; i < kQuestions / kTrees; ++i) {
            if (random.uniform(10) == 0) {
                const size_t near = std::min<size_t>(blocks.size(), 5);
                const size_t parent = random.uniform(40) == 0
                                          ? random.uniform(blocks.size())
                                          : blocks.size() - 1 - random.uniform(near);
                BlockHeader header;
                header.previous = blocks[parent].node->hash;
                header.version = random.uniform(100) < eagerness ? 0x20000020 : 0x20000000;
                header.time = static_cast<uint32_t>(blocks[parent].node->time() + 1 +
                                                    static_cast<int64_t>(random.uniform(2'000)));
                header.nonce = static_cast<uint32_t>(i);
                const HeaderNode& node = tree.add(header, header.hash(), *blocks[parent].node);
                blocks.push_back({&node, parent, plain_next(rule, node, blocks[parent].next)});
            }
            const PlainBlock& asked = blocks[random.uniform(blocks.size())];
            ASSERT_EQ(bits.state(0, asked.node), asked.next)
                << "height " << asked.node->height.value();
            if (random.uniform(50) != 0 || asked.next == defined) continue;
            size_t first = static_cast<size_t>(&asked - blocks.data());
            Height since = asked.node->height + 1;
            while (first != 0 && blocks[blocks[first].parent].next == asked.next) {
                first = blocks[first].parent;
                since = blocks[first].node->height + 1;
            }
            ASSERT_EQ(bits.since(0, asked.node), since);
        }
    }
}

}  // namespace
}  // namespace parley
