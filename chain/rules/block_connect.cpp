#include <fmt/format.h>

#include <algorithm>
#include <boost/unordered/unordered_flat_set.hpp>
#include <span>

#include "base/check.h"
#include "chain/primitives/consensus_limits.h"
#include "chain/rules/block_rules.h"
#include "chain/rules/locktime.h"
#include "chain/rules/sigops.h"
#include "chain/rules/tx_check.h"
#include "chain/script/script_cache.h"

namespace parley {
namespace {

using Verdict = Expected<void, BlockError>;

// Number of checks that are worth waking a thread for, while the rest of the block is processed.
constexpr size_t kChecksTogether = 64;

Unexpected<BlockError> refuse(std::string reason, std::string detail) {
    return Unexpected(
        BlockError{BlockErrorKind::invalid_block, std::move(reason), std::move(detail)});
}

bool lists(const std::vector<std::pair<Height, BlockHash>>& blocks, Height height,
           const BlockHash& hash) {
    return std::any_of(blocks.begin(), blocks.end(), [&](const auto& entry) {
        return entry.first == height && entry.second == hash;
    });
}

bool bip30_is_needless(const ChainParams& params, const HeaderNode& parent) {
    const Height height = parent.height + 1;
    const Height start = params.activation.bip34;
    if (height > params.bip30_needless_until || height < start || parent.height < start)
        return false;
    return start <= Height{1} || parent.ancestor(start)->hash == params.bip34_hash;
}

bool is_bip30_exception(const ConnectContext& context) {
    return lists(context.params.bip30_exceptions, context.parent.height + 1, context.hash);
}

template <class Visit>
void for_each_spendable_output(const Block& block, const Visit& visit) {
    for (const auto& transaction : block.transactions) {
        for (uint32_t i = 0; i < transaction->outputs().size(); ++i) {
            if (!transaction->outputs()[i].script_pubkey.is_unspendable())
                visit(OutPoint{transaction->txid(), i});
        }
    }
}

// One run of connect_block.
class Connection {
 public:
    Connection(const ConnectContext& context, const Block& block, CoinsOverlay& coins,
               ScriptRun& scripts)
        : context_(context),
          params_(context.params),
          block_(block),
          coins_(coins),
          scripts_(scripts),
          height_(context.parent.height + 1),
          flags_(block_script_flags(params_, height_, context.hash) | context.deployment_flags),
          bip68_active_(height_ >= params_.activation.csv) {}

    Verdict run() {
        if (auto verdict = check_bip30(); !verdict) return verdict;
        undo_.spent.reserve(block_.transactions.size() - 1);
        for (const auto& transaction : block_.transactions) {
            if (auto verdict = apply(transaction); !verdict) return verdict;
            if (checks_.size() >= kChecksTogether) scripts_.add(std::exchange(checks_, {}));
        }
        if (!checks_.empty()) scripts_.add(std::move(checks_));
        return check_reward();
    }

    BlockUndo take_undo() { return std::move(undo_); }

 private:
    Verdict check_bip30() {
        // The outputs of a BIP30 exception overwrite the older coins.
        if (is_bip30_exception(context_) || bip30_is_needless(params_, context_.parent)) return {};
        bool repeated = false;
        for_each_spendable_output(
            block_, [&](const OutPoint& outpoint) { repeated |= coins_.contains(outpoint); });
        if (repeated) return refuse("bad-txns-BIP30", "tried to overwrite transaction");
        return {};
    }

    Verdict apply(const TransactionRef& transaction) {
        std::vector<Coin> spent;
        if (!transaction->is_coinbase()) {
            if (auto verdict = spend_inputs(*transaction, spent); !verdict) return verdict;
            if (auto verdict = check_sequence_locks(*transaction, spent); !verdict) return verdict;
        }
        sigop_cost_ += sigop_cost(*transaction, spent, flags_);
        if (sigop_cost_ > kBlockSigopCostMax) return refuse("bad-blk-sigops", "too many sigops");
        if (!transaction->is_coinbase()) {
            if (needs_checks(*transaction)) add_checks(transaction, spent);
            undo_.spent.push_back(std::move(spent));
        }
        add_outputs(*transaction);
        return {};
    }

