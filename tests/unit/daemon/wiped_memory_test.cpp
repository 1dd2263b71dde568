// Freed memory: overwritten by threads that handle secrets, and only by these.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <string>
#include <thread>

#include "node/daemon/system/wiped_memory.h"

namespace parley::test {
namespace {

constexpr size_t kBlockBytes = 1000;
constexpr size_t kAllocatorBytes = 32;  // at the start of a freed block the allocator keeps notes
constexpr unsigned char kMark = 0xa5;

/// How many marks of a freed block are found when malloc gives the same block out again; -1: it
/// gave another one.
int marks_left_after_free() {
    auto* const block = static_cast<unsigned char*>(::operator new(kBlockBytes));
    std::memset(block, kMark, kBlockBytes);
    const auto address = reinterpret_cast<uintptr_t>(block);
    ::operator delete(block);
    void* const again = std::malloc(kBlockBytes);
    int marks = -1;
    if (reinterpret_cast<uintptr_t>(again) == address) {
        const auto* const bytes = static_cast<const volatile unsigned char*>(again);
        marks = 0;
        for (size_t i = kAllocatorBytes; i < kBlockBytes; ++i) marks += bytes[i] == kMark ? 1 : 0;
    }
    std::free(again);
    return marks;
}

class WipedMemoryTest : public testing::Test {
 protected:
    void SetUp() override {
        const WipedMemory wiped;
        if (!WipedMemory::active()) GTEST_SKIP() << "a sanitizer's operator delete is in place";
    }
};

TEST_F(WipedMemoryTest, thread_that_handles_secrets_overwrites_what_it_frees) {
    const WipedMemory wiped;
    EXPECT_EQ(marks_left_after_free(), 0);
}

TEST_F(WipedMemoryTest, other_threads_do_not_pay_for_it) {
    const WipedMemory wiped;
    int marks = -1;
    std::thread([&] { marks = marks_left_after_free(); }).join();
    EXPECT_EQ(marks, static_cast<int>(kBlockBytes - kAllocatorBytes));
}

TEST_F(WipedMemoryTest, scopes_nest_and_end) {
    {
        const WipedMemory outer;
        { const WipedMemory inner; }
        EXPECT_TRUE(WipedMemory::active());
    }
    EXPECT_FALSE(WipedMemory::active());
    EXPECT_EQ(marks_left_after_free(), static_cast<int>(kBlockBytes - kAllocatorBytes));
}

}  // namespace
}  // namespace parley::test
