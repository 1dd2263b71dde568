// A replica crashes at any point: before and after each durable write, and before and after each
// single send. It signs nothing twice, and all go on when it is back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "tests/unit/consensus/pbft/cluster.h"

namespace parley::pbft::testing {
namespace {

using Node = Cluster::Node;
using ::testing::IsEmpty;

/// Three heights, with a change of view at the second one: its block is prepared in view 0 and
/// decided in view 1, and validator 3 has to fetch it. The victim restarts a second after its
/// crash. Cluster checks each signature.
class CrashRun {
 public:
    enum class Record : bool { kept, lost };

    explicit CrashRun(Node victim, Record record = Record::kept)
        : victim_(victim), record_(record) {
        cluster.run_for(seconds{1});
        cluster.filter = [this](Node from, Node to, ByteSpan message) {
            return (from != victim_ || may_send(message)) && !loses(to, message);
        };
    }
    virtual ~CrashRun() = default;

    /// Whether all heights were decided, and no rule was broken.
    bool run() {
        for (size_t height = 1; height <= 3; ++height) {
            height_ = height;
            cluster.submit();
            if (!decided(height)) return false;
        }
        return cluster.violations().empty();
    }
    bool crashed() const { return crashed_; }
    bool halted() const { return cluster.info(victim_, "halted") != "null"; }

 protected:
    /// False: the victim crashes before it sends this.
    virtual bool may_send(ByteSpan /*message*/) { return true; }
    /// Asked after every event.
    virtual bool is_crashing() { return !cluster.up(victim_); }

    Cluster cluster{
        {.delay = milliseconds{50}, .jitter = milliseconds{30}, .write_time = milliseconds{10}}};

 private:
    bool loses(Node to, ByteSpan message) const {
        const bool first_view = message[6] == 0;
        const auto type = static_cast<MessageType>(message[1]);
        return height_ == 2 && first_view &&
               (type == MessageType::commit || (type == MessageType::pre_prepare && to == 3));
    }
    bool decided(size_t height) {
        return cluster.run_until(
            [&] {
                if (is_crashing()) restart();
                return cluster.lowest_height(kAll) >= height;
            },
            seconds{60});
    }
    void restart() {
        crashed_ = true;
        if (cluster.up(victim_)) cluster.world().crash(victim_, sim::Crash::power_cut);
        if (record_ == Record::lost) cluster.world().wipe(victim_);
        cluster.run_for(seconds{1});
        cluster.start(victim_);
    }

    const Node victim_;
    const Record record_;
    size_t height_ = 0;
    bool crashed_ = false;
};

class CrashAtWrite final : public CrashRun {
 public:
    CrashAtWrite(Node victim, size_t write, sim::CommitPoint point) : CrashRun(victim) {
        cluster.world().crash_at_commit(victim, write, point);
    }
};

/// The victim loses its power after so many sends, each of one message to one peer: also between
/// two sends of one step, of which all are recorded by then.
class CrashAfterSends final : public CrashRun {
 public:
    CrashAfterSends(Node victim, size_t sends, Record record = Record::kept)
        : CrashRun(victim, record), left_(sends + 1) {}

    /// What it would have sent next.
    MessageType next() const { return next_; }

 private:
    bool may_send(ByteSpan message) override {
        if (left_ > 0 && --left_ == 0) {
            crashing_ = true;
            next_ = static_cast<MessageType>(message[1]);
        }
        return !crashing_;
    }
    bool is_crashing() override { return std::exchange(crashing_, false); }

    size_t left_;
    bool crashing_ = false;
    MessageType next_{};
};

TEST(Crash, at_every_write_never_signs_twice_and_recovers) {
    size_t crashes = 0;
    for (const auto point : {sim::CommitPoint::unfinished, sim::CommitPoint::synced}) {
        for (const Node victim : {0U, 1U, 2U}) {
            for (size_t write = 1;; ++write) {
                CrashAtWrite crash(victim, write, point);
                ASSERT_TRUE(crash.run()) << "victim " << victim << " write " << write;
                if (!crash.crashed()) break;
                ++crashes;
            }
        }
    }
    EXPECT_GE(crashes, 36U);  // at least six writes each
}

class CrashOf : public ::testing::TestWithParam<Node> {};

TEST_P(CrashOf, one_after_every_single_send_never_signs_twice_and_recovers) {
    const Node victim = GetParam();
    std::map<MessageType, size_t> crashes;  // before a message of this type
    for (size_t sends = 0;; ++sends) {
        CrashAfterSends crash(victim, sends);
        ASSERT_TRUE(crash.run()) << "after " << sends << " sends";
        if (!crash.crashed()) break;
        ++crashes[crash.next()];
    }
    const auto covered = [&](MessageType type) { return crashes[type] > 0; };
    EXPECT_TRUE(covered(MessageType::commit));
    EXPECT_TRUE(covered(MessageType::view_change));
    EXPECT_TRUE(covered(MessageType::status));
    EXPECT_TRUE(covered(MessageType::pre_prepare) || victim != 0);
    EXPECT_TRUE(covered(MessageType::prepare) || victim == 0);
    EXPECT_TRUE(covered(MessageType::new_view) || victim != 1);
    EXPECT_TRUE(covered(MessageType::fetch) || victim != 3);
}

INSTANTIATE_TEST_SUITE_P(victims, CrashOf, ::testing::Values(0U, 1U, 2U, 3U));

// The negative control: a primary that comes back without its record signs twice, or hears from
// others what it has forgotten, and stops.
TEST(Crash, without_its_record_is_noticed) {
    size_t noticed = 0;
    for (size_t sends = 1; sends <= 12; ++sends) {
        CrashAfterSends crash(0, sends, CrashAfterSends::Record::lost);
        noticed += crash.run() && !crash.halted() ? 0 : 1;
        EXPECT_TRUE(crash.crashed());
    }
    EXPECT_GT(noticed, 0U);
}

}  // namespace
}  // namespace parley::pbft::testing
