// peers.dat: the form of AddressTables in a file, and anchors.dat, a list of peers to reconnect to
// first. Both are bitcoind's (its format 4): either program reads the other's file; entries of
// networks that this node does not speak are left out. Bytes only: the host has the files.
// Thread-safe: functions over values.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "net/addresses/address_tables.h"
#include "net/wire/protocol.h"

namespace parley {

/// Why a file cannot be read.
struct AddressFileError {
    bool later_format = false;  ///< it was written by a later version; it is not damaged
    std::string reason;         ///< in bitcoind's words
};

Bytes write_address_tables(const AddressTables& tables, const NetworkMagic& magic);
Expected<AddressTables, AddressFileError> read_address_tables(ByteSpan file,
                                                              const NetworkMagic& magic);

Bytes write_anchors(const std::vector<NetAddress>& anchors, const NetworkMagic& magic);
/// Empty if the file is damaged.
std::vector<NetAddress> read_anchors(ByteSpan file, const NetworkMagic& magic);

}  // namespace parley
