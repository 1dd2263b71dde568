// The node's side of the consensus engine: messages, proposals and mining.
#include "base/check.h"
#include "node/node_impl.h"

namespace parley {

void Node::Impl::refresh_demand() {
    const uint64_t sequence = mempool.sequence();
    if (sequence == demand_sequence) return;
    demand_sequence = sequence;
    // What pays too little for a block is no reason to suspect the primary that proposes none.
    Demand demand{proposals.has_candidates() ? mempool.size() : 0};
    for (const auto& [id, max] : proposals.oldest_candidates()) demand.oldest.push_back({id, max});
    tell_engine(engine_input::DemandChanged{std::move(demand)});
}

// --- between the engine and its peers

void Node::Impl::route(net_output::EngineMessage& ask) {
    tell_engine(engine_input::PeerMessage{ask.from, std::move(ask.message)});
    queue.emplace_back(LateAnswer{});
}

void Node::Impl::route(net_output::PeerReady& ask) {
    if (ask.speaks_engine) tell_engine(engine_input::PeerReady{ask.peer});
    queue.emplace_back(LateAnswer{});
}

void Node::Impl::route(net_output::PeerGone& output) {
    tell_engine(engine_input::PeerGone{output.peer});
}

void Node::Impl::route(engine_output::SendMessage& output) {
    tell_net(net_input::SendEngineMessage{output.peer, std::move(output.message)});
}

void Node::Impl::route(engine_output::Broadcast& output) {
    tell_net(net_input::BroadcastEngineMessage{std::move(output.message), output.except});
}

void Node::Impl::route(engine_output::Blame& output) {
    tell_net(net_input::Punish{output.peer, std::move(output.reason)});
}

void Node::Impl::route(engine_output::CatchUp& output) {
    tell_net(net_input::RequestHeaders{output.peer});
}

// --- proposals: built, checked, published, final

void Node::Impl::route(engine_output::Record& output) {
    engine_recorded = stores->blocks.commit(std::move(output.batch), Durability::synced);
}

void Node::Impl::route(engine_output::BuildProposal& ask) {
    BlockRef block;
    if (ask.parent == chain->index().tip().hash && (ask.allow_empty || mempool.size() > 0)) {
        BlockTemplate built =
            proposals.build(ask.time, proposals.default_payout(), CoinbaseForm::unique);
        if (ask.allow_empty || built.block.transactions.size() > 1)
            block = std::make_shared<const Block>(std::move(built.block));
    }
    tell_engine(engine_input::ProposalBuilt{ask.parent, std::move(block)});
}

void Node::Impl::route(engine_output::CheckProposal& ask) {
    const auto checked = chain->check_proposal(*ask.block, now);
    std::string reason;
    if (!checked) {
        // A store failed, so there is no result, and no peer is punished.
        if (std::holds_alternative<StorageError>(checked.error())) return;
        reason = std::get<BlockError>(checked.error()).to_string();
    }
    tell_engine(engine_input::ProposalChecked{std::move(ask.block), std::move(reason)});
}

void Node::Impl::route(engine_output::Publish& output) {
    // Every validator assembles the sealed block itself. If all of them pushed it, it would cross
    // each link many times.
    const auto source = output.seal.empty() ? BlockSource::own : BlockSource::local;
    const BlockResult result = submit_block(output.block, output.seal, source);
    if (result.error) {
        log.warning(LogCategory::general, "This node's own block {} was not accepted: {}",
                    output.block->header.hash().to_string(), result.error->to_string());
    }
}

void Node::Impl::route(engine_output::Finalize& output) {
    const HeaderNode* node = chain->index().find(output.hash);
    CHECK(node != nullptr);
    // A long catch-up connects blocks in batches, so the final block may not be connected yet.
    while (!chain->index().contains(*node) && (pending || unsettled)) activate();
    if (store_failure() != nullptr) return;
    chain->finalize(output.hash);
}

// --- mining

void Node::Impl::route(engine_output::SearchNonce& output) {
    effects.push_back(effect::SearchNonce{output.job, output.header, output.target});
}

void Node::Impl::route(engine_output::StopSearch&) {
    effects.push_back(effect::StopSearch{});
}

}  // namespace parley
