#include "net/relay/fee_filters.h"

namespace parley {

namespace {

/// Mean time between two updates of the fee filter.
constexpr Duration kFeeFilterInterval = std::chrono::minutes{10};

}  // namespace

void FeeFilters::send() {
    if (table_.options().blocks_only) return;
    const bool download = table_.initial_download();
    const int64_t rate = download ? kMaxMoney.value() : table_.view().fee_rate_min(table_.now());
    for (auto& [id, peer] : table_.peers()) {
        PeerRelay& relay = peer.relay;
        if (!peer.ready() || peer.handshake.common_version < kFeeFilterVersion ||
            peer.blocks_only() || rate == relay.fee_filter_sent)
            continue;
        const bool at_once =
            relay.fee_filter_sent < 0 || relay.fee_filter_sent == kMaxMoney.value();
        if (!at_once && relay.next_fee_filter > table_.now()) continue;
        relay.fee_filter_sent = rate;
        const auto mean = static_cast<uint64_t>(kFeeFilterInterval.count());
        relay.next_fee_filter =
            table_.now() + Duration{static_cast<int64_t>(table_.random().exponential(mean))};
        table_.send(peer, message::FeeFilter{rate});
    }
}

}  // namespace parley
