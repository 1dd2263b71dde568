// Wallet transactions: lists, details, unspent outputs and received amounts.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "chain/primitives/address.h"
#include "rpc/json/script_json.h"
#include "rpc/json/transaction_text.h"
#include "rpc/json/wallet_json.h"
#include "rpc/jsonrpc/call.h"
#include "rpc/methods/chain_lookup.h"
#include "rpc/signing/signing.h"

namespace parley::rpc {

namespace {

/// Texts that only depend on the script are made here, because the wallet's step holds up all
/// others.
void write_detail_fields(JsonWriter& out, const ChainParams& params, const Transaction& transaction,
                         const WalletTxDetail& detail) {
    const std::string address =
        encode_address(params.address_prefixes, transaction.outputs()[detail.output].script_pubkey);
    if (!address.empty()) out.field("address", address);
    if (detail.category != TxCategory::send && detail.parent_descriptor != nullptr)
        out.field_array("parent_descs", [&] { out.value(*detail.parent_descriptor); });
    out.field("category", to_string(detail.category));
    out.field("amount", detail.amount);
    if (detail.label) out.field("label", *detail.label);
    out.field("vout", detail.output);
    if (detail.fee) out.field("fee", *detail.fee);
    out.field("abandoned", detail.abandoned);
}

void write_transaction_state(JsonWriter& out, const WalletTxInfo& tx) {
    out.field("confirmations", tx.confirmations);
    if (tx.generated) out.field("generated", true);
    if (tx.block) {
        out.field("blockhash", tx.block->hash);
        out.field("blockheight", tx.block->height);
        out.field("blockindex", tx.block->index);
        out.field("blocktime", tx.block->time);
    } else {
        out.field("trusted", tx.trusted);
    }
    out.field("txid", tx.transaction->txid());
    out.field("wtxid", tx.transaction->wtxid());
    out.field_values("walletconflicts", tx.wallet_conflicts);
    if (tx.replaced_by) out.field("replaced_by_txid", *tx.replaced_by);
    if (tx.replaces) out.field("replaces_txid", *tx.replaces);
    out.field_values("mempoolconflicts", tx.mempool_conflicts);
    if (!tx.comment.empty()) out.field("comment", tx.comment);
    if (!tx.comment_to.empty()) out.field("to", tx.comment_to);
    out.field("time", tx.time);
    out.field("timereceived", tx.time_received);
    out.field("bip125-replaceable", tx.replaceable ? "yes" : "no");
}

void write_listed(JsonWriter& out, const ChainParams& params,
                  const std::vector<ListedTransaction>& items) {
    out.array([&] {
        for (const ListedTransaction& item : items) {
            out.object([&] {
                write_detail_fields(out, params, *item.info->transaction, item.detail);
                write_transaction_state(out, *item.info);
            });
        }
    });
}

void listtransactions(Call& call) {
    std::optional<std::string> label;
    if (call.has(0) && call.string(0) != "*") {
        label = call.string(0);
        if (label->empty())
            fail(Code::invalid_parameter, "Label argument must be a valid label name or \"*\".");
    }
    const int64_t count = call.integer(1, 10);
    const int64_t skip = call.integer(2, 0);
    if (count < 0) fail(Code::invalid_parameter, "Negative count");
    if (skip < 0) fail(Code::invalid_parameter, "Negative from");
    const auto items = call.ask_wallet([&](Node&, Wallet& wallet) {
        return wallet.list_transactions(label, static_cast<size_t>(count),
                                        static_cast<size_t>(skip));
    });
    write_listed(call.out(), call.params(), items);
}

/// The wallet's transactions in the stale blocks from `block` down to the active chain.
std::vector<ListedTransaction> removed_since(const Node& node, const Wallet& wallet,
                                             const HeaderNode* block) {
    std::vector<ListedTransaction> items;
    for (; !node.chain().index().contains(*block) && block->has_body(); block = block->parent) {
        const auto content = node.chain().read_block(*block);
        if (!content) break;  // a body that is gone has nothing to tell
        for (const TransactionRef& transaction : (*content)->transactions) {
            const auto view = wallet.transaction(transaction->txid());
            if (!view) continue;
            const auto info = std::make_shared<WalletTxInfo>(view->info);
            for (const WalletTxDetail& detail : view->details) items.push_back({detail, info});
        }
    }
    return items;
}

void listsinceblock(Call& call) {
    std::optional<BlockHash> since;
    if (call.has(0) && !call.string(0).empty()) since = call.block_hash(0);
    const int64_t target = call.integer(1, 1);
    if (target < 1) fail(Code::invalid_parameter, "Invalid parameter target_confirmations");
    const bool include_removed = call.boolean(3, true);
    const auto label = call.has(5) ? std::optional{call.string(5)} : std::nullopt;
    BlockHash last;
    std::vector<ListedTransaction> removed;
    auto items = call.ask_wallet([&](Node& node, Wallet& wallet) {
        const HeaderNode* first = since ? &find_header(node, *since) : nullptr;
        const int64_t tip = node.chain().index().tip().height.value();
        const int64_t height = std::max<int64_t>(0, tip + 1 - target);
        last = node.chain().index().at_height(Height{static_cast<int32_t>(height)})->hash;
        if (first && include_removed) removed = removed_since(node, wallet, first);
        return wallet.list_since(since);
    });
    if (label)
        std::erase_if(items,
                      [&](const ListedTransaction& item) { return item.detail.label != label; });
    JsonWriter& out = call.out();
    out.object([&] {
        out.key("transactions");
        write_listed(out, call.params(), items);
        if (include_removed) {
            out.key("removed");
            write_listed(out, call.params(), removed);
        }
        out.field("lastblock", last);
    });
}

void gettransaction(Call& call) {
    const Txid txid = call.txid(0);
    const bool verbose = call.boolean(2);
    WalletInfo info;
    const auto view = call.ask_wallet([&](Node&, Wallet& wallet) {
        info = wallet.info();
        return wallet.transaction(txid);
    });
    if (!view) fail(Code::address_or_key, "Invalid or non-wallet transaction id");
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("amount", view->amount);
        if (view->fee) out.field("fee", *view->fee);
        write_transaction_state(out, view->info);
        out.field_array("details", [&] {
            for (const WalletTxDetail& detail : view->details)
                out.object([&] {
                    write_detail_fields(out, call.params(), *view->info.transaction, detail);
                });
        });
        out.key("hex").hex(view->info.transaction->serialize());
        if (verbose) {
            out.field_object("decoded", [&] {
                write_transaction_fields(out, call.params(), *view->info.transaction,
                                         {.show_hex = false});
            });
        }
        write_last_block(out, info);
    });
}

