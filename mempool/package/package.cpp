#include "mempool/package/package.h"

#include <algorithm>
#include <set>

namespace parley {
namespace {

bool is_sorted(std::span<const TransactionRef> transactions, std::set<Txid> later) {
    for (const TransactionRef& transaction : transactions) {
        for (const TxInput& input : transaction->inputs()) {
            if (later.contains(input.prevout.txid)) return false;
        }
        later.erase(transaction->txid());
    }
    return true;
}

// A transaction that spends one output twice is invalid by itself, and is not judged here.
bool has_conflict(std::span<const TransactionRef> transactions) {
    std::set<OutPoint> spent;
    for (const TransactionRef& transaction : transactions) {
        if (transaction->inputs().empty()) return true;
        for (const TxInput& input : transaction->inputs()) {
            if (spent.contains(input.prevout)) return true;
        }
        for (const TxInput& input : transaction->inputs()) spent.insert(input.prevout);
    }
    return false;
}

}  // namespace

std::optional<std::string_view> check_package(std::span<const TransactionRef> transactions) {
    int64_t weight = 0;
    std::set<Txid> txids;
    for (const TransactionRef& transaction : transactions) {
        weight += transaction->weight().value();
        txids.insert(transaction->txid());
    }
    // The weight of a single transaction is better reported as its own fault.
    if (transactions.size() > 1 && weight > kPackageWeightMax) return "package-too-large";
    if (txids.size() != transactions.size()) return "package-contains-duplicates";
    if (!is_sorted(transactions, txids)) return "package-not-sorted";
    if (has_conflict(transactions)) return "conflict-in-package";
    return std::nullopt;
}

bool is_child_with_parents(std::span<const TransactionRef> transactions) {
    if (transactions.size() < 2) return false;
    std::set<Txid> spent;
    for (const TxInput& input : transactions.back()->inputs()) spent.insert(input.prevout.txid);
    return std::ranges::all_of(
        transactions.first(transactions.size() - 1),
        [&](const TransactionRef& parent) { return spent.contains(parent->txid()); });
}

bool is_child_with_parents_tree(std::span<const TransactionRef> transactions) {
    if (!is_child_with_parents(transactions)) return false;
    const auto parents = transactions.first(transactions.size() - 1);
    std::set<Txid> txids;
    for (const TransactionRef& parent : parents) txids.insert(parent->txid());
    return std::ranges::none_of(parents, [&](const TransactionRef& parent) {
        return std::ranges::any_of(parent->inputs(), [&](const TxInput& input) {
            return txids.contains(input.prevout.txid);
        });
    });
}

}  // namespace parley
