// A REST request to a new node: the first line is the target, the rest the body. Every request gets
// a known status, and JSON exactly where the reply says so.
#include <algorithm>

#include "base/check.h"
#include "rpc/jsonrpc/json.h"
#include "rpc/rest/rest.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/unit/rpc/rpc_fixture.h"

using namespace parley;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    // One node for all inputs: requests do not change it.
    static rpc::test::RpcFixture runner;
    static const rpc::Rest rest([](std::string_view method, rpc::Json::Array arguments) {
        return runner.dispatcher.call(method, std::move(arguments));
    });
    const auto* end = std::find(data, data + size, '\n');
    rpc::HttpRequest request;
    request.method = "GET";
    request.path = "/rest/" + std::string(data, end);
    if (end != data + size) request.body = std::string(end + 1, data + size);
    const rpc::HttpReply reply = rest.handle(request);
    CHECK(reply.status == 200 || reply.status == 400 || reply.status == 404 || reply.status == 500);
    CHECK((reply.content_type == "application/json") ==
          (reply.status == 200 &&
           rpc::RestPath::parse(request.path).format == rpc::RestFormat::json));
    if (reply.content_type == "application/json") CHECK(rpc::parse_json(reply.body).has_value());
    return 0;
}
