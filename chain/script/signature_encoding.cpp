#include "chain/script/signature_encoding.h"

#include <algorithm>

#include "base/check.h"
#include "base/uint256.h"
#include "chain/script/sighash.h"

namespace parley {
namespace {

constexpr uint8_t kDerSequence = 0x30;
constexpr uint8_t kDerInteger = 0x02;
// 30 len 02 len R 02 len S hashtype, with R and S of 1 to 33 bytes.
constexpr size_t kSignatureSizeMin = 9;
constexpr size_t kSignatureSizeMax = 73;

// The order of secp256k1's group.
U256 group_order() {
    return U256::from_hash(
        *Hash256::from_string("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"));
}

// Removes a DER integer from the front of `rest`: positive, without redundant leading zeros.
bool take_integer(ByteSpan& rest, ByteSpan& value) {
    if (rest.size() < 2 || rest[0] != kDerInteger) return false;
    const size_t length = rest[1];
    if (length == 0 || length > rest.size() - 2) return false;
    value = rest.subspan(2, length);
    rest = rest.subspan(2 + length);
    if ((value[0] & 0x80) != 0) return false;
    return length == 1 || value[0] != 0 || (value[1] & 0x80) != 0;
}

// Empty: the value does not fit.
std::optional<U256> to_number(ByteSpan integer) {
    if (integer[0] == 0) integer = integer.subspan(1);
    if (integer.size() > Hash256::kSize) return std::nullopt;
    Hash256 number;
    std::copy(integer.rbegin(), integer.rend(), number.bytes().begin());
    return U256::from_hash(number);
}

}  // namespace

bool is_strict_der_signature(ByteSpan signature) {
    if (signature.size() < kSignatureSizeMin || signature.size() > kSignatureSizeMax) return false;
    if (signature[0] != kDerSequence || signature[1] != signature.size() - 3) return false;
    ByteSpan rest = signature.subspan(2, signature.size() - 3);
    ByteSpan r;
    ByteSpan s;
    return take_integer(rest, r) && take_integer(rest, s) && rest.empty();
}

bool has_low_s(ByteSpan signature) {
    CHECK(is_strict_der_signature(signature));
    ByteSpan rest = signature.subspan(2, signature.size() - 3);
    ByteSpan r;
    ByteSpan s;
    CHECK(take_integer(rest, r) && take_integer(rest, s));
    const auto r_number = to_number(r);
    const auto s_number = to_number(s);
    static const U256 kOrder = group_order();
    static const U256 kHalf = kOrder >> 1;
    if (!r_number || *r_number >= kOrder || !s_number || *s_number >= kOrder) return true;
    return *s_number <= kHalf;
}

bool has_defined_hash_type(ByteSpan signature) {
    if (signature.empty()) return false;
    const int type = signature.back() & ~kSighashAnyoneCanPay;
    return type >= kSighashAll && type <= kSighashSingle;
}

bool is_compressed_key(ByteSpan key) {
    return key.size() == 33 && (key[0] == 2 || key[0] == 3);
}

bool is_compressed_or_uncompressed_key(ByteSpan key) {
    return is_compressed_key(key) || (key.size() == 65 && key[0] == 4);
}

}  // namespace parley
