#include "node/block_summary.h"

#include "chain/state/chainstate.h"

namespace parley {

BlockSummary summarise(const Chainstate& chain, const HeaderNode& node) {
    BlockSummary summary;
    summary.header = node.header;
    summary.hash = node.hash;
    summary.height = node.height;
    summary.in_active_chain = chain.index().contains(node);
    if (summary.in_active_chain) {
        summary.confirmations = chain.index().tip().height - node.height + 1;
        if (const HeaderNode* next = chain.index().at_height(node.height + 1))
            summary.next = next->hash;
    }
    summary.median_time = node.median_time_past();
    summary.score = node.score.value_or(Score{});
    summary.transactions = node.transactions;
    summary.chain_transactions = node.chain_transactions;
    return summary;
}

}  // namespace parley
