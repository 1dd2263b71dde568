// BanFile: banlist.json of a data directory, in bitcoind's format: either program reads the other's
// file. Thread-safe as long as one thread at a time saves.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "net/peer/peer_info.h"

namespace parley {

class BanFile {
 public:
    /// `directory` is that of the chain.
    explicit BanFile(const std::string& directory) : path_(directory + "/banlist.json") {}

    /// Without a file, or with a damaged one, there are no bans, and the log says so. Entries that
    /// this node cannot express, such as addresses of other networks, are left out.
    std::vector<BannedSubnet> load(LogSink& log) const;
    /// Replaces the file. Returns an error sentence; empty: done.
    std::string save(const std::vector<BannedSubnet>& bans) const;

 private:
    std::string path_;
};

/// The text of the file.
std::string write_bans(const std::vector<BannedSubnet>& bans);
/// Empty: it is no list of bans.
std::optional<std::vector<BannedSubnet>> read_bans(std::string_view text);

}  // namespace parley
