#include "rpc/wallet_control.h"

#include <algorithm>

#include "base/bytes.h"
#include "rpc/node_control.h"

namespace parley {
namespace {

rpc::Error error_of(const WalletError& error) {
    return {static_cast<rpc::Code>(error.rpc_code()), error.message};
}

/// Passes a wallet's status on.
rpc::Status status_of(const Expected<void, WalletError>& result) {
    if (!result) return Unexpected(error_of(result.error()));
    return {};
}

rpc::WalletTx translate(const WalletTxInfo& info) {
    rpc::WalletTx result;
    result.transaction = info.transaction;
    result.confirmations = info.confirmations;
    if (info.block) {
        result.block = rpc::WalletTx::InBlock{info.block->hash, info.block->height,
                                              info.block->index, info.block->time};
    }
    result.generated = info.generated;
    result.trusted = info.trusted;
    result.abandoned = info.abandoned;
    result.replaceable = info.replaceable;
    result.wallet_conflicts = info.wallet_conflicts;
    result.mempool_conflicts = info.mempool_conflicts;
    result.replaces = info.replaces;
    result.replaced_by = info.replaced_by;
    result.comment = info.comment;
    result.comment_to = info.comment_to;
    result.time = info.time;
    result.time_received = info.time_received;
    return result;
}

rpc::WalletTxDetail translate(const WalletTxDetail& detail) {
    using Category = rpc::WalletTxDetail::Category;
    rpc::WalletTxDetail result;
    switch (detail.category) {
        case TxCategory::send:
            result.category = Category::send;
            break;
        case TxCategory::receive:
            result.category = Category::receive;
            break;
        case TxCategory::generate:
            result.category = Category::generate;
            break;
        case TxCategory::immature:
            result.category = Category::immature;
            break;
        case TxCategory::orphan:
            result.category = Category::orphan;
            break;
    }
    result.script = detail.script;
    result.label = detail.label;
    result.amount = detail.amount;
    result.output = detail.output;
    result.fee = detail.fee;
    result.parent_descriptors = detail.parent_descriptors;
    return result;
}

std::vector<rpc::WalletListed> translate(const std::vector<ListedTransaction>& listed) {
    std::vector<rpc::WalletListed> result;
    result.reserve(listed.size());
    for (const ListedTransaction& each : listed)
        result.push_back({translate(each.detail), translate(each.info)});
    return result;
}

rpc::WalletSent translate(const SpendResult& spend) {
    rpc::WalletSent sent{spend.transaction, spend.fee, std::nullopt};
    if (spend.change_position) sent.change_position = static_cast<uint32_t>(*spend.change_position);
    return sent;
}

std::optional<FeeRate> fee_rate_of_request(const std::optional<Amount>& rate) {
    if (!rate) return std::nullopt;
    return FeeRate{rate->value()};
}

/// The wallet's address types by bitcoind's names. Empty optional inside a value: the default.
rpc::Result<std::optional<AddressType>> address_type(const std::string& type) {
    if (type.empty()) return std::optional<AddressType>{};
    if (type == "bech32") return std::optional{AddressType::bech32};
    if (type == "legacy") return std::optional{AddressType::legacy};
    if (type == "bech32m" || type == "p2sh-segwit") {
        return rpc::failure(
            rpc::Code::wallet,
            "Error: No " + type + " addresses available. Use address_type bech32 or legacy.");
    }
    return rpc::failure(rpc::Code::address_or_key, "Unknown address type '" + type + "'");
}

}  // namespace

rpc::WalletSummary WalletControlImpl::summary() const {
    const WalletInfo info = wallet_.info();
    rpc::WalletSummary summary;
    summary.name = info.name;
    summary.transactions = info.transactions;
    summary.keypool_receive = info.keypool_external;
    summary.keypool_change = info.keypool_internal;
    summary.private_keys = info.private_keys;
    summary.blank = info.blank;
    if (info.birth_time != 0) summary.birth_time = info.birth_time;
    summary.last_block_height = info.last_block_height.value_or(Height{0});
    summary.last_block_hash = info.last_block_hash;
    return summary;
}

rpc::WalletBalances WalletControlImpl::balances(int32_t confirmations_min) const {
    const WalletBalances balances = wallet_.balances(confirmations_min);
    return {balances.trusted, balances.untrusted_pending, balances.immature};
}

std::vector<rpc::WalletUnspent> WalletControlImpl::unspent(
    const rpc::WalletUnspentQuery& query) const {
    UnspentQuery wanted;
    wanted.confirmations_min = query.confirmations_min;
    wanted.confirmations_max = query.confirmations_max;
    wanted.scripts = query.scripts;
    wanted.include_unsafe = query.include_unsafe;
    wanted.include_immature = query.include_immature;
    wanted.amount_min = query.amount_min;
    wanted.amount_max = query.amount_max;
    wanted.sum_min = query.sum_min;
    wanted.count_max = query.count_max;
    std::vector<rpc::WalletUnspent> coins;
    for (UnspentOutput& output : wallet_.list_unspent(wanted)) {
        coins.push_back({output.outpoint, std::move(output.output), std::move(output.label),
                         output.confirmations, output.spendable, output.solvable, output.safe,
                         output.descriptor.value_or(""), std::move(output.parent_descriptors)});
    }
    return coins;
}

std::vector<rpc::WalletListed> WalletControlImpl::list(const std::optional<std::string>& label,
                                                       uint64_t count, uint64_t skip) const {
    return translate(wallet_.list_transactions(label, count, skip));
}

std::vector<rpc::WalletListed> WalletControlImpl::list_since(
    const std::optional<BlockHash>& since) const {
    return translate(wallet_.list_since(since));
}

std::optional<rpc::WalletTxView> WalletControlImpl::transaction(const Txid& txid) const {
    const auto found = wallet_.transaction(txid);
    if (!found) return std::nullopt;
    rpc::WalletTxView view{translate(found->info), found->amount, found->fee, {}};
    for (const WalletTxDetail& detail : found->details) view.details.push_back(translate(detail));
    return view;
}

std::vector<rpc::WalletReceived> WalletControlImpl::received(int32_t confirmations_min,
                                                             bool include_empty) const {
    std::vector<rpc::WalletReceived> received;
    for (ReceivedByAddress& each : wallet_.list_received(confirmations_min, include_empty)) {
        received.push_back({std::move(each.address), std::move(each.label), each.amount,
                            each.confirmations, std::move(each.txids)});
    }
    return received;
}

rpc::WalletAddress WalletControlImpl::address(const Script& script) const {
    const AddressInfo info = wallet_.address_info(script);
    rpc::WalletAddress address;
    address.mine = info.is_mine;
    address.solvable = info.solvable;
    address.change = info.is_change;
    address.descriptor = info.descriptor.value_or("");
    address.parent_descriptor = info.parent_descriptor.value_or("");
    address.public_key = info.public_key.value_or(Bytes{});
    address.timestamp = info.timestamp;
    if (info.key_path)
        address.hd_key_path = info.key_path->empty() ? "m" : "m/" + to_string(*info.key_path);
    if (info.master_fingerprint) address.hd_master_fingerprint = to_hex(*info.master_fingerprint);
    address.label = info.label;
    return address;
}

std::vector<rpc::WalletLabelled> WalletControlImpl::address_book() const {
    std::vector<rpc::WalletLabelled> book;
    for (LabelledAddress& each : wallet_.labelled_addresses()) {
        book.push_back({std::move(each.address), std::move(each.label), each.send});
    }
    return book;
}

std::vector<OutPoint> WalletControlImpl::locked() const {
    return wallet_.locked();
}

rpc::Result<std::vector<rpc::WalletDescriptor>> WalletControlImpl::descriptors(
    bool with_private_keys) const {
    if (with_private_keys && !wallet_.info().private_keys) {
        return rpc::failure(rpc::Code::wallet,
                            "Can't get private descriptor string for watch-only wallets");
    }
    std::vector<rpc::WalletDescriptor> descriptors;
    for (DescriptorInfo& info : wallet_.list_descriptors(with_private_keys)) {
        rpc::WalletDescriptor descriptor;
        descriptor.descriptor = std::move(info.descriptor);
        descriptor.timestamp = info.timestamp;
        descriptor.active = info.active;
        descriptor.internal = info.internal;
        if (info.is_range) descriptor.range = {info.range_begin, std::max(info.range_end, 1u) - 1};
        descriptor.next_index = info.next_index;
        descriptors.push_back(std::move(descriptor));
    }
    return descriptors;
}

std::optional<TxOutput> WalletControlImpl::known_output(const OutPoint& outpoint) const {
    return wallet_.known_output(outpoint);
}

SignResult WalletControlImpl::sign(const TransactionData& transaction, const SpentOutputs& spent,
                                   uint8_t sighash_type) const {
    return wallet_.sign(transaction, spent, sighash_type);
}

rpc::Result<std::string> WalletControlImpl::new_address(AddressFor use, const std::string& label,
                                                        const std::string& type) {
    const auto wanted = address_type(type);
    if (!wanted) return Unexpected(wanted.error());
    const auto address = use == AddressFor::receive ? wallet_.new_address(label, *wanted)
                                                    : wallet_.new_change_address(*wanted);
    if (!address) return Unexpected(error_of(address.error()));
    return *address;
}

rpc::Status WalletControlImpl::set_label(const std::string& address, const std::string& label) {
    return status_of(wallet_.set_label(address, label));
}

rpc::Result<rpc::WalletSent> WalletControlImpl::send(const rpc::WalletSpend& request) {
    SpendRequest spend;
    for (const auto& recipient : request.recipients) {
        spend.recipients.push_back({recipient.script, recipient.amount, recipient.subtract_fee});
    }
    spend.fee_rate = fee_rate_of_request(request.fee_rate);
    spend.replaceable = request.replaceable.value_or(node_.config().wallet.signal_replaceable);
    const auto sent =
        node_.send(wallet_, spend, {request.comment, request.comment_to, std::nullopt});
    if (!sent) return Unexpected(error_of(sent.error()));
    return translate(*sent);
}

rpc::Result<rpc::WalletSent> WalletControlImpl::fund(const TransactionData& transaction,
                                                     const rpc::WalletFunding& request) {
    SpendRequest spend;
    for (const TxOutput& output : transaction.outputs) {
        spend.recipients.push_back({output.script_pubkey, output.value, false});
    }
    for (const uint32_t position : request.subtract_fee_from_outputs) {
        if (position >= spend.recipients.size()) {
            return rpc::failure(
                rpc::Code::invalid_parameter,
                "Invalid parameter, vout index out of bounds: " + std::to_string(position));
        }
        spend.recipients[position].subtract_fee = true;
    }
    for (const TxInput& input : transaction.inputs) {
        spend.inputs.push_back(input.prevout);
        spend.sequences.push_back(input.sequence);
    }
    spend.version = transaction.version;
    spend.add_inputs = request.add_inputs;
    spend.include_unsafe = request.include_unsafe;
    spend.fee_rate = fee_rate_of_request(request.fee_rate);
    spend.replaceable = request.replaceable.value_or(node_.config().wallet.signal_replaceable);
    spend.change_script = request.change_script;
    if (request.change_position) spend.change_position = *request.change_position;
    spend.locktime = transaction.locktime;
    spend.sign = false;
    const auto funded = wallet_.create_transaction(spend);
    if (!funded) return Unexpected(error_of(funded.error()));
    if (request.lock_unspents) {
        for (const TxInput& input : funded->transaction->inputs()) {
            const auto locked = wallet_.lock_unspent(input.prevout, false);
            if (!locked) return Unexpected(error_of(locked.error()));
        }
    }
    return translate(*funded);
}

rpc::Result<rpc::WalletBumped> WalletControlImpl::bump_fee(const Txid& txid,
                                                           std::optional<Amount> fee_rate) {
    const auto bumped = node_.bump_fee(wallet_, txid, fee_rate_of_request(fee_rate));
    if (!bumped) return Unexpected(error_of(bumped.error()));
    return rpc::WalletBumped{translate(bumped->spend), bumped->original_fee};
}

std::vector<rpc::Status> WalletControlImpl::import_descriptors(
    const std::vector<rpc::WalletImport>& imports) {
    std::vector<DescriptorImport> wanted;
    for (const rpc::WalletImport& each : imports) {
        wanted.push_back({each.descriptor, each.active, each.internal, each.label, each.timestamp,
                          each.range, each.next_index});
    }
    std::vector<rpc::Status> statuses;
    for (const auto& result : wallet_.import_descriptors(wanted, node_.now()))
        statuses.push_back(status_of(result));
    return statuses;
}

rpc::Result<std::pair<Height, Height>> WalletControlImpl::rescan(Height first,
                                                                 std::optional<Height> last) {
    const auto scanned = wallet_.rescan(first, last);
    if (!scanned) return Unexpected(error_of(scanned.error()));
    return std::pair{scanned->begin, scanned->end};
}

rpc::Status WalletControlImpl::lock_coin(const OutPoint& outpoint, bool persistent) {
    return status_of(wallet_.lock_unspent(outpoint, persistent));
}

rpc::Status WalletControlImpl::unlock_coin(const OutPoint& outpoint) {
    return status_of(wallet_.unlock_unspent(outpoint));
}

void WalletControlImpl::unlock_all_coins() {
    wallet_.unlock_all();
}

rpc::Status WalletControlImpl::abandon(const Txid& txid) {
    return status_of(wallet_.abandon(txid));
}

// --- NodeControlImpl: which wallets there are

bool NodeControlImpl::wallets_enabled() const {
    return node_.wallets() != nullptr;
}

std::vector<std::string> NodeControlImpl::loaded_wallets() const {
    std::vector<std::string> names;
    if (!node_.wallets()) return names;
    for (const auto& wallet : node_.wallets()->loaded()) names.push_back(wallet->name());
    return names;
}

std::vector<std::string> NodeControlImpl::wallet_directory() const {
    return node_.wallets() ? node_.wallets()->available() : std::vector<std::string>{};
}

rpc::WalletControl* NodeControlImpl::wallet(const std::string& name) {
    Wallet* found = node_.wallets() ? node_.wallets()->find(name) : nullptr;
    if (found == nullptr) {
        wallets_.erase(name);
        return nullptr;
    }
    auto& control = wallets_[name];
    control = std::make_unique<WalletControlImpl>(node_, *found);
    return control.get();
}

rpc::Result<std::vector<std::string>> NodeControlImpl::create_wallet(
    const rpc::WalletCreation& creation) {
    WalletCreateOptions options;
    options.private_keys = creation.private_keys;
    options.blank = creation.blank;
    const auto created = node_.wallets()->create(creation.name, options, node_.now());
    if (!created) return Unexpected(error_of(created.error()));
    return std::vector<std::string>{};
}

rpc::Result<std::vector<std::string>> NodeControlImpl::load_wallet(const std::string& name,
                                                                   std::optional<bool>) {
    const auto loaded = node_.load_wallet(name);
    if (!loaded) return Unexpected(error_of(loaded.error()));
    return std::vector<std::string>{};
}

rpc::Result<std::vector<std::string>> NodeControlImpl::unload_wallet(const std::string& name,
                                                                     std::optional<bool>) {
    const auto unloaded = node_.wallets()->unload(name);
    if (!unloaded) return Unexpected(error_of(unloaded.error()));
    wallets_.erase(name);
    return std::vector<std::string>{};
}

}  // namespace parley
