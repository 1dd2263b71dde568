// MiniscriptAnalysis: what satisfying a miniscript may cost, and whether it is sane: every spend
// needs a signature, has no malleable form, mixes no units of time, and stays within the limits of
// consensus and relay policy (BIP379). A value. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wallet/miniscript/miniscript.h"
#include "wallet/miniscript/miniscript_costs.h"

namespace parley {

class MiniscriptAnalysis {
 public:
    /// Borrows the expression. `key_names` tells equal keys: one for each.
    MiniscriptAnalysis(const Miniscript& expression, std::span<const std::string> key_names);

    bool is_sane() const;
    /// Whether there is a satisfaction at all.
    bool is_satisfiable() const { return costs_.back().satisfied.has_value(); }
    /// bitcoind's text on what is wrong, for example "and_b(...) is not sane: malleable witnesses
    /// exist". Empty: sane and satisfiable.
    std::optional<std::string> problem(const Miniscript::KeyText& key_text) const;

    // Of the whole, at most, over all satisfactions, without the script. REQUIRES: satisfiable.
    uint64_t operations() const { return operations(root()); }
    /// Witness items.
    int64_t stack_items() const { return stack_items(root()); }
    /// The highest stack during the execution.
    int64_t stack_peak() const { return stack_peak(root()); }
    /// Bytes, with the lengths of the items.
    uint64_t witness_size() const { return costs_.back().satisfied->witness; }

    /// Whether every satisfaction is within the limits.
    bool within_operations() const { return within_operations(root()); }
    bool within_stack() const { return within_stack(root()); }

 private:
    uint64_t operations(size_t node) const {
        return costs_[node].operations + costs_[node].satisfied->keys;
    }
    // Expressions of type B leave one item.
    int64_t stack_items(size_t node) const { return costs_[node].satisfied->consumed + 1; }
    int64_t stack_peak(size_t node) const { return costs_[node].satisfied->peak + 1; }
    bool within_operations(size_t node) const;
    bool within_stack(size_t node) const;
    bool is_valid(size_t node) const { return expression_.nodes()[node].type.is_valid(); }
    /// Apart from the need for a signature, which only the whole has.
    bool is_sane_part(size_t node) const;
    size_t root() const { return costs_.size() - 1; }

    const Miniscript& expression_;
    std::vector<MiniscriptCosts> costs_;    ///< of each node
    std::vector<bool> has_duplicate_keys_;  ///< of each node
};

}  // namespace parley
