// WalletFixture: an RpcFixture with one wallet, "w", that is paid by blocks and by the mempool.
// Single-threaded. Not a test.
#pragma once

#include <string>

#include "tests/unit/rpc/rpc_fixture.h"

namespace parley::rpc::test {

class WalletFixture : public RpcFixture {
 public:
    /// `payments`: how many times pay() can be called.
    explicit WalletFixture(int payments = 0, NodeConfig config = NodeConfig{regtest_params()});

    /// A new one of the wallet.
    std::string address(const std::string& label = "");
    Script script_of(const std::string& address) const;
    /// Output 1 pays `value` to this address, output 0 the rest to payee_script().
    TransactionRef payment(const std::string& address, Amount value);
    /// In a block of its own.
    TransactionRef pay(const std::string& address, Amount value);
    /// In the mempool.
    TransactionRef announce(const std::string& address, Amount value);
    /// A block whose coinbase pays to this address.
    BlockRef mine_to(const std::string& address) { return extend({}, script_of(address)); }
    /// The answer of gettransaction.
    Json shown(const std::string& txid);
    /// The mempool's only transaction.
    TransactionRef waiting() const;

 private:
    int spent_ = 0;
};

/// ["text"]
std::string quoted(const std::string& text);

}  // namespace parley::rpc::test
