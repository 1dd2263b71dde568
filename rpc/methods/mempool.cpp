// Waiting transactions: the pool, its entries, and admission to it.
#include <fmt/format.h>

#include "chain/primitives/fee_rate.h"
#include "rpc/jsonrpc/call.h"
#include "rpc/transaction_text.h"

namespace parley::rpc {

namespace {

/// What a client pays at most without saying so, in satoshi a kvB.
constexpr int64_t kMaxFeeRateDefault = kCoin / 10;
constexpr std::string_view kMaxFeeRateDefaultText = "0.10";

void getmempoolinfo(Call& call) {
    const MempoolSummary pool = call.ask([](NodeControl& node) { return node.mempool(); });
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("loaded", pool.loaded);
        out.field("size", pool.transactions);
        out.field("bytes", pool.virtual_bytes);
        out.field("usage", pool.memory_usage);
        out.field("total_fee", pool.total_fee);
        out.field("maxmempool", pool.memory_usage_max);
        out.field("mempoolminfee", pool.min_fee_rate);
        out.field("minrelaytxfee", pool.min_relay_fee_rate);
        out.field("incrementalrelayfee", pool.incremental_fee_rate);
        out.field("unbroadcastcount", pool.unbroadcast);
        out.field("fullrbf", true);
        out.field("permitbaremultisig", pool.permit_bare_multisig);
        out.field("maxdatacarriersize", pool.data_carrier_size_max);
        out.field("limitclustercount", pool.cluster_count_max);
        out.field("limitclustersize", pool.cluster_virtual_bytes_max);
    });
}

void write_entry(JsonWriter& out, const MempoolEntry& entry) {
    out.object([&] {
        out.field("vsize", entry.transaction->virtual_size());
        out.field("weight", entry.transaction->weight());
        out.field("time", to_unix_seconds(entry.arrived));
        out.field("height", entry.height);
        out.field("descendantcount", entry.descendant_count);
        out.field("descendantsize", entry.descendant_virtual_bytes);
        out.field("ancestorcount", entry.ancestor_count);
        out.field("ancestorsize", entry.ancestor_virtual_bytes);
        out.field("wtxid", entry.transaction->wtxid());
        out.field_object("fees", [&] {
            out.field("base", entry.fee);
            out.field("modified", entry.modified_fee);
            out.field("ancestor", entry.ancestor_fees);
            out.field("descendant", entry.descendant_fees);
        });
        out.field_values("depends", entry.depends);
        out.field_values("spentby", entry.spent_by);
        out.field("bip125-replaceable", entry.replaceable);
        out.field("unbroadcast", entry.unbroadcast);
    });
}

