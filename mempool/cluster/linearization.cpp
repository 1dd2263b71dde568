#include "mempool/cluster/linearization.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <optional>

#include "base/check.h"

namespace parley {
namespace {

using Wide = __int128;
using Positions = std::vector<size_t>;
using Members = uint64_t;  ///< a bit for each item of a group

static_assert(kExactCountMax == 64, "a group that is solved exactly fits into a word");

constexpr Members bit(size_t position) {
    return Members{1} << position;
}

template <class Visit>
void for_each(Members members, Visit visit) {
    for (; members != 0; members &= members - 1)
        visit(static_cast<size_t>(std::countr_zero(members)));
}

void add(FeeFraction& sum, const FeeFraction& cost) {
    sum.fee += cost.fee;
    sum.size += cost.size;
}

/// Maximum closure: of weighted items, the smallest set among those that have the highest positive
/// total and contain the parents of all their members. A minimum cut between the items of positive
/// and of negative weight, by shortest augmenting paths (Edmonds and Karp).
class MaximumClosure {
 public:
    /// `parents` are bits for positions within `weights`, which are at most 64.
    MaximumClosure(std::vector<Wide> weights, std::span<const Members> parents)
        : weights_(std::move(weights)),
          parents_(parents),
          takers_(weights_.size()),
          flow_(weights_.size() * weights_.size()) {
        for (size_t i = 0; i < weights_.size(); ++i) {
            if (weights_[i] > 0) gainers_ |= bit(i);
            if (weights_[i] < 0) losers_ |= bit(i);
        }
    }

    /// Empty: no set has a positive total.
    Members find() {
        while (const auto end = search()) push_to(*end);
        return reached_;
    }

 private:
    Wide& flow(size_t child, size_t parent) { return flow_[child * weights_.size() + parent]; }

    /// Breadth first from all gainers to the nearest loser: on to parents, or back to a child that
    /// has pushed something into an item. Weights are what is left of them.
    std::optional<size_t> search() {
        std::array<uint8_t, kExactCountMax> queue;
        size_t queued = 0;
        reached_ = gainers_;
        for_each(gainers_, [&](size_t i) { queue[queued++] = static_cast<uint8_t>(i); });
        for (size_t next = 0; next < queued; ++next) {
            const size_t at = queue[next];
            const Members found = (parents_[at] | takers_[at]) & ~reached_;
            reached_ |= found;
            for_each(found, [&](size_t i) {
                before_[i] = static_cast<uint8_t>(at);
                queue[queued++] = static_cast<uint8_t>(i);
            });
            if (const Members ends = found & losers_; ends != 0)
                return static_cast<size_t>(std::countr_zero(ends));
        }
        return std::nullopt;
    }

    void push_to(size_t end) {
        Wide most = -weights_[end];
        size_t start = end;
        for (; (gainers_ & bit(start)) == 0; start = before_[start]) {
            const size_t from = before_[start];
            if ((takers_[from] & bit(start)) != 0) most = std::min(most, flow(start, from));
        }
        most = std::min(most, weights_[start]);
        for (size_t at = end; at != start; at = before_[at]) move(before_[at], at, most);
        weights_[start] -= most;
        weights_[end] += most;
        if (weights_[start] == 0) gainers_ &= ~bit(start);
        if (weights_[end] == 0) losers_ &= ~bit(end);
    }

    void move(size_t from, size_t to, Wide amount) {
        if ((takers_[from] & bit(to)) != 0) {
            Wide& taken = flow(to, from);
            taken -= amount;
            if (taken == 0) takers_[from] &= ~bit(to);
        } else {
            flow(from, to) += amount;
            takers_[to] |= bit(from);
        }
    }

    std::vector<Wide> weights_;
    std::span<const Members> parents_;
    std::vector<Members> takers_;  ///< children that have pushed something into an item
    std::vector<Wide> flow_;       ///< from child to parent
    Members gainers_ = 0;
    Members losers_ = 0;
    Members reached_ = 0;
    std::array<uint8_t, kExactCountMax> before_{};
};

/// One connected group of at most kExactCountMax items. At the rate of the whole group, the maximum
/// closure contains exactly the chunks that pay more: it is split off, and each part is split in
/// turn. So there are less than two cuts for each chunk.
class ExactGroup {
 public:
    /// `positions` are sorted.
    ExactGroup(std::span<const LinearItem> items, const Positions& positions)
        : positions_(positions), parents_(positions.size()), ancestors_(positions.size()) {
        CHECK(positions.size() <= kExactCountMax);
        for (size_t i = 0; i < positions.size(); ++i) {
            costs_.push_back(items[positions[i]].cost);
            for (const size_t parent : items[positions[i]].parents) {
                const auto at = std::ranges::lower_bound(positions, parent) - positions.begin();
                parents_[i] |= bit(static_cast<size_t>(at));
            }
            ancestors_[i] = bit(i);
            for_each(parents_[i], [&](size_t parent) { ancestors_[i] |= ancestors_[parent]; });
        }
    }

    std::vector<LinearChunk> chunks() && {
        split(costs_.size() == kExactCountMax ? ~Members{0} : bit(costs_.size()) - 1);
        return std::move(chunks_);
    }

