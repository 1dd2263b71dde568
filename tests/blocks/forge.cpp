#include "tests/blocks/forge.h"

#include <algorithm>

#include "base/check.h"
#include "base/uint256.h"
#include "chain/rules/params.h"

namespace parley {
namespace {

constexpr int kSetupBlocks = 220;
constexpr int kMaturity = 100;
constexpr int64_t kSetupStart = kFullBlocksNow - 60'000;
constexpr uint32_t kEasyBits = 0x207fffff;

// The target of 207fffff.
bool has_work(const BlockHeader& header) {
    return header.hash().bytes()[31] <= 0x7f;
}

}  // namespace

void recommit(Block& block) {
    const auto position = witness_commitment_position(*block.transactions[0]);
    CHECK(position.has_value());
    const ByteSpan reserved = block.transactions[0]->inputs()[0].witness.front();
    const Hash256 commitment = witness_commitment(block, Hash256::from_bytes(reserved));
    change_coinbase(block, [&](TransactionData& data) {
        Bytes script = to_bytes(data.outputs[*position].script_pubkey.bytes());
        std::copy(commitment.bytes().begin(), commitment.bytes().end(), script.begin() + 6);
        data.outputs[*position].script_pubkey = Script{script};
    });
}

void change_coinbase(Block& block, const std::function<void(TransactionData&)>& change) {
    TransactionData data = block.transactions[0]->data();
    change(data);
    block.transactions[0] = make_transaction(std::move(data));
}

TransactionData spend(const std::vector<Spendable>& coins, int64_t fee, const Script& to) {
    TransactionData data;
    int64_t total = 0;
    for (const Spendable& coin : coins) {
        data.inputs.push_back(TxInput{coin.outpoint, Script{}, TxInput::kSequenceFinal, {}});
        total += coin.value.value();
    }
    data.outputs.push_back(TxOutput{Amount{total - fee}, to});
    return data;
}

TransactionRef tx(TransactionData data) {
    return make_transaction(std::move(data));
}

Spendable output(const TransactionRef& transaction, uint32_t index) {
    const TxOutput& made = transaction->outputs().at(index);
    return {{transaction->txid(), index}, made.value, made.script_pubkey};
}

Forge::Forge() {
    const BlockRef genesis = regtest_params().genesis;
    placed_["genesis"] = {genesis, "", 0};
    names_[genesis->header.hash()] = "genesis";
    for (int i = 1; i <= kSetupBlocks; ++i) {
        Plan plan;
        if (i == 1) plan.time = kSetupStart;
        const std::string name = "setup-" + std::to_string(i);
        accept_block(name, block(plan));
        if (i <= kSetupBlocks - kMaturity) coins_.push_back(output(get(name)->transactions[0], 0));
    }
}

Block Forge::block(const Plan& plan) {
    const Placed& parent = placed(plan.parent.empty() ? tip_ : plan.parent);
    const int32_t height = parent.height + 1;
    Block block;
    block.header.version = 0x20000000;
    block.header.previous = parent.block->header.hash();
    block.header.time =
        static_cast<uint32_t>(plan.time != 0 ? plan.time : int64_t{parent.block->header.time} + 10);
    block.header.bits = kEasyBits;
    TransactionData coinbase;
    Writer script;
    script.bytes(coinbase_height_push(Height{height})).u8(8).le(++extra_nonce_);
    coinbase.inputs.push_back(
        TxInput{OutPoint{}, Script{script.take()}, TxInput::kSequenceFinal, {Bytes(32, 0)}});
    coinbase.outputs = {TxOutput{Amount{subsidy(height) + plan.fees}, Script{Bytes{OP_TRUE}}},
                        TxOutput{Amount{0}, witness_commitment_script(Hash256{})}};
    block.transactions.push_back(make_transaction(std::move(coinbase)));
    block.transactions.insert(block.transactions.end(), plan.transactions.begin(),
                              plan.transactions.end());
    recommit(block);
    return block;
}

BlockRef Forge::finish(Block block) {
    if (!block.transactions.empty()) block.header.merkle_root = block_merkle_root(block);
    while (!has_work(block.header)) ++block.header.nonce;
    return std::make_shared<const Block>(std::move(block));
}

const Forge::Placed& Forge::placed(const std::string& name) const {
    const auto found = placed_.find(name);
    CHECK(found != placed_.end());
    return found->second;
}

void Forge::place(const std::string& name, const BlockRef& block) {
    const auto parent = names_.find(block->header.previous);
    CHECK(parent != names_.end() && !placed_.contains(name));
    placed_[name] = {block, parent->second, placed(parent->second).height + 1};
    names_[block->header.hash()] = name;
}

void Forge::list(const std::string& name, const BlockRef& block, const std::string& verdict,
                 bool of_ancestor) {
    blocks_.push_back({name, block, verdict, of_ancestor, placed(tip_).block->header.hash()});
}

void Forge::accept_block(const std::string& name, Block block) {
    const BlockRef made = finish(std::move(block));
    place(name, made);
    tip_ = name;
    list(name, made, "");
}

void Forge::side(const std::string& name, Block block) {
    const BlockRef made = finish(std::move(block));
    place(name, made);
    list(name, made, "");
}

void Forge::reject_block(const std::string& name, const std::string& verdict, Block block) {
    const BlockRef made = finish(std::move(block));
    if (names_.contains(made->header.previous)) place(name, made);
    list(name, made, verdict);
}

void Forge::reject_ancestor(const std::string& name, const std::string& verdict, Block block) {
    const BlockRef made = finish(std::move(block));
    place(name, made);
    list(name, made, verdict, true);
}

void Forge::reject_raw(const std::string& name, const std::string& verdict, Block block) {
    list(name, std::make_shared<const Block>(std::move(block)), verdict);
}

void Forge::accept(const std::string& name, const Plan& plan, const Change& change) {
    Block made = block(plan);
    if (change) change(made);
    accept_block(name, std::move(made));
}

void Forge::reject(const std::string& name, const std::string& verdict, const Plan& plan,
                   const Change& change) {
    Block made = block(plan);
    if (change) change(made);
    reject_block(name, verdict, std::move(made));
}

int32_t Forge::height(const std::string& name) const {
    return placed(name.empty() ? tip_ : name).height;
}

int64_t Forge::time(const std::string& name) const {
    return placed(name.empty() ? tip_ : name).block->header.time;
}

int64_t Forge::median_time_past() const {
    std::vector<int64_t> times;
    for (std::string name = tip_; times.size() < 11; name = placed(name).parent)
        times.push_back(time(name));
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

const BlockRef& Forge::get(const std::string& name) const {
    return placed(name).block;
}

std::vector<FullBlock> full_blocks() {
    Forge forge;
    headers(forge);
    merkle_roots(forge);
    coinbases(forge);
    spends(forge);
    locktimes(forge);
    witnesses(forge);
    sizes(forge);
    signature_operations(forge);
    forks(forge);
    long_reorganisation(forge);
    return forge.take_blocks();
}

}  // namespace parley
