#include "node/daemon/engine_tool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "consensus/engines.h"
#include "node/daemon/system/system_error.h"
#include "node/daemon/system/unique_fd.h"

namespace parley {
namespace {

namespace fs = std::filesystem;

Expected<void, std::string> write_new(const std::string& path, std::string_view text,
                                      mode_t permissions) {
    // O_EXCL: a key that is in use must never be overwritten.
    const UniqueFd fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, permissions)};
    if (!fd.valid()) return Unexpected(system_error_sentence("create", path, errno));
    while (!text.empty()) {
        const ssize_t count = ::write(fd.get(), text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return Unexpected(system_error_sentence("write", path, errno));
        text.remove_prefix(static_cast<size_t>(count));
    }
    if (::fsync(fd.get()) != 0) return Unexpected(system_error_sentence("sync", path, errno));
    return {};
}

}  // namespace

const EngineTool* find_engine_tool(std::string_view name) {
    for (const EngineFactory* engine : engines()) {
        for (const EngineTool& tool : engine->tools) {
            if (tool.name == name) return &tool;
        }
    }
    return nullptr;
}

Expected<std::string, std::string> run_engine_tool(const EngineTool& tool,
                                                   std::span<const std::string> arguments,
                                                   const std::string& chain, Random& secrets) {
    const auto made = tool.run(arguments, chain, secrets);
    if (!made) return Unexpected(made.error());
    std::error_code error;
    fs::create_directories(made->directory, error);
    if (error) return Unexpected(system_error_sentence("create", made->directory, error.value()));
    const auto path = [&](const EngineTool::File& file) {
        return made->directory + "/" + file.name;
    };
    for (const EngineTool::File& file : made->files) {
        if (fs::exists(path(file))) return Unexpected(made->occupied);
    }
    for (const EngineTool::File& file : made->files) {
        const mode_t permissions = file.secret ? 0600 : 0644;
        if (auto done = write_new(path(file), file.content, permissions); !done)
            return Unexpected(done.error());
    }
    return made->summary;
}

}  // namespace parley
