// VoteLog: what a replica must not forget, because it signed it. It holds the key, so that nothing
// is signed elsewhere. The record of a statement goes to the disk in the step that signs it, before
// the signature may leave (record() returns the token for that); after a crash the replica knows
// every statement it may have made, and sends the same bytes again or none. It does not decide what
// to sign (decision.h, view_changer.h). Core thread only.
//
// Keys, all below kEngineKeyPrefix 'E': "Es" the state, "En" the new-view that started the current
// view, "Eb" + digest a block that was prepared (so that it can be proposed again). Each value ends
// with the SHA-256 of what stands before it: a damaged record is an error, never an empty one.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/crypto/keys.h"
#include "base/storage/storage.h"
#include "consensus/pbft/certificate.h"
#include "consensus/pbft/step.h"

namespace parley::pbft {

struct VoteState {
    View view = 0;
    bool active = true;  ///< false: its view-change to `view` is out, the new-view is not in
    std::optional<Vote> accepted;  ///< the pre-prepare that this replica made or answered last
    std::optional<Vote> prepare;   ///< its own last prepare
    std::optional<Vote> commit;    ///< its own last commit
    /// The last certificate that made it commit. Obsolete once that height is final.
    std::optional<PreparedCertificate> prepared;
    std::optional<ViewChange> view_change;  ///< its own, to `view`, while not active
    std::optional<NewView> new_view;        ///< that started `view`; empty in view 0

    /// The highest height that it voted on: it must not vote below, whatever became of the chain.
    Sequence vote_floor() const;

    bool operator==(const VoteState&) const = default;
};

class VoteLog {
 public:
    using Bodies = std::map<BlockHash, BlockRef>;

    /// The state at the first start. Without a key, nothing is ever signed or recorded.
    VoteLog(ValidatorIndex self, std::optional<SecretKey> key, const Authenticator& authenticator);

    /// What an earlier run left. The error is a sentence.
    static Expected<VoteLog, std::string> load(const Storage& storage, ValidatorIndex self,
                                               std::optional<SecretKey> key,
                                               const Authenticator& authenticator);

    VoteState state;

    /// Blocks that the record named when it was loaded.
    const Bodies& restored_bodies() const { return restored_; }

    /// REQUIRES: there is a key. What is signed must be in `state` before the next record().
    Signature sign(const Hash256& message);

    /// Makes `state` durable, with the blocks that it names above `final_height` as far as `bodies`
    /// has them; other blocks are erased.
    [[nodiscard]] Recorded record(const Bodies& bodies, Sequence final_height, Step& step);

    /// For what is sent again, and for what others have signed. REQUIRES: nothing was signed since
    /// the last record().
    Recorded recorded() const;

 private:
    WriteBatch save(const Bodies& bodies, Sequence final_height);
    std::optional<std::string> read_state(ByteSpan record);

    ValidatorIndex self_;
    std::optional<SecretKey> key_;
    bool unrecorded_ = false;  ///< something was signed since the last record()
    const Authenticator* authenticator_;
    Bodies restored_;
    std::set<BlockHash> stored_;           ///< bodies on the disk
    std::optional<View> stored_new_view_;  ///< view of the new-view on the disk
};

}  // namespace parley::pbft
