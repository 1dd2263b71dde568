#include "net/relay/transaction_relay.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/crypto/hash.h"
#include "net/sync/peer_headers.h"

namespace parley {

namespace {

/// Transactions of one announcement (bitcoind's INVENTORY_BROADCAST_MAX).
constexpr size_t kAnnouncementMax = 1'000;
/// Announcements that one step takes up: about a millisecond of work. An inv may hold fifty
/// thousand, and as many peers as there are may send one at the same time.
constexpr size_t kAnnouncedPerStep = 250;
/// Transactions queued for announcement to one peer; beyond this the oldest are dropped. As many as
/// one inv can hold.
constexpr size_t kAnnouncementQueueMax = kInvEntriesMax;
/// Entries of one getdata for transactions (bitcoind's MAX_GETDATA_SZ).
constexpr size_t kGetDataMax = 1'000;
/// Rejected transactions that are remembered; bitcoind's size. Eight bytes each.
constexpr size_t kRejectedMax = 120'000;
/// Confirmed ones, two ids each: about twelve full blocks.
constexpr size_t kConfirmedMax = 48'000;
/// Announcements of one peer that are remembered until missing blocks have arrived.
constexpr size_t kLaterMax = 100;
/// A peer whose send window is full is tried again after this time.
constexpr Duration kBusyDelay = std::chrono::milliseconds{100};
/// Effort (of Orphanage) spent on orphans in one step: hundreds of usual orphans, or two with
/// thousands of inputs. The rest waits for the next step, behind what other peers have sent.
constexpr int64_t kAdoptionPerStep = 300;

const Hash256& relay_hash(const Peer& peer, const RelayTransaction& transaction) {
    return peer.handshake.wtxid_relay ? static_cast<const Hash256&>(transaction.wtxid)
                                      : transaction.txid;
}

GenTxid relay_id(const Peer& peer, const Transaction& transaction) {
    return peer.handshake.wtxid_relay ? GenTxid::of(transaction.wtxid())
                                      : GenTxid::of(transaction.txid());
}

bool takes_transactions(const Peer& peer) {
    return peer.ready() && peer.relay.wanted;
}

/// Of a parent and its child.
Hash256 package_id(const Transaction& parent, const Transaction& child) {
    return hmac_sha256(parent.wtxid().span(), child.wtxid().span());
}

}  // namespace

TransactionRelay::TransactionRelay(PeerTable& table, InitialBroadcast& initial_broadcast)
    : table_(table),
      initial_broadcast_(initial_broadcast),
      fee_filters_(table),
      requests_(table.options().transaction_timeout, table.random()),
      rejected_(kRejectedMax, table.random()),
      underpaid_(kRejectedMax, table.random()),
      confirmed_(kConfirmedMax, table.random()) {}

void TransactionRelay::begin_step() {
    adoption_left_ = kAdoptionPerStep;
}

void TransactionRelay::announce_mempool(Peer& peer) {
    // To nodes of its own kind only: bitcoind's clients do not expect it.
    if (!table_.options().announce_mempool_to_new_peers || !takes_transactions(peer) ||
        !peer.handshake.speaks_parley())
        return;
    size_t queued = 0;
    for (const RelayTransaction& transaction : table_.view().relay_transactions()) {
        if (++queued > TransactionRequests::kAnnouncementsMax) break;  // more is not remembered
        queue(peer, transaction);
    }
}

void TransactionRelay::on_gone(Peer& peer) {
    requests_.peer_gone(peer.id);
    later_.erase(peer.id);
    orphanage_.peer_gone(peer.id);
}

// --- out

void TransactionRelay::announce(const RelayTransaction& transaction) {
    queue_to_all(transaction);
    requests_.forget(transaction.wtxid);
    requests_.forget(transaction.txid);
    orphanage_.erase(transaction.wtxid);
    orphanage_.parent_arrived(transaction.txid);
}

void TransactionRelay::queue_to_all(const RelayTransaction& transaction) {
    table_.work(table_.peers().size());
    for (auto& [id, peer] : table_.peers()) {
        if (takes_transactions(peer)) queue(peer, transaction);
    }
}

void TransactionRelay::queue(Peer& peer, const RelayTransaction& transaction) {
    PeerRelay& relay = peer.relay;
    if (relay.known.contains(relay_hash(peer, transaction))) return;
    if (relay.to_announce.size() >= kAnnouncementQueueMax) relay.to_announce.pop_front();
    relay.announce_later(transaction);
    if (!relay.next_announcement) relay.next_announcement = next_announcement(peer);
}

TimePoint TransactionRelay::next_announcement(const Peer& peer) {
    if (peer.permissions.no_ban) return table_.now();
    const Duration mean =
        peer.inbound() ? table_.options().trickle_inbound : table_.options().trickle_outbound;
    if (mean <= Duration{0}) return table_.now();
    const uint64_t delay = table_.random().exponential(static_cast<uint64_t>(mean.count()));
    return table_.now() + Duration{static_cast<int64_t>(delay)};
}

void TransactionRelay::send_announcements(Peer& peer) {
    PeerRelay& relay = peer.relay;
    if (peer.flow.blocked) {
        relay.next_announcement = table_.now() + kBusyDelay;
        return;
    }
    const bool by_wtxid = peer.handshake.wtxid_relay;
    message::Inv announcement;
    while (!relay.to_announce.empty() && announcement.entries.size() < kAnnouncementMax) {
        const RelayTransaction transaction = relay.to_announce.front();
        relay.to_announce.pop_front();
        const Hash256& hash = relay_hash(peer, transaction);
        if (transaction.fee_rate < relay.fee_filter || relay.known.contains(hash)) continue;
        const TransactionRef found = table_.view().find_transaction(GenTxid::of(transaction.wtxid));
        if (found == nullptr || (relay.bloom && !relay.bloom->matches(*found))) continue;
        relay.known.insert(hash);
        announcement.entries.push_back(
            message::InvEntry::of(by_wtxid ? InvType::wtxid : InvType::transaction, hash));
    }
    relay.find_secret();
    relay.sequence = table_.view().mempool_sequence();
    relay.next_announcement.reset();
    if (!relay.to_announce.empty()) relay.next_announcement = next_announcement(peer);
    if (!announcement.entries.empty()) table_.send(peer, announcement);
}

// --- in

bool TransactionRelay::refuses_transactions(const Peer& peer) const {
    return (table_.options().blocks_only && !peer.permissions.relay) || peer.blocks_only();
}

bool TransactionRelay::have(const GenTxid& id, bool parent) const {
    return (!parent && underpaid_.contains(id.hash)) || rejected_.contains(id.hash) ||
           confirmed_.contains(id.hash) ||
           (id.kind == GenTxid::Kind::wtxid && orphanage_.contains(Wtxid{id.hash})) ||
           table_.view().find_transaction(id) != nullptr;
}

void TransactionRelay::on_announced(Peer& peer, const std::vector<GenTxid>& ids) {
    if (ids.empty()) return;
    if (refuses_transactions(peer)) {
        table_.disconnect(peer, "transaction inv sent in violation of protocol");
        return;
    }
    const auto waiting = std::find_if(waiting_.begin(), waiting_.end(),
                                      [&](const auto& each) { return each.first == peer.id; });
    std::deque<GenTxid> fresh;
    std::deque<GenTxid>& queue = waiting != waiting_.end() ? waiting->second : fresh;
    for (const GenTxid& id : ids) {
        if (queue.size() == TransactionRequests::kAnnouncementsMax) break;
        // With wtxid relay nothing is announced by txid (BIP339), and vice versa.
        if ((id.kind == GenTxid::Kind::wtxid) == peer.handshake.wtxid_relay) queue.push_back(id);
    }
    if (waiting != waiting_.end()) return;
    take_up(peer, fresh);
    if (!fresh.empty()) waiting_.emplace_back(peer.id, std::move(fresh));
}

void TransactionRelay::take_up(Peer& peer, std::deque<GenTxid>& ids) {
    const bool ignore = table_.initial_download();
    for (size_t count = 0; count < kAnnouncedPerStep && !ids.empty(); ++count) {
        const GenTxid id = ids.front();
        ids.pop_front();
        table_.work(1);
        peer.relay.known.insert(id.hash);
        if (ignore) {
            keep_for_later(peer.id, id);
            continue;
        }
        const TransactionRef orphan = id.kind == GenTxid::Kind::wtxid
                                          ? orphanage_.announced(Wtxid{id.hash}, peer.id)
                                          : nullptr;
        if (orphan != nullptr) {
            want_parents(peer, *orphan);
        } else if (!have(id)) {
            want(peer, id);
        }
    }
}

void TransactionRelay::take_up_waiting() {
    if (waiting_.empty()) return;
    auto [id, ids] = std::move(waiting_.front());
    waiting_.pop_front();
    Peer* peer = table_.find(id);
    if (peer == nullptr || peer->closing) return;
    take_up(*peer, ids);
    if (!ids.empty()) waiting_.emplace_back(id, std::move(ids));
}

bool TransactionRelay::catching_up() const {
    return !at_least_as_good(table_.index().tip(), table_.index().best_header());
}

void TransactionRelay::keep_for_later(PeerId peer, const GenTxid& id) {
    std::deque<GenTxid>& ids = later_[peer];
    if (ids.size() < kLaterMax) ids.push_back(id);
}

void TransactionRelay::take_up_later() {
    if (later_.empty() || table_.initial_download() || catching_up()) return;
    for (auto& [from, ids] : std::exchange(later_, {})) waiting_.emplace_back(from, std::move(ids));
}

void TransactionRelay::want(const Peer& peer, const GenTxid& id) {
    const NetOptions& options = table_.options();
    TimePoint ready = table_.now();
    if (peer.inbound()) ready += options.request_delay_inbound;
    if (requests_.overloaded(peer.id)) ready += options.request_delay_overloaded;
    requests_.announced(peer.id, id, !peer.inbound(), ready);
}

void TransactionRelay::on_transaction(Peer& peer, ByteSpan payload) {
    if (refuses_transactions(peer)) {
        table_.disconnect(peer, "transaction sent in violation of protocol");
        return;
    }
    auto message = table_.decode_or_drop<message::Tx>(peer, payload);
    if (!message) return;
    const TransactionRef transaction = make_transaction(std::move(message->transaction));
    peer.relay.known.insert(relay_id(peer, *transaction).hash);
    // What others announced stays wanted until the verdict: this may be a damaged copy.
    requests_.failed(peer.id, transaction->wtxid());
    requests_.failed(peer.id, transaction->txid());
    if (table_.initial_download()) return;
    if (have(GenTxid::of(transaction->wtxid()))) {
        requests_.forget(transaction->wtxid());
        if (peer.permissions.force_relay) announce_again(transaction->wtxid());
        if (underpaid_.contains(transaction->wtxid())) try_with_child(peer.id, transaction);
        return;
    }
    table_.ask(net_output::SubmitTransaction{peer.id, transaction});
}

// Its sender is trusted, so the walk over the mempool cannot be used against this node.
void TransactionRelay::announce_again(const Wtxid& wtxid) {
    for (const RelayTransaction& known : table_.view().relay_transactions()) {
        if (known.wtxid != wtxid) continue;
        table_.log().info(LogCategory::net, "Force relaying tx {} (wtxid={})",
                          known.txid.to_string(), wtxid.to_string());
        announce(known);
    }
}

void TransactionRelay::on_transaction_judged(const net_input::TransactionJudged& judged) {
    const auto& [ask, reject] = judged;
    Peer* peer = table_.find(ask.from);
    if (!reject) {
        forget(*ask.transaction);
        if (peer != nullptr) peer->relay.last_transaction = table_.now();
        return;
    }
    const Transaction& transaction = *ask.transaction;
    table_.log().debug(LogCategory::mempool, "{} (wtxid={}) from peer={} was not accepted: {}",
                       transaction.txid().to_string(), transaction.wtxid().to_string(),
                       ask.from.value(), reject->to_string());
    switch (reject->kind) {
        case TxRejectKind::missing_inputs:
            if (peer != nullptr) keep_orphan(*peer, ask.transaction);
            break;
        case TxRejectKind::already_known:
            forget(transaction);
            break;
        // Not remembered as rejected: its wtxid may be the txid of the complete transaction.
        case TxRejectKind::witness_stripped:
            break;
        case TxRejectKind::premature:
            if (peer != nullptr && catching_up())
                keep_for_later(peer->id, relay_id(*peer, transaction));
            [[fallthrough]];
        case TxRejectKind::consensus:
        case TxRejectKind::policy:
        case TxRejectKind::conflict:
            reject_finally(transaction);
            break;
        case TxRejectKind::fee:
            underpaid_.insert(transaction.wtxid());
            forget(transaction);
            try_with_child(ask.from, ask.transaction);
            break;
    }
}

void TransactionRelay::try_with_child(PeerId peer, const TransactionRef& parent) {
    for (const TransactionRef& child : orphanage_.children(parent->txid(), peer)) {
        if (underpaid_.contains(package_id(*parent, *child))) continue;
        table_.ask(net_output::SubmitPackage{peer, parent, child});
        return;
    }
}

void TransactionRelay::on_package_judged(const net_input::PackageJudged& judged) {
    const auto& [ask, accepted, rejects] = judged;
    table_.log().debug(LogCategory::mempool,
                       "package evaluation for parent {} (wtxid={}, sender={}) + child {} "
                       "(wtxid={}, sender={}): {}",
                       ask.parent->txid().to_string(), ask.parent->wtxid().to_string(),
                       ask.from.value(), ask.child->txid().to_string(),
                       ask.child->wtxid().to_string(), ask.from.value(),
                       accepted ? "package accepted" : "package rejected");
    if (accepted) {
        if (Peer* peer = table_.find(ask.from)) peer->relay.last_transaction = table_.now();
        return;
    }
    underpaid_.insert(package_id(*ask.parent, *ask.child));
    for (const TransactionRef& each : {ask.parent, ask.child}) {
        const auto reject = rejects.find(each->wtxid());
        if (reject == rejects.end()) continue;
        switch (reject->second.kind) {
            case TxRejectKind::fee:
                underpaid_.insert(each->wtxid());
                break;
            case TxRejectKind::missing_inputs:
            case TxRejectKind::witness_stripped:
                break;
            case TxRejectKind::consensus:
            case TxRejectKind::policy:
            case TxRejectKind::premature:
            case TxRejectKind::already_known:
            case TxRejectKind::conflict:
                reject_finally(*each);
                orphanage_.erase(each->wtxid());
                break;
        }
    }
}

void TransactionRelay::forget(const Transaction& transaction) {
    requests_.forget(transaction.wtxid());
    requests_.forget(transaction.txid());
}

void TransactionRelay::reject_finally(const Transaction& transaction) {
    // Not by txid: the same transaction with another witness may be valid.
    rejected_.insert(transaction.wtxid());
    requests_.forget(transaction.wtxid());
}

void TransactionRelay::keep_orphan(Peer& peer, const TransactionRef& transaction) {
    std::set<Txid> parents;
    for (const TxInput& input : transaction->inputs()) parents.insert(input.prevout.txid);
    // It is judged with one parent only, so it cannot pay for two.
    const auto needs_payment = [&](const Txid& parent) {
        return underpaid_.contains(parent) &&
               table_.view().find_transaction(GenTxid::of(parent)) == nullptr;
    };
    if (std::ranges::any_of(parents,
                            [&](const Txid& parent) { return rejected_.contains(parent); }) ||
        std::ranges::count_if(parents, needs_payment) > 1) {
        reject_finally(*transaction);
        return;
    }
    if (!orphanage_.add(transaction, peer.id, table_.now())) return;
    forget(*transaction);
    want_parents(peer, *transaction);
}

void TransactionRelay::want_parents(const Peer& peer, const Transaction& orphan) {
    std::set<Txid> parents;
    for (const TxInput& input : orphan.inputs()) parents.insert(input.prevout.txid);
    for (const Txid& parent : parents) {
        if (!have(GenTxid::of(parent), true)) want(peer, GenTxid::of(parent));
    }
}

void TransactionRelay::adopt_orphans() {
    if (adoption_left_ <= 0) return;
    auto orphan = orphanage_.take_ready();
    if (!orphan) return;
    const int64_t effort = Orphanage::effort_of(*orphan->transaction);
    table_.work(static_cast<size_t>(effort));
    adoption_left_ -= effort;
    table_.ask(net_output::SubmitTransaction{orphan->from, std::move(orphan->transaction)});
}

void TransactionRelay::on_not_found(Peer& peer, const GenTxid& id) {
    requests_.failed(peer.id, id.hash);
}

void TransactionRelay::on_fee_filter(Peer& peer, ByteSpan payload) {
    const auto filter = table_.decode_or_drop<message::FeeFilter>(peer, payload);
    if (!filter || !money_range(Amount{filter->fee_rate})) return;
    const int64_t before = std::exchange(peer.relay.fee_filter, filter->fee_rate);
    // Its initial download has ended; what was announced to it before went unheard.
    if (before == kMaxMoney.value() && filter->fee_rate < before) announce_mempool(peer);
}

// --- the chain

void TransactionRelay::block_connected(const Block& block) {
    initial_broadcast_.block_connected(block);
    orphanage_.block_connected(block);
    // During the initial download no transactions are requested, so there is nothing to remember.
    const bool remember = !table_.initial_download();
    for (const TransactionRef& transaction : block.transactions) {
        if (remember) {
            confirmed_.insert(transaction->txid());
            confirmed_.insert(transaction->wtxid());
        }
        forget(*transaction);
        orphanage_.parent_arrived(transaction->txid());
    }
}

void TransactionRelay::tip_changed(const HeaderNode& tip) {
    // A transaction rejected on another tip may be valid now and, after a reorganisation, a
    // confirmed one may be unconfirmed again.
    rejected_.clear();
    underpaid_.clear();
    const bool extends =
        tip_ == nullptr || (tip.height >= tip_->height && tip.ancestor(tip_->height) == tip_);
    if (!extends) confirmed_.clear();
    tip_ = &tip;
}

// --- work between events

void TransactionRelay::send_requests() {
    for (const auto& [id, wanted] : requests_.poll(table_.now())) {
        Peer* peer = table_.find(id);
        if (peer == nullptr || peer->closing) continue;  // on_gone gives them to others
        message::GetData request;
        for (const GenTxid& transaction : wanted) {
            InvType type = InvType::wtxid;
            if (transaction.kind == GenTxid::Kind::txid)
                type = peer->handshake.has_witnesses() ? InvType::witness_transaction
                                                       : InvType::transaction;
            request.entries.push_back(message::InvEntry::of(type, transaction.hash));
            if (request.entries.size() < kGetDataMax) continue;
            table_.send(*peer, request);
            request.entries.clear();
        }
        if (!request.entries.empty()) table_.send(*peer, request);
    }
}

void TransactionRelay::finish_step() {
    take_up_later();
    take_up_waiting();
    send_requests();
    fee_filters_.send();
}

// Its users' transactions that no peer has asked for, to all that have not announced them.
void TransactionRelay::announce_initially() {
    const std::set<Txid> due = initial_broadcast_.take_due(table_.now());
    if (due.empty()) return;
    for (const RelayTransaction& transaction : table_.view().relay_transactions()) {
        if (due.contains(transaction.txid)) queue_to_all(transaction);
    }
}

void TransactionRelay::on_timer() {
    orphanage_.expire(table_.now());
    announce_initially();
    for (auto& [id, peer] : table_.peers()) {
        if (peer.ready() && peer.relay.next_announcement &&
            *peer.relay.next_announcement <= table_.now())
            send_announcements(peer);
    }
}

std::optional<TimePoint> TransactionRelay::deadline() const {
    if (orphanage_.has_ready() || !waiting_.empty()) return TimePoint{};
    std::optional<TimePoint> result = requests_.deadline();
    const auto consider = [&](std::optional<TimePoint> time) {
        if (time && (!result || *time < *result)) result = time;
    };
    consider(orphanage_.deadline());
    consider(initial_broadcast_.deadline());
    for (const auto& [id, peer] : table_.peers()) {
        if (peer.ready()) consider(peer.relay.next_announcement);
    }
    return result;
}

}  // namespace parley
