// ScriptType: the standard template that an output script matches. Used by relay policy and RPC;
// consensus does not depend on it. Thread-safe.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "chain/primitives/script.h"

namespace parley {

/// `nonstandard`: matches no template.
enum class ScriptType : uint8_t {
    nonstandard,
    public_key,
    public_key_hash,
    script_hash,
    multisig,
    data,  ///< OP_RETURN followed by pushes
    witness_key_hash,
    witness_script_hash,
    taproot,
    anchor,          ///< pay to anchor: witness version 1, program 4e73
    witness_unknown  ///< reserved for later soft forks
};
ScriptType classify_script(const Script& script);

/// bitcoind's "type": "pubkeyhash", "witness_v0_keyhash", "nulldata", ...
std::string_view to_string(ScriptType type);

/// The public keys of a multisig script, and how many signatures it requires.
struct Multisig {
    int required = 0;
    std::vector<Bytes> keys;
};
/// At most 20 keys, each of the length that its first byte implies.
std::optional<Multisig> match_multisig(const Script& script);

}  // namespace parley
