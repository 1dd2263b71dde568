// Entries of a mempool.dat: times and deltas are kept, and what has expired is left out.
#include "node/host/mempool_load.h"

#include "tests/unit/node/test_node.h"

namespace parley {
namespace {

TransactionRef spend(const BlockRef& block, Amount fee) {
    const TransactionRef& coinbase = block->transactions[0];
    TransactionData data;
    data.inputs.resize(1);
    data.inputs[0].prevout = {coinbase->txid(), 0};
    data.outputs.push_back({Amount{coinbase->outputs()[0].value.value() - fee.value()}, op_true()});
    // Large enough for the policy: at least 65 bytes without the witness.
    data.outputs.push_back({Amount{0}, ScriptBuilder{}.op(OP_RETURN).build()});
    return make_transaction(std::move(data));
}

TEST(MempoolLoad, times_and_deltas_are_kept_and_old_entries_are_left_out) {
    NodeConfig config{regtest_params()};
    config.mempool.accept_nonstandard = true;
    TestNode node(config);
    std::vector<BlockRef> blocks;
    for (int i = 0; i < 3; ++i) {
        blocks.push_back(node.build());
        ASSERT_EQ(node.submit(blocks.back()), "");
        node.now += std::chrono::seconds{1};
    }
    node.generate(100);
    const int64_t now = to_unix_seconds(node.now);
    const auto expiry = std::chrono::floor<std::chrono::seconds>(node->mempool().options().expiry);
    const TransactionRef young = spend(blocks[0], Amount{1000});
    const TransactionRef old = spend(blocks[1], Amount{1000});
    const TransactionRef future = spend(blocks[2], Amount{1000});
    TransactionData lost = young->data();
    lost.inputs[0].prevout.index = 7;
    MempoolFile file;
    file.entries = {{young, now - 50, Amount{7}},
                    {old, now - expiry.count(), Amount{0}},
                    {make_transaction(std::move(lost)), now, Amount{0}},
                    {young, now, Amount{0}},
                    {future, now + 1000, Amount{0}}};
    file.other_deltas[old->txid()] = Amount{9};
    MempoolLoad load;
    node.call([&](Node& each) { load_mempool_entries(each, file, load); });
    EXPECT_EQ(load.accepted, 2u);
    EXPECT_EQ(load.expired, 1u);
    EXPECT_EQ(load.failed, 1u);
    EXPECT_EQ(load.known, 1u);
    const MempoolEntry* entry = node->mempool().find(young->txid());
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(to_unix_seconds(entry->time), now - 50);
    EXPECT_EQ(entry->fee_delta, Amount{7});
    entry = node->mempool().find(future->txid());
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->time, node.now);
    EXPECT_EQ(node->mempool().prioritised().size(), 2u);
    // The time of arrival counts for the expiry.
    node.step(event::TimerDue{}, expiry - std::chrono::seconds{20});
    ASSERT_EQ(node.submit(node.build(std::vector<TransactionRef>{})), "");
    EXPECT_EQ(node->mempool().find(young->txid()), nullptr);
    EXPECT_NE(node->mempool().find(future->txid()), nullptr);
}

}  // namespace
}  // namespace parley
