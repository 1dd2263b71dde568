// FakeNode: a chain, a mempool and a directory of wallet stores, enough of a node for wallets. Its
// mempool verifies signatures, refuses double spends, and lets a higher fee replace. For tests
// only.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "base/check.h"
#include "base/storage/memory_storage.h"
#include "chain/primitives/coinbase.h"
#include "chain/rules/params.h"
#include "chain/script/script_check.h"
#include "wallet/wallet_manager.h"

namespace parley {

/// Stores that outlive the wallets which had them open, and count their commits.
class MemoryDirectory final : public StorageDirectory {
 public:
    struct Store {
        MemoryStorage storage;
        size_t commits = 0;
        size_t synced = 0;  ///< of these, those that asked to be on disk before anybody goes on
    };

    Expected<std::unique_ptr<Storage>, StorageError> open(const std::string& name,
                                                          Mode mode) override {
        if (exists(name) == (mode == Mode::create_new))
            return Unexpected(StorageError{StorageError::Code::io, "wrong mode for " + name});
        auto& store = stores[name];
        if (!store) store = std::make_shared<Store>();
        return std::unique_ptr<Storage>{std::make_unique<View>(store)};
    }
    bool exists(const std::string& name) const override { return stores.contains(name); }
    std::vector<std::string> list() const override {
        std::vector<std::string> names;
        for (const auto& [name, store] : stores) names.push_back(name);
        return names;
    }

    std::map<std::string, std::shared_ptr<Store>> stores;

 private:
    class View final : public Storage {
     public:
        explicit View(std::shared_ptr<Store> store) : store_(std::move(store)) {}
        Expected<std::optional<Bytes>, StorageError> get(ByteSpan key) const override {
            return store_->storage.get(key);
        }
        Expected<void, StorageError> scan(ByteSpan prefix, const Visitor& visitor) const override {
            return store_->storage.scan(prefix, visitor);
        }
        Expected<Bytes, StorageError> read_file(FileId file, uint64_t offset,
                                                size_t size) const override {
            return store_->storage.read_file(file, offset, size);
        }
        Expected<uint64_t, StorageError> file_size(FileId file) const override {
            return store_->storage.file_size(file);
        }
        CommitId commit(WriteBatch batch, Durability durability) override {
            ++store_->commits;
            store_->synced += durability == Durability::synced ? 1 : 0;
            return store_->storage.commit(std::move(batch), durability);
        }

     private:
        std::shared_ptr<Store> store_;
    };
};

class FakeNode final : public WalletNodeView {
 public:
    static constexpr int64_t kStart = 1'700'000'000;
    static constexpr int64_t kSpacing_s = 600;

    explicit FakeNode(WalletOptions options = {}, ChainParams chain_params = regtest_params())
        : params(std::move(chain_params)), options_(options) {
        chain_.push_back(params.genesis);
        all_blocks_[params.genesis->header.hash()] = params.genesis;
        if (params.genesis_coins_spendable) {
            const Transaction& coinbase = *params.genesis->transactions[0];
            for (uint32_t i = 0; i < coinbase.outputs().size(); ++i)
                ever_[{coinbase.txid(), i}] = coins_[{coinbase.txid(), i}] = coinbase.outputs()[i];
        }
        start_wallets();
    }

