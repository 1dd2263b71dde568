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
                  "Do not run the scripts of this block and those before it; 0: run all (default: "
                  "a block that was old when this version was made)",
                  kDebug),
        option<O>("checkpoint", OptionUnit{"<height>:<hash>"},
                  "Never replace this block, nor any before it; may be repeated", kDebug),
        option<&O::coins_cache_bytes>(
            "dbcache", kMebibytes,
            "Memory for coins before they are written out, at least {min} (default: {default})",
            {.min = 4, .below = OutOfRange::clamp}),
        option<O>("fastprune", kFlag,
                  "Small block files and a low height to prune from, for tests (default: 0)",
                  kDebug),
        option<O>("minimumchainwork", OptionUnit{"<hex>"},
                  "Least work of a chain that is believed to be the network's", kDebug),
        option<O>("prune", kMebibytes,
                  "Remove old blocks so that block and undo files take no more than this: 0 never, "
                  "1 by pruneblockchain only, else 550 at least (default: 0)",
                  {.refusal = "Prune cannot be configured with a negative value."}),
        option<&O::reindex>("reindex", kFlag,
                            "Make the index and the unspent outputs anew from the block files "
                            "(default: {default})"),
        option<&O::reindex_chainstate>(
            "reindex-chainstate", kFlag,
            "Make the unspent outputs anew from the blocks (default: {default})"));
    return kRows;
}

}  // namespace parley
