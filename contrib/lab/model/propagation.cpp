#include "contrib/lab/model/propagation.h"

#include <algorithm>
#include <tuple>

#include "base/check.h"
#include "contrib/lab/model/mining_race.h"

namespace parley::lab {
namespace {

bool later(const Propagation::Flight& a, const Propagation::Flight& b) {
    return std::tie(a.time, a.block) > std::tie(b.time, b.block);
}

}  // namespace

Propagation::Propagation(const MiningNetwork& network, const RacePartition* partition) {
    for (uint32_t miner = 0; miner < network.size(); ++miner)
        everywhere_.push_back(add_route(network, miner, [](uint32_t) { return true; }));
    if (partition == nullptr) return;
    healed_ = partition->until;
    const std::vector<bool>& side = partition->minority;
    CHECK(side.size() == network.size());
    for (uint32_t miner = 0; miner < network.size(); ++miner) {
        same_side_.push_back(add_route(
            network, miner, [&](uint32_t receiver) { return side[receiver] == side[miner]; }));
        other_side_.push_back(add_route(
            network, miner, [&](uint32_t receiver) { return side[receiver] != side[miner]; }));
    }
}

template <class Wanted>
Propagation::Route Propagation::add_route(const MiningNetwork& network, uint32_t miner,
                                          Wanted wanted) {
    std::vector<std::pair<ModelTime, uint32_t>> sorted;
    for (uint32_t receiver = 0; receiver < network.size(); ++receiver) {
        if (receiver != miner && wanted(receiver))
            sorted.emplace_back(network.delay(miner, receiver), receiver);
    }
    std::sort(sorted.begin(), sorted.end());
    Route route{static_cast<uint32_t>(steps_.size()), 0};
    for (const auto& [delay, receiver] : sorted) {
        const auto at = static_cast<uint32_t>(receivers_.size());
        if (steps_.size() == route.first || steps_.back().delay != delay)
            steps_.push_back({delay, at, at});
        receivers_.push_back(receiver);
        ++steps_.back().end;
    }
    route.end = static_cast<uint32_t>(steps_.size());
    return route;
}

void Propagation::start(ModelTime departure, const Route& route, uint64_t block, uint32_t height) {
    if (route.first == route.end) return;
    flights_.push_back(
        {departure + steps_[route.first].delay, block, height, route.first, route.end});
    std::push_heap(flights_.begin(), flights_.end(), later);
}

void Propagation::send(ModelTime now, uint32_t miner, uint64_t block, uint32_t height) {
    if (now >= healed_) {
        start(now, everywhere_[miner], block, height);
        return;
    }
    start(now, same_side_[miner], block, height);
    start(healed_, other_side_[miner], block, height);
}

Propagation::Arrival Propagation::pop() {
    CHECK(!flights_.empty());
    std::pop_heap(flights_.begin(), flights_.end(), later);
    Flight& flight = flights_.back();
    const Step& step = steps_[flight.step];
    const Arrival arrival{flight.block, flight.height,
                          std::span{receivers_}.subspan(step.first, step.end - step.first)};
    if (++flight.step == flight.end) {
        flights_.pop_back();
    } else {
        flight.time += steps_[flight.step].delay - step.delay;
        std::push_heap(flights_.begin(), flights_.end(), later);
    }
    return arrival;
}

}  // namespace parley::lab
