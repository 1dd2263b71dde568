// NodeView and NodeControl: everything that the RPC methods may ask of a node, and nothing about
// how it is done. They are not a general interface to the node: each function serves methods that
// exist. Implemented by node/; called on the core thread only, inside NodeGateway::run, and never
// kept beyond it. NodeGateway and Host are the host's side: both are called from rpc threads.
//
// Failures that a client can cause come back as Error with bitcoind's code and words. A failing
// machine is not reported here: the host stops the node.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chain/rules/address.h"
#include "rpc/jsonrpc/error.h"
#include "rpc/node_values.h"
#include "rpc/wallet_view.h"

namespace parley::rpc {

class NodeView {
 public:
    virtual ~NodeView() = default;

    // chain
    virtual ChainSummary chain() const = 0;
    /// Any header of the tree. Empty: unknown.
    virtual std::optional<BlockSummary> block_summary(const BlockHash& hash) const = 0;
    /// In the active chain. Empty: above the tip, or negative.
    virtual std::optional<BlockSummary> block_at(Height height) const = 0;
    /// REQUIRES: the header is known.
    virtual DeploymentSummary deployments(const BlockHash& hash) const = 0;
    /// Fails with misc "Block not available (not fully downloaded)" when only the header is known.
    virtual Result<BlockRef> block(const BlockHash& hash) const = 0;
    virtual Result<KnownBlock> block_with_spent(const BlockHash& hash) const = 0;
    /// The optional indexes that this node keeps.
    virtual std::vector<IndexSummary> indexes() const = 0;
    /// By -txindex. Empty: not in it. Fails with misc where the files are damaged.
    virtual Result<std::optional<IndexedTransaction>> indexed_transaction(
        const Txid& txid) const = 0;
    /// The active one and every other leaf of the tree, highest first.
    virtual std::vector<ChainTip> chain_tips() const = 0;
    /// In the UTXO set; with `mempool`, also as the mempool makes and spends outputs (a mempool
    /// coin has the tip's height + 1).
    virtual std::optional<Coin> coin(const OutPoint& outpoint, bool mempool) const = 0;
    /// Over the last `heights` heights of the active chain, or all of them above genesis.
    virtual ForkStats fork_stats(std::optional<uint32_t> heights) const = 0;
    virtual ConsensusSummary consensus() const = 0;

    // mempool
    virtual MempoolSummary mempool() const = 0;
    /// In order of arrival.
    virtual std::vector<MempoolEntry> mempool_entries() const = 0;
    virtual std::vector<Txid> mempool_txids() const = 0;
    virtual std::optional<MempoolEntry> mempool_entry(const Txid& txid) const = 0;
    /// Without the transaction itself; empty when it is not in the pool.
    virtual std::vector<MempoolEntry> mempool_ancestors(const Txid& txid) const = 0;
    virtual std::vector<MempoolEntry> mempool_descendants(const Txid& txid) const = 0;
    /// The waiting transaction that spends the outpoint.
    virtual std::optional<Txid> mempool_spender(const OutPoint& outpoint) const = 0;
    /// Would these, in order and each after the ones before, be admitted now? One result each.
    virtual std::vector<TxAdmission> test_accept(
        const std::vector<TransactionRef>& transactions) const = 0;

    // mining
    virtual Result<BlockTemplate> block_template() const = 0;
    /// A block below the active tip that pays its coinbase to `coinbase`, complete but for the
    /// nonce. With `transactions`: exactly these, in this order; fails when it would not connect
    /// (verify, "TestBlockValidity failed: ..."). Fails where blocks are not mined (another
    /// engine).
    virtual Result<BlockRef> build_block(
        const Script& coinbase,
        const std::optional<std::vector<TransactionRef>>& transactions) const = 0;
    /// BIP23 proposal mode: empty string when it would connect, else the reject reason.
    virtual std::string check_proposal(const BlockRef& block) const = 0;
    virtual MiningSummary mining() const = 0;

    // network
    virtual NetworkSummary network() const = 0;
    virtual std::vector<PeerSummary> peers() const = 0;  ///< by id
    virtual std::vector<AddedNode> added_nodes() const = 0;
    virtual std::vector<KnownAddress> known_addresses() const = 0;

    // keys, descriptors
    virtual Result<DescriptorSummary> describe(const std::string& descriptor) const = 0;
    /// Output scripts of the descriptor for the indexes [first, last] (0, 0 when not ranged).
    virtual Result<std::vector<Script>> expand_descriptor(const std::string& descriptor,
                                                          uint32_t first, uint32_t last) const = 0;
    /// `spent` is parallel to the inputs; empty: unknown.
    virtual SignOutcome sign_with_keys(const TransactionData& transaction,
                                       const std::vector<ExportedKey>& keys,
                                       const std::vector<std::optional<TxOutput>>& spent,
                                       uint8_t sighash_type) const = 0;

