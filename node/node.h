// Node: a whole Parley node without a machine under it. Start here to see how the modules fit
// together.
//
// A host (node/daemon or node/simulator) hands it events, each with the time, and carries out the
// effects, in their order. The node owns no socket, thread, clock or disk; several live in one
// process. What it promises: effects that need a write to be safe come after the Persist barrier
// for it (see effect.h).
//
// Threads: all functions on one thread, the core. Nothing here blocks, but for reads from Storage.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/expected.h"
#include "base/log.h"
#include "base/random.h"
#include "base/storage/storage.h"
#include "base/time.h"
#include "chain/script/script_check.h"
#include "node/config.h"
#include "node/effect.h"
#include "node/event.h"
#include "rpc/node_view.h"

namespace parley {

/// What the host lends to a node. All of it outlives the node.
struct NodeHost {
    Storage& blocks;            ///< block index, block and undo files, engine state
    Storage& coins;             ///< the UTXO set
    StorageDirectory* wallets;  ///< null: no wallets (-disablewallet)
    ScriptVerifier& verifier;
    Random& random;
    Random& secrets;  ///< for keys: the operating system's in the daemon
    LogSink& log;
    Storage* tx_index = nullptr;  ///< -txindex; null: none is kept
};

struct NodeCore;

class Node {
 public:
    /// Opens the stores and repairs what a crash left. The error is a sentence for stderr; nothing
    /// is overwritten then.
    static Expected<std::unique_ptr<Node>, std::string> create(NodeConfig config,
                                                               const NodeHost& host);
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    /// Once, before any event. Loads the wallets, starts the engine, dials.
    Effects start(TimePoint now);

    /// One step. `now` must not go backwards.
    Effects handle(Event event, TimePoint now);

    /// When the node wants a TimerDue; a time that has passed means at once.
    std::optional<TimePoint> next_deadline() const;

    /// For calls from inside event::Invoke only (RPC, tests, the simulator).
    rpc::NodeControl& control();
    const rpc::NodeView& view() const;

    const NodeConfig& config() const;
    const Chainstate& chain() const;
    const Engine& engine() const;
    const Mempool& mempool() const;

    /// A block from a file (-loadblock), as if a peer had sent it. From inside event::Invoke only.
    /// The error is for the log; a block whose parent is unknown is one, and the caller may try it
    /// again later.
    BlockResult load_block(const BlockRef& block);

    /// A piece of what -reindex asks for; false when nothing is left. From inside event::Invoke
    /// only.
    bool reindex_step();

    /// For create(): nobody else can make a NodeCore.
    explicit Node(std::unique_ptr<NodeCore> core);

 private:
    std::unique_ptr<NodeCore> core_;
};

}  // namespace parley
