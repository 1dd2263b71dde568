#include "node/chain_flow.h"

#include <algorithm>

#include "chain/state/versionbits.h"
#include "node/node_core.h"

namespace parley {
namespace {

/// Headers without blocks at the tip that count as being up to date: the newest ones are always on
/// their way.
constexpr int32_t kBehindMax = 16;

}  // namespace

BlockResult ChainFlow::submit_block(const BlockRef& block, ByteSpan seal, BlockSource source) {
    BlockResult result = core_.chain->accept_block(block, seal, core_.now);
    // A block that is known may have got the seal that it was waiting for.
    const bool sealed = result.state == BlockResult::State::already_have && !seal.empty();
    if (result.state != BlockResult::State::accepted && !sealed) return result;
    if (source == BlockSource::own) own_block_ = result.node->hash;
    // The next block is on its way: it is read while this one's scripts run.
    const bool more_come = core_.chain->best_header().height > result.node->height;
    const bool later = source == BlockSource::peer && more_come;
    for (const InvalidBlock& invalid : advance(later ? Settle::but_last : Settle::all)) {
        if (invalid.node != result.node) continue;
        result.state = BlockResult::State::invalid;
        result.error = invalid.error;
    }
    return result;
}

std::vector<InvalidBlock> ChainFlow::advance(Settle settle) {
    ChainUpdate update = core_.chain->activate_best_chain(settle);
    pending_ = update.more;
    unsettled_ = update.unsettled;
    for (const InvalidBlock& invalid : update.invalid) {
        core_.log.info(LogCategory::general, "InvalidChainFound: invalid block={} height={} {}",
                       invalid.node->hash.to_string(), invalid.node->height.value(),
                       invalid.error.to_string());
        core_.peers.block_rejected(invalid.node->hash, invalid.error.reason, core_.now);
    }
    if (update.changed()) spread(update);
    return std::move(update.invalid);
}

void ChainFlow::advance_fully() {
    do advance();
    while (pending_ || unsettled_);
}

void ChainFlow::spread(const ChainUpdate& update) {
    if (!update.disconnected.empty())
        ++reorganisations_[static_cast<uint32_t>(update.disconnected.size())];
    for (const ChainStep& step : update.disconnected) {
        core_.mempool.block_disconnected(step.block);
        if (core_.wallets)
            core_.wallets->block_disconnected(*step.block, step.node->hash, step.node->height);
    }
    for (const ChainStep& step : update.connected) {
        core_.mempool.block_connected(*step.block);
        if (core_.wallets)
            core_.wallets->block_connected(*step.block, step.node->hash, step.node->height);
        core_.peers.block_connected(*step.block, core_.now);
    }
    if (const auto updated = core_.mempool.chain_updated(core_.now); !updated)
        core_.failure = updated.error();
    spread_mempool_changes();
    log_tip();

    const HeaderNode& tip = core_.chain->tip();
    core_.engine_driver.run(
        [&](Engine& engine, EngineEffects& out) { engine.on_tip(tip, core_.now, out); });
    // The engine may have moved the tip again; then that call announced the newer one.
    if (&tip == &core_.chain->tip() && !pending_ && !initial_download()) {
        core_.peers.announce_block(tip, tip.hash == own_block_, core_.now);
    }
    const int32_t stop_at = core_.config.node.stop_at_height;
    if (stop_at > 0 && core_.chain->tip().height >= Height{stop_at}) core_.stopping = true;
}

void ChainFlow::log_tip() {
    const HeaderNode& tip = core_.chain->tip();
    const std::string warning = initial_download() ? std::string{} : note_unknown_rules();
    core_.log.info(
        LogCategory::general, "UpdateTip: new best={} height={} version=0x{:08x} tx={}{}",
        tip.hash.to_string(), tip.height.value(), static_cast<uint32_t>(tip.header.version),
        tip.chain_transactions, warning.empty() ? "" : " warning='" + warning + "'");
}

std::string ChainFlow::note_unknown_rules() {
    std::string locked_in;
    for (const auto& [bit, active] :
         core_.chain->version_bits().unknown_rules(core_.chain->tip())) {
        const std::string sentence =
            "Unknown new rules activated (versionbit " + std::to_string(bit) + ")";
        if (!active) {
            locked_in += (locked_in.empty() ? "" : ", ") + sentence;
        } else if (std::find(warnings_.begin(), warnings_.end(), sentence) == warnings_.end()) {
            core_.log.warning(LogCategory::general, "{}", sentence);
            warnings_.push_back(sentence);
        }
    }
    return locked_in;
}

Expected<AcceptInfo, TxFailure> ChainFlow::submit_transaction(const TransactionRef& transaction) {
    auto accepted = core_.mempool.submit(transaction, core_.now);
    if (accepted) {
        core_.log.debug(LogCategory::mempool, "AcceptToMemoryPool: accepted {} (poolsz {} txn)",
                        transaction->txid().to_string(), core_.mempool.size());
    } else if (const auto* failed = std::get_if<StorageError>(&accepted.error())) {
        core_.failure = *failed;
    }
    spread_mempool_changes();
    return accepted;
}

void ChainFlow::spread_mempool_changes() {
    if (spreading_)
        return;  // a wallet that hears of a change submits another: the outer loop takes it up
    spreading_ = true;
    for (auto changes = core_.mempool.take_changes(); !changes.empty();
         changes = core_.mempool.take_changes()) {
        for (const MempoolChange& change : changes) {
            if (!change.removal()) {
                if (core_.wallets)
                    core_.wallets->transaction_added_to_mempool(change.transaction, core_.now);
                const MempoolEntry* entry = core_.mempool.find(change.transaction->txid());
                if (entry == nullptr) continue;  // removed again by a later change
                core_.peers.announce_transaction(
                    RelayTransaction{
                        entry->txid(), entry->transaction->wtxid(),
                        fee_rate_of(entry->modified_fee(), entry->virtual_size).value()},
                    core_.now);
            } else if (change.kind != MempoolChange::Kind::confirmed && core_.wallets) {
                core_.wallets->transaction_removed_from_mempool(change.transaction);
            }
        }
    }
    spreading_ = false;
}

bool ChainFlow::initial_download() const {
    // With absolute finality an old tip says nothing: the network may have had nothing to order.
    // What counts is whether blocks are known that we lack.
    if (core_.engine->finality() == Finality::absolute) {
        return core_.chain->best_header().height > core_.chain->tip().height + kBehindMax;
    }
    if (download_finished_) return false;
    if (*core_.chain->tip().score < core_.config.chain.minimum_score) return true;
    const TimePoint tip_time = from_unix_seconds(core_.chain->tip().time());
    if (tip_time < core_.now - core_.config.node.tip_age_max) return true;
    core_.log.info(LogCategory::general, "Leaving InitialBlockDownload (latching to false)");
    download_finished_ = true;
    return false;
}

}  // namespace parley
