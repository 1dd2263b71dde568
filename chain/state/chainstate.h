// Chainstate: the known blocks, the best chain among them, and the UTXO set after it. Start here to
// read chain/.
//
// It does not decide who may propose blocks (HeaderRules), what to relay (mempool/), or how to
// treat peers.
//
// It composes BlockIndex (headers, states, the best chain), StoredBlocks (bodies and undo data),
// Coins (the UTXO set), BranchConnector (a move to a better branch), BackgroundChain (blocks below
// a UTXO snapshot), Reindexer and Pruner, and sequences their work. Each can be read by itself.
//
// A block passes three stages. check: without context. accept: in the context of its ancestors'
// headers; then it is stored. connect: against the coins, with scripts, when it becomes part of the
// best chain. accept_block() does the first two, activate_best_chain() the third, so the caller
// decides when to work and sees each change of the chain exactly once.
//
// Storage: index records and the active tip are in the `blocks` store, in one batch with the
// block's own bytes. The coins cache is written to the `coins` store less often, with a record of
// the blocks that it reflects; a start replays the difference from undo data and stored blocks.
// REQUIRES of the host: commits of both stores reach the disk in commit order.
//
// Errors: an invalid block yields a BlockError. If the machine fails, there is no verdict about any
// block: failure() is set, nothing changes any more, and the host must stop the node.
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
#include "base/option_rows.h"
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
#include "chain/state/snapshot/background_chain.h"
#include "chain/state/snapshot/stored_coins.h"
#include "chain/state/stored_blocks.h"
#include "chain/state/versionbits.h"

namespace parley {

struct ChainOptions {
    /// Recorded in the data directory, which cannot be opened with another engine.
    std::string engine = "pow";
    /// Memory limit of the coins cache. Coins are written out when it is exceeded.
    size_t coins_cache_bytes = size_t{64} << 20;
    /// What the storage of the coins takes for its tables. Set by the host that opened it, to be
    /// shown only.
    size_t coins_tables_bytes = 0;
    /// Every coin is written out once within this many blocks. This limits the replay of a start
    /// after a crash to twice as many blocks.
    int32_t coins_write_interval_blocks = 2'000;
    /// Rebuild the index from the block files (-reindex). REQUIRES: no index, coins or undo files,
    /// and no gap in the numbers of the block files.
    bool reindex = false;
    /// Rebuild the coins from the stored blocks, checking scripts (-reindex-chainstate). REQUIRES:
    /// no coins.
    bool reindex_chainstate = false;
    /// Allow removing block files (-prune): by prune(), and automatically if there is a target.
    bool prune = false;
    uint64_t prune_target_bytes = 0;       ///< for block and undo files; 0: manual only
    int32_t prune_after_height = 100'000;  ///< shorter chains are not pruned
    uint64_t block_file_bytes_max = uint64_t{128} << 20;
    /// Blocks connected in one call of activate_best_chain() before it returns with `more` set.
    int32_t activation_step_blocks = 32;
    /// -minimumchainwork: a best header with a lower score is assumed not to be the network's.
    Score minimum_score;
    /// -assumevalid: skip the scripts of this block and its ancestors if it is part of the best
    /// header's chain, which must have the minimum score and two weeks of work on top of it. Zero:
    /// run all scripts.
    BlockHash assume_valid;
    /// -checkpoint: blocks that, like their ancestors, can never be replaced.
    std::vector<std::pair<Height, BlockHash>> checkpoints;
    /// Secret keys of the coins' hash table, because an attacker can choose txids.
    uint64_t coins_hash_key0 = 0;
    uint64_t coins_hash_key1 = 0;

