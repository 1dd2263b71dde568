#include "node/net_adapter.h"

#include <algorithm>

#include "node/node_core.h"

namespace parley {
namespace {

BlockVerdict verdict_of(const BlockError& error) {
    switch (error.kind) {
        case BlockErrorKind::missing_parent:
        case BlockErrorKind::unknown_block:
            return BlockVerdict::missing_parent;
        case BlockErrorKind::time_future:
            return BlockVerdict::time_future;
        case BlockErrorKind::mutated:
            return BlockVerdict::mutated;
        case BlockErrorKind::cached_invalid:
        case BlockErrorKind::invalid_parent:
            return BlockVerdict::cached_invalid;
        case BlockErrorKind::invalid_header:
        case BlockErrorKind::invalid_block:
        case BlockErrorKind::conflicts_with_final:
            return BlockVerdict::invalid;
    }
    return BlockVerdict::invalid;
}

TransactionVerdict verdict_of(const TxReject& reject) {
    switch (reject.kind) {
        case TxRejectKind::already_known:
            return TransactionVerdict::already_have;
        case TxRejectKind::missing_inputs:
            return TransactionVerdict::missing_inputs;
        case TxRejectKind::witness_stripped:
            return TransactionVerdict::witness_stripped;
        case TxRejectKind::consensus:
        case TxRejectKind::policy:
        case TxRejectKind::premature:
        case TxRejectKind::conflict:
        case TxRejectKind::fee:
            return TransactionVerdict::rejected;
    }
    return TransactionVerdict::rejected;
}

RelayTransaction relay_view(const MempoolEntry& entry) {
    return RelayTransaction{entry.txid(), entry.transaction->wtxid(),
                            fee_rate_of(entry.modified_fee(), entry.virtual_size).value()};
}

}  // namespace

const HeaderNode& NetAdapter::active_tip() const {
    return core_.chain->tip();
}
const HeaderNode& NetAdapter::best_header() const {
    return core_.chain->best_header();
}
const HeaderNode* NetAdapter::find_header(const BlockHash& hash) const {
    return core_.chain->find(hash);
}
const HeaderNode* NetAdapter::active_at(Height height) const {
    return core_.chain->at_height(height);
}

std::optional<Bytes> NetAdapter::read_block_bytes(const HeaderNode& node) const {
    if (node.block_position.size == 0 && node.parent != nullptr) return std::nullopt;
    auto bytes = core_.chain->read_block_bytes(node);
    if (!bytes) {
        core_.log.error(LogCategory::general, "Cannot read block {}: {}", node.hash.to_string(),
                        bytes.error().message);
        return std::nullopt;
    }
    const auto header = node.header.serialize();
    if (bytes->size() < header.size() ||
        !std::equal(header.begin(), header.end(), bytes->begin())) {
        core_.log.error(LogCategory::general, "Block {} is damaged in its file",
                        node.hash.to_string());
        return std::nullopt;
    }
    return std::move(*bytes);
}

bool NetAdapter::initial_download() const {
    return core_.flow.initial_download();
}

HeadersOutcome NetAdapter::submit_headers(std::span<const BlockHeader> headers, TimePoint now) {
    HeadersOutcome outcome;
    outcome.verdict = BlockVerdict::already_have;
    for (const BlockHeader& header : headers) {
        const bool is_new = core_.chain->find(header.hash()) == nullptr;
        const auto accepted = core_.chain->accept_header(header, {}, now);
        if (!accepted) {
            outcome.verdict = verdict_of(accepted.error());
            outcome.reason = accepted.error().to_string();
            return outcome;
        }
        outcome.last = *accepted;
        if (is_new) {
            ++outcome.added;
            outcome.verdict = BlockVerdict::accepted;
        }
    }
    return outcome;
}

BlockOutcome NetAdapter::submit_block(PeerId, const BlockRef& block, ByteSpan seal, TimePoint) {
    const BlockResult result = core_.flow.submit_block(block, seal, BlockSource::peer);
    BlockOutcome outcome;
    outcome.node = result.node;
    if (result.error) outcome.reason = result.error->to_string();
    switch (result.state) {
        case BlockResult::State::accepted:
            outcome.verdict =
                result.node->score ? BlockVerdict::accepted : BlockVerdict::missing_seal;
            break;
        case BlockResult::State::already_have:
            outcome.verdict = BlockVerdict::already_have;
            break;
        case BlockResult::State::missing_parent:
            outcome.verdict = BlockVerdict::missing_parent;
            break;
        case BlockResult::State::invalid:
            outcome.verdict = result.error ? verdict_of(*result.error) : BlockVerdict::invalid;
            core_.log.debug(LogCategory::validation, "Refused block {}: {}",
                            block->header.hash().to_string(), outcome.reason);
            break;
    }
    return outcome;
}

TransactionRef NetAdapter::find_transaction(const GenTxid& id) const {
    const MempoolEntry* entry = id.kind == GenTxid::Kind::txid
                                    ? core_.mempool.find(Txid{id.hash})
                                    : core_.mempool.find_by_wtxid(Wtxid{id.hash});
    return entry == nullptr ? nullptr : entry->transaction;
}

TransactionOutcome NetAdapter::submit_transaction(PeerId from, const TransactionRef& transaction,
                                                  TimePoint) {
    const auto accepted = core_.flow.submit_transaction(transaction);
    if (accepted) return {TransactionVerdict::accepted, {}};
    const auto* reject = std::get_if<TxReject>(&accepted.error());
    if (reject == nullptr) return {TransactionVerdict::none, {}};
    core_.log.debug(LogCategory::mempool, "{} (wtxid={}) from peer={} was not accepted: {}",
                    transaction->txid().to_string(), transaction->wtxid().to_string(), from.value(),
                    reject->to_string());
    return {verdict_of(*reject), reject->to_string()};
}

std::vector<RelayTransaction> NetAdapter::relay_transactions() const {
    std::vector<RelayTransaction> transactions;
    transactions.reserve(core_.mempool.size());
    core_.mempool.for_each([&](const MempoolEntry& entry) {
        transactions.push_back(relay_view(entry));
        return true;
    });
    return transactions;
}

int64_t NetAdapter::fee_rate_min() const {
    return core_.mempool.min_fee(core_.now).value();
}

void NetAdapter::peer_ready(PeerId peer, bool speaks_engine, TimePoint now) {
    if (!speaks_engine) return;
    core_.engine_driver.run(
        [&](Engine& engine, EngineEffects& out) { engine.on_peer_ready(peer, now, out); });
}

void NetAdapter::peer_gone(PeerId peer, TimePoint now) {
    core_.engine_driver.run(
        [&](Engine& engine, EngineEffects& out) { engine.on_peer_gone(peer, now, out); });
}

void NetAdapter::engine_message(PeerId from, ByteSpan message, TimePoint now) {
    core_.engine_driver.run(
        [&](Engine& engine, EngineEffects& out) { engine.on_message(from, message, now, out); });
}

}  // namespace parley
