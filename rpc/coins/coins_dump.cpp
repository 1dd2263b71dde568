// dumptxoutset: writes the UTXO set to a file in bitcoind's format, as it is or as it was after an
// earlier block.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "base/crypto/sha256.h"
#include "chain/store/coin_codec.h"
#include "rpc/coins/coins_file.h"
#include "rpc/json/spend_options.h"
#include "rpc/jsonrpc/call.h"
#include "rpc/methods/chain_lookup.h"

namespace parley::rpc {

namespace {

/// Written at once.
constexpr size_t kDumpBufferBytes = size_t{1} << 20;

/// The UTXO set after one block: the coins of now, and what disconnecting the blocks since then
/// changes about them. The changes are held in memory, the coins are not.
class PastCoins {
 public:
    using Visitor = std::function<void(const OutPoint&, const Coin&)>;

    explicit PastCoins(CoinsSnapshot now) : now_(std::move(now)) {}

    /// REQUIRES: the blocks are disconnected in order, the tip first.
    void disconnect(const Block& block, const BlockUndo& undo) {
        for (size_t i = block.transactions.size(); i-- > 0;) {
            const Transaction& transaction = *block.transactions[i];
            for (uint32_t n = 0; n < transaction.outputs().size(); ++n)
                changes_[{transaction.txid(), n}] = std::nullopt;
            if (i == 0) continue;
            const std::vector<Coin>& spent = undo.spent[i - 1];
            for (size_t input = 0; input < spent.size(); ++input)
                changes_[transaction.inputs()[input].prevout] = spent[input];
        }
    }

    /// By outpoint. Fails with internal if the coins cannot be read.
    void for_each(const Visitor& visit) const {
        auto change = changes_.begin();
        const auto visit_change = [&] {
            if (change->second) visit(change->first, *change->second);
            ++change;
        };
        const auto read = now_.for_each([&](const OutPoint& outpoint, const Coin& coin) {
            while (change != changes_.end() && change->first < outpoint) visit_change();
            if (change != changes_.end() && change->first == outpoint)
                visit_change();
            else
                visit(outpoint, coin);
            return true;
        });
        if (!read) fail(Code::internal, "Unable to read UTXO set");
        while (change != changes_.end()) visit_change();
    }

 private:
    CoinsSnapshot now_;
    std::map<OutPoint, std::optional<Coin>> changes_;  ///< empty: no such coin
};

/// What is to be dumped.
struct DumpBase {
    BlockHash hash;
    Height height;
    uint64_t chain_transactions = 0;
    std::vector<BlockHash> later;  ///< blocks to disconnect, the tip first
};

DumpBase find_base(const Node& node, const Json& wanted) {
    const BlockIndex& index = node.chain().index();
    const HeaderNode& base = wanted.is_null() ? index.tip() : block_by_hash_or_height(node, wanted);
    if (!index.contains(base)) fail(Code::invalid_parameter, "Block is not in main chain");
    DumpBase found{base.hash, base.height, base.chain_transactions, {}};
    for (const HeaderNode* block = &index.tip(); block != &base; block = block->parent) {
        if (!block->has_body() || !block->has_undo())
            fail(Code::misc,
                 "Could not roll back to requested height since necessary block data is already "
                 "pruned.");
        found.later.push_back(block->hash);
    }
    return found;
}

/// Reads the blocks one at a time, so that the node goes on meanwhile.
void roll_back(Call& call, const std::vector<BlockHash>& blocks, PastCoins& coins) {
    for (const BlockHash& hash : blocks) {
        const KnownBlock known = call.ask([&](Node& node) {
            const HeaderNode& header = find_header(node, hash);
            KnownBlock read{{}, read_block(node, header), {}};
            read.undo = read_undo(node, header);
            return read;
        });
        coins.disconnect(*known.block, known.undo);
    }
}

class DumpWriter {
 public:
    explicit DumpWriter(NewFile& file) : file_(file) {}

    void write_header(const ChainParams& params, const BlockHash& base, uint64_t coins) {
        writer_.bytes(as_bytes(kSnapshotMagic)).le(kSnapshotVersion).bytes(params.magic);
        writer_.hash(base).le(coins);
    }

    /// In the order of the outpoints: the outputs of one transaction stand together.
    void write_coin(const OutPoint& outpoint, const Coin& coin) {
        if (!coins_.empty() && txid_ != outpoint.txid) write_transaction();
        txid_ = outpoint.txid;
        coins_.emplace_back(outpoint.index, coin);
    }

