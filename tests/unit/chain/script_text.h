// Scripts as the public test suites write them: numbers, 0xHEX as raw bytes, 'text' as a push, and
// the names of opcodes with or without OP_. Flags by name. For tests only.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "chain/primitives/script.h"
#include "chain/script/script_flags.h"

namespace parley {

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

/// bitcoind's names of the flags.
inline constexpr std::array<std::pair<std::string_view, ScriptFlags>, 21> kFlagNames{{
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
    {"DISCOURAGE_UPGRADABLE_TAPROOT_VERSION", kVerifyDiscourageUpgradableTaproot},
    {"DISCOURAGE_OP_SUCCESS", kVerifyDiscourageOpSuccess},
    {"DISCOURAGE_UPGRADABLE_PUBKEYTYPE", kVerifyDiscourageUpgradableKeyType},
}};

/// Comma-separated; "" and "NONE" are none. Empty: a name that is none.
inline std::optional<ScriptFlags> flags_from_text(const std::string& text) {
    ScriptFlags flags = kVerifyNone;
    std::istringstream names(text);
    for (std::string name; std::getline(names, name, ',');) {
        if (name.empty() || name == "NONE") continue;
        const auto* const found =
            std::find_if(kFlagNames.begin(), kFlagNames.end(),
                         [&](const auto& entry) { return entry.first == name; });
        if (found == kFlagNames.end()) return std::nullopt;
        flags |= found->second;
    }
    return flags;
}

}  // namespace parley
