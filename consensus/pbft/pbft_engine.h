// The PBFT engine (Castro & Liskov, "Practical Byzantine Fault Tolerance", OSDI 1999): ordering by
// a known set of validators, with absolute finality. Other folders need only this header; replica.h
// is the entry to the implementation. It does not validate transactions (the node does, see
// CheckProposal) and does not transfer blocks to nodes that lack them (see CatchUp).
//
// A node with a validator's key votes; a node without one follows the chain by its seals. Called by
// node/ on the core thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "consensus/engine_factory.h"
#include "consensus/pbft/messages/validator_set.h"

namespace parley {

struct PbftOptions {
    std::vector<PublicKey> validators;  ///< 33-byte keys, in the order shared by all validators
    std::optional<SecretKey> key;       ///< empty: a follower, which does not vote

    /// The user says that this key has never voted: a validator whose chain has blocks may start
    /// without a record of its votes.
    bool new_record = false;

    /// A node without a key passes the validators' messages on to its other peers, for validators
    /// that are not linked to each other.
    bool relay = false;

    /// How long a replica waits for an expected block before it starts a view change. At least
    /// three one-way delays plus the durable writes.
    Duration base_timeout = std::chrono::seconds{2};
    /// The timeout doubles with each unsuccessful view, up to this limit.
    Duration timeout_max = std::chrono::seconds{60};
    /// Zero: blocks are only built if a transaction is waiting. Otherwise an empty block is built
    /// after this long without one.
    Duration empty_block_period{0};
    /// Maximum difference between a proposed block's time and the clock of the replica that checks
    /// it. Blocks in quick succession push their times ahead (each must be above the median of the
    /// eleven before it), by one second per six blocks; this also limits how far.
    Duration time_bound = std::chrono::minutes{10};
    /// How often an idle replica broadcasts its status.
    Duration idle_status_period = std::chrono::seconds{30};

    static OptionRows<PbftOptions> rows();
    /// Empty: usable. Otherwise a sentence.
    std::optional<std::string> validate() const;
};

/// Reads the votes of earlier runs from `storage` (the keys that start with kEngineKeyPrefix), and
/// keeps no reference to it or to `chain`; `log` must outlive the engine. The error is a sentence:
/// unusable options, a key that is not a validator's, or a vote record that is damaged or of
/// another network (a replica that does not know what it signed must not vote).
Expected<std::unique_ptr<Engine>, std::string> make_pbft_engine(PbftOptions options,
                                                                const ChainParams& chain,
                                                                const Storage& storage,
                                                                LogSink& log);

/// The same as a value for a node's configuration.
EngineChoice pbft_choice(PbftOptions options);

extern const EngineFactory kPbftFactory;

}  // namespace parley
