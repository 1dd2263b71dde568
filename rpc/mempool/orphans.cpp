// Transactions of peers that wait for their parents.
#include <fmt/format.h>

#include <utility>

#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

constexpr int64_t kVerbosityMax = 2;

void write_orphan(JsonWriter& out, const OrphanInfo& orphan, int64_t verbosity) {
    const Transaction& transaction = *orphan.transaction;
    if (verbosity == 0) {
        out.value(transaction.txid());
        return;
    }
    out.object([&] {
        out.field("txid", transaction.txid());
        out.field("wtxid", transaction.wtxid());
        out.field("bytes", transaction.serialize(WitnessEncoding::with).size());
        out.field("vsize", transaction.virtual_size());
        out.field("weight", transaction.weight());
        out.field_array("from", [&] {
            for (const PeerId peer : orphan.from) out.value(peer.value());
        });
        if (verbosity == kVerbosityMax)
            out.field("hex", to_hex(transaction.serialize(WitnessEncoding::with)));
    });
}

void getorphantxs(Call& call) {
    if (call.argument(0).is_boolean())
        fail(Code::type, "Verbosity was boolean but only integer allowed");
    const int64_t verbosity = call.integer(0, 0);
    if (verbosity < 0 || verbosity > kVerbosityMax)
        fail(Code::invalid_parameter, fmt::format("Invalid verbosity value {}", verbosity));
    const auto orphans = call.ask([](Node& node) { return node.peers().orphans(); });
    JsonWriter& out = call.out();
    out.array([&] {
        for (const OrphanInfo& orphan : orphans) write_orphan(out, orphan, verbosity);
    });
}

}  // namespace

std::vector<Method> orphan_methods() {
    using enum ParameterType;
    return {
        {.name = "getorphantxs",
         .category = "mempool",
         .description = "Lists the transactions of peers that wait for unknown parents.",
         .parameters = {{"verbosity", json, false, "0",
                         "0: the txids; 1: sizes and peers too; 2: and the transactions."}},
         .result = "[...]    (json array)",
         .example = "2",
         .handler = &getorphantxs,
         .hidden = true},
    };
}

}  // namespace parley::rpc
