#include "contrib/lab/live_folder.h"

#include <unistd.h>

#include <stdexcept>
#include <system_error>

namespace parley::lab {

LiveFolder::LiveFolder(const std::string& named) : temporary_(named.empty()), path_(named) {
    if (temporary_) {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "parley-lab-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr)
            throw std::runtime_error("cannot create a temporary directory from the pattern " +
                                     pattern);
        path_ = pattern;
        return;
    }
    if (std::filesystem::exists(path_) && !std::filesystem::is_empty(path_)) {
        throw std::runtime_error(named +
                                 " is not empty; choose another directory with --directory");
    }
    std::filesystem::create_directories(path_);
}

LiveFolder::~LiveFolder() {
    std::error_code ignored;
    if (temporary_) std::filesystem::remove_all(path_, ignored);
}

}  // namespace parley::lab
