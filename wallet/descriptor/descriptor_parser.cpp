// Parses descriptors, with bitcoind's checks in its order and its texts.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "chain/primitives/address.h"
#include "chain/primitives/consensus_limits.h"
#include "chain/rules/params.h"
#include "chain/script/taproot.h"
#include "wallet/descriptor/descriptor.h"
#include "wallet/miniscript/miniscript_analysis.h"

namespace parley {
namespace {

using Kind = Descriptor::Kind;

// Limits the cost of parsing hostile input. The largest useful text, a tree of 999-key leaves with
// origins, is shorter.
constexpr size_t kTextSizeMax = 1'000'000;
constexpr size_t kBareMultisigKeysMax = 3;         // relay policy
constexpr size_t kTapscriptMultisigKeysMax = 999;  // BIP342: the stack has 1000 items

/// Removes `text` from the front of `rest`.
bool take(std::string_view& rest, char text) {
    if (!rest.starts_with(text)) return false;
    rest.remove_prefix(1);
    return true;
}

/// Removes and returns the text up to a comma or a closing bracket outside of brackets.
std::string_view take_expression(std::string_view& rest) {
    int level = 0;
    size_t size = 0;
    for (; size < rest.size(); ++size) {
        const char c = rest[size];
        const bool closing = c == ')' || c == '}';
        if (level == 0 && (closing || c == ',')) break;
        if (c == '(' || c == '{') ++level;
        if (closing) --level;
    }
    const std::string_view expression = rest.substr(0, size);
    rest.remove_prefix(size);
    return expression;
}

class DescriptorParser {
 public:
    using Descriptors = std::vector<Descriptor>;  ///< one for each value of a multipath step

    explicit DescriptorParser(const ChainParams& params) : params_(params) {}

    Expected<Descriptors, std::string> parse(std::string_view text) {
        std::string_view rest = text;
        Descriptors result = parse_script(rest, KeyContext::top);
        if (error_.empty() && (result.empty() || !rest.empty())) error_ = not_a_function(text);
        if (!error_.empty()) return Unexpected(std::move(error_));
        return result;
    }

 private:
    using Keys = std::vector<DescriptorKey>;

    Descriptors fail(std::string error) {
        error_ = std::move(error);
        return {};
    }

    bool refuse(std::string error) {
        error_ = std::move(error);
        return false;
    }

    static std::string not_a_function(std::string_view text) {
        return fmt::format("'{}' is not a valid descriptor function", text);
    }

    /// If the text is a call of that function, sets `arguments_` to what its brackets enclose.
    bool is_call(std::string_view text, std::string_view function) {
        if (!text.starts_with(function) || !text.ends_with(')')) return false;
        text.remove_prefix(function.size());
        if (!text.starts_with('(')) return false;
        arguments_ = text.substr(1, text.size() - 2);
        return true;
    }

    Descriptors parse_script(std::string_view& rest, KeyContext context) {
        const std::string_view text = take_expression(rest);
        const bool top = context == KeyContext::top;
        const bool tapscript = context == KeyContext::p2tr;
        const bool outer = top || context == KeyContext::p2sh;
        if (is_call(text, "pk")) return parse_single(Kind::pk, context);
        if (!tapscript && is_call(text, "pkh")) return parse_single(Kind::pkh, context);
        if (is_call(text, "combo"))
            return top ? parse_single(Kind::combo, context)
                       : fail("Can only have combo() at top level");
        for (const Kind kind : {Kind::multi, Kind::sortedmulti}) {
            if (!is_call(text, name_of(kind))) continue;
            return tapscript ? fail(
                                   "Can only have multi/sortedmulti at top level, in sh(), or in "
                                   "wsh()")
                             : parse_multisig(kind, context);
        }
        for (const Kind kind : {Kind::multi_a, Kind::sortedmulti_a}) {
            if (!is_call(text, name_of(kind))) continue;
            return tapscript ? parse_multisig(kind, context)
                             : fail("Can only have multi_a/sortedmulti_a inside tr()");
        }
        if (is_call(text, "wpkh"))
            return outer ? parse_single(Kind::wpkh, KeyContext::p2wpkh)
                         : fail("Can only have wpkh() at top level or inside sh()");
        if (is_call(text, "sh"))
            return top ? parse_wrapped(Kind::sh, KeyContext::p2sh)
                       : fail("Can only have sh() at top level");
        if (is_call(text, "wsh"))
            return outer ? parse_wrapped(Kind::wsh, KeyContext::p2wsh)
                         : fail("Can only have wsh() at top level or inside sh()");
        return parse_top_only(text, context);
    }

