// BlockIndex: the known headers and the states of their blocks: which are stored, connected or
// invalid, which form the best chain, and which could become its tip. It does not validate: callers
// check headers and blocks against the rules, then record the outcome here. It reads and writes no
// files, but tracks which records have changed.
//
// net/, rpc/ and the engines read it through the const functions. The others are for Chainstate and
// its parts: each is one change of a block's state, and keeps the best header, the candidates and
// the transaction counts consistent.
//
// The best tip is the one with the highest score, first seen on a tie. Core thread only. Nodes live
// as long as the index and never move.
#pragma once

#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/storage/storage.h"
#include "chain/rules/header_node.h"
#include "chain/rules/params.h"
#include "chain/state/index/header_tree.h"
#include "chain/store/index_store.h"

namespace parley {

// Wide because it has two halves: reading, for everybody, and one function per kind of change.
class BlockIndex {
 public:
    /// Contains only genesis: connected, the tip, and final. Both references must outlive the
    /// index.
    BlockIndex(const ChainParams& params, const HeaderRules& rules);

    // --- Reading.

    const HeaderNode& genesis() const { return tree_.genesis(); }
    /// The last block of the best chain. Always connected.
    const HeaderNode& tip() const { return *active_.back(); }
    /// The header with the highest score that is not known to be invalid, with or without its body.
    const HeaderNode& best_header() const { return *best_header_; }
    /// The last finalized block; initially genesis.
    const HeaderNode& finalized() const { return *finalized_; }
    /// Null: unknown.
    const HeaderNode* find(const BlockHash& hash) const { return tree_.find(hash); }
    /// The block of the best chain at this height; null above the tip and below 0.
    const HeaderNode* at_height(Height height) const;
    /// Whether the block is part of the best chain.
    bool contains(const HeaderNode& node) const { return at_height(node.height) == &node; }
    /// All known headers at a height, in order of arrival.
    const std::vector<const HeaderNode*>& all_at_height(Height height) const {
        return tree_.at_height(height);
    }
    /// The greatest height of any header.
    Height height_max() const { return tree_.height_max(); }
    /// Headers without a known child, and the tip, ordered by height, then by arrival
    /// (getchaintips).
    std::vector<const HeaderNode*> tips() const;
    /// The first block of a locator that is in the best chain; genesis if none is.
    const HeaderNode& find_fork(const std::vector<BlockHash>& locator) const;
    /// A locator: hashes from `node` down to genesis, dense at first, then with doubling gaps.
    static std::vector<BlockHash> locator(const HeaderNode& node);
    bool descends_from_finalized(const HeaderNode& node) const {
        return node.height >= finalized_->height && node.ancestor(finalized_->height) == finalized_;
    }
    /// Whether any block of the best chain may have been pruned.
    bool pruned() const { return pruned_; }
    /// The highest block of the best chain without its body or undo data; null: none. A pruned body
    /// that has come back has no undo data.
    const HeaderNode* last_pruned() const;

    /// The best chain up to this block is that of a UTXO snapshot, and its blocks above validated()
    /// are not validated yet, or not even received. Null: it was validated block by block.
    const HeaderNode* snapshot_base() const { return snapshot_base_; }
    /// REQUIRES: snapshot_base(). The last validated block on the way to it.
    const HeaderNode& validated() const { return *validated_; }
    /// Whether this block of the best chain is still to be validated, like every block between it
    /// and snapshot_base().
    bool awaits_validation(const HeaderNode& node) const {
        return snapshot_base_ != nullptr && node.height > validated_->height &&
               node.height <= snapshot_base_->height;
    }

    /// Whether `a` is preferred to `b`. REQUIRES: both have a score.
    static bool better(const HeaderNode& a, const HeaderNode& b) { return BetterFirst{}(&a, &b); }

    // --- Headers and seals.

