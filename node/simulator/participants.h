// Participants: what a world is filled with: nodes configured for proof of work or PBFT, and money
// that the genesis block of labnet hands out. Called by tests and by the laboratory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/crypto/keys.h"
#include "chain/primitives/transaction.h"
#include "chain/rules/params.h"
#include "consensus/pbft/pbft_engine.h"
#include "node/simulator/world.h"

namespace parley::sim {

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

/// As sendrawtransaction does. Empty, or the reject reason.
std::string submit(World& world, NodeIndex index, const TransactionRef& transaction);

}  // namespace parley::sim