    static OptionRows<ChainOptions> rows();
};

/// When activate_best_chain() returns: after all verdicts, or while the scripts of the last block
/// may still run on other threads, so that the caller can fetch the next one meanwhile.
enum class Settle : uint8_t { all, but_last };

struct BlockResult {
    enum class State : uint8_t { accepted, already_have, missing_parent, invalid };
    State state = State::invalid;
    const HeaderNode* node = nullptr;  ///< null if the header was not accepted
    std::optional<BlockError> error;   ///< set when invalid or missing_parent
};

/// The outcome of a sequence of headers.
struct HeadersResult {
    const HeaderNode* last = nullptr;  ///< the last header now in the tree; null: none
    size_t added = 0;                  ///< headers that were new to the tree
    std::optional<BlockError> error;   ///< for the first refused header
};

struct VerifyResult {
    /// What is wrong, naming the block; empty: nothing.
    std::string problem;
    int32_t blocks = 0;  ///< number of blocks checked
    /// It stopped early: at a pruned block, or because the coins of levels 3 and 4 would have
    /// exceeded the cache limit.
    bool cut_short = false;
};

// Wide because this is the chain as the node sees it: what arrives, what users
// and the engine command, and what concerns the chain as a whole. Questions about the header tree
// go to index().
class Chainstate {
 public:
    /// Loads both stores, or creates new ones, and brings the coins to the recorded tip. The error
    /// is a sentence for stderr: a store of another chain or engine, a corrupt one, a failing disk;
    /// nothing is overwritten in that case. All references must outlive the result.
    static Expected<std::unique_ptr<Chainstate>, std::string> open(
        const ChainParams& params, const HeaderRules& rules, Storage& blocks, Storage& coins,
        ScriptVerifier& verifier, LogSink& log, const ChainOptions& options);

    Chainstate(const Chainstate&) = delete;
    Chainstate& operator=(const Chainstate&) = delete;

    const ChainParams& params() const { return params_; }
    /// Headers, the best chain, and the states of blocks.
    const BlockIndex& index() const { return index_; }

    // --- Input from peers and RPC.

    /// Accepting a known header again succeeds (or fails with cached_invalid). The header's time is
    /// checked against `now`.
    Expected<const HeaderNode*, BlockError> accept_header(const BlockHeader& header, ByteSpan seal,
                                                          TimePoint now);

    /// Headers in ascending order, each the child of the one before. Stops at the first that is
    /// refused. `seal` is that of the last header, and certifies its ancestors, because each header
    /// names its parent's hash. Unless it is empty, it must be complete and authentic, or no header
    /// is stored. Follow up with activate_best_chain() if there is a seal.
    HeadersResult accept_headers(std::span<const BlockHeader> headers, ByteSpan seal,
                                 TimePoint now);

    /// Adds the seal to a known header. False: it already has a score, nothing changed.
    Expected<bool, BlockError> attach_seal(const BlockHash& hash, ByteSpan seal);

    /// Checks, accepts and stores. Only activate_best_chain() changes the best chain; call it after
    /// already_have too, because the block may have come with a seal that was missing. A pruned
    /// block is already there, or its body is stored again, without undo data, for whoever asked.
    enum class Pruned : uint8_t { leave, restore };
    BlockResult accept_block(const BlockRef& block, ByteSpan seal, TimePoint now,
                             Pruned pruned = Pruned::leave);

    /// Moves to the best chain whose bodies are all stored: the highest score wins, first seen on a
    /// tie. A block that fails to connect is marked invalid, and the next best chain is tried. On
    /// `more` or `unsettled`, call again. A block is not part of the best chain until it is
    /// settled; a call with nothing else to do settles it.
    ChainUpdate activate_best_chain(Settle settle = Settle::all);

    /// A dry run: would this block be valid on top of the active tip? Changes nothing. The header
    /// is checked in context, but not its seal or proof of work. A StorageError is no verdict, and
    /// sets failure() too.
    Expected<void, BlockFailure> check_proposal(const Block& block, TimePoint now);

    /// States of the BIP9 deployments. Not const because it caches its answers.
    VersionBits& version_bits() { return version_bits_; }

    /// One piece of the reindexing that open() began or found unfinished; follow up with
    /// activate_best_chain(). False: there is none, or it is finished.
    bool reindex_step(TimePoint now);
    bool reindexing() const { return reindexer_.has_value(); }

