#include "chain/coins_cache.h"

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "base/crypto/hash.h"
#include "chain/coin_codec.h"

namespace parley {
namespace {

// The allocator's own bytes for a script.
constexpr size_t kAllocationOverhead_bytes = 24;

size_t script_usage(const Coin& coin) {
    return coin.output.script_pubkey.bytes().capacity() + kAllocationOverhead_bytes;
}

}  // namespace

size_t OutPointHash::operator()(const OutPoint& outpoint) const noexcept {
    std::array<uint8_t, Hash256::kSize + sizeof(uint32_t)> raw;
    std::copy(outpoint.txid.bytes().begin(), outpoint.txid.bytes().end(), raw.begin());
    std::memcpy(raw.data() + Hash256::kSize, &outpoint.index, sizeof outpoint.index);
    return static_cast<size_t>(siphash24(key0_, key1_, raw));
}

Bytes coin_key(const OutPoint& outpoint) {
    Writer writer(1 + Hash256::kSize + sizeof outpoint.index);
    writer.u8(kCoinKeyPrefix).hash(outpoint.txid).be(outpoint.index);
    return writer.take();
}

OutPoint outpoint_of_key(ByteSpan key) {
    Reader reader(key);
    OutPoint outpoint;
    CHECK(reader.u8() == kCoinKeyPrefix);
    outpoint.txid = Txid{reader.hash()};
    outpoint.index = reader.be<uint32_t>();
    CHECK(reader.done());
    return outpoint;
}

std::optional<Coin> CoinsOverlay::coin(const OutPoint& outpoint) const {
    const auto found = coins_.find(outpoint);
    return found != coins_.end() ? found->second.coin : base_.coin(outpoint);
}

std::optional<Coin> CoinsOverlay::spend(const OutPoint& outpoint) {
    const auto found = coins_.find(outpoint);
    if (found != coins_.end()) {
        auto coin = std::exchange(found->second.coin, std::nullopt);
        // Made and spent on this overlay: the view below need never hear of it.
        if (!found->second.in_base) coins_.erase(found);
        return coin;
    }
    auto coin = base_.coin(outpoint);
    if (coin) coins_.emplace(outpoint, Entry{std::nullopt, true});
    return coin;
}

void CoinsOverlay::add(const OutPoint& outpoint, Coin coin) {
    CHECK(!coin.output.script_pubkey.is_unspendable());
    coins_[outpoint].coin = std::move(coin);
}

std::optional<Coin> CoinsCache::coin(const OutPoint& outpoint) const {
    const auto found = coins_.find(outpoint);
    if (found != coins_.end()) {
        if (found->second.spent) return std::nullopt;
        return found->second.coin;
    }
    const auto stored = storage_.get(coin_key(outpoint));
    if (!stored) {
        if (!failure_) failure_ = stored.error();
        return std::nullopt;
    }
    if (!stored->has_value()) return std::nullopt;
    Reader reader(**stored);
    Entry entry;
    entry.coin = read_coin(reader);
    if (!reader.done()) {
        if (!failure_) {
            failure_ = StorageError{StorageError::Code::corruption,
                                    "chainstate: the record of an unspent output is malformed"};
        }
        return std::nullopt;
    }
    script_bytes_ += script_usage(entry.coin);
    auto coin = entry.coin;
    coins_.emplace(outpoint, std::move(entry));
    return coin;
}

void CoinsCache::mark_dirty(Entry& entry) {
    if (!entry.dirty) ++dirty_;
    entry.dirty = true;
}

void CoinsCache::apply(CoinsOverlay&& overlay) {
    CHECK(&overlay.base_ == this);
    // lint: order-free because each outpoint is changed by itself
    for (auto& [outpoint, change] : overlay.coins_) {
        auto found = coins_.find(outpoint);
        if (!change.coin) {
            if (found == coins_.end()) {
                // Dropped from the cache since: only the store has it.
                found = coins_.emplace(outpoint, Entry{}).first;
            } else {
                script_bytes_ -= script_usage(found->second.coin);
            }
            if (found->second.fresh) {
                if (found->second.dirty) --dirty_;
                coins_.erase(found);
                continue;
            }
            found->second.coin = Coin{};
            script_bytes_ += script_usage(found->second.coin);
            found->second.spent = true;
            mark_dirty(found->second);
            continue;
        }
        if (found == coins_.end()) {
            found = coins_.emplace(outpoint, Entry{}).first;
            // BIP30 and its exceptions: a coin of the same outpoint may be in the store, unread.
            found->second.fresh = !change.in_base;
        } else {
            script_bytes_ -= script_usage(found->second.coin);
        }
        found->second.coin = std::move(*change.coin);
        script_bytes_ += script_usage(found->second.coin);
        found->second.spent = false;
        mark_dirty(found->second);
    }
    overlay.coins_.clear();
}

void CoinsCache::flush(const BlockHash& best_block, Durability durability, bool drop) {
    std::vector<const OutPoint*> changed;
    changed.reserve(dirty_);
    // lint: order-free because the outpoints are sorted below
    for (const auto& [outpoint, entry] : coins_) {
        if (entry.dirty) changed.push_back(&outpoint);
    }
    std::sort(changed.begin(), changed.end(),
              [](const OutPoint* a, const OutPoint* b) { return *a < *b; });
    WriteBatch batch;
    for (const OutPoint* outpoint : changed) {
        const Entry& entry = coins_.find(*outpoint)->second;
        if (entry.spent) {
            batch.erase(coin_key(*outpoint));
        } else {
            Writer writer;
            write_coin(writer, entry.coin);
            batch.put(coin_key(*outpoint), writer.take());
        }
    }
    batch.put(Bytes{kCoinsBestBlockKey}, to_bytes(best_block.span()));
    storage_.commit(std::move(batch), durability);
    if (drop) {
        coins_ = Map(0, hash_);
        script_bytes_ = 0;
    } else {
        forget_clean();
    }
    dirty_ = 0;
}

void CoinsCache::forget_clean() {
    // lint: order-free because each entry is changed by itself
    for (auto entry = coins_.begin(); entry != coins_.end();) {
        if (entry->second.spent) {
            script_bytes_ -= script_usage(entry->second.coin);
            coins_.erase(entry++);
            continue;
        }
        entry->second.dirty = false;
        entry->second.fresh = false;
        ++entry;
    }
}

size_t CoinsCache::usage_bytes() const {
    // One byte of metadata for each slot; the buckets are what the table has allocated.
    return coins_.bucket_count() * (sizeof(Map::value_type) + 2) + script_bytes_;
}

}  // namespace parley
