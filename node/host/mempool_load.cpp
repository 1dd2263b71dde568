#include "node/host/mempool_load.h"

#include <algorithm>

#include "node/node.h"

namespace parley {

void load_mempool_entries(Node& node, const MempoolFile& file, MempoolLoad& load) {
    for (const MempoolFile::Entry& entry : file.entries) {
        const Txid& txid = entry.transaction->txid();
        if (entry.fee_delta != Amount{0}) node.prioritise(txid, entry.fee_delta);
        const TimePoint arrival =
            entry.time == 0 ? node.now() : std::min(node.now(), from_unix_seconds(entry.time));
        if (arrival + node.mempool().options().expiry <= node.now()) {
            ++load.expired;
        } else if (node.mempool().contains(txid)) {
            ++load.known;
        } else if (node.submit_transaction(entry.transaction, arrival)) {
            ++load.accepted;
        } else {
            ++load.failed;
        }
    }
    for (const auto& [txid, delta] : file.other_deltas) node.prioritise(txid, delta);
    for (const Txid& txid : file.unbroadcast) {
        if (!node.mempool().contains(txid)) continue;
        node.broadcast_initially(txid);
        ++load.unbroadcast;
    }
}

}  // namespace parley
