// BlockIndex: the headers that this node knows and what it knows of their blocks: which are stored,
// connected or invalid, which make the best chain, and which could become its tip. It is not a
// judge: callers check headers and blocks against the rules before they tell it what came of that.
// Nor does it read or write files; it notes which records have changed.
//
// The const half is what net/, rpc/ and the engines read. The other half is for Chainstate and the
// types that it composes: each function is one change of the state of a block, and keeps best
// header, candidates and numbers of transactions true.
//
// The best tip is the one with the highest score, the first seen on a tie. Core thread only. Nodes
// live as long as the index and never move.
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

// Wide because it has two halves: reading, for everybody, and one function for each kind of change.
class BlockIndex {
 public:
    /// Of one block, which is connected, the tip, and final. Both must outlive the index.
    BlockIndex(const ChainParams& params, const HeaderRules& rules);

    // --- Reading.

    const HeaderNode& genesis() const { return tree_.genesis(); }
    /// Last block of the best chain; always connected.
    const HeaderNode& tip() const { return *active_.back(); }
    /// The header of the highest score that is not known to be invalid, body or not.
    const HeaderNode& best_header() const { return *best_header_; }
    /// The last finalized block; genesis at first.
    const HeaderNode& finalized() const { return *finalized_; }
    /// Null: unknown.
    const HeaderNode* find(const BlockHash& hash) const { return tree_.find(hash); }
    /// The block of the best chain at this height; null above the tip and below 0.
    const HeaderNode* at_height(Height height) const;
    /// Is it part of the best chain?
    bool contains(const HeaderNode& node) const { return at_height(node.height) == &node; }
    /// All headers known at a height, in the order of their arrival.
    const std::vector<const HeaderNode*>& all_at_height(Height height) const {
        return tree_.at_height(height);
    }
    /// The greatest height with a header.
    Height height_max() const { return tree_.height_max(); }
    /// Headers without a known child, and the tip, in the order of their heights, then of their
    /// arrival (getchaintips).
    std::vector<const HeaderNode*> tips() const;
    /// The first hash of a locator that is in the best chain; genesis where none is.
    const HeaderNode& find_fork(const std::vector<BlockHash>& locator) const;
    /// Hashes from `node` downwards, dense first, then with doubling gaps, ending in genesis.
    static std::vector<BlockHash> locator(const HeaderNode& node);
    bool descends_from_finalized(const HeaderNode& node) const {
        return node.height >= finalized_->height && node.ancestor(finalized_->height) == finalized_;
    }
    /// Blocks of the best chain may have been removed.
    bool pruned() const { return pruned_; }
    /// The last block of the best chain that was removed; null: none.
    const HeaderNode* last_pruned() const;

    /// Is `a` to be preferred to `b`? REQUIRES: both have a score.
    static bool better(const HeaderNode& a, const HeaderNode& b) { return BetterFirst{}(&a, &b); }

    // --- Headers and seals.

    /// A header that passed the rules. Its score counts where the parent has one.
    /// REQUIRES: the hash is unknown so far; the parent is in the index.
    const HeaderNode& add(const BlockHeader& header, const BlockHash& hash,
                          const HeaderNode& parent, ByteSpan seal,
                          const std::optional<Score>& score);
    /// The seal of a header that had no score; descendants that waited for it get theirs.
    void attach_seal(const HeaderNode& node, ByteSpan seal, const std::optional<Score>& score);
    /// A block below which a score did not grow, as every engine's does: the stored scores are
    /// damaged. That score was not taken. Null: there is none.
    const HeaderNode* damaged_score() const { return damaged_score_; }

    // --- Bodies.

    /// The body passed check and accept, and lies there.
    void add_body(const HeaderNode& node, const FilePosition& position, size_t transactions);
    /// The body passed connect, and its undo data lies there.
    void add_undo(const HeaderNode& node, const FilePosition& position);
    /// The bodies in these files, but genesis, are gone, and their undo data.
    void remove_bodies(std::span<const uint32_t> files);

    // --- The best chain.

