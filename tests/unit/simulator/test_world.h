// Worlds for tests: node configurations for proof of work and PBFT, money that the genesis block
// of labnet hands out, and questions that many tests ask. Not a test.
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
#include "node/simulator/world.h"

namespace parley::sim {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// A count that is smaller under sanitizers, or by PARLEY_TEST_SCALE (percent); at least `least`.
int scaled(int count, int least = 1);

/// Money of labnet's genesis block: `count` outputs of one coin, each to a key of its own.
class Purse {
 public:
    explicit Purse(size_t count);
    const ChainParams& params() const { return params_; }
    /// Spends output `index` to its own key; `fee` makes two of them different.
    TransactionRef pay(size_t index, int64_t fee = 1000) const;

 private:
    std::vector<SecretKey> keys_;
    ChainParams params_;
};

/// A node that mines with a share of the world's hash rate, in millionths; 0: it does not mine.
NodeSpec pow_node(const ChainParams& params, uint32_t share_ppm);

/// Adds `count` miners with equal shares.
void add_miners(World& world, const ChainParams& params, size_t count);

/// The validators of a PBFT world and the configuration of its nodes.
class Validators {
 public:
    Validators(const ChainParams& params, size_t count);
    NodeSpec validator(size_t index) const;
    NodeSpec follower() const;
    size_t size() const { return keys_.size(); }
    const SecretKey& key(size_t index) const { return keys_.at(index); }
    /// Of the nodes that are configured from now on.
    PbftOptions& options() { return options_; }
    const PbftOptions& options() const { return options_; }

 private:
    const ChainParams& params_;
    PbftOptions options_;
    std::vector<SecretKey> keys_;
};

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

/// As sendrawtransaction does. Empty, or the reject reason.
std::string submit(World& world, NodeIndex index, const TransactionRef& transaction);

/// Blocks of proof of work on the node's tip, found at once and handed to it as its own. `mark`
/// makes two branches different.
void mine(World& world, NodeIndex index, size_t count, uint8_t mark = 0);

/// Of blocks that left the best chain of a node: depth -> times.
std::map<uint32_t, uint64_t> reorganisations(World& world, NodeIndex index);

/// "1,2,...": the violations, for a message.
std::string text(const SafetyChecker& checker);

}  // namespace parley::sim
