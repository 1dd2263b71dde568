#include "chain/state/coins.h"

#include <utility>

#include "chain/store/coin_codec.h"
#include "chain/store/index_store.h"

namespace parley {

Coins::Coins(Storage& storage, StoredBlocks& blocks, const Options& options)
    : storage_(storage),
      blocks_(blocks),
      cache_(storage, options.hash, options.keys),
      writer_(storage, cache_, {options.cache_bytes, options.write_interval_blocks}) {}

void Coins::initialize(const ChainParams& params, const HeaderNode& genesis,
                       const StoreMeta& meta) {
    WriteBatch batch;
    batch.put(Bytes{kMetaKey}, serialize_meta(meta));
    storage_.commit(std::move(batch), Durability::written);
    CoinsOverlay coins = overlay();
    if (params.genesis_coins_spendable) {
        const Transaction& coinbase = *params.genesis->transactions[0];
        for (uint32_t i = 0; i < coinbase.outputs().size(); ++i) {
            const TxOutput& output = coinbase.outputs()[i];
            if (!output.script_pubkey.is_unspendable())
                coins.add(OutPoint{coinbase.txid(), i}, Coin{output, Height{0}, false});
        }
    }
    cache_.apply(std::move(coins));
    // The genesis block's coins need no sync: they are created again if a power cut loses them.
    writer_.write_all(genesis, Durability::written, false);
}

void Coins::adopt(const HeaderNode& base) {
    writer_.write_all(base, Durability::synced, false);
}

void Coins::apply(CoinsOverlay&& overlay) {
    cache_.apply(std::move(overlay));
    writer_.block_passed();
}

void Coins::write_due(const HeaderNode& tip) {
    if (!writer_.due()) return;
    // The blocks that the coins reflect must be durable before the coins are.
    blocks_.sync();
    write_slices(tip);
}

void Coins::write_slices(const HeaderNode& tip) {
    while (writer_.due()) writer_.write_slice(tip);
}

void Coins::write_all(const HeaderNode& tip, Durability durability) {
    blocks_.sync();
    writer_.write_all(tip, durability, false);
}

void Coins::replay_connect(const Block& block, Height height) {
    parley::replay_connect(block, height, cache_);
    writer_.block_passed();
}

bool Coins::replay_disconnect(const Block& block, const BlockUndo& undo) {
    writer_.block_passed();
    return parley::replay_disconnect(block, undo, cache_);
}

namespace {

// Passes the records that `scan` visits to the visitor.
template <class Scan>
Expected<void, StorageError> visit_coins(const Scan& scan, const CoinsSnapshot::Visitor& visitor) {
    bool damaged = false;
    auto scanned = scan([&](ByteSpan key, ByteSpan value) {
        Reader reader(value);
        const Coin coin = read_coin(reader);
        damaged = !reader.done() || key.size() != coin_key(OutPoint{}).size();
        return !damaged && visitor(outpoint_of_key(key), coin);
    });
    if (!scanned) return scanned;
    if (damaged) return Unexpected(malformed_coin());
    return {};
}

}  // namespace

Expected<void, StorageError> CoinsSnapshot::for_each(const Visitor& visitor) const {
    return visit_coins([this](const auto& visit) { return keys_->scan(visit); }, visitor);
}

Expected<void, StorageError> Coins::for_each(const CoinsSnapshot::Visitor& visitor) const {
    return visit_coins(
        [this](const auto& visit) { return storage_.scan(Bytes{keys().coin}, visit); }, visitor);
}

Expected<CoinsSnapshot, StorageError> Coins::snapshot() const {
    auto stored = storage_.snapshot(Bytes{keys().coin});
    if (!stored) return Unexpected(stored.error());
    return CoinsSnapshot{std::move(*stored)};
}

}  // namespace parley
