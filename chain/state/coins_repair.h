// CoinsRepair: brings the stored coins to the recorded tip when the node starts. The store may be
// behind the blocks, possibly on a branch that was disconnected since, and a crash may have
// interrupted a write, so that its coins reflect different blocks (coins_writer.h). It does not
// validate the blocks: they were connected before.
//
// Created at start-up, and dropped before the first block arrives. Core thread only.
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

    /// `check_scripts`: run the scripts of blocks that are connected again (-reindex-chainstate).
    CoinsRepair(const Parts& parts, bool check_scripts)
        : parts_(parts), check_scripts_(check_scripts) {}

    /// From the blocks that the store reflects (its record; not empty) to `tip`. The error is a
    /// sentence.
    Expected<void, std::string> run(const std::vector<BlockHash>& walk, const HeaderNode& tip);

 private:
    struct StoredBlock {
        BlockRef block;
        BlockUndo undo;
    };
    Expected<StoredBlock, std::string> read_with_undo(const HeaderNode& node) const;
    Expected<BlockRef, std::string> read(const HeaderNode& node) const;
    // Replays blocks whose changes may be partly stored (coins_writer.h).
    Expected<void, std::string> replay_walk(const std::vector<const HeaderNode*>& walk);
    Expected<void, std::string> replay_back(const HeaderNode& node);
    Expected<void, std::string> replay_forward(const HeaderNode& node);
    // Connects or disconnects blocks of whose changes none is stored.
    Expected<void, std::string> roll_back(const HeaderNode& node);
    Expected<void, std::string> roll_forward(const HeaderNode& node);
    // Writes slices if due. The coins are those after `at`.
    void write_due(const HeaderNode& at);

    const Parts parts_;
    const bool check_scripts_;
    bool synced_ = false;
};

}  // namespace parley
