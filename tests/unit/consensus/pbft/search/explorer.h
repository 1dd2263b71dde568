// Explorer: a bounded exhaustive search of the real PBFT engine, for four validators of which one
// may be faulty.
//
// The network runs in rounds: all messages under way are delivered, in the order of receivers and
// senders, the faulty one's first; what they bring forth is the next round; when nothing is under
// way, time passes until the next timer. This schedule is deterministic, and in it every height
// must be decided. A deviation from it is one fault or one unusual order: a message is lost, or
// comes a round late; a timer fires before a message comes; one validator's clock runs on until it
// leaves its view; links are cut for a while; a validator restarts; the faulty one dies. The search
// runs every schedule with up to D deviations (Emmi, Qadeer, Rakamaric, "Delay-Bounded Scheduling",
// POPL 2011), and so from every state that it visits also the schedule in which no more goes wrong.
// Deliveries to different validators commute, so within a round only one of their orders is run. A
// state seen before with as many deviations left is not run again; states are compared by 64 bits
// of a hash.
//
// It checks, in every state: no two correct validators have different blocks at a height; no
// correct validator breaks a rule of VoteChecker. From every state: with no more deviations, all
// correct validators reach the target height within kProgressMs, and no state repeats on the way.
//
// For tests.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "tests/unit/consensus/pbft/search/local_states.h"

namespace parley::pbft::testing {

inline constexpr size_t kSearchValidators = 4;

struct Deviation {
    enum class Kind : uint8_t { lose, delay, early_timer, hurry, cut, restart, die };
    Kind kind = Kind::lose;
    uint8_t detail = 0;  ///< the validator; of a cut: which one
};
std::string_view to_string(Deviation::Kind kind);
/// The cut that leaves this validator alone.
constexpr uint8_t cut_off(uint8_t validator) {
    return static_cast<uint8_t>(validator + 1);
}

struct SearchOptions {
    /// The faulty validator, and what it does; empty: it is silent from the beginning.
    uint8_t faulty = 0;
    std::optional<Persona> persona = Persona::correct;
    LoneReplica::Options replica{};
    size_t target_height = 2;
    /// Empty: all kinds.
    std::vector<Deviation::Kind> kinds{};
    /// Which cuts, as in Deviation::detail. Empty: all.
    std::vector<uint8_t> cuts{};
    /// Deviations happen to validators in views below this.
    View views = 3;
    /// Asked now and then; true ends the search.
    std::function<bool()> stop = [] { return false; };
};

struct SearchOutcome {
    std::string problem;             ///< empty: all properties hold
    std::vector<std::string> story;  ///< of the schedule with the problem, step by step
    bool complete = false;           ///< the whole bound was searched
    size_t states = 0;               ///< of the network, different ones
    size_t runs = 0;                 ///< different schedules, some up to a state seen before
    size_t local_states = 0;
    size_t engine_steps = 0;
    size_t audits = 0;
    View highest_view = 0;
};

class Explorer {
 public:
    explicit Explorer(SearchOptions options);

    /// Runs all schedules with up to so many deviations.
    SearchOutcome search(unsigned deviations);

 private:
    struct Flight {
        uint8_t to = 0;
        uint8_t from = 0;
        MessageNumber message = 0;
        bool operator==(const Flight&) const = default;
    };
    struct Network {
        std::array<LocalId, kSearchValidators> locals{};
        std::array<uint32_t, kSearchValidators> waited_ms{};
        std::array<bool, kSearchValidators> dead{};
        std::vector<Flight> round, next;
        uint8_t cut = 0;
        uint32_t cut_left_ms = 0;
    };
    struct Step {
        uint32_t elapsed_ms = 0;
        bool healed = false;
        bool stuck = false;
    };

    void run(Network network, unsigned deviations);
    Step advance(Network& network);
    Step let_time_pass(Network& network);
    void take(Network& network, uint8_t validator, LocalInput input);
    void fire(Network& network, uint8_t validator, uint32_t waited_ms);
    void send(Network& network, uint8_t from, const std::vector<LocalStates::Sent>& sent);
    void next_round(Network& network) const;
    std::vector<Deviation> possible(const Network& network) const;
    std::optional<Network> deviate(Network network, const Deviation& deviation);
    bool reached(const Network& network) const;
    bool correct(uint8_t validator) const;
    void check_agreement(const Network& network, uint8_t validator);
    void report(std::string problem);
    /// Runs the schedule with these deviations again, and writes down what happens.
    std::vector<std::string> tell(const std::vector<std::pair<size_t, Deviation>>& path);
    uint64_t hash(const Network& network) const;
    bool wants(Deviation::Kind kind, uint8_t detail) const;

    /// Of virtual time, without deviations: longer than the timeouts of five views in a row.
    static constexpr uint32_t kProgressMs = 120'000;
    /// Longer than the timeouts of two views in a row.
    static constexpr uint32_t kCutMs = 7'000;

    const SearchOptions options_;
    LocalStates locals_;
    Network begin_;
    std::unordered_map<uint64_t, unsigned> visited_;  ///< with one more than the deviations left
    /// Deviations of the current run, each after so many steps since the last one.
    std::vector<std::pair<size_t, Deviation>> path_;
    std::vector<std::string>* story_ = nullptr;  ///< written while a schedule is told again
    SearchOutcome outcome_;
    bool stopped_ = false;
};

}  // namespace parley::pbft::testing
