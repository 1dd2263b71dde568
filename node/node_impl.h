// Node::Impl: the parts of a node, the queue between them, and the state of the current step.
// Private to node/.
//
// No part calls another. Each takes an input and returns outputs; the outputs go into one queue,
// and route() passes each to the part whose input it becomes, or to the host as an effect. node.cpp
// contains the paths of a block and of a transaction in chronological order; node_engine.cpp what
// the engine asks for; node_commands.cpp the user's commands.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "chain/state/indexes/chain_indexes.h"
#include "net/peer_manager.h"
#include "node/initial_download.h"
#include "node/node.h"
#include "node/tracked_storage.h"
#include "node/views/mempool_context.h"
#include "node/views/net_view.h"
#include "node/views/wallet_view.h"
#include "wallet/wallet_manager.h"

namespace parley {

/// The origin of a block.
enum class BlockSource : uint8_t {
    own,    ///< made by this node, so no peer can have it
    local,  ///< from the engine, a file or a user
    peer,
};

/// The host's stores as the parts see them: each commit is numbered, and adds a Persist to the
/// effects of the current step.
struct NodeStores {
    explicit NodeStores(const NodeHost& host);

    CommitTracker commits;
    TrackedStorage blocks;
    TrackedStorage coins;
    std::optional<TrackedStorageDirectory> wallets;
    PerIndex<std::optional<TrackedStorage>> indexes;

    IndexStores index_stores();
};

struct Node::Impl {
    Impl(std::unique_ptr<const NodeConfig> node_config, std::unique_ptr<NodeStores> node_stores,
         std::unique_ptr<Engine> node_engine, std::unique_ptr<Chainstate> chainstate,
         const NodeHost& host);

    // --- node.cpp: steps, the queue, and the paths of blocks and transactions

    /// Ends a step: processes everything that is pending, and returns the effects.
    Effects finish_step(std::optional<uint64_t> invoke = std::nullopt);
    /// Routes all outputs in the queue, and the outputs that result.
    void run_queue();
    /// Routes the outputs of user commands.
    void run_commands();
    void run_timers();
    /// Of any store; null: none. After a failure the queue is dropped, as a crash would drop it,
    /// and the step ends with Shutdown{error}.
    const StorageError* store_failure() const;
    /// Publishes a new tip to readers on other threads, once its commits are durable.
    void show_tip();

    void tell_net(NetInput input);
    void tell_wallets(const WalletInput& input);
    void tell_engine(const EngineInput& input);
    /// Does nothing if blocks are not mined.
    void tell_miner(const MinerInput& input);
    template <class Outputs>
    void enqueue(Outputs outputs) {
        for (auto& output : outputs) queue.emplace_back(std::move(output));
    }

    /// The commit that a message revealing this must wait for, by the rule in effect.h.
    CommitId commit_before(Reveals reveals) const;
    void route(net_output::Send& output);
    void route(net_output::Dial& output) { effects.push_back(std::move(output)); }
    void route(net_output::Close& output) { effects.push_back(output); }
    void route(net_output::SubmitHeaders& ask);
    void route(net_output::SubmitBlock& ask);
    void route(net_output::SubmitTransaction& ask);
    void route(net_output::SubmitPackage& ask);
    /// After the submission by a user or a wallet.
    void broadcast_initially(const Txid& txid);
    void route(net_output::EngineMessage& ask);
    void route(net_output::PeerReady& ask);
    void route(net_output::PeerGone& output);
    void route(wallet_output::SubmitTransaction& ask);

    /// Stores the block and moves to the best chain. If the block fails to connect, the result says
    /// so; but a peer's block with known successors may be accepted before its scripts have run,
    /// and is reported when they fail.
    /// `asked`: of a peer, because this node wanted it.
    BlockResult submit_block(const BlockRef& block, ByteSpan seal, BlockSource source,
                             bool asked = false);
    /// Moves to the best chain and informs all parts. Does a bounded amount of work: `pending` says
    /// whether to call again. Returns the blocks found invalid, which have already been reported.
    std::vector<InvalidBlock> activate(Settle settle = Settle::all);
    /// Repeats this until nothing is pending and no scripts are being checked.
    void activate_fully();
    /// The only place from which a new tip is distributed: to mempool, wallets, engine and net.
    void tip_changed(const ChainUpdate& update);
    void log_tip();
    /// The tip has become the base of a UTXO snapshot, without a block that connects it.
    void tip_jumped();
    Expected<void, std::string> check_room_for_snapshot() const;
    /// A limited amount of the work that a snapshot leaves behind.
    void validate_snapshot();
    /// Checks the block after the tip. Returns the unknown rules that are locked in, for the log.
    std::string note_unknown_rules();

