#include "rpc/script_json.h"

#include <fmt/format.h>

#include <array>

#include "base/check.h"
#include "base/crypto/keys.h"
#include "chain/address.h"
#include "chain/compact_target.h"
#include "chain/descriptor_checksum.h"
#include "chain/script_ops.h"
#include "chain/script_verify.h"
#include "chain/sighash.h"

namespace parley::rpc {

namespace {

/// From OP_NOP (0x61) to OP_CHECKSIGADD (0xba), without their "OP_".
constexpr std::array<std::string_view, 0xba - 0x61 + 1> kOpcodeNames{"NOP",
                                                                     "VER",
                                                                     "IF",
                                                                     "NOTIF",
                                                                     "VERIF",
                                                                     "VERNOTIF",
                                                                     "ELSE",
                                                                     "ENDIF",
                                                                     "VERIFY",
                                                                     "RETURN",
                                                                     "TOALTSTACK",
                                                                     "FROMALTSTACK",
                                                                     "2DROP",
                                                                     "2DUP",
                                                                     "3DUP",
                                                                     "2OVER",
                                                                     "2ROT",
                                                                     "2SWAP",
                                                                     "IFDUP",
                                                                     "DEPTH",
                                                                     "DROP",
                                                                     "DUP",
                                                                     "NIP",
                                                                     "OVER",
                                                                     "PICK",
                                                                     "ROLL",
                                                                     "ROT",
                                                                     "SWAP",
                                                                     "TUCK",
                                                                     "CAT",
                                                                     "SUBSTR",
                                                                     "LEFT",
                                                                     "RIGHT",
                                                                     "SIZE",
                                                                     "INVERT",
                                                                     "AND",
                                                                     "OR",
                                                                     "XOR",
                                                                     "EQUAL",
                                                                     "EQUALVERIFY",
                                                                     "RESERVED1",
                                                                     "RESERVED2",
                                                                     "1ADD",
                                                                     "1SUB",
                                                                     "2MUL",
                                                                     "2DIV",
                                                                     "NEGATE",
                                                                     "ABS",
                                                                     "NOT",
                                                                     "0NOTEQUAL",
                                                                     "ADD",
                                                                     "SUB",
                                                                     "MUL",
                                                                     "DIV",
                                                                     "MOD",
                                                                     "LSHIFT",
                                                                     "RSHIFT",
                                                                     "BOOLAND",
                                                                     "BOOLOR",
                                                                     "NUMEQUAL",
                                                                     "NUMEQUALVERIFY",
                                                                     "NUMNOTEQUAL",
                                                                     "LESSTHAN",
                                                                     "GREATERTHAN",
                                                                     "LESSTHANOREQUAL",
                                                                     "GREATERTHANOREQUAL",
                                                                     "MIN",
                                                                     "MAX",
                                                                     "WITHIN",
                                                                     "RIPEMD160",
                                                                     "SHA1",
                                                                     "SHA256",
                                                                     "HASH160",
                                                                     "HASH256",
                                                                     "CODESEPARATOR",
                                                                     "CHECKSIG",
                                                                     "CHECKSIGVERIFY",
                                                                     "CHECKMULTISIG",
                                                                     "CHECKMULTISIGVERIFY",
                                                                     "NOP1",
                                                                     "CHECKLOCKTIMEVERIFY",
                                                                     "CHECKSEQUENCEVERIFY",
                                                                     "NOP4",
                                                                     "NOP5",
                                                                     "NOP6",
                                                                     "NOP7",
                                                                     "NOP8",
                                                                     "NOP9",
                                                                     "NOP10",
                                                                     "CHECKSIGADD"};
static_assert(kOpcodeNames[OP_CHECKSIG - 0x61] == "CHECKSIG");
static_assert(kOpcodeNames[OP_CHECKMULTISIGVERIFY - 0x61] == "CHECKMULTISIGVERIFY");

std::string opcode_name(uint8_t opcode) {
    if (opcode == OP_1NEGATE) return "-1";
    if (opcode == OP_RESERVED) return "OP_RESERVED";
    if (opcode >= OP_1 && opcode <= OP_16) return std::to_string(opcode - OP_1 + 1);
    if (opcode >= 0x61 && opcode <= 0xba) return fmt::format("OP_{}", kOpcodeNames[opcode - 0x61u]);
    return opcode == 0xff ? "OP_INVALIDOPCODE" : "OP_UNKNOWN";
}

/// Little-endian sign and magnitude, at most four bytes.
int64_t script_number(ByteSpan data) {
    int64_t value = 0;
    for (size_t i = 0; i < data.size(); ++i) value |= int64_t{data[i]} << (8 * i);
    if (data.empty() || !(data.back() & 0x80)) return value;
    return -(value & ~(int64_t{0x80} << (8 * (data.size() - 1))));
}

/// "[ALL]" behind a strict DER signature (BIP66) with a defined hash type.
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

std::optional<int> small_number(uint8_t opcode) {
    if (opcode < OP_1 || opcode > OP_16) return std::nullopt;
    return opcode - OP_1 + 1;
}

bool is_null_data(const Script& script) {
    return !script.empty() && script.bytes()[0] == OP_RETURN &&
           is_push_only(ByteSpan{script.bytes()}.subspan(1));
}

bool is_anchor(const WitnessProgram& witness) {
    return witness.version == 1 && witness.program.size() == 2 && witness.program[0] == 0x4e &&
           witness.program[1] == 0x73;
}

std::string multisig_descriptor(const Multisig& multisig) {
    std::string body = fmt::format("multi({}", multisig.required);
    for (const Bytes& key : multisig.keys) body += ',' + to_hex(key);
    return body + ')';
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
                for (const Bytes& item : input.witness) out.hex(item);
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
    ScriptOps ops{script.bytes()};
    const auto add = [&text](std::string_view word) {
        if (!text.empty()) text += ' ';
        text += word;
    };
    while (const auto op = ops.next()) {
        if (op->opcode > OP_PUSHDATA4) {
            add(opcode_name(op->opcode));
        } else if (op->data.size() <= 4) {
            add(std::to_string(script_number(op->data)));
        } else {
            const std::string_view suffix = signatures ? signature_suffix(op->data) : "";
            const size_t hidden = suffix.empty() ? 0 : 1;
            add(to_hex(op->data.first(op->data.size() - hidden)) + std::string{suffix});
        }
    }
    if (ops.malformed()) add("[error]");
    return text;
}

std::optional<Multisig> match_multisig(const Script& script) {
    ScriptOps ops{script.bytes()};
    Multisig multisig;
    const auto first = ops.next();
    if (!first) return std::nullopt;
    const auto required = small_number(first->opcode);
    if (!required) return std::nullopt;
    multisig.required = *required;
    auto op = ops.next();
    while (op && (op->data.size() == 33 || op->data.size() == 65)) {
        if (!is_minimal_push(*op)) return std::nullopt;
        multisig.keys.push_back(to_bytes(op->data));
        op = ops.next();
    }
    const auto count = op ? small_number(op->opcode) : std::nullopt;
    const auto last = ops.next();
    const bool whole = last && last->opcode == OP_CHECKMULTISIG && ops.rest().empty();
    if (!whole || count != static_cast<int>(multisig.keys.size()) || *required > *count)
        return std::nullopt;
    return multisig;
}

std::string_view script_type(const Script& script) {
    if (match_p2sh(script)) return "scripthash";
    if (const auto witness = witness_program(script)) {
        if (witness->version == 0 && witness->program.size() == 20) return "witness_v0_keyhash";
        if (witness->version == 0 && witness->program.size() == 32) return "witness_v0_scripthash";
        if (witness->version == 1 && witness->program.size() == 32) return "witness_v1_taproot";
        if (is_anchor(*witness)) return "anchor";
        return witness->version == 0 ? "nonstandard" : "witness_unknown";
    }
    if (is_null_data(script)) return "nulldata";
    if (match_p2pk(script)) return "pubkey";
    if (match_p2pkh(script)) return "pubkeyhash";
    if (match_multisig(script)) return "multisig";
    return "nonstandard";
}

std::string script_descriptor(const ChainParams& params, const Script& script) {
    std::string body;
    const std::string_view type = script_type(script);
    const auto key = match_p2pk(script);
    if (key && PublicKey::parse(*key)) {
        body = fmt::format("pk({})", to_hex(*key));
    } else if (const auto multisig = match_multisig(script)) {
        body = multisig_descriptor(*multisig);
    } else if (const auto witness = witness_program(script); type == "witness_v1_taproot") {
        body = fmt::format("rawtr({})", to_hex(witness->program));
    } else if (const std::string address = encode_address(params, script); !address.empty()) {
        body = fmt::format("addr({})", address);
    } else {
        body = fmt::format("raw({})", to_hex(script.bytes()));
    }
    const auto checksum = descriptor_checksum(body);
    CHECK(checksum.has_value());
    return body + '#' + *checksum;
}

void write_script(JsonWriter& out, const ChainParams& params, const Script& script) {
    const std::string_view type = script_type(script);
    out.object([&] {
        out.field("asm", script_asm(script));
        out.field("desc", script_descriptor(params, script));
        out.key("hex").hex(script.bytes());
        const std::string address = encode_address(params, script);
        if (!address.empty() && type != "pubkey") out.field("address", address);
        out.field("type", type);
    });
}

void write_destination_fields(JsonWriter& out, const Script& script) {
    const auto witness = witness_program(script);
    if (!witness) {
        out.field("isscript", match_p2sh(script).has_value());
        out.field("iswitness", false);
        return;
    }
    const bool known = witness->version <= 1;
    if (known) out.field("isscript", witness->version == 1 || witness->program.size() == 32);
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
    out.field("chainwork", block.chain_score.to_hex());
    out.field("nTx", block.transactions);
    if (block.height.value() > 0) out.field("previousblockhash", header.previous);
    if (block.next) out.field("nextblockhash", *block.next);
}

}  // namespace parley::rpc
