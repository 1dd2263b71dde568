// The mempool: its state and its entries.
#include <algorithm>
#include <set>

#include "chain/primitives/fee_rate.h"
#include "mempool/cluster/cluster_chunks.h"
#include "rpc/json/transaction_text.h"
#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

void getmempoolinfo(Call& call) {
    JsonWriter& out = call.out();
    call.ask([&](Node& node) {
        const Mempool& pool = node.mempool();
        const MempoolOptions& options = pool.options();
        out.object([&] {
            out.field("loaded", call.host().mempool_loaded());
            out.field("size", pool.size());
            out.field("bytes", pool.total_virtual_size());
            out.field("usage", pool.usage_bytes());
            out.field("total_fee", pool.total_fees());
            out.field("maxmempool", options.usage_bytes_max);
            out.field("mempoolminfee", Amount{pool.min_fee(node.now()).value()});
            out.field("minrelaytxfee", Amount{options.min_relay_fee.value()});
            out.field("incrementalrelayfee", Amount{options.incremental_relay_fee.value()});
            out.field("unbroadcastcount", node.peers().unbroadcast().size());
            out.field("fullrbf", true);
            out.field("permitbaremultisig", options.permit_bare_multisig);
            out.field("maxdatacarriersize", options.data_bytes_max());
            out.field("limitclustercount", options.cluster_count_max);
            out.field("limitclustersize", options.cluster_virtual_bytes_max);
            // Chunks are computed when they are asked for, and exactly.
            out.field("optimal", true);
        });
    });
}

/// The data of a mempool entry, copied because entries do not outlive the node's step.
struct EntryCopy {
    MempoolEntry entry;          ///< without `parents` and `children`
    std::vector<Txid> depends;   ///< parents in the pool
    std::vector<Txid> spent_by;  ///< children in the pool
    bool replaceable = false;    ///< signals BIP125, itself or by an ancestor
    FeeFraction chunk;           ///< of which it is a part
    bool unbroadcast = false;    ///< no peer has asked for it yet
};

std::vector<Txid> sorted_txids(const std::vector<const MempoolEntry*>& entries) {
    std::vector<Txid> txids;
    for (const MempoolEntry* entry : entries) txids.push_back(entry->txid());
    std::sort(txids.begin(), txids.end());
    return txids;
}

/// BIP125: the transaction or an unconfirmed ancestor signals. (This node allows replacing any
/// transaction; the field remains for clients.)
bool signals_replaceable(const Mempool& mempool, const MempoolEntry& entry) {
    constexpr uint32_t kSequenceSignalMax = 0xfffffffd;
    const auto signals = [](const MempoolEntry& each) {
        const auto& inputs = each.transaction->inputs();
        return std::any_of(inputs.begin(), inputs.end(), [](const TxInput& input) {
            return input.sequence <= kSequenceSignalMax;
        });
    };
    if (signals(entry)) return true;
    const auto ancestors = mempool.ancestors(entry);
    return std::any_of(ancestors.begin(), ancestors.end(),
                       [&](const MempoolEntry* each) { return signals(*each); });
}

EntryCopy copy_of(const Mempool& mempool, const MempoolEntry& entry, const FeeFraction& chunk) {
    EntryCopy copy{entry,
                   sorted_txids(entry.parents),
                   sorted_txids(entry.children),
                   signals_replaceable(mempool, entry),
                   chunk,
                   false};
    copy.entry.parents.clear();
    copy.entry.children.clear();
    return copy;
}

std::vector<MempoolChunk> cluster_chunks(const Mempool& mempool, const MempoolEntry& entry) {
    return chunks_of(mempool.cluster(entry), mempool.options().bytes_per_sigop);
}

/// The chunks of all entries in `entries`' clusters, each of which is computed once.
class ChunkLookup {
 public:
    explicit ChunkLookup(const Mempool& mempool) : mempool_(mempool) {}

    const FeeFraction& of(const MempoolEntry& entry) {
        if (!chunks_.contains(entry.sequence)) {
            for (const MempoolChunk& chunk : cluster_chunks(mempool_, entry)) {
                for (const MempoolEntry* each : chunk.entries)
                    chunks_.emplace(each->sequence, chunk.cost);
            }
        }
        return chunks_.at(entry.sequence);
    }

 private:
    const Mempool& mempool_;
    std::map<int64_t, FeeFraction> chunks_;  ///< by the order of arrival
};

std::vector<EntryCopy> copies_of(const Node& node,
                                 const std::vector<const MempoolEntry*>& entries) {
    const Mempool& mempool = node.mempool();
    const std::set<Txid> unbroadcast = node.peers().unbroadcast();
    std::vector<EntryCopy> copies;
    copies.reserve(entries.size());
    ChunkLookup chunks(mempool);
    for (const MempoolEntry* entry : entries) {
        EntryCopy& copy = copies.emplace_back(copy_of(mempool, *entry, chunks.of(*entry)));
        copy.unbroadcast = unbroadcast.contains(entry->txid());
    }
    return copies;
}

