// The chain's part of NodeControlImpl.
#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "chain/primitives/coinbase.h"
#include "chain/rules/block_rules.h"
#include "chain/state/versionbits.h"
#include "node/node_control.h"
#include "node/node_core.h"
#include "node/wallet_control.h"

namespace parley {
namespace {

rpc::Error error_of(const BlockError& error) {
    if (error.kind == BlockErrorKind::unknown_block)
        return {rpc::Code::address_or_key, "Block not found"};
    return {rpc::Code::verify, error.to_string()};
}

}  // namespace

NodeControlImpl::NodeControlImpl(NodeCore& core) : core_(core) {}
NodeControlImpl::~NodeControlImpl() = default;

rpc::BlockSummary NodeControlImpl::summarise(const HeaderNode& node) const {
    rpc::BlockSummary summary;
    summary.header = node.header;
    summary.hash = node.hash;
    summary.height = node.height;
    summary.in_active_chain = core_.chain->contains(node);
    if (summary.in_active_chain) {
        summary.confirmations = core_.chain->tip().height - node.height + 1;
        if (const HeaderNode* next = core_.chain->at_height(node.height + 1))
            summary.next = next->hash;
    }
    summary.median_time = node.median_time_past();
    summary.chain_score = node.score.value_or(Score{});
    summary.has_body = node.block_position.size != 0 || node.parent == nullptr;
    summary.transactions = node.transactions;
    summary.chain_transactions = node.chain_transactions;
    summary.seal_size = node.seal.size();
    return summary;
}

rpc::ChainSummary NodeControlImpl::chain() const {
    rpc::ChainSummary summary;
    summary.tip = summarise(core_.chain->tip());
    summary.best_header = core_.chain->best_header().height;
    summary.initial_block_download = core_.initial_download.active(core_.now);
    summary.size_on_disk = core_.chain->size_on_disk();
    const PruneState prune = core_.chain->prune_state();
    summary.pruned = prune.enabled;
    summary.pruned_to = prune.pruned_to;
    if (prune.target_bytes != 0) summary.prune_target = prune.target_bytes;
    summary.now = core_.now;
    summary.warnings = core_.warnings;
    return summary;
}

std::optional<rpc::BlockSummary> NodeControlImpl::block_summary(const BlockHash& hash) const {
    const HeaderNode* node = core_.chain->find(hash);
    if (node == nullptr) return std::nullopt;
    return summarise(*node);
}

std::optional<rpc::BlockSummary> NodeControlImpl::block_at(Height height) const {
    const HeaderNode* node = core_.chain->at_height(height);
    if (node == nullptr) return std::nullopt;
    return summarise(*node);
}

rpc::DeploymentSummary NodeControlImpl::deployments(const BlockHash& hash) const {
    const HeaderNode* node = core_.chain->find(hash);
    CHECK(node != nullptr);
    rpc::DeploymentSummary summary;
    summary.script_flags = block_script_flags(core_.config.params, node->height, node->hash);
    VersionBits& version_bits = core_.chain->version_bits();
    if (node->parent != nullptr) summary.script_flags |= version_bits.script_flags(*node->parent);
    summary.signalled = version_bits.reports(*node);
    return summary;
}

rpc::Result<BlockRef> NodeControlImpl::block(const BlockHash& hash) const {
    const HeaderNode* node = core_.chain->find(hash);
    if (node == nullptr) return rpc::failure(rpc::Code::address_or_key, "Block not found");
    if (node->is_pruned())
        return rpc::failure(rpc::Code::misc, "Block not available (pruned data)");
    if (node->parent != nullptr && !node->has_body()) {
        return rpc::failure(rpc::Code::misc, "Block not available (not fully downloaded)");
    }
    auto block = core_.chain->read_block(*node);
    if (!block) return rpc::failure(rpc::Code::misc, "Can't read block from disk");
    return *block;
}

rpc::Result<rpc::BlockWithSpent> NodeControlImpl::block_with_spent(const BlockHash& hash) const {
    auto body = block(hash);
    if (!body) return Unexpected(body.error());
    rpc::BlockWithSpent result{*body, {}};
    const HeaderNode* node = core_.chain->find(hash);
    if (node->status == BlockStatus::connected && node->parent != nullptr) {
        auto undo = core_.chain->read_undo(*node);
        if (!undo) {
            return rpc::failure(rpc::Code::internal,
                                "Undo data expected but can't be read. This could be due to "
                                "disk corruption or a conflict with a pruning event.");
        }
        result.spent = std::move(undo->spent);
    }
    return result;
}

std::vector<rpc::IndexSummary> NodeControlImpl::indexes() const {
    if (!core_.tx_index) return {};
    return {{"txindex", core_.tx_index->synced(), core_.tx_index->best().height}};
}

rpc::Result<std::optional<rpc::IndexedTransaction>> NodeControlImpl::indexed_transaction(
    const Txid& txid) const {
    if (!core_.tx_index) return std::optional<rpc::IndexedTransaction>{};
    // A block that came just now is in it, as in bitcoind, which waits for its index here.
    core_.tx_index->step();
    auto found = core_.tx_index->find(txid);
    if (!found) return rpc::failure(rpc::Code::misc, found.error().message);
    if (!found->has_value()) return std::optional<rpc::IndexedTransaction>{};
    return std::optional{
        rpc::IndexedTransaction{std::move((*found)->transaction), (*found)->block}};
}

std::vector<rpc::ChainTip> NodeControlImpl::chain_tips() const {
    using Status = rpc::ChainTip::Status;
    const HeaderNode& active = core_.chain->tip();
    std::vector<const HeaderNode*> leaves = core_.chain->tips();
    // The active tip is a tip even where headers go on above it.
    if (std::find(leaves.begin(), leaves.end(), &active) == leaves.end()) leaves.push_back(&active);
    std::vector<rpc::ChainTip> tips;
    for (const HeaderNode* leaf : leaves) {
        rpc::ChainTip tip{leaf->height, leaf->hash,
                          leaf->height - fork_point(leaf, &active)->height, Status::active};
        if (leaf != &active) {
            const bool invalid = leaf->invalidated || leaf->status == BlockStatus::invalid ||
                                 leaf->status == BlockStatus::invalid_ancestor;
            // A tip whose ancestors' bodies are not all here cannot be more than headers.
            tip.status = invalid                                  ? Status::invalid
                         : leaf->chain_transactions == 0          ? Status::headers_only
                         : leaf->status == BlockStatus::connected ? Status::valid_fork
                                                                  : Status::valid_headers;
        }
        tips.push_back(std::move(tip));
    }
    std::stable_sort(tips.begin(), tips.end(),
                     [](const auto& a, const auto& b) { return a.height > b.height; });
    return tips;
}

std::optional<Coin> NodeControlImpl::coin(const OutPoint& outpoint, bool mempool) const {
    if (!mempool) return core_.chain->coins().coin(outpoint);
    auto found = core_.mempool.coins().coin(outpoint);
    if (found && found->height == Mempool::kMempoolHeight)
        found->height = core_.chain->tip().height + 1;
    return found;
}

rpc::ForkStats NodeControlImpl::fork_stats(std::optional<uint32_t> heights) const {
    rpc::ForkStats stats;
    stats.last = core_.chain->tip().height;
    stats.first = Height{1};
    if (heights && static_cast<int64_t>(*heights) < stats.last.value()) {
        stats.first = stats.last - static_cast<int32_t>(*heights) + 1;
    }
    for (Height height = stats.first; height <= stats.last; ++height) {
        uint64_t stale = 0;
        for (const HeaderNode* node : core_.chain->all_at_height(height)) {
            const bool valid_body =
                node->status == BlockStatus::stored || node->status == BlockStatus::connected;
            if (valid_body && node->score && !core_.chain->contains(*node)) ++stale;
        }
        ++stats.main_chain_blocks;
        stats.stale_blocks += stale;
        if (stale > 0) ++stats.forked_heights;
    }
    stats.reorganisations_by_depth = core_.reorganisations;
    return stats;
}

rpc::ConsensusSummary NodeControlImpl::consensus() const {
    rpc::ConsensusSummary summary;
    summary.engine = core_.engine->name();
    summary.absolute_finality = core_.engine->finality() == Finality::absolute;
    if (summary.absolute_finality) {
        const HeaderNode& finalized = core_.chain->finalized();
        summary.finalized = {finalized.height, finalized.hash};
    }
    summary.report = core_.engine->report();
    return summary;
}

rpc::Status NodeControlImpl::invalidate_block(const BlockHash& hash) {
    const auto done = core_.chain->invalidate(hash);
    if (!done) return Unexpected(error_of(done.error()));
    core_.activate_fully();
    return {};
}

rpc::Status NodeControlImpl::reconsider_block(const BlockHash& hash) {
    const auto done = core_.chain->reconsider(hash);
    if (!done) return Unexpected(error_of(done.error()));
    core_.activate_fully();
    return {};
}

rpc::Status NodeControlImpl::prefer_block(const BlockHash& hash) {
    const auto done = core_.chain->prefer(hash);
    if (!done) return Unexpected(error_of(done.error()));
    core_.activate_fully();
    return {};
}

bool NodeControlImpl::verify_chain(int level, int32_t blocks) {
    const VerifyResult result = core_.chain->verify(level, blocks);
    if (!result.problem.empty()) {
        core_.log.error(LogCategory::general, "verifychain: {}", result.problem);
    } else {
        core_.log.info(LogCategory::general, "verifychain: {} blocks at level {} are good{}",
                       result.blocks, level,
                       result.cut_short ? "; it ended early, for lack of -dbcache" : "");
    }
    return result.problem.empty() && !result.cut_short;
}

std::string NodeControlImpl::submit_block(const BlockRef& block) {
    const HeaderNode* known = core_.chain->find(block->header.hash());
    if (known != nullptr && known->status == BlockStatus::connected) return "duplicate";
    const BlockResult result = core_.submit_block(with_reserved_value(block), {}, BlockSource::own);
    core_.run_queue();
    switch (result.state) {
        case BlockResult::State::accepted:
            return core_.chain->contains(*result.node) ? "" : "inconclusive";
        case BlockResult::State::already_have:
            return "duplicate";
        case BlockResult::State::missing_parent:
            return "prev-blk-not-found";
        case BlockResult::State::invalid:
            break;
    }
    if (result.error->kind == BlockErrorKind::cached_invalid) return "duplicate-invalid";
    return result.error->reason;
}

rpc::Status NodeControlImpl::submit_header(const BlockHeader& header) {
    if (core_.chain->find(header.previous) == nullptr) {
        return rpc::failure(rpc::Code::verify, "Must submit previous header (" +
                                                   header.previous.to_string() + ") first");
    }
    const auto accepted = core_.chain->accept_header(header, {}, core_.now);
    if (!accepted) return rpc::failure(rpc::Code::verify, accepted.error().reason);
    return {};
}

rpc::Status NodeControlImpl::for_each_coin(
    const std::function<bool(const OutPoint&, const Coin&)>& visitor) {
    const auto done = core_.chain->for_each_coin(visitor);
    if (!done) return rpc::failure(rpc::Code::internal, "Unable to read UTXO set");
    return {};
}

rpc::Result<std::optional<Height>> NodeControlImpl::prune_blocks(Height height) {
    const Height tip = core_.chain->tip().height;
    if (!core_.chain->prune_state().enabled)
        return rpc::failure(rpc::Code::misc,
                            "Cannot prune blocks because node is not in prune mode.");
    if (tip < Height{core_.config.chain.prune_after_height})
        return rpc::failure(rpc::Code::misc, "Blockchain is too short for pruning.");
    if (height > tip)
        return rpc::failure(rpc::Code::invalid_parameter,
                            "Blockchain is shorter than the attempted prune height.");
    const Height pruned = core_.chain->prune(height);
    return pruned < Height{0} ? std::optional<Height>{} : std::optional{pruned};
}

uint64_t NodeControlImpl::coins_size_on_disk() const {
    return core_.chain->coins_size_on_disk();
}

Duration NodeControlImpl::uptime() const {
    return core_.host_now - core_.started;
}

void NodeControlImpl::set_mock_time(int64_t seconds) {
    if (seconds == 0) {
        core_.mock_time.reset();
        core_.now = core_.host_now;
    } else {
        core_.mock_time = from_unix_seconds(seconds);
        core_.now = *core_.mock_time;
    }
}

void NodeControlImpl::stop() {
    core_.stopping = true;
}

}  // namespace parley
