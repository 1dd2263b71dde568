// The payloads of the peer protocol's messages as values, with their encoders and decoders. A
// message type has `kCommand`, `write(Writer&)` and `read(Reader&)`; decode<T>() reads a whole
// payload. Decoders allocate no more memory than the payload justifies, and enforce the protocol's
// limits. They check the format only: whether a message is allowed is up to the state machines.
// Pure functions over values: thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "base/serialize.h"
#include "chain/primitives/block.h"
#include "chain/primitives/ids.h"
#include "chain/primitives/transaction.h"
#include "net/wire/host_address.h"
#include "net/wire/protocol.h"

namespace parley {

enum class DecodeError : uint8_t {
    malformed,      ///< truncated, bad lengths, or trailing bytes
    non_canonical,  ///< malformed: a CompactSize is not in its shortest form
    oversize,       ///< well-formed, but longer than the protocol allows: misbehaviour
};

/// REQUIRES: the reader failed.
inline DecodeError decode_error(const Reader& reader) {
    return reader.canonical() ? DecodeError::malformed : DecodeError::non_canonical;
}

/// An address with port and services. `version` and `addr` have room for IPv4 and IPv6 only, and
/// name other hosts as "::"; `addrv2` has all (BIP155).
struct NetAddress {
    ServiceFlags services = 0;
    HostAddress host;
    uint16_t port = 0;

    bool operator==(const NetAddress&) const = default;
};

namespace message {

struct Version {
    static constexpr std::string_view kCommand = "version";
    int32_t version = kProtocolVersion;
    ServiceFlags services = 0;
    int64_t time = 0;  ///< Unix seconds
    NetAddress receiver;
    NetAddress sender;
    uint64_t nonce = 0;  ///< detects a connection to oneself
    std::string user_agent;
    int32_t start_height = 0;
    bool relay = true;  ///< BIP37; true if the field is missing

    void write(Writer& writer) const;
    static Version read(Reader& reader);
    bool operator==(const Version&) const = default;
};

/// Messages without payload.
template <class Tag>
struct Empty {
    void write(Writer&) const {}
    static Tag read(Reader&) { return {}; }
};
struct Verack : Empty<Verack> {
    static constexpr std::string_view kCommand = "verack";
};
struct WtxidRelay : Empty<WtxidRelay> {
    static constexpr std::string_view kCommand = "wtxidrelay";
};
struct SendAddrV2 : Empty<SendAddrV2> {
    static constexpr std::string_view kCommand = "sendaddrv2";
};
struct SendHeaders : Empty<SendHeaders> {
    static constexpr std::string_view kCommand = "sendheaders";
};
struct GetAddr : Empty<GetAddr> {
    static constexpr std::string_view kCommand = "getaddr";
};
struct Mempool : Empty<Mempool> {
    static constexpr std::string_view kCommand = "mempool";
};

/// BIP152. Understood and ignored: this node sends and requests whole blocks only.
struct SendCompact {
    static constexpr std::string_view kCommand = "sendcmpct";
    bool high_bandwidth = false;
    uint64_t version = 0;

    void write(Writer& writer) const;
    static SendCompact read(Reader& reader);
    bool operator==(const SendCompact&) const = default;
};

struct FeeFilter {
    static constexpr std::string_view kCommand = "feefilter";
    int64_t fee_rate = 0;  ///< sat/kvB

    void write(Writer& writer) const;
    static FeeFilter read(Reader& reader);
    bool operator==(const FeeFilter&) const = default;
};

/// Parley's own: says which process is at this end, so that two connections between the same two
/// are noticed. Sent after verack by nodes whose engine has messages, to nodes that announce
/// kServiceParley.
struct LinkId {
    static constexpr std::string_view kCommand = "linkid";
    uint64_t process = 0;  ///< a random number, chosen when the process starts; not 0

    void write(Writer& writer) const;
    static LinkId read(Reader& reader);
    bool operator==(const LinkId&) const = default;
};

struct Ping {
    static constexpr std::string_view kCommand = "ping";
    uint64_t nonce = 0;

    void write(Writer& writer) const;
    static Ping read(Reader& reader);
    bool operator==(const Ping&) const = default;
};

struct Pong {
    static constexpr std::string_view kCommand = "pong";
    uint64_t nonce = 0;

    void write(Writer& writer) const;
    static Pong read(Reader& reader);
    bool operator==(const Pong&) const = default;
};

struct AddressEntry {
    uint32_t time = 0;  ///< Unix seconds at which the address was last known to be alive
    NetAddress address;

