// What the wallet methods ask of one loaded wallet. Implemented by node/ over wallet/; called on
// the core thread inside NodeGateway::run only, and never kept beyond it. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "chain/coins.h"
#include "rpc/error.h"
#include "rpc/node_values.h"

namespace parley::rpc {

struct WalletSummary {
    std::string name;
    uint64_t transactions = 0;
    uint64_t keypool_size = 0;         ///< receiving addresses ahead
    uint64_t keypool_size_change = 0;  ///< change addresses ahead
    bool private_keys_enabled = true;
    bool avoid_reuse = false;
    bool blank = false;
    std::optional<int64_t> birth_time;  ///< Unix seconds
    std::optional<double> scanning_progress;
    int64_t scanning_seconds = 0;
    Height last_processed_height{0};
    BlockHash last_processed_block;
};

struct WalletBalances {
    Amount trusted{0};
    Amount untrusted_pending{0};
    Amount immature{0};
};

/// An unspent output of the wallet.
struct WalletCoin {
    OutPoint outpoint;
    TxOutput output;
    int32_t confirmations = 0;
    bool coinbase = false;
    bool mature = true;
    bool spendable = true;  ///< we hold the keys
    bool solvable = true;
    bool safe = true;  ///< confirmed, or unconfirmed and our own
    bool locked = false;
    bool change = false;
    std::optional<std::string> label;  ///< of the address, where it is in the address book
    std::string descriptor;            ///< empty when not solvable
    std::vector<std::string> parent_descriptors;
    /// Of the unconfirmed ancestors, the coin's transaction included; 0 when confirmed.
    uint64_t ancestor_count = 0;
    uint64_t ancestor_virtual_bytes = 0;
    Amount ancestor_fees{0};
};

/// One output seen from the wallet.
struct WalletTxDetail {
    enum class Category : uint8_t { send, receive, generate, immature, orphan };
    Category category = Category::receive;
    Script script_pubkey;
    Amount amount{0};  ///< negative when sent
    uint32_t output = 0;
    std::optional<std::string> label;
    std::vector<std::string> parent_descriptors;
};

struct WalletTransaction {
    struct InBlock {
        BlockHash hash;
        Height height{0};
        uint32_t index = 0;  ///< position in the block
        int64_t time = 0;    ///< of the header
    };
    TransactionRef transaction;
    std::optional<InBlock> block;
    /// In the active chain: 1 and more; 0 in the mempool or nowhere; negative: conflicts with a
    /// transaction so deep.
    int32_t confirmations = 0;
    TimePoint time;  ///< smart time: of the block, or of arrival
    TimePoint time_received;
    Amount net{0};              ///< credit - debit, without the fee
    std::optional<Amount> fee;  ///< positive; known when all inputs are ours
    bool trusted = false;       ///< unconfirmed only
    bool in_mempool = false;
    bool abandoned = false;
    bool replaceable = false;
    std::optional<Txid> replaced_by;
    std::optional<Txid> replaces;
    std::vector<Txid> conflicts;
    std::string comment;
    std::string comment_to;
    std::vector<WalletTxDetail> details;  ///< sends first, then receives, by output
};

struct WalletAddress {
    bool mine = false;
    bool watch_only = false;
    bool solvable = false;
    bool change = false;
    std::string descriptor;         ///< empty when not solvable
    std::string parent_descriptor;  ///< empty when there is none
    Bytes public_key;               ///< empty when unknown
    std::optional<int64_t> timestamp;
    std::string hd_key_path;  ///< "m/84h/1h/0h/0/3"; empty: not HD
    std::string hd_master_fingerprint;
    std::optional<std::string> label;
    std::string purpose;  ///< "receive", "send"; empty without a label
};

struct WalletSendRequest {
    struct Recipient {
        Script script_pubkey;
        Amount amount{0};
        bool subtract_fee = false;
    };
    std::vector<Recipient> recipients;  ///< in the order of the outputs wished for
    std::optional<Amount> fee_rate;     ///< satoshi a kvB; empty: the wallet's estimate or fallback
    std::optional<bool> replaceable;
    bool avoid_reuse = false;
    std::string comment;
    std::string comment_to;
};

struct WalletSent {
    TransactionRef transaction;
    Amount fee{0};
    std::string fee_reason;  ///< "Fallback fee", "User specified"
};

struct DescriptorImport {
    std::string descriptor;
    bool active = false;
    bool internal = false;
    std::optional<std::pair<uint32_t, uint32_t>> range;  ///< first and last
    std::optional<uint32_t> next_index;
    std::optional<int64_t> timestamp;  ///< Unix seconds; empty: now, no rescan
    std::optional<std::string> label;
};

struct DescriptorImported {
    std::optional<RpcError> error;  ///< empty: success
    std::vector<std::string> warnings;
};

struct WalletDescriptor {
    std::string descriptor;  ///< with checksum; with private keys when they were asked for
    std::optional<int64_t> timestamp;
    bool active = false;
    std::optional<bool> internal;
    std::optional<std::pair<uint32_t, uint32_t>> range;
    std::optional<uint32_t> next_index;
};

class WalletView {
 public:
    virtual ~WalletView() = default;

