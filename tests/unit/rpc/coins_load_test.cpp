// loadtxoutset: the file, its errors, and what the methods of the chain say afterwards.
#include <gmock/gmock.h>

#include "chain/store/coin_codec.h"
#include "tests/unit/rpc/rpc_fixture.h"

namespace parley::rpc::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr size_t kHeader = 5 + 2 + 4 + 32 + 8;

class LoadTest : public ::testing::Test {
 protected:
    LoadTest() {
        for (int i = 0; i < 12; ++i) origin.extend();
        const Reply dumped = origin.call("dumptxoutset", R"(["utxo.dat","latest"])");
        EXPECT_EQ(dumped.code, 0) << dumped.message;
        file = origin.host.files.at("utxo.dat");
        known = {Height{12}, origin.tip_hash(),
                 *Hash256::from_string(dumped.result.find("txoutset_hash")->string()), 13};
        origin.extend();
        NodeConfig config{regtest_params()};
        config.params.snapshots = {known};
        caller.emplace(std::move(config));
    }
    void give_headers() {
        caller->node.now = origin.node.now;
        for (int height = 1; height <= 13; ++height)
            caller->node.call(
                [&](Node& node) { ASSERT_TRUE(node.submit_header(origin.block(height)->header)); });
    }
    Reply load(const Bytes& content) {
        caller->host.files["utxo.dat"] = content;
        return caller->call("loadtxoutset", R"(["utxo.dat"])");
    }
    /// The file with other bytes from `offset` on.
    Bytes with(size_t offset, const Bytes& bytes) const {
        Bytes changed = file;
        std::copy(bytes.begin(), bytes.end(),
                  changed.begin() + static_cast<std::ptrdiff_t>(offset));
        return changed;
    }

    RpcFixture origin;
    Bytes file;
    KnownSnapshot known;
    std::optional<RpcFixture> caller;
};

TEST_F(LoadTest, result_and_states_of_both_chains) {
    give_headers();
    const Reply loaded = load(file);
    ASSERT_EQ(loaded.code, 0) << loaded.message;
    EXPECT_EQ(loaded.text, R"({"coins_loaded":12,"tip_hash":")" + known.block.to_string() +
                               R"(","base_height":12,"path":"utxo.dat"})");
    const Json states = caller->call("getchainstates").result;
    ASSERT_EQ(states.find("chainstates")->array().size(), 2u);
    const Json background = states.find("chainstates")->array()[0];
    const Json active = states.find("chainstates")->array()[1];
    EXPECT_EQ(background.find("blocks")->number(), "0");
    EXPECT_TRUE(background.find("validated")->boolean());
    EXPECT_EQ(background.find("snapshot_blockhash"), nullptr);
    EXPECT_EQ(active.find("blocks")->number(), "12");
    EXPECT_FALSE(active.find("validated")->boolean());
    EXPECT_EQ(active.find("snapshot_blockhash")->string(), known.block.to_string());
    const Json info = caller->call("getblockchaininfo").result;
    EXPECT_EQ(info.find("backgroundvalidation")->find("snapshotheight")->number(), "12");
    EXPECT_EQ(info.find("backgroundvalidation")->find("blocks")->number(), "0");

    const std::string base = "[\"" + known.block.to_string() + "\"]";
    EXPECT_EQ(caller->call("getblock", base).message, "Block not available (not fully downloaded)");
    EXPECT_EQ(caller->call("getchaintxstats", R"([1,")" + known.block.to_string() + R"("])")
                  .result.find("window_tx_count"),
              nullptr);
    EXPECT_EQ(caller->call("gettxoutsetinfo").result.find("txouts")->number(), "12");
    EXPECT_THAT(load(file).message,
                StartsWith("Unable to load UTXO snapshot: Can't activate a snapshot-based "
                           "chainstate more than once. (utxo.dat)"));

    for (int height = 1; height <= 13; ++height)
        caller->node.call([&](Node& node) { node.submit_block(origin.block(height)); });
    for (int i = 0; i < 600; ++i) caller->node.step(event::TimerDue{});
    EXPECT_EQ(caller->call("getchainstates").result.find("chainstates")->array().size(), 1u);
    EXPECT_EQ(caller->call("getblockchaininfo").result.find("backgroundvalidation"), nullptr);
    EXPECT_EQ(caller->tip_hash(), origin.tip_hash());
    EXPECT_EQ(caller->result("gettxoutsetinfo"), origin.result("gettxoutsetinfo"));
}

