// WalletInput and WalletOutput: the inputs and outputs of the wallets.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "chain/primitives/block.h"
#include "chain/rules/tx_reject.h"

namespace parley {

namespace wallet_input {

/// In chronological order: blocks are disconnected from the tip downwards, then others are
/// connected.
struct BlockConnected {
    BlockRef block;
    BlockHash hash;
    Height height{0};
};
struct BlockDisconnected {
    BlockRef block;
    BlockHash hash;
    Height height{0};
};
struct TransactionAdded {
    TransactionRef transaction;
};
/// Left the mempool for any reason other than a connected block, which BlockConnected reports.
struct TransactionRemoved {
    TransactionRef transaction;
};
/// The answer to a SubmitTransaction.
struct TransactionJudged {
    TransactionRef transaction;
    std::optional<TxReject> reject;  ///< empty: it is in the mempool
};
/// The time is at or after next_deadline().
struct TimerDue {};

}  // namespace wallet_input

using WalletInput = std::variant<wallet_input::BlockConnected, wallet_input::BlockDisconnected,
                                 wallet_input::TransactionAdded, wallet_input::TransactionRemoved,
                                 wallet_input::TransactionJudged, wallet_input::TimerDue>;

namespace wallet_output {

/// Submits a transaction to the mempool and announces it. Answered by TransactionJudged.
struct SubmitTransaction {
    TransactionRef transaction;
};

}  // namespace wallet_output

using WalletOutput = wallet_output::SubmitTransaction;
using WalletOutputs = std::vector<WalletOutput>;

}  // namespace parley
