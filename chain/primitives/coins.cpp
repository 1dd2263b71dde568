#include "chain/primitives/coins.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/crypto/hash.h"

namespace parley {

Expected<std::optional<Coin>, StorageError> CoinsView::coin(const OutPoint& outpoint) const {
    std::optional<Coin> found;
    const auto fetched =
        fetch(std::span(&outpoint, 1), [&](size_t, const Coin& coin) { found = coin; });
    if (!fetched) return Unexpected(fetched.error());
    return found;
}

Expected<std::vector<std::optional<Coin>>, StorageError> CoinsView::coins(
    std::span<const OutPoint> outpoints) const {
    std::vector<std::optional<Coin>> found(outpoints.size());
    const auto fetched =
        fetch(outpoints, [&](size_t position, const Coin& coin) { found[position] = coin; });
    if (!fetched) return Unexpected(fetched.error());
    return found;
}

Expected<void, StorageError> CoinsView::fetch_through(
    const CoinsView& below, std::span<const OutPoint> outpoints, const Visitor& visit,
    const std::function<bool(size_t position)>& answers) {
    std::vector<OutPoint> rest;
    std::vector<size_t> positions;
    rest.reserve(outpoints.size());
    positions.reserve(outpoints.size());
    for (size_t i = 0; i < outpoints.size(); ++i) {
        if (answers(i)) continue;
        rest.push_back(outpoints[i]);
        positions.push_back(i);
    }
    if (rest.empty()) return {};
    return below.fetch(
        rest, [&](size_t position, const Coin& coin) { visit(positions[position], coin); });
}

size_t OutPointHash::operator()(const OutPoint& outpoint) const noexcept {
    std::array<uint8_t, Hash256::kSize + sizeof(uint32_t)> raw;
    std::copy(outpoint.txid.bytes().begin(), outpoint.txid.bytes().end(), raw.begin());
    std::memcpy(raw.data() + Hash256::kSize, &outpoint.index, sizeof outpoint.index);
    return static_cast<size_t>(siphash24(key0_, key1_, raw));
}

}  // namespace parley