void write_entry(JsonWriter& out, const EntryCopy& copy) {
    const MempoolEntry& entry = copy.entry;
    out.object([&] {
        // By the rules of relay, which count many signature operations as size, and by BIP141.
        out.field("vsize_adjusted", entry.virtual_size);
        out.field("vsize", entry.virtual_size);
        out.field("vsize_bip141", entry.transaction->virtual_size());
        out.field("weight", entry.transaction->weight());
        out.field("time", to_unix_seconds(entry.time));
        out.field("height", entry.height);
        out.field("descendantcount", entry.descendants.count);
        out.field("descendantsize", entry.descendants.virtual_size);
        out.field("ancestorcount", entry.ancestors.count);
        out.field("ancestorsize", entry.ancestors.virtual_size);
        out.field("wtxid", entry.transaction->wtxid());
        out.field("chunkweight", copy.chunk.size);
        out.field_object("fees", [&] {
            out.field("base", entry.fee);
            out.field("modified", entry.modified_fee());
            out.field("ancestor", entry.ancestors.fees);
            out.field("descendant", entry.descendants.fees);
            out.field("chunk", Amount{copy.chunk.fee});
        });
        out.field_values("depends", copy.depends);
        out.field_values("spentby", copy.spent_by);
        out.field("bip125-replaceable", copy.replaceable);
        out.field("unbroadcast", copy.unbroadcast);
    });
}

void write_entries(JsonWriter& out, const std::vector<EntryCopy>& entries, bool verbose) {
    if (!verbose) {
        out.array([&] {
            for (const EntryCopy& each : entries) out.value(each.entry.txid());
        });
        return;
    }
    out.object([&] {
        for (const EntryCopy& entry : entries) {
            out.key(entry.entry.txid().to_string());
            write_entry(out, entry);
        }
    });
}

void getrawmempool(Call& call) {
    const bool verbose = call.boolean(0);
    const bool with_sequence = call.boolean(1);
    JsonWriter& out = call.out();
    if (verbose) {
        if (with_sequence)
            fail(Code::invalid_parameter,
                 "Verbose results cannot contain mempool sequence values.");
        const auto entries = call.ask([](Node& node) {
            std::vector<const MempoolEntry*> all;
            node.mempool().for_each([&](const MempoolEntry& entry) {
                all.push_back(&entry);
                return true;
            });
            return copies_of(node, all);
        });
        write_entries(out, entries, true);
        return;
    }
    uint64_t sequence = 0;
    const auto txids = call.ask([&](Node& node) {
        sequence = node.mempool().sequence() + 1;  // of the next change, as in bitcoind
        std::vector<Txid> all;
        all.reserve(node.mempool().size());
        node.mempool().for_each([&](const MempoolEntry& entry) {
            all.push_back(entry.txid());
            return true;
        });
        return all;
    });
    const auto write_txids = [&] {
        for (const Txid& txid : txids) out.value(txid);
    };
    if (!with_sequence) {
        out.array(write_txids);
        return;
    }
    out.object([&] {
        out.field_array("txids", write_txids);
        out.field("mempool_sequence", sequence);
    });
}

const MempoolEntry& known_entry(const Mempool& mempool, const Txid& txid) {
    const MempoolEntry* entry = mempool.find(txid);
    if (entry == nullptr) fail(Code::address_or_key, "Transaction not in mempool");
    return *entry;
}

void getmempoolentry(Call& call) {
    const Txid txid = call.txid(0);
    const auto entries =
        call.ask([&](Node& node) { return copies_of(node, {&known_entry(node.mempool(), txid)}); });
    write_entry(call.out(), entries.front());
}

void getmempoolcluster(Call& call) {
    const Txid txid = call.txid(0);
    JsonWriter& out = call.out();
    call.ask([&](Node& node) {
        const auto chunks = cluster_chunks(node.mempool(), known_entry(node.mempool(), txid));
        int64_t weight = 0;
        size_t count = 0;
        for (const MempoolChunk& chunk : chunks) {
            weight += chunk.cost.size;
            count += chunk.entries.size();
        }
        out.object([&] {
            out.field("clusterweight", weight);
            out.field("txcount", count);
            out.field_array("chunks", [&] {
                for (const MempoolChunk& chunk : chunks) {
                    out.object([&] {
                        out.field("chunkfee", Amount{chunk.cost.fee});
                        out.field("chunkweight", chunk.cost.size);
                        out.field_array("txs", [&] {
                            for (const MempoolEntry* entry : chunk.entries)
                                out.value(entry->txid());
                        });
                    });
                }
            });
        });
    });
}

