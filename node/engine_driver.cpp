#include "node/engine_driver.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "chain/rules/block_rules.h"
#include "chain/state/versionbits.h"
#include "node/node_core.h"

namespace parley {

void EngineDriver::handle(const EngineInput& input) {
    carry_out(core_.engine->handle(input, core_.now));
}

void EngineDriver::handle(const MinerInput& input) {
    if (Miner* miner = core_.engine->miner()) carry_out(miner->handle(input, core_.now));
}

void EngineDriver::carry_out(EngineOutputs outputs) {
    for (auto& output : outputs) waiting_.push_back(std::move(output));
    drain();
}

void EngineDriver::drain() {
    if (draining_) return;  // the outer call goes on with what was queued
    draining_ = true;
    while (!waiting_.empty()) {
        EngineOutput output = std::move(waiting_.front());
        waiting_.pop_front();
        std::visit([this](auto& each) { carry_out(each); }, output);
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
    handle(engine_input::DemandChanged{demand});
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

void EngineDriver::carry_out(engine_output::SendMessage& output) {
    core_.peers.send_engine_message(output.peer, output.message, core_.now);
}

void EngineDriver::carry_out(engine_output::Broadcast& output) {
    core_.peers.broadcast_engine_message(output.message, core_.now);
}

void EngineDriver::carry_out(engine_output::Record& output) {
    core_.blocks.commit(std::move(output.batch), Durability::synced);
}

void EngineDriver::carry_out(engine_output::BuildProposal& output) {
    BlockRef block;
    const HeaderNode& tip = core_.chain->tip();
    if (output.parent == tip.hash && (output.allow_empty || core_.mempool.size() > 0)) {
        BlockTemplate built = build(tip, output.time, default_payout());
        if (output.allow_empty || built.block.transactions.size() > 1) {
            block = std::make_shared<const Block>(std::move(built.block));
        }
    }
    handle(engine_input::ProposalBuilt{output.parent, std::move(block)});
}

void EngineDriver::carry_out(engine_output::CheckProposal& output) {
    const auto checked = core_.chain->check_proposal(*output.block, core_.now);
    std::string reason = checked ? std::string{} : checked.error().to_string();
    handle(engine_input::ProposalChecked{output.block, std::move(reason)});
}

void EngineDriver::carry_out(engine_output::Publish& output) {
    // A sealed block is every validator's own: pushed by all, it would cross each link many times.
    const auto source = output.seal.empty() ? BlockSource::own : BlockSource::local;
    const BlockResult result = core_.flow.submit_block(output.block, output.seal, source);
    if (result.state == BlockResult::State::invalid ||
        result.state == BlockResult::State::missing_parent) {
        core_.log.warning(LogCategory::general,
                          "The block {} that this node made was not accepted: {}",
                          output.block->header.hash().to_string(),
                          result.error ? result.error->to_string() : "missing parent");
    }
}

void EngineDriver::carry_out(engine_output::Finalize& output) {
    const HeaderNode* node = core_.chain->find(output.hash);
    CHECK(node != nullptr);
    // A long catch-up connects in pieces; a final block is not far ahead of them.
    const ChainFlow& flow = core_.flow;
    while (!core_.chain->contains(*node) && (flow.pending() || flow.unsettled()))
        core_.flow.advance();
    core_.chain->finalize(output.hash);
}

void EngineDriver::carry_out(engine_output::Blame& output) {
    core_.peers.punish(output.peer, output.reason, core_.now);
}

void EngineDriver::carry_out(engine_output::CatchUp& output) {
    core_.peers.request_headers(output.peer, core_.now);
}

void EngineDriver::carry_out(engine_output::SearchNonce& output) {
    core_.effects.push_back(effect::SearchNonce{output.job, output.header, output.target});
}

void EngineDriver::carry_out(engine_output::StopSearch&) {
    core_.effects.push_back(effect::StopSearch{});
}

}  // namespace parley
