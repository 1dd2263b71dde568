#include "tests/unit/consensus/pbft/search/explorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <tuple>
#include <utility>

#include "base/check.h"

namespace parley::pbft::testing {
namespace {

using Kind = Deviation::Kind;

/// For each cut, whom each validator still reaches: bit i is validator i. The first is none, then
/// one validator alone, two and two, and everybody alone except for what the last one hears.
using Reach = std::array<uint8_t, kSearchValidators>;
constexpr std::array<Reach, 9> kCuts{{{0b1111, 0b1111, 0b1111, 0b1111},
                                      {0b0001, 0b1110, 0b1110, 0b1110},
                                      {0b1101, 0b0010, 0b1101, 0b1101},
                                      {0b1011, 0b1011, 0b0100, 0b1011},
                                      {0b0111, 0b0111, 0b0111, 0b1000},
                                      {0b0011, 0b0011, 0b1100, 0b1100},
                                      {0b0101, 0b1010, 0b0101, 0b1010},
                                      {0b1001, 0b0110, 0b0110, 0b1001},
                                      {0b1001, 0b1010, 0b1100, 0b1111}}};

bool passes(uint8_t cut, uint8_t from, uint8_t to) {
    return (kCuts[cut][from] >> to & 1) != 0;
}

uint64_t mix(uint64_t hash, uint64_t value) {
    hash ^= value + 0x9E3779B97F4A7C15 + (hash << 6) + (hash >> 2);
    hash *= 0xFF51AFD7ED558CCD;
    return hash ^ (hash >> 32);
}

LoneReplica::Options replica_options(const SearchOptions& options) {
    LoneReplica::Options result = options.replica;
    result.demand_below = options.target_height;
    // What depends on clocks and counters would make equal states different.
    result.plain_blocks = true;
    result.idle_status_period = std::chrono::hours{24};
    return result;
}

}  // namespace

std::string_view to_string(Kind kind) {
    constexpr std::array<std::string_view, 7> kNames{"lose", "delay",   "early timer", "hurry",
                                                     "cut",  "restart", "die"};
    return kNames[static_cast<size_t>(kind)];
}

Explorer::Explorer(SearchOptions options)
    : options_(std::move(options)), locals_(replica_options(options_)) {
    for (uint8_t each = 0; each < kSearchValidators; ++each) {
        const bool faulty = each == options_.faulty;
        begin_.dead[each] = faulty && !options_.persona;
        const Persona persona =
            faulty ? options_.persona.value_or(Persona::correct) : Persona::correct;
        auto begun = locals_.begin(each, persona);
        begin_.locals[each] = begun.next;
        if (!begin_.dead[each]) send(begin_, each, begun.sent);
    }
}

SearchOutcome Explorer::search(unsigned deviations) {
    visited_.clear();
    outcome_ = {};
    stopped_ = false;
    run(begin_, deviations);
    outcome_.complete = !stopped_;
    outcome_.states = visited_.size();
    outcome_.local_states = locals_.size();
    outcome_.engine_steps = locals_.engine_steps();
    outcome_.audits = locals_.audits();
    if (outcome_.problem.empty() && !locals_.problems().empty())
        outcome_.problem = locals_.problems().front();
    return outcome_;
}

// From `network` without deviations to the target; then the same with one deviation at each place.
void Explorer::run(Network network, unsigned deviations) {
    ++outcome_.runs;
    std::vector<Network> trace;
    std::unordered_set<uint64_t> own;
    uint32_t elapsed_ms = 0;
    while (!reached(network)) {
        const uint64_t state = hash(network);
        if (!own.insert(state).second) return report("no progress: a state repeats");
        if (unsigned& seen = visited_[state]; seen > deviations) {
            break;
        } else {
            seen = deviations + 1;
        }
        if (deviations > 0) trace.push_back(network);
        const Step step = advance(network);
        if (step.stuck) return report("no progress: nothing is under way and no timer runs");
        elapsed_ms = step.healed ? 0 : elapsed_ms + step.elapsed_ms;
        if (elapsed_ms > kProgressMs) return report("no progress in time");
        if (!outcome_.problem.empty()) return;
    }
    for (size_t place = 0; place < trace.size(); ++place) {
        for (const Deviation& deviation : possible(trace[place])) {
            if (options_.stop()) stopped_ = true;
            if (stopped_) return;
            path_.emplace_back(place, deviation);
            auto changed = deviate(trace[place], deviation);
            if (changed && outcome_.problem.empty()) run(std::move(*changed), deviations - 1);
            path_.pop_back();
            if (!outcome_.problem.empty()) {
                stopped_ = true;
                return;
            }
        }
    }
}

Explorer::Step Explorer::advance(Network& network) {
    next_round(network);
    if (network.round.empty()) return let_time_pass(network);
    const Flight flight = network.round.front();
    network.round.erase(network.round.begin());
    if (network.dead[flight.to] || !passes(network.cut, flight.from, flight.to)) return {};
    take(network, flight.to, {LocalInput::Kind::message, flight.from, flight.message, 0});
    return {};
}

void Explorer::next_round(Network& network) const {
    if (!network.round.empty()) return;
    network.round = std::exchange(network.next, {});
    const auto place = [this](const Flight& flight) {
        return std::tuple(flight.to, flight.from != options_.faulty, flight.from);
    };
    std::ranges::stable_sort(
        network.round, [&place](const Flight& a, const Flight& b) { return place(a) < place(b); });
}

Explorer::Step Explorer::let_time_pass(Network& network) {
    std::optional<uint8_t> first;
    uint32_t shortest = UINT32_MAX;
    for (uint8_t each = 0; each < kSearchValidators; ++each) {
        const auto due = locals_.state(network.locals[each]).due_ms;
        if (network.dead[each] || !due) continue;
        const uint32_t left = *due - std::min(*due, network.waited_ms[each]);
        if (left >= shortest) continue;
        shortest = left;
        first = each;
    }
    const bool heals = network.cut != 0 && network.cut_left_ms <= shortest;
    if (heals) shortest = network.cut_left_ms;
    if (!heals && !first) return {.stuck = true};
    for (uint32_t& waited : network.waited_ms) waited += shortest;
    if (network.cut != 0) network.cut_left_ms -= shortest;
    if (heals) {
        network.cut = 0;
    } else {
        fire(network, *first, network.waited_ms[*first]);
    }
    return {.elapsed_ms = shortest, .healed = heals};
}

void Explorer::fire(Network& network, uint8_t validator, uint32_t waited_ms) {
    network.waited_ms[validator] = waited_ms;
    take(network, validator, {LocalInput::Kind::timer, 0, 0, 0});
}

void Explorer::take(Network& network, uint8_t validator, LocalInput input) {
    input.waited_ms = std::exchange(network.waited_ms[validator], 0);
    // A timer fires when it is due, however long that is.
    if (input.kind == LocalInput::Kind::timer) input.waited_ms = 0;
    LocalId& local = network.locals[validator];
    const size_t height = locals_.state(local).chain.size();
    const LocalStates::Transition& transition = locals_.step(local, input);
    local = transition.next;
    send(network, validator, transition.sent);
    const LocalState& state = locals_.state(local);
    if (story_ != nullptr) {
        const std::string what =
            input.kind == LocalInput::Kind::message
                ? fmt::format("{} from {}", LocalReplica::describe(locals_.message(input.message)),
                              input.from)
            : input.kind == LocalInput::Kind::timer ? "its timer"
                                                    : "its restart";
        story_->push_back(fmt::format("{} (height {}, view {}) after {}", validator,
                                      state.chain.size(), state.view, what));
    }
    outcome_.highest_view = std::max(outcome_.highest_view, state.view);
    if (!state.problem.empty() && correct(validator)) report(state.problem);
    if (state.chain.size() > height) check_agreement(network, validator);
}

void Explorer::send(Network& network, uint8_t from, const std::vector<LocalStates::Sent>& sent) {
    for (const auto& [to, message] : sent) {
        const Flight flight{to, from, message};
        if (network.dead[to]) continue;
        if (std::ranges::find(network.next, flight) == network.next.end())
            network.next.push_back(flight);
    }
}

bool Explorer::wants(Kind kind, uint8_t detail) const {
    const auto& [kinds, cuts] = std::tie(options_.kinds, options_.cuts);
    return (kinds.empty() || std::ranges::find(kinds, kind) != kinds.end()) &&
           (kind != Kind::cut || cuts.empty() || std::ranges::find(cuts, detail) != cuts.end());
}

// A deviation is tried at the last place before it makes a difference: before the next message, and
// at its sender or receiver. When nothing is under way, at each validator whose timer may run on.
std::vector<Deviation> Explorer::possible(const Network& network) const {
    std::vector<Deviation> result;
    Network now = network;
    next_round(now);
    const auto wanted = [&](Kind kind, uint8_t detail) {
        if (wants(kind, detail)) result.push_back({kind, detail});
    };
    const auto bounded = [&](uint8_t validator) {
        const LocalState& state = locals_.state(now.locals[validator]);
        return !now.dead[validator] && state.view < options_.views &&
               state.chain.size() < options_.target_height;
    };
    if (now.round.empty()) {
        for (uint8_t each = 0; each < kSearchValidators; ++each) {
            if (bounded(each)) wanted(Kind::hurry, each);
        }
        return result;
    }
    const auto& [to, from, message] = now.round.front();
    if (!bounded(to) || !passes(now.cut, from, to)) return result;
    wanted(Kind::lose, to);
    wanted(Kind::delay, to);
    wanted(Kind::early_timer, to);
    wanted(Kind::hurry, to);
    if (correct(to)) wanted(Kind::restart, to);
    if (now.cut == 0) {
        for (uint8_t cut = 1; cut < kCuts.size(); ++cut) {
            if (!passes(cut, from, to)) wanted(Kind::cut, cut);
        }
    }
    if (from == options_.faulty) wanted(Kind::die, from);
    return result;
}

std::optional<Explorer::Network> Explorer::deviate(Network network, const Deviation& deviation) {
    next_round(network);
    const auto fire_now = [&](uint8_t validator) {
        fire(network, validator, network.waited_ms[validator]);
    };
    switch (deviation.kind) {
        case Kind::lose:
            network.round.erase(network.round.begin());
            break;
        case Kind::delay:
            network.next.push_back(network.round.front());
            network.round.erase(network.round.begin());
            break;
        case Kind::early_timer:
            if (!locals_.state(network.locals[deviation.detail]).due_ms) return std::nullopt;
            fire_now(deviation.detail);
            break;
        case Kind::hurry: {
            constexpr int kTimersMax = 16;  // between two views; most repeat what was sent
            const LocalState& state = locals_.state(network.locals[deviation.detail]);
            const View view = state.view;
            if (!state.view_timer) return std::nullopt;
            for (int i = 0; i < kTimersMax; ++i) {
                const LocalState& at = locals_.state(network.locals[deviation.detail]);
                if (at.view != view || !at.due_ms) break;
                fire_now(deviation.detail);
            }
            break;
        }
        case Kind::cut:
            network.cut = deviation.detail;
            network.cut_left_ms = kCutMs;
            break;
        case Kind::restart:
            take(network, deviation.detail, {LocalInput::Kind::restart, 0, 0, 0});
            break;
        case Kind::die:
            network.dead[deviation.detail] = true;
            std::erase_if(network.round,
                          [&](const Flight& each) { return each.to == deviation.detail; });
            std::erase_if(network.next,
                          [&](const Flight& each) { return each.to == deviation.detail; });
            break;
    }
    return network;
}

bool Explorer::correct(uint8_t validator) const {
    return validator != options_.faulty ||
           (options_.persona && *options_.persona == Persona::correct);
}

bool Explorer::reached(const Network& network) const {
    for (uint8_t each = 0; each < kSearchValidators; ++each) {
        if (!correct(each) || network.dead[each]) continue;
        if (locals_.state(network.locals[each]).chain.size() < options_.target_height) return false;
    }
    return true;
}

void Explorer::check_agreement(const Network& network, uint8_t validator) {
    if (!correct(validator)) return;
    const auto& own = locals_.state(network.locals[validator]).chain;
    for (uint8_t other = 0; other < kSearchValidators; ++other) {
        if (!correct(other)) continue;
        const auto& theirs = locals_.state(network.locals[other]).chain;
        const size_t common = std::min(own.size(), theirs.size());
        for (size_t i = 0; i < common; ++i) {
            if (own[i] != theirs[i])
                return report(
                    fmt::format("disagreement: validators {} and {} have different "
                                "blocks at height {}",
                                validator, other, i + 1));
        }
    }
}

void Explorer::report(std::string problem) {
    if (story_ != nullptr || !outcome_.problem.empty()) return;
    outcome_.problem = std::move(problem);
    for (const auto& [place, deviation] : path_) {
        outcome_.problem += fmt::format("; after {} steps {} {}", place, to_string(deviation.kind),
                                        deviation.detail);
    }
    outcome_.story = tell(path_);
}

std::vector<std::string> Explorer::tell(const std::vector<std::pair<size_t, Deviation>>& path) {
    constexpr size_t kLinesMax = 2'000;
    std::vector<std::string> story;
    story_ = &story;
    Network network = begin_;
    for (const auto& [place, deviation] : path) {
        for (size_t i = 0; i < place; ++i) advance(network);
        story.push_back(fmt::format("--- {} {}", to_string(deviation.kind), deviation.detail));
        if (auto changed = deviate(network, deviation)) network = std::move(*changed);
    }
    while (!reached(network) && story.size() < kLinesMax && !advance(network).stuck) {
    }
    story_ = nullptr;
    return story;
}

uint64_t Explorer::hash(const Network& network) const {
    uint64_t hash = network.cut;
    hash = mix(hash, network.cut_left_ms);
    for (size_t i = 0; i < kSearchValidators; ++i) {
        hash = mix(hash, network.dead[i] ? UINT64_MAX : network.locals[i]);
        hash = mix(hash, network.dead[i] ? 0 : network.waited_ms[i]);
    }
    const auto add = [&](const std::vector<Flight>& flights) {
        for (const auto& [to, from, message] : flights)
            hash = mix(hash, uint64_t{message} << 16 | uint64_t{to} << 8 | from);
        hash = mix(hash, flights.size());
    };
    add(network.round);
    // Sorted as its round will be, so that the order in which it came about does not matter.
    Network later;
    later.next = network.next;
    next_round(later);
    add(later.round);
    return hash;
}

}  // namespace parley::pbft::testing
