// Wallets: creates, loads, unloads and describes them; balances and locked coins.
#include <algorithm>
#include <array>

#include "rpc/json/transaction_text.h"
#include "rpc/json/wallet_json.h"
#include "rpc/jsonrpc/call.h"
#include "rpc/wallet/wallet_names.h"

namespace parley::rpc {

WalletManager& require_wallets(Node& node) {
    if (node.wallets() == nullptr)
        fail(Code::method_not_found, "Method not found (wallets are disabled by -disablewallet)");
    return *node.wallets();
}

// The warnings are bitcoind's.
void remember_wallet(Call& call, size_t argument, const std::string& name) {
    if (!call.has(argument)) return;
    const bool load = call.boolean(argument);
    if (call.host().set_wallet_at_start(name, load)) return;
    call.out().field_array("warnings", [&] {
        call.out().value(
            load ? "Wallet load on startup setting could not be updated, so wallet may not be "
                   "loaded next node startup."
                 : "Wallet load on startup setting could not be updated, so wallet may still be "
                   "loaded next node startup.");
    });
}

std::string named_wallet(Call& call, size_t argument) {
    const auto in_path = call.wallet_in_path();
    if (!in_path && !call.has(argument))
        fail(Code::invalid_parameter,
             "Either the RPC endpoint wallet or the wallet name parameter must be provided");
    std::string name = call.string(argument, in_path.value_or(""));
    if (in_path && *in_path != name)
        fail(Code::invalid_parameter,
             "The RPC endpoint wallet and the wallet name parameter specify different wallets");
    return name;
}

namespace {

void createwallet(Call& call) {
    const std::string name = call.string(0);
    const WalletCreateOptions options{.private_keys = !call.boolean(1), .blank = call.boolean(2)};
    if (!call.string(3).empty())
        fail(Code::wallet,
             "Wallet encryption is not available in this version. Omit passphrase, and protect the "
             "data directory instead.");
    if (call.boolean(4))
        fail(Code::wallet,
             "avoid_reuse is not available in this version: payments would spend reused coins. "
             "Omit it.");
    if (!call.boolean(5, true))
        fail(Code::wallet,
             "descriptors argument must be set to \"true\"; it is no longer possible "
             "to create a legacy wallet.");
    if (call.boolean(7))
        fail(Code::wallet,
             "Compiled without external signing support (required for external signing)");
    call.ask([&](Node& node) { unwrap(require_wallets(node).create(name, options, node.now())); });
    call.out().object([&] {
        call.out().field("name", name);
        remember_wallet(call, 6, name);
    });
}

void loadwallet(Call& call) {
    const std::string name = call.string(0);
    call.ask([&](Node& node) {
        require_wallets(node);
        unwrap(node.load_wallet(name));
    });
    call.out().object([&] {
        call.out().field("name", name);
        remember_wallet(call, 1, name);
    });
}

void unloadwallet(Call& call) {
    const std::string name = named_wallet(call, 0);
    call.ask([&](Node& node) { unwrap(require_wallets(node).unload(name)); });
    call.out().object([&] { remember_wallet(call, 1, name); });
}

void listwallets(Call& call) {
    const auto names = call.ask([](Node& node) {
        std::vector<std::string> loaded;
        for (const auto& wallet : require_wallets(node).loaded()) loaded.push_back(wallet->name());
        return loaded;
    });
    call.out().array([&] {
        for (const std::string& name : names) call.out().value(name);
    });
}

void listwalletdir(Call& call) {
    const auto names = call.ask([](Node& node) { return require_wallets(node).available(); });
    JsonWriter& out = call.out();
    out.object([&] {
        out.field_array("wallets", [&] {
            for (const std::string& name : names) {
                out.object([&] {
                    out.field("name", name);
                    out.field_array("warnings", [] {});
                });
            }
        });
    });
}

void getwalletinfo(Call& call) {
    constexpr int kWalletVersion = 169'900;  // what bitcoind reports for every wallet of today
    const WalletInfo info = call.ask_wallet([](Node&, Wallet& wallet) { return wallet.info(); });
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("walletname", info.name);
        out.field("walletversion", kWalletVersion);
        out.field("format", "leveldb");
        out.field("txcount", info.transactions);
        out.field("keypoolsize", info.keypool_external);
        out.field("keypoolsize_hd_internal", info.keypool_internal);
        out.field("private_keys_enabled", info.private_keys);
        out.field("avoid_reuse", false);
        out.field("scanning", false);  // a rescan is one step of the core: nobody can ask meanwhile
        out.field("descriptors", true);
        out.field("external_signer", false);
        out.field("blank", info.blank);
        if (info.birth_time != 0) out.field("birthtime", info.birth_time);
        out.field_array("flags", [&] {
            out.value("descriptor_wallet");
            if (!info.private_keys) out.value("disable_private_keys");
            if (info.blank) out.value("blank");
        });
        write_last_block(out, info);
    });
}

