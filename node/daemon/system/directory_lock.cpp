#include "node/daemon/system/directory_lock.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>

#include "node/daemon/system/system_error.h"

namespace parley {

Expected<DirectoryLock, std::string> DirectoryLock::acquire(const std::string& directory) {
    const std::string path = directory + "/.lock";
    UniqueFd fd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)};
    if (!fd.valid())
        return Unexpected(fmt::format("Cannot write to directory {}; check permissions. ({})",
                                      directory, system_error_sentence("open", path, errno)));
    // The lock belongs to the open file description, not to the process, so that it also excludes a
    // second node in this process. It still conflicts with bitcoind's process lock.
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (::fcntl(fd.get(), F_OFD_SETLK, &lock) != 0)
        return Unexpected(
            fmt::format("Cannot obtain a lock on directory {}. Parley is probably already running.",
                        directory));
    return DirectoryLock{std::move(fd)};
}

}  // namespace parley
