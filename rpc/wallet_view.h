// What the wallet methods ask of one loaded wallet, and the values it answers with. Implemented by
// node/ over wallet/; called on the core thread inside NodeGateway::run only, and never kept beyond
// it. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chain/primitives/coins.h"
#include "rpc/jsonrpc/error.h"
#include "wallet/keys/signer.h"

namespace parley::rpc {

struct WalletSummary {
    std::string name;
    uint64_t transactions = 0;
    uint64_t keypool_receive = 0;  ///< addresses ahead of the next one
    uint64_t keypool_change = 0;
    bool private_keys = true;
    bool blank = false;
    std::optional<int64_t> birth_time;  ///< Unix seconds
    Height last_block_height{0};        ///< up to which it follows the chain
    BlockHash last_block_hash;
};

struct WalletBalances {
    Amount trusted{0};
    Amount untrusted_pending{0};
    Amount immature{0};
};

struct WalletUnspentQuery {
    int32_t confirmations_min = 1;
    int32_t confirmations_max = 9'999'999;
    std::vector<Script> scripts;  ///< empty: all
    bool include_unsafe = true;
    bool include_immature = false;
    Amount amount_min{0};
    Amount amount_max = kMaxMoney;
    Amount sum_min = kMaxMoney;  ///< stop once the listed amounts reach it
    uint64_t count_max = 0;      ///< 0: no limit
};

struct WalletUnspent {
    OutPoint outpoint;
    TxOutput output;
    std::optional<std::string> label;  ///< of an address in the address book
    int32_t confirmations = 0;
    bool spendable = true;   ///< we hold the key
    bool solvable = true;    ///< we know the public key
    bool safe = true;        ///< confirmed, or our own change
    std::string descriptor;  ///< empty when not solvable
    std::vector<std::string> parent_descriptors;
};

struct WalletTx {
    struct InBlock {
        BlockHash hash;
        Height height{0};
        uint32_t index = 0;  ///< position in the block
        int64_t time = 0;    ///< of the header, Unix seconds
    };
    TransactionRef transaction;
    /// In the active chain: 1 and more; 0: unconfirmed; negative: conflicts with one so deep.
    int32_t confirmations = 0;
    std::optional<InBlock> block;
    bool generated = false;
    bool trusted = false;  ///< unconfirmed only
    bool abandoned = false;
    bool replaceable = false;
    std::vector<Txid> wallet_conflicts;
    std::vector<Txid> mempool_conflicts;
    std::optional<Txid> replaces;
    std::optional<Txid> replaced_by;
    std::string comment;
    std::string comment_to;
    int64_t time = 0;           ///< Unix seconds
    int64_t time_received = 0;  ///< Unix seconds
};

/// One output seen from the wallet.
struct WalletTxDetail {
    enum class Category : uint8_t { send, receive, generate, immature, orphan };
    Category category = Category::receive;
    Script script;
    std::optional<std::string> label;
    Amount amount{0};  ///< negative for send
    uint32_t output = 0;
    std::optional<Amount> fee;  ///< negative; send only
    std::vector<std::string> parent_descriptors;
};

struct WalletListed {
    WalletTxDetail detail;
    WalletTx transaction;
};

struct WalletTxView {
    WalletTx transaction;
    Amount amount{0};           ///< what the balance changed by, without the fee
    std::optional<Amount> fee;  ///< negative; only when all inputs are the wallet's
    std::vector<WalletTxDetail> details;
};

struct WalletAddress {
    bool mine = false;
    bool solvable = false;
    bool change = false;
    std::string descriptor;         ///< empty when not solvable
    std::string parent_descriptor;  ///< empty when there is none
    Bytes public_key;               ///< empty when unknown
    std::optional<int64_t> timestamp;
    std::string hd_key_path;            ///< "m/84h/1h/0h/0/3"; empty: not HD
    std::string hd_master_fingerprint;  ///< 8 hexadecimal digits
    std::optional<std::string> label;
};

struct WalletLabelled {
    std::string address;
    std::string label;
    bool send = false;  ///< purpose "send", otherwise "receive"
};

struct WalletReceived {
    std::string address;
    std::string label;
    Amount amount{0};
    int32_t confirmations = 0;  ///< of the most recent
    std::vector<Txid> txids;
};

struct WalletSpend {
    struct Recipient {
        Script script;
        Amount amount{0};
        bool subtract_fee = false;
    };
    std::vector<Recipient> recipients;
    std::optional<Amount> fee_rate;  ///< satoshi a kvB; empty: the wallet's fallback
    std::optional<bool> replaceable;
    std::string comment;
    std::string comment_to;
};

/// Given to fund a transaction: its outputs and inputs stay.
struct WalletFunding {
    std::optional<Amount> fee_rate;  ///< satoshi a kvB
    bool add_inputs = true;
    bool include_unsafe = false;
    bool lock_unspents = false;
    std::optional<bool> replaceable;
    std::optional<Script> change_script;
    std::optional<uint32_t> change_position;
    std::vector<uint32_t> subtract_fee_from_outputs;
};

struct WalletSent {
    TransactionRef transaction;
    Amount fee{0};
    std::optional<uint32_t> change_position;
};

struct WalletBumped {
    WalletSent replacement;
    Amount original_fee{0};
};

struct WalletImport {
    std::string descriptor;
    bool active = false;
    bool internal = false;
    std::optional<std::string> label;
    std::optional<int64_t> timestamp;                    ///< Unix seconds; empty: now, no rescan
    std::optional<std::pair<uint32_t, uint32_t>> range;  ///< both included
    std::optional<uint32_t> next_index;
};

struct WalletDescriptor {
    std::string descriptor;  ///< with checksum; with private keys when they were asked for
    int64_t timestamp = 0;   ///< Unix seconds
    bool active = false;
    std::optional<bool> internal;                        ///< active ones only
    std::optional<std::pair<uint32_t, uint32_t>> range;  ///< both included; empty: not ranged
    uint32_t next_index = 0;
};

class WalletView {
 public:
    virtual ~WalletView() = default;

