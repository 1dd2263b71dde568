// Chainstate: the blocks that this node knows, which of them are the best chain, and the coins that
// are unspent after it. Start here to read chain/.
//
// It is not: a judge of who may propose (HeaderRules), of what to relay (mempool/), or of peers.
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
#include <vector>

#include "base/log.h"
#include "base/storage/storage.h"
#include "base/time.h"
#include "chain/primitives/coins.h"
#include "chain/rules/block_error.h"
#include "chain/rules/header_tree.h"
#include "chain/rules/params.h"
#include "chain/script/script_check.h"

namespace parley {

class VersionBits;

struct ChainOptions {
    /// The data directory remembers it and refuses another.
    std::string engine = "pow";
    /// Memory of the coins' cache (-dbcache); where it would take more, coins are written out.
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
};

/// One block that joined or left the best chain.
struct ChainStep {
    const HeaderNode* node = nullptr;
    BlockRef block;
    std::shared_ptr<const BlockUndo> undo;  ///< the coins that it spends
};

struct InvalidBlock {
    const HeaderNode* node = nullptr;
    BlockError error;
};

/// In the order in which it happened: first `disconnected` (from the old tip downwards), then
/// `connected` (upwards).
struct ChainUpdate {
    std::vector<ChainStep> disconnected;
    std::vector<ChainStep> connected;
    std::vector<InvalidBlock> invalid;  ///< blocks that failed to connect
    bool more = false;                  ///< call again: there is a better tip still
    /// Call again when there is nothing else to do: the scripts of a better tip are being checked.
    bool unsettled = false;
    bool changed() const { return !disconnected.empty() || !connected.empty(); }
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

struct PruneState {
    bool enabled = false;
    uint64_t target_bytes = 0;        ///< 0: by hand only
    std::optional<Height> pruned_to;  ///< the last block that is not there any more
};

class Chainstate {
 public:
    /// Loads both stores, or makes new ones, and brings the coins to the recorded tip. The error is
    /// a sentence for stderr: a store of another chain or engine, a corrupt one, a failing disk;
    /// nothing is overwritten then. Everything that is passed by reference must outlive the result.
    static Expected<std::unique_ptr<Chainstate>, std::string> open(
        const ChainParams& params, const HeaderRules& rules, Storage& blocks, Storage& coins,
        ScriptVerifier& verifier, LogSink& log, const ChainOptions& options);

    virtual ~Chainstate() = default;

    virtual const ChainParams& params() const = 0;

    // --- The header tree.

    virtual const HeaderNode& genesis() const = 0;
    /// Last block of the best chain; always connected.
    virtual const HeaderNode& tip() const = 0;
    /// The header of the highest score that is not known to be invalid, body or not.
    virtual const HeaderNode& best_header() const = 0;
    /// Null: unknown.
    virtual const HeaderNode* find(const BlockHash& hash) const = 0;
    /// The block of the best chain at this height; null above the tip and below 0.
    virtual const HeaderNode* at_height(Height height) const = 0;
    /// Is it part of the best chain?
    virtual bool contains(const HeaderNode& node) const = 0;
    /// All headers known at a height, in the order of their arrival.
    virtual const std::vector<const HeaderNode*>& all_at_height(Height height) const = 0;
    /// The greatest height with a header.
    virtual Height height_max() const = 0;
    /// Headers without a known child, in the order of their heights, then of their arrival
    /// (getchaintips).
    virtual std::vector<const HeaderNode*> tips() const = 0;
    /// Hashes from `node` downwards, dense first, then with doubling gaps, ending in genesis.
    static std::vector<BlockHash> locator(const HeaderNode& node);
    /// The first hash of a locator that is in the best chain; genesis where none is.
    virtual const HeaderNode& find_fork(const std::vector<BlockHash>& locator) const = 0;

    // --- What comes in.

    /// A header that is known already is accepted again (or refused with cached_invalid). `now`
    /// bounds the header's time.
    virtual Expected<const HeaderNode*, BlockError> accept_header(const BlockHeader& header,
                                                                  ByteSpan seal, TimePoint now) = 0;

    /// Headers in order, without seals. Stops at the first that is refused.
    HeadersResult accept_headers(std::span<const BlockHeader> headers, TimePoint now);

    /// Gives a known header its seal. False: it has a score already, nothing changed.
    virtual Expected<bool, BlockError> attach_seal(const BlockHash& hash, ByteSpan seal) = 0;

    /// Checks, accepts and stores. The best chain changes by activate_best_chain() only; call that
    /// after already_have too, because a seal that came with the block counts.
    virtual BlockResult accept_block(const BlockRef& block, ByteSpan seal, TimePoint now) = 0;

