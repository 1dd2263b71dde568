// CoinsRepair: what a start does to bring the stored coins to the recorded tip. The store may be
// behind the blocks, perhaps on a branch that a reorganisation has left since, and a crash may have
// cut a flush, so that its coins are as they were after different blocks (coins_flush.h). It is
// not a check of the blocks, which were connected before.
//
// Created by the start, and dropped before the first block comes. Core thread only.
#pragma once

#include <string>
#include <vector>

#include "base/log.h"
#include "chain/rules/params.h"
#include "chain/script/script_check.h"
#include "chain/state/coins.h"
#include "chain/state/versionbits.h"

namespace parley {

class CoinsRepair {
 public:
    struct Parts {
        const ChainParams& params;
        const BlockIndex& index;
        StoredBlocks& blocks;
        Coins& coins;
        VersionBits& version_bits;
        ScriptVerifier& verifier;
        LogSink& log;
    };

    /// `check_scripts`: of the blocks that are connected again (-reindex-chainstate).
    CoinsRepair(const Parts& parts, bool check_scripts)
        : parts_(parts), check_scripts_(check_scripts) {}

    /// From the blocks that the store stands for (its record 'B'; not empty) to the tip. The error
    /// is a sentence.
    Expected<void, std::string> run(const std::vector<BlockHash>& walk);

 private:
    struct StoredBlock {
        BlockRef block;
        BlockUndo undo;
    };
    Expected<StoredBlock, std::string> read_with_undo(const HeaderNode& node) const;
    Expected<BlockRef, std::string> read(const HeaderNode& node) const;
    // Blocks whose changes some of the stored coins may have already, see coins_flush.h.
    Expected<void, std::string> replay_walk(const std::vector<const HeaderNode*>& walk);
    Expected<void, std::string> replay_back(const HeaderNode& node);
    Expected<void, std::string> replay_forward(const HeaderNode& node);
    // Blocks whose changes none of them has.
    Expected<void, std::string> roll_back(const HeaderNode& node);
    Expected<void, std::string> roll_forward(const HeaderNode& node);
    // The coins are those after `at`.
    void write_due(const HeaderNode& at);

    const Parts parts_;
    const bool check_scripts_;
    bool synced_ = false;
};

}  // namespace parley
