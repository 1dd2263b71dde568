// Signet (BIP325): each block carries a solution of the chain's challenge, a script, beside its
// proof of work. The solution lies in the output of the witness commitment, behind a marker.
// Called by Chainstate. Pure functions, thread-safe.
#pragma once

#include <optional>

#include "base/expected.h"
#include "chain/primitives/block.h"
#include "chain/rules/block_error.h"
#include "chain/rules/params.h"

namespace parley {

/// The two transactions that BIP325 makes of a block: one with an output that pays to the
/// challenge, and one that spends it with the block's solution.
struct SignetTransactions {
    TransactionRef to_spend;
    TransactionRef to_sign;
};

/// Empty: the block has no coinbase with a witness commitment, or its solution is malformed. A
/// block without a solution gives an empty one: a trivial challenge takes that.
std::optional<SignetTransactions> signet_transactions(const Block& block, const Script& challenge);

/// check: bad-signet-blksig, unless the chain has no challenge, the solution meets it, or it is the
/// genesis block.
Expected<void, BlockError> check_signet_solution(const ChainParams& params, const Block& block);

}  // namespace parley
