// The chain's part of NodeControlImpl.
#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "chain/primitives/coinbase.h"
#include "chain/rules/block_rules.h"
#include "chain/state/versionbits.h"
#include "rpc/node_control.h"
#include "rpc/wallet_control.h"

namespace parley {
namespace {

rpc::Error error_of(const BlockError& error) {
    if (error.kind == BlockErrorKind::unknown_block)
        return {rpc::Code::address_or_key, "Block not found"};
    return {rpc::Code::verify, error.to_string()};
}

}  // namespace

NodeControlImpl::NodeControlImpl(Node& node) : node_(node) {}
NodeControlImpl::~NodeControlImpl() = default;

rpc::ChainSummary NodeControlImpl::chain() const {
    rpc::ChainSummary summary;
    summary.tip = parley::summarise(node_.chain(), node_.chain().tip());
    summary.best_header = node_.chain().best_header().height;
    summary.initial_block_download = node_.initial_download();
    summary.size_on_disk = node_.chain().size_on_disk();
    const PruneState prune = node_.chain().prune_state();
    summary.pruned = prune.enabled;
    summary.pruned_to = prune.pruned_to;
    if (prune.target_bytes != 0) summary.prune_target = prune.target_bytes;
    summary.now = node_.now();
    summary.warnings = node_.warnings();
    return summary;
}

std::optional<BlockSummary> NodeControlImpl::block_summary(const BlockHash& hash) const {
    const HeaderNode* node = node_.chain().find(hash);
    if (node == nullptr) return std::nullopt;
    return parley::summarise(node_.chain(), *node);
}

std::optional<BlockSummary> NodeControlImpl::block_at(Height height) const {
    const HeaderNode* node = node_.chain().at_height(height);
    if (node == nullptr) return std::nullopt;
    return parley::summarise(node_.chain(), *node);
}

rpc::DeploymentSummary NodeControlImpl::deployments(const BlockHash& hash) const {
    const HeaderNode* node = node_.chain().find(hash);
    CHECK(node != nullptr);
    rpc::DeploymentSummary summary;
    summary.script_flags = node_.script_flags(*node);
    summary.signalled = node_.deployments(*node);
    return summary;
}

rpc::Result<BlockRef> NodeControlImpl::block(const BlockHash& hash) const {
    const HeaderNode* node = node_.chain().find(hash);
    if (node == nullptr) return rpc::failure(rpc::Code::address_or_key, "Block not found");
    if (node->is_pruned())
        return rpc::failure(rpc::Code::misc, "Block not available (pruned data)");
    if (node->parent != nullptr && !node->has_body()) {
        return rpc::failure(rpc::Code::misc, "Block not available (not fully downloaded)");
    }
    auto block = node_.chain().read_block(*node);
    if (!block) return rpc::failure(rpc::Code::misc, "Can't read block from disk");
    return *block;
}

rpc::Result<KnownBlock> NodeControlImpl::block_with_spent(const BlockHash& hash) const {
    auto body = block(hash);
    if (!body) return Unexpected(body.error());
    const HeaderNode* node = node_.chain().find(hash);
    KnownBlock result{parley::summarise(node_.chain(), *node), *body, {}};
    if (node->status == BlockStatus::connected && node->parent != nullptr) {
        auto undo = node_.chain().read_undo(*node);
        if (!undo) {
            return rpc::failure(rpc::Code::internal,
                                "Undo data expected but can't be read. This could be due to "
                                "disk corruption or a conflict with a pruning event.");
        }
        result.undo = std::move(*undo);
    }
    return result;
}

std::vector<rpc::IndexSummary> NodeControlImpl::indexes() const {
    const TxIndex* index = node_.tx_index();
    if (index == nullptr) return {};
    return {{"txindex", index->synced(), index->best().height}};
}

rpc::Result<std::optional<rpc::IndexedTransaction>> NodeControlImpl::indexed_transaction(
    const Txid& txid) const {
    auto found = node_.indexed_transaction(txid);
    if (!found) return rpc::failure(rpc::Code::misc, found.error().message);
    if (!found->has_value()) return std::optional<rpc::IndexedTransaction>{};
    return std::optional{
        rpc::IndexedTransaction{std::move((*found)->transaction), (*found)->block}};
}

std::vector<rpc::ChainTip> NodeControlImpl::chain_tips() const {
    using Status = rpc::ChainTip::Status;
    const HeaderNode& active = node_.chain().tip();
    std::vector<const HeaderNode*> leaves = node_.chain().tips();
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
    if (!mempool) return node_.chain().coins().coin(outpoint);
    auto found = node_.mempool().coins().coin(outpoint);
    if (found && found->height == Mempool::kMempoolHeight)
        found->height = node_.chain().tip().height + 1;
    return found;
}

rpc::ForkStats NodeControlImpl::fork_stats(std::optional<uint32_t> heights) const {
    rpc::ForkStats stats;
    stats.last = node_.chain().tip().height;
    stats.first = Height{1};
    if (heights && static_cast<int64_t>(*heights) < stats.last.value()) {
        stats.first = stats.last - static_cast<int32_t>(*heights) + 1;
    }
    for (Height height = stats.first; height <= stats.last; ++height) {
        uint64_t stale = 0;
        for (const HeaderNode* node : node_.chain().all_at_height(height)) {
            const bool valid_body =
                node->status == BlockStatus::stored || node->status == BlockStatus::connected;
            if (valid_body && node->score && !node_.chain().contains(*node)) ++stale;
        }
        ++stats.main_chain_blocks;
        stats.stale_blocks += stale;
        if (stale > 0) ++stats.forked_heights;
    }
    stats.reorganisations_by_depth = node_.reorganisations();
    return stats;
}

rpc::ConsensusSummary NodeControlImpl::consensus() const {
    rpc::ConsensusSummary summary;
    summary.engine = node_.engine().name();
    summary.absolute_finality = node_.engine().finality() == Finality::absolute;
    if (summary.absolute_finality) {
        const HeaderNode& finalized = node_.chain().finalized();
        summary.finalized = {finalized.height, finalized.hash};
    }
    summary.report = node_.engine().report();
    return summary;
}

rpc::Status NodeControlImpl::invalidate_block(const BlockHash& hash) {
    const auto done = node_.invalidate_block(hash);
    if (!done) return Unexpected(error_of(done.error()));
    return {};
}

rpc::Status NodeControlImpl::reconsider_block(const BlockHash& hash) {
    const auto done = node_.reconsider_block(hash);
    if (!done) return Unexpected(error_of(done.error()));
    return {};
}

rpc::Status NodeControlImpl::prefer_block(const BlockHash& hash) {
    const auto done = node_.prefer_block(hash);
    if (!done) return Unexpected(error_of(done.error()));
    return {};
}

bool NodeControlImpl::verify_chain(int level, int32_t blocks) {
    const VerifyResult result = node_.verify_chain(level, blocks);
    return result.problem.empty() && !result.cut_short;
}

std::string NodeControlImpl::submit_block(const BlockRef& block) {
    const HeaderNode* known = node_.chain().find(block->header.hash());
    if (known != nullptr && known->status == BlockStatus::connected) return "duplicate";
    const BlockResult result = node_.submit_block(block);
    switch (result.state) {
        case BlockResult::State::accepted:
            return node_.chain().contains(*result.node) ? "" : "inconclusive";
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
    if (node_.chain().find(header.previous) == nullptr) {
        return rpc::failure(rpc::Code::verify, "Must submit previous header (" +
                                                   header.previous.to_string() + ") first");
    }
    const auto accepted = node_.submit_header(header);
    if (!accepted) return rpc::failure(rpc::Code::verify, accepted.error().reason);
    return {};
}

rpc::Status NodeControlImpl::for_each_coin(
    const std::function<bool(const OutPoint&, const Coin&)>& visitor) {
    const auto done = node_.for_each_coin(visitor);
    if (!done) return rpc::failure(rpc::Code::internal, "Unable to read UTXO set");
    return {};
}

rpc::Result<std::optional<Height>> NodeControlImpl::prune_blocks(Height height) {
    const Height tip = node_.chain().tip().height;
    if (!node_.chain().prune_state().enabled)
        return rpc::failure(rpc::Code::misc,
                            "Cannot prune blocks because node is not in prune mode.");
    if (tip < Height{node_.config().chain.prune_after_height})
        return rpc::failure(rpc::Code::misc, "Blockchain is too short for pruning.");
    if (height > tip)
        return rpc::failure(rpc::Code::invalid_parameter,
                            "Blockchain is shorter than the attempted prune height.");
    const Height pruned = node_.prune(height);
    return pruned < Height{0} ? std::optional<Height>{} : std::optional{pruned};
}

uint64_t NodeControlImpl::coins_size_on_disk() const {
    return node_.chain().coins_size_on_disk();
}

Duration NodeControlImpl::uptime() const {
    return node_.uptime();
}

void NodeControlImpl::set_mock_time(int64_t seconds) {
    node_.set_mock_time(seconds);
}

void NodeControlImpl::stop() {
    node_.stop();
}

}  // namespace parley
