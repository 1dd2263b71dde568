// Constants of Bitcoin's peer protocol, version 70016, and this node's limits. Plain values.
// Sources: BIP14, 31, 37, 61, 111, 130, 133, 144, 155, 159, 339 and the behaviour of bitcoind 31.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace parley {

inline constexpr int32_t kProtocolVersion = 70016;
/// Older peers lack headers-first synchronisation; bitcoind's MIN_PEER_PROTO_VERSION.
inline constexpr int32_t kProtocolVersionMin = 31800;
inline constexpr int32_t kSendHeadersVersion = 70012;  ///< BIP130
inline constexpr int32_t kFeeFilterVersion = 70013;    ///< BIP133
inline constexpr int32_t kWtxidRelayVersion = 70016;   ///< BIP339

/// Characters of a command, and bytes of its field in a message.
inline constexpr size_t kCommandSizeMax = 12;

using NetworkMagic = std::array<uint8_t, 4>;

using ServiceFlags = uint64_t;
inline constexpr ServiceFlags kServiceNetwork = 1u << 0;
inline constexpr ServiceFlags kServiceBloom = 1u << 2;  ///< BIP111
inline constexpr ServiceFlags kServiceWitness = 1u << 3;
inline constexpr ServiceFlags kServiceCompactFilters = 1u << 6;  ///< BIP157
inline constexpr ServiceFlags kServiceNetworkLimited = 1u << 10;
/// Supports `seal` and `engine`. One of the bits that Bitcoin reserves for experiments (24-31).
inline constexpr ServiceFlags kServiceParley = 1u << 24;
/// Services that an automatic outbound peer must offer.
inline constexpr ServiceFlags kServicesWanted = kServiceNetwork | kServiceWitness;

/// A node with kServiceNetworkLimited has at least this many blocks below the tip (BIP159).
inline constexpr int32_t kLimitedBlocks = 288;
/// Whether it serves recent blocks only.
constexpr bool is_limited(ServiceFlags services) {
    return (services & (kServiceNetwork | kServiceNetworkLimited)) == kServiceNetworkLimited;
}

/// bitcoind's names ("NETWORK", "WITNESS", ...); "PARLEY" for ours; "UNKNOWN[2^n]" for others.
std::vector<std::string> service_names(ServiceFlags services);

enum class InvType : uint32_t {
    transaction = 1,
    block = 2,
    filtered_block = 3,
    compact_block = 4,
    wtxid = 5,
    witness_transaction = 0x40000001,
    witness_block = 0x40000002,
};

inline constexpr size_t kMessageHeaderSize = 24;
/// Maximum payload in bytes (bitcoind's MAX_PROTOCOL_MESSAGE_LENGTH). A longer one disconnects.
inline constexpr size_t kPayloadSizeMax = 4'000'000;
inline constexpr size_t kSealSizeMax = 64 * 1024;
inline constexpr size_t kInvEntriesMax = 50'000;
inline constexpr size_t kHeadersMax = 2'000;
inline constexpr size_t kLocatorHashesMax = 101;
inline constexpr size_t kAddressesMax = 1'000;
inline constexpr size_t kGetBlocksReplyMax = 500;
inline constexpr size_t kUserAgentSizeMax = 256;

}  // namespace parley
