#include "fake_backend.h"

#include <algorithm>

#include "base/check.h"
#include "base/crypto/sha256.h"
#include "chain/rules/retarget.h"

namespace parley::test {

namespace {

constexpr uint32_t kGenesisTime = 1'700'000'000;

ChainParams recent_params() {
    ChainParams params = regtest_params();
    Block genesis = *params.genesis;
    genesis.header.time = kGenesisTime;
    params.genesis = std::make_shared<const Block>(std::move(genesis));
    params.genesis_hash = params.genesis->header.hash();
    return params;
}

/// Every header is worth its work, or one from its seal on where blocks are sealed.
class CountingRules final : public HeaderRules {
 public:
    explicit CountingRules(bool sealed) : sealed_(sealed) {}

    Expected<std::optional<Score>, HeaderError> verify_header(
        const BlockHeader& header, const BlockHash& hash, ByteSpan seal,
        const HeaderNode& parent) const override {
        if (!parent.score || (sealed_ && to_bytes(seal) != seal_for(hash)))
            return std::optional<Score>{};
        return std::optional{*parent.score + worth(header)};
    }
    Score genesis_score(const BlockHeader& header) const override { return worth(header); }
    uint32_t next_bits(const HeaderNode& parent, int64_t) const override {
        return parent.header.bits;
    }

