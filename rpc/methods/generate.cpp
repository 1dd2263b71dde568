#include "rpc/methods/generate.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

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
    const bool restored = known != nullptr && known->is_pruned();
    if (known != nullptr && known->status == BlockStatus::connected && !restored)
        return "duplicate";
    const BlockResult result = node.submit_block(block);
    switch (result.state) {
        case BlockResult::State::accepted:
            if (restored) return "inconclusive";  // as in bitcoind: nothing was validated
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
    // "duplicate": another call has made the same one at the same time.
    if (!reason.empty() && reason != "inconclusive" && reason != "duplicate")
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
                     const std::vector<TransactionRef>* transactions, CoinbaseForm form) {
    if (!node.automine())
        fail(Code::misc,
             "Blocks are not mined with -consensus=" + node.engine().name() +
                 "; send a transaction, and the validators will create a block with it");
    auto block = std::make_shared<const Block>(
        transactions == nullptr ? node.build_template(payout, form).block
                                : node.build_template(payout, *transactions, form).block);
    check_template_time(node, *block);
    if (transactions == nullptr) return block;
    if (const auto checked = unwrap(node.check_proposal(*block)); !checked)
        fail(Code::verify, "TestBlockValidity failed: " + checked.error().to_string());
    return block;
}

namespace {

/// The blocks of one call of generatetoaddress or a related method.
class Generation {
 public:
    Generation(Call& call, const Script& payout, int64_t count, uint64_t tries_max)
        : call_(call), payout_(payout), count_(count), tries_(tries_max) {}

    std::vector<BlockHash> run() {
        while ((wanted() && tries_ > 0) || solved_) {
            const BlockRef hard = call_.ask([&](Node& node) { return generate_easy(node); });
            if (hard && !solve(hard)) break;
        }
        return std::move(hashes_);
    }

 private:
    bool wanted() const { return static_cast<int64_t>(hashes_.size()) < count_; }

    /// Some blocks, as long as their nonces are found at once. Returns the first that takes longer.
    BlockRef generate_easy(Node& node) {
        if (solved_) submit(node, std::exchange(solved_, nullptr));
        for (int64_t i = 0; i < kBlocksInStep && wanted() && tries_ > 0; ++i) {
            const CoinbaseForm form = repeated_ ? CoinbaseForm::unique : CoinbaseForm::plain;
            BlockRef block = build_block(node, payout_, nullptr, form);
            const uint64_t quick_max = std::min(tries_, kTriesInStep);
            uint64_t quick = quick_max;
            const BlockRef easy = solve_block(block, quick, [] { return true; });
            tries_ -= quick_max - quick;
            if (!easy) return block;
            submit(node, easy);
        }
        return nullptr;
    }

    /// Outside the node. False: every nonce was tried, or every hash was spent.
    bool solve(const BlockRef& hard) {
        bool stale = false;
        solved_ = solve_block(hard, tries_, [&] {
            const BlockHash tip =
                call_.ask([](Node& node) { return node.chain().index().tip().hash; });
            stale = tip != hard->header.previous;
            return !stale;
        });
        return solved_ || stale;
    }

    /// A block that is known already, for example because it was invalidated in the second in which
    /// it was made, is left; the next one differs.
    void submit(Node& node, const BlockRef& block) {
        const BlockHash hash = block->header.hash();
        repeated_ = node.chain().index().find(hash) != nullptr;
        if (repeated_) return;
        submit_own_block(node, block);
        hashes_.push_back(hash);
    }

    Call& call_;
    const Script& payout_;
    const int64_t count_;
    uint64_t tries_;
    std::vector<BlockHash> hashes_;
    BlockRef solved_;  ///< not submitted yet
    bool repeated_ = false;
};

}  // namespace

std::vector<BlockHash> generate_blocks(Call& call, const Script& payout, int64_t count,
                                       uint64_t tries_max) {
    return Generation{call, payout, count, tries_max}.run();
}

BlockRef generate_block(Call& call,
                        const std::function<BlockRef(Node& node, CoinbaseForm form)>& build,
                        bool submit) {
    const auto generate = [&](CoinbaseForm form) {
        const BlockRef block = call.ask([&](Node& node) { return build(node, form); });
        uint64_t tries = kTriesDefault;
        BlockRef solved = solve_block(block, tries, [&] {
            call.ask([](Node&) {});  // fails when the node stops
            return true;
        });
        if (!solved) fail(Code::misc, "Failed to make block.");
        return solved;
    };
    BlockRef solved = generate(CoinbaseForm::plain);
    if (!submit) return solved;
    const BlockHash hash = solved->header.hash();
    const bool repeated =
        call.ask([&](Node& node) { return node.chain().index().find(hash) != nullptr; });
    if (repeated) solved = generate(CoinbaseForm::unique);
    call.ask([&](Node& node) { submit_own_block(node, solved); });
    return solved;
}

}  // namespace parley::rpc
