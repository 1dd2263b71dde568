#include "tests/unit/rpc/rpc_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>

#include "rpc/jsonrpc/json_writer.h"
#include "wallet/signing/signer.h"

namespace parley::rpc::test {

namespace {

class MemoryFile final : public NewFile {
 public:
    MemoryFile(std::string path, std::map<std::string, Bytes>& files)
        : path_(std::move(path)), files_(files) {}
    const std::string& path() const override { return path_; }
    bool write(ByteSpan bytes) override {
        append(content_, bytes);
        return true;
    }
    bool finish() override {
        files_[path_] = content_;
        return true;
    }

 private:
    const std::string path_;
    std::map<std::string, Bytes>& files_;
    Bytes content_;
};

}  // namespace

Expected<std::unique_ptr<NewFile>, std::string> FakeHost::create_file(const std::string& path,
                                                                      Existing existing) {
    const std::string folder = path.substr(0, std::min(path.rfind('/'), path.size()));
    const bool below_file = folder != path && files.contains(folder);
    if (below_file || folders.contains(path) ||
        (existing == Existing::keep && files.contains(path)))
        return Unexpected(path + " already exists.");
    return std::make_unique<MemoryFile>(path, files);
}

Expected<std::optional<Bytes>, std::string> FakeHost::read_file(const std::string& path,
                                                                uint64_t offset, size_t size_max) {
    if (folders.contains(path)) return Unexpected(path + " is a folder.");
    const auto found = files.find(path);
    if (found == files.end()) return std::nullopt;
    const ByteSpan rest =
        ByteSpan{found->second}.subspan(std::min<size_t>(offset, found->second.size()));
    return to_bytes(rest.first(std::min(size_max, rest.size())));
}

bool FakeHost::set_log_category(std::string_view name, bool enabled) {
    for (LogCategoryState& category : categories) {
        if (category.name != name) continue;
        category.enabled = enabled;
        return true;
    }
    return false;
}

HttpReply RpcCaller::post(const std::string& body, const std::string& path) {
    return dispatcher.handle({"POST", path, body, "__cookie__"});
}

Reply RpcCaller::call(const std::string& method, const std::string& params,
                      const std::string& path) {
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

std::string RpcCaller::result(const std::string& method, const std::string& params,
                              const std::string& path) {
    const Reply reply = call(method, params, path);
    EXPECT_EQ(reply.code, 0) << method << " " << params << ": " << reply.message;
    return reply.text;
}

FixtureNode::FixtureNode(NodeConfig config, LogSink* log) : node(std::move(config), true, 1, log) {}

RpcFixture::RpcFixture(NodeConfig config, LogSink* log)
    : FixtureNode(std::move(config), log), RpcCaller(node->config().params, gateway) {
    node.now += std::chrono::seconds{90};
}

void RpcFixture::set_time(int64_t seconds) {
    node.call([&](Node& each) { each.set_mock_time(seconds); });
}

BlockRef RpcFixture::extend(const std::vector<TransactionRef>& transactions, const Script& payout) {
    set_time(int64_t{node_tip().header.time} + 600);
    BlockRef made = node.build(transactions, payout);
    EXPECT_EQ(node.submit(made), "");
    return made;
}

void RpcFixture::mature(int coins) {
    for (int i = 0; i < coins + 100; ++i) extend();
}

BlockRef RpcFixture::block(int32_t height) const {
    return *node->chain().read_block(*node->chain().index().at_height(Height{height}));
}

OutPoint RpcFixture::coin(int32_t height) const {
    return {block(height)->transactions[0]->txid(), 0};
}

TransactionRef RpcFixture::pay_to(const OutPoint& from, Amount value,
                                  std::vector<TxOutput> outputs) const {
    TransactionData data;
    data.version = 2;
    data.inputs.push_back(TxInput{from, Script{}, 0xfffffffd, {}});
    data.outputs = std::move(outputs);
    KeySet keys;
    keys.add({key(), true});
    SignResult result =
        sign_transaction(std::move(data), {{from, TxOutput{value, key_script()}}}, keys);
    EXPECT_TRUE(result.complete());
    return make_transaction(std::move(result.transaction));
}

TransactionRef RpcFixture::pay(const OutPoint& from, int64_t fee, Amount value) const {
    return pay_to(from, value, {TxOutput{Amount{value.value() - fee}, payee_script()}});
}

SecretKey RpcFixture::key() {
    return *SecretKey::from_bytes(Bytes(32, 7));
}

Script RpcFixture::key_script() {
    return p2wpkh_script(hash160(key().public_key().bytes()));
}

Script RpcFixture::payee_script() {
    return p2wpkh_script(hash160(as_bytes("payee")));
}

void RpcFixture::damage_block_files() {
    constexpr FileId kFirst{FileId::Kind::block, 0};
    const uint64_t size = *node.blocks.file_size(kFirst);
    WriteBatch batch;
    batch.write_file(kFirst, 0, Bytes(size, 0x55));
    node.blocks.commit(std::move(batch), Durability::written);
}

PeerId RpcFixture::connect(const Endpoint& remote) {
    const PeerId peer{++peers_};
    node.step(event::Connected{peer, remote, Endpoint{"127.0.0.1", 18445}, true, 0});
    return peer;
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
