// The maps of a PSBT's inputs.
#include <fmt/format.h>

#include "chain/primitives/consensus_limits.h"
#include "chain/script/signature_encoding.h"
#include "wallet/psbt/psbt_fields.h"

namespace parley::psbt {

namespace {

TransactionRef read_previous(const Field& field) {
    return read_value(field,
                      [](Reader& reader) { return make_transaction(read_transaction(reader)); });
}

TxOutput read_txout(Reader& reader) {
    const auto value = reader.le<int64_t>();
    return {Amount{value}, Script{reader.var_bytes()}};
}

void read_signature(const Field& field, PsbtInput& input) {
    if (field.data.size() != kCompressedSize && field.data.size() != kUncompressedSize)
        fail("Size of key was not the expected size for the type partial signature pubkey");
    const auto key = PublicKey::parse(field.data);
    if (!key) fail("Invalid pubkey");
    const Bytes signature = read_bytes(field);
    if (signature.empty() || !is_strict_der_signature(signature) ||
        !has_defined_hash_type(signature))
        fail("Signature is not a valid encoding");
    input.signatures.emplace(*key, signature);
}

Bytes read_schnorr(const Field& field, std::string_view name) {
    constexpr size_t kSizeMin = 64;
    constexpr size_t kSizeMax = 65;
    if (field.value.size() < kSizeMin)
        fail(fmt::format("Input Taproot {} path signature is shorter than 64 bytes", name));
    if (field.value.size() > kSizeMax)
        fail(fmt::format("Input Taproot {} path signature is longer than 65 bytes", name));
    return read_bytes(field);
}

void read_leaf_script(const Field& field, PsbtInput& input) {
    if (field.key.size() < 1 + kControlBaseSize)
        fail("Input Taproot leaf script key is not at least 34 bytes");
    if (!is_control_block_size(field.data.size()))
        fail("Input Taproot leaf script key's control block size is not valid");
    if (field.value.empty()) fail("Input Taproot leaf script must be at least 1 byte");
    const TapLeafScript leaf{Script{field.value.first(field.value.size() - 1)}, field.value.back()};
    input.taproot_leaves[leaf].insert(to_bytes(field.data));
}

void read_preimage(const Field& field, PsbtInput& input) {
    struct Kind {
        PsbtHash type;
        std::string_view name;
        size_t size;
    };
    constexpr Kind kKinds[] = {{PsbtHash::ripemd160, "RIPEMD160", 20},
                               {PsbtHash::sha256, "SHA256", 32},
                               {PsbtHash::hash160, "Hash160", 20},
                               {PsbtHash::hash256, "Hash256", 32}};
    for (const Kind& kind : kKinds) {
        if (static_cast<uint64_t>(kind.type) != field.type) continue;
        check_key_size(field, 1 + kind.size, fmt::format("Input {} Preimage", kind.name));
        input.preimages.emplace(std::pair{kind.type, to_bytes(field.data)}, read_bytes(field));
    }
}

void check_nonce_key(const Field& field, std::string_view name) {
    const size_t size = field.data.size();
    if (size != 2 * kCompressedSize && size != 2 * kCompressedSize + kHashSize)
        fail(fmt::format("Input musig2 {} key is not expected size of 67 or 99 bytes", name));
    if (!PublicKey::parse(field.data.subspan(kCompressedSize, kCompressedSize)))
        fail("musig2 aggregate pubkey is invalid");
    if (!PublicKey::parse(field.data.first(kCompressedSize)))
        fail("musig2 participant pubkey is invalid");
}

void read_musig2(const Field& field, PsbtInput& input) {
    constexpr size_t kNonceSize = 66;
    if (field.type == kInMusig2Nonce) {
        check_nonce_key(field, "pubnonce");
        if (field.value.size() != kNonceSize) fail("Input musig2 pubnonce value is not 66 bytes");
    } else {
        check_nonce_key(field, "partial sig");
        if (field.value.size() != kHashSize) fail("Size of value was not the stated size");
    }
    input.scripts.musig2.emplace(field.key, read_bytes(field));
}

void require_version_2(uint32_t version, std::string_view name) {
    if (version < 2) fail(fmt::format("{} is not allowed in PSBTv0", name));
}

/// BIP370. False: another type.
bool read_version_2(const Field& field, uint32_t version, PsbtInput& input) {
    switch (field.type) {
        case kInPreviousTxid:
            check_key_size(field, 1, "Input Previous TXID");
            require_version_2(version, "Previous txid");
            input.prevout.txid =
                Txid{read_value(field, [](Reader& reader) { return reader.hash(); })};
            return true;
        case kInOutputIndex:
            check_key_size(field, 1, "Input Previous Output's Index");
            require_version_2(version, "Previous output's index");
            input.prevout.index = read_u32(field);
            return true;
        case kInSequence:
            check_key_size(field, 1, "Input Sequence");
            require_version_2(version, "Sequence");
            input.sequence = read_u32(field);
            return true;
        case kInTimeLocktime:
            check_key_size(field, 1, "Input Required Time Based Locktime");
            require_version_2(version, "Required time based locktime");
            input.time_locktime = read_u32(field);
            if (*input.time_locktime < kLocktimeThreshold)
                fail("Required time based locktime is invalid (less than 500000000)");
            return true;
        case kInHeightLocktime:
            check_key_size(field, 1, "Input Required Height Based Locktime");
            require_version_2(version, "Required height based locktime");
            input.height_locktime = read_u32(field);
            if (*input.height_locktime >= kLocktimeThreshold)
                fail(
                    "Required height based locktime is invalid (greater than or equal to "
                    "500000000)");
            if (*input.height_locktime == 0) fail("Required height based locktime is invalid (0)");
            return true;
        default:
            return false;
    }
}

/// BIP371 and BIP373. False: another type.
bool read_taproot(const Field& field, PsbtInput& input) {
    switch (field.type) {
        case kInTapKeySignature:
            check_key_size(field, 1, "Input Taproot Key Path Signature");
            input.taproot_key_signature = read_schnorr(field, "key");
            return true;
        case kInTapScriptSignature:
            check_key_size(field, 1 + 2 * kHashSize, "Input Taproot Script Path Signature");
            input.taproot_script_signatures.emplace(
                std::pair{read_x_only(field.data.first(kHashSize)),
                          Hash256::from_bytes(field.data.last(kHashSize))},
                read_schnorr(field, "script"));
            return true;
        case kInTapLeafScript:
            read_leaf_script(field, input);
            return true;
        case kInTapMerkleRoot:
            check_key_size(field, 1, "Input Taproot Merkle Root");
            input.taproot_merkle_root =
                read_value(field, [](Reader& reader) { return reader.hash(); });
            return true;
        case kInMusig2Nonce:
        case kInMusig2Signature:
            read_musig2(field, input);
            return true;
        default:
            return false;
    }
}

void read_field(const Field& field, uint32_t version, PsbtInput& input) {
    switch (field.type) {
        case kInPrevious:
            check_key_size(field, 1, "Input Non-witness UTXO");
            input.previous = read_previous(field);
            return;
        case kInWitnessUtxo:
            check_key_size(field, 1, "Input Witness UTXO");
            input.witness_utxo = read_value(field, read_txout);
            return;
        case kInSignature:
            read_signature(field, input);
            return;
        case kInSighash:
            check_key_size(field, 1, "Input Sighash Type");
            input.sighash_type = read_u32(field);
            return;
        case kInFinalScriptSig:
            check_key_size(field, 1, "Input Final scriptSig");
            input.final_script_sig = Script{field.value};
            return;
        case kInFinalWitness:
            check_key_size(field, 1, "Input Final scriptWitness");
            input.final_witness =
                read_value(field, [](Reader& reader) { return Witness::read(reader); });
            return;
        case kInRipemd160:
        case kInSha256:
        case kInHash160:
        case kInHash256:
            read_preimage(field, input);
            return;
        default:
            break;
    }
    if (read_shared(field, kInputTypes, input.scripts)) return;
    if (read_taproot(field, input) || read_version_2(field, version, input)) return;
    keep_field(field, input.scripts.proprietary, input.scripts.unknown);
}

void check_previous(const PsbtInput& input) {
    if (!input.previous) return;
    if (input.previous->txid() != input.prevout.txid)
        fail("Non-witness UTXO does not match outpoint hash");
    if (input.prevout.index >= input.previous->outputs().size())
        fail("Input specifies output index that does not exist");
}

void write_u32(Writer& out, uint8_t type, uint32_t value) {
    write_field(out, type, {}, Writer{}.le(value).data());
}

void write_taproot(Writer& out, const PsbtInput& input) {
    if (!input.taproot_key_signature.empty())
        write_field(out, kInTapKeySignature, {}, input.taproot_key_signature);
    for (const auto& [place, signature] : input.taproot_script_signatures) {
        Bytes data = to_bytes(place.first);
        append(data, place.second.span());
        write_field(out, kInTapScriptSignature, data, signature);
    }
    for (const auto& [leaf, controls] : input.taproot_leaves) {
        Bytes value = to_bytes(leaf.script.bytes());
        value.push_back(leaf.version);
        for (const Bytes& control : controls) write_field(out, kInTapLeafScript, control, value);
    }
    write_tap_origins(out, kInputTypes, input.scripts);
    if (input.scripts.taproot_internal_key)
        write_field(out, kInTapInternalKey, {}, *input.scripts.taproot_internal_key);
    if (input.taproot_merkle_root)
        write_field(out, kInTapMerkleRoot, {}, input.taproot_merkle_root->span());
    write_fields(out, input.scripts.musig2);
}

void write_version_2(Writer& out, const PsbtInput& input) {
    write_field(out, kInPreviousTxid, {}, input.prevout.txid.span());
    write_u32(out, kInOutputIndex, input.prevout.index);
    if (input.sequence) write_u32(out, kInSequence, *input.sequence);
    if (input.time_locktime) write_u32(out, kInTimeLocktime, *input.time_locktime);
    if (input.height_locktime) write_u32(out, kInHeightLocktime, *input.height_locktime);
}

}  // namespace

PsbtInput read_input(Reader& reader, uint32_t version, const TxInput* input) {
    PsbtInput result;
    if (input != nullptr) {
        result.prevout = input->prevout;
        result.sequence = input->sequence;
    }
    bool has_txid = false;
    bool has_index = false;
    for (const Field& field : read_map(reader, "an input", "input")) {
        read_field(field, version, result);
        has_txid |= field.type == kInPreviousTxid;
        has_index |= field.type == kInOutputIndex;
    }
    if (version >= 2 && !has_txid) fail("Previous TXID is required in PSBTv2");
    if (version >= 2 && !has_index) fail("Previous output's index is required in PSBTv2");
    check_previous(result);
    return result;
}

void write_input(Writer& out, const PsbtInput& input, uint32_t version) {
    if (input.previous) {
        Writer previous;
        write_transaction(previous, input.previous->data(), WitnessEncoding::without);
        write_field(out, kInPrevious, {}, previous.data());
    }
    if (input.witness_utxo) {
        Writer output;
        output.le(input.witness_utxo->value.value());
        output.var_bytes(input.witness_utxo->script_pubkey.bytes());
        write_field(out, kInWitnessUtxo, {}, output.data());
    }
    if (!input.is_final()) {
        for (const auto& [key, signature] : input.signatures)
            write_field(out, kInSignature, key.bytes(), signature);
        if (input.sighash_type) write_u32(out, kInSighash, *input.sighash_type);
        write_scripts(out, kInputTypes, input.scripts);
        write_origins(out, kInputTypes, input.scripts);
        for (const auto& [hash, preimage] : input.preimages)
            write_field(out, static_cast<uint8_t>(hash.first), hash.second, preimage);
        write_taproot(out, input);
    }
    if (!input.final_script_sig.empty())
        write_field(out, kInFinalScriptSig, {}, input.final_script_sig.bytes());
    if (!input.final_witness.empty()) {
        Writer witness;
        input.final_witness.write(witness);
        write_field(out, kInFinalWitness, {}, witness.data());
    }
    if (version >= 2) write_version_2(out, input);
    write_fields(out, input.scripts.proprietary);
    write_fields(out, input.scripts.unknown);
    out.u8(0);
}

}  // namespace parley::psbt
