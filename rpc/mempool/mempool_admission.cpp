// Submission of transactions to the mempool, one or several, and tests of it.
#include <fmt/format.h>

#include <set>

#include "chain/primitives/fee_rate.h"
#include "mempool/package/package.h"
#include "rpc/json/script_json.h"
#include "rpc/json/transaction_text.h"
#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

/// Default of maxfeerate, in satoshis per kvB: protects clients from paying an absurd fee by
/// mistake.
constexpr int64_t kMaxFeeRateDefault = kCoin / 10;
constexpr std::string_view kMaxFeeRateDefaultText = "0.10";

Amount max_fee_rate(const Call& call, size_t position) {
    return call.has(position) ? read_fee_rate(call.argument(position)) : Amount{kMaxFeeRateDefault};
}

using Admission = Expected<AcceptInfo, TxReject>;

/// A rate of zero means no limit.
bool exceeds(const AcceptInfo& accepted, Amount max_rate) {
    return max_rate.value() > 0 &&
           accepted.fee > fee_for(FeeRate{max_rate.value()}, accepted.virtual_size);
}

/// By the rules of relay, which count many signature operations as size, and by BIP141.
void write_sizes(JsonWriter& out, int64_t virtual_size, const Transaction& transaction) {
    out.field("vsize_adjusted", virtual_size);
    out.field("vsize", virtual_size);
    out.field("vsize_bip141", transaction.virtual_size());
}

void write_accepted(JsonWriter& out, const AcceptInfo& accepted, const Transaction& transaction) {
    write_sizes(out, accepted.virtual_size, transaction);
    out.field_object("fees", [&] {
        out.field("base", accepted.fee);
        out.field("effective-feerate", Amount{accepted.effective_fee_rate.value()});
        out.field_values("effective-includes", accepted.effective_includes);
    });
}

/// Writes the members behind the ids. False: the transactions after it have no verdict, because
/// this one pays too much.
bool write_verdict(JsonWriter& out, const Admission& admission, const Transaction& transaction,
                   Amount max_rate) {
    const bool allowed = admission && !exceeds(*admission, max_rate);
    out.field("allowed", allowed);
    if (allowed) {
        write_accepted(out, *admission, transaction);
        return true;
    }
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

const Json::Array& package_argument(const Call& call) {
    const Json::Array& raw = read_array(call.argument(0));
    if (raw.empty() || raw.size() > Mempool::kPackageCountMax)
        fail(Code::invalid_parameter, fmt::format("Array must contain between 1 and {} "
                                                  "transactions.",
                                                  Mempool::kPackageCountMax));
    return raw;
}

std::vector<TransactionRef> read_package(const Json::Array& raw) {
    std::vector<TransactionRef> transactions;
    for (const Json& item : raw) {
        const std::string& hex = read_string(item);
        auto data = decode_transaction_hex(hex);
        if (!data)
            fail(Code::deserialization,
                 fmt::format("TX decode failed: {} Make sure the tx has at least one input.", hex));
        transactions.push_back(make_transaction(std::move(*data)));
    }
    return transactions;
}

void testmempoolaccept(Call& call) {
    const Json::Array& raw = package_argument(call);
    const Amount max_rate = max_fee_rate(call, 1);
    const std::vector<TransactionRef> transactions = read_package(raw);
    const TestResult result =
        call.ask([&](Node& node) { return unwrap(node.test_accept(transactions)); });
    bool judged = true;
    JsonWriter& out = call.out();
    out.array([&] {
        for (const TransactionRef& transaction : transactions) {
            out.object([&] {
                out.field("txid", transaction->txid());
                out.field("wtxid", transaction->wtxid());
                if (result.problem) out.field("package-error", result.problem->to_string());
                const auto verdict = result.verdicts.find(transaction->wtxid());
                if (judged && verdict != result.verdicts.end())
                    judged = write_verdict(out, verdict->second, *transaction, max_rate);
            });
        }
    });
}

/// Outputs that can never be spent must not carry more than the client allows.
void check_burn(const Transaction& transaction, Amount max_burn) {
    for (const TxOutput& output : transaction.outputs()) {
        const Script& script = output.script_pubkey;
        const bool burns = script.is_unspendable() || !has_valid_opcodes(script);
        if (burns && output.value > max_burn)
            fail(Code::verify,
                 "Unspendable output exceeds maximum configured by user (maxburnamount)");
    }
}

void write_package_verdict(JsonWriter& out, const PackageResult::Verdict& verdict,
                           const Transaction& transaction) {
    if (const auto* accepted = std::get_if<AcceptInfo>(&verdict)) {
        write_accepted(out, *accepted, transaction);
    } else if (const auto* there = std::get_if<PackageResult::InMempool>(&verdict)) {
        write_sizes(out, there->virtual_size, transaction);
        out.field_object("fees", [&] { out.field("base", there->fee); });
    } else if (const auto* other = std::get_if<PackageResult::OtherWitness>(&verdict)) {
        out.field("other-wtxid", other->wtxid);
    } else {
        out.field("error", std::get<TxReject>(verdict).to_string());
    }
}

void submitpackage(Call& call) {
    const Json::Array& raw = package_argument(call);
    const Amount max_rate = max_fee_rate(call, 1);
    const Amount max_burn = call.has(2) ? read_amount(call.argument(2)) : Amount{0};
    mempool_input::SubmitPackage package{read_package(raw)};
    for (const TransactionRef& each : package.transactions) check_burn(*each, max_burn);
    const std::vector<TransactionRef> transactions = package.transactions;
    if (transactions.size() > 1 && !is_child_with_parents_tree(transactions))
        fail(Code::verify,
             "package topology disallowed. not child-with-parents or parents depend on each "
             "other.");
    if (max_rate.value() > 0) package.fee_rate_max = FeeRate{max_rate.value()};
    const PackageResult result =
        call.ask([&](Node& node) { return unwrap(node.submit_package(std::move(package))); });
    std::set<Txid> replaced;
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("package_msg", result.problem ? result.problem->to_string() : "success");
        out.field_object("tx-results", [&] {
            for (const TransactionRef& each : transactions) {
                out.field_object(each->wtxid().to_string(), [&] {
                    out.field("txid", each->txid());
                    const auto verdict = result.verdicts.find(each->wtxid());
                    if (verdict == result.verdicts.end()) {
                        out.field("error", "package-not-validated");
                        return;
                    }
                    write_package_verdict(out, verdict->second, *each);
                    if (const auto* accepted = std::get_if<AcceptInfo>(&verdict->second)) {
                        for (const TransactionRef& gone : accepted->replaced)
                            replaced.insert(gone->txid());
                    }
                });
            }
        });
        out.field_values("replaced-transactions",
                         std::vector<Txid>(replaced.begin(), replaced.end()));
    });
}

