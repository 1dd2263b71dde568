#include "chain/state/chainstate.h"

#include "base/check.h"
#include "chain/rules/block_rules.h"
#include "chain/rules/signet.h"

namespace parley {
namespace {

// Headers without bodies are written with the next block, or when this many have accumulated;
// headers lost in a crash are fetched again.
constexpr size_t kChangesMax = 2'000;

Unexpected<BlockError> refuse(BlockErrorKind kind, std::string reason, std::string detail = {}) {
    return Unexpected(BlockError{kind, std::move(reason), std::move(detail)});
}

Unexpected<BlockError> unknown_block(std::string detail = {}) {
    return refuse(BlockErrorKind::unknown_block, "unknown-block", std::move(detail));
}

BlockError header_error(HeaderError error) {
    return {BlockErrorKind::invalid_header, std::move(error.reason), std::move(error.detail)};
}

}  // namespace

Chainstate::Chainstate(const ChainParams& params, const HeaderRules& rules, Storage& blocks,
                       Storage& coins, ScriptVerifier& verifier, LogSink& log,
                       const ChainOptions& options)
    : params_(params),
      rules_(rules),
      verifier_(verifier),
      log_(log),
      options_(options),
      coins_storage_(coins),
      index_(params, rules),
      blocks_(params, index_, blocks, options.block_file_bytes_max),
      coins_(make_coins(kCoinsKeys[0], options.coins_cache_bytes)),
      version_bits_(params),
      checkpoints_(options.checkpoints, index_, log),
      assume_valid_({options.assume_valid, options.minimum_score}, params, index_, log),
      pruner_({options.prune, options.prune_target_bytes, options.prune_after_height,
               options.block_file_bytes_max},
              index_, blocks_, log) {
    CHECK(options.activation_step_blocks > 0);
}

void Chainstate::fail(const StorageError& error) {
    if (!failure_) failure_ = error;
    log_.error(LogCategory::storage, "Cannot read the block or coin data: {}", error.message);
}

Expected<void, BlockError> Chainstate::check_parent(const HeaderNode* parent,
                                                    const BlockHash& hash) const {
    if (parent == nullptr) return refuse(BlockErrorKind::missing_parent, "prev-blk-not-found");
    if (parent->is_invalid()) return refuse(BlockErrorKind::invalid_parent, "bad-prevblk");
    if (!index_.descends_from_finalized(*parent)) {
        return refuse(BlockErrorKind::conflicts_with_final, "bad-fork-prior-to-finalized",
                      "block " + hash.to_string() + " is not a descendant of finalized block " +
                          index_.finalized().hash.to_string());
    }
    return checkpoints_.check(*parent, hash);
}

Expected<const HeaderNode*, BlockError> Chainstate::accept_header(const BlockHeader& header,
                                                                  ByteSpan seal, TimePoint now) {
    const BlockHash hash = header.hash();
    if (const HeaderNode* known = index_.find(hash)) {
        if (known->is_invalid()) return refuse(BlockErrorKind::cached_invalid, "duplicate-invalid");
        if (const auto attached = attach_seal(hash, seal); !attached)
            return Unexpected(attached.error());
        return known;
    }
    if (auto verdict = rules_.check_header(header, hash); !verdict)
        return Unexpected(header_error(std::move(verdict.error())));
    const HeaderNode* parent = index_.find(header.previous);
    if (auto verdict = check_parent(parent, hash); !verdict) return Unexpected(verdict.error());
    auto score = rules_.verify_header(header, hash, seal, *parent);
    if (!score) return Unexpected(header_error(std::move(score.error())));
    if (auto verdict = accept_header_rules(params_, rules_, header, *parent, now); !verdict)
        return Unexpected(verdict.error());
    const HeaderNode& node = index_.add(header, hash, *parent, seal, *score);
    note_damaged_score();
    checkpoints_.note(node);
    if (index_.changes() >= kChangesMax) blocks_.commit_records();
    return &node;
}

Expected<void, BlockError> Chainstate::check_certified(std::span<const BlockHeader> headers,
                                                       ByteSpan seal) const {
    while (!headers.empty() && index_.find(headers.front().hash()) != nullptr)
        headers = headers.subspan(1);
    if (headers.empty()) return {};
    const HeaderNode* parent = index_.find(headers.front().previous);
    if (auto verdict = check_parent(parent, headers.front().hash()); !verdict) return verdict;
    // The engine judges a header below its parent, and this parent must not be in the tree before
    // the verdict: a branch of copies leads to it. With a score, so that an empty result means that
    // the seal is incomplete.
    std::vector<HeaderNode> branch(headers.size());
    branch[0] = *parent;
    branch[0].score = parent->score.value_or(Score{0});
    for (size_t i = 1; i < branch.size(); ++i) {
        branch[i].header = headers[i - 1];
        branch[i].hash = headers[i].previous;
        branch[i].height = branch[i - 1].height + 1;
        branch[i].parent = &branch[i - 1];
        branch[i].score = branch[0].score;
    }
    const BlockHeader& last = headers.back();
    const BlockHash hash = last.hash();
    if (auto verdict = rules_.check_header(last, hash); !verdict)
        return Unexpected(header_error(std::move(verdict.error())));
    auto score = rules_.verify_header(last, hash, seal, branch.back());
    if (!score) return Unexpected(header_error(std::move(score.error())));
    if (!*score) return refuse(BlockErrorKind::invalid_header, "incomplete-seal");
    return {};
}

HeadersResult Chainstate::accept_headers(std::span<const BlockHeader> headers, ByteSpan seal,
                                         TimePoint now) {
    HeadersResult result;
    if (!seal.empty()) {
        if (auto certified = check_certified(headers, seal); !certified) {
            result.error = std::move(certified.error());
            return result;
        }
    }
    for (const BlockHeader& header : headers) {
        const bool is_new = index_.find(header.hash()) == nullptr;
        const bool is_last = &header == &headers.back();
        const auto accepted = accept_header(header, is_last ? seal : ByteSpan{}, now);
        if (!accepted) {
            result.error = accepted.error();
            break;
        }
        result.last = *accepted;
        result.added += is_new ? 1 : 0;
    }
    return result;
}

Expected<bool, BlockError> Chainstate::attach_seal(const BlockHash& hash, ByteSpan seal) {
    const HeaderNode* node = index_.find(hash);
    if (node == nullptr) return unknown_block();
    if (node->score || seal.empty()) return false;
    if (node->is_invalid()) return refuse(BlockErrorKind::cached_invalid, "duplicate-invalid");
    auto score = rules_.verify_header(node->header, node->hash, seal, *node->parent);
    if (!score) return Unexpected(header_error(std::move(score.error())));
    // The seal is authentic but incomplete; or complete, while the parent's is still missing.
    if (!*score && node->parent->score) return false;
    index_.attach_seal(*node, seal, *score);
    note_damaged_score();
    blocks_.commit_records();
    return true;
}

void Chainstate::note_damaged_score() {
    const HeaderNode* below = index_.damaged_score();
    if (below == nullptr) return;
    fail({StorageError::Code::corruption,
          "blocks/index: the score of block " + below->hash.to_string() + " is damaged"});
}

BlockResult Chainstate::accept_block(const BlockRef& block, ByteSpan seal, TimePoint now,
                                     Pruned pruned) {
    using State = BlockResult::State;
    const auto accepted = accept_header(block->header, seal, now);
    if (!accepted) {
        const bool missing = accepted.error().kind == BlockErrorKind::missing_parent;
        return {missing ? State::missing_parent : State::invalid, nullptr, accepted.error()};
    }
    const HeaderNode& node = **accepted;
    if (node.has_body() || (node.is_pruned() && pruned == Pruned::leave))
        return {State::already_have, &node, std::nullopt};
    if (auto verdict = node.is_pruned() ? check_restored(*block, node) : check_body(*block, node);
        !verdict)
        return {State::invalid, &node, verdict.error()};
    blocks_.append(node, block);
    return {State::accepted, &node, std::nullopt};
}

// The block was valid once, so a body that is not says nothing about it.
Expected<void, BlockError> Chainstate::check_restored(const Block& block,
                                                      const HeaderNode& node) const {
    if (auto verdict = check_block(block); !verdict) return verdict;
    return accept_block_rules(params_, block, *node.parent);
}

Expected<void, BlockError> Chainstate::check_body(const Block& block, const HeaderNode& node) {
    // As in bitcoind, what is wrong with the body alone does not mark the block: it is asked for
    // again if somebody builds on it.
    auto verdict = check_block(block);
    // After the Merkle root: a mutated body says nothing about the solution of the real one.
    if (verdict) verdict = check_signet_solution(params_, block);
    if (!verdict) return verdict;
    verdict = accept_block_rules(params_, block, *node.parent);
    // A mutated body says nothing about the block of this hash.
    if (!verdict && verdict.error().kind != BlockErrorKind::mutated) {
        index_.mark_invalid(node);
        blocks_.commit_records();
    }
    return verdict;
}

ChainUpdate Chainstate::activate_best_chain(Settle settle) {
    ChainUpdate update;
    if (failure()) return update;
    if (const auto moved = move_to_best(settle, update); !moved) {
        fail(moved.error());
        return update;
    }
    update.unsettled = connector_->begun() != 0;
    if (!update.unsettled) connector_.reset();
    for (const ChainStep& step : update.disconnected)
        pruner_.move_locks_back(step.node->height - 1);
    if (update.changed() || !update.invalid.empty()) {
        put_hash(blocks_.batch(), kActiveTipKey, index_.tip().hash);
        blocks_.commit();
        index_.drop_worse_candidates();
        coins_->write_due(index_.tip());
    }
    // At the start, too: the target may be lower than before.
    const bool due = update.changed() || !update.invalid.empty() || !pruner_.has_looked();
    if (due && !reindexer_ && !background_) pruner_.prune_to_target(*coins_);
    return update;
}

Expected<void, StorageError> Chainstate::move_to_best(Settle settle, ChainUpdate& update) {
    const HeaderNode& start = index_.tip();
    const HeaderNode& begun = connector_ ? connector_->head() : start;
    // Marked invalid by the user or by a checkpoint since its blocks were begun.
    if (connector_ && connector_->is_void()) connector_.reset();
    if (!connector_) {
        connector_.emplace(
            BranchConnector::Parts{params_, index_, blocks_, *coins_, version_bits_, assume_valid_,
                                   verifier_, log_},
            BranchConnector::Options{options_.activation_step_blocks, options_.reindex_chainstate});
    }
    BranchConnector& connector = *connector_;
    const auto limit = static_cast<size_t>(options_.activation_step_blocks);
    while (true) {
        const HeaderNode& target = index_.best_candidate();
        const bool better = index_.better_than_tip(target);
        const bool enough = update.connected.size() + connector.begun() >= limit &&
                            BlockIndex::better(connector.head(), start);
        if (better && &target != &connector.head() && !enough) {
            const auto stepped = connector.step_towards(target, update);
            if (!stepped) return Unexpected(stepped.error());
            continue;
        }
        const bool superseded = !better && connector.begun() != 0;
        // Blocks begun in this call may remain unsettled.
        const bool leave = settle == Settle::but_last && &connector.head() != &begun;
        const auto settled = connector.settle(leave ? 1 : 0, update);
        if (!settled) return Unexpected(settled.error());
        if (!*settled || superseded) continue;
        update.more = better && &target != &connector.head();
        return {};
    }
}

Expected<void, BlockFailure> Chainstate::check_proposal(const Block& block, TimePoint now) {
    if (auto verdict = accept_proposal(block, now); !verdict)
        return Unexpected(BlockFailure{verdict.error()});
    const HeaderNode& tip = index_.tip();
    const ConnectContext context{
        params_,          tip, block.header.hash(), version_bits_.script_flags(tip), true,
        verifier_.cache()};
    CoinsOverlay overlay = coins_->overlay();
    if (auto loaded = load_coins_to_connect(context, block, overlay); !loaded) {
        fail(loaded.error());
        return Unexpected(BlockFailure{loaded.error()});
    }
    const auto undo = connect_block(context, block, overlay, verifier_);
    if (!undo) return Unexpected(BlockFailure{undo.error()});
    return {};
}

Expected<void, BlockError> Chainstate::accept_proposal(const Block& block, TimePoint now) const {
    const BlockHeader& header = block.header;
    const HeaderNode& tip = index_.tip();
    if (header.previous != tip.hash) {
        return refuse(BlockErrorKind::invalid_header, "inconclusive-not-best-prevblk",
                      "the parent is not the active tip");
    }
    if (header.bits != rules_.next_bits(tip, int64_t{header.time}))
        return refuse(BlockErrorKind::invalid_header, "bad-diffbits", "incorrect proof of work");
    if (auto verdict = accept_header_rules(params_, rules_, header, tip, now); !verdict)
        return verdict;
    if (auto verdict = check_block(block); !verdict) return verdict;
    return accept_block_rules(params_, block, tip);
}

bool Chainstate::reindex_step(TimePoint now) {
    if (!reindexer_ || failure()) return false;
    if (reindexer_->done()) {
        log_.info(LogCategory::general,
                  "Reindexing finished; {} blocks have no parent in the files",
                  reindexer_->waiting());
        reindexer_.reset();
        blocks_.batch().erase(Bytes{kReindexKey});
        blocks_.sync();
        return false;
    }
    const auto stepped = reindexer_->step([&](const BlockRef& block, const FilePosition& position) {
        return adopt(block, position, now);
    });
    if (!stepped) fail(stepped.error());
    return stepped.has_value();
}

Reindexer::Verdict Chainstate::adopt(const BlockRef& block, const FilePosition& position,
                                     TimePoint now) {
    using Verdict = Reindexer::Verdict;
    if (block->header.hash() == index_.genesis().hash) return Verdict::known;
    const auto accepted = accept_header(block->header, {}, now);
    if (!accepted) {
        const bool missing = accepted.error().kind == BlockErrorKind::missing_parent;
        return missing ? Verdict::missing_parent : Verdict::refused;
    }
    const HeaderNode& node = **accepted;
    // It was received in the meantime, perhaps before its children were found here.
    if (node.has_body()) return Verdict::known;
    if (auto verdict = check_body(*block, node); !verdict) {
        log_.warning(LogCategory::validation, "Block {} in the block files is invalid: {}",
                     node.hash.to_string(), verdict.error().to_string());
        return Verdict::refused;
    }
    blocks_.adopt(node, block, position);
    return Verdict::known;
}

Expected<void, BlockError> Chainstate::invalidate(const BlockHash& hash) {
    const HeaderNode* node = index_.find(hash);
    if (node == nullptr) return unknown_block("Block not found");
    const HeaderNode& finalized = index_.finalized();
    // Genesis is final from the start.
    if (finalized.height >= node->height && finalized.ancestor(node->height) == node) {
        return refuse(BlockErrorKind::conflicts_with_final, "finalized",
                      "the block is final and cannot be invalidated");
    }
    if (checkpoints_.cover(*node)) {
        return refuse(BlockErrorKind::conflicts_with_final, "checkpoint",
                      "the block is at or before a checkpoint and cannot be invalidated");
    }
    // Disconnecting needs every body down to it, and a start reads the tip's.
    const HeaderNode& parent = *node->parent;
    if (index_.contains(*node) && !(has_undo_above(index_.tip(), parent) && parent.has_body())) {
        return refuse(BlockErrorKind::conflicts_with_final, "pruned",
                      "a block from there to the tip, or the one before, was pruned");
    }
    index_.invalidate(*node);
    blocks_.commit_records();
    return {};
}

Expected<void, BlockError> Chainstate::reconsider(const BlockHash& hash) {
    const HeaderNode* node = index_.find(hash);
    if (node == nullptr) return unknown_block("Block not found");
    index_.reconsider(*node);
    blocks_.commit_records();
    return {};
}

Expected<void, BlockError> Chainstate::prefer(const BlockHash& hash) {
    const HeaderNode* node = index_.find(hash);
    if (node == nullptr) return unknown_block("Block not found");
    index_.prefer(*node);
    return {};
}

Height Chainstate::prune(Height height) {
    // Any file may contain blocks that a reindexing has not read yet, or that are to be validated.
    if (reindexer_ || background_ || failure()) return prune_state().pruned_to.value_or(Height{-1});
    return pruner_.prune(*coins_, height);
}

void Chainstate::finalize(const BlockHash& hash) {
    const HeaderNode* node = index_.find(hash);
    CHECK(node != nullptr && index_.contains(*node));
    if (node->height <= index_.finalized().height) return;
    index_.finalize(*node);
    WriteBatch batch;
    put_hash(batch, kFinalizedKey, hash);
    blocks_.storage().commit(std::move(batch), Durability::written);
}

Expected<void, StorageError> Chainstate::for_each_coin(
    const std::function<bool(const OutPoint&, const Coin&)>& visitor) {
    if (failure()) return Unexpected(*failure());
    coins_->write_all(index_.tip(), Durability::written);
    return coins_->for_each(visitor);
}

Expected<CoinsSnapshot, StorageError> Chainstate::coins_snapshot() {
    if (failure()) return Unexpected(*failure());
    coins_->write_all(index_.tip(), Durability::written);
    return coins_->snapshot();
}

void Chainstate::flush(Durability durability) {
    // After a failure, state that may be incomplete is not written.
    if (failure()) return;
    if (background_) background_->flush(Durability::written);
    coins_->write_all(index_.tip(), durability);
}

}  // namespace parley
