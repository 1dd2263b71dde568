// The mempool's file: savemempool, importmempool.
#include "mempool/mempool_file.h"
#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

void savemempool(Call& call) {
    if (!call.host().mempool_loaded()) fail(Code::misc, "The mempool was not loaded yet");
    const MempoolFile file = call.ask(
        [](Node& node) { return MempoolFile::of(node.mempool(), node.peers().unbroadcast()); });
    const auto path = call.host().save_mempool(file);
    if (!path) fail(Code::misc, "Unable to dump mempool to disk");
    call.out().object([&] { call.out().field("filename", *path); });
}

bool option(const Json& options, std::string_view name, bool otherwise) {
    const Json* found = options.find(name);
    return found == nullptr || found->is_null() ? otherwise : read_boolean(*found);
}

void importmempool(Call& call) {
    const std::string path = call.string(0);
    const Json& options = call.argument(1);
    if (!options.is_null())
        check_members(options, {{"use_current_time", ParameterType::boolean},
                                {"apply_fee_delta_priority", ParameterType::boolean},
                                {"apply_unbroadcast_set", ParameterType::boolean}});
    MempoolImport import;
    import.current_time = option(options, "use_current_time", true);
    import.unbroadcast = option(options, "apply_unbroadcast_set", false);
    import.fee_deltas = option(options, "apply_fee_delta_priority", false);
    if (call.ask([](Node& node) { return node.initial_download(); }))
        fail(Code::initial_download,
             "Can only import the mempool after the block download and sync is done.");
    if (!call.host().import_mempool(path, import))
        fail(Code::misc, "Unable to import mempool file, see debug log for details.");
    call.out().object([] {});
}

}  // namespace

std::vector<Method> mempool_file_methods() {
    using enum ParameterType;
    return {
        {.name = "savemempool",
         .category = "blockchain",
         .description = "Writes the mempool to mempool.dat. The file of the last run must have "
                        "been loaded.",
         .parameters = {},
         .result = "{filename}    (json object) Where the mempool was saved",
         .example = "",
         .handler = &savemempool},
        {.name = "importmempool",
         .category = "blockchain",
         .description = "Adds the transactions of a mempool.dat to the mempool. Import only files "
                        "that you trust.",
         .parameters = {{"filepath", string, true, "", "The mempool file"},
                        {"options", object, false, "",
                         "use_current_time (default: true): ignore the file's times of arrival; "
                         "apply_fee_delta_priority (default: false): add the file's fee deltas; "
                         "apply_unbroadcast_set (default: false): announce what no peer had "
                         "asked for until one does",
                         "", "use_current_time|apply_fee_delta_priority|apply_unbroadcast_set"}},
         .result = "{}    (json object)",
         .example = "/path/to/mempool.dat",
         .handler = &importmempool},
    };
}

}  // namespace parley::rpc
