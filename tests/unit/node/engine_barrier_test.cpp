// Four validators that exchange bytes at once: every statement that a validator signed waits for
// the commit of its record. This is what makes votes crash-safe.
#include <gmock/gmock.h>

#include <set>

#include "chain/state/chainstate.h"
#include "consensus/pbft/messages/messages.h"
#include "consensus/pbft/pbft_engine.h"
#include "mempool/mempool.h"
#include "tests/unit/node/test_node.h"
#include "wallet/signing/signer.h"

namespace parley {
namespace {

using pbft::MessageType;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Engine messages carry a version byte and their type.
MessageType type_of(const Bytes& engine_message) {
    return static_cast<MessageType>(engine_message.at(1));
}

bool is_statement(MessageType type) {
    return type == MessageType::pre_prepare || type == MessageType::prepare ||
           type == MessageType::commit || type == MessageType::view_change ||
           type == MessageType::new_view;
}

class EngineBarrier : public testing::Test {
 protected:
    EngineBarrier() {
        SeededRandom random(9);
        const SecretKey purse = SecretKey::generate(random);
        LabnetOptions options;
        const Script to = p2wpkh_script(hash160(purse.public_key().bytes()));
        options.genesis_outputs = {TxOutput{Amount{kCoin}, to}, TxOutput{Amount{kCoin}, to}};
        const ChainParams params = labnet_params(options);
        std::vector<SecretKey> keys;
        NodeConfig config{params};
        PbftOptions validators;
        for (int i = 0; i < 4; ++i) {
            keys.push_back(SecretKey::generate(random));
            validators.validators.push_back(keys.back().public_key());
        }
        for (size_t i = 0; i < 4; ++i) {
            validators.key = keys[i];
            config.engine = pbft_choice(validators);
            nodes_.push_back(std::make_unique<TestNode>(config, false, 10 + i));
            exchange_.add(*nodes_.back());
        }
        KeySet signer;
        signer.add({purse, true});
        const Transaction& genesis = *params.genesis->transactions[0];
        for (uint32_t output = 0; output < 2; ++output) {
            const OutPoint from{genesis.txid(), output};
            TransactionData data;
            data.inputs.push_back(TxInput{from, Script{}, TxInput::kSequenceFinal, {}});
            data.outputs.push_back(TxOutput{Amount{kCoin - 1000}, to});
            const auto signed_one =
                sign_transaction(data, {{from, genesis.outputs()[output]}}, signer);
            payments_.push_back(make_transaction(signed_one.transaction));
        }
        exchange_.on_step = [this](size_t node, const Effects& effects) { look(node, effects); };
    }

    void look(size_t node, const Effects& effects) {
        for (size_t i = 0; i < effects.size(); ++i) {
            for (const auto& [command, payload] : messages(effects[i])) {
                if (command != "engine" || !is_statement(type_of(payload))) continue;
                // Bytes that left before may leave again: their record is on the disk.
                if (!left_.insert({node, payload}).second) continue;
                ++statements_[type_of(payload)];
                EXPECT_TRUE(nodes_[node]->waits_for_sync(awaited(effects[i])))
                    << "node " << node << " let a statement of type "
                    << static_cast<int>(type_of(payload)) << " out";
            }
        }
    }

    void connect_all() {
        for (size_t from = 0; from < 4; ++from) {
            for (size_t to = from + 1; to < 4; ++to) exchange_.connect(from, to);
        }
    }
    void submit(size_t node, const TransactionRef& transaction) {
        ASSERT_TRUE(nodes_[node]->send(transaction));
        exchange_.take(node);
    }

