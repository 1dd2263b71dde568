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

HeadersResult FakeBackend::submit_headers(const std::vector<BlockHeader>& headers) {
    HeadersResult result;
    for (const BlockHeader& header : headers) {
        if (header.nonce == kBadHeaderNonce) {
            result.error = BlockError{BlockErrorKind::invalid_header, "high-hash", {}};
            return result;
        }
        const size_t before = nodes_.size();
        HeaderNode* node = add_header(header);
        if (node->is_invalid()) {
            result.error = BlockError{BlockErrorKind::cached_invalid, "duplicate", {}};
            return result;
        }
        result.last = node;
        result.added += nodes_.size() - before;
    }
    return result;
}

void FakeBackend::store(HeaderNode& node, const BlockRef& block, ByteSpan seal) {
    attach_seal(node, seal);
    if (node.status != BlockStatus::header_only) return;
    node.status = BlockStatus::stored;
    node.sequence = next_sequence_++;
    blocks_[node.hash] = block;
}

BlockResult FakeBackend::submit_block(const BlockRef& block, ByteSpan seal) {
    ++submitted_blocks;
    using State = BlockResult::State;
    const auto refuse = [](const HeaderNode* node, BlockErrorKind kind, const char* reason) {
        const State state =
            kind == BlockErrorKind::missing_parent ? State::missing_parent : State::invalid;
        return BlockResult{state, node, BlockError{kind, reason, {}}};
    };
    if (find(block->header.previous) == nullptr)
        return refuse(nullptr, BlockErrorKind::missing_parent, "prev-blk-not-found");
    if (block->header.nonce == kBadHeaderNonce)
        return refuse(nullptr, BlockErrorKind::invalid_header, "high-hash");
    HeaderNode* node = add_header(block->header);
    if (block->header.nonce == kMutatedNonce)
        return refuse(node, BlockErrorKind::mutated, "bad-txnmrklroot");
    if (node->status == BlockStatus::invalid)
        return refuse(node, BlockErrorKind::cached_invalid, "duplicate");
    const bool known = node->status != BlockStatus::header_only;
    store(*node, block, seal);
    activate(false);
    return {known ? State::already_have : State::accepted, node, {}};
}

bool FakeBackend::complete(const HeaderNode& node) const {
    for (const HeaderNode* walk = &node; walk->status != BlockStatus::connected;
         walk = walk->parent) {
        if (walk->status != BlockStatus::stored) return false;
    }
    return true;
}

void FakeBackend::activate(bool own) {
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
            news_.push_back(
                net_input::BlockRejected{(*it)->hash, "bad-txns-inputs-missingorspent"});
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
        news_.push_back(net_input::BlockConnected{block});
    }
    news_.push_back(net_input::TipChanged{tip_, own});
}

const HeaderNode& FakeBackend::mine(size_t count, uint32_t salt, const HeaderNode* parent,
                                    bool announce_as_own) {
    HeaderNode* node = parent != nullptr ? find(parent->hash) : tip_;
    for (size_t i = 0; i < count; ++i) {
        const BlockRef block = make_block(node->header, node->height.value() + 1, salt);
        node = add_header(block->header);
        store(*node, block, sealed_ ? seal_for(node->hash) : Bytes{});
        if (i + 1 == count || announce_as_own) activate(announce_as_own);
    }
    return *node;
}

TransactionRef FakeBackend::find_transaction(const GenTxid& id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : found->second;
}

void FakeBackend::add_transaction(const TransactionRef& transaction, int64_t rate) {
    mempool_.emplace_back(transaction, rate);
    by_id_[GenTxid::of(transaction->txid())] = transaction;
    by_id_[GenTxid::of(transaction->wtxid())] = transaction;
    news_.push_back(net_input::TransactionAdded{{transaction->txid(), transaction->wtxid(), rate}});
}

