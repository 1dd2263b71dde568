#include "net/filters/merkle_proof.h"

#include <algorithm>
#include <utility>

#include "base/crypto/sha256.h"
#include "chain/primitives/consensus_limits.h"

namespace parley {
namespace {

// A valid transaction has at least 60 bytes, so no block has more of them.
constexpr auto kTransactionsMax =
    static_cast<uint32_t>(kBlockWeightMax.value() / (kWitnessScaleFactor * 60));

Hash256 parent_hash(const Hash256& left, const Hash256& right) {
    Writer writer(2 * Hash256::kSize);
    writer.hash(left).hash(right);
    return sha256d(writer.data());
}

}  // namespace

MerkleProof::MerkleProof(const Block& block, const std::set<Txid>& wanted)
    : header_(block.header), transaction_count_(static_cast<uint32_t>(block.transactions.size())) {
    std::vector<std::vector<Hash256>> levels(1);
    std::vector<bool> leaves;
    for (const TransactionRef& transaction : block.transactions) {
        levels[0].push_back(transaction->txid());
        leaves.push_back(wanted.contains(transaction->txid()));
    }
    while (levels.back().size() > 1) {
        const std::vector<Hash256>& below = levels.back();
        std::vector<Hash256> level;
        for (size_t i = 0; i < below.size(); i += 2)
            level.push_back(parent_hash(below[i], below[std::min(i + 1, below.size() - 1)]));
        levels.push_back(std::move(level));
    }
    if (transaction_count_ > 0) build(root_height(), 0, levels, leaves);
}

int MerkleProof::root_height() const {
    int height = 0;
    while (width(height) > 1) ++height;
    return height;
}

void MerkleProof::build(int height, uint32_t position,
                        const std::vector<std::vector<Hash256>>& levels,
                        const std::vector<bool>& wanted) {
    const size_t first = size_t{position} << height;
    const size_t end = std::min(wanted.size(), (size_t{position} + 1) << height);
    const auto begin = wanted.begin();
    const bool above_match =
        std::find(begin + static_cast<ptrdiff_t>(first), begin + static_cast<ptrdiff_t>(end),
                  true) != begin + static_cast<ptrdiff_t>(end);
    bits_.push_back(above_match);
    if (height == 0 || !above_match) {
        hashes_.push_back(levels[static_cast<size_t>(height)][position]);
        return;
    }
    build(height - 1, position * 2, levels, wanted);
    if (position * 2 + 1 < width(height - 1)) build(height - 1, position * 2 + 1, levels, wanted);
}

Bytes MerkleProof::serialize() const {
    Writer writer;
    writer.bytes(header_.serialize()).le(transaction_count_).compact_size(hashes_.size());
    for (const Hash256& hash : hashes_) writer.hash(hash);
    Bytes flags((bits_.size() + 7) / 8);
    for (size_t i = 0; i < bits_.size(); ++i) {
        if (bits_[i]) flags[i / 8] = static_cast<uint8_t>(flags[i / 8] | (1u << (i % 8)));
    }
    writer.var_bytes(flags);
    return writer.take();
}

std::optional<MerkleProof> MerkleProof::parse(ByteSpan bytes) {
    Reader reader(bytes);
    MerkleProof proof;
    proof.header_ = read_block_header(reader);
    proof.transaction_count_ = reader.le<uint32_t>();
    const uint64_t count = reader.compact_size();
    for (uint64_t i = 0; i < count && reader.ok(); ++i) proof.hashes_.push_back(reader.hash());
    for (const uint8_t byte : reader.var_bytes()) {
        for (int bit = 0; bit < 8; ++bit) proof.bits_.push_back((byte >> bit & 1) != 0);
    }
    if (!reader.ok()) return std::nullopt;
    return proof;
}

// Rebuilds the root in the order in which build() went down.
struct MerkleProof::Walk {
    const MerkleProof& proof;
    size_t bits_used = 0;
    size_t hashes_used = 0;
    bool bad = false;
    std::vector<Txid> txids{};

    Hash256 hash_of(int height, uint32_t position) {
        if (bits_used >= proof.bits_.size()) {
            bad = true;
            return {};
        }
        const bool above_match = proof.bits_[bits_used++];
        if (height == 0 || !above_match) {
            if (hashes_used >= proof.hashes_.size()) {
                bad = true;
                return {};
            }
            const Hash256& hash = proof.hashes_[hashes_used++];
            if (height == 0 && above_match) txids.emplace_back(hash);
            return hash;
        }
        const Hash256 left = hash_of(height - 1, position * 2);
        if (bad || position * 2 + 1 >= proof.width(height - 1)) return parent_hash(left, left);
        const Hash256 right = hash_of(height - 1, position * 2 + 1);
        // Equal neighbours would let a transaction be proven twice (CVE-2012-2459).
        if (right == left) bad = true;
        return parent_hash(left, right);
    }
};

std::optional<MerkleProof::Matches> MerkleProof::matches() const {
    if (transaction_count_ == 0 || transaction_count_ > kTransactionsMax) return std::nullopt;
    if (hashes_.size() > transaction_count_ || bits_.size() < hashes_.size()) return std::nullopt;
    Walk walk{*this};
    const Hash256 root = walk.hash_of(root_height(), 0);
    // The bits fill whole bytes; only the padding of the last one may be left.
    const bool all_bits = (walk.bits_used + 7) / 8 == (bits_.size() + 7) / 8;
    if (walk.bad || !all_bits || walk.hashes_used != hashes_.size()) return std::nullopt;
    return Matches{root, std::move(walk.txids)};
}

}  // namespace parley
