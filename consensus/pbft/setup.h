// Setup: the constants of a replica: its options, the validator set, and its own index in it.
// Borrowed by the replica's parts. Immutable.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/log.h"
#include "chain/rules/retarget.h"
#include "consensus/pbft/messages/certificate.h"
#include "consensus/pbft/pbft_engine.h"
#include "consensus/pbft/step.h"

namespace parley::pbft {

/// Rules that a test may take out, to show that the search of tests/unit/consensus/pbft/search
/// finds what happens without them. Every node runs with all of them.
struct Tuning {
    /// The timer of an awaited view counts whoever has left all views below it. False: only those
    /// that wait for this very view (rejected by ADR 0008).
    bool timer_counts_later_views = true;
    /// A valid block is kept until its height is decided. False: only as long as it is the last one
    /// that was accepted or prepared.
    bool valid_blocks_kept = true;
};

struct Setup {
    Setup(PbftOptions chosen, const ChainParams& chain, ValidatorSet validators, LogSink& sink,
          Tuning rules)
        : options(std::move(chosen)),
          tuning(rules),
          authenticator(std::move(validators), chain.genesis_hash),
          self(options.key ? set().index_of(options.key->public_key()) : std::nullopt),
          bits(compact_from_target(chain.pow_limit)),
          log(sink) {}
    Setup(const Setup&) = delete;
    Setup& operator=(const Setup&) = delete;

    const ValidatorSet& set() const { return authenticator.validators(); }
    const NetworkTag& network() const { return authenticator.network(); }
    /// How often missing data is requested again.
    Duration retry_interval() const { return options.base_timeout / 2; }
    void blame(PeerId peer, std::string reason, Step& step) const {
        log.debug(LogCategory::pbft, "Peer {} sent {}.", peer.value(), reason);
        step.emit<engine_output::Blame>(peer, std::move(reason));
    }

    const PbftOptions options;
    const Tuning tuning;
    const Authenticator authenticator;
    const std::optional<ValidatorIndex> self;  ///< empty: a follower
    const uint32_t bits;                       ///< the constant `bits` of every header
    LogSink& log;
};

}  // namespace parley::pbft
