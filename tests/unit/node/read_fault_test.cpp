// Nodes whose disk fails one read of a coin, at every position: there is no verdict, no peer is
// punished, the node stops with the error, and continues after a restart with a working disk.
#include <gmock/gmock.h>

#include "chain/primitives/address.h"
#include "chain/state/chainstate.h"
#include "mempool/mempool.h"
#include "tests/unit/node/test_node.h"

namespace parley {
namespace {

std::optional<std::string> shutdown_error(const Effects& effects) {
    for (const Effect& each : effects) {
        if (const auto* shutdown = std::get_if<effect::Shutdown>(&each)) return shutdown->error;
    }
    return std::nullopt;
}

/// What a step that met the failing disk must look like.
void expect_clean_stop(const Effects& effects) {
    // The second is bitcoind's; the log has the cause.
    EXPECT_THAT(shutdown_error(effects),
                ::testing::AnyOf("disk on fire", "Failed to disconnect block."));
    EXPECT_FALSE(contains<effect::Close>(effects)) << "nobody is blamed";
    EXPECT_TRUE(std::holds_alternative<effect::Shutdown>(effects.back()));
}

class NodeReadFault : public testing::Test {
 protected:
    NodeReadFault() : node_{relaxed()} {
        node_.generate(103);
        TransactionData data;
        for (const int32_t height : {1, 2}) {
            const HeaderNode* header = node_->chain().index().at_height(Height{height});
            const BlockRef block = *node_->chain().read_block(*header);
            const TransactionRef& coinbase = block->transactions[0];
            data.inputs.push_back(
                TxInput{OutPoint{coinbase->txid(), 0}, Script{}, TxInput::kSequenceFinal, {}});
        }
        data.outputs.push_back(TxOutput{Amount{99 * kCoin}, p2wpkh_script(Hash160{})});
        payment_ = make_transaction(std::move(data));
        stop();
    }
    static NodeConfig relaxed() {
        NodeConfig config{regtest_params()};
        config.mempool.accept_nonstandard = true;  // OP_TRUE is not standard
        return config;
    }
    void stop() {
        node_.call([](Node& node) { node.stop(); });
    }
    // On cold caches, once for each read of a coin; returns their number. `before` runs with the
    // node closed.
    template <class Work>
    size_t fail_every_read(
        const Work& work, const std::function<void()>& before = [] {}) {
        for (size_t position = 1;; ++position) {
            SCOPED_TRACE(position);
            before();
            node_.open();
            work([&] { node_.coins_fault.fail_at(position); });
            const bool failed = node_.coins_fault.fired();
            node_.coins_fault.fail_at(0);
            if (!failed || HasFailure()) return position - 1;
            expect_clean_stop(node_.effects);
        }
    }

