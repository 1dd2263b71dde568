// DescriptorBudget: how the file descriptors of the process are divided, so that connections never
// take those that the stores need. Used by the daemon at startup. Thread-safe: values.
#pragma once

#include <cstddef>
#include <string>

#include "base/expected.h"

namespace parley {

/// Descriptors that are not connections: stores, block files, log, listening sockets, commands.
/// LevelDB maps its tables, so that they need none while they are open. As in bitcoind.
inline constexpr size_t kReservedDescriptors = 150;
/// Connections beyond the peers' limit: those of addnode, and those that are being closed.
inline constexpr size_t kExtraPeerConnections = 40;

struct DescriptorBudget {
    size_t peers = 0;    ///< for -maxconnections
    size_t clients = 0;  ///< HTTP connections
};

/// Divides `available` descriptors; `wanted` is the most that is given. The peers get what is left
/// after a part for the clients. The error is a sentence for the user.
Expected<DescriptorBudget, std::string> divide_descriptors(size_t available,
                                                           const DescriptorBudget& wanted);

/// Raises the limit of the process as far as it is allowed and wanted, and returns it.
size_t raise_descriptor_limit(size_t wanted);

}  // namespace parley
