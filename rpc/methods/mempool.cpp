// The mempool: its state, its entries, and submission of transactions.
#include <fmt/format.h>

#include <algorithm>

#include "chain/primitives/fee_rate.h"
#include "mempool/package.h"
#include "rpc/json/transaction_text.h"
#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

/// Default of maxfeerate, in satoshis per kvB: protects clients from paying an absurd fee by
/// mistake.
constexpr int64_t kMaxFeeRateDefault = kCoin / 10;
constexpr std::string_view kMaxFeeRateDefaultText = "0.10";

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
            out.field("unbroadcastcount", 0);
            out.field("fullrbf", true);
            out.field("permitbaremultisig", options.permit_bare_multisig);
            out.field("maxdatacarriersize", options.data_bytes_max());
            out.field("limitclustercount", options.cluster_count_max);
            out.field("limitclustersize", options.cluster_virtual_bytes_max);
        });
    });
}

/// The data of a mempool entry, copied because entries do not outlive the node's step.
struct EntryCopy {
    MempoolEntry entry;          ///< without `parents` and `children`
    std::vector<Txid> depends;   ///< parents in the pool
    std::vector<Txid> spent_by;  ///< children in the pool
    bool replaceable = false;    ///< signals BIP125, itself or by an ancestor
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

EntryCopy copy_of(const Mempool& mempool, const MempoolEntry& entry) {
    EntryCopy copy{entry, sorted_txids(entry.parents), sorted_txids(entry.children),
                   signals_replaceable(mempool, entry)};
    copy.entry.parents.clear();
    copy.entry.children.clear();
    return copy;
}

std::vector<EntryCopy> copies_of(const Mempool& mempool,
                                 const std::vector<const MempoolEntry*>& entries) {
    std::vector<EntryCopy> copies;
    copies.reserve(entries.size());
    for (const MempoolEntry* entry : entries) copies.push_back(copy_of(mempool, *entry));
    return copies;
}

void write_entry(JsonWriter& out, const EntryCopy& copy) {
    const MempoolEntry& entry = copy.entry;
    out.object([&] {
        out.field("vsize", entry.transaction->virtual_size());
        out.field("weight", entry.transaction->weight());
        out.field("time", to_unix_seconds(entry.time));
        out.field("height", entry.height);
        out.field("descendantcount", entry.descendants.count);
        out.field("descendantsize", entry.descendants.virtual_size);
        out.field("ancestorcount", entry.ancestors.count);
        out.field("ancestorsize", entry.ancestors.virtual_size);
        out.field("wtxid", entry.transaction->wtxid());
        out.field_object("fees", [&] {
            out.field("base", entry.fee);
            out.field("modified", entry.modified_fee());
            out.field("ancestor", entry.ancestors.fees);
            out.field("descendant", entry.descendants.fees);
        });
        out.field_values("depends", copy.depends);
        out.field_values("spentby", copy.spent_by);
        out.field("bip125-replaceable", copy.replaceable);
        out.field("unbroadcast", false);
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
            std::vector<EntryCopy> copies;
            node.mempool().for_each([&](const MempoolEntry& entry) {
                copies.push_back(copy_of(node.mempool(), entry));
                return true;
            });
            return copies;
        });
        write_entries(out, entries, true);
        return;
    }
    uint64_t sequence = 0;
    const auto txids = call.ask([&](Node& node) {
        sequence = node.mempool().sequence();
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
    write_entry(call.out(), call.ask([&](Node& node) {
        return copy_of(node.mempool(), known_entry(node.mempool(), txid));
    }));
}

void getmempoolancestors(Call& call) {
    const Txid txid = call.txid(0);
    const auto entries = call.ask([&](Node& node) {
        const Mempool& mempool = node.mempool();
        return copies_of(mempool, mempool.ancestors(known_entry(mempool, txid)));
    });
    write_entries(call.out(), entries, call.boolean(1));
}

void getmempooldescendants(Call& call) {
    const Txid txid = call.txid(0);
    const auto entries = call.ask([&](Node& node) {
        const Mempool& mempool = node.mempool();
        return copies_of(mempool, mempool.descendants(known_entry(mempool, txid)));
    });
    write_entries(call.out(), entries, call.boolean(1));
}

void gettxspendingprevout(Call& call) {
    std::vector<OutPoint> outpoints;
    for (const Json& item : read_array(call.argument(0), call.name(0))) {
        read_object(item, call.name(0));
        check_members(item, {{"txid", ParameterType::hex}, {"vout", ParameterType::number}});
        outpoints.push_back(read_outpoint(item));
    }
    if (outpoints.empty()) fail(Code::invalid_parameter, "Invalid parameter, outputs are missing");
    const auto spenders = call.ask([&](Node& node) {
        std::vector<std::optional<Txid>> found;
        for (const OutPoint& outpoint : outpoints) {
            const MempoolEntry* entry = node.mempool().spender(outpoint);
            found.push_back(entry != nullptr ? std::optional{entry->txid()} : std::nullopt);
        }
        return found;
    });
    JsonWriter& out = call.out();
    out.array([&] {
        for (size_t i = 0; i < outpoints.size(); ++i) {
            out.object([&] {
                out.field("txid", outpoints[i].txid);
                out.field("vout", outpoints[i].index);
                if (spenders[i]) out.field("spendingtxid", *spenders[i]);
            });
        }
    });
}

// ---- admission

Amount max_fee_rate(const Call& call, size_t position) {
    return call.has(position) ? read_fee_rate(call.argument(position), call.name(position))
                              : Amount{kMaxFeeRateDefault};
}

using Admission = Expected<AcceptInfo, TxReject>;

/// A rate of zero means no limit.
bool exceeds(const AcceptInfo& accepted, Amount max_rate) {
    return max_rate.value() > 0 &&
           accepted.fee > fee_for(FeeRate{max_rate.value()}, accepted.virtual_size);
}

void write_accepted(JsonWriter& out, const Transaction& transaction, const AcceptInfo& accepted) {
    out.field("allowed", true);
    out.field("vsize", accepted.virtual_size);
    out.field_object("fees", [&] {
        out.field("base", accepted.fee);
        const FeeRate rate = fee_rate_of(accepted.fee, accepted.virtual_size);
        out.field("effective-feerate", Amount{rate.value()});
        out.field_array("effective-includes", [&] { out.value(transaction.wtxid()); });
    });
}

/// Writes the members behind the ids. False: the transactions after it were not judged, because
/// this one pays too much.
bool write_verdict(JsonWriter& out, const Transaction& transaction, const Admission& admission,
                   Amount max_rate) {
    if (admission && !exceeds(*admission, max_rate)) {
        write_accepted(out, transaction, *admission);
        return true;
    }
    out.field("allowed", false);
    if (admission) {
        out.field("reject-reason", "max-fee-exceeded");
        return false;
    }
    const TxReject& reject = admission.error();
    if (reject.kind == TxRejectKind::missing_inputs) {
        out.field("reject-reason", "missing-inputs");
        return true;
    }
    out.field("reject-reason", reject.reason);
    out.field("reject-details", reject.to_string());
    return true;
}

std::vector<TransactionRef> read_package(const Call& call, const Json::Array& raw) {
    if (raw.empty() || raw.size() > Mempool::kPackageCountMax)
        fail(Code::invalid_parameter, fmt::format("Array must contain between 1 and {} "
                                                  "transactions.",
                                                  Mempool::kPackageCountMax));
    std::vector<TransactionRef> transactions;
    for (const Json& item : raw) {
        const std::string& hex = read_string(item, call.name(0));
        auto data = decode_transaction_hex(hex);
        if (!data)
            fail(Code::deserialization,
                 fmt::format("TX decode failed: {} Make sure the tx has at least one input.", hex));
        transactions.push_back(make_transaction(std::move(*data)));
    }
    return transactions;
}

/// bitcoind judges the scripts of a package last: a refusal for another reason leaves all other
/// transactions without a verdict.
bool ends_package(const std::vector<Admission>& admissions) {
    return admissions.size() > 1 && !admissions.back() &&
           !admissions.back().error().reason.starts_with("mempool-script-verify-flag-failed");
}

void testmempoolaccept(Call& call) {
    const Json::Array& raw = read_array(call.argument(0), call.name(0));
    const Amount max_rate = max_fee_rate(call, 1);
    const std::vector<TransactionRef> transactions = read_package(call, raw);
    std::optional<std::string_view> problem;
    if (transactions.size() > 1) problem = check_package(transactions);
    std::vector<Admission> admissions;
    if (!problem)
        admissions = call.ask([&](Node& node) { return unwrap(node.test_accept(transactions)); });
    const size_t first = ends_package(admissions) ? admissions.size() - 1 : 0;
    bool judged = true;
    JsonWriter& out = call.out();
    out.array([&] {
        for (size_t i = 0; i < transactions.size(); ++i) {
            out.object([&] {
                out.field("txid", transactions[i]->txid());
                out.field("wtxid", transactions[i]->wtxid());
                if (problem) out.field("package-error", *problem);
                if (judged && i >= first && i < admissions.size())
                    judged = write_verdict(out, *transactions[i], admissions[i], max_rate);
            });
        }
    });
}

[[noreturn]] void fail_refused(const TxReject& reject) {
    if (reject.reason == "txn-already-known")
        fail(Code::already_in_utxo_set, "Transaction outputs already in utxo set");
    const bool missing = reject.kind == TxRejectKind::missing_inputs;
    fail(missing ? Code::verify : Code::verify_rejected, reject.to_string());
}

void sendrawtransaction(Call& call) {
    const TransactionRef transaction =
        make_transaction(read_raw_transaction(call.argument(0), call.name(0)));
    const Amount max_rate = max_fee_rate(call, 1);
    const Amount max_burn = call.has(2) ? read_amount(call.argument(2), call.name(2)) : Amount{0};
    for (const TxOutput& output : transaction->outputs()) {
        if (output.script_pubkey.is_unspendable() && output.value > max_burn)
            fail(Code::verify,
                 "Unspendable output exceeds maximum configured by user (maxburnamount)");
    }
    call.ask([&](Node& node) {
        if (max_rate.value() > 0) {
            const Admission tried = unwrap(node.test_accept({transaction})).front();
            if (tried && exceeds(*tried, max_rate))
                fail(Code::verify,
                     "Fee exceeds maximum configured by user (e.g. -maxtxfee, "
                     "maxfeerate)");
        }
        const Admission accepted = unwrap(node.submit_transaction(transaction));
        if (!accepted && accepted.error().reason != "txn-already-in-mempool")
            fail_refused(accepted.error());
    });
    call.out().value(transaction->txid());
}

std::vector<Method> pool_methods() {
    using enum ParameterType;
    const Parameter txid{"txid", hex, true, "", "The transaction id (must be in mempool)"};
    const Parameter verbose{"verbose", boolean, false, "false",
                            "True for a json object, false for array of transaction ids"};
    return {
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
        {.name = "gettxspendingprevout",
         .category = "blockchain",
         .description = "Scans the mempool to find transactions spending any of the given outputs",
         .parameters = {{"outputs", array, true, "",
                         "The transaction outputs that we want to check",
                         R"([{"txid":"hex","vout":n},...])"}},
         .result = "[{txid, vout, spendingtxid},...]    (json array)",
         .example = R"("[{\"txid\":\"mytxid\",\"vout\":3}]")",
         .handler = &gettxspendingprevout},
    };
}

std::vector<Method> admission_methods() {
    using enum ParameterType;
    const Parameter max_rate{
        "maxfeerate", amount, false, kMaxFeeRateDefaultText,
        "Reject transactions whose fee rate is higher than the specified value, expressed in "
        "BTC/kvB. Set to 0 to accept any fee rate."};
    return {
        {.name = "testmempoolaccept",
         .category = "rawtransactions",
         .description = "Returns result of mempool acceptance tests indicating if raw transactions "
                        "would be accepted by mempool. Each transaction is tested as if the ones "
                        "before it had been accepted.",
         .parameters = {{"rawtxs", array, true, "", "An array of hex strings of raw transactions",
                         R"(["rawtx",...])"},
                        max_rate},
         .result = "[{txid, wtxid, allowed, vsize, fees, reject-reason, reject-details},...]"
                   "    (json array)",
         .example = R"('["signedhex"]')",
         .handler = &testmempoolaccept},
        {.name = "sendrawtransaction",
         .category = "rawtransactions",
         .description = "Submit a raw transaction (serialized, hex-encoded) to local node and "
                        "network.",
         .parameters = {{"hexstring", hex, true, "", "The hex string of the raw transaction"},
                        max_rate,
                        {"maxburnamount", amount, false, "0",
                         "Reject transactions with provably unspendable outputs (e.g. "
                         "'datacarrier' outputs that use the OP_RETURN opcode) greater than the "
                         "specified value, expressed in BTC."}},
         .result = "\"hex\"    (string) The transaction hash in hex",
         .example = "\"signedhex\"",
         .handler = &sendrawtransaction},
    };
}

}  // namespace

std::vector<Method> mempool_methods() {
    std::vector<Method> methods = pool_methods();
    const auto more = admission_methods();
    methods.insert(methods.end(), more.begin(), more.end());
    return methods;
}

}  // namespace parley::rpc
