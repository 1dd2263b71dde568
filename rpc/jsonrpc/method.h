// Method: one JSON-RPC method: its name, parameters, help and function. MethodTable: all of them.
// Everything that depends on parameters is derived from these: names and positions, type checks,
// help texts, and which command-line arguments are JSON. Immutable once built; thread-safe.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rpc/jsonrpc/error.h"
#include "rpc/jsonrpc/json.h"

namespace parley::rpc {

class Call;

enum class ParameterType : uint8_t {
    string,
    hex,  ///< a string of hexadecimal digits
    number,
    boolean,
    amount,  ///< number or string, in coins
    array,
    object,
    range,    ///< a number, or an array of two
    any,      ///< checked by the method itself
    untyped,  ///< any value, of which the command-line client sends strings only
    json      ///< any value
};

/// The JSON type that the value must have; empty: the method checks it.
std::optional<Json::Type> json_type(ParameterType type);

struct Parameter {
    /// Older aliases follow after '|': "verbosity|verbose".
    std::string_view names;
    ParameterType type = ParameterType::string;
    bool required = false;
    /// The default, for the help; empty: no default.
    std::string_view default_text;
    std::string_view description;
    /// For the first line of the help, if it is not just the name: `[{"txid":"hex","vout":n},...]`.
    std::string_view one_line = {};
    /// Of an options object: members that a client may also give as named parameters of the method,
    /// separated by '|'.
    std::string_view members = {};

    std::string_view name() const { return names.substr(0, names.find('|')); }
    bool has_name(std::string_view name) const;
    bool has_member(std::string_view name) const;
};

using Handler = void (*)(Call& call);

struct Method {
    std::string_view name;
    std::string_view category;  ///< "blockchain", ...; "parley": not in bitcoind
    std::string_view description;
    std::vector<Parameter> parameters;
    std::string_view result;   ///< a description of the result; empty: the method is gone
    std::string_view example;  ///< arguments as on the command line
    Handler handler = nullptr;
    bool hidden = false;  ///< not listed by `help`
};

class MethodTable {
 public:
    /// All methods of this build.
    MethodTable();

    /// Null: no such method.
    const Method* find(std::string_view name) const;
    const std::map<std::string_view, Method>& all() const { return methods_; }

 private:
    void add(std::vector<Method> methods);

    std::map<std::string_view, Method> methods_;
};

/// `help` without a method: one line per method, by category.
std::string help_overview(const MethodTable& table);
/// First line (name and parameters), description, arguments, result, example.
std::string help_text(const Method& method);
/// `getblock "blockhash" ( verbosity )`
std::string help_line(const Method& method);

/// The arguments by position. Members of a params object are moved to their positions, and missing
/// ones in between become null. Failures: invalid_parameter.
Result<Json::Array> positional_arguments(const Method& method, const Json& params);

/// Checks number and types. Failures: misc with the help text, or type with the list of mismatches.
Status check_arguments(const Method& method, const Json::Array& arguments);

// One function per file of methods.
std::vector<Method> blockchain_methods();
std::vector<Method> chainstate_methods();
std::vector<Method> block_filter_methods();
std::vector<Method> descriptor_activity_methods();
std::vector<Method> coins_scan_methods();
std::vector<Method> coins_methods();
std::vector<Method> coins_dump_methods();
std::vector<Method> coins_load_methods();
std::vector<Method> tx_proof_methods();
std::vector<Method> priority_methods();
std::vector<Method> signed_message_methods();
std::vector<Method> multisig_methods();
std::vector<Method> mempool_file_methods();
std::vector<Method> orphan_methods();
std::vector<Method> spender_methods();
std::vector<Method> fee_methods();
std::vector<Method> echo_methods();
std::vector<Method> wait_methods();
std::vector<Method> block_statistics_methods();
std::vector<Method> mempool_methods();
std::vector<Method> admission_methods();
std::vector<Method> mining_methods();
std::vector<Method> network_methods();
std::vector<Method> connection_methods();
std::vector<Method> address_methods();
std::vector<Method> network_test_methods();
std::vector<Method> notification_methods();
std::vector<Method> ban_methods();
std::vector<Method> raw_transaction_methods();
std::vector<Method> raw_signing_methods();
std::vector<Method> psbt_methods();
std::vector<Method> psbt_process_methods();
std::vector<Method> utility_methods();
std::vector<Method> control_methods();
std::vector<Method> consensus_methods();
std::vector<Method> wallet_methods();
std::vector<Method> wallet_transaction_methods();
std::vector<Method> wallet_received_methods();
std::vector<Method> wallet_backup_methods();
std::vector<Method> wallet_key_methods();
std::vector<Method> wallet_send_methods();
std::vector<Method> wallet_pruned_methods();
std::vector<Method> wallet_spend_methods();
std::vector<Method> wallet_psbt_methods();
std::vector<Method> wallet_address_methods();
std::vector<Method> wallet_descriptor_methods();

}  // namespace parley::rpc