    /// Moves to the best chain whose bodies are all here: the highest score wins, the first seen on
    /// a tie. A block that fails to connect is marked invalid, and the next best chain is tried. On
    /// `more` or `unsettled`, call again. Until a block is settled it is no part of the best chain;
    /// a call that finds nothing to add settles it.
    virtual ChainUpdate activate_best_chain(Settle settle = Settle::all) = 0;

    /// A dry run: would this block be valid on top of the active tip? Nothing changes. Its header
    /// is checked for context, but not for its seal or proof of work. A StorageError is no verdict,
    /// and failure() is set too.
    virtual Expected<void, BlockFailure> check_proposal(const Block& block, TimePoint now) = 0;

    /// What the versions of blocks have brought. Answers stay in its memory, so it is not const.
    virtual VersionBits& version_bits() = 0;

    /// A piece of the reindexing that open() began, or found unfinished; follow up with
    /// activate_best_chain(). False: there is none, or it is done.
    virtual bool reindex_step(TimePoint now) = 0;
    virtual bool reindexing() const = 0;

    // --- By hand and by the engine.

    /// Marks a block and its descendants invalid until reconsider(). Follow up with
    /// activate_best_chain(), which then leaves it. Errors: unknown, finalized, genesis, or
    /// one at or before a checkpoint; in the active chain, one that is pruned, or whose parent is.
    virtual Expected<void, BlockError> invalidate(const BlockHash& hash) = 0;
    /// Takes the marks off a block, its ancestors and its descendants, rules that they broke
    /// included (they are tried again).
    virtual Expected<void, BlockError> reconsider(const BlockHash& hash) = 0;
    /// From now on the block counts as the first seen of those with its score, until the next
    /// start. Nothing happens where its score is below the tip's. Errors: unknown.
    virtual Expected<void, BlockError> prefer(const BlockHash& hash) = 0;
    /// Removes the block files whose blocks all lie at or below this height, and far enough below
    /// the tip. Returns the height of the last pruned block, or -1. REQUIRES: options.prune.
    virtual Height prune(Height height) = 0;
    virtual PruneState prune_state() const = 0;
    /// This block and its ancestors never leave the best chain. It must be in the best chain
    /// (CHECK: anything else is the engine's or our own bug). Remembered across restarts.
    virtual void finalize(const BlockHash& hash) = 0;
    /// The last finalized block; genesis at first.
    virtual const HeaderNode& finalized() const = 0;

    // --- Reading.

    /// The coins after tip(). Valid until the next change of the chain. Who gets a StorageError
    /// from it sees to it that the node stops: failure() is not set.
    virtual const CoinsView& coins() const = 0;
    /// REQUIRES, as the next: node.has_body(), or it is the genesis block.
    virtual Expected<BlockRef, StorageError> read_block(const HeaderNode& node) const = 0;
    /// The block as it is in the file (BIP144 form), without parsing.
    virtual Expected<Bytes, StorageError> read_block_bytes(const HeaderNode& node) const = 0;
    /// Any bytes of the block files, for an index of what is in them.
    virtual Expected<Bytes, StorageError> read_block_file(const FilePosition& position) const = 0;
    /// REQUIRES: node.status is connected, and it is not pruned.
    virtual Expected<BlockUndo, StorageError> read_undo(const HeaderNode& node) const = 0;
    /// All coins after tip() in the order of their outpoints; writes the cache out first. The
    /// visitor returns false to stop.
    virtual Expected<void, StorageError> for_each_coin(
        const std::function<bool(const OutPoint&, const Coin&)>& visitor) = 0;
    /// Checks the last `blocks` blocks of the best chain (all, where that is more) against what is
    /// stored, without changing anything. Levels, each with the ones before: 0 reads the blocks, 1
    /// checks them, 2 reads their undo data, 3 disconnects them in memory, 4 connects them again,
    /// scripts and all. Damaged data is a finding; the error is a store that could not be read.
    virtual Expected<VerifyResult, StorageError> verify(int level, int32_t blocks) = 0;
    /// Bytes in the block and undo files (size_on_disk).
    virtual uint64_t size_on_disk() const = 0;

    /// Bytes of the coins store, estimated.
    virtual uint64_t coins_size_on_disk() const = 0;

    /// Writes everything out. For the shutdown (`synced`) and for tests.
    virtual void flush(Durability durability) = 0;

    /// Set once the chainstate itself could not read a store: the host stops the node with this
    /// message.
    virtual const std::optional<StorageError>& failure() const = 0;
};

}  // namespace parley
