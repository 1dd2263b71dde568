// Messages for errors of the operating system: what failed, on which path, and what the user can
// do. Used wherever the daemon accesses files. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/storage/storage.h"

namespace parley {

/// "Cannot write /x/blk00000.dat: No space left on device. Free some space and start again."
/// `action` is a verb; `error` an errno value.
std::string system_error_sentence(std::string_view action, std::string_view path, int error);

/// The same as a StorageError of Code::io.
StorageError io_error(std::string_view action, std::string_view path, int error);

}  // namespace parley
