// The rows of ChainOptions.
#include "base/option_row.h"
#include "chain/state/chainstate.h"

namespace parley {

OptionRows<ChainOptions> ChainOptions::rows() {
    using O = ChainOptions;
    static constexpr OptionDetails kDebug{.group = OptionGroup::debug};
    static constexpr auto kRows = option_rows(
        OptionGroup::general,
        option<O>("assumevalid", OptionUnit{"<hash>"},
                  "Skip script verification for this block and its ancestors; 0 verifies all "
                  "scripts (default: a block that was well buried when this version was released)",
                  kDebug),
        option<O>("checkpoint", OptionUnit{"<height>:<hash>"},
                  "Reject chains that do not contain this block at this height; may be repeated",
                  kDebug),
        option<&O::coins_cache_bytes>(
            "dbcache", kMebibytes,
            "Memory for the coins cache, at least {min} (default: {default})",
            {.min = 4, .below = OutOfRange::clamp}),
        option<O>(
            "fastprune", kFlag,
            "For tests: use small block files and allow pruning from a low height (default: 0)",
            kDebug),
        option<O>("minimumchainwork", OptionUnit{"<hex>"},
                  "Minimum work, in hex, of a chain whose blocks this node downloads; the initial "
                  "download lasts until the best chain has that work",
                  kDebug),
        option<O>(
            "prune", kMebibytes,
            "Delete old blocks to keep block and undo files below this size, at least 550; 0: "
            "disabled; 1: prune only on request, with the pruneblockchain RPC (default: 0)",
            {.refusal = "Prune cannot be configured with a negative value."}),
        option<&O::reindex>(
            "reindex", kFlag,
            "Rebuild the block index and the chainstate from the block files (default: {default})"),
        option<&O::reindex_chainstate>(
            "reindex-chainstate", kFlag,
            "Rebuild the chainstate from the indexed blocks (default: {default})"));
    return kRows;
}

}  // namespace parley
