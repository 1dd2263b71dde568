// MempoolFile: what a node keeps of its mempool over a restart, and its form in mempool.dat, which
// is bitcoind's: either program reads the other's file. Bytes only: the host has the file. Values.
// Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "chain/primitives/amount.h"
#include "chain/primitives/transaction.h"

namespace parley {

class Mempool;

struct MempoolFile {
    struct Entry {
        TransactionRef transaction;
        int64_t time = 0;  ///< of arrival, in Unix seconds
        Amount fee_delta{0};
        bool operator==(const Entry&) const = default;
    };
    std::vector<Entry> entries;           ///< parents before children
    std::map<Txid, Amount> other_deltas;  ///< of transactions that are not in the mempool
    std::set<Txid> unbroadcast;           ///< that no peer has asked for yet

    /// Bitwise noise over what follows the header, so that no scanner takes a transaction for
    /// something else. Empty: version 1, without noise (-persistmempoolv1).
    using Key = std::array<uint8_t, 8>;
    Bytes serialize(const std::optional<Key>& key) const;
    /// Empty: of an unknown version, or damaged.
    static std::optional<MempoolFile> parse(ByteSpan bytes);

    static MempoolFile of(const Mempool& mempool, std::set<Txid> unbroadcast);
};

}  // namespace parley
