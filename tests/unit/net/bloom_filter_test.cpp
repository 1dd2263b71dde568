// Bloom filters of light clients (BIP37, BIP111): the filter itself, and what a peer with one is
// sent.
#include "net/filters/bloom_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chain_messages.h"
#include "net/filters/filter_messages.h"
#include "net/filters/merkle_proof.h"
#include "station.h"

namespace parley::test {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr uint8_t kUpdateNone = 0;
constexpr uint8_t kUpdateAll = 1;
constexpr uint8_t kUpdatePublicKeys = 2;

Bytes hex(std::string_view text) {
    return from_hex(text).value();
}

BloomFilter empty_filter(uint8_t flags = kUpdateNone) {
    return {Bytes(500), 10, 0, flags};
}

Bytes outpoint(const Txid& txid, uint32_t index) {
    Writer writer;
    writer.hash(txid).le(index);
    return writer.take();
}

TransactionRef transaction_of(std::vector<Script> outputs, const Script& script_sig = {}) {
    TransactionData data;
    data.inputs.resize(1);
    data.inputs[0].prevout = {coin(1), 3};
    data.inputs[0].script_sig = script_sig;
    for (Script& script : outputs) data.outputs.push_back({Amount{1'000}, std::move(script)});
    return make_transaction(std::move(data));
}

Script key_hash_script(const Bytes& hash) {
    return ScriptBuilder()
        .op(OP_DUP)
        .op(OP_HASH160)
        .push(hash)
        .op(OP_EQUALVERIFY)
        .op(OP_CHECKSIG)
        .build();
}

TEST(MurmurHash3, public_vectors) {
    const std::tuple<uint32_t, const char*, uint32_t> vectors[] = {
        {0, "", 0},
        {0xfba4c795, "", 0x6a396f08},
        {0xffffffff, "", 0x81f16f39},
        {0, "00", 0x514e28b7},
        {0xfba4c795, "00", 0xea3f0b17},
        {0, "ff", 0xfd6cf10d},
        {0, "0011", 0x16c6b7ab},
        {0, "001122", 0x8eb51c3d},
        {0, "00112233", 0xb4471bf8},
        {0, "0011223344", 0xe2301fa8},
        {0, "001122334455", 0xfc2e4a15},
        {0, "00112233445566", 0xb074502c},
        {0, "0011223344556677", 0x8034d2a0},
        {0, "001122334455667788", 0xb4698def},
    };
    for (const auto& [seed, data, hash] : vectors)
        EXPECT_EQ(murmur_hash3(seed, hex(data)), hash) << data;
}

// BIP37's filter for three elements with one false positive in a hundred.
TEST(BloomFilter, sets_the_bits_of_the_specification) {
    const std::pair<uint32_t, const char*> vectors[] = {{0, "614e9b"}, {2147483649, "ce4299"}};
    for (const auto& [tweak, bits] : vectors) {
        BloomFilter filter(Bytes(3), 5, tweak, kUpdateAll);
        for (const char* element : {"99108ad8ed9bb6274d3980bab5a85c048f0950c8",
                                    "b5a2c786d9ef4658287ced5914b37a1b4aa32eee",
                                    "b9300670b4c5366e95b2699e8b18bc75e5f729c5"}) {
            EXPECT_FALSE(filter.contains(hex(element)));
            filter.insert(hex(element));
            EXPECT_TRUE(filter.contains(hex(element)));
        }
        EXPECT_FALSE(filter.contains(hex("19108ad8ed9bb6274d3980bab5a85c048f0950c8")));
        EXPECT_EQ(filter.bits(), hex(bits));
    }
}

TEST(BloomFilter, without_bits_or_functions_matches_everything) {
    const TransactionRef transaction = transaction_of({Script{}});
    BloomFilter no_bits({}, 1, 0, kUpdateAll);
    no_bits.insert(hex("00"));
    EXPECT_TRUE(no_bits.matches(*transaction));
    BloomFilter no_functions(Bytes(5), 0, 0, kUpdateNone);
    EXPECT_TRUE(no_functions.matches(*transaction));
    EXPECT_FALSE(empty_filter().matches(*transaction));
}

TEST(BloomFilter, matches_by_id_by_data_of_scripts_and_by_spent_outpoint) {
    const Bytes key_hash(20, 7);
    const Bytes signature(71, 9);
    const TransactionRef transaction =
        transaction_of({key_hash_script(key_hash)}, ScriptBuilder().push(signature).build());
    const Bytes elements[] = {to_bytes(transaction->txid().span()), key_hash, signature,
                              outpoint(coin(1), 3)};
    for (const Bytes& element : elements) {
        BloomFilter filter = empty_filter();
        filter.insert(element);
        EXPECT_TRUE(filter.matches(*transaction)) << to_hex(element);
    }
    BloomFilter filter = empty_filter();
    for (const Bytes& element : {outpoint(coin(1), 2), outpoint(coin(2), 3), Bytes(20, 8)})
        filter.insert(element);
    EXPECT_FALSE(filter.matches(*transaction));
}

TEST(BloomFilter, data_behind_a_cut_push_does_not_match) {
    const TransactionRef transaction = transaction_of({Script{hex("0207070aff")}});
    BloomFilter before = empty_filter();
    before.insert(hex("0707"));
    EXPECT_TRUE(before.matches(*transaction));
    BloomFilter cut = empty_filter();
    cut.insert(hex("ff"));
    EXPECT_FALSE(cut.matches(*transaction));
}

TEST(BloomFilter, adds_the_outpoints_of_matching_outputs_as_the_flags_say) {
    const Bytes key = hex("02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5");
    const Bytes key_hash(20, 7);
    const TransactionRef transaction = transaction_of(
        {key_hash_script(key_hash), ScriptBuilder().push(key).op(OP_CHECKSIG).build(),
         ScriptBuilder().op(OP_1).push(key).op(OP_1).op(OP_CHECKMULTISIG).build(),
         key_hash_script(Bytes(20, 8))});
    const auto added = [&](uint8_t flags) {
        BloomFilter filter = empty_filter(flags);
        filter.insert(key);
        filter.insert(key_hash);
        EXPECT_TRUE(filter.matches(*transaction));
        std::vector<uint32_t> result;
        for (uint32_t index = 0; index < 4; ++index) {
            if (filter.contains(outpoint(transaction->txid(), index))) result.push_back(index);
        }
        return result;
    };
    EXPECT_THAT(added(kUpdateNone), IsEmpty());
    EXPECT_THAT(added(kUpdateAll), ElementsAre(0u, 1u, 2u));
    EXPECT_THAT(added(kUpdatePublicKeys), ElementsAre(1u, 2u));
    EXPECT_THAT(added(3), IsEmpty()) << "has no meaning";
    EXPECT_THAT(added(0x81), ElementsAre(0u, 1u, 2u)) << "only the two lowest bits count";
}

// --- over the wire

NetOptions bloom_options() {
    NetOptions options;
    options.services |= 1u << 2;  // NODE_BLOOM
    return options;
}

message::FilterLoad load_of(const std::vector<Bytes>& elements, uint8_t flags = kUpdateNone) {
    BloomFilter filter = empty_filter(flags);
    for (const Bytes& element : elements) filter.insert(element);
    return {filter.bits(), 10, 0, flags};
}

message::FilterLoad load_of(const Txid& txid) {
    return load_of({to_bytes(txid.span())});
}

TEST(Bloom, filtered_block_is_a_merkle_proof_and_the_matching_transactions) {
    Station station(bloom_options());
    station.backend.mine(2);
    const PeerId peer = station.ready_peer();
    const HeaderNode& tip = station.backend.active_tip();
    const auto ask = [&] {
        station.send(peer, block_request(InvType::filtered_block, tip.hash));
        return station.take_sent(peer);
    };
    EXPECT_THAT(ask(), IsEmpty()) << "it has no filter";
    const BlockRef block = decode_block(*station.backend.read_block_bytes(tip)).value();
    const Transaction& coinbase = *block->transactions.at(0);
    station.send(peer, load_of(coin(1)));
    std::vector<Sent> sent = ask();
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_EQ(sent[0].command, "merkleblock");
    EXPECT_THAT(MerkleProof::parse(sent[0].payload)->matches()->txids, IsEmpty());
    station.send(peer, message::FilterAdd{to_bytes(coinbase.txid().span())});
    sent = ask();
    ASSERT_EQ(sent.size(), 2u);
    const auto proof = MerkleProof::parse(sent[0].payload);
    EXPECT_EQ(proof->header().hash(), tip.hash);
    EXPECT_EQ(proof->matches()->root, tip.header.merkle_root);
    EXPECT_THAT(proof->matches()->txids, ElementsAre(coinbase.txid()));
    EXPECT_EQ(sent[1].command, "tx");
    EXPECT_EQ(sent[1].payload, coinbase.serialize(WitnessEncoding::without));
    station.send(peer, block_request(InvType::filtered_block, BlockHash{}));
    EXPECT_THAT(station.take_commands(peer), ElementsAre("notfound"));
}

TEST(Bloom, many_filtered_blocks_are_served_one_in_a_step) {
    Station station(bloom_options());
    station.backend.mine(10);
    const PeerId peer = station.ready_peer();
    station.send(peer, load_of(coin(1)));
    message::GetData request;
    for (int32_t height = 1; height <= 10; ++height)
        request.entries.push_back(message::InvEntry::of(
            InvType::filtered_block, station.backend.active_at(Height{height})->hash));
    station.send(peer, request);
    EXPECT_EQ(station.take_sent(peer).size(), 1u);
    station.advance(seconds{0});
    EXPECT_EQ(station.take_sent(peer).size(), 9u);
}

TEST(Bloom, transactions_are_announced_if_they_match) {
    Station station(bloom_options());
    message::Version version = Station::default_version();
    version.relay = false;
    const PeerId peer = station.ready_peer(true, version);
    const auto announced = [&](uint8_t number) {
        station.backend.add_transaction(make_spend(coin(number), number));
        station.advance(seconds{5});
        size_t entries = 0;
        for (const message::Inv& inv : station.take<message::Inv>(peer))
            entries += inv.entries.size();
        return entries == 1;
    };
    EXPECT_FALSE(announced(1)) << "it did not ask for transactions";
    EXPECT_FALSE(station.manager.peer_infos(station.now).at(0).relay_transactions);
    station.send(peer, load_of({outpoint(coin(2), 0)}));
    EXPECT_TRUE(station.manager.peer_infos(station.now).at(0).relay_transactions);
    EXPECT_TRUE(announced(2));
    EXPECT_FALSE(announced(3));
    station.send(peer, message::FilterAdd{outpoint(coin(4), 0)});
    EXPECT_TRUE(announced(4));
    station.send(peer, message::FilterClear{});
    EXPECT_TRUE(announced(5));
}

TEST(Bloom, mempool_message_is_answered_with_what_matches_in_portions) {
    Station station(bloom_options());
    for (uint32_t i = 0; i < 2'500; ++i)
        station.backend.add_transaction(make_spend(coin(i % 5 == 0 ? 1 : 2), i));
    const PeerId peer = station.ready_peer();
    station.send(peer, load_of({outpoint(coin(1), 0)}));
    station.take_sent(peer);
    station.send(peer, message::Mempool{});
    station.send(peer, message::Ping{1});
    const auto sent = station.take_commands(peer);
    EXPECT_THAT(sent, ElementsAre("inv"));
    station.advance(seconds{0});
    EXPECT_THAT(station.take_commands(peer), ElementsAre("inv", "inv", "pong"));
    station.send(peer, message::Mempool{});
    station.advance(seconds{0});
    size_t entries = 0;
    for (const message::Inv& inv : station.take<message::Inv>(peer)) entries += inv.entries.size();
    EXPECT_EQ(entries, 500u);
}

TEST(Bloom, limits_and_misuse_end_the_connection) {
    const std::tuple<const char*, bool, Bytes> refused[] = {
        {"36,001 bytes", false, raw_message(message::FilterLoad{Bytes(36'001), 1, 0, 0})},
        {"51 functions", false, raw_message(message::FilterLoad{Bytes(8), 51, 0, 0})},
        {"add without a filter", false, raw_message(message::FilterAdd{Bytes(4)})},
        {"element of 521 bytes", true, raw_message(message::FilterAdd{Bytes(521)})},
    };
    for (const auto& [name, loaded, bytes] : refused) {
        Station station(bloom_options());
        const PeerId peer = station.ready_peer();
        if (loaded) station.send(peer, load_of(coin(1)));
        EXPECT_FALSE(station.closed(peer)) << name;
        station.receive(peer, bytes);
        EXPECT_TRUE(station.closed(peer)) << name;
    }
    Station station(bloom_options());
    const PeerId peer = station.ready_peer();
    station.send(peer, message::FilterLoad{Bytes(36'000), 50, 0, 0});
    station.send(peer, message::FilterAdd{Bytes(520)});
    station.send(peer, message::FilterLoad{Bytes{}, 1, 0, 0});
    station.send(peer, message::FilterAdd{Bytes(4)});
    EXPECT_FALSE(station.closed(peer));
}

TEST(Bloom, node_offers_it_by_option_or_to_peers_with_the_permission) {
    const auto offers = [](NetOptions options) {
        Station station(std::move(options));
        const PeerId peer = station.connect();
        station.send(peer, Station::default_version());
        const auto version = station.take<message::Version>(peer).at(0);
        station.send(peer, message::Verack{});
        station.send(peer, load_of(coin(1)));
        const bool offered = (version.services & 1u << 2) != 0;
        EXPECT_EQ(station.closed(peer), !offered);
        return offered;
    };
    EXPECT_FALSE(offers(NetOptions{}));
    EXPECT_TRUE(offers(bloom_options()));
    NetOptions options;
    options.whitelist.push_back(WhitelistRule::parse("bloomfilter@10.0.0.0/8").value());
    EXPECT_TRUE(offers(options));
    for (const char* command : {"filteradd", "filterclear", "mempool"}) {
        Station station;
        const PeerId peer = station.ready_peer();
        station.send_raw(peer, command, encode(message::FilterAdd{Bytes(1)}));
        EXPECT_TRUE(station.closed(peer)) << command;
    }
}

}  // namespace
}  // namespace parley::test
