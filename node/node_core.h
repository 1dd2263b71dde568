// NodeCore: the node's parts and the state of the running step. Internal to node/: the adapters
// between the modules hold a reference to it, because they are what connects everything. Core
// thread only.
#pragma once

#include <memory>
#include <optional>

#include "chain/state/tx_index.h"
#include "net/peer_manager.h"
#include "node/chain_flow.h"
#include "node/engine_driver.h"
#include "node/mempool_context.h"
#include "node/net_adapter.h"
#include "node/node.h"
#include "node/node_control.h"
#include "node/step_storage.h"
#include "node/wallet_client.h"
#include "wallet/wallet_manager.h"

namespace parley {

struct NodeCore {
    NodeCore(NodeConfig node_config, const NodeHost& host);

    // Constant after construction.
    const NodeConfig config;
    LogSink& log;
    ScriptVerifier& verifier;

    // The running step.
    Effects effects;
    TimePoint now{};  ///< follows setmocktime
    std::optional<TimePoint> mock_time;
    TimePoint started{};
    TimePoint host_now{};
    bool stopping = false;
    /// A store failed where no verdict could be given: the step ends with Shutdown{error}.
    std::optional<StorageError> failure;
    const HeaderNode* shown_tip = nullptr;  ///< of the last TipChanged

    // Stores, each of whose commits leaves a barrier in `effects`.
    StepStorage blocks;
    StepStorage coins;
    std::optional<StepStorageDirectory> wallet_stores;
    std::optional<StepStorage> tx_index_store;

    // The parts, each built on the ones before it.
    std::unique_ptr<Engine> engine;
    PowEngine* pow = nullptr;  ///< the engine, where it is proof of work
    std::unique_ptr<Chainstate> chain;
    std::optional<TxIndex> tx_index;
    MempoolContext mempool_context;
    Mempool mempool;
    BlockBuilder block_builder;
    NetAdapter net_adapter;
    PeerManager peers;
    WalletClient wallet_client;
    std::optional<WalletManager> wallets;
    EngineDriver engine_driver;
    ChainFlow flow;
    NodeControlImpl control;
};

}  // namespace parley
