// Method: one JSON-RPC method: its name, parameters, help and function. MethodTable: all of them.
// Everything that depends on parameters is derived from here: names to positions, type checks, help
// texts, and which arguments of the command line are JSON. Immutable once built; thread-safe.
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
    range,  ///< a number, or an array of two
    any     ///< the method looks for itself
};

/// The JSON type that the value must have; empty: the method looks for itself.
std::optional<Json::Type> json_type(ParameterType type);

struct Parameter {
    /// With older aliases behind '|': "verbosity|verbose".
    std::string_view names;
    ParameterType type = ParameterType::string;
    bool required = false;
    /// What holds when it is left out, for the help; empty: no value at all.
    std::string_view default_text;
    std::string_view description;
    /// In the first line of the help, where it is no plain name: `[{"txid":"hex","vout":n},...]`.
    std::string_view one_line = {};

    std::string_view name() const { return names.substr(0, names.find('|')); }
};

using Handler = void (*)(Call& call);

struct Method {
    std::string_view name;
    std::string_view category;  ///< "blockchain", ...; "parley": not in bitcoind
    std::string_view description;
    std::vector<Parameter> parameters;
    std::string_view result;   ///< what comes back, in words
    std::string_view example;  ///< arguments as on the command line
    Handler handler = nullptr;
    bool hidden = false;  ///< left out of the list that `help` prints
};

class MethodTable {
 public:
    /// All methods of this build.
    MethodTable();

    /// Null: unknown.
    const Method* find(std::string_view name) const;
    const std::map<std::string_view, Method>& all() const { return methods_; }

 private:
    void add(std::vector<Method> methods);

    std::map<std::string_view, Method> methods_;
};

/// `help` without a method: a line each, by category.
std::string help_overview(const MethodTable& table);
/// First line (name and parameters), description, arguments, result, example.
std::string help_text(const Method& method);
/// `getblock "blockhash" ( verbosity )`
std::string help_line(const Method& method);

/// Positions for the members of a params object, or the positions as they are; missing ones in
/// between become null. Failures: invalid_parameter.
Result<Json::Array> positional_arguments(const Method& method, const Json& params);

/// Number and types. Failures: misc with the help text, or type with the list of mismatches.
Status check_arguments(const Method& method, const Json::Array& arguments);

// One function for each file of methods.
std::vector<Method> blockchain_methods();
std::vector<Method> chainstate_methods();
std::vector<Method> wait_methods();
std::vector<Method> block_statistics_methods();
std::vector<Method> mempool_methods();
std::vector<Method> mining_methods();
std::vector<Method> network_methods();
std::vector<Method> raw_transaction_methods();
std::vector<Method> utility_methods();
std::vector<Method> control_methods();
std::vector<Method> consensus_methods();
std::vector<Method> wallet_methods();
std::vector<Method> wallet_transaction_methods();
std::vector<Method> wallet_spend_methods();
std::vector<Method> wallet_address_methods();
std::vector<Method> wallet_descriptor_methods();

}  // namespace parley::rpc
