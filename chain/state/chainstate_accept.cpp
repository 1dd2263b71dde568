#include <algorithm>

#include "base/check.h"
#include "chain/rules/signet.h"
#include "chain/state/chainstate_impl.h"

namespace parley {
namespace {

// Headers without bodies are written with the next block, or when so many wait; those that a crash
// loses are fetched again.
constexpr size_t kTouchedMax = 2'000;

Unexpected<BlockError> refuse(BlockErrorKind kind, std::string reason, std::string detail = {}) {
    return Unexpected(BlockError{kind, std::move(reason), std::move(detail)});
}

BlockError header_error(HeaderError error) {
    return {BlockErrorKind::invalid_header, std::move(error.reason), std::move(error.detail)};
}

}  // namespace

bool ChainstateImpl::BetterFirst::operator()(const HeaderNode* a, const HeaderNode* b) const {
    CHECK(a->score && b->score);
    if (*a->score != *b->score) return *a->score > *b->score;
    if (a->precedence != b->precedence) return a->precedence < b->precedence;
    if (a->sequence != b->sequence) return a->sequence < b->sequence;
    // No two bodies arrive together, but a damaged index may say so.
    return a->hash < b->hash;
}

Expected<void, BlockError> ChainstateImpl::check_parent(const HeaderNode* parent,
                                                        const BlockHash& hash) const {
    if (parent == nullptr) return refuse(BlockErrorKind::missing_parent, "prev-blk-not-found");
    if (parent->is_invalid()) return refuse(BlockErrorKind::invalid_parent, "bad-prevblk");
    if (!descends_from_finalized(*parent)) {
        return refuse(BlockErrorKind::conflicts_with_final, "bad-fork-prior-to-finalized",
                      "block " + hash.to_string() + " is not a descendant of finalized block " +
                          finalized_->hash.to_string());
    }
    return {};
}

Expected<HeaderNode*, BlockError> ChainstateImpl::accept_known_header(HeaderNode& node,
                                                                      ByteSpan seal) {
    if (node.is_invalid()) return refuse(BlockErrorKind::cached_invalid, "duplicate-invalid");
    if (!seal.empty() && !node.score) {
        if (const auto attached = attach_seal(node.hash, seal); !attached)
            return Unexpected(attached.error());
    }
    return &node;
}

Expected<const HeaderNode*, BlockError> ChainstateImpl::accept_header(const BlockHeader& header,
                                                                      ByteSpan seal,
                                                                      TimePoint now) {
    const BlockHash hash = header.hash();
    if (const HeaderNode* known = tree_.find(hash)) {
        const auto result = accept_known_header(tree_.edit(*known), seal);
        if (!result) return Unexpected(result.error());
        return *result;
    }
    if (auto verdict = rules_.check_header(header, hash); !verdict)
        return Unexpected(header_error(std::move(verdict.error())));
    const HeaderNode* parent = tree_.find(header.previous);
    if (auto verdict = check_parent(parent, hash); !verdict) return Unexpected(verdict.error());
    if (auto verdict = check_checkpoints(*parent, hash); !verdict)
        return Unexpected(verdict.error());
    auto score = rules_.verify_header(header, hash, seal, *parent);
    if (!score) return Unexpected(header_error(std::move(score.error())));
    if (auto verdict = accept_header_rules(params_, header, *parent, now); !verdict)
        return Unexpected(verdict.error());
    HeaderNode& node = tree_.add(header, hash, *parent);
    node.seal = to_bytes(seal);
    set_score(node, *score);
    touch(node);
    update_best_header(node);
    note_checkpoint(node);
    if (touched_.size() >= kTouchedMax) commit_touched();
    return &node;
}

Expected<bool, BlockError> ChainstateImpl::attach_seal(const BlockHash& hash, ByteSpan seal) {
    const HeaderNode* found = tree_.find(hash);
    if (found == nullptr) return refuse(BlockErrorKind::unknown_block, "unknown-block");
    HeaderNode& node = tree_.edit(*found);
    if (node.score || seal.empty()) return false;
    if (node.is_invalid()) return refuse(BlockErrorKind::cached_invalid, "duplicate-invalid");
    auto score = rules_.verify_header(node.header, node.hash, seal, *node.parent);
    if (!score) return Unexpected(header_error(std::move(score.error())));
    // Authentic, but not all that it takes; or all, while the parent's is still missing.
    if (!*score && node.parent->score) return false;
    node.seal = to_bytes(seal);
    set_score(node, *score);
    touch(node);
    if (node.score) spread_score(node);
    commit_touched();
    return true;
}

void ChainstateImpl::set_score(HeaderNode& node, const std::optional<Score>& score) {
    const std::optional<Score>& below = node.parent->score;
    if (!score || !below) return;
    if (*score > *below) {
        node.score = score;
    } else {
        // Every engine's grows along a branch.
        fail({StorageError::Code::corruption,
              "blocks/index: the score of block " + node.parent->hash.to_string() + " is damaged"});
    }
}

void ChainstateImpl::spread_score(HeaderNode& node) {
    update_best_header(node);
    add_candidate(node);
    tree_.for_each_descendant(node, [this](HeaderNode& child) {
        if (child.score || !child.parent->score) return false;
        auto score = rules_.verify_header(child.header, child.hash, child.seal, *child.parent);
        if (!score || !*score) return false;
        set_score(child, *score);
        if (!child.score) return false;
        touch(child);
        update_best_header(child);
        add_candidate(child);
        return true;
    });
}

void ChainstateImpl::update_best_header(const HeaderNode& node) {
    if (!node.score || node.is_invalid()) return;
    if (*node.score > *best_header_->score) best_header_ = &node;
}

BlockResult ChainstateImpl::accept_block(const BlockRef& block, ByteSpan seal, TimePoint now) {
    using State = BlockResult::State;
    const auto accepted = accept_header(block->header, seal, now);
    if (!accepted) {
        const bool missing = accepted.error().kind == BlockErrorKind::missing_parent;
        return {missing ? State::missing_parent : State::invalid, nullptr, accepted.error()};
    }
    HeaderNode& node = tree_.edit(**accepted);
    if (node.has_body() || node.is_pruned()) return {State::already_have, &node, std::nullopt};
    if (auto verdict = check_body(*block, node); !verdict)
        return {State::invalid, &node, verdict.error()};
    store_body(node, block);
    return {State::accepted, &node, std::nullopt};
}

Expected<void, BlockError> ChainstateImpl::check_body(const Block& block, HeaderNode& node) {
    auto verdict = check_block(block);
    // Behind the Merkle root: a mutated body says nothing about the solution of the real one.
    if (verdict) verdict = check_signet_solution(params_, block);
    if (verdict) verdict = accept_block_rules(params_, block, *node.parent);
    // A mutated body says nothing about the block of this hash.
    if (!verdict && verdict.error().kind != BlockErrorKind::mutated) {
        mark_invalid(node);
        commit_touched();
    }
    return verdict;
}

void ChainstateImpl::store_body(HeaderNode& node, const BlockRef& block) {
    WriteBatch batch;
    const FilePosition position =
        files_.append_block(batch, block->serialize(), node.height, node.header.time);
    register_body(node, block, position, batch);
    blocks_store_.commit(std::move(batch), Durability::written);
}

void ChainstateImpl::register_body(HeaderNode& node, const BlockRef& block,
                                   const FilePosition& position, WriteBatch& batch) {
    node.block_position = position;
    node.status = BlockStatus::stored;
    node.sequence = ++sequence_last_;
    node.transactions = static_cast<uint32_t>(block->transactions.size());
    touch(node);
    remember_recent(node, block);
    if (node.parent->chain_transactions != 0) link_body(node);
    write_touched(batch);
}

void ChainstateImpl::link_body(HeaderNode& node) {
    node.chain_transactions = node.parent->chain_transactions + node.transactions;
    add_candidate(node);
    tree_.for_each_descendant(node, [this](HeaderNode& child) {
        if (child.transactions == 0) return false;
        child.chain_transactions = child.parent->chain_transactions + child.transactions;
        add_candidate(child);
        return true;
    });
}

bool ChainstateImpl::is_candidate(const HeaderNode& node) const {
    return node.score && node.chain_transactions != 0 && !node.is_invalid();
}

void ChainstateImpl::add_candidate(const HeaderNode& node) {
    if (!is_candidate(node)) return;
    if (tip().is_invalid() || !BetterFirst{}(&tip(), &node)) candidates_.insert(&node);
}

void ChainstateImpl::commit_touched() {
    WriteBatch batch;
    write_touched(batch);
    if (!batch.empty()) blocks_store_.commit(std::move(batch), Durability::written);
}

void ChainstateImpl::write_touched(WriteBatch& batch) {
    // In the order of the touches, so parents come first; a node touched twice is written once.
    std::set<BlockHash> written;
    for (const HeaderNode* node : touched_) {
        if (written.insert(node->hash).second) put_header(batch, *node);
    }
    touched_.clear();
    for (const auto& [number, info] : files_.take_changed()) put_file_info(batch, number, info);
}

HeadersResult Chainstate::accept_headers(std::span<const BlockHeader> headers, TimePoint now) {
    HeadersResult result;
    for (const BlockHeader& header : headers) {
        const bool is_new = find(header.hash()) == nullptr;
        const auto accepted = accept_header(header, {}, now);
        if (!accepted) {
            result.error = accepted.error();
            break;
        }
        result.last = *accepted;
        result.added += is_new ? 1 : 0;
    }
    return result;
}

}  // namespace parley
