#include "wallet/transaction_builder.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "chain/rules/params.h"

namespace parley {
namespace {

// Relay policy rejects heavier transactions.
constexpr int64_t kWeightMax = 400'000;
// Signature with hash type, and compressed public key, each with a length byte.
constexpr int64_t kSignaturePush = 1 + 71;
constexpr int64_t kKeyPush = 1 + 33;
constexpr int64_t kLongKeyPush = 1 + 65;
constexpr int64_t kInputBase = 32 + 4 + 4;  // outpoint and sequence
// Virtual bytes of the P2WPKH input that will spend the change.
constexpr int64_t kChangeInputWeight = 272;
// Limits the ancestors of unconfirmed coins: with more, the new transaction may exceed the
// mempool's limits.
constexpr int64_t kAncestorsMax = 25;
constexpr uint32_t kSequenceReplaceable = 0xfffffffd;  // BIP125
constexpr uint32_t kSequenceLocktime = 0xfffffffe;

WalletError insufficient() {
    return WalletError{WalletErrorCode::insufficient_funds, "Insufficient funds"};
}

std::string rate_text(FeeRate rate) {
    return fmt::format("{}.{:03} sat/vB", rate.value() / 1000, rate.value() % 1000);
}

int64_t output_size(const TxOutput& output) {
    const size_t size = output.script_pubkey.size();
    return static_cast<int64_t>(sizeof(int64_t) + compact_size_length(size) + size);
}

// Bytes of everything but inputs, with an input count of one byte, and marker and flag taken for
// one more.
int64_t size_without_inputs(const std::vector<TxOutput>& outputs) {
    int64_t size = static_cast<int64_t>(10 + compact_size_length(outputs.size()));
    for (const TxOutput& output : outputs) size += output_size(output);
    return size;
}

}  // namespace

std::optional<int64_t> signed_input_weight(const Script& script, bool compressed) {
    if (match_p2wpkh(script)) return 4 * (kInputBase + 1) + 1 + kSignaturePush + kKeyPush;
    // The last 1 is the empty witness of an input without one, in a transaction with witnesses.
    if (match_p2pkh(script))
        return 4 * (kInputBase + 1 + kSignaturePush + (compressed ? kKeyPush : kLongKeyPush)) + 1;
    if (match_p2pk(script)) return 4 * (kInputBase + 1 + kSignaturePush) + 1;
    return std::nullopt;
}

Expected<TransactionBuilder::Built, WalletError> TransactionBuilder::build(
    const ChangeScript& change_script) {
    using Step = std::optional<WalletError> (TransactionBuilder::*)();
    for (const Step step :
         {&TransactionBuilder::check_recipients, &TransactionBuilder::choose_fee_rate,
          &TransactionBuilder::take_preset_inputs, &TransactionBuilder::choose_coins}) {
        if (auto error = (this->*step)()) return Unexpected(std::move(*error));
    }
    if (auto error = settle(change_script)) return Unexpected(std::move(*error));

    Built built;
    built.fee = fee_;
    built.change_position = change_position_;
    shuffle_inputs();
    built.transaction.version = request_.version;
    const uint32_t sequence = request_.replaceable ? kSequenceReplaceable : kSequenceLocktime;
    for (size_t i = 0; i < chosen_.size(); ++i) {
        TxInput input;
        input.prevout = chosen_[i].outpoint;
        input.sequence = i < request_.sequences.size() ? request_.sequences[i] : sequence;
        built.transaction.inputs.push_back(std::move(input));
    }
    built.transaction.outputs = outputs_;
    built.transaction.locktime = request_.locktime.value_or(current_locktime());
    return built;
}

// Anti-fee-sniping: a locktime at the tip prevents miners from including the transaction in a
// replacement of the last block. Occasionally the locktime is earlier, so that delayed transactions
// do not stand out.
uint32_t TransactionBuilder::current_locktime() const {
    const auto tip = static_cast<uint32_t>(wallet_.context.node.tip_height().value());
    Random& random = wallet_.context.random;
    if (random.uniform(10) != 0) return tip;
    const auto back = static_cast<uint32_t>(random.uniform(100));
    return tip > back ? tip - back : 0;
}

std::optional<WalletError> TransactionBuilder::check_recipients() {
    if (request_.recipients.empty())
        return WalletError{WalletErrorCode::invalid_parameter,
                           "Transaction must have at least one recipient"};
    for (const Recipient& recipient : request_.recipients) {
        if (!money_range(recipient.amount))
            return WalletError{WalletErrorCode::invalid_parameter,
                               "Transaction amounts must not be negative"};
        const TxOutput output{recipient.amount, recipient.script};
        if (recipient.amount < dust(output) && !recipient.subtract_fee)
            return WalletError{WalletErrorCode::insufficient_funds, "Transaction amount too small"};
        outputs_.push_back(output);
        recipients_total_ += recipient.amount;
        subtract_fee_ |= recipient.subtract_fee;
        if (!money_range(recipients_total_)) return insufficient();
    }
    return std::nullopt;
}

std::optional<WalletError> TransactionBuilder::choose_fee_rate() {
    const WalletNodeView& chain = wallet_.context.node;
    const FeeRate minimum = std::max(
        {chain.min_relay_fee(), chain.mempool_min_fee(), wallet_.context.options.fee_rate_min});
    if (request_.fee_rate) {
        if (*request_.fee_rate < minimum && !request_.any_fee_rate)
            return WalletError{
                WalletErrorCode::wallet,
                fmt::format("Fee rate ({}) is lower than the minimum fee rate setting ({})",
                            rate_text(*request_.fee_rate), rate_text(minimum))};
        fee_rate_ = *request_.fee_rate;
        return std::nullopt;
    }
    const auto& fallback = wallet_.context.options.fallback_fee;
    if (fallback == FeeRate{0})
        return WalletError{
            WalletErrorCode::wallet,
            "Fee estimation failed. Fallbackfee is disabled. Wait a few blocks or enable "
            "-fallbackfee."};
    fee_rate_ = std::max(fallback.value_or(minimum), minimum);
    return std::nullopt;
}

std::optional<TransactionBuilder::Coin> TransactionBuilder::coin_of(
    const OutPoint& outpoint, const LedgerTx& transaction) const {
    const TxOutput& output = transaction.transaction->outputs()[outpoint.index];
    const auto place = wallet_.keys.place(output.script_pubkey);
    if (!place) return std::nullopt;
    const Descriptor& descriptor = wallet_.keys.records()[place->record].descriptor;
    if (!descriptor.is_solvable() || (request_.sign && !descriptor.has_secret()))
        return std::nullopt;
    const auto weight =
        signed_input_weight(output.script_pubkey, !descriptor.has_uncompressed_key());
    if (!weight) return std::nullopt;
    const auto given = request_.input_weights.find(outpoint);
    Coin coin{outpoint, output, given == request_.input_weights.end() ? *weight : given->second};
    coin.own = wallet_.ledger.debit(*transaction.transaction) > Amount{0};
    coin.depth = wallet_.ledger.depth(transaction);
    coin.safe = wallet_.ledger.trusted(transaction);
    return coin;
}

std::optional<WalletError> TransactionBuilder::take_preset_inputs() {
    for (const OutPoint& outpoint : request_.inputs) {
        const LedgerTx* transaction = wallet_.ledger.find(outpoint.txid);
        const TxOutput* output = wallet_.ledger.own_output(outpoint);
        auto coin = transaction && output ? coin_of(outpoint, *transaction) : std::nullopt;
        const auto same = [&](const Coin& other) { return other.outpoint == outpoint; };
        if (std::ranges::any_of(chosen_, same))
            return WalletError{WalletErrorCode::invalid_parameter,
                               fmt::format("Duplicated pre-selected input {}:{}",
                                           outpoint.txid.to_string(), outpoint.index)};
        if (!coin)
            return WalletError{WalletErrorCode::wallet,
                               fmt::format("Not found pre-selected input {}:{}",
                                           outpoint.txid.to_string(), outpoint.index)};
        chosen_.push_back(std::move(*coin));
    }
    preset_count_ = chosen_.size();
    return std::nullopt;
}

bool TransactionBuilder::is_preset(const OutPoint& outpoint) const {
    return std::find(request_.inputs.begin(), request_.inputs.end(), outpoint) !=
           request_.inputs.end();
}

// The new transaction conflicts with every other transaction that spends a preset input, so it
// cannot spend outputs of those.
bool TransactionBuilder::spends_preset(const Transaction& transaction) const {
    return std::any_of(transaction.inputs().begin(), transaction.inputs().end(),
                       [&](const TxInput& input) { return is_preset(input.prevout); });
}

void TransactionBuilder::collect_available() {
    for (const auto& [outpoint, transaction] : wallet_.ledger.unspent()) {
        if (wallet_.locked.contains(outpoint) || wallet_.ledger.immature(*transaction)) continue;
        const int32_t depth = wallet_.ledger.depth(*transaction);
        if (depth < request_.confirmations_min || depth > request_.confirmations_max ||
            (depth == 0 && !transaction->in_mempool))
            continue;
        if (is_preset(outpoint) || spends_preset(*transaction->transaction)) continue;
        auto coin = coin_of(outpoint, *transaction);
        if (coin && (coin->safe || request_.include_unsafe)) available_.push_back(std::move(*coin));
    }
}

bool TransactionBuilder::eligible(const Coin& coin, int32_t own_depth,
                                  int32_t foreign_depth) const {
    if (coin.depth < (coin.own ? own_depth : foreign_depth)) return false;
    return coin.depth > 0 ||
           wallet_.context.node.mempool_ancestor_count(coin.outpoint.txid) <= kAncestorsMax;
}

std::optional<SelectionResult> TransactionBuilder::select(Amount target) const {
    const TxOutput sample = change_sample();
    SelectionRequest selection;
    selection.target = target;
    selection.fee_rate = fee_rate_;
    selection.long_term_fee_rate = wallet_.context.options.consolidate_fee_rate;
    selection.change_fee = fee_for(fee_rate_, output_size(sample));
    selection.change_spend_fee =
        input_fee(kChangeInputWeight, std::min(fee_rate_, selection.long_term_fee_rate));
    selection.change_min = std::max(dust(sample), selection.change_spend_fee);
    selection.subtract_fee = subtract_fee_;

    // Prefers well confirmed coins, then any confirmed ones, then the wallet's own unconfirmed
    // ones, then all.
    struct Tier {
        int32_t own_depth;
        int32_t foreign_depth;
    };
    for (const Tier tier : {Tier{1, 6}, Tier{1, 1}, Tier{0, 1}, Tier{0, 0}}) {
        std::vector<SelectionCoin> coins;
        for (size_t i = 0; i < available_.size(); ++i) {
            if (eligible(available_[i], tier.own_depth, tier.foreign_depth))
                coins.push_back({i, available_[i].output.value, available_[i].input_weight});
        }
        if (auto result = select_coins(std::move(coins), selection)) return result;
    }
    return std::nullopt;
}

std::optional<WalletError> TransactionBuilder::choose_coins() {
    Amount target = recipients_total_;
    // The weight without the inputs that are still to be selected; allows 3 bytes for the input
    // count.
    if (!subtract_fee_) target += fee_for(fee_rate_, virtual_size(outputs_) + 2);
    for (const Coin& coin : chosen_) target += Amount{-coin.output.value.value()};
    if (!chosen_.empty() && target <= Amount{0}) return std::nullopt;
    if (!request_.add_inputs) {
        return WalletError{
            WalletErrorCode::insufficient_funds,
            "The preselected coins total amount does not cover the transaction target. "
            "Please allow other inputs to be automatically selected or include more coins "
            "manually"};
    }
    collect_available();
    // As in bitcoind, whose answers name what there is no room for.
    const int64_t room =
        request_.weight_max.value_or(kWeightMax) - 4 * size_without_inputs(outputs_);
    if (room <= 0)
        return WalletError{
            WalletErrorCode::wallet,
            "Maximum transaction weight is less than transaction weight without inputs"};
    const auto selection = select(std::max(target, Amount{1}));
    if (!selection) return insufficient();
    if (!selection->changeless && room < 4 * output_size(change_sample()))
        return WalletError{
            WalletErrorCode::wallet,
            "Maximum transaction weight is too low, can not accommodate change output"};
    for (const size_t id : selection->ids) chosen_.push_back(available_[id]);
    return std::nullopt;
}

std::optional<WalletError> TransactionBuilder::settle(const ChangeScript& change_script) {
    Amount input_total{0};
    for (const Coin& coin : chosen_) input_total += coin.output.value;
    const TxOutput sample = change_sample();
    std::vector<TxOutput> with_change = outputs_;
    with_change.push_back(sample);
    const Amount fee_with_change = fee_for(fee_rate_, virtual_size(with_change));
    Amount change{input_total.value() - recipients_total_.value() -
                  (subtract_fee_ ? 0 : fee_with_change.value())};
    // Change that would cost more to spend than its value is added to the fee.
    const Amount change_min = std::max(dust(sample), input_fee(kChangeInputWeight, fee_rate_));
    if (change >= change_min) {
        fee_ = fee_with_change;
        Expected<Script, WalletError> script{Script{}};
        if (request_.change_script)
            script = *request_.change_script;
        else
            script = change_script();
        if (!script) return std::move(script.error());
        const size_t position =
            request_.change_position.value_or(wallet_.context.random.uniform(outputs_.size() + 1));
        if (position > outputs_.size())
            return WalletError{WalletErrorCode::wallet,
                               "Transaction change output index out of range"};
        if (subtract_fee_) {
            if (auto error = pay_fee_from_recipients(fee_, recipients_total_)) return error;
        }
        outputs_.insert(outputs_.begin() + static_cast<std::ptrdiff_t>(position),
                        TxOutput{change, std::move(*script)});
        change_position_ = position;
    } else {
        const Amount needed = fee_for(fee_rate_, virtual_size(outputs_));
        fee_ = Amount{input_total.value() - recipients_total_.value()};
        if (subtract_fee_) {
            if (auto error = pay_fee_from_recipients(needed, input_total)) return error;
            fee_ = needed;
        }
        if (fee_ < needed) return insufficient();
    }
    if (fee_ > wallet_.context.options.fee_max)
        return WalletError{WalletErrorCode::wallet,
                           "Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)"};
    if (4 * virtual_size(outputs_) > request_.weight_max.value_or(kWeightMax))
        return WalletError{
            WalletErrorCode::wallet,
            request_.weight_max
                ? "The inputs size exceeds the maximum weight. Please try sending a smaller amount "
                  "or manually consolidating your wallet's UTXOs"
                : "Transaction too large"};
    return std::nullopt;
}

// The recipients that pay the fee share it equally; the first one also pays the remainder of the
// division.
std::optional<WalletError> TransactionBuilder::pay_fee_from_recipients(Amount fee,
                                                                       Amount input_total) {
    const int64_t missing = fee.value() - (input_total.value() - recipients_total_.value());
    const auto payers = std::count_if(request_.recipients.begin(), request_.recipients.end(),
                                      [](const Recipient& each) { return each.subtract_fee; });
    bool first = true;
    for (size_t i = 0; i < request_.recipients.size(); ++i) {
        if (!request_.recipients[i].subtract_fee) continue;
        const int64_t share = missing / payers + (first ? missing % payers : 0);
        first = false;
        outputs_[i].value += Amount{-share};
        if (outputs_[i].value < Amount{0})
            return WalletError{WalletErrorCode::wallet,
                               "The transaction amount is too small to pay the fee"};
        if (outputs_[i].value < dust(outputs_[i]))
            return WalletError{WalletErrorCode::wallet,
                               "The transaction amount is too small to send after the fee has been "
                               "deducted"};
    }
    return std::nullopt;
}

int64_t TransactionBuilder::virtual_size(const std::vector<TxOutput>& outputs) const {
    int64_t weight = 4 * static_cast<int64_t>(8 + compact_size_length(chosen_.size()) +
                                              compact_size_length(outputs.size()));
    for (const TxOutput& output : outputs) weight += 4 * output_size(output);
    bool witness =
        chosen_.size() == preset_count_;  // not selected yet: assume inputs with a witness
    for (const Coin& coin : chosen_) {
        weight += coin.input_weight;
        witness |= match_p2wpkh(coin.output.script_pubkey).has_value();
    }
    if (witness)
        weight += 2;  // marker and flag
    else
        weight -= static_cast<int64_t>(chosen_.size());  // no empty witnesses
    return (weight + 3) / 4;
}

TxOutput TransactionBuilder::change_sample() const {
    if (request_.change_script) return {Amount{0}, *request_.change_script};
    const Hash160 hash{};
    const AddressType type =
        request_.change_type.value_or(wallet_.context.options.type_of_change());
    return {Amount{0}, type == AddressType::bech32 ? p2wpkh_script(hash) : p2pkh_script(hash)};
}

Amount TransactionBuilder::dust(const TxOutput& output) const {
    return dust_threshold(output, wallet_.context.node.dust_relay_fee());
}

// Shuffles the inputs, so that their order does not reveal the selection. Preset inputs stay in
// front.
void TransactionBuilder::shuffle_inputs() {
    for (size_t i = chosen_.size(); i > preset_count_ + 1; --i) {
        const size_t other = preset_count_ + wallet_.context.random.uniform(i - preset_count_);
        std::swap(chosen_[i - 1], chosen_[other]);
    }
}

}  // namespace parley
