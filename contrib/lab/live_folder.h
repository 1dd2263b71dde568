// LiveFolder: a temporary directory that the destructor removes, or a directory of the user, which
// is kept. Throws std::runtime_error with a sentence. One owner.
#pragma once

#include <filesystem>
#include <string>

namespace parley::lab {

class LiveFolder {
 public:
    /// `named`: of the user, empty or not there yet; empty text: a temporary one.
    explicit LiveFolder(const std::string& named);
    ~LiveFolder();
    LiveFolder(const LiveFolder&) = delete;
    LiveFolder& operator=(const LiveFolder&) = delete;
    const std::filesystem::path& path() const { return path_; }

 private:
    bool temporary_;
    std::filesystem::path path_;
};

}  // namespace parley::lab
