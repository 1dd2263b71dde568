// Compact block filters (-blockfilterindex): getblockfilter, and scanblocks, which searches them
// for the scripts of descriptors.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "chain/state/indexes/block_filter.h"
#include "rpc/jsonrpc/call.h"
#include "rpc/methods/chain_lookup.h"
#include "rpc/methods/descriptors.h"

namespace parley::rpc {

namespace {

constexpr std::string_view kBasic = "basic";

void check_filter_type(const std::string& type) {
    if (type != kBasic) fail(Code::address_or_key, "Unknown filtertype");
}

const FilterIndex& filter_index(Node& node) {
    const FilterIndex* index = node.current_indexes().filters();
    if (index == nullptr) fail(Code::misc, "Index is not enabled for filtertype basic");
    return *index;
}

FilterIndex::Record find_filter(Node& node, const HeaderNode& block) {
    const FilterIndex& index = filter_index(node);
    auto record = unwrap(index.find(block));
    if (record) return std::move(*record);
    // As in bitcoind, the message says which of the reasons it is.
    std::string message = "Filter not found.";
    if (!node.chain().index().contains(block)) {
        message += " Block was not connected to active chain.";
        fail(Code::address_or_key, message);
    }
    if (!index.synced()) {
        message += " Block filters are still in the process of being indexed.";
        fail(Code::misc, message);
    }
    fail(Code::internal, message + " This error is unexpected and indicates index corruption.");
}

void getblockfilter(Call& call) {
    const BlockHash hash = call.block_hash(0);
    check_filter_type(call.string(1, std::string(kBasic)));
    const FilterIndex::Record record = call.ask([&](Node& node) {
        filter_index(node);
        return find_filter(node, find_header(node, hash));
    });
    JsonWriter& out = call.out();
    out.object([&] {
        out.key("filter").hex(record.filter);
        out.field("header", record.header);
    });
}

// ---- scanblocks

/// Filters read in one step of the core thread: a few milliseconds.
constexpr int32_t kFiltersPerStep = 100;

struct Range {
    Height first{0};
    Height last{0};
};

struct Filtered {
    BlockHash hash;
    Bytes filter;
};

struct BlocksScan {
    std::set<Script> scripts;
    std::vector<Bytes> needles;
    bool exact = false;  ///< filter_false_positives
};

Range read_range(const Call& call, const Node& node) {
    const Height tip = node.chain().index().tip().height;
    const int64_t first = call.integer(2, 0);
    if (first < 0 || first > tip.value()) fail(Code::misc, "Invalid start_height");
    const int64_t last = call.integer(3, tip.value());
    if (last < first || last > tip.value()) fail(Code::misc, "Invalid stop_height");
    return {Height{static_cast<int32_t>(first)}, Height{static_cast<int32_t>(last)}};
}

bool concerns(const KnownBlock& block, const std::set<Script>& scripts) {
    for (const TransactionRef& transaction : block.block->transactions) {
        for (const TxOutput& output : transaction->outputs()) {
            if (scripts.contains(output.script_pubkey)) return true;
        }
    }
    for (const auto& coins : block.undo.spent) {
        for (const Coin& coin : coins) {
            if (scripts.contains(coin.output.script_pubkey)) return true;
        }
    }
    return false;
}

/// Those of the best chain from `first` on, at most kFiltersPerStep.
std::vector<Filtered> read_filters(Node& node, Height first, Height last) {
    std::vector<Filtered> filters;
    for (Height height = first; height <= last && height < first + kFiltersPerStep;
         height = height + 1) {
        const HeaderNode* block = node.chain().index().at_height(height);
        if (block == nullptr) break;  // the chain has become shorter
        filters.push_back({block->hash, find_filter(node, *block).filter});
    }
    return filters;
}

/// The blocks of `filters` that may concern the scripts, or do.
std::vector<BlockHash> relevant(Call& call, const BlocksScan& scan,
                                const std::vector<Filtered>& filters) {
    std::vector<BlockHash> result;
    for (const auto& [hash, filter] : filters) {
        const auto match = filter_matches(filter, hash, scan.needles);
        if (!match) fail(Code::internal, "A filter of the index is malformed");
        if (!*match) continue;
        const bool wanted = !scan.exact || call.ask([&, &block = hash](Node& node) {
            return concerns(read_known_block(node, find_header(node, block), true), scan.scripts);
        });
        if (wanted) result.push_back(hash);
    }
    return result;
}

void start_scan(Call& call) {
    const auto hold = call.host().begin_scan(Host::Scan::blocks);
    if (hold == nullptr)
        fail(Code::invalid_parameter,
             "Scan already in progress, use action \"abort\" or \"status\"");
    check_filter_type(call.string(4, std::string(kBasic)));
    BlocksScan scan;
    if (call.has(5)) {
        check_members(call.argument(5), {{"filter_false_positives", ParameterType::boolean}});
        const Json* exact = call.argument(5).find("filter_false_positives");
        scan.exact = exact != nullptr && !exact->is_null() && exact->boolean();
    }
    const Range range = call.ask([&](Node& node) {
        filter_index(node);
        return read_range(call, node);
    });
    if (!call.has(1)) fail(Code::misc, "scanobjects argument is required for the start action");
    for (const Json& object : call.argument(1).array()) {
        for (const auto& [script, descriptor] : read_scan_object(call.params(), object)) {
            if (scan.scripts.insert(script).second)
                scan.needles.emplace_back(script.bytes().begin(), script.bytes().end());
        }
    }
    std::vector<BlockHash> found;
    const int64_t count = range.last.value() - range.first.value() + 1;
    Height next = range.first;
    bool complete = true;
    while (next <= range.last) {
        const int64_t done = next.value() - range.first.value();
        complete = call.host().report_scan(Host::Scan::blocks,
                                           {static_cast<int>(done * 100 / count), next.value()});
        if (!complete) break;
        const auto filters =
            call.ask([&](Node& node) { return read_filters(node, next, range.last); });
        if (filters.empty()) break;
        for (const BlockHash& hash : relevant(call, scan, filters)) found.push_back(hash);
        next = next + static_cast<int32_t>(filters.size());
    }
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("from_height", range.first);
        out.field("to_height", next - 1);
        out.field_values("relevant_blocks", found);
        out.field("completed", complete);
    });
}

