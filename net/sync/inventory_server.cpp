#include "net/sync/inventory_server.h"

#include <algorithm>
#include <utility>

#include "net/filters/bloom_filters.h"
#include "net/sync/block_announcer.h"
#include "net/sync/peer_headers.h"

namespace parley {

namespace {

// bitcoind's value: our tip may be two blocks ahead of the one that the peer knows.
constexpr int32_t kDepthServedMax = kLimitedBlocks + 2;
// Those that will still be stored in an hour, which is six blocks.
constexpr int32_t kBlocksAnnounced = kLimitedBlocks - 6;

/// Entries of a getdata that one step serves, about a millisecond of look-ups. As many as a node
/// asks for at once (bitcoind's MAX_GETDATA_SZ); a getdata may hold fifty times as many.
constexpr size_t kServedPerStep = 1'000;

/// Seconds between a block's time and the best header's beyond which -maxuploadtarget can refuse
/// it.
constexpr int64_t kOldBlockAge = 7 * 24 * 60 * 60;

/// Of an entry, in look-ups. A filtered block is read, decoded and searched, and may be answered
/// with a few bytes, so the send window does not limit it.
size_t cost_of(const message::InvEntry& entry) {
    return entry.is(InvType::filtered_block) ? kServedPerStep : 1;
}

}  // namespace

void InventoryServer::on_getdata(Peer& peer, ByteSpan payload) {
    auto request = table_.decode_or_drop<message::GetData>(peer, payload);
    if (!request) return;
    table_.log().debug(LogCategory::net, "received getdata ({} invsz) peer={}",
                       request->entries.size(), peer.id.value());
    auto& queue = peer.flow.getdata;
    queue.insert(queue.end(), request->entries.begin(), request->entries.end());
    serve(peer);
}

void InventoryServer::serve(Peer& peer) {
    PeerFlow& flow = peer.flow;
    if (flow.mempool && !peer.closing && !flow.blocked) serve_mempool(peer);
    size_t served = 0;
    while (!peer.closing && !flow.blocked && !flow.getdata.empty() && served < kServedPerStep) {
        const message::InvEntry entry = flow.getdata.front();
        flow.getdata.pop_front();
        served += cost_of(entry);
        if (!serve_one(peer, entry)) flow.missing.push_back(entry);
    }
    table_.work(served);
    if (!peer.closing && !flow.blocked && (!flow.getdata.empty() || flow.mempool))
        unfinished_.add(peer.id);
    if (!flow.getdata.empty() || flow.missing.empty()) return;
    message::NotFound answer;
    answer.entries = std::exchange(flow.missing, {});
    table_.send(peer, answer);
}

bool InventoryServer::serve_one(Peer& peer, const message::InvEntry& entry) {
    switch (static_cast<InvType>(entry.type)) {
        case InvType::block:
        case InvType::witness_block:
        case InvType::filtered_block:
        case InvType::compact_block:  // BIP152 allows replying with the whole block
            return serve_block(peer, entry);
        case InvType::transaction:
        case InvType::witness_transaction:
        case InvType::wtxid:
            return serve_transaction(peer, entry);
        default:
            return true;  // unknown types are ignored
    }
}

bool InventoryServer::serve_block(Peer& peer, const message::InvEntry& entry) {
    const BlockHash hash{entry.hash};
    const HeaderNode* node = table_.index().find(hash);
    if (node == nullptr || node->is_invalid()) return false;
    const int32_t depth = table_.index().tip().height - node->height;
    if (is_limited(table_.services()) && depth > kDepthServedMax && !peer.permissions.no_ban) {
        // Whether the block exists would reveal how far we have pruned, and the peer would wait for
        // it.
        table_.disconnect(peer, "block request below the NODE_NETWORK_LIMITED threshold");
        return true;
    }
    const int64_t age = table_.index().best_header().time() - node->time();
    const bool filtered = entry.is(InvType::filtered_block);
    if ((age > kOldBlockAge || filtered) && !peer.permissions.download &&
        table_.upload_target().refuses_old_blocks(table_.now())) {
        table_.disconnect(peer, "historical block serving limit reached");
        return true;
    }
    const auto encoding =
        entry.is(InvType::block) ? WitnessEncoding::without : WitnessEncoding::with;
    if (!(filtered ? BloomFilters::send_block(table_, peer, *node)
                   : BlockAnnouncer::send_block(table_, peer, *node, encoding)))
        return false;
    if (peer.sync.header_sent == nullptr || at_least_as_good(*node, *peer.sync.header_sent))
        peer.sync.header_sent = node;
    if (peer.sync.continue_at == hash) {
        // The peer has read the full reply to its getblocks: announcing our tip makes it continue.
        peer.sync.continue_at = BlockHash{};
        message::Inv more;
        more.entries.push_back(message::InvEntry::of(InvType::block, table_.index().tip().hash));
        table_.send(peer, more);
    }
    return true;
}

bool InventoryServer::serve_transaction(Peer& peer, const message::InvEntry& entry) {
    const GenTxid id{entry.is(InvType::wtxid) ? GenTxid::Kind::wtxid : GenTxid::Kind::txid,
                     entry.hash};
    const TransactionRef transaction = table_.view().find_transaction(id);
    if (transaction == nullptr) return false;
    if (peer.relay.secret_from && table_.view().arrival(id) >= peer.relay.secret_from) return false;
    const auto encoding =
        entry.is(InvType::transaction) ? WitnessEncoding::without : WitnessEncoding::with;
    table_.send(peer, message::Tx::kCommand, transaction->serialize(encoding));
    initial_broadcast_.requested(transaction->txid());
    return true;
}

bool InventoryServer::check_locator(Peer& peer, size_t size, std::string_view command) {
    if (size <= kLocatorHashesMax) return true;
    table_.disconnect(peer,
                      fmt::format("{} locator size {} > {}", command, size, kLocatorHashesMax));
    return false;
}

void InventoryServer::on_getheaders(Peer& peer, ByteSpan payload) {
    const auto request = table_.decode_or_drop<message::GetHeaders>(peer, payload);
    if (!request || !check_locator(peer, request->hashes.size(), "getheaders")) return;
    message::Headers answer;
    if (request->hashes.empty()) {
        // Without a locator: only this header, if it is in the active chain.
        const HeaderNode* node = table_.index().find(request->stop);
        if (node == nullptr || !table_.index().contains(*node)) return;
        answer.headers.push_back(node->header);
        BlockAnnouncer::send_headers(table_, peer, answer, *node);
        return;
    }
    const HeaderNode* last = nullptr;
    for (Height height = table_.index().find_fork(request->hashes).height + 1;
         answer.headers.size() < kHeadersMax; ++height) {
        const HeaderNode* node = table_.index().at_height(height);
        if (node == nullptr) break;
        answer.headers.push_back(node->header);
        last = node;
        if (node->hash == request->stop) break;
    }
    table_.work(answer.headers.size());
    if (last != nullptr) {
        peer.sync.header_sent = last;
        BlockAnnouncer::send_headers(table_, peer, answer, *last);
    } else {
        peer.sync.header_sent = &table_.index().tip();  // its locator shows that it has our tip
        table_.send(peer, answer);
    }
}

void InventoryServer::on_getblocks(Peer& peer, ByteSpan payload) {
    const auto request = table_.decode_or_drop<message::GetBlocks>(peer, payload);
    if (!request || !check_locator(peer, request->hashes.size(), "getblocks")) return;
    message::Inv answer;
    const bool limited = is_limited(table_.services());
    const Height tip = table_.index().tip().height;
    for (Height height = table_.index().find_fork(request->hashes).height + 1;; ++height) {
        const HeaderNode* node = table_.index().at_height(height);
        if (node == nullptr || node->hash == request->stop) break;
        if (limited && tip - height >= kBlocksAnnounced) break;
        answer.entries.push_back(message::InvEntry::of(InvType::block, node->hash));
        if (answer.entries.size() == kGetBlocksReplyMax) {
            peer.sync.continue_at = node->hash;
            break;
        }
    }
    table_.work(answer.entries.size());
    if (!answer.entries.empty()) table_.send(peer, answer);
}

void InventoryServer::on_mempool(Peer& peer) {
    if (!peer.handshake.offers_bloom() && !peer.permissions.mempool) {
        if (!peer.permissions.no_ban)
            table_.disconnect(peer, "mempool request with bloom filters disabled");
        return;
    }
    if (table_.upload_target().reached(table_.now()) && !peer.permissions.mempool) {
        if (!peer.permissions.no_ban)
            table_.disconnect(peer, "mempool request with bandwidth limit reached");
        return;
    }
    peer.flow.mempool =
        std::make_unique<MempoolReply>(MempoolReply{table_.view().relay_transactions(), 0});
    serve(peer);
}

void InventoryServer::serve_mempool(Peer& peer) {
    MempoolReply& reply = *peer.flow.mempool;
    const bool by_wtxid = peer.handshake.wtxid_relay;
    const size_t end = std::min(reply.next + kServedPerStep, reply.transactions.size());
    table_.work(end - reply.next);
    message::Inv answer;
    for (; reply.next < end; ++reply.next) {
        const RelayTransaction& transaction = reply.transactions[reply.next];
        if (transaction.fee_rate < peer.relay.fee_filter) continue;
        const TransactionRef found = table_.view().find_transaction(GenTxid::of(transaction.wtxid));
        if (found == nullptr || (peer.relay.bloom && !peer.relay.bloom->matches(*found))) continue;
        const Hash256& hash = by_wtxid ? static_cast<const Hash256&>(transaction.wtxid)
                                       : static_cast<const Hash256&>(transaction.txid);
        peer.relay.known.insert(hash);
        answer.entries.push_back(
            message::InvEntry::of(by_wtxid ? InvType::wtxid : InvType::transaction, hash));
    }
    if (end == reply.transactions.size()) peer.flow.mempool.reset();
    if (!answer.entries.empty()) table_.send(peer, answer);
}

}  // namespace parley
