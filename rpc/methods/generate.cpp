#include "rpc/methods/generate.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto/pow_search.h"
#include "chain/primitives/consensus_limits.h"
#include "chain/rules/retarget.h"

namespace parley::rpc {

namespace {

/// Hashes tried on the core thread. A regtest block needs two on average; this many take a
/// millisecond.
constexpr uint64_t kTriesInStep = 4'096;
/// Blocks per step of the node. Their writes reach the disk together, and peers wait for no more
/// than these blocks.
constexpr int64_t kBlocksInStep = 32;
/// Hashes between two checks of the tip: about a second on a slow machine.
constexpr uint64_t kTriesBetweenLooks = 4'000'000;
constexpr uint64_t kNonces = uint64_t{1} << 32;

}  // namespace

BlockRef solve_block(const BlockRef& block, uint64_t& tries,
                     const std::function<bool()>& still_wanted) {
    const auto target = target_from_compact(block->header.bits);
    if (!target) return nullptr;
    const auto header = block->header.serialize();
    uint64_t nonce = 0;
    while (nonce < kNonces && tries > 0) {
        const uint64_t count = std::min({kTriesBetweenLooks, tries, kNonces - nonce});
        const auto found =
            search_nonce(header, target->to_hash(), static_cast<uint32_t>(nonce), count);
        tries -= found ? *found - nonce + 1 : count;
        if (found) {
            Block solved = *block;
            solved.header.nonce = *found;
            return std::make_shared<const Block>(std::move(solved));
        }
        nonce += count;
        if (!still_wanted()) return nullptr;
    }
    return nullptr;
}

std::string submit_block(Node& node, const BlockRef& block) {
    const HeaderNode* known = node.chain().index().find(block->header.hash());
    if (known != nullptr && known->status == BlockStatus::connected) return "duplicate";
    const BlockResult result = node.submit_block(block);
    switch (result.state) {
        case BlockResult::State::accepted:
            return node.chain().index().contains(*result.node) ? "" : "inconclusive";
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

void submit_own_block(Node& node, const BlockRef& block) {
    const std::string reason = submit_block(node, block);
    // "inconclusive": the block is valid, but another branch has become the best chain.
    if (!reason.empty() && reason != "inconclusive")
        fail(Code::internal, fmt::format("ProcessNewBlock, block not accepted: {}", reason));
}

namespace {

void check_template_time(Node& node, const Block& block) {
    // The check of the whole block would not be worth its time.
    if (block.header.time <= to_unix_seconds(node.now()) + kBlockTimeAheadMax_s) return;
    const auto checked = unwrap(node.check_proposal(block));
    if (!checked && checked.error().kind == BlockErrorKind::time_future)
        fail(Code::misc, "TestBlockValidity failed: " + checked.error().to_string());
}

}  // namespace

BlockTemplate timely_template(Node& node) {
    BlockTemplate next = node.build_template(std::nullopt);
    check_template_time(node, next.block);
    return next;
}

BlockRef build_block(Node& node, const Script& payout,
                     const std::vector<TransactionRef>* transactions) {
    if (!node.automine())
        fail(Code::misc,
             "Blocks are not mined with -consensus=" + node.engine().name() +
                 "; send a transaction, and the validators will create a block with it");
    auto block = std::make_shared<const Block>(
        transactions == nullptr ? node.build_template(payout).block
                                : node.build_template(payout, *transactions).block);
    check_template_time(node, *block);
    if (transactions == nullptr) return block;
    if (const auto checked = unwrap(node.check_proposal(*block)); !checked)
        fail(Code::verify, "TestBlockValidity failed: " + checked.error().to_string());
    return block;
}

std::vector<BlockHash> generate_blocks(Call& call, const Script& payout, int64_t count,
                                       uint64_t tries_max) {
    std::vector<BlockHash> hashes;
    uint64_t tries = tries_max;
    BlockRef solved;
    const auto wanted = [&] { return static_cast<int64_t>(hashes.size()) < count; };
    while ((wanted() && tries > 0) || solved) {
        const BlockRef hard = call.ask([&](Node& node) -> BlockRef {
            const auto submit = [&](const BlockRef& block) {
                submit_own_block(node, block);
                hashes.push_back(block->header.hash());
            };
            if (solved) submit(solved);
            solved = nullptr;
            for (int64_t i = 0; i < kBlocksInStep && wanted() && tries > 0; ++i) {
                BlockRef block = build_block(node, payout, nullptr);
                const uint64_t quick_max = std::min(tries, kTriesInStep);
                uint64_t quick = quick_max;
                const BlockRef easy = solve_block(block, quick, [] { return true; });
                tries -= quick_max - quick;
                if (!easy) return block;
                submit(easy);
            }
            return nullptr;
        });
        if (!hard) continue;
        const BlockHash parent = hard->header.previous;
        bool stale = false;
        solved = solve_block(hard, tries, [&] {
            stale = call.ask([](Node& node) { return node.chain().index().tip().hash; }) != parent;
            return !stale;
        });
        if (!solved && !stale) break;  // every nonce was tried, or every hash was spent
    }
    return hashes;
}

}  // namespace parley::rpc
