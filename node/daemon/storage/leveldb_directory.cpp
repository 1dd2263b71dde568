#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "node/daemon/storage/leveldb_storage.h"

namespace parley {
namespace {

namespace fs = std::filesystem;

bool is_store(const std::string& path) {
    std::error_code error;
    return fs::exists(path + "/CURRENT", error);
}

}  // namespace

LevelDbDirectory::LevelDbDirectory(std::string directory, StorageThread& thread, bool elsewhere)
    : directory_(std::move(directory)), elsewhere_(elsewhere), thread_(thread) {}

std::string LevelDbDirectory::path_of(const std::string& name) const {
    if (name.empty()) return directory_;
    return elsewhere_ && name.front() == '/' ? name : directory_ + "/" + name;
}

Expected<std::unique_ptr<Storage>, StorageError> LevelDbDirectory::open(const std::string& name,
                                                                        Mode mode) {
    LevelDbOptions options;
    options.directory = path_of(name);
    options.create = mode == Mode::create_new;
    // A wallet is small and read once, so it gets the smallest caches that LevelDB accepts.
    options.cache_bytes = 64 << 10;
    options.write_buffer_bytes = 256 << 10;
    if (options.create && is_store(options.directory))
        return Unexpected(StorageError{
            StorageError::Code::io,
            fmt::format("{} exists already. Choose another name.", options.directory)});
    auto storage = LevelDbStorage::open(options, thread_);
    if (!storage) return Unexpected(storage.error());
    return std::unique_ptr<Storage>(std::move(*storage));
}

bool LevelDbDirectory::exists(const std::string& name) const {
    return is_store(path_of(name));
}

std::vector<std::string> LevelDbDirectory::list() const {
    std::vector<std::string> names;
    if (is_store(directory_)) names.emplace_back();
    std::error_code error;
    for (fs::recursive_directory_iterator
             entry(directory_, fs::directory_options::skip_permission_denied, error),
         end;
         !error && entry != end; entry.increment(error)) {
        std::error_code gone;
        if (!entry->is_directory(gone) || !is_store(entry->path().string())) continue;
        names.push_back(entry->path().lexically_relative(directory_).string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace parley
