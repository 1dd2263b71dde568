// CensorshipWatch: whether the primary ignores a transaction that it should have ordered. A replica
// complains about such a primary by leaving its view (ViewChanger::Cause::censorship); the view
// changes when f + 1 validators have left it, so one replica's complaint changes nothing.
//
// A primary that chooses by fee rate leaves out an old transaction while its blocks are full. It
// ignores one if `kBlocksMin` blocks that had room for it were decided without it, and the
// transaction was waiting here all that time, which is long enough for it to reach the primary.
//
// There may be an innocent reason that this replica does not see: another fee policy, or a block
// without room for more signature operations. So the wait doubles with each complaint about the
// same transaction, and it cannot rotate views for ever.
//
// Memory: at most `kWatchedMax` transactions, the oldest. Owned by the replica; core thread only.
#pragma once

#include <optional>
#include <vector>

#include "base/time.h"
#include "chain/primitives/block.h"
#include "consensus/engine.h"
#include "consensus/pbft/messages/types.h"

namespace parley::pbft {

class CensorshipWatch {
 public:
    static constexpr size_t kWatchedMax = 16;
    /// More than one: the first block of a view may be re-proposed from an earlier view, and the
    /// second one may have been built just before the transaction arrived.
    static constexpr unsigned kBlocksMin = 3;
    /// A transaction takes some hundred milliseconds to every validator, also if the base timeout
    /// is shorter.
    static constexpr Duration kWaitMin = std::chrono::seconds{1};

    struct Complaint {
        Txid txid;
        unsigned blocks = 0;  ///< that had room for the transaction
        TimePoint until{};    ///< when the complaint is over, unless the view changed before
    };

    explicit CensorshipWatch(Duration base_timeout);

    /// These wait now, the oldest first. All others are forgotten.
    void waiting(const std::vector<WaitingTransaction>& oldest, TimePoint now);
    /// The block became final.
    void decided(const Block& block);
    /// The replica takes part in this view. A new primary is innocent, and starts with a count of
    /// zero.
    void in_view(View view, TimePoint now);
    /// The complaint that lasts, or a new one if a transaction has been ignored; empty: none. A
    /// complaint lasts for one wait, because the replicas do not all notice at the same height, and
    /// one that left a view alone is back at the next height.
    const std::optional<Complaint>& complain(TimePoint now);
    /// The last result of complain(), for reports.
    const std::optional<Complaint>& complaint() const { return complaint_; }
    bool empty() const { return watched_.empty() && !complaint_; }

 private:
    struct Watched {
        WaitingTransaction transaction;
        TimePoint since{};        ///< waits for the current primary since then
        unsigned blocks = 0;      ///< of the current primary, with room for it
        unsigned complaints = 0;  ///< so far
    };
    bool is_ignored(const Watched& watched, TimePoint now) const;

    const Duration wait_;
    std::vector<Watched> watched_;  ///< oldest first
    std::optional<Complaint> complaint_;
    std::optional<View> view_;
};

}  // namespace parley::pbft
