// Script: a byte string of opcodes. Here are the bytes, the opcodes' names, the templates that
// wallets pay to, and a builder. The interpreter is in script_verify.h.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/crypto/hash.h"

namespace parley {

enum Opcode : uint8_t {
    OP_0 = 0x00,
    OP_PUSHDATA1 = 0x4c,
    OP_PUSHDATA2 = 0x4d,
    OP_PUSHDATA4 = 0x4e,
    OP_1NEGATE = 0x4f,
    OP_RESERVED = 0x50,
    OP_1 = 0x51,
    OP_TRUE = OP_1,
    OP_16 = 0x60,
    OP_RETURN = 0x6a,
    OP_DUP = 0x76,
    OP_EQUAL = 0x87,
    OP_EQUALVERIFY = 0x88,
    OP_HASH160 = 0xa9,
    OP_CODESEPARATOR = 0xab,
    OP_CHECKSIG = 0xac,
    OP_CHECKSIGVERIFY = 0xad,
    OP_CHECKMULTISIG = 0xae,
    OP_CHECKMULTISIGVERIFY = 0xaf,
};

class Script {
 public:
    Script() = default;
    explicit Script(Bytes bytes) : bytes_(std::move(bytes)) {}

    const Bytes& bytes() const { return bytes_; }
    size_t size() const { return bytes_.size(); }
    bool empty() const { return bytes_.empty(); }

    /// Can never be spent, so it takes no place in the UTXO set: starts with OP_RETURN or is over
    /// 10,000 bytes.
    bool is_unspendable() const {
        return (!bytes_.empty() && bytes_[0] == OP_RETURN) || bytes_.size() > 10'000;
    }

    auto operator<=>(const Script&) const = default;

 private:
    Bytes bytes_;
};

class ScriptBuilder {
 public:
    ScriptBuilder& op(uint8_t opcode) {
        bytes_.push_back(opcode);
        return *this;
    }
    /// The shortest push of `data`, OP_N for the small numbers (BIP62 rule 3).
    ScriptBuilder& push(ByteSpan data);
    /// The shortest push of a number in Script's sign-and-magnitude form.
    ScriptBuilder& push_number(int64_t value);
    Script build() { return Script{std::move(bytes_)}; }

 private:
    Bytes bytes_;
};

/// Version and program of a witness output (BIP141): OP_n and one push of 2 to 40 bytes. Borrows
/// from the script.
struct WitnessProgram {
    int version = 0;
    ByteSpan program;
};
std::optional<WitnessProgram> witness_program(const Script& script);

Script p2pkh_script(const Hash160& key_hash);
Script p2sh_script(const Hash160& script_hash);
Script p2wpkh_script(const Hash160& key_hash);
Script witness_script(int version, ByteSpan program);

/// The key hash when the script is exactly that template.
std::optional<Hash160> match_p2pkh(const Script& script);
std::optional<Hash160> match_p2sh(const Script& script);
std::optional<Hash160> match_p2wpkh(const Script& script);
/// The serialised public key (33 or 65 bytes). Borrows from the script.
std::optional<ByteSpan> match_p2pk(const Script& script);

}  // namespace parley
