// The best chain: its tip, headers, blocks, other tips and single coins.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/crypto/sha256.h"
#include "base/serialize.h"
#include "chain/rules/retarget.h"
#include "rpc/json/script_json.h"
#include "rpc/jsonrpc/call.h"
#include "rpc/methods/chain_lookup.h"

namespace parley::rpc {

namespace {

/// The share of all transactions that are known to exist that the best chain has: an estimate from
/// the chain's own pace. 1 for a tip of the last two hours without a header above it.
double verification_progress(const BlockIndex& index, int64_t now) {
    constexpr int64_t kRecent = 2 * 60 * 60;  // bitcoind's
    const HeaderNode& tip = index.tip();
    const HeaderNode& best = index.best_header();
    const bool behind = best.height > tip.height && std::abs(now - best.time()) <= kRecent;
    const int64_t end = behind ? best.time() : now;
    const int64_t missing = end - tip.time();
    if (missing <= 0 || (!behind && missing <= kRecent)) return 1;
    const int64_t lived = std::max<int64_t>(tip.time() - index.genesis().time(), 1);
    return static_cast<double>(lived) / static_cast<double>(lived + missing);
}

/// "bestblockhash" to "difficulty".
void write_tip_fields(JsonWriter& out, const BlockSummary& tip) {
    out.field("bestblockhash", tip.hash);
    out.field("bits", fmt::format("{:08x}", tip.header.bits));
    out.field("target", target_from_compact(tip.header.bits).value_or(U256{}).to_hex());
    out.field("difficulty", difficulty(tip.header.bits));
}

/// The validation of the blocks below a UTXO snapshot.
struct BackgroundState {
    BlockSummary at;
    BlockHash base;
    Height base_height{0};
    uint64_t base_transactions = 0;

    double progress() const {
        return static_cast<double>(at.chain_transactions) /
               static_cast<double>(std::max<uint64_t>(base_transactions, 1));
    }
};

std::optional<BackgroundState> background_state(const Chainstate& chain) {
    const BackgroundChain* background = chain.background();
    if (background == nullptr) return std::nullopt;
    const HeaderNode& base = *chain.index().snapshot_base();
    return BackgroundState{summarise(chain, background->at()), base.hash, base.height,
                           base.chain_transactions};
}

void getchainstates(Call& call) {
    BlockSummary tip;
    double progress = 1;
    Height best_header;
    size_t tables_bytes = 0;
    size_t cache_bytes = 0;
    std::optional<BackgroundState> background;
    call.ask([&](Node& node) {
        const BlockIndex& index = node.chain().index();
        tip = summarise(node.chain(), index.tip());
        best_header = index.best_header().height;
        progress = verification_progress(index, to_unix_seconds(node.now()));
        tables_bytes = node.config().chain.coins_tables_bytes;
        cache_bytes = node.config().chain.coins_cache_bytes;
        background = background_state(node.chain());
    });
    JsonWriter& out = call.out();
    const auto write = [&](const BlockSummary& block, double done, size_t cache, bool active) {
        out.object([&] {
            out.field("blocks", block.height);
            write_tip_fields(out, block);
            out.field("verificationprogress", done);
            out.field("coins_db_cache_bytes", tables_bytes);
            out.field("coins_tip_cache_bytes", cache);
            if (active && background) out.field("snapshot_blockhash", background->base);
            out.field("validated", !active || !background);
        });
    };
    out.object([&] {
        out.field("headers", best_header);
        out.field_array("chainstates", [&] {
            if (background)
                write(background->at, background->progress(),
                      cache_bytes / Chainstate::kBackgroundCacheShare, false);
            write(tip, progress, cache_bytes, true);
        });
    });
}

void getblockchaininfo(Call& call) {
    BlockSummary tip;
    double progress = 1;
    Height best_header;
    bool initial_download = false;
    uint64_t size_on_disk = 0;
    PruneState prune;
    std::vector<std::string> warnings;
    std::optional<BackgroundState> background;
    call.ask([&](Node& node) {
        const Chainstate& chain = node.chain();
        background = background_state(chain);
        tip = summarise(chain, chain.index().tip());
        best_header = chain.index().best_header().height;
        progress = verification_progress(chain.index(), to_unix_seconds(node.now()));
        initial_download = node.initial_download();
        size_on_disk = chain.size_on_disk();
        prune = chain.prune_state();
        warnings = node.warnings();
    });
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("chain", call.params().name);
        out.field("blocks", tip.height);
        out.field("headers", best_header);
        write_tip_fields(out, tip);
        out.field("time", tip.header.time);
        out.field("mediantime", tip.median_time);
        out.field("verificationprogress", progress);
        out.field("initialblockdownload", initial_download);
        if (background) {
            out.field_object("backgroundvalidation", [&] {
                out.field("snapshotheight", background->base_height);
                out.field("blocks", background->at.height);
                out.field("bestblockhash", background->at.hash);
                out.field("mediantime", background->at.median_time);
                out.field("chainwork", background->at.score.to_hex());
                out.field("verificationprogress", background->progress());
            });
        }
        out.field("chainwork", tip.score.to_hex());
        out.field("size_on_disk", size_on_disk);
        out.field("pruned", prune.enabled);
        if (prune.enabled) {
            // The lowest height from which all blocks up to the tip are stored.
            out.field("pruneheight", prune.pruned_to ? prune.pruned_to->value() + 1 : 0);
            out.field("automatic_pruning", prune.target_bytes != 0);
            if (prune.target_bytes != 0) out.field("prune_target_size", prune.target_bytes);
        }
        if (const auto& challenge = call.params().signet_challenge)
            out.key("signet_challenge").hex(challenge->bytes());
        out.field_values("warnings", warnings);
    });
}

