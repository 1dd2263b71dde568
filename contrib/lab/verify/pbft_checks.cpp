#include "contrib/lab/verify/pbft_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/check.h"
#include "chain/state/chainstate.h"
#include "consensus/pbft/messages/messages.h"
#include "node/simulator/checker.h"
#include "node/simulator/participants.h"

namespace parley::lab {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kDelay = milliseconds{100};
constexpr sim::NodeIndex kPrimary = 0;  // of view 0

sim::WorldOptions world_options(uint64_t seed) {
    return {.seed = seed, .latency = sim::LatencyTable::uniform(kDelay), .sync_delay = Duration{0}};
}

int32_t height(const sim::World& world, sim::NodeIndex index) {
    return world.node(index).chain().index().tip().height.value();
}

bool confirmed(const sim::World& world, sim::NodeIndex index, const TransactionRef& transaction) {
    const OutPoint output{transaction->txid(), 0};
    return world.node(index).chain().coins().coin(output).value().has_value();
}

/// The engine's message; empty: another one.
std::optional<pbft::MessageType> engine_message(const sim::PassingMessage& message) {
    if (message.command != "engine" || message.payload.size() < 2) return std::nullopt;
    return pbft::MessageType{message.payload[1]};
}

bool all_at(const sim::World& world, int32_t target) {
    for (sim::NodeIndex index = 0; index < world.size(); ++index) {
        if (world.running(index) && height(world, index) < target) return false;
    }
    return true;
}

double in_delays(const DecisionCost& cost, Duration span) {
    return static_cast<double>(span.count()) / static_cast<double>(cost.delay.count());
}

}  // namespace

DecisionCost measure_decision(size_t validators, PrimaryFault fault, uint64_t seed) {
    const sim::Purse purse(1);
    const sim::Validators set(purse.params(), validators);
    sim::World world(world_options(seed));
    for (size_t i = 0; i < validators; ++i) world.add_node(set.validator(i));
    world.connect_mesh();
    world.run_for(seconds{5});  // handshakes
    DecisionCost cost;
    cost.validators = validators;
    cost.delay = kDelay;
    world.observe_messages([&](const sim::PassingMessage& message) {
        const auto type = engine_message(message);
        cost.messages += type ? 1 : 0;
        cost.view_changes += type == pbft::MessageType::view_change ? 1 : 0;
    });
    if (fault == PrimaryFault::crashed) world.crash(kPrimary);
    if (fault == PrimaryFault::silent) {
        world.set_message_filter([](const sim::PassingMessage& message) {
            const bool lost = message.from == kPrimary &&
                              engine_message(message) == pbft::MessageType::pre_prepare;
            return lost ? std::vector<Duration>{} : std::vector<Duration>{Duration{0}};
        });
    }
    const TimePoint submitted = world.now();
    for (sim::NodeIndex node = 0; node < validators; ++node) {
        if (!world.running(node) || (fault == PrimaryFault::none && node != kPrimary)) continue;
        CHECK(sim::submit(world, node, purse.pay(0)).empty());
    }
    if (world.run_until([&] { return all_at(world, 1); }, seconds{20}))
        cost.committed_everywhere = world.now() - submitted;
    world.run_for(10 * kDelay);  // what is sent behind the decision counts too
    return cost;
}

Findings judge_decision(const DecisionCost& cost) {
    const auto n = static_cast<double>(cost.validators);
    const std::string name = fmt::format("8.pbft.n={}", cost.validators);
    return {
        judge_equal(name + ".messages", "", 2 * n * (n - 1), static_cast<double>(cost.messages)),
        judge_equal(name + ".commit", "delays", 3, in_delays(cost, cost.committed_everywhere))};
}

Finding judge_crashed_primary(const DecisionCost& cost) {
    const double timer = in_delays(cost, PbftOptions{}.base_timeout);
    return judge_equal(fmt::format("8.pbft.n={}.crashed_primary.commit", cost.validators), "delays",
                       timer + 4, in_delays(cost, cost.committed_everywhere));
}

Finding judge_silent_primary(const DecisionCost& cost) {
    const auto n = static_cast<double>(cost.validators);
    return judge_equal(fmt::format("8.pbft.n={}.silent_primary.view_changes", cost.validators), "",
                       n * (n - 1), static_cast<double>(cost.view_changes));
}

