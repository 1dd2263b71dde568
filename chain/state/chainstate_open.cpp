#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "chain/state/chainstate_impl.h"

namespace parley {
namespace {

// Between two lines in the log while blocks are connected again.
constexpr int32_t kProgressBlocks = 10'000;

Expected<bool, std::string> is_empty(const Storage& storage, std::string_view directory) {
    bool empty = true;
    const auto scanned = storage.scan({}, [&](ByteSpan, ByteSpan) { return empty = false; });
    if (!scanned)
        return Unexpected(fmt::format("Cannot read {}: {}", directory, scanned.error().message));
    return empty;
}

// Is this store new, ours, or somebody else's? True: new.
Expected<bool, std::string> check_store(const Storage& storage, std::string_view directory,
                                        const StoreMeta& expected) {
    const auto value = storage.get(Bytes{kMetaKey});
    if (!value)
        return Unexpected(fmt::format("Cannot read {}: {}", directory, value.error().message));
    if (!value->has_value()) {
        const auto empty = is_empty(storage, directory);
        if (!empty) return empty;
        if (*empty) return true;
        return Unexpected(
            fmt::format("{} holds data of another program. Use another -datadir.", directory));
    }
    const auto meta = parse_meta(**value);
    if (!meta || meta->format == 0) return Unexpected(damaged_store(directory, "its first record"));
    if (meta->format != StoreMeta::kFormat) {
        return Unexpected(
            fmt::format("{} has format {}, and this version reads format {}. Use the version that "
                        "made it, or another -datadir.",
                        directory, meta->format, StoreMeta::kFormat));
    }
    if (meta->chain != expected.chain) {
        return Unexpected(
            fmt::format("{} belongs to chain '{}'. Start with -chain={}, or use another -datadir.",
                        directory, meta->chain, meta->chain));
    }
    if (meta->engine != expected.engine) {
        return Unexpected(fmt::format(
            "{} was made with -consensus={}, not {}. Start with that option, or use another "
            "-datadir.",
            directory, meta->engine, expected.engine));
    }
    if (meta->genesis != expected.genesis) {
        return Unexpected(fmt::format(
            "{} belongs to another network (its genesis block is {}, not {}). Start with the "
            "options of that network, or use another -datadir.",
            directory, meta->genesis.to_string(), expected.genesis.to_string()));
    }
    return false;
}

constexpr std::string_view kWayOut =
    "Restore blocks and chainstate from a copy, or move both away to start over.";

}  // namespace

std::string damaged_store(std::string_view directory, std::string_view problem) {
    return fmt::format("The data in {} is damaged ({}). {}", directory, problem, kWayOut);
}

Expected<std::unique_ptr<Chainstate>, std::string> Chainstate::open(
    const ChainParams& params, const HeaderRules& rules, Storage& blocks, Storage& coins,
    ScriptVerifier& verifier, LogSink& log, const ChainOptions& options) {
    auto chainstate =
        std::make_unique<ChainstateImpl>(params, rules, blocks, coins, verifier, log, options);
    if (auto loaded = chainstate->load(); !loaded) return Unexpected(loaded.error());
    return std::unique_ptr<Chainstate>{std::move(chainstate)};
}

ChainstateImpl::ChainstateImpl(const ChainParams& params, const HeaderRules& rules, Storage& blocks,
                               Storage& coins, ScriptVerifier& verifier, LogSink& log,
                               const ChainOptions& options)
    : params_(params),
      rules_(rules),
      blocks_store_(blocks),
      coins_store_(coins),
      verifier_(verifier),
      log_(log),
      options_(options),
      tree_(params.genesis->header),
      files_(blocks, params.magic, options.block_file_bytes_max),
      coins_(coins, OutPointHash{options.coins_hash_key0, options.coins_hash_key1}),
      coins_flush_(coins, coins_, {options.coins_cache_bytes, options.coins_flush_blocks}),
      version_bits_(params) {
    CHECK(options.activation_step_blocks > 0);
    HeaderNode& genesis = tree_.edit(tree_.genesis());
    genesis.score = rules.genesis_score(genesis.header);
    genesis.status = BlockStatus::connected;
    genesis.transactions = static_cast<uint32_t>(params.genesis->transactions.size());
    genesis.chain_transactions = genesis.transactions;
    active_.push_back(&genesis);
    best_header_ = &genesis;
    finalized_ = &genesis;
}

StoreMeta ChainstateImpl::meta() const {
    return {StoreMeta::kFormat, params_.name, options_.engine, params_.genesis_hash};
}

Expected<void, std::string> ChainstateImpl::load() {
    const auto blocks_new = check_store(blocks_store_, "blocks", meta());
    if (!blocks_new) return Unexpected(blocks_new.error());
    const auto coins_new = check_store(coins_store_, "chainstate", meta());
    if (!coins_new) return Unexpected(coins_new.error());
    // A power cut right after the first start can leave the coins of the genesis block alone: they
    // are made again. Coins of later blocks are never written before their blocks are synced.
    const auto walk = load_coins_walk(coins_store_);
    if (!walk) return Unexpected(damaged_store("chainstate", walk.error()));
    const auto is_genesis = [this](const BlockHash& hash) { return hash == genesis().hash; };
    if (*blocks_new && !std::all_of(walk->begin(), walk->end(), is_genesis)) {
        return Unexpected(fmt::format(
            "chainstate is there, but the blocks that it was made from are not. {}", kWayOut));
    }
    if (*blocks_new) {
        if (auto made = initialize_blocks(); !made) return made;
    } else {
        if (auto loaded = load_blocks(); !loaded) return loaded;
    }
    if (options_.reindex_chainstate) begin_at_genesis();
    if (auto repaired = repair_coins(*walk); !repaired) return repaired;
    recompute_best_header();
    rebuild_candidates();
    load_checkpoints();
    return {};
}

Expected<void, std::string> ChainstateImpl::load_blocks() {
    auto contents = load_index(blocks_store_);
    if (!contents) return Unexpected(damaged_store("blocks/index", contents.error()));
    pruned_ = contents->pruned;
    if (pruned_ && !options_.prune) {
        return Unexpected(std::string{
            "You need to rebuild the database using -reindex to go back to unpruned mode. This "
            "will redownload the entire blockchain."});
    }
    for (const auto& [number, info] : contents->files) files_.load_file(number, info);
    if (auto loaded = load_headers(contents->headers); !loaded) return loaded;
    drop_lost_blocks(*contents);
    sum_transactions();
    if (auto checked = check_files(); !checked) return checked;
    if (auto loaded = load_active_chain(*contents); !loaded) return loaded;
    // Missing block files would go unnoticed until somebody asks for a block.
    if (const auto body = read_block(*active_.back()); !body)
        return Unexpected(damaged_store("blocks", body.error().message));
    if (contents->reindex_files) {
        // One more is there, for what is new.
        if (*contents->reindex_files >= files_.count())
            return Unexpected(damaged_store("blocks/index", "the record 'R' names unknown files"));
        resume_reindex(*contents->reindex_files);
    }
    if (pruned_) {
        if (auto removed = files_.remove_leftovers(pending_); !removed)
            return Unexpected(damaged_store("blocks", removed.error().message));
        if (!pending_.empty()) sync_blocks();
    }
    return {};
}

// The blocks are connected once more as they were the first time, one after another. Where some are
// final, the engine counts on the tip: then it happens before the start is over.
void ChainstateImpl::begin_at_genesis() {
    if (finalized_ != &genesis()) return;
    active_.resize(1);
    put_hash(pending_, kActiveTipKey, genesis().hash);
    commit_pending();
}

Expected<void, std::string> ChainstateImpl::initialize_blocks() {
    HeaderNode& node = tree_.edit(tree_.genesis());
    const Bytes genesis = params_.genesis->serialize();
    const FilePosition first{0, sizeof params_.magic + sizeof(uint32_t),
                             static_cast<uint32_t>(genesis.size())};
    WriteBatch batch;
    // More than the genesis block without an index: a reindexing, or the first blocks of all, that
    // a crash has cut off. Nothing must be written over them.
    const auto bytes_there = blocks_store_.file_size({FileId::Kind::block, 0});
    if (!bytes_there) return Unexpected(damaged_store("blocks", bytes_there.error().message));
    if (options_.reindex || *bytes_there > first.offset + first.size) {
        if (auto begun = begin_reindex(batch); !begun) return begun;
    }
    const bool reads_files = reindex_ && reindex_->files != 0;
    const auto stored = reads_files ? files_.read_block(first) : Bytes{};
    if (stored && *stored == genesis) {
        node.block_position = first;
        files_.adopt_block(first, Height{0}, node.header.time);
    } else {
        node.block_position = files_.append_block(batch, genesis, Height{0}, node.header.time);
    }
    batch.put(Bytes{kMetaKey}, serialize_meta(meta()));
    put_hash(batch, kActiveTipKey, node.hash);
    touch(node);
    write_touched(batch);
    // Nothing is promised yet: a power cut leaves an empty store, or this one, which is as good.
    blocks_store_.commit(std::move(batch), Durability::written);
    return {};
}

void ChainstateImpl::initialize_coins() {
    WriteBatch batch;
    batch.put(Bytes{kMetaKey}, serialize_meta(meta()));
    coins_store_.commit(std::move(batch), Durability::written);
    CoinsOverlay overlay(coins_, coins_.hash());
    if (params_.genesis_coins_spendable) {
        const Transaction& coinbase = *params_.genesis->transactions[0];
        for (uint32_t i = 0; i < coinbase.outputs().size(); ++i) {
            const TxOutput& output = coinbase.outputs()[i];
            if (!output.script_pubkey.is_unspendable())
                overlay.add(OutPoint{coinbase.txid(), i}, Coin{output, Height{0}, false});
        }
    }
    coins_.apply(std::move(overlay));
    coins_flush_.write_all(genesis(), Durability::written, false);
}

// The coins store is behind the blocks, perhaps on a branch that a reorganisation has left since.
Expected<void, std::string> ChainstateImpl::repair_coins(const std::vector<BlockHash>& hashes) {
    if (hashes.empty()) initialize_coins();
    std::vector<const HeaderNode*> walk;
    for (const BlockHash& hash : hashes) {
        walk.push_back(tree_.find(hash));
        if (walk.back() == nullptr)
            return Unexpected(damaged_store("chainstate", "it stands for a block that is unknown"));
    }
    if (walk.empty()) walk.push_back(&genesis());
    if (auto replayed = replay_walk(walk); !replayed) return replayed;
    const HeaderNode* from = walk.back();
    const HeaderNode* fork = fork_point(from, &tip());
    if (from != &tip()) {
        log_.info(LogCategory::general,
                  "Bringing the unspent outputs from block {} to {}: {} blocks back, {} forward",
                  from->height.value(), tip().height.value(), from->height - fork->height,
                  tip().height - fork->height);
    }
    for (const HeaderNode* node = from; node != fork; node = node->parent) {
        if (auto result = roll_back(*node); !result) return result;
    }
    for (Height height = fork->height + 1; height <= tip().height; ++height) {
        if (auto result = roll_forward(*at_height(height)); !result) return result;
        if (height.value() % kProgressBlocks == 0)
            log_.info(LogCategory::general, "... at block {}", height.value());
    }
    return {};
}

Expected<void, std::string> ChainstateImpl::replay_walk(
    const std::vector<const HeaderNode*>& walk) {
    coins_flush_.restore(walk);
    for (size_t i = 0; i + 1 < walk.size(); ++i) {
        const HeaderNode* fork = fork_point(walk[i], walk[i + 1]);
        log_.info(LogCategory::general,
                  "Replaying the blocks of an unfinished flush from {} to {}: {} back, {} forward",
                  walk[i]->height.value(), walk[i + 1]->height.value(),
                  walk[i]->height - fork->height, walk[i + 1]->height - fork->height);
        for (const HeaderNode* node = walk[i]; node != fork; node = node->parent) {
            if (auto result = replay_back(*node); !result) return result;
        }
        for (Height height = fork->height + 1; height <= walk[i + 1]->height; ++height) {
            if (auto result = replay_forward(*walk[i + 1]->ancestor(height)); !result)
                return result;
        }
    }
    coins_flush_.replayed();
    return {};
}

Expected<ChainstateImpl::StoredBlock, std::string> ChainstateImpl::read_with_undo(
    const HeaderNode& node) const {
    if (!node.has_body() || !node.has_undo())
        return Unexpected(damaged_store("blocks", "undo data is missing"));
    auto block = read_block(node);
    if (!block) return Unexpected(damaged_store("blocks", block.error().message));
    auto undo = read_undo(node);
    if (!undo) return Unexpected(damaged_store("blocks", undo.error().message));
    return StoredBlock{std::move(*block), std::move(*undo)};
}

Expected<void, std::string> ChainstateImpl::replay_back(const HeaderNode& node) {
    const auto stored = read_with_undo(node);
    if (!stored) return Unexpected(stored.error());
    if (!replay_disconnect(*stored->block, stored->undo, coins_))
        return Unexpected(damaged_store("blocks", "undo data does not fit its block"));
    drain_coins(node);
    return {};
}

Expected<void, std::string> ChainstateImpl::replay_forward(const HeaderNode& node) {
    if (!node.has_body()) return Unexpected(damaged_store("blocks", "a block is missing"));
    const auto block = read_block(node);
    if (!block) return Unexpected(damaged_store("blocks", block.error().message));
    replay_connect(**block, node.height, coins_);
    drain_coins(node);
    return {};
}

void ChainstateImpl::drain_coins(const HeaderNode& at) {
    coins_flush_.block_passed();
    // A process that was killed may have written blocks that are not on the disk for certain.
    if (coins_flush_.due() && !std::exchange(synced_at_start_, true)) sync_blocks();
    while (coins_flush_.due()) coins_flush_.write_slice(at);
}

Expected<void, std::string> ChainstateImpl::roll_back(const HeaderNode& node) {
    const auto stored = read_with_undo(node);
    if (!stored) return Unexpected(stored.error());
    CoinsOverlay overlay(coins_, coins_.hash());
    if (auto loaded = load_coins_to_disconnect(*stored->block, node.height, overlay); !loaded)
        return Unexpected(damaged_store("chainstate", loaded.error().message));
    if (!disconnect_block(params_, *stored->block, node.height, stored->undo, overlay))
        return Unexpected(damaged_store("chainstate", "undo data does not fit the coins"));
    coins_.apply(std::move(overlay));
    drain_coins(*node.parent);
    return {};
}

Expected<void, std::string> ChainstateImpl::roll_forward(const HeaderNode& node) {
    if (!node.has_body()) return Unexpected(damaged_store("blocks", "a block is missing"));
    const auto block = read_block(node);
    if (!block) return Unexpected(damaged_store("blocks", block.error().message));
    const ConnectContext context{params_, *node.parent, node.hash,
                                 version_bits_.script_flags(*node.parent),
                                 options_.reindex_chainstate};
    CoinsOverlay overlay(coins_, coins_.hash());
    if (auto loaded = load_coins_to_connect(context, **block, overlay); !loaded)
        return Unexpected(damaged_store("chainstate", loaded.error().message));
    const auto undo = connect_block(context, **block, overlay, verifier_);
    if (!undo) return Unexpected(damaged_store("chainstate", undo.error().to_string()));
    coins_.apply(std::move(overlay));
    drain_coins(node);
    return {};
}

}  // namespace parley
