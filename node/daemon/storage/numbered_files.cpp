#include "node/daemon/storage/numbered_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "node/daemon/system/system_error.h"

namespace parley {
namespace {

// Blocks are appended to one file at a time and read mostly from the newest ones: a few open files
// save nearly every open(). The files of a long chain are hundreds, so the number is bounded.
constexpr size_t kOpenFilesMax = 16;

void obfuscate(const ObfuscationKey& key, uint64_t offset, MutableByteSpan data) {
    for (uint8_t& byte : data) byte ^= key[offset++ % key.size()];
}

// Not valid on error, which is in errno.
UniqueFd create(const std::string& path) {
    return UniqueFd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)};
}

}  // namespace

std::string numbered_file_path(const std::string& directory, FileId file) {
    return fmt::format("{}/{}{:05}.dat", directory,
                       file.kind == FileId::Kind::block ? "blk" : "rev", file.number);
}

Expected<int, StorageError> NumberedFileWriter::open(FileId file) {
    if (const auto found = open_.find(file); found != open_.end()) return found->second.get();
    const std::string path = numbered_file_path(directory_, file);
    UniqueFd fd{::open(path.c_str(), O_RDWR | O_CLOEXEC)};
    if (!fd.valid() && errno == ENOENT) {
        fd = create(path);
        directory_unsynced_ = true;
        // As with bitcoind, the two come in pairs, also while no block has undo data.
        if (fd.valid() && file.kind == FileId::Kind::block)
            create(numbered_file_path(directory_, {FileId::Kind::undo, file.number}));
    }
    if (!fd.valid()) return Unexpected(io_error("open", path, errno));
    // A file that waits for its fsync stays open until then: a descriptor opened later could miss
    // the error.
    if (open_.size() >= kOpenFilesMax) {
        if (const auto synced = sync(); !synced) return Unexpected(synced.error());
        open_.erase(open_.begin());
    }
    const int result = fd.get();
    open_.emplace(file, std::move(fd));
    return result;
}

Expected<void, StorageError> NumberedFileWriter::write(FileId file, uint64_t offset,
                                                       ByteSpan data) {
    const auto fd = open(file);
    if (!fd) return Unexpected(fd.error());
    unsynced_.insert(file);
    Bytes hidden;
    if (key_ != ObfuscationKey{}) {
        hidden = to_bytes(data);
        obfuscate(key_, offset, hidden);
        data = hidden;
    }
    while (!data.empty()) {
        const ssize_t count = ::pwrite(*fd, data.data(), data.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0)
            return Unexpected(io_error("write", numbered_file_path(directory_, file), errno));
        data = data.subspan(static_cast<size_t>(count));
        offset += static_cast<uint64_t>(count);
    }
    return {};
}

// Syncing a file again costs almost nothing.
Expected<void, StorageError> NumberedFileWriter::sync_predecessor() {
    std::error_code error;
    for (std::filesystem::directory_iterator entry(directory_, error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string path = entry->path().string();
        if (!path.ends_with(".dat")) continue;
        // A file that is read-only can be synced, too.
        const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
        if (!fd.valid() || ::fdatasync(fd.get()) != 0)
            return Unexpected(io_error("sync", path, errno));
    }
    if (error) return Unexpected(io_error("read", directory_, error.value()));
    predecessor_unsynced_ = false;
    directory_unsynced_ = true;
    return {};
}

Expected<void, StorageError> NumberedFileWriter::sync() {
    if (predecessor_unsynced_ && !directory_.empty()) {
        if (auto done = sync_predecessor(); !done) return done;
    }
    for (const FileId file : unsynced_) {
        if (::fdatasync(open_.at(file).get()) != 0)
            return Unexpected(io_error("sync", numbered_file_path(directory_, file), errno));
    }
    unsynced_.clear();
    if (directory_unsynced_) {
        const UniqueFd fd{::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        if (!fd.valid() || ::fsync(fd.get()) != 0)
            return Unexpected(io_error("sync", directory_, errno));
        directory_unsynced_ = false;
    }
    return {};
}

Expected<void, StorageError> NumberedFileWriter::remove(FileId file) {
    unsynced_.erase(file);
    open_.erase(file);
    const std::string path = numbered_file_path(directory_, file);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        return Unexpected(io_error("remove", path, errno));
    directory_unsynced_ = true;
    return {};
}

Expected<int, StorageError> NumberedFileReader::open(FileId file) {
    const std::string path = numbered_file_path(directory_, file);
    struct stat info {};
    if (const auto found = open_.find(file); found != open_.end()) {
        if (::stat(path.c_str(), &info) == 0 && info.st_ino == found->second.inode)
            return found->second.fd.get();
        open_.erase(found);
    }
    UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!fd.valid() && errno == ENOENT) return -1;
    if (!fd.valid() || ::fstat(fd.get(), &info) != 0)
        return Unexpected(io_error("open", path, errno));
    if (open_.size() >= kOpenFilesMax) open_.erase(open_.begin());
    return open_.emplace(file, OpenFile{std::move(fd), info.st_ino}).first->second.fd.get();
}

Expected<uint64_t, StorageError> NumberedFileReader::size(FileId file) {
    const auto fd = open(file);
    if (!fd) return Unexpected(fd.error());
    if (*fd < 0) return uint64_t{0};
    struct stat info {};
    if (::fstat(*fd, &info) != 0)
        return Unexpected(io_error("read", numbered_file_path(directory_, file), errno));
    return static_cast<uint64_t>(info.st_size);
}

Expected<size_t, StorageError> NumberedFileReader::read(FileId file, uint64_t offset,
                                                        MutableByteSpan target) {
    const auto fd = open(file);
    if (!fd) return Unexpected(fd.error());
    if (*fd < 0) return size_t{0};
    size_t done = 0;
    while (done < target.size()) {
        const ssize_t count = ::pread(*fd, target.data() + done, target.size() - done,
                                      static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0)
            return Unexpected(io_error("read", numbered_file_path(directory_, file), errno));
        if (count == 0) break;
        done += static_cast<size_t>(count);
    }
    if (key_ != ObfuscationKey{}) obfuscate(key_, offset, target.first(done));
    return done;
}

}  // namespace parley
