// PidFile: the file with the process id (-pid), removed with this object. Main thread only.
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

#include "base/expected.h"

namespace parley {

class PidFile {
 public:
    PidFile() = default;
    ~PidFile() {
        if (!path_.empty()) ::unlink(path_.c_str());
    }
    PidFile(const PidFile&) = delete;
    PidFile& operator=(const PidFile&) = delete;

    /// An empty path: no file. The error is a sentence.
    Expected<void, std::string> write(const std::string& path) {
        if (path.empty()) return {};
        std::ofstream file(path, std::ios::trunc);
        file << ::getpid() << "\n";
        file.flush();
        if (!file)
            return Unexpected(fmt::format("Unable to create the PID file '{}': {} ({})", path,
                                          std::strerror(errno), errno));
        path_ = path;
        return {};
    }

 private:
    std::string path_;
};

}  // namespace parley
