#include "tests/unit/consensus/pbft/swarm.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "tests/unit/consensus/pbft/pacemaker_checker.h"

namespace parley::pbft::testing {
namespace {

using Node = Cluster::Node;

constexpr Duration kBaseTimeout = seconds{1};
/// Of virtual time, in a whole network: f primaries in a row that are Byzantine, each for the
/// longest timeout, and as long again.
constexpr Duration kProgressMax = seconds{120};
/// Several retry intervals, each of half a base timeout.
constexpr Duration kPacemakerPatience = 5 * kBaseTimeout;

class SwarmWorld {
 public:
    SwarmWorld(uint64_t seed, SwarmControl control)
        : random_(SeededRandom::stream(seed, 0, "swarm")),
          options_(draw_options(seed)),
          cluster_(options_),
          adversary_(cluster_, seed) {
        corrupt();
        if (control == SwarmControl::one_too_many_silent) {
            while (faulty_.size() <= faults_) faulty_.push_back(take_correct());
            for (const Node node : faulty_) adversary_.corrupt(node, make_silent());
        } else if (control == SwarmControl::trusted_liar) {
            adversary_.corrupt(correct_.front(), make_conflicting_voter());
        }
    }

    SwarmOutcome run() {
        for (int round = 0; round < 12; ++round) {
            shake();
            if (random_.uniform(3) != 0) cluster_.submit();
            cluster_.run_for(draw(4000));
        }
        heal();
        get_ahead();
        outcome_.height = cluster_.lowest_height(correct_);
        outcome_.view = cluster_.up(correct_[0]) ? cluster_.view(correct_[0]) : 0;
        const std::vector<std::string> violations = cluster_.violations();
        if (!violations.empty()) outcome_.problem = violations.front();
        outcome_.digest = cluster_.world().digest();
        return outcome_;
    }

 private:
    Duration draw(uint64_t milliseconds_max) {
        return milliseconds{static_cast<int64_t>(random_.uniform(milliseconds_max + 1))};
    }
    bool one_in(uint64_t count) { return random_.uniform(count) == 0; }

