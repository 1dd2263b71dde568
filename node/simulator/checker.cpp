#include "node/simulator/checker.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/crypto/sha256.h"
#include "base/serialize.h"
#include "chain/state/chainstate.h"

namespace parley::sim {
namespace {

/// Upper bound of all coins after a block: the subsidies, and the genesis outputs if they are
/// spendable.
Amount supply_bound(const ChainParams& params, Height tip) {
    Amount sum{0};
    if (params.genesis_coins_spendable) {
        for (const TxOutput& output : params.genesis->transactions[0]->outputs())
            sum = sum + output.value;
    }
    for (Height height{1}; height <= tip; ++height) sum = sum + block_subsidy(params, height);
    return sum;
}

}  // namespace

CoinsSummary summarise_coins(World& world, NodeIndex index) {
    CoinsSummary summary;
    world.invoke(index, [&](Node& node) {
        Sha256 hash;
        const auto read =
            node.coins_snapshot()->for_each([&](const OutPoint& point, const Coin& coin) {
                Writer writer;
                writer.bytes(point.txid.bytes())
                    .le(point.index)
                    .le(coin.output.value.value())
                    .le(coin.height.value())
                    .u8(coin.coinbase ? 1 : 0)
                    .var_bytes(coin.output.script_pubkey.bytes());
                hash.write(writer.data());
                ++summary.count;
                summary.total = summary.total + coin.output.value;
                return true;
            });
        CHECK(read);
        summary.digest = hash.finish();
    });
    return summary;
}

void SafetyChecker::violate(std::string sentence) {
    if (violations_.size() < kViolationsMax) violations_.push_back(std::move(sentence));
}

void SafetyChecker::on_final(NodeIndex node, Height height, const BlockHash& hash) {
    Height& highest = final_of_[node];
    if (height < highest) {
        violate(fmt::format("Node {}: finality moved back from height {} to {}.", node,
                            highest.value(), height.value()));
        return;
    }
    highest = height;
    const auto [known, is_new] = final_.try_emplace(height, hash, node);
    if (is_new || known->second.first == hash) return;
    violate(fmt::format("Nodes {} and {} finalised different blocks at height {}: {} and {}.",
                        known->second.second, node, height.value(), known->second.first.to_string(),
                        hash.to_string()));
}

void SafetyChecker::check_finality(NodeIndex index, const Node& node) {
    const HeaderNode& final_block = node.chain().index().finalized();
    if (final_block.parent == nullptr) return;
    const auto known = final_of_.find(index);
    const Height from = known == final_of_.end() ? Height{0} : known->second;
    const HeaderNode& tip = node.chain().index().tip();
    const bool on_the_way = setbacks_.contains(index) && tip.height < final_block.height &&
                            final_block.ancestor(tip.height) == &tip;
    if (!node.chain().index().contains(final_block) && !on_the_way) {
        violate(fmt::format("Node {}: final block {} is not in its best chain.", index,
                            final_block.hash.to_string()));
    }
    if (final_block.height <= from) {
        on_final(index, final_block.height, final_block.hash);
        return;
    }
    std::vector<const HeaderNode*> fresh;
    for (const HeaderNode* each = &final_block; each->height > from; each = each->parent)
        fresh.push_back(each);
    for (auto it = fresh.rbegin(); it != fresh.rend(); ++it)
        on_final(index, (*it)->height, (*it)->hash);
}

void SafetyChecker::on_setback(NodeIndex node) {
    ++setbacks_[node];
    final_of_.erase(node);
}

void SafetyChecker::watch(World& world) {
    world.observe([this, &world](NodeIndex index) {
        if (excluded_.contains(index)) return;
        // The node may have crashed twice since its last step.
        const uint64_t setbacks = world.setbacks(index);
        while (setbacks > 0 && setbacks_[index] < setbacks) on_setback(index);
        check_finality(index, world.node(index));
    });
}

void SafetyChecker::on_coins(NodeIndex node, const BlockHash& tip, const CoinsSummary& coins,
                             Amount bound) {
    const auto [known, is_new] = coins_.try_emplace(tip, coins, node);
    if (!is_new && known->second.first != coins) {
        violate(fmt::format("Nodes {} and {} have different coins after block {}.",
                            known->second.second, node, tip.to_string()));
    }
    if (coins.total > bound) {
        violate(fmt::format("Node {}: {} in coins after block {}, more than the {} ever made.",
                            node, coins.total.value(), tip.to_string(), bound.value()));
    }
}

void SafetyChecker::check_coins(World& world) {
    for (NodeIndex index = 0; index < world.size(); ++index) {
        if (!world.running(index) || excluded_.contains(index)) continue;
        const HeaderNode& tip = world.node(index).chain().index().tip();
        const Amount bound = supply_bound(world.node(index).config().params, tip.height);
        on_coins(index, tip.hash, summarise_coins(world, index), bound);
    }
}

}  // namespace parley::sim
