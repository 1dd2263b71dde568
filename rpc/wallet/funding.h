// What the methods share that fund transactions or make PSBTs of them. Core thread for fund() and
// process(); otherwise thread-safe.
#pragma once

#include "rpc/jsonrpc/call.h"
#include "wallet/wallet_psbt.h"
#include "wallet/wallet_types.h"

namespace parley::rpc {

/// The outputs and inputs of `transaction` stay; nothing is signed.
SpendRequest funding_request(const TransactionData& transaction);
/// Adds inputs and change. Every failure has the code `wallet`, as bitcoind has it.
SpendResult fund(Node& node, Wallet& wallet, SpendRequest request, const Json& options);
/// process_psbt(). Fails with bitcoind's code for the error.
bool process(const Wallet& wallet, Psbt& psbt, const WalletPsbtOptions& options);
/// The member "changepos"; -1: no change.
void write_change_position(JsonWriter& out, const SpendResult& funded);

}  // namespace parley::rpc
