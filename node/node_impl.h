// Node::Impl: the parts of a node, the queue between them, and the state of the running step.
// Private to node/.
//
// No part calls another. Each takes an input and returns outputs; the outputs wait in one queue,
// and route() hands each to the part whose input it becomes, or to the host as an effect. node.cpp
// has the ways of a block and of a transaction in the order in which things happen;
// node_engine.cpp has what the engine asks for; node_commands.cpp what the user does.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "chain/state/tx_index.h"
#include "net/peer_manager.h"
#include "node/initial_download.h"
#include "node/mempool_context.h"
#include "node/net_view.h"
#include "node/node.h"
#include "node/proposals.h"
#include "node/step_storage.h"
#include "node/wallet_view.h"
#include "wallet/wallet_manager.h"

namespace parley {

/// Where a block comes from.
enum class BlockSource : uint8_t {
    own,    ///< made by this node alone, so that the peers cannot have it
    local,  ///< from the engine, a file or a user
    peer,
};

/// The host's stores as the parts see them: each commit leaves a barrier among the effects of the
/// running step.
struct NodeStores {
    explicit NodeStores(const NodeHost& host);

    Effects effects;
    StepStorage blocks;
    StepStorage coins;
    std::optional<StepStorageDirectory> wallets;
    std::optional<StepStorage> tx_index;
};

struct Node::Impl {
    Impl(std::unique_ptr<const NodeConfig> node_config, std::unique_ptr<NodeStores> node_stores,
         std::unique_ptr<Engine> node_engine, std::unique_ptr<Chainstate> chainstate,
         const NodeHost& host);

    // --- node.cpp: steps, the queue, and the ways of blocks and transactions

    /// Ends a step: what was set in motion comes to rest, and the effects are handed out.
    Effects finish_step(std::optional<uint64_t> invoke = std::nullopt);
    /// Hands on every output that waits, and those that this leads to.
    void run_queue();
    /// Hands on what commands of the user have led to.
    void run_commands();
    void run_timers();
    /// Of any store; null: the node goes on. What waits in the queue is dropped then, as a crash
    /// would drop it, and the step ends with Shutdown{error}.
    const StorageError* store_failure() const;
    /// Readers on other threads learn of a new tip once what made it the tip is safe.
    void show_tip();

    void tell_net(NetInput input);
    void tell_wallets(const WalletInput& input);
    void tell_engine(const EngineInput& input);
    /// Does nothing where blocks are not mined.
    void tell_miner(const MinerInput& input);
    template <class Outputs>
    void enqueue(Outputs outputs) {
        for (auto& output : outputs) queue.emplace_back(std::move(output));
    }

    void route(net_output::Send& output) { effects.push_back(std::move(output)); }
    void route(net_output::Dial& output) { effects.push_back(std::move(output)); }
    void route(net_output::Close& output) { effects.push_back(output); }
    void route(net_output::SubmitHeaders& ask);
    void route(net_output::SubmitBlock& ask);
    void route(net_output::SubmitTransaction& ask);
    void route(net_output::EngineMessage& ask);
    void route(net_output::PeerReady& ask);
    void route(net_output::PeerGone& output);
    void route(wallet_output::SubmitTransaction& ask);

    /// Stores the block and moves to the best chain. Where the block fails to connect, the result
    /// says so; but a peer's block with known successors may be accepted before its scripts have
    /// run, and is reported when they fail.
    BlockResult submit_block(const BlockRef& block, ByteSpan seal, BlockSource source);
    /// Moves to the best chain and tells everybody. One bounded piece of work: `pending` says
    /// whether to call again. Returns the blocks that turned out invalid on the way; they have been
    /// reported already.
    std::vector<InvalidBlock> activate(Settle settle = Settle::all);
    /// Until nothing is pending, and no script is being checked.
    void activate_fully();
    /// The one place from which a new tip fans out: mempool, wallets, engine, net.
    void tip_changed(const ChainUpdate& update);
    void log_tip();
    /// Of the block after the tip. Returns those that are locked in, for the log.
    std::string note_unknown_rules();

    /// On a StorageError `failure` is set too.
    Expected<AcceptInfo, TxFailure> submit_transaction(const TransactionRef& transaction);
    /// Stores a payment in the wallet, offers it to the mempool and the peers, and lets the wallet
    /// keep it or forget it.
    Expected<Txid, WalletError> commit_payment(Wallet& wallet, const TransactionRef& transaction,
                                               const SpendNotes& notes);
    /// Hands on at once what happened in the mempool. Returns the answer to a Submit. Where the
    /// answer is Failed, `failure` is set.
    std::optional<Expected<AcceptInfo, TxFailure>> tell_mempool(MempoolInput input);
    void spread(const mempool_output::Changed& change);

    // --- node_engine.cpp: what the engine asks for

    /// Tells the engine if the set of waiting transactions has changed since the last call.
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

    /// An answer that comes when everything before it in the queue has been handed on.
    using LateAnswer = net_input::EngineDone;
    using Work = std::variant<NetOutput, EngineOutput, WalletOutput, LateAnswer>;

    // Constant after construction. The parts borrow from what stands before them.
    const std::unique_ptr<const NodeConfig> config_owner;
    const NodeConfig& config;
    LogSink& log;
    const std::unique_ptr<NodeStores> stores;

    // The running step.
    Effects& effects;        ///< of `stores`, whose commits leave barriers in it
    std::deque<Work> queue;  ///< empty between two steps
    TimePoint now{};         ///< follows setmocktime
    std::optional<TimePoint> mock_time;
    TimePoint started{};
    TimePoint host_now{};
    bool stopping = false;
    std::optional<StorageError> failure;    ///< of a store that was read through coins()
    const HeaderNode* shown_tip = nullptr;  ///< of the last TipChanged

    // The way to the best chain.
    bool pending = false;    ///< there is more to connect: activate() again
    bool unsettled = false;  ///< scripts of a block are being checked: activate() when idle
    BlockHash own_block;     ///< the last block that this node made
    /// Disconnected blocks -> reorganisations of that depth since the start.
    std::map<uint32_t, uint64_t> reorganisations;
    /// Sentences for the user: unknown rules are in force. They stay until the node stops.
    std::vector<std::string> warnings;
    uint64_t demand_sequence = 0;  ///< the mempool's, of the last Demand

    // The parts.
    const std::unique_ptr<Engine> engine;
    const std::unique_ptr<Chainstate> chain;
    std::optional<TxIndex> tx_index;
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
