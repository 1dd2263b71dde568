// The records of the block index store, and the loading of them. A record of a header is keyed by
// 'b', height (most significant byte first) and hash, so that a scan meets parents before children.
// Others: 'f' + number of a block file, 'T' active tip, 'F' last finalized block, 'S' what is
// synced, 'R' files that a reindexing reads, 'P' some were removed, 'M' what the store is. Keys
// that start with 'E' belong to the engine. Free functions; core thread only.
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
inline constexpr uint8_t kMetaKey = 'M';

/// What a store belongs to. Both stores of a chainstate carry it.
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

/// A record of a header, as it was stored: node.parent, skip, and chain_transactions are not set.
std::optional<HeaderNode> parse_header_record(ByteSpan key, ByteSpan value);

/// What was known to be on the disk when the record was written, by a synced commit. The files of
/// later blocks may have lost, by a power cut, what their records promise.
struct SyncedMark {
    uint64_t sequence = 0;  ///< bodies that arrived up to this one
    BlockHash tip;          ///< undo data of this block and its ancestors

    bool operator==(const SyncedMark&) const = default;
};
void put_synced_mark(WriteBatch& batch, const SyncedMark& mark);

struct IndexContents {
    std::vector<HeaderNode> headers;  ///< in the order of their heights
    std::vector<std::pair<uint32_t, BlockFileInfo>> files;
    BlockHash active_tip;
    std::optional<BlockHash> finalized;
    std::optional<SyncedMark> synced;
    std::optional<uint32_t> reindex_files;  ///< a reindexing of so many files has not ended
    bool pruned = false;
};
/// Everything but the meta record. The error is what is wrong, in a few words.
Expected<IndexContents, std::string> load_index(const Storage& storage);

/// One hash under one key. Empty optional: no such key; the error is what is wrong.
Expected<std::optional<BlockHash>, std::string> load_hash(const Storage& storage, uint8_t key);

}  // namespace parley
