// Addresses, descriptors, fee estimates and indexes.
#include <fmt/format.h>

#include "base/check.h"
#include "chain/primitives/address.h"
#include "rpc/json/address_problem.h"
#include "rpc/json/script_json.h"
#include "rpc/json/spend_options.h"
#include "rpc/jsonrpc/call.h"
#include "rpc/methods/descriptors.h"

namespace parley::rpc {

namespace {

void validateaddress(Call& call) {
    const std::string text = call.string(0);
    const auto script = decode_address(call.params().address_prefixes, text);
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("isvalid", script.has_value());
        if (!script) {
            const AddressProblem problem =
                describe_address_problem(call.params().address_prefixes, text);
            out.field_values("error_locations", problem.positions);
            out.field("error", problem.sentence);
            return;
        }
        out.field("address", encode_address(call.params().address_prefixes, *script));
        out.key("scriptPubKey").hex(script->bytes());
        write_destination_fields(out, *script);
    });
}

void getdescriptorinfo(Call& call) {
    const std::string text = call.string(0);
    const auto descriptors = read_descriptors(call.params(), text, false);
    const Descriptor& descriptor = descriptors.front();
    const auto checksum = descriptor_checksum(text.substr(0, text.find('#')));
    CHECK(checksum);  // it parsed
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("descriptor", descriptor.to_string(call.params(), KeyForm::public_only));
        if (descriptors.size() > 1) {
            out.field_array("multipath_expansion", [&] {
                for (const Descriptor& each : descriptors)
                    out.value(each.to_string(call.params(), KeyForm::public_only));
            });
        }
        out.field("checksum", *checksum);
        out.field("isrange", descriptor.is_range());
        out.field("issolvable", descriptor.is_solvable());
        out.field("hasprivatekeys", descriptor.has_secret());
    });
}

void write_addresses(Call& call, const Descriptor& descriptor,
                     std::pair<uint32_t, uint32_t> range) {
    const auto scripts = expand_descriptor(descriptor, range.first, range.second);
    call.out().array([&] {
        for (const Script& script : scripts) {
            const std::string address = encode_address(call.params().address_prefixes, script);
            if (!address.empty()) {
                call.out().value(address);
                continue;
            }
            // combo() also yields a P2PK script, which has no address; bitcoind skips it.
            if (descriptor.kind() != Descriptor::Kind::combo)
                fail(Code::address_or_key, "Descriptor does not have a corresponding address");
        }
    });
}

void deriveaddresses(Call& call) {
    const std::string text = call.string(0);
    std::pair<uint32_t, uint32_t> range{0, 0};
    if (call.has(1)) range = read_range(call.argument(1));
    const auto descriptors = read_descriptors(call.params(), text, true);
    const Descriptor& descriptor = descriptors.front();
    if (!descriptor.is_range() && call.has(1))
        fail(Code::invalid_parameter, "Range should not be specified for an un-ranged descriptor");
    if (descriptor.is_range() && !call.has(1))
        fail(Code::invalid_parameter, "Range must be specified for a ranged descriptor");
    if (descriptors.size() == 1) {
        write_addresses(call, descriptor, range);
        return;
    }
    call.out().array([&] {
        for (const Descriptor& each : descriptors) write_addresses(call, each, range);
    });
}

void getindexinfo(Call& call) {
    const std::string wanted = call.string(0);
    call.ask([&](Node& node) {
        JsonWriter& out = call.out();
        out.object([&] {
            for (const ChainIndex* index : node.indexes().all()) {
                if (!wanted.empty() && wanted != index->title()) continue;
                out.field_object(index->title(), [&] {
                    out.field("synced", index->synced());
                    out.field("best_block_height", index->best().height);
                });
            }
        });
    });
}

}  // namespace

std::vector<Method> utility_methods() {
    using enum ParameterType;
    return {
        {.name = "validateaddress",
         .category = "util",
         .description = "Return information about the given bitcoin address.",
         .parameters = {{"address", string, true, "", "The bitcoin address to validate"}},
         .result = "{isvalid, address, scriptPubKey, isscript, iswitness, witness_version, "
                   "witness_program, error}    (json object)",
         .example = "\"bc1q09vm5lfy0j5reeulh4x5752q25uqqvz34hufdl\"",
         .handler = &validateaddress},
        {.name = "getdescriptorinfo",
         .category = "util",
         .description = "Analyses a descriptor.",
         .parameters = {{"descriptor", string, true, "", "The descriptor."}},
         .result = "{descriptor, multipath_expansion, checksum, isrange, issolvable, "
                   "hasprivatekeys}    (json object)",
         .example = "\"wpkh([d34db33f/84h/0h/0h]0279be667ef9dcbbac55a06295Ce870b07029Bfcdb2dce28d9"
                    "59f2815b16f81798)\"",
         .handler = &getdescriptorinfo},
        {.name = "deriveaddresses",
         .category = "util",
         .description = "Derives one or more addresses corresponding to an output descriptor.",
         .parameters = {{"descriptor", string, true, "", "The descriptor, with checksum."},
                        {"range", range, false, "",
                         "If a ranged descriptor is used, this specifies the end or the range (in "
                         "[begin,end] notation) to derive."}},
         .result = "[\"address\",...]    (json array) the derived addresses",
         .example = "\"descriptor#checksum\" \"[0,2]\"",
         .handler = &deriveaddresses},
        {.name = "getindexinfo",
         .category = "util",
         .description = "Returns the status of one or all available indices currently running in "
                        "the node.",
         .parameters = {{"index_name", string, false, "all",
                         "Filter results for an index with a "
                         "specific name."}},
         .result = "{name: {synced, best_block_height}, ...}    (json object)",
         .example = "",
         .handler = &getindexinfo},
    };
}

}  // namespace parley::rpc
