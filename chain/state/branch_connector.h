// BranchConnector: moves the best chain to a better branch: disconnects blocks down to the fork,
// then connects those of the branch. It does not choose the branch.
//
// A block is connected in two steps, so that the next block can be fetched while scripts run on
// other threads: begin() checks it against the coins and starts its scripts; settle() waits for
// their verdict and makes the block the tip. Begun blocks are held in overlays, each on top of the
// previous one; until they are settled they are not part of the best chain, and dropping the
// connector discards them.
//
// Created by Chainstate when a better branch exists; dropped when everything begun is settled, is
// invalid, or is no longer wanted. Core thread only.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "base/log.h"
#include "chain/rules/block_error.h"
#include "chain/rules/params.h"
#include "chain/script/script_check.h"
#include "chain/state/coins.h"
#include "chain/state/index/assume_valid.h"
#include "chain/state/stored_blocks.h"
#include "chain/state/versionbits.h"

namespace parley {

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

/// In the order of the changes: first `disconnected` (from the old tip down), then `connected`
/// (upwards).
struct ChainUpdate {
    std::vector<ChainStep> disconnected;
    std::vector<ChainStep> connected;
    std::vector<InvalidBlock> invalid;  ///< blocks that failed to connect
    bool more = false;                  ///< call again: an even better tip exists
    /// Call again when idle: the scripts of a better tip are being checked.
    bool unsettled = false;
    bool changed() const { return !disconnected.empty() || !connected.empty(); }
};

class BranchConnector {
 public:
    /// What the connector works on. All must outlive it.
    struct Parts {
        const ChainParams& params;
        BlockIndex& index;
        StoredBlocks& blocks;
        Coins& coins;
        VersionBits& version_bits;
        AssumeValid& assume_valid;
        ScriptVerifier& verifier;
        LogSink& log;
    };
    struct Options {
        int32_t step_blocks = 32;  ///< limit for one call of step_towards()
        bool check_again = false;  ///< also run scripts of blocks connected before
    };

    BranchConnector(const Parts& parts, const Options& options)
        : parts_(parts), options_(options) {}

    /// The tip after all begun blocks are settled.
    const HeaderNode& head() const {
        return begun_.empty() ? parts_.index.tip() : *begun_.back().node;
    }
    /// Number of blocks begun and not settled.
    size_t begun() const { return begun_.size(); }
    /// A begun block was found invalid by other means: the connector must be dropped.
    bool is_void() const;

    /// False: a block is invalid; the index and `update` say so, and all blocks begun on top of it
    /// are dropped. Error: a store failed.
    using Result = Expected<bool, StorageError>;

    /// Moves towards `target`, at most step_blocks above the fork. Leaves the last block begun.
    Result step_towards(const HeaderNode& target, ChainUpdate& update);
    /// Waits for verdicts until at most this many blocks are begun.
    Result settle(size_t blocks, ChainUpdate& update);

 private:
    struct BegunBlock {
        const HeaderNode* node = nullptr;
        BlockRef block;
        CoinsOverlay coins;
        BlockUndo undo;
        std::unique_ptr<ScriptRun> scripts;
    };

    // What could not be done is for the user; why, for the log.
    Unexpected<StorageError> failed(std::string sentence, const StorageError& why) const;
    Expected<void, StorageError> disconnect_tip(ChainUpdate& update);
    Expected<ChainStep, StorageError> read_tip() const;
    Result begin(const HeaderNode& node, ChainUpdate& update);
    Result settle_oldest(ChainUpdate& update);
    void report_invalid(const HeaderNode& node, BlockError error, ChainUpdate& update);

    const Parts parts_;
    const Options options_;
    std::deque<BegunBlock> begun_;  // on top of the tip, upwards
};

}  // namespace parley
