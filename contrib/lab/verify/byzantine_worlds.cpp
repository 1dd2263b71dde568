#include "contrib/lab/verify/byzantine_worlds.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "chain/state/chainstate.h"
#include "consensus/pbft/messages/messages.h"
#include "node/simulator/checker.h"
#include "node/simulator/participants.h"

namespace parley::lab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr size_t kHeights = 3;
/// Of virtual time for one height: two faulty primaries in a row, several times.
constexpr Duration kHeightMax = seconds{60};

enum class Behaviour : uint8_t {
    two_faces,  ///< two nodes with one key, each of which speaks to one half of the others
    silent,
    no_proposals,
    one_half,  ///< speaks to one half only
    late       ///< each message once or several times, up to three seconds late
};
constexpr size_t kBehaviours = 5;

struct Liar {
    Behaviour behaviour{};
    bool half = false;  ///< that it speaks to
};

class ByzantineWorld {
 public:
    ByzantineWorld(uint64_t seed, ByzantineControl control)
        : random_(SeededRandom::stream(seed, 0, "byzantine")),
          validators_(random_.uniform(3) == 0 ? 7 : 4),
          purse_(2 * kHeights),
          set_(purse_.params(), validators_),
          world_(draw_options(seed)) {
        checker_.watch(world_);
        for (size_t i = 0; i < validators_; ++i) add(i);
        // The primaries of the first views, or any.
        const size_t faults =
            (validators_ - 1) / 3 + (control == ByzantineControl::one_too_many ? 1 : 0);
        const size_t first = random_.uniform(2) == 0 ? 0 : random_.uniform(validators_);
        for (size_t i = 0; i < faults; ++i) {
            const auto behaviour =
                control == ByzantineControl::one_too_many
                    ? Behaviour::two_faces
                    : Behaviour{static_cast<uint8_t>(random_.uniform(kBehaviours))};
            corrupt((first + i) % validators_, behaviour);
        }
        world_.connect_mesh();
        world_.set_message_filter([this](const sim::PassingMessage& each) { return fate(each); });
    }

    ByzantineTally run() {
        world_.run_for(seconds{5});  // handshakes
        size_t reached = 0;
        for (size_t height = 1; height <= kHeights; ++height) {
            for (sim::NodeIndex node = 0; node < world_.size(); ++node) {
                // Another node's payment may be there first.
                sim::submit(world_, node, purse_.pay(2 * (height - 1) + (half_[node] ? 1 : 0)));
            }
            const bool all =
                world_.run_until([&] { return lowest() >= height; }, kHeightMax, milliseconds{50});
            if (!all) break;
            reached = height;
        }
        world_.run_for(seconds{5});
        ByzantineTally tally;
        tally.worlds = 1;
        tally.conflicts = checker_.violations().empty() ? 0 : 1;
        tally.heights_wanted = kHeights;
        tally.heights_final = reached;
        return tally;
    }

 private:
    sim::WorldOptions draw_options(uint64_t seed) {
        const auto drawn = [&](uint64_t most) {
            return milliseconds{static_cast<int64_t>(random_.uniform(most + 1))};
        };
        sim::WorldOptions options;
        options.seed = seed;
        options.latency = sim::LatencyTable::uniform(milliseconds{5} + drawn(95));
        options.jitter_max = drawn(200);
        return options;
    }

    sim::NodeIndex add(size_t validator) {
        const sim::NodeIndex node = world_.add_node(set_.validator(validator));
        half_.push_back(node % 2 == 1);
        liars_.emplace_back();
        return node;
    }

    void corrupt(sim::NodeIndex node, Behaviour behaviour) {
        liars_[node] = Liar{behaviour, half_[node]};
        checker_.exclude(node);
        if (behaviour != Behaviour::two_faces) return;
        const sim::NodeIndex twin = add(node);
        half_[twin] = !half_[node];
        liars_[twin] = Liar{behaviour, half_[twin]};
        checker_.exclude(twin);
    }

