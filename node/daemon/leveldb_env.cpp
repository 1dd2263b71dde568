#include "node/daemon/leveldb_env.h"

#include <fcntl.h>
#include <unistd.h>

#include <memory>

#include "node/daemon/unique_fd.h"

namespace parley {
namespace {

bool sync_directory(const std::string& path) {
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    return fd.valid() && ::fsync(fd.get()) == 0;
}

class GuardedFile final : public leveldb::WritableFile {
 public:
    GuardedFile(leveldb::WritableFile* file, StoreEnv& env) : file_(file), env_(env) {}
    ~GuardedFile() override {
        if (unsynced_ && !file_->Sync().ok()) env_.set_failed();
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
        // Cleared before, so that a failed sync is not tried again by the destructor.
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
      clean_(::access(mark_path_.c_str(), F_OK) == 0) {}

void StoreEnv::mark_clean() {
    if (clean() || failed()) return;
    // Not synced itself: where a power cut takes it, the next start only takes the longer way.
    const UniqueFd fd{::open(mark_path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666)};
    if (fd.valid()) clean_.store(true, std::memory_order_release);
}

void StoreEnv::before_change() {
    if (!clean()) return;
    const std::lock_guard lock(mutex_);
    if (!clean()) return;
    if (::unlink(mark_path_.c_str()) != 0 || !sync_directory(directory_)) set_failed();
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
