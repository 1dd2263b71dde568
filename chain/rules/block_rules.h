// The rules of headers and blocks, in the three stages that a block passes: check (by itself),
// accept (in the context of its ancestors' headers), connect (against the coins). The first broken
// rule is reported, in bitcoind's order and words. Called by Chainstate; pure but for the overlay
// that connect_block changes. Core thread, or any thread for the first two.
#pragma once

#include <vector>

#include "base/expected.h"
#include "base/time.h"
#include "chain/rules/block_error.h"
#include "chain/rules/coins_overlay.h"
#include "chain/rules/header_tree.h"
#include "chain/rules/params.h"
#include "chain/script/script_check.h"

namespace parley {

/// check: form, Merkle root, sizes, coinbase, every transaction by itself, legacy sigops.
Expected<void, BlockError> check_block(const Block& block);

/// accept, for a header: times and version. Not its difficulty, which is the engine's.
Expected<void, BlockError> accept_header_rules(const ChainParams& params, const BlockHeader& header,
                                               const HeaderNode& parent, TimePoint now);

/// accept, for the body: finality, height in the coinbase, witness commitment, weight.
Expected<void, BlockError> accept_block_rules(const ChainParams& params, const Block& block,
                                              const HeaderNode& parent);

/// The least time that a block below `parent` may carry, in Unix seconds. BIP94's bound is kept on
/// every chain: it costs nothing, and the block would be valid if it were a rule everywhere.
int64_t block_time_min(const ChainParams& params, const HeaderNode& parent);

/// The script rules of a block that its height brings; versionbits.h knows those of deployments.
ScriptFlags block_script_flags(const ChainParams& params, Height height, const BlockHash& hash);

struct ConnectContext {
    const ChainParams& params;
    const HeaderNode& parent;
    BlockHash hash;
    /// Script rules that deployments have brought, besides those of the block's height.
    ScriptFlags deployment_flags = kVerifyNone;
    /// False where the block's scripts are known to be good (it was connected before).
    bool check_scripts = true;
    /// Transactions whose scripts need no check are here; may be null.
    ScriptCache* cache = nullptr;
};

/// Loads what the rules of connect_block look at, with one request of the view below: the coins
/// that the block spends and does not make, and, where BIP30 is looked at, those of its outputs.
Expected<void, StorageError> load_coins_to_connect(const ConnectContext& context,
                                                   const Block& block, CoinsOverlay& coins);

/// connect: inputs exist and are mature, nothing is created, BIP30, BIP68, sigops, reward, scripts.
/// On success the overlay holds the coins after the block; on failure it is to be dropped.
/// REQUIRES, as the next: load_coins_to_connect() of the same block.
Expected<BlockUndo, BlockError> connect_block(const ConnectContext& context, const Block& block,
                                              CoinsOverlay& coins, ScriptVerifier& verifier);

/// The same but for the scripts' verdict: their checks go to `scripts` one after another, and the
/// block is valid if they pass.
Expected<BlockUndo, BlockError> begin_connect_block(const ConnectContext& context,
                                                    const Block& block, CoinsOverlay& coins,
                                                    ScriptRun& scripts);
/// What a block has done wrong whose scripts failed.
BlockError script_error_of(const ScriptFailure& failure);

/// The same for disconnect_block: what the block made and what it spent.
Expected<void, StorageError> load_coins_to_disconnect(const Block& block, Height height,
                                                      CoinsOverlay& coins);

/// The inverse of connect_block. False: the coins or the undo data do not belong to this block (a
/// damaged store). REQUIRES: load_coins_to_disconnect().
bool disconnect_block(const ChainParams& params, const Block& block, Height height,
                      const BlockUndo& undo, CoinsOverlay& coins);

}  // namespace parley
