// EffectRunner: holds effects back until the commits that they wait for are safe, and keeps the
// order of what goes to one peer (the rule is in effect.h). It carries out nothing itself. Each
// host owns one for each node; core thread only.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <utility>

#include "node/effect.h"

namespace parley {

class EffectRunner {
 public:
    /// Called for each Persist: when every commit made so far has the durability, call
    /// reached(commit), on the core thread, in the order of the calls; during the call is allowed.
    using StartBarrier = std::function<void(Durability, CommitId commit)>;
    /// Carries out one effect; never a Persist. Must not call run() or reached().
    using CarryOut = std::function<void(Effect&&)>;

    EffectRunner(StartBarrier start_barrier, CarryOut carry_out)
        : start_barrier_(std::move(start_barrier)), carry_out_(std::move(carry_out)) {}

    void run(Effects effects);
    void reached(CommitId commit);

    /// Every commit is safe; nothing waits.
    bool idle() const { return reached_ == started_; }

 private:
    /// The commit that the effect waits for by itself, or behind what its peer was sent before.
    CommitId awaited(const Effect& effect);

    const StartBarrier start_barrier_;
    const CarryOut carry_out_;
    // By the commit that they wait for, in their order. Bounded by what the node emits while a
    // write is under way: the storage queue is bounded, so the core stands still long before this
    // grows large.
    std::map<CommitId, std::deque<Effect>> held_;
    /// What the last held effect of a peer waits for.
    std::map<PeerId, CommitId> held_for_peer_;
    CommitId started_{};  ///< of the last Persist
    CommitId reached_{};
};

}  // namespace parley
