#include "wallet/wallet.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "chain/rules/params.h"
#include "wallet/wallet_impl.h"

namespace parley {
namespace {

// The trail stores this many recent blocks without gaps. Each time the depth doubles, it stores
// half as many per block. A reorganisation beyond the dense part therefore rescans at most one
// sixty-fourth of its depth in excess.
constexpr int32_t kTrailDense = 128;
// As in bitcoind: block times may deviate this much from the clock.
constexpr int64_t kTimestampWindow_s = 2 * 60 * 60;
constexpr size_t kSeedSize = 32;

// How far above a block the tip can be while the trail keeps the block.
int64_t trail_reach(Height height) {
    return height == Height{0}
               ? INT64_MAX
               : int64_t{kTrailDense} << std::countr_zero(static_cast<uint32_t>(height.value()));
}

bool kept_in_trail(Height height, Height tip) {
    return tip - height < trail_reach(height);
}

WalletError storage_failed(const StorageError& error) {
    return {WalletErrorCode::database, error.message};
}

}  // namespace

Wallet::Impl::Impl(std::string wallet_name, std::unique_ptr<Storage> storage,
                   const WalletContext& wallet_context, WalletMeta wallet_meta)
    : name(std::move(wallet_name)),
      context(wallet_context),
      store(std::move(storage), wallet_context.params),
      meta(std::move(wallet_meta)),
      keys(wallet_context.params, wallet_context.options.lookahead),
      ledger(wallet_context.params, keys, wallet_context.options.spend_zero_conf_change) {}

void Wallet::Impl::save() {
    for (const uint32_t number : keys.take_changed()) store.put_descriptor(keys.records()[number]);
    for (const auto& [txid, change] : ledger.take_changed()) {
        const LedgerTx* transaction = ledger.find(txid);
        if (transaction == nullptr) {
            store.erase_transaction(txid);
            continue;
        }
        if (change.record) store.put_transaction(*transaction);
        if (change.notice && context.options.notices) notices.push_back(notice(*transaction));
    }
    store.flush(keys.take_exposed() ? Durability::synced : Durability::written);
}

WalletNotice Wallet::Impl::notice(const LedgerTx& transaction) const {
    const bool confirmed = transaction.state == LedgerTx::State::confirmed;
    return {name, transaction.transaction->txid(),
            confirmed ? std::optional{transaction.block} : std::nullopt};
}

void Wallet::Impl::restore(StoredWallet stored) {
    for (DescriptorRecord& record : stored.descriptors) keys.add(std::move(record));
    keys.take_changed();  // discarded: the store has them, except for addresses added by a larger
                          // -keypool
    keys.take_exposed();
    labels = std::move(stored.labels);
    locked = stored.locked;
    locked_persistent = std::move(stored.locked);
    trail = std::move(stored.trail);
    for (LedgerTx& transaction : stored.transactions) ledger.load(std::move(transaction));
    ledger.loaded(trail.empty() ? std::nullopt : std::optional{trail.rbegin()->first});
}

// A new wallet starts at the tip, because no earlier transaction can belong to it.
Expected<void, WalletError> Wallet::Impl::start_chain_trail() {
    const Height tip = context.node.tip_height();
    for (Height height{0}; height <= tip; ++height) {
        if (!kept_in_trail(height, tip)) continue;
        trail[height] = context.node.hash_at(height);
        store.put_trail(height, trail[height]);
    }
    ledger.loaded(tip);
    return {};
}

// While the wallet was closed, the chain may have grown or been reorganised.
Expected<void, WalletError> Wallet::Impl::catch_up(TimePoint now) {
    Height fork{-1};
    for (auto it = trail.rbegin(); it != trail.rend(); ++it) {
        if (context.node.height_of(it->second) != it->first) continue;
        fork = it->first;
        break;
    }
    const Height tip = context.node.tip_height();
    const Height birth = height_for_time(meta.birth_time);
    const Height first = std::max(fork + 1, birth);
    if (first <= tip && context.node.is_pruned(context.node.hash_at(first)))
        return Unexpected(
            WalletError{WalletErrorCode::wallet,
                        "Wallet loading failed. Prune: last wallet synchronisation goes beyond "
                        "pruned data. You need to -reindex (download the whole blockchain again "
                        "in case of a pruned node)"});
    if (const auto base = context.node.snapshot_height(); base && first <= *base)
        return Unexpected(WalletError{
            WalletErrorCode::wallet,
            fmt::format("Wallet loading failed. Error loading wallet. Wallet requires blocks to be "
                        "downloaded, and software does not currently support loading wallets while "
                        "blocks are being downloaded out of order when using assumeutxo "
                        "snapshots. Wallet should be able to load successfully after node sync "
                        "reaches height {}",
                        base->value())});
    for (auto it = trail.upper_bound(fork); it != trail.end(); it = trail.erase(it))
        store.erase_trail(it->first);
    ledger.forget_blocks_above(fork);
    if (fork < tip)
        context.log.info(LogCategory::wallet, "[{}] Rescanning blocks {} to {}", name,
                         first.value(), tip.value());
    for (Height height = fork + 1; height <= tip; ++height) {
        const BlockHash hash = context.node.hash_at(height);
        if (height < birth) {
            if (kept_in_trail(height, tip)) {
                trail[height] = hash;
                store.put_trail(height, hash);
            }
            continue;
        }
        const auto block = context.node.read_block(hash);
        if (!block) return Unexpected(storage_failed(block.error()));
        block_connected(**block, hash, height);
    }
    ledger.loaded(tip);
    save();
    look_at_mempool(to_unix_seconds(now));
    return {};
}

// The first block whose time is at least the timestamp minus the tolerance. Block times are not
// sorted, but median times are, so the search uses these and ends at most eleven blocks above the
// answer.
Height Wallet::Impl::height_for_time(int64_t timestamp) const {
    const int64_t wanted = timestamp - kTimestampWindow_s;
    int32_t low = 0;
    int32_t high = context.node.tip_height().value() + 1;
    while (low < high) {
        const int32_t middle = low + (high - low) / 2;
        if (context.node.median_time_past(Height{middle}) < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    for (int32_t height = std::max(low - 11, 0); height < low; ++height) {
        if (context.node.block_time(Height{height}) >= wanted) return Height{height};
    }
    return Height{low};
}

void Wallet::Impl::block_connected(const Block& block, const BlockHash& hash, Height height) {
    ledger.connect(block, hash, height);
    trail[height] = hash;
    store.put_trail(height, hash);
    for (int64_t reach = kTrailDense; reach < height.value(); reach *= 2) {
        const Height outdated = height - static_cast<int32_t>(reach);
        if (trail_reach(outdated) == reach && trail.erase(outdated) != 0)
            store.erase_trail(outdated);
    }
    save();
}

void Wallet::Impl::block_disconnected(const Block& block, const BlockHash& hash, Height height) {
    ledger.disconnect(block, hash, height);
    if (trail.erase(height) != 0) store.erase_trail(height);
    // The trail always ends at the tip, however far back that goes.
    const Height tip = height - 1;
    if (tip >= Height{0} && trail.emplace(tip, block.header.previous).second)
        store.put_trail(tip, block.header.previous);
    save();
}

void Wallet::Impl::look_at_mempool(int64_t time) {
    for (const TransactionRef& transaction : context.node.mempool_transactions())
        ledger.mempool_added(transaction, time);
    save();
}

// --- Wallet --------------------------------------------------------------------------------------

Wallet::Wallet(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Wallet::~Wallet() = default;

Expected<Wallet::Ref, WalletError> Wallet::create(std::string name,
                                                  std::unique_ptr<Storage> storage,
                                                  const WalletContext& context,
                                                  const WalletCreateOptions& options, TimePoint now,
                                                  std::optional<Bytes> seed) {
    const bool blank = options.blank || !options.private_keys;
    WalletMeta meta{context.params.name, options.private_keys, blank, to_unix_seconds(now)};
    auto impl = std::make_unique<Impl>(std::move(name), std::move(storage), context, meta);
    if (!impl->store.empty())
        return Unexpected(WalletError{WalletErrorCode::wallet, "The wallet's store is not empty"});
    impl->store.put_meta(impl->meta);
    if (auto started = impl->start_chain_trail(); !started) return Unexpected(started.error());
    if (!blank) {
        if (!seed) {
            seed.emplace(kSeedSize);
            context.secrets.fill(*seed);
        }
        impl->add_seed(*seed, meta.birth_time);
    }
    impl->save();
    return std::make_unique<Wallet>(std::move(impl));
}

Expected<Wallet::Ref, WalletError> Wallet::load(std::string name, std::unique_ptr<Storage> storage,
                                                const WalletContext& context, TimePoint now) {
    auto impl = std::make_unique<Impl>(std::move(name), std::move(storage), context, WalletMeta{});
    auto stored = impl->store.load();
    if (!stored) return Unexpected(stored.error());
    impl->meta = stored->meta;
    impl->restore(std::move(*stored));
    if (auto caught_up = impl->catch_up(now); !caught_up) return Unexpected(caught_up.error());
    return std::make_unique<Wallet>(std::move(impl));
}

const std::string& Wallet::name() const {
    return impl_->name;
}

void Wallet::block_connected(const Block& block, const BlockHash& hash, Height height) {
    const auto tip = impl_->ledger.tip();
    CHECK(tip && height == *tip + 1);
    impl_->block_connected(block, hash, height);
}

void Wallet::block_disconnected(const Block& block, const BlockHash& hash, Height height) {
    CHECK(impl_->ledger.tip() == height);
    impl_->block_disconnected(block, hash, height);
}

void Wallet::transaction_added_to_mempool(const TransactionRef& transaction, TimePoint now) {
    if (impl_->ledger.mempool_added(transaction, to_unix_seconds(now))) impl_->save();
}

void Wallet::transaction_removed_from_mempool(const TransactionRef& transaction) {
    impl_->ledger.mempool_removed(*transaction);
}

std::vector<TransactionRef> Wallet::waiting_transactions() const {
    std::vector<TransactionRef> waiting;
    for (const auto& [order, transaction] : impl_->ledger.by_order()) {
        if (transaction->state == LedgerTx::State::unconfirmed && transaction->counts() &&
            !transaction->in_mempool && !transaction->replaced_by &&
            !transaction->transaction->is_coinbase())
            waiting.push_back(transaction->transaction);
    }
    return waiting;
}

std::vector<WalletNotice> Wallet::take_notices() {
    return std::exchange(impl_->notices, {});
}

void Wallet::rebroadcast_judged(const TransactionRef& transaction,
                                const std::optional<TxReject>& reject) {
    if (impl_->ledger.find(transaction->txid()) == nullptr) return;
    if (impl_->context.node.in_mempool(transaction->txid())) {
        if (impl_->ledger.mempool_added(transaction, 0)) impl_->save();
    } else if (reject) {
        impl_->context.log.debug(LogCategory::wallet,
                                 "[{}] Transaction {} is not in the mempool: {}", impl_->name,
                                 transaction->txid().to_string(), reject->to_string());
    }
}

Expected<RescanResult, WalletError> Wallet::rescan(Height begin, std::optional<Height> end) {
    const Height tip = impl_->context.node.tip_height();
    if (begin < Height{0} || begin > tip)
        return Unexpected(WalletError{WalletErrorCode::invalid_parameter, "Invalid start_height"});
    if (end && (*end > tip))
        return Unexpected(WalletError{WalletErrorCode::invalid_parameter, "Invalid stop_height"});
    if (end && *end < begin)
        return Unexpected(WalletError{WalletErrorCode::invalid_parameter,
                                      "stop_height must be greater than start_height"});
    const auto& node = impl_->context.node;
    for (Height height = begin; height <= end.value_or(tip); ++height) {
        if (node.is_pruned(node.hash_at(height)))
            return Unexpected(WalletError{WalletErrorCode::misc,
                                          "Can't rescan beyond pruned data. Use RPC call "
                                          "getblockchaininfo to determine your pruned height."});
    }
    return impl_->rescan(begin, end.value_or(tip));
}

Height Wallet::height_for_timestamp(int64_t timestamp) const {
    return impl_->height_for_time(timestamp);
}

SignResult Wallet::sign(const TransactionData& transaction, SpentOutputs spent,
                        uint8_t sighash_type) const {
    for (const auto& input : transaction.inputs) {
        if (const auto output = known_output(input.prevout)) spent.emplace(input.prevout, *output);
    }
    return sign_transaction(transaction, spent, impl_->keys, sighash_type);
}

std::optional<SolvingData> Wallet::solving_data(const Script& output, bool with_secrets) const {
    return impl_->keys.solving_data(output, with_secrets);
}

std::optional<DerivedKey> Wallet::key_of_hash(const Hash160& hash) const {
    return impl_->keys.key_of_hash(hash);
}

std::optional<TxOutput> Wallet::known_output(const OutPoint& outpoint) const {
    const LedgerTx* transaction = impl_->ledger.find(outpoint.txid);
    if (!transaction || outpoint.index >= transaction->transaction->outputs().size())
        return std::nullopt;
    return transaction->transaction->outputs()[outpoint.index];
}

Expected<WalletRecords, WalletError> Wallet::records() const {
    return impl_->store.records();
}

void Wallet::check_consistency() const {
    impl_->ledger.check_consistency();
    CHECK(!impl_->trail.empty() && impl_->trail.rbegin()->first == *impl_->ledger.tip());
}

}  // namespace parley
