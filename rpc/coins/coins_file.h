// The first bytes of a file with a UTXO set, in bitcoind's format: magic, version, the chain's
// magic, then the hash of the block after which the set is and the number of coins. Shared by
// dumptxoutset and loadtxoutset.
#pragma once

#include <cstdint>
#include <string_view>

namespace parley::rpc {

inline constexpr std::string_view kSnapshotMagic = "utxo\xff";
inline constexpr uint16_t kSnapshotVersion = 2;

}  // namespace parley::rpc
