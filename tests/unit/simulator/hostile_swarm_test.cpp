// Worlds in which most peers are hostile: scripted nodes flood the honest ones with everything that
// costs them little. The honest ones must go on: blocks and payments reach everybody, and no input
// makes a node do more than a bounded number of operations, however many attackers there are. Time
// is not measured: operations are counted (PeerManager::work_done).
//
// The first seed is fresh on every run and printed; PARLEY_TEST_SEED replays it.
#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

#include "base/serialize.h"
#include "net/wire/messages.h"
#include "tests/unit/seed.h"
#include "tests/unit/simulator/test_world.h"

namespace parley::sim {
namespace {

constexpr size_t kHonest = 4;
constexpr Duration kAttackInterval = milliseconds{500};
constexpr size_t kPayments = 4;
/// Rounds of attacks; every third one brings a payment, and every fourth one a block.
constexpr size_t kRounds = 3 * kPayments;

/// Bytes that follow a command, drawn at random, of the kinds that make a node remember, look up,
/// fetch or reply.
class Arsenal {
 public:
    explicit Arsenal(uint64_t seed) : random_(seed) {}

    struct Shot {
        std::string_view command;
        Bytes payload;
        size_t times = 1;
    };
    Shot draw(TimePoint now) {
        switch (random_.uniform(9)) {
            case 0:
                return inventory("inv", InvType::wtxid, 5'000);
            case 1:
                return inventory("inv", InvType::transaction, 50'000);
            case 2:
                return inventory("getdata", InvType::wtxid, 50'000);
            case 3:
                return inventory("notfound", InvType::wtxid, 1'000);
            case 4:
                return {"tx", orphan(), 8};
            case 5:
                return {"addr", addresses(now), 4};
            case 6:
                return {"ping", Bytes(8), 500};
            case 7:
                return {"getheaders", locator(), 50};
            default:
                return {"headers", stray_headers(now), 2};
        }
    }

 private:
    Hash256 hash() {
        Hash256 result;
        random_.fill(result.bytes());
        return result;
    }
    Shot inventory(std::string_view command, InvType type, size_t count) {
        message::Inv list;
        for (size_t i = 0; i < count; ++i)
            list.entries.push_back(message::InvEntry::of(type, hash()));
        return {command, encode(list)};
    }
    Bytes orphan() {
        TransactionData data;
        for (uint32_t i = 0; i < 200; ++i) {
            TxInput input;
            input.prevout = OutPoint{Txid{hash()}, i};
            data.inputs.push_back(input);
        }
        data.outputs.push_back(TxOutput{Amount{1'000}, Script{}});
        return encode(message::Tx{std::move(data)});
    }
    Bytes addresses(TimePoint now) {
        message::Addr addr;
        for (size_t i = 0; i < 1'000; ++i) {
            const Bytes ip{static_cast<uint8_t>(60 + random_.uniform(40)),
                           static_cast<uint8_t>(random_.next()),
                           static_cast<uint8_t>(random_.next()), 1};
            addr.entries.push_back({static_cast<uint32_t>(to_unix_seconds(now)),
                                    {kServiceNetwork, IpAddress::from_ipv4(ip), 8333}});
        }
        return encode(addr);
    }
    Bytes locator() {
        message::GetHeaders request;
        for (size_t i = 0; i < 100; ++i) request.hashes.push_back(BlockHash{hash()});
        return encode(request);
    }
    Bytes stray_headers(TimePoint now) {
        message::Headers headers;
        BlockHash previous{hash()};
        for (size_t i = 0; i < 200; ++i) {
            BlockHeader header;
            header.previous = previous;
            header.time = static_cast<uint32_t>(to_unix_seconds(now));
            previous = header.hash();
            headers.headers.push_back(header);
        }
        return encode(headers);
    }

    SeededRandom random_;
};

/// The most operations of one step of each honest node, and of all steps together.
class WorkMeter {
 public:
    explicit WorkMeter(World& world) {
        world.observe([this, &world](NodeIndex index) {
            if (!world.running(index)) return;
            const uint64_t done = world.node(index).peers().work_done();
            most_ = std::max(most_, done - before_[index]);
            before_[index] = done;
        });
    }
    uint64_t most() const { return most_; }
    uint64_t total() const {
        uint64_t sum = 0;
        for (const auto& [index, done] : before_) sum += done;
        return sum;
    }

 private:
    std::map<NodeIndex, uint64_t> before_;
    uint64_t most_ = 0;
};

struct SiegeReport {
    uint64_t most = 0;
    uint64_t total = 0;
    uint64_t bytes = 0;  ///< handed to links by the attackers
    bool converged = false;
    bool paid = false;
};

SiegeReport besiege(uint64_t seed, size_t attackers) {
    const Purse purse(kPayments);
    World world({.seed = seed, .latency = LatencyTable::uniform(milliseconds{20})});
    for (size_t i = 0; i < kHonest; ++i) world.add_node(pow_node(purse.params(), 0));
    Arsenal arsenal(seed);
    for (size_t i = 0; i < attackers; ++i) world.add_scripted_peer(pow_node(purse.params(), 0));
    for (NodeIndex i = 0; i < kHonest; ++i) world.connect(i, (i + 1) % kHonest);
    for (NodeIndex each = kHonest; each < world.size(); ++each)
        for (NodeIndex i = 0; i < kHonest; ++i) world.connect(each, i);
    mine(world, 0, 1);  // out of the initial download
    world.run_for(seconds{2});
    WorkMeter meter(world);
    std::vector<TransactionRef> payments;
    SiegeReport outcome;
    for (size_t round = 0; round < kRounds; ++round) {
        for (NodeIndex each = kHonest; each < world.size(); ++each) {
            const Arsenal::Shot shot = arsenal.draw(world.now());
            const NodeIndex target = round % kHonest;
            for (size_t i = 0; i < shot.times; ++i) {
                if (!world.say(each, target, shot.command, shot.payload)) break;
            }
        }
        if (round % 3 == 0) {
            payments.push_back(purse.pay(round / 3));
            EXPECT_EQ(submit(world, round % kHonest, payments.back()), "");
        }
        world.run_for(kAttackInterval);
        if (round % 4 == 3) mine(world, round % kHonest, 1);
    }
    outcome.converged = world.run_until([&] { return one_tip(world); }, seconds{5});
    outcome.paid = true;
    for (const TransactionRef& payment : payments) {
        for (NodeIndex i = 0; i < kHonest; ++i)
            outcome.paid &= confirmed(world, i, payment) || waiting(world, i, payment);
    }
    for (NodeIndex each = kHonest; each < world.size(); ++each)
        outcome.bytes += world.sent(each).bytes;
    outcome.most = meter.most();
    outcome.total = meter.total();
    return outcome;
}

// A message of 50,000 entries has 7,000 units of reading and hashing, which nothing can divide;
// changes of requests and announcements of other peers add their portions.
constexpr uint64_t kStepWorkMax = 16'000;
/// What the attackers' bytes may cost: an inv of 36 bytes an entry costs the most.
constexpr uint64_t kBytesPerOperationMin = 4;

TEST(HostileSwarm, honest_nodes_go_on_and_no_step_does_more_than_its_portion) {
    const uint64_t first = test_seed();
    const int seeds = scaled(1);
    for (int i = 0; i < seeds; ++i) {
        const uint64_t seed = first + static_cast<uint64_t>(i);
        const SiegeReport outcome = besiege(seed, 8);
        EXPECT_TRUE(outcome.converged) << "seed " << seed;
        EXPECT_TRUE(outcome.paid) << "seed " << seed;
        EXPECT_LE(outcome.most, kStepWorkMax) << "seed " << seed;
        EXPECT_LE(outcome.total * kBytesPerOperationMin, outcome.bytes) << "seed " << seed;
        EXPECT_GT(outcome.bytes, 4'000'000u) << "the attackers were cut off too early";
    }
}

TEST(HostileSwarm, more_attackers_do_not_make_a_step_larger) {
    const uint64_t seed = test_seed();
    const SiegeReport few = besiege(seed, 3);
    const SiegeReport many = besiege(seed, 12);
    EXPECT_LE(many.most, few.most + few.most / 2) << few.most << " operations with three";
    EXPECT_TRUE(many.converged && many.paid);
}

}  // namespace
}  // namespace parley::sim