    // --- Commands of users and of the engine.

    /// Marks a block and its descendants invalid until reconsider(). Follow up with
    /// activate_best_chain(), which leaves the invalid branch. Errors: unknown, finalized, genesis,
    /// or at or before a checkpoint; in the active chain also a block that is pruned, or whose
    /// parent is.
    Expected<void, BlockError> invalidate(const BlockHash& hash);
    /// Clears the invalid marks of a block, its ancestors and its descendants, also of blocks that
    /// broke a rule (they are tried again).
    Expected<void, BlockError> reconsider(const BlockHash& hash);
    /// Treats the block as first seen among those with its score, until the next start. No effect
    /// if its score is below the tip's. Errors: unknown.
    Expected<void, BlockError> prefer(const BlockHash& hash);
    /// Keeps the blocks above this height, and some below it, from being pruned until the lock of
    /// this name is set again. A reorganisation moves it back. REQUIRES: the block at this height
    /// is in the best chain.
    void set_prune_lock(const std::string& name, Height height) { pruner_.set_lock(name, height); }
    /// Removes the block files whose blocks are all at or below this height, far enough below the
    /// tip, and not locked. Returns the height of the last pruned block, or -1. REQUIRES:
    /// options.prune.
    Height prune(Height height);
    PruneState prune_state() const { return pruner_.state(); }
    /// This block and its ancestors never leave the best chain. REQUIRES: the block is in the best
    /// chain (CHECK: otherwise it is the engine's bug or our own). Remembered across restarts.
    void finalize(const BlockHash& hash);

    /// Divisor of the memory limit for the coins cache behind a snapshot.
    static constexpr size_t kBackgroundCacheShare = 2;

    // --- A snapshot of the UTXO set (loadtxoutset; chainstate_snapshot.cpp). Its coins are loaded
    // in pieces, and the chain goes on in between. Errors are sentences in bitcoind's words.

    /// Errors: a snapshot is in use that is not validated yet, none with this base is known, or the
    /// header of the base is unknown, invalid or not in the best header's chain.
    Expected<void, std::string> check_snapshot(const BlockHash& base) const;
    /// Begins with an empty set. Errors: as above, and if the base has no more work than the tip,
    /// or another snapshot is being loaded.
    Expected<void, std::string> begin_snapshot(const BlockHash& base);
    /// REQUIRES, like finish_snapshot() and drop_snapshot(): begin_snapshot() succeeded, and the
    /// snapshot is not dropped or in use.
    void add_snapshot_coins(std::span<const std::pair<OutPoint, Coin>> coins);
    /// One piece of comparing the hash of the coins with the known one; after the last, the base is
    /// the tip. True: call again. After an error the snapshot is dropped.
    Expected<bool, std::string> finish_snapshot();
    void drop_snapshot();
    /// Whether snapshot_step() has something to do now.
    bool snapshot_work() const { return eraser_ || (background_ && background_->can_step()); }
    /// A limited amount of work: validates blocks below the base, and erases the set that is no
    /// longer used. If the blocks refute the snapshot, failure() is set, and the next start goes on
    /// without it.
    void snapshot_step();
    /// The validation of the blocks below a snapshot; null: none.
    const BackgroundChain* background() const { return background_ ? &*background_ : nullptr; }

    // --- Reading.

