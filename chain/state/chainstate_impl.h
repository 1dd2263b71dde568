// ChainstateImpl: the one implementation of Chainstate, cut into files by task: chainstate_open.cpp
// (start-up and repair), chainstate_index.cpp (the index at the start), chainstate_accept.cpp
// (headers, seals, bodies), chainstate_activate.cpp (the best chain), chainstate_control.cpp (by
// hand, finality, reading), chainstate_verify.cpp (the check of what is stored),
// chainstate_reindex.cpp, chainstate_prune.cpp. Private to chain/.
#pragma once

#include <deque>
#include <map>
#include <set>

#include "chain/rules/block_rules.h"
#include "chain/state/chainstate.h"
#include "chain/state/coins_cache.h"
#include "chain/state/coins_flush.h"
#include "chain/state/versionbits.h"
#include "chain/store/block_store.h"
#include "chain/store/index_store.h"

namespace parley {

// Where a reindexing is.
struct ReindexState {
    uint32_t files = 0;  // to be read: blk00000.dat and so on
    uint32_t file = 0;
    uint64_t offset = 0;
    std::multimap<BlockHash, FilePosition> waiting;  // by the parent that is not known yet
};

// The sentence for a store whose contents cannot be right.
std::string damaged_store(std::string_view directory, std::string_view problem);

class ChainstateImpl final : public Chainstate {
 public:
    ChainstateImpl(const ChainParams& params, const HeaderRules& rules, Storage& blocks,
                   Storage& coins, ScriptVerifier& verifier, LogSink& log,
                   const ChainOptions& options);

    /// What open() does after construction. The error is a sentence.
    Expected<void, std::string> load();

    const ChainParams& params() const override { return params_; }
    const HeaderNode& genesis() const override { return tree_.genesis(); }
    const HeaderNode& tip() const override { return *active_.back(); }
    const HeaderNode& best_header() const override { return *best_header_; }
    const HeaderNode* find(const BlockHash& hash) const override { return tree_.find(hash); }
    const HeaderNode* at_height(Height height) const override;
    bool contains(const HeaderNode& node) const override { return at_height(node.height) == &node; }
    const std::vector<const HeaderNode*>& all_at_height(Height height) const override {
        return tree_.at_height(height);
    }
    Height height_max() const override { return tree_.height_max(); }
    std::vector<const HeaderNode*> tips() const override;
    const HeaderNode& find_fork(const std::vector<BlockHash>& locator) const override;

    Expected<const HeaderNode*, BlockError> accept_header(const BlockHeader& header, ByteSpan seal,
                                                          TimePoint now) override;
    Expected<bool, BlockError> attach_seal(const BlockHash& hash, ByteSpan seal) override;
    BlockResult accept_block(const BlockRef& block, ByteSpan seal, TimePoint now) override;
    bool reindex_step(TimePoint now) override;
    bool reindexing() const override { return reindex_.has_value(); }
    ChainUpdate activate_best_chain(Settle settle) override;
    Expected<void, BlockFailure> check_proposal(const Block& block, TimePoint now) override;

    VersionBits& version_bits() override { return version_bits_; }

    Expected<void, BlockError> invalidate(const BlockHash& hash) override;
    Expected<void, BlockError> reconsider(const BlockHash& hash) override;
    Expected<void, BlockError> prefer(const BlockHash& hash) override;
    Expected<VerifyResult, StorageError> verify(int level, int32_t blocks) override;
    Height prune(Height height) override;
    PruneState prune_state() const override;
    void finalize(const BlockHash& hash) override;
    const HeaderNode& finalized() const override { return *finalized_; }

    const CoinsView& coins() const override { return coins_; }
    Expected<BlockRef, StorageError> read_block(const HeaderNode& node) const override;
    Expected<Bytes, StorageError> read_block_bytes(const HeaderNode& node) const override;
    Expected<Bytes, StorageError> read_block_file(const FilePosition& position) const override {
        return files_.read_block(position);
    }
    Expected<BlockUndo, StorageError> read_undo(const HeaderNode& node) const override;
    Expected<void, StorageError> for_each_coin(
        const std::function<bool(const OutPoint&, const Coin&)>& visitor) override;
    uint64_t size_on_disk() const override { return files_.size_on_disk(); }
    uint64_t coins_size_on_disk() const override { return coins_store_.keys_size_on_disk(); }
    void flush(Durability durability) override;
    const std::optional<StorageError>& failure() const override { return failure_; }

