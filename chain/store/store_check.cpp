#include "chain/store/store_check.h"

#include <fmt/format.h>

namespace parley {
namespace {

constexpr std::string_view kCoinsDirectory = "chainstate";

std::string_view error_of(std::string_view directory) {
    return directory == kCoinsDirectory ? "Error opening coins database."
                                        : "Error loading block database.";
}

std::string unreadable(std::string_view directory, const StorageError& error) {
    return fmt::format("{} Cannot read {}: {}", error_of(directory), directory, error.message);
}

Expected<bool, std::string> is_empty(const Storage& storage, std::string_view directory) {
    bool empty = true;
    const auto scanned = storage.scan({}, [&](ByteSpan, ByteSpan) { return empty = false; });
    if (!scanned) return Unexpected(unreadable(directory, scanned.error()));
    return empty;
}

}  // namespace

std::string damaged_store(std::string_view directory, std::string_view problem) {
    return fmt::format("{} The data in {} is damaged ({}). {}", error_of(directory), directory,
                       problem,
                       directory == kCoinsDirectory ? kDamagedCoinsAdvice : kDamagedBlocksAdvice);
}

Expected<bool, std::string> check_store(const Storage& storage, std::string_view directory,
                                        const StoreMeta& expected) {
    const auto value = storage.get(Bytes{kMetaKey});
    if (!value) return Unexpected(unreadable(directory, value.error()));
    if (!value->has_value()) {
        const auto empty = is_empty(storage, directory);
        if (!empty) return empty;
        if (*empty) return true;
        return Unexpected(
            fmt::format("{} contains data of another program. Use another -datadir.", directory));
    }
    const auto meta = parse_meta(**value);
    if (!meta || meta->format == 0) return Unexpected(damaged_store(directory, "its first record"));
    if (meta->format != StoreMeta::kFormat) {
        return Unexpected(
            fmt::format("{} has format {}, and this version reads format {}. Use the version that "
                        "made it, or another -datadir.",
                        directory, meta->format, StoreMeta::kFormat));
    }
    if (meta->chain != expected.chain) {
        return Unexpected(
            fmt::format("{} belongs to chain '{}'. Start with -chain={}, or use another -datadir.",
                        directory, meta->chain, meta->chain));
    }
    if (meta->engine != expected.engine) {
        return Unexpected(fmt::format(
            "{} was made with -consensus={}, not {}. Start with that option, or use another "
            "-datadir.",
            directory, meta->engine, expected.engine));
    }
    if (meta->genesis != expected.genesis) {
        return Unexpected(fmt::format(
            "{} belongs to another network (its genesis block is {}, not {}). Start with the "
            "options of that network, or use another -datadir.",
            directory, meta->genesis.to_string(), expected.genesis.to_string()));
    }
    return false;
}

}  // namespace parley
