#include "tests/unit/simulator/test_world.h"

#include <algorithm>

#include "base/check.h"
#include "base/crypto/pow_search.h"
#include "chain/rules/retarget.h"

namespace parley::sim {
const HeaderNode& tip(const World& world, NodeIndex index) {
    return world.node(index).chain().index().tip();
}

int32_t height(const World& world, NodeIndex index) {
    return tip(world, index).height.value();
}

bool one_tip(const World& world, const std::vector<NodeIndex>& nodes) {
    return std::all_of(nodes.begin(), nodes.end(), [&](NodeIndex index) {
        return tip(world, index).hash == tip(world, nodes.front()).hash;
    });
}

bool one_tip(const World& world) {
    std::vector<NodeIndex> nodes;
    for (NodeIndex index = 0; index < world.size(); ++index) {
        if (world.running(index)) nodes.push_back(index);
    }
    return one_tip(world, nodes);
}

bool all_reached(const World& world, int32_t target) {
    for (NodeIndex index = 0; index < world.size(); ++index) {
        if (world.running(index) && height(world, index) < target) return false;
    }
    return true;
}

bool confirmed(const World& world, NodeIndex index, const TransactionRef& transaction) {
    const OutPoint output{transaction->txid(), 0};
    return world.node(index).chain().coins().coin(output).value().has_value();
}

bool waiting(const World& world, NodeIndex index, const TransactionRef& transaction) {
    return world.node(index).mempool().contains(transaction->txid());
}

void mine(World& world, NodeIndex index, size_t count, uint8_t mark) {
    world.invoke(index, [&](Node& node) {
        for (size_t i = 0; i < count; ++i) {
            Block block = node.build_template(Script{Bytes{0x51, mark}}).block;
            const auto target = target_from_compact(block.header.bits);
            CHECK(target);
            const auto nonce =
                search_nonce(block.header.serialize(), target->to_hash(), 0, 1U << 20);
            CHECK(nonce);
            block.header.nonce = *nonce;
            CHECK(!node.submit_block(std::make_shared<const Block>(std::move(block))).error);
        }
    });
}

std::map<uint32_t, uint64_t> reorganisations(World& world, NodeIndex index) {
    std::map<uint32_t, uint64_t> result;
    world.invoke(index, [&](Node& node) { result = node.reorganisations(); });
    return result;
}

std::string text(const SafetyChecker& checker) {
    std::string all;
    for (const std::string& violation : checker.violations()) all += violation + "\n";
    return all;
}

}  // namespace parley::sim
