// Wallets as files: backupwallet, restorewallet, migratewallet.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/rpc/wallet_fixture.h"

namespace parley::rpc::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string error_of(const Reply& reply) {
    return std::to_string(reply.code) + " " + reply.message;
}

TEST(Backup, restoredWallet_isTheSameAndFollowsTheChain) {
    WalletFixture runner{2};
    runner.pay(runner.address("kept"), Amount{5});
    EXPECT_EQ(runner.result("backupwallet", R"(["w.bak"])"), "null");
    runner.pay(runner.address(), Amount{6});
    const std::string next = runner.address();
    EXPECT_EQ(runner.result("restorewallet", R"(["copy","w.bak"])"), R"({"name":"copy"})");
    EXPECT_EQ(runner.result("listwallets"), R"(["w","copy"])");
    EXPECT_EQ(runner.result("getbalance", "[]", "/wallet/copy"), "0.00000011");
    EXPECT_EQ(runner.result("listlabels", "[]", "/wallet/copy"), R"(["kept"])");
    EXPECT_EQ(runner.result("gethdkeys", R"([{"private":true}])", "/wallet/copy"),
              runner.result("gethdkeys", R"([{"private":true}])", "/wallet/w"));
    EXPECT_EQ(runner.call("getnewaddress", "[]", "/wallet/copy").result.string(), next);
    runner.result("unloadwallet", R"(["copy"])");
    runner.result("loadwallet", R"(["copy"])");
    EXPECT_EQ(runner.result("getbalance", "[]", "/wallet/copy"), "0.00000011");
}

TEST(Backup, file_replacesOnlyAnotherBackup) {
    WalletFixture runner;
    runner.result("backupwallet", R"(["w.bak"])");
    const Bytes first = runner.host.files.at("w.bak");
    runner.address("new");
    runner.result("backupwallet", R"(["w.bak"])");
    EXPECT_NE(runner.host.files.at("w.bak"), first);
    runner.host.files["notes"] = {1, 2, 3};
    const Reply refused = runner.call("backupwallet", R"(["notes"])");
    EXPECT_THAT(error_of(refused), StartsWith("-4 Error: Wallet backup failed! notes"));
    EXPECT_EQ(runner.host.files.at("notes"), (Bytes{1, 2, 3}));
    EXPECT_EQ(runner.call("backupwallet", R"(["w.bak"])", "/wallet/none").code, -18);
}

TEST(Backup, folder_getsAFile) {
    WalletFixture runner;
    runner.host.folders.insert("backups");
    runner.result("backupwallet", R"(["backups"])");
    EXPECT_TRUE(runner.host.files.contains("backups/wallet.dat"));
    EXPECT_THAT(error_of(runner.call("restorewallet", R"(["x","backups"])")),
                StartsWith("-4 backups is a folder"));
}

TEST(Restore, errors_leaveNothingBehind) {
    WalletFixture runner;
    runner.result("backupwallet", R"(["w.bak"])");
    runner.host.files["foreign"] = Bytes(100);
    runner.host.files["damaged"] = runner.host.files.at("w.bak");
    runner.host.files["damaged"].back() ^= 1;
    const auto error = [&](const std::string& name, const std::string& file) {
        return error_of(runner.call("restorewallet", "[\"" + name + "\",\"" + file + "\"]"));
    };
    EXPECT_EQ(error("", "w.bak"), "-8 Wallet name cannot be empty");
    EXPECT_EQ(error("x", "none"), "-8 Backup file does not exist");
    EXPECT_EQ(error("w", "w.bak"), "-36 Failed to restore wallet. Database file exists in 'w'.");
    EXPECT_EQ(error("a/", "w.bak"),
              "-4 Wallet file verification failed. Wallet name given as a path must be normalized");
    EXPECT_THAT(error("x", "foreign"), HasSubstr("not a backup"));
    EXPECT_THAT(error("x", "damaged"), HasSubstr("damaged"));
    EXPECT_EQ(runner.call("listwalletdir").result.find("wallets")->array().size(), 1u);
    EXPECT_EQ(runner.result("listwallets"), R"(["w"])");
}

TEST(Restore, backupOfAnotherChain_isRefused) {
    WalletFixture other{0, NodeConfig{labnet_params({})}};
    other.result("backupwallet", R"(["l.bak"])");
    WalletFixture runner;
    runner.host.files = other.host.files;
    const Reply refused = runner.call("restorewallet", R"(["x","l.bak"])");
    EXPECT_EQ(refused.code, -4);
    EXPECT_THAT(refused.message, HasSubstr("should not be reused across chains"));
    EXPECT_EQ(runner.call("listwalletdir").result.find("wallets")->array().size(), 1u);
}

TEST(Restore, loadOnStartup_isRemembered) {
    WalletFixture runner;
    runner.result("backupwallet", R"(["w.bak"])");
    EXPECT_EQ(runner.result("restorewallet", R"(["a","w.bak",true])"), R"({"name":"a"})");
    EXPECT_EQ(runner.result("restorewallet", R"(["b","w.bak"])"), R"({"name":"b"})");
    EXPECT_EQ(runner.host.wallets_at_start, (std::map<std::string, bool>{{"a", true}}));
    runner.host.settings_can_be_stored = false;
    EXPECT_THAT(runner.result("restorewallet", R"(["c","w.bak",true])"),
                HasSubstr("could not be updated"));
}

TEST(Migrate, everyWallet_hasDescriptors) {
    WalletFixture runner;
    EXPECT_EQ(error_of(runner.call("migratewallet", "[]", "/wallet/w")),
              "-4 Error: This wallet is already a descriptor wallet");
    EXPECT_EQ(error_of(runner.call("migratewallet", R"(["w"])")),
              "-4 Error: This wallet is already a descriptor wallet");
    EXPECT_EQ(error_of(runner.call("migratewallet", R"(["none"])")),
              "-4 Error: Wallet does not exist");
    EXPECT_EQ(runner.call("migratewallet").code, -8);
    EXPECT_EQ(runner.call("migratewallet", R"(["x"])", "/wallet/w").code, -8);
}

}  // namespace
}  // namespace parley::rpc::test
