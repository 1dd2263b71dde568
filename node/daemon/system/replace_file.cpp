#include "node/daemon/system/replace_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "node/daemon/system/system_error.h"
#include "node/daemon/system/unique_fd.h"

namespace parley {

bool write_all(int fd, ByteSpan bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(fd, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        bytes = bytes.subspan(static_cast<size_t>(count));
    }
    return true;
}

std::string rename_durably(const std::string& from, const std::string& to) {
    if (std::rename(from.c_str(), to.c_str()) != 0)
        return system_error_sentence("replace", to, errno);
    const std::string directory = std::filesystem::path(to).parent_path().string();
    const UniqueFd folder{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!folder.valid() || ::fsync(folder.get()) != 0)
        return system_error_sentence("sync", directory, errno);
    return {};
}

std::string replace_file(const std::string& path, ByteSpan bytes) {
    const std::string temporary = path + ".new";
    {
        const UniqueFd file{
            ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
        if (!file.valid() || !write_all(file.get(), bytes) || ::fsync(file.get()) != 0)
            return system_error_sentence("write", temporary, errno);
    }
    return rename_durably(temporary, path);
}

}  // namespace parley