void write_entries(JsonWriter& out, const std::vector<MempoolEntry>& entries, bool verbose) {
    if (!verbose) {
        out.array([&] {
            for (const MempoolEntry& entry : entries) out.value(entry.transaction->txid());
        });
        return;
    }
    out.object([&] {
        for (const MempoolEntry& entry : entries) {
            out.key(entry.transaction->txid().to_string());
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
        write_entries(out, call.ask([](NodeControl& node) { return node.mempool_entries(); }),
                      true);
        return;
    }
    uint64_t sequence = 0;
    const auto txids = call.ask([&](NodeControl& node) {
        sequence = node.mempool().sequence;
        return node.mempool_txids();
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

MempoolEntry known_entry(const NodeControl& node, const Txid& txid) {
    auto entry = node.mempool_entry(txid);
    if (!entry) fail(Code::address_or_key, "Transaction not in mempool");
    return *entry;
}

void getmempoolentry(Call& call) {
    const Txid txid = call.txid(0);
    write_entry(call.out(), call.ask([&](NodeControl& node) { return known_entry(node, txid); }));
}

void getmempoolancestors(Call& call) {
    const Txid txid = call.txid(0);
    const auto entries = call.ask([&](NodeControl& node) {
        known_entry(node, txid);
        return node.mempool_ancestors(txid);
    });
    write_entries(call.out(), entries, call.boolean(1));
}

void getmempooldescendants(Call& call) {
    const Txid txid = call.txid(0);
    const auto entries = call.ask([&](NodeControl& node) {
        known_entry(node, txid);
        return node.mempool_descendants(txid);
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
    const auto spenders = call.ask([&](NodeControl& node) {
        std::vector<std::optional<Txid>> found;
        for (const OutPoint& outpoint : outpoints) found.push_back(node.mempool_spender(outpoint));
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

/// A rate of zero: no limit.
bool exceeds(const TxAdmission& admission, Amount max_rate) {
    return max_rate.value() > 0 &&
           admission.fee > fee_for(FeeRate{max_rate.value()}, admission.virtual_size);
}

void write_admission(JsonWriter& out, const Transaction& transaction, const TxAdmission& admission,
                     Amount max_rate) {
    using State = TxAdmission::State;
    out.object([&] {
        out.field("txid", transaction.txid());
        out.field("wtxid", transaction.wtxid());
        if (admission.state == State::accepted && !exceeds(admission, max_rate)) {
            out.field("allowed", true);
            out.field("vsize", admission.virtual_size);
            out.field_object("fees", [&] {
                out.field("base", admission.fee);
                const FeeRate rate = fee_rate_of(admission.fee, admission.virtual_size);
                out.field("effective-feerate", Amount{rate.value()});
                out.field_array("effective-includes", [&] {
                    if (admission.effective_includes.empty()) out.value(transaction.wtxid());
                    for (const Wtxid& wtxid : admission.effective_includes) out.value(wtxid);
                });
            });
            return;
        }
        out.field("allowed", false);
        if (admission.state == State::accepted) {
            out.field("reject-reason", "max-fee-exceeded");
            return;
        }
        const bool missing = admission.state == State::missing_inputs;
        out.field("reject-reason", missing ? "missing-inputs" : admission.reject_reason);
        const std::string& detail = admission.reject_detail;
        out.field("reject-details", detail.empty() ? admission.reject_reason
                                                   : admission.reject_reason + ", " + detail);
    });
}

void testmempoolaccept(Call& call) {
    const Json::Array& raw = read_array(call.argument(0), call.name(0));
    constexpr size_t kPackageSizeMax = 25;
    if (raw.empty() || raw.size() > kPackageSizeMax)
        fail(Code::invalid_parameter, fmt::format("Array must contain between 1 and {} "
                                                  "transactions.",
                                                  kPackageSizeMax));
    const Amount max_rate = max_fee_rate(call, 1);
    std::vector<TransactionRef> transactions;
    for (const Json& item : raw) {
        const std::string& hex = read_string(item, call.name(0));
        auto data = decode_transaction_hex(hex);
        if (!data)
            fail(Code::deserialization,
                 fmt::format("TX decode failed: {} Make sure the tx has at least one input.", hex));
        transactions.push_back(make_transaction(std::move(*data)));
    }
    const auto admissions =
        call.ask([&](NodeControl& node) { return unwrap(node.test_accept(transactions)); });
    JsonWriter& out = call.out();
    out.array([&] {
        for (size_t i = 0; i < transactions.size(); ++i)
            write_admission(out, *transactions[i], admissions[i], max_rate);
    });
}

void fail_admission(const TxAdmission& admission) {
    std::string text = admission.reject_reason;
    if (!admission.reject_detail.empty()) text += ", " + admission.reject_detail;
    switch (admission.state) {
        case TxAdmission::State::accepted:
        case TxAdmission::State::already_in_mempool:
            return;
        case TxAdmission::State::already_in_chain:
            fail(Code::already_in_utxo_set, "Transaction outputs already in utxo set");
        case TxAdmission::State::missing_inputs:
            fail(Code::verify, text.empty() ? "bad-txns-inputs-missingorspent" : text);
        case TxAdmission::State::rejected:
            fail(Code::verify_rejected, text);
    }
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
    const TxAdmission admission = call.ask([&](NodeControl& node) {
        if (max_rate.value() > 0) {
            const TxAdmission tried = unwrap(node.test_accept({transaction})).front();
            if (tried.state == TxAdmission::State::accepted && exceeds(tried, max_rate))
                fail(Code::verify,
                     "Fee exceeds maximum configured by user (e.g. -maxtxfee, "
                     "maxfeerate)");
        }
        return unwrap(node.submit_transaction(transaction));
    });
    fail_admission(admission);
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
                        "would be accepted by mempool. Each is tried after the ones before it.",
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
