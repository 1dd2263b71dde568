// Shared by signrawtransactionwithkey and signrawtransactionwithwallet: the outputs that inputs
// spend, as given by the client or known to the node, and the form of the reply.
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "rpc/jsonrpc/call.h"
#include "wallet/keys/signer.h"

namespace parley::rpc {

/// From the argument prevtxs; the amount is empty if the client omitted it.
struct PreviousOutput {
    Script script;
    std::optional<Amount> amount;
};
using PreviousOutputs = std::map<OutPoint, PreviousOutput>;

PreviousOutputs read_previous_outputs(const Json& prevtxs);

/// From the UTXO set and the mempool. On the core thread.
std::optional<TxOutput> known_output(Node& node, const OutPoint& outpoint);

/// The outputs that the inputs spend: as given, otherwise from `known`. Fails if a given script
/// contradicts the known one, or an amount is not available.
SpentOutputs spent_outputs(const TransactionData& transaction, const PreviousOutputs& given,
                           const std::function<std::optional<TxOutput>(const OutPoint&)>& known);

/// {hex, complete, errors}
void write_sign_result(JsonWriter& out, const SignResult& result);

}  // namespace parley::rpc
