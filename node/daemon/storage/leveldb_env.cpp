#include "node/daemon/storage/leveldb_env.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "node/daemon/system/unique_fd.h"

namespace parley {
namespace {

// A file or a directory.
bool sync_path(const std::string& path) {
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    return fd.valid() && ::fsync(fd.get()) == 0;
}

class GuardedFile final : public leveldb::WritableFile {
 public:
    GuardedFile(leveldb::WritableFile* file, StoreEnv& env) : file_(file), env_(env) {}
    ~GuardedFile() override {
        if (unsynced_ && !env_.unsettled() && !file_->Sync().ok()) env_.set_failed();
    }

    leveldb::Status Append(const leveldb::Slice& data) override {
        env_.before_change();
        unsynced_ = true;
        return file_->Append(data);
    }
    leveldb::Status Close() override {
        if (auto status = Sync(); !status.ok()) return status;
        return file_->Close();
    }
    leveldb::Status Flush() override { return file_->Flush(); }
    leveldb::Status Sync() override {
        if (env_.unsettled()) return leveldb::Status::OK();
        // Cleared first, so that the destructor does not retry a failed sync.
        if (!unsynced_) return leveldb::Status::OK();
        unsynced_ = false;
        const auto status = file_->Sync();
        if (!status.ok()) env_.set_failed();
        return status;
    }

 private:
    const std::unique_ptr<leveldb::WritableFile> file_;
    StoreEnv& env_;
    bool unsynced_ = false;
};

class ParleyComparator final : public leveldb::Comparator {
 public:
    int Compare(const leveldb::Slice& a, const leveldb::Slice& b) const override {
        return bytewise_.Compare(a, b);
    }
    const char* Name() const override { return "parley.BytewiseComparator.1"; }
    void FindShortestSeparator(std::string* start, const leveldb::Slice& limit) const override {
        bytewise_.FindShortestSeparator(start, limit);
    }
    void FindShortSuccessor(std::string* key) const override { bytewise_.FindShortSuccessor(key); }

 private:
    const leveldb::Comparator& bytewise_ = *leveldb::BytewiseComparator();
};

}  // namespace

StoreEnv::StoreEnv(std::string directory)
    : leveldb::EnvWrapper(leveldb::Env::Default()),
      directory_(std::move(directory)),
      mark_path_(directory_ + "/CLEAN_SHUTDOWN"),
      clean_(::access(mark_path_.c_str(), F_OK) == 0),
      unsettled_(::access((directory_ + "/CURRENT").c_str(), F_OK) != 0) {}

bool StoreEnv::settle() {
    if (!unsettled()) return !failed();
    const std::lock_guard lock(mutex_);
    if (!unsettled()) return !failed();
    // Sets the flag first: from now on, writers sync what they write.
    unsettled_.store(false, std::memory_order_release);
    const std::filesystem::path directory(directory_);
    std::error_code error;
    bool synced = true;
    for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
        // Closing a descriptor of it would release LevelDB's lock, which belongs to the process.
        if (entry->path().filename() == "LOCK") continue;
        // LevelDB may remove a file in the meantime; such a file needs no sync.
        const std::string path = entry->path().string();
        if (entry->is_regular_file(error) && !sync_path(path))
            synced &= ::access(path.c_str(), F_OK) != 0;
    }
    synced &= !error && sync_path(directory_) && sync_path(directory.parent_path().string());
    if (!synced) set_failed();
    return synced;
}

void StoreEnv::mark_clean() {
    if (clean() || !settle()) return;
    // Not synced: if a power failure loses it, the next start is only slower.
    const UniqueFd fd{::open(mark_path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666)};
    if (fd.valid()) clean_.store(true, std::memory_order_release);
}

void StoreEnv::before_change() {
    if (!clean()) return;
    const std::lock_guard lock(mutex_);
    if (!clean()) return;
    if (::unlink(mark_path_.c_str()) != 0 || !sync_path(directory_)) set_failed();
    clean_.store(false, std::memory_order_release);
}

leveldb::Status StoreEnv::NewWritableFile(const std::string& path, leveldb::WritableFile** result) {
    before_change();
    const auto status = target()->NewWritableFile(path, result);
    if (status.ok()) *result = std::make_unique<GuardedFile>(*result, *this).release();
    return status;
}

leveldb::Status StoreEnv::NewAppendableFile(const std::string& path,
                                            leveldb::WritableFile** result) {
    const auto status = target()->NewAppendableFile(path, result);
    if (status.ok()) *result = std::make_unique<GuardedFile>(*result, *this).release();
    return status;
}

leveldb::Status StoreEnv::RemoveFile(const std::string& path) {
    before_change();
    return target()->RemoveFile(path);
}

leveldb::Status StoreEnv::RenameFile(const std::string& from, const std::string& to) {
    before_change();
    return target()->RenameFile(from, to);
}

const leveldb::Comparator* parley_comparator() {
    static const ParleyComparator comparator;
    return &comparator;
}

}  // namespace parley
