// replace_file: replaces a small file as a whole. After a crash or a power failure there is the old
// file or the new one, never a part. For mempool.dat, peers.dat and the like; the stores have their
// own ways. Only this user can read it. Thread-safe for different paths.
#pragma once

#include <string>

#include "base/bytes.h"

namespace parley {

/// All of the bytes, at the descriptor's place. False: errno says why.
bool write_all(int fd, ByteSpan bytes);

/// Gives a file that is synced another name in its directory, for good. Returns an error sentence;
/// empty: done.
std::string rename_durably(const std::string& from, const std::string& to);

/// Writes `path`.new, syncs it and renames it. Returns an error sentence; empty: it is on disk.
std::string replace_file(const std::string& path, ByteSpan bytes);

}  // namespace parley
