// The PBFT engine (Castro & Liskov, "Practical Byzantine Fault Tolerance", OSDI 1999): ordering by
// a known set of validators, with absolute finality. This header is all that other folders need;
// what it is made of is in replica.h. It does not judge transactions (CheckProposal does) and does
// not move blocks to nodes that lack them (CatchUp does).
//
// A node with a validator's key votes; one without follows the chain by its seals. Called by node/
// on the core thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "consensus/engine_factory.h"
#include "consensus/pbft/validator_set.h"

namespace parley {

struct PbftOptions {
    std::vector<PublicKey> validators;  ///< in the order that all share; 33-byte keys
    std::optional<SecretKey> key;       ///< empty: follow only

    /// How long a replica waits for a block that it has reason to expect before it asks for
    /// another primary. At least three one-way delays and the durable writes.
    Duration base_timeout = std::chrono::seconds{2};
    /// The timeout doubles with each unsuccessful view, up to this.
    Duration timeout_max = std::chrono::seconds{60};
    /// Zero: order only when a transaction waits. Else an empty block after so long without one.
    Duration empty_block_period{0};
    /// A proposed block's time may be so far from the clock of the replica that checks it. Blocks
    /// that follow each other fast push their times ahead (each must lie above the median of the
    /// eleven before it), six blocks a second of time; this is also how far they may do so.
    Duration time_bound = std::chrono::minutes{10};
    /// A replica that has nothing to do tells its peers where it stands this often.
    Duration idle_status_period = std::chrono::seconds{30};

    static std::span<const OptionRow<PbftOptions>> rows();
    /// Empty: usable. Else a sentence.
    std::optional<std::string> validate() const;
};

/// Reads the votes of earlier runs from `storage` (the keys that start with kEngineKeyPrefix) now,
/// and keeps no reference to it, nor to `chain`; `log` must outlive the engine. The error is a
/// sentence: unusable options, a key that is not a validator's, a vote record that is damaged or
/// belongs to another network (a replica that does not know what it signed must not vote).
Expected<std::unique_ptr<Engine>, std::string> make_pbft_engine(PbftOptions options,
                                                                const ChainParams& chain,
                                                                const Storage& storage,
                                                                LogSink& log);

/// The same as a value that a node's configuration can hold.
EngineChoice pbft_choice(PbftOptions options);

extern const EngineFactory kPbftFactory;

}  // namespace parley
