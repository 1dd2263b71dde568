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
    summary.now = from_unix_seconds(1'700'000'000);
    consensus_summary.engine = "pow";
    mining_summary.next_bits = chain_params.genesis->header.bits;
    mining_summary.automine = "off";
    network_summary.user_agent = "/Satoshi:31.0.0/Parley:0.1.0/";
}

BlockRef FakeNode::extend(std::vector<TransactionRef> transactions) {
    const Script payout = p2wpkh_script(hash160(as_bytes("miner")));
    std::optional<std::vector<TransactionRef>> list{std::move(transactions)};
    BlockRef block = *build_block(payout, list);
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

ChainSummary FakeNode::chain() const {
    ChainSummary result = summary;
    result.tip = summarise(blocks.size() - 1);
    result.best_header = std::max(result.best_header, tip_height());
    return result;
}

std::optional<BlockSummary> FakeNode::block_summary(const BlockHash& hash) const {
    for (size_t height = 0; height < blocks.size(); ++height) {
        if (blocks[height]->header.hash() == hash) return summarise(height);
    }
    return std::nullopt;
}

std::optional<BlockSummary> FakeNode::block_at(Height height) const {
    if (height.value() < 0 || height > tip_height()) return std::nullopt;
    return summarise(static_cast<size_t>(height.value()));
}

Result<BlockRef> FakeNode::block(const BlockHash& hash) const {
    for (const BlockRef& candidate : blocks) {
        if (candidate->header.hash() == hash) return candidate;
    }
    return failure(Code::address_or_key, "Block not found");
}

Result<KnownBlock> FakeNode::block_with_spent(const BlockHash& hash) const {
    auto found = block(hash);
    if (!found) return Unexpected<Error>{found.error()};
    KnownBlock result{*block_summary(hash), *found, {}};
    for (size_t i = 1; i < (*found)->transactions.size(); ++i) {
        std::vector<Coin> spent;
        for (const TxInput& input : (*found)->transactions[i]->inputs()) {
            const auto coin = coins.find(input.prevout);
            spent.push_back(coin == coins.end() ? Coin{} : coin->second);
        }
        result.undo.spent.push_back(std::move(spent));
    }
    return result;
}

std::optional<Coin> FakeNode::coin(const OutPoint& outpoint, bool mempool) const {
    if (mempool) {
        if (spenders.contains(outpoint)) return std::nullopt;
        if (const auto found = mempool_coins.find(outpoint); found != mempool_coins.end())
            return found->second;
    }
    const auto found = coins.find(outpoint);
    return found == coins.end() ? std::nullopt : std::optional{found->second};
}

std::vector<Txid> FakeNode::mempool_txids() const {
    std::vector<Txid> result;
    for (const MempoolEntry& entry : entries) result.push_back(entry.transaction->txid());
    return result;
}

std::optional<MempoolEntry> FakeNode::mempool_entry(const Txid& txid) const {
    for (const MempoolEntry& entry : entries) {
        if (entry.transaction->txid() == txid) return entry;
    }
    return std::nullopt;
}

std::vector<MempoolEntry> FakeNode::mempool_ancestors(const Txid& txid) const {
    std::vector<MempoolEntry> result;
    if (const auto entry = mempool_entry(txid)) {
        for (const Txid& parent : entry->depends) result.push_back(*mempool_entry(parent));
    }
    return result;
}

std::vector<MempoolEntry> FakeNode::mempool_descendants(const Txid& txid) const {
    std::vector<MempoolEntry> result;
    if (const auto entry = mempool_entry(txid)) {
        for (const Txid& child : entry->spent_by) result.push_back(*mempool_entry(child));
    }
    return result;
}

std::optional<Txid> FakeNode::mempool_spender(const OutPoint& outpoint) const {
    const auto found = spenders.find(outpoint);
    return found == spenders.end() ? std::nullopt : std::optional{found->second};
}

std::vector<TxAdmission> FakeNode::test_accept(
    const std::vector<TransactionRef>& transactions) const {
    std::vector<TxAdmission> result = admissions;
    result.resize(transactions.size());
    return result;
}

Result<BlockRef> FakeNode::build_block(
    const Script& coinbase, const std::optional<std::vector<TransactionRef>>& transactions) const {
    if (build_error) return Unexpected<Error>{*build_error};
    auto block = std::make_shared<Block>();
    const Height height{tip_height().value() + 1};
    block->transactions.push_back(
        make_coinbase({height, coinbase, block_subsidy(chain_params, height), 0, std::nullopt}));
    if (transactions)
        block->transactions.insert(block->transactions.end(), transactions->begin(),
                                   transactions->end());
    block->header.version = 0x20000000;
    block->header.previous = tip_hash();
    block->header.merkle_root = block_merkle_root(*block);
    block->header.time = blocks.back()->header.time + 600;
    block->header.bits = mining_summary.next_bits;
    return BlockRef{std::move(block)};
}

Result<DescriptorSummary> FakeNode::describe(const std::string&) const {
    if (descriptor_error) return Unexpected<Error>{*descriptor_error};
    return descriptor;
}

Result<std::vector<Script>> FakeNode::expand_descriptor(const std::string&, uint32_t first,
                                                        uint32_t last) const {
    if (descriptor_error) return Unexpected<Error>{*descriptor_error};
    expand_range = {first, last};
    return descriptor_scripts;
}

SignOutcome FakeNode::sign_with_keys(const TransactionData&, const std::vector<ExportedKey>& keys,
                                     const std::vector<std::optional<TxOutput>>& spent,
                                     uint8_t sighash_type) const {
    sign_keys = keys;
    sign_spent = spent;
    sign_type = sighash_type;
    return signature;
}

std::vector<std::string> FakeNode::loaded_wallets() const {
    std::vector<std::string> names;
    for (const auto& [name, wallet] : wallets) names.push_back(name);
    return names;
}

Status FakeNode::invalidate_block(const BlockHash& hash) {
    if (!block_summary(hash)) return failure(Code::address_or_key, "Block not found");
    invalidated.push_back(hash);
    return {};
}

Status FakeNode::reconsider_block(const BlockHash& hash) {
    if (!block_summary(hash)) return failure(Code::address_or_key, "Block not found");
    reconsidered.push_back(hash);
    return {};
}

Status FakeNode::prefer_block(const BlockHash& hash) {
    if (!block_summary(hash)) return failure(Code::address_or_key, "Block not found");
    preferred.push_back(hash);
    return {};
}

std::string FakeNode::submit_block(const BlockRef& block) {
    submitted_blocks.push_back(block);
    if (!submit_result.empty()) return submit_result;
    if (U256::from_hash(block->header.hash()) > *target_from_compact(block->header.bits))
        return "high-hash";
    blocks.push_back(block);
    return {};
}

Status FakeNode::submit_header(const BlockHeader& header) {
    if (!block_summary(header.previous))
        return failure(Code::verify,
                       "Must submit previous header (" + header.previous.to_string() + ") first");
    return {};
}

Status FakeNode::for_each_coin(const std::function<bool(const OutPoint&, const Coin&)>& visitor) {
    for (const auto& [outpoint, coin] : coins) {
        if (!visitor(outpoint, coin)) break;
    }
    return {};
}

TxAdmission FakeNode::submit_transaction(const TransactionRef& transaction) {
    submitted.push_back(transaction);
    return submitted_admission;
}

Status FakeNode::add_node(const std::string& address, AddNodeAction action) {
    add_node_calls.emplace_back(address, action);
    return {};
}

Status FakeNode::disconnect_node(const std::string& address) {
    disconnected.push_back(address);
    return {};
}

Status FakeNode::disconnect_node(PeerId peer) {
    disconnected.push_back("#" + std::to_string(peer.value()));
    return {};
}

Status FakeNode::set_automine(const std::string& mode) {
    automine_asked = mode;
    if (mode == "never") return failure(Code::invalid_parameter, "Invalid automine mode");
    return {};
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

bool FakeHost::set_log_category(std::string_view name, bool enabled) {
    for (LogCategoryState& category : categories) {
        if (category.name != name) continue;
        category.enabled = enabled;
        return true;
    }
    return false;
}

HttpReply Runner::post(const std::string& body, const std::string& path) {
    return dispatcher.handle({"POST", path, body, "__cookie__"});
}

Reply Runner::call(const std::string& method, const std::string& params, const std::string& path) {
    const HttpReply http =
        post(R"({"id":1,"method":")" + method + R"(","params":)" + params + "}", path);
    Reply reply;
    reply.status = http.status;
    const auto json = parse_json(http.body);
    EXPECT_TRUE(json) << http.body;
    if (!json) return reply;
    if (const Json* result = json->find("result")) {
        reply.result = *result;
        JsonWriter writer;
        writer.value(*result);
        reply.text = writer.take();
    }
    if (const Json* error = json->find("error"); error && !error->is_null()) {
        const std::string& code = error->find("code")->number();
        std::from_chars(code.data(), code.data() + code.size(), reply.code);
        reply.message = error->find("message")->string();
    }
    return reply;
}

std::string Runner::result(const std::string& method, const std::string& params,
                           const std::string& path) {
    const Reply reply = call(method, params, path);
    EXPECT_EQ(reply.code, 0) << method << " " << params << ": " << reply.message;
    return reply.text;
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

TransactionRef simple_transaction(uint8_t seed, Amount value) {
    TransactionData data;
    TxInput input;
    input.prevout.txid.bytes().fill(seed);
    input.prevout.index = seed;
    input.sequence = 0xfffffffd;
    data.inputs.push_back(input);
    data.outputs.push_back({value, p2wpkh_script(hash160(as_bytes("payee")))});
    return make_transaction(std::move(data));
}

}  // namespace parley::rpc::test
