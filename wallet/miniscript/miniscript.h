// Miniscript (BIP379): spending conditions as an expression whose script can be analysed and
// satisfied. A value that knows its keys by position only: callers hold them. Thread-safe.
//
// Nodes are stored in post-order, children before parents, so that every analysis is a loop: text
// and scripts from outside choose the depth of an expression, which no recursion may follow.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/crypto/hash.h"
#include "chain/primitives/script.h"
#include "wallet/miniscript/miniscript_type.h"

namespace parley {

struct MiniscriptNode {
    Fragment fragment = Fragment::zero;
    MiniscriptType type{};
    uint32_t number = 0;       ///< a lock, or the threshold of multi, multi_a and thresh
    uint32_t first = 0;        ///< position of the first child, key or hash in its list
    uint32_t count = 0;        ///< of children or keys
    uint32_t script_size = 0;  ///< of the whole expression
};

class Miniscript {
 public:
    /// Reads one key; called in the order of the text. Empty: not a key, and parsing stops.
    using KeyReader = std::function<bool(std::string_view text)>;
    /// Empty: a syntax error, a refused key, or a script that is too long. The types may be wrong:
    /// see MiniscriptAnalysis.
    static std::optional<Miniscript> parse(std::string_view text, MiniscriptContext context,
                                           const KeyReader& read_key);

    /// The serialised key with that hash. Empty: not known.
    using KeyOfHash = std::function<std::optional<Bytes>(const Hash160& hash)>;
    struct Decoded;
    /// The expression with exactly that script, of type B. Empty: there is none, or pk_h has an
    /// unknown key. Keys are not validated.
    static std::optional<Decoded> decode(const Script& script, MiniscriptContext context,
                                         const KeyOfHash& key_of_hash);

    MiniscriptContext context() const { return context_; }
    MiniscriptType type() const { return nodes_.back().type; }
    size_t script_size() const { return nodes_.back().script_size; }
    size_t key_count() const { return key_count_; }

    /// Children before parents, from left to right; the whole expression is the last.
    const std::vector<MiniscriptNode>& nodes() const { return nodes_; }
    /// Positions of the node's children; empty for a leaf, whose `first` is in another list.
    std::span<const uint32_t> children(const MiniscriptNode& node) const {
        if (!has_children(node)) return {};
        return std::span{children_}.subspan(node.first, node.count);
    }
    /// Of sha256, hash256, ripemd160 and hash160.
    const Bytes& hash(const MiniscriptNode& node) const { return hashes_[node.first]; }

    /// REQUIRES: key_count() serialised keys, compressed or, in tapscript, x-only; a valid type.
    Script script(std::span<const Bytes> keys) const;

    using KeyText = std::function<std::string(uint32_t key)>;
    std::string to_string(const KeyText& key_text) const {
        return to_string(nodes_.size() - 1, key_text);
    }
    /// Of a part of the expression.
    std::string to_string(size_t node, const KeyText& key_text) const;

    static bool has_children(const MiniscriptNode& node) {
        return node.fragment >= Fragment::and_v;
    }
    static bool is_wrapper(Fragment fragment) { return fragment >= Fragment::wrap_a; }
    static bool is_hash(Fragment fragment) {
        return fragment >= Fragment::sha256 && fragment <= Fragment::hash160;
    }
    static bool has_keys(Fragment fragment) {
        return fragment == Fragment::pk_k || fragment == Fragment::pk_h ||
               fragment == Fragment::multi || fragment == Fragment::multi_a;
    }

 private:
    friend class MiniscriptBuilder;
    Miniscript() = default;

    MiniscriptContext context_ = MiniscriptContext::p2wsh;
    std::vector<MiniscriptNode> nodes_;
    std::vector<uint32_t> children_;
    std::vector<Bytes> hashes_;
    uint32_t key_count_ = 0;
};

struct Miniscript::Decoded {
    Miniscript expression;
    std::vector<Bytes> keys;
};

/// Of scripts that relay policy lets spend: BIP379's limit for P2WSH, and for tapscript what is
/// left of a standard transaction beside the largest witness.
size_t miniscript_size_max(MiniscriptContext context);

/// Appends nodes in post-order. Used by the parser and the decoder.
class MiniscriptBuilder {
 public:
    explicit MiniscriptBuilder(MiniscriptContext context) { result_.context_ = context; }

    uint32_t leaf(Fragment fragment, uint32_t number);
    uint32_t hash(Fragment fragment, ByteSpan digest);
    uint32_t keys(Fragment fragment, uint32_t number, uint32_t count);
    uint32_t inner(Fragment fragment, uint32_t number, std::span<const uint32_t> children);

    /// Whether the script is longer than allowed: building on is useless.
    bool too_large() const { return too_large_; }
    /// The last node is the whole expression.
    std::optional<Miniscript> finish();

 private:
    uint32_t append(MiniscriptNode node);

    Miniscript result_;
    std::vector<MiniscriptType> child_types_;
    bool too_large_ = false;
};

/// The name in the text form; of wrappers, the letter.
std::string_view fragment_name(Fragment fragment);

}  // namespace parley