// ---- unspent

UnspentQuery unspent_query(const Call& call) {
    UnspentQuery query;
    query.confirmations_min = static_cast<int32_t>(call.integer(0, query.confirmations_min));
    query.confirmations_max = static_cast<int32_t>(call.integer(1, query.confirmations_max));
    if (call.has(2)) {
        std::set<Script> seen;
        for (const Json& item : read_array(call.argument(2))) {
            const std::string& address = read_string(item);
            Script script = read_address(call.params(), address);
            if (!seen.insert(script).second)
                fail(Code::invalid_parameter,
                     fmt::format("Invalid parameter, duplicated address: {}", address));
            query.scripts.push_back(std::move(script));
        }
    }
    query.include_unsafe = call.boolean(3, true);
    if (!call.has(4)) return query;
    const Json& options = call.argument(4);
    check_members(options, {{"minimumAmount", ParameterType::amount},
                            {"maximumAmount", ParameterType::amount},
                            {"minimumSumAmount", ParameterType::amount},
                            {"maximumCount", ParameterType::number},
                            {"include_immature_coinbase", ParameterType::boolean}});
    for (const auto& [key, value] : options.object()) {
        if (value.is_null()) continue;
        if (key == "minimumAmount") query.amount_min = read_amount(value);
        if (key == "maximumAmount") query.amount_max = read_amount(value);
        if (key == "minimumSumAmount") query.sum_min = read_amount(value);
        if (key == "maximumCount") query.count_max = static_cast<size_t>(read_integer(value, 0));
        if (key == "include_immature_coinbase") query.include_immature = value.boolean();
    }
    return query;
}

// Scripts described in one step of the core thread, about 10 ms. A wallet can have many thousands,
// and nobody else is served during a step.
constexpr size_t kDescribedPerStep = 250;

// A script of a wallet stays one, so the descriptions fit coins that were listed in an earlier
// step.
std::vector<UnspentDescription> describe_in_steps(Call& call,
                                                  const std::vector<UnspentOutput>& coins) {
    std::vector<UnspentDescription> descriptions;
    descriptions.reserve(coins.size());
    while (descriptions.size() < coins.size()) {
        call.ask_wallet([&](Node&, Wallet& wallet) {
            const size_t end = std::min(coins.size(), descriptions.size() + kDescribedPerStep);
            for (size_t i = descriptions.size(); i < end; ++i)
                descriptions.push_back(wallet.describe(coins[i].output.script_pubkey));
        });
    }
    return descriptions;
}

