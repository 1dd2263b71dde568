#include "contrib/lab/scenario/scenario.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "contrib/lab/scenario/scenario_network.h"

namespace parley::lab {
namespace {

constexpr const char* kGood = R"(title = "a"
consensus = "pow"
nodes = 10
seed = 5
seeds = 2
[mining]
interval_s = 600
shares = [0.5, 0.3, 0.2]
[topology]
kind = "outbound"
degree = 3
[delay]
mean_s = 0.25
law = "exponential"
[bandwidth]
mbit_s = 8
block_bytes = 1000
[stop]
heights = 77
)";

/// `kGood` with one text replaced by another.
std::string with(const std::string& old_text, const std::string& new_text) {
    std::string text = kGood;
    const size_t at = text.find(old_text);
    EXPECT_NE(at, std::string::npos) << old_text;
    return text.replace(at, old_text.size(), new_text);
}

std::string error_of(const std::string& text) {
    const auto scenario = parse_scenario(text, "f");
    return scenario ? "" : scenario.error();
}

TEST(Scenario, parse_reads_every_key) {
    const auto scenario = parse_scenario(kGood, "f");
    ASSERT_TRUE(scenario) << scenario.error();
    EXPECT_EQ(scenario->title, "a");
    EXPECT_EQ(scenario->consensus, ScenarioConsensus::pow);
    EXPECT_EQ(scenario->nodes, 10u);
    EXPECT_EQ(scenario->first_seed, 5u);
    EXPECT_EQ(scenario->seeds, 2u);
    EXPECT_EQ(scenario->interval_s, 600);
    EXPECT_EQ(scenario->shares, (std::vector<double>{.5, .3, .2, 0, 0, 0, 0, 0, 0, 0}));
    EXPECT_EQ(scenario->topology.kind, TopologyKind::outbound);
    EXPECT_EQ(scenario->topology.degree, 3u);
    EXPECT_EQ(scenario->delay.mean_s, 0.25);
    EXPECT_EQ(scenario->delay.law, sim::DelayLaw::exponential);
    EXPECT_EQ(scenario->bytes_per_second, 1e6);
    EXPECT_EQ(scenario->block_bytes, 1'000u);
    EXPECT_EQ(scenario->heights, 77u);
}

TEST(Scenario, parse_reads_relay_asymmetry_and_bandwidths_of_nodes) {
    const auto plain = *parse_scenario(kGood, "f");
    EXPECT_EQ(plain.relay, BlockRelay::own);
    EXPECT_FALSE(plain.delay.asymmetric);
    EXPECT_EQ(plain.node_bandwidth, sim::NodeBandwidth{});
    const auto nodes = parse_scenario(with("mbit_s = 8\nblock_bytes = 1000",
                                           "up_mbit_s = 8\ndown_mbit_s = 16\nblock_bytes = 9\n"
                                           "[relay]\nmode = \"inv\"\nvalidation_s = 0.5"),
                                      "f", {{"delay.asymmetric", "true"}});
    ASSERT_TRUE(nodes) << nodes.error();
    EXPECT_EQ(nodes->relay, BlockRelay::inv);
    EXPECT_EQ(nodes->validation_s, 0.5);
    EXPECT_TRUE(nodes->delay.asymmetric);
    EXPECT_EQ(nodes->node_bandwidth, (sim::NodeBandwidth{1'000'000, 2'000'000}));
    const auto network = *build_network(*nodes, "f", 1);
    EXPECT_EQ(network.bandwidths[9], nodes->node_bandwidth);
    EXPECT_NE(network.delays, network.back_delays);
    EXPECT_EQ(build_network(plain, "f", 1)->delays, build_network(plain, "f", 1)->back_delays);
}

TEST(Scenario, regional_bandwidths_need_regions) {
    EXPECT_EQ(error_of(with("mbit_s = 8", "regions = \"2019\"")),
              "f:16: bandwidth.regions needs delay.regions");
    std::string text = with("mean_s = 0.25", "regions = \"2019\"");
    text.replace(text.find("mbit_s = 8"), 10, "regions = \"2019\"\nup_mbit_s = 1");
    EXPECT_EQ(error_of(text), "f:17: choose one of bandwidth.up_mbit_s and bandwidth.regions");
    text.replace(text.find("up_mbit_s = 1\n"), 14, "");
    const auto scenario = parse_scenario(text, "f");
    ASSERT_TRUE(scenario) << scenario.error();
    EXPECT_TRUE(scenario->regional_bandwidth);
    const auto& regions = sim::region_bandwidths_2019();
    const auto network = *build_network(*scenario, "f", 1);
    for (const auto& each : network.bandwidths)
        EXPECT_NE(std::find(regions.begin(), regions.end(), each), regions.end());
    EXPECT_EQ(error_of(with("mean_s = 0.25", "mean_s = 1\nasymmetric = 1")),
              "f:14: delay.asymmetric is not true or false");
    EXPECT_EQ(error_of(with("[stop]", "[relay]\nmode = \"compact\"\n[stop]")),
              "f:19: relay.mode is \"compact\"; it must be one of own, push, headers, inv");
}

TEST(Scenario, parse_pbft_and_regions) {
    std::string text = with("\"pow\"", "\"pbft\"");
    const size_t mining = text.find("[mining]");
    text.replace(mining, text.find("[topology]") - mining,
                 "[pbft]\nvalidators = 7\ninterval_s = 2\ntimeout_s = 3\n");
    const auto scenario = parse_scenario(text, "f");
    ASSERT_TRUE(scenario) << scenario.error();
    EXPECT_EQ(scenario->validators, 7u);
    EXPECT_EQ(scenario->timeout_s, 3);
    EXPECT_TRUE(scenario->shares.empty());
    const auto regions = parse_scenario(with("mean_s = 0.25", "regions = \"2015\""), "f");
    ASSERT_TRUE(regions) << regions.error();
    EXPECT_EQ(regions->delay.regions, RegionData::year_2015);
}

TEST(Scenario, parse_error_names_the_line_and_the_key) {
    EXPECT_EQ(error_of(with("nodes = 10\n", "")), "f:1: nodes is missing");
    EXPECT_EQ(error_of(with("seed = 5", "sead = 5")),
              "f:4: unknown key sead; known here: title, consensus, nodes, seed, seeds, mining, "
              "pbft, topology, delay, relay, bandwidth, load, stop");
    EXPECT_EQ(error_of(with("mbit_s = 8\nblock_bytes = 1000", "mbits = 8")),
              "f:16: unknown key bandwidth.mbits; known here: mbit_s, up_mbit_s, down_mbit_s, "
              "regions, block_bytes");
    EXPECT_EQ(error_of(with("[0.5, 0.3, 0.2]", "[0.5, 0.3, 0.1]")),
              "f:8: mining.shares: the shares add up to 0.9, not to 1; divide each by that sum");
    EXPECT_EQ(error_of(with("[0.5, 0.3, 0.2]", "[0.5, \"x\"]")),
              "f:8: mining.shares[1] is not a number from 0");
    EXPECT_EQ(error_of(with("kind = \"outbound\"", "kind = \"torus\"")),
              "f:10: topology.kind is \"torus\"; it must be one of mesh, ring, star, outbound, "
              "regular, erdos_renyi, watts_strogatz, barabasi_albert, geometric");
    EXPECT_EQ(error_of(with("degree = 3", "degree = 5")),
              "f:11: topology.degree is 5; it must be from 1 to 4");
    EXPECT_EQ(error_of(with("heights = 77", "heights = -1")),
              "f:19: stop.heights is -1; it must be from 1 to 100000000");
    EXPECT_EQ(error_of(with("heights = 77", "heights = 7.5")),
              "f:19: stop.heights is not a whole number");
    EXPECT_EQ(
        error_of(with("mbit_s = 8\n", "")),
        "f:16: bandwidth.block_bytes needs bandwidth.mbit_s, up_mbit_s, down_mbit_s or regions");
    EXPECT_EQ(error_of(with("nodes = 10", "nodes = 2")).substr(0, 4), "f:8:");
    EXPECT_EQ(error_of(with("law = \"exponential\"", "regions = \"2019\"")),
              "f:13: choose one of delay.mean_s and delay.regions");
}

TEST(Scenario, parse_misspelt_key_is_named_before_what_is_missing_without_it) {
    const auto unknown = [](const std::string& text) {
        const std::string error = error_of(text);
        return error.substr(0, error.find(';'));
    };
    EXPECT_EQ(unknown(with("nodes = 10", "nods = 10")), "f:3: unknown key nods");
    EXPECT_EQ(unknown(with("consensus = \"pow\"", "consensu = \"pow\"")),
              "f:2: unknown key consensu");
    EXPECT_EQ(unknown(with("[mining]", "[minig]")), "f:6: unknown key minig");
    EXPECT_EQ(unknown(with("interval_s", "interval")), "f:7: unknown key mining.interval");
    EXPECT_EQ(unknown(with("kind = \"outbound\"", "knd = \"outbound\"")),
              "f:10: unknown key topology.knd");
    EXPECT_EQ(unknown(with("degree = 3", "degre = 3")), "f:11: unknown key topology.degre");
    EXPECT_EQ(unknown(with("mean_s", "means")), "f:13: unknown key delay.means");
    EXPECT_EQ(unknown(with("heights", "height")), "f:19: unknown key stop.height");
    // Of several, the first in the file, not in the alphabet.
    EXPECT_EQ(unknown(with("seed = 5\nseeds = 2", "zeed = 5\naeeds = 2")), "f:4: unknown key zeed");
    // A value that decides which keys are read is not blamed on them.
    EXPECT_EQ(unknown(with("\"pow\"", "\"paxos\"")), "f:2: consensus is \"paxos\"");
}

TEST(Scenario, parse_what_is_not_toml_names_the_line) {
    EXPECT_EQ(error_of(with("seeds = 2", "seeds = = 2")).substr(0, 4), "f:5:");
    EXPECT_EQ(error_of(with("[mining]\ninterval_s = 600\nshares = [0.5, 0.3, 0.2]", "mining = 3")),
              "f:6: mining is not a table");
}

TEST(Scenario, parse_topologies_say_what_they_need) {
    EXPECT_NE(error_of(with("kind = \"outbound\"\ndegree = 3",
                            "kind = \"watts_strogatz\"\n"
                            "degree = 3\nrewired = 0.1"))
                  .find("must be even"),
              std::string::npos);
    EXPECT_NE(error_of(with("kind = \"outbound\"\ndegree = 3", "kind = \"geometric\""))
                  .find("topology.radius is missing"),
              std::string::npos);
    EXPECT_EQ(error_of(with("kind = \"outbound\"\ndegree = 3", "kind = \"regular\"\ndegree = 3")),
              "");
    EXPECT_NE(error_of(with("kind = \"outbound\"", "kind = \"mesh\"")).find("unknown key"),
              std::string::npos);
}

TEST(ScenarioNetwork, build_names_the_line_of_a_topology_in_parts) {
    const auto scenario = parse_scenario(
        with("kind = \"outbound\"\ndegree = 3", "kind = \"geometric\"\nradius = 0"), "f");
    ASSERT_TRUE(scenario) << scenario.error();
    const auto network = build_network(*scenario, "f", 3);
    ASSERT_FALSE(network);
    EXPECT_EQ(network.error(),
              "f:9: the topology geometric is not connected with seed 3: it has 10 parts; more "
              "links connect it");
}

TEST(ScenarioNetwork, build_draws_the_delays_of_a_seed) {
    const auto scenario = *parse_scenario(kGood, "f");
    const auto first = *build_network(scenario, "f", 1);
    EXPECT_EQ(first.delays.size(), first.overlay.links.size());
    EXPECT_EQ(first.delays, build_network(scenario, "f", 1)->delays);
    EXPECT_NE(first.delays, build_network(scenario, "f", 2)->delays);
    const auto regions =
        *parse_scenario(with("mean_s = 0.25\nlaw = \"exponential\"", "regions = \"2019\""), "f");
    const auto between_regions = *build_network(regions, "f", 1);
    for (const Duration delay : between_regions.delays) {
        EXPECT_GE(delay, std::chrono::milliseconds{11});
        EXPECT_LE(delay, std::chrono::milliseconds{325});
    }
}

}  // namespace
}  // namespace parley::lab
