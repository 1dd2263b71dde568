#include "chain/state/snapshot/stored_coins.h"

#include <utility>

#include "base/check.h"
#include "chain/store/coin_codec.h"

namespace parley {

Expected<void, StorageError> CoinsHasher::step() {
    CHECK(!done());
    bool damaged = false;
    const Bytes prefix{keys_.coin, static_cast<uint8_t>(next_++)};
    auto scanned = storage_.scan(prefix, [&](ByteSpan key, ByteSpan value) {
        Reader reader(value);
        const Coin coin = read_coin(reader);
        damaged = !reader.done() || key.size() != coin_key(OutPoint{}).size();
        if (!damaged) state_.write(serialize_hashed_coin(outpoint_of_key(key), coin));
        return !damaged;
    });
    if (scanned && damaged) return Unexpected(malformed_coin());
    return scanned;
}

Hash256 CoinsHasher::hash() {
    CHECK(done());
    return sha256(state_.finish().span());
}

Expected<void, StorageError> CoinsEraser::step() {
    CHECK(!done());
    WriteBatch batch;
    if (next_ == 0) batch.erase(Bytes{keys_.walk});
    const Bytes prefix{keys_.coin, static_cast<uint8_t>(next_++)};
    auto scanned = storage_.scan(prefix, [&](ByteSpan key, ByteSpan) {
        batch.erase(key);
        return true;
    });
    if (scanned && !batch.empty()) storage_.commit(std::move(batch), Durability::written);
    return scanned;
}

Expected<bool, StorageError> has_coins(const Storage& storage, const CoinsKeys& keys) {
    const auto record = storage.get(Bytes{keys.walk});
    if (!record) return Unexpected(record.error());
    bool found = record->has_value();
    const auto scanned = storage.scan(Bytes{keys.coin}, [&](ByteSpan, ByteSpan) {
        found = true;
        return false;
    });
    if (!scanned) return Unexpected(scanned.error());
    return found;
}

}  // namespace parley
