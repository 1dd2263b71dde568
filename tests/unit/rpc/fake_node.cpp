#include "tests/unit/rpc/fake_node.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>

#include "chain/primitives/coinbase.h"
#include "chain/primitives/compact_target.h"
#include "rpc/jsonrpc/json_writer.h"

namespace parley::rpc::test {

std::vector<WalletListed> FakeWallet::list(const std::optional<std::string>& label, uint64_t count,
                                           uint64_t skip) const {
    std::vector<WalletListed> matching;
    for (const WalletListed& item : listed) {
        if (!label || item.detail.label == label) matching.push_back(item);
    }
    const size_t end = matching.size() - std::min<size_t>(skip, matching.size());
    const size_t begin = end - std::min<size_t>(count, end);
    return {matching.begin() + static_cast<ptrdiff_t>(begin),
            matching.begin() + static_cast<ptrdiff_t>(end)};
}

FakeNode::FakeNode() {
    blocks.push_back(chain_params.genesis);
}

BlockRef FakeNode::extend() {
    auto block = std::make_shared<Block>();
    const Height height{static_cast<int32_t>(blocks.size())};
    block->transactions.push_back(
        make_coinbase({height, p2wpkh_script(hash160(as_bytes("miner"))),
                       block_subsidy(chain_params, height), 0, std::nullopt}));
    block->header.version = 0x20000000;
    block->header.previous = tip_hash();
    block->header.merkle_root = block_merkle_root(*block);
    block->header.time = blocks.back()->header.time + 600;
    block->header.bits = blocks.back()->header.bits;
    blocks.push_back(block);
    return block;
}

BlockSummary FakeNode::summarise(size_t height) const {
    BlockSummary result;
    result.header = blocks[height]->header;
    result.hash = result.header.hash();
    result.height = Height{static_cast<int32_t>(height)};
    result.in_active_chain = true;
    result.confirmations = static_cast<int32_t>(blocks.size() - height);
    if (height + 1 < blocks.size()) result.next = blocks[height + 1]->header.hash();
    result.median_time = blocks[height]->header.time;
    result.score = U256{2 * (height + 1)};
    result.transactions = static_cast<uint32_t>(blocks[height]->transactions.size());
    for (size_t i = 0; i <= height; ++i)
        result.chain_transactions += blocks[i]->transactions.size();
    return result;
}

std::optional<BlockSummary> FakeNode::block_summary(const BlockHash& hash) const {
    for (size_t height = 0; height < blocks.size(); ++height) {
        if (blocks[height]->header.hash() == hash) return summarise(height);
    }
    return std::nullopt;
}

std::optional<BlockSummary> FakeNode::block_at(Height height) const {
    if (height.value() < 0 || static_cast<size_t>(height.value()) >= blocks.size())
        return std::nullopt;
    return summarise(static_cast<size_t>(height.value()));
}

Result<BlockRef> FakeNode::block(const BlockHash& hash) const {
    for (const BlockRef& candidate : blocks) {
        if (candidate->header.hash() == hash) return candidate;
    }
    return failure(Code::address_or_key, "Block not found");
}

std::optional<Coin> FakeNode::coin(const OutPoint& outpoint, bool) const {
    const auto found = coins.find(outpoint);
    return found == coins.end() ? std::nullopt : std::optional{found->second};
}

std::vector<std::string> FakeNode::loaded_wallets() const {
    std::vector<std::string> names;
    for (const auto& [name, wallet] : wallets) names.push_back(name);
    return names;
}

WalletControl* FakeNode::wallet(const std::string& name) {
    const auto found = wallets.find(name);
    return found == wallets.end() ? nullptr : &found->second;
}

Result<std::vector<std::string>> FakeNode::create_wallet(const WalletCreation& creation) {
    creation_asked = creation;
    if (wallets.contains(creation.name))
        return failure(Code::wallet, "Wallet file verification failed. Database already exists.");
    wallets[creation.name].info.name = creation.name;
    return std::vector<std::string>{};
}

Result<std::vector<std::string>> FakeNode::load_wallet(const std::string& name,
                                                       std::optional<bool>) {
    if (wallets.contains(name))
        return failure(Code::wallet_already_loaded, "Wallet \"" + name + "\" is already loaded.");
    wallets[name].info.name = name;
    return std::vector<std::string>{"a warning"};
}

Result<std::vector<std::string>> FakeNode::unload_wallet(const std::string& name,
                                                         std::optional<bool>) {
    if (wallets.erase(name) == 0)
        return failure(Code::wallet_not_found, "Requested wallet does not exist or is not loaded");
    return std::vector<std::string>{};
}

WalletTx confirmed_tx(const TransactionRef& transaction) {
    WalletTx tx;
    tx.transaction = transaction;
    tx.confirmations = 3;
    tx.block = WalletTx::InBlock{BlockHash{}, Height{7}, 1, 1'700'000'000};
    tx.time = 1'700'000'001;
    tx.time_received = 1'700'000'002;
    return tx;
}

}  // namespace parley::rpc::test
