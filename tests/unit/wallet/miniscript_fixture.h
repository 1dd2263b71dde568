// Miniscripts with short names for keys and hashes. For tests only.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto/hash.h"
#include "base/crypto/keys.h"
#include "base/crypto/sha256.h"
#include "wallet/miniscript/miniscript.h"

namespace parley {

/// The number as 32 bytes: a secret key, or the preimage of a hash.
inline std::array<uint8_t, 32> test_number(int number) {
    std::array<uint8_t, 32> bytes{};
    bytes[30] = static_cast<uint8_t>(number >> 8);
    bytes[31] = static_cast<uint8_t>(number);
    return bytes;
}

inline SecretKey test_secret(int number) {
    return *SecretKey::from_bytes(test_number(number));
}

inline Bytes test_key(int number, MiniscriptContext context) {
    static std::map<int, PublicKey> known;  // tests run in one thread
    auto it = known.find(number);
    if (it == known.end()) it = known.emplace(number, test_secret(number).public_key(true)).first;
    return context == MiniscriptContext::tapscript ? to_bytes(it->second.x_only())
                                                   : to_bytes(it->second.bytes());
}

inline Bytes test_hash(std::string_view function, int number) {
    const auto preimage = test_number(number);
    const Hash256 once = sha256(preimage);
    if (function == "sha256") return to_bytes(once.span());
    if (function == "hash256") return to_bytes(sha256(once.span()).span());
    return to_bytes(function == "hash160" ? hash160(preimage) : ripemd160(preimage));
}

/// Replaces @n by the key of n, and #n by the hash of n.
inline std::string expand_test_text(std::string_view text, MiniscriptContext context) {
    std::string result;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '@' && text[i] != '#') {
            result += text[i];
            continue;
        }
        const bool is_key = text[i] == '@';
        int number = 0;
        while (i + 1 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '9')
            number = number * 10 + (text[++i] - '0');
        if (is_key) {
            result += to_hex(test_key(number, context));
            continue;
        }
        const std::string_view before{result.data(), result.size() - 1};
        const size_t start = before.find_last_of(",(:") + 1;  // 0 if there is none
        const Bytes digest = test_hash(before.substr(start), number);
        result += to_hex(digest);
    }
    return result;
}

inline std::optional<Miniscript::Decoded> parse_test_miniscript(std::string_view text,
                                                                MiniscriptContext context) {
    std::vector<Bytes> keys;
    const auto read_key = [&](std::string_view key) {
        const auto bytes = from_hex(key);
        const size_t size = context == MiniscriptContext::tapscript ? 32 : 33;
        if (!bytes || bytes->size() != size) return false;
        keys.push_back(*bytes);
        return true;
    };
    auto parsed = Miniscript::parse(expand_test_text(text, context), context, read_key);
    if (!parsed) return std::nullopt;
    return Miniscript::Decoded{std::move(*parsed), std::move(keys)};
}

inline std::string test_text(const Miniscript::Decoded& parsed) {
    return parsed.expression.to_string([&](uint32_t key) { return to_hex(parsed.keys[key]); });
}

inline std::vector<std::string> hex_of(const std::vector<Bytes>& keys) {
    std::vector<std::string> result;
    for (const Bytes& key : keys) result.push_back(to_hex(key));
    return result;
}

/// Knows the keys of 1 to 255.
inline Miniscript::KeyOfHash test_key_of_hash(MiniscriptContext context) {
    return [context](const Hash160& hash) -> std::optional<Bytes> {
        for (int number = 1; number <= 255; ++number) {
            Bytes key = test_key(number, context);
            if (hash160(key) == hash) return key;
        }
        return std::nullopt;
    };
}

}  // namespace parley
