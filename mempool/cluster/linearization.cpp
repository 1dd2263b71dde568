#include "mempool/cluster/linearization.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "base/check.h"

namespace parley {
namespace {

using Wide = __int128;
using Positions = std::vector<size_t>;

FeeFraction sum_of(std::span<const LinearItem> items, const Positions& members) {
    FeeFraction sum{0, 0};
    for (const size_t member : members) {
        sum.fee += items[member].cost.fee;
        sum.size += items[member].cost.size;
    }
    return sum;
}

/// Maximum closure: of weighted items, the set with the highest positive total that contains the
/// parents of all its members. A minimum cut between the items of positive and of negative weight,
/// by augmenting paths.
class MaximumClosure {
 public:
    /// `parents` are positions within `weights`.
    MaximumClosure(std::vector<Wide> weights, const std::vector<Positions>& parents)
        : weights_(std::move(weights)), pulls_(weights_.size()), flow_(weights_.size()) {
        for (size_t child = 0; child < weights_.size(); ++child) {
            pulls_[child] = parents[child];
            flow_[child].resize(weights_.size());
        }
    }

    /// Empty: no set has a positive total.
    Positions find() {
        for (size_t i = 0; i < weights_.size(); ++i) {
            while (weights_[i] > 0) {
                visited_.assign(weights_.size(), false);
                if (push(i, weights_[i]) == 0) break;
            }
        }
        visited_.assign(weights_.size(), false);
        for (size_t i = 0; i < weights_.size(); ++i) {
            if (weights_[i] > 0) reach(i);
        }
        Positions reached;
        for (size_t i = 0; i < weights_.size(); ++i) {
            if (visited_[i]) reached.push_back(i);
        }
        return reached;
    }

 private:
    /// Moves up to `limit` from an item of positive weight to one of negative weight that it pulls
    /// in. Weights become what is left of them.
    Wide push(size_t from, Wide limit) {
        visited_[from] = true;
        const Wide moved = push_on(from, from, limit);
        if (moved > 0) weights_[from] -= moved;
        return moved;
    }

    Wide push_on(size_t origin, size_t at, Wide limit) {
        if (at != origin && weights_[at] < 0) {
            const Wide moved = std::min(limit, -weights_[at]);
            weights_[at] += moved;
            return moved;
        }
        for (const size_t parent : pulls_[at]) {
            if (visited_[parent]) continue;
            visited_[parent] = true;
            if (const Wide moved = push_on(origin, parent, limit); moved > 0) {
                flow_[at][parent] += moved;
                return moved;
            }
        }
        // Takes back what another item has pushed into this one.
        for (size_t child = 0; child < weights_.size(); ++child) {
            if (visited_[child] || flow_[child][at] == 0) continue;
            visited_[child] = true;
            const Wide most = std::min(limit, flow_[child][at]);
            if (const Wide moved = push_on(origin, child, most); moved > 0) {
                flow_[child][at] -= moved;
                return moved;
            }
        }
        return 0;
    }

    void reach(size_t at) {
        if (visited_[at]) return;
        visited_[at] = true;
        for (const size_t parent : pulls_[at]) reach(parent);
        for (size_t child = 0; child < weights_.size(); ++child) {
            if (flow_[child][at] > 0) reach(child);
        }
    }

    std::vector<Wide> weights_;
    std::vector<Positions> pulls_;
    std::vector<std::vector<Wide>> flow_;
    std::vector<bool> visited_;
};

/// One connected group of items, from which chunks are taken until nothing remains.
class Group {
 public:
    Group(std::span<const LinearItem> items, Positions members)
        : items_(items), remaining_(std::move(members)) {}

    std::vector<LinearChunk> chunks() {
        if (remaining_.size() > kExactCountMax) return cut_as_given();
        std::vector<LinearChunk> found;
        while (!remaining_.empty()) {
            Positions best = smallest_of_equal(best_closure());
            found.push_back({sum_of(items_, best), best});
            std::erase_if(remaining_,
                          [&](size_t item) { return std::ranges::binary_search(best, item); });
        }
        return found;
    }

 private:
    std::vector<LinearChunk> cut_as_given() const {
        std::vector<LinearChunk> found;
        for (const size_t item : remaining_) {
            found.push_back({items_[item].cost, {item}});
            while (found.size() > 1 && found.back().cost.above(found[found.size() - 2].cost)) {
                LinearChunk last = std::move(found.back());
                found.pop_back();
                found.back().cost.fee += last.cost.fee;
                found.back().cost.size += last.cost.size;
                found.back().items.insert(found.back().items.end(), last.items.begin(),
                                          last.items.end());
            }
        }
        return found;
    }

    Positions best_closure() const {
        Positions best = remaining_;
        if (best.size() == 1) return best;
        std::vector<Positions> parents(remaining_.size());
        for (size_t i = 0; i < remaining_.size(); ++i) {
            for (const size_t parent : items_[remaining_[i]].parents) {
                const auto at = std::ranges::lower_bound(remaining_, parent);
                if (at != remaining_.end() && *at == parent)
                    parents[i].push_back(static_cast<size_t>(at - remaining_.begin()));
            }
        }
        while (true) {
            const FeeFraction rate = sum_of(items_, best);
            std::vector<Wide> gains;
            for (const size_t item : remaining_) {
                const FeeFraction& cost = items_[item].cost;
                gains.push_back(static_cast<Wide>(cost.fee) * rate.size -
                                static_cast<Wide>(rate.fee) * cost.size);
            }
            const Positions better = MaximumClosure{std::move(gains), parents}.find();
            if (better.empty()) return best;
            best.clear();
            for (const size_t i : better) best.push_back(remaining_[i]);
        }
    }

    /// A member with its ancestors may have the rate of the whole: then it is a chunk by itself.
    Positions smallest_of_equal(Positions chunk) const {
        const FeeFraction rate = sum_of(items_, chunk);
        Positions smallest = chunk;
        for (const size_t member : chunk) {
            const Positions with_ancestors = ancestors_within(chunk, member);
            if (with_ancestors.size() < smallest.size() &&
                sum_of(items_, with_ancestors).compare(rate) == 0)
                smallest = with_ancestors;
        }
        return smallest;
    }

    /// Including the member; sorted.
    Positions ancestors_within(const Positions& chunk, size_t member) const {
        Positions found{member};
        for (size_t next = 0; next < found.size(); ++next) {
            for (const size_t parent : items_[found[next]].parents) {
                if (std::ranges::binary_search(chunk, parent) &&
                    std::ranges::find(found, parent) == found.end())
                    found.push_back(parent);
            }
        }
        std::ranges::sort(found);
        return found;
    }

    std::span<const LinearItem> items_;
    Positions remaining_;  ///< sorted
};

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
    for (Positions& group : groups_of(items)) {
        auto chunks = Group{items, std::move(group)}.chunks();
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