    Descriptors parse_top_only(std::string_view text, KeyContext context) {
        const bool top = context == KeyContext::top;
        if (is_call(text, "addr")) {
            if (!top) return fail("Can only have addr() at top level");
            const auto script = decode_address(params_.address_prefixes, arguments_);
            if (!script) return fail("Address is not valid");
            return {Descriptor::of_script(Kind::addr, *script)};
        }
        if (is_call(text, "tr"))
            return top ? parse_taproot() : fail("Can only have tr at top level");
        if (is_call(text, "rawtr")) {
            if (!top) return fail("Can only have rawtr at top level");
            std::string_view rest = arguments_;
            arguments_ = take_expression(rest);
            if (!rest.empty()) return fail("rawtr(): only one key expected.");
            return parse_single(Kind::rawtr, KeyContext::p2tr);
        }
        if (is_call(text, "raw")) {
            if (!top) return fail("Can only have raw() at top level");
            const auto bytes = from_hex(arguments_);
            if (!bytes || bytes->empty()) return fail("Raw script is not hex");
            return {Descriptor::of_script(Kind::raw, Script{*bytes})};
        }
        if (auto result = parse_miniscript(text, context)) return std::move(*result);
        if (context == KeyContext::p2sh) return fail("A function is needed within P2SH");
        if (context == KeyContext::p2wsh) return fail("A function is needed within P2WSH");
        return fail(not_a_function(text));
    }

    /// Empty: not miniscript, so that another error describes the text better. Empty Descriptors:
    /// error_ is set.
    std::optional<Descriptors> parse_miniscript(std::string_view text, KeyContext context) {
        const bool in_p2wsh = context == KeyContext::p2wsh;
        std::vector<Keys> keys;
        const auto read_key = [&](std::string_view key) {
            auto read =
                parse_key_expression(key, in_p2wsh ? KeyContext::p2wsh : KeyContext::p2tr, params_);
            if (!read) return refuse(read.error());
            keys.push_back(std::move(*read));
            return true;
        };
        const auto expression = Miniscript::parse(
            text, in_p2wsh ? MiniscriptContext::p2wsh : MiniscriptContext::tapscript, read_key);
        if (!error_.empty()) return Descriptors{};
        if (!expression) return std::nullopt;
        if (!in_p2wsh && context != KeyContext::p2tr)
            return fail("Miniscript expressions can only be used in wsh or tr.");
        if (auto problem = miniscript_problem(*expression, keys)) return fail(std::move(*problem));
        const auto paths = alternatives(keys);
        if (!paths) return fail("Miniscript: Multipath derivation paths have mismatched lengths");
        Descriptors result;
        for (size_t path = 0; path < *paths; ++path)
            result.push_back(Descriptor::of_miniscript(*expression, chosen_keys(keys, path)));
        return result;
    }

    std::optional<std::string> miniscript_problem(const Miniscript& expression,
                                                  const std::vector<Keys>& keys) const {
        std::vector<KeyExpression> first;
        std::vector<std::string> names;  // equal for equal keys
        for (const Keys& each : keys) {
            first.emplace_back(each.front());
            const auto derived = first.back().public_key(0);
            names.push_back(derived ? to_hex(derived->bytes())
                                    : first.back().to_string(params_, KeyForm::public_only));
        }
        return MiniscriptAnalysis{expression, names}.problem(
            [&](uint32_t key) { return first[key].to_string(params_, KeyForm::public_only); });
    }

    /// Of the alternatives of each key, those of one path.
    static Keys chosen_keys(const std::vector<Keys>& keys, size_t path) {
        Keys chosen;
        for (const Keys& each : keys) chosen.push_back(each.size() == 1 ? each[0] : each[path]);
        return chosen;
    }

