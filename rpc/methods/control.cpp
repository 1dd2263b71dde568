// The process itself: help, stop, uptime, getrpcinfo, logging.
#include <fmt/format.h>

#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

void help(Call& call) {
    if (!call.has(0)) {
        call.out().value(help_overview(call.table()));
        return;
    }
    const std::string name = call.string(0);
    const Method* method = call.table().find(name);
    call.out().value(method ? help_text(*method) : fmt::format("help: unknown command: {}", name));
}

void stop(Call& call) {
    // `wait` is for tests that inspect the process after the reply and before it exits.
    constexpr int64_t kWaitMax_ms = 60'000;
    const int64_t wait_ms = call.integer(0, 0, 0, kWaitMax_ms);
    call.ask([](Node& node) { node.stop(); });
    if (wait_ms > 0) call.host().pause(std::chrono::milliseconds{wait_ms});
    call.out().value("Parley stopping");
}

void uptime(Call& call) {
    const Duration up = call.ask([](Node& node) { return node.uptime(); });
    call.out().value(std::chrono::floor<std::chrono::seconds>(up).count());
}

void getrpcinfo(Call& call) {
    JsonWriter& out = call.out();
    out.object([&] {
        out.field_array("active_commands", [&] {
            for (const Host::ActiveCommand& command : call.host().active_commands()) {
                out.object([&] {
                    out.field("method", command.method);
                    out.field("duration", command.duration.count());
                });
            }
        });
        out.field("logpath", call.host().log_path());
    });
}

void set_categories(Call& call, size_t position, bool enabled) {
    if (!call.has(position)) return;
    for (const Json& item : read_array(call.argument(position))) {
        const std::string& category = read_string(item);
        if (!call.host().set_log_category(category, enabled))
            fail(Code::invalid_parameter, fmt::format("unknown logging category {}", category));
    }
}

void logging(Call& call) {
    set_categories(call, 0, true);
    set_categories(call, 1, false);
    JsonWriter& out = call.out();
    out.object([&] {
        for (const Host::LogCategoryState& category : call.host().log_categories())
            out.field(category.name, category.enabled);
    });
}

/// bitcoind reports its pool of memory that is never swapped out. This node has no such pool.
void getmemoryinfo(Call& call) {
    const std::string mode = call.string(0, "stats");
    if (mode == "mallocinfo") fail(Code::invalid_parameter, "mallocinfo mode not available");
    if (mode != "stats") fail(Code::invalid_parameter, "unknown mode " + mode);
    JsonWriter& out = call.out();
    out.object([&] {
        out.field_object("locked", [&] {
            for (const char* name :
                 {"used", "free", "total", "locked", "chunks_used", "chunks_free"})
                out.field(name, 0);
        });
    });
}

}  // namespace

std::vector<Method> control_methods() {
    using enum ParameterType;
    return {
        {.name = "help",
         .category = "control",
         .description = "List all commands, or get help for a specified command.",
         .parameters = {{"command", string, false, "all commands", "The command to get help on"}},
         .result = "\"str\"    (string) The help text",
         .example = "getblock",
         .handler = &help},
        {.name = "stop",
         .category = "control",
         .description = "Request a graceful shutdown of the node.",
         .parameters = {{"wait", number, false, "0", "How long to wait, in ms"}},
         .result = "\"str\"    (string) A string with the content 'Parley stopping'",
         .example = "",
         .handler = &stop},
        {.name = "uptime",
         .category = "control",
         .description = "Returns the total uptime of the server.",
         .parameters = {},
         .result = "n    (numeric) The number of seconds that the server has been running",
         .example = "",
         .handler = &uptime},
        {.name = "getmemoryinfo",
         .category = "control",
         .description = "Returns information about memory that is never swapped out. This node "
                        "reserves none: all numbers are 0.",
         .parameters = {{"mode", string, false, "\"stats\"",
                         "Only \"stats\"; this node has no \"mallocinfo\""}},
         .result =
             "{locked: {used, free, total, locked, chunks_used, chunks_free}}    (json object)",
         .example = "",
         .handler = &getmemoryinfo},
        {.name = "getrpcinfo",
         .category = "control",
         .description = "Returns details of the RPC server.",
         .parameters = {},
         .result = "{active_commands, logpath}    (json object) Running commands with their "
                   "duration in microseconds, and the complete path of debug.log",
         .example = "",
         .handler = &getrpcinfo},
        {.name = "logging",
         .category = "control",
         .description =
             "Gets and sets the logging configuration. The categories in \"include\" are enabled "
             "first, then those in \"exclude\" are disabled. \"all\" stands for every category.",
         .parameters = {{"include", array, false, "", "The categories to add to debug logging",
                         R"(["include_category",...])"},
                        {"exclude", array, false, "", "The categories to remove from debug logging",
                         R"(["exclude_category",...])"}},
         .result = "{category: bool,...}    (json object) Whether debug messages of the category "
                   "are logged",
         .example = R"('["net"]' '["mempool"]')",
         .handler = &logging},
    };
}

}  // namespace parley::rpc
