#include "node/daemon/notifying_node.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace parley {
namespace {

std::string with_value(std::string command, const std::string& value,
                       std::string_view place = "%s") {
    for (size_t at = command.find(place); at != std::string::npos;
         at = command.find(place, at + value.size()))
        command.replace(at, place.size(), value);
    return command;
}

// One word for a shell, whatever the text is.
std::string shell_word(std::string_view text) {
    std::string word = "'";
    for (const char c : text) {
        if (c == '\'')
            word += R"('"'"')";
        else
            word += c;
    }
    return word + "'";
}

}  // namespace

std::vector<BlockHash> blocks_to_notify(const HeaderNode& from, const HeaderNode& to) {
    std::vector<BlockHash> hashes{to.hash};
    for (const HeaderNode* block = to.parent; block != nullptr && block->height > from.height;
         block = block->parent)
        hashes.push_back(block->hash);
    std::ranges::reverse(hashes);
    return hashes;
}

std::string shell_quoted(std::string_view text) {
    constexpr std::string_view kSafe = " .,;-_/:?@()";
    std::string safe;
    std::ranges::copy_if(text, std::back_inserter(safe), [&](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               kSafe.find(c) != std::string_view::npos;
    });
    return "'" + safe + "'";
}

std::string wallet_command(std::string command, const WalletNotice& notice) {
    command = with_value(std::move(command), notice.txid.to_string());
    command = with_value(std::move(command),
                         notice.block ? notice.block->hash.to_string() : "unconfirmed", "%b");
    command = with_value(std::move(command),
                         notice.block ? std::to_string(notice.block->height.value()) : "-1", "%h");
    // Last, because a name may contain the other places.
    return with_value(std::move(command), shell_word(notice.wallet), "%w");
}

NotifyingNode::NotifyingNode(Node& node, Commands commands, Notifier& notifier)
    : node_(node),
      commands_(std::move(commands)),
      notifier_(notifier),
      tip_(&node.chain().index().tip()) {}

Effects NotifyingNode::handle(Event event, TimePoint now) {
    Effects effects = node_.handle(std::move(event), now);
    if (!commands_.block.empty()) notify_blocks();
    if (!commands_.alert.empty()) notify_warnings();
    if (!commands_.wallet.empty()) notify_wallets();
    return effects;
}

void NotifyingNode::notify_blocks() {
    const HeaderNode& tip = node_.chain().index().tip();
    const HeaderNode& before = *std::exchange(tip_, &tip);
    // As in bitcoind, a node that is catching up runs no commands.
    if (&tip == &before || node_.initial_download()) return;
    for (const BlockHash& hash : blocks_to_notify(before, tip))
        notifier_.run(with_value(commands_.block, hash.to_string()));
}

void NotifyingNode::notify_wallets() {
    if (node_.wallets() == nullptr) return;
    for (const WalletNotice& notice : node_.wallets()->take_notices())
        notifier_.run(wallet_command(commands_.wallet, notice));
}

void NotifyingNode::notify_warnings() {
    for (const std::string& warning : node_.warnings()) {
        if (known_warnings_.insert(warning).second)
            notifier_.run(with_value(commands_.alert, shell_quoted(warning)));
    }
}

}  // namespace parley
