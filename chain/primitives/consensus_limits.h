// Limits that every chain shares. Values only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "chain/primitives/ids.h"

namespace parley {

/// BIP141: a byte outside the witness weighs this much.
inline constexpr int64_t kWitnessScaleFactor = 4;
/// BIP141.
inline constexpr Weight kBlockWeightMax{4'000'000};
/// BIP141: signature operations of a block; those outside witnesses count kWitnessScaleFactor.
inline constexpr int64_t kBlockSigopCostMax = 80'000;
/// How far a block's time may be ahead of the node's clock.
inline constexpr int64_t kBlockTimeAheadMax_s = 2 * 60 * 60;
/// BIP94: how much older than its parent the first block of a difficulty period may be.
inline constexpr int64_t kTimewarpMax_s = 600;
/// A locktime below this is a height, from it on Unix seconds.
inline constexpr uint32_t kLocktimeThreshold = 500'000'000;

/// BIP68: in transactions of this version on, sequence numbers are relative locks. BIP112 asks for
/// them.
inline constexpr uint32_t kSequenceLockVersionMin = 2;
/// The input has no lock.
inline constexpr uint32_t kSequenceLockDisabled = 1u << 31;
/// The lock counts units of 512 seconds, not blocks.
inline constexpr uint32_t kSequenceLockIsTime = 1u << 22;
inline constexpr uint32_t kSequenceLockMask = 0xffff;

/// Script: bytes of an item, bytes of a script before tapscript, opcodes of such a script that are
/// no pushes (with the keys of its multisigs), items on both stacks, keys of one multisig.
inline constexpr size_t kScriptItemSizeMax = 520;
inline constexpr size_t kScriptSizeMax = 10'000;
inline constexpr int kScriptOpsMax = 201;
inline constexpr size_t kScriptItemsMax = 1'000;
inline constexpr int kMultisigKeysMax = 20;
/// BIP342: each signature check takes this much from a budget of the witness's size and as much
/// once.
inline constexpr int64_t kTapscriptSigopWeight = 50;

}  // namespace parley