    /// A StorageError also sets `failure`.
    Expected<AcceptInfo, TxFailure> submit_transaction(
        const TransactionRef& transaction, const std::optional<TimePoint>& arrival = {});
    /// Stores a payment in the wallet, submits it to the mempool and announces it, then lets the
    /// wallet keep or forget it.
    Expected<Txid, WalletError> commit_payment(Wallet& wallet, const TransactionRef& transaction,
                                               const SpendNotes& notes);
    /// Routes the mempool's changes at once. Returns Judged or PackageJudged, if that is the
    /// answer. An answer of Failed sets `failure`.
    std::optional<MempoolOutput> tell_mempool(MempoolInput input);
    void spread(const mempool_output::Changed& change);
    /// Tells subscribers outside, if there are any.
    void notify(Notice notice);

    // --- node_engine.cpp: what the engine asks for

    /// Informs the engine if the set of waiting transactions has changed since the last call.
    void refresh_demand();
    void route(engine_output::SendMessage& output);
    void route(engine_output::Broadcast& output);
    void route(engine_output::Record& output);
    void route(engine_output::BuildProposal& ask);
    void route(engine_output::CheckProposal& ask);
    void route(engine_output::Publish& output);
    void route(engine_output::Finalize& output);
    void route(engine_output::Blame& output);
    void route(engine_output::CatchUp& output);
    void route(engine_output::SearchNonce& output);
    void route(engine_output::StopSearch& output);

    /// An answer that is given after everything before it in the queue has been routed.
    using LateAnswer = net_input::EngineDone;
    using Work = std::variant<NetOutput, EngineOutput, WalletOutput, LateAnswer>;

    // Constant after construction. Each part borrows from those declared before it.
    const std::unique_ptr<const NodeConfig> config_owner;
    const NodeConfig& config;
    Random& random;
    LogSink& log;
    const std::unique_ptr<NodeStores> stores;

    // The current step.
    Effects& effects;        ///< of `stores`, whose commits add a Persist to it
    std::deque<Work> queue;  ///< empty between steps
    TimePoint now{};         ///< subject to setmocktime
    std::optional<TimePoint> mock_time;
    TimePoint started{};
    TimePoint host_now{};
    NetTime time() const { return {now, host_now}; }
    bool stopping = false;
    std::optional<StorageError> failure;    ///< of a store read through coins()
    const HeaderNode* shown_tip = nullptr;  ///< of the last TipChanged
    CommitId tip_shown{};                   ///< what that waits for

    // Moving to the best chain.
    bool pending = false;    ///< more to connect: call activate() again
    bool unsettled = false;  ///< scripts are being checked: activate() when idle
    BlockHash own_block;     ///< the last block made by this node

    // What messages wait for, in addition to the last commit of the wallets.
    CommitId block_stored{};     ///< of the last block that did not come from a peer
    CommitId engine_recorded{};  ///< of the engine's last Record

    /// Number of reorganisations since the start, by number of disconnected blocks.
    std::map<uint32_t, uint64_t> reorganisations;
    /// Sentences for the user: unknown rules are active. Kept until the node stops.
    std::vector<std::string> warnings;
    uint64_t demand_sequence = 0;  ///< the mempool's, at the last Demand

    // The parts.
    const std::unique_ptr<Engine> engine;
    const std::unique_ptr<Chainstate> chain;
    ChainIndexes indexes;
    MempoolContext mempool_context;
    Mempool mempool;
    InitialDownload initial_download;
    Proposals proposals;
    ChainNetView net_view;
    PeerManager peers;
    ChainWalletView wallet_view;
    std::optional<WalletManager> wallets;
};

}  // namespace parley
