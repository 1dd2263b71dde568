// process_psbt: what a wallet adds to a PSBT: previous transactions, scripts, origins of keys, and
// signatures. Core thread only.
#pragma once

#include <optional>

#include "base/expected.h"
#include "wallet/psbt/psbt_signer.h"

namespace parley {

class Wallet;

struct WalletPsbtOptions {
    bool sign = true;
    std::optional<uint32_t> sighash_type = std::nullopt;
    bool derivations = true;  ///< add the origins of keys
    bool finalize = true;
};

/// Whether every input is then final, and verifies.
Expected<bool, PsbtError> process_psbt(const Wallet& wallet, Psbt& psbt,
                                       const WalletPsbtOptions& options);

}  // namespace parley
