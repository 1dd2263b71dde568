// Wallets as files: backupwallet, restorewallet, migratewallet.
#include <fmt/format.h>

#include <algorithm>

#include "rpc/jsonrpc/call.h"
#include "rpc/wallet/wallet_names.h"
#include "wallet/backup/wallet_file.h"

namespace parley::rpc {

namespace {

/// Far more than the wallet of an exchange; a restored file is in memory as a whole.
constexpr size_t kBackupSizeMax = size_t{1} << 30;

[[noreturn]] void fail_backup(const std::string& problem) {
    fail(Code::wallet, "Error: Wallet backup failed! " + problem);
}

/// An older backup is replaced, any other file is not.
Expected<std::unique_ptr<NewFile>, std::string> create_backup(Host& host, const std::string& path) {
    const ByteSpan magic = as_bytes(kWalletFileMagic);
    const auto found = host.read_file(path, 0, magic.size());
    const bool older = found && *found && std::ranges::equal(**found, magic);
    return host.create_file(path, older ? Host::Existing::replace : Host::Existing::keep);
}

void backupwallet(Call& call) {
    const std::string destination = call.string(0);
    const auto records =
        call.ask_wallet([](Node&, Wallet& wallet) { return unwrap(wallet.records()); });
    auto file = create_backup(call.host(), destination);
    if (!file) {
        // A folder: the file in it has bitcoind's name.
        auto inside = create_backup(call.host(), destination + "/wallet.dat");
        if (!inside) fail_backup(file.error());
        file = std::move(inside);
    }
    if (!(*file)->write(encode_wallet_file(records)) || !(*file)->finish())
        fail_backup(fmt::format("Couldn't write file {}.", (*file)->path()));
}

void restorewallet(Call& call) {
    const std::string name = call.string(0);
    call.ask([](Node& node) { require_wallets(node); });
    if (name.empty()) fail(Code::invalid_parameter, "Wallet name cannot be empty");
    const auto file = call.host().read_file(call.string(1), 0, kBackupSizeMax + 1);
    if (!file) fail(Code::wallet, file.error());
    if (!*file) fail(Code::invalid_parameter, "Backup file does not exist");
    if ((*file)->size() > kBackupSizeMax)
        fail(Code::wallet, fmt::format("The backup is larger than {} bytes", kBackupSizeMax));
    const auto records = decode_wallet_file(**file);
    if (!records) fail(Code::wallet, "Wallet file verification failed. " + records.error() + ".");
    call.ask([&](Node& node) {
        unwrap(require_wallets(node).restore(name, *records));
        unwrap(node.load_wallet(name));
    });
    call.out().object([&] {
        call.out().field("name", name);
        remember_wallet(call, 2, name);
    });
}

void migratewallet(Call& call) {
    const std::string name = named_wallet(call, 0);
    const bool found = call.ask([&](Node& node) {
        const auto names = require_wallets(node).available();
        return std::ranges::find(names, name) != names.end();
    });
    if (!found) fail(Code::wallet, "Error: Wallet does not exist");
    fail(Code::wallet, "Error: This wallet is already a descriptor wallet");
}

}  // namespace

std::vector<Method> wallet_backup_methods() {
    using enum ParameterType;
    return {
        {.name = "backupwallet",
         .category = "wallet",
         .description = "Writes all records of the wallet, private keys included, to one file. A "
                        "backup that has the name is replaced; any other file is not.",
         .parameters = {{"destination", string, true, "",
                         "The file or its folder, absolute or below the chain's directory"}},
         .result = "null    (json null)",
         .example = "\"backup.dat\"",
         .handler = &backupwallet},
        {.name = "restorewallet",
         .category = "wallet",
         .description = "Creates a wallet from a backup, and loads it.",
         .parameters = {{"wallet_name", string, true, "", "The name of the restored wallet"},
                        {"backup_file", string, true, "",
                         "A file of backupwallet, absolute or below the chain's directory"},
                        kLoadOnStartup},
         .result = "{name, warnings}    (json object)",
         .example = "\"testwallet\" \"home\\backups\\backup-file.bak\"",
         .handler = &restorewallet},
        {.name = "migratewallet",
         .category = "wallet",
         .description = "Would turn a legacy wallet into one with descriptors. All wallets here "
                        "have descriptors, so this is always refused.",
         .parameters = {{"wallet_name", string, false, "the wallet name from the RPC endpoint",
                         "The name of the wallet"},
                        {"passphrase", string, false, "", "Not used"},
                        {"load_wallet", boolean, false, "true", "Not used"}},
         .result = "{wallet_name, backup_path}    (json object)",
         .example = "",
         .handler = &migratewallet},
    };
}

}  // namespace parley::rpc
