// Chunks and feerate diagrams, against every order of small groups.
#include "mempool/cluster/linearization.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "base/random.h"

namespace parley {
namespace {

LinearItem item(int64_t fee, int64_t size, std::vector<size_t> parents = {}) {
    return {{fee, size}, std::move(parents)};
}

std::vector<std::vector<size_t>> members(const std::vector<LinearChunk>& chunks) {
    std::vector<std::vector<size_t>> all;
    for (const LinearChunk& chunk : chunks) all.push_back(chunk.items);
    return all;
}

TEST(LinearizationTest, linearize_child_pays_for_parent_joins_them) {
    const auto chunks = linearize(std::vector{item(1, 100), item(9, 100, {0})});
    ASSERT_EQ(chunks.size(), 1u);
    EXPECT_EQ(chunks[0].items, (std::vector<size_t>{0, 1}));
    EXPECT_EQ(chunks[0].cost.fee, 10);
    EXPECT_EQ(chunks[0].cost.size, 200);
}

TEST(LinearizationTest, linearize_lower_or_equal_child_is_a_chunk_of_its_own) {
    EXPECT_EQ(members(linearize(std::vector{item(9, 100), item(1, 100, {0})})),
              (std::vector<std::vector<size_t>>{{0}, {1}}));
    EXPECT_EQ(members(linearize(std::vector{item(5, 100), item(5, 100, {0}), item(5, 100, {1})})),
              (std::vector<std::vector<size_t>>{{0}, {1}, {2}}));
}

TEST(LinearizationTest, linearize_two_children_pay_for_a_parent_that_neither_would_alone) {
    // Of the parent with one child, neither pair beats item 3; all three together do.
    const auto chunks = linearize(
        std::vector{item(0, 100), item(300, 100, {0}), item(300, 100, {0}), item(180, 100)});
    EXPECT_EQ(members(chunks), (std::vector<std::vector<size_t>>{{0, 1, 2}, {3}}));
}

TEST(LinearizationTest, linearize_no_items_has_no_chunks) {
    EXPECT_TRUE(linearize({}).empty());
}

TEST(LinearizationTest, linearize_more_than_exact_limit_keeps_the_given_order) {
    std::vector<LinearItem> chain{item(1, 10)};
    for (size_t i = 1; i <= kExactCountMax; ++i) chain.push_back(item(1, 10, {i - 1}));
    chain.push_back(item(10'000, 10, {kExactCountMax}));
    const auto chunks = linearize(chain);
    ASSERT_EQ(chunks.size(), 1u);
    EXPECT_EQ(chunks[0].items.size(), chain.size());
    EXPECT_TRUE(std::ranges::is_sorted(chunks[0].items));
}

TEST(LinearizationTest, compare_diagrams_orders_by_every_corner) {
    const std::vector<LinearChunk> low{{{100, 100}, {}}};
    const std::vector<LinearChunk> high{{{120, 100}, {}}};
    // Earns more at first, and less in the end.
    const std::vector<LinearChunk> steep{{{110, 50}, {}}};
    using Order = std::partial_ordering;
    EXPECT_EQ(compare_diagrams(high, low), Order::greater);
    EXPECT_EQ(compare_diagrams(low, high), Order::less);
    EXPECT_EQ(compare_diagrams(low, low), Order::equivalent);
    EXPECT_EQ(compare_diagrams(steep, high), Order::unordered);
    EXPECT_EQ(compare_diagrams(low, {}), Order::greater);
    EXPECT_EQ(compare_diagrams({}, {}), Order::equivalent);
}

/// The chunks of one order that can be mined.
std::vector<LinearChunk> cut(const std::vector<LinearItem>& items,
                             const std::vector<size_t>& order) {
    std::vector<LinearChunk> chunks;
    for (const size_t each : order) {
        chunks.push_back({items[each].cost, {}});
        while (chunks.size() > 1 && chunks.back().cost.above(chunks[chunks.size() - 2].cost)) {
            const FeeFraction last = chunks.back().cost;
            chunks.pop_back();
            chunks.back().cost.fee += last.fee;
            chunks.back().cost.size += last.size;
        }
    }
    return chunks;
}

bool can_be_mined(const std::vector<LinearItem>& items, const std::vector<size_t>& order) {
    std::vector<bool> mined(items.size());
    for (const size_t each : order) {
        for (const size_t parent : items[each].parents) {
            if (!mined[parent]) return false;
        }
        mined[each] = true;
    }
    return true;
}

// At the largest size that is solved exactly, each chunk must be the best set of what remains: no
// item with its ancestors, and none of the sets that a few random ones lead to, pays more.
RC_GTEST_PROP(LinearizationTest, linearize_finds_no_better_set_in_a_full_group, ()) {
    SeededRandom random(*rc::gen::arbitrary<uint64_t>());
    const uint64_t parents_in_a_hundred = 3 + random.uniform(57);
    std::vector<LinearItem> items{item(5, 3)};
    while (items.size() < 64) {
        LinearItem each = item(static_cast<int64_t>(random.uniform(1000)) - 3,
                               static_cast<int64_t>(1 + random.uniform(60)), {0});
        for (size_t parent = 1; parent < items.size(); ++parent) {
            if (random.uniform(100) < parents_in_a_hundred) each.parents.push_back(parent);
        }
        items.push_back(std::move(each));
    }
    std::set<size_t> remaining;
    for (size_t i = 0; i < items.size(); ++i) remaining.insert(i);
    for (const LinearChunk& chunk : linearize(items)) {
        for (const size_t each : remaining) {
            const auto other = static_cast<std::ptrdiff_t>(random.uniform(remaining.size()));
            std::set<size_t> reached{each, *std::next(remaining.begin(), other)};
            FeeFraction sum{0, 0};
            for (auto at = reached.rbegin(); at != reached.rend(); ++at) {
                sum.fee += items[*at].cost.fee;
                sum.size += items[*at].cost.size;
                for (const size_t parent : items[*at].parents)
                    if (remaining.contains(parent)) reached.insert(parent);
            }
            RC_ASSERT(!sum.above(chunk.cost));
        }
        for (const size_t each : chunk.items) RC_ASSERT(remaining.erase(each) == 1);
    }
    RC_ASSERT(remaining.empty());
}

RC_GTEST_PROP(LinearizationTest, linearize_earns_at_least_as_much_as_every_order, ()) {
    const auto count = *rc::gen::inRange<size_t>(1, 7);
    std::vector<LinearItem> items;
    for (size_t i = 0; i < count; ++i) {
        LinearItem each = item(*rc::gen::inRange(-3, 12), *rc::gen::inRange(1, 6));
        for (size_t parent = 0; parent < i; ++parent) {
            if (*rc::gen::inRange(0, 3) == 0) each.parents.push_back(parent);
        }
        items.push_back(std::move(each));
    }
    const auto chunks = linearize(items);
    std::vector<size_t> order;
    for (size_t i = 0; i < chunks.size(); ++i) {
        FeeFraction sum{0, 0};
        for (const size_t each : chunks[i].items) {
            order.push_back(each);
            sum.fee += items[each].cost.fee;
            sum.size += items[each].cost.size;
        }
        RC_ASSERT(sum.fee == chunks[i].cost.fee);
        RC_ASSERT(sum.size == chunks[i].cost.size);
        if (i > 0) RC_ASSERT(!chunks[i].cost.above(chunks[i - 1].cost));
    }
    RC_ASSERT(order.size() == count);
    RC_ASSERT(can_be_mined(items, order));
    std::vector<size_t> other(count);
    std::iota(other.begin(), other.end(), size_t{0});
    do {
        if (!can_be_mined(items, other)) continue;
        const auto verdict = compare_diagrams(chunks, cut(items, other));
        RC_ASSERT(std::is_gteq(verdict));
    } while (std::ranges::next_permutation(other).found);
}

}  // namespace
}  // namespace parley