 private:
    Score worth(const BlockHeader& header) const {
        return sealed_ ? Score{1} : work_from_compact(header.bits);
    }
    bool sealed_;
};

}  // namespace

void solve(BlockHeader& header) {
    while (!proof_of_work_met(header.hash(), header.bits, U256::max() >> 1)) ++header.time;
}

BlockRef make_block(const BlockHeader& parent, int32_t height, uint32_t salt, uint32_t spacing) {
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
    block.header.time = parent.time + spacing;
    block.header.bits = parent.bits;
    block.header.nonce = salt;
    if (parent.bits == kEasyBits) solve(block.header);
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

FakeBackend::FakeBackend(bool sealed)
    : sealed_(sealed),
      params_(recent_params()),
      rules_(std::make_unique<CountingRules>(sealed)),
      index_(params_, *rules_) {
    index_.place_genesis({0, ++bodies_, 1});
    index_.rank_candidates();
    blocks_[params_.genesis_hash] = params_.genesis;
}

std::optional<Bytes> FakeBackend::read_block_bytes(const HeaderNode& node) const {
    const auto found = blocks_.find(node.hash);
    if (found == blocks_.end()) return std::nullopt;
    return found->second->serialize();
}

std::optional<FilterRecord> FakeBackend::find_filter(const HeaderNode& node) const {
    if (!filters_to || node.height > *filters_to) return std::nullopt;
    ++filters_read;
    Bytes filter = to_bytes(node.hash.span());
    filter.resize(filter_size);
    return FilterRecord{sha256d(node.hash.span()), std::move(filter)};
}

const HeaderNode& FakeBackend::add_header(const BlockHeader& header) {
    const BlockHash hash = header.hash();
    if (const HeaderNode* known = index_.find(hash)) return *known;
    const HeaderNode& parent = *index_.find(header.previous);
    ++headers;
    return index_.add(header, hash, parent, {}, *rules_->verify_header(header, hash, {}, parent));
}

HeadersResult FakeBackend::submit_headers(const std::vector<BlockHeader>& batch, ByteSpan seal) {
    HeadersResult result;
    if (!seal.empty() && to_bytes(seal) != seal_for(batch.back().hash())) {
        result.error = BlockError{BlockErrorKind::invalid_header, "bad-seal", {}};
        return result;
    }
    for (const BlockHeader& header : batch) {
        if (header.nonce == kBadHeaderNonce) {
            result.error = BlockError{BlockErrorKind::invalid_header, "high-hash", {}};
            return result;
        }
        const size_t before = headers;
        const HeaderNode& node = add_header(header);
        if (node.is_invalid()) {
            result.error = BlockError{BlockErrorKind::cached_invalid, "duplicate", {}};
            return result;
        }
        result.last = &node;
        result.added += headers - before;
    }
    if (!seal.empty()) attach_seal(*result.last, seal);
    return result;
}

void FakeBackend::attach_seal(const HeaderNode& node, ByteSpan seal) {
    if (!sealed_ || node.score || to_bytes(seal) != seal_for(node.hash)) return;
    index_.attach_seal(node, seal,
                       *rules_->verify_header(node.header, node.hash, seal, *node.parent));
}

void FakeBackend::store(const HeaderNode& node, const BlockRef& block, ByteSpan seal) {
    attach_seal(node, seal);
    if (node.has_body()) return;
    index_.add_body(node, {file_, ++bodies_, 1}, block->transactions.size());
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
    if (index_.find(block->header.previous) == nullptr)
        return refuse(nullptr, BlockErrorKind::missing_parent, "prev-blk-not-found");
    if (block->header.nonce == kBadHeaderNonce)
        return refuse(nullptr, BlockErrorKind::invalid_header, "high-hash");
    const HeaderNode& node = add_header(block->header);
    if (block->header.nonce == kMutatedNonce)
        return refuse(&node, BlockErrorKind::mutated, "bad-txnmrklroot");
    if (node.is_invalid()) return refuse(&node, BlockErrorKind::cached_invalid, "duplicate");
    const bool known = node.has_body();
    store(node, block, seal);
    activate(false);
    return {known ? State::already_have : State::accepted, &node, {}};
}

void FakeBackend::activate(bool own) {
    const HeaderNode& before = index_.tip();
    while (true) {
        const HeaderNode& best = index_.best_candidate();
        if (!index_.better_than_tip(best)) break;
        std::vector<const HeaderNode*> path;
        const HeaderNode* walk = &best;
        for (; !index_.contains(*walk); walk = walk->parent) path.push_back(walk);
        while (&index_.tip() != walk) index_.disconnect_tip();
        for (; !path.empty() && !path.back()->is_invalid(); path.pop_back()) connect(*path.back());
    }
    index_.drop_worse_candidates();
    if (&index_.tip() != &before) news_.push_back(net_input::TipChanged{&index_.tip(), own});
}

void FakeBackend::connect(const HeaderNode& node) {
    if (node.header.nonce == kBadBlockNonce) {
        index_.mark_invalid(node);
        news_.push_back(net_input::BlockRejected{node.hash, "bad-txns-inputs-missingorspent"});
        return;
    }
    if (!node.has_undo()) index_.add_undo(node, {0, ++bodies_, 1});
    index_.connect_tip(node);
    const BlockRef block = blocks_.at(node.hash);
    for (const TransactionRef& transaction : block->transactions) {
        coins_.insert(transaction->txid());
        remove_transaction(transaction);
    }
    news_.push_back(net_input::BlockConnected{block});
}

const HeaderNode& FakeBackend::mine(size_t count, uint32_t salt, const HeaderNode* parent,
                                    bool announce_as_own) {
    const HeaderNode* node = parent != nullptr ? parent : &index_.tip();
    for (size_t i = 0; i < count; ++i) {
        const BlockRef block = make_block(node->header, node->height.value() + 1, salt, spacing);
        node = &add_header(block->header);
        store(*node, block, sealed_ ? seal_for(node->hash) : Bytes{});
        if (i + 1 == count || announce_as_own) activate(announce_as_own);
    }
    return *node;
}

TransactionRef FakeBackend::find_transaction(const GenTxid& id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : found->second;
}

void FakeBackend::remove_transaction(const TransactionRef& transaction) {
    by_id_.erase(GenTxid::of(transaction->txid()));
    by_id_.erase(GenTxid::of(transaction->wtxid()));
    std::erase_if(mempool_, [&](const auto& entry) { return entry.first == transaction; });
}

std::optional<int64_t> FakeBackend::arrival(const GenTxid& id) const {
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return std::nullopt;
    return arrivals_.at(found->second);
}

void FakeBackend::add_transaction(const TransactionRef& transaction, int64_t rate) {
    insert(transaction, rate, static_cast<int64_t>(arrivals_.size()) + 1);
}

void FakeBackend::return_transaction(const TransactionRef& transaction) {
    insert(transaction, 1000, 0);
}

void FakeBackend::insert(const TransactionRef& transaction, int64_t rate, int64_t arrival) {
    mempool_.emplace_back(transaction, rate);
    by_id_[GenTxid::of(transaction->txid())] = transaction;
    by_id_[GenTxid::of(transaction->wtxid())] = transaction;
    arrivals_[transaction] = arrival;
    news_.push_back(
        net_input::TransactionAdded{{transaction->txid(), transaction->wtxid(), rate, arrival}});
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
    if (premature.contains(transaction->txid()))
        return TxReject{TxRejectKind::premature, "bad-txns-premature-spend-of-coinbase", {}};
    if (underpaid.contains(transaction->txid()))
        return TxReject{TxRejectKind::fee, "min relay fee not met", {}};
    add_transaction(transaction);
    return std::nullopt;
}

std::map<Wtxid, TxReject> FakeBackend::submit_package(const TransactionRef& parent,
                                                      const TransactionRef& child) {
    ++submitted_packages;
    const TxReject low{TxRejectKind::fee, "min relay fee not met", {}};
    if (underpaid.contains(child->txid())) return {{parent->wtxid(), low}, {child->wtxid(), low}};
    if (refused.contains(child->txid()))
        return {{child->wtxid(), {TxRejectKind::consensus, "bad-txns-vout-negative", {}}}};
    add_transaction(parent);
    add_transaction(child);
    return {};
}

std::vector<RelayTransaction> FakeBackend::relay_transactions() const {
    std::vector<RelayTransaction> result;
    for (const auto& [transaction, rate] : mempool_)
        result.push_back({transaction->txid(), transaction->wtxid(), rate});
    return result;
}

std::optional<NetInput> FakeBackend::answer(NetOutput& output) {
    if (auto* headers = std::get_if<net_output::SubmitHeaders>(&output)) {
        HeadersResult result = submit_headers(headers->headers, headers->seal);
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
    if (auto* package = std::get_if<net_output::SubmitPackage>(&output)) {
        auto rejects = submit_package(package->parent, package->child);
        const bool accepted = rejects.empty();
        return net_input::PackageJudged{std::move(*package), accepted, std::move(rejects)};
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
