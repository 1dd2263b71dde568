#include "node/simulator/network/block_transport.h"

#include <algorithm>

#include "base/check.h"

namespace parley::sim {
namespace {

constexpr uint64_t from_kilobits(uint64_t kilobits) {
    return kilobits * 1'000 / 8;
}

Duration transmission(uint64_t bytes, uint64_t bytes_per_second) {
    if (bytes_per_second == 0) return Duration{0};
    return Duration{static_cast<int64_t>(bytes * 1'000'000 / bytes_per_second)};
}

}  // namespace

const std::array<NodeBandwidth, 6>& region_bandwidths_2019() {
    static constexpr std::array<NodeBandwidth, 6> kBandwidths{{
        {from_kilobits(19'200), from_kilobits(52'000)},  // NA
        {from_kilobits(20'700), from_kilobits(40'000)},  // EU
        {from_kilobits(5'800), from_kilobits(18'000)},   // SA
        {from_kilobits(15'700), from_kilobits(22'800)},  // AP
        {from_kilobits(10'200), from_kilobits(22'800)},  // JP
        {from_kilobits(11'300), from_kilobits(29'900)},  // AU
    }};
    return kBandwidths;
}

BlockTransport::BlockTransport(std::vector<NodeBandwidth> nodes, Duration validation)
    : validation_(validation) {
    for (const NodeBandwidth& each : nodes) nodes_.push_back({.bandwidth = each});
}

bool BlockTransport::is_new(State& receiver, const BlockHash& block) {
    auto& recent = receiver.recent;
    if (std::find(recent.begin(), recent.end(), block) != recent.end()) return false;
    if (recent.size() < kRecentBlocks) {
        recent.push_back(block);
    } else {
        recent[receiver.next_recent] = block;
        receiver.next_recent = (receiver.next_recent + 1) % kRecentBlocks;
    }
    return true;
}

TimePoint BlockTransport::deliver(const Shipment& shipment, TimePoint now) {
    CHECK(shipment.from < nodes_.size() && shipment.to < nodes_.size());
    State& sender = nodes_[shipment.from];
    State& receiver = nodes_[shipment.to];
    const TimePoint begin = std::max(now, sender.up_until);
    sender.up_until = begin + transmission(shipment.bytes, sender.bandwidth.up);
    const TimePoint first_bit = std::max(begin + shipment.latency, receiver.down_until);
    const TimePoint received =
        std::max(sender.up_until + shipment.latency,
                 first_bit + transmission(shipment.bytes, receiver.bandwidth.down));
    if (receiver.bandwidth.down != 0) receiver.down_until = received;
    if (validation_ == Duration{0} || !is_new(receiver, shipment.block)) return received;
    receiver.busy_until = std::max(received, receiver.busy_until) + validation_;
    return receiver.busy_until;
}

}  // namespace parley::sim