    /// Adds a header that passed the rules. Its score only counts if the parent has one. REQUIRES:
    /// the hash is not known yet; the parent is in the index.
    const HeaderNode& add(const BlockHeader& header, const BlockHash& hash,
                          const HeaderNode& parent, ByteSpan seal,
                          const std::optional<Score>& score);
    /// Adds the missing seal of a header without score. Descendants that waited for it get their
    /// scores.
    void attach_seal(const HeaderNode& node, ByteSpan seal, const std::optional<Score>& score);
    /// A block whose score is not above its parent's, as it is for every engine: the stored scores
    /// are damaged. That score was ignored. Null: none.
    const HeaderNode* damaged_score() const { return damaged_score_; }

    // --- Bodies.

    /// The body passed check and accept, and is stored at `position`.
    void add_body(const HeaderNode& node, const FilePosition& position, size_t transactions);
    /// The body passed connect, and its undo data is stored at `position`.
    void add_undo(const HeaderNode& node, const FilePosition& position);
    /// The bodies and undo data in these files were removed; genesis keeps its body.
    void remove_bodies(std::span<const uint32_t> files);

    // --- The best chain.

    /// The best block that may be the tip: valid, scored, with all ancestors' bodies stored. May be
    /// the current tip.
    const HeaderNode& best_candidate();
    /// Whether the candidate should replace the tip.
    bool better_than_tip(const HeaderNode& candidate) const {
        return tip().is_invalid() || better(candidate, tip());
    }
    /// REQUIRES: the tip is the parent.
    void connect_tip(const HeaderNode& node);
    /// REQUIRES: the tip is not final.
    void disconnect_tip();
    /// After the tip has changed: removes candidates worse than it, which can never become the tip.
    void drop_worse_candidates();
    /// REQUIRES: in the best chain, and no final block is above it or on another branch.
    void finalize(const HeaderNode& node);
    /// Makes `base` the tip, on the strength of a snapshot of the UTXO set after it; as long as it
    /// is not validated, no branch without it is a candidate. `validated`: an ancestor with all
    /// bodies. `chain_transactions`: of `base`. REQUIRES: `base` is valid and scored, and better
    /// than the tip.
    void adopt_snapshot(const HeaderNode& base, const HeaderNode& validated,
                        uint64_t chain_transactions);
    /// The next block on the way to the base is validated.
    void extend_validated(const HeaderNode& node);
    /// All blocks up to the base are validated, or the chain begins again at genesis.
    void end_snapshot();
    /// The snapshot is refuted: what its descendants spend, and whether they are valid, is not
    /// known any more. What the user invalidated stays so.
    void doubt_descendants();

    // --- Validity, and user preferences.

    /// Marks the block and its descendants.
    void mark_invalid(const HeaderNode& node);
    /// On user request, until reconsider().
    void invalidate(const HeaderNode& node);
    /// Clears the marks of the block, its ancestors and its descendants.
    void reconsider(const HeaderNode& node);
    /// Whether a branch with more work than the best chain and its last six blocks again was found
    /// to be invalid in this run: the store or this program may be wrong.
    bool longer_chain_is_invalid() const;
    /// Treats the block as first seen among those with its score. No effect if that is below the
    /// tip's.
    void prefer(const HeaderNode& node);

    // --- Records.