    Verdict spend_inputs(const Transaction& transaction, std::vector<Coin>& spent) {
        const auto detail = [&](std::string_view what) {
            return fmt::format("{} in transaction {}", what, transaction.txid().to_string());
        };
        spent.reserve(transaction.inputs().size());
        for (const auto& input : transaction.inputs()) {
            auto coin = coins_.spend(input.prevout);
            if (!coin)
                return refuse(std::string{to_string(TxError::input_missing_or_spent)},
                              detail("CheckTxInputs: inputs missing/spent"));
            spent.push_back(std::move(*coin));
        }
        const auto fee =
            check_tx_inputs(transaction, spent, height_, params_.coinbase_maturity_blocks);
        if (!fee)
            return refuse(std::string{to_string(fee.error())}, detail("CheckTxInputs: fault"));
        fees_ += *fee;
        if (!money_range(fees_))
            return refuse("bad-txns-accumulated-fee-outofrange",
                          "accumulated fee in the block out of range");
        return {};
    }

    Verdict check_sequence_locks(const Transaction& transaction, const std::vector<Coin>& spent) {
        if (!bip68_active_) return {};
        std::vector<Height> heights;
        heights.reserve(spent.size());
        for (const auto& coin : spent) heights.push_back(coin.height);
        const auto locks = sequence_locks(transaction.data(), heights, context_.parent);
        if (!sequence_locks_met(locks, context_.parent)) {
            return refuse("bad-txns-nonfinal",
                          fmt::format("contains a non-BIP68-final transaction {}",
                                      transaction.txid().to_string()));
        }
        return {};
    }

    bool needs_checks(const Transaction& transaction) {
        if (!context_.check_scripts) return false;
        return context_.cache == nullptr || !context_.cache->contains(transaction.wtxid(), flags_);
    }

    void add_checks(const TransactionRef& transaction, const std::vector<Coin>& spent) {
        std::vector<TxOutput> outputs;
        outputs.reserve(spent.size());
        for (const Coin& coin : spent) outputs.push_back(coin.output);
        add_script_checks(transaction, std::move(outputs), flags_, false, checks_);
    }

    void add_outputs(const Transaction& transaction) {
        for (uint32_t i = 0; i < transaction.outputs().size(); ++i) {
            const TxOutput& output = transaction.outputs()[i];
            if (output.script_pubkey.is_unspendable()) continue;
            coins_.add(OutPoint{transaction.txid(), i},
                       Coin{output, height_, transaction.is_coinbase()});
        }
    }

    Verdict check_reward() {
        const Amount limit = fees_ + block_subsidy(params_, height_);
        Amount paid{0};
        for (const auto& output : block_.transactions[0]->outputs()) paid += output.value;
        if (paid > limit) {
            return refuse("bad-cb-amount",
                          fmt::format("coinbase pays too much (actual={} vs limit={})",
                                      paid.value(), limit.value()));
        }
        return {};
    }

