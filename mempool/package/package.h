// Packages: lists of transactions that a client submits or tests together. Which lists are well
// formed, before any of their transactions is judged. Pure functions. Thread-safe.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "chain/primitives/transaction.h"

namespace parley {

/// bitcoind's limit: 101,000 virtual bytes, as a cluster of the mempool.
inline constexpr int64_t kPackageWeightMax = 404'000;

/// bitcoind's word for what makes the list no package: its weight, duplicates, a child before its
/// parent, two transactions that spend one output. Empty: it is well formed.
std::optional<std::string_view> check_package(std::span<const TransactionRef> transactions);

/// Whether the last one spends each of the others.
bool is_child_with_parents(std::span<const TransactionRef> transactions);
/// The same, and no parent spends another.
bool is_child_with_parents_tree(std::span<const TransactionRef> transactions);

}  // namespace parley