TEST_F(LoadTest, errors_of_the_file_s_first_bytes) {
    const auto refusal = [&](const Bytes& content) {
        const Reply reply = load(content);
        return std::to_string(reply.code) + " " + reply.message;
    };
    EXPECT_THAT(
        refusal(with(0, {'x'})),
        StartsWith("-22 Unable to parse metadata: Invalid UTXO set snapshot magic bytes. "));
    EXPECT_EQ(refusal(with(5, {3, 0})),
              "-22 Unable to parse metadata: Version of snapshot 3 does not match any of the "
              "supported versions.");
    EXPECT_EQ(refusal(with(7, {0xf9, 0xbe, 0xb4, 0xd9})),
              "-22 Unable to parse metadata: The network of the snapshot (main) does not match the "
              "network of this node (regtest).");
    EXPECT_THAT(refusal(with(7, {0, 0, 0, 0})), HasSubstr("created for an unrecognized network"));
    EXPECT_EQ(refusal(Bytes(file.begin(), file.begin() + 20)),
              "-22 Unable to parse metadata: end of file");
    EXPECT_EQ(refusal({}).substr(0, 3), "-22");
    EXPECT_EQ(caller->call("loadtxoutset", R"(["nowhere"])").message,
              "Couldn't open file nowhere for reading.");
    EXPECT_EQ(caller->call("loadtxoutset", R"(["nowhere"])").code, -8);
    EXPECT_THAT(refusal(file), HasSubstr("must appear in the headers chain. Make sure all headers "
                                         "are syncing, and call loadtxoutset again. (utxo.dat)"));
    EXPECT_THAT(refusal(with(11, Bytes(32, 0))),
                HasSubstr("assumeutxo block hash in snapshot metadata not recognized (hash: " +
                          BlockHash{}.to_string() +
                          "). The following snapshot heights are available: 12. (utxo.dat)"));
}

TEST_F(LoadTest, errors_of_the_coins_and_then_the_right_file) {
    give_headers();
    const auto refusal = [&](const Bytes& content) {
        const Reply reply = load(content);
        EXPECT_EQ(reply.code, -32603);
        EXPECT_EQ(caller->tip_height(), Height{0});
        return reply.message;
    };
    const std::string start = "Unable to load UTXO snapshot: Population failed: ";
    EXPECT_EQ(refusal(with(43, {13})),
              start +
                  "Bad snapshot format or truncated snapshot after deserializing 12 coins. "
                  "(utxo.dat)");
    EXPECT_EQ(refusal(with(43, {11})),
              start + "Bad snapshot - coins left over after deserializing 11 coins. (utxo.dat)");
    EXPECT_THAT(refusal(with(kHeader + 32, {0xfd, 0xff, 0xff})),
                StartsWith(start + "Mismatch in coins count in snapshot metadata and actual "
                                   "snapshot data"));
    EXPECT_THAT(refusal(with(kHeader + 34, {0x84, 0x58})),
                StartsWith(start + "Bad snapshot data after deserializing 0 coins. "));
    Writer huge;
    write_varint(huge, compress_amount(static_cast<uint64_t>(kMaxMoney.value()) + 1));
    EXPECT_THAT(refusal(with(kHeader + 35, huge.take())),
                StartsWith(start + "Bad snapshot data after deserializing 0 coins - bad tx out "
                                   "value. "));
    EXPECT_THAT(refusal(with(kHeader, Bytes(32, 0xff))),
                StartsWith(start + "Bad snapshot content hash: expected " +
                           known.coins_hash.to_string() + ", got "));
    for (size_t size = kHeader; size < file.size(); size += 7)
        EXPECT_THAT(refusal(Bytes(file.begin(), file.begin() + static_cast<ptrdiff_t>(size))),
                    StartsWith(start + "Bad snapshot format or truncated snapshot after "));
    EXPECT_EQ(load(file).code, 0);
}

}  // namespace
}  // namespace parley::rpc::test
