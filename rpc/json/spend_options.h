// What the caller of a spending method wrote, as a SpendRequest: fee rate, who pays the fee, and
// the options of fundrawtransaction and bumpfee. Everything is checked here, before a wallet is
// asked, so that nothing is signed for a request with a mistake in it; codes and texts are
// bitcoind's. Used by wallet_spend.cpp and wallet_send.cpp. Free functions; thread-safe.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "rpc/jsonrpc/call.h"
#include "wallet/wallet_types.h"

namespace parley::rpc {

/// Fails if the text is none of bitcoind's estimate modes; upper and lower case are the same.
void check_estimate_mode(const std::string& mode);
/// Fails outside of what bitcoind estimates for.
void check_conf_target(int64_t target);

/// conf_target and estimate_mode choose a rate by history, of which this node has none: they are
/// checked, and the wallet's fallback holds. An explicit rate (satoshi per virtual byte) excludes
/// them. Each may be null.
std::optional<FeeRate> read_fee_choice(const Json& conf_target, const Json& estimate_mode,
                                       const Json& fee_rate);

/// The positions that `list`, of numbers and `destinations`, names: those pay the fee. Null: none.
std::set<size_t> read_fee_payers(const Json& list, const std::vector<std::string>& destinations);

/// bech32 or legacy. `kind`: "address" or "change", for the message.
AddressType read_address_type(const std::string& type, std::string_view kind);

/// Those of fundrawtransaction and bumpfee, as Parameter::members.
inline constexpr std::string_view kFundingOptions =
    "add_inputs|include_unsafe|minconf|maxconf|changeAddress|changePosition|change_type|"
    "lockUnspents|fee_rate|feeRate|subtractFeeFromOutputs|conf_target|estimate_mode|replaceable|"
    "solving_data|input_weights|max_tx_weight";
inline constexpr std::string_view kBumpOptions =
    "conf_target|fee_rate|replaceable|estimate_mode|outputs|original_change_index|psbt_version";

/// The options of fundrawtransaction. `request` has the transaction's inputs and outputs.
void read_funding_options(const ChainParams& params, const Json& options, SpendRequest& request);

/// minconf and maxconf. `negative`: what is said of a negative minconf; {} is its value.
void read_depths(const Json& options, std::string_view negative, SpendRequest& request);

/// The options of bumpfee.
BumpRequest read_bump_options(const ChainParams& params, const Json& options);

/// Null if there is no such member.
const Json& option_member(const Json& options, std::string_view name);
bool option_flag(const Json& options, std::string_view name, bool otherwise);

}  // namespace parley::rpc
