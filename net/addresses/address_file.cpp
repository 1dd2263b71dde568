#include "net/addresses/address_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/crypto/sha256.h"
#include "base/serialize.h"

namespace parley {

namespace {

// bitcoind's formats: 3 and later have addresses as in BIP155, 4 allows several ports of one host.
constexpr uint8_t kFormat = 4;
constexpr uint8_t kFormatOfBip155 = 3;
/// The second byte is the oldest format that readers must know, plus this.
constexpr uint8_t kCompatibilityBase = 32;
/// The number of buckets is stored with this bit, which the oldest readers refuse.
constexpr uint32_t kBucketsBit = uint32_t{1} << 30;
/// Each address repeats the version of the stream; only the bit has a meaning.
constexpr uint32_t kStreamVersion = 220'000;
constexpr uint32_t kStreamBip155 = uint32_t{1} << 29;
/// Entries of anchors.dat: more are never written.
constexpr size_t kAnchorsMax = 100;
// Words of the standard library that bitcoind's errors end with.
constexpr std::string_view kStreamError = "iostream error";

/// Writes and reads one address with its time; `bip155`: in the format of today.
void write_disk_address(Writer& writer, const NetAddress& address, int64_t seen) {
    writer.le(kStreamVersion | kStreamBip155).le(static_cast<uint32_t>(seen));
    writer.compact_size(address.services);
    write_host_v2(writer, address.host);
    writer.be(address.port);
}

std::optional<HostAddress> read_host(Reader& reader, bool bip155) {
    if (bip155) return read_host_v2(reader);
    std::array<uint8_t, 16> bytes{};
    const ByteSpan raw = reader.bytes(bytes.size());
    std::copy(raw.begin(), raw.end(), bytes.begin());
    return HostAddress{IpAddress{bytes}};
}

/// Empty: of another network, unless the reader has failed.
std::optional<AddressRecord> read_disk_address(Reader& reader, bool allow_bip155) {
    AddressRecord record;
    const bool bip155 = (reader.le<uint32_t>() & kStreamBip155) != 0;
    if (bip155 && !allow_bip155) reader.fail();
    record.seen = reader.le<uint32_t>();
    record.address.services = bip155 ? reader.compact_size(UINT64_MAX) : reader.le<uint64_t>();
    const auto host = read_host(reader, bip155);
    record.address.port = reader.be<uint16_t>();
    if (!host || !reader.ok()) return std::nullopt;
    record.address.host = *host;
    return record;
}

void write_record(Writer& writer, const AddressRecord& record) {
    write_disk_address(writer, record.address, record.seen);
    write_host_v2(writer, record.source);
    writer.le(record.last_success).le(record.failures);
}

std::optional<AddressRecord> read_record(Reader& reader, bool bip155) {
    auto record = read_disk_address(reader, bip155);
    const auto source = read_host(reader, bip155);
    const auto last_success = reader.le<int64_t>();
    const auto failures = reader.le<int32_t>();
    if (!record || !reader.ok()) return std::nullopt;
    // A source of another network cannot be named here; it counts as nobody's.
    record->source = source.value_or(HostAddress{});
    // Later times have no meaning here, and could overflow a TimePoint.
    record->last_success = std::clamp<int64_t>(last_success, 0, UINT32_MAX);
    record->failures = std::max(failures, 0);
    return record;
}

Bytes with_checksum(Writer& writer) {
    const Hash256 checksum = sha256d(writer.data());
    writer.hash(checksum);
    return writer.take();
}

AddressFileError damage(std::string reason) {
    return {false, std::move(reason)};
}

AddressFileError cut_short() {
    return damage(fmt::format("AutoFile::read: end of file: {}", kStreamError));
}

/// Reads what lies between magic and checksum.
Expected<AddressTables, AddressFileError> read_body(Reader& reader) {
    const uint8_t format = reader.u8();
    const uint8_t compatible = reader.u8();
    if (!reader.ok()) return Unexpected(cut_short());
    if (compatible < kCompatibilityBase)
        return Unexpected(damage(fmt::format(
            "Corrupted addrman database: The compat value ({}) is lower than the expected minimum "
            "value {}.: {}",
            compatible, kCompatibilityBase, kStreamError)));
    if (compatible - kCompatibilityBase > kFormat)
        return Unexpected(AddressFileError{
            true, fmt::format("Unsupported format of addrman database: {}. It is compatible with "
                              "formats >={}, but the maximum supported by this version is {}.",
                              format, compatible - kCompatibilityBase, kFormat)});
    AddressTables tables;
    tables.key = reader.hash();
    const auto untried = reader.le<int32_t>();
    const auto tried = reader.le<int32_t>();
    const uint32_t buckets = reader.le<uint32_t>() ^ (format >= 1 ? kBucketsBit : 0);
    if (!reader.ok()) return Unexpected(cut_short());
    const auto check = [&](std::string_view name, int32_t count, size_t table_buckets) {
        const size_t count_max = table_buckets * kBucketPositions;
        if (count >= 0 && static_cast<size_t>(count) <= count_max) return std::string();
        return fmt::format("Corrupt AddrMan serialization: {}={}, should be in [0, {}]: {}", name,
                           count, count_max, kStreamError);
    };
    for (const auto& error :
         {check("nNew", untried, kNewBuckets), check("nTried", tried, kTriedBuckets)}) {
        if (!error.empty()) return Unexpected(damage(error));
    }
    const bool bip155 = format >= kFormatOfBip155;
    // Places of the file's records among those that are kept.
    std::vector<std::optional<uint32_t>> kept;
    for (int32_t i = 0; i < untried && reader.ok(); ++i) {
        const auto record = read_record(reader, bip155);
        kept.push_back(std::nullopt);
        if (!record) continue;
        kept.back() = static_cast<uint32_t>(tables.untried.size());
        tables.untried.push_back(*record);
    }
    for (int32_t i = 0; i < tried && reader.ok(); ++i) {
        if (const auto record = read_record(reader, bip155)) tables.tried.push_back(*record);
    }
    // With another number of buckets the places have no meaning, and are found anew.
    const bool usable = buckets == kNewBuckets;
    tables.buckets.resize(kNewBuckets);
    for (uint32_t bucket = 0; bucket < buckets && reader.ok(); ++bucket) {
        const auto count = reader.le<uint32_t>();
        for (uint32_t i = 0; i < count && reader.ok(); ++i) {
            const auto number = reader.le<uint32_t>();
            if (usable && number < kept.size() && kept[number])
                tables.buckets[bucket].push_back(*kept[number]);
        }
    }
    // The digest of a map of networks, which this node does not use.
    if (format >= 2 && reader.left() > 0) reader.hash();
    if (!reader.ok()) return Unexpected(cut_short());
    if (tables.key == Hash256{})
        return Unexpected(damage(
            fmt::format("Corrupt data. Consistency check failed with code -16: {}", kStreamError)));
    return tables;
}

/// Empty: not of this network.
std::optional<Reader> after_magic(ByteSpan file, const NetworkMagic& magic) {
    Reader reader(file);
    const ByteSpan found = reader.bytes(magic.size());
    if (!std::equal(found.begin(), found.end(), magic.begin(), magic.end())) return std::nullopt;
    return reader;
}

}  // namespace

Bytes write_address_tables(const AddressTables& tables, const NetworkMagic& magic) {
    Writer writer;
    writer.bytes(magic).u8(kFormat).u8(kCompatibilityBase + kFormat).hash(tables.key);
    writer.le(static_cast<int32_t>(tables.untried.size()));
    writer.le(static_cast<int32_t>(tables.tried.size()));
    writer.le(static_cast<uint32_t>(kNewBuckets) ^ kBucketsBit);
    for (const AddressRecord& record : tables.untried) write_record(writer, record);
    for (const AddressRecord& record : tables.tried) write_record(writer, record);
    for (const auto& bucket : tables.buckets) {
        writer.le(static_cast<int32_t>(bucket.size()));
        for (const uint32_t number : bucket) writer.le(number);
    }
    writer.hash(Hash256{});  // no map of networks
    return with_checksum(writer);
}

Expected<AddressTables, AddressFileError> read_address_tables(ByteSpan file,
                                                              const NetworkMagic& magic) {
    if (file.size() < magic.size()) return Unexpected(cut_short());
    auto reader = after_magic(file, magic);
    if (!reader) return Unexpected(damage("Invalid network magic number"));
    if (file.size() < magic.size() + Hash256::kSize) return Unexpected(cut_short());
    const ByteSpan content = file.first(file.size() - Hash256::kSize);
    Reader body(content.subspan(magic.size()));
    auto tables = read_body(body);
    if (!tables) return tables;
    const Hash256 checksum = sha256d(content);
    if (!std::equal(checksum.span().begin(), checksum.span().end(),
                    file.last(Hash256::kSize).begin()))
        return Unexpected(damage("Checksum mismatch, data corrupted"));
    return tables;
}

Bytes write_anchors(const std::vector<NetAddress>& anchors, const NetworkMagic& magic) {
    Writer writer;
    writer.bytes(magic).compact_size(anchors.size());
    for (const NetAddress& anchor : anchors) write_disk_address(writer, anchor, 0);
    return with_checksum(writer);
}

std::vector<NetAddress> read_anchors(ByteSpan file, const NetworkMagic& magic) {
    const auto start = after_magic(file, magic);
    if (!start || file.size() < magic.size() + Hash256::kSize) return {};
    const ByteSpan content = file.first(file.size() - Hash256::kSize);
    const Hash256 checksum = sha256d(content);
    if (!std::equal(checksum.span().begin(), checksum.span().end(),
                    file.last(Hash256::kSize).begin()))
        return {};
    Reader reader(content.subspan(magic.size()));
    const uint64_t count = reader.compact_size(kAnchorsMax);
    std::vector<NetAddress> anchors;
    for (uint64_t i = 0; i < count && reader.ok(); ++i) {
        if (const auto record = read_disk_address(reader, true)) anchors.push_back(record->address);
    }
    return reader.done() ? anchors : std::vector<NetAddress>{};
}

}  // namespace parley
