// Parses the text form of miniscript. The nesting of the text is kept in a list of open calls.
#include <algorithm>
#include <array>
#include <charconv>

#include "chain/primitives/consensus_limits.h"
#include "wallet/miniscript/miniscript.h"

namespace parley {
namespace {

// BIP342's stack has 1,000 items: more keys or children can never all have their arguments there.
constexpr size_t kArgumentsMax = 999;
constexpr uint32_t kLockMax = 0x7fffffff;

constexpr std::string_view kLetters = "ascdvjntlu";

std::optional<uint32_t> parse_number(std::string_view text) {
    uint32_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

class MiniscriptParser {
 public:
    MiniscriptParser(std::string_view text, MiniscriptContext context,
                     const Miniscript::KeyReader& read_key)
        : rest_(text), context_(context), read_key_(read_key), builder_(context) {}

    std::optional<Miniscript> parse() {
        while (!builder_.too_large()) {
            auto node = open();
            if (failed_) return std::nullopt;
            while (node && !calls_.empty()) node = close(*node);
            if (failed_) return std::nullopt;
            if (node) return rest_.empty() ? builder_.finish() : std::nullopt;
        }
        return std::nullopt;
    }

 private:
    struct OpenCall {
        Fragment fragment = Fragment::zero;
        bool and_n = false;
        uint32_t number = 0;
        std::string_view wrappers;
        std::vector<uint32_t> children;
    };
    using Node = std::optional<uint32_t>;  ///< empty: a call was opened, or failed_

    Node fail() {
        failed_ = true;
        return std::nullopt;
    }
    bool take(std::string_view text) {
        if (!rest_.starts_with(text)) return false;
        rest_.remove_prefix(text.size());
        return true;
    }
    /// Removes and returns the text up to a comma or a closing bracket.
    std::string_view take_argument() {
        const std::string_view argument = rest_.substr(0, rest_.find_first_of(",)"));
        rest_.remove_prefix(argument.size());
        return argument;
    }

    /// Reads wrappers and then a leaf, or the name of a call with its bracket.
    Node open() {
        std::string_view wrappers;
        const size_t mark = rest_.find_first_of(":(),");
        if (mark != std::string_view::npos && rest_[mark] == ':') {
            wrappers = rest_.substr(0, mark);
            rest_.remove_prefix(mark + 1);
            if (wrappers.empty() || wrappers.find_first_not_of(kLetters) != std::string_view::npos)
                return fail();
        }
        const std::string_view name = rest_.substr(0, rest_.find_first_of("(),"));
        rest_.remove_prefix(name.size());
        if (name == "0" || name == "1") {
            if (rest_.starts_with('(')) return fail();
            return wrap(builder_.leaf(name == "0" ? Fragment::zero : Fragment::one, 0), wrappers);
        }
        if (!take("(")) return fail();
        if (open_call(name, wrappers)) return std::nullopt;
        if (failed_) return std::nullopt;
        const Node leaf = read_leaf(name);
        if (!leaf || !take(")")) return fail();
        return wrap(*leaf, wrappers);
    }

    bool open_call(std::string_view name, std::string_view wrappers) {
        OpenCall call;
        call.wrappers = wrappers;
        call.and_n = name == "and_n";
        bool found = call.and_n;
        if (call.and_n) call.fragment = Fragment::andor;
        for (auto fragment = Fragment::and_v; !found && fragment <= Fragment::thresh;
             fragment = static_cast<Fragment>(static_cast<uint8_t>(fragment) + 1)) {
            found = name == fragment_name(fragment);
            call.fragment = fragment;
        }
        if (!found) return false;
        if (call.fragment == Fragment::thresh) {
            const auto number = parse_number(take_argument());
            if (!number || *number == 0 || !take(",")) {
                fail();
                return false;
            }
            call.number = *number;
        }
        calls_.push_back(std::move(call));
        return true;
    }

    /// Adds an argument to the innermost open call. Returns the call when it is complete; empty: it
    /// has more arguments.
    Node close(uint32_t argument) {
        OpenCall& call = calls_.back();
        call.children.push_back(argument);
        const bool is_threshold = call.fragment == Fragment::thresh;
        const size_t arity = call.fragment == Fragment::andor && !call.and_n ? 3 : 2;
        const size_t count_max = is_threshold ? kArgumentsMax : arity;
        if (call.children.size() < count_max && take(",")) return std::nullopt;
        if (!take(")")) return fail();
        const size_t count_min = is_threshold ? call.number : arity;
        if (call.children.size() < count_min) return fail();
        if (call.and_n) call.children.push_back(builder_.leaf(Fragment::zero, 0));
        const OpenCall done = std::move(call);
        calls_.pop_back();
        return wrap(builder_.inner(done.fragment, done.number, done.children), done.wrappers);
    }

    uint32_t wrap(uint32_t node, std::string_view wrappers) {
        for (size_t i = wrappers.size(); i-- > 0 && !builder_.too_large();)
            node = wrap_once(node, wrappers[i]);
        return node;
    }

    uint32_t wrap_once(uint32_t node, char letter) {
        if (letter == 't') {
            const uint32_t one = builder_.leaf(Fragment::one, 0);
            return builder_.inner(Fragment::and_v, 0, std::array{node, one});
        }
        if (letter == 'l' || letter == 'u') {
            const uint32_t zero = builder_.leaf(Fragment::zero, 0);
            const auto children = letter == 'l' ? std::array{zero, node} : std::array{node, zero};
            return builder_.inner(Fragment::or_i, 0, children);
        }
        auto fragment = Fragment::wrap_a;
        while (fragment_name(fragment)[0] != letter)
            fragment = static_cast<Fragment>(static_cast<uint8_t>(fragment) + 1);
        return builder_.inner(fragment, 0, std::array{node});
    }

    Node read_leaf(std::string_view name) {
        if (name == "pk" || name == "pkh") {
            const Node key = read_key(name == "pk" ? Fragment::pk_k : Fragment::pk_h);
            if (!key) return key;
            return builder_.inner(Fragment::wrap_c, 0, std::array{*key});
        }
        for (const Fragment fragment : {Fragment::pk_k, Fragment::pk_h})
            if (name == fragment_name(fragment)) return read_key(fragment);
        for (const Fragment fragment : {Fragment::older, Fragment::after})
            if (name == fragment_name(fragment)) {
                const auto number = parse_number(take_argument());
                if (!number || *number < 1 || *number > kLockMax) return fail();
                return builder_.leaf(fragment, *number);
            }
        for (const Fragment fragment : {Fragment::multi, Fragment::multi_a})
            if (name == fragment_name(fragment)) return read_multisig(fragment);
        for (const Fragment fragment :
             {Fragment::sha256, Fragment::hash256, Fragment::ripemd160, Fragment::hash160})
            if (name == fragment_name(fragment)) return read_hash(fragment);
        return fail();
    }

    Node read_key(Fragment fragment) {
        if (!read_key_(take_argument())) return fail();
        return builder_.keys(fragment, 0, 1);
    }

    Node read_multisig(Fragment fragment) {
        const bool tapscript = context_ == MiniscriptContext::tapscript;
        if (tapscript != (fragment == Fragment::multi_a)) return fail();
        const auto required = parse_number(take_argument());
        if (!required || *required < 1) return fail();
        const size_t count_max = tapscript ? kArgumentsMax : size_t{kMultisigKeysMax};
        uint32_t count = 0;
        while (take(",")) {
            if (count == count_max || !read_key_(take_argument())) return fail();
            ++count;
        }
        if (count < *required) return fail();
        return builder_.keys(fragment, *required, count);
    }

    Node read_hash(Fragment fragment) {
        const bool is_long = fragment == Fragment::sha256 || fragment == Fragment::hash256;
        const auto digest = from_hex(take_argument());
        if (!digest || digest->size() != (is_long ? 32 : 20)) return fail();
        return builder_.hash(fragment, *digest);
    }

    std::string_view rest_;
    const MiniscriptContext context_;
    const Miniscript::KeyReader& read_key_;
    MiniscriptBuilder builder_;
    std::vector<OpenCall> calls_;
    bool failed_ = false;
};

}  // namespace

std::optional<Miniscript> Miniscript::parse(std::string_view text, MiniscriptContext context,
                                            const KeyReader& read_key) {
    return MiniscriptParser{text, context, read_key}.parse();
}

}  // namespace parley
