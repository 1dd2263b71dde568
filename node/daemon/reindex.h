// What -reindex and -reindex-chainstate remove before the stores are opened. What is made anew from
// the block files, and how, is the chainstate's business. Called once by the daemon, which holds
// the locks of the directories.
#pragma once

#include <string>

#include "base/expected.h"

namespace parley {

struct ReindexDirectories {
    std::string blocks;  ///< with the block files, and index/ in it
    std::string chain;   ///< with chainstate/ and indexes/ in it
};

/// Removes the coins; with `whole` also the index, the undo files, the indexes that are made from
/// the chain, and block files behind a gap, whose place in the chain nobody knows. A stop in
/// between leaves what the next start refuses, and names -reindex. The error is a sentence.
Expected<void, std::string> clear_for_reindex(const ReindexDirectories& directories, bool whole);

}  // namespace parley
