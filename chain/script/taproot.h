// Taproot's script tree (BIP341): hashes of leaves and branches, and the proof that an output
// commits to a script. Thread-safe.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/hash256.h"

namespace parley {

/// Parts of a control block: one byte of leaf version and parity, the internal key, then one hash
/// per level of the tree.
inline constexpr size_t kControlBaseSize = 33;
inline constexpr size_t kControlNodeSize = 32;
inline constexpr size_t kControlNodesMax = 128;
/// The lowest bit of a control block's first byte is the parity of the output key.
inline constexpr uint8_t kLeafVersionMask = 0xfe;
/// BIP342.
inline constexpr uint8_t kTapscriptLeafVersion = 0xc0;
/// First byte of an annex.
inline constexpr uint8_t kAnnexTag = 0x50;

Hash256 tapleaf_hash(uint8_t leaf_version, ByteSpan script);
/// Symmetric in its arguments.
Hash256 tapbranch_hash(const Hash256& a, const Hash256& b);
/// The tweak added to the internal key (32 bytes, x-only): its hash with the root of the script
/// tree, or alone if there is none.
Hash256 taptweak_hash(ByteSpan internal_key, const Hash256* merkle_root);

/// 33 to 33 + 32 * 128 bytes in steps of 32.
bool is_control_block_size(size_t size);

/// Whether `output_key` (32 bytes) commits to the leaf. REQUIRES: is_control_block_size(control).
bool verify_taproot_commitment(ByteSpan control, ByteSpan output_key, const Hash256& leaf_hash);

}  // namespace parley