void setwalletflag(Call& call) {
    static constexpr std::array<std::string_view, 7> kFlags{
        "avoid_reuse",          "blank",
        "key_origin_metadata",  "last_hardened_xpub_cached",
        "disable_private_keys", "descriptor_wallet",
        "external_signer"};
    const std::string flag = call.string(0);
    const bool value = call.boolean(1, true);
    call.ask_wallet([](Node&, Wallet&) {});
    if (std::ranges::find(kFlags, flag) == kFlags.end())
        fail(Code::invalid_parameter, "Unknown wallet flag: " + flag);
    if (flag == "avoid_reuse" && !value)
        fail(Code::invalid_parameter, "Wallet flag is already set to false: " + flag);
    // Nor can avoid_reuse be set: coin selection would not respect it.
    fail(Code::invalid_parameter, "Wallet flag is immutable: " + flag);
}

void getbalance(Call& call) {
    if (call.has(0) && call.string(0) != "*")
        fail(Code::deprecated, "dummy first argument must be excluded or set to \"*\".");
    const auto confirmations = static_cast<int32_t>(call.integer(1, 0));
    call.out().value(call.ask_wallet(
        [&](Node&, Wallet& wallet) { return wallet.balances(confirmations).trusted; }));
}

void getbalances(Call& call) {
    const WalletInfo info = call.ask_wallet([](Node&, Wallet& wallet) { return wallet.info(); });
    JsonWriter& out = call.out();
    out.object([&] {
        out.field_object("mine", [&] {
            out.field("trusted", info.balances.trusted);
            out.field("untrusted_pending", info.balances.untrusted_pending);
            out.field("immature", info.balances.immature);
        });
        write_last_block(out, info);
    });
}

// ---- locked coins

void lockunspent(Call& call) {
    const bool unlock = call.boolean(0);
    const bool persistent = call.boolean(2);
    std::vector<OutPoint> outpoints;
    if (call.has(1)) {
        for (const Json& item : read_array(call.argument(1))) {
            read_object(item);
            require_members(item, {"txid", "vout"});
            check_known_members(item,
                                {{"txid", ParameterType::hex}, {"vout", ParameterType::number}});
            outpoints.push_back(read_outpoint(item));
        }
    } else if (!unlock) {
        fail(Code::invalid_parameter,
             "Invalid parameter, transactions are missing: specify the outputs to lock");
    }
    call.ask_wallet([&](Node&, Wallet& wallet) {
        if (outpoints.empty() && unlock) wallet.unlock_all();
        const auto locked = wallet.locked();
        const auto is_locked = [&](const OutPoint& outpoint) {
            return std::find(locked.begin(), locked.end(), outpoint) != locked.end();
        };
        // Checks all outputs before it locks any, so that the call is atomic.
        for (const OutPoint& outpoint : outpoints) {
            if (unlock && !is_locked(outpoint))
                fail(Code::invalid_parameter, "Invalid parameter, expected locked output");
            if (!unlock && is_locked(outpoint) && !persistent)
                fail(Code::invalid_parameter, "Invalid parameter, output already locked");
        }
        for (const OutPoint& outpoint : outpoints) {
            if (unlock)
                unwrap(wallet.unlock_unspent(outpoint));
            else
                unwrap(wallet.lock_unspent(outpoint, persistent));
        }
    });
    call.out().value(true);
}

void listlockunspent(Call& call) {
    const auto locked = call.ask_wallet([](Node&, Wallet& wallet) { return wallet.locked(); });
    JsonWriter& out = call.out();
    out.array([&] {
        for (const OutPoint& outpoint : locked) {
            out.object([&] {
                out.field("txid", outpoint.txid);
                out.field("vout", outpoint.index);
            });
        }
    });
}