void getblockcount(Call& call) {
    call.out().value(call.tip().height);
}

void getbestblockhash(Call& call) {
    call.out().value(call.tip().hash);
}

void getdifficulty(Call& call) {
    call.out().value(difficulty(call.tip().header.bits));
}

void getblockhash(Call& call) {
    const auto height = static_cast<int32_t>(call.integer(0, 0));
    call.out().value(call.ask([&](Node& node) {
        const HeaderNode* block = node.chain().index().at_height(Height{height});
        if (block == nullptr) fail(Code::invalid_parameter, "Block height out of range");
        return block->hash;
    }));
}

void getblockheader(Call& call) {
    const BlockHash hash = read_block_hash(call.argument(0), "hash");
    const auto chain = call.chain();
    const auto known = chain ? chain->find(hash) : nullptr;
    const BlockSummary block = known ? known->summary : call.ask([&](Node& node) {
        return summarise(node.chain(), find_header(node, hash));
    });
    JsonWriter& out = call.out();
    if (call.boolean(1, true))
        out.object([&] { write_header_fields(out, block); });
    else
        out.hex(block.header.serialize());
}

void write_coinbase_summary(JsonWriter& out, const Transaction& coinbase) {
    const TxInput& input = coinbase.inputs().front();
    out.object([&] {
        out.field("version", static_cast<uint32_t>(coinbase.version()));
        out.field("locktime", coinbase.locktime());
        out.field("sequence", input.sequence);
        out.key("coinbase").hex(input.script_sig.bytes());
        if (!input.witness.empty()) out.key("witness").hex(input.witness.front());
    });
}

/// `verbosity` 1: txids; 2: transactions with fees; 3: transactions with fees and spent outputs.
void write_block(JsonWriter& out, const ChainParams& params, const KnownBlock& known,
                 int64_t verbosity) {
    const Block& block = *known.block;
    const auto& spent = known.undo.spent;
    out.object([&] {
        write_header_fields(out, known.summary);
        out.field("strippedsize", block.size(WitnessEncoding::without));
        out.field("size", block.size());
        out.field("weight", block.weight());
        out.key("coinbase_tx");
        write_coinbase_summary(out, *block.transactions.front());
        out.field_array("tx", [&] {
            for (size_t i = 0; i < block.transactions.size(); ++i) {
                const Transaction& transaction = *block.transactions[i];
                if (verbosity == 1) {
                    out.value(transaction.txid());
                    continue;
                }
                const bool has_spent = i > 0 && i - 1 < spent.size();
                out.object([&] {
                    write_transaction_fields(
                        out, params, transaction,
                        {has_spent ? &spent[i - 1] : nullptr, verbosity >= 3, true});
                });
            }
        });
    });
}

/// Reads the snapshot if it contains the block, otherwise asks the node. Without `spent`, the coins
/// that the block spends may be missing.
std::shared_ptr<const KnownBlock> whole_block(Call& call, const BlockHash& hash, bool spent) {
    const auto chain = call.chain();
    if (chain) {
        if (auto known = chain->find(hash)) return known;
    }
    BlockHash tip;
    auto block = call.ask([&](Node& node) {
        tip = node.chain().index().tip().hash;
        return read_known_block(node, find_header(node, hash), spent);
    });
    auto shared = std::make_shared<const KnownBlock>(std::move(block));
    if (chain && spent && shared->summary.in_active_chain) chain->keep(tip, shared);
    return shared;
}