    virtual WalletSummary summary() const = 0;
    virtual WalletBalances balances(int32_t confirmations_min) const = 0;
    /// Without locked coins.
    virtual std::vector<WalletUnspent> unspent(const WalletUnspentQuery& query) const = 0;
    /// The most recent `count` after skipping `skip`, oldest first. `label`: only receives with it.
    virtual std::vector<WalletListed> list(const std::optional<std::string>& label, uint64_t count,
                                           uint64_t skip) const = 0;
    /// Transactions of blocks after `since` (empty: all), and unconfirmed ones; oldest first.
    virtual std::vector<WalletListed> list_since(const std::optional<BlockHash>& since) const = 0;
    virtual std::optional<WalletTxView> transaction(const Txid& txid) const = 0;
    virtual std::vector<WalletReceived> received(int32_t confirmations_min,
                                                 bool include_empty) const = 0;
    virtual WalletAddress address(const Script& script) const = 0;
    virtual std::vector<WalletLabelled> address_book() const = 0;
    virtual std::vector<OutPoint> locked() const = 0;
    virtual Result<std::vector<WalletDescriptor>> descriptors(bool with_private_keys) const = 0;
    /// An output of a transaction that the wallet knows.
    virtual std::optional<TxOutput> known_output(const OutPoint& outpoint) const = 0;
    /// Signs what its keys can sign.
    virtual SignResult sign(const TransactionData& transaction, const SpentOutputs& spent,
                            uint8_t sighash_type) const = 0;
};

class WalletControl : public WalletView {
 public:
    enum class AddressFor : uint8_t { receive, change };

    /// `type` is "bech32", "legacy", ... as the client wrote it; empty: the default. The label is
    /// ignored for change.
    virtual Result<std::string> new_address(AddressFor use, const std::string& label,
                                            const std::string& type) = 0;
    virtual Status set_label(const std::string& address, const std::string& label) = 0;
    /// Chooses coins, signs, stores, and hands the transaction to the mempool.
    virtual Result<WalletSent> send(const WalletSpend& request) = 0;
    /// Adds inputs and change to a transaction; signs and stores nothing.
    virtual Result<WalletSent> fund(const TransactionData& transaction,
                                    const WalletFunding& request) = 0;
    virtual Result<WalletBumped> bump_fee(const Txid& txid, std::optional<Amount> fee_rate) = 0;
    /// One status for each. Rescans from the earliest timestamp of those that succeeded.
    virtual std::vector<Status> import_descriptors(const std::vector<WalletImport>& imports) = 0;
    /// Both ends included; empty `last`: up to the tip. The range that was looked at.
    virtual Result<std::pair<Height, Height>> rescan(Height first, std::optional<Height> last) = 0;
    /// `persistent` survives a restart. The errors name the outpoint.
    virtual Status lock_coin(const OutPoint& outpoint, bool persistent) = 0;
    virtual Status unlock_coin(const OutPoint& outpoint) = 0;
    virtual void unlock_all_coins() = 0;
    virtual Status abandon(const Txid& txid) = 0;
};

struct WalletCreation {
    std::string name;
    bool private_keys = true;
    bool blank = false;
    bool avoid_reuse = false;
    std::optional<bool> load_on_startup;
};

}  // namespace parley::rpc
