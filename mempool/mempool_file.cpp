#include "mempool/mempool_file.h"

#include <algorithm>
#include <utility>

#include "base/serialize.h"
#include "mempool/mempool.h"

namespace parley {
namespace {

constexpr uint64_t kVersionPlain = 1;
constexpr uint64_t kVersionWithKey = 2;
// A transaction has at least 10 bytes; with time and delta.
constexpr size_t kEntrySizeMin = 10 + 8 + 8;

// The key repeats from the beginning of the file, so its phase is that of the offset.
void apply_key(MutableByteSpan bytes, size_t offset, const MempoolFile::Key& key) {
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] ^= key[(offset + i) % key.size()];
}

void write_body(Writer& writer, const MempoolFile& file) {
    writer.le<uint64_t>(file.entries.size());
    for (const MempoolFile::Entry& entry : file.entries) {
        write_transaction(writer, entry.transaction->data(), WitnessEncoding::with);
        writer.le(entry.time).le(entry.fee_delta.value());
    }
    writer.compact_size(file.other_deltas.size());
    for (const auto& [txid, delta] : file.other_deltas) writer.hash(txid).le(delta.value());
    writer.compact_size(file.unbroadcast.size());
    for (const Txid& txid : file.unbroadcast) writer.hash(txid);
}

MempoolFile read_body(Reader& reader) {
    MempoolFile file;
    const auto count = reader.le<uint64_t>();
    if (count > reader.left() / kEntrySizeMin) reader.fail();
    for (uint64_t i = 0; i < count && reader.ok(); ++i) {
        MempoolFile::Entry entry;
        TransactionData data = read_transaction(reader);
        entry.time = reader.le<int64_t>();
        entry.fee_delta = Amount{reader.le<int64_t>()};
        if (!reader.ok()) break;
        entry.transaction = make_transaction(std::move(data));
        file.entries.push_back(std::move(entry));
    }
    const size_t deltas = reader.count(Hash256::kSize + 8);
    for (size_t i = 0; i < deltas && reader.ok(); ++i) {
        const Txid txid{reader.hash()};
        file.other_deltas[txid] = Amount{reader.le<int64_t>()};
    }
    const size_t unbroadcast = reader.count(Hash256::kSize);
    for (size_t i = 0; i < unbroadcast && reader.ok(); ++i)
        file.unbroadcast.insert(Txid{reader.hash()});
    return file;
}

}  // namespace

Bytes MempoolFile::serialize(const std::optional<Key>& key) const {
    Writer writer;
    writer.le(key ? kVersionWithKey : kVersionPlain);
    if (key) writer.var_bytes(*key);
    const size_t header = writer.size();
    write_body(writer, *this);
    Bytes bytes = writer.take();
    if (key) apply_key(MutableByteSpan{bytes}.subspan(header), header, *key);
    return bytes;
}

std::optional<MempoolFile> MempoolFile::parse(ByteSpan bytes) {
    Reader header(bytes);
    const auto version = header.le<uint64_t>();
    if (version != kVersionPlain && version != kVersionWithKey) return std::nullopt;
    std::optional<Key> key;
    if (version == kVersionWithKey) {
        const ByteSpan given = header.var_bytes();
        if (given.size() != Key{}.size()) return std::nullopt;
        std::ranges::copy(given, key.emplace().begin());
    }
    Bytes body = to_bytes(header.rest());
    if (key) apply_key(body, bytes.size() - body.size(), *key);
    Reader reader(body);
    MempoolFile file = read_body(reader);
    if (!reader.ok()) return std::nullopt;
    return file;
}

MempoolFile MempoolFile::of(const Mempool& mempool, std::set<Txid> unbroadcast) {
    MempoolFile file;
    file.unbroadcast = std::move(unbroadcast);
    mempool.for_each([&](const MempoolEntry& entry) {
        file.entries.push_back({entry.transaction, to_unix_seconds(entry.time), entry.fee_delta});
        return true;
    });
    for (const auto& [txid, delta] : mempool.prioritised()) {
        if (!mempool.contains(txid)) file.other_deltas[txid] = delta;
    }
    return file;
}

}  // namespace parley