    // --- WalletNodeView
    Height tip_height() const override { return Height{static_cast<int32_t>(chain_.size()) - 1}; }
    BlockHash hash_at(Height height) const override { return block_at(height).header.hash(); }
    std::optional<Height> height_of(const BlockHash& hash) const override {
        for (size_t i = chain_.size(); i-- > 0;)
            if (chain_[i]->header.hash() == hash) return Height{static_cast<int32_t>(i)};
        return std::nullopt;
    }
    int64_t block_time(Height height) const override { return block_at(height).header.time; }
    int64_t median_time_past(Height height) const override {
        std::vector<int64_t> times;
        for (int32_t i = height.value(); i >= 0 && times.size() < 11; --i)
            times.push_back(block_time(Height{i}));
        std::sort(times.begin(), times.end());
        return times[times.size() / 2];
    }
    bool is_pruned(const BlockHash& hash) const override {
        const auto height = height_of(hash);
        return height && *height < pruned_below;
    }
    std::optional<Height> snapshot_height() const override { return snapshot; }
    Expected<BlockRef, StorageError> read_block(const BlockHash& hash) const override {
        ++blocks_read;
        const auto it = all_blocks_.find(hash);
        if (it == all_blocks_.end() || is_pruned(hash))
            return Unexpected(StorageError{StorageError::Code::corruption, "no such block"});
        return it->second;
    }
    /// The mempool's verdict: the reject reason, or empty if the transaction was accepted.
    std::optional<TxReject> submit_transaction(const TransactionRef& transaction);
    bool in_mempool(const Txid& txid) const override { return find(txid) != nullptr; }
    std::vector<TransactionRef> mempool_transactions() const override { return mempool; }
    int64_t mempool_ancestor_count(const Txid& txid) const override {
        return in_mempool(txid) ? 1 : 0;
    }
    FeeRate min_relay_fee() const override { return FeeRate{100}; }
    FeeRate mempool_min_fee() const override { return mempool_minimum; }
    FeeRate incremental_relay_fee() const override { return FeeRate{100}; }
    FeeRate dust_relay_fee() const override { return FeeRate{3000}; }

    // --- what the node does for its wallets

    /// Passes an input to the wallets, and answers their requests.
    void tell(const WalletInput& input) {
        if (manager) serve(manager->handle(input, now()));
    }
    void serve(const WalletOutputs& outputs) {
        for (const WalletOutput& output : outputs)
            tell(wallet_input::TransactionJudged{output.transaction,
                                                 submit_transaction(output.transaction)});
    }
    /// The timer of the next rebroadcast.
    void rebroadcast() {
        serve(manager->handle(wallet_input::TimerDue{}, manager->next_deadline()));
    }
    Expected<Wallet*, WalletError> load(const std::string& name) {
        auto loaded = manager->load(name, now());
        serve(manager->take_outputs());
        return loaded;
    }
    Expected<Txid, WalletError> commit(Wallet& wallet, const TransactionRef& transaction,
                                       const SpendNotes& notes = {}) {
        const auto recorded = wallet.record(transaction, notes, now());
        return wallet.settle(recorded, submit_transaction(transaction), now());
    }
    Expected<SpendResult, WalletError> send(Wallet& wallet, const SpendRequest& request) {
        auto created = wallet.create_transaction(request);
        if (!created) return created;
        const auto committed = commit(wallet, created->transaction);
        if (!committed) return Unexpected(committed.error());
        return created;
    }
    Expected<Wallet::Replacement, WalletError> bump_fee(Wallet& wallet, const Txid& txid) {
        auto bumped = wallet.create_replacement(txid, {});
        if (!bumped) return bumped;
        const auto committed = commit(wallet, bumped->spend.transaction, bumped->notes);
        if (!committed) return Unexpected(committed.error());
        return bumped;
    }

    // --- what happens to the node
    TimePoint now() const { return from_unix_seconds(time); }

    /// A block on the tip that pays to `payout`, with these (empty optional: all of the mempool).
    BlockRef mine(const Script& payout,
                  std::optional<std::vector<TransactionRef>> transactions = std::nullopt);
    void mine_many(const Script& payout, int count) {
        for (int i = 0; i < count; ++i) mine(payout);
    }
    /// Takes the tip off; its transactions go back to the mempool where they can.
    void disconnect();
    /// Drops a transaction with its descendants from the mempool (expiry).
    void drop(const Txid& txid);

    /// Closes all wallets and opens them again from their stores.
    void restart() {
        std::vector<std::string> names;
        for (const auto& wallet : manager->loaded()) names.push_back(wallet->name());
        manager.reset();
        start_wallets();
        for (const auto& name : names) CHECK(load(name).has_value());
    }
    Wallet& create(const std::string& name, uint8_t seed, WalletCreateOptions options = {}) {
        auto wallet = manager->create(name, options, now(), Bytes(32, seed));
        CHECK(wallet.has_value());
        return **wallet;
    }
    Wallet& wallet(const std::string& name) { return *manager->find(name); }

