// The small types of base: strong numbers, time values, Expected, CHECK, log.
#include <gtest/gtest.h>

#include <unordered_set>
#include <vector>

#include "base/check.h"
#include "base/expected.h"
#include "base/log.h"
#include "base/strong.h"
#include "base/time.h"

namespace parley {
namespace {

using Apples = Strong<struct ApplesTag, int32_t>;
using Pears = Strong<struct PearsTag, int32_t>;

TEST(StrongTest, numbers_of_different_meaning_do_not_mix) {
    static_assert(!std::is_convertible_v<Apples, Pears>);
    static_assert(!std::is_convertible_v<int32_t, Apples>);
    static_assert(!std::is_convertible_v<Apples, int32_t>);
    static_assert(sizeof(Apples) == sizeof(int32_t));
    EXPECT_EQ(Apples{}.value(), 0);
}

TEST(StrongTest, arithmetic_keeps_the_meaning) {
    Apples apples{3};
    EXPECT_EQ((++apples).value(), 4);
    EXPECT_EQ((--apples).value(), 3);
    EXPECT_EQ(apples + 2, Apples{5});
    EXPECT_EQ(apples - 2, Apples{1});
    EXPECT_EQ(Apples{5} - Apples{7}, -2);
    EXPECT_LT(Apples{-1}, Apples{0});
    EXPECT_EQ((std::unordered_set<Apples>{Apples{1}, Apples{1}, Apples{2}}).size(), 2u);
}

TEST(TimeTest, unix_seconds_round_down_on_both_sides_of_the_epoch) {
    EXPECT_EQ(to_unix_seconds(from_unix_seconds(1'231'006'505)), 1'231'006'505);
    EXPECT_EQ(to_unix_seconds(from_unix_seconds(7) + std::chrono::microseconds{999'999}), 7);
    EXPECT_EQ(to_unix_seconds(from_unix_seconds(0) - std::chrono::microseconds{1}), -1);
    EXPECT_LT(from_unix_seconds(4'294'967'295), kNever) << "the last time a header can hold";
}

enum class Failure : uint8_t { small, large };
Expected<int, Failure> half(int number) {
    if (number % 2 != 0) return Unexpected(number < 10 ? Failure::small : Failure::large);
    return number / 2;
}
Expected<void, Failure> must_be_even(int number) {
    if (number % 2 != 0) return Unexpected(Failure::small);
    return {};
}

TEST(ExpectedTest, holds_a_value_or_an_error) {
    EXPECT_EQ(half(8).value(), 4);
    EXPECT_EQ(half(7).error(), Failure::small);
    EXPECT_EQ(half(77).error(), Failure::large);
    EXPECT_TRUE(must_be_even(2).has_value());
    EXPECT_FALSE(must_be_even(3));
}

TEST(CheckDeathTest, false_condition_names_itself_and_its_place) {
    EXPECT_DEATH(CHECK(1 + 1 == 3), "vocabulary_test.cpp:[0-9]+: CHECK failed: 1 \\+ 1 == 3");
}

TEST(CheckTest, true_condition_is_evaluated_once) {
    int evaluated = 0;
    CHECK(++evaluated == 1);
    EXPECT_EQ(evaluated, 1);
}

// Keeps the lines of one category.
class RecordingLog final : public LogSink {
 public:
    bool enabled(LogCategory category, LogLevel) const override {
        return category == LogCategory::net;
    }
    void write(LogCategory, LogLevel level, std::string_view line) override {
        lines_.emplace_back(level, line);
    }
    const auto& lines() const { return lines_; }

 private:
    std::vector<std::pair<LogLevel, std::string>> lines_;
};

TEST(LogTest, lines_are_formatted_for_enabled_categories_only) {
    RecordingLog log;
    log.debug(LogCategory::net, "peer {} sent {} bytes", 7, 80);
    log.info(LogCategory::mempool, "not wanted");
    log.warning(LogCategory::net, "slow");
    log.error(LogCategory::net, "{}", "gone");
    ASSERT_EQ(log.lines().size(), 3u);
    EXPECT_EQ(log.lines()[0], (std::pair{LogLevel::debug, std::string{"peer 7 sent 80 bytes"}}));
    EXPECT_EQ(log.lines()[1], (std::pair{LogLevel::warning, std::string{"slow"}}));
    EXPECT_EQ(log.lines()[2], (std::pair{LogLevel::error, std::string{"gone"}}));
}

TEST(LogTest, categories_have_the_names_of_the_debug_option) {
    EXPECT_EQ(to_string(LogCategory::general), "");
    EXPECT_EQ(to_string(LogCategory::net), "net");
    EXPECT_EQ(to_string(LogCategory::http), "http");
    EXPECT_EQ(to_string(LogCategory::rpc), "rpc");
    EXPECT_EQ(to_string(LogCategory::wallet), "walletdb");
    EXPECT_EQ(to_string(LogCategory::storage), "leveldb");
}

}  // namespace
}  // namespace parley
