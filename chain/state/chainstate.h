// Chainstate: the blocks that this node knows, which of them are the best chain, and the coins that
// are unspent after it. Start here to read chain/.
//
// It is not: a judge of who may propose (HeaderRules), of what to relay (mempool/), or of peers.
//
// It composes BlockIndex (headers, states, the best chain), StoredBlocks (bodies and undo data),
// Coins, BranchConnector (a move to a better branch), Reindexer and Pruner, and puts their work in
// order. Each of them can be read by itself.
//
// A block passes three stages. check: by itself. accept: in the context of its ancestors' headers;
// then it is stored. connect: against the coins, with scripts, when it becomes part of the best
// chain. accept_block() does the first two, activate_best_chain() the third, so that the caller
// decides when to work and sees each change of the chain exactly once.
//
// Storage: index records and the active tip are in the `blocks` store, committed with the block's
// own bytes in one batch; the coins' cache goes to the `coins` store only now and then, with the
// blocks that it stands for. Start-up repairs the difference by undo data and stored blocks.
// REQUIRES of the host: commits of both stores reach the disk in the order in which they were made.
//
// Errors: what a block does wrong is a BlockError. When the machine fails, there is no verdict
// about any block: failure() is set, nothing changes any more, and the host must stop the node.
//
// Called by node/ on the core thread only. Returned nodes live as long as the Chainstate.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/option_row.h"
#include "base/storage/storage.h"
#include "base/time.h"
#include "chain/primitives/coins.h"
#include "chain/rules/block_error.h"
#include "chain/rules/params.h"
#include "chain/script/script_check.h"
#include "chain/state/branch_connector.h"
#include "chain/state/coins.h"
#include "chain/state/index/assume_valid.h"
#include "chain/state/index/block_index.h"
#include "chain/state/index/checkpoints.h"
#include "chain/state/pruner.h"
#include "chain/state/reindexer.h"
#include "chain/state/stored_blocks.h"
#include "chain/state/versionbits.h"

namespace parley {

struct ChainOptions {
    /// The data directory remembers it and refuses another.
    std::string engine = "pow";
    /// Memory of the coins' cache; where it would take more, coins are written out.
    size_t coins_cache_bytes = size_t{64} << 20;
    /// Within so many blocks every coin is written out once: it bounds the work of a start after a
    /// crash to the blocks of two such rounds.
    int32_t coins_flush_blocks = 2'000;
    /// The index is made anew from the block files (-reindex). REQUIRES: no index, no coins, no
    /// undo files, and no block file behind the first that is missing.
    bool reindex = false;
    /// The coins are made anew from the blocks, scripts checked (-reindex-chainstate). REQUIRES: no
    /// coins.
    bool reindex_chainstate = false;
    /// Block files may be removed: by prune(), and by themselves where there is a target (-prune).
    bool prune = false;
    uint64_t prune_target_bytes = 0;       ///< of block and undo files; 0: by hand only
    int32_t prune_after_height = 100'000;  ///< a shorter chain is kept whole
    uint64_t block_file_bytes_max = uint64_t{128} << 20;
    /// Blocks connected by one call of activate_best_chain() before it returns with `more`.
    int32_t activation_step_blocks = 32;
    /// -minimumchainwork: with less, the best header's chain is not believed to be the network's.
    Score minimum_score;
    /// -assumevalid: scripts of this block and its ancestors are not run, where the block is part
    /// of the best header's chain, which has the minimum score, and is two weeks of work below its
    /// end. Zero: all scripts are run.
    BlockHash assume_valid;
    /// -checkpoint: blocks that can never be replaced, nor anything before them.
    std::vector<std::pair<Height, BlockHash>> checkpoints;
    /// Keys of the coins' hash table, from a secret source: strangers choose txids.
    uint64_t coins_hash_key0 = 0;
    uint64_t coins_hash_key1 = 0;