    void finish() {
        if (!coins_.empty()) write_transaction();
        flush();
        if (!file_.finish()) fail_to_write();
    }

 private:
    void write_transaction() {
        writer_.hash(txid_).compact_size(coins_.size());
        for (const auto& [index, coin] : coins_) {
            writer_.compact_size(index);
            parley::write_coin(writer_, coin);
        }
        coins_.clear();
        if (writer_.data().size() >= kDumpBufferBytes) flush();
    }
    void flush() {
        if (!file_.write(writer_.data())) fail_to_write();
        writer_ = Writer{};
    }
    [[noreturn]] void fail_to_write() const {
        fail(Code::misc, fmt::format("Unable to write {}", file_.path()));
    }

    NewFile& file_;
    Writer writer_;
    Txid txid_;
    std::vector<std::pair<uint32_t, Coin>> coins_;  ///< of `txid_`, not written yet
};

/// The highest block of the best chain from which a node can start by loadtxoutset.
Json latest_known_base(Call& call) {
    const Height tip = call.tip().height;
    const auto& known = call.params().snapshots;
    const auto found = std::find_if(known.rbegin(), known.rend(),
                                    [&](const KnownSnapshot& each) { return each.height <= tip; });
    if (found == known.rend())
        fail(Code::invalid_parameter,
             "No snapshot height is known for this chain. Name one with the option rollback.");
    return *parse_json(std::to_string(found->height.value()));
}

/// The option rollback; null: the coins of now.
Json wanted_base(Call& call) {
    const std::string type = call.string(1);
    const Json& options = call.argument(2);
    if (!options.is_null())
        check_members(options,
                      {{"rollback", ParameterType::any}, {"in_memory", ParameterType::boolean}});
    const Json& base = option_member(options, "rollback");
    if (!base.is_null() && !type.empty() && type != "rollback")
        fail(Code::invalid_parameter,
             fmt::format("Invalid snapshot type \"{}\" specified with rollback option", type));
    if (base.is_null() && type == "rollback") return latest_known_base(call);
    if (base.is_null() && type != "latest")
        fail(Code::invalid_parameter,
             fmt::format("Invalid snapshot type \"{}\" specified. Please specify \"rollback\" or "
                         "\"latest\"",
                         type));
    return base;
}

void dumptxoutset(Call& call) {
    const Json wanted = wanted_base(call);
    call.ask([&](Node& node) { find_base(node, wanted); });
    auto file = call.host().create_file(call.string(0), Host::Existing::keep);
    if (!file) fail(Code::invalid_parameter, file.error());
    DumpBase base;
    PastCoins coins = call.ask([&](Node& node) {
        base = find_base(node, wanted);
        return PastCoins{unwrap(node.coins_snapshot())};
    });
    roll_back(call, base.later, coins);

    uint64_t count = 0;
    Sha256 hash;
    coins.for_each([&](const OutPoint& outpoint, const Coin& coin) {
        ++count;
        hash.write(serialize_hashed_coin(outpoint, coin));
    });
    DumpWriter dump(**file);
    dump.write_header(call.params(), base.hash, count);
    coins.for_each(
        [&](const OutPoint& outpoint, const Coin& coin) { dump.write_coin(outpoint, coin); });
    dump.finish();

    JsonWriter& out = call.out();
    out.object([&] {
        out.field("coins_written", count);
        out.field("base_hash", base.hash);
        out.field("base_height", base.height);
        out.field("path", (*file)->path());
        out.field("txoutset_hash", sha256(hash.finish().span()));
        out.field("nchaintx", base.chain_transactions);
    });
}

}  // namespace

std::vector<Method> coins_dump_methods() {
    using enum ParameterType;
    return {
        {.name = "dumptxoutset",
         .category = "blockchain",
         .description = "Writes the UTXO set to a file, in the format of bitcoind's snapshots. The "
                        "chain stays as it is, also for the set after an earlier block; the "
                        "memory for what has changed since then is needed meanwhile.",
         .parameters = {{"path", string, true, "",
                         "The new file; relative to the chain's directory"},
                        {"type", string, false, "",
                         "\"latest\": the set as it is now; \"rollback\": as it was after the "
                         "block that the option rollback names"},
                        {"options", object, false, "",
                         "rollback: height or hash of the block; in_memory: without effect", "",
                         "rollback|in_memory"}},
         .result = "{coins_written, base_hash, base_height, path, txoutset_hash, nchaintx}"
                   "    (json object)",
         .example = "utxo.dat latest",
         .handler = &dumptxoutset},
    };
}

}  // namespace parley::rpc
