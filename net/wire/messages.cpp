#include "net/wire/messages.h"

#include <algorithm>
#include <optional>

namespace parley {

namespace {

constexpr size_t kInvEntrySize = 36;
constexpr size_t kAddressEntrySize = 30;
/// network, length and port, time and services in their shortest forms.
constexpr size_t kAddressV2EntrySizeMin = 9;

void write_address(Writer& writer, const NetAddress& address) {
    const Network network = address.host.network();
    const bool fits = network == Network::ipv4 || network == Network::ipv6;
    const IpAddress ip = fits ? *address.host.ip() : IpAddress{};
    writer.le(address.services).bytes(ip.bytes()).be(address.port);
}

IpAddress read_ip(Reader& reader) {
    std::array<uint8_t, 16> bytes{};
    const ByteSpan raw = reader.bytes(bytes.size());
    std::copy(raw.begin(), raw.end(), bytes.begin());
    return IpAddress{bytes};
}

NetAddress read_address(Reader& reader) {
    NetAddress address;
    address.services = reader.le<uint64_t>();
    address.host = read_ip(reader);
    address.port = reader.be<uint16_t>();
    return address;
}

}  // namespace

namespace message {

void Version::write(Writer& writer) const {
    writer.le(version).le(services).le(time);
    write_address(writer, receiver);
    write_address(writer, sender);
    writer.le(nonce).var_bytes(as_bytes(user_agent)).le(start_height).u8(relay ? 1 : 0);
}

Version Version::read(Reader& reader) {
    Version result;
    result.version = reader.le<int32_t>();
    result.services = reader.le<uint64_t>();
    result.time = reader.le<int64_t>();
    result.receiver = read_address(reader);
    // The remaining fields were added by later protocol versions, one after the other.
    if (reader.left() > 0) result.sender = read_address(reader);
    if (reader.left() > 0) result.nonce = reader.le<uint64_t>();
    if (reader.left() > 0)
        result.user_agent = std::string(as_text(reader.var_bytes(kUserAgentSizeMax)));
    if (reader.left() > 0) result.start_height = reader.le<int32_t>();
    if (reader.left() > 0) result.relay = reader.u8() != 0;
    return result;
}

void SendCompact::write(Writer& writer) const {
    writer.u8(high_bandwidth ? 1 : 0).le(version);
}

SendCompact SendCompact::read(Reader& reader) {
    SendCompact result;
    result.high_bandwidth = reader.u8() != 0;
    result.version = reader.le<uint64_t>();
    return result;
}

void FeeFilter::write(Writer& writer) const {
    writer.le(fee_rate);
}

FeeFilter FeeFilter::read(Reader& reader) {
    return {reader.le<int64_t>()};
}

void LinkId::write(Writer& writer) const {
    writer.le(process);
}

LinkId LinkId::read(Reader& reader) {
    return {reader.le<uint64_t>()};
}

void Ping::write(Writer& writer) const {
    writer.le(nonce);
}

Ping Ping::read(Reader& reader) {
    return {reader.le<uint64_t>()};
}

void Pong::write(Writer& writer) const {
    writer.le(nonce);
}

Pong Pong::read(Reader& reader) {
    return {reader.le<uint64_t>()};
}

void Addr::write(Writer& writer) const {
    writer.compact_size(entries.size());
    for (const AddressEntry& entry : entries) {
        writer.le(entry.time);
        write_address(writer, entry.address);
    }
}

Addr Addr::read(Reader& reader) {
    Addr result;
    result.entries.resize(reader.count(kAddressEntrySize));
    for (AddressEntry& entry : result.entries) {
        entry.time = reader.le<uint32_t>();
        entry.address = read_address(reader);
    }
    return result;
}

void AddrV2::write(Writer& writer) const {
    writer.compact_size(entries.size());
    for (const AddressEntry& entry : entries) {
        writer.le(entry.time).compact_size(entry.address.services);
        write_host_v2(writer, entry.address.host);
        writer.be(entry.address.port);
    }
}

AddrV2 AddrV2::read(Reader& reader) {
    AddrV2 result;
    const size_t count = reader.count(kAddressV2EntrySizeMin);
    for (size_t i = 0; i < count && reader.ok(); ++i) {
        AddressEntry entry;
        entry.time = reader.le<uint32_t>();
        entry.address.services = reader.compact_size(UINT64_MAX);
        const auto host = read_host_v2(reader);
        entry.address.port = reader.be<uint16_t>();
        if (!host) continue;
        entry.address.host = *host;
        result.entries.push_back(entry);
    }
    return result;
}

template <class Tag>
void InvList<Tag>::write(Writer& writer) const {
    writer.compact_size(entries.size());
    for (const InvEntry& entry : entries) writer.le(entry.type).hash(entry.hash);
}

template <class Tag>
Tag InvList<Tag>::read(Reader& reader) {
    Tag result;
    result.entries.resize(reader.count(kInvEntrySize));
    for (InvEntry& entry : result.entries) {
        entry.type = reader.le<uint32_t>();
        entry.hash = reader.hash();
    }
    return result;
}

template struct InvList<Inv>;
template struct InvList<GetData>;
template struct InvList<NotFound>;

template <class Tag>
void Locator<Tag>::write(Writer& writer) const {
    writer.le(version).compact_size(hashes.size());
    for (const BlockHash& hash : hashes) writer.hash(hash);
    writer.hash(stop);
}

template <class Tag>
Tag Locator<Tag>::read(Reader& reader) {
    Tag result;
    result.version = reader.le<uint32_t>();
    result.hashes.resize(reader.count(Hash256::kSize));
    for (BlockHash& hash : result.hashes) hash = BlockHash{reader.hash()};
    result.stop = BlockHash{reader.hash()};
    return result;
}

template struct Locator<GetHeaders>;
template struct Locator<GetBlocks>;

void Headers::write(Writer& writer) const {
    writer.compact_size(headers.size());
    for (const BlockHeader& header : headers)
        writer.bytes(header.serialize()).compact_size(0);  // a count of transactions, always zero
}

Headers Headers::read(Reader& reader) {
    Headers result;
    result.headers.resize(reader.count(BlockHeader::kSize + 1));
    for (BlockHeader& header : result.headers) {
        header = read_block_header(reader);
        reader.compact_size();
    }
    return result;
}

void Tx::write(Writer& writer) const {
    write_transaction(writer, transaction, WitnessEncoding::with);
}

Tx Tx::read(Reader& reader) {
    return {read_transaction(reader)};
}

void Seal::write(Writer& writer) const {
    writer.hash(block).var_bytes(seal);
}

Seal Seal::read(Reader& reader) {
    Seal result;
    result.block = BlockHash{reader.hash()};
    result.seal = to_bytes(reader.var_bytes(kSealSizeMax));
    return result;
}

}  // namespace message

Expected<BlockRef, DecodeError> decode_block(ByteSpan payload) {
    Reader reader(payload);
    auto block = std::make_shared<Block>(read_block(reader));
    if (!reader.ok()) return Unexpected(decode_error(reader));
    return BlockRef{std::move(block)};
}

}  // namespace parley
