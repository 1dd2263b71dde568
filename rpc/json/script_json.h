// Scripts, transactions, headers and blocks as JSON, with bitcoind's fields in its order.
// Thread-safe: they write to the caller's JsonWriter.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chain/primitives/coins.h"
#include "chain/rules/params.h"
#include "node/block_summary.h"
#include "rpc/jsonrpc/json_writer.h"

namespace parley::rpc {

/// Opcodes by name; pushes in hexadecimal or, up to four bytes, as numbers. `signatures`: append
/// the name of the hash type to what looks like a signature.
std::string script_asm(const Script& script, bool signatures = false);

/// Whether every opcode is one that existed before tapscript, and no push exceeds the size limit
/// of a stack item. A script for which this is false always fails outside tapscript.
bool has_valid_opcodes(const Script& script);

/// An object {asm, desc, hex, address, type}.
void write_script(JsonWriter& out, const ChainParams& params, const Script& script);

/// The members isscript, iswitness, witness_version and witness_program for an address's script.
void write_destination_fields(JsonWriter& out, const Script& script);

/// Additional data for the JSON form of a transaction.
struct TransactionContext {
    /// The coins spent by the inputs, in input order; if given, the fee is shown.
    const std::vector<Coin>* spent = nullptr;
    bool show_prevouts = false;  ///< REQUIRES: `spent`
    bool show_hex = true;
};
/// Writes the members of a transaction, "txid" to "hex", into an open object.
void write_transaction_fields(JsonWriter& out, const ChainParams& params,
                              const Transaction& transaction, const TransactionContext& context);

/// Writes the members of a header, "hash" to "nextblockhash", into an open object.
void write_header_fields(JsonWriter& out, const BlockSummary& block);

}  // namespace parley::rpc