/// From the file. It is checked here, on the rpc thread, as far as the hash says what is in it.
Bytes whole_block_bytes(Call& call, const BlockHash& hash) {
    Bytes bytes =
        call.ask([&](Node& node) { return read_block_bytes(node, find_header(node, hash)); });
    Reader reader(bytes);
    const Block block = parley::read_block(reader);
    if (!reader.done() || block.header.hash() != hash ||
        block_merkle_root(block) != block.header.merkle_root)
        fail_lost_block();
    return bytes;
}

void getblock(Call& call) {
    const BlockHash hash = call.block_hash(0);
    const Json& asked = call.argument(1);
    const int64_t verbosity = asked.is_boolean() ? (asked.boolean() ? 1 : 0) : call.integer(1, 1);
    if (verbosity <= 0) {
        call.out().hex(whole_block_bytes(call, hash));
        return;
    }
    const auto block = whole_block(call, hash, verbosity >= 2);
    write_block(call.out(), call.params(), *block, verbosity);
}

/// A leaf of the header tree.
struct ChainTip {
    Height height{0};
    BlockHash hash;
    int32_t branch_length = 0;  ///< blocks since the active chain
    std::string_view status;
};

std::string_view status_of_leaf(const HeaderNode& leaf) {
    if (leaf.invalidated || leaf.status == BlockStatus::invalid ||
        leaf.status == BlockStatus::invalid_ancestor)
        return "invalid";
    // If the body of any ancestor is missing, only the headers can have been validated.
    if (leaf.chain_transactions == 0) return "headers-only";
    return leaf.status == BlockStatus::connected ? "valid-fork" : "valid-headers";
}

/// The active tip and every other leaf of the tree, highest first.
std::vector<ChainTip> chain_tips(const Chainstate& chain) {
    const HeaderNode& active = chain.index().tip();
    std::vector<const HeaderNode*> leaves = chain.index().tips();
    // The active tip is listed even if it has headers as descendants.
    if (std::find(leaves.begin(), leaves.end(), &active) == leaves.end()) leaves.push_back(&active);
    std::vector<ChainTip> tips;
    for (const HeaderNode* leaf : leaves) {
        tips.push_back({leaf->height, leaf->hash, leaf->height - fork_point(leaf, &active)->height,
                        leaf == &active ? "active" : status_of_leaf(*leaf)});
    }
    std::stable_sort(tips.begin(), tips.end(),
                     [](const auto& a, const auto& b) { return a.height > b.height; });
    return tips;
}

void getchaintips(Call& call) {
    const auto tips = call.ask([](Node& node) { return chain_tips(node.chain()); });
    JsonWriter& out = call.out();
    out.array([&] {
        for (const ChainTip& tip : tips) {
            out.object([&] {
                out.field("height", tip.height);
                out.field("hash", tip.hash);
                out.field("branchlen", tip.branch_length);
                out.field("status", tip.status);
            });
        }
    });
}

void gettxout(Call& call) {
    const OutPoint outpoint{call.txid(0), static_cast<uint32_t>(call.integer(1, 0, 0, UINT32_MAX))};
    const bool mempool = call.boolean(2, true);
    Height height;
    BlockHash hash;
    const auto coin = call.ask([&](Node& node) {
        height = node.chain().index().tip().height;
        hash = node.chain().index().tip().hash;
        return unwrap(node.coin(outpoint, mempool));
    });
    JsonWriter& out = call.out();
    if (!coin) {
        out.null();
        return;
    }
    out.object([&] {
        out.field("bestblock", hash);
        out.field("confirmations", std::max(0, height - coin->height + 1));
        out.field("value", coin->output.value);
        out.key("scriptPubKey");
        write_script(out, call.params(), coin->output.script_pubkey);
        out.field("coinbase", coin->coinbase);
    });
}