void getmempoolfeeratediagram(Call& call) {
    JsonWriter& out = call.out();
    const auto write_corner = [&](int64_t weight, int64_t fee) {
        out.object([&] {
            out.field("weight", weight);
            out.field("fee", Amount{fee});
        });
    };
    call.ask([&](Node& node) {
        out.array([&] {
            int64_t weight = 0;
            int64_t fee = 0;
            write_corner(weight, fee);
            for (const MempoolChunk& chunk : chunks_of(node.mempool())) {
                weight += chunk.cost.size;
                fee += chunk.cost.fee;
                write_corner(weight, fee);
            }
        });
    });
}

void getmempoolancestors(Call& call) {
    const Txid txid = call.txid(0);
    const auto entries = call.ask([&](Node& node) {
        const Mempool& mempool = node.mempool();
        return copies_of(node, mempool.ancestors(known_entry(mempool, txid)));
    });
    write_entries(call.out(), entries, call.boolean(1));
}

void getmempooldescendants(Call& call) {
    const Txid txid = call.txid(0);
    const auto entries = call.ask([&](Node& node) {
        const Mempool& mempool = node.mempool();
        return copies_of(node, mempool.descendants(known_entry(mempool, txid)));
    });
    write_entries(call.out(), entries, call.boolean(1));
}

std::vector<Method> cluster_methods() {
    using enum ParameterType;
    return {
        {.name = "getmempoolcluster",
         .category = "blockchain",
         .description = "Returns the transactions that are connected with a given one in the "
                        "mempool, by the chunks in which they would be mined.",
         .parameters = {{"txid", hex, true, "", "The txid of a transaction in the cluster"}},
         .result = "{clusterweight, txcount, chunks: [{chunkfee, chunkweight, txs},...]}"
                   "    (json object)",
         .example = "\"mytxid\"",
         .handler = &getmempoolcluster},
        {.name = "getmempoolfeeratediagram",
         .category = "blockchain",
         .description = "Returns the fees that the whole mempool earns, over the weight that is "
                        "mined for it.",
         .parameters = {},
         .result = "[{weight, fee},...]    (json array) cumulative",
         .example = "",
         .handler = &getmempoolfeeratediagram,
         .hidden = true},
    };
}

}  // namespace

std::vector<Method> mempool_methods() {
    using enum ParameterType;
    const Parameter txid{"txid", hex, true, "", "The transaction id (must be in mempool)"};
    const Parameter verbose{"verbose", boolean, false, "false",
                            "True for a json object, false for array of transaction ids"};
    std::vector<Method> methods{
        {.name = "getmempoolinfo",
         .category = "blockchain",
         .description = "Returns details on the active state of the TX memory pool.",
         .parameters = {},
         .result = "{loaded, size, bytes, usage, total_fee, ...}    (json object)",
         .example = "",
         .handler = &getmempoolinfo},
        {.name = "getrawmempool",
         .category = "blockchain",
         .description = "Returns all transaction ids in memory pool as a json array of string "
                        "transaction ids.",
         .parameters = {verbose,
                        {"mempool_sequence", boolean, false, "false",
                         "If verbose=false, returns a json object with transaction list and "
                         "mempool sequence number attached."}},
         .result = "[\"hex\",...]    (json array), or {txid: entry,...}    (json object), or "
                   "{txids, mempool_sequence}    (json object)",
         .example = "true",
         .handler = &getrawmempool},
        {.name = "getmempoolentry",
         .category = "blockchain",
         .description = "Returns mempool data for given transaction",
         .parameters = {txid},
         .result = "{vsize, weight, time, height, fees, depends, spentby, ...}    (json object)",
         .example = "\"mytxid\"",
         .handler = &getmempoolentry},
        {.name = "getmempoolancestors",
         .category = "blockchain",
         .description = "If txid is in the mempool, returns all in-mempool ancestors.",
         .parameters = {txid, verbose},
         .result = "[\"hex\",...]    (json array), or {txid: entry,...}    (json object)",
         .example = "\"mytxid\"",
         .handler = &getmempoolancestors},
        {.name = "getmempooldescendants",
         .category = "blockchain",
         .description = "If txid is in the mempool, returns all in-mempool descendants.",
         .parameters = {txid, verbose},
         .result = "[\"hex\",...]    (json array), or {txid: entry,...}    (json object)",
         .example = "\"mytxid\"",
         .handler = &getmempooldescendants},
    };
    const auto more = cluster_methods();
    methods.insert(methods.end(), more.begin(), more.end());
    return methods;
}

}  // namespace parley::rpc
