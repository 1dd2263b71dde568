// A snapshot of the UTXO set: loading it, using it, and what becomes of it once its blocks are
// validated.
//
// The coins store has room for two sets. The coins of a snapshot are loaded into the one that is
// not in use. One batch of the blocks store, after those coins are synced, makes the snapshot's
// base the tip and records which set is in use; the other set is then that of the blocks validated
// so far. Another batch ends this state. A set that no record names is erased.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "base/check.h"
#include "chain/state/chainstate.h"
#include "chain/store/coin_codec.h"
#include "chain/store/index_store.h"

namespace parley {

const CoinsKeys& Chainstate::coins_keys(bool other) const {
    return kCoinsKeys[other ? 1 - coins_set_ : coins_set_];
}

std::unique_ptr<Coins> Chainstate::make_coins(const CoinsKeys& keys, size_t cache_bytes) {
    return std::make_unique<Coins>(
        coins_storage_, blocks_,
        Coins::Options{cache_bytes, options_.coins_write_interval_blocks,
                       OutPointHash{options_.coins_hash_key0, options_.coins_hash_key1}, keys});
}

BackgroundChain::Parts Chainstate::background_parts() {
    return {params_, index_, blocks_, coins_storage_, version_bits_, verifier_, log_};
}

// --- loading ------------------------------------------------------------------------------------

Expected<void, std::string> Chainstate::check_snapshot(const BlockHash& hash) const {
    if (index_.snapshot_base() != nullptr)
        return Unexpected(std::string{"Can't activate a snapshot-based chainstate more than once"});
    if (find_snapshot(params_, hash) == nullptr) {
        std::vector<int32_t> heights;
        for (const KnownSnapshot& known : params_.snapshots)
            heights.push_back(known.height.value());
        return Unexpected(
            fmt::format("assumeutxo block hash in snapshot metadata not recognized (hash: {}). The "
                        "following snapshot heights are available: {}",
                        hash.to_string(), fmt::join(heights, ", ")));
    }
    const HeaderNode* base = index_.find(hash);
    if (base == nullptr)
        return Unexpected(fmt::format(
            "The base block header ({}) must appear in the headers chain. Make sure all headers "
            "are syncing, and call loadtxoutset again",
            hash.to_string()));
    if (base->is_invalid())
        return Unexpected(fmt::format("The base block header ({}) is part of an invalid chain",
                                      hash.to_string()));
    const HeaderNode& best = index_.best_header();
    if (!base->score || best.height < base->height || best.ancestor(base->height) != base)
        return Unexpected(
            std::string{"A forked headers-chain with more work than the chain with the snapshot "
                        "base block header exists. Please proceed to sync without AssumeUtxo."});
    return {};
}

Expected<void, std::string> Chainstate::begin_snapshot(const BlockHash& hash) {
    if (failure()) return Unexpected(failure()->message);
    if (reindexer_) return Unexpected(std::string{"The block files are being reindexed"});
    if (auto checked = check_snapshot(hash); !checked) return checked;
    if (!index_.better_than_tip(*index_.find(hash)))
        return Unexpected(std::string{"Population failed: Work does not exceed active chainstate"});
    if (loaded_coins_) return Unexpected(std::string{"Another snapshot is being loaded"});
    while (eraser_ && !failure()) snapshot_step();
    if (failure()) return Unexpected(failure()->message);
    loaded_coins_.emplace(coins_storage_, coins_keys(true));
    loading_base_ = hash;
    return {};
}

void Chainstate::add_snapshot_coins(std::span<const std::pair<OutPoint, Coin>> coins) {
    CHECK(loaded_coins_.has_value());
    WriteBatch batch;
    for (const auto& [outpoint, coin] : coins) {
        Writer writer;
        write_coin(writer, coin);
        batch.put(coin_key(outpoint, coins_keys(true)), writer.take());
    }
    coins_storage_.commit(std::move(batch), Durability::written);
}

Expected<bool, std::string> Chainstate::finish_snapshot() {
    CHECK(loaded_coins_.has_value());
    if (!loaded_coins_->done()) {
        if (auto hashed = loaded_coins_->step(); !hashed) {
            fail(hashed.error());
            return Unexpected(hashed.error().message);
        }
        return true;
    }
    const auto refuse = [this](std::string why) {
        drop_snapshot();
        return Unexpected(std::move(why));
    };
    // The chain went on while the coins were loaded.
    if (auto checked = check_snapshot(loading_base_); !checked) return refuse(checked.error());
    const HeaderNode& base = *index_.find(loading_base_);
    const KnownSnapshot& known = *find_snapshot(params_, loading_base_);
    const Hash256 hash = loaded_coins_->hash();
    if (hash != known.coins_hash)
        return refuse(
            fmt::format("Population failed: Bad snapshot content hash: expected {}, got {}",
                        known.coins_hash.to_string(), hash.to_string()));
    if (!index_.better_than_tip(base)) return refuse("work does not exceed active chainstate");
    use_snapshot(base, known);
    return false;
}

void Chainstate::drop_snapshot() {
    if (!loaded_coins_) return;
    loaded_coins_.reset();
    eraser_.emplace(coins_storage_, coins_keys(true));
}

void Chainstate::use_snapshot(const HeaderNode& base, const KnownSnapshot& known) {
    connector_.reset();
    loaded_coins_.reset();
    const HeaderNode& tip = index_.tip();
    auto coins = make_coins(coins_keys(true), options_.coins_cache_bytes);
    coins_->write_all(tip, Durability::written);
    coins->adopt(base);
    index_.adopt_snapshot(base, *fork_point(&tip, &base), known.chain_transactions);
    coins_set_ = static_cast<uint8_t>(1 - coins_set_);
    background_.emplace(background_parts(), assume_valid_.options(),
                        std::exchange(coins_, std::move(coins)), tip);
    put_coins_in_use(blocks_.batch(), {coins_set_, base.hash});
    put_hash(blocks_.batch(), kActiveTipKey, base.hash);
    blocks_.sync();
    log_.info(LogCategory::general, "[snapshot] successfully activated snapshot {}",
              base.hash.to_string());
}

// --- the validation behind it -------------------------------------------------------------------

void Chainstate::snapshot_step() {
    if (failure()) return;
    if (eraser_) {
        if (const auto erased = eraser_->step(); !erased) return fail(erased.error());
        if (eraser_->done()) eraser_.reset();
        return;
    }
    if (!background_ || !background_->can_step()) return;
    const auto proved = background_->step();
    if (proved) {
        if (*proved) end_background();
    } else if (const auto* error = std::get_if<StorageError>(&proved.error())) {
        fail(*error);
    } else {
        give_snapshot_up(std::get<BackgroundChain::Refuted>(proved.error()).reason);
    }
}

void Chainstate::end_background() {
    log_.info(LogCategory::general, "[snapshot] snapshot beginning at {} has been fully validated",
              index_.snapshot_base()->hash.to_string());
    background_.reset();
    index_.end_snapshot();
    put_coins_in_use(blocks_.batch(), {coins_set_, std::nullopt});
    blocks_.sync();
    log_.info(LogCategory::general, "[snapshot] cleaning up unneeded background chainstate");
    eraser_.emplace(coins_storage_, coins_keys(true));
}

// The next start goes on where the validation has ended.
void Chainstate::give_snapshot_up(const std::string& reason) {
    const HeaderNode& at = background_->at();
    background_->flush(Durability::synced);
    index_.doubt_descendants();
    WriteBatch batch;
    index_.write_changes(batch);
    put_coins_in_use(batch, {static_cast<uint8_t>(1 - coins_set_), std::nullopt});
    put_hash(batch, kActiveTipKey, at.hash);
    blocks_.storage().commit(std::move(batch), Durability::synced);
    failure_ = StorageError{
        StorageError::Code::corruption,
        fmt::format(
            "The UTXO snapshot is refuted: {}. This is a hardware problem, a bug, or a forged "
            "program. The node stops; the next start continues at height {} instead of {}, without "
            "the snapshot",
            reason, at.height.value(), index_.tip().height.value())};
    log_.error(LogCategory::general, "[snapshot] {}", failure_->message);
}

}  // namespace parley
