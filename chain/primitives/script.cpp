#include "chain/primitives/script.h"

#include <algorithm>

#include "chain/primitives/script_number.h"

namespace parley {
namespace {

Hash160 hash160_at(ByteSpan bytes, size_t offset) {
    Hash160 hash;
    std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(offset), hash.size(), hash.begin());
    return hash;
}

}  // namespace

ScriptBuilder& ScriptBuilder::push(ByteSpan data) {
    if (data.empty()) return op(OP_0);
    if (data.size() == 1 && data[0] >= 1 && data[0] <= 16)
        return op(static_cast<uint8_t>(OP_1 - 1 + data[0]));
    if (data.size() == 1 && data[0] == 0x81) return op(OP_1NEGATE);
    if (data.size() < OP_PUSHDATA1) {
        op(static_cast<uint8_t>(data.size()));
    } else {
        const size_t length_size = data.size() <= 0xff ? 1 : data.size() <= 0xffff ? 2 : 4;
        op(length_size == 1 ? OP_PUSHDATA1 : length_size == 2 ? OP_PUSHDATA2 : OP_PUSHDATA4);
        for (size_t i = 0; i < length_size; ++i) op(static_cast<uint8_t>(data.size() >> (8 * i)));
    }
    append(bytes_, data);
    return *this;
}

ScriptBuilder& ScriptBuilder::push_number(int64_t value) {
    return push(encode_script_number(value).span());
}

std::optional<WitnessProgram> witness_program(ByteSpan script) {
    if (script.size() < 4 || script.size() > 42) return std::nullopt;
    const uint8_t version = script[0];
    if (version != OP_0 && (version < OP_1 || version > OP_16)) return std::nullopt;
    if (size_t{script[1]} + 2 != script.size()) return std::nullopt;
    return WitnessProgram{version == OP_0 ? 0 : version - OP_1 + 1, script.subspan(2)};
}

bool is_taproot(const Script& script) {
    const ByteSpan b = script.bytes();
    return b.size() == 34 && b[0] == OP_1 && b[1] == 32;
}

bool is_anchor(const WitnessProgram& program) {
    return program.version == 1 && program.program.size() == 2 && program.program[0] == 0x4e &&
           program.program[1] == 0x73;
}

Script p2pkh_script(const Hash160& key_hash) {
    return ScriptBuilder{}
        .op(OP_DUP)
        .op(OP_HASH160)
        .push(key_hash)
        .op(OP_EQUALVERIFY)
        .op(OP_CHECKSIG)
        .build();
}

Script p2sh_script(const Hash160& script_hash) {
    return ScriptBuilder{}.op(OP_HASH160).push(script_hash).op(OP_EQUAL).build();
}

Script p2wpkh_script(const Hash160& key_hash) {
    return witness_script(0, key_hash);
}

Script witness_script(int version, ByteSpan program) {
    return ScriptBuilder{}
        .op(static_cast<uint8_t>(version == 0 ? OP_0 : OP_1 - 1 + version))
        .push(program)
        .build();
}

std::optional<Hash160> match_p2pkh(const Script& script) {
    const ByteSpan b = script.bytes();
    if (b.size() != 25 || b[0] != OP_DUP || b[1] != OP_HASH160 || b[2] != 20 ||
        b[23] != OP_EQUALVERIFY || b[24] != OP_CHECKSIG) {
        return std::nullopt;
    }
    return hash160_at(b, 3);
}

std::optional<Hash160> match_p2sh(const Script& script) {
    const ByteSpan b = script.bytes();
    if (b.size() != 23 || b[0] != OP_HASH160 || b[1] != 20 || b[22] != OP_EQUAL)
        return std::nullopt;
    return hash160_at(b, 2);
}

std::optional<Hash160> match_p2wpkh(const Script& script) {
    const ByteSpan b = script.bytes();
    if (b.size() != 22 || b[0] != OP_0 || b[1] != 20) return std::nullopt;
    return hash160_at(b, 2);
}

std::optional<ByteSpan> match_p2pk(const Script& script) {
    const ByteSpan b = script.bytes();
    if (b.size() != 35 && b.size() != 67) return std::nullopt;
    if (b[0] != b.size() - 2 || b.back() != OP_CHECKSIG) return std::nullopt;
    return ByteSpan{b}.subspan(1, b.size() - 2);
}

}  // namespace parley