    /// The best block whose ancestors' bodies are all here, that may become the tip or is it.
    const HeaderNode& best_candidate();
    /// Is it to replace the tip?
    bool better_than_tip(const HeaderNode& candidate) const {
        return tip().is_invalid() || better(candidate, tip());
    }
    /// REQUIRES: the tip is the parent.
    void connect_tip(const HeaderNode& node);
    /// REQUIRES: the tip is not final.
    void disconnect_tip();
    /// After a move: what is worse than the tip can never become it.
    void drop_worse_candidates();
    /// REQUIRES: in the best chain, and no block beside it or above it is final.
    void finalize(const HeaderNode& node);

    // --- Validity, and what users wish.

    /// The block and its descendants.
    void mark_invalid(const HeaderNode& node);
    /// By hand, until reconsider().
    void invalidate(const HeaderNode& node);
    /// Takes the marks off the block, its ancestors and its descendants.
    void reconsider(const HeaderNode& node);
    /// The first seen of those with its score from now on. Nothing where that is below the tip's.
    void prefer(const HeaderNode& node);

    // --- Records.

    /// At the start: the records of a store. The error is what contradicts what, in a few words.
    Expected<void, std::string> load(IndexContents& contents);
    /// After a power cut: forgets what the files have lost of the blocks that came after the last
    /// sync. REQUIRES: load(), and not load_active_chain() yet. Returns how many lost their data;
    /// contents.active_tip goes back to the last block that is whole.
    using IsReadable = std::function<bool(const HeaderNode&)>;
    size_t drop_lost(IndexContents& contents, const IsReadable& body, const IsReadable& undo);
    Expected<void, std::string> load_active_chain(const IndexContents& contents);
    /// Back to genesis, which is the tip again. REQUIRES: nothing else is final.
    void restart_active_chain();
    /// The last step of a start.
    void rank_candidates();
    /// Calls visit(const HeaderNode&) for each node, parents before children.
    template <class Visit>
    void for_each(Visit visit) const {
        tree_.for_each(visit);
    }
    /// Nodes whose records have to be written.
    size_t changes() const { return changed_.size(); }
    /// Puts them into the batch, parents first, and forgets them.
    void write_changes(WriteBatch& batch);
    /// Of the newest body; 0: none.
    uint64_t sequence_last() const { return sequence_last_; }
    /// Where the genesis block is stored: when a store is made.
    void place_genesis(const FilePosition& position);

 private:
    // The better one first: more score, then what users prefer, then the body that came first.
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
    // The bodies of all ancestors are here from now on, and of some descendants perhaps too.
    void link_body(HeaderNode& node);
    // Neither a fork below the finalized block, nor off the way to it where a power cut has taken
    // that block's body.
    bool agrees_with_finalized(const HeaderNode& node) const {
        return descends_from_finalized(node) ||
               (node.height < finalized_->height && finalized_->ancestor(node.height) == &node);
    }
    bool is_candidate(const HeaderNode& node) const;
    void add_candidate(const HeaderNode& node);
    void rebuild_candidates();
    // The node's record is to be written.
    void touch(const HeaderNode& node) { changed_.push_back(&node); }

    const HeaderRules& rules_;
    HeaderTree tree_;
    std::vector<const HeaderNode*> active_;  // by height
    const HeaderNode* best_header_;
    const HeaderNode* finalized_;
    const HeaderNode* damaged_score_ = nullptr;
    // Linked, scored and valid blocks that are not worse than the tip, the tip among them.
    // lint: order-free because BetterFirst orders by score and arrival, not by address
    std::set<const HeaderNode*, BetterFirst> candidates_;
    std::vector<const HeaderNode*> changed_;
    uint64_t sequence_last_ = 0;
    // prefer(): the last precedence given, and the tip's score then.
    int32_t precedence_last_ = 0;
    Score preferred_score_;
    bool pruned_ = false;
};

/// Are the bodies of `node` and its ancestors down to `below`, without it, all here?
bool has_bodies_above(const HeaderNode& node, const HeaderNode& below);

}  // namespace parley
