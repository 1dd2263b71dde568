#include "rpc/template_json.h"

#include <fmt/format.h>

#include <algorithm>

#include "chain/rules/retarget.h"

namespace parley::rpc {
namespace {

void write_template_transactions(JsonWriter& out, const BlockTemplate& block) {
    out.field_array("transactions", [&] {
        for (const BlockTemplate::Entry& entry : block.transactions) {
            out.object([&] {
                out.key("data").hex(entry.transaction->serialize());
                out.field("txid", entry.transaction->txid());
                out.field("hash", entry.transaction->wtxid());
                out.field_values("depends", entry.depends);
                out.field("fee", entry.fee.value());  // satoshi, as BIP22 wants
                out.field("sigops", entry.sigop_cost);
                out.field("weight", entry.transaction->weight());
            });
        }
    });
}

/// Before segwit's activation (-testactivationheight) a block has no commitment.
bool has_witnesses(const BlockTemplate& block) {
    return !block.witness_commitment.empty();
}

/// Rules that hold, with "!" before those that a miner must know, and signals to choose from.
void write_template_rules(JsonWriter& out, const ChainParams& params, const BlockTemplate& block) {
    std::vector<std::string> rules{"csv"};
    if (has_witnesses(block)) rules.emplace_back("!segwit");
    rules.emplace_back("taproot");
    if (params.signet_challenge) rules.emplace_back("!signet");
    for (const DeploymentReport& report : block.deployments) {
        if (report.state_next == DeploymentState::active) rules.push_back(report.deployment.name);
    }
    out.field_values("rules", rules);
    out.field_object("vbavailable", [&] {
        for (const DeploymentReport& report : block.deployments) {
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

void write_template(JsonWriter& out, const ChainParams& params, const BlockTemplate& block,
                    int64_t now) {
    out.object([&] {
        out.field_values("capabilities", std::vector<std::string>{"proposal"});
        out.field("version", block.header.version);
        write_template_rules(out, params, block);
        out.field("vbrequired", 0);
        out.field("previousblockhash", block.header.previous);
        write_template_transactions(out, block);
        out.field_object("coinbaseaux", [] {});
        out.field("coinbasevalue", block.coinbase_value.value());
        out.field("longpollid", long_poll_id(block.header.previous, block.mempool_sequence));
        out.field("target", target_from_compact(block.header.bits).value_or(U256{}).to_hex());
        out.field("mintime", block.time_min);
        out.field_values("mutable", std::vector<std::string>{"time", "transactions", "prevblock"});
        out.field("noncerange", "00000000ffffffff");
        const int scale = has_witnesses(block) ? 1 : 4;
        out.field("sigoplimit", 80'000 / scale);
        out.field("sizelimit", 4'000'000 / scale);
        if (has_witnesses(block)) out.field("weightlimit", 4'000'000);
        out.field("curtime", std::max<int64_t>(now, block.time_min));
        out.field("bits", fmt::format("{:08x}", block.header.bits));
        out.field("height", block.height);
        if (params.signet_challenge)
            out.key("signet_challenge").hex(params.signet_challenge->bytes());
        if (has_witnesses(block))
            out.key("default_witness_commitment").hex(block.witness_commitment.bytes());
    });
}

}  // namespace parley::rpc
