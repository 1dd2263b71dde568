// NetView: what the peer protocol reads of the node: headers, stored blocks, the mempool.
// Read-only: changes are requested by a NetOutput, and the verdict returns as a NetInput.
// Implemented by node/ over the chain and the mempool, and by tests over their own headers and
// mempool.
//
// Called by PeerManager on the core thread. Results are valid at the time of the call; HeaderNodes
// are owned by the chain and stay valid.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "chain/primitives/transaction.h"
#include "chain/state/index/block_index.h"
#include "chain/state/indexes/block_filter.h"

namespace parley {

/// Identifies a transaction by txid or wtxid, whichever its announcer uses (BIP339).
struct GenTxid {
    enum class Kind : uint8_t { txid, wtxid };
    Kind kind = Kind::txid;
    Hash256 hash;

    static GenTxid of(const Txid& txid) { return {Kind::txid, txid}; }
    static GenTxid of(const Wtxid& wtxid) { return {Kind::wtxid, wtxid}; }
    auto operator<=>(const GenTxid&) const = default;
};

/// What relay needs of a mempool transaction.
struct RelayTransaction {
    Txid txid;
    Wtxid wtxid;
    int64_t fee_rate = 0;  ///< sat/kvB
    int64_t arrival = 0;   ///< order of arrival; not above 0: returned from a disconnected block
};

class NetView {
 public:
    virtual ~NetView() = default;

    virtual const BlockIndex& index() const = 0;
    /// The stored block (BIP144 form). Empty: its body is not stored (or pruned), or cannot be
    /// read. Only the header is compared with `node`; the receiver validates the rest.
    virtual std::optional<Bytes> read_block_bytes(const HeaderNode& node) const = 0;
    /// From the filter index. Empty: there is no index, the block is not indexed, or the record
    /// cannot be read. With the filter of a block, it has those of all its ancestors.
    virtual std::optional<FilterRecord> find_filter(const HeaderNode& node) const = 0;
    virtual bool initial_download(TimePoint now) const = 0;

    /// A mempool transaction; null: not in the mempool.
    virtual TransactionRef find_transaction(const GenTxid& id) const = 0;
    /// RelayTransaction::arrival of what find_transaction() finds.
    virtual std::optional<int64_t> arrival(const GenTxid& id) const = 0;
    /// The whole mempool in order of arrival: parents before children.
    virtual std::vector<RelayTransaction> relay_transactions() const = 0;
    /// Counts what entered and left the mempool; starts at 1.
    virtual uint64_t mempool_sequence() const = 0;
    /// The minimum fee rate for acceptance now, in sat/kvB.
    virtual int64_t fee_rate_min(TimePoint now) const = 0;
};

}  // namespace parley
