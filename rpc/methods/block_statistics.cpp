// Statistics of blocks and ranges of blocks, and the state of deployments.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "chain/rules/params.h"
#include "rpc/json/deployment_json.h"
#include "rpc/jsonrpc/call.h"
#include "rpc/methods/chain_lookup.h"

namespace parley::rpc {

namespace {

/// As in bitcoind: for an even number of values, the mean of the two in the middle.
int64_t truncated_median(std::vector<int64_t> values) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const size_t middle = values.size() / 2;
    return values.size() % 2 == 0 ? (values[middle - 1] + values[middle]) / 2 : values[middle];
}

struct BlockTotals {
    int64_t inputs = 0, outputs = 0, output_value = 0;
    int64_t fee = 0, fee_min = 0, fee_max = 0;
    int64_t rate_min = 0, rate_max = 0;  // satoshi a virtual byte
    int64_t size = 0, size_min = 0, size_max = 0, weight = 0;
    int64_t witness_transactions = 0, witness_size = 0, witness_weight = 0;
    int64_t utxo_size = 0, utxo_size_actual = 0, utxos_actual = 0;
    std::vector<int64_t> fees, sizes;
    std::vector<std::pair<int64_t, int64_t>> rates;  // rate, weight
};

/// Size of an output in the UTXO set: its serialization plus 40 bytes for outpoint and height, in
/// which the coinbase flag has its place.
int64_t utxo_size_of(const TxOutput& output) {
    constexpr int64_t kOverhead = 32 + 4 + 4;
    const size_t script = output.script_pubkey.size();
    return kOverhead + 8 + static_cast<int64_t>(compact_size_length(script) + script);
}

void add_outputs(BlockTotals& totals, const Transaction& transaction, bool in_utxo_set) {
    for (const TxOutput& output : transaction.outputs()) {
        ++totals.outputs;
        totals.utxo_size += utxo_size_of(output);
        if (in_utxo_set && !output.script_pubkey.is_unspendable()) {
            ++totals.utxos_actual;
            totals.utxo_size_actual += utxo_size_of(output);
        }
    }
}

void add_transaction(BlockTotals& totals, const Transaction& transaction,
                     const std::vector<Coin>& spent) {
    const auto size = static_cast<int64_t>(transaction.total_size());
    const int64_t weight = transaction.weight().value();
    int64_t fee = 0;
    for (const Coin& coin : spent) {
        fee += coin.output.value.value();
        totals.utxo_size -= utxo_size_of(coin.output);
        totals.utxo_size_actual -= utxo_size_of(coin.output);
        --totals.utxos_actual;
    }
    for (const TxOutput& output : transaction.outputs()) {
        fee -= output.value.value();
        totals.output_value += output.value.value();
    }
    const int64_t rate = fee * 4 / weight;
    const bool first = totals.sizes.empty();
    totals.size_min = first ? size : std::min(totals.size_min, size);
    totals.fee_min = first ? fee : std::min(totals.fee_min, fee);
    totals.rate_min = first ? rate : std::min(totals.rate_min, rate);
    totals.size_max = std::max(totals.size_max, size);
    totals.fee_max = std::max(totals.fee_max, fee);
    totals.rate_max = std::max(totals.rate_max, rate);
    totals.inputs += static_cast<int64_t>(transaction.inputs().size());
    totals.size += size;
    totals.weight += weight;
    totals.fee += fee;
    totals.fees.push_back(fee);
    totals.sizes.push_back(size);
    totals.rates.emplace_back(rate, weight);
    if (transaction.has_witness()) {
        ++totals.witness_transactions;
        totals.witness_size += size;
        totals.witness_weight += weight;
    }
}

/// The 10th, 25th, 50th, 75th and 90th percentiles of the fee rate, by weight.
std::array<int64_t, 5> rate_percentiles(std::vector<std::pair<int64_t, int64_t>> rates,
                                        int64_t total_weight) {
    std::array<int64_t, 5> result{};
    if (rates.empty()) return result;
    std::sort(rates.begin(), rates.end());
    constexpr std::array<int64_t, 5> kPercents{10, 25, 50, 75, 90};
    size_t next = 0;
    int64_t weight = 0;
    for (const auto& [rate, share] : rates) {
        weight += share;
        while (next < kPercents.size() && weight * 100 >= total_weight * kPercents[next])
            result[next++] = rate;
    }
    while (next < kPercents.size()) result[next++] = rates.back().first;
    return result;
}

BlockTotals block_totals(const KnownBlock& content) {
    const auto& spent = content.undo.spent;
    BlockTotals totals;
    const auto& transactions = content.block->transactions;
    const bool is_genesis = content.summary.height.value() == 0;
    for (size_t i = 0; i < transactions.size(); ++i) {
        add_outputs(totals, *transactions[i], !is_genesis);
        if (i == 0) continue;
        add_transaction(totals, *transactions[i],
                        i - 1 < spent.size() ? spent[i - 1] : std::vector<Coin>{});
    }
    return totals;
}

using Figure = std::pair<std::string_view, std::string>;

/// Names and values in the order of the reply.
std::vector<Figure> block_figures(const ChainParams& params, const BlockSummary& summary,
                                  const BlockTotals& totals, int64_t transactions) {
    const auto text = [](int64_t number) { return std::to_string(number); };
    const int64_t others = transactions - 1;
    const auto percentiles = rate_percentiles(totals.rates, totals.weight);
    return {
        {"avgfee", text(others > 0 ? totals.fee / others : 0)},
        {"avgfeerate", text(totals.weight > 0 ? totals.fee * 4 / totals.weight : 0)},
        {"avgtxsize", text(others > 0 ? totals.size / others : 0)},
        {"blockhash", json_quote(summary.hash.to_string())},
        {"feerate_percentiles", fmt::format("[{},{},{},{},{}]", percentiles[0], percentiles[1],
                                            percentiles[2], percentiles[3], percentiles[4])},
        {"height", text(summary.height.value())},
        {"ins", text(totals.inputs)},
        {"maxfee", text(totals.fee_max)},
        {"maxfeerate", text(totals.rate_max)},
        {"maxtxsize", text(totals.size_max)},
        {"medianfee", text(truncated_median(totals.fees))},
        {"mediantime", text(summary.median_time)},
        {"mediantxsize", text(truncated_median(totals.sizes))},
        {"minfee", text(totals.fee_min)},
        {"minfeerate", text(totals.rate_min)},
        {"mintxsize", text(totals.size_min)},
        {"outs", text(totals.outputs)},
        {"subsidy", text(block_subsidy(params, summary.height).value())},
        {"swtotal_size", text(totals.witness_size)},
        {"swtotal_weight", text(totals.witness_weight)},
        {"swtxs", text(totals.witness_transactions)},
        {"time", text(summary.header.time)},
        {"total_out", text(totals.output_value)},
        {"total_size", text(totals.size)},
        {"total_weight", text(totals.weight)},
        {"totalfee", text(totals.fee)},
        {"txs", text(transactions)},
        {"utxo_increase", text(totals.outputs - totals.inputs)},
        {"utxo_size_inc", text(totals.utxo_size)},
        {"utxo_increase_actual", text(totals.utxos_actual)},
        {"utxo_size_inc_actual", text(totals.utxo_size_actual)},
    };
}

void getblockstats(Call& call) {
    const KnownBlock content = call.ask([&](Node& node) {
        const HeaderNode& block = block_by_hash_or_height(node, call.argument(0));
        KnownBlock known{summarise(node.chain(), block), read_block(node, block), {}};
        known.undo = read_undo(node, block);
        return known;
    });
    const auto figures = block_figures(call.params(), content.summary, block_totals(content),
                                       static_cast<int64_t>(content.block->transactions.size()));
    std::vector<std::string> wanted;
    if (call.has(1)) {
        for (const Json& item : read_array(call.argument(1))) wanted.push_back(read_string(item));
    }
    for (const std::string& name : wanted) {
        const bool known = std::any_of(figures.begin(), figures.end(),
                                       [&](const Figure& figure) { return figure.first == name; });
        if (!known)
            fail(Code::invalid_parameter, fmt::format("Invalid selected statistic '{}'", name));
    }
    JsonWriter& out = call.out();
    out.object([&] {
        for (const auto& [name, json] : figures) {
            if (wanted.empty() || std::count(wanted.begin(), wanted.end(), name) > 0)
                out.key(name).raw(json);
        }
    });
}

void getchaintxstats(Call& call) {
    BlockSummary first;
    int64_t count = 0;
    const BlockSummary last = call.ask([&](Node& node) {
        const Chainstate& chain = node.chain();
        const HeaderNode& block =
            call.has(1) ? find_header(node, call.block_hash(1)) : chain.index().tip();
        if (!chain.index().contains(block))
            fail(Code::invalid_parameter, "Block is not in main chain");
        const int64_t count_max = std::max(0, block.height.value() - 1);
        const int64_t month = int64_t{30} * 24 * 3600 / call.params().target_spacing_s;
        count = call.has(0) ? call.integer(0) : std::min(month, count_max);
        const bool possible = count == 0 || (count > 0 && count < block.height.value());
        if (!possible)
            fail(Code::invalid_parameter,
                 "Invalid block count: should be between 0 and the "
                 "block's height - 1");
        first =
            summarise(chain, *chain.index().at_height(block.height - static_cast<int32_t>(count)));
        return summarise(chain, block);
    });
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("time", last.header.time);
        // Unknown for blocks below a UTXO snapshot that were not received yet.
        if (last.chain_transactions != 0) out.field("txcount", last.chain_transactions);
        out.field("window_final_block_hash", last.hash);
        out.field("window_final_block_height", last.height);
        out.field("window_block_count", count);
        if (count == 0) return;
        const int64_t interval = last.median_time - first.median_time;
        const uint64_t transactions = last.chain_transactions - first.chain_transactions;
        out.field("window_interval", interval);
        if (first.chain_transactions == 0 || last.chain_transactions == 0) return;
        out.field("window_tx_count", transactions);
        if (interval > 0)
            out.field("txrate", static_cast<double>(transactions) / static_cast<double>(interval));
    });
}

