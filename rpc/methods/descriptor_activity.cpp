// getdescriptoractivity: which outputs of descriptors' scripts are made and spent in given blocks
// and in the mempool.
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "rpc/json/script_json.h"
#include "rpc/jsonrpc/call.h"
#include "rpc/methods/chain_lookup.h"
#include "rpc/methods/descriptors.h"

namespace parley::rpc {

namespace {

struct Place {
    BlockHash block;
    Height height;
};

struct Activity {
    std::optional<Place> place;  ///< empty: the mempool
    bool spends = false;
    Txid txid;
    uint32_t index = 0;  ///< of the input or output
    OutPoint prevout;    ///< of a spend
    TxOutput output;
};

class ActivityFinder {
 public:
    void watch(Script script) { scripts_.insert(std::move(script)); }

    /// `spent`: the coin of each input. Empty: a coinbase.
    void search(const Transaction& transaction, const std::vector<Coin>& spent,
                const std::optional<Place>& place) {
        const Txid txid = transaction.txid();
        for (uint32_t i = 0; i < spent.size(); ++i) {
            if (scripts_.contains(spent[i].output.script_pubkey))
                found_.push_back(
                    {place, true, txid, i, transaction.inputs()[i].prevout, spent[i].output});
        }
        for (uint32_t i = 0; i < transaction.outputs().size(); ++i) {
            if (scripts_.contains(transaction.outputs()[i].script_pubkey))
                found_.push_back({place, false, txid, i, {}, transaction.outputs()[i]});
        }
    }

    const std::vector<Activity>& found() const { return found_; }

 private:
    std::set<Script> scripts_;
    std::vector<Activity> found_;
};

/// In the order of their heights, each once.
std::map<Height, BlockHash> read_blocks(Call& call) {
    std::vector<BlockHash> hashes;
    for (const Json& hash : call.argument(0).array())
        hashes.push_back(read_block_hash(hash, "blockhash"));
    return call.ask([&](Node& node) {
        std::map<Height, BlockHash> blocks;
        for (const BlockHash& hash : hashes) {
            const HeaderNode& block = find_header(node, hash);
            if (!node.chain().index().contains(block))
                fail(Code::invalid_parameter, "Block is not in main chain");
            blocks.emplace(block.height, hash);
        }
        return blocks;
    });
}

/// One step of the core.
void search_block(Node& node, const BlockHash& hash, ActivityFinder& finder) {
    const HeaderNode& header = find_header(node, hash);
    const BlockRef block = read_block(node, header);
    const BlockUndo undo = read_undo(node, header);
    const Place place{hash, header.height};
    for (size_t i = 0; i < block->transactions.size(); ++i)
        finder.search(*block->transactions[i], i == 0 ? std::vector<Coin>{} : undo.spent.at(i - 1),
                      place);
}

/// The coins that a transaction of the mempool spends: of the chain, or of its parents there.
std::vector<Coin> coins_of(Node& node, const Transaction& transaction) {
    std::vector<Coin> coins;
    for (const TxInput& input : transaction.inputs()) {
        if (const MempoolEntry* parent = node.mempool().find(input.prevout.txid)) {
            coins.push_back(
                Coin{parent->transaction->outputs().at(input.prevout.index), Height{}, false});
            continue;
        }
        const auto coin = unwrap(node.coin(input.prevout, false));
        if (!coin) fail(Code::internal, "The mempool spends a coin that is not there");
        coins.push_back(*coin);
    }
    return coins;
}

void search_mempool(Call& call, ActivityFinder& finder) {
    // Transactions looked at in one step of the core.
    constexpr size_t kPerStep = 500;
    std::vector<Txid> waiting;
    call.ask([&](Node& node) {
        node.mempool().for_each([&](const MempoolEntry& entry) {
            waiting.push_back(entry.transaction->txid());
            return true;
        });
    });
    for (size_t next = 0; next < waiting.size(); next += kPerStep) {
        call.ask([&](Node& node) {
            for (size_t i = next; i < std::min(next + kPerStep, waiting.size()); ++i) {
                const MempoolEntry* entry = node.mempool().find(waiting[i]);
                if (entry == nullptr) continue;  // left meanwhile
                const TransactionRef transaction = entry->transaction;
                finder.search(*transaction, coins_of(node, *transaction), std::nullopt);
            }
        });
    }
}

void write_activity(Call& call, const Activity& activity) {
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("type", activity.spends ? "spend" : "receive");
        out.field("amount", activity.output.value);
        if (activity.place) {
            out.field("blockhash", activity.place->block);
            out.field("height", activity.place->height);
        }
        out.field(activity.spends ? "spend_txid" : "txid", activity.txid);
        out.field(activity.spends ? "spend_vin" : "vout", activity.index);
        if (activity.spends) {
            out.field("prevout_txid", activity.prevout.txid);
            out.field("prevout_vout", activity.prevout.index);
        }
        out.key(activity.spends ? "prevout_spk" : "output_spk");
        write_script(out, call.params(), activity.output.script_pubkey);
    });
}

void getdescriptoractivity(Call& call) {
    const std::map<Height, BlockHash> blocks = read_blocks(call);
    ActivityFinder finder;
    for (const Json& object : call.argument(1).array()) {
        for (const auto& [script, descriptor] : read_scan_object(call.params(), object))
            finder.watch(script);
    }
    for (const auto& [height, hash] : blocks)
        call.ask([&, &block = hash](Node& node) { search_block(node, block, finder); });
    if (call.boolean(2, true)) search_mempool(call, finder);
    call.out().object([&] {
        call.out().field_array("activity", [&] {
            for (const Activity& activity : finder.found()) write_activity(call, activity);
        });
    });
}

}  // namespace

std::vector<Method> descriptor_activity_methods() {
    using enum ParameterType;
    return {
        {.name = "getdescriptoractivity",
         .category = "blockchain",
         .description =
             "Lists the outputs of descriptors that blocks of the active chain, and the mempool, "
             "make and spend. scanblocks tells which blocks those are.",
         .parameters = {{"blockhashes", array, true, "", "The blocks to examine, in any order",
                         "[\"blockhash\",...]"},
                        {"scanobjects", array, true, "",
                         "Descriptors, or objects {\"desc\", \"range\"} where range is the last "
                         "position or [first,last] (default: 1000)",
                         "[scanobjects,...]"},
                        {"include_mempool", boolean, false, "true",
                         "Whether to include unconfirmed activity"}},
         .result = "{activity: [{type: spend, amount, blockhash, height, spend_txid, spend_vin, "
                   "prevout_txid, prevout_vout, prevout_spk} or {type: receive, amount, blockhash, "
                   "height, txid, vout, output_spk},...]}    (json object)",
         .example = R"x('["000000000000000000001347062c12fded7c528943c8ce133987e2e2f5a840ee"]' )x"
                    R"x('["addr(bc1qzl6nsgqzu89a66l50cvwapnkw5shh23zarqkw9)"]')x",
         .handler = &getdescriptoractivity},
    };
}

}  // namespace parley::rpc
