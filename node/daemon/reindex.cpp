#include "node/daemon/reindex.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

#include "base/storage/storage.h"
#include "node/daemon/storage/numbered_files.h"
#include "node/daemon/system/system_error.h"

namespace parley {
namespace {

namespace fs = std::filesystem;

Expected<void, std::string> remove_whole(const fs::path& path) {
    std::error_code error;
    fs::remove_all(path, error);
    if (error) return Unexpected(system_error_sentence("remove", path.string(), error.value()));
    return {};
}

// Files that are deleted entirely.
std::vector<fs::path> useless_files(const std::string& directory) {
    std::error_code error;
    uint32_t first_gap = 0;
    while (fs::exists(numbered_file_path(directory, {FileId::Kind::block, first_gap}), error))
        ++first_gap;
    const std::string gap =
        fs::path(numbered_file_path(directory, {FileId::Kind::block, first_gap})).filename();
    std::vector<fs::path> result;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (!name.ends_with(".dat")) continue;
        if (name.starts_with("rev") || (name.starts_with("blk") && name > gap))
            result.push_back(entry->path());
    }
    return result;
}

}  // namespace

Expected<void, std::string> clear_for_reindex(const ReindexDirectories& directories, bool whole) {
    // Coins first: if the process stops in between, the next start rebuilds them from the intact
    // index.
    if (auto done = remove_whole(directories.chain + "/chainstate"); !done) return done;
    if (!whole) return {};
    if (auto done = remove_whole(directories.chain + "/indexes"); !done) return done;
    if (auto done = remove_whole(directories.blocks + "/index"); !done) return done;
    for (const fs::path& path : useless_files(directories.blocks)) {
        if (auto done = remove_whole(path); !done) return done;
    }
    return {};
}

}  // namespace parley
