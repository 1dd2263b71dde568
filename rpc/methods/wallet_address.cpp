// A wallet's addresses and labels.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "chain/rules/address.h"
#include "rpc/json/script_json.h"
#include "rpc/json/transaction_text.h"
#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

std::string label_argument(const Call& call, size_t position) {
    const std::string label = call.string(position);
    if (label == "*") fail(Code::wallet_label, "Invalid label name");
    return label;
}

std::string address_type_argument(const Call& call, size_t position) {
    const std::string type = call.string(position);
    constexpr std::string_view kTypes[] = {"", "legacy", "p2sh-segwit", "bech32", "bech32m"};
    if (std::find(std::begin(kTypes), std::end(kTypes), type) == std::end(kTypes))
        fail(Code::address_or_key, fmt::format("Unknown address type '{}'", type));
    return type;
}

void getnewaddress(Call& call) {
    const std::string label = label_argument(call, 0);
    const std::string type = address_type_argument(call, 1);
    call.out().value(call.ask_wallet([&](NodeControl&, WalletControl& wallet) {
        return unwrap(wallet.new_address(WalletControl::AddressFor::receive, label, type));
    }));
}

void getrawchangeaddress(Call& call) {
    const std::string type = address_type_argument(call, 0);
    call.out().value(call.ask_wallet([&](NodeControl&, WalletControl& wallet) {
        return unwrap(wallet.new_address(WalletControl::AddressFor::change, "", type));
    }));
}

void getaddressinfo(Call& call) {
    const std::string text = call.string(0);
    const auto script = decode_address(call.params(), text);
    if (!script)
        fail(Code::address_or_key,
             fmt::format("Invalid address: {} ({})", to_string(script.error()), text));
    const WalletAddress address = call.ask_wallet(
        [&](NodeControl&, WalletControl& wallet) { return wallet.address(*script); });
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("address", encode_address(call.params(), *script));
        out.key("scriptPubKey").hex(script->bytes());
        out.field("ismine", address.mine);
        out.field("solvable", address.solvable);
        if (!address.descriptor.empty()) out.field("desc", address.descriptor);
        if (!address.parent_descriptor.empty()) out.field("parent_desc", address.parent_descriptor);
        out.field("iswatchonly", false);
        write_destination_fields(out, *script);
        if (!address.public_key.empty()) out.key("pubkey").hex(address.public_key);
        out.field("ischange", address.change);
        if (address.timestamp) out.field("timestamp", *address.timestamp);
        if (!address.hd_key_path.empty()) {
            out.field("hdkeypath", address.hd_key_path);
            out.field("hdmasterfingerprint", address.hd_master_fingerprint);
        }
        out.field_array("labels", [&] {
            if (address.label) out.value(*address.label);
        });
    });
}

void setlabel(Call& call) {
    const std::string address = call.string(0);
    read_address(call.params(), address);
    const std::string label = label_argument(call, 1);
    call.ask_wallet(
        [&](NodeControl&, WalletControl& wallet) { unwrap(wallet.set_label(address, label)); });
}

std::vector<WalletLabelled> address_book(Call& call) {
    return call.ask_wallet(
        [](NodeControl&, WalletControl& wallet) { return wallet.address_book(); });
}

void listlabels(Call& call) {
    const std::string purpose = call.string(0);
    std::set<std::string> labels;
    for (const WalletLabelled& entry : address_book(call)) {
        if (purpose.empty() || purpose == (entry.send ? "send" : "receive"))
            labels.insert(entry.label);
    }
    call.out().array([&] {
        for (const std::string& label : labels) call.out().value(label);
    });
}

void getaddressesbylabel(Call& call) {
    const std::string label = label_argument(call, 0);
    auto entries = address_book(call);
    std::erase_if(entries, [&](const WalletLabelled& entry) { return entry.label != label; });
    if (entries.empty()) fail(Code::wallet_label, fmt::format("No addresses with label {}", label));
    JsonWriter& out = call.out();
    out.object([&] {
        for (const WalletLabelled& entry : entries) {
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
         .description = "Return information about the given bitcoin address, as far as the wallet "
                        "knows it.",
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
