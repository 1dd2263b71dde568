#include "net/wire/messages.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "fake_backend.h"

namespace parley::test {
namespace {

template <class Message>
void expect_round_trip(const Message& message) {
    const Bytes bytes = encode(message);
    const auto decoded = decode<Message>(bytes);
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(*decoded == message);
    // No proper prefix decodes to the same message.
    for (size_t cut = 0; cut < bytes.size(); cut += 1 + bytes.size() / 37) {
        const auto shorter = decode<Message>(ByteSpan{bytes}.first(cut));
        if (shorter.has_value()) RC_ASSERT_FALSE(*shorter == message);
    }
}

Hash256 any_hash() {
    return Hash256{*rc::gen::arbitrary<std::array<uint8_t, 32>>()};
}

NetAddress any_address() {
    NetAddress address;
    address.services = *rc::gen::arbitrary<uint64_t>();
    address.host = IpAddress{*rc::gen::arbitrary<std::array<uint8_t, 16>>()};
    if (*rc::gen::arbitrary<bool>())
        address.host = IpAddress::from_ipv4(*rc::gen::arbitrary<std::array<uint8_t, 4>>());
    address.port = *rc::gen::arbitrary<uint16_t>();
    return address;
}

BlockHeader any_header() {
    BlockHeader header;
    header.version = *rc::gen::arbitrary<int32_t>();
    header.previous = BlockHash{any_hash()};
    header.merkle_root = any_hash();
    header.time = *rc::gen::arbitrary<uint32_t>();
    header.bits = *rc::gen::arbitrary<uint32_t>();
    header.nonce = *rc::gen::arbitrary<uint32_t>();
    return header;
}

size_t any_count(size_t max) {
    return *rc::gen::inRange<size_t>(0, max + 1);
}

RC_GTEST_PROP(Messages, version_round_trip, ()) {
    message::Version version;
    version.version = *rc::gen::arbitrary<int32_t>();
    version.services = *rc::gen::arbitrary<uint64_t>();
    version.time = *rc::gen::arbitrary<int64_t>();
    version.receiver = any_address();
    version.sender = any_address();
    version.nonce = *rc::gen::arbitrary<uint64_t>();
    version.user_agent = *rc::gen::arbitrary<std::string>();
    version.start_height = *rc::gen::arbitrary<int32_t>();
    version.relay = false;  // true is also what a missing field means
    expect_round_trip(version);
}

RC_GTEST_PROP(Messages, numbers_round_trip, (uint64_t number, bool flag)) {
    expect_round_trip(message::Ping{number});
    expect_round_trip(message::Pong{number});
    expect_round_trip(message::FeeFilter{static_cast<int64_t>(number)});
    expect_round_trip(message::SendCompact{flag, number});
}

RC_GTEST_PROP(Messages, addresses_round_trip, ()) {
    message::Addr addr;
    message::AddrV2 addr_v2;
    for (size_t i = any_count(20); i > 0; --i) {
        const message::AddressEntry entry{*rc::gen::arbitrary<uint32_t>(), any_address()};
        addr.entries.push_back(entry);
        addr_v2.entries.push_back(entry);
    }
    RC_PRE(!addr.entries.empty());
    expect_round_trip(addr);
    expect_round_trip(addr_v2);
}

RC_GTEST_PROP(Messages, inventories_round_trip, ()) {
    message::Inv inv;
    message::GetData getdata;
    message::NotFound notfound;
    for (size_t i = 1 + any_count(20); i > 0; --i) {
        const message::InvEntry entry{*rc::gen::arbitrary<uint32_t>(), any_hash()};
        inv.entries.push_back(entry);
        getdata.entries.push_back(entry);
        notfound.entries.push_back(entry);
    }
    expect_round_trip(inv);
    expect_round_trip(getdata);
    expect_round_trip(notfound);
}

RC_GTEST_PROP(Messages, locators_round_trip, ()) {
    message::GetHeaders getheaders;
    message::GetBlocks getblocks;
    getheaders.version = getblocks.version = *rc::gen::arbitrary<uint32_t>();
    for (size_t i = any_count(101); i > 0; --i) {
        getheaders.hashes.push_back(BlockHash{any_hash()});
        getblocks.hashes.push_back(BlockHash{any_hash()});
    }
    getheaders.stop = getblocks.stop = BlockHash{any_hash()};
    expect_round_trip(getheaders);
    expect_round_trip(getblocks);
}

RC_GTEST_PROP(Messages, headers_round_trip, ()) {
    message::Headers headers;
    for (size_t i = 1 + any_count(20); i > 0; --i) headers.headers.push_back(any_header());
    expect_round_trip(headers);
}

RC_GTEST_PROP(Messages, transaction_block_and_seal_round_trip, (uint32_t salt, bool witness)) {
    const TransactionRef transaction = make_spend(Txid{any_hash()}, salt, witness);
    expect_round_trip(message::Tx{transaction->data()});
    RC_ASSERT(encode(message::Tx{transaction->data()}) == transaction->serialize());
    const BlockRef block = make_block(any_header(), 5, salt);
    const auto decoded = decode_block(block->serialize());
    RC_ASSERT(decoded.has_value());
    RC_ASSERT((*decoded)->header == block->header);
    RC_ASSERT((*decoded)->serialize() == block->serialize());
    expect_round_trip(message::Seal{BlockHash{any_hash()}, *rc::gen::arbitrary<Bytes>()});
}

RC_GTEST_PROP(Messages, arbitrary_bytes_never_crash_a_decoder, (const Bytes& bytes)) {
    const auto try_one = [&]<class Message>(const Message&) {
        const auto decoded = decode<Message>(bytes);
        if (!decoded) return;
        RC_ASSERT(decode<Message>(encode(*decoded)).has_value());
    };
    try_one(message::Version{});
    try_one(message::Addr{});
    try_one(message::AddrV2{});
    try_one(message::Inv{});
    try_one(message::GetHeaders{});
    try_one(message::Headers{});
    try_one(message::Seal{});
    (void)decode_block(bytes);
    (void)decode<message::Tx>(bytes);
}

TEST(Messages, version_of_the_protocol_documentation_decodes) {
    // The payload of the documented example (version 60002, "/Satoshi:0.7.2/", height 212672).
    const auto bytes = from_hex(
        "62ea0000010000000000000011b2d05000000000010000000000000000000000000000000000ffff00000000"
        "0000000000000000000000000000000000000000ffff0000000000003b2eb35d8ce617650f2f5361746f7368"
        "693a302e372e322fc03e0300");
    const auto version = decode<message::Version>(*bytes);
    ASSERT_TRUE(version.has_value());
    EXPECT_EQ(version->version, 60002);
    EXPECT_EQ(version->services, 1u);
    EXPECT_EQ(version->time, 0x50d0b211);
    EXPECT_EQ(version->receiver.services, 1u);
    EXPECT_EQ(version->receiver.host.to_string(), "0.0.0.0");
    EXPECT_EQ(version->nonce, 0x6517e68c5db32e3bu);
    EXPECT_EQ(version->user_agent, "/Satoshi:0.7.2/");
    EXPECT_EQ(version->start_height, 212672);
    EXPECT_TRUE(version->relay);  // the field did not exist then
}

TEST(Messages, version_without_newer_fields_decodes) {
    message::Version version;
    version.start_height = 7;
    const Bytes whole = encode(version);
    // Up to the receiver's address: the oldest form.
    const auto oldest = decode<message::Version>(ByteSpan{whole}.first(4 + 8 + 8 + 26));
    ASSERT_TRUE(oldest.has_value());
    EXPECT_EQ(oldest->nonce, 0u);
    EXPECT_TRUE(oldest->relay);
}

TEST(Messages, version_with_user_agent_over_256_is_malformed) {
    message::Version version;
    version.user_agent = std::string(257, 'a');
    const auto decoded = decode<message::Version>(encode(version));
    ASSERT_FALSE(decoded.has_value());
    EXPECT_EQ(decoded.error(), DecodeError::malformed);
}

template <class Message>
void expect_oversize(size_t count, size_t entry_size) {
    Writer writer;
    writer.compact_size(count);
    writer.bytes(Bytes(count * entry_size));
    const auto decoded = decode<Message>(writer.data());
    ASSERT_FALSE(decoded.has_value());
    EXPECT_EQ(decoded.error(), DecodeError::oversize);
    // One fewer is allowed.
    Writer most;
    most.compact_size(count - 1);
    most.bytes(Bytes((count - 1) * entry_size));
    EXPECT_TRUE(decode<Message>(most.data()).has_value());
}

TEST(Messages, lists_over_their_limits_are_oversize) {
    expect_oversize<message::Inv>(50'001, 36);
    expect_oversize<message::GetData>(50'001, 36);
    expect_oversize<message::NotFound>(50'001, 36);
    expect_oversize<message::Headers>(2'001, 81);
    expect_oversize<message::Addr>(1'001, 30);
}

TEST(Messages, count_beyond_the_payload_allocates_nothing_and_is_malformed) {
    Writer writer;
    writer.compact_size(50'000).bytes(Bytes(36));
    const auto decoded = decode<message::Inv>(writer.data());
    ASSERT_FALSE(decoded.has_value());
    EXPECT_EQ(decoded.error(), DecodeError::malformed);
}

TEST(Messages, addrv2_reads_over_unknown_networks) {
    Writer writer;
    writer.compact_size(3);
    // Tor v2 (network 3, 10 bytes), then IPv4, then a network of the future.
    writer.le(uint32_t{1}).compact_size(1).u8(3).var_bytes(Bytes(10)).be(uint16_t{9});
    writer.le(uint32_t{2}).compact_size(9).u8(1).var_bytes(Bytes{1, 2, 3, 4}).be(uint16_t{8333});
    writer.le(uint32_t{3}).compact_size(1).u8(200).var_bytes(Bytes(512)).be(uint16_t{9});
    const auto decoded = decode<message::AddrV2>(writer.data());
    ASSERT_TRUE(decoded.has_value());
    ASSERT_EQ(decoded->entries.size(), 1u);
    EXPECT_EQ(decoded->entries[0].address.host.to_string(), "1.2.3.4");
    EXPECT_EQ(decoded->entries[0].address.services, 9u);
    EXPECT_EQ(decoded->entries[0].address.port, 8333);
}

TEST(Messages, addrv2_with_wrong_length_for_ipv4_or_over_512_is_malformed) {
    Writer ipv4;
    ipv4.compact_size(1).le(uint32_t{1}).compact_size(1).u8(1).var_bytes(Bytes(5)).be(uint16_t{9});
    EXPECT_FALSE(decode<message::AddrV2>(ipv4.data()).has_value());
    Writer huge;
    huge.compact_size(1)
        .le(uint32_t{1})
        .compact_size(1)
        .u8(9)
        .var_bytes(Bytes(513))
        .be(uint16_t{9});
    EXPECT_FALSE(decode<message::AddrV2>(huge.data()).has_value());
}

TEST(Messages, seal_over_64_kib_is_malformed) {
    EXPECT_TRUE(decode<message::Seal>(encode(message::Seal{{}, Bytes(65'536)})).has_value());
    EXPECT_FALSE(decode<message::Seal>(encode(message::Seal{{}, Bytes(65'537)})).has_value());
}

}  // namespace
}  // namespace parley::test