    /// Empty: error_ is set, with `prefix`.
    Keys parse_key(std::string_view text, KeyContext context, std::string_view prefix) {
        auto keys = parse_key_expression(text, context, params_);
        if (keys) return std::move(*keys);
        error_ = fmt::format("{}: {}", prefix, keys.error());
        return {};
    }

    Descriptors parse_single(Kind kind, KeyContext context) {
        Descriptors result;
        for (DescriptorKey& key :
             parse_key(arguments_, context, fmt::format("{}()", name_of(kind))))
            result.push_back(Descriptor::of_key(kind, std::move(key)));
        return result;
    }

    Descriptors parse_wrapped(Kind kind, KeyContext context) {
        std::string_view rest = arguments_;
        Descriptors result;
        for (Descriptor& inner : parse_script(rest, context))
            result.push_back(Descriptor::wrap(kind, std::move(inner)));
        if (!rest.empty()) result.clear();
        return result;
    }

    Descriptors parse_multisig(Kind kind, KeyContext context) {
        std::string_view rest = arguments_;
        const std::string_view number = take_expression(rest);
        uint32_t threshold = 0;
        const auto [end, problem] =
            std::from_chars(number.data(), number.data() + number.size(), threshold);
        if (problem != std::errc{} || end != number.data() + number.size())
            return fail(fmt::format("Multi threshold '{}' is not valid", number));
        std::vector<Keys> keys;  // each with its multipath alternatives
        while (!rest.empty()) {
            if (!take(rest, ','))
                return fail(fmt::format("Multi: expected ',', got '{}'", rest.front()));
            keys.push_back(parse_key(take_expression(rest), context, "Multi"));
            if (keys.back().empty()) return {};
        }
        if (auto problem_text = check_multisig(kind, threshold, keys, context))
            return fail(std::move(*problem_text));
        const auto paths = alternatives(keys);
        if (!paths) return fail("multi(): Multipath derivation paths have mismatched lengths");
        Descriptors result;
        for (size_t path = 0; path < *paths; ++path)
            result.push_back(Descriptor::of_keys(kind, threshold, chosen_keys(keys, path)));
        return result;
    }

    static std::optional<std::string> check_multisig(Kind kind, uint32_t threshold,
                                                     const std::vector<Keys>& keys,
                                                     KeyContext context) {
        const bool tapscript = kind == Kind::multi_a || kind == Kind::sortedmulti_a;
        const size_t keys_max =
            tapscript ? kTapscriptMultisigKeysMax : static_cast<size_t>(kMultisigKeysMax);
        if (keys.empty() || keys.size() > keys_max)
            return fmt::format(
                "Cannot have {} keys in {}; must have between 1 and {} keys, inclusive",
                keys.size(), tapscript ? "multi_a" : "multisig", keys_max);
        if (threshold < 1)
            return fmt::format("Multisig threshold cannot be {}, must be at least 1", threshold);
        if (threshold > keys.size())
            return fmt::format(
                "Multisig threshold cannot be larger than the number of keys; threshold is {} but "
                "only {} keys specified",
                threshold, keys.size());
        if (context == KeyContext::top && keys.size() > kBareMultisigKeysMax)
            return fmt::format("Cannot have {} pubkeys in bare multisig; only at most 3 pubkeys",
                               keys.size());
        if (context != KeyContext::p2sh) return std::nullopt;
        size_t size = 3;  // the two numbers and OP_CHECKMULTISIG
        for (const Keys& each : keys) size += KeyExpression{each.front()}.key_size() + 1;
        if (size <= kScriptItemSizeMax) return std::nullopt;
        return fmt::format("P2SH script is too large, {} bytes is larger than {} bytes", size,
                           kScriptItemSizeMax);
    }

    /// The number of multipath alternatives, which all that have several must share.
    template <class Items>
    static std::optional<size_t> alternatives(const std::vector<Items>& list) {
        size_t count = 1;
        for (const Items& each : list) count = std::max(count, each.size());
        for (const Items& each : list)
            if (each.size() != 1 && each.size() != count) return std::nullopt;
        return count;
    }