std::optional<TxReject> FakeBackend::submit_transaction(const TransactionRef& transaction) {
    ++submitted_transactions;
    if (refused.contains(transaction->txid()))
        return TxReject{TxRejectKind::consensus, "bad-txns-vout-negative", {}};
    if (need_witness.contains(transaction->txid()) && !transaction->has_witness())
        return TxReject{TxRejectKind::witness_stripped, "mempool-script-verify-flag-failed", {}};
    if (by_id_.contains(GenTxid::of(transaction->wtxid())))
        return TxReject{TxRejectKind::already_known, "txn-already-in-mempool", {}};
    for (const TxInput& input : transaction->inputs()) {
        if (!coins_.contains(input.prevout.txid) &&
            !by_id_.contains(GenTxid::of(input.prevout.txid)))
            return TxReject{TxRejectKind::missing_inputs, "bad-txns-inputs-missingorspent", {}};
    }
    add_transaction(transaction);
    return std::nullopt;
}

std::vector<RelayTransaction> FakeBackend::relay_transactions() const {
    std::vector<RelayTransaction> result;
    for (const auto& [transaction, rate] : mempool_)
        result.push_back({transaction->txid(), transaction->wtxid(), rate});
    return result;
}

std::optional<NetInput> FakeBackend::answer(NetOutput& output) {
    if (auto* headers = std::get_if<net_output::SubmitHeaders>(&output)) {
        HeadersResult result = submit_headers(headers->headers);
        return net_input::HeadersJudged{std::move(*headers), std::move(result)};
    }
    if (auto* block = std::get_if<net_output::SubmitBlock>(&output)) {
        BlockResult result = submit_block(block->block, block->seal);
        return net_input::BlockJudged{std::move(*block), std::move(result)};
    }
    if (auto* transaction = std::get_if<net_output::SubmitTransaction>(&output)) {
        auto reject = submit_transaction(transaction->transaction);
        return net_input::TransactionJudged{std::move(*transaction), std::move(reject)};
    }
    if (auto* message = std::get_if<net_output::EngineMessage>(&output)) {
        engine_messages.emplace_back(message->from, std::move(message->message));
        return net_input::EngineDone{};
    }
    if (auto* ready = std::get_if<net_output::PeerReady>(&output)) {
        ready_peers[ready->peer] = ready->speaks_engine;
        return net_input::EngineDone{};
    }
    if (auto* gone = std::get_if<net_output::PeerGone>(&output)) ready_peers.erase(gone->peer);
    return std::nullopt;
}

void FakeBackend::settle(PeerManager& manager, NetInput input, TimePoint now, NetOutputs& result) {
    NetOutputs outputs = manager.handle(std::move(input), now);
    std::deque<NetOutput> waiting(std::make_move_iterator(outputs.begin()),
                                  std::make_move_iterator(outputs.end()));
    const auto hand_over = [&](NetInput next) {
        for (NetOutput& output : manager.handle(std::move(next), now))
            waiting.push_back(std::move(output));
    };
    while (!waiting.empty()) {
        NetOutput output = std::move(waiting.front());
        waiting.pop_front();
        auto answered = answer(output);
        // The news of a block come before the verdict about it, as in the node.
        for (; !news_.empty(); news_.pop_front()) hand_over(std::move(news_.front()));
        if (answered) hand_over(std::move(*answered));
        const bool for_host = std::holds_alternative<net_output::Send>(output) ||
                              std::holds_alternative<net_output::Dial>(output) ||
                              std::holds_alternative<net_output::Close>(output);
        if (for_host) result.push_back(std::move(output));
    }
}

NetOutputs FakeBackend::run(PeerManager& manager, NetInput input, TimePoint now) {
    NetOutputs result = run(manager, now);
    settle(manager, std::move(input), now, result);
    return result;
}

NetOutputs FakeBackend::run(PeerManager& manager, TimePoint now) {
    NetOutputs result = manager.take_outputs();
    while (!news_.empty()) {
        NetInput next = std::move(news_.front());
        news_.pop_front();
        settle(manager, std::move(next), now, result);
    }
    return result;
}

}  // namespace parley::test
