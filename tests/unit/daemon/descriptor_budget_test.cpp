// How file descriptors are divided among stores, peers and clients.
#include "node/daemon/system/descriptor_budget.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdint>

namespace parley {
namespace {

TEST(DescriptorBudget, plenty_gives_what_is_wanted) {
    const auto budget = divide_descriptors(4096, {125, 256});
    ASSERT_TRUE(budget);
    EXPECT_EQ(budget->peers, 125u);
    EXPECT_EQ(budget->clients, 256u);
}

TEST(DescriptorBudget, connections_and_reserve_never_exceed_the_limit) {
    for (size_t available = 0; available < 700; ++available) {
        for (const DescriptorBudget wanted :
             {DescriptorBudget{125, 256}, {0, 256}, {10'000, 256}, {125, 0}, {3, 5}}) {
            const auto budget = divide_descriptors(available, wanted);
            if (!budget) {
                EXPECT_LT(available, 206u);
                continue;
            }
            EXPECT_LE(150 + 40 + budget->peers + budget->clients, available);
            EXPECT_LE(budget->peers, wanted.peers);
            EXPECT_LE(budget->clients, wanted.clients);
            EXPECT_GE(budget->clients, std::min<size_t>(wanted.clients, 16));
            if (150 + 40 + wanted.peers + wanted.clients > available) continue;
            EXPECT_EQ(budget->peers, wanted.peers);
            EXPECT_EQ(budget->clients, wanted.clients);
        }
    }
}

TEST(DescriptorBudget, scarce_descriptors_are_shared) {
    const auto budget = divide_descriptors(300, {125, 256});
    ASSERT_TRUE(budget);
    EXPECT_EQ(budget->clients, 16u + 31u);
    EXPECT_EQ(budget->peers, 63u);
}

TEST(DescriptorBudget, too_few_names_both_numbers) {
    const auto budget = divide_descriptors(205, {125, 256});
    ASSERT_FALSE(budget);
    EXPECT_EQ(budget.error(),
              "Not enough file descriptors available. 205 available, 206 required. Raise the limit "
              "(ulimit -n).");
}

TEST(DescriptorBudget, limit_is_raised_no_further_than_allowed) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit low = before;
    low.rlim_cur = 64;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
    EXPECT_EQ(raise_descriptor_limit(32), 64u);
    const size_t wanted = std::min<size_t>(before.rlim_max, 128);
    EXPECT_EQ(raise_descriptor_limit(128), wanted);
    EXPECT_LE(raise_descriptor_limit(SIZE_MAX), before.rlim_max);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace parley