    static std::span<const OptionRow<ChainOptions>> rows();
};

/// When activate_best_chain() returns: with every verdict, or while the scripts of the last block
/// may still run on other threads, so that the caller can fetch the next one meanwhile.
enum class Settle : uint8_t { all, but_last };

struct BlockResult {
    enum class State : uint8_t { accepted, already_have, missing_parent, invalid };
    State state = State::invalid;
    const HeaderNode* node = nullptr;  ///< null where the header was not accepted
    std::optional<BlockError> error;   ///< set when invalid or missing_parent
};

/// What became of a series of headers.
struct HeadersResult {
    const HeaderNode* last = nullptr;  ///< the last header that is in the tree now; null: none
    size_t added = 0;                  ///< headers that were new to the tree
    std::optional<BlockError> error;   ///< of the first header that was refused
};

struct VerifyResult {
    /// What is wrong, with the block; empty: nothing.
    std::string problem;
    int32_t blocks = 0;  ///< that were looked at
    /// Levels 3 and 4 ended early: the coins would have taken more memory than the cache may.
    bool cut_short = false;
};

// Wide because it is the chain as the node sees it: what comes in, what users and the engine order,
// and what is read of it as a whole. What is read of the tree is in index().
class Chainstate {
 public:
    /// Loads both stores, or makes new ones, and brings the coins to the recorded tip. The error is
    /// a sentence for stderr: a store of another chain or engine, a corrupt one, a failing disk;
    /// nothing is overwritten then. Everything that is passed by reference must outlive the result.
    static Expected<std::unique_ptr<Chainstate>, std::string> open(
        const ChainParams& params, const HeaderRules& rules, Storage& blocks, Storage& coins,
        ScriptVerifier& verifier, LogSink& log, const ChainOptions& options);

    Chainstate(const Chainstate&) = delete;
    Chainstate& operator=(const Chainstate&) = delete;

    const ChainParams& params() const { return params_; }
    /// Headers, the best chain, and what is known of blocks.
    const BlockIndex& index() const { return index_; }

    // --- What comes in.

    /// A header that is known already is accepted again (or refused with cached_invalid). `now`
    /// bounds the header's time.
    Expected<const HeaderNode*, BlockError> accept_header(const BlockHeader& header, ByteSpan seal,
                                                          TimePoint now);

    /// Headers in order, without seals. Stops at the first that is refused.
    HeadersResult accept_headers(std::span<const BlockHeader> headers, TimePoint now);

    /// Gives a known header its seal. False: it has a score already, nothing changed.
    Expected<bool, BlockError> attach_seal(const BlockHash& hash, ByteSpan seal);

    /// Checks, accepts and stores. The best chain changes by activate_best_chain() only; call that
    /// after already_have too, because a seal that came with the block counts.
    BlockResult accept_block(const BlockRef& block, ByteSpan seal, TimePoint now);

    /// Moves to the best chain whose bodies are all here: the highest score wins, the first seen on
    /// a tie. A block that fails to connect is marked invalid, and the next best chain is tried. On
    /// `more` or `unsettled`, call again. Until a block is settled it is no part of the best chain;
    /// a call that finds nothing to add settles it.
    ChainUpdate activate_best_chain(Settle settle = Settle::all);

    /// A dry run: would this block be valid on top of the active tip? Nothing changes. Its header
    /// is checked for context, but not for its seal or proof of work. A StorageError is no verdict,
    /// and failure() is set too.
    Expected<void, BlockFailure> check_proposal(const Block& block, TimePoint now);

    /// What the versions of blocks have brought. Answers stay in its memory, so it is not const.
    VersionBits& version_bits() { return version_bits_; }

    /// A piece of the reindexing that open() began, or found unfinished; follow up with
    /// activate_best_chain(). False: there is none, or it is done.
    bool reindex_step(TimePoint now);
    bool reindexing() const { return reindexer_.has_value(); }

    // --- By hand and by the engine.

    /// Marks a block and its descendants invalid until reconsider(). Follow up with
    /// activate_best_chain(), which then leaves it. Errors: unknown, finalized, genesis, or
    /// one at or before a checkpoint; in the active chain, one that is pruned, or whose parent is.
    Expected<void, BlockError> invalidate(const BlockHash& hash);
    /// Takes the marks off a block, its ancestors and its descendants, rules that they broke
    /// included (they are tried again).
    Expected<void, BlockError> reconsider(const BlockHash& hash);
    /// From now on the block counts as the first seen of those with its score, until the next
    /// start. Nothing happens where its score is below the tip's. Errors: unknown.
    Expected<void, BlockError> prefer(const BlockHash& hash);
    /// Removes the block files whose blocks all lie at or below this height, and far enough below
    /// the tip. Returns the height of the last pruned block, or -1. REQUIRES: options.prune.
    Height prune(Height height);
    PruneState prune_state() const { return pruner_.state(); }
    /// This block and its ancestors never leave the best chain. It must be in the best chain
    /// (CHECK: anything else is the engine's or our own bug). Remembered across restarts.
    void finalize(const BlockHash& hash);

