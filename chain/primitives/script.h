// Script: a byte string of opcodes. This file has the bytes, the standard output templates and a
// builder. The opcodes are in opcode.h, the interpreter in script_interpreter.h.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>

#include "base/crypto/hash.h"
#include "base/short_bytes.h"
#include "chain/primitives/consensus_limits.h"
#include "chain/primitives/opcode.h"

namespace parley {

class Script {
 public:
    Script() = default;
    explicit Script(ByteSpan bytes) : bytes_(bytes) {}
    explicit Script(const Bytes& bytes) : Script(ByteSpan{bytes}) {}

    /// Borrows.
    ByteSpan bytes() const { return bytes_.span(); }
    size_t size() const { return bytes_.size(); }
    bool empty() const { return bytes_.size() == 0; }
    /// Heap memory in addition to the object itself.
    size_t heap_bytes() const { return bytes_.heap_bytes(); }

    /// Can never be spent, so it is not added to the UTXO set: starts with OP_RETURN, or is longer
    /// than 10,000 bytes.
    bool is_unspendable() const {
        return (!empty() && bytes()[0] == OP_RETURN) || size() > kScriptSizeMax;
    }

    auto operator<=>(const Script&) const = default;

 private:
    ShortBytes bytes_;
};

class ScriptBuilder {
 public:
    ScriptBuilder& op(uint8_t opcode) {
        bytes_.push_back(opcode);
        return *this;
    }
    /// A minimal push of `data`, using OP_N for the small numbers (BIP62 rule 3).
    ScriptBuilder& push(ByteSpan data);
    /// A minimal push of a number in Script's sign-and-magnitude form.
    ScriptBuilder& push_number(int64_t value);
    Script build() const { return Script{bytes_}; }

 private:
    Bytes bytes_;
};

/// Version and program of a witness output (BIP141): OP_n and one push of 2 to 40 bytes. Borrows
/// from the script.
struct WitnessProgram {
    int version = 0;
    ByteSpan program;
};
std::optional<WitnessProgram> witness_program(ByteSpan script);
inline std::optional<WitnessProgram> witness_program(const Script& script) {
    return witness_program(script.bytes());
}
/// A version 1 program of 32 bytes (BIP341).
bool is_taproot(const Script& script);
/// Pay to anchor: a version 1 program 4e73, which anybody may spend without a witness.
bool is_anchor(const WitnessProgram& program);

Script p2pkh_script(const Hash160& key_hash);
Script p2sh_script(const Hash160& script_hash);
Script p2wpkh_script(const Hash160& key_hash);
Script witness_script(int version, ByteSpan program);

/// The key hash, if the script matches the template exactly.
std::optional<Hash160> match_p2pkh(const Script& script);
std::optional<Hash160> match_p2sh(const Script& script);
std::optional<Hash160> match_p2wpkh(const Script& script);
/// The serialised public key (33 or 65 bytes, not validated). Borrows from the script.
std::optional<ByteSpan> match_p2pk(const Script& script);

}  // namespace parley
