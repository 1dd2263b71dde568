#include "chain/store/index_store.h"

#include <fmt/format.h>

#include <algorithm>

namespace parley {
namespace {

// Longest texts in a meta record; names of chains and engines are short words.
constexpr uint64_t kNameSizeMax = 64;
// A seal is a certificate of at most some hundred signatures; net's limit on seals is lower.
constexpr uint64_t kSealSizeMax = 1 << 20;
constexpr uint8_t kHasScore = 1;
constexpr uint8_t kInvalidated = 2;

Bytes header_key(const HeaderNode& node) {
    Writer writer(1 + 4 + Hash256::kSize);
    writer.u8(kHeaderKeyPrefix).be(node.height.value()).hash(node.hash);
    return writer.take();
}

void write_position(Writer& writer, const FilePosition& position) {
    writer.le(position.file).le(position.offset).le(position.size);
}

FilePosition read_position(Reader& reader) {
    FilePosition position;
    position.file = reader.le<uint32_t>();
    position.offset = reader.le<uint64_t>();
    position.size = reader.le<uint32_t>();
    return position;
}

std::optional<BlockFileInfo> parse_file_info(ByteSpan value) {
    Reader reader(value);
    BlockFileInfo info;
    info.blocks = reader.le<uint32_t>();
    info.block_bytes = reader.le<uint64_t>();
    info.undo_bytes = reader.le<uint64_t>();
    info.height_first = Height{reader.le<int32_t>()};
    info.height_last = Height{reader.le<int32_t>()};
    info.time_first = reader.le<uint32_t>();
    info.time_last = reader.le<uint32_t>();
    if (!reader.done()) return std::nullopt;
    return info;
}

Expected<std::optional<SyncedMark>, std::string> load_synced_mark(const Storage& storage) {
    const auto value = storage.get(Bytes{kSyncedKey});
    if (!value) return Unexpected(value.error().message);
    if (!value->has_value()) return std::optional<SyncedMark>{};
    Reader reader(**value);
    SyncedMark mark;
    mark.sequence = reader.le<uint64_t>();
    mark.tip = BlockHash{reader.hash()};
    if (!reader.done()) return Unexpected(std::string{"the record 'S' is malformed"});
    return std::optional<SyncedMark>{mark};
}

// As it is before the first snapshot, if there is no record.
Expected<CoinsInUse, std::string> load_coins_in_use(const Storage& storage) {
    const auto value = storage.get(Bytes{kCoinsInUseKey});
    if (!value) return Unexpected(value.error().message);
    CoinsInUse record;
    if (!value->has_value()) return record;
    Reader reader(**value);
    record.set = reader.u8();
    if (reader.left() != 0) record.snapshot_base = BlockHash{reader.hash()};
    if (!reader.done() || record.set > 1)
        return Unexpected(std::string{"the record 'A' is malformed"});
    return record;
}

// Reads a name that can safely be printed.
std::string read_name(Reader& reader) {
    std::string name{as_text(reader.var_bytes(kNameSizeMax))};
    if (std::any_of(name.begin(), name.end(), [](char c) { return c <= ' ' || c > '~'; }))
        reader.fail();
    return name;
}

}  // namespace

Bytes serialize_meta(const StoreMeta& meta) {
    Writer writer;
    writer.le(meta.format).var_bytes(as_bytes(meta.chain)).var_bytes(as_bytes(meta.engine));
    writer.hash(meta.genesis);
    return writer.take();
}

std::optional<StoreMeta> parse_meta(ByteSpan bytes) {
    Reader reader(bytes);
    StoreMeta meta;
    meta.format = reader.le<uint32_t>();
    meta.chain = read_name(reader);
    meta.engine = read_name(reader);
    meta.genesis = BlockHash{reader.hash()};
    if (!reader.done()) return std::nullopt;
    return meta;
}

void put_header(WriteBatch& batch, const HeaderNode& node) {
    Writer writer;
    writer.bytes(node.header.serialize()).u8(static_cast<uint8_t>(node.status));
    writer.u8(
        static_cast<uint8_t>((node.score ? kHasScore : 0) | (node.invalidated ? kInvalidated : 0)));
    if (node.score) writer.hash(node.score->to_hash());
    writer.le(node.sequence).le(node.transactions);
    write_position(writer, node.block_position);
    write_position(writer, node.undo_position);
    writer.var_bytes(node.seal);
    batch.put(header_key(node), writer.take());
}

std::optional<HeaderNode> parse_header_record(ByteSpan key, ByteSpan value) {
    HeaderNode node;
    Reader key_reader(key);
    if (key_reader.u8() != kHeaderKeyPrefix) return std::nullopt;
    node.height = Height{key_reader.be<int32_t>()};
    node.hash = BlockHash{key_reader.hash()};
    Reader reader(value);
    node.header = read_block_header(reader);
    const uint8_t status = reader.u8();
    const uint8_t flags = reader.u8();
    if ((flags & kHasScore) != 0) node.score = U256::from_hash(reader.hash());
    node.invalidated = (flags & kInvalidated) != 0;
    node.sequence = reader.le<uint64_t>();
    node.transactions = reader.le<uint32_t>();
    node.block_position = read_position(reader);
    node.undo_position = read_position(reader);
    node.seal = to_bytes(reader.var_bytes(kSealSizeMax));
    const bool good = key_reader.done() && reader.done() && node.height >= Height{0} &&
                      status <= static_cast<uint8_t>(BlockStatus::invalid_ancestor) &&
                      flags <= (kHasScore | kInvalidated) && node.header.hash() == node.hash;
    if (!good) return std::nullopt;
    node.status = static_cast<BlockStatus>(status);
    return node;
}

void put_file_info(WriteBatch& batch, uint32_t number, const BlockFileInfo& info) {
    Writer key;
    key.u8(kFileKeyPrefix).be(number);
    Writer value;
    value.le(info.blocks).le(info.block_bytes).le(info.undo_bytes);
    value.le(info.height_first.value()).le(info.height_last.value());
    value.le(info.time_first).le(info.time_last);
    batch.put(key.data(), value.take());
}

void put_hash(WriteBatch& batch, uint8_t key, const BlockHash& hash) {
    batch.put(Bytes{key}, to_bytes(hash.span()));
}

Expected<std::optional<BlockHash>, std::string> load_hash(const Storage& storage, uint8_t key) {
    const auto value = storage.get(Bytes{key});
    if (!value) return Unexpected(value.error().message);
    if (!value->has_value()) return std::optional<BlockHash>{};
    if ((*value)->size() != Hash256::kSize)
        return Unexpected(fmt::format("the record '{}' is malformed", static_cast<char>(key)));
    return std::optional<BlockHash>{BlockHash::from_bytes(**value)};
}

void put_synced_mark(WriteBatch& batch, const SyncedMark& mark) {
    Writer writer;
    writer.le(mark.sequence).hash(mark.tip);
    batch.put(Bytes{kSyncedKey}, writer.take());
}

void put_coins_in_use(WriteBatch& batch, const CoinsInUse& record) {
    Writer writer;
    writer.u8(record.set);
    if (record.snapshot_base) writer.hash(*record.snapshot_base);
    batch.put(Bytes{kCoinsInUseKey}, writer.take());
}

Expected<IndexContents, std::string> load_index(const Storage& storage) {
    IndexContents contents;
    std::string problem;
    const auto headers = storage.scan(Bytes{kHeaderKeyPrefix}, [&](ByteSpan key, ByteSpan value) {
        auto node = parse_header_record(key, value);
        if (node) {
            contents.headers.push_back(std::move(*node));
        } else {
            problem = "the record of a header is malformed";
        }
        return problem.empty();
    });
    if (!headers) return Unexpected(headers.error().message);
    const auto files = storage.scan(Bytes{kFileKeyPrefix}, [&](ByteSpan key, ByteSpan value) {
        Reader reader(key.subspan(1));
        const auto number = reader.be<uint32_t>();
        const auto info = parse_file_info(value);
        // Numbers are consecutive, which bounds them.
        if (info && reader.done() && number == contents.files.size()) {
            contents.files.emplace_back(number, *info);
        } else {
            problem = "the record of a block file is malformed or missing";
        }
        return problem.empty();
    });
    if (!files) return Unexpected(files.error().message);
    if (!problem.empty()) return Unexpected(problem);
    const auto tip = load_hash(storage, kActiveTipKey);
    if (!tip) return Unexpected(tip.error());
    if (!tip->has_value()) return Unexpected(std::string{"the record of the tip is missing"});
    contents.active_tip = **tip;
    auto finalized = load_hash(storage, kFinalizedKey);
    if (!finalized) return Unexpected(finalized.error());
    contents.finalized = *finalized;
    auto synced = load_synced_mark(storage);
    if (!synced) return Unexpected(synced.error());
    contents.synced = *synced;
    const auto reindex = storage.get(Bytes{kReindexKey});
    if (!reindex) return Unexpected(reindex.error().message);
    if (reindex->has_value()) {
        Reader reader(**reindex);
        contents.reindex_files = reader.le<uint32_t>();
        if (!reader.done()) return Unexpected(std::string{"the record 'R' is malformed"});
    }
    const auto pruned = storage.get(Bytes{kPrunedKey});
    if (!pruned) return Unexpected(pruned.error().message);
    contents.pruned = pruned->has_value();
    auto coins = load_coins_in_use(storage);
    if (!coins) return Unexpected(coins.error());
    contents.coins = *coins;
    return contents;
}

}  // namespace parley
