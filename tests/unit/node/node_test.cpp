// One node by itself: barriers, blocks and transactions on request, time, and its end.
#include "consensus/pbft/pbft_engine.h"
#include "tests/unit/node/test_node.h"

#include "chain/state/chainstate.h"
#include "mempool/mempool.h"
#include "node/block_summary.h"

namespace parley {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// Spends an output that anyone can spend.
TransactionRef spend(const BlockRef& block, int64_t fee = 10'000) {
    const TransactionRef& coinbase = block->transactions[0];
    TransactionData data;
    data.inputs.push_back(
        TxInput{OutPoint{coinbase->txid(), 0}, Script{}, TxInput::kSequenceFinal, {}});
    data.outputs.push_back(
        TxOutput{Amount{coinbase->outputs()[0].value.value() - fee}, p2wpkh_script(Hash160{})});
    return make_transaction(std::move(data));
}

NodeConfig relaxed() {
    NodeConfig config{regtest_params()};
    config.mempool.accept_nonstandard = true;  // OP_TRUE is not standard
    return config;
}

BlockRef block_at(TestNode& node, int32_t height) {
    const auto* header = node->chain().index().at_height(Height{height});
    return *node->chain().read_block(*header);
}

TEST(Node, generated_block_extends_the_chain_and_is_persisted_before_complete) {
    TestNode node;
    ASSERT_EQ(node.submit(node.build()), "");
    EXPECT_EQ(node.height(), 1);
    // The client learns of the block when it is stored.
    EXPECT_LT(position<effect::Persist>(node.effects), position<effect::Complete>(node.effects));
    ASSERT_EQ(position<effect::Complete>(node.effects), node.effects.size() - 1);
    EXPECT_EQ(std::get<effect::Complete>(node.effects.back()).after, node.last_commit());
}

TEST(Node, tip_is_shown_to_readers_behind_its_barrier_and_only_when_it_changes) {
    TestNode node;
    ASSERT_EQ(node.submit(node.build()), "");
    const size_t shown = position<effect::TipChanged>(node.effects);
    ASSERT_LT(shown, node.effects.size());
    EXPECT_LT(position<effect::Persist>(node.effects), shown);
    EXPECT_LT(shown, position<effect::Complete>(node.effects));
    EXPECT_EQ(std::get<effect::TipChanged>(node.effects[shown]).after, node.last_commit());
    const BlockSummary& tip = *std::get<effect::TipChanged>(node.effects[shown]).tip;
    EXPECT_EQ(tip.hash, node->chain().index().tip().hash);
    EXPECT_EQ(tip.height, Height{1});
    EXPECT_EQ(tip.confirmations, 1);
    EXPECT_EQ(node.submit(block_at(node, 1)), "duplicate");
    EXPECT_FALSE(contains<effect::TipChanged>(node.effects));
}

TEST(Node, pong_follows_the_tip_that_the_blocks_before_its_ping_have_led_to) {
    TestNode node;
    ScriptedPeer peer(node, PeerId{7});
    peer.connect();
    // Both in one piece of the stream, so in one step.
    const NetworkMagic magic = node->config().net.magic;
    Bytes stream = *encode_frame(magic, message::kBlockCommand, node.build()->serialize());
    append(stream, *encode_frame(magic, message::Ping::kCommand, encode(message::Ping{5})));
    node.step(event::Received{PeerId{7}, stream});
    ASSERT_EQ(node.height(), 1);
    const size_t shown = position<effect::TipChanged>(node.effects);
    ASSERT_LT(shown, node.effects.size());
    bool answered = false;
    for (size_t i = 0; i < node.effects.size(); ++i) {
        for (const auto& [command, payload] : messages(node.effects[i])) {
            if (command != "pong") continue;
            answered = true;
            EXPECT_LT(shown, i);
            EXPECT_EQ(std::get<effect::Send>(node.effects[i]).after,
                      std::get<effect::TipChanged>(node.effects[shown]).after);
        }
    }
    EXPECT_TRUE(answered);
}

TEST(Node, submit_block_says_what_became_of_it) {
    TestNode node;
    const BlockRef first = node.build();
    EXPECT_EQ(node.submit(first), "");
    EXPECT_EQ(node.submit(first), "duplicate");
    Block orphan = *node.build();
    orphan.header.previous = BlockHash{};
    orphan.header.previous.bytes()[3] = 9;
    while (!proof_of_work_met(orphan.header.hash(), orphan.header.bits,
                              node->config().params.pow_limit))
        ++orphan.header.nonce;
    EXPECT_EQ(node.submit(std::make_shared<const Block>(orphan)), "missing-parent");
    Block altered = *node.build();
    altered.header.merkle_root.bytes()[0] ^= 1;
    while (!proof_of_work_met(altered.header.hash(), altered.header.bits,
                              node->config().params.pow_limit))
        ++altered.header.nonce;
    EXPECT_EQ(node.submit(std::make_shared<const Block>(altered)), "bad-txnmrklroot");
    EXPECT_EQ(node.height(), 1);
}

TEST(Node, transaction_goes_from_the_mempool_into_a_block) {
    TestNode node{relaxed()};
    node.generate(101);
    const TransactionRef payment = spend(block_at(node, 1));
    const auto admission = node.send(payment);
    ASSERT_TRUE(admission) << admission.error().reason;
    EXPECT_EQ(admission->fee, Amount{10'000});
    EXPECT_EQ(node.send(payment).error().reason, "txn-already-in-mempool");
    node.generate(1);
    EXPECT_EQ(node->mempool().size(), 0u);
    ASSERT_EQ(block_at(node, 102)->transactions.size(), 2u);
    EXPECT_EQ(block_at(node, 102)->transactions[1]->txid(), payment->txid());
    EXPECT_EQ(node.send(payment).error().reason, "txn-already-known");
    // The miner got the fee.
    const auto subsidy = block_subsidy(node->config().params, Height{102}).value();
    EXPECT_EQ(block_at(node, 102)->transactions[0]->outputs()[0].value.value(), subsidy + 10'000);
}

TEST(Node, immature_and_missing_coins_are_refused) {
    TestNode node{relaxed()};
    node.generate(100);
    EXPECT_EQ(node.send(spend(block_at(node, 2))).error().reason,
              "bad-txns-premature-spend-of-coinbase");
    const TransactionRef unknown =
        spend(std::make_shared<const Block>(Block{{}, {spend(block_at(node, 1))}}));
    EXPECT_EQ(node.send(unknown).error().kind, TxRejectKind::missing_inputs);
}

TEST(Node, transaction_returns_to_the_mempool_after_a_reorganisation) {
    TestNode node{relaxed()};
    node.generate(101);
    const TransactionRef payment = spend(block_at(node, 1));
    const BlockRef rival_1 = node.build(std::vector<TransactionRef>{});
    ASSERT_TRUE(node.send(payment));
    node.generate(1);
    ASSERT_EQ(node->mempool().size(), 0u);
    const BlockHash confirmed_in = node->chain().index().tip().hash;

    // A branch without it, one block longer.
    node.call([&](Node& each) { ASSERT_TRUE(each.invalidate_block(confirmed_in)); });
    EXPECT_EQ(node->mempool().size(), 1u);
    ASSERT_EQ(node.submit(rival_1), "");
    const BlockRef rival_2 = node.build(std::vector<TransactionRef>{});
    ASSERT_EQ(node.submit(rival_2), "");
    node.call([&](Node& each) { ASSERT_TRUE(each.reconsider_block(confirmed_in)); });
    EXPECT_EQ(node->chain().index().tip().hash, rival_2->header.hash());
    EXPECT_TRUE(node->mempool().contains(payment->txid()));
    node->mempool().check_consistency();
    node.generate(1);
    EXPECT_EQ(node->mempool().size(), 0u);
}

TEST(Node, set_mock_time_moves_block_times_and_stops_timers) {
    TestNode node;
    node.call([&](Node& each) { each.set_automine(*parse_automine("600")); });
    const TimePoint due = node.now + minutes{10};
    ASSERT_EQ(node->next_deadline(), due);
    const int64_t mocked = to_unix_seconds(node.now) + 300;
    node.call([&](Node& each) { each.set_mock_time(mocked); });
    EXPECT_FALSE(node->next_deadline().has_value());
    EXPECT_EQ(node.build()->header.time, static_cast<uint32_t>(mocked));
    node.step(event::TimerDue{}, minutes{1});
    EXPECT_EQ(node.build()->header.time, static_cast<uint32_t>(mocked));
    // When mocked time ends, the timers that are due run.
    node.call([&](Node& each) { each.set_mock_time(0); });
    EXPECT_EQ(node->next_deadline(), due);
    EXPECT_EQ(node.build()->header.time, static_cast<uint32_t>(to_unix_seconds(node.now)));
    // A mocked time beyond it makes it due.
    node.call([&](Node& each) { each.set_mock_time(mocked + 3'600); });
    EXPECT_TRUE(contains<effect::SearchNonce>(node.effects));
}

TEST(Node, automine_searches_solves_and_stops) {
    TestNode node;
    node.call([&](Node& each) { each.set_automine(*parse_automine("5")); });
    EXPECT_FALSE(contains<effect::SearchNonce>(node.effects));
    ASSERT_EQ(node->next_deadline(), node.now + seconds{5});
    node.step(event::TimerDue{}, seconds{5});
    ASSERT_TRUE(contains<effect::SearchNonce>(node.effects));
    const auto search =
        std::get<effect::SearchNonce>(node.effects[position<effect::SearchNonce>(node.effects)]);
    event::SolutionFound found{search.job, search.header};
    while (
        !proof_of_work_met(found.header.hash(), found.header.bits, node->config().params.pow_limit))
        ++found.header.nonce;
    node.step(event::SolutionFound{search.job + 1, found.header});
    EXPECT_EQ(node.height(), 0) << "a solution of another job";
    node.step(found);
    EXPECT_EQ(node.height(), 1);
    node.call([&](Node& each) { each.set_automine({}); });
    node.step(event::TimerDue{}, minutes{1});
    EXPECT_FALSE(contains<effect::SearchNonce>(node.effects));
}

TEST(Node, stop_flushes_then_completes_then_shuts_down) {
    TestNode node;
    node.generate(3);
    node.call([](Node& each) { each.stop(); });
    EXPECT_TRUE(node.waits_for_sync(node.last_commit()));
    const size_t complete = position<effect::Complete>(node.effects);
    const size_t shutdown = position<effect::Shutdown>(node.effects);
    EXPECT_LT(complete, shutdown);
    ASSERT_EQ(shutdown, node.effects.size() - 1);
    EXPECT_EQ(std::get<effect::Complete>(node.effects[complete]).after, node.last_commit());
    EXPECT_EQ(std::get<effect::Shutdown>(node.effects[shutdown]).after, node.last_commit());
    EXPECT_TRUE(std::get<effect::Shutdown>(node.effects[shutdown]).error.empty());
    const BlockHash tip = node->chain().index().tip().hash;
    node.open();
    EXPECT_EQ(node->chain().index().tip().hash, tip);
}

TEST(Node, stop_at_height_shuts_down_there) {
    NodeConfig config{regtest_params()};
    config.node.stop_at_height = 2;
    TestNode node{std::move(config)};
    node.generate(1);
    EXPECT_FALSE(contains<effect::Shutdown>(node.effects));
    node.generate(1);
    EXPECT_TRUE(contains<effect::Shutdown>(node.effects));
}

TEST(Node, start_over_the_same_stores_keeps_chain_and_coins) {
    TestNode node{relaxed()};
    node.generate(105);
    const auto coins_of = [&] {
        std::vector<std::pair<OutPoint, Coin>> all;
        node.call([&](Node& each) {
            ASSERT_TRUE(
                each.coins_snapshot()->for_each([&](const OutPoint& point, const Coin& coin) {
                    all.emplace_back(point, coin);
                    return true;
                }));
        });
        return all;
    };
    const auto before = coins_of();
    ASSERT_EQ(before.size(), 105u);
    node.open();  // without a stop: as after kill -9
    EXPECT_EQ(node.height(), 105);
    EXPECT_EQ(coins_of(), before);
}

TEST(Node, stored_blocks_are_connected_after_a_start_in_the_middle_of_an_activation) {
    TestNode source;
    source.generate(150);
    TestNode node;
    node.now = source.now;
    for (int32_t height = 1; height <= 150; ++height) {
        node.call(
            [&](Node& each) { ASSERT_TRUE(each.submit_header(block_at(source, height)->header)); });
    }
    // The first block comes last: with it, all others become connectable at once.
    for (int32_t height = 150; height >= 1; --height)
        EXPECT_EQ(node.submit(block_at(source, height)), height > 1 ? "inconclusive" : "");
    const int32_t reached = node.height();
    ASSERT_GT(reached, 0);
    ASSERT_LT(reached, 150) << "one step did more than its share";
    ASSERT_EQ(node->next_deadline(), node.now) << "there is more to do";
    node.open();
    EXPECT_GE(node.height(), reached);
    for (int i = 0; i < 10 && node->next_deadline() == node.now; ++i) node.step(event::TimerDue{});
    EXPECT_EQ(node.height(), 150);
}

PbftOptions four_validators(Random& random) {
    PbftOptions options;
    for (int i = 0; i < 4; ++i)
        options.validators.push_back(SecretKey::generate(random).public_key());
    return options;
}

TEST(Node, store_of_another_engine_is_refused) {
    TestNode node;
    node.generate(1);
    NodeConfig other{regtest_params()};
    SeededRandom random(4);
    other.engine = pbft_choice(four_validators(random));
    InlineScriptVerifier verifier;
    NullLog log;
    const auto created = Node::create(
        other, NodeHost{node.blocks, node.coins, nullptr, verifier, random, random, log});
    ASSERT_FALSE(created);
    EXPECT_NE(created.error().find("pow"), std::string::npos) << created.error();
}

// ---- NodeConfig::validate

TEST(NodeConfig, defaults_are_valid_for_every_chain) {
    EXPECT_EQ(NodeConfig{regtest_params()}.validate(), "");
    EXPECT_EQ(NodeConfig{main_params()}.validate(), "");
    EXPECT_EQ(NodeConfig{labnet_params({})}.validate(), "");
}

TEST(NodeConfig, sentence_names_the_option_that_is_wrong) {
    SeededRandom random(5);
    const auto pbft = [&](ChainParams params) {
        NodeConfig config{std::move(params)};
        config.engine = pbft_choice(four_validators(random));
        return config;
    };
    EXPECT_EQ(pbft(regtest_params()).validate(), "");
    EXPECT_NE(pbft(main_params()).validate().find("-chain=regtest"), std::string::npos);
    NodeConfig again = pbft(regtest_params());
    again.chain.reindex = true;
    EXPECT_NE(again.validate().find("-reindex"), std::string::npos);
    const EngineSettings mining{.numbers = {}, .files = {}, .schedule = *parse_automine("gen")};
    const auto choice = kPbftFactory.choose(mining, regtest_params());
    ASSERT_FALSE(choice);
    EXPECT_NE(choice.error().find("-gen"), std::string::npos);
    NodeConfig nobody{regtest_params()};
    nobody.engine = pbft_choice({});
    EXPECT_NE(nobody.validate().find("-pbftvalidators"), std::string::npos);
    NodeConfig small{regtest_params()};
    small.mempool.usage_bytes_max = 1;
    EXPECT_NE(small.validate().find("-maxmempool"), std::string::npos) << small.validate();
    NodeConfig tiny{regtest_params()};
    tiny.block_builder.weight_max = -1;
    EXPECT_NE(tiny.validate().find("-blockmaxweight"), std::string::npos) << tiny.validate();
}

TEST(Node, build_equalPayoutAndTransactions_nodesSearchDifferentHeaders) {
    // Otherwise miners with one payout would all find the same block, each at the same hash.
    TestNode a{NodeConfig{regtest_params()}, false, 1};
    TestNode b{NodeConfig{regtest_params()}, false, 2};
    const BlockRef of_a = a.build();
    const BlockRef of_b = b.build();
    EXPECT_EQ(of_a->header.previous, of_b->header.previous);
    EXPECT_NE(of_a->header.merkle_root, of_b->header.merkle_root);
}

}  // namespace
}  // namespace parley
