// EffectRunner: holds effects back until the commits that they wait for are durable, and keeps the
// order per peer (the rule is in effect.h). It does not carry out effects itself. Each host has one
// per node; core thread only.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <utility>

#include "node/effect.h"

namespace parley {

class EffectRunner {
 public:
    /// Called for each Persist: once every commit made so far has that durability, the host calls
    /// reached(commit), on the core thread, in the order of these calls; it may do so during the
    /// call.
    using StartBarrier = std::function<void(Durability, CommitId commit)>;
    /// Carries out one effect (never a Persist). Must not call run() or reached().
    using CarryOut = std::function<void(Effect&&)>;

    EffectRunner(StartBarrier start_barrier, CarryOut carry_out)
        : start_barrier_(std::move(start_barrier)), carry_out_(std::move(carry_out)) {}

    void run(Effects effects);
    void reached(CommitId commit);

    /// Every commit is durable, and nothing waits.
    bool idle() const { return reached_ == started_; }

 private:
    /// The commit that the effect waits for, on its own account or behind what was sent to its peer
    /// before.
    CommitId awaited(const Effect& effect);

    const StartBarrier start_barrier_;
    const CarryOut carry_out_;
    // Held effects in order, by the commit they wait for. Bounded by what the node emits while a
    // write is in progress: the storage queue is bounded, so the core thread blocks long before
    // this grows large.
    std::map<CommitId, std::deque<Effect>> held_;
    /// The commit that the last held effect of each peer waits for.
    std::map<PeerId, CommitId> held_for_peer_;
    CommitId started_{};  ///< of the last Persist
    CommitId reached_{};
};

}  // namespace parley
