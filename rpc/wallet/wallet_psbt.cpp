// PSBTs of wallets: walletprocesspsbt, walletcreatefundedpsbt.
#include <fmt/format.h>

#include "rpc/json/spend_options.h"
#include "rpc/json/transaction_text.h"
#include "rpc/psbt/psbt_json.h"
#include "rpc/wallet/funding.h"
#include "wallet/wallet_psbt.h"

namespace parley::rpc {

bool process(const Wallet& wallet, Psbt& psbt, const WalletPsbtOptions& options) {
    const auto complete = process_psbt(wallet, psbt, options);
    if (!complete) fail_psbt(complete.error());
    return *complete;
}

namespace {

void walletprocesspsbt(Call& call) {
    Psbt psbt = read_psbt(call.argument(0));
    WalletPsbtOptions options;
    options.sign = call.boolean(1, true);
    options.sighash_type = read_psbt_sighash(call.argument(2));
    options.derivations = call.boolean(3, true);
    options.finalize = call.boolean(4, true);
    const bool complete =
        call.ask_wallet([&](Node&, Wallet& wallet) { return process(wallet, psbt, options); });
    write_processed_psbt(call.out(), psbt, complete);
}

void walletcreatefundedpsbt(Call& call) {
    const Json& options = call.argument(3);
    const std::optional<bool> replaceable =
        option_member(options, "replaceable").is_null()
            ? std::nullopt
            : std::optional{option_flag(options, "replaceable", true)};
    const TransactionData data =
        construct_transaction(call.params(), call.argument(0), call.argument(1), call.argument(2),
                              replaceable, call.argument(5));
    if (data.outputs.empty()) fail(Code::invalid_parameter, "TX must have at least one output");
    SpendRequest request = funding_request(data);
    request.add_inputs = data.inputs.empty();
    read_funding_options(call.params(), options, request);
    const uint32_t version = read_psbt_version(call.argument(6));
    WalletPsbtOptions update;
    update.sign = false;
    update.derivations = call.boolean(4, true);
    Psbt psbt;
    const SpendResult funded = call.ask_wallet([&](Node& node, Wallet& wallet) {
        SpendResult result = fund(node, wallet, request, options);
        psbt = Psbt::of_transaction(result.transaction->data(), version);
        process(wallet, psbt, update);
        return result;
    });
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("psbt", psbt.to_base64());
        out.field("fee", funded.fee);
        write_change_position(out, funded);
    });
}

}  // namespace

std::vector<Method> wallet_psbt_methods() {
    using enum ParameterType;
    return {
        {.name = "walletprocesspsbt",
         .category = "wallet",
         .description = "Adds to a PSBT what the wallet knows about its inputs and outputs, and "
                        "signs the inputs that the wallet has keys for.",
         .parameters = {{"psbt", string, true, "", "The transaction base64 string"},
                        {"sign", boolean, false, "true", "Also sign the transaction"},
                        kPsbtSighash,
                        kPsbtDerivations,
                        kPsbtFinalize},
         .result = "{psbt, complete, hex}    (json object)",
         .example = "\"psbt\"",
         .handler = &walletprocesspsbt},
        {.name = "walletcreatefundedpsbt",
         .category = "wallet",
         .description = "Creates a PSBT with the given outputs, and inputs of the wallet that pay "
                        "for them. It is not signed.",
         .parameters = {{"inputs", array, false, "", "The inputs; empty: chosen by the wallet",
                         R"([{"txid":"hex","vout":n,"sequence":n},...])"},
                        outputs_parameter(),
                        {"locktime", number, false, "0",
                         "Raw locktime. Non-0 value also locktime-activates inputs"},
                        {"options", object, false, "", "As those of fundrawtransaction", "",
                         kFundingOptions},
                        kPsbtDerivations,
                        {"version", number, false, "2", "Transaction version"},
                        {"psbt_version", number, false, "2", "The version of the PSBT: 2 or 0"}},
         .result = "{psbt, fee, changepos}    (json object)",
         .example = R"("[]" "[{\"data\":\"00010203\"}]")",
         .handler = &walletcreatefundedpsbt},
    };
}

}  // namespace parley::rpc