    bool operator==(const AddressEntry&) const = default;
};

struct Addr {
    static constexpr std::string_view kCommand = "addr";
    std::vector<AddressEntry> entries;

    void write(Writer& writer) const;
    static Addr read(Reader& reader);
    bool operator==(const Addr&) const = default;
};

/// BIP155. Skips networks that are not known.
struct AddrV2 {
    static constexpr std::string_view kCommand = "addrv2";
    std::vector<AddressEntry> entries;

    void write(Writer& writer) const;
    static AddrV2 read(Reader& reader);
    bool operator==(const AddrV2&) const = default;
};

struct InvEntry {
    uint32_t type = 0;  ///< an InvType, or an unknown number
    Hash256 hash;

    static InvEntry of(InvType type, const Hash256& hash) {
        return {static_cast<uint32_t>(type), hash};
    }
    bool is(InvType other) const { return type == static_cast<uint32_t>(other); }
    bool operator==(const InvEntry&) const = default;
};

/// `inv`, `getdata` and `notfound` have the same format.
template <class Tag>
struct InvList {
    std::vector<InvEntry> entries;

    void write(Writer& writer) const;
    static Tag read(Reader& reader);
    bool operator==(const InvList&) const = default;
};
struct Inv : InvList<Inv> {
    static constexpr std::string_view kCommand = "inv";
};
struct GetData : InvList<GetData> {
    static constexpr std::string_view kCommand = "getdata";
};
struct NotFound : InvList<NotFound> {
    static constexpr std::string_view kCommand = "notfound";
};

/// `getheaders` and `getblocks` have the same format.
template <class Tag>
struct Locator {
    uint32_t version = static_cast<uint32_t>(kProtocolVersion);
    std::vector<BlockHash> hashes;  ///< from the tip backwards, increasingly sparse
    BlockHash stop;                 ///< zero: as many as possible

    void write(Writer& writer) const;
    static Tag read(Reader& reader);
    bool operator==(const Locator&) const = default;
};
struct GetHeaders : Locator<GetHeaders> {
    static constexpr std::string_view kCommand = "getheaders";
};
struct GetBlocks : Locator<GetBlocks> {
    static constexpr std::string_view kCommand = "getblocks";
};

struct Headers {
    static constexpr std::string_view kCommand = "headers";
    std::vector<BlockHeader> headers;

    void write(Writer& writer) const;
    static Headers read(Reader& reader);
    bool operator==(const Headers&) const = default;
};

struct Tx {
    static constexpr std::string_view kCommand = "tx";
    TransactionData transaction;

    void write(Writer& writer) const;
    static Tx read(Reader& reader);
    bool operator==(const Tx&) const = default;
};

/// Precedes the `block` that it belongs to, between peers with kServiceParley.
struct Seal {
    static constexpr std::string_view kCommand = "seal";
    BlockHash block;
    Bytes seal;

    void write(Writer& writer) const;
    static Seal read(Reader& reader);
    bool operator==(const Seal&) const = default;
};

inline constexpr std::string_view kBlockCommand = "block";
inline constexpr std::string_view kEngineCommand = "engine";

}  // namespace message

/// The CompactSize count at the start of the payload, whatever follows: distinguishes a list that
/// is too long (misbehaviour) from a truncated one.
inline uint64_t announced_count(ByteSpan payload) {
    Reader reader(payload);
    const uint64_t count = reader.compact_size();
    return reader.ok() ? count : 0;
}

template <class T>
Bytes encode(const T& message) {
    Writer writer;
    message.write(writer);
    return writer.take();
}

/// Upper bound of the list that a message starts with; 0: it does not start with a list.
template <class T>
constexpr size_t list_size_max() {
    using namespace message;
    if (std::is_same_v<T, Inv> || std::is_same_v<T, GetData> || std::is_same_v<T, NotFound>)
        return kInvEntriesMax;
    if (std::is_same_v<T, Headers>) return kHeadersMax;
    if (std::is_same_v<T, Addr> || std::is_same_v<T, AddrV2>) return kAddressesMax;
    return 0;
}

/// Decodes a payload. Like bitcoind, accepts bytes after the known fields, because later protocol
/// versions append fields.
template <class T>
Expected<T, DecodeError> decode(ByteSpan payload) {
    if (list_size_max<T>() > 0 && announced_count(payload) > list_size_max<T>())
        return Unexpected(DecodeError::oversize);
    Reader reader(payload);
    T result = T::read(reader);
    if (!reader.ok()) return Unexpected(decode_error(reader));
    return result;
}

Expected<BlockRef, DecodeError> decode_block(ByteSpan payload);

}  // namespace parley
