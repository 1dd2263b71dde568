// Raw transactions: creates, decodes and looks up.
#include <fmt/format.h>

#include <algorithm>

#include "base/crypto/sha256.h"
#include "chain/primitives/address.h"
#include "chain/primitives/script_ops.h"
#include "chain/script/script_type.h"
#include "chain/script/signature_encoding.h"
#include "rpc/json/script_json.h"
#include "rpc/json/transaction_text.h"
#include "rpc/jsonrpc/call.h"
#include "rpc/methods/chain_lookup.h"
#include "wallet/descriptor/descriptor.h"

namespace parley::rpc {

namespace {

void createrawtransaction(Call& call) {
    const TransactionData data = construct_transaction(call);
    Writer writer;
    write_transaction(writer, data, WitnessEncoding::with);
    call.out().hex(writer.data());
}

void decoderawtransaction(Call& call) {
    const WitnessGuess guess = !call.has(1)      ? WitnessGuess::either
                               : call.boolean(1) ? WitnessGuess::with
                                                 : WitnessGuess::without;
    auto data = decode_transaction_hex(call.string(0), guess);
    if (!data) fail(Code::deserialization, "TX decode failed");
    const Transaction transaction{std::move(*data)};
    call.out().object([&] {
        write_transaction_fields(call.out(), call.params(), transaction, {.show_hex = false});
    });
}

/// A transaction and where it was found.
struct Located {
    TransactionRef transaction;
    std::optional<BlockSummary> block;
    std::vector<Coin> spent;
};

Located locate_in_block(const Node& node, const Txid& txid, const HeaderNode& header,
                        bool with_spent) {
    KnownBlock content = read_known_block(node, header, with_spent);
    Located located;
    located.block = content.summary;
    const auto& transactions = content.block->transactions;
    for (size_t i = 0; i < transactions.size(); ++i) {
        if (transactions[i]->txid() != txid) continue;
        located.transaction = transactions[i];
        if (i > 0 && i - 1 < content.undo.spent.size()) located.spent = content.undo.spent[i - 1];
        return located;
    }
    fail(Code::address_or_key,
         "No such transaction found in the provided block. Use "
         "gettransaction for wallet transactions.");
}

/// The error message for a missing transaction, as in bitcoind.
std::string not_found_text(const TxIndex* index) {
    if (index == nullptr)
        return "No such mempool transaction. Use -txindex or provide a block hash to enable "
               "blockchain transaction queries. Use gettransaction for wallet transactions.";
    return index->synced() ? "No such mempool or blockchain transaction. Use gettransaction for "
                             "wallet transactions."
                           : "No such mempool transaction. Blockchain transactions are still in "
                             "the process of being indexed. Use gettransaction for wallet "
                             "transactions.";
}

Located locate_anywhere(Node& node, const Txid& txid, bool with_spent) {
    if (const MempoolEntry* entry = node.mempool().find(txid))
        return {entry->transaction, std::nullopt, {}};
    const TxIndex* index = node.current_indexes().transactions();
    if (index == nullptr) fail(Code::address_or_key, not_found_text(nullptr));
    const auto indexed = index->find(txid);
    if (!indexed) fail(Code::misc, indexed.error().message);
    if (!indexed->has_value()) fail(Code::address_or_key, not_found_text(index));
    const HeaderNode& header = find_header(node, (*indexed)->block);
    if (with_spent) return locate_in_block(node, txid, header, true);
    return {(*indexed)->transaction, summarise(node.chain(), header), {}};
}

void getrawtransaction(Call& call) {
    const Txid txid = read_txid(call.argument(0), "parameter 1");
    const Json& asked = call.argument(1);
    const int64_t verbosity = asked.is_boolean() ? (asked.boolean() ? 1 : 0) : call.integer(1, 0);
    if (txid == call.params().genesis->transactions.front()->txid())
        fail(Code::address_or_key,
             "The genesis block coinbase is not considered an ordinary "
             "transaction and cannot be retrieved");
    std::optional<BlockHash> hash;
    if (call.has(2)) hash = read_block_hash(call.argument(2), "parameter 3");
    const Located located = call.ask([&](Node& node) {
        if (!hash) return locate_anywhere(node, txid, verbosity >= 2);
        const HeaderNode* header = node.chain().index().find(*hash);
        if (header == nullptr) fail(Code::address_or_key, "Block hash not found");
        return locate_in_block(node, txid, *header, verbosity >= 2);
    });
    JsonWriter& out = call.out();
    if (verbosity <= 0) {
        out.hex(located.transaction->serialize());
        return;
    }
    const auto& block = located.block;
    out.object([&] {
        if (block && hash) out.field("in_active_chain", block->in_active_chain);
        const bool show_spent = verbosity >= 2 && !located.spent.empty();
        write_transaction_fields(out, call.params(), *located.transaction,
                                 {show_spent ? &located.spent : nullptr, show_spent, true});
        if (!block) return;
        out.field("blockhash", block->hash);
        out.field("confirmations", block->in_active_chain ? block->confirmations : 0);
        if (!block->in_active_chain) return;
        out.field("time", block->header.time);
        out.field("blocktime", block->header.time);
    });
}

/// Whether tapscript would succeed without running the script (BIP342).
bool has_success_opcode(const Script& script) {
    ScriptOps ops{script.bytes()};
    while (const auto op = ops.next()) {
        if (is_op_success(op->opcode)) return true;
    }
    return false;
}

/// Whether the script can be the redeem script of a P2SH address.
bool can_wrap(const Script& script, ScriptType type) {
    switch (type) {
        case ScriptType::data:
        case ScriptType::script_hash:
        case ScriptType::witness_unknown:
        case ScriptType::taproot:
        case ScriptType::anchor:
            return false;
        default:
            return has_valid_opcodes(script) && !has_success_opcode(script) &&
                   !script.is_unspendable();
    }
}

bool has_compressed_keys(const Multisig& multisig) {
    return std::all_of(multisig.keys.begin(), multisig.keys.end(),
                       [](const Bytes& key) { return is_compressed_key(key); });
}

/// The witness output for the script. Empty: the script is already a witness program, or contains
/// an uncompressed key.
std::optional<Script> wrap_in_witness(const Script& script, ScriptType type) {
    switch (type) {
        case ScriptType::public_key: {
            const ByteSpan key = *match_p2pk(script);
            if (!is_compressed_key(key)) return std::nullopt;
            return p2wpkh_script(hash160(key));
        }
        case ScriptType::public_key_hash:
            return p2wpkh_script(*match_p2pkh(script));
        case ScriptType::multisig:
            if (!has_compressed_keys(*match_multisig(script))) return std::nullopt;
            [[fallthrough]];
        case ScriptType::nonstandard:
            return parley::witness_script(0, sha256(script.bytes()).span());
        default:
            return std::nullopt;
    }
}

void decodescript(Call& call) {
    Script script;  // may be empty
    if (!call.string(0).empty()) script = Script{read_hex(call.argument(0), "argument")};
    const ChainParams& params = call.params();
    const ScriptType type = classify_script(script);
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("asm", script_asm(script));
        out.field("desc", infer_descriptor(params, script, {}).to_string(params));
        const std::string address = encode_address(params.address_prefixes, script);
        if (!address.empty()) out.field("address", address);
        out.field("type", to_string(type));
        if (!can_wrap(script, type)) return;
        out.field("p2sh",
                  encode_address(params.address_prefixes, p2sh_script(hash160(script.bytes()))));
        const auto wrapped = wrap_in_witness(script, type);
        if (!wrapped) return;
        SolvingData known;
        known.add_script(script);
        out.field_object("segwit", [&] {
            out.field("asm", script_asm(*wrapped));
            out.field("desc", infer_descriptor(params, *wrapped, known).to_string(params));
            out.key("hex").hex(wrapped->bytes());
            out.field("address", encode_address(params.address_prefixes, *wrapped));
            out.field("type", to_string(classify_script(*wrapped)));
            out.field("p2sh-segwit", encode_address(params.address_prefixes,
                                                    p2sh_script(hash160(wrapped->bytes()))));
        });
    });
}

}  // namespace

