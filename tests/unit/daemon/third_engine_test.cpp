// A node with an engine that the product does not know, on the daemon's core thread.
#include <gtest/gtest.h>

#include <mutex>
#include <thread>
#include <vector>

#include "base/random.h"
#include "base/storage/memory_storage.h"
#include "chain/script/script_check.h"
#include "chain/state/chainstate.h"
#include "node/block_summary.h"
#include "node/daemon/workers/core_loop.h"
#include "node/node.h"
#include "tests/unit/consensus/fixed_signer_engine.h"
#include "wallet/signing/signer.h"

namespace parley {
namespace {

class Host final : public NodeDriver, public NetworkPort, public MinerPort {
 public:
    explicit Host(NodeConfig config) {
        auto created = Node::create(std::move(config), NodeHost{blocks_, coins_, nullptr, verifier_,
                                                                random_, random_, log_});
        EXPECT_TRUE(created) << created.error();
        node_ = std::move(*created);
        Effects effects = node_->start(TimePoint{std::chrono::duration_cast<Duration>(
            std::chrono::system_clock::now().time_since_epoch())});
        thread_ = std::thread([this, effects = std::move(effects)]() mutable {
            error_ = loop_.run(
                {*this, *this, *this, [](Durability, const std::function<void()>& done) { done(); },
                 [this](const std::shared_ptr<const BlockSummary>& tip) {
                     const std::lock_guard lock(mutex_);
                     shown_.push_back(tip->height.value());
                 }},
                std::move(effects));
        });
    }
    ~Host() override {
        if (thread_.joinable()) stop();
    }
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    bool call(std::function<void(Node&)> call) { return loop_.call({}, std::move(call)); }
    std::string stop() {
        loop_.request_stop();
        thread_.join();
        return error_;
    }
    std::vector<int32_t> shown_heights() {
        const std::lock_guard lock(mutex_);
        return shown_;
    }

    Effects handle(Event event, TimePoint now) override {
        return node_->handle(std::move(event), now);
    }
    std::optional<TimePoint> next_deadline() const override { return node_->next_deadline(); }
    void send(PeerId, std::shared_ptr<const Bytes>, bool) override {}
    void dial(uint64_t, const Endpoint&) override {}
    void close(PeerId) override {}
    void consumed(PeerId, size_t) override {}
    void search(uint64_t, const BlockHeader&, const Hash256&) override { ADD_FAILURE(); }
    void stop_search() override {}

 private:
    MemoryStorage blocks_;
    MemoryStorage coins_;
    InlineScriptVerifier verifier_;
    SeededRandom random_{1};
    NullLog log_;
    std::unique_ptr<Node> node_;
    CoreLoop loop_;
    std::thread thread_;
    std::string error_;
    std::mutex mutex_;
    std::vector<int32_t> shown_;  // guarded by mutex_
};

TEST(ThirdEngineHost, payment_on_the_core_thread_becomes_a_final_block) {
    SeededRandom random(5);
    const SecretKey signer = SecretKey::generate(random);
    const SecretKey purse = SecretKey::generate(random);
    const Script to = p2wpkh_script(hash160(purse.public_key().bytes()));
    LabnetOptions labnet;
    labnet.genesis_outputs = {TxOutput{Amount{kCoin}, to}};
    NodeConfig config{labnet_params(labnet)};
    config.engine = fixed_signer_choice(signer.public_key(), signer);
    const OutPoint from{config.params.genesis->transactions[0]->txid(), 0};
    TransactionData data;
    data.inputs.push_back(TxInput{from, Script{}, TxInput::kSequenceFinal, {}});
    data.outputs.push_back(TxOutput{Amount{kCoin - 1000}, to});
    KeySet keys;
    keys.add({purse, true});
    const TransactionRef payment = make_transaction(
        sign_transaction(data, {{from, labnet.genesis_outputs[0]}}, keys).transaction);

    Host host(config);
    ASSERT_TRUE(host.call([&](Node& node) {
        const auto accepted = node.submit_transaction(payment);
        EXPECT_TRUE(accepted);
    }));
    ASSERT_TRUE(host.call([&](Node& node) {
        EXPECT_EQ(node.engine().name(), "signer");
        EXPECT_EQ(node.chain().index().tip().height, Height{1});
        EXPECT_EQ(node.chain().index().finalized().hash, node.chain().index().tip().hash);
        const auto coin = node.chain().coins().coin(OutPoint{payment->txid(), 0});
        ASSERT_TRUE(coin);
        EXPECT_TRUE(coin->has_value());
        EXPECT_FALSE(node.automine()) << "this engine does not mine";
        EXPECT_FALSE(node.invalidate_block(node.chain().index().tip().hash)) << "it is final";
    }));
    EXPECT_EQ(host.stop(), "");
    EXPECT_EQ(host.shown_heights(), (std::vector<int32_t>{0, 1}));
}

}  // namespace
}  // namespace parley
