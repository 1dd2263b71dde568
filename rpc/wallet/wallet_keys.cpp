// A wallet's keys: gethdkeys, createwalletdescriptor, keypoolrefill, signmessage.
#include <algorithm>

#include "base/crypto/recoverable_signature.h"
#include "base/encoding.h"
#include "chain/primitives/address.h"
#include "rpc/json/spend_options.h"
#include "rpc/jsonrpc/call.h"
#include "rpc/signing/signed_message.h"

namespace parley::rpc {

namespace {

void gethdkeys(Call& call) {
    const Json& options = call.argument(0);
    if (!options.is_null())
        check_members(options, {{"active_only", ParameterType::boolean},
                                {"private", ParameterType::boolean}});
    const bool active_only = option_flag(options, "active_only", false);
    const bool with_secrets = option_flag(options, "private", false);
    const auto keys =
        call.ask_wallet([&](Node&, Wallet& wallet) { return wallet.hd_keys(active_only); });
    JsonWriter& out = call.out();
    out.array([&] {
        for (const HdKeyInfo& key : keys) {
            out.object([&] {
                out.field("xpub", key.public_key);
                out.field("has_private", key.private_key.has_value());
                if (with_secrets && key.private_key) out.field("xprv", *key.private_key);
                out.field_array("descriptors", [&] {
                    for (const auto& [text, active] : key.descriptors)
                        out.object([&] {
                            out.field("desc", text);
                            out.field("active", active);
                        });
                });
            });
        }
    });
}

// The limit of -keypool.
constexpr int64_t kKeysMax = 1'000'000;
// Scripts that are derived in one step of the core thread, because nobody else is served meanwhile.
constexpr int64_t kKeysPerStep = 250;

void keypoolrefill(Call& call) {
    const int64_t size = call.integer(0, 0);
    if (size < 0 || size > kKeysMax)
        fail(Code::invalid_parameter, "Invalid parameter, expected valid size.");
    const auto refill = [&](int64_t watched) {
        return call.ask_wallet([&](Node&, Wallet& wallet) {
            wallet.refill_keys(static_cast<uint32_t>(watched));
            const WalletInfo info = wallet.info();
            return info.keypool_external + info.keypool_internal;
        });
    };
    for (int64_t part = kKeysPerStep; part < size; part += kKeysPerStep) refill(part);
    if (refill(size) < static_cast<size_t>(size)) fail(Code::wallet, "Error refreshing keypool.");
}

void signmessage(Call& call) {
    const auto script = decode_address(call.params().address_prefixes, call.string(0));
    if (!script) fail(Code::address_or_key, "Invalid address");
    const auto wanted = match_p2pkh(*script);
    if (!wanted) fail(Code::type, "Address does not refer to key");
    const Hash256 message = message_hash(call.string(1));
    call.out().value(call.ask_wallet([&](Node&, Wallet& wallet) {
        const auto data = wallet.solving_data(*script, true);
        const KnownKey* key = data ? data->find_key(*wanted) : nullptr;
        if (key == nullptr || !key->secret) fail(Code::wallet, "Private key not available");
        return base64_encode(sign_recoverable(*key->secret, key->key.compressed(), message));
    }));
}

void createwalletdescriptor(Call& call) {
    const AddressType type = read_address_type(call.string(0), "address");
    const Json& options = call.argument(1);
    if (!options.is_null())
        check_members(options,
                      {{"internal", ParameterType::boolean}, {"hdkey", ParameterType::string}});
    std::optional<bool> internal;
    std::optional<std::string> key;
    if (const Json& value = option_member(options, "internal"); !value.is_null())
        internal = value.boolean();
    if (const Json& value = option_member(options, "hdkey"); !value.is_null()) key = value.string();
    const auto added = call.ask_wallet([&](Node& node, Wallet& wallet) {
        return unwrap(wallet.create_descriptors(type, internal, key, node.now()));
    });
    call.out().object([&] { call.out().field_values("descs", added); });
}

}  // namespace

std::vector<Method> wallet_key_methods() {
    using enum ParameterType;
    return {
        {.name = "gethdkeys",
         .category = "wallet",
         .description = "Lists the extended keys (BIP32) of the wallet, and the descriptors that "
                        "use them.",
         .parameters = {{"options", object, false, "", "active_only, private", "",
                         "active_only|private"}},
         .result = "[{xpub, has_private, xprv, descriptors: [{desc, active},...]},...]"
                   "    (json array)",
         .example = "",
         .handler = &gethdkeys},
        {.name = "createwalletdescriptor",
         .category = "wallet",
         .description = "Creates the wallet's descriptors for an address type that it has none for "
                        "yet, from one of its extended keys.",
         .parameters = {{"type", string, true, "", "The address type: bech32 or legacy"},
                        {"options", object, false, "",
                         "internal: only the one for change (true) or for addresses (false); "
                         "hdkey: the extended key, as of gethdkeys",
                         "", "internal|hdkey"}},
         .result = "{descs}    (json object)",
         .example = "bech32",
         .handler = &createwalletdescriptor},
        {.name = "keypoolrefill",
         .category = "wallet",
         .description = "Derives keys until each active range of the wallet has this many unused "
                        "ones.",
         .parameters = {{"newsize", number, false, "as set by -keypool", "The number of keys"}},
         .result = "null    (json null)",
         .example = "",
         .handler = &keypoolrefill},
        {.name = "signmessage",
         .category = "wallet",
         .description = "Sign a message with the private key of an address",
         .parameters = {{"address", string, true, "",
                         "The bitcoin address (P2PKH) whose key signs."},
                        {"message", string, true, "", "The message"}},
         .result = "\"signature\"    (string) The signature, base64-encoded",
         .example = "\"1D1ZrZNe3JUo7ZycKEYQQiQAWd9y54F4XX\" \"my message\"",
         .handler = &signmessage},
    };
}

}  // namespace parley::rpc
