// Scripts, transactions, headers and blocks as JSON, with bitcoind's fields in its order.
// Thread-safe: they write to the caller's JsonWriter.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chain/primitives/coins.h"
#include "chain/rules/params.h"
#include "node/chain_snapshot.h"
#include "rpc/jsonrpc/json_writer.h"

namespace parley::rpc {

/// Opcodes by name, pushes as hexadecimal or, up to four bytes, as numbers. `signatures`: the hash
/// type of what looks like a signature is named behind it.
std::string script_asm(const Script& script, bool signatures = false);

/// A descriptor that gives just this script, with checksum. `witness_script`, where known, is the
/// one that a version 0 output commits to.
std::string script_descriptor(const ChainParams& params, const Script& script,
                              const Script* witness_script = nullptr);

/// An object {asm, desc, hex, address, type}.
void write_script(JsonWriter& out, const ChainParams& params, const Script& script);

/// The members isscript, iswitness, witness_version and witness_program of an address's script.
void write_destination_fields(JsonWriter& out, const Script& script);

/// What stands beside a transaction in the reply.
struct TransactionContext {
    /// Of the inputs, in their order; with them the fee is shown.
    const std::vector<Coin>* spent = nullptr;
    bool show_prevouts = false;  ///< REQUIRES: `spent`
    bool show_hex = true;
};
/// The members of a transaction, into an object that is open: "txid" to "hex".
void write_transaction_fields(JsonWriter& out, const ChainParams& params,
                              const Transaction& transaction, const TransactionContext& context);

/// The members of a header: "hash" to "nextblockhash".
void write_header_fields(JsonWriter& out, const BlockSummary& block);

}  // namespace parley::rpc
