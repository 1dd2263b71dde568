// Limits that every chain shares. Values only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "chain/primitives/ids.h"

namespace parley {

/// BIP141: the weight of a non-witness byte.
inline constexpr int64_t kWitnessScaleFactor = 4;
/// BIP141.
inline constexpr Weight kBlockWeightMax{4'000'000};
/// BIP141: signature operations of a block; each outside the witness counts kWitnessScaleFactor.
inline constexpr int64_t kBlockSigopCostMax = 80'000;
/// A block's time may be at most this far ahead of the node's clock.
inline constexpr int64_t kBlockTimeAheadMax_s = 2 * 60 * 60;
/// BIP94: the first block of a difficulty period may be at most this much older than its parent.
inline constexpr int64_t kTimewarpMax_s = 600;
/// A locktime below this is a height; other locktimes are Unix seconds.
inline constexpr uint32_t kLocktimeThreshold = 500'000'000;

/// BIP68: sequence numbers are relative locks from this transaction version on. BIP112 requires it
/// too.
inline constexpr uint32_t kSequenceLockVersionMin = 2;
/// The input has no relative lock.
inline constexpr uint32_t kSequenceLockDisabled = 1u << 31;
/// The lock counts units of 512 seconds, not blocks.
inline constexpr uint32_t kSequenceLockIsTime = 1u << 22;
inline constexpr uint32_t kSequenceLockMask = 0xffff;

/// Script limits: bytes of an item; bytes of a script, and opcodes other than pushes (including the
/// keys of multisigs), both before tapscript; items on both stacks together; keys of a multisig.
inline constexpr size_t kScriptItemSizeMax = 520;
inline constexpr size_t kScriptSizeMax = 10'000;
inline constexpr int kScriptOpsMax = 201;
inline constexpr size_t kScriptItemsMax = 1'000;
inline constexpr int kMultisigKeysMax = 20;
/// BIP342: each signature check costs this much of a budget, which is the witness's size plus this.
inline constexpr int64_t kTapscriptSigopWeight = 50;

}  // namespace parley
