// Opening a Chainstate: stores are created or loaded, and made consistent.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "chain/state/chainstate.h"
#include "chain/state/coins_repair.h"
#include "chain/store/index_store.h"
#include "chain/store/store_check.h"

namespace parley {
namespace {

Unexpected<std::string> damaged_index(std::string_view problem) {
    return Unexpected(damaged_store("blocks/index", problem));
}

Unexpected<std::string> damaged_blocks(const StorageError& error) {
    return Unexpected(damaged_store("blocks", error.message));
}

}  // namespace

Expected<std::unique_ptr<Chainstate>, std::string> Chainstate::open(
    const ChainParams& params, const HeaderRules& rules, Storage& blocks, Storage& coins,
    ScriptVerifier& verifier, LogSink& log, const ChainOptions& options) {
    auto chainstate = std::unique_ptr<Chainstate>{
        new Chainstate(params, rules, blocks, coins, verifier, log, options)};
    if (auto loaded = chainstate->load(blocks, coins); !loaded) return Unexpected(loaded.error());
    return chainstate;
}

StoreMeta Chainstate::meta() const {
    return {StoreMeta::kFormat, params_.name, options_.engine, params_.genesis_hash};
}

Expected<void, std::string> Chainstate::load(Storage& blocks, Storage& coins) {
    if (options_.assume_valid.is_zero())
        log_.info(LogCategory::general, "Validating signatures for all blocks.");
    else
        log_.info(LogCategory::general, "Assuming ancestors of block {} have valid signatures.",
                  options_.assume_valid.to_string());
    const auto blocks_new = check_store(blocks, "blocks", meta());
    if (!blocks_new) return Unexpected(blocks_new.error());
    const auto coins_new = check_store(coins, "chainstate", meta());
    if (!coins_new) return Unexpected(coins_new.error());
    // A power cut right after the first start can leave only the coins of the genesis block: they
    // are created again. Coins of later blocks are never written before their blocks are synced.
    auto walk = load_coins_walk(coins);
    if (!walk) return Unexpected(damaged_store("chainstate", walk.error()));
    const auto is_genesis = [this](const BlockHash& hash) { return hash == index_.genesis().hash; };
    const auto other = has_coins(coins, kCoinsKeys[1]);
    if (!other) return Unexpected(damaged_store("chainstate", other.error().message));
    if (*blocks_new && (*other || !std::all_of(walk->begin(), walk->end(), is_genesis))) {
        return Unexpected(
            fmt::format("chainstate exists, but the blocks it was built from are missing. {}",
                        kDamagedBlocksAdvice));
    }
    if (auto loaded = *blocks_new ? initialize_blocks(blocks) : load_blocks(blocks); !loaded)
        return loaded;
    if (options_.reindex_chainstate) begin_at_genesis();
    if (coins_set_ != 0) {
        walk = load_coins_walk(coins, coins_keys(false));
        if (!walk) return Unexpected(damaged_store("chainstate", walk.error()));
    }
    if (auto repaired = load_coins(*walk); !repaired) return repaired;
    if (auto begun = begin_background(); !begun) return begun;
    index_.rank_candidates();
    checkpoints_.apply();
    return {};
}

Expected<void, std::string> Chainstate::initialize_blocks(Storage& blocks) {
    const HeaderNode& node = index_.genesis();
    const Bytes genesis = params_.genesis->serialize();
    const FilePosition first{0, sizeof params_.magic + sizeof(uint32_t),
                             static_cast<uint32_t>(genesis.size())};
    WriteBatch batch;
    // The files contain more than the genesis block but there is no index: a reindexing, or the
    // very first blocks cut off by a crash. Nothing may overwrite them.
    const auto bytes_there = blocks.file_size({FileId::Kind::block, 0});
    if (!bytes_there) return damaged_blocks(bytes_there.error());
    uint32_t files = 0;
    if (options_.reindex || *bytes_there > first.offset + first.size) {
        const auto counted = Reindexer::count_files(blocks);
        if (!counted) return Unexpected(counted.error().message);
        files = *counted;
        blocks_.files().begin_behind(files);
        Writer writer;
        writer.le(files);
        batch.put(Bytes{kReindexKey}, writer.take());
        log_.info(LogCategory::general, "Reindexing {} block files", files);
        begin_reindex(blocks, files);
    }
    const auto stored = files != 0 ? blocks_.files().read_block(first) : Bytes{};
    if (stored && *stored == genesis) {
        index_.place_genesis(first);
        blocks_.files().adopt_block(first, Height{0}, node.header.time);
    } else {
        index_.place_genesis(
            blocks_.files().append_block(batch, genesis, Height{0}, node.header.time));
    }
    batch.put(Bytes{kMetaKey}, serialize_meta(meta()));
    put_hash(batch, kActiveTipKey, node.hash);
    // Nothing has been promised yet: after a power cut, an empty store is as good as this one.
    blocks_.commit_with(std::move(batch));
    return {};
}

void Chainstate::begin_reindex(Storage& blocks, uint32_t files) {
    reindexer_.emplace(blocks, blocks_.files(), params_.magic, files, log_);
}

Expected<void, std::string> Chainstate::load_blocks(Storage& blocks) {
    auto contents = load_index(blocks);
    if (!contents) return damaged_index(contents.error());
    if (contents->pruned && !options_.prune) {
        return Unexpected(std::string{
            "You need to rebuild the database using -reindex to go back to unpruned mode. This "
            "will redownload the entire blockchain."});
    }
    for (const auto& [number, info] : contents->files) blocks_.files().load_file(number, info);
    if (auto loaded = index_.load(*contents); !loaded) return damaged_index(loaded.error());
    if (auto loaded = load_snapshot(contents->coins); !loaded) return loaded;
    drop_lost_blocks(*contents);
    log_.info(LogCategory::general, "Checking all blk files are present...");
    if (auto checked = blocks_.check_files(); !checked) return checked;
    if (auto loaded = index_.load_active_chain(*contents); !loaded)
        return damaged_index(loaded.error());
    log_.info(LogCategory::general, "Loaded best chain: hashBestChain={} height={}",
              index_.tip().hash.to_string(), index_.tip().height.value());
    // A damaged block file would otherwise go unnoticed until a block is requested.
    if (&index_.tip() != index_.snapshot_base()) {
        if (const auto body = blocks_.read(index_.tip()); !body)
            return damaged_blocks(body.error());
    }
    if (contents->reindex_files) {
        // One more file exists, for new blocks.
        if (*contents->reindex_files >= blocks_.files().count())
            return damaged_index("the record 'R' names unknown files");
        log_.info(LogCategory::general, "Continuing to reindex {} block files",
                  *contents->reindex_files);
        begin_reindex(blocks, *contents->reindex_files);
    }
    if (index_.pruned()) {
        if (auto removed = blocks_.files().remove_leftovers(blocks_.batch()); !removed)
            return damaged_blocks(removed.error());
        if (!blocks_.batch().empty()) blocks_.sync();
    }
    return {};
}

void Chainstate::drop_lost_blocks(IndexContents& contents) {
    const HeaderNode* recorded = index_.find(contents.active_tip);
    const size_t lost = index_.drop_lost(
        contents, [this](const HeaderNode& node) { return blocks_.read(node).has_value(); },
        [this](const HeaderNode& node) { return blocks_.read_undo(node).has_value(); });
    if (lost == 0) return;
    log_.warning(LogCategory::general,
                 "The disk lost the data of {} blocks received shortly before the last stop; "
                 "they are fetched again. The tip goes from height {} to {}",
                 lost, recorded->height.value(), index_.find(contents.active_tip)->height.value());
    put_hash(blocks_.batch(), kActiveTipKey, contents.active_tip);
    blocks_.commit();
}

// Connects the blocks again, one after another, as the first time. If some are final, the engine
// relies on the tip, so this is completed before the start ends.
void Chainstate::begin_at_genesis() {
    if (&index_.finalized() != &index_.genesis()) return;
    index_.restart_active_chain();
    put_hash(blocks_.batch(), kActiveTipKey, index_.genesis().hash);
    if (index_.snapshot_base() != nullptr || coins_set_ != 0) {
        index_.end_snapshot();
        coins_set_ = 0;
        coins_ = make_coins(coins_keys(false), options_.coins_cache_bytes);
        put_coins_in_use(blocks_.batch(), {});
    }
    blocks_.commit();
}

// Which UTXO set is in use, and what it is based on.
Expected<void, std::string> Chainstate::load_snapshot(const CoinsInUse& record) {
    coins_set_ = record.set;
    if (record.set != 0) coins_ = make_coins(coins_keys(false), options_.coins_cache_bytes);
    if (!record.snapshot_base) return {};
    const BlockHash& hash = *record.snapshot_base;
    const HeaderNode* base = index_.find(hash);
    const KnownSnapshot* known = find_snapshot(params_, hash);
    if (known == nullptr)
        return Unexpected(fmt::format("Assumeutxo data not found for the given blockhash '{}'.",
                                      hash.to_string()));
    if (base == nullptr) return damaged_index("the base of the UTXO snapshot is missing");
    // -reindex-chainstate has removed both sets.
    const auto walk = load_coins_walk(coins_storage_, coins_keys(true));
    if (!walk) return Unexpected(damaged_store("chainstate", walk.error()));
    const HeaderNode* at = walk->empty() ? &index_.genesis() : index_.find(walk->back());
    if (at == nullptr || (walk->empty() && !options_.reindex_chainstate))
        return Unexpected(damaged_store("chainstate", "the validated UTXO set is missing"));
    index_.restore_snapshot(*base, *fork_point(at, base), known->chain_transactions);
    return {};
}

Expected<void, std::string> Chainstate::begin_background() {
    const auto leftover = has_coins(coins_storage_, coins_keys(true));
    if (!leftover) return Unexpected(damaged_store("chainstate", leftover.error().message));
    if (index_.snapshot_base() == nullptr) {
        if (*leftover) eraser_.emplace(coins_storage_, coins_keys(true));
        return {};
    }
    const auto walk = load_coins_walk(coins_storage_, coins_keys(true));
    if (!walk || walk->empty())
        return Unexpected(damaged_store("chainstate", "the validated UTXO set is missing"));
    auto coins = make_coins(coins_keys(true), options_.coins_cache_bytes / kBackgroundCacheShare);
    const HeaderNode* at = index_.find(walk->back());
    if (at == nullptr)
        return Unexpected(damaged_store("chainstate", "it refers to an unknown block"));
    CoinsRepair repair({params_, index_, blocks_, *coins, version_bits_, verifier_, log_}, false);
    if (auto repaired = repair.run(*walk, *at); !repaired) return repaired;
    background_.emplace(background_parts(), assume_valid_.options(), std::move(coins), *at);
    return {};
}

Expected<void, std::string> Chainstate::load_coins(const std::vector<BlockHash>& walk) {
    if (walk.empty()) coins_->initialize(params_, index_.genesis(), meta());
    CoinsRepair repair({params_, index_, blocks_, *coins_, version_bits_, verifier_, log_},
                       options_.reindex_chainstate);
    return repair.run(walk.empty() ? std::vector{index_.genesis().hash} : walk, index_.tip());
}

}  // namespace parley