void getdeploymentinfo(Call& call) {
    const Deployments deployments = call.ask([&](Node& node) {
        const HeaderNode& block =
            call.has(0) ? find_header(node, call.block_hash(0)) : node.chain().index().tip();
        return Deployments{block.hash, block.height, node.script_flags(block),
                           node.deployments(block)};
    });
    write_deployments(call.out(), call.params(), deployments);
}

}  // namespace

std::vector<Method> block_statistics_methods() {
    using enum ParameterType;
    return {
        {.name = "getblockstats",
         .category = "blockchain",
         .description = "Compute per block statistics for a given window. All amounts are in "
                        "satoshis.",
         .parameters = {{"hash_or_height", any, true, "",
                         "The block hash or height of the target block"},
                        {"stats", array, false, "all values", "Values to plot (see result)",
                         "stats"}},
         .result = "{avgfee, avgfeerate, ..., utxo_size_inc_actual}    (json object)",
         .example = R"(1000 '["minfeerate","avgfeerate"]')",
         .handler = &getblockstats},
        {.name = "getchaintxstats",
         .category = "blockchain",
         .description = "Compute statistics about the total number and rate of transactions in the "
                        "chain.",
         .parameters = {{"nblocks", number, false, "one month",
                         "Size of the window in number of blocks"},
                        {"blockhash", hex, false, "chain tip",
                         "The hash of the block that ends the window."}},
         .result = "{time, txcount, window_final_block_hash, window_final_block_height, "
                   "window_block_count, window_interval, window_tx_count, txrate}    (json object)",
         .example = "2016",
         .handler = &getchaintxstats},
        {.name = "getdeploymentinfo",
         .category = "blockchain",
         .description = "Returns an object containing various state info regarding deployments of "
                        "consensus changes.",
         .parameters = {{"blockhash", hex, false, "hash of current chain tip",
                         "The block hash at which to query deployment state"}},
         .result = "{hash, height, script_flags, deployments}    (json object)",
         .example = "",
         .handler = &getdeploymentinfo},
    };
}

}  // namespace parley::rpc