std::vector<Method> tip_methods() {
    using enum ParameterType;
    return {
        {.name = "getblockchaininfo",
         .category = "blockchain",
         .description =
             "Returns an object containing various state info regarding blockchain processing.",
         .parameters = {},
         .result = "{chain, blocks, headers, bestblockhash, bits, target, difficulty, time, "
                   "mediantime, verificationprogress, initialblockdownload, chainwork, "
                   "size_on_disk, pruned, warnings}    (json object)",
         .example = "",
         .handler = &getblockchaininfo},
        {.name = "getchainstates",
         .category = "blockchain",
         .description =
             "Return information about chainstates. There are two while the blocks below "
             "a UTXO snapshot (loadtxoutset) are being validated, and the last is the "
             "active one.",
         .parameters = {},
         .result = "{headers, chainstates: [{blocks, bestblockhash, bits, target, difficulty, "
                   "verificationprogress, coins_db_cache_bytes, coins_tip_cache_bytes, "
                   "snapshot_blockhash, validated}]}    (json object)",
         .example = "",
         .handler = &getchainstates},
        {.name = "getblockcount",
         .category = "blockchain",
         .description = "Returns the height of the most-work fully-validated chain.\nThe genesis "
                        "block has height 0.",
         .parameters = {},
         .result = "n    (numeric) The current block count",
         .example = "",
         .handler = &getblockcount},
        {.name = "getbestblockhash",
         .category = "blockchain",
         .description = "Returns the hash of the best (tip) block in the most-work fully-validated "
                        "chain.",
         .parameters = {},
         .result = "\"hex\"    (string) the block hash, hex-encoded",
         .example = "",
         .handler = &getbestblockhash},
        {.name = "getdifficulty",
         .category = "blockchain",
         .description = "Returns the proof-of-work difficulty as a multiple of the minimum "
                        "difficulty.",
         .parameters = {},
         .result = "n    (numeric) the difficulty",
         .example = "",
         .handler = &getdifficulty},
    };
}

std::vector<Method> block_methods() {
    using enum ParameterType;
    return {
        {.name = "getblockhash",
         .category = "blockchain",
         .description = "Returns hash of block in best-block-chain at height provided.",
         .parameters = {{"height", number, true, "", "The height index"}},
         .result = "\"hex\"    (string) The block hash",
         .example = "1000",
         .handler = &getblockhash},
        {.name = "getblockheader",
         .category = "blockchain",
         .description = "Returns information about a block header, or the header itself as hex.",
         .parameters = {{"blockhash", hex, true, "", "The block hash"},
                        {"verbose", boolean, false, "true",
                         "true for a json object, false for the hex-encoded data"}},
         .result = "{hash, confirmations, height, version, ...}    (json object) or "
                   "\"hex\"    (string)",
         .example = "\"00000000c937983704a73af28acdec37b049d214adbda81d7e2a3dd146f6ed09\"",
         .handler = &getblockheader},
        {.name = "getblock",
         .category = "blockchain",
         .description = "Returns a block as hex (verbosity 0), or as an object with its header, "
                        "sizes and transactions. The transactions are txids (1), objects (2), or "
                        "objects with the outputs that they spend (3).",
         .parameters =
             {{"blockhash", hex, true, "", "The block hash"},
              {"verbosity|verbose", json, false, "1",
               "0 for hex-encoded data, 1 for a JSON object, 2 for a JSON object with transaction "
               "data, and 3 for a JSON object with transaction data and the spent outputs"}},
         .result = "{hash, confirmations, ..., tx}    (json object) or \"hex\"    (string)",
         .example = "\"00000000c937983704a73af28acdec37b049d214adbda81d7e2a3dd146f6ed09\" 2",
         .handler = &getblock},
        {.name = "getchaintips",
         .category = "blockchain",
         .description = "Return information about all known tips in the block tree, including the "
                        "main chain as well as orphaned branches.",
         .parameters = {},
         .result = "[{height, hash, branchlen, status},...]    (json array) status is active, "
                   "valid-fork, valid-headers, headers-only or invalid",
         .example = "",
         .handler = &getchaintips},
    };
}

std::vector<Method> coin_methods() {
    using enum ParameterType;
    return {
        {.name = "gettxout",
         .category = "blockchain",
         .description = "Returns details about an unspent transaction output.",
         .parameters = {{"txid", hex, true, "", "The transaction id"},
                        {"n", number, true, "", "vout number"},
                        {"include_mempool", boolean, false, "true",
                         "Whether to include the mempool; an output that is spent in the mempool "
                         "then won't appear"}},
         .result = "{bestblock, confirmations, value, scriptPubKey, coinbase}    (json object), "
                   "or null when the output was not found",
         .example = "\"txid\" 1",
         .handler = &gettxout},
    };
}

}  // namespace

std::vector<Method> blockchain_methods() {
    std::vector<Method> methods = tip_methods();
    for (auto more : {block_methods(), coin_methods()})
        methods.insert(methods.end(), more.begin(), more.end());
    return methods;
}

}  // namespace parley::rpc
