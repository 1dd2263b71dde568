// Node: a whole Parley node without a machine under it. Start here to see how the modules fit
// together.
//
// A host (node/daemon or node/simulator) hands it events, each with the time, and carries out the
// effects. The node owns no socket, thread, clock or disk; several live in one process. What it
// promises: an effect that needs a write to be safe names the commit that it waits for (see
// effect.h).
//
// Threads: all functions on one thread, the core. Nothing here blocks, but for reads from Storage.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/expected.h"
#include "base/log.h"
#include "base/random.h"
#include "base/storage/storage.h"
#include "base/time.h"
#include "chain/rules/deployment.h"
#include "chain/script/script_check.h"
#include "chain/state/chainstate.h"
#include "chain/state/tx_index.h"
#include "mempool/block_builder.h"
#include "net/peer_manager.h"
#include "node/config.h"
#include "node/effect.h"
#include "node/event.h"
#include "wallet/wallet_manager.h"

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

    // --- what the node knows, in its modules' own types. References hold until the next step.

    const NodeConfig& config() const;
    TimePoint now() const;    ///< of the running or the last step; follows set_mock_time()
    Duration uptime() const;  ///< by the host's clock
    const Chainstate& chain() const;
    const Engine& engine() const;
    const Mempool& mempool() const;
    const PeerManager& peers() const;
    WalletManager* wallets();         ///< null: -disablewallet
    const TxIndex* tx_index() const;  ///< null: no -txindex
    /// False until the tip is recent; with absolute finality: while many known blocks are missing.
    bool initial_download() const;
    /// Sentences for the user: unknown rules are in force.
    const std::vector<std::string>& warnings() const;
    /// Disconnected blocks -> reorganisations of that depth since the start.
    const std::map<uint32_t, uint64_t>& reorganisations() const;
    /// What the blocks up to this one have signalled.
    std::vector<DeploymentReport> deployments(const HeaderNode& block) const;
    /// The rules that scripts of this block are held to.
    ScriptFlags script_flags(const HeaderNode& block) const;
    /// When blocks are mined. Empty: the engine does not mine.
    std::optional<MiningSchedule> automine() const;
    /// Size of the block that was built last; empty before the first.
    struct BuiltBlock {
        int64_t weight = 0;
        uint64_t transactions = 0;  ///< without the coinbase
    };
    std::optional<BuiltBlock> last_built() const;

    // --- commands, from inside event::Invoke only: RPC methods, tests, the simulator. What a
    // command sets in motion is done, and told to all parts of the node, when it returns.

    /// A block of this node's own, or a client's: the peers cannot have it.
    BlockResult submit_block(const BlockRef& block);
    /// A block from a file (-loadblock), as if a peer had sent it. The error is for the log; a
    /// block whose parent is unknown is one, and the caller may try it again later.
    BlockResult load_block(const BlockRef& block);
    Expected<const HeaderNode*, BlockError> submit_header(const BlockHeader& header);
    /// What StorageError stands for here and below: a store failed, there is no verdict, and the
    /// step ends with Shutdown{error}.
    Expected<AcceptInfo, TxFailure> submit_transaction(const TransactionRef& transaction);
    /// See Mempool::test_accept_package.
    Expected<std::vector<Expected<AcceptInfo, TxReject>>, StorageError> test_accept(
        const std::vector<TransactionRef>& transactions);
    /// Of the best chain, or with `mempool`, of the waiting transactions too (then those that they
    /// spend are not there, and theirs are of the next block). Empty: there is none.
    Expected<std::optional<Coin>, StorageError> coin(const OutPoint& outpoint, bool mempool);
    /// By hand. They fail for an unknown block, and where the engine's finality forbids it.
    Expected<void, BlockError> invalidate_block(const BlockHash& hash);
    Expected<void, BlockError> reconsider_block(const BlockHash& hash);
    /// The block counts as the first seen among those of its score.
    Expected<void, BlockError> prefer_block(const BlockHash& hash);
    /// A piece of what -reindex asks for; false when nothing is left.
    bool reindex_step();
    /// See Chainstate: prune, verify, for_each_coin.
    Height prune(Height height);
    Expected<VerifyResult, StorageError> verify_chain(int level, int32_t blocks);
    Expected<void, StorageError> for_each_coin(
        const std::function<bool(const OutPoint&, const Coin&)>& visitor);
    /// By -txindex, which catches up with the chain first. Empty: not in it, or no index.
    Expected<std::optional<TxIndex::Found>, StorageError> indexed_transaction(const Txid& txid);

    /// A block on top of the tip, complete but for the proof: of waiting transactions, or of
    /// exactly these in this order. Without `payout`, it pays to -miningaddress.
    BlockTemplate build_template(const std::optional<Script>& payout);
    BlockTemplate build_template(const Script& payout,
                                 const std::vector<TransactionRef>& transactions);
    /// Would this block connect on top of its parent, but for its proof?
    Expected<void, BlockFailure> check_proposal(const Block& block);
    /// REQUIRES: automine() is not empty.
    void set_automine(const MiningSchedule& schedule);

    AddNodeResult add_node(const std::string& target, AddNodeCommand command);
    /// False: no such peer.
    bool disconnect_peer(const std::string& address);
    bool disconnect_peer(PeerId peer);
    void ping_peers();
    void set_network_active(bool active);

    /// REQUIRES: wallets() is not null.
    Expected<Wallet*, WalletError> load_wallet(const std::string& name);
    /// Pays from one of this node's wallets: the transaction is in its store, and then in the
    /// mempool, or nothing has happened.
    Expected<SpendResult, WalletError> send(Wallet& wallet, const SpendRequest& request,
                                            const SpendNotes& notes);
    /// The same payments as those of `txid` with a higher fee. Empty rate: enough to be relayed.
    Expected<Wallet::Replacement, WalletError> bump_fee(Wallet& wallet, const Txid& txid,
                                                        std::optional<FeeRate> fee_rate);

    /// Unix seconds; 0 returns to the host's clock.
    void set_mock_time(int64_t seconds);
    void stop();

    struct Impl;  ///< for node/ alone
    /// For create(): nobody else can make an Impl.
    explicit Node(std::unique_ptr<Impl> impl);

 private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace parley