    // wallets
    virtual bool wallets_enabled() const = 0;
    virtual std::vector<std::string> loaded_wallets() const = 0;
    virtual std::vector<std::string> wallet_directory() const = 0;

    virtual Duration uptime() const = 0;
};

class NodeControl : public NodeView {
 public:
    // chain
    /// Fail with address_or_key "Block not found"; and where the engine's finality forbids it.
    virtual Status invalidate_block(const BlockHash& hash) = 0;
    virtual Status reconsider_block(const BlockHash& hash) = 0;
    /// The block counts as the first seen among those of its score.
    virtual Status prefer_block(const BlockHash& hash) = 0;
    /// Are the last `blocks` blocks (0: all) stored as they were accepted? `level` 0 to 4. What is
    /// wrong is in the log.
    virtual bool verify_chain(int level, int32_t blocks) = 0;
    /// Removes blocks up to this height, as far as whole files allow. Returns the last one removed
    /// ever; empty: none.
    virtual Result<std::optional<Height>> prune_blocks(Height height) = 0;
    /// BIP22's result: empty when the block was accepted and connected, else "duplicate",
    /// "inconclusive", or the reject reason.
    virtual std::string submit_block(const BlockRef& block) = 0;
    virtual Status submit_header(const BlockHeader& header) = 0;
    /// The UTXO set after the active tip in the order of the outpoints; may write a cache out
    /// first. The visitor returns false to stop.
    virtual Status for_each_coin(
        const std::function<bool(const OutPoint&, const Coin&)>& visitor) = 0;

    /// Bytes of the database of the UTXO set, estimated.
    virtual uint64_t coins_size_on_disk() const = 0;

    // mempool: announces it to the peers when it was admitted
    virtual TxAdmission submit_transaction(const TransactionRef& transaction) = 0;

    // network. Texts as bitcoind's: "Error: Node already added", ...
    virtual Status add_node(const std::string& address, AddNodeAction action) = 0;
    virtual Status disconnect_node(const std::string& address) = 0;
    virtual Status disconnect_node(PeerId peer) = 0;
    virtual void ping_peers() = 0;
    virtual void set_network_active(bool active) = 0;

    // time, mining, end
    /// Unix seconds; 0 returns to the host's clock.
    virtual void set_mock_time(int64_t seconds) = 0;
    /// "off", "tx", "<seconds>", "poisson:<seconds>".
    virtual Status set_automine(const std::string& mode) = 0;
    virtual void stop() = 0;

    // wallets. Empty pointer: not loaded. Valid during this run only.
    virtual WalletControl* wallet(const std::string& name) = 0;
    /// Return warnings.
    virtual Result<std::vector<std::string>> create_wallet(const WalletCreation& creation) = 0;
    virtual Result<std::vector<std::string>> load_wallet(const std::string& name,
                                                         std::optional<bool> on_startup) = 0;
    virtual Result<std::vector<std::string>> unload_wallet(const std::string& name,
                                                           std::optional<bool> on_startup) = 0;
};

/// The way to the core thread. Implemented by the host (and by tests over a fake).
class NodeGateway {
 public:
    virtual ~NodeGateway() = default;

    /// Runs `call` on the core thread within one step of the node and returns when that step's
    /// effects are durable. False: the node is stopping and `call` did not run. `call` throws
    /// nothing.
    [[nodiscard]] virtual bool run(const std::function<void(NodeControl&)>& call) = 0;

    /// The best chain as it is known on rpc threads: at least as new as every run() that has
    /// returned. Null: not known, ask by run().
    virtual std::shared_ptr<const ChainSnapshot> chain() const = 0;
};

/// What the process knows and the node does not. Implemented by the host; thread-safe.
class Host {
 public:
    struct ActiveCommand {
        std::string method;
        Duration duration;
    };
    struct LogCategoryState {
        std::string name;
        bool enabled = false;
    };

    virtual ~Host() = default;

    /// Not empty while the node cannot serve yet: "Loading block index…". Calls fail with -28.
    virtual std::optional<std::string> warm_up() const = 0;
    virtual std::string log_path() const = 0;
    /// A method starts; the handle ends it when it is destroyed. For getrpcinfo.
    virtual std::shared_ptr<void> command_started(std::string_view method) = 0;
    virtual std::vector<ActiveCommand> active_commands() const = 0;
    virtual std::vector<LogCategoryState> log_categories() const = 0;
    /// False: no category of that name ("all" and "none" exist).
    virtual bool set_log_category(std::string_view name, bool enabled) = 0;
    /// Of this process's miner, measured over the last seconds; 0 before it ever searched.
    virtual double hashes_per_second() const = 0;
    /// Monotonic; for the time-outs of the wait methods.
    virtual Duration steady_time() const = 0;
    /// Blocks the calling rpc thread. False: the process is stopping; return at once.
    virtual bool pause(Duration duration) = 0;
};

}  // namespace parley::rpc
