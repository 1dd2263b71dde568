#include "node/simulator/network/overlay.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

namespace parley::sim {
namespace {

std::vector<size_t> degrees(const Overlay& overlay) {
    std::vector<size_t> result(overlay.nodes, 0);
    for (const auto& [from, to] : overlay.links) {
        ++result.at(from);
        ++result.at(to);
    }
    return result;
}

void expect_simple(const Overlay& overlay) {
    std::set<std::pair<NodeIndex, NodeIndex>> pairs;
    for (const auto& [from, to] : overlay.links) {
        EXPECT_NE(from, to);
        EXPECT_LT(from, overlay.nodes);
        EXPECT_LT(to, overlay.nodes);
        EXPECT_TRUE(pairs.insert(std::minmax(from, to)).second) << from << " " << to;
    }
}

TEST(Overlay, measure_ring_star_and_mesh_have_known_figures) {
    const OverlayShape ring_shape = measure(ring(10));
    EXPECT_EQ(ring_shape.links, 10u);
    EXPECT_EQ(ring_shape.diameter, 5u);
    EXPECT_EQ(ring_shape.components, 1u);
    EXPECT_EQ(ring_shape.clustering, 0);
    EXPECT_DOUBLE_EQ(ring_shape.path_mean, 25.0 / 9);  // 1+1+2+2+3+3+4+4+5 over 9
    const OverlayShape star_shape = measure(star(10));
    EXPECT_EQ(star_shape.degree_max, 9u);
    EXPECT_EQ(star_shape.degree_min, 1u);
    EXPECT_EQ(star_shape.diameter, 2u);
    const OverlayShape mesh_shape = measure(full_mesh(6));
    EXPECT_EQ(mesh_shape.links, 15u);
    EXPECT_EQ(mesh_shape.diameter, 1u);
    EXPECT_DOUBLE_EQ(mesh_shape.clustering, 1);
}

TEST(Overlay, measure_triangle_with_a_tail_and_a_lone_node) {
    const OverlayShape shape = measure({5, {{0, 1}, {1, 2}, {2, 0}, {2, 3}}});
    EXPECT_EQ(shape.components, 2u);
    EXPECT_EQ(shape.degree_min, 0u);
    EXPECT_EQ(shape.degree_max, 3u);
    EXPECT_EQ(shape.diameter, 2u);
    EXPECT_DOUBLE_EQ(shape.clustering, (1 + 1 + 1.0 / 3) / 5);
    EXPECT_DOUBLE_EQ(shape.degree_mean, 8.0 / 5);
}

TEST(Overlay, random_regular_gives_every_node_its_degree) {
    auto random = SeededRandom::stream(1, 0, "overlay");
    for (const auto& [nodes, degree] :
         std::vector<std::pair<size_t, size_t>>{{10, 3}, {50, 4}, {101, 8}, {4, 3}, {5, 4}}) {
        const Overlay overlay = random_regular(nodes, degree, random);
        expect_simple(overlay);
        EXPECT_EQ(degrees(overlay), std::vector<size_t>(nodes, degree)) << nodes;
    }
    // It is no longer a lattice.
    EXPECT_LT(measure(random_regular(200, 4, random)).diameter, 12u);
    EXPECT_EQ(measure(watts_strogatz(200, 4, 0, random)).diameter, 50u);
}

TEST(Overlay, random_outbound_every_node_dials_so_many) {
    auto random = SeededRandom::stream(2, 0, "overlay");
    const Overlay overlay = random_outbound(100, 8, random);
    expect_simple(overlay);
    std::map<NodeIndex, size_t> dialled;
    for (const auto& [from, to] : overlay.links) ++dialled[from];
    for (NodeIndex node = 0; node < 100; ++node) EXPECT_EQ(dialled[node], 8u);
    EXPECT_EQ(measure(overlay).components, 1u);
    expect_simple(random_outbound(3, 1, random));
    expect_simple(random_outbound(9, 4, random));  // the last nodes find few that are left
}

TEST(Overlay, erdos_renyi_has_so_many_links_and_little_clustering) {
    auto random = SeededRandom::stream(3, 0, "overlay");
    const Overlay overlay = erdos_renyi(400, 10, random);
    expect_simple(overlay);
    EXPECT_EQ(overlay.links.size(), 2'000u);
    EXPECT_LT(measure(overlay).clustering, 0.06);  // 10 / 399 on average
    EXPECT_GT(measure(erdos_renyi(400, 1, random)).components, 1u);
}

TEST(Overlay, watts_strogatz_is_a_small_world) {
    auto random = SeededRandom::stream(4, 0, "overlay");
    const OverlayShape lattice = measure(watts_strogatz(500, 10, 0, random));
    EXPECT_NEAR(lattice.clustering, 2.0 / 3, 1e-9);  // 3 (k - 2) / (4 (k - 1))
    const Overlay overlay = watts_strogatz(500, 10, 50'000, random);
    expect_simple(overlay);
    const OverlayShape small = measure(overlay);
    EXPECT_EQ(small.links, lattice.links);
    EXPECT_LT(small.path_mean, lattice.path_mean / 4);
    EXPECT_GT(small.clustering, 0.5);
}

TEST(Overlay, barabasi_albert_grows_hubs) {
    auto random = SeededRandom::stream(5, 0, "overlay");
    const Overlay overlay = barabasi_albert(500, 4, random);
    expect_simple(overlay);
    const OverlayShape shape = measure(overlay);
    EXPECT_EQ(shape.links, 4 + 495 * 4u);
    EXPECT_EQ(shape.components, 1u);
    EXPECT_GT(shape.degree_max, 40u);
    EXPECT_GE(shape.degree_min, 1u);
}

TEST(Overlay, random_geometric_links_the_near_and_clusters) {
    auto random = SeededRandom::stream(6, 0, "overlay");
    const Overlay overlay = random_geometric(400, 100'000, random);
    expect_simple(overlay);
    const OverlayShape shape = measure(overlay);
    EXPECT_NEAR(shape.degree_mean, 399 * 3.14159 * 0.01, 2.5);  // less at the border
    EXPECT_GT(shape.clustering, 0.5);
    EXPECT_EQ(measure(random_geometric(10, 1'500'000, random)).links, 45u);
    EXPECT_EQ(measure(random_geometric(10, 0, random)).components, 10u);
}

TEST(Overlay, equal_seeds_give_equal_overlays) {
    const std::vector<std::function<Overlay(Random&)>> makers{
        [](Random& random) { return random_outbound(60, 8, random); },
        [](Random& random) { return random_regular(60, 6, random); },
        [](Random& random) { return erdos_renyi(60, 6, random); },
        [](Random& random) { return watts_strogatz(60, 6, 200'000, random); },
        [](Random& random) { return barabasi_albert(60, 3, random); },
        [](Random& random) { return random_geometric(60, 200'000, random); }};
    for (const auto& make : makers) {
        SeededRandom first(7), again(7), other(8);
        const Overlay overlay = make(first);
        EXPECT_EQ(overlay.links, make(again).links);
        EXPECT_NE(overlay.links, make(other).links);
    }
}

}  // namespace
}  // namespace parley::sim
