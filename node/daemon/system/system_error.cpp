#include "node/daemon/system/system_error.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

namespace parley {
namespace {

std::string_view advice(int error) {
    switch (error) {
        case ENOSPC:
        case EDQUOT:
            return "Free some space and start again.";
        case EACCES:
        case EPERM:
        case EROFS:
            return "Give this user the right to write there, or choose another -datadir.";
        case EMFILE:
        case ENFILE:
            return "Raise the limit of open files (ulimit -n) and start again.";
        case EIO:
            return "The disk reports an error: check it before starting again.";
        default:
            return "Check the path and start again.";
    }
}

}  // namespace

std::string system_error_sentence(std::string_view action, std::string_view path, int error) {
    return fmt::format("Cannot {} {}: {}. {}", action, path, std::generic_category().message(error),
                       advice(error));
}

StorageError io_error(std::string_view action, std::string_view path, int error) {
    return {StorageError::Code::io, system_error_sentence(action, path, error)};
}

}  // namespace parley
