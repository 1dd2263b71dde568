// Output descriptors (BIP380 to BIP389): pk, pkh, wpkh, sh, wsh, multi, sortedmulti, combo, tr with
// a tree of pk, multi_a and sortedmulti_a, rawtr, addr, raw, and miniscript in wsh and tr (BIP379).
// musig() is refused. Values. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"
#include "base/hash256.h"
#include "chain/primitives/script.h"
#include "wallet/descriptor/descriptor_checksum.h"
#include "wallet/descriptor/key_expression.h"
#include "wallet/descriptor/solving_data.h"
#include "wallet/miniscript/miniscript.h"

namespace parley {

// Wide because each form of a descriptor has its factory.
class Descriptor {
 public:
    enum class Kind : uint8_t {
        pk,
        pkh,
        wpkh,
        combo,
        multi,
        sortedmulti,
        multi_a,
        sortedmulti_a,
        sh,
        wsh,
        tr,
        rawtr,
        addr,
        raw,
        miniscript
    };

    /// One descriptor for each value of the multipath steps (BIP389), otherwise one. The error is
    /// bitcoind's text. `require_checksum`: reject a descriptor without checksum.
    static Expected<std::vector<Descriptor>, std::string> parse_all(std::string_view text,
                                                                    const ChainParams& params,
                                                                    bool require_checksum);
    /// The same, and rejects multipath descriptors.
    static Expected<Descriptor, std::string> parse(std::string_view text, const ChainParams& params,
                                                   bool require_checksum);

    /// pk, pkh, wpkh, combo or rawtr.
    static Descriptor of_key(Kind kind, DescriptorKey key);
    /// The four kinds of multisig.
    static Descriptor of_keys(Kind kind, uint32_t threshold, std::vector<DescriptorKey> keys);
    /// addr or raw.
    static Descriptor of_script(Kind kind, Script script);
    /// In wsh or tr. REQUIRES: sane; one key for each of the expression.
    static Descriptor of_miniscript(Miniscript expression, std::vector<DescriptorKey> keys);
    /// sh or wsh.
    static Descriptor wrap(Kind kind, Descriptor inner);
    /// tr: `depths` are those of the leaves in the tree, in the order of a depth-first walk.
    static Descriptor taproot(DescriptorKey internal_key, std::vector<Descriptor> leaves,
                              std::vector<uint8_t> depths);

    Kind kind() const { return kind_; }
    const std::vector<Descriptor>& children() const { return children_; }
    /// Of the children, too.
    std::vector<DescriptorKey> keys() const;
    bool is_range() const;
    bool has_secret() const;
    bool has_uncompressed_key() const;
    /// Whether it determines how to sign for its scripts, given the secret keys: all except addr
    /// and raw.
    bool is_solvable() const { return kind_ != Kind::addr && kind_ != Kind::raw; }

    /// With checksum.
    std::string to_string(const ChainParams& params, KeyForm form = KeyForm::normalised) const;
    /// An identifier that is independent of the notation of hardened steps, and of known secrets.
    Hash256 id(const ChainParams& params) const;

    /// The scripts at a position (one; for combo up to four). Empty: a key cannot be derived (a
    /// hardened step without the secret key). REQUIRES: position 0 if it has no range.
    std::vector<Script> scripts(uint32_t position) const;
    /// The same, and adds to `data` what the scripts' spends need. Secrets, where known, cost
    /// several times as much.
    std::vector<Script> solve(uint32_t position, SolvingData& data, bool with_secrets) const;

    /// Of a descriptor with one key. Empty: several keys or none, or not derivable.
    std::optional<DerivedKey> derive_key(uint32_t position) const;
    /// Without the secret, which costs several times as much.
    std::optional<DerivedKey> derive_public_key(uint32_t position) const;

 private:
    explicit Descriptor(Kind kind) : kind_(kind) {}

    std::string body(const ChainParams& params, KeyForm form) const;
    std::string tree_text(const ChainParams& params, KeyForm form) const;
    struct Expansion {
        uint32_t position = 0;
        SolvingData* data = nullptr;  ///< null: only the scripts are wanted
        bool with_secrets = false;
        bool in_tapscript = false;
    };
    std::vector<Script> expand(const Expansion& expansion) const;
    std::optional<std::vector<PublicKey>> derive_keys(const Expansion& expansion) const;
    std::vector<Script> expand_taproot(const PublicKey& internal_key,
                                       const Expansion& expansion) const;
    std::vector<Script> expand_wrapped(const Expansion& expansion) const;
    /// Null: none or several.
    const KeyExpression* only_key() const;

    Kind kind_;
    uint32_t threshold_ = 0;  ///< of multisig
    std::vector<KeyExpression> keys_;
    std::vector<Descriptor> children_;  ///< the script in sh and wsh, or the leaves of tr
    std::vector<uint8_t> depths_;       ///< of the leaves
    Script script_;                     ///< of addr and raw
    std::optional<Miniscript> miniscript_;
};

std::string_view name_of(Descriptor::Kind kind);

/// A descriptor of exactly that script, with as much as `known` tells of it: addr or raw if it is
/// not enough to spend the output.
Descriptor infer_descriptor(const ChainParams& params, const Script& script,
                            const SolvingData& known);

}  // namespace parley
