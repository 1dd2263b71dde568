// scantxoutset: searches the UTXO set for the scripts of descriptors, on the rpc thread, in a
// snapshot of the coins.
#include <fmt/format.h>

#include <map>
#include <utility>
#include <vector>

#include "rpc/jsonrpc/call.h"
#include "rpc/methods/descriptors.h"

namespace parley::rpc {

namespace {

using Wanted = std::map<Script, std::string>;  // with their descriptors
using Found = std::vector<std::pair<OutPoint, Coin>>;

struct ScanResult {
    bool complete = false;
    uint64_t outputs = 0;
    Found found;
};

/// Between two looks at the abort flag and two reports of progress.
constexpr uint64_t kReportInterval = 8'192;

/// The first two bytes of a txid tell how far a scan in outpoint order has come.
int progress_at(const OutPoint& outpoint) {
    const auto bytes = outpoint.txid.bytes();
    return (bytes[0] * 256 + bytes[1]) * 100 / 65'536;
}

ScanResult scan_coins(Host& host, const CoinsSnapshot& coins, const Wanted& wanted) {
    ScanResult result;
    bool aborted = false;
    const auto read = coins.for_each([&](const OutPoint& outpoint, const Coin& coin) {
        if (++result.outputs % kReportInterval == 0) {
            aborted = !host.report_scan(Host::Scan::coins, {progress_at(outpoint), 0});
            if (aborted) return false;
        }
        if (wanted.contains(coin.output.script_pubkey)) result.found.emplace_back(outpoint, coin);
        return true;
    });
    if (!read) fail(Code::internal, "Unable to read UTXO set");
    result.complete = !aborted;
    return result;
}

void write_unspent(JsonWriter& out, const OutPoint& outpoint, const Coin& coin,
                   const std::string& descriptor, const BlockHash& block, Height tip) {
    out.object([&] {
        out.field("txid", outpoint.txid);
        out.field("vout", outpoint.index);
        out.key("scriptPubKey").hex(coin.output.script_pubkey.bytes());
        out.field("desc", descriptor);
        out.field("amount", coin.output.value);
        out.field("coinbase", coin.coinbase);
        out.field("height", coin.height);
        out.field("blockhash", block);
        out.field("confirmations", tip.value() - coin.height.value() + 1);
    });
}

void start_scan(Call& call) {
    const auto hold = call.host().begin_scan(Host::Scan::coins);
    if (hold == nullptr)
        fail(Code::invalid_parameter,
             "Scan already in progress, use action \"abort\" or \"status\"");
    if (!call.has(1)) fail(Code::misc, "scanobjects argument is required for the start action");
    Wanted wanted;
    for (const Json& object : call.argument(1).array())
        wanted.merge(read_scan_object(call.params(), object));
    const HeaderNode* tip = nullptr;  // lives as long as the node
    const CoinsSnapshot coins = call.ask([&](Node& node) {
        tip = &node.chain().index().tip();
        return unwrap(node.coins_snapshot());
    });
    const ScanResult result = scan_coins(call.host(), coins, wanted);
    const auto blocks = call.ask([&](Node&) {
        std::vector<BlockHash> hashes;
        for (const auto& [outpoint, coin] : result.found)
            hashes.push_back(tip->ancestor(coin.height)->hash);
        return hashes;
    });
    JsonWriter& out = call.out();
    Amount total{0};
    out.object([&] {
        out.field("success", result.complete);
        out.field("txouts", result.outputs);
        out.field("height", tip->height);
        out.field("bestblock", tip->hash);
        out.field_array("unspents", [&] {
            for (size_t i = 0; i < result.found.size(); ++i) {
                const auto& [outpoint, coin] = result.found[i];
                total += coin.output.value;
                write_unspent(out, outpoint, coin, wanted.at(coin.output.script_pubkey), blocks[i],
                              tip->height);
            }
        });
        out.field("total_amount", total);
    });
}

void scantxoutset(Call& call) {
    const std::string action = call.string(0);
    if (action == "start") return start_scan(call);
    if (action == "abort") {
        call.out().value(call.host().abort_scan(Host::Scan::coins));
    } else if (action == "status") {
        const auto progress = call.host().scan_progress(Host::Scan::coins);
        if (progress) call.out().object([&] { call.out().field("progress", progress->percent); });
    } else {
        fail(Code::invalid_parameter, fmt::format("Invalid action '{}'", action));
    }
}

}  // namespace

std::vector<Method> coins_scan_methods() {
    using enum ParameterType;
    return {
        {.name = "scantxoutset",
         .category = "blockchain",
         .description = "Searches the unspent transaction output set for the scripts of output "
                        "descriptors. The search works on a snapshot and does not delay the node.",
         .parameters = {{"action", string, true, "",
                         "start: search, and return what was found; abort: end the running search "
                         "(true, or false if none is running); status: its progress in percent, or "
                         "null if none is running"},
                        {"scanobjects", array, false, "",
                         "For start: descriptors, or objects {\"desc\", \"range\"} where range is "
                         "the last position or [first,last] (default: 1000)",
                         "[scanobjects,...]"}},
         .result = "{success, txouts, height, bestblock, unspents: [{txid, vout, scriptPubKey, "
                   "desc, amount, coinbase, height, blockhash, confirmations},...], total_amount}"
                   "    (json object)",
         .example = R"x(start '["raw(51)"]')x",
         .handler = &scantxoutset},
    };
}

}  // namespace parley::rpc
