// Notifications over ZeroMQ, which this node does not publish yet: clients ask before they rely on
// them.
#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

void getzmqnotifications(Call& call) {
    call.out().array([] {});
}

}  // namespace

std::vector<Method> notification_methods() {
    return {{.name = "getzmqnotifications",
             .category = "zmq",
             .description = "Returns the active ZeroMQ notifications. This node publishes none.",
             .parameters = {},
             .result = "[]    (json array)",
             .example = "",
             .handler = &getzmqnotifications}};
}

}  // namespace parley::rpc
