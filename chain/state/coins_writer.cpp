#include "chain/state/coins_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "chain/store/coin_codec.h"

namespace parley {
namespace {

// A LevelDB batch is built in memory and written as a whole.
constexpr size_t kBatchBytesMax = size_t{1} << 20;
// A slice ends with the shard that exceeds this: some ten milliseconds of work.
constexpr size_t kSliceBytes = size_t{2} << 20;
// Each slice requires the blocks to be synced first, so it should not be small.
constexpr size_t kSliceShardsMax = 16;
// A tip that alternates between branches makes the walk longer each time; at this length everything
// is written.
constexpr size_t kWalkMax = 64;

// Whether the path from `from` to `to`, by way of their fork, passes `node`.
bool is_between(const HeaderNode& from, const HeaderNode& node, const HeaderNode& to) {
    const HeaderNode* fork = fork_point(&from, &to);
    if (node.height < fork->height) return false;
    const auto above = [&node](const HeaderNode& end) {
        return node.height <= end.height && end.ancestor(node.height) == &node;
    };
    return above(from) || above(to);
}

}  // namespace

CoinsWriter::CoinsWriter(Storage& storage, CoinsCache& cache, const Options& options)
    : storage_(storage), cache_(cache), options_(options) {
    CHECK(options.round_blocks > 0);
}

void CoinsWriter::restore(std::vector<const HeaderNode*> walk) {
    CHECK(!walk.empty());
    walk_ = std::move(walk);
    replaying_ = true;
}

void CoinsWriter::replayed() {
    replaying_ = false;
    next_shard_ = 0;
}

bool CoinsWriter::due() const {
    if (cache_.usage_bytes() > options_.usage_bytes_max && cache_.size() != 0) return true;
    const auto pace = int64_t{round_blocks_} * int64_t{CoinsCache::kShards} / options_.round_blocks;
    return pace >= static_cast<int64_t>(next_shard_ + kSliceShardsMax);
}

void CoinsWriter::write_slice(const HeaderNode& tip) {
    if (walk_.size() >= kWalkMax && !replaying_) return write_all(tip, Durability::written, false);
    if (next_shard_ == 0) begin_round(tip);
    walk_to(tip);
    const bool drop = cache_.usage_bytes() > options_.usage_bytes_max;
    size_t bytes = 0;
    for (size_t n = 0; n < kSliceShardsMax && bytes < kSliceBytes; ++n) {
        if (next_shard_ == CoinsCache::kShards) break;
        bytes += write_shard(drop);
    }
    if (next_shard_ == CoinsCache::kShards) end_round();
    commit(Durability::written);
}

void CoinsWriter::write_all(const HeaderNode& tip, Durability durability, bool drop) {
    CHECK(!replaying_);
    begin_round(tip);
    while (next_shard_ < CoinsCache::kShards) write_shard(drop);
    end_round();
    commit(durability);
}

void CoinsWriter::begin_round(const HeaderNode& tip) {
    next_shard_ = 0;
    if (replaying_) return;
    if (walk_.empty() || walk_.back() != &tip) walk_.push_back(&tip);
    round_start_ = walk_.size() - 1;
}

void CoinsWriter::end_round() {
    next_shard_ = 0;
    round_blocks_ = 0;
    // During a replay, every coin may still reflect any block of the walk.
    if (replaying_) return;
    walk_.erase(walk_.begin(), walk_.begin() + static_cast<ptrdiff_t>(round_start_));
    round_start_ = 0;
}

void CoinsWriter::walk_to(const HeaderNode& tip) {
    if (replaying_ || walk_.back() == &tip) return;
    // The last block can be omitted if it is on the direct path to the new one.
    const size_t last = walk_.size() - 1;
    if (last > round_start_ && is_between(*walk_[last - 1], *walk_[last], tip)) {
        walk_.back() = &tip;
    } else {
        walk_.push_back(&tip);
    }
}

size_t CoinsWriter::write_shard(bool drop) {
    size_t bytes = 0;
    cache_.flush_shard(next_shard_, drop, [&](const OutPoint& outpoint, const Coin* coin) {
        if (batch_bytes_ > kBatchBytesMax) commit(Durability::written);
        Bytes key = coin_key(outpoint, cache_.keys());
        size_t size = key.size();
        if (coin == nullptr) {
            batch_.erase(key);
        } else {
            Writer writer;
            write_coin(writer, *coin);
            size += writer.size();
            batch_.put(key, writer.take());
        }
        batch_bytes_ += size;
        bytes += size;
    });
    ++next_shard_;
    return bytes;
}

void CoinsWriter::commit(Durability durability) {
    batch_.put(Bytes{cache_.keys().walk}, serialize_coins_walk(walk_));
    storage_.commit(std::exchange(batch_, {}), durability);
    batch_bytes_ = 0;
}

Bytes serialize_coins_walk(const std::vector<const HeaderNode*>& walk) {
    Writer writer(walk.size() * Hash256::kSize);
    for (const HeaderNode* node : walk) writer.hash(node->hash);
    return writer.take();
}

std::optional<std::vector<BlockHash>> parse_coins_walk(ByteSpan bytes) {
    if (bytes.empty() || bytes.size() % Hash256::kSize != 0) return std::nullopt;
    std::vector<BlockHash> walk;
    for (; !bytes.empty(); bytes = bytes.subspan(Hash256::kSize))
        walk.emplace_back(BlockHash::from_bytes(bytes.first(Hash256::kSize)));
    return walk;
}

Expected<std::vector<BlockHash>, std::string> load_coins_walk(const Storage& storage,
                                                              const CoinsKeys& keys) {
    const auto record = storage.get(Bytes{keys.walk});
    if (!record) return Unexpected(record.error().message);
    if (!record->has_value()) return std::vector<BlockHash>{};
    auto walk = parse_coins_walk(**record);
    if (!walk)
        return Unexpected(
            fmt::format("the record '{}' is malformed", static_cast<char>(keys.walk)));
    return std::move(*walk);
}

void replay_connect(const Block& block, Height height, CoinsCache& coins) {
    for (const auto& transaction : block.transactions) {
        if (!transaction->is_coinbase()) {
            for (const auto& input : transaction->inputs()) coins.erase(input.prevout);
        }
        for (uint32_t i = 0; i < transaction->outputs().size(); ++i) {
            const TxOutput& output = transaction->outputs()[i];
            if (output.script_pubkey.is_unspendable()) continue;
            coins.put(OutPoint{transaction->txid(), i},
                      Coin{output, height, transaction->is_coinbase()});
        }
    }
}

bool replay_disconnect(const Block& block, const BlockUndo& undo, CoinsCache& coins) {
    if (undo.spent.size() + 1 != block.transactions.size()) return false;
    for (size_t i = block.transactions.size(); i-- > 0;) {
        const Transaction& transaction = *block.transactions[i];
        for (uint32_t j = 0; j < transaction.outputs().size(); ++j) {
            if (!transaction.outputs()[j].script_pubkey.is_unspendable())
                coins.erase(OutPoint{transaction.txid(), j});
        }
        if (i == 0) continue;
        const auto& spent = undo.spent[i - 1];
        if (spent.size() != transaction.inputs().size()) return false;
        for (size_t j = 0; j < spent.size(); ++j)
            coins.put(transaction.inputs()[j].prevout, spent[j]);
    }
    return true;
}

}  // namespace parley
