// The script interpreter's parts: strict encodings of signatures and keys. Its entry is
// run_script_check() in script_check.h.
//
// This build verifies the spends of P2PK, P2PKH and P2WPKH outputs, and of a bare OP_TRUE, whose
// script_sig only pushes. Every other form gives ScriptError::unsupported: it is refused, never
// waved through. Thread-safe: pure functions.
#pragma once

#include "base/bytes.h"

namespace parley {

/// BIP66: strict DER with the hash type behind it.
bool is_strict_der_signature(ByteSpan signature);

/// S is in the lower half of the group's order (BIP146). REQUIRES: strict DER.
bool has_low_s(ByteSpan signature);

/// The byte at the end is ALL, NONE or SINGLE, with ANYONECANPAY or without.
bool has_defined_hash_type(ByteSpan signature);

bool is_compressed_or_uncompressed_key(ByteSpan key);
bool is_compressed_key(ByteSpan key);

}  // namespace parley
