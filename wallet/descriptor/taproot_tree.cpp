#include "wallet/descriptor/taproot_tree.h"

#include <algorithm>

namespace parley {
namespace {

/// A finished subtree, during construction.
struct Subtree {
    uint8_t depth = 0;
    Hash256 hash;
    std::vector<size_t> leaves;
};

}  // namespace

std::optional<PublicKey> lift_x(const XOnlyKey& key) {
    Bytes even{0x02};
    append(even, key);
    return PublicKey::parse(even);
}

std::optional<TaprootTree> TaprootTree::build(const XOnlyKey& internal_key,
                                              std::vector<TaprootLeaf> leaves) {
    TaprootTree tree;
    tree.internal_key_ = internal_key;
    tree.leaves_ = std::move(leaves);
    tree.proofs_.resize(tree.leaves_.size());
    std::vector<Subtree> open;  // strictly increasing depths
    for (size_t i = 0; i < tree.leaves_.size(); ++i) {
        const TaprootLeaf& leaf = tree.leaves_[i];
        if (leaf.depth > kControlNodesMax) return std::nullopt;
        if (!open.empty() && open.back().depth > leaf.depth) return std::nullopt;
        open.push_back({leaf.depth, tapleaf_hash(leaf.version, leaf.script.bytes()), {i}});
        // Two subtrees of the same depth are siblings.
        while (open.size() >= 2 && open[open.size() - 2].depth == open.back().depth) {
            if (open.back().depth == 0) return std::nullopt;
            const Subtree right = std::move(open.back());
            open.pop_back();
            Subtree& left = open.back();
            for (const size_t index : left.leaves) tree.proofs_[index].push_back(right.hash);
            for (const size_t index : right.leaves) tree.proofs_[index].push_back(left.hash);
            left.hash = tapbranch_hash(left.hash, right.hash);
            left.leaves.insert(left.leaves.end(), right.leaves.begin(), right.leaves.end());
            --left.depth;
        }
    }
    if (open.size() > 1 || (open.size() == 1 && open.front().depth != 0)) return std::nullopt;
    if (!open.empty()) tree.merkle_root_ = open.front().hash;
    const auto lifted = lift_x(internal_key);
    if (!lifted) return std::nullopt;
    const Hash256 tweak =
        taptweak_hash(internal_key, tree.merkle_root_ ? &*tree.merkle_root_ : nullptr);
    const auto output = lifted->tweak_add(tweak.bytes());
    if (!output) return std::nullopt;
    tree.output_key_ = output->x_only();
    tree.odd_ = output->bytes()[0] == 0x03;
    return tree;
}

Bytes TaprootTree::control_block(size_t leaf) const {
    const auto first = static_cast<uint8_t>(leaves_.at(leaf).version | (odd_ ? 1 : 0));
    Bytes control{first};
    append(control, internal_key_);
    for (const Hash256& hash : proofs_[leaf]) append(control, hash.span());
    return control;
}

}  // namespace parley
