#include "node/simulator/network/overlay.h"

#include <algorithm>
#include <set>

#include "base/check.h"

namespace parley::sim {
namespace {

constexpr uint64_t kPpm = 1'000'000;

/// Links that are added one by one, without doubles.
class Builder {
 public:
    explicit Builder(size_t nodes) { overlay_.nodes = nodes; }

    bool has(NodeIndex a, NodeIndex b) const { return pairs_.contains(std::minmax(a, b)); }
    bool add(NodeIndex from, NodeIndex to) {
        if (from == to || !pairs_.insert(std::minmax(from, to)).second) return false;
        overlay_.links.emplace_back(from, to);
        return true;
    }
    /// Moves a link. False, and nothing happens: the new one exists, or is a loop.
    bool move(size_t link, NodeIndex from, NodeIndex to) {
        if (from == to || has(from, to)) return false;
        auto& [old_from, old_to] = overlay_.links[link];
        pairs_.erase(std::minmax(old_from, old_to));
        pairs_.insert(std::minmax(from, to));
        old_from = from;
        old_to = to;
        return true;
    }
    const auto& links() const { return overlay_.links; }
    Overlay finish() { return std::move(overlay_); }

 private:
    Overlay overlay_;
    std::set<std::pair<NodeIndex, NodeIndex>> pairs_;
};

/// Every node is linked to the `degree` / 2 next ones on a ring, and for an odd degree to the one
/// on the other side.
Builder ring_lattice(size_t nodes, size_t degree) {
    Builder builder(nodes);
    for (NodeIndex node = 0; node < nodes; ++node) {
        for (size_t step = 1; step <= degree / 2; ++step) builder.add(node, (node + step) % nodes);
        if (degree % 2 == 1 && node < nodes / 2) builder.add(node, node + nodes / 2);
    }
    return builder;
}

using Neighbours = std::vector<std::vector<NodeIndex>>;

Neighbours neighbours_of(const Overlay& overlay) {
    Neighbours neighbours(overlay.nodes);
    for (const auto& [from, to] : overlay.links) {
        neighbours[from].push_back(to);
        neighbours[to].push_back(from);
    }
    for (auto& each : neighbours) std::sort(each.begin(), each.end());
    return neighbours;
}

constexpr size_t kUnreached = SIZE_MAX;

std::vector<size_t> hops_from(const Neighbours& neighbours, NodeIndex start) {
    std::vector<size_t> hops(neighbours.size(), kUnreached);
    std::vector<NodeIndex> queue{start};
    hops[start] = 0;
    for (size_t next = 0; next < queue.size(); ++next) {
        for (const NodeIndex neighbour : neighbours[queue[next]]) {
            if (hops[neighbour] != kUnreached) continue;
            hops[neighbour] = hops[queue[next]] + 1;
            queue.push_back(neighbour);
        }
    }
    return hops;
}

double clustering_of(const Neighbours& neighbours, NodeIndex node) {
    const auto& own = neighbours[node];
    if (own.size() < 2) return 0;
    size_t linked = 0;
    for (size_t i = 0; i < own.size(); ++i) {
        for (size_t j = i + 1; j < own.size(); ++j) {
            const auto& other = neighbours[own[i]];
            linked += std::binary_search(other.begin(), other.end(), own[j]) ? 1 : 0;
        }
    }
    const auto pairs = static_cast<double>(own.size() * (own.size() - 1)) / 2;
    return static_cast<double>(linked) / pairs;
}

}  // namespace

Overlay ring(size_t nodes) {
    CHECK(nodes >= 3);
    return ring_lattice(nodes, 2).finish();
}

Overlay star(size_t nodes) {
    CHECK(nodes >= 2);
    Builder builder(nodes);
    for (NodeIndex node = 1; node < nodes; ++node) builder.add(node, 0);
    return builder.finish();
}

Overlay full_mesh(size_t nodes) {
    Builder builder(nodes);
    for (NodeIndex from = 0; from < nodes; ++from) {
        for (NodeIndex to = from + 1; to < nodes; ++to) builder.add(from, to);
    }
    return builder.finish();
}

Overlay random_outbound(size_t nodes, size_t outbound, Random& random) {
    CHECK(outbound > 0 && 2 * outbound < nodes);
    Builder builder(nodes);
    for (NodeIndex node = 0; node < nodes; ++node) {
        // A node that most others have dialled may find nobody who is left.
        size_t free = nodes - 1;
        for (NodeIndex other = 0; other < nodes; ++other) free -= builder.has(node, other) ? 1 : 0;
        const size_t wanted = std::min(outbound, free);
        for (size_t dialled = 0; dialled < wanted;)
            dialled += builder.add(node, random.uniform(nodes)) ? 1 : 0;
    }
    return builder.finish();
}

Overlay random_regular(size_t nodes, size_t degree, Random& random) {
    CHECK(degree > 0 && degree < nodes && nodes * degree % 2 == 0);
    Builder builder = ring_lattice(nodes, degree);
    const size_t links = builder.links().size();
    // Enough for the graph to have forgotten the ring it was.
    constexpr size_t kExchangesPerLink = 10;
    for (size_t i = 0; i < kExchangesPerLink * links; ++i) {
        const size_t first = random.uniform(links);
        const size_t second = random.uniform(links);
        if (first == second) continue;
        const auto [a, b] = builder.links()[first];
        const auto [c, d] = builder.links()[second];
        if (a == d || c == b || builder.has(a, d) || builder.has(c, b)) continue;
        builder.move(first, a, d);
        builder.move(second, c, b);
    }
    return builder.finish();
}

Overlay erdos_renyi(size_t nodes, size_t mean_degree, Random& random) {
    CHECK(mean_degree > 0 && mean_degree < nodes);
    Builder builder(nodes);
    for (size_t made = 0; made < nodes * mean_degree / 2;) {
        const NodeIndex from = random.uniform(nodes);
        made += builder.add(from, random.uniform(nodes)) ? 1 : 0;
    }
    return builder.finish();
}

Overlay watts_strogatz(size_t nodes, size_t degree, uint32_t rewired_ppm, Random& random) {
    CHECK(degree > 0 && degree % 2 == 0 && 2 * degree < nodes);
    Builder builder = ring_lattice(nodes, degree);
    for (size_t link = 0; link < builder.links().size(); ++link) {
        if (random.uniform(kPpm) >= rewired_ppm) continue;
        const NodeIndex from = builder.links()[link].first;
        while (!builder.move(link, from, random.uniform(nodes))) {
        }
    }
    return builder.finish();
}

Overlay barabasi_albert(size_t nodes, size_t links, Random& random) {
    CHECK(links > 0 && links < nodes);
    Builder builder(nodes);
    // Each node stands in it once for each of its links.
    std::vector<NodeIndex> ends;
    const auto add = [&](NodeIndex from, NodeIndex to) {
        if (!builder.add(from, to)) return false;
        ends.insert(ends.end(), {from, to});
        return true;
    };
    for (NodeIndex to = 0; to < links; ++to) add(links, to);
    for (NodeIndex node = links + 1; node < nodes; ++node) {
        std::set<NodeIndex> chosen;
        while (chosen.size() < links) chosen.insert(ends[random.uniform(ends.size())]);
        for (const NodeIndex to : chosen) add(node, to);
    }
    return builder.finish();
}

Overlay random_geometric(size_t nodes, uint32_t radius_ppm, Random& random) {
    Builder builder(nodes);
    std::vector<std::pair<int64_t, int64_t>> places;
    for (NodeIndex node = 0; node < nodes; ++node) {
        const auto x = static_cast<int64_t>(random.uniform(kPpm));
        places.emplace_back(x, static_cast<int64_t>(random.uniform(kPpm)));
        for (NodeIndex other = 0; other < node; ++other) {
            const int64_t dx = places[node].first - places[other].first;
            const int64_t dy = places[node].second - places[other].second;
            if (dx * dx + dy * dy <= int64_t{radius_ppm} * radius_ppm) builder.add(node, other);
        }
    }
    return builder.finish();
}

OverlayShape measure(const Overlay& overlay) {
    OverlayShape shape;
    shape.links = overlay.links.size();
    if (overlay.nodes == 0) return shape;
    const Neighbours neighbours = neighbours_of(overlay);
    shape.degree_min = overlay.nodes;
    uint64_t hops_sum = 0;
    uint64_t pairs = 0;
    for (NodeIndex node = 0; node < overlay.nodes; ++node) {
        shape.degree_min = std::min(shape.degree_min, neighbours[node].size());
        shape.degree_max = std::max(shape.degree_max, neighbours[node].size());
        shape.clustering += clustering_of(neighbours, node) / static_cast<double>(overlay.nodes);
        const std::vector<size_t> hops = hops_from(neighbours, node);
        bool first_of_component = true;
        for (NodeIndex other = 0; other < overlay.nodes; ++other) {
            if (hops[other] == kUnreached || other == node) continue;
            first_of_component = first_of_component && other > node;
            shape.diameter = std::max(shape.diameter, hops[other]);
            hops_sum += hops[other];
            ++pairs;
        }
        shape.components += first_of_component ? 1 : 0;
    }
    const auto nodes = static_cast<double>(overlay.nodes);
    shape.degree_mean = 2 * static_cast<double>(shape.links) / nodes;
    shape.path_mean = pairs == 0 ? 0 : static_cast<double>(hops_sum) / static_cast<double>(pairs);
    return shape;
}

}  // namespace parley::sim
