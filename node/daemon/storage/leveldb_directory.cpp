#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "node/daemon/storage/leveldb_storage.h"

namespace parley {
namespace {

namespace fs = std::filesystem;

// File systems limit a name to 255 bytes.
constexpr size_t kNameBytesMax = 255;

// A name is a subdirectory, or empty for the directory itself. It must not lead out of the
// directory.
bool is_valid_name(const std::string& name) {
    return name.size() <= kNameBytesMax && name != "." && name != ".." &&
           name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
}

bool is_store(const std::string& path) {
    std::error_code error;
    return fs::exists(path + "/CURRENT", error);
}

}  // namespace

LevelDbDirectory::LevelDbDirectory(std::string directory, StorageThread& thread)
    : directory_(std::move(directory)), thread_(thread) {}

Expected<std::unique_ptr<Storage>, StorageError> LevelDbDirectory::open(const std::string& name,
                                                                        Mode mode) {
    if (!is_valid_name(name))
        return Unexpected(StorageError{
            StorageError::Code::io,
            fmt::format("\"{}\" cannot be the name of a directory. Choose another name.", name)});
    LevelDbOptions options;
    options.directory = name.empty() ? directory_ : directory_ + "/" + name;
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
    return is_valid_name(name) && is_store(name.empty() ? directory_ : directory_ + "/" + name);
}

std::vector<std::string> LevelDbDirectory::list() const {
    std::vector<std::string> names;
    if (is_store(directory_)) names.emplace_back();
    std::error_code error;
    for (fs::directory_iterator entry(directory_, error), end; !error && entry != end;
         entry.increment(error)) {
        if (is_store(entry->path().string())) names.push_back(entry->path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace parley
