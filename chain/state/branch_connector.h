// BranchConnector: moves the best chain to a better branch: disconnects blocks down to the fork,
// then connects those of the branch. It does not choose the branch.
//
// Connecting a block has two halves, so that the next block can be fetched while scripts run on
// other threads: begin() judges it against the coins and starts its scripts; settle() waits for
// their verdict, and then the block is the tip. Blocks that were begun lie on overlays, each on the
// coins of the one before; until they are settled, they are no part of the best chain, and dropping
// the connector drops them without a trace.
//
// Created by Chainstate when there is a better branch, and dropped when everything that was begun
// is settled, is invalid, or is not wanted any more. Core thread only.
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

class BranchConnector {
 public:
    /// What it works on; all outlive it.
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
        int32_t step_blocks = 32;  ///< of one call of step_towards()
        bool check_again = false;  ///< scripts of blocks that were connected before, too
    };

    BranchConnector(const Parts& parts, const Options& options)
        : parts_(parts), options_(options) {}

    /// What becomes the tip when everything that was begun is settled.
    const HeaderNode& head() const {
        return begun_.empty() ? parts_.index.tip() : *begun_.back().node;
    }
    /// Blocks that were begun and are not settled.
    size_t begun() const { return begun_.size(); }
    /// One of them was found invalid by other means since: the connector is to be dropped.
    bool is_void() const;

    /// What became of a step: false: a block is invalid, which is noted in the index and in
    /// `update`, and nothing that was begun on top of it is left. An error: a store failed.
    using Result = Expected<bool, StorageError>;

    /// Towards `target`, at most step_blocks above the fork. The last block stays begun.
    Result step_towards(const HeaderNode& target, ChainUpdate& update);
    /// Waits for verdicts until at most so many blocks are begun.
    Result settle(size_t blocks, ChainUpdate& update);

 private:
    struct BegunBlock {
        const HeaderNode* node = nullptr;
        BlockRef block;
        CoinsOverlay coins;
        BlockUndo undo;
        std::unique_ptr<ScriptRun> scripts;
    };

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
