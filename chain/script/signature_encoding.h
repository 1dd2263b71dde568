// Strict encodings of ECDSA signatures and public keys, as BIP66, BIP146 and policy demand them.
// Whether a signature is good is input_checker.h's business. Thread-safe: pure functions.
#pragma once

#include "base/bytes.h"

namespace parley {

/// BIP66: strict DER with the hash type behind it.
bool is_strict_der_signature(ByteSpan signature);

/// S is in the lower half of the group's order (BIP146). True as well where R or S is no number
/// below the order: such a signature is never good. REQUIRES: strict DER.
bool has_low_s(ByteSpan signature);

/// The byte at the end is ALL, NONE or SINGLE, with ANYONECANPAY or without.
bool has_defined_hash_type(ByteSpan signature);

bool is_compressed_or_uncompressed_key(ByteSpan key);
bool is_compressed_key(ByteSpan key);

}  // namespace parley
