// Basic types of the PBFT engine. Messages are in messages.h, proofs in certificate.h. Values;
// thread-safe.
#pragma once

#include <array>
#include <cstdint>

#include "chain/primitives/ids.h"

namespace parley::pbft {

/// View number; its primary is validator (view mod n). Castro & Liskov, section 4.
using View = uint64_t;

/// Sequence number of a decision: the height of the block it decides. 64 bits on the wire, so that
/// an absurd value is received intact and rejected.
using Sequence = uint64_t;

/// Position in the validator set.
using ValidatorIndex = uint16_t;

/// Compact ECDSA, see verify_compact().
using Signature = std::array<uint8_t, 64>;

/// Higher views are rejected without further checks. A network that changed its view every
/// microsecond would need 146,000 years to reach this, so only a Byzantine validator sends one; and
/// view + 1 can never overflow.
inline constexpr View kViewMax = View{1} << 62;

/// L of the watermarks h < n <= h + L, where h is the last finalised height. One height is in
/// flight at a time; the window is what a replica keeps for later if others are a few decisions
/// ahead. Each height may hold one block of up to kEngineMessageSizeMax bytes.
inline constexpr Sequence kWindow = 4;

/// Maximum size of a validator set. It keeps a new-view message, which carries about 2 (2n/3)^2
/// signatures of 66 bytes, below kEngineMessageSizeMax (0.6 MB at this size).
inline constexpr size_t kValidatorsMax = 100;

}  // namespace parley::pbft
