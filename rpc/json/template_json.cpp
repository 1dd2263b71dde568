#include "rpc/json/template_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "chain/rules/retarget.h"

namespace parley::rpc {
namespace {

/// Positions (from 1) of the transactions in the same block that this one spends.
std::vector<uint32_t> positions_of_parents(const Transaction& transaction,
                                           const std::map<Txid, uint32_t>& positions) {
    std::vector<uint32_t> result;
    for (const TxInput& input : transaction.inputs()) {
        const auto found = positions.find(input.prevout.txid);
        if (found != positions.end()) result.push_back(found->second);
    }
    std::sort(result.begin(), result.end());
    result.erase(std::unique(result.begin(), result.end()), result.end());
    return result;
}

/// Before segwit's activation (-testactivationheight) a block has no commitment.
bool has_witnesses(const TemplateReply& reply) {
    return !reply.built.witness_commitment.empty();
}

/// How many units of today's limits for sizes and sigops one of before segwit is.
int64_t units(const TemplateReply& reply) {
    return has_witnesses(reply) ? 1 : 4;
}

void write_template_transactions(JsonWriter& out, const TemplateReply& reply) {
    const BlockTemplate& built = reply.built;
    std::map<Txid, uint32_t> positions;
    out.field_array("transactions", [&] {
        const auto& transactions = built.block.transactions;
        for (size_t i = 1; i < transactions.size(); ++i) {
            const Transaction& transaction = *transactions[i];
            out.object([&] {
                out.key("data").hex(transaction.serialize());
                out.field("txid", transaction.txid());
                out.field("hash", transaction.wtxid());
                out.field_values("depends", positions_of_parents(transaction, positions));
                out.field("fee", built.fees[i - 1].value());  // satoshi, as BIP22 wants
                out.field("sigops", built.sigops_costs[i - 1] / units(reply));
                out.field("weight", transaction.weight());
            });
            positions[transaction.txid()] = static_cast<uint32_t>(i);
        }
    });
}

/// Active rules, with "!" before those that a miner must support, and the deployments that a miner
/// can signal.
void write_template_rules(JsonWriter& out, const ChainParams& params, const TemplateReply& reply) {
    std::vector<std::string> rules{"csv"};
    if (has_witnesses(reply)) rules.emplace_back("!segwit");
    rules.emplace_back("taproot");
    if (params.signet_challenge) rules.emplace_back("!signet");
    for (const DeploymentReport& report : reply.deployments) {
        if (report.state_next == DeploymentState::active) rules.push_back(report.deployment.name);
    }
    out.field_values("rules", rules);
    out.field_object("vbavailable", [&] {
        for (const DeploymentReport& report : reply.deployments) {
            if (report.state_next == DeploymentState::started ||
                report.state_next == DeploymentState::locked_in)
                out.field(report.deployment.name, report.deployment.bit);
        }
    });
}

}  // namespace

std::string long_poll_id(const BlockHash& tip, uint64_t sequence) {
    return tip.to_string() + std::to_string(sequence);
}

void write_template(JsonWriter& out, const ChainParams& params, const TemplateReply& reply) {
    const BlockHeader& header = reply.built.block.header;
    out.object([&] {
        out.field_values("capabilities", std::vector<std::string>{"proposal"});
        out.field("version", header.version);
        write_template_rules(out, params, reply);
        out.field("vbrequired", 0);
        out.field("previousblockhash", header.previous);
        write_template_transactions(out, reply);
        out.field_object("coinbaseaux", [] {});
        out.field("coinbasevalue", reply.built.coinbase_value.value());
        out.field("longpollid", long_poll_id(header.previous, reply.mempool_sequence));
        out.field("target", target_from_compact(header.bits).value_or(U256{}).to_hex());
        out.field("mintime", reply.time_min);
        out.field_values("mutable", std::vector<std::string>{"time", "transactions", "prevblock"});
        out.field("noncerange", "00000000ffffffff");
        out.field("sigoplimit", 80'000 / units(reply));
        out.field("sizelimit", 4'000'000 / units(reply));
        if (has_witnesses(reply)) out.field("weightlimit", 4'000'000);
        out.field("curtime", std::max(reply.now, reply.time_min));
        out.field("bits", fmt::format("{:08x}", header.bits));
        out.field("height", reply.height);
        if (params.signet_challenge)
            out.key("signet_challenge").hex(params.signet_challenge->bytes());
        if (has_witnesses(reply))
            out.key("default_witness_commitment").hex(reply.built.witness_commitment.bytes());
    });
}

}  // namespace parley::rpc
