// The script rules that apply: ScriptFlag, a bit set; the sets that the consensus deployments
// enable; and the set required for relay. The rules themselves are in the interpreter;
// block_rules.h says which block has which set. Values only.
#pragma once

#include <cstdint>

namespace parley {

/// A bit set of ScriptFlag. Each flag forbids something: a spend that is valid under a set is valid
/// under every subset that is_consistent().
using ScriptFlags = uint32_t;
enum ScriptFlag : ScriptFlags {
    kVerifyNone = 0,
    // Consensus.
    kVerifyP2sh = 1u << 0,           ///< BIP16
    kVerifyDerSignatures = 1u << 1,  ///< BIP66
    kVerifyNullDummy = 1u << 2,      ///< BIP147: OP_CHECKMULTISIG's dummy item is empty
    kVerifyCheckLocktime = 1u << 3,  ///< BIP65
    kVerifyCheckSequence = 1u << 4,  ///< BIP112
    kVerifyWitness = 1u << 5,        ///< BIP141, 143
    kVerifyTaproot = 1u << 6,        ///< BIP341, 342
    // Policy.
    kVerifyStrictEncoding = 1u << 7,  ///< defined hash types, no hybrid keys
    kVerifyLowS = 1u << 8,            ///< BIP146
    kVerifySigPushOnly = 1u << 9,     ///< script_sig contains only pushes (BIP62 rule 2)
    kVerifyMinimalData = 1u << 10,    ///< shortest pushes and numbers (BIP62 rules 3 and 4)
    kVerifyDiscourageUpgradableNops = 1u << 11,
    kVerifyCleanStack = 1u << 12,  ///< exactly one item is left (BIP62 rule 6)
    kVerifyMinimalIf = 1u << 13,   ///< OP_IF's argument is empty or 01 (witness version 0)
    kVerifyNullFail = 1u << 14,    ///< a failing signature is empty (BIP146)
    kVerifyDiscourageUpgradableWitness = 1u << 15,
    kVerifyWitnessPublicKeyType = 1u << 16,  ///< compressed keys only in witness version 0
    kVerifyConstScriptCode = 1u << 17,  ///< no OP_CODESEPARATOR, no FindAndDelete before BIP141
    kVerifyDiscourageUpgradableTaproot = 1u << 18,  ///< unknown leaf versions
    kVerifyDiscourageOpSuccess = 1u << 19,          ///< BIP342
    kVerifyDiscourageUpgradableKeyType = 1u << 20,  ///< keys of unknown types in tapscript
    kVerifyAll = (1u << 21) - 1,
};

/// What each deployment adds. The rules of BIP16, BIP141 and BIP341 apply to every block except the
/// exceptions in ChainParams; the others start at a height.
inline constexpr ScriptFlags kAlwaysScriptFlags = kVerifyP2sh | kVerifyWitness | kVerifyTaproot;
inline constexpr ScriptFlags kBip66ScriptFlags = kVerifyDerSignatures;
inline constexpr ScriptFlags kBip65ScriptFlags = kVerifyCheckLocktime;
inline constexpr ScriptFlags kCsvScriptFlags = kVerifyCheckSequence;
inline constexpr ScriptFlags kSegwitScriptFlags = kVerifyNullDummy;

/// All deployments: the rules for a new block.
inline constexpr ScriptFlags kConsensusScriptFlags = kAlwaysScriptFlags | kBip66ScriptFlags |
                                                     kBip65ScriptFlags | kCsvScriptFlags |
                                                     kSegwitScriptFlags;

/// Required for relay and of our own signatures: the consensus rules and the standard encodings.
/// Whether script_sig contains only pushes is checked per transaction (policy.h) before its scripts
/// run.
inline constexpr ScriptFlags kStandardScriptFlags = kVerifyAll & ~kVerifySigPushOnly;

/// Witnesses require BIP16, and kVerifyCleanStack requires witnesses; other sets are meaningless.
constexpr bool is_consistent(ScriptFlags flags) {
    const bool p2sh = (flags & kVerifyP2sh) != 0;
    const bool witness = (flags & kVerifyWitness) != 0;
    return (!witness || p2sh) && ((flags & kVerifyCleanStack) == 0 || witness);
}
static_assert(is_consistent(kConsensusScriptFlags) && is_consistent(kStandardScriptFlags));

}  // namespace parley
