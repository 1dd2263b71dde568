#include "consensus/pbft/messages/messages.h"

#include <algorithm>

#include "base/check.h"
#include "base/crypto/sha256.h"
#include "consensus/engine.h"

namespace parley::pbft {
namespace {

constexpr size_t kEndorsementSize = 2 + 64;
constexpr size_t kSealSizeMax = 1 + 8 + 3 + kValidatorsMax * kEndorsementSize;
constexpr size_t kBitmapSizeMax = (kValidatorsMax + 7) / 8;
// Two certificates and the fields around them.
constexpr size_t kViewChangeSizeMax = 2 * (kSealSizeMax + 128) + 256;
static_assert(kSealSizeMax <= 64 * 1024, "a seal fits into the peer protocol's seal message");
// A view-change contains at most two proofs of q <= (2n + 3) / 3 signatures; that many view-changes
// fit into one message.
static_assert(kValidatorsMax * kViewChangeSizeMax <= kEngineMessageSizeMax);

Signature read_signature(Reader& reader) {
    Signature signature{};
    const ByteSpan raw = reader.bytes(signature.size());
    std::copy(raw.begin(), raw.end(), signature.begin());
    return signature;
}

void write_endorsements(Writer& writer, const std::vector<Endorsement>& endorsements) {
    writer.compact_size(endorsements.size());
    for (const Endorsement& endorsement : endorsements)
        writer.le(endorsement.validator).bytes(endorsement.signature);
}

std::vector<Endorsement> read_endorsements(Reader& reader) {
    const size_t count = reader.count(kEndorsementSize);
    if (count > kValidatorsMax) {
        reader.fail();
        return {};
    }
    std::vector<Endorsement> endorsements(count);
    for (Endorsement& endorsement : endorsements) {
        endorsement.validator = reader.le<ValidatorIndex>();
        endorsement.signature = read_signature(reader);
    }
    return endorsements;
}

void write_final_point(Writer& writer, const FinalPoint& point) {
    writer.le(point.height).hash(point.digest).var_bytes(point.seal);
}

FinalPoint read_final_point(Reader& reader) {
    FinalPoint point;
    point.height = reader.le<Sequence>();
    point.digest = BlockHash{reader.hash()};
    point.seal = to_bytes(reader.var_bytes(kSealSizeMax));
    return point;
}

// 0 or 1; the format leaves room for more, this version does not.
bool read_presence(Reader& reader) {
    const uint64_t count = reader.compact_size(1);
    return count == 1;
}

void write_view_change_content(Writer& writer, const ViewChange& view_change) {
    writer.le(view_change.view).le(view_change.validator);
    write_final_point(writer, view_change.final_point);
    writer.compact_size(view_change.prepared ? 1 : 0);
    if (view_change.prepared) write_prepared(writer, *view_change.prepared);
}

void write_view_change(Writer& writer, const ViewChange& view_change) {
    write_view_change_content(writer, view_change);
    writer.bytes(view_change.signature);
}

ViewChange read_view_change(Reader& reader) {
    ViewChange view_change;
    view_change.view = reader.le<View>();
    view_change.validator = reader.le<ValidatorIndex>();
    view_change.final_point = read_final_point(reader);
    if (read_presence(reader)) view_change.prepared = read_prepared(reader);
    view_change.signature = read_signature(reader);
    return view_change;
}

void write_new_view_content(Writer& writer, const NewView& new_view) {
    writer.le(new_view.view).le(new_view.validator);
    writer.compact_size(new_view.view_changes.size());
    for (const ViewChange& view_change : new_view.view_changes) {
        Writer inner;
        write_view_change(inner, view_change);
        writer.var_bytes(inner.data());
    }
    writer.compact_size(new_view.reproposal ? 1 : 0);
    if (new_view.reproposal) {
        writer.le(new_view.reproposal->height)
            .hash(new_view.reproposal->digest)
            .bytes(new_view.reproposal->signature);
    }
}

NewView read_new_view(Reader& reader) {
    NewView new_view;
    new_view.view = reader.le<View>();
    new_view.validator = reader.le<ValidatorIndex>();
    const size_t count = reader.count(1 + 8 + 2 + 8 + 32 + 1 + 1 + 64);
    if (count > kValidatorsMax) reader.fail();
    for (size_t i = 0; i < count && reader.ok(); ++i) {
        Reader inner(reader.var_bytes(kViewChangeSizeMax));
        new_view.view_changes.push_back(read_view_change(inner));
        if (!inner.done()) reader.fail();
    }
    if (read_presence(reader)) {
        Reproposal reproposal;
        reproposal.height = reader.le<Sequence>();
        reproposal.digest = BlockHash{reader.hash()};
        reproposal.signature = read_signature(reader);
        new_view.reproposal = reproposal;
    }
    new_view.signature = read_signature(reader);
    return new_view;
}

Status read_status(Reader& reader) {
    Status status;
    status.view = reader.le<View>();
    const uint8_t flags = reader.u8();
    if (flags > 3) reader.fail();
    status.active = (flags & 1) != 0;
    status.votes = (flags & 2) != 0;
    status.final_point = read_final_point(reader);
    status.proposal = BlockHash{reader.hash()};
    status.prepares = to_bytes(reader.var_bytes(kBitmapSizeMax));
    status.commits = to_bytes(reader.var_bytes(kBitmapSizeMax));
    status.view_changes = to_bytes(reader.var_bytes(kBitmapSizeMax));
    return status;
}

Writer start(MessageType type, const NetworkTag& network, size_t capacity = 256) {
    Writer writer(capacity);
    writer.u8(kMessageVersion).u8(static_cast<uint8_t>(type)).bytes(network);
    return writer;
}

template <class T>
Expected<Message, DecodeError> whole(const Reader& reader, T message) {
    if (!reader.done()) return Unexpected(DecodeError::malformed);
    return Message{std::move(message)};
}

}  // namespace

std::string_view to_string(DecodeError error) {
    switch (error) {
        case DecodeError::too_large:
            return "too large";
        case DecodeError::version:
            return "unknown version";
        case DecodeError::network:
            return "of another chain or validator set";
        case DecodeError::type:
            return "unknown type";
        case DecodeError::malformed:
            return "malformed";
    }
    return "unknown";
}

Expected<Message, DecodeError> decode_message(ByteSpan bytes, const NetworkTag& network) {
    if (bytes.size() > kEngineMessageSizeMax) return Unexpected(DecodeError::too_large);
    Reader reader(bytes);
    const uint8_t version = reader.u8();
    const uint8_t type = reader.u8();
    const ByteSpan tag = reader.bytes(network.size());
    if (!reader.ok()) return Unexpected(DecodeError::malformed);
    if (version != kMessageVersion) return Unexpected(DecodeError::version);
    if (!std::equal(tag.begin(), tag.end(), network.begin()))
        return Unexpected(DecodeError::network);
    switch (static_cast<MessageType>(type)) {
        case MessageType::pre_prepare: {
            PrePrepare message{read_vote(reader, MessageType::pre_prepare), {}};
            message.block = reader.bytes(reader.left());
            return whole(reader, message);
        }
        case MessageType::prepare:
        case MessageType::commit: {
            const Vote vote = read_vote(reader, static_cast<MessageType>(type));
            return whole(reader, vote);
        }
        case MessageType::view_change: {
            ViewChange message = read_view_change(reader);
            return whole(reader, std::move(message));
        }
        case MessageType::new_view: {
            NewView message = read_new_view(reader);
            return whole(reader, std::move(message));
        }
        case MessageType::status: {
            Status message = read_status(reader);
            return whole(reader, std::move(message));
        }
        case MessageType::fetch: {
            const Fetch message{BlockHash{reader.hash()}};
            return whole(reader, message);
        }
        case MessageType::body: {
            const Body message{reader.bytes(reader.left())};
            return whole(reader, message);
        }
    }
    return Unexpected(DecodeError::type);
}

Bytes encode_vote(const Vote& vote, const NetworkTag& network) {
    CHECK(vote.type == MessageType::prepare || vote.type == MessageType::commit);
    Writer writer = start(vote.type, network);
    write_vote(writer, vote);
    return writer.take();
}

Bytes encode_pre_prepare(const Vote& vote, ByteSpan block, const NetworkTag& network) {
    CHECK(vote.type == MessageType::pre_prepare);
    Writer writer = start(vote.type, network, 256 + block.size());
    write_vote(writer, vote);
    return writer.bytes(block).take();
}

Bytes encode_view_change(const ViewChange& view_change, const NetworkTag& network) {
    Writer writer = start(MessageType::view_change, network);
    write_view_change(writer, view_change);
    return writer.take();
}

Bytes encode_new_view(const NewView& new_view, const NetworkTag& network) {
    Writer writer = start(MessageType::new_view, network);
    write_new_view_content(writer, new_view);
    return writer.bytes(new_view.signature).take();
}

Bytes encode_status(const Status& status, const NetworkTag& network) {
    Writer writer = start(MessageType::status, network);
    writer.le(status.view)
        .u8(static_cast<uint8_t>((status.active ? 1 : 0) | (status.votes ? 2 : 0)));
    write_final_point(writer, status.final_point);
    writer.hash(status.proposal)
        .var_bytes(status.prepares)
        .var_bytes(status.commits)
        .var_bytes(status.view_changes);
    return writer.take();
}

Bytes encode_fetch(const Fetch& fetch, const NetworkTag& network) {
    return start(MessageType::fetch, network).hash(fetch.digest).take();
}

Bytes encode_body(ByteSpan block, const NetworkTag& network) {
    return start(MessageType::body, network, 16 + block.size()).bytes(block).take();
}

Hash256 content_digest(const ViewChange& view_change) {
    Writer writer;
    write_view_change_content(writer, view_change);
    return sha256(writer.data());
}

Hash256 content_digest(const NewView& new_view) {
    Writer writer;
    write_new_view_content(writer, new_view);
    return sha256(writer.data());
}

void write_vote(Writer& writer, const Vote& vote) {
    writer.le(vote.view).le(vote.height).hash(vote.digest).le(vote.validator).bytes(vote.signature);
}

Vote read_vote(Reader& reader, MessageType type) {
    Vote vote;
    vote.type = type;
    vote.view = reader.le<View>();
    vote.height = reader.le<Sequence>();
    vote.digest = BlockHash{reader.hash()};
    vote.validator = reader.le<ValidatorIndex>();
    vote.signature = read_signature(reader);
    return vote;
}

void write_prepared(Writer& writer, const PreparedCertificate& certificate) {
    writer.le(certificate.view)
        .le(certificate.height)
        .hash(certificate.digest)
        .bytes(certificate.pre_prepare);
    write_endorsements(writer, certificate.prepares);
}

PreparedCertificate read_prepared(Reader& reader) {
    PreparedCertificate certificate;
    certificate.view = reader.le<View>();
    certificate.height = reader.le<Sequence>();
    certificate.digest = BlockHash{reader.hash()};
    certificate.pre_prepare = read_signature(reader);
    certificate.prepares = read_endorsements(reader);
    return certificate;
}

Bytes encode_seal(const CommitCertificate& certificate) {
    Writer writer;
    writer.u8(kMessageVersion).le(certificate.view);
    write_endorsements(writer, certificate.commits);
    return writer.take();
}

std::optional<CommitCertificate> decode_seal(ByteSpan seal) {
    if (seal.size() > kSealSizeMax) return std::nullopt;
    Reader reader(seal);
    if (reader.u8() != kMessageVersion) return std::nullopt;
    CommitCertificate certificate;
    certificate.view = reader.le<View>();
    certificate.commits = read_endorsements(reader);
    if (!reader.done()) return std::nullopt;
    return certificate;
}

}  // namespace parley::pbft