 private:
    // The better one first: more score, then the body that came first.
    struct BetterFirst {
        bool operator()(const HeaderNode* a, const HeaderNode* b) const;
    };

    // --- chainstate_open.cpp
    StoreMeta meta() const;
    Expected<void, std::string> initialize_blocks();
    Expected<void, std::string> load_blocks();
    void initialize_coins();

    // --- chainstate_index.cpp
    Expected<void, std::string> load_headers(std::vector<HeaderNode>& records);
    void sum_transactions();
    // A power cut can take the files of blocks whose records stay: those blocks are forgotten.
    void drop_lost_blocks(IndexContents& contents);
    bool drop_if_lost(HeaderNode& node, const SyncedMark& synced, const HeaderNode& tip);
    Expected<void, std::string> check_files();
    Expected<void, std::string> load_active_chain(const IndexContents& contents);

    // --- chainstate_open.cpp
    Expected<void, std::string> repair_coins(const std::vector<BlockHash>& walk);
    void drain_coins(const HeaderNode& at);
    struct StoredBlock {
        BlockRef block;
        BlockUndo undo;
    };
    Expected<StoredBlock, std::string> read_with_undo(const HeaderNode& node) const;
    // Blocks whose changes some of the stored coins may have already, see coins_flush.h.
    Expected<void, std::string> replay_walk(const std::vector<const HeaderNode*>& walk);
    Expected<void, std::string> replay_back(const HeaderNode& node);
    Expected<void, std::string> replay_forward(const HeaderNode& node);
    // Blocks whose changes none of them has.
    Expected<void, std::string> roll_back(const HeaderNode& node);
    Expected<void, std::string> roll_forward(const HeaderNode& node);
    void begin_at_genesis();

    // --- chainstate_accept.cpp
    Expected<HeaderNode*, BlockError> accept_known_header(HeaderNode& node, ByteSpan seal);
    bool descends_from_finalized(const HeaderNode& node) const {
        return node.height >= finalized_->height && node.ancestor(finalized_->height) == finalized_;
    }
    // Neither a fork below the finalized block, nor off the way to it where a power cut has taken
    // that block's body.
    bool agrees_with_finalized(const HeaderNode& node) const {
        return descends_from_finalized(node) ||
               (node.height < finalized_->height && finalized_->ancestor(node.height) == &node);
    }
    Expected<void, BlockError> check_parent(const HeaderNode* parent, const BlockHash& hash) const;
    void update_best_header(const HeaderNode& node);
    Expected<void, BlockError> check_body(const Block& block, HeaderNode& node);
    void store_body(HeaderNode& node, const BlockRef& block);
    // The body is in the files; its record goes to the batch.
    void register_body(HeaderNode& node, const BlockRef& block, const FilePosition& position,
                       WriteBatch& batch);
    // The bodies of all ancestors are here from now on, and of some descendants perhaps too.
    void link_body(HeaderNode& node);
    // Where the parent has one. A failure: it is not above the parent's.
    void set_score(HeaderNode& node, const std::optional<Score>& score);
    void spread_score(HeaderNode& node);
    void add_candidate(const HeaderNode& node);
    bool is_candidate(const HeaderNode& node) const;

    // --- chainstate_control.cpp
    // The stages of a proposal before its coins are looked at.
    Expected<void, BlockError> accept_proposal(const Block& block, TimePoint now) const;

    // --- chainstate_activate.cpp
    const HeaderNode* best_candidate();
    bool disconnect_tip(ChainUpdate& update);
    // What becomes the tip when everything that was begun is settled.
    const HeaderNode& head() const { return unsettled_.empty() ? tip() : *unsettled_.back().node; }
    enum class ConnectResult : uint8_t { connected, invalid, failed };
    // Connects the block behind the head, but for the verdict of its scripts.
    ConnectResult begin_block(const HeaderNode& node, ChainUpdate& update);
    // The verdict of the oldest block that was begun, and what follows from it.
    ConnectResult settle_block(ChainUpdate& update);
    // Until at most so many blocks are unsettled, or one of them is invalid.
    ConnectResult settle_to(size_t blocks, ChainUpdate& update);
    void report_invalid(HeaderNode& node, BlockError error, ChainUpdate& update);
    void drop_unsettled_if_invalid();
    // Towards `target`, at most as far as one step goes. False: stop, a store failed.
    bool step_towards(const HeaderNode& target, ChainUpdate& update);
    void mark_invalid(HeaderNode& node);
    void rebuild_candidates();
    void recompute_best_header();
    void prune_candidates();
    BlockRef take_recent(const HeaderNode& node);
    void remember_recent(const HeaderNode& node, const BlockRef& block);
    void fail(const StorageError& error);