 private:
    FeeFraction sum_of(Members members) const {
        FeeFraction sum{0, 0};
        for_each(members, [&](size_t i) { add(sum, costs_[i]); });
        return sum;
    }

    void split(Members members) {
        const FeeFraction rate = sum_of(members);
        const Members better = std::popcount(members) == 1 ? 0 : closure_above(rate, members);
        if (better == 0) return emit(members, rate);
        split(better);
        split(members & ~better);
    }

    Members closure_above(const FeeFraction& rate, Members members) const {
        std::vector<Wide> gains(costs_.size());
        for_each(members, [&](size_t i) {
            gains[i] = static_cast<Wide>(costs_[i].fee) * rate.size -
                       static_cast<Wide>(rate.fee) * costs_[i].size;
        });
        std::vector<Members> parents(costs_.size());
        for_each(members, [&](size_t i) { parents[i] = parents_[i] & members; });
        return MaximumClosure{std::move(gains), parents}.find();
    }

    /// No part of these pays more than the whole. One that pays as much, a member with its
    /// ancestors, is a chunk by itself, the smallest first.
    void emit(Members members, const FeeFraction& rate) {
        while (members != 0) {
            Members smallest = members;
            for_each(members, [&](size_t i) {
                const Members part = ancestors_[i] & members;
                if (std::popcount(part) < std::popcount(smallest) &&
                    sum_of(part).compare(rate) == 0)
                    smallest = part;
            });
            LinearChunk chunk{sum_of(smallest), {}};
            for_each(smallest, [&](size_t i) { chunk.items.push_back(positions_[i]); });
            chunks_.push_back(std::move(chunk));
            members &= ~smallest;
        }
    }

    const Positions& positions_;
    std::vector<FeeFraction> costs_;
    std::vector<Members> parents_;
    std::vector<Members> ancestors_;  ///< with the item itself
    std::vector<LinearChunk> chunks_;
};

/// In the order given.
std::vector<LinearChunk> cut_as_given(std::span<const LinearItem> items,
                                      const Positions& positions) {
    std::vector<LinearChunk> found;
    for (const size_t item : positions) {
        found.push_back({items[item].cost, {item}});
        while (found.size() > 1 && found.back().cost.above(found[found.size() - 2].cost)) {
            const LinearChunk last = std::move(found.back());
            found.pop_back();
            add(found.back().cost, last.cost);
            found.back().items.insert(found.back().items.end(), last.items.begin(),
                                      last.items.end());
        }
    }
    return found;
}

/// The connected groups, each sorted.
std::vector<Positions> groups_of(std::span<const LinearItem> items) {
    std::vector<size_t> root(items.size());
    std::iota(root.begin(), root.end(), size_t{0});
    const auto find = [&](size_t item) {
        while (root[item] != item) item = root[item] = root[root[item]];
        return item;
    };
    for (size_t i = 0; i < items.size(); ++i) {
        for (const size_t parent : items[i].parents) {
            CHECK(parent < i);
            root[find(i)] = find(parent);
        }
    }
    std::vector<Positions> by_root(items.size());
    for (size_t i = 0; i < items.size(); ++i) by_root[find(i)].push_back(i);
    std::erase_if(by_root, [](const Positions& group) { return group.empty(); });
    return by_root;
}

/// What the chunks earn up to a size, as a fraction: `fee` / `size`.
struct Earned {
    Wide fee = 0;
    Wide size = 1;
};

Earned earned_at(std::span<const LinearChunk> chunks, int64_t size) {
    int64_t fee = 0;
    for (const LinearChunk& chunk : chunks) {
        if (chunk.cost.size >= size) {
            return {
                static_cast<Wide>(fee) * chunk.cost.size + static_cast<Wide>(chunk.cost.fee) * size,
                chunk.cost.size};
        }
        size -= chunk.cost.size;
        fee += chunk.cost.fee;
    }
    return {fee, 1};
}

}  // namespace

std::vector<LinearChunk> linearize(std::span<const LinearItem> items) {
    std::vector<LinearChunk> all;
    for (const Positions& group : groups_of(items)) {
        auto chunks = group.size() > kExactCountMax ? cut_as_given(items, group)
                                                    : ExactGroup{items, group}.chunks();
        std::ranges::move(chunks, std::back_inserter(all));
    }
    // Stable: within a group, the order stays one that can be mined.
    std::ranges::stable_sort(all, [](const LinearChunk& left, const LinearChunk& right) {
        return left.cost.above(right.cost);
    });
    return all;
}

std::partial_ordering compare_diagrams(std::span<const LinearChunk> left,
                                       std::span<const LinearChunk> right) {
    bool left_higher = false;
    bool right_higher = false;
    for (const auto& corners : {left, right}) {
        int64_t size = 0;
        for (const LinearChunk& chunk : corners) {
            size += chunk.cost.size;
            const Earned a = earned_at(left, size);
            const Earned b = earned_at(right, size);
            left_higher |= a.fee * b.size > b.fee * a.size;
            right_higher |= a.fee * b.size < b.fee * a.size;
        }
    }
    if (left_higher && right_higher) return std::partial_ordering::unordered;
    if (left_higher) return std::partial_ordering::greater;
    return right_higher ? std::partial_ordering::less : std::partial_ordering::equivalent;
}

}  // namespace parley