    TestNode node_;
    TransactionRef payment_;
};

const StorageError* failure_in(const StorageError& error) {
    return &error;
}
template <class Failure>
const StorageError* failure_in(const Failure& failure) {
    return std::get_if<StorageError>(&failure);
}

TEST_F(NodeReadFault, command_fails_without_a_verdict) {
    const auto expect = [&](size_t reads, const auto& ask) {
        EXPECT_EQ(fail_every_read([&](const auto& begin) {
                      begin();
                      node_.call([&](Node& node) {
                          const auto result = ask(node);
                          ASSERT_EQ(result.has_value(), !node_.coins_fault.fired());
                          if (result) return;
                          const StorageError* failed = failure_in(result.error());
                          ASSERT_NE(failed, nullptr);
                          EXPECT_EQ(failed->message, "disk on fire");
                      });
                  }),
                  reads);
    };
    const OutPoint spent = payment_->inputs()[0].prevout;
    expect(1, [&](Node& node) { return node.coin(spent, false); });
    expect(1, [&](Node& node) { return node.coin(spent, true); });
    expect(2, [&](Node& node) { return node.test_accept({payment_}); });
    expect(2, [&](Node& node) {
        const Block block = node.build_template(op_true(), std::vector{payment_}).block;
        return node.check_proposal(block);
    });
    expect(2, [&](Node& node) { return node.submit_transaction(payment_); });
    EXPECT_TRUE(node_->mempool().contains(payment_->txid()));
}

TEST_F(NodeReadFault, block_joins_the_chain_after_a_start) {
    const MemoryStorage blocks = node_.blocks;
    const MemoryStorage coins = node_.coins;
    EXPECT_EQ(fail_every_read([&](const auto& begin) {
                  const BlockRef block = node_.build(std::vector{payment_});
                  begin();
                  node_.submit(block);
                  if (!node_.coins_fault.fired()) return;
                  const BlockHash hash = block->header.hash();
                  EXPECT_EQ(node_.height(), 103);
                  EXPECT_EQ(node_->chain().index().find(hash)->status, BlockStatus::stored);
                  const Effects failed = node_.effects;
                  const ReadFault fault = std::exchange(node_.coins_fault, {});
                  node_.open();
                  EXPECT_EQ(node_->chain().index().tip().hash, hash);
                  node_.blocks = blocks;
                  node_.coins = coins;
                  node_.effects = failed;
                  node_.coins_fault = fault;
              }),
              2u);
}

TEST_F(NodeReadFault, peer_that_sent_a_transaction_is_not_blamed) {
    for (size_t position = 1; position <= 2; ++position) {
        SCOPED_TRACE(position);
        TestNode sender{relaxed(), false, 7};
        TestNode receiver{relaxed(), false, 8};
        for (TestNode* each : {&sender, &receiver}) {
            each->blocks = node_.blocks;
            each->coins = node_.coins;
            each->now = node_.now;
            each->open();
        }
        Exchange exchange;
        exchange.add(sender);
        exchange.add(receiver);
        size_t failed = 0;
        exchange.on_step = [&](size_t node, const Effects& effects) {
            if (node != 1 || !shutdown_error(effects)) return;
            if (++failed == 1) expect_clean_stop(effects);
        };
        exchange.connect(0, 1);
        receiver.coins_fault.fail_at(position);
        ASSERT_TRUE(sender.send(payment_));
        exchange.take(0);
        exchange.run();
        exchange.wait(std::chrono::seconds{20}, std::chrono::seconds{1});
        EXPECT_GE(failed, 1u);
        EXPECT_EQ(receiver->mempool().size(), 0u);
        receiver.coins_fault.fail_at(0);
        receiver.open();
        EXPECT_TRUE(receiver.send(payment_));
    }
}

// The mempool takes back what the block held by coins that have to be read.
TEST_F(NodeReadFault, reorganisation_stops_before_the_mempool_judges) {
    node_.open();
    ASSERT_EQ(node_.submit(node_.build(std::vector{payment_})), "");
    stop();
    const MemoryStorage blocks = node_.blocks;
    const MemoryStorage coins = node_.coins;
    size_t judged = 0;
    const size_t reads = fail_every_read(
        [&](const auto& begin) {
            const BlockHash tip = node_->chain().index().tip().hash;
            begin();
            node_.call([&](Node& node) { (void)node.invalidate_block(tip); });
            const bool returned = node_->mempool().contains(payment_->txid());
            if (returned) ++judged;
            EXPECT_TRUE(returned || node_.coins_fault.fired());
        },
        [&] {
            node_.blocks = blocks;
            node_.coins = coins;
        });
    EXPECT_GE(reads, 2u) << "the payment's two coins at least";
    EXPECT_EQ(judged, 1u) << "only where nothing fails";
}

TEST_F(NodeReadFault, start_that_cannot_check_its_blocks_says_so) {
    NodeConfig config = relaxed();
    config.node.check_blocks = 6;
    config.node.check_level = 4;
    size_t position = 1;
    for (;; ++position) {
        SCOPED_TRACE(position);
        ReadFault fault;
        FaultyReads faulty{node_.blocks, fault};
        InlineScriptVerifier verifier;
        SeededRandom random{1};
        NullLog log;
        // Only the reads of bodies and undo data are counted: the start of the index is chain's.
        const auto create = [&](Storage& blocks) {
            return Node::create(
                config, NodeHost{blocks, node_.coins, nullptr, verifier, random, random, log});
        };
        fault.fail_at(position);
        const auto node = create(faulty);
        ASSERT_EQ(node.has_value(), !fault.fired());
        if (node) break;
        EXPECT_NE(node.error().find("disk on fire"), std::string::npos) << node.error();
    }
    EXPECT_GT(position, 12u) << "six bodies and their undo data, behind the index";
}

class WalletReadFault : public NodeReadFault {
 protected:
    WalletReadFault() {
        node_.open();
        node_.call([this](Node& node) {
            auto* wallet = *node.wallets()->create("purse", WalletCreateOptions{}, node.now());
            script_ =
                *decode_address(node.config().params.address_prefixes, *wallet->new_address(""));
        });
        node_.generate(1, script_);
        node_.generate(100);
        stop();
    }
    Script script_;
};

TEST_F(WalletReadFault, payment_that_is_not_judged_is_forgotten) {
    const auto waiting = [&] {
        size_t count = 0;
        node_.call([&](Node& node) {
            count = (*node.load_wallet("purse"))->waiting_transactions().size();
        });
        return count;
    };
    EXPECT_EQ(
        fail_every_read([&](const auto& begin) {
            EXPECT_EQ(waiting(), 0u);
            begin();
            node_.call([&](Node& node) {
                Wallet& wallet = *node.wallets()->find("purse");
                SpendRequest request;
                request.recipients.push_back({p2wpkh_script(Hash160{}), Amount{kCoin}, false});
                request.fee_rate = FeeRate{10'000};
                const auto sent = node.send(wallet, request, {});
                ASSERT_EQ(sent.has_value(), !node_.coins_fault.fired());
                if (sent) return;
                EXPECT_EQ(sent.error().code, WalletErrorCode::database);
                EXPECT_EQ(sent.error().message, "disk on fire");
                EXPECT_TRUE(wallet.waiting_transactions().empty());
            });
        }),
        1u);
    EXPECT_EQ(node_->mempool().size(), 1u);
}

}  // namespace
}  // namespace parley
