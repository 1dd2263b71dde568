#include "node/host/effect_runner.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace parley {
namespace {

using Lines = std::vector<std::string>;

class EffectRunnerTest : public testing::Test {
 protected:
    static Effect send(uint64_t peer, uint64_t after = 0) {
        return effect::Send{PeerId{peer}, nullptr, false, CommitId{after}};
    }
    static Effect close(uint64_t peer) { return effect::Close{PeerId{peer}}; }
    static Effect complete(uint64_t id, uint64_t after) {
        return effect::Complete{id, CommitId{after}};
    }
    static Effect synced(uint64_t commit) {
        return effect::Persist{CommitId{commit}, Durability::synced};
    }
    static Effect written(uint64_t commit) {
        return effect::Persist{CommitId{commit}, Durability::written};
    }
    void reached(uint64_t commit) { runner_.reached(CommitId{commit}); }
    /// The effects carried out since the last call.
    Lines out() { return std::exchange(out_, {}); }

    void carry_out(const Effect& effect) {
        if (const auto* send = std::get_if<effect::Send>(&effect)) {
            out_.push_back("send " + std::to_string(send->peer.value()));
        } else if (const auto* close = std::get_if<effect::Close>(&effect)) {
            out_.push_back("close " + std::to_string(close->peer.value()));
        } else if (const auto* complete = std::get_if<effect::Complete>(&effect)) {
            out_.push_back("complete " + std::to_string(complete->id));
        } else {
            out_.push_back("other");
        }
    }

    Lines out_;
    std::vector<std::pair<Durability, uint64_t>> barriers_;
    EffectRunner runner_{[this](Durability durability, CommitId commit) {
                             barriers_.emplace_back(durability, commit.value());
                         },
                         [this](Effect&& effect) { carry_out(effect); }};
};

TEST_F(EffectRunnerTest, run_without_persist_carries_out_at_once) {
    runner_.run({send(1), close(2), effect::StopSearch{}});
    EXPECT_EQ(out(), (Lines{"send 1", "close 2", "other"}));
    EXPECT_TRUE(runner_.idle());
}

TEST_F(EffectRunnerTest, run_starts_a_barrier_for_each_persist) {
    runner_.run({synced(3), send(1), written(5)});
    runner_.run({written(6)});
    EXPECT_EQ(barriers_,
              (std::vector<std::pair<Durability, uint64_t>>{
                  {Durability::synced, 3}, {Durability::written, 5}, {Durability::written, 6}}));
}

TEST_F(EffectRunnerTest, run_holds_exactly_what_waits_for_a_commit) {
    runner_.run({synced(1), send(1, 1), send(2), effect::StopSearch{}});
    EXPECT_EQ(out(), (Lines{"send 2", "other"}));
    // In later steps too.
    runner_.run({send(3)});
    EXPECT_EQ(out(), Lines{"send 3"});
    runner_.run({send(4, 1)});
    EXPECT_EQ(out(), Lines{});
    EXPECT_FALSE(runner_.idle());
    reached(1);
    EXPECT_EQ(out(), (Lines{"send 1", "send 4"}));
    EXPECT_TRUE(runner_.idle());
    runner_.run({send(5, 1)});
    EXPECT_EQ(out(), Lines{"send 5"});
}

TEST_F(EffectRunnerTest, reached_releases_the_earlier_commit_alone) {
    runner_.run({written(1), send(1, 1), synced(2), send(2, 2), send(3, 1)});
    reached(1);
    EXPECT_EQ(out(), (Lines{"send 1", "send 3"}));
    reached(2);
    EXPECT_EQ(out(), Lines{"send 2"});
}

TEST_F(EffectRunnerTest, reached_passes_over_commits_without_a_persist_of_their_own) {
    runner_.run({synced(3), send(1, 2), send(2, 3)});
    reached(3);
    EXPECT_EQ(out(), (Lines{"send 1", "send 2"}));
}

TEST_F(EffectRunnerTest, run_keeps_the_order_of_what_goes_to_one_peer) {
    runner_.run({synced(1), send(1, 1), send(1), close(1), send(2)});
    EXPECT_EQ(out(), Lines{"send 2"});
    runner_.run({synced(2), send(1, 2), send(3, 2)});
    reached(1);
    EXPECT_EQ(out(), (Lines{"send 1", "send 1", "close 1"}));
    // Must wait for the second record, regardless of its own commit.
    runner_.run({send(1, 1), send(4, 1)});
    EXPECT_EQ(out(), Lines{"send 4"});
    reached(2);
    EXPECT_EQ(out(), (Lines{"send 1", "send 3", "send 1"}));
    runner_.run({send(1)});
    EXPECT_EQ(out(), Lines{"send 1"});
}

TEST_F(EffectRunnerTest, completes_of_later_steps_wait_for_the_earlier_commits) {
    runner_.run({synced(1), complete(1, 1)});
    runner_.run({complete(2, 1)});
    runner_.run({written(2), complete(3, 2)});
    EXPECT_EQ(out(), Lines{});
    reached(1);
    EXPECT_EQ(out(), (Lines{"complete 1", "complete 2"}));
    reached(2);
    EXPECT_EQ(out(), Lines{"complete 3"});
}

TEST_F(EffectRunnerTest, reached_during_start_barrier_holds_nothing) {
    EffectRunner* running = nullptr;
    EffectRunner runner{[&](Durability, CommitId commit) { running->reached(commit); },
                        [this](Effect&& effect) { carry_out(effect); }};
    running = &runner;
    runner.run({written(1), send(1, 1)});
    EXPECT_EQ(out(), Lines{"send 1"});
    EXPECT_TRUE(runner.idle());
}

TEST_F(EffectRunnerTest, effect_that_names_a_commit_before_its_persist_is_a_bug) {
    EXPECT_DEATH(runner_.run({send(1, 1)}), "");
}

}  // namespace
}  // namespace parley
