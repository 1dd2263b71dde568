#include "node/engine_driver.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "chain/rules/block_rules.h"
#include "chain/state/versionbits.h"
#include "node/node_core.h"

namespace parley {

void EngineDriver::run(const std::function<void(Engine&, EngineEffects&)>& input) {
    EngineEffects effects;
    input(*core_.engine, effects);
    for (auto& effect : effects) waiting_.push_back(std::move(effect));
    drain();
}

void EngineDriver::drain() {
    if (draining_) return;  // the outer call goes on with what was queued
    draining_ = true;
    while (!waiting_.empty()) {
        EngineEffect effect = std::move(waiting_.front());
        waiting_.pop_front();
        std::visit([this](auto& each) { carry_out(each); }, effect);
    }
    draining_ = false;
}

void EngineDriver::refresh_demand() {
    const uint64_t sequence = core_.mempool.sequence();
    if (sequence == demand_sequence_) return;
    demand_sequence_ = sequence;
    Demand demand{core_.mempool.size(), {}};
    core_.mempool.for_each([&](const MempoolEntry& entry) {
        demand.oldest = entry.time;
        return false;
    });
    run([&](Engine& engine, EngineEffects& out) { engine.on_demand(demand, core_.now, out); });
}

BlockRequest EngineDriver::request_below(const HeaderNode& parent, int64_t time,
                                         const Script& payout) {
    BlockRequest request;
    request.previous = parent.hash;
    request.height = parent.height + 1;
    request.median_time_past = parent.median_time_past();
    const int64_t header_time = std::max(time, block_time_min(core_.config.params, parent));
    request.version =
        core_.config.node.block_version.value_or(core_.chain->version_bits().block_version(parent));
    request.time = static_cast<uint32_t>(header_time);
    request.bits = core_.engine->next_bits(parent, header_time);
    request.coinbase_script = payout;
    request.extra_nonce = ++extra_nonce_;
    return request;
}

BlockTemplate EngineDriver::build(const HeaderNode& parent, int64_t time, const Script& payout) {
    BlockTemplate built =
        core_.block_builder.build(request_below(parent, time, payout), core_.mempool);
    last_built_ = LastBuilt{built.weight, built.block.transactions.size() - 1};
    return built;
}

Script EngineDriver::default_payout() const {
    if (core_.config.node.payout) return *core_.config.node.payout;
    return ScriptBuilder{}.op(OP_TRUE).build();
}

void EngineDriver::carry_out(engine_effect::SendMessage& effect) {
    core_.peers.send_engine_message(effect.peer, effect.message, core_.now);
}

void EngineDriver::carry_out(engine_effect::Broadcast& effect) {
    core_.peers.broadcast_engine_message(effect.message, core_.now);
}

void EngineDriver::carry_out(engine_effect::Persist& effect) {
    core_.blocks.commit(std::move(effect.batch), Durability::synced);
}

void EngineDriver::carry_out(engine_effect::BuildProposal& effect) {
    BlockRef block;
    const HeaderNode& tip = core_.chain->tip();
    if (effect.parent == tip.hash && (effect.allow_empty || core_.mempool.size() > 0)) {
        BlockTemplate built = build(tip, effect.time, default_payout());
        if (effect.allow_empty || built.block.transactions.size() > 1) {
            block = std::make_shared<const Block>(std::move(built.block));
        }
    }
    run([&](Engine& engine, EngineEffects& out) {
        engine.on_proposal_built(effect.parent, std::move(block), core_.now, out);
    });
}

void EngineDriver::carry_out(engine_effect::CheckProposal& effect) {
    const auto checked = core_.chain->check_proposal(*effect.block, core_.now);
    std::string reason;
    if (!checked) {
        // The node stops without a verdict: nobody is to blame.
        if (std::holds_alternative<StorageError>(checked.error())) return;
        reason = std::get<BlockError>(checked.error()).to_string();
    }
    run([&](Engine& engine, EngineEffects& out) {
        engine.on_proposal_checked(effect.block, reason, core_.now, out);
    });
}

void EngineDriver::carry_out(engine_effect::Publish& effect) {
    // A sealed block is every validator's own: pushed by all, it would cross each link many times.
    const auto source = effect.seal.empty() ? BlockSource::own : BlockSource::local;
    const BlockResult result = core_.flow.submit_block(effect.block, effect.seal, source);
    if (result.state == BlockResult::State::invalid ||
        result.state == BlockResult::State::missing_parent) {
        core_.log.warning(LogCategory::general,
                          "The block {} that this node made was not accepted: {}",
                          effect.block->header.hash().to_string(),
                          result.error ? result.error->to_string() : "missing parent");
    }
}

void EngineDriver::carry_out(engine_effect::Finalize& effect) {
    const HeaderNode* node = core_.chain->find(effect.hash);
    CHECK(node != nullptr);
    // A long catch-up connects in pieces; a final block is not far ahead of them.
    const ChainFlow& flow = core_.flow;
    while (!core_.chain->contains(*node) && (flow.pending() || flow.unsettled()))
        core_.flow.advance();
    core_.chain->finalize(effect.hash);
}

void EngineDriver::carry_out(engine_effect::Blame& effect) {
    core_.peers.punish(effect.peer, effect.reason, core_.now);
}

void EngineDriver::carry_out(engine_effect::CatchUp& effect) {
    core_.peers.request_headers(effect.peer, core_.now);
}

void EngineDriver::carry_out(engine_effect::SearchNonce& effect) {
    core_.effects.push_back(effect::SearchNonce{effect.job, effect.header, effect.target});
}

void EngineDriver::carry_out(engine_effect::StopSearch&) {
    core_.effects.push_back(effect::StopSearch{});
}

}  // namespace parley
