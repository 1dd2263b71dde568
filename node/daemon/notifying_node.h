// NotifyingNode: the node as the core loop drives it, with the commands of -blocknotify,
// -alertnotify and -walletnotify, which run when a step has changed the tip, raised a warning or
// changed a wallet's transaction. Core thread only.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "node/daemon/system/notifier.h"
#include "node/daemon/workers/core_loop.h"
#include "node/node.h"

namespace parley {

class NotifyingNode final : public NodeDriver {
 public:
    /// Shell commands; empty: none.
    struct Commands {
        std::string block;  ///< %s: the block's hash
        std::string alert;  ///< %s: the warning in single quotes
        /// %s: the txid; %w: the wallet's name in quotes; %b, %h: hash and height of the block
        std::string wallet;
    };

    /// Borrows the node and the notifier.
    NotifyingNode(Node& node, Commands commands, Notifier& notifier);

    Effects handle(Event event, TimePoint now) override;
    std::optional<TimePoint> next_deadline() const override { return node_.next_deadline(); }

 private:
    void notify_blocks();
    void notify_warnings();
    void notify_wallets();

    Node& node_;
    const Commands commands_;
    Notifier& notifier_;
    const HeaderNode* tip_;
    std::set<std::string> known_warnings_;
};

/// One command for each block that raised the height of the chain from `from` to `to`, oldest
/// first; for `to` alone if it is not higher.
std::vector<BlockHash> blocks_to_notify(const HeaderNode& from, const HeaderNode& to);

/// The command for one notice.
std::string wallet_command(std::string command, const WalletNotice& notice);

/// The text in single quotes, without characters that a shell could interpret.
std::string shell_quoted(std::string_view text);

}  // namespace parley
