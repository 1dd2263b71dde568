// AddressTables: the contents of an AddressManager as a value, as peers.dat has them.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/hash256.h"
#include "net/wire/host_address.h"
#include "net/wire/messages.h"

namespace parley {

/// bitcoind's tables: addresses to which no connection has succeeded yet ("new"), and the others
/// ("tried"). A bucket has this many positions, at each of which there is at most one address.
inline constexpr size_t kNewBuckets = 1'024;
inline constexpr size_t kTriedBuckets = 256;
inline constexpr size_t kBucketPositions = 64;

/// Times are Unix seconds; zero: never.
struct AddressRecord {
    NetAddress address;
    HostAddress source;  ///< who told us
    int64_t seen = 0;    ///< as the source said
    int64_t last_success = 0;
    int32_t failures = 0;  ///< since then

    bool operator==(const AddressRecord&) const = default;
};

struct AddressTables {
    Hash256 key;  ///< secret: places the addresses
    std::vector<AddressRecord> untried;
    std::vector<AddressRecord> tried;
    /// By bucket of the new table: the addresses in it, as indexes of `untried`. An address may be
    /// in several buckets.
    std::vector<std::vector<uint32_t>> buckets;

    bool operator==(const AddressTables&) const = default;
};

/// One position of a table, for getrawaddrman.
struct PlacedAddress {
    size_t bucket = 0;
    size_t position = 0;
    AddressRecord record;
};

}  // namespace parley
