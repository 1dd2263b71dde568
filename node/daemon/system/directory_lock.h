// DirectoryLock: prevents two processes from using one data directory, as bitcoind does: a lock on
// its file .lock, released when the process ends. Acquired by the daemon before anything else is
// opened.
#pragma once

#include <string>

#include "base/expected.h"
#include "node/daemon/system/unique_fd.h"

namespace parley {

class DirectoryLock {
 public:
    /// The error is a sentence for the user. REQUIRES: the directory exists.
    static Expected<DirectoryLock, std::string> acquire(const std::string& directory);

 private:
    explicit DirectoryLock(UniqueFd fd) : fd_(std::move(fd)) {}

    UniqueFd fd_;
};

}  // namespace parley
