// The node's steps, the queue between its modules, and the processing of blocks and transactions.
#include "node/node.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "chain/state/versionbits.h"
#include "node/block_summary.h"
#include "node/node_impl.h"

namespace parley {

// --- a step: an event comes in, the queue runs until it is empty, effects go out ----------------

Effects Node::start(TimePoint now) {
    Impl& impl = *impl_;
    impl.host_now = now;
    impl.now = impl.mock_time.value_or(now);
    impl.started = now;
    if (impl.wallets) {
        const auto loaded = impl.wallets->load_at_start(impl.config.node.wallets, impl.now);
        if (!loaded) {
            impl.effects.push_back(
                effect::Shutdown{loaded.error().message, impl.stores->commits.last()});
            return std::exchange(impl.effects, {});
        }
        impl.enqueue(impl.wallets->take_outputs());
    }
    impl.tell_engine(engine_input::Started{&impl.chain->index().tip()});
    impl.tell_net(net_input::Started{});
    impl.run_queue();
    // Connects blocks that were stored but not connected before the last stop. The engine must
    // start first, because it is told of every new tip.
    impl.activate();
    return impl.finish_step();
}

Effects Node::handle(Event event, TimePoint now) {
    Impl& impl = *impl_;
    CHECK(now >= impl.host_now);
    impl.host_now = now;
    impl.now = impl.mock_time.value_or(now);
    std::optional<uint64_t> invoke;
    if (auto* call = std::get_if<event::Invoke>(&event)) {
        invoke = call->id;
        call->call(*this);
    } else if (auto* solved = std::get_if<event::SolutionFound>(&event)) {
        impl.tell_miner(miner_input::SolutionFound{solved->job, solved->header});
    } else if (auto* exhausted = std::get_if<event::SearchExhausted>(&event)) {
        impl.tell_miner(miner_input::SearchExhausted{exhausted->job});
    } else if (std::holds_alternative<event::TimerDue>(event)) {
        // The host is idle, so stored blocks that still wait can be connected. The timers that are
        // due run below, as in every step.
        if (impl.unsettled)
            impl.activate();
        else if (impl.chain->snapshot_work())
            impl.validate_snapshot();
    } else {
        std::visit(
            [&](auto& each) {
                using Kind = std::decay_t<decltype(each)>;
                if constexpr (std::is_constructible_v<NetInput, Kind>) {
                    impl.tell_net(std::move(each));
                } else {
                    CHECK(false);  // all other events are handled above
                }
            },
            event);
    }
    impl.run_queue();
    if (impl.pending) impl.activate();
    impl.run_timers();
    return impl.finish_step(invoke);
}

std::optional<TimePoint> Node::next_deadline() const {
    const Impl& impl = *impl_;
    if (impl.pending || impl.unsettled || impl.chain->snapshot_work() || !impl.indexes.idle())
        return impl.host_now;
    // Mocked time only changes with setmocktime, so no timer but dialling can become due before.
    if (impl.mock_time) return impl.peers.dial_deadline();
    TimePoint deadline = std::min(impl.engine->next_deadline().value_or(kNever),
                                  impl.peers.next_deadline().value_or(kNever));
    if (impl.wallets) deadline = std::min(deadline, impl.wallets->next_deadline());
    if (deadline == kNever) return std::nullopt;
    return deadline;
}

void Node::Impl::run_timers() {
    if (engine->next_deadline().value_or(kNever) <= now) tell_engine(engine_input::TimerDue{});
    run_queue();
    if (peers.next_deadline().value_or(kNever) <= now ||
        peers.dial_deadline().value_or(kNever) <= host_now)
        tell_net(net_input::TimerDue{});
    if (wallets && wallets->next_deadline() <= now) tell_wallets(wallet_input::TimerDue{});
}

Effects Node::Impl::finish_step(std::optional<uint64_t> invoke) {
    run_queue();
    refresh_demand();
    run_queue();
    indexes.step();
    const StorageError* failed = store_failure();
    if (failed != nullptr) queue.clear();
    if (stopping && failed == nullptr) chain->flush(Durability::synced);
    show_tip();
    const CommitId last = stores->commits.last();
    if (invoke) effects.push_back(effect::Complete{*invoke, last});
    if (failed != nullptr || stopping)
        effects.push_back(effect::Shutdown{failed != nullptr ? failed->message : "", last});
    return std::exchange(effects, {});
}

const StorageError* Node::Impl::store_failure() const {
    if (failure) return &*failure;
    if (const StorageError* failed = indexes.failure()) return failed;
    return chain->failure() ? &*chain->failure() : nullptr;
}

void Node::Impl::show_tip() {
    const HeaderNode& tip = chain->index().tip();
    if (shown_tip == &tip) return;
    shown_tip = &tip;
    tip_shown = stores->commits.last();
    effects.push_back(effect::TipChanged{
        std::make_shared<const BlockSummary>(summarise(*chain, tip)), tip_shown});
}

void Node::Impl::notify(Notice notice) {
    if (!config.node.notices) return;
    effects.push_back(effect::Notify{std::move(notice), stores->commits.last()});
}

CommitId Node::Impl::commit_before(Reveals reveals) const {
    switch (reveals) {
        case Reveals::nothing:
            return CommitId{};
        case Reveals::handled:
            return tip_shown;
        case Reveals::statement:
            return engine_recorded;
        case Reveals::inventory:
            return std::max(block_stored,
                            stores->wallets ? stores->wallets->last_commit() : CommitId{});
    }
    CHECK(false);
}

void Node::Impl::route(net_output::Send& output) {
    if (output.reveals == Reveals::handled) show_tip();
    effects.push_back(effect::Send{output.peer, std::move(output.data), output.notify,
                                   commit_before(output.reveals)});
}

// --- the queue ----------------------------------------------------------------------------------

void Node::Impl::run_queue() {
    while (!queue.empty() && store_failure() == nullptr) {
        Work work = std::move(queue.front());
        queue.pop_front();
        if (auto* net_output = std::get_if<NetOutput>(&work)) {
            std::visit([this](auto& each) { route(each); }, *net_output);
        } else if (auto* engine_output = std::get_if<EngineOutput>(&work)) {
            std::visit([this](auto& each) { route(each); }, *engine_output);
        } else if (auto* wallet_output = std::get_if<WalletOutput>(&work)) {
            route(*wallet_output);
        } else {
            tell_net(std::get<LateAnswer>(work));
        }
    }
}

void Node::Impl::run_commands() {
    enqueue(peers.take_outputs());
    if (wallets) enqueue(wallets->take_outputs());
    run_queue();
}

void Node::Impl::tell_net(NetInput input) {
    enqueue(peers.handle(std::move(input), time()));
}

void Node::Impl::tell_engine(const EngineInput& input) {
    enqueue(engine->handle(input, now));
}

void Node::Impl::tell_miner(const MinerInput& input) {
    if (Miner* miner = engine->miner()) enqueue(miner->handle(input, now));
}

void Node::Impl::tell_wallets(const WalletInput& input) {
    if (wallets) enqueue(wallets->handle(input, now));
}

// --- the life of a block ------------------------------------------------------------------------
//
// 1. Its header, alone or with it, comes from a peer: check and accept.

void Node::Impl::route(net_output::SubmitHeaders& ask) {
    HeadersResult result = chain->accept_headers(ask.headers, ask.seal, now);
    if (!ask.seal.empty()) activate();  // the seal may have been all that a stored block lacked
    tell_net(net_input::HeadersJudged{std::move(ask), std::move(result)});
}

// 2. The block itself comes from a peer, from the engine, from a user or from a file.

void Node::Impl::route(net_output::SubmitBlock& ask) {
    BlockResult result = submit_block(ask.block, ask.seal, BlockSource::peer, ask.asked);
    if (result.state == BlockResult::State::invalid) {
        log.debug(LogCategory::validation, "Refused block {}, {}",
                  ask.block->header.hash().to_string(), result.error->to_string());
    }
    tell_net(net_input::BlockJudged{std::move(ask), std::move(result)});
}

// 3. It is checked, accepted and stored; then the best chain is looked for.

BlockResult Node::Impl::submit_block(const BlockRef& block, ByteSpan seal, BlockSource source,
                                     bool asked) {
    const bool wanted = source != BlockSource::peer || asked;
    const auto pruned = wanted ? Chainstate::Pruned::restore : Chainstate::Pruned::leave;
    BlockResult result = chain->accept_block(block, seal, now, pruned);
    // The block may be known already and now have the seal that was missing.
    const bool sealed = result.state == BlockResult::State::already_have && !seal.empty();
    if (result.state != BlockResult::State::accepted && !sealed) return result;
    if (source == BlockSource::own) own_block = result.node->hash;
    // The next block is expected soon, so it can be read while this block's scripts run.
    const bool more_come = chain->index().best_header().height > result.node->height;
    const bool later = source == BlockSource::peer && more_come;
    for (const InvalidBlock& invalid : activate(later ? Settle::but_last : Settle::all)) {
        if (invalid.node != result.node) continue;
        result.state = BlockResult::State::invalid;
        result.error = invalid.error;
    }
    if (source != BlockSource::peer) block_stored = stores->commits.last();
    return result;
}

// 4. Blocks are disconnected and connected until the tip is the best one. A block that fails to
//    connect is reported, and the next best tip is tried.

std::vector<InvalidBlock> Node::Impl::activate(Settle settle) {
    ChainUpdate update = chain->activate_best_chain(settle);
    pending = update.more;
    unsettled = update.unsettled;
    for (const InvalidBlock& invalid : update.invalid) {
        log.info(LogCategory::general, "Block validation error: {}", invalid.error.to_string());
        log.info(LogCategory::general, "InvalidChainFound: invalid block={} height={} {}",
                 invalid.node->hash.to_string(), invalid.node->height.value(),
                 invalid.error.to_string());
        tell_net(net_input::BlockRejected{invalid.node->hash, invalid.error.reason});
    }
    if (update.changed()) tip_changed(update);
    return std::move(update.invalid);
}

void Node::Impl::activate_fully() {
    do activate();
    while (pending || unsettled);
    run_queue();
}

// 5. The new tip fans out: to the mempool, the wallets, the engine and the peers, in this order.

void Node::Impl::tip_changed(const ChainUpdate& update) {
    if (!update.disconnected.empty())
        ++reorganisations[static_cast<uint32_t>(update.disconnected.size())];
    mempool_input::ChainMoved moved;
    for (const ChainStep& step : update.disconnected) {
        moved.disconnected.push_back(step.block);
        notify(notice::BlockDisconnected{step.block, step.node->hash});
        tell_wallets(
            wallet_input::BlockDisconnected{step.block, step.node->hash, step.node->height});
    }
    for (const ChainStep& step : update.connected) {
        moved.connected.push_back(step.block);
        tell_wallets(wallet_input::BlockConnected{step.block, step.node->hash, step.node->height});
        tell_net(net_input::BlockConnected{step.block});
    }
    tell_mempool(std::move(moved));
    if (failure) return;
    // Behind the mempool's changes, as subscribers know it from bitcoind.
    for (const ChainStep& step : update.connected)
        notify(notice::BlockConnected{step.block, step.node->hash});
    log_tip();

    const HeaderNode& tip = chain->index().tip();
    tell_engine(engine_input::TipChanged{&tip});
    if (!pending && !initial_download.active(now)) {
        tell_net(net_input::TipChanged{&tip, tip.hash == own_block});
        if (!update.connected.empty())
            notify(notice::NewTip{update.connected.back().block, tip.hash});
    }
    const int32_t stop_at = config.node.stop_at_height;
    if (stop_at > 0 && tip.height >= Height{stop_at}) stopping = true;
}

void Node::Impl::log_tip() {
    const HeaderNode& tip = chain->index().tip();
    const std::string warning = initial_download.active(now) ? std::string{} : note_unknown_rules();
    log.info(LogCategory::general, "UpdateTip: new best={} height={} version=0x{:08x} tx={}{}",
             tip.hash.to_string(), tip.height.value(), static_cast<uint32_t>(tip.header.version),
             tip.chain_transactions, warning.empty() ? "" : " warning='" + warning + "'");
}

std::string Node::Impl::note_unknown_rules() {
    std::string locked_in;
    for (const auto& [bit, active] : chain->version_bits().unknown_rules(chain->index().tip())) {
        const std::string sentence =
            "Unknown new rules activated (versionbit " + std::to_string(bit) + ")";
        if (!active) {
            locked_in += (locked_in.empty() ? "" : ", ") + sentence;
        } else if (std::find(warnings.begin(), warnings.end(), sentence) == warnings.end()) {
            log.warning(LogCategory::general, "{}", sentence);
            warnings.push_back(sentence);
        }
    }
    return locked_in;
}

// --- the life of a transaction ------------------------------------------------------------------
//
// 1. It comes from a peer, from a wallet or from a user.

void Node::Impl::route(net_output::SubmitTransaction& ask) {
    const auto accepted = submit_transaction(ask.transaction);
    if (failure) return;
    std::optional<TxReject> reject;
    if (!accepted) reject = std::get<TxReject>(accepted.error());
    tell_net(net_input::TransactionJudged{std::move(ask), std::move(reject)});
}

void Node::Impl::route(net_output::SubmitPackage& ask) {
    const auto answer = tell_mempool(mempool_input::SubmitPackage{{ask.parent, ask.child}});
    if (failure) return;
    const PackageResult& result = std::get<mempool_output::PackageJudged>(*answer).result;
    net_input::PackageJudged judged{std::move(ask), !result.problem, {}};
    for (const auto& [wtxid, verdict] : result.verdicts) {
        if (const auto* reject = std::get_if<TxReject>(&verdict))
            judged.rejects.emplace(wtxid, *reject);
    }
    tell_net(std::move(judged));
}

void Node::Impl::route(wallet_output::SubmitTransaction& ask) {
    const auto accepted = submit_transaction(ask.transaction);
    if (failure) return;
    if (accepted) broadcast_initially(ask.transaction->txid());
    std::optional<TxReject> reject;
    if (!accepted) reject = std::get<TxReject>(accepted.error());
    tell_wallets(wallet_input::TransactionJudged{std::move(ask.transaction), std::move(reject)});
}

// 2. The mempool takes it or not. Where a store fails there is no verdict, and nobody gets an
// answer.

Expected<AcceptInfo, TxFailure> Node::Impl::submit_transaction(
    const TransactionRef& transaction, const std::optional<TimePoint>& arrival) {
    auto answer = tell_mempool(mempool_input::Submit{transaction, arrival});
    auto& accepted = std::get<mempool_output::Judged>(*answer).verdict;
    if (accepted) {
        log.debug(LogCategory::mempool, "AcceptToMemoryPool: accepted {} (poolsz {} txn)",
                  transaction->txid().to_string(), mempool.size());
    } else if (const auto* failed = std::get_if<StorageError>(&accepted.error())) {
        failure = *failed;
    }
    return std::move(accepted);
}

// 3. What has changed goes to the wallets and to the peers.

std::optional<MempoolOutput> Node::Impl::tell_mempool(MempoolInput input) {
    for (MempoolOutput& output : mempool.handle(std::move(input), now)) {
        if (auto* change = std::get_if<mempool_output::Changed>(&output)) {
            spread(*change);
        } else if (auto* failed = std::get_if<mempool_output::Failed>(&output)) {
            failure = std::move(failed->error);
        } else {
            return std::move(output);
        }
    }
    return std::nullopt;
}

void Node::Impl::spread(const mempool_output::Changed& change) {
    if (change.kind == mempool_output::Changed::Kind::confirmed) return;
    if (change.removal()) {
        notify(notice::TransactionRemoved{change.transaction, change.sequence});
        tell_wallets(wallet_input::TransactionRemoved{change.transaction});
        return;
    }
    notify(notice::TransactionAdded{change.transaction, change.sequence});
    tell_wallets(wallet_input::TransactionAdded{change.transaction});
    const MempoolEntry* entry = mempool.find(change.transaction->txid());
    if (entry == nullptr) return;  // a later change in the same batch has removed it
    tell_net(net_input::TransactionAdded{relay_transaction(*entry)});
}

void Node::Impl::broadcast_initially(const Txid& txid) {
    if (mempool.contains(txid)) tell_net(net_input::TransactionSubmitted{txid});
}

// A wallet's own payment: the wallet must have stored it before it leaves the node.

Expected<Txid, WalletError> Node::Impl::commit_payment(Wallet& wallet,
                                                       const TransactionRef& transaction,
                                                       const SpendNotes& notes) {
    const Wallet::RecordedSpend recorded = wallet.record(transaction, notes, now);
    if (!config.wallet.broadcast) return wallet.settle(recorded, std::nullopt, now);
    const auto accepted = submit_transaction(transaction);
    if (failure) {
        wallet.forget(recorded);
        return Unexpected(WalletError{WalletErrorCode::database, failure->message});
    }
    std::optional<TxReject> reject;
    if (accepted) {
        broadcast_initially(transaction->txid());
    } else {
        reject = std::get<TxReject>(accepted.error());
    }
    return wallet.settle(recorded, reject, now);
}

// --- construction -------------------------------------------------------------------------------

Node::Impl::Impl(std::unique_ptr<const NodeConfig> node_config,
                 std::unique_ptr<NodeStores> node_stores, std::unique_ptr<Engine> node_engine,
                 std::unique_ptr<Chainstate> chainstate, const NodeHost& host)
    : config_owner(std::move(node_config)),
      config(*config_owner),
      random(host.random),
      log(host.log),
      stores(std::move(node_stores)),
      effects(stores->commits.effects),
      engine(std::move(node_engine)),
      chain(std::move(chainstate)),
      indexes(stores->index_stores(), *chain, log),
      mempool_context(*chain),
      mempool(config.mempool, config.params, mempool_context, host.verifier, log),
      initial_download(*chain, engine->finality(),
                       {config.chain.minimum_score, config.node.tip_age_max}, log),
      proposals(config, *chain, *engine, mempool, host.random.next()),
      net_view(*chain, indexes, mempool, initial_download, log),
      peers(config.net, net_view, host.random, log),
      wallet_view(*chain, mempool, now) {
    if (config.node.mock_time != 0) mock_time = from_unix_seconds(config.node.mock_time);
    if (stores->wallets) {
        wallets.emplace(config.wallet, config.params, wallet_view, *stores->wallets, host.random,
                        host.secrets, log);
    }
}

Expected<std::unique_ptr<Node>, std::string> Node::create(NodeConfig options,
                                                          const NodeHost& host) {
    if (std::string problem = options.validate(); !problem.empty())
        return Unexpected(std::move(problem));
    options.chain.engine = options.engine.name;
    options.chain.coins_hash_key0 = host.secrets.next();
    options.chain.coins_hash_key1 = host.secrets.next();
    options.net.sealed_blocks = options.engine.sealed_blocks;
    options.net.engine_timeout = options.engine.timeout;
    auto config = std::make_unique<const NodeConfig>(std::move(options));
    auto stores = std::make_unique<NodeStores>(host);
    auto engine = config->engine.make({config->params, stores->blocks, host.random, host.log});
    if (!engine) return Unexpected(engine.error());
    auto chain = Chainstate::open(config->params, **engine, stores->blocks, stores->coins,
                                  host.verifier, host.log, config->chain);
    if (!chain) return Unexpected(chain.error());
    if (auto problem = (*engine)->start_problem((*chain)->index().tip()))
        return Unexpected(std::move(*problem));
    host.log.info(LogCategory::general, "init message: Verifying blocks…");
    const auto verified = (*chain)->verify(config->node.check_level, config->node.check_blocks);
    if (!verified)
        return Unexpected("Cannot read the block or coin data: " + verified.error().message);
    if (!verified->problem.empty())
        return Unexpected("Corrupted block database detected (" + verified->problem +
                          "). Please restart with -reindex or -reindex-chainstate to recover.");
    auto impl = std::make_unique<Impl>(std::move(config), std::move(stores), std::move(*engine),
                                       std::move(*chain), host);
    if (auto opened = impl->indexes.open(); !opened) return Unexpected(opened.error());
    return std::make_unique<Node>(std::move(impl));
}

Node::Node(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Node::~Node() = default;

}  // namespace parley