    std::vector<std::unique_ptr<TestNode>> nodes_;
    Exchange exchange_;
    std::vector<TransactionRef> payments_;
    std::set<std::pair<size_t, Bytes>> left_;
    std::map<MessageType, int> statements_;
};

TEST_F(EngineBarrier, votes_leave_behind_their_record_in_the_normal_case) {
    connect_all();
    submit(0, payments_[0]);
    exchange_.run();
    for (const auto& node : nodes_) EXPECT_EQ(node->height(), 1);
    EXPECT_EQ(statements_[MessageType::pre_prepare], 1);
    EXPECT_EQ(statements_[MessageType::prepare], 3);
    EXPECT_EQ(statements_[MessageType::commit], 4);
}

TEST_F(EngineBarrier, vote_under_way_to_the_disk_does_not_delay_the_pong_to_a_bystander) {
    connect_all();
    constexpr size_t kVoter = 0;  // the primary
    const PeerId bystander{1'000};
    HeldMessages host(*nodes_[kVoter]);
    const auto run = [&] { host.run(*nodes_[kVoter]); };
    ScriptedPeer peer(*nodes_[kVoter], bystander);
    peer.connect(run);
    host.reach_all();
    host.left(bystander);
    std::vector<PeerId> validators;
    for (const PeerInfo& info : (*nodes_[kVoter])->peers().peer_infos(nodes_[kVoter]->now)) {
        if (info.id != bystander) validators.push_back(info.id);
    }
    ASSERT_EQ(validators.size(), 3u);
    for (const PeerId validator : validators) host.left(validator);

    ASSERT_TRUE(nodes_[kVoter]->send(payments_[0]));
    run();
    peer.say(message::Ping{7});
    run();
    EXPECT_EQ(host.left(bystander), HeldMessages::Commands{"pong"});
    for (const PeerId validator : validators)
        EXPECT_EQ(host.left(validator), HeldMessages::Commands{});
    host.reach_all();
    for (const PeerId validator : validators)
        EXPECT_THAT(host.left(validator), testing::Contains("engine"));
}

TEST_F(EngineBarrier, view_changes_leave_behind_their_record) {
    // The primary has no connections.
    for (size_t from = 1; from < 4; ++from) {
        for (size_t to = from + 1; to < 4; ++to) exchange_.connect(from, to);
    }
    for (size_t node = 1; node < 4; ++node) submit(node, payments_[0]);
    exchange_.run();
    exchange_.wait(seconds{3});
    for (size_t node = 1; node < 4; ++node) EXPECT_EQ(nodes_[node]->height(), 1);
    EXPECT_EQ(nodes_[0]->height(), 0);
    EXPECT_EQ(statements_[MessageType::view_change], 3);
    EXPECT_EQ(statements_[MessageType::new_view], 1);
}

TEST_F(EngineBarrier, proposal_whose_coins_cannot_be_read_gets_no_vote_and_nobody_is_blamed) {
    constexpr size_t kFailing = 3;
    nodes_[kFailing]->open();  // on a cold cache
    connect_all();
    bool stopped = false;
    exchange_.on_step = [&](size_t node, const Effects& effects) {
        look(node, effects);
        EXPECT_FALSE(contains<effect::Close>(effects)) << "nobody is blamed, by nobody";
        if (node != kFailing || !contains<effect::Shutdown>(effects)) return;
        stopped = true;
        EXPECT_EQ(std::get<effect::Shutdown>(effects.back()).error, "disk on fire");
    };
    nodes_[kFailing]->coins_fault.fail_at(1);
    submit(0, payments_[0]);
    exchange_.run();
    EXPECT_TRUE(stopped);
    EXPECT_EQ(statements_[MessageType::pre_prepare], 1);
    EXPECT_EQ(statements_[MessageType::prepare], 2) << "of the other backups";
    EXPECT_EQ(nodes_[0]->height(), 1) << "three of four decide";
    // After a restart with a working disk, the node catches up.
    nodes_[kFailing]->coins_fault.fail_at(0);
    exchange_.on_step = [this](size_t node, const Effects& effects) { look(node, effects); };
    nodes_[kFailing]->open();
    for (size_t to = 0; to < kFailing; ++to) exchange_.connect(kFailing, to);
    exchange_.wait(seconds{5});
    EXPECT_EQ(nodes_[kFailing]->height(), 1);
}

TEST_F(EngineBarrier, published_block_is_final_and_tells_so) {
    connect_all();
    submit(0, payments_[0]);
    exchange_.run();
    nodes_[2]->call([&](Node& node) {
        EXPECT_EQ(node.engine().name(), "pbft");
        EXPECT_EQ(node.engine().finality(), Finality::absolute);
        const HeaderNode& finalized = node.chain().index().finalized();
        EXPECT_EQ(finalized.height, Height{1});
        // invalidateblock must not invalidate a final block.
        EXPECT_FALSE(node.invalidate_block(finalized.hash));
        // Only the validators can create blocks.
        EXPECT_FALSE(node.automine());
    });
    EXPECT_EQ(nodes_[2]->height(), 1);
}

}  // namespace
}  // namespace parley