void listunspent(Call& call) {
    const UnspentQuery query = unspent_query(call);
    std::map<Txid, MempoolSums> with_ancestors;  // of unconfirmed coins
    const auto coins = call.ask_wallet([&](Node& node, Wallet& wallet) {
        auto listed = wallet.list_unspent(query);
        for (const UnspentOutput& coin : listed) {
            if (coin.confirmations != 0) continue;
            if (const MempoolEntry* entry = node.mempool().find(coin.outpoint.txid))
                with_ancestors.emplace(coin.outpoint.txid, entry->ancestors);
        }
        return listed;
    });
    const auto descriptions = describe_in_steps(call, coins);
    JsonWriter& out = call.out();
    out.array([&] {
        for (size_t i = 0; i < coins.size(); ++i) {
            const UnspentOutput& coin = coins[i];
            const UnspentDescription& description = descriptions[i];
            out.object([&] {
                out.field("txid", coin.outpoint.txid);
                out.field("vout", coin.outpoint.index);
                if (description.address) out.field("address", *description.address);
                if (description.label) out.field("label", *description.label);
                out.key("scriptPubKey").hex(coin.output.script_pubkey.bytes());
                out.field("amount", coin.output.value);
                out.field("confirmations", coin.confirmations);
                if (const auto it = with_ancestors.find(coin.outpoint.txid);
                    it != with_ancestors.end()) {
                    out.field("ancestorcount", it->second.count);
                    out.field("ancestorsize", it->second.virtual_size);
                    out.field("ancestorfees", it->second.fees.value());
                }
                // Also of a wallet without keys, as in bitcoind since it has descriptors only.
                out.field("spendable", true);
                out.field("solvable", coin.solvable);
                if (description.descriptor) out.field("desc", *description.descriptor);
                out.field_values("parent_descs", description.parent_descriptors);
                out.field("safe", coin.safe);
            });
        }
    });
}

// ---- one transaction

/// The change of a wallet's balance by transactions that spend what is unspent, or each other's
/// outputs.
class Simulation {
 public:
    Simulation(Node& node, const Wallet& wallet) : node_(node), wallet_(wallet) {}

    void add(const TransactionData& transaction, const Txid& txid) {
        for (const TxInput& input : transaction.inputs) spend(input.prevout);
        for (uint32_t i = 0; i < transaction.outputs.size(); ++i) {
            const TxOutput& output = transaction.outputs[i];
            if (!money_range(output.value))
                fail(Code::invalid_parameter, "Transaction amount out of range");
            const int64_t value = wallet_.is_mine(output.script_pubkey) ? output.value.value() : 0;
            created_[{txid, i}] = value;
            change_ += value;
        }
    }
    /// Negative: the wallet has less afterwards.
    int64_t change() const { return change_; }

 private:
    void spend(const OutPoint& outpoint) {
        if (!spent_.insert(outpoint).second)
            fail(Code::invalid_parameter,
                 "Transaction(s) are spending the same output more than once");
        if (const auto made = created_.find(outpoint); made != created_.end()) {
            change_ -= made->second;
            created_.erase(made);
            return;
        }
        const auto output = known_output(node_, outpoint);
        if (!output)
            fail(Code::invalid_parameter,
                 "One or more transaction inputs are missing or have been spent already");
        if (wallet_.is_mine(output->script_pubkey)) change_ -= output->value.value();
    }

    Node& node_;
    const Wallet& wallet_;
    std::map<OutPoint, int64_t> created_;  // and not spent; 0: somebody else's
    std::set<OutPoint> spent_;
    int64_t change_ = 0;
};

void simulaterawtransaction(Call& call) {
    std::vector<TransactionData> transactions;
    for (const Json& item : read_array(call.argument(0))) {
        auto data = decode_transaction_hex(read_string(item));
        if (!data) fail(Code::deserialization, "Transaction hex string decoding failure.");
        transactions.push_back(std::move(*data));
    }
    if (call.has(1))
        check_members(call.argument(1), {{"include_watchonly", ParameterType::boolean}});
    const int64_t change = call.ask_wallet([&](Node& node, Wallet& wallet) {
        Simulation simulation{node, wallet};
        for (const TransactionData& data : transactions)
            simulation.add(data, make_transaction(TransactionData{data})->txid());
        return simulation.change();
    });
    call.out().object([&] { call.out().field("balance_change", Amount{change}); });
}

void abandontransaction(Call& call) {
    const Txid txid = call.txid(0);
    call.ask_wallet([&](Node&, Wallet& wallet) { unwrap(wallet.abandon(txid)); });
}

constexpr Parameter kWatchOnly{"include_watchonly", ParameterType::boolean, false, "false",
                               "No longer used"};

