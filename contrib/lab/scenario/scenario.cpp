#include "contrib/lab/scenario/scenario.h"

#include "contrib/lab/model/mining_network.h"
#include "contrib/lab/scenario/scenario_table.h"

namespace parley::lab {
namespace {

constexpr uint64_t kSeedMax = uint64_t{1} << 62;
constexpr uint64_t kSeedsMax = 100'000;
constexpr double kSecondsMax = 1e6;
constexpr double kSecondsMin = 1e-3;
constexpr double kTimeoutMin = 0.01;  // as -pbfttimeout
constexpr double kTimeoutMax = 600;
constexpr uint64_t kHeightsMax = 100'000'000;
constexpr double kBytesPerMegabit = 125'000;
constexpr double kMegabitsMax = 1e6;

const std::vector<std::pair<const char*, TopologyKind>> kTopologies{
    {"mesh", TopologyKind::mesh},
    {"ring", TopologyKind::ring},
    {"star", TopologyKind::star},
    {"outbound", TopologyKind::outbound},
    {"regular", TopologyKind::regular},
    {"erdos_renyi", TopologyKind::erdos_renyi},
    {"watts_strogatz", TopologyKind::watts_strogatz},
    {"barabasi_albert", TopologyKind::barabasi_albert},
    {"geometric", TopologyKind::geometric}};

const std::vector<std::pair<const char*, BlockRelay>> kRelays{{"own", BlockRelay::own},
                                                              {"push", BlockRelay::push},
                                                              {"headers", BlockRelay::headers},
                                                              {"inv", BlockRelay::inv}};

class Reader {
 public:
    Reader(const toml::table& file, const std::string& name)
        : errors_(name), file_(file, "", 1, errors_) {}

    Expected<Scenario, std::string> read() {
        scenario_.title = file_.text("title", "");
        const auto consensus = file_.choice<ScenarioConsensus>(
            "consensus", {{"pow", ScenarioConsensus::pow}, {"pbft", ScenarioConsensus::pbft}});
        scenario_.nodes = file_.whole("nodes", 1, kScenarioNodesMax);
        scenario_.first_seed = file_.whole("seed", 0, kSeedMax, 1);
        scenario_.seeds = file_.whole("seeds", 1, kSeedsMax, 1);
        read_consensus(consensus);
        read_topology();
        read_delay();
        read_relay();
        read_bandwidth();
        read_load();
        ScenarioTable stop = file_.table("stop", true);
        scenario_.heights = stop.whole("heights", 1, kHeightsMax);
        stop.expect_no_more();
        file_.expect_no_more();
        if (!errors_.sentence().empty()) return Unexpected(errors_.sentence());
        return std::move(scenario_);
    }

 private:
    void read_consensus(std::optional<ScenarioConsensus> consensus) {
        scenario_.consensus = consensus.value_or(ScenarioConsensus::pow);
        // A file may have both tables, so that both are compared on one network.
        const bool pow = consensus == ScenarioConsensus::pow;
        const bool pbft = consensus == ScenarioConsensus::pbft;
        const bool mines = file_.has("mining");
        if (pow || mines) read_mining();
        if (pbft || file_.has("pbft")) read_pbft(mines);
        file_.allow({"mining", "pbft"});
    }

    void read_mining() {
        ScenarioTable mining = file_.table("mining", true);
        scenario_.interval_s = mining.number("interval_s", kSecondsMin, kSecondsMax);
        std::vector<double> shares = mining.numbers("shares");
        if (shares.empty() && !mining.has("shares"))
            shares.assign(scenario_.nodes, 1 / static_cast<double>(scenario_.nodes));
        if (shares.size() > scenario_.nodes) {
            errors_.add(mining.line("shares"),
                        fmt::format("mining.shares has {} entries for {} nodes", shares.size(),
                                    scenario_.nodes));
        }
        auto normalised = normalised_shares(std::move(shares));
        if (!normalised) {
            errors_.add(mining.line("shares"), "mining.shares: " + normalised.error());
        } else if (scenario_.consensus == ScenarioConsensus::pow) {
            scenario_.shares = std::move(*normalised);
            scenario_.shares.resize(std::max(scenario_.nodes, scenario_.shares.size()), 0);
        }
        mining.expect_no_more();
    }

