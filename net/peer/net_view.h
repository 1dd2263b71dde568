// NetView: what the peer protocol reads of the node: headers, stored blocks, the mempool. Reading
// only: what should change goes out as a NetOutput, and the verdict comes back as a NetInput. node/
// implements it over the chain and the mempool, tests over headers and a mempool of their own.
//
// Called by PeerManager on the core thread. The answers are those of the moment of the call;
// HeaderNodes are owned by the chain and live on.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "chain/primitives/transaction.h"
#include "chain/state/index/block_index.h"

namespace parley {

/// Names a transaction by txid or by wtxid, as the peer that announced it does (BIP339).
struct GenTxid {
    enum class Kind : uint8_t { txid, wtxid };
    Kind kind = Kind::txid;
    Hash256 hash;

    static GenTxid of(const Txid& txid) { return {Kind::txid, txid}; }
    static GenTxid of(const Wtxid& wtxid) { return {Kind::wtxid, wtxid}; }
    auto operator<=>(const GenTxid&) const = default;
};

/// A mempool transaction as relay sees it.
struct RelayTransaction {
    Txid txid;
    Wtxid wtxid;
    int64_t fee_rate = 0;  ///< sat/kvB
};

class NetView {
 public:
    virtual ~NetView() = default;

    virtual const BlockIndex& index() const = 0;
    /// The block as it is stored (BIP144). Empty: no body is stored (any more), or it cannot be
    /// read. Only the header is compared with `node`; the receiver checks the rest.
    virtual std::optional<Bytes> read_block_bytes(const HeaderNode& node) const = 0;
    virtual bool initial_download(TimePoint now) const = 0;

    /// A mempool transaction; null: not there.
    virtual TransactionRef find_transaction(const GenTxid& id) const = 0;
    /// The whole mempool in order of arrival: parents before children.
    virtual std::vector<RelayTransaction> relay_transactions() const = 0;
    /// sat/kvB that a transaction must pay now to be accepted.
    virtual int64_t fee_rate_min(TimePoint now) const = 0;
};

}  // namespace parley