    ClusterOptions draw_options(uint64_t seed) {
        ClusterOptions options;
        options.validators = 4 + random_.uniform(7);
        faults_ = (options.validators - 1) / 3;
        for (Node node = 0; node < options.validators; ++node) correct_.push_back(node);
        for (size_t i = one_in(4) ? random_.uniform(faults_ + 1) : faults_; i > 0; --i)
            faulty_.push_back(take_correct());
        for (const Node node : faulty_) {
            if (one_in(5)) options.extra.push_back(node);
        }
        options.seed = seed;
        options.delay = milliseconds{5} + draw(60);
        options.jitter = one_in(2) ? draw(200) : draw(1500);
        options.write_time = draw(20);
        options.drop_percent = static_cast<unsigned>(random_.uniform(20));
        options.duplicate_percent = static_cast<unsigned>(random_.uniform(30));
        options.base_timeout = kBaseTimeout;
        options.timeout_max = seconds{8};
        if (one_in(2)) options.clock_skew = draw(20'000);
        if (one_in(4)) options.empty_block_period = seconds{3};
        return options;
    }

    Node take_correct() {
        const size_t index = random_.uniform(correct_.size());
        const Node node = correct_[index];
        correct_.erase(correct_.begin() + static_cast<std::ptrdiff_t>(index));
        return node;
    }

    /// Twins are distrusted, and have behaviours beside that at times; the others have one or two.
    void corrupt() {
        for (size_t i = 0; i < options_.extra.size(); ++i) {
            cluster_.distrust(options_.validators + i);
            outcome_.behaviours.emplace_back("twin");
        }
        for (const Node node : faulty_) {
            const bool twin = std::ranges::find(options_.extra, node) != options_.extra.end();
            std::vector<BehaviourRef> chosen;
            for (uint64_t count = twin ? random_.uniform(2) : 1 + random_.uniform(2); count > 0;
                 --count) {
                std::vector<BehaviourRef> all = make_all_behaviours();
                chosen.push_back(std::move(all[random_.uniform(all.size())]));
                outcome_.behaviours.emplace_back(chosen.back()->name());
            }
            cluster_.distrust(node);
            adversary_.corrupt(node, std::move(chosen));
        }
    }

    /// One fault, or the end of one.
    void shake() {
        const Node victim = random_.uniform(cluster_.size());
        const sim::Crash how = one_in(2) ? sim::Crash::kill : sim::Crash::power_cut;
        switch (random_.uniform(11)) {
            case 0:
                if (cluster_.up(victim)) cluster_.world().crash(victim, how);
                break;
            case 1:
            case 2:
                start_all();
                break;
            case 3:
                if (cluster_.up(victim)) {
                    cluster_.world().crash_at_commit(
                        victim, 1 + random_.uniform(6),
                        one_in(2) ? sim::CommitPoint::unfinished : sim::CommitPoint::synced, how);
                }
                break;
            case 4:
                split();
                break;
            case 5:
            case 6:
                if (cluster_.up(victim)) cluster_.world().pause(victim, draw(8000));
                break;
            case 7:
                cluster_.world().shift_clock(victim, draw(10'000));
                break;
            default:
                cluster_.partition({});
        }
    }

    void start_all() {
        for (Node node = 0; node < cluster_.size(); ++node) {
            if (cluster_.up(node)) continue;
            ++outcome_.crashes;
            if (one_in(4)) cluster_.world().shift_clock(node, -draw(5000));
            cluster_.start(node);
        }
    }

    /// Twins are on different sides, so that each side has its own face of the liar.
    void split() {
        std::vector<std::set<Node>> sides(2);
        std::vector<uint64_t> side_of;
        for (Node node = 0; node < cluster_.size(); ++node) {
            const bool twin = node >= options_.validators;
            const uint64_t side =
                twin ? 1 - side_of[options_.extra[node - options_.validators]] : random_.uniform(2);
            side_of.push_back(side);
            sides[side].insert(node);
        }
        cluster_.partition(sides);
    }

    /// The network is whole from now on, but for a share of lost messages in some worlds. If fewer
    /// than f validators are Byzantine, others stay dead until there are f.
    void heal() {
        cluster_.partition({});
        if (one_in(3)) outcome_.loss_percent = 5 + static_cast<unsigned>(random_.uniform(6));
        cluster_.mend_links(outcome_.loss_percent);
        for (Node node = 0; node < cluster_.size(); ++node) {
            if (cluster_.up(node))
                cluster_.world().crash_at_commit(node, 0, sim::CommitPoint::synced);
        }
        start_all();
        for (size_t i = faulty_.size(); i < faults_ && one_in(2); ++i)
            cluster_.crash(take_correct());
    }

    void get_ahead() {
        const TransactionRef payment = cluster_.submit();
        size_t highest = 0;
        for (const Node node : correct_) highest = std::max(highest, cluster_.height(node));
        PacemakerChecker pacemaker(kPacemakerPatience);
        const bool live = cluster_.run_until(
            [&] {
                pacemaker.look(cluster_, correct_);
                return cluster_.lowest_height(correct_) > highest &&
                       cluster_.confirmed(correct_, payment);
            },
            kProgressMax, milliseconds{100});
        if (!pacemaker.violations().empty()) outcome_.problem = pacemaker.violations().front();
        if (!live) outcome_.problem += "No progress in a whole network. " + describe(highest);
    }

    std::string describe(size_t highest) {
        std::string text = fmt::format("Height to pass: {}.", highest);
        for (const Node node : correct_) {
            text += fmt::format("\n  {}: ", node);
            if (!cluster_.up(node)) {
                text += "down: " + cluster_.world().stop_reason(node);
                continue;
            }
            for (const char* field : {"height", "view", "phase", "timer", "missing"})
                text += fmt::format(" {} {}", field, cluster_.info(node, field));
        }
        return text;
    }

    SeededRandom random_;
    size_t faults_ = 0;
    std::vector<Node> correct_;
    std::vector<Node> faulty_;
    const ClusterOptions options_;
    Cluster cluster_;
    Adversary adversary_;
    SwarmOutcome outcome_;
};

}  // namespace

SwarmOutcome run_swarm(uint64_t seed, SwarmControl control) {
    return SwarmWorld(seed, control).run();
}

}  // namespace parley::pbft::testing
