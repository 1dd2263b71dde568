#include "base/short_bytes.h"

#include <gtest/gtest.h>

#include <vector>

namespace parley {
namespace {

Bytes counted(size_t size) {
    Bytes bytes(size);
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(i + 1);
    return bytes;
}

TEST(ShortBytes, holds_what_it_was_given_inside_or_outside) {
    for (const size_t size :
         {size_t{0}, size_t{1}, size_t{35}, size_t{36}, size_t{37}, size_t{1000}}) {
        const Bytes bytes = counted(size);
        const ShortBytes value{bytes};
        EXPECT_EQ(to_bytes(value.span()), bytes);
        EXPECT_EQ(value.heap_bytes(), size > ShortBytes::kInside ? size : 0);
    }
}

TEST(ShortBytes, every_pair_of_lengths_can_be_assigned_and_compared) {
    for (const size_t a : {size_t{0}, size_t{5}, size_t{36}, size_t{37}, size_t{200}}) {
        for (const size_t b : {size_t{0}, size_t{5}, size_t{36}, size_t{37}, size_t{200}}) {
            const ShortBytes first{counted(a)};
            const ShortBytes second{counted(b)};
            ShortBytes copy = first;
            copy = second;
            EXPECT_EQ(copy, second);
            EXPECT_EQ(to_bytes(second.span()), counted(b));
            ShortBytes moved = first;
            moved = std::move(copy);
            EXPECT_EQ(moved, second);
            const ShortBytes made = std::move(moved);
            EXPECT_EQ(made, second);
            EXPECT_EQ(first <=> second, counted(a) <=> counted(b));
        }
    }
}

TEST(ShortBytes, assignment_to_itself_changes_nothing) {
    ShortBytes value{counted(50)};
    const ShortBytes& same = value;
    value = same;
    EXPECT_EQ(to_bytes(value.span()), counted(50));
}

TEST(ShortBytes, order_is_that_of_the_bytes) {
    const ShortBytes low{Bytes{1, 2, 3}};
    const ShortBytes high{Bytes{1, 2, 200}};
    EXPECT_LT(low, high);
    EXPECT_LT((ShortBytes{Bytes{1, 2}}), low);
    EXPECT_LT(low, (ShortBytes{Bytes(40, 2)}));
    EXPECT_NE(low, high);
}

}  // namespace
}  // namespace parley
