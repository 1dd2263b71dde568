// Notifications over ZeroMQ.
#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

void getzmqnotifications(Call& call) {
    call.out().array([&] {
        for (const Host::ZmqNotification& each : call.host().zmq_notifications()) {
            call.out().object([&] {
                call.out().field("type", each.type);
                call.out().field("address", each.address);
                call.out().field("hwm", each.high_water_mark);
            });
        }
    });
}

}  // namespace

std::vector<Method> notification_methods() {
    return {
        {.name = "getzmqnotifications",
         .category = "zmq",
         .description = "Returns the active ZeroMQ notifications (-zmqpub<topic>).",
         .parameters = {},
         .result =
             "[\n  {                 (json object)\n    \"type\": \"str\",    (string) "
             "\"pubhashblock\", ...\n    \"address\": \"str\", (string) where it is published\n    "
             "\"hwm\": n          (numeric) messages that may wait for one subscriber\n  }, ...\n]",
         .example = "",
         .handler = &getzmqnotifications}};
}

}  // namespace parley::rpc
