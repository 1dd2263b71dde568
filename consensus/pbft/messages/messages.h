// The messages between replicas and their encoding (Castro & Liskov, sections 4.2 to 4.4). Format
// only: signatures and proofs are verified in certificate.h and view_change.h. Called by the engine
// and by fuzz targets. Pure functions; thread-safe.
//
// Every message starts with {u8 version = 1, u8 type, 4 bytes network tag}. Integers are
// little-endian, and lists start with a CompactSize count. Types from 16 upwards are reserved for
// checkpoints, evidence and receipts.
//
//   vote       view u64, height u64, digest 32, validator u16, signature 64
//   1 pre-prepare  vote, then the block (or nothing: the receiver asks for it with fetch)
//   2 prepare, 3 commit  vote
//   4 view-change  view u64, validator u16, last finalised {height u64, digest 32, seal var},
//                  count 0 or 1 of prepared certificates, signature 64
//   5 new-view     view u64, validator u16, list of view-changes (var), count 0 or 1 of
//                  re-proposals {height u64, digest 32, pre-prepare signature 64}, signature 64
//   6 status       see struct Status; not signed
//   7 fetch        digest 32
//   8 body         block
//
// One height is in flight at a time, so a view-change has at most one prepared certificate, a
// new-view re-proposes at most one block, and there are no gaps between heights to fill with null
// requests.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "base/serialize.h"
#include "chain/primitives/block.h"
#include "consensus/pbft/messages/types.h"

namespace parley::pbft {

inline constexpr uint8_t kMessageVersion = 1;

enum class MessageType : uint8_t {
    pre_prepare = 1,
    prepare = 2,
    commit = 3,
    view_change = 4,
    new_view = 5,
    status = 6,
    fetch = 7,
    body = 8,
};

/// The first bytes of the hash of chain and validator set. A message of another network is rejected
/// before anything else is decoded.
using NetworkTag = std::array<uint8_t, 4>;

/// A signed statement about a digest: pre-prepare, prepare or commit.
struct Vote {
    MessageType type = MessageType::prepare;
    View view = 0;
    Sequence height = 0;
    BlockHash digest;
    ValidatorIndex validator = 0;
    Signature signature{};

    bool operator==(const Vote&) const = default;
};

/// One signature of a proof; the signed statement stands beside the list.
struct Endorsement {
    ValidatorIndex validator = 0;
    Signature signature{};

    bool operator==(const Endorsement&) const = default;
};

/// A quorum of commits in one view: {u8 version, u64 view, list of {u16, 64}}. Height and digest
/// are those of the block it belongs to. Its encoding is the block's seal.
struct CommitCertificate {
    View view = 0;
    std::vector<Endorsement> commits;

    bool operator==(const CommitCertificate&) const = default;
};

/// A pre-prepare and matching prepares of backups that together form a quorum.
struct PreparedCertificate {
    View view = 0;
    Sequence height = 0;
    BlockHash digest;
    Signature pre_prepare{};
    std::vector<Endorsement> prepares;

    bool operator==(const PreparedCertificate&) const = default;
};

/// A finalised block and its proof. At height 0 the genesis block, without a seal.
struct FinalPoint {
    Sequence height = 0;
    BlockHash digest;
    Bytes seal;

    bool operator==(const FinalPoint&) const = default;
};

struct PrePrepare {
    Vote vote;
    ByteSpan block;  ///< borrows from the message; parsed only after the signature was verified
};

struct ViewChange {
    View view = 0;
    ValidatorIndex validator = 0;
    FinalPoint final_point;
    std::optional<PreparedCertificate> prepared;
    Signature signature{};

    bool operator==(const ViewChange&) const = default;
};

/// An element of O (section 4.4): the new primary's pre-prepare for a block that may have
/// committed.
struct Reproposal {
    Sequence height = 0;
    BlockHash digest;
    Signature signature{};

    bool operator==(const Reproposal&) const = default;
};

struct NewView {
    View view = 0;
    ValidatorIndex validator = 0;
    std::vector<ViewChange> view_changes;
    std::optional<Reproposal> reproposal;
    Signature signature{};

    bool operator==(const NewView&) const = default;
};

/// The sender's state, so that others can send what it lacks. A hint, except for the seal.
struct Status {
    View view = 0;
    bool active = true;  ///< false: waiting for this view's new-view
    bool votes = false;  ///< false: a follower, of which only final_point is meaningful
    FinalPoint final_point;
    BlockHash proposal;  ///< accepted in this view at the next height; zero: none
    Bytes prepares;      ///< bit i (of byte i / 8): has validator i's prepare for that proposal
    Bytes commits;       ///< the same for commits
    Bytes view_changes;  ///< the same for view-changes to this view
    bool operator==(const Status&) const = default;
};

struct Fetch {
    BlockHash digest;
};

struct Body {
    ByteSpan block;  ///< borrows from the message
};

using Message = std::variant<PrePrepare, Vote, ViewChange, NewView, Status, Fetch, Body>;

enum class DecodeError : uint8_t { too_large, version, network, type, malformed };
std::string_view to_string(DecodeError error);

/// Every length is checked before memory is allocated. The result may borrow from `bytes`.
Expected<Message, DecodeError> decode_message(ByteSpan bytes, const NetworkTag& network);

Bytes encode_vote(const Vote& vote, const NetworkTag& network);  ///< prepare or commit
/// `block` is the serialised block, or empty.
Bytes encode_pre_prepare(const Vote& vote, ByteSpan block, const NetworkTag& network);
Bytes encode_view_change(const ViewChange& view_change, const NetworkTag& network);
Bytes encode_new_view(const NewView& new_view, const NetworkTag& network);
Bytes encode_status(const Status& status, const NetworkTag& network);
Bytes encode_fetch(const Fetch& fetch, const NetworkTag& network);
Bytes encode_body(ByteSpan block, const NetworkTag& network);

/// The digest that a view-change's or new-view's signature covers: of all fields except the
/// signature.
Hash256 content_digest(const ViewChange& view_change);
Hash256 content_digest(const NewView& new_view);

/// Encodings that the vote log shares.
void write_vote(Writer& writer, const Vote& vote);
Vote read_vote(Reader& reader, MessageType type);
void write_prepared(Writer& writer, const PreparedCertificate& certificate);
PreparedCertificate read_prepared(Reader& reader);

Bytes encode_seal(const CommitCertificate& certificate);
/// Empty: another version, truncated, trailing bytes, or more endorsements than a set can have.
std::optional<CommitCertificate> decode_seal(ByteSpan seal);

}  // namespace parley::pbft
