// The small values that all of the PBFT engine shares. Not the messages (messages.h) and not the
// proofs (certificate.h). Values; thread-safe.
#pragma once

#include <array>
#include <cstdint>

#include "chain/primitives/ids.h"

namespace parley::pbft {

/// View number; its primary is validator (view mod n). Castro & Liskov, section 4.
using View = uint64_t;

/// Sequence number of a decision: the height of the block it decides. 64 bits on the wire, so that
/// a hostile value is seen as what it is.
using Sequence = uint64_t;

/// Position in the validator set.
using ValidatorIndex = uint16_t;

/// Compact ECDSA, see verify_compact().
using Signature = std::array<uint8_t, 64>;

/// Views from here on are refused unread. A network that changed its view every microsecond would
/// need 146,000 years to get there, so only a liar sends one, and view + 1 can never overflow.
inline constexpr View kViewMax = View{1} << 62;

/// L of the watermarks h < n <= h + L, h being the last finalised height. One height is in
/// flight at a time; the window is what a replica keeps for later when others are a few decisions
/// ahead of it. Each height may hold one block of up to kEngineMessageSizeMax bytes.
inline constexpr Sequence kWindow = 4;

/// A validator set has at most so many members: a new-view message, which carries about
/// 2 (2n/3)^2 signatures of 66 bytes, stays below kEngineMessageSizeMax (0.6 MB here).
inline constexpr size_t kValidatorsMax = 100;

}  // namespace parley::pbft