[[noreturn]] void fail_refused(const TxReject& reject) {
    if (reject.reason == "txn-already-known")
        fail(Code::already_in_utxo_set, "Transaction outputs already in utxo set");
    const bool missing = reject.kind == TxRejectKind::missing_inputs;
    fail(missing ? Code::verify : Code::verify_rejected, reject.to_string());
}

void sendrawtransaction(Call& call) {
    const Amount max_burn = call.has(2) ? read_amount(call.argument(2)) : Amount{0};
    const TransactionRef transaction = make_transaction(read_raw_transaction(call.argument(0)));
    const Amount max_rate = max_fee_rate(call, 1);
    check_burn(*transaction, max_burn);
    call.ask([&](Node& node) {
        if (max_rate.value() > 0) {
            const TestResult tested = unwrap(node.test_accept({transaction}));
            const Admission& tried = tested.verdicts.at(transaction->wtxid());
            if (tried && exceeds(*tried, max_rate))
                fail(Code::verify,
                     "Fee exceeds maximum configured by user (e.g. -maxtxfee, "
                     "maxfeerate)");
        }
        const Admission accepted = unwrap(node.submit_transaction(transaction));
        // With this witness or another: it is announced anyway.
        const bool in_mempool = node.mempool().contains(transaction->txid());
        if (!accepted && !in_mempool) fail_refused(accepted.error());
        if (!accepted) node.announce_again(transaction->txid());
    });
    call.out().value(transaction->txid());
}

}  // namespace

std::vector<Method> admission_methods() {
    using enum ParameterType;
    const Parameter max_rate{
        "maxfeerate", amount, false, kMaxFeeRateDefaultText,
        "Reject transactions whose fee rate is higher than the specified value, expressed in "
        "BTC/kvB. Set to 0 to accept any fee rate."};
    const Parameter max_burn{
        "maxburnamount", amount, false, "0",
        "Reject transactions with provably unspendable outputs (e.g. "
        "'datacarrier' outputs that use the OP_RETURN opcode) greater than the "
        "specified value, expressed in BTC."};
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
        {.name = "submitpackage",
         .category = "rawtransactions",
         .description = "Submits a transaction together with unconfirmed parents of it, for whose "
                        "fees it may pay. Transactions that are valid enter the mempool, also if "
                        "others are not.",
         .parameters = {{"package", array, true, "",
                         "Hex strings of raw transactions: parents, none of which spends another, "
                         "and at last the child",
                         R"(["rawtx",...])"},
                        max_rate,
                        max_burn},
         .result =
             "{package_msg, tx-results: {wtxid: {txid, other-wtxid, vsize, fees, error},...}, "
             "replaced-transactions}    (json object)",
         .example = R"('["parenthex","childhex"]')",
         .handler = &submitpackage},
        {.name = "sendrawtransaction",
         .category = "rawtransactions",
         .description = "Submit a raw transaction (serialized, hex-encoded) to local node and "
                        "network.",
         .parameters = {{"hexstring", hex, true, "", "The hex string of the raw transaction"},
                        max_rate,
                        max_burn},
         .result = "\"hex\"    (string) The transaction hash in hex",
         .example = "\"signedhex\"",
         .handler = &sendrawtransaction},
    };
}

}  // namespace parley::rpc
