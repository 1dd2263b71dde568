// Parley's own methods: the consensus engine and its state, and how often the chain forked.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

void write_report(JsonWriter& out, const EngineReport& report) {
    std::visit(
        [&]<class T>(const T& value) {
            if constexpr (std::is_same_v<T, EngineReport::Nothing>) {
                out.null();
            } else if constexpr (std::is_same_v<T, std::chrono::milliseconds>) {
                out.raw(fmt::format("{}.{:03}", value.count() / 1000, value.count() % 1000));
            } else if constexpr (std::is_same_v<T, EngineReport::List>) {
                out.array([&] {
                    for (const EngineReport& each : value) write_report(out, each);
                });
            } else if constexpr (std::is_same_v<T, EngineReport::Object>) {
                out.object([&] {
                    for (const auto& [name, each] : value) write_report(out.key(name), each);
                });
            } else {
                out.value(value);
            }
        },
        report.value());
}

void getconsensusinfo(Call& call) {
    JsonWriter& out = call.out();
    call.ask([&](Node& node) {
        const Engine& engine = node.engine();
        const bool absolute = engine.finality() == Finality::absolute;
        out.object([&] {
            out.field("engine", engine.name());
            out.field("finality", absolute ? "absolute" : "probabilistic");
            if (absolute) {
                const HeaderNode& finalized = node.chain().index().finalized();
                out.field_object("finalized", [&] {
                    out.field("height", finalized.height);
                    out.field("hash", finalized.hash);
                });
            }
            for (const auto& [name, value] : engine.report()) write_report(out.key(name), value);
        });
    });
}

/// How often this node saw the chain fork, from height `first` to height `last` of the active
/// chain.
struct ForkStats {
    Height first{1};
    Height last{0};
    uint64_t forked_heights = 0;     ///< with two blocks or more
    uint64_t stale_blocks = 0;       ///< whose body is known, outside the active chain
    uint64_t main_chain_blocks = 0;  ///< heights compared
    /// Number of disconnected blocks -> number of reorganisations of that depth since startup.
    std::map<uint32_t, uint64_t> reorganisations_by_depth;
};

/// Covers the last `heights` heights of the active chain, or all heights above genesis.
ForkStats fork_stats(const Node& node, std::optional<uint32_t> heights) {
    const Chainstate& chain = node.chain();
    ForkStats stats;
    stats.last = chain.index().tip().height;
    if (heights && static_cast<int64_t>(*heights) < stats.last.value())
        stats.first = stats.last - static_cast<int32_t>(*heights) + 1;
    for (Height height = stats.first; height <= stats.last; ++height) {
        uint64_t stale = 0;
        for (const HeaderNode* block : chain.index().all_at_height(height)) {
            const bool valid_body =
                block->status == BlockStatus::stored || block->status == BlockStatus::connected;
            if (valid_body && block->score && !chain.index().contains(*block)) ++stale;
        }
        ++stats.main_chain_blocks;
        stats.stale_blocks += stale;
        if (stale > 0) ++stats.forked_heights;
    }
    stats.reorganisations_by_depth = node.reorganisations();
    return stats;
}

/// A proportion with its 95 % Wilson interval; null if nothing was observed.
void write_rate(JsonWriter& out, std::string_view name, uint64_t hits, uint64_t trials) {
    out.key(name);
    if (trials == 0) {
        out.null();
        return;
    }
    constexpr double kZ = 1.959963984540054;
    const auto n = static_cast<double>(trials);
    const double share = static_cast<double>(hits) / n;
    // A ratio above one (more stale blocks than heights) has no binomial interval.
    const bool binomial = hits <= trials;
    const double spread = 1 + kZ * kZ / n;
    const double middle = (share + kZ * kZ / (2 * n)) / spread;
    const double reach =
        binomial ? kZ * std::sqrt(share * (1 - share) / n + kZ * kZ / (4 * n * n)) / spread : 0;
    out.object([&] {
        out.field("rate", share);
        if (!binomial) return;
        out.field_array("interval95", [&] {
            // Exact at 0 and 1, where rounding would leave 5e-17.
            out.value(hits == 0 ? 0 : middle - reach).value(hits == trials ? 1 : middle + reach);
        });
    });
}

void getforkstats(Call& call) {
    std::optional<uint32_t> heights;
    if (call.has(0)) {
        const int64_t asked = call.integer(0);
        if (asked < 1 || asked > INT32_MAX)
            fail(Code::invalid_parameter, "nblocks must be a positive number of heights");
        heights = static_cast<uint32_t>(asked);
    }
    const ForkStats stats = call.ask([&](Node& node) { return fork_stats(node, heights); });
    const uint64_t mined = stats.main_chain_blocks + stats.stale_blocks;
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("first_height", stats.first);
        out.field("last_height", stats.last);
        out.field("heights_compared", stats.main_chain_blocks);
        out.field("forked_heights", stats.forked_heights);
        out.field("main_chain_blocks", stats.main_chain_blocks);
        out.field("stale_blocks", stats.stale_blocks);
        out.field("mined_blocks", mined);
        write_rate(out, "F_h", stats.forked_heights, stats.main_chain_blocks);
        write_rate(out, "S_t", stats.stale_blocks, mined);
        write_rate(out, "S_m", stats.stale_blocks, stats.main_chain_blocks);
        uint64_t reorganisations = 0;
        uint32_t depth_max = 0;
        out.field_array("reorganisation_depths", [&] {
            for (const auto& [depth, count] : stats.reorganisations_by_depth) {
                reorganisations += count;
                depth_max = std::max(depth_max, depth);
                out.object([&] {
                    out.field("depth", depth);
                    out.field("count", count);
                });
            }
        });
        out.field("reorganisations", reorganisations);
        out.field("reorganisation_depth_max", depth_max);
    });
}

}  // namespace

std::vector<Method> consensus_methods() {
    using enum ParameterType;
    return {
        {.name = "getconsensusinfo",
         .category = "parley",
         .description = "Returns the consensus engine, its kind of finality, the last finalized "
                        "block, and the state of the engine (role, view, quorum, ...).",
         .parameters = {},
         .result = "{engine, finality, finalized, ...}    (json object)",
         .example = "",
         .handler = &getconsensusinfo},
        {.name = "getforkstats",
         .category = "parley",
         .description =
             "Returns how often this node saw the chain fork: F_h = heights with two or more "
             "blocks / heights compared, S_t = stale blocks / all blocks, S_m = stale blocks / "
             "main-chain blocks, each with its 95 % Wilson interval (null if no height was "
             "compared). Also returns the number of reorganisations since startup, by depth.",
         .parameters = {{"nblocks", number, false, "all heights above genesis",
                         "Number of recent heights to compare"}},
         .result = "{first_height, last_height, heights_compared, forked_heights, "
                   "main_chain_blocks, stale_blocks, mined_blocks, F_h, S_t, S_m, "
                   "reorganisation_depths, reorganisations, reorganisation_depth_max}"
                   "    (json object)",
         .example = "100",
         .handler = &getforkstats},
    };
}

}  // namespace parley::rpc
