#include "mempool/package.h"

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

}  // namespace parley
