// What signrawtransactionwithkey and signrawtransactionwithwallet share: the outputs that inputs
// spend, as the client gives them or as the node knows them, and the form of the answer.
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "rpc/jsonrpc/call.h"
#include "wallet/keys/signer.h"

namespace parley::rpc {

/// From the argument prevtxs; the amount is empty where the client left it out.
struct PreviousOutput {
    Script script;
    std::optional<Amount> amount;
};
using PreviousOutputs = std::map<OutPoint, PreviousOutput>;

PreviousOutputs read_previous_outputs(const Json& prevtxs);

/// From the UTXO set and the mempool. On the core thread.
std::optional<TxOutput> known_output(Node& node, const OutPoint& outpoint);

/// What the inputs spend: as given, else as `known` has it. Fails when a given script contradicts
/// the known one, or an amount is nowhere to be had.
SpentOutputs spent_outputs(const TransactionData& transaction, const PreviousOutputs& given,
                           const std::function<std::optional<TxOutput>(const OutPoint&)>& known);

/// {hex, complete, errors}
void write_sign_result(JsonWriter& out, const SignResult& result);

}  // namespace parley::rpc