std::vector<Method> wallet_list_methods() {
    using enum ParameterType;
    return {
        {.name = "listtransactions",
         .category = "wallet",
         .description = "Returns up to 'count' most recent transactions skipping the first 'skip' "
                        "transactions, oldest first.",
         .parameters = {{"label|dummy", string, false, "",
                         "If set, should be a valid label name to return only incoming "
                         "transactions with the specified label, or \"*\" to disable filtering."},
                        {"count", number, false, "10", "The number of transactions to return"},
                        {"skip", number, false, "0", "The number of transactions to skip"},
                        kWatchOnly},
         .result = "[{address, category, amount, label, vout, fee, confirmations, ...},...]"
                   "    (json array)",
         .example = "\"*\" 20 100",
         .handler = &listtransactions},
        {.name = "listsinceblock",
         .category = "wallet",
         .description = "Get all transactions in blocks since block [blockhash], or all "
                        "transactions if omitted.",
         .parameters = {{"blockhash", string, false, "",
                         "If set, the block hash to list transactions since, otherwise list all "
                         "transactions."},
                        {"target_confirmations", number, false, "1",
                         "Return the nth block hash from the main chain."},
                        kWatchOnly,
                        {"include_removed", boolean, false, "true",
                         "Show transactions that were removed due to a reorg in the \"removed\" "
                         "array"},
                        {"include_change", boolean, false, "false", "Without effect"},
                        {"label", string, false, "",
                         "Return only incoming transactions paying to addresses with the "
                         "specified label."}},
         .result = "{transactions, removed, lastblock}    (json object)",
         .example = "\"000000000000000bacf66f7497b7dc45ef753ee9a7d38571037cdb1a57f663ad\" 6",
         .handler = &listsinceblock},
        {.name = "gettransaction",
         .category = "wallet",
         .description = "Get detailed information about in-wallet transaction <txid>",
         .parameters = {{"txid", hex, true, "", "The transaction id"},
                        kWatchOnly,
                        {"verbose", boolean, false, "false",
                         "Whether to include a decoded field containing the decoded transaction"}},
         .result = "{amount, fee, confirmations, ..., details, hex, decoded, lastprocessedblock}"
                   "    (json object)",
         .example = "\"1075db55d416d3ca199f55b6084e2115b9345e16c5cf302fc80e9d5fbf5d48d\"",
         .handler = &gettransaction},
        {.name = "abandontransaction",
         .category = "wallet",
         .description = "Mark in-wallet transaction <txid> as abandoned, so that its inputs can be "
                        "spent again. The transaction must not be in a block or in the mempool.",
         .parameters = {{"txid", hex, true, "", "The transaction id"}},
         .result = "null    (json null)",
         .example = "\"1075db55d416d3ca199f55b6084e2115b9345e16c5cf302fc80e9d5fbf5d48d\"",
         .handler = &abandontransaction},
        {.name = "simulaterawtransaction",
         .category = "wallet",
         .description = "Tells how the wallet's balance would change if the given transactions "
                        "were signed and sent.",
         .parameters = {{"rawtxs", array, false, "", "The transactions, parents first",
                         R"(["rawtx",...])"},
                        {"options", object, false, "", "include_watchonly: no longer used", "",
                         "include_watchonly"}},
         .result = "{balance_change}    (json object) negative: the wallet has less",
         .example = R"([\"myhex\"])",
         .handler = &simulaterawtransaction},
    };
}

std::vector<Method> wallet_coin_methods() {
    using enum ParameterType;
    return {
        {.name = "listunspent",
         .category = "wallet",
         .description = "Returns array of unspent transaction outputs with between minconf and "
                        "maxconf (inclusive) confirmations.",
         .parameters = {{"minconf", number, false, "1", "The minimum confirmations to filter"},
                        {"maxconf", number, false, "9999999",
                         "The maximum confirmations to "
                         "filter"},
                        {"addresses", array, false, "empty array",
                         "The bitcoin addresses to filter", R"(["address",...])"},
                        {"include_unsafe", boolean, false, "true",
                         "Include outputs that are not safe to spend"},
                        {"query_options", object, false, "",
                         "minimumAmount, maximumAmount, maximumCount, minimumSumAmount, "
                         "include_immature_coinbase",
                         "",
                         "minimumAmount|maximumAmount|maximumCount|minimumSumAmount|"
                         "include_immature_coinbase"}},
         .result = "[{txid, vout, address, label, scriptPubKey, amount, confirmations, "
                   "ancestorcount, ancestorsize, ancestorfees, spendable, solvable, desc, "
                   "parent_descs, safe},...]    (json array)",
         .example = R"(6 9999999 '[]' true '{ "minimumAmount": 0.005 }')",
         .handler = &listunspent},
    };
}

}  // namespace

std::vector<Method> wallet_transaction_methods() {
    std::vector<Method> methods = wallet_list_methods();
    const auto more = wallet_coin_methods();
    methods.insert(methods.end(), more.begin(), more.end());
    return methods;
}

}  // namespace parley::rpc
