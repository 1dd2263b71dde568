// VoteLog: everything a replica has signed and must not forget. It owns the key, so nothing is
// signed elsewhere. A statement is recorded durably in the step that signs it, before the signature
// may leave the node (record() returns the token required for that). After a crash the replica
// therefore knows every statement it may have sent, and sends the same bytes again or none. It does
// not decide what to sign (decision.h, view_changer.h). Core thread only.
//
// Keys, all with the prefix kEngineKeyPrefix 'E': "Es": the state; "En": the new-view by which the
// current view was entered; "Eb" + digest: a valid block of the height in flight (so that it can be
// proposed again). Each value
// ends with the SHA-256 of the bytes before it: a damaged record is reported as an error, not
// treated as missing.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/crypto/keys.h"
#include "base/storage/storage.h"
#include "consensus/pbft/messages/certificate.h"
#include "consensus/pbft/step.h"

namespace parley::pbft {

struct VoteState {
    View view = 0;
    bool active = true;  ///< false: sent its view-change to `view`, waits for the new-view
    std::optional<Vote> accepted;  ///< the pre-prepare last sent or accepted
    std::optional<Vote> prepare;   ///< its last prepare
    std::optional<Vote> commit;    ///< its last commit
    /// The last certificate that let it commit. Obsolete once that height is final.
    std::optional<PreparedCertificate> prepared;
    std::optional<ViewChange> view_change;  ///< its own, for `view`, while not active
    /// The one by which it entered `view`; empty in view 0, and in a view that it joined because a
    /// block was decided in it.
    std::optional<NewView> new_view;

    /// The highest height that it voted on. It must never vote below, even if the chain was reset.
    Sequence vote_floor() const;
    /// Whether something that it signed binds it at this height: it voted there, or left a view.
    bool bound_at(Sequence height) const;

    bool operator==(const VoteState&) const = default;
};

class VoteLog {
 public:
    using Bodies = std::map<BlockHash, BlockRef>;

    /// The state of a first start. Without a key, nothing is ever signed or recorded.
    VoteLog(ValidatorIndex self, std::optional<SecretKey> key, const Authenticator& authenticator);

    /// Loads the records of an earlier run. The error is a sentence.
    static Expected<VoteLog, std::string> load(const Storage& storage, ValidatorIndex self,
                                               std::optional<SecretKey> key,
                                               const Authenticator& authenticator);

    VoteState state;

    /// Whether a record was loaded.
    bool found() const { return found_; }

    /// The blocks named by the loaded record.
    const Bodies& restored_bodies() const { return restored_; }

    /// REQUIRES: there is a key, and it has not halted. The signed statement must be in `state`
    /// before the next record().
    Signature sign(const Hash256& message);

    /// Another process has signed `what` with this key: nothing more is signed in this run. Returns
    /// whether that is news.
    bool halt(std::string_view what, Sequence height);
    /// The reason, in sentences for the operator; empty: it may sign.
    const std::optional<std::string>& halted() const { return halted_; }

    /// Makes `state` and the blocks in `bodies` durable. Erases other blocks, except those that
    /// `state` names above `final_height`.
    [[nodiscard]] Recorded record(const Bodies& bodies, Sequence final_height, Step& step);

    /// For sending again, and for messages signed by others. REQUIRES: nothing was signed since the
    /// last record().
    Recorded recorded() const;

 private:
    WriteBatch save(const Bodies& bodies, Sequence final_height);
    /// Sets has_new_view if the record "En" belongs to the state.
    std::optional<std::string> read_state(ByteSpan record, bool& has_new_view);

    ValidatorIndex self_;
    std::optional<SecretKey> key_;
    bool found_ = false;
    std::optional<std::string> halted_;
    bool unrecorded_ = false;  ///< something was signed since the last record()
    const Authenticator* authenticator_;
    Bodies restored_;
    std::set<BlockHash> stored_;           ///< digests of bodies on disk
    std::optional<View> stored_new_view_;  ///< view of the new-view on disk
};

}  // namespace parley::pbft