std::vector<Method> wallet_file_methods() {
    using enum ParameterType;
    return {
        {.name = "createwallet",
         .category = "wallet",
         .description = "Creates and loads a new wallet.",
         .parameters = {{"wallet_name", string, true, "", "The name for the new wallet."},
                        {"disable_private_keys", boolean, false, "false",
                         "Disable the possibility of private keys (only watchonlys are possible)."},
                        {"blank", boolean, false, "false",
                         "Create a blank wallet, without a seed or descriptors."},
                        {"passphrase", string, false, "", "Not available: must be empty."},
                        {"avoid_reuse", boolean, false, "false", "Not available."},
                        {"descriptors", boolean, false, "true", "If set, must be \"true\""},
                        kLoadOnStartup,
                        {"external_signer", boolean, false, "false", "Not available."}},
         .result = "{name, warnings}    (json object)",
         .example = "\"testwallet\"",
         .handler = &createwallet},
        {.name = "loadwallet",
         .category = "wallet",
         .description = "Loads a wallet from the wallet directory.",
         .parameters = {{"filename", string, true, "", "The name of the wallet."}, kLoadOnStartup},
         .result = "{name, warnings}    (json object)",
         .example = "\"testwallet\"",
         .handler = &loadwallet},
        {.name = "unloadwallet",
         .category = "wallet",
         .description = "Unloads the wallet referenced by the request endpoint or the wallet name.",
         .parameters = {{"wallet_name", string, false, "the wallet name from the RPC endpoint",
                         "The name of the wallet to unload."},
                        kLoadOnStartup},
         .result = "{warnings}    (json object)",
         .example = "\"testwallet\"",
         .handler = &unloadwallet},
        {.name = "listwallets",
         .category = "wallet",
         .description = "Returns a list of currently loaded wallets.",
         .parameters = {},
         .result = "[\"str\",...]    (json array) the wallet names",
         .example = "",
         .handler = &listwallets},
        {.name = "listwalletdir",
         .category = "wallet",
         .description = "Returns a list of wallets in the wallet directory.",
         .parameters = {},
         .result = "{wallets}    (json object)",
         .example = "",
         .handler = &listwalletdir},
        {.name = "getwalletinfo",
         .category = "wallet",
         .description = "Returns an object containing various wallet state info.",
         .parameters = {},
         .result =
             "{walletname, walletversion, format, txcount, keypoolsize, ...}    (json object)",
         .example = "",
         .handler = &getwalletinfo},
    };
}

std::vector<Method> wallet_content_methods() {
    using enum ParameterType;
    return {
        {.name = "setwalletflag",
         .category = "wallet",
         .description = "Changes a flag of the wallet. None can be changed here: avoid_reuse, the "
                        "only one that bitcoind changes, is not available.",
         .parameters = {{"flag", string, true, "", "The name of the flag"},
                        {"value", boolean, false, "true", "The new state"}},
         .result = "{flag_name, flag_state}    (json object)",
         .example = "avoid_reuse",
         .handler = &setwalletflag},
        {.name = "getbalance",
         .category = "wallet",
         .description = "Returns the total available balance: what the wallet considers currently "
                        "spendable.",
         .parameters = {{"dummy", string, false, "",
                         "Remains for backward compatibility. Must be excluded or set to \"*\"."},
                        {"minconf", number, false, "0",
                         "Only include transactions confirmed at least this many times."},
                        {"include_watchonly", boolean, false, "false", "No longer used"},
                        {"avoid_reuse", boolean, false, "true", "Without effect"}},
         .result = "n    (numeric) The total amount in BTC received for this wallet.",
         .example = "\"*\" 6",
         .handler = &getbalance},
        {.name = "getbalances",
         .category = "wallet",
         .description = "Returns an object with all balances in BTC.",
         .parameters = {},
         .result = "{mine: {trusted, untrusted_pending, immature}, lastprocessedblock}"
                   "    (json object)",
         .example = "",
         .handler = &getbalances},
        {.name = "lockunspent",
         .category = "wallet",
         .description = "Updates list of temporarily unspendable outputs: lock (unlock=false) or "
                        "unlock (unlock=true) specified transaction outputs.\nIf no transaction "
                        "outputs are specified when unlocking then all current locked transaction "
                        "outputs are unlocked.",
         .parameters = {{"unlock", boolean, true, "",
                         "Whether to unlock (true) or lock (false) the specified transactions"},
                        {"transactions", array, false, "empty array", "The transaction outputs",
                         R"([{"txid":"hex","vout":n},...])"},
                        {"persistent", boolean, false, "false",
                         "Whether to write/erase this lock in the wallet database."}},
         .result = "true|false    (boolean) Whether the command was successful or not",
         .example = R"(false "[{\"txid\":\"mytxid\",\"vout\":1}]")",
         .handler = &lockunspent},
        {.name = "listlockunspent",
         .category = "wallet",
         .description = "Returns list of temporarily unspendable outputs.",
         .parameters = {},
         .result = "[{txid, vout},...]    (json array)",
         .example = "",
         .handler = &listlockunspent},
    };
}

}  // namespace

std::vector<Method> wallet_methods() {
    std::vector<Method> methods = wallet_file_methods();
    const auto more = wallet_content_methods();
    methods.insert(methods.end(), more.begin(), more.end());
    return methods;
}

}  // namespace parley::rpc
