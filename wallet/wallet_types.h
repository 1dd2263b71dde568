// The values of a wallet's interface. They contain copies, never references into the wallet, so a
// caller can format them on another thread. Thread-safe: values.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "chain/primitives/block.h"
#include "chain/primitives/fee_rate.h"
#include "wallet/descriptor/hd_key.h"

namespace parley {

enum class AddressType : uint8_t { bech32, legacy };  ///< P2WPKH (BIP84), P2PKH (BIP44)

struct WalletBalances {
    Amount trusted{0};            ///< confirmed, or own unconfirmed change
    Amount untrusted_pending{0};  ///< unconfirmed from others
    Amount immature{0};           ///< coinbase outputs that are not mature yet
};

/// Where a transaction was confirmed.
struct WalletTxBlock {
    BlockHash hash;
    Height height{0};
    uint32_t index = 0;  ///< position in the block
    int64_t time = 0;    ///< of the header, Unix seconds
};

struct WalletTxInfo {
    TransactionRef transaction;
    /// Blocks from its own to the tip; 0: unconfirmed; negative: the confirmations of a conflicting
    /// transaction.
    int32_t confirmations = 0;
    std::optional<WalletTxBlock> block;
    bool generated = false;  ///< coinbase
    bool trusted = false;    ///< unconfirmed, but counted in the trusted balance
    bool in_mempool = false;
    bool abandoned = false;
    bool replaceable = false;  ///< unconfirmed and signals BIP125
    std::vector<Txid> wallet_conflicts;
    std::vector<Txid> mempool_conflicts;
    std::optional<Txid> replaces;
    std::optional<Txid> replaced_by;
    std::string comment;
    std::string comment_to;
    int64_t time = 0;           ///< Unix seconds
    int64_t time_received = 0;  ///< Unix seconds
};

/// A transaction of a wallet is new, or what became of it has changed (-walletnotify).
struct WalletNotice {
    std::string wallet;
    Txid txid;
    std::optional<WalletTxBlock> block;  ///< empty: it is in no block of the active chain
};

enum class TxCategory : uint8_t { send, receive, generate, immature, orphan };
std::string_view to_string(TxCategory category);

/// One entry of listtransactions: an output, or one side of it.
struct WalletTxDetail {
    TxCategory category = TxCategory::receive;
    std::optional<std::string> label;
    Amount amount{0};  ///< negative for send
    uint32_t output = 0;
    std::optional<Amount> fee;  ///< negative; send only
    /// Public, of the descriptor that the output's script is from; null: it is not the wallet's.
    std::shared_ptr<const std::string> parent_descriptor;
    bool abandoned = false;
};

struct ListedTransaction {
    WalletTxDetail detail;
    std::shared_ptr<const WalletTxInfo> info;  ///< shared by the rows of a transaction; never null
};

struct TransactionView {
    WalletTxInfo info;
    Amount amount{0};           ///< change of the balance, excluding the fee
    std::optional<Amount> fee;  ///< negative; only if all inputs are the wallet's
    std::vector<WalletTxDetail> details;
};

struct UnspentOutput {
    OutPoint outpoint;
    TxOutput output;
    int32_t confirmations = 0;
    bool spendable = false;  ///< the wallet has the key
    bool solvable = false;   ///< the wallet knows the public key
    bool safe = false;       ///< confirmed, or own unconfirmed change
};

/// What the wallet knows about an output's script.
struct UnspentDescription {
    std::optional<std::string> address;
    std::optional<std::string> label;
    std::optional<std::string> descriptor;
    std::vector<std::string> parent_descriptors;
};

struct UnspentQuery {
    int32_t confirmations_min = 1;
    int32_t confirmations_max = 9'999'999;
    std::vector<Script> scripts;  ///< empty: all
    bool include_unsafe = true;
    bool include_locked = false;
    bool include_immature = false;
    Amount amount_min{0};
    Amount amount_max = kMaxMoney;
    Amount sum_min = kMaxMoney;  ///< stop once the listed amounts reach it
    size_t count_max = 0;        ///< 0: no limit
};

struct AddressInfo {
    bool is_mine = false;
    bool solvable = false;
    bool is_change = false;
    std::optional<std::string> descriptor;
    std::optional<std::string> parent_descriptor;
    std::optional<Bytes> public_key;
    std::optional<KeyPath> key_path;
    std::optional<KeyFingerprint> master_fingerprint;
    std::optional<int64_t> timestamp;  ///< of the descriptor, Unix seconds
    std::optional<std::string> label;
};

struct LabelledAddress {
    std::string address;
    std::string label;
    bool send = false;  ///< purpose "send", otherwise "receive"
};

struct ReceivedQuery {
    int32_t confirmations_min = 1;
    bool include_empty = false;  ///< also addresses that never received anything
    bool include_immature = false;
};

struct ReceivedByScript {
    Script script;
    std::string label;
    Amount amount{0};
    int32_t confirmations = 0;  ///< of the most recent
    std::vector<Txid> txids;
};

/// An address of a group whose common owner is public: its members were inputs of one transaction,
/// or the change of one.
struct GroupedAddress {
    Script script;
    Amount amount{0};
    std::optional<std::string> label;
};
using AddressGroup = std::vector<GroupedAddress>;

/// An extended key of a wallet's descriptors, as they name it.
struct HdKeyInfo {
    std::string public_key;
    std::optional<std::string> private_key;
    /// Those that use the key, public, and whether they are active.
    std::map<std::string, bool> descriptors;
};

struct WalletInfo {
    std::string name;
    WalletBalances balances;
    size_t transactions = 0;
    size_t keypool_external = 0;  ///< unused derived scripts for addresses
    size_t keypool_internal = 0;
    bool private_keys = true;
    bool blank = false;
    int64_t birth_time = 0;  ///< Unix seconds
    std::optional<Height> last_block_height;
    BlockHash last_block_hash;
};

struct DescriptorInfo {
    std::string descriptor;  ///< with checksum
    int64_t timestamp = 0;   ///< Unix seconds
    bool active = false;
    std::optional<bool> internal;  ///< active ones only
    bool is_range = false;
    uint32_t range_begin = 0;
    uint32_t range_end = 0;  ///< exclusive
    uint32_t next_index = 0;
};

struct DescriptorImport {
    std::string descriptor;
    bool active = false;
    bool internal = false;
    std::optional<std::string> label;
    /// Unix seconds; the scripts were not used before. Empty: "now", no rescan.
    std::optional<int64_t> timestamp;
    std::optional<std::pair<uint32_t, uint32_t>> range;  ///< inclusive, as in the RPC
    std::optional<uint32_t> next_index;
};

struct Recipient {
    Script script;
    Amount amount{0};
    bool subtract_fee = false;
};

struct SpendRequest {
    std::vector<Recipient> recipients;
    std::optional<FeeRate> fee_rate;  ///< empty: the fallback fee or the minimum
    bool any_fee_rate = false;        ///< `fee_rate` may be below the minimum
    bool replaceable = true;          ///< signals BIP125
    std::vector<OutPoint> inputs;     ///< to spend unconditionally
    std::vector<uint32_t> sequences;  ///< of `inputs`, or empty: by `replaceable`
    /// Of signed inputs, instead of the wallet's estimate.
    std::map<OutPoint, int64_t> input_weights;
    std::optional<int64_t> weight_max;  ///< empty: the most that is relayed
    int32_t version = 2;
    bool add_inputs = true;  ///< add others if those do not suffice
    std::optional<Script> change_script;
    std::optional<size_t> change_position;
    std::optional<AddressType> change_type;  ///< empty: the wallet's
    std::optional<uint32_t> locktime;        ///< empty: the tip's height, against fee sniping
    bool include_unsafe = false;
    int32_t confirmations_min = 0;  ///< of the inputs that are added
    int32_t confirmations_max = INT32_MAX;
    bool sign = true;
};

/// How a transaction is replaced.
struct BumpRequest {
    std::optional<FeeRate> fee_rate;  ///< empty: a step above the old one
    bool replaceable = true;          ///< signals BIP125
    std::vector<TxOutput> outputs;    ///< instead of the old ones; empty: those
    /// Which of the outputs is change; empty: the one that pays to a change address.
    std::optional<size_t> change_position;
};

/// Notes that the wallet stores with its own transaction.
struct SpendNotes {
    std::string comment;
    std::string comment_to;
    std::optional<Txid> replaces;  ///< the transaction whose fee it bumps
};

struct SpendResult {
    TransactionRef transaction;
    Amount fee{0};
    std::optional<size_t> change_position;
};

}  // namespace parley
