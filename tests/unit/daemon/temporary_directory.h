// A directory that a test fills and that is gone afterwards. Tests only.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

namespace parley {

class TemporaryDirectory {
 public:
    TemporaryDirectory() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "parley_test_XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    ~TemporaryDirectory() {
        std::error_code error;
        std::filesystem::remove_all(path_, error);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    const std::string& path() const { return path_; }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
    std::string path_;
};

}  // namespace parley
