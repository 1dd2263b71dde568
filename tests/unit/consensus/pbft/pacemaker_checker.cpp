#include "tests/unit/consensus/pbft/pacemaker_checker.h"

#include <fmt/format.h>

#include <algorithm>

#include "mempool/block_builder.h"
#include "node/node.h"

namespace parley::pbft::testing {

void PacemakerChecker::on_states(TimePoint now, const std::vector<State>& states) {
    size_t highest = 0;
    for (const State& state : states) highest = std::max(highest, state.final_height);
    bool timer_runs = false;
    bool has_work = false;
    for (const State& state : states) {
        if (state.final_height != highest) continue;
        timer_runs = timer_runs || state.timer_runs;
        has_work = has_work || state.has_work;
    }
    if (timer_runs || !has_work) return stands_still_since_.reset();
    if (!stands_still_since_) stands_still_since_ = now;
    if (now - *stands_still_since_ <= patience_) return;
    violations_.push_back(
        fmt::format("No timer runs at height {}, though there is something to order.", highest));
    stands_still_since_ = now;
}

void PacemakerChecker::look(Cluster& cluster, const std::vector<Cluster::Node>& correct) {
    const sim::World& world = cluster.world();
    std::vector<State> states;
    for (const Cluster::Node node : correct) {
        if (!cluster.up(node) || world.paused(node)) return interrupted();
        for (const Cluster::Node other : correct) {
            if (other < node && (!cluster.together(other, node) || !world.connected(other, node)))
                return interrupted();
        }
        const parley::Node& at = world.node(node);
        // As the node tells its engine: what pays too little for a block is no work.
        const BlockBuilder builder(at.config().block_builder, at.config().params);
        states.push_back({.final_height = cluster.height(node),
                          .timer_runs = cluster.info(node, "timer") != "null",
                          .has_work = builder.has_candidates(at.mempool())});
    }
    on_states(cluster.now(), states);
}

}  // namespace parley::pbft::testing
