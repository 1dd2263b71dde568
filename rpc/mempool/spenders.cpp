// gettxspendingprevout: which transactions spend outputs, in the mempool and, with
// -txospenderindex, in the best chain.
#include "rpc/json/spend_options.h"
#include "rpc/json/transaction_text.h"
#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

struct Spender {
    TransactionRef transaction;  ///< null: not spent, as far as was looked
    std::optional<BlockHash> block;
};

std::vector<OutPoint> read_outputs_to_look_up(const Call& call) {
    std::vector<OutPoint> outpoints;
    for (const Json& item : read_array(call.argument(0))) {
        read_object(item);
        require_members(item, {"txid", "vout"});
        check_members(item, {{"txid", ParameterType::hex}, {"vout", ParameterType::number}});
        outpoints.push_back(read_outpoint(item));
    }
    if (outpoints.empty()) fail(Code::invalid_parameter, "Invalid parameter, outputs are missing");
    return outpoints;
}

Spender find_spender(Node& node, const OutPoint& outpoint, bool mempool_only) {
    if (const MempoolEntry* entry = node.mempool().spender(outpoint))
        return {entry->transaction, std::nullopt};
    if (mempool_only) return {};
    const SpenderIndex* index = node.current_indexes().spenders();
    if (index == nullptr || !index->synced())
        fail(Code::misc, "Mempool lacks a relevant spend, and txospenderindex is unavailable.");
    const auto found = index->find(outpoint);
    if (!found) fail(Code::misc, found.error().message);
    return *found ? Spender{(*found)->transaction, (*found)->block} : Spender{};
}

void gettxspendingprevout(Call& call) {
    const std::vector<OutPoint> outpoints = read_outputs_to_look_up(call);
    const Json& options = call.argument(1);
    if (!options.is_null())
        check_members(options, {{"mempool_only", ParameterType::boolean},
                                {"return_spending_tx", ParameterType::boolean}});
    const bool with_transaction = option_flag(options, "return_spending_tx", false);
    const auto spenders = call.ask([&](Node& node) {
        const bool mempool_only =
            option_flag(options, "mempool_only", node.indexes().spenders() == nullptr);
        std::vector<Spender> found;
        for (const OutPoint& outpoint : outpoints)
            found.push_back(find_spender(node, outpoint, mempool_only));
        return found;
    });
    JsonWriter& out = call.out();
    out.array([&] {
        for (size_t i = 0; i < outpoints.size(); ++i) {
            const auto& [transaction, block] = spenders[i];
            out.object([&] {
                out.field("txid", outpoints[i].txid);
                out.field("vout", outpoints[i].index);
                if (transaction) out.field("spendingtxid", transaction->txid());
                if (transaction && with_transaction)
                    out.key("spendingtx").hex(transaction->serialize());
                if (block) out.field("blockhash", *block);
            });
        }
    });
}

}  // namespace

std::vector<Method> spender_methods() {
    using enum ParameterType;
    return {
        {.name = "gettxspendingprevout",
         .category = "blockchain",
         .description = "Finds the transactions that spend any of the given outputs: in the "
                        "mempool and, with -txospenderindex, in blocks.",
         .parameters = {{"outputs", array, true, "",
                         "The transaction outputs that we want to check",
                         R"([{"txid":"hex","vout":n},...])"},
                        {"options", object, false, "",
                         "mempool_only (default: true without -txospenderindex): do not look into "
                         "blocks; return_spending_tx (default: false): show the transaction",
                         "", "mempool_only|return_spending_tx"}},
         .result = "[{txid, vout, spendingtxid, spendingtx, blockhash},...]    (json array)",
         .example = R"("[{\"txid\":\"mytxid\",\"vout\":3}]")",
         .handler = &gettxspendingprevout},
    };
}

}  // namespace parley::rpc
