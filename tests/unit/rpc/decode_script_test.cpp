// decodescript: types, descriptors and what a script can be wrapped in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/rpc/rpc_fixture.h"

namespace parley::rpc::test {
namespace {

using ::testing::StartsWith;

TEST(DecodeScript, types_areRecognised) {
    RpcFixture runner;
    const auto decoded = [&](const std::string& hex) {
        return runner.call("decodescript", "[\"" + hex + "\"]").result;
    };
    const std::string key = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
    const Json pubkey = decoded("21" + key + "ac");
    EXPECT_EQ(pubkey.find("asm")->string(), key + " OP_CHECKSIG");
    EXPECT_EQ(pubkey.find("type")->string(), "pubkey");
    EXPECT_THAT(pubkey.find("desc")->string(), StartsWith("pk(" + key + ")#"));
    EXPECT_EQ(pubkey.find("address"), nullptr);
    EXPECT_EQ(pubkey.find("segwit")->find("type")->string(), "witness_v0_keyhash");

    const Json multisig = decoded("5121" + key + "21" + key + "52ae");
    EXPECT_EQ(multisig.find("type")->string(), "multisig");
    EXPECT_EQ(multisig.find("asm")->string(), "1 " + key + " " + key + " 2 OP_CHECKMULTISIG");
    EXPECT_THAT(multisig.find("desc")->string(), StartsWith("multi(1," + key + "," + key + ")#"));
    EXPECT_EQ(multisig.find("segwit")->find("type")->string(), "witness_v0_scripthash");
    EXPECT_THAT(multisig.find("segwit")->find("desc")->string(),
                StartsWith("wsh(multi(1," + key + "," + key + "))#"));
    EXPECT_EQ(decoded("5321" + key + "21" + key + "52ae").find("type")->string(), "nonstandard");

    const Json data = decoded("6a03c0ffee");
    EXPECT_EQ(data.find("type")->string(), "nulldata");
    EXPECT_EQ(data.find("asm")->string(), "OP_RETURN -7274432");
    EXPECT_EQ(data.find("p2sh"), nullptr);
    EXPECT_THAT(data.find("desc")->string(), StartsWith("raw(6a03c0ffee)#"));

    EXPECT_EQ(decoded("5120" + key.substr(2)).find("type")->string(), "witness_v1_taproot");
    EXPECT_THAT(decoded("5120" + key.substr(2)).find("desc")->string(), StartsWith("rawtr("));
    EXPECT_EQ(decoded("51024e73").find("type")->string(), "anchor");
    EXPECT_EQ(decoded("5202abcd").find("type")->string(), "witness_unknown");
    EXPECT_EQ(decoded("a914" + std::string(40, '0') + "87").find("type")->string(), "scripthash");
    EXPECT_EQ(decoded("76a914" + std::string(40, '0') + "88ac").find("type")->string(),
              "pubkeyhash");
    EXPECT_EQ(decoded("").find("asm")->string(), "");
    EXPECT_EQ(decoded("4c").find("asm")->string(), "[error]");
    EXPECT_EQ(decoded("4f0051604e").find("asm")->string(), "-1 0 1 16 [error]");
    EXPECT_EQ(decoded("bbff").find("asm")->string(), "OP_UNKNOWN OP_INVALIDOPCODE");
    EXPECT_EQ(decoded("61b1b2ba").find("asm")->string(),
              "OP_NOP OP_CHECKLOCKTIMEVERIFY OP_CHECKSEQUENCEVERIFY OP_CHECKSIGADD");
    EXPECT_EQ(runner.call("decodescript", R"(["0"])").code, -8);

    // What can stand behind a hash, and in a witness.
    const auto wraps = [&](const std::string& hex) {
        const Json script = decoded(hex);
        return std::pair{script.find("p2sh") != nullptr, script.find("segwit") != nullptr};
    };
    const std::string long_key = "04" + std::string(128, '1');
    EXPECT_EQ(wraps("51"), (std::pair{true, true})) << "nonstandard";
    EXPECT_EQ(wraps("41" + long_key + "ac"), (std::pair{true, false}));
    EXPECT_EQ(wraps("5121" + key + "41" + long_key + "52ae"), (std::pair{true, false}));
    EXPECT_EQ(wraps("0014" + std::string(40, '0')), (std::pair{true, false}));
    EXPECT_EQ(wraps("a914" + std::string(40, '0') + "87"), (std::pair{false, false}));
    EXPECT_EQ(wraps("5120" + key.substr(2)), (std::pair{false, false}));
    EXPECT_EQ(wraps("51024e73"), (std::pair{false, false}));
    for (const char* const hex : {"51ba", "5150", "517e", "51fe", "514c"})
        EXPECT_EQ(wraps(hex), (std::pair{false, false})) << hex;
}

}  // namespace
}  // namespace parley::rpc::test
