// Node's queries and commands. Each function delegates to the module that is responsible.
#include "base/check.h"
#include "chain/primitives/coinbase.h"
#include "chain/rules/block_rules.h"
#include "chain/state/versionbits.h"
#include "node/node_impl.h"

namespace parley {

// --- its stores

NodeStores::NodeStores(const NodeHost& host)
    : blocks(host.blocks, commits), coins(host.coins, commits) {
    if (host.wallets != nullptr) wallets.emplace(*host.wallets, commits);
    for (size_t i = 0; i < kIndexKinds; ++i) {
        if (host.indexes[i] != nullptr) indexes[i].emplace(*host.indexes[i], commits);
    }
}

IndexStores NodeStores::index_stores() {
    IndexStores all{};
    for (size_t i = 0; i < kIndexKinds; ++i) all[i] = indexes[i] ? &*indexes[i] : nullptr;
    return all;
}

// --- what the node knows

const NodeConfig& Node::config() const {
    return impl_->config;
}
TimePoint Node::now() const {
    return impl_->now;
}
Duration Node::uptime() const {
    return impl_->host_now - impl_->started;
}
Random& Node::random() const {
    return impl_->random;
}
const Chainstate& Node::chain() const {
    return *impl_->chain;
}
const Engine& Node::engine() const {
    return *impl_->engine;
}
const Mempool& Node::mempool() const {
    return impl_->mempool;
}
const PeerManager& Node::peers() const {
    return impl_->peers;
}
WalletManager* Node::wallets() {
    return impl_->wallets ? &*impl_->wallets : nullptr;
}
const ChainIndexes& Node::indexes() const {
    return impl_->indexes;
}
bool Node::initial_download() const {
    return impl_->initial_download.active(impl_->now);
}
std::vector<std::string> Node::warnings() const {
    std::vector<std::string> all = impl_->engine->warnings();
    all.insert(all.end(), impl_->warnings.begin(), impl_->warnings.end());
    if (chain().index().longer_chain_is_invalid())
        all.emplace_back(
            "Warning: Found invalid chain more than 6 blocks longer than our best chain. This "
            "could "
            "be due to database corruption or consensus incompatibility with peers.");
    return all;
}
const std::map<uint32_t, uint64_t>& Node::reorganisations() const {
    return impl_->reorganisations;
}
std::vector<DeploymentReport> Node::deployments(const HeaderNode& block) const {
    return impl_->chain->version_bits().reports(block);
}
ScriptFlags Node::script_flags(const HeaderNode& block) const {
    ScriptFlags flags = block_script_flags(impl_->config.params, block.height, block.hash);
    if (block.parent != nullptr) flags |= impl_->chain->version_bits().script_flags(*block.parent);
    return flags;
}
std::optional<MiningSchedule> Node::automine() const {
    const Miner* miner = impl_->engine->miner();
    return miner != nullptr ? std::optional{miner->schedule()} : std::nullopt;
}
const std::optional<Proposals::LastBuilt>& Node::last_built() const {
    return impl_->proposals.last_built();
}

// --- the chain

BlockResult Node::submit_block(const BlockRef& block) {
    BlockResult result = impl_->submit_block(with_reserved_value(block), {}, BlockSource::own);
    impl_->run_queue();
    return result;
}
BlockResult Node::load_block(const BlockRef& block) {
    BlockResult result = impl_->submit_block(block, {}, BlockSource::local);
    impl_->run_queue();
    return result;
}
Expected<const HeaderNode*, BlockError> Node::submit_header(const BlockHeader& header) {
    return impl_->chain->accept_header(header, {}, impl_->now);
}
Expected<AcceptInfo, TxFailure> Node::submit_transaction(const TransactionRef& transaction,
                                                         const std::optional<TimePoint>& arrival) {
    auto accepted = impl_->submit_transaction(transaction, arrival);
    if (accepted && !arrival) impl_->broadcast_initially(transaction->txid());
    impl_->run_queue();
    return accepted;
}
Expected<PackageResult, StorageError> Node::submit_package(mempool_input::SubmitPackage package) {
    auto answer = impl_->tell_mempool(std::move(package));
    impl_->run_queue();
    if (!answer) return Unexpected(*impl_->failure);
    return std::move(std::get<mempool_output::PackageJudged>(*answer).result);
}
void Node::broadcast_initially(const Txid& txid) {
    impl_->broadcast_initially(txid);
    impl_->run_queue();
}
void Node::announce_again(const Txid& txid) {
    const MempoolEntry* entry = impl_->mempool.find(txid);
    if (entry != nullptr) impl_->tell_net(net_input::TransactionAdded{relay_transaction(*entry)});
    impl_->run_queue();
}
Expected<TestResult, StorageError> Node::test_accept(
    const std::vector<TransactionRef>& transactions) {
    auto answers = impl_->mempool.test_accept(transactions, impl_->now);
    if (!answers) impl_->failure = answers.error();
    return answers;
}
Expected<std::optional<Coin>, StorageError> Node::coin(const OutPoint& outpoint, bool mempool) {
    auto found = (mempool ? impl_->mempool.coins() : impl_->chain->coins()).coin(outpoint);
    if (!found) {
        impl_->failure = found.error();
    } else if (*found && (*found)->height == Mempool::kMempoolHeight) {
        (*found)->height = impl_->chain->index().tip().height + 1;
    }
    return found;
}
Expected<void, BlockError> Node::invalidate_block(const BlockHash& hash) {
    auto done = impl_->chain->invalidate(hash);
    if (done) impl_->activate_fully();
    return done;
}
Expected<void, BlockError> Node::reconsider_block(const BlockHash& hash) {
    auto done = impl_->chain->reconsider(hash);
    if (done) impl_->activate_fully();
    return done;
}
Expected<void, BlockError> Node::prefer_block(const BlockHash& hash) {
    auto done = impl_->chain->prefer(hash);
    if (done) impl_->activate_fully();
    return done;
}
bool Node::reindex_step() {
    const bool more = impl_->chain->reindex_step(impl_->now);
    impl_->activate_fully();
    return more;
}
Height Node::prune(Height height) {
    return impl_->chain->prune(height);
}
Expected<VerifyResult, StorageError> Node::verify_chain(int level, int32_t blocks) {
    auto result = impl_->chain->verify(level, blocks);
    if (!result) {
        impl_->failure = result.error();
    } else if (!result->problem.empty()) {
        impl_->log.error(LogCategory::general, "verifychain: {}", result->problem);
    } else {
        impl_->log.info(LogCategory::general, "verifychain: {} blocks at level {} are valid{}",
                        result->blocks, level,
                        result->cut_short ? "; stopped early because of the limit -dbcache" : "");
    }
    return result;
}
Expected<CoinsSnapshot, StorageError> Node::coins_snapshot() {
    return impl_->chain->coins_snapshot();
}
const ChainIndexes& Node::current_indexes() {
    impl_->indexes.step();
    return impl_->indexes;
}

void Node::prioritise(const Txid& txid, Amount delta) {
    impl_->mempool.prioritise(txid, delta);
}

// --- a snapshot of the UTXO set

Expected<void, std::string> Node::Impl::check_room_for_snapshot() const {
    if (mempool.size() != 0)
        return Unexpected(std::string{"Can't activate a snapshot when mempool not empty"});
    if (wallets && !wallets->loaded().empty())
        return Unexpected(
            std::string{"Wallets must be unloaded first, because they do not see the blocks below "
                        "a snapshot"});
    return {};
}
Expected<void, std::string> Node::begin_snapshot(const BlockHash& base) {
    if (auto checked = impl_->chain->check_snapshot(base); !checked) return checked;
    if (auto checked = impl_->check_room_for_snapshot(); !checked) return checked;
    return impl_->chain->begin_snapshot(base);
}
void Node::add_snapshot_coins(std::span<const std::pair<OutPoint, Coin>> coins) {
    impl_->chain->add_snapshot_coins(coins);
}
Expected<bool, std::string> Node::finish_snapshot() {
    if (auto checked = impl_->check_room_for_snapshot(); !checked) {
        drop_snapshot();
        return Unexpected(checked.error());
    }
    auto more = impl_->chain->finish_snapshot();
    if (more && !*more) impl_->tip_jumped();
    return more;
}
void Node::drop_snapshot() {
    impl_->chain->drop_snapshot();
}

void Node::Impl::validate_snapshot() {
    chain->snapshot_step();
    tell_net(net_input::BackgroundValidated{});
}

void Node::Impl::tip_jumped() {
    const HeaderNode& tip = chain->index().tip();
    tell_mempool(mempool_input::ChainMoved{});
    log_tip();
    tell_engine(engine_input::TipChanged{&tip});
    tell_net(net_input::TipChanged{&tip});
    activate_fully();
}

// --- generated blocks

BlockTemplate Node::build_template(const std::optional<Script>& payout, CoinbaseForm form) {
    Proposals& proposals = impl_->proposals;
    return proposals.build(to_unix_seconds(impl_->now), payout.value_or(proposals.default_payout()),
                           form);
}
BlockTemplate Node::build_template(const Script& payout,
                                   const std::vector<TransactionRef>& transactions,
                                   CoinbaseForm form) {
    return impl_->proposals.build_from(to_unix_seconds(impl_->now), payout, transactions, form);
}
Expected<void, BlockFailure> Node::check_proposal(const Block& block) {
    return impl_->chain->check_proposal(block, impl_->now);
}
void Node::set_automine(const MiningSchedule& schedule) {
    CHECK(impl_->engine->miner() != nullptr);
    impl_->tell_miner(miner_input::ScheduleChanged{schedule});
    impl_->run_queue();
}

// --- peers

AddNodeResult Node::add_node(const std::string& target, AddNodeCommand command) {
    const AddNodeResult result = impl_->peers.add_node(target, command, impl_->time());
    impl_->run_commands();
    return result;
}
void Node::command_peers(const std::function<void(PeerManager&, NetTime now)>& command) {
    command(impl_->peers, impl_->time());
    impl_->run_commands();
}

// --- wallets

Expected<Wallet*, WalletError> Node::load_wallet(const std::string& name) {
    auto loaded = impl_->wallets->load(name, impl_->now);
    impl_->run_commands();
    return loaded;
}
Expected<SpendResult, WalletError> Node::send(Wallet& wallet, const SpendRequest& request,
                                              const SpendNotes& notes) {
    auto created = wallet.create_transaction(request);
    // One code for every reason, as bitcoind has it: clients tell "not paid" from a wrong request.
    if (!created)
        return Unexpected(
            WalletError{WalletErrorCode::insufficient_funds, created.error().message});
    const auto committed = impl_->commit_payment(wallet, created->transaction, notes);
    impl_->run_queue();
    if (!committed) return Unexpected(committed.error());
    return created;
}
Expected<Wallet::Replacement, WalletError> Node::bump_fee(Wallet& wallet, const Txid& txid,
                                                          const BumpRequest& request) {
    auto bumped = wallet.create_replacement(txid, request);
    if (!bumped) return bumped;
    const auto committed = impl_->commit_payment(wallet, bumped->spend.transaction, bumped->notes);
    impl_->run_queue();
    if (!committed) return Unexpected(committed.error());
    return bumped;
}

// --- time and shutdown

void Node::set_mock_time(int64_t seconds) {
    impl_->mock_time = seconds == 0 ? std::nullopt : std::optional{from_unix_seconds(seconds)};
    impl_->now = impl_->mock_time.value_or(impl_->host_now);
}
void Node::stop() {
    impl_->stopping = true;
}

}  // namespace parley
