#include "node/node.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "consensus/pbft/pbft_engine.h"
#include "node/node_core.h"

namespace parley {
namespace {

/// Moves what the peer protocol asks for into the step's effects.
void collect_net_effects(NodeCore& core) {
    for (auto& each : core.peers.take_effects()) {
        if (auto* send = std::get_if<net_effect::SendBytes>(&each)) {
            core.effects.push_back(effect::Send{send->peer, std::move(send->data), send->notify});
        } else if (auto* dial = std::get_if<net_effect::Dial>(&each)) {
            core.effects.push_back(effect::Dial{dial->dial, std::move(dial->target)});
        } else {
            core.effects.push_back(effect::Close{std::get<net_effect::Close>(each).peer});
        }
    }
}

/// Everything whose time has come.
void run_timers(NodeCore& core) {
    const auto due = [&](std::optional<TimePoint> deadline) {
        return deadline && *deadline <= core.now;
    };
    if (due(core.engine->next_deadline())) {
        core.engine_driver.run(
            [&](Engine& engine, EngineEffects& out) { engine.on_timer(core.now, out); });
    }
    if (due(core.peers.next_deadline())) core.peers.on_timer(core.now);
    if (core.wallets && core.wallets->next_deadline() <= core.now) core.wallets->on_timer(core.now);
}

/// Readers on other threads learn of a new tip once what made it the tip is safe.
void show_tip(NodeCore& core) {
    const HeaderNode& tip = core.chain->tip();
    if (core.shown_tip == &tip) return;
    core.shown_tip = &tip;
    core.effects.push_back(
        effect::TipChanged{std::make_shared<const rpc::BlockSummary>(core.control.chain().tip)});
}

/// Of any store. Empty: the node goes on.
std::optional<StorageError> failure_of(const NodeCore& core) {
    if (core.failure) return core.failure;
    if (core.tx_index && core.tx_index->failure()) return core.tx_index->failure();
    return core.chain->failure();
}

/// Ends a step: what was set in motion comes to rest, and the effects are handed out.
Effects finish_step(NodeCore& core, std::optional<uint64_t> invoke = std::nullopt) {
    core.flow.spread_mempool_changes();
    core.engine_driver.refresh_demand();
    collect_net_effects(core);
    if (core.tx_index) core.tx_index->step();
    const std::optional<StorageError> failure = failure_of(core);
    if (core.stopping && !failure) core.chain->flush(Durability::synced);
    show_tip(core);
    if (invoke) core.effects.push_back(effect::Complete{*invoke});
    if (failure) {
        core.effects.push_back(effect::Shutdown{failure->message});
    } else if (core.stopping) {
        core.effects.push_back(effect::Shutdown{});
    }
    return std::exchange(core.effects, {});
}

void dispatch(NodeCore&, Node& node, const event::Invoke& invoke) {
    invoke.call(node);
}

void dispatch(NodeCore& core, Node&, const event::Connected& e) {
    core.peers.on_connected(e.peer, e.remote, e.local, e.inbound, e.dial, core.now);
}
void dispatch(NodeCore& core, Node&, const event::DialFailed& e) {
    core.peers.on_dial_failed(e.dial, e.reason, core.now);
}
void dispatch(NodeCore& core, Node&, const event::Received& e) {
    core.peers.on_received(e.peer, e.data, core.now);
}
void dispatch(NodeCore& core, Node&, const event::Drained& e) {
    core.peers.on_drained(e.peer, core.now);
}
void dispatch(NodeCore& core, Node&, const event::Closed& e) {
    core.peers.on_closed(e.peer, e.reason, core.now);
}
void dispatch(NodeCore& core, Node&, const event::TimerDue&) {
    // The host has nothing else to do; and every step runs what is due.
    if (core.flow.unsettled()) core.flow.advance();
}
void dispatch(NodeCore& core, Node&, const event::SolutionFound& e) {
    core.engine_driver.run([&](Engine& engine, EngineEffects& out) {
        engine.on_solution(e.job, e.header, core.now, out);
    });
}
void dispatch(NodeCore& core, Node&, const event::SearchExhausted& e) {
    core.engine_driver.run([&](Engine& engine, EngineEffects& out) {
        engine.on_search_exhausted(e.job, core.now, out);
    });
}

Expected<std::unique_ptr<Engine>, std::string> make_engine(NodeCore& core, const NodeHost& host) {
    if (core.config.engine == EngineKind::pow) {
        auto engine = std::make_unique<PowEngine>(core.config.pow, core.config.params, host.random);
        core.pow = engine.get();
        return std::unique_ptr<Engine>{std::move(engine)};
    }
    return make_pbft_engine(core.config.pbft, core.config.params, host.blocks, host.log);
}

}  // namespace

NodeCore::NodeCore(NodeConfig node_config, const NodeHost& host)
    : config(std::move(node_config)),
      log(host.log),
      verifier(host.verifier),
      blocks(host.blocks, effects),
      coins(host.coins, effects),
      mempool_context(chain),
      mempool(config.mempool, config.params, mempool_context, verifier, log),
      block_builder(config.block_builder, config.params),
      net_adapter(*this),
      peers(config.net, net_adapter, host.random, log),
      wallet_client(*this),
      engine_driver(*this, host.random.next()),
      flow(*this),
      control(*this) {
    if (config.node.mock_time != 0) mock_time = from_unix_seconds(config.node.mock_time);
    if (host.wallets != nullptr) {
        wallet_stores.emplace(*host.wallets, effects);
        wallets.emplace(config.wallet, config.params, wallet_client, *wallet_stores, host.random,
                        host.secrets, log);
    }
}

Expected<std::unique_ptr<Node>, std::string> Node::create(NodeConfig config, const NodeHost& host) {
    if (std::string problem = config.validate(); !problem.empty())
        return Unexpected(std::move(problem));
    config.chain.engine = config.engine == EngineKind::pow ? "pow" : "pbft";
    config.chain.coins_hash_key0 = host.secrets.next();
    config.chain.coins_hash_key1 = host.secrets.next();
    config.net.sealed_blocks = config.engine == EngineKind::pbft;
    auto core = std::make_unique<NodeCore>(std::move(config), host);
    auto engine = make_engine(*core, host);
    if (!engine) return Unexpected(engine.error());
    core->engine = std::move(*engine);
    auto chain = Chainstate::open(core->config.params, *core->engine, core->blocks, core->coins,
                                  core->verifier, core->log, core->config.chain);
    if (!chain) return Unexpected(chain.error());
    core->chain = std::move(*chain);
    if (const NodeOptions& options = core->config.node; options.check_blocks != 0) {
        const auto result = core->chain->verify(options.check_level, options.check_blocks);
        if (!result)
            return Unexpected("Cannot read the block or coin data: " + result.error().message);
        if (!result->problem.empty()) {
            return Unexpected("Corrupted block database detected (" + result->problem +
                              "). Please restart with -reindex or -reindex-chainstate to recover.");
        }
    }
    if (host.tx_index != nullptr) {
        core->tx_index_store.emplace(*host.tx_index, core->effects);
        core->tx_index.emplace(*core->tx_index_store, *core->chain, core->log);
        if (auto opened = core->tx_index->open(); !opened) return Unexpected(opened.error());
    }
    return std::make_unique<Node>(std::move(core));
}

Node::Node(std::unique_ptr<NodeCore> core) : core_(std::move(core)) {}
Node::~Node() = default;

Effects Node::start(TimePoint now) {
    NodeCore& core = *core_;
    core.host_now = now;
    core.now = core.mock_time.value_or(now);
    core.started = now;
    if (core.wallets) {
        for (const std::string& name : core.config.node.wallets) {
            const auto loaded = core.wallets->load(name, core.now);
            if (!loaded) {
                core.effects.push_back(effect::Shutdown{loaded.error().message});
                return std::exchange(core.effects, {});
            }
        }
    }
    core.engine_driver.run([&](Engine& engine, EngineEffects& out) {
        engine.on_start(core.chain->tip(), core.now, out);
    });
    core.peers.start(core.now);
    // Blocks that were stored but not connected before the stop. After the engine's start: it hears
    // of every new tip.
    core.flow.advance();
    return finish_step(core);
}

Effects Node::handle(const Event& event, TimePoint now) {
    NodeCore& core = *core_;
    CHECK(now >= core.host_now);
    core.host_now = now;
    core.now = core.mock_time.value_or(now);
    std::visit([&](const auto& each) { dispatch(core, *this, each); }, event);
    if (core.flow.pending()) core.flow.advance();
    run_timers(core);
    const auto* invoke = std::get_if<event::Invoke>(&event);
    return finish_step(core, invoke != nullptr ? std::optional{invoke->id} : std::nullopt);
}

std::optional<TimePoint> Node::next_deadline() const {
    const NodeCore& core = *core_;
    if (core.flow.pending() || core.flow.unsettled()) return core.host_now;
    if (core.tx_index && !core.tx_index->synced()) return core.host_now;
    // Under a mocked clock time stands still, and so do the timers, until the next setmocktime.
    if (core.mock_time) return std::nullopt;
    TimePoint deadline = kNever;
    if (const auto engine = core.engine->next_deadline()) deadline = std::min(deadline, *engine);
    if (const auto peers = core.peers.next_deadline()) deadline = std::min(deadline, *peers);
    if (core.wallets) deadline = std::min(deadline, core.wallets->next_deadline());
    if (deadline == kNever) return std::nullopt;
    return deadline;
}

rpc::NodeControl& Node::control() {
    return core_->control;
}
const rpc::NodeView& Node::view() const {
    return core_->control;
}
const NodeConfig& Node::config() const {
    return core_->config;
}
const Chainstate& Node::chain() const {
    return *core_->chain;
}
const Engine& Node::engine() const {
    return *core_->engine;
}
const Mempool& Node::mempool() const {
    return core_->mempool;
}

bool Node::reindex_step() {
    const bool more = core_->chain->reindex_step(core_->now);
    core_->flow.advance_fully();
    return more;
}

BlockResult Node::load_block(const BlockRef& block) {
    return core_->flow.submit_block(block, {}, BlockSource::local);
}

}  // namespace parley
