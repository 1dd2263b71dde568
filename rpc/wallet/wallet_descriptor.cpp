// Wallet descriptors: import, listing, and rescans of the chain.
#include <fmt/format.h>

#include <algorithm>

#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

/// The timestamp of one request. An invalid timestamp fails the whole call.
std::optional<int64_t> read_timestamp(const Json& request) {
    const Json* timestamp = request.find("timestamp");
    if (!timestamp || timestamp->is_null())
        fail(Code::type, "Missing required timestamp field for key");
    if (timestamp->is_string() && timestamp->string() == "now") return std::nullopt;
    if (!timestamp->is_number())
        fail(Code::type, fmt::format("Expected number or \"now\" timestamp value for key. got type "
                                     "{}",
                                     type_name(timestamp->type())));
    return read_integer(*timestamp, INT64_MIN, INT64_MAX);
}

DescriptorImport read_import(const Json& request) {
    DescriptorImport import;
    import.timestamp = read_timestamp(request);
    check_known_members(request, {{"desc", ParameterType::string},
                                  {"active", ParameterType::boolean},
                                  {"range", ParameterType::range},
                                  {"next_index", ParameterType::number},
                                  {"timestamp", ParameterType::any},
                                  {"internal", ParameterType::boolean},
                                  {"label", ParameterType::string}});
    const Json* descriptor = request.find("desc");
    if (!descriptor || descriptor->is_null())
        fail(Code::invalid_parameter, "Descriptor not found.");
    import.descriptor = descriptor->string();
    const auto flag = [&](std::string_view name) {
        const Json* value = request.find(name);
        return value && value->is_boolean() && value->boolean();
    };
    import.active = flag("active");
    import.internal = flag("internal");
    if (const Json* label = request.find("label"); label && label->is_string())
        import.label = label->string();
    if (import.label == "*") fail(Code::wallet_label, "Invalid label name");
    if (const Json* range = request.find("range"); range && !range->is_null())
        import.range = read_range(*range);
    if (const Json* next = request.find("next_index"); next && next->is_number())
        import.next_index = static_cast<uint32_t>(read_integer(*next, 0, INT32_MAX));
    if (import.internal && import.label)
        fail(Code::invalid_parameter, "Internal addresses should not have a label");
    return import;
}

void write_import_status(JsonWriter& out, const std::optional<Error>& error) {
    out.object([&] {
        out.field("success", !error.has_value());
        if (!error) return;
        out.field_object("error", [&] {
            out.field("code", static_cast<int32_t>(error->code));
            out.field("message", error->message);
        });
    });
}

void importdescriptors(Call& call) {
    const Json::Array& requests = read_array(call.argument(0));
    std::vector<DescriptorImport> imports;
    std::vector<std::optional<Error>> errors(requests.size());
    std::vector<size_t> positions;  // index into the requests for each import
    for (size_t i = 0; i < requests.size(); ++i) {
        read_object(requests[i]);
        read_timestamp(requests[i]);
        try {
            imports.push_back(read_import(requests[i]));
            positions.push_back(i);
        } catch (const Failure& failed) {
            errors[i] = failed.error;  // fails only this request
        }
    }
    const auto results = call.ask_wallet(
        [&](Node& node, Wallet& wallet) { return wallet.import_descriptors(imports, node.now()); });
    for (size_t i = 0; i < results.size(); ++i) {
        if (!results[i]) errors[positions[i]] = to_error(results[i].error());
    }
    call.out().array([&] {
        for (const auto& error : errors) write_import_status(call.out(), error);
    });
}

void listdescriptors(Call& call) {
    const bool with_private_keys = call.boolean(0);
    std::string name;
    const auto descriptors = call.ask_wallet([&](Node&, Wallet& wallet) {
        name = wallet.name();
        if (with_private_keys && !wallet.info().private_keys)
            fail(Code::wallet, "Can't get private descriptor string for watch-only wallets");
        return wallet.list_descriptors(with_private_keys);
    });
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("wallet_name", name);
        out.field_array("descriptors", [&] {
            for (const DescriptorInfo& descriptor : descriptors) {
                out.object([&] {
                    out.field("desc", descriptor.descriptor);
                    out.field("timestamp", descriptor.timestamp);
                    out.field("active", descriptor.active);
                    if (descriptor.internal) out.field("internal", *descriptor.internal);
                    if (!descriptor.is_range) return;
                    out.field_array("range", [&] {
                        out.value(descriptor.range_begin)
                            .value(std::max(descriptor.range_end, 1u) - 1);
                    });
                    out.field("next", descriptor.next_index);
                    out.field("next_index", descriptor.next_index);
                });
            }
        });
    });
}

void rescanblockchain(Call& call) {
    const int64_t first = call.integer(0, 0);
    const auto last = call.has(1) ? std::optional{call.integer(1, 0)} : std::nullopt;
    const auto range = call.ask_wallet([&](Node& node, Wallet& wallet) {
        const int32_t tip = node.chain().index().tip().height.value();
        if (first < 0 || first > tip) fail(Code::invalid_parameter, "Invalid start_height");
        if (last && (*last < 0 || *last > tip))
            fail(Code::invalid_parameter, "Invalid stop_height");
        if (last && *last < first)
            fail(Code::invalid_parameter, "stop_height must be greater than start_height");
        std::optional<Height> end;
        if (last) end = Height{static_cast<int32_t>(*last)};
        return unwrap(wallet.rescan(Height{static_cast<int32_t>(first)}, end));
    });
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("start_height", range.begin);
        out.field("stop_height", range.end);
    });
}

void abortrescan(Call& call) {
    // A rescan is one step of the core thread, so none is running while this is asked.
    call.out().value(call.ask_wallet([](Node&, Wallet&) { return false; }));
}

}  // namespace

std::vector<Method> wallet_descriptor_methods() {
    using enum ParameterType;
    return {
        {.name = "rescanblockchain",
         .category = "wallet",
         .description = "Rescan the local blockchain for wallet related transactions.",
         .parameters = {{"start_height", number, false, "0",
                         "block height where the rescan should start"},
                        {"stop_height", number, false, "tip",
                         "the last block height that should be scanned"}},
         .result = "{start_height, stop_height}    (json object)",
         .example = "100 120",
         .handler = &rescanblockchain},
        {.name = "abortrescan",
         .category = "wallet",
         .description = "Stops a rescan of the wallet. No other call is answered during one here, "
                        "so there is never one to stop.",
         .parameters = {},
         .result = "true|false    (boolean) Whether a rescan was stopped",
         .example = "",
         .handler = &abortrescan},
        {.name = "importdescriptors",
         .category = "wallet",
         .description = "Import descriptors. This will trigger a rescan of the blockchain based on "
                        "the earliest timestamp of all descriptors being imported.",
         .parameters = {{"requests", array, true, "", "Data to be imported",
                         R"([{"desc":"str","active":bool,"range":n or [n,n],"next_index":n,)"
                         R"("timestamp":timestamp | "now","internal":bool,"label":"str"},...])"}},
         .result = "[{success, error},...]    (json array) one for each request",
         .example = R"('[{ "desc": "<my descriptor>", "timestamp":1455191478, "active": true }]')",
         .handler = &importdescriptors},
        {.name = "listdescriptors",
         .category = "wallet",
         .description = "List all descriptors present in a wallet.",
         .parameters = {{"private", boolean, false, "false", "Show private descriptors."}},
         .result = "{wallet_name, descriptors}    (json object)",
         .example = "true",
         .handler = &listdescriptors},
    };
}

}  // namespace parley::rpc
