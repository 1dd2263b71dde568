// Worlds for tests: questions that many tests ask, beside the participants of
// node/simulator/participants.h. Not a test.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/crypto/keys.h"
#include "chain/primitives/transaction.h"
#include "chain/rules/params.h"
#include "chain/state/chainstate.h"
#include "consensus/pbft/pbft_engine.h"
#include "mempool/mempool.h"
#include "node/simulator/checker.h"
#include "node/simulator/participants.h"
#include "node/simulator/world.h"
#include "tests/unit/scale.h"

namespace parley::sim {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const HeaderNode& tip(const World& world, NodeIndex index);
int32_t height(const World& world, NodeIndex index);
/// All running nodes have the same tip.
bool one_tip(const World& world);
/// The same for some.
bool one_tip(const World& world, const std::vector<NodeIndex>& nodes);
/// All running nodes are at least so high.
bool all_reached(const World& world, int32_t height);
bool confirmed(const World& world, NodeIndex index, const TransactionRef& transaction);
bool waiting(const World& world, NodeIndex index, const TransactionRef& transaction);

/// Blocks of proof of work on the node's tip, found at once and handed to it as its own. `mark`
/// makes two branches different.
void mine(World& world, NodeIndex index, size_t count, uint8_t mark = 0);

/// Of blocks that left the best chain of a node: depth -> times.
std::map<uint32_t, uint64_t> reorganisations(World& world, NodeIndex index);

/// "1,2,...": the violations, for a message.
std::string text(const SafetyChecker& checker);

}  // namespace parley::sim
