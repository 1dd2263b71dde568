// Fee deltas of transactions: prioritisetransaction, getprioritisedtransactions.
#include <cstdlib>
#include <vector>

#include "mempool/policy.h"
#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

void prioritisetransaction(Call& call) {
    const Txid txid = call.txid(0);
    const Json& dummy = call.argument(1);
    const bool zero = dummy.is_null() || std::strtod(dummy.number().c_str(), nullptr) == 0;
    const Amount delta{call.long_integer(2)};
    if (!zero)
        fail(Code::invalid_parameter,
             "Priority is no longer supported, dummy argument to prioritisetransaction must be 0.");
    call.ask([&](Node& node) {
        const Mempool& mempool = node.mempool();
        const MempoolEntry* entry = mempool.find(txid);
        // Such a transaction must pay no fee, or nobody would spend its dust.
        if (entry != nullptr && !mempool.options().accept_nonstandard &&
            has_dust(*entry->transaction, mempool.options().dust_relay_fee))
            fail(Code::invalid_parameter,
                 "Priority is not supported for transactions with dust outputs.");
        node.prioritise(txid, delta);
    });
    call.out().value(true);
}

struct Priority {
    Txid txid;
    Amount delta{0};
    std::optional<Amount> modified_fee;  ///< empty: not in the mempool
};

void getprioritisedtransactions(Call& call) {
    const auto priorities = call.ask([](Node& node) {
        std::vector<Priority> all;
        for (const auto& [txid, delta] : node.mempool().prioritised()) {
            Priority each{txid, delta, std::nullopt};
            if (const MempoolEntry* entry = node.mempool().find(txid))
                each.modified_fee = entry->modified_fee();
            all.push_back(each);
        }
        return all;
    });
    JsonWriter& out = call.out();
    out.object([&] {
        for (const Priority& each : priorities) {
            out.field_object(each.txid.to_string(), [&] {
                out.field("fee_delta", each.delta.value());
                out.field("in_mempool", each.modified_fee.has_value());
                if (each.modified_fee) out.field("modified_fee", each.modified_fee->value());
            });
        }
    });
}

}  // namespace

std::vector<Method> priority_methods() {
    using enum ParameterType;
    return {
        {.name = "prioritisetransaction",
         .category = "mining",
         .description = "Adds to the fee with which block building and eviction reckon. The real "
                        "fee does not change.",
         .parameters = {{"txid", hex, true, "", "The transaction id"},
                        {"dummy", number, false, "0", "Must be 0 or null; for old clients"},
                        {"fee_delta", number, true, "",
                         "The amount in satoshi to add, or, if negative, to subtract"}},
         .result = "true    (boolean)",
         .example = "\"txid\" 0.0 10000",
         .handler = &prioritisetransaction},
        {.name = "getprioritisedtransactions",
         .category = "mining",
         .description = "Returns the fee deltas of prioritisetransaction, also those of "
                        "transactions that are not in the mempool.",
         .parameters = {},
         .result = "{txid: {fee_delta, in_mempool, modified_fee},...}    (json object) Amounts in "
                   "satoshi",
         .example = "",
         .handler = &getprioritisedtransactions},
    };
}

}  // namespace parley::rpc
