#include "rpc/json/script_json.h"

#include <fmt/format.h>

#include "chain/primitives/address.h"
#include "chain/primitives/script_number.h"
#include "chain/primitives/script_ops.h"
#include "chain/rules/retarget.h"
#include "chain/script/script_type.h"
#include "chain/script/sighash.h"
#include "chain/script/signature_encoding.h"
#include "wallet/descriptor/descriptor.h"

namespace parley::rpc {

namespace {

/// The suffix (such as "[ALL]") for a strict DER signature (BIP66) with a defined hash type.
std::string_view signature_suffix(ByteSpan data) {
    if (!is_strict_der_signature(data)) return {};
    switch (data.back()) {
        case kSighashAll:
            return "[ALL]";
        case kSighashNone:
            return "[NONE]";
        case kSighashSingle:
            return "[SINGLE]";
        case kSighashAll | kSighashAnyoneCanPay:
            return "[ALL|ANYONECANPAY]";
        case kSighashNone | kSighashAnyoneCanPay:
            return "[NONE|ANYONECANPAY]";
        case kSighashSingle | kSighashAnyoneCanPay:
            return "[SINGLE|ANYONECANPAY]";
        default:
            return {};
    }
}

void write_input(JsonWriter& out, const ChainParams& params, const TxInput& input, bool is_coinbase,
                 const Coin* spent) {
    out.object([&] {
        if (is_coinbase) {
            out.key("coinbase").hex(input.script_sig.bytes());
        } else {
            out.field("txid", input.prevout.txid);
            out.field("vout", input.prevout.index);
            out.field_object("scriptSig", [&] {
                out.field("asm", script_asm(input.script_sig, true));
                out.key("hex").hex(input.script_sig.bytes());
            });
        }
        if (!input.witness.empty()) {
            out.field_array("txinwitness", [&] {
                for (const ByteSpan item : input.witness) out.hex(item);
            });
        }
        if (spent) {
            out.field_object("prevout", [&] {
                out.field("generated", spent->coinbase);
                out.field("height", spent->height);
                out.field("value", spent->output.value);
                out.key("scriptPubKey");
                write_script(out, params, spent->output.script_pubkey);
            });
        }
        out.field("sequence", input.sequence);
    });
}

}  // namespace

std::string script_asm(const Script& script, bool signatures) {
    std::string text;
    // Data in an unspendable output is not a signature, even if it looks like one.
    signatures = signatures && !script.is_unspendable();
    ScriptOps ops{script.bytes()};
    const auto add = [&text](std::string_view word) {
        if (!text.empty()) text += ' ';
        text += word;
    };
    while (const auto op = ops.next()) {
        if (op->opcode > OP_PUSHDATA4) {
            add(opcode_name(op->opcode));
        } else if (op->data.size() <= 4) {
            add(std::to_string(*decode_script_number(op->data, false)));
        } else {
            const std::string_view suffix = signatures ? signature_suffix(op->data) : "";
            const size_t suffix_size = suffix.empty() ? 0 : 1;
            add(to_hex(op->data.first(op->data.size() - suffix_size)) + std::string{suffix});
        }
    }
    if (ops.malformed()) add("[error]");
    return text;
}

void write_script(JsonWriter& out, const ChainParams& params, const Script& script) {
    out.object([&] {
        out.field("asm", script_asm(script));
        out.field("desc", infer_descriptor(params, script, {}).to_string(params));
        out.key("hex").hex(script.bytes());
        const std::string address = encode_address(params.address_prefixes, script);
        if (!address.empty()) out.field("address", address);
        out.field("type", to_string(classify_script(script)));
    });
}

bool has_valid_opcodes(const Script& script) {
    ScriptOps ops{script.bytes()};
    while (const auto op = ops.next()) {
        if (op->opcode > OP_NOP10 || op->data.size() > kScriptItemSizeMax) return false;
    }
    return !ops.malformed();
}

namespace {

/// By version and size, a witness program pays to a key, or to a script or a tree of scripts.
/// Empty: the program has no rules yet.
std::optional<bool> commits_to_script(const WitnessProgram& witness) {
    if (witness.version == 0) return witness.program.size() == 32;
    const bool taproot = witness.version == 1 && witness.program.size() == 32;
    if (taproot || is_anchor(witness)) return true;
    return std::nullopt;
}

}  // namespace

void write_destination_fields(JsonWriter& out, const Script& script) {
    const auto witness = witness_program(script);
    if (!witness) {
        out.field("isscript", match_p2sh(script).has_value());
        out.field("iswitness", false);
        return;
    }
    if (const auto is_script = commits_to_script(*witness)) out.field("isscript", *is_script);
    out.field("iswitness", true);
    out.field("witness_version", witness->version);
    out.key("witness_program").hex(witness->program);
}

void write_transaction_fields(JsonWriter& out, const ChainParams& params,
                              const Transaction& transaction, const TransactionContext& context) {
    out.field("txid", transaction.txid());
    out.field("hash", transaction.wtxid());
    out.field("version", static_cast<uint32_t>(transaction.version()));
    out.field("size", transaction.total_size());
    out.field("vsize", transaction.virtual_size());
    out.field("weight", transaction.weight());
    out.field("locktime", transaction.locktime());
    const std::vector<Coin>* spent = context.spent;
    if (transaction.is_coinbase() || (spent && spent->size() != transaction.inputs().size()))
        spent = nullptr;
    Amount balance{0};
    out.field_array("vin", [&] {
        for (size_t i = 0; i < transaction.inputs().size(); ++i) {
            const Coin* coin = spent ? &(*spent)[i] : nullptr;
            if (coin) balance += coin->output.value;
            write_input(out, params, transaction.inputs()[i], transaction.is_coinbase(),
                        context.show_prevouts ? coin : nullptr);
        }
    });
    out.field_array("vout", [&] {
        uint32_t position = 0;
        for (const TxOutput& output : transaction.outputs()) {
            balance += Amount{-output.value.value()};
            out.object([&] {
                out.field("value", output.value);
                out.field("n", position++);
                out.key("scriptPubKey");
                write_script(out, params, output.script_pubkey);
            });
        }
    });
    if (spent) out.field("fee", balance);
    if (context.show_hex) out.key("hex").hex(transaction.serialize());
}

void write_header_fields(JsonWriter& out, const BlockSummary& block) {
    const BlockHeader& header = block.header;
    out.field("hash", block.hash);
    out.field("confirmations", block.confirmations);
    out.field("height", block.height);
    out.field("version", header.version);
    out.field("versionHex", fmt::format("{:08x}", static_cast<uint32_t>(header.version)));
    out.field("merkleroot", header.merkle_root);
    out.field("time", header.time);
    out.field("mediantime", block.median_time);
    out.field("nonce", header.nonce);
    out.field("bits", fmt::format("{:08x}", header.bits));
    out.field("target", target_from_compact(header.bits).value_or(U256{}).to_hex());
    out.field("difficulty", difficulty(header.bits));
    out.field("chainwork", block.score.to_hex());
    out.field("nTx", block.transactions);
    if (block.height.value() > 0) out.field("previousblockhash", header.previous);
    if (block.next) out.field("nextblockhash", *block.next);
}

}  // namespace parley::rpc
