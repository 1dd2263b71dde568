// Which script rules apply: a bit set of ScriptFlag, the sets that the deployments of consensus
// switch on, and the set that relaying nodes demand. The rules are in the interpreter; which block
// has which set is in block_rules.h. Values only.
#pragma once

#include <cstdint>

namespace parley {

/// A bit set of ScriptFlag. Each flag forbids something: what is valid under a set is valid under
/// every subset that is_consistent().
using ScriptFlags = uint32_t;
enum ScriptFlag : ScriptFlags {
    kVerifyNone = 0,
    // Consensus.
    kVerifyP2sh = 1u << 0,           ///< BIP16
    kVerifyDerSignatures = 1u << 1,  ///< BIP66
    kVerifyNullDummy = 1u << 2,      ///< BIP147: the item below a multisig's arguments is empty
    kVerifyCheckLocktime = 1u << 3,  ///< BIP65
    kVerifyCheckSequence = 1u << 4,  ///< BIP112
    kVerifyWitness = 1u << 5,        ///< BIP141, 143
    kVerifyTaproot = 1u << 6,        ///< BIP341, 342
    // Policy.
    kVerifyStrictEncoding = 1u << 7,  ///< defined hash types, keys compressed or uncompressed
    kVerifyLowS = 1u << 8,            ///< BIP146
    kVerifySigPushOnly = 1u << 9,     ///< script_sig only pushes (BIP62 rule 2)
    kVerifyMinimalData = 1u << 10,    ///< shortest pushes and numbers (BIP62 rules 3 and 4)
    kVerifyDiscourageUpgradableNops = 1u << 11,
    kVerifyCleanStack = 1u << 12,  ///< one item is left (BIP62 rule 6)
    kVerifyMinimalIf = 1u << 13,   ///< OP_IF takes nothing but an empty item or 01 (version 0)
    kVerifyNullFail = 1u << 14,    ///< a signature that fails is empty (BIP146)
    kVerifyDiscourageUpgradableWitness = 1u << 15,
    kVerifyWitnessPublicKeyType = 1u << 16,  ///< compressed keys in version 0
    kVerifyConstScriptCode = 1u << 17,  ///< no OP_CODESEPARATOR, no FindAndDelete before BIP141
    kVerifyDiscourageUpgradableTaproot = 1u << 18,  ///< unknown leaf versions
    kVerifyDiscourageOpSuccess = 1u << 19,          ///< BIP342
    kVerifyDiscourageUpgradableKeyType = 1u << 20,  ///< keys of unknown types in tapscript
    kVerifyAll = (1u << 21) - 1,
};

/// What each deployment adds. BIP16, BIP141's and BIP341's rules hold for every block but the
/// exceptions of ChainParams; the others start at a height.
inline constexpr ScriptFlags kAlwaysScriptFlags = kVerifyP2sh | kVerifyWitness | kVerifyTaproot;
inline constexpr ScriptFlags kBip66ScriptFlags = kVerifyDerSignatures;
inline constexpr ScriptFlags kBip65ScriptFlags = kVerifyCheckLocktime;
inline constexpr ScriptFlags kCsvScriptFlags = kVerifyCheckSequence;
inline constexpr ScriptFlags kSegwitScriptFlags = kVerifyNullDummy;

/// All deployments: the rules that a block of today must keep.
inline constexpr ScriptFlags kConsensusScriptFlags = kAlwaysScriptFlags | kBip66ScriptFlags |
                                                     kBip65ScriptFlags | kCsvScriptFlags |
                                                     kSegwitScriptFlags;

/// What relaying nodes and signers demand: consensus, and the forms that honest software keeps to.
/// That script_sig only pushes is asked of a whole transaction (policy.h), before its scripts run.
inline constexpr ScriptFlags kStandardScriptFlags = kVerifyAll & ~kVerifySigPushOnly;

/// Witnesses need BIP16, and kVerifyCleanStack needs witnesses: other sets have no meaning.
constexpr bool is_consistent(ScriptFlags flags) {
    const bool p2sh = (flags & kVerifyP2sh) != 0;
    const bool witness = (flags & kVerifyWitness) != 0;
    return (!witness || p2sh) && ((flags & kVerifyCleanStack) == 0 || witness);
}
static_assert(is_consistent(kConsensusScriptFlags) && is_consistent(kStandardScriptFlags));

}  // namespace parley
