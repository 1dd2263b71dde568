#include "node/daemon/pbft_keygen.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>

#include "consensus/pbft/validator_set.h"
#include "node/daemon/system/system_error.h"
#include "node/daemon/system/unique_fd.h"

namespace parley {
namespace {

namespace fs = std::filesystem;

Expected<void, std::string> write_new(const std::string& path, std::string_view text,
                                      mode_t permissions) {
    // O_EXCL: a key that is in use must never be written over.
    const UniqueFd fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, permissions)};
    if (!fd.valid()) return Unexpected(system_error_sentence("create", path, errno));
    while (!text.empty()) {
        const ssize_t count = ::write(fd.get(), text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return Unexpected(system_error_sentence("write", path, errno));
        text.remove_prefix(static_cast<size_t>(count));
    }
    if (::fsync(fd.get()) != 0) return Unexpected(system_error_sentence("sync", path, errno));
    return {};
}

}  // namespace

Expected<std::string, std::string> run_pbft_keygen(const std::vector<std::string>& arguments,
                                                   const std::string& chain, Random& secrets) {
    size_t count = 0;
    if (arguments.size() == 2) {
        const std::string& text = arguments[0];
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
        if (error != std::errc{} || end != text.data() + text.size()) count = 0;
    }
    if (count == 0)
        return Unexpected(std::string(
            "Usage: parley-cli [-chain=labnet|regtest] pbftkeygen <validators> <directory>"));
    const std::string& directory = arguments[1];
    const auto files = generate_pbft_keys(count, chain, secrets);
    if (!files) return Unexpected(files.error());

    std::error_code error;
    fs::create_directories(directory, error);
    if (error) return Unexpected(system_error_sentence("create", directory, error.value()));
    const std::string validators = directory + "/validators.json";
    const auto key_path = [&](size_t index) {
        return fmt::format("{}/key-{}.hex", directory, index);
    };
    bool exists = fs::exists(validators);
    for (size_t i = 0; i < count; ++i) exists |= fs::exists(key_path(i));
    if (exists)
        return Unexpected(fmt::format(
            "{} holds keys already, which may be in use. Choose another directory.", directory));
    for (size_t i = 0; i < count; ++i) {
        if (auto done = write_new(key_path(i), files->keys[i], 0600); !done)
            return Unexpected(done.error());
    }
    if (auto done = write_new(validators, files->validators, 0644); !done)
        return Unexpected(done.error());
    return fmt::format(
        "Wrote {0} and {1} secret keys key-0.hex to key-{2}.hex beside it.\nStart validator i "
        "with: parleyd -chain={3} -consensus=pbft -pbftvalidators={0} -pbftkey={4}/key-i.hex\n",
        validators, count, count - 1, chain, directory);
}

}  // namespace parley
