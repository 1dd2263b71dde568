#include "net/filters/filter_server.h"

#include <utility>

#include "base/crypto/sha256.h"

namespace parley {

namespace {

/// Filters read in one step: a few milliseconds. One of a full block has some 20,000 bytes, so the
/// send window is full after fewer if they are sent.
constexpr size_t kFiltersPerStep = 50;

/// Bitcoind's limit: older stale blocks are not served, because who has them reveals which node it
/// is.
constexpr int64_t kStaleAgeMax = 30 * 24 * 60 * 60;

bool may_be_asked_for(const BlockIndex& index, const HeaderNode& node) {
    if (index.contains(node)) return true;
    return node.status == BlockStatus::connected &&
           index.best_header().time() - node.time() < kStaleAgeMax;
}

}  // namespace

const HeaderNode* FilterServer::find_stop(Peer& peer, uint8_t type, const BlockHash& stop) {
    if (type != kBasicFilter || (table_.options().services & kServiceCompactFilters) == 0) {
        table_.disconnect(
            peer, fmt::format("peer requested unsupported block filter type: {}", int{type}));
        return nullptr;
    }
    const HeaderNode* node = table_.index().find(stop);
    if (node == nullptr || !may_be_asked_for(table_.index(), *node)) {
        table_.disconnect(peer,
                          fmt::format("peer requested invalid block hash: {}", stop.to_string()));
        return nullptr;
    }
    return node;
}

bool FilterServer::check_range(Peer& peer, uint32_t start, const HeaderNode& stop,
                               int64_t count_max) {
    const int64_t last = stop.height.value();
    if (start > last) {
        table_.disconnect(peer, fmt::format("peer sent invalid getcfilters/getcfheaders with start "
                                            "height {} and stop height {}",
                                            start, last));
        return false;
    }
    if (last - start >= count_max) {
        table_.disconnect(peer, fmt::format("peer requested too many cfilters/cfheaders: {} / {}",
                                            last - start + 1, count_max));
        return false;
    }
    return true;
}

void FilterServer::on_getcfilters(Peer& peer, ByteSpan payload) {
    const auto request = table_.decode_or_drop<message::GetFilters>(peer, payload);
    if (!request) return;
    const HeaderNode* stop = find_stop(peer, request->type, request->stop);
    if (stop == nullptr || !check_range(peer, request->start, *stop, kFiltersMax)) return;
    begin(peer, {FilterRequest::Kind::filters, stop, static_cast<int32_t>(request->start), {}, {}});
}

void FilterServer::on_getcfheaders(Peer& peer, ByteSpan payload) {
    const auto request = table_.decode_or_drop<message::GetFilterHeaders>(peer, payload);
    if (!request) return;
    const HeaderNode* stop = find_stop(peer, request->type, request->stop);
    if (stop == nullptr || !check_range(peer, request->start, *stop, kFilterHeadersMax)) return;
    begin(peer, {FilterRequest::Kind::headers, stop, static_cast<int32_t>(request->start), {}, {}});
}

void FilterServer::on_getcfcheckpt(Peer& peer, ByteSpan payload) {
    const auto request = table_.decode_or_drop<message::GetFilterCheckpoints>(peer, payload);
    if (!request) return;
    const HeaderNode* stop = find_stop(peer, request->type, request->stop);
    if (stop == nullptr) return;
    begin(peer, {FilterRequest::Kind::checkpoints, stop, kFilterCheckpointInterval, {}, {}});
}

void FilterServer::begin(Peer& peer, FilterRequest request) {
    // The index may lag behind the chain. Nothing is sent then, rather than the first part.
    const auto last = table_.view().find_filter(*request.stop);
    table_.work(1);
    if (!last) {
        table_.log().debug(LogCategory::net,
                           "Failed to find block filter in index: block_hash={}, peer={}",
                           request.stop->hash.to_string(), peer.id.value());
        return;
    }
    if (request.kind == FilterRequest::Kind::headers && request.next > 0) {
        const auto before =
            table_.view().find_filter(*request.stop->ancestor(Height{request.next - 1}));
        if (!before) return;
        request.previous = before->header;
    }
    peer.flow.filters = std::make_unique<FilterRequest>(std::move(request));
    serve(peer);
}

void FilterServer::serve(Peer& peer) {
    PeerFlow& flow = peer.flow;
    size_t read = 0;
    for (; !peer.closing && !flow.blocked && flow.filters && read < kFiltersPerStep; ++read) {
        FilterRequest& request = *flow.filters;
        if (request.next > request.stop->height.value()) {
            const auto finished = std::move(flow.filters);
            send_collected(peer, *finished);
        } else if (!advance(peer, request)) {
            flow.filters.reset();
        }
    }
    table_.work(read);
    if (!peer.closing && !flow.blocked && flow.filters) unfinished_.add(peer.id);
}

bool FilterServer::advance(Peer& peer, FilterRequest& request) {
    const HeaderNode& node = *request.stop->ancestor(Height{request.next});
    auto record = table_.view().find_filter(node);
    if (!record) return false;
    switch (request.kind) {
        case FilterRequest::Kind::filters:
            request.next += 1;
            table_.send(peer, message::Filter{kBasicFilter, node.hash, std::move(record->filter)});
            break;
        case FilterRequest::Kind::headers:
            request.next += 1;
            request.collected.push_back(sha256d(record->filter));
            break;
        case FilterRequest::Kind::checkpoints:
            request.next += kFilterCheckpointInterval;
            request.collected.push_back(record->header);
            break;
    }
    return true;
}

void FilterServer::send_collected(Peer& peer, FilterRequest& request) {
    const BlockHash& stop = request.stop->hash;
    if (request.kind == FilterRequest::Kind::headers) {
        table_.send(peer, message::FilterHeaders{kBasicFilter, stop, request.previous,
                                                 std::move(request.collected)});
    } else if (request.kind == FilterRequest::Kind::checkpoints) {
        table_.send(peer,
                    message::FilterCheckpoints{kBasicFilter, stop, std::move(request.collected)});
    }
}

}  // namespace parley
