#include "tests/unit/simulator/test_world.h"

#include "consensus/pow/pow_engine.h"

#include <algorithm>
#include <cstdlib>

#include "base/check.h"
#include "base/crypto/pow_search.h"
#include "base/random.h"
#include "chain/rules/retarget.h"
#include "wallet/keys/signer.h"

namespace parley::sim {
namespace {

constexpr bool kSanitized =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    true;
#else
    false;
#endif
#else
    false;
#endif

std::vector<SecretKey> make_keys(size_t count, const char* purpose) {
    auto random = SeededRandom::stream(1, 0, purpose);
    std::vector<SecretKey> keys;
    for (size_t i = 0; i < count; ++i) keys.push_back(SecretKey::generate(random));
    return keys;
}

ChainParams funded_params(const std::vector<SecretKey>& keys) {
    LabnetOptions options;
    for (const SecretKey& key : keys) {
        options.genesis_outputs.push_back(
            TxOutput{Amount{kCoin}, p2wpkh_script(hash160(key.public_key().bytes()))});
    }
    return labnet_params(options);
}

}  // namespace

int scaled(int count, int least) {
    const char* given = std::getenv("PARLEY_TEST_SCALE");
    const int percent = given != nullptr ? std::atoi(given) : kSanitized ? 15 : 100;
    return std::max(least, count * percent / 100);
}

Purse::Purse(size_t count) : keys_(make_keys(count, "purse")), params_(funded_params(keys_)) {}

TransactionRef Purse::pay(size_t index, int64_t fee) const {
    const Transaction& genesis = *params_.genesis->transactions[0];
    const OutPoint from{genesis.txid(), static_cast<uint32_t>(index)};
    const TxOutput& spent = genesis.outputs().at(index);
    TransactionData data;
    data.inputs.push_back(TxInput{from, Script{}, TxInput::kSequenceFinal, {}});
    data.outputs.push_back(TxOutput{Amount{spent.value.value() - fee}, spent.script_pubkey});
    KeySet keys;
    keys.add({keys_.at(index), true});
    auto result = sign_transaction(std::move(data), {{from, spent}}, keys);
    CHECK(result.complete());
    return make_transaction(std::move(result.transaction));
}

NodeSpec pow_node(const ChainParams& params, uint32_t share_ppm) {
    NodeSpec spec{NodeConfig{params}};
    spec.hash_share_ppm = share_ppm;
    if (share_ppm > 0)
        spec.config.engine = pow_choice({.schedule = {MiningSchedule::Kind::continuous, {}}});
    return spec;
}

void add_miners(World& world, const ChainParams& params, size_t count) {
    for (size_t i = 0; i < count; ++i)
        world.add_node(pow_node(params, static_cast<uint32_t>(1'000'000 / count)));
}

Validators::Validators(const ChainParams& params, size_t count)
    : params_(params), keys_(make_keys(count, "validators")) {
    for (const SecretKey& key : keys_) options_.validators.push_back(key.public_key());
}

NodeSpec Validators::follower() const {
    NodeSpec spec{NodeConfig{params_}};
    spec.config.engine = pbft_choice(options_);
    return spec;
}

NodeSpec Validators::validator(size_t index) const {
    PbftOptions options = options_;
    options.key = keys_.at(index);
    NodeSpec spec = follower();
    spec.config.engine = pbft_choice(std::move(options));
    return spec;
}

const HeaderNode& tip(const World& world, NodeIndex index) {
    return world.node(index).chain().index().tip();
}

int32_t height(const World& world, NodeIndex index) {
    return tip(world, index).height.value();
}

bool one_tip(const World& world, const std::vector<NodeIndex>& nodes) {
    return std::all_of(nodes.begin(), nodes.end(), [&](NodeIndex index) {
        return tip(world, index).hash == tip(world, nodes.front()).hash;
    });
}

bool one_tip(const World& world) {
    std::vector<NodeIndex> nodes;
    for (NodeIndex index = 0; index < world.size(); ++index) {
        if (world.running(index)) nodes.push_back(index);
    }
    return one_tip(world, nodes);
}

bool all_reached(const World& world, int32_t target) {
    for (NodeIndex index = 0; index < world.size(); ++index) {
        if (world.running(index) && height(world, index) < target) return false;
    }
    return true;
}

bool confirmed(const World& world, NodeIndex index, const TransactionRef& transaction) {
    const OutPoint output{transaction->txid(), 0};
    return world.node(index).chain().coins().coin(output).value().has_value();
}

bool waiting(const World& world, NodeIndex index, const TransactionRef& transaction) {
    return world.node(index).mempool().contains(transaction->txid());
}

std::string submit(World& world, NodeIndex index, const TransactionRef& transaction) {
    std::string reason;
    world.invoke(index, [&](Node& node) {
        const auto accepted = node.submit_transaction(transaction);
        if (!accepted) reason = "refused: " + std::get<TxReject>(accepted.error()).reason;
    });
    return reason;
}

void mine(World& world, NodeIndex index, size_t count, uint8_t mark) {
    world.invoke(index, [&](Node& node) {
        for (size_t i = 0; i < count; ++i) {
            Block block = node.build_template(Script{Bytes{0x51, mark}}).block;
            const auto target = target_from_compact(block.header.bits);
            CHECK(target);
            const auto nonce =
                search_nonce(block.header.serialize(), target->to_hash(), 0, 1U << 20);
            CHECK(nonce);
            block.header.nonce = *nonce;
            CHECK(!node.submit_block(std::make_shared<const Block>(std::move(block))).error);
        }
    });
}

std::map<uint32_t, uint64_t> reorganisations(World& world, NodeIndex index) {
    std::map<uint32_t, uint64_t> result;
    world.invoke(index, [&](Node& node) { result = node.reorganisations(); });
    return result;
}

std::string text(const SafetyChecker& checker) {
    std::string all;
    for (const std::string& violation : checker.violations()) all += violation + "\n";
    return all;
}

}  // namespace parley::sim
