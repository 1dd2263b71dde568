// What a foreign node sees of our chain, message by message.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chain_messages.h"
#include "station.h"

namespace parley::test {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

template <class Request>
Request locator_of(std::vector<BlockHash> hashes, BlockHash stop = {}) {
    Request request;
    request.hashes = std::move(hashes);
    request.stop = stop;
    return request;
}

// --- what we serve

TEST(Serve, getheaders_answers_from_the_fork_up_to_the_stop) {
    Station station;
    station.backend.mine(30);
    const PeerId peer = station.ready_peer();
    const auto hash_at = [&](int32_t height) {
        return station.backend.active_at(Height{height})->hash;
    };
    station.send(peer, locator_of<message::GetHeaders>({BlockHash{}, hash_at(10), hash_at(5)}));
    auto answers = station.take<message::Headers>(peer);
    ASSERT_EQ(answers.size(), 1u);
    ASSERT_THAT(answers[0].headers, SizeIs(20));
    EXPECT_EQ(answers[0].headers.front().hash(), hash_at(11));
    EXPECT_EQ(answers[0].headers.back().hash(), hash_at(30));

    station.send(peer, locator_of<message::GetHeaders>({hash_at(10)}, hash_at(13)));
    answers = station.take<message::Headers>(peer);
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_THAT(answers[0].headers, SizeIs(3));

    // A locator of strangers' hashes: from the start. One at the tip: an empty answer.
    station.send(peer, locator_of<message::GetHeaders>({BlockHash{}}));
    EXPECT_THAT(station.take<message::Headers>(peer).at(0).headers, SizeIs(30));
    station.send(peer, locator_of<message::GetHeaders>({hash_at(30)}));
    EXPECT_THAT(station.take<message::Headers>(peer).at(0).headers, IsEmpty());
}

TEST(Serve, getheaders_without_locator_gives_the_one_header) {
    Station station;
    station.backend.mine(3);
    const HeaderNode& stale = station.backend.mine(1, 9, station.backend.active_at(Height{1}));
    const PeerId peer = station.ready_peer();
    const BlockHash active = station.backend.active_at(Height{2})->hash;
    station.send(peer, locator_of<message::GetHeaders>({}, active));
    EXPECT_THAT(station.take<message::Headers>(peer).at(0).headers, SizeIs(1));
    station.send(peer, locator_of<message::GetHeaders>({}, stale.hash));
    station.send(peer, locator_of<message::GetHeaders>({}, BlockHash{}));
    EXPECT_THAT(station.take<message::Headers>(peer), IsEmpty());
}

TEST(Serve, getheaders_gives_at_most_2000) {
    Station station;
    station.backend.mine(2'100, 0, nullptr, false);
    const PeerId peer = station.ready_peer();
    station.send(peer,
                 locator_of<message::GetHeaders>({station.backend.active_at(Height{0})->hash}));
    EXPECT_THAT(station.take<message::Headers>(peer).at(0).headers, SizeIs(2'000));
}

TEST(Serve, getblocks_gives_500_and_goes_on_when_the_last_is_fetched) {
    Station station;
    station.backend.mine(600, 0, nullptr, false);
    const PeerId peer = station.ready_peer();
    station.send(peer,
                 locator_of<message::GetBlocks>({station.backend.active_at(Height{0})->hash}));
    auto inventories = station.take<message::Inv>(peer);
    ASSERT_EQ(inventories.size(), 1u);
    ASSERT_THAT(inventories[0].entries, SizeIs(500));
    const BlockHash last{inventories[0].entries.back().hash};
    EXPECT_EQ(last, station.backend.active_at(Height{500})->hash);
    station.send(peer, block_request(InvType::block, last));
    EXPECT_THAT(station.take<message::Inv>(peer),
                ElementsAre(block_inv(station.backend.active_tip().hash)));
    station.send(peer, block_request(InvType::block, last));
    EXPECT_THAT(station.take<message::Inv>(peer), IsEmpty());
    // With a stop hash, which itself is left out.
    station.send(peer, locator_of<message::GetBlocks>({station.backend.active_at(Height{10})->hash},
                                                      station.backend.active_at(Height{13})->hash));
    EXPECT_THAT(station.take<message::Inv>(peer).at(0).entries, SizeIs(2));
}

TEST(Serve, getdata_of_block_and_of_stale_block) {
    Station station;
    station.backend.mine(3);
    const HeaderNode& stale = station.backend.mine(1, 9, station.backend.active_at(Height{1}));
    const PeerId peer = station.ready_peer();
    for (const BlockHash& hash : {station.backend.active_tip().hash, stale.hash}) {
        station.send(peer, block_request(InvType::witness_block, hash));
        const auto sent = station.take_sent(peer);
        ASSERT_EQ(sent.size(), 1u);
        EXPECT_EQ(sent[0].command, "block");
        EXPECT_EQ(sent[0].payload,
                  *station.backend.read_block_bytes(*station.backend.index().find(hash)));
    }
    station.send(peer, block_request(InvType::witness_block, BlockHash{}));
    EXPECT_THAT(station.take_commands(peer), ElementsAre("notfound"));
    station.send(peer, block_request(InvType::filtered_block, stale.hash));
    EXPECT_THAT(station.take_commands(peer), IsEmpty());
}

// BIP159; the depths are those of bitcoind.
TEST(Serve, pruned_node_drops_who_asks_for_a_block_deeper_than_290_and_announces_none_there) {
    NetOptions options;
    options.services = kServiceNetworkLimited | kServiceWitness;
    Station station(options);
    station.backend.mine(600, 0, nullptr, false);
    const auto hash_at = [&](int32_t height) {
        return station.backend.active_at(Height{height})->hash;
    };
    const PeerId peer = station.ready_peer();
    station.send(peer, block_request(InvType::witness_block, hash_at(600 - 290)));
    EXPECT_THAT(station.take_commands(peer), ElementsAre("block"));
    station.send(peer, locator_of<message::GetBlocks>({hash_at(600 - 283)}));
    EXPECT_THAT(station.take<message::Inv>(peer), IsEmpty());
    station.send(peer, locator_of<message::GetBlocks>({hash_at(600 - 282)}));
    EXPECT_THAT(station.take<message::Inv>(peer).at(0).entries, SizeIs(282));
    EXPECT_FALSE(station.closed(peer));
    for (const auto type : {InvType::witness_block, InvType::compact_block}) {
        const PeerId asker = station.ready_peer();
        station.send(asker, block_request(type, hash_at(600 - 291)));
        EXPECT_THAT(station.take_commands(asker), IsEmpty());
        EXPECT_TRUE(station.closed(asker));
    }
}

TEST(Serve, upload_target_ends_old_blocks_first_and_then_mempool_requests) {
    NetOptions options;
    options.services |= 1u << 2;  // NODE_BLOOM
    // Room for the blocks of a day and a little more.
    options.upload_target_bytes = 144 * 4'000'000 + 500;
    Station station{options};
    station.backend.spacing = 8 * 24 * 60 * 60;
    station.backend.mine(2);
    const auto ask = [&](int32_t height) {
        return block_request(InvType::block, station.backend.active_at(Height{height})->hash);
    };
    const PeerId peer = station.ready_peer();
    EXPECT_FALSE(station.manager.totals().upload_target.reached);
    while (station.manager.totals().upload_target.serves_old_blocks) {
        station.send(peer, ask(1));
        ASSERT_THAT(station.take_commands(peer), ElementsAre("block"));
    }
    station.send(peer, ask(2));
    EXPECT_THAT(station.take_commands(peer), ElementsAre("block")) << "a new one";
    station.send(peer, ask(1));
    EXPECT_TRUE(station.closed(peer));

    options.upload_target_bytes = 1;
    Station small{options};
    const PeerId curious = small.ready_peer();
    EXPECT_TRUE(small.manager.totals().upload_target.reached);
    small.send_raw(curious, "mempool");
    EXPECT_TRUE(small.closed(curious));
}

TEST(UploadTarget, starts_again_after_a_day) {
    UploadTarget target{1'000};
    EXPECT_EQ(target.state(kStart).time_left, UploadTarget::kCycle);
    target.sent(kStart, 1'000);
    EXPECT_TRUE(target.reached(kStart));
    EXPECT_EQ(target.state(kStart + std::chrono::hours{1}).time_left, std::chrono::hours{23});
    EXPECT_TRUE(target.reached(kStart + std::chrono::hours{25})) << "nothing was sent since";
    target.sent(kStart + std::chrono::hours{25}, 1);
    EXPECT_EQ(target.state(kStart + std::chrono::hours{25}).bytes_left, 999u);
    EXPECT_FALSE(UploadTarget{0}.reached(kStart));
    EXPECT_FALSE(UploadTarget{0}.refuses_old_blocks(kStart));
}

TEST(Serve, node_with_the_whole_chain_gives_any_block) {
    Station station;
    station.backend.mine(600, 0, nullptr, false);
    const PeerId peer = station.ready_peer();
    station.send(peer,
                 block_request(InvType::witness_block, station.backend.active_at(Height{1})->hash));
    EXPECT_THAT(station.take_commands(peer), ElementsAre("block"));
}

TEST(Serve, witnesses_are_left_out_where_they_are_not_asked_for) {
    Station station;
    station.backend.mine(1);
    Block block;
    block.header = station.backend.active_tip().header;
    block.header.previous = station.backend.active_tip().hash;
    block.transactions = {make_spend(Txid{}, 1, true)};
    ASSERT_NE(block.size(), block.size(WitnessEncoding::without));
    const auto shared = std::make_shared<const Block>(block);
    ASSERT_EQ(station.backend.submit_block(shared, {}).state, BlockResult::State::accepted);
    const PeerId peer = station.ready_peer();
    for (const auto& [type, encoding] : {std::pair{InvType::witness_block, WitnessEncoding::with},
                                         std::pair{InvType::block, WitnessEncoding::without}}) {
        station.send(peer, block_request(type, block.header.hash()));
        const auto sent = station.take_sent(peer);
        ASSERT_EQ(sent.size(), 1u);
        EXPECT_EQ(sent[0].payload, block.serialize(encoding));
    }
}

TEST(Serve, seal_precedes_block_for_peers_that_understand_it) {
    Station station({}, true);
    station.backend.mine(2);
    message::Version parley = Station::default_version();
    parley.services |= kServiceParley;
    const PeerId ours = station.ready_peer(true, parley);
    const PeerId foreign = station.ready_peer(true);
    const BlockHash hash = station.backend.active_tip().hash;
    station.send(ours, block_request(InvType::witness_block, hash));
    station.send(foreign, block_request(InvType::witness_block, hash));
    const auto sent = station.take_sent(ours);
    ASSERT_EQ(sent.size(), 2u);
    EXPECT_EQ(sent[0].command, "seal");
    const auto seal = decode<message::Seal>(sent[0].payload);
    EXPECT_EQ(seal->block, hash);
    EXPECT_EQ(seal->seal, seal_for(hash));
    EXPECT_EQ(sent[1].command, "block");
    EXPECT_THAT(station.take_commands(foreign), ElementsAre("block"));
}

// --- what we announce

TEST(Announce, tip_goes_by_headers_where_asked_else_by_inv) {
    Station station;
    const PeerId by_headers = station.ready_peer();
    const PeerId by_inv = station.ready_peer();
    station.send(by_headers, message::SendHeaders{});
    const HeaderNode& tip = station.backend.mine(3, 0, nullptr, false);
    const auto headers = station.take<message::Headers>(by_headers);
    ASSERT_EQ(headers.size(), 1u);
    EXPECT_THAT(headers[0].headers, SizeIs(3));
    EXPECT_THAT(station.take<message::Inv>(by_inv), ElementsAre(block_inv(tip.hash)));
}

TEST(Announce, branch_over_eight_headers_goes_by_inv) {
    Station station;
    const PeerId peer = station.ready_peer();
    station.send(peer, message::SendHeaders{});
    const HeaderNode& tip = station.backend.mine(9, 0, nullptr, false);
    EXPECT_THAT(station.take<message::Inv>(peer), ElementsAre(block_inv(tip.hash)));
}

TEST(Announce, own_block_is_pushed_to_parley_nodes_that_have_its_parent_only) {
    Station station;
    message::Version parley = Station::default_version();
    parley.services |= kServiceParley;
    const PeerId near = station.ready_peer(true, parley);
    const PeerId far = station.ready_peer(true, parley);
    const PeerId foreign = station.ready_peer();
    station.backend.mine(9, 0, nullptr, false);
    const HeaderNode& ninth = station.backend.active_tip();
    station.send(near, locator_of<message::GetHeaders>({ninth.hash}));  // it has our tip
    station.take_sent(near);
    station.take_sent(far);
    station.send(foreign, locator_of<message::GetHeaders>({ninth.hash}));
    station.take_sent(foreign);
    const HeaderNode& tenth = station.backend.mine(1);
    EXPECT_THAT(station.take_commands(near), ElementsAre("block"));
    EXPECT_THAT(station.take<message::Inv>(far), ElementsAre(block_inv(tenth.hash)));
    // Other programs disconnect who sends a block that they have not asked for.
    EXPECT_THAT(station.take<message::Inv>(foreign), ElementsAre(block_inv(tenth.hash)));
    // The push counts: the next one follows.
    station.backend.mine(1);
    EXPECT_THAT(station.take_commands(near), ElementsAre("block"));
}

TEST(Announce, block_relay_decides_between_the_block_its_header_and_its_hash) {
    message::Version parley = Station::default_version();
    parley.services |= kServiceParley;
    for (const BlockRelay relay : {BlockRelay::push, BlockRelay::headers, BlockRelay::inv}) {
        NetOptions options;
        options.block_relay = relay;
        Station station(options);
        const PeerId source = station.ready_peer(true, parley);
        const PeerId other = station.ready_peer(true, parley);
        const PeerId foreign = station.ready_peer();
        const bool by_headers = relay != BlockRelay::inv;
        for (const PeerId peer : {source, other, foreign}) {
            if (by_headers) station.send(peer, message::SendHeaders{});
        }
        const Branch branch(station.backend.active_tip(), 1, 5);
        station.send_raw(source, "block", branch.blocks[0]->serialize());
        EXPECT_THAT(station.take_commands(source), IsEmpty());
        const char* announcement = by_headers ? "headers" : "inv";
        EXPECT_THAT(station.take_commands(foreign), ElementsAre(announcement));
        EXPECT_THAT(station.take_commands(other),
                    ElementsAre(relay == BlockRelay::push ? "block" : announcement));
        station.backend.mine(1);  // an own block
        EXPECT_THAT(station.take_commands(other),
                    ElementsAre(relay == BlockRelay::push ? "block" : announcement));
    }
}

TEST(Announce, nothing_is_announced_to_the_peer_that_brought_it_or_during_download) {
    Station station;
    const PeerId source = station.ready_peer();
    const PeerId other = station.ready_peer();
    station.send(source, message::SendHeaders{});
    const Branch branch(station.backend.active_tip(), 1, 5);
    station.send_raw(source, "block", branch.blocks[0]->serialize());
    EXPECT_THAT(station.take_commands(source), IsEmpty());
    EXPECT_THAT(station.take<message::Inv>(other), SizeIs(1));
    station.backend.downloading = true;
    const Branch more(station.backend.active_tip(), 1, 5);
    station.send_raw(source, "block", more.blocks[0]->serialize());
    EXPECT_THAT(station.take<message::Inv>(other), IsEmpty());
}

TEST(Announce, anti_entropy_repeats_tip_and_asks_for_headers) {
    Station station;
    const PeerId peer = station.ready_peer();
    const HeaderNode& tip = station.backend.mine(1, 0, nullptr, false);
    station.take_sent(peer);
    size_t inventories = 0;
    size_t questions = 0;
    for (int i = 0; i < 100; ++i) {
        for (const Sent& sent : station.take_sent(peer)) {
            if (sent.command == "inv") {
                EXPECT_EQ(sent.payload, encode(block_inv(tip.hash)));
                ++inventories;
            }
            questions += sent.command == "getheaders" ? 1 : 0;
        }
        station.advance(seconds{1});
    }
    EXPECT_GE(inventories, 3u);
    EXPECT_LE(inventories, 4u);
    EXPECT_EQ(questions, inventories);
}

}  // namespace
}  // namespace parley::test
