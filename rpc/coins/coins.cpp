// gettxoutsetinfo: what the UTXO set contains, now or, with -coinstatsindex, after any block.
#include <fmt/format.h>

#include "base/crypto/muhash.h"
#include "base/crypto/sha256.h"
#include "chain/store/coin_codec.h"
#include "rpc/jsonrpc/call.h"
#include "rpc/methods/chain_lookup.h"

namespace parley::rpc {

namespace {

enum class HashType : uint8_t { serialized, muhash, none };

HashType hash_type_of(const std::string& text) {
    if (text == "hash_serialized_3") return HashType::serialized;
    if (text == "muhash") return HashType::muhash;
    if (text == "none") return HashType::none;
    fail(Code::invalid_parameter, fmt::format("'{}' is not a valid hash_type", text));
}

struct CoinTotals {
    Height height;
    BlockHash best_block;
    uint64_t outputs = 0;
    uint64_t transactions = 0;
    uint64_t bogosize = 0;
    uint64_t disk_size = 0;
    Amount amount{0};
    Sha256 serialized;
    MuHash3072 muhash;
};

/// Reads the whole set.
CoinTotals count_coins(Call& call, HashType type) {
    CoinTotals totals;
    const CoinsSnapshot coins = call.ask([&](Node& node) {
        totals.height = node.chain().index().tip().height;
        totals.best_block = node.chain().index().tip().hash;
        totals.disk_size = node.chain().coins_size_on_disk();
        return unwrap(node.coins_snapshot());
    });
    std::optional<Txid> last;
    const auto read = coins.for_each([&](const OutPoint& outpoint, const Coin& coin) {
        const Bytes bytes = serialize_hashed_coin(outpoint, coin);
        if (type == HashType::serialized) totals.serialized.write(bytes);
        if (type == HashType::muhash) totals.muhash.insert(bytes);
        ++totals.outputs;
        if (last != outpoint.txid) ++totals.transactions;
        last = outpoint.txid;
        totals.bogosize += coin_bogosize(coin);
        totals.amount += coin.output.value;
        return true;
    });
    if (!read) fail(Code::internal, "Unable to read UTXO set");
    return totals;
}

void write_totals(JsonWriter& out, CoinTotals totals, HashType type) {
    out.field("height", totals.height);
    out.field("bestblock", totals.best_block);
    out.field("txouts", totals.outputs);
    out.field("bogosize", totals.bogosize);
    if (type == HashType::serialized)
        out.field("hash_serialized_3", sha256(totals.serialized.finish().span()));
    if (type == HashType::muhash) out.field("muhash", totals.muhash.digest());
    out.field("total_amount", totals.amount);
    out.field("transactions", totals.transactions);
    out.field("disk_size", totals.disk_size);
}

/// The set after a block, from the index.
struct IndexedTotals {
    Height height;
    BlockHash block;
    CoinStats stats;
};

/// Fails if the index does not have that block.
IndexedTotals find_totals(Node& node, const HeaderNode& block) {
    const CoinStatsIndex& index = *node.current_indexes().coin_stats();
    auto found = unwrap(index.find(block));
    if (!found && !index.synced())
        fail(Code::internal,
             fmt::format("Unable to get data because coinstatsindex is still syncing. Current "
                         "height: {}",
                         index.best().height.value()));
    if (!found) fail(Code::internal, "Unable to read UTXO set");
    return {block.height, block.hash, std::move(*found)};
}

void write_block_amounts(JsonWriter& out, const BlockAmounts& amounts) {
    out.field("prevout_spent", amounts.prevouts_spent);
    out.field("coinbase", amounts.coinbase);
    out.field("new_outputs_ex_coinbase", amounts.new_outputs);
    out.field("unspendable", amounts.unspendable());
    out.field_object("unspendables", [&] {
        out.field("genesis_block", amounts.genesis);
        out.field("bip30", amounts.bip30);
        out.field("scripts", amounts.scripts);
        out.field("unclaimed_rewards", amounts.unclaimed);
    });
}

void write_indexed(JsonWriter& out, const IndexedTotals& totals, HashType type) {
    const CoinStats& stats = totals.stats;
    out.field("height", totals.height);
    out.field("bestblock", totals.block);
    out.field("txouts", stats.outputs);
    out.field("bogosize", stats.bogosize);
    if (type == HashType::muhash) out.field("muhash", stats.hash.digest());
    out.field("total_amount", stats.amount);
    out.field("total_unspendable_amount", stats.unspendable);
    out.field_object("block_info", [&] { write_block_amounts(out, stats.block); });
}

void gettxoutsetinfo(Call& call) {
    const HashType type = hash_type_of(call.string(0, "hash_serialized_3"));
    const bool use_index = call.boolean(2, true);
    const auto indexed = call.ask([&](Node& node) -> std::optional<IndexedTotals> {
        const bool has_index = node.indexes().coin_stats() != nullptr;
        if (call.has(1)) {
            if (!has_index)
                fail(Code::invalid_parameter,
                     "Querying specific block heights requires coinstatsindex");
            if (type == HashType::serialized)
                fail(Code::invalid_parameter,
                     "hash_serialized_3 hash type cannot be queried for a specific block");
            if (!use_index)
                fail(Code::invalid_parameter,
                     "Cannot set use_index to false when querying for a specific block");
            return find_totals(node, block_by_hash_or_height(node, call.argument(1)));
        }
        if (!has_index || !use_index || type == HashType::serialized) return std::nullopt;
        return find_totals(node, node.chain().index().tip());
    });
    JsonWriter& out = call.out();
    if (indexed) {
        out.object([&] { write_indexed(out, *indexed, type); });
        return;
    }
    CoinTotals totals = count_coins(call, type);
    out.object([&] { write_totals(out, std::move(totals), type); });
}

}  // namespace

std::vector<Method> coins_methods() {
    using enum ParameterType;
    return {
        {.name = "gettxoutsetinfo",
         .category = "blockchain",
         .description = "Returns statistics about the unspent transaction output set. Without "
                        "-coinstatsindex, this call reads the whole set, which can take minutes.",
         .parameters = {{"hash_type", string, false, "hash_serialized_3",
                         "Which UTXO set hash should be calculated: hash_serialized_3 (never by "
                         "the index), muhash or none"},
                        {"hash_or_height", any, false, "the current best block",
                         "The block hash or height of the target height (only with "
                         "coinstatsindex)"},
                        {"use_index", boolean, false, "true", "Use coinstatsindex, if available"}},
         .result = "{height, bestblock, txouts, bogosize, hash_serialized_3, muhash, total_amount, "
                   "transactions, disk_size, total_unspendable_amount, block_info}"
                   "    (json object)",
         .example = "\"muhash\"",
         .handler = &gettxoutsetinfo},
    };
}

}  // namespace parley::rpc
