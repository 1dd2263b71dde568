// The records of the block index store, and how they are loaded. A header's key is 'b', height
// (big-endian) and hash, so that a scan visits parents before children. Other keys: 'f' + number: a
// block file; 'T': active tip; 'F': last finalized block; 'S': what is synced; 'R': number of files
// being reindexed; 'P': some blocks were pruned; 'A': which UTXO set is in use, and the base of the
// snapshot that it came from; 'M': what the store belongs to. Keys that start with 'E' belong to
// the engine. Free functions; core thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/storage/storage.h"
#include "chain/rules/header_node.h"
#include "chain/rules/params.h"
#include "chain/store/block_store.h"

namespace parley {

inline constexpr uint8_t kHeaderKeyPrefix = 'b';
inline constexpr uint8_t kFileKeyPrefix = 'f';
inline constexpr uint8_t kActiveTipKey = 'T';
inline constexpr uint8_t kFinalizedKey = 'F';
inline constexpr uint8_t kSyncedKey = 'S';
inline constexpr uint8_t kReindexKey = 'R';
inline constexpr uint8_t kPrunedKey = 'P';
inline constexpr uint8_t kCoinsInUseKey = 'A';
inline constexpr uint8_t kMetaKey = 'M';

/// Identifies the chain and engine of a store. Both stores of a chainstate have it.
struct StoreMeta {
    static constexpr uint32_t kFormat = 1;

    uint32_t format = kFormat;
    std::string chain;
    std::string engine;
    BlockHash genesis;

    bool operator==(const StoreMeta&) const = default;
};
Bytes serialize_meta(const StoreMeta& meta);
std::optional<StoreMeta> parse_meta(ByteSpan bytes);

void put_header(WriteBatch& batch, const HeaderNode& node);
void put_file_info(WriteBatch& batch, uint32_t number, const BlockFileInfo& info);
void put_hash(WriteBatch& batch, uint8_t key, const BlockHash& hash);

/// Parses the record of a header. Does not set node.parent, skip and chain_transactions.
std::optional<HeaderNode> parse_header_record(ByteSpan key, ByteSpan value);

/// What was on disk when this record was written (with a synced commit). Files of later blocks may,
/// after a power cut, lack data that their records refer to.
struct SyncedMark {
    uint64_t sequence = 0;  ///< bodies with sequence numbers up to this one
    BlockHash tip;          ///< undo data of this block and of its ancestors

    bool operator==(const SyncedMark&) const = default;
};
void put_synced_mark(WriteBatch& batch, const SyncedMark& mark);

/// Which of the two UTXO sets of the coins store is in use.
struct CoinsInUse {
    uint8_t set = 0;  ///< 0 or 1
    /// Until the blocks up to it are validated: the block after which the set was, according to the
    /// snapshot that it was loaded from. The other set is that of the blocks validated so far.
    std::optional<BlockHash> snapshot_base;

    bool operator==(const CoinsInUse&) const = default;
};
void put_coins_in_use(WriteBatch& batch, const CoinsInUse& record);

struct IndexContents {
    std::vector<HeaderNode> headers;  ///< by height
    std::vector<std::pair<uint32_t, BlockFileInfo>> files;
    BlockHash active_tip;
    std::optional<BlockHash> finalized;
    std::optional<SyncedMark> synced;
    std::optional<uint32_t> reindex_files;  ///< number of files of an unfinished reindexing
    bool pruned = false;
    CoinsInUse coins;
};
/// Loads everything except the meta record. The error says briefly what is wrong.
Expected<IndexContents, std::string> load_index(const Storage& storage);

/// Loads a hash stored under a key. Empty optional: no such key. The error says what is wrong.
Expected<std::optional<BlockHash>, std::string> load_hash(const Storage& storage, uint8_t key);

}  // namespace parley