    // --- chainstate_trust.cpp
    Expected<void, BlockError> check_checkpoints(const HeaderNode& parent,
                                                 const BlockHash& hash) const;
    // Perhaps it is one: then its forks are invalid from now on.
    void note_checkpoint(const HeaderNode& node);
    void drop_forks_of(const HeaderNode& node);
    void load_checkpoints();
    bool is_checkpointed(const HeaderNode& node) const;
    // Null: they are not.
    const char* why_scripts_are_checked(const HeaderNode& node) const;
    bool scripts_are_checked(const HeaderNode& node);

    // --- chainstate_reindex.cpp
    Expected<void, std::string> begin_reindex(WriteBatch& batch);
    void resume_reindex(uint32_t files);
    size_t reindex_chunk(ByteSpan chunk, bool more_follow, TimePoint now);
    bool adopt_one(const BlockRef& block, const FilePosition& position, TimePoint now);
    void adopt(BlockRef block, const FilePosition& position, TimePoint now);
    void end_reindex();

    // --- chainstate_prune.cpp
    void maybe_prune();
    void remove_files(const std::vector<uint32_t>& numbers);
    bool has_bodies_above(const HeaderNode& node, const HeaderNode& below) const;

    // --- storing
    // The node's record is to be written with the next batch.
    void touch(const HeaderNode& node) { touched_.push_back(&node); }
    void write_touched(WriteBatch& batch);
    void commit_touched();
    void commit_pending();
    // Everything up to the tip, on the disk before whatever is committed later.
    void sync_blocks();
    void maybe_flush_coins();
    void flush_coins(Durability durability);

    const ChainParams& params_;
    const HeaderRules& rules_;
    Storage& blocks_store_;
    Storage& coins_store_;
    ScriptVerifier& verifier_;
    LogSink& log_;
    const ChainOptions options_;

    HeaderTree tree_;
    BlockStore files_;
    CoinsCache coins_;
    CoinsFlush coins_flush_;
    std::vector<const HeaderNode*> active_;  // by height
    const HeaderNode* best_header_ = nullptr;
    const HeaderNode* finalized_ = nullptr;
    const HeaderNode* checkpoint_ = nullptr;  // the highest that is known
    VersionBits version_bits_;
    std::optional<bool> scripts_checked_last_;
    // Linked, scored and valid blocks that are not worse than the tip, the tip among them.
    // lint: order-free because BetterFirst orders by score and arrival, not by address
    std::set<const HeaderNode*, BetterFirst> candidates_;
    uint64_t sequence_last_ = 0;
    // prefer(): the last precedence given, and the tip's score then.
    int32_t precedence_last_ = 0;
    Score preferred_score_;

    // Blocks that were accepted lately, so that connecting them needs no reading.
    std::deque<std::pair<const HeaderNode*, BlockRef>> recent_;
    size_t recent_bytes_ = 0;

    // Blocks on top of the tip whose scripts may still be running; each on the coins of the one
    // before.
    struct UnsettledBlock {
        HeaderNode* node = nullptr;
        BlockRef block;
        CoinsOverlay coins;
        BlockUndo undo;
        std::unique_ptr<ScriptRun> scripts;
    };
    std::deque<UnsettledBlock> unsettled_;

    std::vector<const HeaderNode*> touched_;
    WriteBatch pending_;  // undo data and records of the blocks being connected
    size_t pending_bytes_ = 0;
    std::optional<StorageError> failure_;

    std::optional<ReindexState> reindex_;
    bool pruned_ = false;           // blocks of the active chain may be missing
    bool synced_at_start_ = false;  // before coins were written on the way to the tip
    uint32_t files_at_last_prune_ = 0;
};

}  // namespace parley
