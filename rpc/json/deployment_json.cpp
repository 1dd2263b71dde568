#include "rpc/json/deployment_json.h"

#include <array>

namespace parley::rpc {
namespace {

// Sorted by name.
constexpr std::array<std::pair<ScriptFlags, std::string_view>, 7> kFlagNames{
    {{kVerifyCheckLocktime, "CHECKLOCKTIMEVERIFY"},
     {kVerifyCheckSequence, "CHECKSEQUENCEVERIFY"},
     {kVerifyDerSignatures, "DERSIG"},
     {kVerifyNullDummy, "NULLDUMMY"},
     {kVerifyP2sh, "P2SH"},
     {kVerifyTaproot, "TAPROOT"},
     {kVerifyWitness, "WITNESS"}}};

void write_buried(JsonWriter& out, const ActivationHeights& heights, Height block) {
    // Taproot is not listed: bitcoind treats it as always active.
    const std::array<std::pair<std::string_view, Height>, 5> deployments{
        {{"bip34", heights.bip34},
         {"bip66", heights.bip66},
         {"bip65", heights.bip65},
         {"csv", heights.csv},
         {"segwit", heights.segwit}}};
    for (const auto& [name, height] : deployments) {
        out.field_object(name, [&] {
            out.field("type", "buried");
            // for the block after this one
            out.field("active", block + 1 >= height);
            out.field("height", height);
        });
    }
}

void write_statistics(JsonWriter& out, const DeploymentReport& report) {
    out.field_object("statistics", [&] {
        out.field("period", report.deployment.period_blocks);
        if (report.state == DeploymentState::started)
            out.field("threshold", report.deployment.threshold_blocks);
        out.field("elapsed", report.signals.size());
        out.field("count", report.count());
        if (report.state == DeploymentState::started) out.field("possible", report.possible());
    });
    std::string signals;
    for (const bool signal : report.signals) signals.push_back(signal ? '#' : '-');
    out.field("signalling", signals);
}

void write_signalled(JsonWriter& out, const DeploymentReport& report) {
    out.field_object(report.deployment.name, [&] {
        out.field("type", "bip9");
        if (report.active_since) out.field("height", *report.active_since);
        out.field("active", report.active_since.has_value());
        out.field_object("bip9", [&] {
            if (!report.signals.empty()) out.field("bit", report.deployment.bit);
            out.field("start_time", report.deployment.start_time);
            out.field("timeout", report.deployment.timeout);
            out.field("min_activation_height", report.deployment.min_activation_height);
            out.field("status", to_string(report.state));
            out.field("since", report.since);
            out.field("status_next", to_string(report.state_next));
            if (!report.signals.empty()) write_statistics(out, report);
        });
    });
}

}  // namespace

void write_deployments(JsonWriter& out, const ChainParams& params, const Deployments& block) {
    out.object([&] {
        out.field("hash", block.hash);
        out.field("height", block.height);
        out.field_array("script_flags", [&] {
            for (const auto& [flag, name] : kFlagNames) {
                if ((block.script_flags & flag) != 0) out.value(name);
            }
        });
        out.field_object("deployments", [&] {
            write_buried(out, params.activation, block.height);
            for (const auto& report : block.signalled) write_signalled(out, report);
        });
    });
}

}  // namespace parley::rpc
