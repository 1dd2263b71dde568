#include "base/serialize.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace parley {
namespace {

std::string hex_of(const Writer& writer) {
    return to_hex(writer.data());
}

TEST(WriterTest, integers_have_both_byte_orders) {
    EXPECT_EQ(hex_of(Writer{}.le(uint32_t{0x01020304})), "04030201");
    EXPECT_EQ(hex_of(Writer{}.be(uint32_t{0x01020304})), "01020304");
    EXPECT_EQ(hex_of(Writer{}.le(uint64_t{0x0102030405060708})), "0807060504030201");
    EXPECT_EQ(hex_of(Writer{}.le(int32_t{-2})), "feffffff");
    EXPECT_EQ(hex_of(Writer{}.be(int16_t{-2})), "fffe");
    EXPECT_EQ(hex_of(Writer{}.u8(7).le(int8_t{-1}).le(uint16_t{0x8001})), "07ff0180");
}

TEST(WriterTest, hash_keeps_its_order_and_lengths_stand_in_front) {
    Hash256 hash;
    hash.bytes()[0] = 0xaa;
    EXPECT_EQ(hex_of(Writer{}.hash(hash)), "aa" + std::string(62, '0'));
    EXPECT_EQ(hex_of(Writer{}.var_bytes(Bytes{1, 2}).bytes(Bytes{3})), "02010203");
    Writer writer{100};
    writer.u8(1);
    EXPECT_EQ(writer.size(), 1u);
    EXPECT_EQ(writer.take(), Bytes{1});
}

TEST(CompactSizeTest, each_form_begins_where_the_shorter_one_ends) {
    const std::pair<uint64_t, const char*> cases[] = {
        {0, "00"},
        {252, "fc"},
        {253, "fdfd00"},
        {0xffff, "fdffff"},
        {0x10000, "fe00000100"},
        {0xffffffff, "feffffffff"},
        {0x100000000, "ff0000000001000000"},
        {std::numeric_limits<uint64_t>::max(), "ffffffffffffffffff"},
    };
    for (const auto& [value, text] : cases) {
        EXPECT_EQ(hex_of(Writer{}.compact_size(value)), text);
        EXPECT_EQ(compact_size_length(value), std::string_view{text}.size() / 2);
        const Bytes bytes = *from_hex(text);
        Reader reader{bytes};
        EXPECT_EQ(reader.compact_size(std::numeric_limits<uint64_t>::max()), value);
        EXPECT_TRUE(reader.done());
    }
}

TEST(CompactSizeTest, longer_form_than_needed_is_refused) {
    for (const char* text : {"fd0000", "fdfc00", "fe00000000", "feffff0000", "ff0000000000000000",
                             "ffffffffff00000000"}) {
        const Bytes bytes = *from_hex(text);
        Reader reader{bytes};
        EXPECT_EQ(reader.compact_size(std::numeric_limits<uint64_t>::max()), 0u) << text;
        EXPECT_FALSE(reader.ok()) << text;
    }
}

TEST(CompactSizeTest, value_above_the_limit_is_refused) {
    const Bytes at_limit = Writer{}.compact_size(1000).take();
    Reader reader{at_limit};
    EXPECT_EQ(reader.compact_size(1000), 1000u);
    EXPECT_TRUE(reader.ok());
    Reader strict{at_limit};
    EXPECT_EQ(strict.compact_size(999), 0u);
    EXPECT_FALSE(strict.ok());
    // 32 MiB is the default limit.
    const Bytes usual = Writer{}.compact_size(0x02000000).take();
    EXPECT_EQ(Reader{usual}.compact_size(), 0x02000000u);
    const Bytes above = Writer{}.compact_size(0x02000001).take();
    Reader refused{above};
    (void)refused.compact_size();
    EXPECT_FALSE(refused.ok());
}

TEST(CompactSizeTest, every_truncation_fails) {
    for (const uint64_t value : {uint64_t{253}, uint64_t{0x10000}, uint64_t{1} << 32}) {
        const Bytes bytes = Writer{}.compact_size(value).take();
        for (size_t size = 0; size < bytes.size(); ++size) {
            Reader reader{ByteSpan{bytes}.first(size)};
            (void)reader.compact_size(std::numeric_limits<uint64_t>::max());
            EXPECT_FALSE(reader.ok()) << value << ' ' << size;
        }
    }
}

TEST(ReaderTest, first_failure_sticks_and_yields_zeros) {
    const Bytes bytes{1, 2, 3};
    Reader reader{bytes};
    EXPECT_EQ(reader.le<uint32_t>(), 0u) << "one byte short";
    EXPECT_FALSE(reader.ok());
    EXPECT_EQ(reader.u8(), 0) << "although a byte was there";
    EXPECT_EQ(reader.be<uint16_t>(), 0);
    EXPECT_TRUE(reader.hash().is_zero());
    EXPECT_TRUE(reader.bytes(0).empty());
    EXPECT_EQ(reader.left(), 0u);
    EXPECT_FALSE(reader.done());
}

TEST(ReaderTest, done_only_when_everything_was_read) {
    const Bytes bytes{1, 2};
    Reader reader{bytes};
    EXPECT_FALSE(reader.done());
    EXPECT_EQ(reader.u8(), 1);
    EXPECT_EQ(reader.left(), 1u);
    EXPECT_EQ(to_bytes(reader.rest()), Bytes{2});
    EXPECT_EQ(reader.u8(), 2);
    EXPECT_TRUE(reader.done());
    reader.fail();
    EXPECT_FALSE(reader.done());
    EXPECT_TRUE(Reader{ByteSpan{}}.done());
}

TEST(ReaderTest, signed_numbers_keep_their_sign) {
    const Bytes bytes = Writer{}.le(int64_t{-5}).be(int32_t{-6}).le(int8_t{-7}).take();
    Reader reader{bytes};
    EXPECT_EQ(reader.le<int64_t>(), -5);
    EXPECT_EQ(reader.be<int32_t>(), -6);
    EXPECT_EQ(reader.le<int8_t>(), -7);
    EXPECT_TRUE(reader.done());
}

TEST(ReaderTest, count_of_more_items_than_can_be_left_is_refused) {
    Bytes bytes = Writer{}.compact_size(3).take();
    append(bytes, Bytes(12, 0));
    EXPECT_EQ(Reader{bytes}.count(4), 3u);
    Reader reader{bytes};
    EXPECT_EQ(reader.count(5), 0u);
    EXPECT_FALSE(reader.ok());
    const Bytes none = Writer{}.compact_size(0).take();
    Reader empty{none};
    EXPECT_EQ(empty.count(41), 0u);
    EXPECT_TRUE(empty.done());
}

TEST(ReaderTest, length_past_the_end_is_refused_without_reading) {
    Bytes bytes = Writer{}.compact_size(4).take();
    append(bytes, Bytes{1, 2, 3});
    Reader reader{bytes};
    EXPECT_TRUE(reader.var_bytes().empty());
    EXPECT_FALSE(reader.ok());
    Reader limited{bytes};
    (void)limited.var_bytes(3);
    EXPECT_FALSE(limited.ok());
}

TEST(ReaderTest, borrowed_bytes_lie_in_the_input) {
    const Bytes bytes{2, 8, 9};
    Reader reader{bytes};
    const ByteSpan inner = reader.var_bytes();
    EXPECT_EQ(inner.data(), bytes.data() + 1);
    EXPECT_EQ(inner.size(), 2u);
}

RC_GTEST_PROP(SerializeTest, whatever_is_written_is_read_back,
              (uint8_t a, uint16_t b, int32_t c, uint64_t d, const Bytes& e, int64_t f)) {
    const Bytes bytes = Writer{}.u8(a).le(b).be(c).compact_size(d).var_bytes(e).be(f).take();
    Reader reader{bytes};
    RC_ASSERT(reader.u8() == a);
    RC_ASSERT(reader.le<uint16_t>() == b);
    RC_ASSERT(reader.be<int32_t>() == c);
    RC_ASSERT(reader.compact_size(std::numeric_limits<uint64_t>::max()) == d);
    RC_ASSERT(to_bytes(reader.var_bytes()) == e);
    RC_ASSERT(reader.be<int64_t>() == f);
    RC_ASSERT(reader.done());
}

}  // namespace
}  // namespace parley
