#include "node/daemon/leveldb_env.h"

#include <memory>
#include <string_view>

namespace parley {
namespace {

class DurableLogFile final : public leveldb::WritableFile {
 public:
    DurableLogFile(std::unique_ptr<leveldb::WritableFile> file, DurableLogEnv& env)
        : file_(std::move(file)), env_(env) {}
    ~DurableLogFile() override {
        if (unsynced_ && !file_->Sync().ok()) env_.set_failed();
    }

    leveldb::Status Append(const leveldb::Slice& data) override {
        unsynced_ = true;
        return file_->Append(data);
    }
    leveldb::Status Close() override {
        if (auto status = Sync(); !status.ok()) return status;
        return file_->Close();
    }
    leveldb::Status Flush() override { return file_->Flush(); }
    leveldb::Status Sync() override {
        // Set before, so that a failed sync is not tried again by the destructor.
        const bool needed = unsynced_;
        unsynced_ = false;
        return needed ? file_->Sync() : leveldb::Status::OK();
    }

 private:
    const std::unique_ptr<leveldb::WritableFile> file_;
    DurableLogEnv& env_;
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

leveldb::Status DurableLogEnv::NewWritableFile(const std::string& path,
                                               leveldb::WritableFile** result) {
    auto status = target()->NewWritableFile(path, result);
    if (status.ok() && path.ends_with(".log"))
        *result =
            std::make_unique<DurableLogFile>(std::unique_ptr<leveldb::WritableFile>(*result), *this)
                .release();
    return status;
}

const leveldb::Comparator* parley_comparator() {
    static const ParleyComparator comparator;
    return &comparator;
}

}  // namespace parley
