// Strict encodings of ECDSA signatures and public keys, as required by BIP66, BIP146 and policy.
// Signatures are verified by input_checker.h. Thread-safe: pure functions.
#pragma once

#include "base/bytes.h"

namespace parley {

/// BIP66: strict DER followed by the hash type.
bool is_strict_der_signature(ByteSpan signature);

/// S is in the lower half of the group order (BIP146). Also true if R or S is not below the order:
/// such a signature is never valid. REQUIRES: strict DER.
bool has_low_s(ByteSpan signature);

/// The last byte is ALL, NONE or SINGLE, with or without ANYONECANPAY.
bool has_defined_hash_type(ByteSpan signature);

bool is_compressed_or_uncompressed_key(ByteSpan key);
bool is_compressed_key(ByteSpan key);

}  // namespace parley
