#include <algorithm>
#include <array>

#include "base/check.h"
#include "chain/rules/header_tree.h"

namespace parley {
namespace {

constexpr size_t kMedianTimeBlocks = 11;  // BIP113

}  // namespace

const HeaderNode* HeaderNode::ancestor(Height target) const {
    CHECK(target >= Height{0} && target <= height);
    const HeaderNode* node = this;
    while (node->height > target) {
        // A skip that lands below the target is no use; the parent's skip may be shorter.
        node = node->skip != nullptr && node->skip->height >= target ? node->skip : node->parent;
    }
    return node;
}

int64_t HeaderNode::median_time_past() const {
    std::array<int64_t, kMedianTimeBlocks> times{};
    size_t count = 0;
    for (const HeaderNode* node = this; node != nullptr && count < kMedianTimeBlocks;
         node = node->parent) {
        times[count++] = node->time();
    }
    const auto end = times.begin() + static_cast<ptrdiff_t>(count);
    const auto middle = times.begin() + static_cast<ptrdiff_t>(count / 2);
    std::nth_element(times.begin(), middle, end);
    return *middle;
}

const HeaderNode* fork_point(const HeaderNode* a, const HeaderNode* b) {
    CHECK(a != nullptr && b != nullptr);
    if (a->height > b->height) a = a->ancestor(b->height);
    if (b->height > a->height) b = b->ancestor(a->height);
    while (a != b) {
        // Equal heights have skips of equal heights, so both jump together or step together.
        if (a->skip != nullptr && a->skip != b->skip) {
            a = a->skip;
            b = b->skip;
        } else {
            a = a->parent;
            b = b->parent;
        }
        CHECK(a != nullptr && b != nullptr);
    }
    return a;
}

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

HeaderNode& HeaderTree::add(const BlockHeader& header, const BlockHash& hash,
                            const HeaderNode& parent) {
    CHECK(header.previous == parent.hash);
    HeaderNode& node = nodes_.emplace_back();
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
