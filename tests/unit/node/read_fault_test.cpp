// Nodes whose disk fails one read of a coin, at every position: no verdict, nobody is blamed, the
// node stops with the error, and goes on after a start on a good disk.
#include "chain/state/chainstate.h"
#include "mempool/mempool.h"
#include "tests/unit/node/test_node.h"
#include "wallet/keys/signer.h"

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
    EXPECT_EQ(shutdown_error(effects), "disk on fire");
    EXPECT_FALSE(contains<effect::Close>(effects)) << "nobody is blamed";
    EXPECT_TRUE(std::holds_alternative<effect::Shutdown>(effects.back()));
}

class NodeReadFault : public testing::Test {
 protected:
    NodeReadFault() : node_{relaxed()} {
        node_.generate(103);
        TransactionData data;
        for (const int32_t height : {1, 2}) {
            const HeaderNode* header = node_->chain().at_height(Height{height});
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
        config.mempool.require_standard = false;  // OP_TRUE is not standard
        return config;
    }
    void stop() {
        node_.call([](rpc::NodeControl& control) { control.stop(); });
    }
    // On cold caches, once for each read of a coin; returns their number.
    template <class Work>
    size_t fail_every_read(const Work& work) {
        for (size_t position = 1;; ++position) {
            SCOPED_TRACE(position);
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

TEST_F(NodeReadFault, client_is_told_that_the_database_failed) {
    const auto code_of = [](const auto& result) {
        return result ? std::nullopt : std::optional{result.error().code};
    };
    std::optional<rpc::Code> code;
    const auto expect = [&](size_t reads, const auto& ask) {
        EXPECT_EQ(fail_every_read([&](const auto& begin) {
                      begin();
                      node_.call([&](rpc::NodeControl& control) { code = code_of(ask(control)); });
                      if (node_.coins_fault.fired()) {
                          EXPECT_EQ(code, rpc::Code::database);
                      } else {
                          EXPECT_EQ(code, std::nullopt);
                      }
                  }),
                  reads);
    };
    const OutPoint spent = payment_->inputs()[0].prevout;
    expect(1, [&](rpc::NodeControl& control) { return control.coin(spent, false); });
    expect(1, [&](rpc::NodeControl& control) { return control.coin(spent, true); });
    expect(2, [&](rpc::NodeControl& control) { return control.test_accept({payment_}); });
    const Script script = op_true();
    expect(2, [&](rpc::NodeControl& control) {
        return control.build_block(script, std::vector{payment_});
    });
    expect(2, [&](rpc::NodeControl& control) { return control.submit_transaction(payment_); });
    EXPECT_TRUE(node_->mempool().contains(payment_->txid()));
}

TEST_F(NodeReadFault, block_joins_the_chain_after_a_start) {
    node_.open();
    const BlockRef block = node_.build(std::vector{payment_});
    stop();
    const size_t reads = fail_every_read([&](const auto& begin) {
        begin();
        const BlockHash hash = block->header.hash();
        node_.submit(block);
        if (node_.coins_fault.fired()) {
            EXPECT_EQ(node_.height(), 103);
            EXPECT_EQ(node_->chain().find(hash)->status, BlockStatus::stored);
            // Another one for the next turn: the start connects this one.
            const Effects failed = node_.effects;
            node_.coins_fault.fail_at(0);
            node_.open();
            EXPECT_EQ(node_->chain().tip().hash, hash);
            node_.effects = failed;
            node_.coins_fault.fails_at = 1;
            node_.coins_fault.reads = 1;
        }
    });
    // The second turn finds the block connected.
    EXPECT_EQ(reads, 1u);
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
        ASSERT_EQ(sender.send(payment_).state, rpc::TxAdmission::State::accepted);
        exchange.take(0);
        exchange.run();
        exchange.wait(std::chrono::seconds{20}, std::chrono::seconds{1});
        EXPECT_GE(failed, 1u);
        EXPECT_EQ(receiver->mempool().size(), 0u);
        receiver.coins_fault.fail_at(0);
        receiver.open();
        EXPECT_EQ(receiver.send(payment_).state, rpc::TxAdmission::State::accepted);
    }
}

}  // namespace
}  // namespace parley
