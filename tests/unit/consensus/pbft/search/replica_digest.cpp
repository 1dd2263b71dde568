#include "tests/unit/consensus/pbft/search/replica_digest.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "base/check.h"
#include "base/crypto/sha256.h"

namespace parley::pbft {

/// A friend of the replica's parts.
class ReplicaDigest {
 public:
    ReplicaDigest(const Replica& replica, TimePoint now)
        : replica_(replica), network_(replica.setup_.network()), now_(now) {}

    Writer write() {
        write_state(replica_.vote_log_.state);
        write_decision(*replica_.decision_);
        write_views(replica_.views_);
        write_repair(replica_.repair_);
        out_.le(static_cast<uint64_t>(replica_.demand_.transactions));
        CHECK(replica_.censorship_.empty());  // no transaction is named
        return std::move(out_);
    }

 private:
    template <class T, class Write>
    void optional(const std::optional<T>& value, Write write) {
        out_.u8(value ? 1 : 0);
        if (value) write(*value);
    }
    void hash(const std::optional<BlockHash>& value) {
        optional(value, [this](const BlockHash& digest) { out_.hash(digest); });
    }
    /// Hours away are as good as never: no run takes that long.
    void time(const std::optional<TimePoint>& value) {
        constexpr auto kFar = std::chrono::hours{1};
        optional(value, [&](TimePoint at) {
            const bool far = at - now_ > kFar || now_ - at > kFar;
            out_.le(far ? int64_t{-1} : int64_t{(at - now_).count()});
        });
    }
    /// The start of a wait that is over after `length`.
    void wait(TimePoint since, Duration length) {
        const bool over = since == TimePoint::min() || now_ >= since + length;
        out_.le(over ? int64_t{0} : int64_t{(since + length - now_).count()});
    }
    void vote(const std::optional<Vote>& value) {
        optional(value, [this](const Vote& each) { write_vote(out_, each); });
    }
    void view_change(const std::optional<ViewChange>& value) {
        optional(value, [this](const ViewChange& each) {
            out_.var_bytes(encode_view_change(each, network_));
        });
    }
    void new_view(const std::optional<NewView>& value) {
        optional(value,
                 [this](const NewView& each) { out_.var_bytes(encode_new_view(each, network_)); });
    }

    void write_state(const VoteState& state) {
        out_.le(state.view).u8(state.active ? 1 : 0);
        vote(state.accepted);
        vote(state.prepare);
        vote(state.commit);
        optional(state.prepared,
                 [this](const PreparedCertificate& each) { write_prepared(out_, each); });
        view_change(state.view_change);
        new_view(state.new_view);
    }

    void write_decision(const Decision& decision) {
        CHECK(replica_.setup_.options.empty_block_period == Duration::zero());
        out_.le(decision.final_.height).hash(decision.final_.digest);
        out_.var_bytes(decision.final_.seal);
        for (const auto& [height, validators] : decision.book_.heights_) {
            out_.le(height);
            for (const auto& slots : validators) {
                for (const auto& slot : slots) vote(slot);
            }
        }
        out_.compact_size(decision.bodies_.size());
        for (const auto& [digest, body] : decision.bodies_)
            out_.hash(digest).le(body.from.value()).u8(body.valid ? 1 : 0).le(body.view);
        out_.compact_size(decision.unusable_.size());
        for (const BlockHash& digest : decision.unusable_) out_.hash(digest);
        for (const auto& [digest, peers] : decision.refused_) {
            out_.hash(digest).compact_size(peers.size());
            for (const PeerId peer : peers) out_.le(peer.value());
        }
        hash(decision.checking_);
        hash(decision.building_);
        hash(decision.published_);
        out_.u8(decision.nothing_to_build_ ? 1 : 0);
    }

    void write_views(const ViewChanger& views) {
        out_.le(views.known_.final_height_);
        for (const auto& slot : views.known_.slots_) view_change(slot);
        new_view(views.early_);
        out_.le(uint64_t{views.timer_.unsuccessful_views_}).u8(views.timer_.restarted_ ? 1 : 0);
        time(views.timer_.deadline_);
    }

    void write_repair(const Repair& repair) {
        const Duration retry = replica_.setup_.retry_interval();
        for (const auto& [peer, state] : repair.peers_) {
            out_.le(peer.value()).le(state.final_height);
            wait(state.answered_at, retry / 4);
            wait(state.body_sent_at, retry / 4);
            // Who was asked longest ago is asked next, so its age counts beyond the wait.
            time(state.catch_up_at == TimePoint::min() ? std::nullopt
                                                       : std::optional(state.catch_up_at));
        }
        out_.le(repair.fetch_cursor_.value());
        optional(repair.certified_, [this](const FinalPoint& point) {
            out_.le(point.height).hash(point.digest).var_bytes(point.seal);
        });
        hash(repair.wanted_);
        time(repair.fetch_at_);
        time(repair.repeat_at_);
        time(repair.idle_status_at_);
        out_.u8(repair.heard_from_beyond_ ? 1 : 0);
    }

    const Replica& replica_;
    const NetworkTag& network_;
    const TimePoint now_;
    Writer out_{4096};
};

}  // namespace parley::pbft

namespace parley::pbft::testing {

Hash256 digest_of(const Replica& replica, const Storage& storage, TimePoint now) {
    Writer out = ReplicaDigest(replica, now).write();
    const auto scanned = storage.scan(Bytes{kEngineKeyPrefix}, [&](ByteSpan key, ByteSpan value) {
        // A record ends with its own checksum, and is long.
        out.var_bytes(key).bytes(value.last(std::min<size_t>(value.size(), Hash256::kSize)));
        return true;
    });
    CHECK(scanned);
    return sha256(out.data());
}

}  // namespace parley::pbft::testing
