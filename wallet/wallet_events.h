// WalletInput and WalletOutput: what the wallets are told by the node, and what they ask it for.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "chain/primitives/block.h"
#include "chain/rules/tx_reject.h"

namespace parley {

namespace wallet_input {

/// In the order in which it happened: blocks leave from the tip downwards, then others join.
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
/// From the mempool, for any reason but a connected block, which BlockConnected tells.
struct TransactionRemoved {
    TransactionRef transaction;
};
/// The answer to a SubmitTransaction.
struct TransactionJudged {
    TransactionRef transaction;
    std::optional<TxReject> reject;  ///< empty: it is in the mempool
};
/// next_deadline() has come.
struct TimerDue {};

}  // namespace wallet_input

using WalletInput = std::variant<wallet_input::BlockConnected, wallet_input::BlockDisconnected,
                                 wallet_input::TransactionAdded, wallet_input::TransactionRemoved,
                                 wallet_input::TransactionJudged, wallet_input::TimerDue>;

namespace wallet_output {

/// Offers a transaction to the mempool and to the peers. Answered by TransactionJudged.
struct SubmitTransaction {
    TransactionRef transaction;
};

}  // namespace wallet_output

using WalletOutput = wallet_output::SubmitTransaction;
using WalletOutputs = std::vector<WalletOutput>;

}  // namespace parley
