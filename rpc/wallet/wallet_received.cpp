// What addresses and labels of a wallet received, and which addresses belong together.
#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "chain/primitives/address.h"
#include "rpc/json/transaction_text.h"
#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

ReceivedQuery query_of(const Call& call, size_t confirmations, size_t immature) {
    ReceivedQuery query;
    query.confirmations_min =
        static_cast<int32_t>(call.integer(confirmations, query.confirmations_min));
    query.include_immature = call.boolean(immature);
    return query;
}

Amount received_by(const Wallet& wallet, const std::set<Script>& scripts,
                   const ReceivedQuery& query) {
    if (std::ranges::none_of(scripts, [&](const Script& each) { return wallet.is_mine(each); }))
        fail(Code::wallet, "Address not found in wallet");
    return wallet.received(scripts, query);
}

void getreceivedbyaddress(Call& call) {
    const auto script = decode_address(call.params().address_prefixes, call.string(0));
    if (!script) fail(Code::address_or_key, "Invalid Bitcoin address");
    const std::set<Script> scripts{*script};
    const ReceivedQuery query = query_of(call, 1, 2);
    call.out().value(call.ask_wallet(
        [&](Node&, Wallet& wallet) { return received_by(wallet, scripts, query); }));
}

void getreceivedbylabel(Call& call) {
    const std::string label = call.string(0);
    if (label == "*") fail(Code::wallet_label, "Invalid label name");
    const ReceivedQuery query = query_of(call, 1, 2);
    const auto& prefixes = call.params().address_prefixes;
    call.out().value(call.ask_wallet([&](Node&, Wallet& wallet) {
        std::set<Script> scripts;
        for (const LabelledAddress& entry : wallet.labelled_addresses()) {
            if (entry.label == label) scripts.insert(*decode_address(prefixes, entry.address));
        }
        if (scripts.empty()) fail(Code::wallet, "Label not found in wallet");
        return received_by(wallet, scripts, query);
    }));
}

void listreceivedbyaddress(Call& call) {
    ReceivedQuery query = query_of(call, 0, 4);
    query.include_empty = call.boolean(1);
    const auto& prefixes = call.params().address_prefixes;
    std::optional<Script> wanted;
    if (!call.string(3).empty()) {
        const auto script = decode_address(prefixes, call.string(3));
        if (!script) fail(Code::wallet, "address_filter parameter was invalid");
        wanted = *script;
    }
    const auto entries =
        call.ask_wallet([&](Node&, Wallet& wallet) { return wallet.list_received(query); });
    JsonWriter& out = call.out();
    out.array([&] {
        for (const ReceivedByScript& entry : entries) {
            const std::string address = encode_address(prefixes, entry.script);
            if (address.empty() || (wanted && entry.script != *wanted)) continue;
            out.object([&] {
                out.field("address", address);
                out.field("amount", entry.amount);
                out.field("confirmations", entry.confirmations);
                out.field("label", entry.label);
                out.field_values("txids", entry.txids);
            });
        }
    });
}

void listreceivedbylabel(Call& call) {
    constexpr int32_t kNever = std::numeric_limits<int32_t>::max();
    struct Sum {
        Amount amount{0};
        int32_t confirmations = kNever;  // of the most recent
    };
    ReceivedQuery query = query_of(call, 0, 3);
    query.include_empty = call.boolean(1);
    const auto entries =
        call.ask_wallet([&](Node&, Wallet& wallet) { return wallet.list_received(query); });
    std::map<std::string, Sum> labels;
    for (const ReceivedByScript& entry : entries) {
        Sum& sum = labels[entry.label];
        if (entry.txids.empty()) continue;
        sum.amount += entry.amount;
        sum.confirmations = std::min(sum.confirmations, entry.confirmations);
    }
    JsonWriter& out = call.out();
    out.array([&] {
        for (const auto& [label, sum] : labels) {
            out.object([&] {
                out.field("amount", sum.amount);
                out.field("confirmations", sum.confirmations == kNever ? 0 : sum.confirmations);
                out.field("label", label);
            });
        }
    });
}

void listaddressgroupings(Call& call) {
    const auto groups =
        call.ask_wallet([](Node&, Wallet& wallet) { return wallet.address_groups(); });
    JsonWriter& out = call.out();
    out.array([&] {
        for (const AddressGroup& group : groups) {
            out.array([&] {
                for (const GroupedAddress& each : group) {
                    out.array([&] {
                        out.value(encode_address(call.params().address_prefixes, each.script));
                        out.value(each.amount);
                        if (each.label) out.value(*each.label);
                    });
                }
            });
        }
    });
}

constexpr Parameter kConfirmations{"minconf", ParameterType::number, false, "1",
                                   "Only include transactions confirmed at least this many times."};
constexpr Parameter kImmature{"include_immature_coinbase", ParameterType::boolean, false, "false",
                              "Include immature coinbase transactions."};
constexpr Parameter kNoWatchOnly{"include_watchonly", ParameterType::boolean, false, "false",
                                 "No longer used"};

std::vector<Method> received_amount_methods() {
    using enum ParameterType;
    return {
        {.name = "getreceivedbyaddress",
         .category = "wallet",
         .description = "Returns the total amount received by the given address in transactions "
                        "with at least minconf confirmations.",
         .parameters = {{"address", string, true, "", "The bitcoin address for transactions."},
                        kConfirmations,
                        kImmature},
         .result = "n    (numeric) The total amount in BTC received at this address.",
         .example = "\"bc1q09vm5lfy0j5reeulh4x5752q25uqqvz34hufdl\" 6",
         .handler = &getreceivedbyaddress},
        {.name = "getreceivedbylabel",
         .category = "wallet",
         .description = "Returns the total amount received by the addresses with this label in "
                        "transactions with at least minconf confirmations.",
         .parameters = {{"label", string, true, "", "The label; \"\" is the default one."},
                        kConfirmations,
                        kImmature},
         .result = "n    (numeric) The total amount in BTC received for this label.",
         .example = "\"tabby\" 6",
         .handler = &getreceivedbylabel},
    };
}

}  // namespace

std::vector<Method> wallet_received_methods() {
    using enum ParameterType;
    std::vector<Method> methods{
        {.name = "listreceivedbyaddress",
         .category = "wallet",
         .description = "List balances by receiving address.",
         .parameters = {kConfirmations,
                        {"include_empty", boolean, false, "false",
                         "Whether to include addresses that haven't received any payments."},
                        kNoWatchOnly,
                        {"address_filter", string, false, "",
                         "If present and non-empty, only return information on this address."},
                        kImmature},
         .result = "[{address, amount, confirmations, label, txids},...]    (json array)",
         .example = "6 true",
         .handler = &listreceivedbyaddress},
        {.name = "listreceivedbylabel",
         .category = "wallet",
         .description = "List received amounts by label.",
         .parameters = {kConfirmations,
                        {"include_empty", boolean, false, "false",
                         "Whether to include labels that haven't received any payments."},
                        kNoWatchOnly,
                        kImmature},
         .result = "[{amount, confirmations, label},...]    (json array)",
         .example = "6 true",
         .handler = &listreceivedbylabel},
        {.name = "listaddressgroupings",
         .category = "wallet",
         .description = "Lists groups of addresses whose common owner is public, because they were "
                        "inputs of one transaction, or the change of one.",
         .parameters = {},
         .result = "[[[address, amount, label],...],...]    (json array)",
         .example = "",
         .handler = &listaddressgroupings},
    };
    const auto more = received_amount_methods();
    methods.insert(methods.end(), more.begin(), more.end());
    return methods;
}

}  // namespace parley::rpc