void scanblocks(Call& call) {
    const std::string action = call.string(0);
    if (action == "start") return start_scan(call);
    JsonWriter& out = call.out();
    if (action == "abort") {
        out.value(call.host().abort_scan(Host::Scan::blocks));
    } else if (action == "status") {
        const auto progress = call.host().scan_progress(Host::Scan::blocks);
        if (!progress) return;
        out.object([&] {
            out.field("progress", progress->percent);
            out.field("current_height", progress->height);
        });
    } else {
        fail(Code::invalid_parameter, fmt::format("Invalid action '{}'", action));
    }
}

}  // namespace

std::vector<Method> block_filter_methods() {
    using enum ParameterType;
    return {
        {.name = "getblockfilter",
         .category = "blockchain",
         .description = "Returns the compact filter of a block (BIP157, BIP158). Needs "
                        "-blockfilterindex.",
         .parameters = {{"blockhash", string, true, "", "The hash of the block"},
                        {"filtertype", string, false, "\"basic\"", "The type of the filter"}},
         .result = "{filter, header}    (json object)",
         .example =
             "\"000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f\" \"basic\"",
         .handler = &getblockfilter},
        {.name = "scanblocks",
         .category = "blockchain",
         .description = "Searches the compact filters of blocks for the scripts of output "
                        "descriptors. Needs -blockfilterindex.",
         .parameters = {{"action", string, true, "",
                         "start: search, and return what was found; abort: end the running search "
                         "(true, or false if none is running); status: its progress, or null if "
                         "none is running"},
                        {"scanobjects", array, false, "",
                         "For start: descriptors, or objects {\"desc\", \"range\"} where range is "
                         "the last position or [first,last] (default: 1000)",
                         "[scanobjects,...]"},
                        {"start_height", number, false, "0", "The first block"},
                        {"stop_height", number, false, "tip", "The last block"},
                        {"filtertype", string, false, "\"basic\"", "The type of the filters"},
                        {"options", object, false, "",
                         "{\"filter_false_positives\": true}: also read the blocks, so that none "
                         "is named by accident (one of 784,931 scripts matches so)",
                         "", "filter_false_positives"}},
         .result = "{from_height, to_height, relevant_blocks: [hash,...], completed}    "
                   "(json object)",
         .example = R"x(start '["addr(bcrt1q4u4nsgk6ug0sqz7r3rj9tykjxrsl0yy4d0wwte)"]' 300000)x",
         .handler = &scanblocks},
    };
}

}  // namespace parley::rpc
