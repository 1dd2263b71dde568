#include "wallet/miniscript/miniscript_analysis.h"

#include <set>

#include "chain/primitives/consensus_limits.h"

namespace parley {
namespace {

constexpr int64_t kP2wshItemsMax = 100;       // relay policy
constexpr int64_t kTapscriptStackMax = 1000;  // BIP342

/// Whether each node has the same key twice.
std::vector<bool> find_duplicate_keys(const Miniscript& expression,
                                      std::span<const std::string> names) {
    std::vector<bool> duplicate;
    std::vector<std::set<std::string_view>> keys;  // of each node, until its parent takes them
    for (const MiniscriptNode& node : expression.nodes()) {
        std::set<std::string_view> own;
        bool found = false;
        if (Miniscript::has_keys(node.fragment))
            for (uint32_t i = 0; i < node.count; ++i)
                found |= !own.insert(names[node.first + i]).second;
        for (const uint32_t child : expression.children(node)) {
            found |= duplicate[child];
            std::set<std::string_view> other = std::move(keys[child]);
            if (own.size() < other.size()) own.swap(other);
            if (!found)
                for (const std::string_view key : other) found |= !own.insert(key).second;
        }
        duplicate.push_back(found);
        keys.push_back(std::move(own));
    }
    return duplicate;
}

}  // namespace

MiniscriptAnalysis::MiniscriptAnalysis(const Miniscript& expression,
                                       std::span<const std::string> key_names)
    : expression_(expression),
      costs_(miniscript_costs(expression)),
      has_duplicate_keys_(find_duplicate_keys(expression, key_names)) {}

bool MiniscriptAnalysis::within_operations(size_t node) const {
    if (expression_.context() == MiniscriptContext::tapscript || !costs_[node].satisfied)
        return true;
    return operations(node) <= uint64_t{kScriptOpsMax};
}

bool MiniscriptAnalysis::within_stack(size_t node) const {
    if (!costs_[node].satisfied) return true;
    return expression_.context() == MiniscriptContext::tapscript
               ? stack_peak(node) <= kTapscriptStackMax
               : stack_items(node) <= kP2wshItemsMax;
}

bool MiniscriptAnalysis::is_sane_part(size_t node) const {
    return is_valid(node) && within_operations(node) && within_stack(node) &&
           expression_.nodes()[node].type.has("mk") && !has_duplicate_keys_[node];
}

bool MiniscriptAnalysis::is_sane() const {
    return expression_.type().has("Bs") && is_sane_part(root());
}

std::optional<std::string> MiniscriptAnalysis::problem(const Miniscript::KeyText& key_text) const {
    const bool sane = is_sane();
    if (sane && is_satisfiable()) return std::nullopt;
    // The first part in post-order, which is as deep as possible.
    size_t node = 0;
    while (node < root() && is_sane_part(node)) ++node;
    const std::string text = expression_.to_string(node, key_text);
    if (!is_valid(node)) return text + " is invalid";
    if (sane) return text + " is not satisfiable";
    const MiniscriptType type = expression_.nodes()[node].type;
    const std::string insane = text + " is not sane";
    if (!type.has("m")) return insane + ": malleable witnesses exist";
    if (node == root() && !type.has("s")) return insane + ": witnesses without signature exist";
    if (!type.has("k"))
        return insane + ": contains mixes of timelocks expressed in blocks and seconds";
    if (has_duplicate_keys_[node]) return insane + ": contains duplicate public keys";
    if (!within_operations(node) || !within_stack(node))
        return insane + ": needs witnesses that may exceed resource limits";
    return insane;
}

}  // namespace parley
