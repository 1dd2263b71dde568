#include "node/simulator/fork_census.h"

#include <algorithm>
#include <set>

#include "chain/state/chainstate.h"

namespace parley::sim {

ForkCensus take_census(const World& world, NodeIndex reference, Height last) {
    ForkCensus census;
    const Height end = std::min(last, world.node(reference).chain().index().tip().height);
    for (Height height{1}; height <= end; ++height) {
        std::set<BlockHash> blocks;
        for (NodeIndex index = 0; index < world.size(); ++index) {
            if (!world.running(index)) continue;
            for (const HeaderNode* node : world.node(index).chain().index().all_at_height(height)) {
                if (node->block_position.size != 0) blocks.insert(node->hash);
            }
        }
        ++census.heights;
        census.blocks += blocks.size();
        if (blocks.size() > 1) ++census.forked_heights;
    }
    return census;
}

}  // namespace parley::sim
