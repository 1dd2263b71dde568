// The body of an HTTP request to the JSON-RPC server of a new node with one wallet: every body gets
// a reply with a valid status and a JSON text (or none, for notifications), regardless of its
// methods and parameters.
#include "base/check.h"
#include "rpc/jsonrpc/json.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/unit/rpc/wallet_fixture.h"

using namespace parley;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    NodeConfig config{regtest_params()};
    config.wallet.lookahead = 1;  // deriving keys would take most of the time
    rpc::test::WalletFixture runner{0, std::move(config)};
    runner.host.stopping = true;  // methods that wait come back at once
    const std::string body(reinterpret_cast<const char*>(data), size);
    for (const char* path : {"/", "/wallet/w"}) {
        const rpc::HttpReply reply = runner.post(body, path);
        CHECK(reply.status == 200 || reply.status == 204 || reply.status == 400 ||
              reply.status == 404 || reply.status == 500 || reply.status == 503);
        CHECK((reply.status == 204) == reply.body.empty());
        if (!reply.body.empty()) {
            CHECK(reply.body.back() == '\n');
            CHECK(rpc::parse_json(reply.body).has_value());
        }
    }
    return 0;
}
