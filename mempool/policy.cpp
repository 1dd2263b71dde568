#include "mempool/policy.h"

#include <fmt/format.h>

#include <algorithm>

#include "chain/script_ops.h"
#include "chain/sigops.h"

namespace parley {
namespace {

// The versions that have a meaning: 1, 2 (BIP68) and 3 (BIP431).
constexpr int32_t kVersionMin = 1;
constexpr int32_t kVersionMax = 3;
// Bare multisig beyond 3 keys has no use that P2SH does not serve better.
constexpr int kMultisigKeysMax = 3;
// Sigops of one P2SH redeem script: 15 keys of a multisig.
constexpr int64_t kP2shSigopsMax = 15;
// BIP431.
constexpr int32_t kTrucVersion = 3;
constexpr int64_t kTrucSizeMax = 10'000;
constexpr int64_t kTrucChildSizeMax = 1'000;
// P2WSH as policy bounds it: script, items, and the size of an item.
constexpr size_t kWitnessScriptSizeMax = 3'600;
constexpr size_t kWitnessItemsMax = 100;
constexpr size_t kWitnessItemSizeMax = 80;

std::optional<int> small_number(uint8_t opcode) {
    if (opcode >= OP_1 && opcode <= OP_16) return opcode - OP_1 + 1;
    return std::nullopt;
}

bool is_multisig(const Script& script) {
    ScriptOps ops(script.bytes());
    const auto first = ops.next();
    const auto required = first ? small_number(first->opcode) : std::nullopt;
    if (!required) return false;
    int keys = 0;
    auto op = ops.next();
    for (; op && (op->data.size() == 33 || op->data.size() == 65); op = ops.next()) ++keys;
    if (!op || small_number(op->opcode) != keys || keys < *required || keys > kMultisigKeysMax)
        return false;
    const auto last = ops.next();
    return last && last->opcode == OP_CHECKMULTISIG && ops.rest().empty();
}

bool is_data(const Script& script) {
    return !script.empty() && script.bytes()[0] == OP_RETURN &&
           is_push_only(ByteSpan{script.bytes()}.subspan(1));
}

bool is_anchor(const WitnessProgram& program) {
    return program.version == 1 && program.program.size() == 2 && program.program[0] == 0x4e &&
           program.program[1] == 0x73;
}

bool standard_output(OutputKind kind, const MempoolOptions& options) {
    if (kind == OutputKind::multisig) return options.permit_bare_multisig;
    return kind != OutputKind::nonstandard;
}

std::optional<std::string_view> check_outputs(const Transaction& transaction,
                                              const MempoolOptions& options) {
    int64_t data_bytes = 0;
    int dust = 0;
    for (const auto& output : transaction.outputs()) {
        const OutputKind kind = classify_output(output.script_pubkey);
        if (kind == OutputKind::multisig && !options.permit_bare_multisig) return "bare-multisig";
        if (!standard_output(kind, options)) return "scriptpubkey";
        if (kind == OutputKind::data) {
            data_bytes += static_cast<int64_t>(output.script_pubkey.size());
            if (data_bytes > options.data_carrier_bytes_max.value_or(0)) return "datacarrier";
        }
        if (output.value < dust_threshold(output, options.dust_relay_fee)) ++dust;
    }
    // One is let through here for transactions without a fee, which has_dust() asks about later.
    if (dust > 1) return "dust";
    return std::nullopt;
}

bool standard_witness(const TxInput& input, const Coin& coin) {
    if (input.witness.empty()) return true;
    const auto program = witness_program(coin.output.script_pubkey);
    if (!program) return match_p2sh(coin.output.script_pubkey).has_value();
    if (is_anchor(*program)) return false;
    if (program->version == 0 && program->program.size() == 32) {
        if (input.witness.back().size() > kWitnessScriptSizeMax) return false;
        if (input.witness.size() - 1 > kWitnessItemsMax) return false;
        return std::all_of(input.witness.begin(), input.witness.end() - 1,
                           [](const Bytes& item) { return item.size() <= kWitnessItemSizeMax; });
    }
    // An annex has no meaning yet (BIP341).
    if (program->version == 1 && program->program.size() == 32)
        return input.witness.size() < 2 || input.witness.back().empty() ||
               input.witness.back()[0] != 0x50;
    return true;
}

bool standard_spend(const TxInput& input, const Coin& coin) {
    const OutputKind kind = classify_output(coin.output.script_pubkey);
    if (kind == OutputKind::nonstandard || kind == OutputKind::witness_unknown) return false;
    if (kind != OutputKind::script_hash) return true;
    ScriptOps ops(input.script_sig.bytes());
    ByteSpan redeem_script;
    while (const auto op = ops.next()) redeem_script = op->data;
    return !ops.malformed() && count_sigops(redeem_script, true) <= kP2shSigopsMax;
}

std::string truc_name(const Transaction& transaction) {
    return fmt::format("{} (wtxid={})", transaction.txid().to_string(),
                       transaction.wtxid().to_string());
}

}  // namespace

OutputKind classify_output(const Script& script) {
    if (match_p2sh(script)) return OutputKind::script_hash;
    if (const auto program = witness_program(script)) {
        if (program->version == 0) {
            if (program->program.size() == 20) return OutputKind::witness_key_hash;
            return program->program.size() == 32 ? OutputKind::witness_script_hash
                                                 : OutputKind::nonstandard;
        }
        if (program->version == 1 && program->program.size() == 32) return OutputKind::taproot;
        return is_anchor(*program) ? OutputKind::anchor : OutputKind::witness_unknown;
    }
    if (is_data(script)) return OutputKind::data;
    if (match_p2pk(script)) return OutputKind::public_key;
    if (match_p2pkh(script)) return OutputKind::public_key_hash;
    return is_multisig(script) ? OutputKind::multisig : OutputKind::nonstandard;
}

std::optional<std::string_view> check_standard(const Transaction& transaction,
                                               const MempoolOptions& options) {
    if (transaction.version() < kVersionMin || transaction.version() > kVersionMax)
        return "version";
    if (transaction.weight() > Weight{kStandardWeightMax}) return "tx-size";
    for (const auto& input : transaction.inputs()) {
        if (input.script_sig.size() > kScriptSigSizeMax) return "scriptsig-size";
        if (!is_push_only(input.script_sig.bytes())) return "scriptsig-not-pushonly";
    }
    return check_outputs(transaction, options);
}

bool has_dust(const Transaction& transaction, FeeRate dust_relay_fee) {
    return std::any_of(transaction.outputs().begin(), transaction.outputs().end(),
                       [&](const TxOutput& output) {
                           return output.value < dust_threshold(output, dust_relay_fee);
                       });
}

std::optional<std::string_view> check_standard_inputs(const Transaction& transaction,
                                                      std::span<const Coin> coins) {
    for (size_t i = 0; i < coins.size(); ++i) {
        if (!standard_spend(transaction.inputs()[i], coins[i]))
            return "bad-txns-nonstandard-inputs";
    }
    for (size_t i = 0; i < coins.size(); ++i) {
        if (!standard_witness(transaction.inputs()[i], coins[i])) return "bad-witness-nonstandard";
    }
    return std::nullopt;
}

std::optional<std::string> check_truc(const Transaction& transaction, int64_t virtual_size,
                                      std::span<const MempoolEntry* const> parents,
                                      std::span<const MempoolEntry* const> evicted) {
    const bool truc = transaction.version() == kTrucVersion;
    for (const MempoolEntry* parent : parents) {
        if ((parent->transaction->version() == kTrucVersion) == truc) continue;
        return fmt::format("{}version=3 tx {} cannot spend from {}version=3 tx {}",
                           truc ? "" : "non-", truc_name(transaction), truc ? "non-" : "",
                           truc_name(*parent->transaction));
    }
    if (!truc) return std::nullopt;
    if (virtual_size > kTrucSizeMax)
        return fmt::format("version=3 tx {} is too big: {} > {} virtual bytes",
                           truc_name(transaction), virtual_size, kTrucSizeMax);
    if (parents.empty()) return std::nullopt;
    if (parents.size() > 1 || parents[0]->ancestors.count > 1)
        return fmt::format("tx {} would have too many ancestors", truc_name(transaction));
    if (virtual_size > kTrucChildSizeMax)
        return fmt::format("version=3 child tx {} is too big: {} > {} virtual bytes",
                           truc_name(transaction), virtual_size, kTrucChildSizeMax);
    const auto stays = [&](const MempoolEntry* child) {
        return std::find(evicted.begin(), evicted.end(), child) == evicted.end();
    };
    if (std::any_of(parents[0]->children.begin(), parents[0]->children.end(), stays))
        return fmt::format("tx {} would exceed descendant count limit",
                           truc_name(*parents[0]->transaction));
    return std::nullopt;
}

int64_t policy_virtual_size(Weight weight, int64_t sigops_cost, int64_t bytes_per_sigop) {
    return (std::max(weight.value(), sigops_cost * bytes_per_sigop) + 3) / 4;
}

std::string format_money(Amount amount) {
    std::string text = to_string(amount);
    const size_t least = text.find('.') + 3;
    while (text.size() > least && text.back() == '0') text.pop_back();
    return text;
}

}  // namespace parley
