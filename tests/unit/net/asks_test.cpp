// What the peer protocol asks of the node, and what waits until it is answered.
#include <gtest/gtest.h>

#include "station.h"

namespace parley::test {
namespace {

/// A manager whose asks the test answers itself.
struct Asker {
    explicit Asker(bool sealed = false) : backend(sealed), random(1) {
        handle(net_input::Started{});
    }

    PeerId ready_peer(uint64_t id) {
        const PeerId peer{id};
        handle(net_input::Connected{peer, Endpoint{"10.0.0.1", static_cast<uint16_t>(5000 + id)},
                                    Endpoint{"10.0.0.99", 18444}, true, 0});
        receive(peer, {raw_message(Station::default_version()), raw_message(message::Verack{})});
        EXPECT_EQ(take<net_output::PeerReady>().size(), 1u);
        handle(net_input::EngineDone{});
        outputs.clear();
        return peer;
    }

    void handle(NetInput input) {
        for (NetOutput& output : manager.handle(std::move(input), now))
            outputs.push_back(std::move(output));
    }
    void receive(PeerId peer, const std::vector<Bytes>& messages) {
        Bytes bytes;
        for (const Bytes& message : messages) append(bytes, message);
        handle(net_input::Received{peer, bytes});
    }

    /// The outputs of this kind since the last call; they are taken out.
    template <class Output>
    std::vector<Output> take() {
        std::vector<Output> found;
        std::erase_if(outputs, [&](NetOutput& output) {
            auto* each = std::get_if<Output>(&output);
            if (each != nullptr) found.push_back(std::move(*each));
            return each != nullptr;
        });
        return found;
    }
    bool sent(const std::string& command) {
        return std::any_of(outputs.begin(), outputs.end(), [&](const NetOutput& output) {
            const auto* send = std::get_if<net_output::Send>(&output);
            return send != nullptr &&
                   std::equal(command.begin(), command.end(), send->data->begin() + 4);
        });
    }

    FakeBackend backend;
    SeededRandom random;
    NullLog log;
    PeerManager manager{NetOptions{}, backend, random, log};
    TimePoint now = from_unix_seconds(1'800'000'000);
    NetOutputs outputs;
};

TEST(Asks, message_behind_a_block_waits_for_the_verdict) {
    Asker asker;
    const PeerId peer = asker.ready_peer(1);
    const BlockRef block = make_block(asker.backend.active_tip().header, 1, 1);
    asker.receive(peer, {raw_message("block", block->serialize()), raw_message(message::Ping{7})});
    const auto asks = asker.take<net_output::SubmitBlock>();
    ASSERT_EQ(asks.size(), 1u);
    EXPECT_EQ(asks[0].from, peer);
    EXPECT_FALSE(asker.sent("pong"));
    const BlockResult result = asker.backend.submit_block(block, {});
    asker.handle(net_input::BlockJudged{asks[0], result});
    EXPECT_TRUE(asker.sent("pong"));
}

TEST(Asks, blocks_of_one_read_are_asked_about_one_after_another) {
    Asker asker;
    const PeerId peer = asker.ready_peer(1);
    const BlockRef first = make_block(asker.backend.active_tip().header, 1, 1);
    const BlockRef second = make_block(first->header, 2, 1);
    asker.receive(peer, {raw_message("block", first->serialize()),
                         raw_message("block", second->serialize())});
    auto asks = asker.take<net_output::SubmitBlock>();
    ASSERT_EQ(asks.size(), 1u);
    EXPECT_EQ(asks[0].block->header.hash(), first->header.hash());
    const BlockResult result = asker.backend.submit_block(first, {});
    asker.handle(net_input::BlockJudged{asks[0], result});
    asks = asker.take<net_output::SubmitBlock>();
    ASSERT_EQ(asks.size(), 1u);
    EXPECT_EQ(asks[0].block->header.hash(), second->header.hash());
}

TEST(Asks, bytes_of_another_peer_wait_too) {
    Asker asker;
    const PeerId slow = asker.ready_peer(1);
    const PeerId other = asker.ready_peer(2);
    const TransactionRef spend = make_spend(Txid{}, 1);
    asker.receive(slow, {raw_message(message::Tx{spend->data()})});
    asker.receive(other, {raw_message(message::Ping{7})});
    EXPECT_FALSE(asker.sent("pong"));
    const auto asks = asker.take<net_output::SubmitTransaction>();
    ASSERT_EQ(asks.size(), 1u);
    asker.handle(net_input::TransactionJudged{asks[0], std::nullopt});
    EXPECT_TRUE(asker.sent("pong"));
}

TEST(Asks, news_during_an_ask_are_announced_after_the_verdict) {
    Asker asker;
    const PeerId peer = asker.ready_peer(1);
    const BlockRef block = make_block(asker.backend.active_tip().header, 1, 1);
    asker.receive(peer, {raw_message("block", block->serialize())});
    const auto asks = asker.take<net_output::SubmitBlock>();
    ASSERT_EQ(asks.size(), 1u);
    const BlockResult result = asker.backend.submit_block(block, {});
    asker.handle(net_input::BlockConnected{block});
    asker.handle(net_input::TipChanged{result.node, false});
    asker.handle(net_input::BlockJudged{asks[0], result});
    // The sender has the block, so it gets no announcement.
    EXPECT_FALSE(asker.sent("inv"));
    EXPECT_FALSE(asker.sent("headers"));
}

TEST(Asks, answer_for_a_peer_that_is_gone_is_harmless) {
    Asker asker;
    const PeerId gone = asker.ready_peer(1);
    const PeerId other = asker.ready_peer(2);
    const BlockRef block = make_block(asker.backend.active_tip().header, 1, kBadBlockNonce);
    asker.receive(gone, {raw_message("block", block->serialize()), raw_message(message::Ping{7})});
    const auto asks = asker.take<net_output::SubmitBlock>();
    ASSERT_EQ(asks.size(), 1u);
    asker.handle(net_input::Closed{gone, "reset"});
    EXPECT_EQ(asker.take<net_output::PeerGone>().size(), 1u);
    BlockResult result;
    result.error = BlockError{BlockErrorKind::invalid_block, "bad-blk-length", {}};
    asker.handle(net_input::BlockJudged{asks[0], result});
    EXPECT_FALSE(asker.sent("pong"));
    asker.receive(other, {raw_message(message::Ping{7})});
    EXPECT_TRUE(asker.sent("pong"));
}

TEST(Asks, engine_message_is_an_ask_of_peers_that_speak_the_engine) {
    Asker asker;
    const PeerId stranger = asker.ready_peer(1);
    asker.receive(stranger, {raw_message("engine", Bytes{1, 2}), raw_message(message::Ping{7})});
    EXPECT_TRUE(asker.take<net_output::EngineMessage>().empty());
    EXPECT_TRUE(asker.sent("pong"));
}

}  // namespace
}  // namespace parley::test
