// What a node tells subscribers outside, and in which order.
#include <gmock/gmock.h>

#include "chain/state/chainstate.h"
#include "tests/unit/node/test_node.h"

namespace parley {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

NodeConfig with_notices(bool notices = true) {
    NodeConfig config{regtest_params()};
    config.mempool.accept_nonstandard = true;  // OP_TRUE is not standard
    config.node.notices = notices;
    return config;
}

BlockRef block_of(TestNode& node, int32_t height) {
    return *node->chain().read_block(*node->chain().index().at_height(Height{height}));
}

TransactionRef spend_of_first_block(TestNode& node, int64_t fee) {
    const TransactionRef coinbase = block_of(node, 1)->transactions[0];
    TransactionData data;
    data.inputs.push_back(TxInput{OutPoint{coinbase->txid(), 0}, Script{}, 0, {}});
    data.outputs.push_back(
        TxOutput{Amount{coinbase->outputs()[0].value.value() - fee}, p2wpkh_script(Hash160{})});
    return make_transaction(std::move(data));
}

std::string text(const Notice& notice) {
    struct Shown {
        std::string operator()(const notice::BlockConnected&) const { return "connected"; }
        std::string operator()(const notice::BlockDisconnected&) const { return "disconnected"; }
        std::string operator()(const notice::NewTip&) const { return "tip"; }
        std::string operator()(const notice::TransactionAdded& each) const {
            return "added " + std::to_string(each.sequence);
        }
        std::string operator()(const notice::TransactionRemoved& each) const {
            return "removed " + std::to_string(each.sequence);
        }
    };
    return std::visit(Shown{}, notice);
}

/// Of the last step.
std::vector<std::string> notices(const TestNode& node) {
    std::vector<std::string> result;
    for (const Effect& effect : node.effects) {
        if (const auto* notify = std::get_if<effect::Notify>(&effect))
            result.push_back(text(notify->notice));
    }
    return result;
}

TEST(Notice, nobody_is_told_unless_the_host_wants_it) {
    TestNode node{with_notices(false)};
    node.generate(1);
    EXPECT_THAT(notices(node), IsEmpty());
}

TEST(Notice, block_comes_before_the_best_block_and_after_it_is_durable) {
    TestNode node{with_notices()};
    ASSERT_EQ(node.submit(node.build()), "");
    EXPECT_THAT(notices(node), ElementsAre("connected", "tip"));
    const BlockHash tip = node->chain().index().tip().hash;
    for (const Effect& effect : node.effects) {
        const auto* notify = std::get_if<effect::Notify>(&effect);
        if (notify == nullptr) continue;
        EXPECT_GT(notify->after, CommitId{});
        if (const auto* best = std::get_if<notice::NewTip>(&notify->notice)) {
            EXPECT_EQ(best->hash, tip);
            EXPECT_EQ(best->block->header.hash(), tip);
        }
    }
}

TEST(Notice, transactions_enter_are_replaced_and_leave_with_their_block_unannounced) {
    TestNode node{with_notices()};
    node.generate(101);
    ASSERT_TRUE(node.send(spend_of_first_block(node, 1'000)));
    EXPECT_THAT(notices(node), ElementsAre("added 1"));
    ASSERT_TRUE(node.send(spend_of_first_block(node, 10'000)));
    EXPECT_THAT(notices(node), ElementsAre("removed 2", "added 3"));
    node.generate(1);
    EXPECT_THAT(notices(node), ElementsAre("connected", "tip"));
}

TEST(Notice, disconnected_blocks_come_first_and_a_shorter_chain_is_no_new_tip) {
    TestNode node{with_notices()};
    node.generate(101);
    ASSERT_TRUE(node.send(spend_of_first_block(node, 1'000)));
    node.generate(1);
    const BlockHash last = node->chain().index().tip().hash;
    node.call([&](Node& each) { ASSERT_TRUE(each.invalidate_block(last)); });
    // Number 2 is the removal by the block.
    EXPECT_THAT(notices(node), ElementsAre("disconnected", "added 3"));
}

}  // namespace
}  // namespace parley
