// ValidatorSet: the validators, their order, and the size of a quorum. Also the text forms of a set
// and of a key (the files that operators exchange), as pure functions on strings: the caller reads
// and writes the files. Called by the engine, by the daemon at start-up and by the command-line
// client. Immutable; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto/keys.h"
#include "base/expected.h"
#include "consensus/pbft/messages/types.h"

namespace parley::pbft {

class ValidatorSet {
 public:
    /// The error says what to fix: no validators, too many, a duplicate key, an uncompressed key.
    static Expected<ValidatorSet, std::string> create(std::vector<PublicKey> keys);

    size_t size() const { return keys_.size(); }
    /// f: the number of Byzantine validators that are tolerated.
    size_t faults() const { return (size() - 1) / 3; }
    /// ceil((n + f + 1) / 2): for every n, any two quorums share at least f + 1 validators.
    size_t quorum() const { return (size() + faults() + 2) / 2 - too_few_; }
    /// The same set with quorums that lack one validator, which is unsafe: for tests that show it.
    ValidatorSet with_small_quorum() const;
    ValidatorIndex primary(View view) const { return static_cast<ValidatorIndex>(view % size()); }

    /// REQUIRES: index < size().
    const PublicKey& key(ValidatorIndex index) const { return keys_[index]; }
    std::optional<ValidatorIndex> index_of(const PublicKey& key) const;
    /// Hash of the keys in order. Every signature commits to it.
    const Hash256& id() const { return id_; }

 private:
    explicit ValidatorSet(std::vector<PublicKey> keys);

    std::vector<PublicKey> keys_;
    Hash256 id_;
    size_t too_few_ = 0;  ///< validators that a quorum lacks
};

}  // namespace parley::pbft

namespace parley {

/// The content of a -pbftvalidators file:
/// {"chain": "labnet", "validators": ["<33-byte compressed public key in hex>", ...]}.
struct PbftValidatorsFile {
    std::string chain;  ///< "labnet" or "regtest"
    std::vector<PublicKey> validators;
};
/// Strict: no other members, no duplicates. The error is one sentence.
Expected<PbftValidatorsFile, std::string> parse_pbft_validators(std::string_view json);

/// The content of a -pbftkey file: one line of 64 hexadecimal digits. The error never contains the
/// content.
Expected<SecretKey, std::string> parse_pbft_key(std::string_view text);

/// The output of `pbftkeygen`.
struct PbftKeyFiles {
    std::string validators;         ///< the validators file
    std::vector<std::string> keys;  ///< the key file of each validator, in the set's order
};
/// `secret_source` must be cryptographically secure. The error is one sentence.
Expected<PbftKeyFiles, std::string> generate_pbft_keys(size_t count, std::string_view chain,
                                                       Random& secret_source);

}  // namespace parley
