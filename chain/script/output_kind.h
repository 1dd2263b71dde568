// OutputKind: which of the forms that wallets make an output's script has. Consensus does not ask;
// relay policy and the RPC do. Thread-safe.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "chain/primitives/script.h"

namespace parley {

/// `nonstandard`: nothing that wallets make.
enum class OutputKind : uint8_t {
    nonstandard,
    public_key,
    public_key_hash,
    script_hash,
    multisig,
    data,  ///< OP_RETURN and pushes
    witness_key_hash,
    witness_script_hash,
    taproot,
    anchor,          ///< pay to anchor: witness version 1, program 4e73
    witness_unknown  ///< of the future
};
OutputKind classify_output(const Script& script);

/// bitcoind's "type": "pubkeyhash", "witness_v0_keyhash", "nulldata", ...
std::string_view to_string(OutputKind kind);

/// Public keys and the number of signatures of a multisig script.
struct Multisig {
    int required = 0;
    std::vector<Bytes> keys;
};
/// Up to 20 keys, each with a size that its first byte announces.
std::optional<Multisig> match_multisig(const Script& script);

}  // namespace parley
