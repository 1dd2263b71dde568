#include "node/simulator/participants.h"

#include "base/check.h"
#include "base/random.h"
#include "consensus/pow/pow_engine.h"
#include "wallet/signing/signer.h"

namespace parley::sim {
namespace {

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

std::string submit(World& world, NodeIndex index, const TransactionRef& transaction) {
    std::string reason;
    world.invoke(index, [&](Node& node) {
        const auto accepted = node.submit_transaction(transaction);
        if (!accepted) reason = "refused: " + std::get<TxReject>(accepted.error()).reason;
    });
    return reason;
}

}  // namespace parley::sim
