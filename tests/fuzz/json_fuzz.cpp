// JSON from RPC clients: any text is parsed or rejected, and a parsed value is the same after it is
// written and parsed again.
#include <string_view>

#include "base/check.h"
#include "rpc/jsonrpc/json.h"
#include "tests/fuzz/fuzz_target.h"

using namespace parley;

namespace {

// Visits every value, as an RPC method would.
size_t count_values(const rpc::Json& json) {
    size_t count = 1;
    if (json.is_array()) {
        for (const rpc::Json& item : json.array()) count += count_values(item);
    } else if (json.is_object()) {
        for (const auto& [key, value] : json.object()) {
            CHECK(json.find(key) != nullptr);
            count += count_values(value);
        }
    } else if (json.is_number()) {
        CHECK(!json.number().empty());
    }
    return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto json = rpc::parse_json(text);
    if (!json) return 0;
    // Each value takes at least one character.
    CHECK(count_values(*json) <= size);
    CHECK(rpc::parse_json(text) == json);
    return 0;
}