    /// At start-up: loads a store's records. The error says briefly what contradicts what.
    Expected<void, std::string> load(IndexContents& contents);
    /// After a power cut: forgets the bodies and undo data of blocks after the last sync that the
    /// files have lost. REQUIRES: load() was called, load_active_chain() was not. Returns how many
    /// blocks lost data, and moves contents.active_tip back to the last intact block.
    using IsReadable = std::function<bool(const HeaderNode&)>;
    size_t drop_lost(IndexContents& contents, const IsReadable& body, const IsReadable& undo);
    Expected<void, std::string> load_active_chain(const IndexContents& contents);
    /// Before load_active_chain(): as adopt_snapshot(), for the recorded chain.
    void restore_snapshot(const HeaderNode& base, const HeaderNode& validated,
                          uint64_t chain_transactions);
    /// Resets the tip to genesis. REQUIRES: no other block is final.
    void restart_active_chain();
    /// Last step of start-up: computes the candidates.
    void rank_candidates();
    /// Calls visit(const HeaderNode&) for each node, parents before children.
    template <class Visit>
    void for_each(Visit visit) const {
        tree_.for_each(visit);
    }
    /// Number of nodes whose records must be written.
    size_t changes() const { return changed_.size(); }
    /// Adds those records to the batch, parents first, and clears the list.
    void write_changes(WriteBatch& batch);
    /// Sequence number of the newest body; 0: none.
    uint64_t sequence_last() const { return sequence_last_; }
    /// Position of the genesis block, when a store is created.
    void place_genesis(const FilePosition& position);

 private:
    // The better one first: higher score, then user preference, then whose chain of bodies was
    // complete first.
    struct BetterFirst {
        bool operator()(const HeaderNode* a, const HeaderNode* b) const;
    };

    Expected<void, std::string> load_headers(std::vector<HeaderNode>& records);
    bool drop_if_lost(HeaderNode& node, const SyncedMark& synced, const HeaderNode& safe,
                      const IsReadable& body, const IsReadable& undo);
    void sum_transactions();
    void set_score(HeaderNode& node, const std::optional<Score>& score);
    void spread_score(const HeaderNode& node);
    void update_best_header(const HeaderNode& node);
    void find_best_header();
    // Called when the bodies of all ancestors are stored; extends to descendants that waited for
    // this.
    void link_body(HeaderNode& first);
    // Whether the node descends from the finalized block, or leads to it (if a power cut lost that
    // block's body).
    bool agrees_with_finalized(const HeaderNode& node) const {
        return descends_from_finalized(node) ||
               (node.height < finalized_->height && finalized_->ancestor(node.height) == &node);
    }
    // The same for the base of a snapshot.
    bool agrees_with_snapshot(const HeaderNode& node) const {
        return snapshot_base_ == nullptr ||
               (node.height >= snapshot_base_->height &&
                node.ancestor(snapshot_base_->height) == snapshot_base_);
    }
    bool is_candidate(const HeaderNode& node) const;
    void add_candidate(const HeaderNode& node);
    void rebuild_candidates();
    // Schedules the node's record for writing.
    void touch(const HeaderNode& node) { changed_.push_back(&node); }

    const HeaderRules& rules_;
    HeaderTree tree_;
    std::vector<const HeaderNode*> active_;  // by height
    const HeaderNode* best_header_;
    const HeaderNode* finalized_;
    const HeaderNode* damaged_score_ = nullptr;
    const HeaderNode* best_invalid_ = nullptr;  ///< with all bodies; not by the user's wish
    // Linked, scored and valid blocks not worse than the tip, including the tip.
    // lint: order-free because BetterFirst orders by score and arrival, not by address
    std::set<const HeaderNode*, BetterFirst> candidates_;
    std::vector<const HeaderNode*> changed_;
    uint64_t sequence_last_ = 0;
    uint64_t completed_last_ = 0;
    // For prefer(): the last precedence assigned, and the tip's score at that time.
    int32_t precedence_last_ = 0;
    Score preferred_score_;
    bool pruned_ = false;
    const HeaderNode* snapshot_base_ = nullptr;
    const HeaderNode* validated_ = nullptr;  ///< while there is a base
    uint64_t snapshot_transactions_ = 0;     ///< in the chain up to the base
};

/// Whether the bodies of `node` and its ancestors down to, but excluding, `below` are all stored.
bool has_bodies_above(const HeaderNode& node, const HeaderNode& below);
/// The same for undo data, which a pruned block that was fetched again has not.
bool has_undo_above(const HeaderNode& node, const HeaderNode& below);

}  // namespace parley
