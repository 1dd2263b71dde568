#include "node/daemon/system/complete_file.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <filesystem>

#include "node/daemon/system/replace_file.h"

namespace parley {
namespace {

std::string incomplete(const std::string& path) {
    return path + ".incomplete";
}

}  // namespace

Expected<std::unique_ptr<rpc::NewFile>, std::string> CompleteFile::create(std::string path,
                                                                          bool replace) {
    std::error_code error;
    if (replace ? std::filesystem::is_directory(path, error) : std::filesystem::exists(path, error))
        return Unexpected(
            fmt::format("{} already exists. If you are sure this is what you want, "
                        "move it out of the way first",
                        path));
    UniqueFd file{::open(incomplete(path).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)};
    if (!file.valid())
        return Unexpected(fmt::format("Couldn't open file {} for writing.", incomplete(path)));
    return std::unique_ptr<rpc::NewFile>{new CompleteFile(std::move(path), std::move(file))};
}

CompleteFile::~CompleteFile() {
    if (!finished_) ::unlink(incomplete(path_).c_str());
}

bool CompleteFile::write(ByteSpan bytes) {
    return write_all(file_.get(), bytes);
}

bool CompleteFile::finish() {
    finished_ = ::fsync(file_.get()) == 0 && rename_durably(incomplete(path_), path_).empty();
    return finished_;
}

}  // namespace parley
