// The types of PSBT fields (BIP174, BIP370, BIP371, BIP373), and reading and writing of their maps.
// Used by the codec only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "base/serialize.h"
#include "wallet/descriptor/key_expression.h"
#include "wallet/psbt/psbt.h"

namespace parley::psbt {

enum GlobalType : uint8_t {
    kGlobalTransaction = 0x00,
    kGlobalXpub = 0x01,
    kGlobalTxVersion = 0x02,
    kGlobalFallbackLocktime = 0x03,
    kGlobalInputCount = 0x04,
    kGlobalOutputCount = 0x05,
    kGlobalModifiable = 0x06,
    kGlobalVersion = 0xfb,
};
enum InputType : uint8_t {
    kInPrevious = 0x00,
    kInWitnessUtxo = 0x01,
    kInSignature = 0x02,
    kInSighash = 0x03,
    kInRedeemScript = 0x04,
    kInWitnessScript = 0x05,
    kInOrigin = 0x06,
    kInFinalScriptSig = 0x07,
    kInFinalWitness = 0x08,
    kInRipemd160 = 0x0a,
    kInSha256 = 0x0b,
    kInHash160 = 0x0c,
    kInHash256 = 0x0d,
    kInPreviousTxid = 0x0e,
    kInOutputIndex = 0x0f,
    kInSequence = 0x10,
    kInTimeLocktime = 0x11,
    kInHeightLocktime = 0x12,
    kInTapKeySignature = 0x13,
    kInTapScriptSignature = 0x14,
    kInTapLeafScript = 0x15,
    kInTapOrigin = 0x16,
    kInTapInternalKey = 0x17,
    kInTapMerkleRoot = 0x18,
    kInMusig2Participants = 0x1a,
    kInMusig2Nonce = 0x1b,
    kInMusig2Signature = 0x1c,
};
enum OutputType : uint8_t {
    kOutRedeemScript = 0x00,
    kOutWitnessScript = 0x01,
    kOutOrigin = 0x02,
    kOutAmount = 0x03,
    kOutScript = 0x04,
    kOutTapInternalKey = 0x05,
    kOutTapTree = 0x06,
    kOutTapOrigin = 0x07,
    kOutMusig2Participants = 0x08,
};
inline constexpr size_t kHashSize = 32;  ///< and of x-only keys
inline constexpr size_t kCompressedSize = 33;
inline constexpr size_t kUncompressedSize = 65;
/// In all three maps.
inline constexpr uint8_t kProprietary = 0xfc;

/// bitcoind throws std::ios_base::failure, whose text ends so.
struct DecodeFailure {
    std::string text;
};
[[noreturn]] void fail(std::string text);

struct Field {
    uint64_t type = 0;
    Bytes key;       ///< with its type
    ByteSpan data;   ///< the key without its type; borrows from `key`
    ByteSpan value;  ///< borrows from the input

    Field(Bytes raw_key, ByteSpan raw_value);
    Field(const Field&) = delete;
    Field(Field&&) = default;
};

/// Reads the fields of a map and its separator. `name` is for errors: "a global", "an input".
std::vector<Field> read_map(Reader& reader, std::string_view name, std::string_view key_name);

/// REQUIRES `size`, including the type.
void check_key_size(const Field& field, size_t size, std::string_view name);
/// Runs `read(Reader&)` on the value, which it must use up.
template <class Read>
auto read_value(const Field& field, Read read) {
    Reader reader{field.value};
    auto result = read(reader);
    if (!reader.done()) fail("Size of value was not the stated size");
    return result;
}
Bytes read_bytes(const Field& field);
uint32_t read_u32(const Field& field);
XOnlyKey read_x_only(ByteSpan bytes);
KeyOrigin read_origin(Reader& reader);

/// Reads a field that inputs and outputs share. False: another type.
struct SharedTypes {
    uint8_t redeem_script;
    uint8_t witness_script;
    uint8_t origin;
    uint8_t tap_internal_key;
    uint8_t tap_origin;
    uint8_t musig2_participants;
    std::string_view name;  ///< "Input", "Output"
};
inline constexpr SharedTypes kInputTypes{
    kInRedeemScript, kInWitnessScript,      kInOrigin, kInTapInternalKey,
    kInTapOrigin,    kInMusig2Participants, "Input"};
inline constexpr SharedTypes kOutputTypes{
    kOutRedeemScript, kOutWitnessScript,      kOutOrigin, kOutTapInternalKey,
    kOutTapOrigin,    kOutMusig2Participants, "Output"};
bool read_shared(const Field& field, const SharedTypes& types, PsbtScripts& scripts);
/// A proprietary field, or one of an unknown type.
void keep_field(const Field& field, PsbtFields& proprietary, PsbtFields& unknown);

void write_field(Writer& out, uint8_t type, ByteSpan key_data, ByteSpan value);
void write_fields(Writer& out, const PsbtFields& fields);
void write_scripts(Writer& out, const SharedTypes& types, const PsbtScripts& scripts);
void write_origins(Writer& out, const SharedTypes& types, const PsbtScripts& scripts);
void write_tap_origins(Writer& out, const SharedTypes& types, const PsbtScripts& scripts);
Bytes encode_origin(const KeyOrigin& origin);

// The maps after the global one.
PsbtInput read_input(Reader& reader, uint32_t version, const TxInput* input);
PsbtOutput read_output(Reader& reader, uint32_t version, const TxOutput* output);
void write_input(Writer& out, const PsbtInput& input, uint32_t version);
void write_output(Writer& out, const PsbtOutput& output, uint32_t version);

}  // namespace parley::psbt
