#include "chain/primitives/opcode.h"

#include <array>

namespace parley {
namespace {

constexpr uint8_t kFirst = OP_PUSHDATA1;
constexpr uint8_t kLast = OP_CHECKSIGADD;

// From OP_PUSHDATA1 to OP_CHECKSIGADD in their order.
constexpr std::string_view kWords =
    "OP_PUSHDATA1 OP_PUSHDATA2 OP_PUSHDATA4 -1 OP_RESERVED 1 2 3 4 5 6 7 8 9 10 11 12 13 14 "
    "15 16 OP_NOP OP_VER OP_IF OP_NOTIF OP_VERIF OP_VERNOTIF OP_ELSE OP_ENDIF OP_VERIFY "
    "OP_RETURN OP_TOALTSTACK OP_FROMALTSTACK OP_2DROP OP_2DUP OP_3DUP OP_2OVER OP_2ROT "
    "OP_2SWAP OP_IFDUP OP_DEPTH OP_DROP OP_DUP OP_NIP OP_OVER OP_PICK OP_ROLL OP_ROT OP_SWAP "
    "OP_TUCK OP_CAT OP_SUBSTR OP_LEFT OP_RIGHT OP_SIZE OP_INVERT OP_AND OP_OR OP_XOR OP_EQUAL "
    "OP_EQUALVERIFY OP_RESERVED1 OP_RESERVED2 OP_1ADD OP_1SUB OP_2MUL OP_2DIV OP_NEGATE "
    "OP_ABS OP_NOT OP_0NOTEQUAL OP_ADD OP_SUB OP_MUL OP_DIV OP_MOD OP_LSHIFT OP_RSHIFT "
    "OP_BOOLAND OP_BOOLOR OP_NUMEQUAL OP_NUMEQUALVERIFY OP_NUMNOTEQUAL OP_LESSTHAN "
    "OP_GREATERTHAN OP_LESSTHANOREQUAL OP_GREATERTHANOREQUAL OP_MIN OP_MAX OP_WITHIN "
    "OP_RIPEMD160 OP_SHA1 OP_SHA256 OP_HASH160 OP_HASH256 OP_CODESEPARATOR OP_CHECKSIG "
    "OP_CHECKSIGVERIFY OP_CHECKMULTISIG OP_CHECKMULTISIGVERIFY OP_NOP1 OP_CHECKLOCKTIMEVERIFY "
    "OP_CHECKSEQUENCEVERIFY OP_NOP4 OP_NOP5 OP_NOP6 OP_NOP7 OP_NOP8 OP_NOP9 OP_NOP10 "
    "OP_CHECKSIGADD";

constexpr std::array<std::string_view, kLast - kFirst + 1> split_words() {
    std::array<std::string_view, kLast - kFirst + 1> names;
    std::string_view rest = kWords;
    for (auto& name : names) {
        const size_t end = rest.find(' ');
        name = rest.substr(0, end);
        rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    }
    return names;
}
constexpr auto kNames = split_words();
static_assert(kNames[OP_1 - kFirst] == "1" && kNames[OP_16 - kFirst] == "16");
static_assert(kNames[OP_CHECKSIG - kFirst] == "OP_CHECKSIG");
static_assert(kNames[OP_CHECKSIGADD - kFirst] == "OP_CHECKSIGADD");

}  // namespace

std::string_view opcode_name(uint8_t opcode) {
    if (opcode == OP_0) return "0";
    if (opcode >= kFirst && opcode <= kLast) return kNames[opcode - size_t{kFirst}];
    return opcode == 0xff ? "OP_INVALIDOPCODE" : "OP_UNKNOWN";
}

std::optional<uint8_t> opcode_by_name(std::string_view name) {
    if (name.starts_with("OP_")) name.remove_prefix(3);
    if (name == "NOP2") return OP_CHECKLOCKTIMEVERIFY;
    if (name == "NOP3") return OP_CHECKSEQUENCEVERIFY;
    for (int opcode = OP_RESERVED; opcode <= kLast; ++opcode) {
        const std::string_view full = kNames[static_cast<size_t>(opcode) - kFirst];
        if (full.starts_with("OP_") && full.substr(3) == name) return static_cast<uint8_t>(opcode);
    }
    return std::nullopt;
}

}  // namespace parley
