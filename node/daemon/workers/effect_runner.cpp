#include "node/daemon/workers/effect_runner.h"

#include <algorithm>

#include "base/check.h"

namespace parley {

void EffectRunner::run(Effects effects) {
    for (size_t i = 0; i < effects.size(); ++i) {
        if (const auto* persist = std::get_if<effect::Persist>(&effects[i])) {
            // A step with many commits ends in many Persists: with nothing between them, one
            // barrier of the strongest durability does for all.
            Durability durability = persist->durability;
            while (i + 1 < effects.size() &&
                   std::holds_alternative<effect::Persist>(effects[i + 1]))
                durability =
                    std::max(durability, std::get<effect::Persist>(effects[++i]).durability);
            start_barrier_(durability, ++started_);
        } else if (idle()) {
            carry_out_(std::move(effects[i]));
        } else {
            held_.push_back({started_, std::move(effects[i])});
        }
    }
}

void EffectRunner::reached(uint64_t barrier) {
    CHECK(barrier == reached_ + 1 && barrier <= started_);
    reached_ = barrier;
    while (!held_.empty() && held_.front().barrier <= reached_) {
        Effect effect = std::move(held_.front().effect);
        held_.pop_front();
        carry_out_(std::move(effect));
    }
}

}  // namespace parley