    const std::vector<BlockRef>& blocks() const { return chain_; }
    const std::map<OutPoint, TxOutput>& coins() const { return coins_; }

    ChainParams params;
    MemoryDirectory directory;
    std::vector<TransactionRef> mempool;
    FeeRate mempool_minimum{100};
    int64_t time = kStart;
    mutable size_t blocks_read = 0;
    Height pruned_below{0};
    std::optional<Height> snapshot;  ///< see snapshot_height()
    std::unique_ptr<WalletManager> manager;

 private:
    void start_wallets() {
        manager = std::make_unique<WalletManager>(options_, params, *this, directory, random_,
                                                  secrets_, log_);
    }
    const Block& block_at(Height height) const {
        return *chain_.at(static_cast<size_t>(height.value()));
    }
    const TransactionRef* find(const Txid& txid) const {
        const auto it = std::find_if(mempool.begin(), mempool.end(),
                                     [&](const auto& each) { return each->txid() == txid; });
        return it == mempool.end() ? nullptr : &*it;
    }
    std::optional<TxOutput> output(const OutPoint& outpoint) const;
    std::optional<int64_t> fee_of(const Transaction& transaction) const;
    void remove_spenders(const Transaction& transaction);

    WalletOptions options_;
    SeededRandom random_{1};
    SeededRandom secrets_{2};
    NullLog log_;
    std::vector<BlockRef> chain_;
    std::map<BlockHash, BlockRef> all_blocks_;
    std::map<OutPoint, TxOutput> coins_;
    std::map<OutPoint, TxOutput> ever_;  // all outputs there ever were in a block
    uint64_t extra_nonce_ = 0;
};

inline std::optional<TxOutput> FakeNode::output(const OutPoint& outpoint) const {
    if (const auto* parent = find(outpoint.txid)) {
        const auto& outputs = (*parent)->outputs();
        if (outpoint.index < outputs.size()) return outputs[outpoint.index];
    }
    const auto it = coins_.find(outpoint);
    return it == coins_.end() ? std::nullopt : std::optional{it->second};
}

inline std::optional<int64_t> FakeNode::fee_of(const Transaction& transaction) const {
    int64_t fee = 0;
    for (const auto& input : transaction.inputs()) {
        const auto spent = output(input.prevout);
        if (!spent) return std::nullopt;
        fee += spent->value.value();
    }
    for (const auto& each : transaction.outputs()) fee -= each.value.value();
    return fee;
}

inline std::optional<TxReject> FakeNode::submit_transaction(const TransactionRef& transaction) {
    const auto refuse = [](const char* reason) {
        return TxReject{TxRejectKind::policy, reason, {}};
    };
    if (find(transaction->txid())) return refuse("txn-already-in-mempool");
    const auto fee = fee_of(*transaction);
    if (!fee) return refuse("bad-txns-inputs-missingorspent");
    if (Amount{*fee} < fee_for(mempool_minimum, transaction->virtual_size()))
        return refuse("min relay fee not met");
    std::vector<Txid> conflicts;
    std::vector<TxOutput> spent;
    for (const auto& input : transaction->inputs()) spent.push_back(*output(input.prevout));
    const auto spending = std::make_shared<const SpendingTransaction>(transaction, spent);
    for (uint32_t i = 0; i < transaction->inputs().size(); ++i) {
        const OutPoint& prevout = transaction->inputs()[i].prevout;
        if (run_script_check({spending, i, kStandardScriptFlags}))
            return refuse("mempool-script-verify-flag-failed");
        for (const auto& other : mempool) {
            for (const auto& input : other->inputs())
                if (input.prevout == prevout) conflicts.push_back(other->txid());
        }
    }
    for (const Txid& txid : conflicts) {
        const auto* other = find(txid);
        if (other && *fee <= *fee_of(**other)) return refuse("txn-mempool-conflict");
    }
    for (const Txid& txid : conflicts) drop(txid);
    mempool.push_back(transaction);
    tell(wallet_input::TransactionAdded{transaction});
    return std::nullopt;
}

inline void FakeNode::drop(const Txid& txid) {
    const auto* found = find(txid);
    if (!found) return;
    const TransactionRef transaction = *found;
    remove_spenders(*transaction);
    std::erase_if(mempool, [&](const auto& each) { return each->txid() == txid; });
    tell(wallet_input::TransactionRemoved{transaction});
}

inline void FakeNode::remove_spenders(const Transaction& transaction) {
    std::vector<Txid> spenders;
    for (const auto& other : mempool) {
        for (const auto& input : other->inputs())
            if (input.prevout.txid == transaction.txid()) spenders.push_back(other->txid());
    }
    for (const Txid& spender : spenders) drop(spender);
}

inline BlockRef FakeNode::mine(const Script& payout,
                               std::optional<std::vector<TransactionRef>> transactions) {
    time += kSpacing_s;
    Block block;
    CoinbaseRequest coinbase;
    coinbase.height = tip_height() + 1;
    coinbase.payout = payout;
    coinbase.value = block_subsidy(params, coinbase.height);
    coinbase.extra_nonce = ++extra_nonce_;
    block.transactions.push_back(make_coinbase(coinbase));
    for (const auto& transaction : transactions ? *transactions : mempool)
        block.transactions.push_back(transaction);
    block.header.previous = chain_.back()->header.hash();
    block.header.time = static_cast<uint32_t>(time);
    block.header.merkle_root = block_merkle_root(block);
    const auto ref = std::make_shared<const Block>(std::move(block));
    chain_.push_back(ref);
    all_blocks_[ref->header.hash()] = ref;
    for (const auto& transaction : ref->transactions) {
        for (const auto& input : transaction->inputs()) coins_.erase(input.prevout);
        for (uint32_t i = 0; i < transaction->outputs().size(); ++i)
            ever_[{transaction->txid(), i}] = coins_[{transaction->txid(), i}] =
                transaction->outputs()[i];
    }
    // As in the mempool, removes confirmed transactions and those that conflict with them.
    for (const auto& transaction : ref->transactions) {
        std::erase_if(mempool,
                      [&](const auto& each) { return each->txid() == transaction->txid(); });
        std::vector<Txid> conflicts;
        for (const auto& other : mempool) {
            for (const auto& input : other->inputs()) {
                for (const auto& spent : transaction->inputs())
                    if (input.prevout == spent.prevout) conflicts.push_back(other->txid());
            }
        }
        for (const Txid& txid : conflicts) drop(txid);
    }
    tell(wallet_input::BlockConnected{ref, ref->header.hash(), tip_height()});
    return ref;
}

inline void FakeNode::disconnect() {
    const BlockRef block = chain_.back();
    const Height height = tip_height();
    chain_.pop_back();
    for (auto it = block->transactions.rbegin(); it != block->transactions.rend(); ++it) {
        for (uint32_t i = 0; i < (*it)->outputs().size(); ++i) coins_.erase({(*it)->txid(), i});
        for (const auto& input : (*it)->inputs()) {
            const auto spent = ever_.find(input.prevout);
            if (spent != ever_.end()) coins_.insert(*spent);
        }
    }
    tell(wallet_input::BlockDisconnected{block, block->header.hash(), height});
    const std::vector<TransactionRef> waiting = std::exchange(mempool, {});
    for (const auto& transaction : block->transactions) {
        if (!transaction->is_coinbase()) submit_transaction(transaction);
    }
    for (const auto& transaction : waiting) {
        if (fee_of(*transaction))
            mempool.push_back(transaction);
        else
            tell(wallet_input::TransactionRemoved{transaction});
    }
}

/// Of no wallet.
inline const Script kElsewhere = p2wpkh_script(Hash160{1, 2, 3});

}  // namespace parley
