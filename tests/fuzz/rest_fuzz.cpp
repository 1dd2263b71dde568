// A REST request to a small chain: the first line of the input is the target, the rest the body.
// Every request gets a known status and a body of the form that its status and format call for, and
// .hex says the same as .bin. The names in kNames stand for hashes that no mutation would find.
#include <algorithm>
#include <array>

#include "base/check.h"
#include "rpc/jsonrpc/json.h"
#include "rpc/rest/rest.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/unit/rpc/rpc_fixture.h"

using namespace parley;

namespace {

enum Name : size_t { kSpendingBlock, kStaleBlock, kConfirmed, kWaiting, kNameCount };
constexpr std::array<std::string_view, kNameCount> kNames{"@b", "@s", "@c", "@m"};

/// A node with a block that spends a coin, a stale block beside it, and a waiting transaction.
struct World {
    rpc::test::RpcFixture node;
    const rpc::Rest rest{[this](std::string_view method, rpc::Json::Array arguments) {
        return node.dispatcher.call(method, std::move(arguments));
    }};
    std::array<Hash256, kNameCount> hashes;

    World() {
        node.mature(2);
        const BlockRef stale = node.node.build(std::vector<TransactionRef>{}, op_true());
        const TransactionRef confirmed = node.pay(node.coin(1), 1'000);
        const BlockRef spending = node.extend({confirmed});
        CHECK(node.node.submit(stale) == "inconclusive");
        const TransactionRef waiting = node.pay(node.coin(2), 1'000);
        CHECK(node.node.send(waiting));
        hashes = {spending->header.hash(), stale->header.hash(), confirmed->txid(),
                  waiting->txid()};
    }

    /// A copy with the hashes in place of their names.
    std::string expand(std::string_view text, std::string (*form)(const Hash256&)) const {
        std::string result;
        while (!text.empty()) {
            const auto name = std::ranges::find_if(
                kNames, [&](std::string_view each) { return text.starts_with(each); });
            if (name == kNames.end()) {
                result += text.front();
                text.remove_prefix(1);
                continue;
            }
            const Hash256& hash = hashes[static_cast<size_t>(name - kNames.begin())];
            result += form(hash);
            text.remove_prefix(name->size());
        }
        return result;
    }

    rpc::HttpReply ask(const rpc::HttpRequest& request) {
        // What the fixture notes of each call would only grow.
        node.host.started.clear();
        node.gateway.requests.clear();
        return rest.handle(request);
    }
};

std::string displayed(const Hash256& hash) {
    return hash.to_string();
}
std::string digits(const Hash256& hash) {
    return to_hex(hash.span());
}
std::string raw(const Hash256& hash) {
    return std::string(as_text(hash.span()));
}

void check_refusal(const rpc::HttpReply& reply) {
    CHECK(reply.status == 400 || reply.status == 404);
    if (reply.content_type.empty()) {
        CHECK(reply.status == 404 && reply.body.empty());
    } else {
        CHECK(reply.content_type == "text/plain");
        CHECK(reply.body.size() > 2 && reply.body.ends_with("\r\n"));
    }
}

/// The same request for .bin has the bytes that `reply` has digits of.
void check_hex(World& world, const rpc::HttpRequest& request, const rpc::RestPath& path,
               const rpc::HttpReply& reply) {
    CHECK(reply.content_type == "text/plain" && reply.body.ends_with("\n"));
    auto bytes = from_hex(std::string_view{reply.body}.substr(0, reply.body.size() - 1));
    CHECK(bytes);
    // The text of a hash has its bytes in reverse.
    if (path.name.starts_with("/rest/blockhashbyheight/")) std::ranges::reverse(*bytes);
    rpc::HttpRequest binary = request;
    binary.path.replace(path.name.size(), std::string_view{".hex"}.size(), ".bin");
    if (!request.body.empty()) {
        const auto body = from_hex(request.body);
        if (!body) return;  // of a path that takes no body, and ignores it
        binary.body.assign(body->begin(), body->end());
    }
    const rpc::HttpReply other = world.ask(binary);
    CHECK(other.status == 200 && other.content_type == "application/octet-stream");
    CHECK(std::ranges::equal(as_bytes(other.body), *bytes));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    // One node for all inputs: requests do not change it.
    static World world;
    const std::string_view input = as_text(ByteSpan(data, size));
    const size_t line = input.find('\n');
    rpc::HttpRequest request;
    request.method = "GET";
    request.path = "/rest/" + world.expand(input.substr(0, line), &displayed);
    const rpc::RestPath path = rpc::RestPath::parse(request.path);
    if (line != std::string_view::npos)
        request.body = world.expand(input.substr(line + 1),
                                    path.format == rpc::RestFormat::binary ? &raw : &digits);
    const rpc::HttpReply reply = world.ask(request);
    if (reply.status != 200) {
        check_refusal(reply);
        return 0;
    }
    CHECK(path.format != rpc::RestFormat::undefined);
    if (path.format == rpc::RestFormat::json) {
        CHECK(reply.content_type == "application/json" && reply.body.ends_with("\n"));
        CHECK(rpc::parse_json(reply.body).has_value());
    } else if (path.format == rpc::RestFormat::hex) {
        check_hex(world, request, path, reply);
    } else {
        CHECK(reply.content_type == "application/octet-stream");
    }
    return 0;
}