    virtual WalletSummary summary() const = 0;
    virtual WalletBalances balances() const = 0;
    /// Trusted balance of outputs with at least `confirmations_min`.
    virtual Amount balance(int32_t confirmations_min) const = 0;
    /// Every unspent output, unconfirmed and immature ones included, locked ones too.
    virtual std::vector<WalletCoin> unspent() const = 0;
    /// Oldest first (order in which the wallet learned of them); abandoned and conflicted ones
    /// included.
    virtual std::vector<WalletTransaction> transactions() const = 0;
    virtual std::optional<WalletTransaction> transaction(const Txid& txid) const = 0;
    virtual WalletAddress address(const Script& script_pubkey) const = 0;
    /// Address book: script and label of every receiving address that was handed out or labelled.
    virtual std::vector<std::pair<Script, std::string>> labels() const = 0;
    virtual std::vector<OutPoint> locked() const = 0;
    /// Fails when `with_private_keys` is asked of a wallet that has none.
    virtual RpcResult<std::vector<WalletDescriptor>> descriptors(bool with_private_keys) const = 0;
    /// The outputs behind the inputs that this wallet knows.
    virtual std::optional<Coin> known_coin(const OutPoint& outpoint) const = 0;
    /// Signs what its keys can sign. `spent` is parallel to the inputs; empty: unknown.
    virtual SignOutcome sign(const TransactionData& transaction,
                             const std::vector<std::optional<TxOutput>>& spent,
                             int sighash_type) const = 0;
};

class WalletControl : public WalletView {
 public:
    enum class Chain : uint8_t { receive, change };

    /// A script of the next unused key. Types that the wallet has no descriptor for fail with
    /// wallet_keypool's text. `type` is "bech32", "legacy", ...; empty: the default.
    virtual RpcResult<Script> new_address(Chain chain, const std::string& label,
                                          const std::string& type) = 0;
    virtual RpcStatus set_label(const Script& script_pubkey, const std::string& label) = 0;
    /// Chooses coins, signs, stores, and hands it to the mempool.
    virtual RpcResult<WalletSent> send(const WalletSendRequest& request) = 0;
    /// One result for each request. Rescans from the earliest timestamp.
    virtual RpcResult<std::vector<DescriptorImported>> import_descriptors(
        const std::vector<DescriptorImport>& requests) = 0;
    /// Both ends included; empty `last`: up to the tip. Returns the range that was scanned.
    virtual RpcResult<std::pair<Height, Height>> rescan(Height first,
                                                        std::optional<Height> last) = 0;
    /// `persistent` survives a restart.
    virtual void lock_coin(const OutPoint& outpoint, bool persistent) = 0;
    virtual void unlock_coin(const OutPoint& outpoint) = 0;
    virtual void unlock_all_coins() = 0;
    virtual RpcStatus abandon(const Txid& txid) = 0;
};

struct WalletCreation {
    std::string name;
    bool disable_private_keys = false;
    bool blank = false;
    bool avoid_reuse = false;
    std::optional<bool> load_on_startup;
};

}  // namespace parley::rpc