    Descriptors parse_taproot() {
        std::string_view rest = arguments_;
        const Keys keys = parse_key(take_expression(rest), KeyContext::p2tr, "tr()");
        if (keys.empty()) return {};
        std::vector<Descriptors> leaves;
        std::vector<uint8_t> depths;
        if (!rest.empty()) {
            if (!take(rest, ','))
                return fail(fmt::format("tr: expected ',', got '{}'", rest.front()));
            if (!parse_tree(rest, leaves, depths)) return {};
        }
        auto paths = alternatives(leaves);
        if (!paths) return fail("tr(): Multipath subscripts have mismatched lengths");
        if (leaves.empty() || (*paths == 1 && keys.size() > 1)) paths = keys.size();
        if (keys.size() > 1 && keys.size() != *paths)
            return fail("tr(): Multipath internal key mismatches multipath subscripts lengths");
        Descriptors result;
        for (size_t path = 0; path < *paths; ++path) {
            Descriptors chosen;
            for (const Descriptors& each : leaves)
                chosen.push_back(each.size() == 1 ? each[0] : each[path]);
            result.push_back(Descriptor::taproot(keys.size() == 1 ? keys[0] : keys[path],
                                                 std::move(chosen), depths));
        }
        return result;
    }

    /// A script, or two trees in braces. Without recursion: the text may nest 128 levels.
    bool parse_tree(std::string_view& rest, std::vector<Descriptors>& leaves,
                    std::vector<uint8_t>& depths) {
        std::vector<bool> path;  // from the root; true: in the right branch
        do {
            while (take(rest, '{')) {
                path.push_back(false);
                if (path.size() > kControlNodesMax)
                    return refuse(
                        fmt::format("tr() supports at most {} nesting levels", kControlNodesMax));
            }
            std::string_view leaf = take_expression(rest);
            leaves.push_back(parse_script(leaf, KeyContext::p2tr));
            if (leaves.back().empty()) return false;
            depths.push_back(static_cast<uint8_t>(path.size()));
            while (!path.empty() && path.back()) {
                if (!take(rest, '}')) return refuse("tr(): expected '}' after script expression");
                path.pop_back();
            }
            if (!path.empty()) {
                if (!take(rest, ',')) return refuse("tr(): expected ',' after script expression");
                path.back() = true;
            }
        } while (!path.empty());
        if (!rest.empty()) return refuse("tr(): expected ')' after script expression");
        return true;
    }

    const ChainParams& params_;
    std::string_view arguments_;
    std::string error_;
};

/// Checks and removes the checksum.
Expected<std::string_view, std::string> checked_body(std::string_view text, bool required) {
    if (text.size() > kTextSizeMax) return Unexpected(std::string{"The descriptor is too long"});
    const size_t mark = text.find('#');
    const std::string_view body = text.substr(0, mark);
    const std::string_view given =
        mark == std::string_view::npos ? std::string_view{} : text.substr(mark + 1);
    if (given.find('#') != std::string_view::npos)
        return Unexpected(std::string{"Multiple '#' symbols"});
    if (mark == std::string_view::npos && required)
        return Unexpected(std::string{"Missing checksum"});
    constexpr size_t kChecksumSize = 8;
    if (mark != std::string_view::npos && given.size() != kChecksumSize)
        return Unexpected(
            fmt::format("Expected 8 character checksum, not {} characters", given.size()));
    const auto expected = descriptor_checksum(body);
    if (!expected) return Unexpected(std::string{"Invalid characters in payload"});
    if (mark != std::string_view::npos && given != *expected)
        return Unexpected(fmt::format(
            "Provided checksum '{}' does not match computed checksum '{}'", given, *expected));
    return body;
}

}  // namespace

Expected<std::vector<Descriptor>, std::string> Descriptor::parse_all(std::string_view text,
                                                                     const ChainParams& params,
                                                                     bool require_checksum) {
    const auto body = checked_body(text, require_checksum);
    if (!body) return Unexpected(body.error());
    return DescriptorParser{params}.parse(*body);
}

Expected<Descriptor, std::string> Descriptor::parse(std::string_view text,
                                                    const ChainParams& params,
                                                    bool require_checksum) {
    auto all = parse_all(text, params, require_checksum);
    if (!all) return Unexpected(std::move(all.error()));
    if (all->size() > 1) return Unexpected(std::string{"Multipath descriptor not accepted"});
    return std::move(all->front());
}

}  // namespace parley
