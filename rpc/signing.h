// What signrawtransactionwithkey and signrawtransactionwithwallet share: the outputs that inputs
// spend, as the client gives them or as the node knows them, and the form of the answer.
// spent_outputs runs on the core thread, the others anywhere.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

/// From the argument prevtxs; the amount is empty where the client left it out.
struct PreviousOutput {
    Script script;
    std::optional<Amount> amount;
};
using PreviousOutputs = std::map<OutPoint, PreviousOutput>;

PreviousOutputs read_previous_outputs(const Json& prevtxs);

/// Parallel to the inputs: as given, else from the UTXO set and the mempool, else from the wallet.
/// Fails when a given script contradicts the known one, or an amount is nowhere to be had.
std::vector<std::optional<TxOutput>> spent_outputs(const NodeControl& node,
                                                   const TransactionData& transaction,
                                                   const PreviousOutputs& given,
                                                   const WalletView* wallet);

/// {hex, complete, errors}
void write_sign_outcome(JsonWriter& out, const SignOutcome& outcome);

}  // namespace parley::rpc
