// Scripts as the public test suites write them: numbers, 0xHEX as raw bytes, 'text' as a push, and
// the names of opcodes with or without OP_. Flags by name. For tests only.
#pragma once

#include <array>
#include <charconv>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "chain/script.h"
#include "chain/script_check.h"

namespace parley {

/// From 0x61 (NOP) to 0xba (CHECKSIGADD) in their order.
inline constexpr std::array kOpcodeNames{"NOP",
                                         "VER",
                                         "IF",
                                         "NOTIF",
                                         "VERIF",
                                         "VERNOTIF",
                                         "ELSE",
                                         "ENDIF",
                                         "VERIFY",
                                         "RETURN",
                                         "TOALTSTACK",
                                         "FROMALTSTACK",
                                         "2DROP",
                                         "2DUP",
                                         "3DUP",
                                         "2OVER",
                                         "2ROT",
                                         "2SWAP",
                                         "IFDUP",
                                         "DEPTH",
                                         "DROP",
                                         "DUP",
                                         "NIP",
                                         "OVER",
                                         "PICK",
                                         "ROLL",
                                         "ROT",
                                         "SWAP",
                                         "TUCK",
                                         "CAT",
                                         "SUBSTR",
                                         "LEFT",
                                         "RIGHT",
                                         "SIZE",
                                         "INVERT",
                                         "AND",
                                         "OR",
                                         "XOR",
                                         "EQUAL",
                                         "EQUALVERIFY",
                                         "RESERVED1",
                                         "RESERVED2",
                                         "1ADD",
                                         "1SUB",
                                         "2MUL",
                                         "2DIV",
                                         "NEGATE",
                                         "ABS",
                                         "NOT",
                                         "0NOTEQUAL",
                                         "ADD",
                                         "SUB",
                                         "MUL",
                                         "DIV",
                                         "MOD",
                                         "LSHIFT",
                                         "RSHIFT",
                                         "BOOLAND",
                                         "BOOLOR",
                                         "NUMEQUAL",
                                         "NUMEQUALVERIFY",
                                         "NUMNOTEQUAL",
                                         "LESSTHAN",
                                         "GREATERTHAN",
                                         "LESSTHANOREQUAL",
                                         "GREATERTHANOREQUAL",
                                         "MIN",
                                         "MAX",
                                         "WITHIN",
                                         "RIPEMD160",
                                         "SHA1",
                                         "SHA256",
                                         "HASH160",
                                         "HASH256",
                                         "CODESEPARATOR",
                                         "CHECKSIG",
                                         "CHECKSIGVERIFY",
                                         "CHECKMULTISIG",
                                         "CHECKMULTISIGVERIFY",
                                         "NOP1",
                                         "CHECKLOCKTIMEVERIFY",
                                         "CHECKSEQUENCEVERIFY",
                                         "NOP4",
                                         "NOP5",
                                         "NOP6",
                                         "NOP7",
                                         "NOP8",
                                         "NOP9",
                                         "NOP10",
                                         "CHECKSIGADD"};

inline std::optional<uint8_t> opcode_by_name(std::string_view name) {
    if (name.starts_with("OP_")) name.remove_prefix(3);
    if (name == "RESERVED") return uint8_t{OP_RESERVED};
    if (name == "NOP2") return opcode_by_name("CHECKLOCKTIMEVERIFY");
    if (name == "NOP3") return opcode_by_name("CHECKSEQUENCEVERIFY");
    for (size_t i = 0; i < kOpcodeNames.size(); ++i) {
        if (kOpcodeNames[i] == name) return static_cast<uint8_t>(0x61 + i);
    }
    return std::nullopt;
}

/// Empty: a word that is none of the forms (some suites have placeholders).
inline std::optional<Script> script_from_text(const std::string& text) {
    Bytes bytes;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        int64_t number = 0;
        const auto parsed = std::from_chars(word.data(), word.data() + word.size(), number);
        if (parsed.ec == std::errc{} && parsed.ptr == word.data() + word.size()) {
            append(bytes, ScriptBuilder{}.push_number(number).build().bytes());
        } else if (word.starts_with("0x")) {
            const auto raw = from_hex(word.substr(2));
            if (!raw) return std::nullopt;
            append(bytes, *raw);
        } else if (word.size() >= 2 && word.front() == '\'' && word.back() == '\'') {
            const auto push = as_bytes(std::string_view{word}.substr(1, word.size() - 2));
            append(bytes, ScriptBuilder{}.push(push).build().bytes());
        } else if (const auto opcode = opcode_by_name(word)) {
            bytes.push_back(*opcode);
        } else {
            return std::nullopt;
        }
    }
    return Script{std::move(bytes)};
}

/// Comma-separated. Empty: a name that is none.
inline std::optional<ScriptFlags> flags_from_text(const std::string& text) {
    static constexpr std::array<std::pair<std::string_view, ScriptFlags>, 20> kFlags{{
        {"NONE", kVerifyNone},
        {"", kVerifyNone},
        {"P2SH", kVerifyP2sh},
        {"STRICTENC", kVerifyStrictEncoding},
        {"DERSIG", kVerifyDerSignatures},
        {"LOW_S", kVerifyLowS},
        {"NULLDUMMY", kVerifyNullDummy},
        {"SIGPUSHONLY", kVerifySigPushOnly},
        {"MINIMALDATA", kVerifyMinimalData},
        {"DISCOURAGE_UPGRADABLE_NOPS", kVerifyDiscourageUpgradableNops},
        {"CLEANSTACK", kVerifyCleanStack},
        {"CHECKLOCKTIMEVERIFY", kVerifyCheckLocktime},
        {"CHECKSEQUENCEVERIFY", kVerifyCheckSequence},
        {"WITNESS", kVerifyWitness},
        {"DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM", kVerifyDiscourageUpgradableWitness},
        {"MINIMALIF", kVerifyMinimalIf},
        {"NULLFAIL", kVerifyNullFail},
        {"WITNESS_PUBKEYTYPE", kVerifyWitnessPublicKeyType},
        {"CONST_SCRIPTCODE", kVerifyConstScriptCode},
        {"TAPROOT", kVerifyTaproot},
    }};
    ScriptFlags flags = kVerifyNone;
    std::istringstream names(text);
    for (std::string name; std::getline(names, name, ',');) {
        bool known = false;
        for (const auto& [word, flag] : kFlags) {
            if (word == name) {
                flags |= flag;
                known = true;
            }
        }
        if (!known) return std::nullopt;
    }
    return flags;
}

}  // namespace parley
