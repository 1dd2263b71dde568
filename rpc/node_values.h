// What the RPC methods learn about the node: plain values, copied out on the core thread and turned
// into JSON on an rpc thread. They hold shared_ptr<const Block> and <const Transaction>, never a
// reference into the node. Filled by node/ (NodeControl), read by rpc/.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/peer_id.h"
#include "base/time.h"
#include "base/uint256.h"
#include "chain/primitives/block.h"
#include "chain/primitives/coins.h"
#include "chain/rules/deployment.h"
#include "chain/script/script_flags.h"
#include "consensus/engine_report.h"
#include "node/chain_snapshot.h"

namespace parley::rpc {

// ---- chain

struct ChainSummary {
    BlockSummary tip;
    Height best_header{0};
    bool initial_block_download = false;
    uint64_t size_on_disk = 0;             ///< bytes of blocks and undo data
    bool pruned = false;                   ///< blocks may be removed
    std::optional<Height> pruned_to;       ///< the last block that was
    std::optional<uint64_t> prune_target;  ///< bytes; empty: by hand only
    TimePoint now;                         ///< the node's time: follows setmocktime
    std::vector<std::string> warnings;
};

struct IndexSummary {
    std::string name;
    bool synced = false;
    Height best{0};
};

/// A transaction of the block files.
struct IndexedTransaction {
    TransactionRef transaction;
    BlockHash block;
};

struct ChainTip {
    enum class Status : uint8_t { active, valid_fork, valid_headers, headers_only, invalid };
    Height height{0};
    BlockHash hash;
    int32_t branch_length = 0;  ///< blocks since the active chain
    Status status = Status::active;
};

/// The rules of a block.
struct DeploymentSummary {
    ScriptFlags script_flags = kVerifyNone;
    std::vector<DeploymentReport> signalled;
};

/// How often this node saw the chain fork, over the active chain's heights in [first, last].
struct ForkStats {
    Height first{0};
    Height last{0};
    uint64_t forked_heights = 0;     ///< with two blocks or more
    uint64_t stale_blocks = 0;       ///< whose body is known, outside the active chain
    uint64_t main_chain_blocks = 0;  ///< heights compared
    /// Disconnected blocks -> times that this node reorganised by so many, since it started.
    std::map<uint32_t, uint64_t> reorganisations_by_depth;
};

struct ConsensusSummary {
    std::string engine;
    bool absolute_finality = false;
    std::optional<std::pair<Height, BlockHash>> finalized;
    EngineReport::Object report;
};

// ---- mempool

struct MempoolSummary {
    bool loaded = true;
    uint64_t transactions = 0;
    uint64_t virtual_bytes = 0;
    uint64_t memory_usage = 0;
    uint64_t memory_usage_max = 0;
    Amount total_fee{0};
    Amount min_fee_rate{0};          ///< satoshi a kvB, raised when the pool is full
    Amount min_relay_fee_rate{0};    ///< satoshi a kvB
    Amount incremental_fee_rate{0};  ///< satoshi a kvB
    uint64_t unbroadcast = 0;
    uint64_t sequence = 0;  ///< grows with every change
    bool permit_bare_multisig = true;
    uint64_t data_carrier_size_max = 100'000;
    uint64_t cluster_count_max = 64;
    uint64_t cluster_virtual_bytes_max = 101'000;
};

/// Counts, sizes and fees with ancestors and descendants include the transaction itself.
struct MempoolEntry {
    TransactionRef transaction;
    Amount fee{0};
    Amount modified_fee{0};  ///< with prioritisation
    TimePoint arrived;
    Height height{0};  ///< of the tip when it came
    uint64_t ancestor_count = 1;
    uint64_t ancestor_virtual_bytes = 0;
    Amount ancestor_fees{0};
    uint64_t descendant_count = 1;
    uint64_t descendant_virtual_bytes = 0;
    Amount descendant_fees{0};
    std::vector<Txid> depends;   ///< parents in the pool
    std::vector<Txid> spent_by;  ///< children in the pool
    bool replaceable = false;    ///< signals BIP125, itself or by an ancestor
    bool unbroadcast = false;
};

/// One transaction's admission, tried or done.
struct TxAdmission {
    enum class State : uint8_t {
        accepted,
        already_in_mempool,
        already_in_chain,  ///< one of its outputs is in the UTXO set
        missing_inputs,
        rejected
    };
    State state = State::rejected;
    /// bitcoind's word ("bad-txns-inputs-missingorspent"), and the debug text behind it; both empty
    /// when accepted.
    std::string reject_reason;
    std::string reject_detail;
    int64_t virtual_size = 0;  ///< accepted only, like the next two
    Amount fee{0};
    std::vector<Wtxid>
        effective_includes;  ///< whose fees were counted together; empty: only its own
};

// ---- mining

struct BlockTemplate {
    struct Entry {
        TransactionRef transaction;
        Amount fee{0};
        int64_t sigop_cost = 0;
        std::vector<uint32_t> depends;  ///< 1-based positions in the template
    };
    BlockHeader header;  ///< without merkle root and nonce
    Height height{0};
    int64_t time_min = 0;  ///< Unix seconds
    Amount coinbase_value{0};
    std::vector<Entry> transactions;  ///< without the coinbase
    Script witness_commitment;        ///< the output script (BIP141)
    uint64_t mempool_sequence = 0;
    std::vector<DeploymentReport> deployments;  ///< as of the block below
};

struct MiningSummary {
    uint32_t next_bits = 0;  ///< compact target of the block after the tip
    /// Of the last template that was built, where there was one.
    std::optional<int64_t> last_block_weight;
    std::optional<uint64_t> last_block_transactions;
    uint64_t pooled_transactions = 0;
    Amount block_min_fee_rate{0};  ///< satoshi a kvB
    std::string automine;          ///< "off", "tx", "<seconds>", "poisson:<seconds>"
};

// ---- network

struct PeerSummary {
    PeerId id;
    std::string address;        ///< "127.0.0.1:18444"
    std::string bound_address;  ///< ours
    std::string local_address;  ///< as the peer sees us
    uint64_t services = 0;
    bool relay_transactions = true;
    bool inbound = false;
    bool manual = false;  ///< -connect, -addnode, addnode
    TimePoint connected_at;
    TimePoint last_send;  ///< epoch: never; likewise below
    TimePoint last_received;
    TimePoint last_transaction;
    TimePoint last_block;
    uint64_t bytes_sent = 0;
    uint64_t bytes_received = 0;
    std::map<std::string, uint64_t> bytes_sent_per_message;
    std::map<std::string, uint64_t> bytes_received_per_message;
    std::optional<Duration> ping_time;
    std::optional<Duration> ping_min;
    std::optional<Duration> ping_wait;  ///< of a ping that is not yet answered
    int64_t time_offset_seconds = 0;
    uint32_t version = 0;
    std::string user_agent;
    bool handshake_complete = false;
    int32_t starting_height = -1;
    int32_t presynced_headers = -1;
    int32_t synced_headers = -1;
    int32_t synced_blocks = -1;
    std::vector<Height> inflight;  ///< heights of the blocks asked for
    Amount min_fee_filter{0};      ///< satoshi a kvB
    bool addr_relay_enabled = false;
    uint64_t addr_processed = 0;
    uint64_t addr_rate_limited = 0;
    std::vector<std::string> permissions;
};

struct NetworkSummary {
    std::string user_agent;
    uint32_t protocol_version = 70016;
    uint64_t local_services = 0;
    bool relay_transactions = true;
    bool active = true;
    uint32_t connections_in = 0;
    uint32_t connections_out = 0;
    std::vector<std::pair<std::string, uint16_t>> local_addresses;
    uint64_t bytes_sent = 0;
    uint64_t bytes_received = 0;
};

struct AddedNode {
    std::string address;  ///< as given
    /// Empty when not connected. Second: inbound.
    std::optional<std::pair<std::string, bool>> connection;
};

struct KnownAddress {
    TimePoint last_seen;
    uint64_t services = 0;
    std::string host;
    uint16_t port = 0;
};

enum class AddNodeAction : uint8_t { add, remove, onetry };

// ---- keys and descriptors

struct InputSignError {
    uint32_t input = 0;
    std::string message;
};

struct SignOutcome {
    TransactionData transaction;
    bool complete = false;
    std::vector<InputSignError> errors;
};

struct DescriptorSummary {
    std::string descriptor;  ///< canonical, public keys only, with checksum
    std::string checksum;    ///< of the input as it was given
    bool ranged = false;
    bool solvable = false;
    bool has_private_keys = false;
};

}  // namespace parley::rpc