    std::vector<Duration> fate(const sim::PassingMessage& message) {
        std::vector<Duration> once{Duration{0}};
        const std::optional<Liar>& liar = liars_[message.from];
        if (!liar || message.command != "engine" || message.payload.size() < 2) return once;
        const bool heard = half_[message.to] == liar->half;
        switch (liar->behaviour) {
            case Behaviour::two_faces:
            case Behaviour::one_half:
                return heard ? once : std::vector<Duration>{};
            case Behaviour::silent:
                return {};
            case Behaviour::no_proposals: {
                const pbft::MessageType type{message.payload[1]};
                return type == pbft::MessageType::pre_prepare ? std::vector<Duration>{} : once;
            }
            case Behaviour::late: {
                std::vector<Duration> copies(1 + random_.uniform(3));
                for (Duration& each : copies)
                    each = Duration{static_cast<int64_t>(random_.uniform(3'000'000))};
                return copies;
            }
        }
        return once;
    }

    /// Height of the correct validator that is behind all others.
    size_t lowest() const {
        int32_t lowest = INT32_MAX;
        for (sim::NodeIndex node = 0; node < world_.size(); ++node) {
            if (liars_[node]) continue;
            lowest = std::min(lowest, world_.node(node).chain().index().tip().height.value());
        }
        return static_cast<size_t>(lowest);
    }

    SeededRandom random_;
    size_t validators_;
    sim::Purse purse_;
    sim::Validators set_;
    sim::SafetyChecker checker_;
    std::vector<bool> half_;                    ///< of each node
    std::vector<std::optional<Liar>> liars_{};  ///< of each node; empty: it is correct
    sim::World world_;
};

}  // namespace

void ByzantineTally::add(const ByzantineTally& other) {
    worlds += other.worlds;
    conflicts += other.conflicts;
    heights_wanted += other.heights_wanted;
    heights_final += other.heights_final;
}

ByzantineTally run_byzantine_world(uint64_t seed, ByzantineControl control) {
    return ByzantineWorld(seed, control).run();
}

ByzantineTally run_byzantine_worlds(uint64_t worlds, double seconds_given, ByzantineControl control,
                                    const GoOn& go_on) {
    const auto end =
        std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds_given);
    std::atomic<uint64_t> next{1};
    std::mutex mutex;
    ByzantineTally total;
    const auto work = [&] {
        while (go_on() && std::chrono::steady_clock::now() < end) {
            const uint64_t seed = next++;
            if (seed > worlds) return;
            const ByzantineTally tally = run_byzantine_world(seed, control);
            const std::lock_guard lock(mutex);
            total.add(tally);
        }
    };
    {
        std::vector<std::jthread> threads;
        for (unsigned i = std::max(1U, std::thread::hardware_concurrency()); i > 0; --i)
            threads.emplace_back(work);
    }
    return total;
}

Findings judge_byzantine_worlds(const ByzantineTally& tally, uint64_t wanted) {
    constexpr double kHeightsMin = 95;
    const std::string name = "8.pbft.safety";
    Findings findings{
        judge_equal(name + ".conflicts", "seeds", 0,
                    tally.worlds > 0 ? static_cast<double>(tally.conflicts) : std::nan(""))};
    const Proportion heights{tally.heights_final, tally.heights_wanted};
    const bool any = heights.trials > 0;
    findings.push_back(judge(
        {name + ".final_heights", "%", std::nullopt, {kHeightsMin, 100}},
        any ? 100 * heights.value() : std::nan(""),
        any ? std::optional(Range{100 * heights.low(), 100 * heights.high()}) : std::nullopt));
    if (tally.worlds == wanted) {
        findings.push_back(judge_equal(name + ".seeds", "", static_cast<double>(wanted),
                                       static_cast<double>(tally.worlds)));
    } else {
        findings.push_back(not_run(
            name + ".seeds",
            fmt::format("{} of {} seeds fitted into the budget; the two results above are theirs",
                        tally.worlds, wanted)));
    }
    return findings;
}

}  // namespace parley::lab
