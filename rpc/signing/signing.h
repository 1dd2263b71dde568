// Shared by signrawtransactionwithkey and signrawtransactionwithwallet: the outputs that inputs
// spend, as given by the client or known to the node, and the form of the reply.
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "rpc/jsonrpc/call.h"
#include "wallet/signing/signer.h"

namespace parley::rpc {

/// From the argument prevtxs; the amount is empty if the client omitted it.
struct PreviousOutput {
    Script script;
    std::optional<Amount> amount;
};
using PreviousOutputs = std::map<OutPoint, PreviousOutput>;

/// Adds the redeem and witness scripts to `keys`, and requires them for P2SH and P2WSH outputs.
/// Null: they are ignored.
PreviousOutputs read_previous_outputs(const Json& prevtxs, KeySet* keys);

/// From the UTXO set and the mempool. On the core thread.
std::optional<TxOutput> known_output(Node& node, const OutPoint& outpoint);

/// The outputs that the inputs spend: as given, otherwise from `known`. Fails if a given script
/// contradicts the known one. An amount that is not available is kMaxMoney.
SpentOutputs spent_outputs(const TransactionData& transaction, const PreviousOutputs& given,
                           const std::function<std::optional<TxOutput>(const OutPoint&)>& known);

/// {hex, complete, errors}. Fails if a signature needs an amount that is not available.
void write_sign_result(JsonWriter& out, const SignResult& result, const SpentOutputs& spent);

}  // namespace parley::rpc