    const ConnectContext& context_;
    const ChainParams& params_;
    const Block& block_;
    CoinsOverlay& coins_;
    ScriptRun& scripts_;
    const Height height_;
    const ScriptFlags flags_;
    const bool bip68_active_;
    Amount fees_{0};
    int64_t sigop_cost_ = 0;
    std::vector<ScriptCheck> checks_;  // not passed to `scripts_` yet
    BlockUndo undo_;
};

// Removes the outputs of a transaction from the overlay; false if they are not there as created.
bool remove_outputs(const Transaction& transaction, Height height, bool lenient,
                    CoinsOverlay& coins) {
    for (uint32_t i = 0; i < transaction.outputs().size(); ++i) {
        const TxOutput& output = transaction.outputs()[i];
        if (output.script_pubkey.is_unspendable()) continue;
        const auto coin = coins.spend(OutPoint{transaction.txid(), i});
        const Coin expected{output, height, transaction.is_coinbase()};
        if (!lenient && coin != expected) return false;
    }
    return true;
}

}  // namespace

ScriptFlags block_script_flags(const ChainParams& params, Height height, const BlockHash& hash) {
    ScriptFlags flags = kAlwaysScriptFlags;
    for (const auto& [block, exception] : params.script_flag_exceptions) {
        if (block == hash) flags = exception;
    }
    const auto& activation = params.activation;
    if (height >= activation.bip66) flags |= kBip66ScriptFlags;
    if (height >= activation.bip65) flags |= kBip65ScriptFlags;
    if (height >= activation.csv) flags |= kCsvScriptFlags;
    if (height >= activation.segwit) flags |= kSegwitScriptFlags;
    return flags;
}

Expected<void, StorageError> load_coins_to_connect(const ConnectContext& context,
                                                   const Block& block, CoinsOverlay& coins) {
    const bool looks_at_bip30 =
        is_bip30_exception(context) || !bip30_is_needless(context.params, context.parent);
    boost::unordered_flat_set<Txid, std::hash<Txid>> made;
    made.reserve(block.transactions.size());
    size_t changes = 0;
    for (const auto& transaction : block.transactions) {
        made.insert(transaction->txid());
        changes += transaction->inputs().size() + transaction->outputs().size();
    }
    coins.reserve(changes);
    std::vector<OutPoint> wanted;
    std::vector<OutPoint> own;
    wanted.reserve(changes);
    for (const auto& transaction : std::span(block.transactions).subspan(1)) {
        for (const TxInput& input : transaction->inputs())
            (made.contains(input.prevout.txid) ? own : wanted).push_back(input.prevout);
    }
    if (looks_at_bip30) {
        for_each_spendable_output(block,
                                  [&](const OutPoint& outpoint) { wanted.push_back(outpoint); });
    }
    if (auto loaded = coins.load(wanted, context.parent.height + 1); !loaded) return loaded;
    for (const OutPoint& outpoint : own) coins.assume_absent(outpoint);
    return {};
}

Expected<BlockUndo, BlockError> connect_block(const ConnectContext& context, const Block& block,
                                              CoinsOverlay& coins, ScriptVerifier& verifier) {
    const auto scripts = verifier.begin();
    auto undo = begin_connect_block(context, block, coins, *scripts);
    if (!undo) return undo;
    if (const auto failure = scripts->finish()) return Unexpected(script_error_of(*failure));
    return undo;
}

Expected<BlockUndo, BlockError> begin_connect_block(const ConnectContext& context,
                                                    const Block& block, CoinsOverlay& coins,
                                                    ScriptRun& scripts) {
    Connection connection(context, block, coins, scripts);
    if (auto verdict = connection.run(); !verdict) return Unexpected(verdict.error());
    return connection.take_undo();
}

BlockError script_error_of(const ScriptFailure& failure) {
    const Transaction& transaction = failure.spending->transaction();
    const OutPoint& prevout = failure.spending->input(failure.input).prevout;
    return {BlockErrorKind::invalid_block,
            fmt::format("block-script-verify-flag-failed ({})", to_string(failure.error)),
            fmt::format("input {} of {} (wtxid {}), spending {}:{}", failure.input,
                        transaction.txid().to_string(), transaction.wtxid().to_string(),
                        prevout.txid.to_string(), prevout.index)};
}

Expected<void, StorageError> load_coins_to_disconnect(const Block& block, Height height,
                                                      CoinsOverlay& coins) {
    std::vector<OutPoint> wanted;
    for_each_spendable_output(block, [&](const OutPoint& outpoint) { wanted.push_back(outpoint); });
    for (const auto& transaction : std::span(block.transactions).subspan(1)) {
        for (const TxInput& input : transaction->inputs()) wanted.push_back(input.prevout);
    }
    return coins.load(wanted, height);
}

bool disconnect_block(const ChainParams& params, const Block& block, Height height,
                      const BlockUndo& undo, CoinsOverlay& coins) {
    if (undo.spent.size() + 1 != block.transactions.size()) return false;
    const BlockHash hash = block.header.hash();
    const bool lenient = lists(params.bip30_exceptions, height, hash) ||
                         lists(params.bip30_overwritten, height, hash);
    for (size_t i = block.transactions.size(); i-- > 0;) {
        const Transaction& transaction = *block.transactions[i];
        if (!remove_outputs(transaction, height, lenient, coins)) return false;
        if (i == 0) continue;
        const auto& spent = undo.spent[i - 1];
        if (spent.size() != transaction.inputs().size()) return false;
        for (size_t j = spent.size(); j-- > 0;) {
            const OutPoint& prevout = transaction.inputs()[j].prevout;
            if (coins.contains(prevout)) return false;
            coins.add(prevout, spent[j]);
        }
    }
    return true;
}

}  // namespace parley
