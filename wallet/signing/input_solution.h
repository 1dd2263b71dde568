// InputSolution: what is there of one input's spend: signatures, scripts, and what is missing. It
// is read from a transaction or a PSBT, completed by solve_input(), and written back. A value.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/crypto/hash.h"
#include "chain/primitives/transaction.h"
#include "wallet/descriptor/solving_data.h"
#include "wallet/miniscript/miniscript_type.h"
#include "wallet/signing/signature_maker.h"

namespace parley {

struct TapLeafScript {
    Script script;
    uint8_t version = kTapscriptLeafVersion;

    auto operator<=>(const TapLeafScript&) const = default;
};

/// What is known of a taproot output's scripts, from a tree or from a PSBT.
struct TaprootSpendData {
    std::optional<XOnlyKey> internal_key;
    std::optional<Hash256> merkle_root;
    /// With the control blocks of each.
    std::map<TapLeafScript, std::set<Bytes>> leaves;

    void add(const TaprootTree& tree);
};

struct TapKeyOrigin {
    std::set<Hash256> leaves;  ///< hashes of the leaves with that key
    KeyOrigin origin;

    bool operator==(const TapKeyOrigin&) const = default;
};

struct MissingParts {
    std::vector<Hash160> keys;        ///< public keys, by their hashes
    std::vector<Hash160> signatures;  ///< by the hashes of their public keys
    std::optional<Hash160> redeem_script;
    std::optional<Hash256> witness_script;
};

/// bitcoind's order of keys: by their hashes.
struct KeyHashLess {
    bool operator()(const PublicKey& a, const PublicKey& b) const {
        return hash160(a.bytes()) < hash160(b.bytes());
    }
};
/// ECDSA signatures, with their hash types.
using KeySignatures = std::map<PublicKey, Bytes, KeyHashLess>;

struct InputSolution {
    Script script_sig;
    Witness witness;
    bool has_witness = false;  ///< the output is spent by a witness
    std::optional<Script> redeem_script;
    std::optional<Script> witness_script;
    KeySignatures signatures;
    Bytes taproot_key_signature;
    std::map<std::pair<XOnlyKey, Hash256>, Bytes> taproot_script_signatures;
    TaprootSpendData taproot;
    std::map<PublicKey, KeyOrigin> origins;
    std::map<XOnlyKey, TapKeyOrigin> taproot_origins;
    /// By the function of miniscript and the hash.
    std::map<std::pair<Fragment, Bytes>, Bytes> preimages;
    MissingParts missing;

    /// Adds what another holder of the same input has.
    void merge(const InputSolution& other);
};

/// Makes the signatures that are possible and fills in script_sig and witness: if not complete, as
/// far as they are known. True: all parts are there. The caller verifies the spend.
bool solve_input(const SolvingData& known, const SignatureMaker& maker, const Script& script,
                 InputSolution& solution);

/// The signatures and scripts in an input that does not verify: those of multisig scripts.
InputSolution extract_solution(const TxInput& input, const Script& script,
                               const SignatureMaker& maker);

}  // namespace parley
