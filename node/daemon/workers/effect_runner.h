// EffectRunner: keeps the order of a node's effects across steps. What follows a Persist waits
// until the storage has reached it; everything else goes out at once. It carries out nothing
// itself. Owned by CoreLoop; core thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <utility>

#include "node/effect.h"

namespace parley {

class EffectRunner {
 public:
    /// Called for each run of Persist effects: when every commit made so far has the durability,
    /// call reached(barrier), on the core thread, in the order of the barriers.
    using StartBarrier = std::function<void(Durability, uint64_t barrier)>;
    /// Carries out one effect; never a Persist.
    using CarryOut = std::function<void(Effect&&)>;

    EffectRunner(StartBarrier start_barrier, CarryOut carry_out)
        : start_barrier_(std::move(start_barrier)), carry_out_(std::move(carry_out)) {}

    void run(Effects effects);
    void reached(uint64_t barrier);

    /// Nothing waits.
    bool idle() const { return reached_ == started_; }

 private:
    struct Held {
        uint64_t barrier;
        Effect effect;
    };

    const StartBarrier start_barrier_;
    const CarryOut carry_out_;
    // Bounded by what the node emits while a write is under way: the storage queue is bounded, so
    // the core stands still long before this grows large.
    std::deque<Held> held_;
    uint64_t started_ = 0;  ///< barriers are numbered from 1 upwards
    uint64_t reached_ = 0;
};

}  // namespace parley
