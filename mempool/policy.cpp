#include "mempool/policy.h"

#include <fmt/format.h>

#include <algorithm>

#include "chain/primitives/script_ops.h"
#include "chain/rules/sigops.h"
#include "chain/script/taproot.h"

namespace parley {
namespace {

// The defined versions: 1, 2 (BIP68) and 3 (BIP431).
constexpr int32_t kVersionMin = 1;
constexpr int32_t kVersionMax = 3;
// Bare multisig with more than 3 keys has no use that P2SH does not serve better.
constexpr size_t kStandardMultisigKeysMax = 3;
// Sigops of one P2SH redeem script: 15 keys of a multisig.
constexpr int64_t kP2shSigopsMax = 15;
// BIP54: executed sigops outside witnesses, over all inputs of a transaction.
constexpr int64_t kLegacySigopsMax = 2'500;
// BIP431.
constexpr int32_t kTrucVersion = 3;
constexpr int64_t kTrucSizeMax = 10'000;
constexpr int64_t kTrucChildSizeMax = 1'000;
// Policy limits for P2WSH: script, number of items, and size of an item.
constexpr size_t kWitnessScriptSizeMax = 3'600;
constexpr size_t kWitnessItemsMax = 100;
constexpr size_t kWitnessItemSizeMax = 80;

bool is_standard_output(ScriptType type, const Script& script) {
    if (type != ScriptType::multisig) return type != ScriptType::nonstandard;
    return match_multisig(script)->keys.size() <= kStandardMultisigKeysMax;
}

std::optional<std::string_view> check_outputs(const Transaction& transaction,
                                              const MempoolOptions& options) {
    int64_t data_bytes = 0;
    int dust = 0;
    for (const auto& output : transaction.outputs()) {
        const ScriptType type = classify_script(output.script_pubkey);
        if (!is_standard_output(type, output.script_pubkey)) return "scriptpubkey";
        if (type == ScriptType::multisig && !options.permit_bare_multisig) return "bare-multisig";
        if (type == ScriptType::data) {
            data_bytes += static_cast<int64_t>(output.script_pubkey.size());
            if (data_bytes > options.data_bytes_max()) return "datacarrier";
        }
        if (output.value < dust_threshold(output, options.dust_relay_fee)) ++dust;
    }
    // One dust output is allowed here, for transactions without a fee; has_dust() checks it later.
    if (dust > 1) return "dust";
    return std::nullopt;
}

// The item that a push-only script_sig leaves on top of the stack; numbers count as empty, because
// no redeem script is that short. Empty: it pushes nothing.
std::optional<ByteSpan> last_push(const Script& script_sig) {
    std::optional<ByteSpan> data;
    ScriptOps ops(script_sig.bytes());
    while (const auto op = ops.next()) data = op->data;
    return ops.malformed() ? std::nullopt : data;
}

bool is_standard_item(ByteSpan item) {
    return item.size() <= kWitnessItemSizeMax;
}

bool standard_script_hash_witness(const WitnessItems& witness) {
    if (witness.empty() || witness.back().size() > kWitnessScriptSizeMax) return false;
    const auto items = witness.first(witness.size() - 1);
    return items.size() <= kWitnessItemsMax &&
           std::all_of(items.begin(), items.end(), is_standard_item);
}

bool standard_taproot_witness(const WitnessItems& witness) {
    // An annex has no meaning yet (BIP341).
    const bool annex =
        witness.size() >= 2 && !witness.back().empty() && witness.back()[0] == kAnnexTag;
    if (witness.empty() || annex) return false;
    if (witness.size() == 1) return true;
    const ByteSpan control = witness.back();
    if (control.empty()) return false;
    if ((control[0] & kLeafVersionMask) != kTapscriptLeafVersion) return true;
    const auto items = witness.first(witness.size() - 2);
    return std::all_of(items.begin(), items.end(), is_standard_item);
}

// The witness program that the input spends. Empty: none, or an anchor.
std::optional<WitnessProgram> program_spent(const TxInput& input, const Coin& coin) {
    const Script& script = coin.output.script_pubkey;
    const bool is_p2sh = match_p2sh(script).has_value();
    const auto redeem = is_p2sh ? last_push(input.script_sig) : std::nullopt;
    if (is_p2sh && !redeem) return std::nullopt;
    const auto program = witness_program(redeem.value_or(ByteSpan{script.bytes()}));
    if (program && !is_p2sh && is_anchor(*program)) return std::nullopt;
    return program;
}

bool standard_witness(const TxInput& input, const Coin& coin) {
    if (input.witness.empty()) return true;
    const auto program = program_spent(input, coin);
    if (!program) return false;
    const bool is_p2sh = match_p2sh(coin.output.script_pubkey).has_value();
    const bool long_program = program->program.size() == Hash256::kSize;
    if (program->version == 0 && long_program)
        return standard_script_hash_witness(input.witness.items());
    if (program->version == 1 && long_program && !is_p2sh)
        return standard_taproot_witness(input.witness.items());
    return true;
}

/// Why the spend at this position is not standard; empty: it is.
std::string nonstandard_spend(size_t position, const TxInput& input, const Coin& coin) {
    const ScriptType type = classify_script(coin.output.script_pubkey);
    if (type == ScriptType::nonstandard) return fmt::format("input {} script unknown", position);
    if (type == ScriptType::witness_unknown)
        return fmt::format("input {} witness program is undefined", position);
    if (type != ScriptType::script_hash) return {};
    const auto redeem = last_push(input.script_sig);
    if (!redeem) return fmt::format("input {} P2SH redeemscript missing", position);
    const auto sigops = count_sigops(*redeem, true);
    if (sigops <= kP2shSigopsMax) return {};
    return fmt::format("p2sh redeemscript sigops exceed limit (input {}: {} > {})", position,
                       sigops, kP2shSigopsMax);
}

int64_t executed_legacy_sigops(const TxInput& input, const Coin& coin) {
    const Script& spent = coin.output.script_pubkey;
    const auto redeem = match_p2sh(spent) ? last_push(input.script_sig) : std::nullopt;
    return count_sigops(input.script_sig.bytes(), true) +
           count_sigops(redeem.value_or(ByteSpan{spent.bytes()}), true);
}

std::string truc_name(const Transaction& transaction) {
    return fmt::format("{} (wtxid={})", transaction.txid().to_string(),
                       transaction.wtxid().to_string());
}

bool is_truc(const Transaction& transaction) {
    return transaction.version() == kTrucVersion;
}

bool spends(const Transaction& child, const Txid& parent) {
    return std::ranges::any_of(child.inputs(),
                               [&](const TxInput& input) { return input.prevout.txid == parent; });
}

std::string mixed_versions(const Transaction& child, const Transaction& parent) {
    return fmt::format("{}version=3 tx {} cannot spend from {}version=3 tx {}",
                       is_truc(child) ? "" : "non-", truc_name(child),
                       is_truc(parent) ? "" : "non-", truc_name(parent));
}

std::string too_many_ancestors(const Transaction& transaction) {
    return fmt::format("tx {} would have too many ancestors", truc_name(transaction));
}

std::string too_many_descendants(const Transaction& transaction) {
    return fmt::format("tx {} would exceed descendant count limit", truc_name(transaction));
}

std::string truc_child_too_big(const Transaction& transaction, int64_t virtual_size) {
    return fmt::format("version=3 child tx {} is too big: {} > {} virtual bytes",
                       truc_name(transaction), virtual_size, kTrucChildSizeMax);
}

}  // namespace

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

std::optional<NonstandardSpend> check_standard_inputs(const Transaction& transaction,
                                                      std::span<const Coin> coins) {
    constexpr std::string_view kInputs = "bad-txns-nonstandard-inputs";
    int64_t sigops = 0;
    for (size_t i = 0; i < coins.size(); ++i) {
        sigops += executed_legacy_sigops(transaction.inputs()[i], coins[i]);
        if (sigops > kLegacySigopsMax)
            return NonstandardSpend{kInputs, "non-witness sigops exceed bip54 limit"};
    }
    for (size_t i = 0; i < coins.size(); ++i) {
        auto detail = nonstandard_spend(i, transaction.inputs()[i], coins[i]);
        if (!detail.empty()) return NonstandardSpend{kInputs, std::move(detail)};
    }
    for (size_t i = 0; i < coins.size(); ++i) {
        if (!standard_witness(transaction.inputs()[i], coins[i]))
            return NonstandardSpend{"bad-witness-nonstandard", {}};
    }
    return std::nullopt;
}

bool needs_witness(const Transaction& transaction, std::span<const Coin> coins) {
    for (size_t i = 0; i < coins.size(); ++i) {
        if (program_spent(transaction.inputs()[i], coins[i])) return true;
    }
    return false;
}

std::optional<TrucViolation> check_truc(const Transaction& transaction, int64_t virtual_size,
                                        std::span<const MempoolEntry* const> parents,
                                        std::span<const MempoolEntry* const> evicted) {
    const bool truc = is_truc(transaction);
    for (const MempoolEntry* parent : parents) {
        if (is_truc(*parent->transaction) != truc)
            return TrucViolation{mixed_versions(transaction, *parent->transaction)};
    }
    if (!truc) return std::nullopt;
    if (virtual_size > kTrucSizeMax)
        return TrucViolation{fmt::format("version=3 tx {} is too big: {} > {} virtual bytes",
                                         truc_name(transaction), virtual_size, kTrucSizeMax)};
    if (parents.empty()) return std::nullopt;
    const MempoolEntry& parent = *parents[0];
    if (parents.size() > 1 || parent.ancestors.count > 1)
        return TrucViolation{too_many_ancestors(transaction)};
    if (virtual_size > kTrucChildSizeMax)
        return TrucViolation{truc_child_too_big(transaction, virtual_size)};
    const auto stays = [&](const MempoolEntry* child) {
        return std::ranges::find(evicted, child) == evicted.end();
    };
    if (!std::ranges::all_of(parent.children, stays) || parent.children.empty())
        return std::nullopt;
    // After a reorganisation it may have more descendants, of which none is the one to evict.
    const bool only_child = parent.descendants.count == 2;
    const MempoolEntry* sibling = parent.children[0];
    return TrucViolation{too_many_descendants(*parent.transaction),
                         only_child && sibling->ancestors.count == 2 ? sibling : nullptr};
}

std::optional<std::string> check_package_truc(const Transaction& transaction, int64_t virtual_size,
                                              std::span<const MempoolEntry* const> parents,
                                              std::span<const TransactionRef> package) {
    std::vector<const Transaction*> all;
    for (const MempoolEntry* parent : parents) all.push_back(parent->transaction.get());
    for (const TransactionRef& each : package) {
        if (spends(transaction, each->txid())) all.push_back(each.get());
    }
    if (!is_truc(transaction)) {
        for (const Transaction* parent : all) {
            if (is_truc(*parent)) return mixed_versions(transaction, *parent);
        }
        return std::nullopt;
    }
    if (all.size() > 1 || (!parents.empty() && parents[0]->ancestors.count > 1))
        return too_many_ancestors(transaction);
    if (all.empty()) return std::nullopt;
    const Transaction& parent = *all[0];
    if (virtual_size > kTrucChildSizeMax) return truc_child_too_big(transaction, virtual_size);
    if (!is_truc(parent)) return mixed_versions(transaction, parent);
    for (const TransactionRef& each : package) {
        if (each->txid() == transaction.txid()) continue;
        if (spends(*each, parent.txid())) return too_many_descendants(parent);
        if (spends(*each, transaction.txid())) return too_many_ancestors(*each);
    }
    if (!parents.empty() && parents[0]->descendants.count > 1) return too_many_descendants(parent);
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