    /// The coins after tip(). Valid until the next change of the chain. A failed read does not set
    /// failure(): the caller must stop the node.
    const CoinsView& coins() const { return coins_->view(); }
    /// REQUIRES, like read_block_bytes(): node.has_body(), or it is the genesis block.
    Expected<BlockRef, StorageError> read_block(const HeaderNode& node) const {
        return blocks_.read(node);
    }
    /// The block as it is in the file (BIP144 form), without parsing.
    Expected<Bytes, StorageError> read_block_bytes(const HeaderNode& node) const {
        return blocks_.read_bytes(node);
    }
    /// A range of bytes of a block file, for indexes such as TxIndex.
    Expected<Bytes, StorageError> read_block_file(const FilePosition& position) const {
        return blocks_.files().read_block(position);
    }
    /// REQUIRES: node.status is connected, and it is not pruned.
    Expected<BlockUndo, StorageError> read_undo(const HeaderNode& node) const {
        return blocks_.read_undo(node);
    }
    /// Visits all coins after tip() in outpoint order, after writing out the cache. The visitor
    /// returns false to stop.
    Expected<void, StorageError> for_each_coin(
        const std::function<bool(const OutPoint&, const Coin&)>& visitor);
    /// The same coins, for a thread that reads them while the chain moves on.
    Expected<CoinsSnapshot, StorageError> coins_snapshot();
    /// Checks the last `blocks` blocks of the best chain (at most all) against the stores, without
    /// changing anything. Each level includes those below it: 0 reads the blocks, 1 checks them, 2
    /// reads their undo data, 3 disconnects them in memory, 4 connects them again with scripts.
    /// Damaged data is reported in the result; an error means that a store could not be read.
    Expected<VerifyResult, StorageError> verify(int level, int32_t blocks);
    /// Bytes of the block and undo files (size_on_disk).
    uint64_t size_on_disk() const { return blocks_.files().size_on_disk(); }

    /// Estimated bytes of the coins store.
    uint64_t coins_size_on_disk() const { return coins_->size_on_disk(); }

    /// Writes out everything. Used at shutdown (`synced`) and by tests.
    void flush(Durability durability);

    /// Set once the chainstate could not read a store: the host must stop the node with this
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
    Expected<void, std::string> load_snapshot(const CoinsInUse& record);
    Expected<void, std::string> begin_background();
    StoreMeta meta() const;

    Expected<void, BlockError> check_parent(const HeaderNode* parent, const BlockHash& hash) const;
    // Whether the seal certifies the last of these headers at its height.
    Expected<void, BlockError> check_certified(std::span<const BlockHeader> headers,
                                               ByteSpan seal) const;
    // The stages of a proposal that need no coins.
    Expected<void, BlockError> accept_proposal(const Block& block, TimePoint now) const;
    Expected<void, BlockError> check_restored(const Block& block, const HeaderNode& node) const;
    Expected<void, BlockError> check_body(const Block& block, const HeaderNode& node);
    Reindexer::Verdict adopt(const BlockRef& block, const FilePosition& position, TimePoint now);
    // Moves until no better branch is left, or the limit of one call is reached. Error: a store
    // failed.
    Expected<void, StorageError> move_to_best(Settle settle, ChainUpdate& update);
    void note_damaged_score();
    void fail(const StorageError& error);

    // --- chainstate_snapshot.cpp
    const CoinsKeys& coins_keys(bool other) const;
    std::unique_ptr<Coins> make_coins(const CoinsKeys& keys, size_t cache_bytes);
    BackgroundChain::Parts background_parts();
    void use_snapshot(const HeaderNode& base, const KnownSnapshot& known);
    void end_background();
    void give_snapshot_up(const std::string& reason);

    const ChainParams& params_;
    const HeaderRules& rules_;
    ScriptVerifier& verifier_;
    LogSink& log_;
    const ChainOptions options_;

    Storage& coins_storage_;

    BlockIndex index_;
    StoredBlocks blocks_;
    uint8_t coins_set_ = 0;  // the set in use: CoinsInUse::set
    std::unique_ptr<Coins> coins_;
    VersionBits version_bits_;
    Checkpoints checkpoints_;
    AssumeValid assume_valid_;
    Pruner pruner_;
    std::optional<Reindexer> reindexer_;        // while block files are being reindexed
    std::optional<BranchConnector> connector_;  // during a move to a better branch
    std::optional<CoinsHasher> loaded_coins_;   // of the snapshot that is being loaded
    BlockHash loading_base_;
    std::optional<BackgroundChain> background_;  // while a snapshot is not validated
    std::optional<CoinsEraser> eraser_;          // of a set that is not used any more
    std::optional<StorageError> failure_;
};

}  // namespace parley
