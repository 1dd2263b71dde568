// The rules of headers and blocks, in the three stages that a block passes: check (no context),
// accept (in the context of its ancestors' headers), connect (against the UTXO set). The first
// broken rule is reported, in bitcoind's order and with its reject reasons. Called by Chainstate.
// Pure, except that connect_block changes the overlay. Core thread; check and accept may run on any
// thread.
#pragma once

#include <vector>

#include "base/expected.h"
#include "base/time.h"
#include "chain/rules/block_error.h"
#include "chain/rules/coins_overlay.h"
#include "chain/rules/header_node.h"
#include "chain/rules/params.h"
#include "chain/script/script_check.h"

namespace parley {

/// check: form, Merkle root, sizes, coinbase, each transaction without context, legacy sigops.
Expected<void, BlockError> check_block(const Block& block);

/// accept, for a header: times and version. The engine's `rules` define the lowest time; its
/// difficulty is checked elsewhere, by verify_header().
Expected<void, BlockError> accept_header_rules(const ChainParams& params, const HeaderRules& rules,
                                               const BlockHeader& header, const HeaderNode& parent,
                                               TimePoint now);

/// Whether there are witnesses, and the coinbase commits to them, active or not at its height.
bool witnesses_are_committed(const Block& block);

/// accept, for the body: finality, height in the coinbase, witness commitment, weight.
Expected<void, BlockError> accept_block_rules(const ChainParams& params, const Block& block,
                                              const HeaderNode& parent);

/// The lowest time that a block below `parent` may carry, in Unix seconds. BIP94's bound is applied
/// on every chain when blocks are built: it costs nothing, and the block is valid whether or not
/// the rule is active.
int64_t block_time_min(const ChainParams& params, const HeaderRules& rules,
                       const HeaderNode& parent);

/// The script rules that follow from a block's height; see versionbits.h for those of deployments.
ScriptFlags block_script_flags(const ChainParams& params, Height height, const BlockHash& hash);

struct ConnectContext {
    const ChainParams& params;
    const HeaderNode& parent;
    BlockHash hash;
    /// Script rules of active deployments, in addition to those that follow from the height.
    ScriptFlags deployment_flags = kVerifyNone;
    /// False if the block's scripts are known to be valid (it was connected before).
    bool check_scripts = true;
    /// Transactions in this cache need no script checks. May be null.
    ScriptCache* cache = nullptr;
};

/// Loads everything connect_block reads, with one request to the view below: the coins that the
/// block spends and does not create itself and, where BIP30 applies, those of its outputs.
Expected<void, StorageError> load_coins_to_connect(const ConnectContext& context,
                                                   const Block& block, CoinsOverlay& coins);

/// connect: inputs exist and are mature, no value is created, BIP30, BIP68, sigops, reward,
/// scripts. On success the overlay holds the coins after the block; on failure the caller drops it.
/// REQUIRES, like begin_connect_block(): load_coins_to_connect() of the same block.
Expected<BlockUndo, BlockError> connect_block(const ConnectContext& context, const Block& block,
                                              CoinsOverlay& coins, ScriptVerifier& verifier);

/// Like connect_block(), but without waiting for the scripts: appends their checks to `scripts`,
/// and the block is valid if they pass.
Expected<BlockUndo, BlockError> begin_connect_block(const ConnectContext& context,
                                                    const Block& block, CoinsOverlay& coins,
                                                    ScriptRun& scripts);
/// The error for a block whose scripts failed.
BlockError script_error_of(const ScriptFailure& failure);

/// Loads everything disconnect_block reads: what the block created and what it spent.
Expected<void, StorageError> load_coins_to_disconnect(const Block& block, Height height,
                                                      CoinsOverlay& coins);

/// The inverse of connect_block. False: the coins or the undo data do not belong to this block (the
/// store is damaged). REQUIRES: load_coins_to_disconnect().
bool disconnect_block(const ChainParams& params, const Block& block, Height height,
                      const BlockUndo& undo, CoinsOverlay& coins);

}  // namespace parley
