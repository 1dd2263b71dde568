// Node: a complete Parley node, independent of any machine. Start here to see how the modules fit
// together.
//
// A host (node/daemon or node/simulator) passes it events, each with its time, and carries out the
// effects. The node owns no socket, thread, clock or disk; several nodes can live in one process.
// An effect that depends on a write names the commit that it waits for (effect.h).
//
// Threads: all functions are called on one thread, the core thread. Nothing here blocks, except for
// reads from Storage.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
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
#include "chain/state/indexes/chain_indexes.h"
#include "mempool/block_builder.h"
#include "net/peer_manager.h"
#include "node/config.h"
#include "node/effect.h"
#include "node/event.h"
#include "node/proposals.h"
#include "wallet/wallet_manager.h"

namespace parley {

/// What the host provides to a node. All of it must outlive the node.
struct NodeHost {
    Storage& blocks;            ///< block index, block and undo files, engine state
    Storage& coins;             ///< the UTXO set
    StorageDirectory* wallets;  ///< null: no wallets (-disablewallet)
    ScriptVerifier& verifier;
    Random& random;
    Random& secrets;  ///< for keys; the operating system's in the daemon
    LogSink& log;
    IndexStores indexes{};
};

class Node {
 public:
    /// Opens the stores and repairs them after a crash. The error is a sentence for stderr; in that
    /// case nothing is overwritten.
    static Expected<std::unique_ptr<Node>, std::string> create(NodeConfig config,
                                                               const NodeHost& host);
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    /// Call once, before any event. Loads the wallets, starts the engine, dials peers.
    Effects start(TimePoint now);

    /// One step. `now` must not go backwards.
    Effects handle(Event event, TimePoint now);

    /// When the node needs a TimerDue; a time in the past means at once.
    std::optional<TimePoint> next_deadline() const;

    // --- the node's state, in its modules' own types. References are valid until the next step.

    const NodeConfig& config() const;
    TimePoint now() const;    ///< of the current or last step; subject to set_mock_time()
    Duration uptime() const;  ///< by the host's clock
    Random& random() const;
    const Chainstate& chain() const;
    const Engine& engine() const;
    const Mempool& mempool() const;
    const PeerManager& peers() const;
    WalletManager* wallets();  ///< null: -disablewallet
    const ChainIndexes& indexes() const;
    /// See InitialDownload.
    bool initial_download() const;
    /// Sentences for the user: of the engine, and unknown rules that are active.
    std::vector<std::string> warnings() const;
    /// Number of reorganisations since the start, by number of disconnected blocks.
    const std::map<uint32_t, uint64_t>& reorganisations() const;
    /// The states of the deployments after this block.
    std::vector<DeploymentReport> deployments(const HeaderNode& block) const;
    /// The script rules that apply to this block.
    ScriptFlags script_flags(const HeaderNode& block) const;
    /// When blocks are mined. Empty: the engine does not mine.
    std::optional<MiningSchedule> automine() const;
    /// Size of the last block that was built; empty before the first.
    const std::optional<Proposals::LastBuilt>& last_built() const;

    // --- commands, only to be called inside event::Invoke: by RPC methods, tests, the simulator.
    // When a command returns, all parts of the node have processed its consequences.

    /// A block made by this node or by a client, which no peer can have.
    BlockResult submit_block(const BlockRef& block);
    /// A block from a file (-loadblock), treated like one from a peer. The error is for the log; it
    /// may be an unknown parent, in which case the caller may try again later.
    BlockResult load_block(const BlockRef& block);
    Expected<const HeaderNode*, BlockError> submit_header(const BlockHeader& header);
    /// Here and below, StorageError means: a store failed, there is no verdict, and the step ends
    /// with Shutdown{error}.
    Expected<AcceptInfo, TxFailure> submit_transaction(
        const TransactionRef& transaction, const std::optional<TimePoint>& arrival = {});
    /// See mempool_input::SubmitPackage.
    Expected<PackageResult, StorageError> submit_package(mempool_input::SubmitPackage package);
    /// Announces a transaction of the mempool again until a peer has asked for it. Done for what
    /// submit_transaction() accepts without a time of arrival.
    void broadcast_initially(const Txid& txid);
    /// To peers that may not know it, if it is in the mempool.
    void announce_again(const Txid& txid);
    /// See Mempool.
    Expected<TestResult, StorageError> test_accept(const std::vector<TransactionRef>& transactions);
    /// See Mempool.
    void prioritise(const Txid& txid, Amount delta);
    /// A coin of the best chain. With `mempool`, coins of the mempool count too (with the height of
    /// the next block), and coins that it spends do not. Empty: no such coin.
    Expected<std::optional<Coin>, StorageError> coin(const OutPoint& outpoint, bool mempool);
    /// User commands. They fail for an unknown block, and if the engine's finality forbids it.
    Expected<void, BlockError> invalidate_block(const BlockHash& hash);
    Expected<void, BlockError> reconsider_block(const BlockHash& hash);
    /// Treats the block as first seen among those with its score.
    Expected<void, BlockError> prefer_block(const BlockHash& hash);
    /// One piece of the work of -reindex; false if nothing is left.
    bool reindex_step();
    /// See Chainstate: prune, verify, coins_snapshot.
    Height prune(Height height);
    Expected<VerifyResult, StorageError> verify_chain(int level, int32_t blocks);
    Expected<CoinsSnapshot, StorageError> coins_snapshot();
    /// See Chainstate. Further errors: the mempool is not empty, or a wallet is loaded.
    Expected<void, std::string> begin_snapshot(const BlockHash& base);
    void add_snapshot_coins(std::span<const std::pair<OutPoint, Coin>> coins);
    Expected<bool, std::string> finish_snapshot();
    void drop_snapshot();
    /// Indexes the last blocks first.
    const ChainIndexes& current_indexes();

    /// A block on top of the tip, complete except for the proof: of waiting transactions, or of
    /// exactly the given ones in this order. Without `payout`, it pays to -miningaddress.
    BlockTemplate build_template(const std::optional<Script>& payout,
                                 CoinbaseForm form = CoinbaseForm::unique);
    BlockTemplate build_template(const Script& payout,
                                 const std::vector<TransactionRef>& transactions,
                                 CoinbaseForm form = CoinbaseForm::unique);
    /// Whether this block would connect on top of its parent, ignoring its proof.
    Expected<void, BlockFailure> check_proposal(const Block& block);
    /// REQUIRES: automine() is not empty.
    void set_automine(const MiningSchedule& schedule);

    AddNodeResult add_node(const std::string& target, AddNodeCommand command);
    /// Runs another of PeerManager's user commands, then what it asks for.
    void command_peers(const std::function<void(PeerManager&, NetTime now)>& command);

    /// REQUIRES: wallets() is not null.
    Expected<Wallet*, WalletError> load_wallet(const std::string& name);
    /// Pays from one of this node's wallets. Afterwards the transaction is in the wallet's store
    /// and in the mempool, or nothing has happened. insufficient_funds: none could be made.
    Expected<SpendResult, WalletError> send(Wallet& wallet, const SpendRequest& request,
                                            const SpendNotes& notes);
    /// Replaces `txid` by a transaction with a higher fee.
    Expected<Wallet::Replacement, WalletError> bump_fee(Wallet& wallet, const Txid& txid,
                                                        const BumpRequest& request);

    /// Unix seconds; 0 returns to the host's clock.
    void set_mock_time(int64_t seconds);
    void stop();

    struct Impl;  ///< private to node/
    /// For create(): no other code can construct an Impl.
    explicit Node(std::unique_ptr<Impl> impl);

 private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace parley
