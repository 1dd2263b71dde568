#include "tests/unit/rpc/wallet_fixture.h"

#include "chain/rules/address.h"

namespace parley::rpc::test {

std::string quoted(const std::string& text) {
    return "[\"" + text + "\"]";
}

WalletFixture::WalletFixture(int payments, NodeConfig config) : RpcFixture(std::move(config)) {
    if (payments > 0) mature(payments);
    result("createwallet", R"(["w"])");
}

std::string WalletFixture::address(const std::string& label) {
    return call("getnewaddress", quoted(label), "/wallet/w").result.string();
}

Script WalletFixture::script_of(const std::string& address) const {
    return *decode_address(node->config().params, address);
}

TransactionRef WalletFixture::payment(const std::string& address, Amount value) {
    constexpr Amount kFee{10'000};
    const Amount rest{50 * kCoin - value.value() - kFee.value()};
    return pay_to(coin(++spent_), Amount{50 * kCoin},
                  {{rest, payee_script()}, {value, script_of(address)}});
}

TransactionRef WalletFixture::pay(const std::string& address, Amount value) {
    TransactionRef made = payment(address, value);
    extend({made});
    return made;
}

TransactionRef WalletFixture::announce(const std::string& address, Amount value) {
    TransactionRef made = payment(address, value);
    EXPECT_TRUE(node.send(made));
    return made;
}

Json WalletFixture::shown(const std::string& txid) {
    return call("gettransaction", quoted(txid), "/wallet/w").result;
}

TransactionRef WalletFixture::waiting() const {
    TransactionRef found;
    EXPECT_EQ(node->mempool().size(), 1u);
    node->mempool().for_each([&](const MempoolEntry& entry) {
        found = entry.transaction;
        return true;
    });
    return found;
}

}  // namespace parley::rpc::test
