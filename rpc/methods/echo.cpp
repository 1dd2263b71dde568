// Methods that return their arguments, with which test suites check a client.
#include <array>

#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

constexpr std::array<std::string_view, 10> kNames{"arg0", "arg1", "arg2", "arg3", "arg4",
                                                  "arg5", "arg6", "arg7", "arg8", "arg9"};

void echo(Call& call) {
    constexpr size_t kTrigger = 9;
    const Json& last = call.argument(kTrigger);
    // For clients that test how they show such an error.
    if (last.is_string() && last.string() == "trigger_internal_bug")
        fail(Code::misc, "Internal bug detected: requested by the client (trigger_internal_bug)");
    call.out().array([&] {
        for (size_t i = 0; i < call.argument_count(); ++i) call.out().value(call.argument(i));
    });
}

void echoipc(Call& call) {
    call.out().value(call.string(0));
}

Method echo_method(std::string_view name, ParameterType type) {
    Method method{.name = name,
                  .category = "control",
                  .description =
                      "Returns its arguments. This command is for testing.\n"
                      "echo and echojson differ in the client only, which reads the "
                      "arguments of echojson as JSON.",
                  .parameters = {},
                  .result = "[...]    (json array) The arguments",
                  .example = "\"a\"",
                  .handler = &echo,
                  .hidden = true};
    for (const std::string_view each : kNames)
        method.parameters.push_back({each, type, false, "", "Any value"});
    return method;
}

}  // namespace

std::vector<Method> echo_methods() {
    return {echo_method("echo", ParameterType::untyped),
            echo_method("echojson", ParameterType::json),
            {.name = "echoipc",
             .category = "control",
             .description = "Returns its argument. This command is for testing.",
             .parameters = {{"arg", ParameterType::string, true, "", "The string to echo"}},
             .result = "\"str\"    (string) The argument",
             .example = "\"Hello world\"",
             .handler = &echoipc,
             .hidden = true}};
}

}  // namespace parley::rpc
