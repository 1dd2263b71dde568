// PSBTs as text and as JSON. Errors are thrown as Failure. Thread-safe.
#pragma once

#include "rpc/jsonrpc/call.h"
#include "wallet/psbt/psbt.h"
#include "wallet/psbt/psbt_signer.h"

namespace parley::rpc {

/// Fails with deserialization, "TX decode failed ...".
Psbt read_psbt(const Json& json);
/// 2 or 0; 2 if omitted.
uint32_t read_psbt_version(const Json& json);
/// Empty: omitted.
std::optional<uint32_t> read_psbt_sighash(const Json& json);
/// Fails with bitcoind's code for the error.
[[noreturn]] void fail_psbt(PsbtError error);

/// The arguments of methods that sign.
inline constexpr Parameter kPsbtSighash{"sighashtype", ParameterType::string, false,
                                        "DEFAULT for Taproot, ALL otherwise",
                                        "The signature hash type"};
inline constexpr Parameter kPsbtDerivations{"bip32derivs", ParameterType::boolean, false, "true",
                                            "Include the derivation paths of public keys"};
inline constexpr Parameter kPsbtFinalize{"finalize", ParameterType::boolean, false, "true",
                                         "Also finalize inputs whose signatures are complete"};

/// The object of decodepsbt.
void write_psbt(JsonWriter& out, const ChainParams& params, const Psbt& psbt);
/// {psbt, complete, hex}. `complete`: shows the extracted transaction.
void write_processed_psbt(JsonWriter& out, const Psbt& psbt, bool complete);

}  // namespace parley::rpc
