// A follower catches up while strangers send it headers that nobody has certified.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "net/wire/messages.h"
#include "tests/unit/simulator/test_world.h"

namespace parley::sim {
namespace {

constexpr size_t kStrangers = 40;
constexpr size_t kKinds = 6;  // of attacks

/// Headers that pass every check that needs no seal.
message::Headers forged_headers(const BlockHeader& genesis, int32_t count, uint8_t mark) {
    message::Headers forged;
    BlockHeader header = genesis;
    header.nonce = 0;
    for (int32_t i = 0; i < count; ++i) {
        header.previous = i == 0 ? genesis.hash() : header.hash();
        header.merkle_root = Hash256{{mark}};
        ++header.time;
        forged.headers.push_back(header);
    }
    return forged;
}

/// One validator with a long chain, and strangers with all sorts of headers.
class HeaderFlood : public testing::Test {
 protected:
    HeaderFlood() {
        validators_.options().empty_block_period = seconds{1};
        world_.add_node(validators_.validator(0));
        EXPECT_TRUE(
            world_.run_until([&] { return height(world_, 0) >= blocks_; }, hours{1}, seconds{1}));
        for (size_t i = 0; i < kStrangers; ++i) {
            const NodeIndex stranger = world_.size();
            forged_.push_back(forged_headers(purse_.params().genesis->header, length_of(i),
                                             static_cast<uint8_t>(i + 1)));
            world_.add_scripted_peer(
                validators_.follower(),
                [this, i, stranger](NodeIndex from, std::string_view command, ByteSpan) {
                    if (command == message::GetHeaders::kCommand) attack(i, stranger, from);
                });
        }
    }

    void say(NodeIndex stranger, NodeIndex to, const message::Headers& headers, const Bytes& seal) {
        const message::Seal message{headers.headers.back().hash(), seal};
        if (!seal.empty()) world_.say(stranger, to, message::Seal::kCommand, encode(message));
        world_.say(stranger, to, message::Headers::kCommand, encode(headers));
    }

    int32_t length_of(size_t number) const {
        return number / kKinds % 2 == 0 ? std::min(2'000, blocks_ - 10) : 3;
    }
    void attack(size_t number, NodeIndex stranger, NodeIndex to) {
        attackers_.insert(stranger);
        ++attacks_;
        const BlockIndex& index = world_.node(0).chain().index();
        const Height last{length_of(number)};
        const message::Headers& forged = forged_[number];
        switch (number % kKinds) {
            case 0:  // announcements, each of another block
                for (uint8_t mark = 0; mark < 100; ++mark) {
                    message::Headers single = forged_headers(index.genesis().header, 1, mark);
                    single.headers[0].time += static_cast<uint32_t>(number);
                    say(stranger, to, single, {});
                }
                return;
            case 1:
                return say(stranger, to, forged, {});
            case 2:
                return say(stranger, to, forged, Bytes(60'000, 7));
            case 3:
                return say(stranger, to, forged, index.tip().seal);
            case 4:  // a seal of the right height, and another block
                return say(stranger, to, forged, index.at_height(last)->seal);
            default: {  // real headers, and a seal of another height
                message::Headers real;
                for (Height height{1}; height <= last; ++height)
                    real.headers.push_back(index.at_height(height)->header);
                return say(stranger, to, real, index.tip().seal);
            }
        }
    }

    /// How long a new follower takes to the height that the chain has now; its node is `node`.
    Duration catch_up(NodeIndex node) {
        const TimePoint start = world_.now();
        const int32_t goal = height(world_, 0);
        world_.connect(node, 0);
        EXPECT_TRUE(world_.run_until([&] { return height(world_, node) >= goal; }, minutes{5},
                                     milliseconds{10}));
        return world_.now() - start;
    }
    /// Headers that the node has and the validator has not.
    size_t foreign_headers(NodeIndex node) const {
        size_t foreign = 0;
        const BlockIndex& real = world_.node(0).chain().index();
        world_.node(node).chain().index().for_each([&](const HeaderNode& header) {
            foreign += real.find(header.hash) == nullptr ? 1 : 0;
        });
        return foreign;
    }

    size_t known_headers(NodeIndex node) const {
        size_t known = 0;
        world_.node(node).chain().index().for_each([&](const HeaderNode&) { ++known; });
        return known;
    }

    /// Each costs votes of four validators. PARLEY_TEST_SCALE=600 makes them more than one message
    /// of headers; sealed_headers_test.cpp has that case without validators.
    const int32_t blocks_ = scaled(400, 100);
    const Purse purse_{1};
    Validators validators_{purse_.params(), 1};
    World world_{{.seed = 5, .latency = LatencyTable::uniform(milliseconds{5})}};
    std::set<NodeIndex> attackers_;
    size_t attacks_ = 0;
    std::vector<message::Headers> forged_;  ///< of each stranger
};

TEST_F(HeaderFlood, stores_nothing_and_delays_nobody) {
    const NodeIndex quiet = world_.add_node(validators_.follower());
    const Duration alone = catch_up(quiet);
    EXPECT_EQ(foreign_headers(quiet), 0u);

    const NodeIndex flooded = world_.add_node(validators_.follower());
    for (size_t i = 0; i < kStrangers; ++i) world_.connect(flooded, 1 + i);
    world_.run_for(milliseconds{100});
    EXPECT_EQ(attackers_.size(), kStrangers);
    size_t left = 0;
    for (size_t i = 0; i < kStrangers; ++i) {
        const bool announces = i % kKinds == 0;  // no offence
        EXPECT_EQ(world_.connected(flooded, 1 + i), announces) << i;
        left += announces ? 1 : 0;
    }
    EXPECT_LT(left, 10u);
    EXPECT_EQ(world_.node(flooded).chain().index().best_header().height, Height{0});
    EXPECT_EQ(known_headers(flooded), 1u) << "the genesis block";
    const size_t first_attacks = attacks_;
    const Duration under_attack = catch_up(flooded);
    EXPECT_EQ(foreign_headers(flooded), 0u);
    EXPECT_LE(under_attack, alone + seconds{1}) << "in virtual time";
    // They are dialled again and again, and attack anew.
    world_.run_for(seconds{30});
    EXPECT_GT(attacks_, first_attacks);
    EXPECT_EQ(foreign_headers(flooded), 0u);
    EXPECT_LE(height(world_, 0) - height(world_, flooded), 1) << "it follows";
}

}  // namespace
}  // namespace parley::sim