    void read_pbft(bool mines) {
        ScenarioTable table = file_.table("pbft", true);
        scenario_.validators = table.whole("validators", 1, scenario_.nodes);
        const std::optional<double> beside_mining =
            mines ? std::optional(scenario_.interval_s) : std::nullopt;
        const double interval_s =
            table.number("interval_s", kSecondsMin, kSecondsMax, beside_mining);
        if (scenario_.consensus == ScenarioConsensus::pbft) scenario_.interval_s = interval_s;
        scenario_.timeout_s = table.number("timeout_s", kTimeoutMin, kTimeoutMax, 2);
        table.expect_no_more();
    }

    void read_topology() {
        ScenarioTable table = file_.table("topology", true);
        scenario_.topology.line = table.line();
        if (const auto kind = table.choice<TopologyKind>("kind", kTopologies)) {
            scenario_.topology.kind = *kind;
            read_topology_of_kind(table);
        } else {
            table.allow({"degree", "rewired", "radius"});
        }
        table.expect_no_more();
    }

    void read_topology_of_kind(ScenarioTable& table) {
        TopologySpec& topology = scenario_.topology;
        const size_t nodes = scenario_.nodes;
        const auto at_least = [&](size_t least) {
            if (nodes < least) {
                errors_.add(table.line("kind"), fmt::format("a {} needs {} nodes or more",
                                                            to_string(topology.kind), least));
            }
        };
        switch (topology.kind) {
            case TopologyKind::mesh:
                break;
            case TopologyKind::ring:
                at_least(3);
                break;
            case TopologyKind::star:
                at_least(2);
                break;
            case TopologyKind::geometric:
                topology.radius_ppm = static_cast<uint32_t>(1e6 * table.number("radius", 0, 1.5));
                break;
            default: {
                at_least(4);
                const bool half = topology.kind == TopologyKind::outbound ||
                                  topology.kind == TopologyKind::watts_strogatz;
                const size_t high = std::max<size_t>(1, half ? (nodes - 1) / 2 : nodes - 1);
                topology.degree = table.whole("degree", 1, high);
            }
        }
        if (topology.kind == TopologyKind::watts_strogatz) {
            topology.rewired_ppm = static_cast<uint32_t>(1e6 * table.number("rewired", 0, 1));
            if (topology.degree % 2 == 1)
                errors_.add(table.line("degree"), "the degree of watts_strogatz must be even");
        }
        if (topology.kind == TopologyKind::regular && nodes * topology.degree % 2 == 1) {
            errors_.add(table.line("degree"),
                        fmt::format("{} nodes cannot all have {} links; one of the numbers must "
                                    "be even",
                                    nodes, topology.degree));
        }
    }

    void read_delay() {
        ScenarioTable table = file_.table("delay", true);
        DelaySpec& delay = scenario_.delay;
        delay.law = table
                        .choice<sim::DelayLaw>("law",
                                               {{"constant", sim::DelayLaw::constant},
                                                {"uniform", sim::DelayLaw::uniform},
                                                {"exponential", sim::DelayLaw::exponential},
                                                {"pareto", sim::DelayLaw::pareto}},
                                               sim::DelayLaw::constant)
                        .value_or(sim::DelayLaw::constant);
        delay.regions =
            table
                .choice<RegionData>(
                    "regions", {{"2015", RegionData::year_2015}, {"2019", RegionData::year_2019}},
                    RegionData::none)
                .value_or(RegionData::none);
        if (table.has("regions") && table.has("mean_s")) {
            table.allow({"mean_s"});
            errors_.add(table.line("mean_s"), "choose one of delay.mean_s and delay.regions");
        }
        const bool pareto = delay.law == sim::DelayLaw::pareto;
        const double least =
            pareto ? std::chrono::duration<double>(sim::kParetoMeanMin).count() : 0;
        if (!table.has("regions")) delay.mean_s = table.number("mean_s", least, kSecondsMax);
        delay.asymmetric = table.flag("asymmetric", false);
        table.expect_no_more();
    }

