#include <algorithm>
#include <limits>

#include "base/check.h"
#include "chain/state/chainstate_impl.h"
#include "chain/store/coin_codec.h"

namespace parley {
namespace {

// Dense hashes at the start of a locator, before the gaps double.
constexpr size_t kLocatorDense = 10;

Unexpected<BlockError> refuse(BlockErrorKind kind, std::string reason, std::string detail) {
    return Unexpected(BlockError{kind, std::move(reason), std::move(detail)});
}

StorageError corrupt(const HeaderNode& node, const char* what) {
    return {StorageError::Code::corruption,
            std::string{what} + " of block " + node.hash.to_string() + " is damaged"};
}

}  // namespace

const HeaderNode* ChainstateImpl::at_height(Height height) const {
    const auto index = static_cast<size_t>(height.value());
    return height < Height{0} || index >= active_.size() ? nullptr : active_[index];
}

std::vector<const HeaderNode*> ChainstateImpl::tips() const {
    std::vector<const HeaderNode*> result;
    for (Height height{0}; height <= tree_.height_max(); ++height) {
        for (const HeaderNode* node : tree_.at_height(height)) {
            if (node->first_child == nullptr || node == &tip()) result.push_back(node);
        }
    }
    return result;
}

std::vector<BlockHash> Chainstate::locator(const HeaderNode& node) {
    std::vector<BlockHash> hashes;
    int32_t step = 1;
    const HeaderNode* current = &node;
    while (true) {
        hashes.push_back(current->hash);
        if (current->parent == nullptr) return hashes;
        if (hashes.size() > kLocatorDense) step *= 2;
        current = current->ancestor(Height{std::max(current->height.value() - step, 0)});
    }
}

const HeaderNode& ChainstateImpl::find_fork(const std::vector<BlockHash>& locator) const {
    for (const auto& hash : locator) {
        const HeaderNode* node = tree_.find(hash);
        if (node != nullptr && contains(*node)) return *node;
    }
    return genesis();
}

Expected<void, BlockFailure> ChainstateImpl::check_proposal(const Block& block, TimePoint now) {
    if (auto verdict = accept_proposal(block, now); !verdict)
        return Unexpected(BlockFailure{verdict.error()});
    const ConnectContext context{
        params_,          tip(), block.header.hash(), version_bits_.script_flags(tip()), true,
        verifier_.cache()};
    CoinsOverlay overlay(coins_, coins_.hash());
    if (auto loaded = load_coins_to_connect(context, block, overlay); !loaded) {
        fail(loaded.error());
        return Unexpected(BlockFailure{loaded.error()});
    }
    const auto undo = connect_block(context, block, overlay, verifier_);
    if (!undo) return Unexpected(BlockFailure{undo.error()});
    return {};
}

Expected<void, BlockError> ChainstateImpl::accept_proposal(const Block& block,
                                                           TimePoint now) const {
    const BlockHeader& header = block.header;
    if (header.previous != tip().hash) {
        return refuse(BlockErrorKind::invalid_header, "inconclusive-not-best-prevblk",
                      "the parent is not the active tip");
    }
    if (header.bits != rules_.next_bits(tip(), int64_t{header.time}))
        return refuse(BlockErrorKind::invalid_header, "bad-diffbits", "incorrect proof of work");
    if (auto verdict = accept_header_rules(params_, header, tip(), now); !verdict) return verdict;
    if (auto verdict = check_block(block); !verdict) return verdict;
    return accept_block_rules(params_, block, tip());
}

Expected<void, BlockError> ChainstateImpl::invalidate(const BlockHash& hash) {
    const HeaderNode* node = tree_.find(hash);
    if (node == nullptr)
        return refuse(BlockErrorKind::unknown_block, "unknown-block", "Block not found");
    if (node == finalized_ || finalized_->height > node->height) {
        // Genesis is final from the start.
        const bool in_the_way = finalized_->ancestor(node->height) == node;
        if (in_the_way) {
            return refuse(BlockErrorKind::conflicts_with_final, "finalized",
                          "the block is final and cannot be invalidated");
        }
    }
    if (is_checkpointed(*node)) {
        return refuse(BlockErrorKind::conflicts_with_final, "checkpoint",
                      "the block is at or before a checkpoint and cannot be invalidated");
    }
    // Going back takes every body down to it; and a start reads the tip's.
    const HeaderNode* parent = node->parent;
    if (contains(*node) && !(has_bodies_above(tip(), *parent) && parent->has_body())) {
        return refuse(BlockErrorKind::conflicts_with_final, "pruned",
                      "a block from there to the tip, or the one before, was pruned");
    }
    tree_.edit(*node).invalidated = true;
    mark_invalid(tree_.edit(*node));
    rebuild_candidates();
    commit_touched();
    return {};
}

Expected<void, BlockError> ChainstateImpl::reconsider(const BlockHash& hash) {
    const HeaderNode* found = tree_.find(hash);
    if (found == nullptr)
        return refuse(BlockErrorKind::unknown_block, "unknown-block", "Block not found");
    const auto clear = [this](HeaderNode& node) {
        if (!node.is_invalid()) return;
        node.invalidated = false;
        node.status = node.has_undo()   ? BlockStatus::connected
                      : node.has_body() ? BlockStatus::stored
                                        : BlockStatus::header_only;
        touch(node);
    };
    for (const HeaderNode* node = found; node != nullptr; node = node->parent)
        clear(tree_.edit(*node));
    tree_.for_each_descendant(*found, [&](HeaderNode& node) {
        clear(node);
        return true;
    });
    recompute_best_header();
    rebuild_candidates();
    commit_touched();
    return {};
}

Expected<void, BlockError> ChainstateImpl::prefer(const BlockHash& hash) {
    const HeaderNode* found = tree_.find(hash);
    if (found == nullptr)
        return refuse(BlockErrorKind::unknown_block, "unknown-block", "Block not found");
    if (!found->score || *found->score < *tip().score) return {};
    // Once the chain has grown, older preferences mean nothing any more.
    if (*tip().score > preferred_score_) precedence_last_ = 0;
    preferred_score_ = *tip().score;
    if (precedence_last_ > std::numeric_limits<int32_t>::min()) --precedence_last_;
    candidates_.clear();  // their order changes
    tree_.edit(*found).precedence = precedence_last_;
    rebuild_candidates();
    return {};
}

void ChainstateImpl::finalize(const BlockHash& hash) {
    const HeaderNode* node = tree_.find(hash);
    CHECK(node != nullptr && contains(*node));
    if (node->height <= finalized_->height) return;
    CHECK(node->ancestor(finalized_->height) == finalized_);
    finalized_ = node;
    WriteBatch batch;
    put_hash(batch, kFinalizedKey, hash);
    blocks_store_.commit(std::move(batch), Durability::written);
}

Expected<Bytes, StorageError> ChainstateImpl::read_block_bytes(const HeaderNode& node) const {
    if (&node == &genesis()) return params_.genesis->serialize();
    CHECK(node.has_body());
    return files_.read_block(node.block_position);
}

Expected<BlockRef, StorageError> ChainstateImpl::read_block(const HeaderNode& node) const {
    if (&node == &genesis()) return params_.genesis;
    const auto bytes = read_block_bytes(node);
    if (!bytes) return Unexpected(bytes.error());
    Reader reader(*bytes);
    auto block = std::make_shared<Block>(parley::read_block(reader));
    // The Merkle root covers everything but the witnesses, the rules of acceptance those too.
    if (!reader.done() || block->header != node.header ||
        block_merkle_root(*block) != node.header.merkle_root ||
        !accept_block_rules(params_, *block, *node.parent)) {
        return Unexpected(corrupt(node, "the stored data"));
    }
    return BlockRef{std::move(block)};
}

Expected<BlockUndo, StorageError> ChainstateImpl::read_undo(const HeaderNode& node) const {
    if (&node == &genesis()) return BlockUndo{};
    CHECK(node.has_undo());
    const auto bytes = files_.read_undo(node.undo_position, node.parent->hash);
    if (!bytes) return Unexpected(bytes.error());
    auto undo = parse_undo(*bytes);
    if (!undo) return Unexpected(corrupt(node, "the undo data"));
    return std::move(*undo);
}

Expected<void, StorageError> ChainstateImpl::for_each_coin(
    const std::function<bool(const OutPoint&, const Coin&)>& visitor) {
    if (failure()) return Unexpected(*failure());
    flush_coins(Durability::written);
    bool damaged = false;
    auto scanned = coins_store_.scan(Bytes{kCoinKeyPrefix}, [&](ByteSpan key, ByteSpan value) {
        Reader reader(value);
        const Coin coin = read_coin(reader);
        damaged = !reader.done() || key.size() != coin_key(OutPoint{}).size();
        return !damaged && visitor(outpoint_of_key(key), coin);
    });
    if (!scanned) return scanned;
    if (damaged) {
        return Unexpected(StorageError{StorageError::Code::corruption,
                                       "chainstate: the record of an unspent output is malformed"});
    }
    return {};
}

void ChainstateImpl::flush(Durability durability) {
    // After a failure nothing that may be half known is written any more.
    if (failure()) return;
    flush_coins(durability);
}

}  // namespace parley
