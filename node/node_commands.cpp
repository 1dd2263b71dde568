// What Node answers and does on request. Each function hands on to the part that does it.
#include "base/check.h"
#include "chain/primitives/coinbase.h"
#include "chain/rules/block_rules.h"
#include "chain/state/versionbits.h"
#include "node/node_core.h"

namespace parley {

// --- what the node knows

const NodeConfig& Node::config() const {
    return core_->config;
}
TimePoint Node::now() const {
    return core_->now;
}
Duration Node::uptime() const {
    return core_->host_now - core_->started;
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
const PeerManager& Node::peers() const {
    return core_->peers;
}
WalletManager* Node::wallets() {
    return core_->wallets ? &*core_->wallets : nullptr;
}
const TxIndex* Node::tx_index() const {
    return core_->tx_index ? &*core_->tx_index : nullptr;
}
bool Node::initial_download() const {
    return core_->initial_download.active(core_->now);
}
const std::vector<std::string>& Node::warnings() const {
    return core_->warnings;
}
const std::map<uint32_t, uint64_t>& Node::reorganisations() const {
    return core_->reorganisations;
}
std::vector<DeploymentReport> Node::deployments(const HeaderNode& block) const {
    return core_->chain->version_bits().reports(block);
}
ScriptFlags Node::script_flags(const HeaderNode& block) const {
    ScriptFlags flags = block_script_flags(core_->config.params, block.height, block.hash);
    if (block.parent != nullptr) flags |= core_->chain->version_bits().script_flags(*block.parent);
    return flags;
}
std::optional<MiningSchedule> Node::automine() const {
    const Miner* miner = core_->engine->miner();
    return miner != nullptr ? std::optional{miner->schedule()} : std::nullopt;
}
std::optional<Node::BuiltBlock> Node::last_built() const {
    const auto& last = core_->proposals.last_built();
    if (!last) return std::nullopt;
    return BuiltBlock{last->weight, last->transactions};
}

// --- the chain

BlockResult Node::submit_block(const BlockRef& block) {
    BlockResult result = core_->submit_block(with_reserved_value(block), {}, BlockSource::own);
    core_->run_queue();
    return result;
}
BlockResult Node::load_block(const BlockRef& block) {
    BlockResult result = core_->submit_block(block, {}, BlockSource::local);
    core_->run_queue();
    return result;
}
Expected<const HeaderNode*, BlockError> Node::submit_header(const BlockHeader& header) {
    return core_->chain->accept_header(header, {}, core_->now);
}
Expected<AcceptInfo, TxReject> Node::submit_transaction(const TransactionRef& transaction) {
    auto accepted = core_->submit_transaction(transaction);
    core_->run_queue();
    return accepted;
}
Expected<void, BlockError> Node::invalidate_block(const BlockHash& hash) {
    auto done = core_->chain->invalidate(hash);
    if (done) core_->activate_fully();
    return done;
}
Expected<void, BlockError> Node::reconsider_block(const BlockHash& hash) {
    auto done = core_->chain->reconsider(hash);
    if (done) core_->activate_fully();
    return done;
}
Expected<void, BlockError> Node::prefer_block(const BlockHash& hash) {
    auto done = core_->chain->prefer(hash);
    if (done) core_->activate_fully();
    return done;
}
bool Node::reindex_step() {
    const bool more = core_->chain->reindex_step(core_->now);
    core_->activate_fully();
    return more;
}
Height Node::prune(Height height) {
    return core_->chain->prune(height);
}
VerifyResult Node::verify_chain(int level, int32_t blocks) {
    VerifyResult result = core_->chain->verify(level, blocks);
    if (!result.problem.empty()) {
        core_->log.error(LogCategory::general, "verifychain: {}", result.problem);
    } else {
        core_->log.info(LogCategory::general, "verifychain: {} blocks at level {} are good{}",
                        result.blocks, level,
                        result.cut_short ? "; it ended early, for lack of -dbcache" : "");
    }
    return result;
}
Expected<void, StorageError> Node::for_each_coin(
    const std::function<bool(const OutPoint&, const Coin&)>& visitor) {
    return core_->chain->for_each_coin(visitor);
}
Expected<std::optional<TxIndex::Found>, StorageError> Node::indexed_transaction(const Txid& txid) {
    if (!core_->tx_index) return std::optional<TxIndex::Found>{};
    core_->tx_index->step();
    return core_->tx_index->find(txid);
}

// --- blocks of our own

BlockTemplate Node::build_template(const std::optional<Script>& payout) {
    Proposals& proposals = core_->proposals;
    return proposals.build(to_unix_seconds(core_->now),
                           payout.value_or(proposals.default_payout()));
}
BlockTemplate Node::build_template(const Script& payout,
                                   const std::vector<TransactionRef>& transactions) {
    return core_->proposals.build_from(to_unix_seconds(core_->now), payout, transactions);
}
Expected<void, BlockError> Node::check_proposal(const Block& block) {
    return core_->chain->check_proposal(block, core_->now);
}
void Node::set_automine(const MiningSchedule& schedule) {
    CHECK(core_->engine->miner() != nullptr);
    core_->tell_miner(miner_input::ScheduleChanged{schedule});
    core_->run_queue();
}

// --- peers

AddNodeResult Node::add_node(const std::string& target, AddNodeCommand command) {
    const AddNodeResult result = core_->peers.add_node(target, command, core_->now);
    core_->run_peer_outputs();
    return result;
}
bool Node::disconnect_peer(const std::string& address) {
    const bool found = core_->peers.disconnect(address, core_->now);
    core_->run_peer_outputs();
    return found;
}
bool Node::disconnect_peer(PeerId peer) {
    const bool found = core_->peers.disconnect(peer, core_->now);
    core_->run_peer_outputs();
    return found;
}
void Node::ping_peers() {
    core_->peers.ping_all(core_->now);
    core_->run_peer_outputs();
}
void Node::set_network_active(bool active) {
    core_->peers.set_network_active(active, core_->now);
    core_->run_peer_outputs();
}

// --- wallets

Expected<Wallet*, WalletError> Node::load_wallet(const std::string& name) {
    CHECK(core_->wallets);
    auto loaded = core_->wallets->load(name, core_->now);
    core_->enqueue(core_->wallets->take_outputs());
    core_->run_queue();
    return loaded;
}
Expected<SpendResult, WalletError> Node::send(Wallet& wallet, const SpendRequest& request,
                                              const SpendNotes& notes) {
    auto created = wallet.create_transaction(request);
    if (!created) return created;
    const auto committed = core_->commit_payment(wallet, created->transaction, notes);
    core_->run_queue();
    if (!committed) return Unexpected(committed.error());
    return created;
}
Expected<Wallet::Replacement, WalletError> Node::bump_fee(Wallet& wallet, const Txid& txid,
                                                          std::optional<FeeRate> fee_rate) {
    auto created = wallet.create_replacement(txid, fee_rate);
    if (!created) return created;
    const auto committed =
        core_->commit_payment(wallet, created->spend.transaction, created->notes);
    core_->run_queue();
    if (!committed) return Unexpected(committed.error());
    return created;
}

// --- time and end

void Node::set_mock_time(int64_t seconds) {
    if (seconds == 0)
        core_->mock_time.reset();
    else
        core_->mock_time = from_unix_seconds(seconds);
    core_->now = core_->mock_time.value_or(core_->host_now);
}
void Node::stop() {
    core_->stopping = true;
}

}  // namespace parley
