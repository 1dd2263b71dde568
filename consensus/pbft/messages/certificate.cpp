#include "consensus/pbft/messages/certificate.h"

#include <algorithm>

#include "base/crypto/sha256.h"

namespace parley::pbft {

std::string_view to_string(ProofError error) {
    switch (error) {
        case ProofError::malformed:
            return "malformed";
        case ProofError::not_a_member:
            return "signed by a key that is not a validator's";
        case ProofError::unordered_signers:
            return "signers not in ascending order, or duplicate";
        case ProofError::no_quorum:
            return "fewer signatures than a quorum";
        case ProofError::from_primary:
            return "the primary's prepare";
        case ProofError::bad_signature:
            return "a signature does not verify";
        case ProofError::wrong_height:
            return "for another height";
        case ProofError::wrong_view:
            return "for another view";
    }
    return "unknown";
}

Authenticator::Authenticator(ValidatorSet validators, const BlockHash& chain)
    : validators_(std::move(validators)), chain_(chain) {
    Writer writer;
    writer.hash(chain_).hash(validators_.id());
    const Hash256 id = tagged_hash("Parley/pbft/network", writer.data());
    std::copy_n(id.data(), network_.size(), network_.begin());
}

Hash256 Authenticator::signing_hash(MessageType type, View view, Sequence height,
                                    const Hash256& digest) const {
    Writer writer;
    writer.hash(chain_)
        .hash(validators_.id())
        .u8(static_cast<uint8_t>(type))
        .le(view)
        .le(height)
        .hash(digest);
    return tagged_hash("Parley/pbft/message/1", writer.data());
}

bool Authenticator::verify_signature(ValidatorIndex validator, const Hash256& message,
                                     const Signature& signature) const {
    if (validator >= validators_.size()) return false;
    Writer writer;
    writer.hash(message).le(validator).bytes(signature);
    const Hash256 key = sha256(writer.data());
    if (verified_.contains(key)) return true;
    if (!verify_compact(validators_.key(validator), message, signature)) return false;
    if (verified_.size() >= kVerifiedMax) verified_.clear();
    verified_.insert(key);
    return true;
}

bool Authenticator::verify(const Vote& vote) const {
    return verify_signature(vote.validator,
                            signing_hash(vote.type, vote.view, vote.height, vote.digest),
                            vote.signature);
}

bool Authenticator::verify(const ViewChange& view_change) const {
    return verify_signature(
        view_change.validator,
        signing_hash(MessageType::view_change, view_change.view, view_change.final_point.height,
                     content_digest(view_change)),
        view_change.signature);
}

bool Authenticator::verify(const NewView& new_view) const {
    return verify_signature(new_view.validator,
                            signing_hash(MessageType::new_view, new_view.view,
                                         new_view.reproposal ? new_view.reproposal->height : 0,
                                         content_digest(new_view)),
                            new_view.signature);
}

Expected<void, ProofError> Authenticator::verify_endorsements(
    const std::vector<Endorsement>& endorsements, const Hash256& message) const {
    for (size_t i = 0; i < endorsements.size(); ++i) {
        if (endorsements[i].validator >= validators_.size())
            return Unexpected(ProofError::not_a_member);
        if (i > 0 && endorsements[i - 1].validator >= endorsements[i].validator)
            return Unexpected(ProofError::unordered_signers);
    }
    for (const Endorsement& endorsement : endorsements) {
        if (!verify_signature(endorsement.validator, message, endorsement.signature))
            return Unexpected(ProofError::bad_signature);
    }
    return {};
}

Expected<void, ProofError> Authenticator::verify_commits(const CommitCertificate& certificate,
                                                         Sequence height,
                                                         const BlockHash& digest) const {
    if (certificate.view >= kViewMax) return Unexpected(ProofError::wrong_view);
    if (certificate.commits.size() < validators_.quorum()) return Unexpected(ProofError::no_quorum);
    return verify_endorsements(certificate.commits,
                               signing_hash(MessageType::commit, certificate.view, height, digest));
}

Expected<void, ProofError> Authenticator::verify_final(const FinalPoint& point) const {
    if (point.height == 0) {
        if (point.digest != chain_ || !point.seal.empty()) return Unexpected(ProofError::malformed);
        return {};
    }
    const auto certificate = decode_seal(point.seal);
    if (!certificate) return Unexpected(ProofError::malformed);
    return verify_commits(*certificate, point.height, point.digest);
}

Expected<void, ProofError> Authenticator::verify_prepared(
    const PreparedCertificate& certificate) const {
    if (certificate.view >= kViewMax) return Unexpected(ProofError::wrong_view);
    if (certificate.prepares.size() + 1 < validators_.quorum())
        return Unexpected(ProofError::no_quorum);
    const ValidatorIndex primary = validators_.primary(certificate.view);
    for (const Endorsement& prepare : certificate.prepares) {
        if (prepare.validator == primary) return Unexpected(ProofError::from_primary);
    }
    const Hash256 message = signing_hash(MessageType::pre_prepare, certificate.view,
                                         certificate.height, certificate.digest);
    if (!verify_signature(primary, message, certificate.pre_prepare))
        return Unexpected(ProofError::bad_signature);
    return verify_endorsements(certificate.prepares,
                               signing_hash(MessageType::prepare, certificate.view,
                                            certificate.height, certificate.digest));
}

}  // namespace parley::pbft
