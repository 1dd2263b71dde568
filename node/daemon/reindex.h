// The files that -reindex and -reindex-chainstate remove before the stores are opened. The
// chainstate then rebuilds from the block files. Called once by the daemon, which holds the locks
// of the directories.
#pragma once

#include <string>

#include "base/expected.h"

namespace parley {

struct ReindexDirectories {
    std::string blocks;  ///< contains the block files and index/
    std::string chain;   ///< contains chainstate/ and indexes/
};

/// Removes the coins; with `whole` also the index, the undo files, the optional indexes, and block
/// files after a gap in the numbering. If interrupted, it leaves a state that the next start
/// refuses with a message that names -reindex. The error is a sentence.
Expected<void, std::string> clear_for_reindex(const ReindexDirectories& directories, bool whole);

}  // namespace parley
