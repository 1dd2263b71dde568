#include "chain/rules/header_node.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace parley {
namespace {

constexpr size_t kMedianTimeBlocks = 11;  // BIP113

}  // namespace

const HeaderNode* HeaderNode::ancestor(Height target) const {
    CHECK(target >= Height{0} && target <= height);
    const HeaderNode* node = this;
    while (node->height > target) {
        // A skip to below the target is useless, but the parent's skip may be shorter.
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

}  // namespace parley
