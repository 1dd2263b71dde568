#include "node/daemon/files/peer_files.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "net/addresses/address_file.h"
#include "net/peer_manager.h"
#include "node/daemon/system/replace_file.h"
#include "node/node.h"

namespace parley {
namespace {

namespace fs = std::filesystem;

/// bitcoind's DUMP_PEERS_INTERVAL.
constexpr auto kSaveInterval = std::chrono::minutes(15);

/// Empty: there is no such file.
std::optional<Bytes> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    return Bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

Expected<void, std::string> PeerFiles::load(NetOptions& options, LogSink& log) const {
    const auto file = read_file(peers_);
    if (!file) {
        log.info(LogCategory::general, "Creating peers.dat because the file was not found (\"{}\")",
                 peers_);
    } else if (auto tables = read_address_tables(*file, magic_)) {
        log.info(LogCategory::general, "Loaded {} addresses from peers.dat",
                 tables->untried.size() + tables->tried.size());
        options.known_addresses = std::make_shared<const AddressTables>(std::move(*tables));
    } else if (tables.error().later_format) {
        std::error_code error;
        fs::rename(peers_, peers_ + ".bak", error);
        if (error)
            return Unexpected(fmt::format(
                "peers.dat was written by a later version, and {} cannot be renamed ({}). Move it "
                "away to have a new one created.",
                peers_, error.message()));
        log.warning(LogCategory::general,
                    "Creating new peers.dat because the file version was not compatible (\"{}\"). "
                    "Original backed up to peers.dat.bak",
                    peers_);
    } else {
        // Not replaced in silence: the user may want to know what damages files here.
        return Unexpected(
            fmt::format("Invalid or corrupt peers.dat ({}). It holds nothing but addresses of "
                        "peers. You can move the file (\"{}\") out of the way (rename, move, or "
                        "delete) to have a new one created on the next start.",
                        tables.error().reason, peers_));
    }
    if (const auto anchors = read_file(anchors_)) options.anchors = read_anchors(*anchors, magic_);
    log.info(LogCategory::general, "{} block-relay-only anchors will be tried for connections.",
             options.anchors.size());
    std::error_code ignored;
    fs::remove(anchors_, ignored);
    return {};
}

void PeerFiles::start(CoreLoop& loop, LogSink& log) {
    writing_.start(kSaveInterval, log, [this, &loop, &log] {
        AddressTables tables;
        const bool done = loop.call(
            event::Cause{}, [&tables](Node& node) { tables = node.peers().address_tables(); });
        if (done) save_addresses(tables, log);
    });
}

void PeerFiles::save_addresses(const AddressTables& tables, LogSink& log) const {
    const std::string problem = replace_file(peers_, write_address_tables(tables, magic_));
    if (problem.empty())
        log.debug(LogCategory::net, "Flushed {} addresses to peers.dat",
                  tables.untried.size() + tables.tried.size());
    else
        log.error(LogCategory::net, "The addresses of peers were not stored. {}", problem);
}

void PeerFiles::save(const PeerManager& peers, LogSink& log) const {
    save_addresses(peers.address_tables(), log);
    const std::vector<NetAddress> anchors = peers.anchors();
    if (anchors.empty()) return;
    const std::string problem = replace_file(anchors_, write_anchors(anchors, magic_));
    if (problem.empty())
        log.info(LogCategory::net,
                 "DumpAnchors: Flush {} outbound block-relay-only peer addresses to anchors.dat",
                 anchors.size());
    else
        log.error(LogCategory::net, "The anchors were not stored. {}", problem);
}

}  // namespace parley