    // --- Reading.

    /// The coins after tip(). Valid until the next change of the chain. Who gets a StorageError
    /// from it sees to it that the node stops: failure() is not set.
    const CoinsView& coins() const { return coins_.view(); }
    /// REQUIRES, as the next: node.has_body(), or it is the genesis block.
    Expected<BlockRef, StorageError> read_block(const HeaderNode& node) const {
        return blocks_.read(node);
    }
    /// The block as it is in the file (BIP144 form), without parsing.
    Expected<Bytes, StorageError> read_block_bytes(const HeaderNode& node) const {
        return blocks_.read_bytes(node);
    }
    /// Any bytes of the block files, for an index of what is in them.
    Expected<Bytes, StorageError> read_block_file(const FilePosition& position) const {
        return blocks_.files().read_block(position);
    }
    /// REQUIRES: node.status is connected, and it is not pruned.
    Expected<BlockUndo, StorageError> read_undo(const HeaderNode& node) const {
        return blocks_.read_undo(node);
    }
    /// All coins after tip() in the order of their outpoints; writes the cache out first. The
    /// visitor returns false to stop.
    Expected<void, StorageError> for_each_coin(
        const std::function<bool(const OutPoint&, const Coin&)>& visitor);
    /// Checks the last `blocks` blocks of the best chain (all, where that is more) against what is
    /// stored, without changing anything. Levels, each with the ones before: 0 reads the blocks, 1
    /// checks them, 2 reads their undo data, 3 disconnects them in memory, 4 connects them again,
    /// scripts and all. Damaged data is a finding; the error is a store that could not be read.
    Expected<VerifyResult, StorageError> verify(int level, int32_t blocks);
    /// Bytes in the block and undo files (size_on_disk).
    uint64_t size_on_disk() const { return blocks_.files().size_on_disk(); }

    /// Bytes of the coins store, estimated.
    uint64_t coins_size_on_disk() const { return coins_.size_on_disk(); }

    /// Writes everything out. For the shutdown (`synced`) and for tests.
    void flush(Durability durability);

    /// Set once the chainstate itself could not read a store: the host stops the node with this
    /// message.
    const std::optional<StorageError>& failure() const { return failure_; }

 private:
    Chainstate(const ChainParams& params, const HeaderRules& rules, Storage& blocks, Storage& coins,
               ScriptVerifier& verifier, LogSink& log, const ChainOptions& options);

    // --- chainstate_open.cpp; errors are sentences.
    Expected<void, std::string> load(Storage& blocks, Storage& coins);
    Expected<void, std::string> initialize_blocks(Storage& blocks);
    Expected<void, std::string> load_blocks(Storage& blocks);
    void drop_lost_blocks(IndexContents& contents);
    Expected<void, std::string> load_coins(const std::vector<BlockHash>& walk);
    void begin_reindex(Storage& blocks, uint32_t files);
    void begin_at_genesis();
    StoreMeta meta() const;

    Expected<void, BlockError> check_parent(const HeaderNode* parent, const BlockHash& hash) const;
    // The stages of a proposal before its coins are looked at.
    Expected<void, BlockError> accept_proposal(const Block& block, TimePoint now) const;
    Expected<void, BlockError> check_body(const Block& block, const HeaderNode& node);
    Reindexer::Verdict adopt(const BlockRef& block, const FilePosition& position, TimePoint now);
    // Moves until there is nothing better, or enough was done in one call. An error: a store
    // failed.
    Expected<void, StorageError> move_to_best(Settle settle, ChainUpdate& update);
    void note_damaged_score();
    void fail(const StorageError& error);

    const ChainParams& params_;
    const HeaderRules& rules_;
    ScriptVerifier& verifier_;
    LogSink& log_;
    const ChainOptions options_;

    BlockIndex index_;
    StoredBlocks blocks_;
    Coins coins_;
    VersionBits version_bits_;
    Checkpoints checkpoints_;
    AssumeValid assume_valid_;
    Pruner pruner_;
    std::optional<Reindexer> reindexer_;        // while there are files to read
    std::optional<BranchConnector> connector_;  // while there is a move to a better branch
    std::optional<StorageError> failure_;
};

}  // namespace parley
