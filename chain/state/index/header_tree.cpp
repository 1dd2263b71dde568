#include "chain/state/index/header_tree.h"

#include "base/check.h"

namespace parley {

HeaderTree::HeaderTree(const BlockHeader& genesis) {
    HeaderNode& node = nodes_.emplace_back();
    node.header = genesis;
    node.hash = genesis.hash();
    by_hash_.emplace(node.hash, &node);
    by_height_.push_back({&node});
}

const HeaderNode* HeaderTree::find(const BlockHash& hash) const {
    const auto found = by_hash_.find(hash);
    return found == by_hash_.end() ? nullptr : found->second;
}

HeaderNode& HeaderTree::edit(const HeaderNode& node) {
    CHECK(node.number < nodes_.size());
    HeaderNode& own = nodes_[node.number];
    CHECK(&own == &node);
    return own;
}

HeaderNode& HeaderTree::add(const BlockHeader& header, const BlockHash& hash,
                            const HeaderNode& parent) {
    CHECK(header.previous == parent.hash);
    HeaderNode& node = nodes_.emplace_back();
    node.number = static_cast<uint32_t>(nodes_.size() - 1);
    const bool inserted = by_hash_.emplace(hash, &node).second;
    CHECK(inserted);
    node.header = header;
    node.hash = hash;
    node.height = parent.height + 1;
    node.parent = &parent;
    node.next_sibling = parent.first_child;
    edit(parent).first_child = &node;
    // Myers's skew-binary jumps ("An applicative random-access stack", 1983): two equal jumps in a
    // row become one of twice the length and one step, so any ancestor is O(log n) jumps away, and
    // nodes of one height jump to one height.
    const HeaderNode* jump = parent.skip;
    const bool equal_jumps = jump != nullptr && jump->skip != nullptr &&
                             parent.height - jump->height == jump->height - jump->skip->height;
    node.skip = equal_jumps ? jump->skip : &parent;
    const auto index = static_cast<size_t>(node.height.value());
    if (by_height_.size() == index) by_height_.emplace_back();
    by_height_[index].push_back(&node);
    return node;
}

const std::vector<const HeaderNode*>& HeaderTree::at_height(Height height) const {
    static const std::vector<const HeaderNode*> kNone;
    const auto index = static_cast<size_t>(height.value());
    return height < Height{0} || index >= by_height_.size() ? kNone : by_height_[index];
}

}  // namespace parley
