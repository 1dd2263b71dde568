// Parses the key expressions of descriptors, with bitcoind's checks in its order and its texts.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "chain/primitives/address.h"
#include "chain/rules/params.h"
#include "wallet/descriptor/key_expression.h"

namespace parley {
namespace {

using Wildcard = DescriptorKey::Wildcard;
using Parts = std::vector<std::string_view>;

constexpr size_t kXOnlySize = 32;
constexpr size_t kFingerprintDigits = 8;

Parts split_at(std::string_view text, char mark) {
    Parts parts;
    for (;;) {
        const size_t end = text.find(mark);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

bool is_space(char c) {
    return std::string_view{" \f\n\r\t\v"}.find(c) != std::string_view::npos;
}

class KeyExpressionParser {
 public:
    KeyExpressionParser(KeyContext context, const ChainParams& params)
        : context_(context), params_(params) {}

    Expected<std::vector<DescriptorKey>, std::string> parse(std::string_view text) {
        if (!parse_with_origin(text)) return Unexpected(std::move(error_));
        std::vector<DescriptorKey> keys;
        for (KeyPath& path : paths_) {
            keys.push_back(result_);
            keys.back().path = std::move(path);
        }
        return keys;
    }

 private:
    bool fail(std::string error) {
        error_ = std::move(error);
        return false;
    }

    bool parse_with_origin(std::string_view text) {
        if (text.starts_with("musig("))
            return fail(context_ == KeyContext::p2tr
                            ? "musig() is not supported"
                            : "musig() is only allowed in tr() and rawtr()");
        const Parts halves = split_at(text, ']');
        if (halves.size() > 2) return fail("Multiple ']' characters found for a single pubkey");
        if (halves.size() == 1) return parse_key(halves[0]);
        return parse_origin(halves[0]) && parse_key(halves[1]);
    }

    bool parse_origin(std::string_view text) {
        if (!text.starts_with('['))
            return fail(
                fmt::format("Key origin start '[ character expected but not found, got '{}' "
                            "instead",
                            text.empty() ? ']' : text[0]));
        const Parts parts = split_at(text.substr(1), '/');
        if (parts[0].size() != kFingerprintDigits)
            return fail(
                fmt::format("Fingerprint is not 4 bytes ({} characters instead of 8 characters)",
                            parts[0].size()));
        const auto fingerprint = from_hex(parts[0]);
        if (!fingerprint) return fail(fmt::format("Fingerprint '{}' is not hex", parts[0]));
        KeyOrigin origin;
        std::copy(fingerprint->begin(), fingerprint->end(), origin.fingerprint.begin());
        if (!parse_path({parts.begin() + 1, parts.end()}, false)) return false;
        origin.path = std::move(paths_.front());
        paths_.clear();
        result_.origin = std::move(origin);
        return true;
    }

    bool parse_key(std::string_view text) {
        Parts parts = split_at(text, '/');
        const std::string_view key = parts.front();
        parts.erase(parts.begin());
        if (key.empty()) return fail("No key provided");
        if (is_space(key.front()) || is_space(key.back()))
            return fail(fmt::format("Key '{}' is invalid due to whitespace", key));
        if (parts.empty()) {
            paths_.emplace_back();
            if (const auto bytes = from_hex(key)) return parse_constant(key, *bytes);
            if (const auto exported = decode_secret_key(params_.address_prefixes, key)) {
                result_.key = exported->key;
                return set_compressed(exported->compressed);
            }
            paths_.clear();
        }
        const Base58Versions& versions = params_.address_prefixes.base58;
        if (auto secret = HdPrivateKey::from_base58(key, versions.extended_secret_key))
            result_.key = *secret;
        else if (auto known = HdPublicKey::from_base58(key, versions.extended_public_key))
            result_.key = *known;
        else
            return fail(fmt::format("key '{}' is not valid", key));
        take_wildcard(parts);
        return parse_path(parts, true);
    }

    bool parse_constant(std::string_view key, const Bytes& bytes) {
        const bool hybrid = bytes.size() == 65 && (bytes[0] == 0x06 || bytes[0] == 0x07);
        if (hybrid) return fail("Hybrid public keys are not allowed");
        if (const auto known = PublicKey::parse(bytes)) {
            result_.key = *known;
            return set_compressed(known->compressed());
        }
        if (bytes.size() == kXOnlySize && context_ == KeyContext::p2tr) {
            Bytes even{0x02};
            append(even, bytes);
            if (const auto known = PublicKey::parse(even)) {
                result_.key = *known;
                result_.x_only = true;
                return true;
            }
        }
        return fail(fmt::format("Pubkey '{}' is invalid", key));
    }

    bool set_compressed(bool compressed) {
        const bool allowed = context_ == KeyContext::top || context_ == KeyContext::p2sh;
        if (!compressed && !allowed) return fail("Uncompressed keys are not allowed");
        result_.compressed = compressed;
        // bitcoind shows the secret keys inside tr() as x-only keys, and public ones as given.
        result_.x_only =
            context_ == KeyContext::p2tr && std::holds_alternative<SecretKey>(result_.key);
        return true;
    }

    void take_wildcard(Parts& parts) {
        if (parts.empty()) return;
        const std::string_view last = parts.back();
        if (last == "*") {
            result_.wildcard = Wildcard::plain;
        } else if (last == "*'" || last == "*h") {
            result_.wildcard = Wildcard::hardened;
            result_.apostrophes = last == "*'";
        } else {
            return;
        }
        parts.pop_back();
    }

    /// Sets paths_: one for each value of the multipath step, if there is one.
    bool parse_path(const Parts& parts, bool allow_multipath) {
        KeyPath path;
        std::vector<uint32_t> values;
        size_t place = 0;
        for (const std::string_view part : parts) {
            if (part.starts_with('<') && part.ends_with('>')) {
                if (!allow_multipath)
                    return fail(
                        fmt::format("Key path value '{}' specifies multipath in a section "
                                    "where multipath is not allowed",
                                    part));
                if (!values.empty()) return fail("Multiple multipath key path specifiers found");
                if (!parse_values(part, values)) return false;
                place = path.size();
                path.push_back(0);
                continue;
            }
            const auto step = parse_step(part);
            if (!step) return false;
            path.push_back(*step);
        }
        if (values.empty()) {
            paths_.push_back(std::move(path));
            return true;
        }
        for (const uint32_t value : values) {
            paths_.push_back(path);
            paths_.back()[place] = value;
        }
        return true;
    }

    bool parse_values(std::string_view part, std::vector<uint32_t>& values) {
        const Parts items = split_at(part.size() < 2 ? "" : part.substr(1, part.size() - 2), ';');
        if (items.size() < 2)
            return fail("Multipath key path specifiers must have at least two items");
        for (const std::string_view item : items) {
            const auto step = parse_step(item);
            if (!step) return false;
            if (std::find(values.begin(), values.end(), *step) != values.end())
                return fail(
                    fmt::format("Duplicated key path value {} in multipath specifier", *step));
            values.push_back(*step);
        }
        return true;
    }

    std::optional<uint32_t> parse_step(std::string_view text) {
        uint32_t hardened = 0;
        if (text.ends_with('\'') || text.ends_with('h')) {
            hardened = kHardened;
            result_.apostrophes = text.ends_with('\'');
            text.remove_suffix(1);
        }
        uint32_t number = 0;
        const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc{} || rest != text.data() + text.size()) {
            fail(fmt::format("Key path value '{}' is not a valid uint32", text));
            return std::nullopt;
        }
        if (number >= kHardened) {
            fail(fmt::format("Key path value {} is out of range", number));
            return std::nullopt;
        }
        return number | hardened;
    }

    KeyContext context_;
    const ChainParams& params_;
    DescriptorKey result_;
    std::vector<KeyPath> paths_;
    std::string error_;
};

}  // namespace

Expected<std::vector<DescriptorKey>, std::string> parse_key_expression(std::string_view text,
                                                                       KeyContext context,
                                                                       const ChainParams& params) {
    return KeyExpressionParser{context, params}.parse(text);
}

}  // namespace parley