PartitionOutcome measure_partition(const std::vector<std::vector<size_t>>& groups, uint64_t seed) {
    constexpr size_t kPayments = 6;
    const sim::Purse purse(kPayments);
    const sim::Validators set(purse.params(), 4);
    sim::World world(world_options(seed));
    sim::SafetyChecker checker;
    checker.watch(world);
    for (size_t i = 0; i < set.size(); ++i) world.add_node(set.validator(i));
    world.connect_mesh();
    world.run_for(seconds{5});
    const auto pay = [&](size_t first, size_t last) {
        for (size_t i = first; i < last; ++i) {
            CHECK(sim::submit(world, i % set.size(), purse.pay(i)).empty());
            world.run_for(seconds{1});
        }
    };
    pay(0, 2);
    world.run_for(seconds{5});
    const auto highest = [&] {
        int32_t best = 0;
        for (sim::NodeIndex node = 0; node < world.size(); ++node)
            best = std::max(best, height(world, node));
        return best;
    };
    const int32_t before = highest();
    world.partition(groups);
    pay(2, kPayments);
    world.run_for(minutes{2});
    PartitionOutcome outcome;
    outcome.blocks_meanwhile = highest() - before;
    world.heal();
    world.run_for(minutes{3});
    outcome.violations = checker.violations().size();
    for (size_t i = 0; i < kPayments; ++i) {
        const TransactionRef transaction = purse.pay(i);
        for (sim::NodeIndex node = 0; node < world.size(); ++node) {
            if (confirmed(world, node, transaction)) continue;
            ++outcome.unconfirmed;
            break;
        }
    }
    return outcome;
}

Findings judge_partition(const PartitionOutcome& outcome) {
    return {
        judge_equal("8.pbft.partition.commits", "", 0, outcome.blocks_meanwhile),
        judge_equal("8.pbft.partition.conflicts", "", 0, static_cast<double>(outcome.violations)),
        judge_equal("8.pbft.partition.unconfirmed_after", "", 0,
                    static_cast<double>(outcome.unconfirmed))};
}

uint64_t count_conflicts(size_t equivocators, uint64_t seeds, const GoOn& go_on) {
    constexpr size_t kValidators = 4;
    CHECK(equivocators > 0 && equivocators < kValidators);
    uint64_t conflicts = 0;
    for (uint64_t seed = 1; seed <= seeds && go_on(); ++seed) {
        const sim::Purse purse(2);
        const sim::Validators set(purse.params(), kValidators);
        sim::WorldOptions options = world_options(seed);
        options.jitter_max = kDelay;
        sim::World world(std::move(options));
        sim::SafetyChecker checker;
        checker.watch(world);
        // The last validator and the twins are one group, all others the other.
        std::vector<sim::NodeIndex> here, there;
        for (size_t i = 0; i < kValidators; ++i) {
            const sim::NodeIndex node = world.add_node(set.validator(i));
            (i + 1 < kValidators ? here : there).push_back(node);
            if (i < equivocators) checker.exclude(node);
        }
        for (size_t i = 0; i < equivocators; ++i) {
            there.push_back(world.add_node(set.validator(i)));
            checker.exclude(there.back());
        }
        for (const auto& group : {here, there}) {
            for (size_t i = 0; i < group.size(); ++i) {
                for (size_t j = i + 1; j < group.size(); ++j) world.connect(group[i], group[j]);
            }
        }
        world.run_for(seconds{5});
        for (const sim::NodeIndex node : here)
            CHECK(sim::submit(world, node, purse.pay(0)).empty());
        for (const sim::NodeIndex node : there)
            CHECK(sim::submit(world, node, purse.pay(1)).empty());
        world.run_for(minutes{1});
        CHECK(checker.final_heights() > 0);
        conflicts += checker.violations().empty() ? 0 : 1;
    }
    return conflicts;
}

Findings check_pbft_decisions(const std::vector<size_t>& sizes) {
    Findings findings;
    for (const size_t size : sizes) {
        for (Finding& each : judge_decision(measure_decision(size, PrimaryFault::none, 1)))
            findings.push_back(std::move(each));
    }
    findings.push_back(judge_crashed_primary(measure_decision(4, PrimaryFault::crashed, 1)));
    findings.push_back(judge_silent_primary(measure_decision(4, PrimaryFault::silent, 1)));
    for (Finding& each : judge_partition(measure_partition({{0, 1}, {2, 3}}, 1)))
        findings.push_back(std::move(each));
    return findings;
}

Findings check_pbft_safety(uint64_t seeds, const GoOn& go_on) {
    return {judge_equal("8.pbft.one_equivocator.conflicts", "seeds", 0,
                        static_cast<double>(count_conflicts(1, seeds, go_on))),
            judge_equal("8.pbft.two_equivocators.conflicts", "seeds", static_cast<double>(seeds),
                        static_cast<double>(count_conflicts(2, seeds, go_on)))};
}

}  // namespace parley::lab
