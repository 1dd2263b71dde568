// A wallet's addresses and labels.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "chain/primitives/address.h"
#include "rpc/json/address_problem.h"
#include "rpc/json/script_json.h"
#include "rpc/json/spend_options.h"
#include "rpc/json/transaction_text.h"
#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

std::string label_argument(const Call& call, size_t position) {
    const std::string label = call.string(position);
    if (label == "*") fail(Code::wallet_label, "Invalid label name");
    return label;
}

/// Empty: the wallet's default type.
std::optional<AddressType> address_type_argument(const Call& call, size_t position) {
    if (!call.has(position)) return std::nullopt;
    return read_address_type(call.string(position), "address");
}

void getnewaddress(Call& call) {
    const std::string label = label_argument(call, 0);
    const auto type = address_type_argument(call, 1);
    call.out().value(call.ask_wallet(
        [&](Node&, Wallet& wallet) { return unwrap(wallet.new_address(label, type)); }));
}

void getrawchangeaddress(Call& call) {
    const auto type = address_type_argument(call, 0);
    call.out().value(call.ask_wallet(
        [&](Node&, Wallet& wallet) { return unwrap(wallet.new_change_address(type)); }));
}

void getaddressinfo(Call& call) {
    const std::string text = call.string(0);
    const auto script = decode_address(call.params().address_prefixes, text);
    if (!script)
        fail(Code::address_or_key,
             describe_address_problem(call.params().address_prefixes, text).sentence);
    const AddressInfo info =
        call.ask_wallet([&](Node&, Wallet& wallet) { return wallet.address_info(*script); });
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("address", encode_address(call.params().address_prefixes, *script));
        out.key("scriptPubKey").hex(script->bytes());
        out.field("ismine", info.is_mine);
        out.field("solvable", info.solvable);
        if (info.descriptor) out.field("desc", *info.descriptor);
        if (info.parent_descriptor) out.field("parent_desc", *info.parent_descriptor);
        out.field("iswatchonly", false);
        write_destination_fields(out, *script);
        if (info.public_key) out.key("pubkey").hex(*info.public_key);
        out.field("ischange", info.is_change);
        if (info.timestamp) out.field("timestamp", *info.timestamp);
        if (info.key_path) {
            out.field("hdkeypath", info.key_path->empty() ? "m" : "m/" + to_string(*info.key_path));
            out.key("hdmasterfingerprint").hex(*info.master_fingerprint);
        }
        out.field_array("labels", [&] {
            if (info.label) out.value(*info.label);
        });
    });
}

void setlabel(Call& call) {
    const std::string address = call.string(0);
    if (!decode_address(call.params().address_prefixes, address))
        fail(Code::address_or_key, "Invalid Bitcoin address");
    const std::string label = label_argument(call, 1);
    call.ask_wallet([&](Node&, Wallet& wallet) { unwrap(wallet.set_label(address, label)); });
}

std::vector<LabelledAddress> labelled_addresses(Call& call) {
    return call.ask_wallet([](Node&, Wallet& wallet) { return wallet.labelled_addresses(); });
}

void listlabels(Call& call) {
    const std::string purpose = call.string(0);
    if (!purpose.empty() && purpose != "send" && purpose != "receive")
        fail(Code::invalid_parameter,
             "Invalid 'purpose' argument, must be a known purpose string, typically 'send', "
             "or 'receive'.");
    std::set<std::string> labels;
    for (const LabelledAddress& entry : labelled_addresses(call)) {
        if (purpose.empty() || purpose == (entry.send ? "send" : "receive"))
            labels.insert(entry.label);
    }
    call.out().array([&] {
        for (const std::string& label : labels) call.out().value(label);
    });
}

void getaddressesbylabel(Call& call) {
    const std::string label = label_argument(call, 0);
    auto entries = labelled_addresses(call);
    std::erase_if(entries, [&](const LabelledAddress& entry) { return entry.label != label; });
    if (entries.empty()) fail(Code::wallet_label, fmt::format("No addresses with label {}", label));
    JsonWriter& out = call.out();
    out.object([&] {
        for (const LabelledAddress& entry : entries) {
            out.field_object(entry.address,
                             [&] { out.field("purpose", entry.send ? "send" : "receive"); });
        }
    });
}

}  // namespace

std::vector<Method> wallet_address_methods() {
    using enum ParameterType;
    const Parameter type{"address_type", string, false, "set by -addresstype",
                         "The address type to use: legacy, p2sh-segwit, bech32 or bech32m, as far "
                         "as the wallet has descriptors for it."};
    return {
        {.name = "getnewaddress",
         .category = "wallet",
         .description = "Returns a new Bitcoin address for receiving payments.",
         .parameters = {{"label", string, false, "\"\"",
                         "The label name for the address to be linked to."},
                        type},
         .result = "\"str\"    (string) The new bitcoin address",
         .example = "",
         .handler = &getnewaddress},
        {.name = "getrawchangeaddress",
         .category = "wallet",
         .description = "Returns a new Bitcoin address, for receiving change.",
         .parameters = {type},
         .result = "\"str\"    (string) The address",
         .example = "",
         .handler = &getrawchangeaddress},
        {.name = "getaddressinfo",
         .category = "wallet",
         .description = "Return information about the given bitcoin address, including what the "
                        "wallet knows about it.",
         .parameters = {{"address", string, true, "",
                         "The bitcoin address for which to get information."}},
         .result = "{address, scriptPubKey, ismine, solvable, desc, ..., labels}    (json object)",
         .example = "\"bc1q09vm5lfy0j5reeulh4x5752q25uqqvz34hufdl\"",
         .handler = &getaddressinfo},
        {.name = "setlabel",
         .category = "wallet",
         .description = "Sets the label associated with the given address.",
         .parameters = {{"address", string, true, "",
                         "The bitcoin address to be associated with a label."},
                        {"label", string, true, "", "The label to assign to the address."}},
         .result = "null    (json null)",
         .example = "\"address\" \"tabby\"",
         .handler = &setlabel},
        {.name = "listlabels",
         .category = "wallet",
         .description = "Returns the list of all labels, or labels that are assigned to addresses "
                        "with a specific purpose.",
         .parameters = {{"purpose", string, false, "",
                         "Address purpose to list labels for ('send','receive')."}},
         .result = "[\"str\",...]    (json array) Label names",
         .example = "receive",
         .handler = &listlabels},
        {.name = "getaddressesbylabel",
         .category = "wallet",
         .description = "Returns the list of addresses assigned the specified label.",
         .parameters = {{"label", string, true, "", "The label."}},
         .result = "{address: {purpose},...}    (json object)",
         .example = "\"tabby\"",
         .handler = &getaddressesbylabel},
    };
}

}  // namespace parley::rpc
