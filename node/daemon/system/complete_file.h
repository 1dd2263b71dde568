// CompleteFile: a new file that has its name only once it is complete. Until then the name ends in
// ".incomplete"; what is never finished is removed. Not thread-safe.
#pragma once

#include <memory>
#include <string>

#include "base/expected.h"
#include "node/daemon/system/unique_fd.h"
#include "rpc/jsonrpc/host.h"

namespace parley {

class CompleteFile final : public rpc::NewFile {
 public:
    /// Errors are sentences: the file exists (and is not to be replaced), or cannot be made.
    static Expected<std::unique_ptr<rpc::NewFile>, std::string> create(std::string path,
                                                                       bool replace);
    ~CompleteFile() override;

    const std::string& path() const override { return path_; }
    bool write(ByteSpan bytes) override;
    /// Syncs the file and gives it its name.
    bool finish() override;

 private:
    CompleteFile(std::string path, UniqueFd file)
        : path_(std::move(path)), file_(std::move(file)) {}

    const std::string path_;
    UniqueFd file_;
    bool finished_ = false;
};

}  // namespace parley
