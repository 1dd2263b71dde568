// Transactions and blocks as clients write them: raw hexadecimal, and the inputs and outputs of
// createrawtransaction. Errors are thrown as Failure. Thread-safe.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "chain/rules/params.h"
#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

enum class WitnessGuess : uint8_t { either, with, without };

/// Empty: not a transaction, or trailing bytes. `either` prefers the form with witness.
std::optional<TransactionData> decode_transaction_hex(std::string_view hex,
                                                      WitnessGuess guess = WitnessGuess::either);

/// Fails with deserialization, "TX decode failed. Make sure the tx has at least one input."
TransactionData read_raw_transaction(const Json& json);

/// Fails with deserialization, "Block decode failed".
BlockRef read_raw_block(const Json& json);

/// Inputs, outputs, locktime and replaceability as createrawtransaction takes them.
TransactionData construct_transaction(const ChainParams& params, const Json& inputs,
                                      const Json& outputs, const Json& locktime,
                                      std::optional<bool> replaceable, const Json& version);

/// The same from the first five arguments, those of transaction_parameters().
TransactionData construct_transaction(const Call& call);
/// inputs, outputs, locktime, replaceable and version.
std::vector<Parameter> transaction_parameters();
/// The outputs, and their form.
Parameter outputs_parameter();

/// {address: amount}, {"data": hex}, in an object or in an array of them.
std::vector<TxOutput> read_outputs(const ChainParams& params, const Json& outputs);

/// Fails with address_or_key, "Invalid Bitcoin address: ...".
Script read_address(const ChainParams& params, std::string_view address);

/// "ALL", "NONE|ANYONECANPAY", ...; ALL if omitted ("DEFAULT" means ALL here).
uint8_t read_sighash_type(const Json& json);

/// {"txid": ..., "vout": n}
OutPoint read_outpoint(const Json& json);

}  // namespace parley::rpc
