#include "fake_backend.h"

#include <algorithm>

#include "base/check.h"

namespace parley::test {

namespace {

constexpr uint32_t kGenesisTime = 1'700'000'000;

BlockHeader genesis_header() {
    BlockHeader header;
    header.version = 1;
    header.time = kGenesisTime;
    header.bits = 0x207fffff;
    return header;
}

}  // namespace

BlockRef make_block(const BlockHeader& parent, int32_t height, uint32_t salt) {
    TransactionData coinbase;
    coinbase.inputs.resize(1);
    coinbase.inputs[0].script_sig =
        ScriptBuilder().push_number(height).push_number(static_cast<int64_t>(salt)).build();
    coinbase.outputs.push_back({Amount{50 * kCoin}, Script{{OP_TRUE}}});
    Block block;
    block.transactions.push_back(make_transaction(std::move(coinbase)));
    block.header.version = 4;
    block.header.previous = parent.hash();
    block.header.merkle_root = block_merkle_root(block);
    block.header.time = parent.time + 1;
    block.header.bits = parent.bits;
    block.header.nonce = salt;
    return std::make_shared<const Block>(std::move(block));
}

Bytes seal_for(const BlockHash& hash) {
    return to_bytes(hash.span().first(8));
}

TransactionRef make_spend(const Txid& parent, uint32_t salt, bool witness) {
    TransactionData data;
    data.inputs.resize(1);
    data.inputs[0].prevout = {parent, 0};
    if (witness) data.inputs[0].witness = {Bytes{1, 2, 3}};
    data.outputs.push_back({Amount{1000}, Script{{OP_TRUE}}});
    data.locktime = salt;
    return make_transaction(std::move(data));
}

FakeBackend::FakeBackend(bool sealed) : sealed_(sealed) {
    const BlockHeader header = genesis_header();
    const BlockHash hash = header.hash();
    HeaderNode& node = nodes_[hash];
    node.header = header;
    node.hash = hash;
    node.score = Score{1};
    node.status = BlockStatus::connected;
    Block genesis;
    genesis.header = header;
    blocks_[hash] = std::make_shared<const Block>(genesis);
    tip_ = best_header_ = &node;
}

HeaderNode* FakeBackend::find(const BlockHash& hash) {
    const auto found = nodes_.find(hash);
    return found == nodes_.end() ? nullptr : &found->second;
}

const HeaderNode* FakeBackend::find_header(const BlockHash& hash) const {
    const auto found = nodes_.find(hash);
    return found == nodes_.end() ? nullptr : &found->second;
}

const HeaderNode* FakeBackend::active_at(Height height) const {
    return height > tip_->height || height < Height{0} ? nullptr : tip_->ancestor(height);
}

std::optional<Bytes> FakeBackend::read_block_bytes(const HeaderNode& node) const {
    const auto found = blocks_.find(node.hash);
    if (found == blocks_.end()) return std::nullopt;
    return found->second->serialize();
}

HeaderNode* FakeBackend::add_header(const BlockHeader& header) {
    const BlockHash hash = header.hash();
    if (HeaderNode* known = find(hash)) return known;
    HeaderNode* parent = find(header.previous);
    CHECK(parent != nullptr);
    HeaderNode& node = nodes_[hash];
    node.header = header;
    node.hash = hash;
    node.parent = parent;
    node.height = parent->height + 1;
    // A skip pointer to the genesis block's side: any ancestor is correct, this one is simple.
    node.skip = parent->ancestor(Height{node.height.value() & (node.height.value() - 1)});
    children_[parent->hash].push_back(&node);
    if (parent->status == BlockStatus::invalid || parent->status == BlockStatus::invalid_ancestor)
        node.status = BlockStatus::invalid_ancestor;
    update_scores(node);
    return &node;
}

void FakeBackend::update_scores(HeaderNode& node) {
    if (!node.parent->score || node.score || (sealed_ && node.seal.empty())) return;
    node.score = *node.parent->score + Score{1};
    if (*node.score > *best_header_->score) best_header_ = &node;
    for (HeaderNode* child : children_[node.hash]) update_scores(*child);
}

void FakeBackend::attach_seal(HeaderNode& node, ByteSpan seal) {
    if (!sealed_ || to_bytes(seal) != seal_for(node.hash)) return;
    node.seal = to_bytes(seal);
    update_scores(node);
}

HeadersOutcome FakeBackend::submit_headers(std::span<const BlockHeader> headers, TimePoint) {
    HeadersOutcome outcome;
    for (const BlockHeader& header : headers) {
        if (header.nonce == kBadHeaderNonce) {
            outcome.verdict = BlockVerdict::invalid;
            outcome.reason = "high-hash";
            return outcome;
        }
        const size_t before = nodes_.size();
        HeaderNode* node = add_header(header);
        if (node->status == BlockStatus::invalid || node->status == BlockStatus::invalid_ancestor) {
            outcome.verdict = BlockVerdict::cached_invalid;
            return outcome;
        }
        outcome.last = node;
        outcome.added += nodes_.size() - before;
    }
    return outcome;
}

void FakeBackend::store(HeaderNode& node, const BlockRef& block, ByteSpan seal) {
    attach_seal(node, seal);
    if (node.status != BlockStatus::header_only) return;
    node.status = BlockStatus::stored;
    node.sequence = next_sequence_++;
    blocks_[node.hash] = block;
}

BlockOutcome FakeBackend::submit_block(PeerId, const BlockRef& block, ByteSpan seal,
                                       TimePoint now) {
    ++submitted_blocks;
    BlockOutcome outcome;
    if (find(block->header.previous) == nullptr)
        return {BlockVerdict::missing_parent, "prev-blk-not-found", nullptr};
    if (block->header.nonce == kBadHeaderNonce)
        return {BlockVerdict::invalid, "high-hash", nullptr};
    HeaderNode* node = add_header(block->header);
    outcome.node = node;
    if (block->header.nonce == kMutatedNonce)
        return {BlockVerdict::mutated, "bad-txnmrklroot", node};
    if (node->status == BlockStatus::invalid)
        return {BlockVerdict::cached_invalid, "duplicate", node};
    if (node->status != BlockStatus::header_only) outcome.verdict = BlockVerdict::already_have;
    store(*node, block, seal);
    activate(now, false);
    if (outcome.verdict == BlockVerdict::accepted && sealed_ && node->seal.empty())
        outcome.verdict = BlockVerdict::missing_seal;
    return outcome;
}

bool FakeBackend::complete(const HeaderNode& node) const {
    for (const HeaderNode* walk = &node; walk->status != BlockStatus::connected;
         walk = walk->parent) {
        if (walk->status != BlockStatus::stored) return false;
    }
    return true;
}

void FakeBackend::activate(TimePoint now, bool own) {
    HeaderNode* best = tip_;
    for (auto& [hash, node] : nodes_) {
        if (node.height <= tip_->height || !node.score || !complete(node)) continue;
        if (*node.score > *best->score ||
            (*node.score == *best->score && best != tip_ && node.sequence < best->sequence))
            best = &node;
    }
    if (best == tip_) return;
    std::vector<HeaderNode*> path;
    for (const HeaderNode* walk = best; active_at(walk->height) != walk; walk = walk->parent)
        path.push_back(find(walk->hash));
    for (auto it = path.rbegin(); it != path.rend(); ++it) {
        if ((*it)->header.nonce == kBadBlockNonce) {
            (*it)->status = BlockStatus::invalid;
            if (manager_ != nullptr)
                manager_->block_rejected((*it)->hash, "bad-txns-inputs-missingorspent", now);
            return;
        }
        (*it)->status = BlockStatus::connected;
        tip_ = *it;
        const BlockRef block = blocks_.at(tip_->hash);
        for (const TransactionRef& transaction : block->transactions) {
            coins_.insert(transaction->txid());
            by_id_.erase(GenTxid::of(transaction->txid()));
            by_id_.erase(GenTxid::of(transaction->wtxid()));
            std::erase_if(mempool_, [&](const auto& entry) { return entry.first == transaction; });
        }
        if (manager_ != nullptr) manager_->block_connected(*block, now);
    }
    if (manager_ != nullptr) manager_->announce_block(*tip_, own, now);
}

const HeaderNode& FakeBackend::mine(size_t count, TimePoint now, uint32_t salt,
                                    const HeaderNode* parent, bool announce_as_own) {
    HeaderNode* node = parent != nullptr ? find(parent->hash) : tip_;
    for (size_t i = 0; i < count; ++i) {
        const BlockRef block = make_block(node->header, node->height.value() + 1, salt);
        node = add_header(block->header);
        store(*node, block, sealed_ ? seal_for(node->hash) : Bytes{});
        if (i + 1 == count || announce_as_own) activate(now, announce_as_own);
    }
    return *node;
}

TransactionRef FakeBackend::find_transaction(const GenTxid& id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : found->second;
}

void FakeBackend::add_transaction(const TransactionRef& transaction, TimePoint now, int64_t rate) {
    mempool_.emplace_back(transaction, rate);
    by_id_[GenTxid::of(transaction->txid())] = transaction;
    by_id_[GenTxid::of(transaction->wtxid())] = transaction;
    if (manager_ != nullptr)
        manager_->announce_transaction({transaction->txid(), transaction->wtxid(), rate}, now);
}

TransactionOutcome FakeBackend::submit_transaction(PeerId, const TransactionRef& transaction,
                                                   TimePoint now) {
    ++submitted_transactions;
    if (refused.contains(transaction->txid()))
        return {TransactionVerdict::rejected, "bad-txns-vout-negative"};
    if (need_witness.contains(transaction->txid()) && !transaction->has_witness())
        return {TransactionVerdict::witness_stripped, "mempool-script-verify-flag-failed"};
    if (by_id_.contains(GenTxid::of(transaction->wtxid())))
        return {TransactionVerdict::already_have, "txn-already-in-mempool"};
    for (const TxInput& input : transaction->inputs()) {
        if (!coins_.contains(input.prevout.txid) &&
            !by_id_.contains(GenTxid::of(input.prevout.txid)))
            return {TransactionVerdict::missing_inputs, "bad-txns-inputs-missingorspent"};
    }
    add_transaction(transaction, now);
    return {TransactionVerdict::accepted, {}};
}

std::vector<RelayTransaction> FakeBackend::relay_transactions() const {
    std::vector<RelayTransaction> result;
    for (const auto& [transaction, rate] : mempool_)
        result.push_back({transaction->txid(), transaction->wtxid(), rate});
    return result;
}

void FakeBackend::peer_ready(PeerId peer, bool speaks_engine, TimePoint) {
    ready_peers[peer] = speaks_engine;
}

void FakeBackend::peer_gone(PeerId peer, TimePoint) {
    ready_peers.erase(peer);
}

void FakeBackend::engine_message(PeerId from, ByteSpan message, TimePoint) {
    engine_messages.emplace_back(from, to_bytes(message));
}

}  // namespace parley::test
