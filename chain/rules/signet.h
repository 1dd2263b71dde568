// Signet (BIP325): in addition to its proof of work, each block carries a solution of the chain's
// challenge script, after a marker in the output of the witness commitment. Called by Chainstate.
// Pure functions, thread-safe.
#pragma once

#include <optional>

#include "base/expected.h"
#include "chain/primitives/block.h"
#include "chain/rules/block_error.h"
#include "chain/rules/params.h"

namespace parley {

/// The two transactions that BIP325 derives from a block: one with an output that pays to the
/// challenge, and one that spends it with the block's solution.
struct SignetTransactions {
    TransactionRef to_spend;
    TransactionRef to_sign;
};

/// Empty: the block has no coinbase with a witness commitment, or its solution is malformed. A
/// missing solution counts as an empty one, which satisfies a trivial challenge.
std::optional<SignetTransactions> signet_transactions(const Block& block, const Script& challenge);

/// check: bad-signet-blksig if the chain has a challenge that the solution does not satisfy. The
/// genesis block is exempt.
Expected<void, BlockError> check_signet_solution(const ChainParams& params, const Block& block);

}  // namespace parley