std::vector<Method> raw_transaction_methods() {
    using enum ParameterType;
    return {
        {.name = "createrawtransaction",
         .category = "rawtransactions",
         .description = "Create a transaction spending the given inputs and creating new outputs.\n"
                        "Outputs can be addresses or data. The transaction's inputs are not "
                        "signed, and it is not stored in the wallet or transmitted to the network.",
         .parameters = transaction_parameters(),
         .result = "\"hex\"    (string) hex string of the transaction",
         .example = R"("[{\"txid\":\"myid\",\"vout\":0}]" "[{\"address\":0.01}]")",
         .handler = &createrawtransaction},
        {.name = "decoderawtransaction",
         .category = "rawtransactions",
         .description =
             "Return a JSON object representing the serialized, hex-encoded transaction.",
         .parameters = {{"hexstring", hex, true, "", "The transaction hex string"},
                        {"iswitness", boolean, false, "depends on heuristic tests",
                         "Whether the transaction hex is a serialized witness transaction."}},
         .result = "{txid, hash, version, size, vsize, weight, locktime, vin, vout}"
                   "    (json object)",
         .example = "\"hexstring\"",
         .handler = &decoderawtransaction},
        {.name = "getrawtransaction",
         .category = "rawtransactions",
         .description = "Returns a transaction from the mempool, from the given block or, with "
                        "-txindex, from any block: as hex (verbosity 0), as an object (1), or as "
                        "an object with the fee and the spent outputs (2).",
         .parameters = {{"txid", hex, true, "", "The transaction id"},
                        {"verbosity|verbose", json, false, "0",
                         "0 for hex-encoded data, 1 for a JSON object, and 2 for JSON object with "
                         "fee and prevout"},
                        {"blockhash", hex, false, "",
                         "The block in which to look for the transaction"}},
         .result = "\"hex\"    (string), or {in_active_chain, txid, ..., blockhash, confirmations, "
                   "time, blocktime}    (json object)",
         .example = "\"mytxid\" 1 \"myblockhash\"",
         .handler = &getrawtransaction},
        {.name = "decodescript",
         .category = "rawtransactions",
         .description = "Decode a hex-encoded script.",
         .parameters = {{"hexstring", hex, true, "", "the hex-encoded script"}},
         .result = "{asm, desc, address, type, p2sh, segwit}    (json object)",
         .example = "\"hexstring\"",
         .handler = &decodescript},
    };
}

}  // namespace parley::rpc
