#include "chain/primitives/block.h"

#include <algorithm>

#include "base/crypto/sha256.h"

namespace parley {
namespace {

// Version, counts, locktime: no transaction is shorter.
constexpr size_t kTransactionSizeMin = 10;

}  // namespace

std::array<uint8_t, BlockHeader::kSize> BlockHeader::serialize() const {
    Writer writer(kSize);
    writer.le(version).hash(previous).hash(merkle_root).le(time).le(bits).le(nonce);
    std::array<uint8_t, kSize> bytes{};
    std::copy(writer.data().begin(), writer.data().end(), bytes.begin());
    return bytes;
}

BlockHash BlockHeader::hash() const {
    return BlockHash{sha256d(serialize())};
}

BlockHeader read_block_header(Reader& reader) {
    BlockHeader header;
    header.version = reader.le<int32_t>();
    header.previous = BlockHash{reader.hash()};
    header.merkle_root = reader.hash();
    header.time = reader.le<uint32_t>();
    header.bits = reader.le<uint32_t>();
    header.nonce = reader.le<uint32_t>();
    return header;
}

size_t Block::size(WitnessEncoding encoding) const {
    size_t size = BlockHeader::kSize + compact_size_length(transactions.size());
    for (const auto& transaction : transactions) {
        size += encoding == WitnessEncoding::with ? transaction->total_size()
                                                  : transaction->base_size();
    }
    return size;
}

Weight Block::weight() const {
    return Weight{
        static_cast<int64_t>(3 * size(WitnessEncoding::without) + size(WitnessEncoding::with))};
}

Bytes Block::serialize(WitnessEncoding encoding) const {
    Writer writer(size(encoding));
    writer.bytes(header.serialize()).compact_size(transactions.size());
    for (const auto& transaction : transactions)
        write_transaction(writer, transaction->data(), encoding);
    return writer.take();
}

Block read_block(Reader& reader) {
    Block block;
    block.header = read_block_header(reader);
    const size_t count = reader.count(kTransactionSizeMin);
    block.transactions.reserve(count);
    for (size_t i = 0; i < count && reader.ok(); ++i) {
        block.transactions.push_back(read_shared_transaction(reader));
    }
    return block;
}

Hash256 merkle_root(const std::vector<Hash256>& leaves, bool* mutated) {
    if (mutated != nullptr) *mutated = false;
    if (leaves.empty()) return Hash256{};
    std::vector<Hash256> level = leaves;
    while (level.size() > 1) {
        if (mutated != nullptr) {
            for (size_t i = 0; i + 1 < level.size(); i += 2) *mutated |= level[i] == level[i + 1];
        }
        if (level.size() % 2 != 0) level.push_back(level.back());
        static_assert(sizeof(Hash256) == 32, "a level of the tree is hashed in place");
        auto* raw = level[0].bytes().data();
        sha256d_64(raw, raw, level.size() / 2);
        level.resize(level.size() / 2);
    }
    return level[0];
}

Hash256 block_merkle_root(const Block& block, bool* mutated) {
    std::vector<Hash256> leaves;
    leaves.reserve(block.transactions.size() + 1);
    for (const auto& transaction : block.transactions) leaves.push_back(transaction->txid());
    return merkle_root(leaves, mutated);
}

Hash256 block_witness_merkle_root(const Block& block) {
    std::vector<Hash256> leaves;
    leaves.reserve(block.transactions.size() + 1);
    for (const auto& transaction : block.transactions) leaves.push_back(transaction->wtxid());
    if (!leaves.empty()) leaves[0] = Hash256{};
    return merkle_root(leaves);
}

}  // namespace parley
