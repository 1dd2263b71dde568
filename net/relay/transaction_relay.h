// TransactionRelay: sends and receives transactions. Announcements are sent in small random batches
// (trickle), by wtxid or txid as negotiated (BIP339), and respect fee filters (BIP133). Announced
// transactions are fetched through TransactionRequests; orphans wait in the Orphanage while their
// parents are fetched; recently rejected or confirmed transactions are not requested again. One
// that pays too little is judged again together with an orphan of the same peer that spends it, as
// in bitcoind's opportunistic package relay. The mempool judges transactions; an invalid one is not
// held against its sender (as in bitcoind). Core thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "net/peer/net_input.h"
#include "net/peer/peer_table.h"
#include "net/peer/recent_set.h"
#include "net/relay/fee_filters.h"
#include "net/relay/initial_broadcast.h"
#include "net/relay/orphanage.h"
#include "net/relay/transaction_requests.h"

namespace parley {

class TransactionRelay {
 public:
    TransactionRelay(PeerTable& table, InitialBroadcast& initial_broadcast);

    void on_ready(Peer& peer) { announce_mempool(peer); }
    void on_gone(Peer& peer);
    /// The transactions of an `inv`.
    void on_announced(Peer& peer, const std::vector<GenTxid>& ids);
    void on_transaction(Peer& peer, ByteSpan payload);
    void on_transaction_judged(const net_input::TransactionJudged& judged);
    void on_package_judged(const net_input::PackageJudged& judged);
    void on_not_found(Peer& peer, const GenTxid& id);
    void on_fee_filter(Peer& peer, ByteSpan payload);

    /// A transaction entered the mempool. Only queues its announcement.
    void announce(const RelayTransaction& transaction);
    /// Only queues work.
    void block_connected(const Block& block);
    void tip_changed(const HeaderNode& tip);

    /// A new event: as much work on orphans as one step may do is allowed again.
    void begin_step();
    /// Submits one orphan whose parents have arrived. REQUIRES: no verdict is pending.
    void adopt_orphans();
    /// Then: sends requests and fee filters.
    void finish_step();
    void on_timer();
    std::optional<TimePoint> deadline() const;
    const Orphanage& orphanage() const { return orphanage_; }
    /// Elementary operations on announcements and requests so far.
    uint64_t work_done() const { return requests_.changes(); }

 private:
    void queue_to_all(const RelayTransaction& transaction);
    void queue(Peer& peer, const RelayTransaction& transaction);
    void announce_mempool(Peer& peer);
    void send_announcements(Peer& peer);
    TimePoint next_announcement(const Peer& peer);
    bool refuses_transactions(const Peer& peer) const;
    /// In the mempool or confirmed, or not wanted. `parent`: of an orphan, which may pay for a
    /// transaction that paid too little alone.
    bool have(const GenTxid& id, bool parent = false) const;
    /// Takes up announcements of one peer, at most kAnnouncedPerStep.
    void take_up(Peer& peer, std::deque<GenTxid>& ids);
    void take_up_waiting();
    /// Whether blocks are known to be missing, so that a transaction may be refused wrongly.
    bool catching_up() const;
    void keep_for_later(PeerId peer, const GenTxid& id);
    void take_up_later();
    /// Notes that the peer has it, to be requested when the peer's turn has come.
    void want(const Peer& peer, const GenTxid& id);
    /// No peer is asked for it any more.
    void forget(const Transaction& transaction);
    void reject_finally(const Transaction& transaction);
    void announce_again(const Wtxid& wtxid);
    void announce_initially();
    void keep_orphan(Peer& peer, const TransactionRef& transaction);
    void want_parents(const Peer& peer, const Transaction& orphan);
    /// Asks for a verdict on the transaction with an orphan of the same peer that spends it, if
    /// there is one and the two have not failed together before.
    void try_with_child(PeerId peer, const TransactionRef& parent);
    void send_requests();

    PeerTable& table_;
    InitialBroadcast& initial_broadcast_;
    FeeFilters fee_filters_;
    TransactionRequests requests_;
    Orphanage orphanage_;
    /// Announcements that are not taken up yet, at most TransactionRequests::kAnnouncementsMax of a
    /// peer: the rest of a large inv. Each step continues with one peer, in turn.
    std::deque<std::pair<PeerId, std::deque<GenTxid>>> waiting_;
    /// Announced during the initial download, or refused as premature while blocks were missing:
    /// not announced again, so they join waiting_ once the blocks are there. At most kLaterMax of a
    /// peer.
    std::map<PeerId, std::deque<GenTxid>> later_;
    RecentSet rejected_;
    /// Paid too little alone, and pairs (by package_id) that have failed together.
    RecentSet underpaid_;
    RecentSet confirmed_;
    const HeaderNode* tip_ = nullptr;
    int64_t adoption_left_ = 0;  ///< effort for orphans that is left in this step
};

}  // namespace parley
