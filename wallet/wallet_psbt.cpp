#include "wallet/wallet_psbt.h"

#include <algorithm>

#include "base/crypto/hash.h"
#include "wallet/wallet.h"

namespace parley {
namespace {

void add_key_of(const Wallet& wallet, ByteSpan serialised, bool with_secrets, SolvingData& data) {
    const auto key = wallet.key_of_hash(hash160(serialised));
    if (!key) return;
    data.add_key(key->public_key, key->origin, with_secrets ? key->secret : std::nullopt);
}

void add_x_only_key(const Wallet& wallet, const XOnlyKey& key, bool with_secrets,
                    SolvingData& data) {
    for (const uint8_t prefix : {uint8_t{0x02}, uint8_t{0x03}}) {
        Bytes serialised{prefix};
        append(serialised, key);
        add_key_of(wallet, serialised, with_secrets, data);
    }
}

/// For an output that is not the wallet's, the keys in the PSBT may be.
SolvingData data_for(const Wallet& wallet, const PsbtInput& input, const Script& script,
                     bool with_secrets) {
    if (auto known = wallet.solving_data(script, with_secrets)) return std::move(*known);
    SolvingData data;
    for (const auto& [key, origin] : input.scripts.origins)
        add_key_of(wallet, key.bytes(), with_secrets, data);
    for (const auto& [key, origin] : input.scripts.taproot_origins)
        add_x_only_key(wallet, key, with_secrets, data);
    if (is_taproot(script)) {
        XOnlyKey key{};
        std::ranges::copy(witness_program(script)->program, key.begin());
        add_x_only_key(wallet, key, with_secrets, data);
    }
    return data;
}

void hide_origins(SolvingData& data) {
    for (auto& [hash, key] : data.keys) key.origin.reset();
}

void add_previous_transactions(const Wallet& wallet, Psbt& psbt) {
    for (PsbtInput& input : psbt.inputs) {
        if (input.is_final() || input.previous) continue;
        if (const auto known = wallet.transaction(input.prevout.txid))
            input.previous = known->info.transaction;
    }
}

}  // namespace

Expected<bool, PsbtError> process_psbt(const Wallet& wallet, Psbt& psbt,
                                       const WalletPsbtOptions& options) {
    add_previous_transactions(wallet, psbt);
    if (!psbt.locktime()) return Unexpected(PsbtError::invalid_transaction);
    SolvingData data;  // of the input in hand
    const auto keys = [&](size_t index) -> const SolvingData* {
        const PsbtInput& input = psbt.inputs[index];
        const auto spent = input.spent();
        if (input.is_final() || (!spent && !input.previous)) return nullptr;
        data = data_for(wallet, input, spent ? spent->script_pubkey : Script{}, options.sign);
        if (!options.derivations) hide_origins(data);
        return &data;
    };
    const auto results =
        sign_psbt(psbt, keys, {.sighash_type = options.sighash_type, .finalize = options.finalize});
    for (const PsbtInputResult& result : results) {
        if (result.error != PsbtError::none && result.error != PsbtError::incomplete)
            return Unexpected(result.error);
    }
    for (PsbtOutput& output : psbt.outputs) {
        auto known = wallet.solving_data(output.output.script_pubkey, false);
        if (!known) continue;
        if (!options.derivations) hide_origins(*known);
        update_output(output, *known);
    }
    remove_unnecessary_transactions(psbt);
    const auto verified = verified_inputs(psbt);
    return std::ranges::all_of(verified, [](bool each) { return each; });
}

}  // namespace parley