    void read_relay() {
        ScenarioTable table = file_.table("relay", false);
        scenario_.relay =
            table.choice<BlockRelay>("mode", kRelays, BlockRelay::own).value_or(BlockRelay::own);
        scenario_.validation_s = table.number("validation_s", 0, kSecondsMax, 0);
        table.expect_no_more();
    }

    void read_bandwidth() {
        ScenarioTable table = file_.table("bandwidth", false);
        scenario_.bytes_per_second = kBytesPerMegabit * table.number("mbit_s", 0, kMegabitsMax, 0);
        const auto of_node = [&](const char* key) {
            return static_cast<uint64_t>(kBytesPerMegabit * table.number(key, 0, kMegabitsMax, 0));
        };
        scenario_.node_bandwidth = {of_node("up_mbit_s"), of_node("down_mbit_s")};
        scenario_.regional_bandwidth =
            table.choice<RegionData>("regions", {{"2019", RegionData::year_2019}}, RegionData::none)
                .value_or(RegionData::none) != RegionData::none;
        if (scenario_.regional_bandwidth && scenario_.delay.regions == RegionData::none)
            errors_.add(table.line("regions"), "bandwidth.regions needs delay.regions");
        for (const char* key : {"up_mbit_s", "down_mbit_s"}) {
            if (scenario_.regional_bandwidth && table.has(key)) {
                errors_.add(table.line(key), fmt::format("choose one of bandwidth.{} and "
                                                         "bandwidth.regions",
                                                         key));
            }
        }
        scenario_.block_bytes = table.whole("block_bytes", 0, 1'000'000'000, 0);
        const bool limited = scenario_.bytes_per_second > 0 || scenario_.regional_bandwidth ||
                             scenario_.node_bandwidth != sim::NodeBandwidth{};
        if (scenario_.block_bytes > 0 && !limited) {
            errors_.add(table.line("block_bytes"),
                        "bandwidth.block_bytes needs bandwidth.mbit_s, up_mbit_s, down_mbit_s or "
                        "regions");
        }
        table.expect_no_more();
    }

    void read_load() {
        ScenarioTable load = file_.table("load", false);
        scenario_.transactions_per_s = load.number("transactions_per_s", 0, 1e4, 0);
        load.expect_no_more();
    }

    ScenarioErrors errors_;
    ScenarioTable file_;
    Scenario scenario_;
};

/// Error: a sentence. Empty: none.
std::string change_value(toml::table& file, const ScenarioChange& change) {
    toml::table* table = &file;
    std::string_view rest = change.key;
    for (size_t dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
        toml::node& next = table->insert(rest.substr(0, dot), toml::table{}).first->second;
        table = next.as_table();
        if (table == nullptr)
            return fmt::format("{} is not the name of a key in a table", change.key);
        rest.remove_prefix(dot + 1);
    }
    if (rest.empty()) return fmt::format("\"{}\" is not the name of a key", change.key);
    const toml::parse_result value = toml::parse("value = " + change.value);
    // A copy of a node has no line, because it has none in the file.
    if (value && value.table().contains("value") && value.table().size() == 1)
        table->insert_or_assign(rest, *value.table().get("value"));
    else
        table->insert_or_assign(rest, change.value);
    return "";
}

}  // namespace

const char* to_string(ScenarioConsensus consensus) {
    return consensus == ScenarioConsensus::pow ? "pow" : "pbft";
}

const char* to_string(TopologyKind kind) {
    for (const auto& [name, each] : kTopologies) {
        if (each == kind) return name;
    }
    return "";
}

const char* to_string(BlockRelay relay) {
    for (const auto& [name, each] : kRelays) {
        if (each == relay) return name;
    }
    return "";
}

Expected<Scenario, std::string> parse_scenario(std::string_view text, const std::string& name,
                                               const std::vector<ScenarioChange>& changes) {
    toml::parse_result parsed = toml::parse(text, name);
    if (!parsed) {
        const toml::parse_error& error = parsed.error();
        return Unexpected(fmt::format("{}:{}: it is not TOML: {}", name, error.source().begin.line,
                                      error.description()));
    }
    for (const ScenarioChange& change : changes) {
        if (const std::string error = change_value(parsed.table(), change); !error.empty())
            return Unexpected(fmt::format("{}: {}", name, error));
    }
    return Reader(parsed.table(), name).read();
}

}  // namespace parley::lab
