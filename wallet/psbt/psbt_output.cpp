// The maps of a PSBT's outputs.
#include <fmt/format.h>

#include "wallet/psbt/psbt_fields.h"

namespace parley::psbt {

namespace {

std::vector<TaprootLeaf> read_tree(const Field& field) {
    check_key_size(field, 1, "Output Taproot Tree Key");
    if (field.value.empty()) fail("Output Taproot tree must not be empty");
    std::vector<TaprootLeaf> leaves;
    Reader reader{field.value};
    while (reader.left() > 0) {
        TaprootLeaf leaf;
        leaf.depth = reader.u8();
        leaf.version = reader.u8();
        leaf.script = Script{reader.var_bytes()};
        if (!reader.ok()) fail("SpanReader::read(): end of data");
        if (leaf.depth > kControlNodesMax)
            fail("Output Taproot tree has as leaf greater than Taproot maximum depth");
        if ((leaf.version & ~kLeafVersionMask & 0xff) != 0)
            fail("Output Taproot tree has a leaf with an invalid leaf version");
        leaves.push_back(std::move(leaf));
    }
    // Only the shape matters here; any valid internal key will do.
    XOnlyKey generator{};
    const auto bytes = from_hex("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
    std::copy(bytes->begin(), bytes->end(), generator.begin());
    if (!TaprootTree::build(generator, leaves)) fail("Output Taproot tree is malformed");
    return leaves;
}

}  // namespace

PsbtOutput read_output(Reader& reader, uint32_t version, const TxOutput* output) {
    PsbtOutput result;
    if (output != nullptr) result.output = *output;
    bool has_amount = false;
    bool has_script = false;
    for (const Field& field : read_map(reader, "an output", "output")) {
        if (read_shared(field, kOutputTypes, result.scripts)) continue;
        switch (field.type) {
            case kOutAmount:
                check_key_size(field, 1, "Output Amount");
                if (version < 2) fail("Output amount is not allowed in PSBTv0");
                result.output.value =
                    Amount{read_value(field, [](Reader& value) { return value.le<int64_t>(); })};
                has_amount = true;
                break;
            case kOutScript:
                check_key_size(field, 1, "Output Script");
                if (version < 2) fail("Output script is not allowed in PSBTv0");
                result.output.script_pubkey = Script{field.value};
                has_script = true;
                break;
            case kOutTapTree:
                result.taproot_tree = read_tree(field);
                break;
            default:
                keep_field(field, result.scripts.proprietary, result.scripts.unknown);
        }
    }
    if (version >= 2 && !has_amount) fail("Output amount is required in PSBTv2");
    if (version >= 2 && !has_script) fail("Output script is required in PSBTv2");
    return result;
}

void write_output(Writer& out, const PsbtOutput& output, uint32_t version) {
    write_scripts(out, kOutputTypes, output.scripts);
    write_origins(out, kOutputTypes, output.scripts);
    if (version >= 2) {
        write_field(out, kOutAmount, {}, Writer{}.le(output.output.value.value()).data());
        write_field(out, kOutScript, {}, output.output.script_pubkey.bytes());
    }
    write_fields(out, output.scripts.proprietary);
    if (output.scripts.taproot_internal_key)
        write_field(out, kOutTapInternalKey, {}, *output.scripts.taproot_internal_key);
    if (!output.taproot_tree.empty()) {
        Writer tree;
        for (const TaprootLeaf& leaf : output.taproot_tree)
            tree.u8(leaf.depth).u8(leaf.version).var_bytes(leaf.script.bytes());
        write_field(out, kOutTapTree, {}, tree.data());
    }
    write_tap_origins(out, kOutputTypes, output.scripts);
    write_fields(out, output.scripts.musig2);
    write_fields(out, output.scripts.unknown);
    out.u8(0);
}

}  // namespace parley::psbt
