// Call: one running method: its arguments, its access to the node, and the writer of its result.
// Invalid arguments, and refusals by the node, are thrown as Failure, which the dispatcher catches;
// it never leaves rpc/. Created by the dispatcher, used by the methods; one rpc thread.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "base/hash256.h"
#include "chain/primitives/amount.h"
#include "chain/primitives/ids.h"
#include "node/node.h"
#include "rpc/jsonrpc/error.h"
#include "rpc/jsonrpc/host.h"
#include "rpc/jsonrpc/json.h"
#include "rpc/jsonrpc/json_writer.h"
#include "rpc/jsonrpc/method.h"

namespace parley {
struct ChainParams;
}

namespace parley::rpc {

/// Ends the running method.
struct Failure {
    Error error;
};

[[noreturn]] void fail(Code code, std::string message);

inline Error to_error(Error error) {
    return error;
}
/// The wallet already uses bitcoind's codes and texts.
Error to_error(const WalletError& error);
/// A store failed; the node is about to stop.
inline Error to_error(StorageError error) {
    return {Code::database, std::move(error.message)};
}

/// Returns the value, or throws the error as Failure.
template <class T, class E>
T unwrap(Expected<T, E> result) {
    if (!result) throw Failure{to_error(std::move(result.error()))};
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}
/// Returns the verdict, which may be a refusal, or throws a StorageError as Failure.
template <class T, class Refusal>
Expected<T, Refusal> unwrap(Expected<T, std::variant<Refusal, StorageError>> result) {
    if (result) {
        if constexpr (std::is_void_v<T>) {
            return {};
        } else {
            return std::move(*result);
        }
    }
    if (auto* failed = std::get_if<StorageError>(&result.error()))
        throw Failure{to_error(std::move(*failed))};
    return Unexpected(std::move(std::get<Refusal>(result.error())));
}

// Readers for one argument or member. They check types too, because members of objects have not
// been checked. Codes and texts are bitcoind's, some of which contain the `name`; the bounds of
// an integer are those of its type there.
int64_t read_integer(const Json& json, int64_t min = INT32_MIN, int64_t max = INT32_MAX);
bool read_boolean(const Json& json);
const std::string& read_string(const Json& json);
const Json::Array& read_array(const Json& json);
const Json::Object& read_object(const Json& json);
/// Coins to satoshi, exactly; not negative, and at most the maximum supply.
Amount read_amount(const Json& json);
/// A fee rate in coins per kvB.
Amount read_fee_rate(const Json& json);
/// At least one byte.
Bytes read_hex(const Json& json, std::string_view name);
Hash256 read_hash(const Json& json, std::string_view name);
inline Txid read_txid(const Json& json, std::string_view name) {
    return Txid{read_hash(json, name)};
}
inline BlockHash read_block_hash(const Json& json, std::string_view name) {
    return BlockHash{read_hash(json, name)};
}
/// A number n means 0 to n; an array is [first, last].
std::pair<uint32_t, uint32_t> read_range(const Json& json);

/// Rejects unknown members of an options object, and wrong types of known ones.
struct Member {
    std::string_view name;
    ParameterType type;
};
void check_members(const Json& object, std::initializer_list<Member> known);
/// The same, but unknown members pass: objects of other replies come back with more in them.
void check_known_members(const Json& object, std::initializer_list<Member> known);

/// Fails with type, "Missing <name>", if one of the members is not there.
void require_members(const Json& object, std::initializer_list<std::string_view> names);

class Call {
 public:
    struct Context {
        const ChainParams& params;
        NodeGateway& gateway;
        Host& host;
        const MethodTable& table;
    };

    Call(const Context& context, const Method& method, Json::Array arguments, std::string path)
        : context_(context),
          method_(method),
          arguments_(std::move(arguments)),
          path_(std::move(path)) {}

    const ChainParams& params() const { return context_.params; }
    Host& host() const { return context_.host; }
    const MethodTable& table() const { return context_.table; }
    const Method& method() const { return method_; }
    JsonWriter& out() { return out_; }

    /// Null if omitted.
    const Json& argument(size_t position) const;
    /// Of the arguments that the client sent, including nulls.
    size_t argument_count() const { return arguments_.size(); }
    bool has(size_t position) const { return !argument(position).is_null(); }
    std::string_view name(size_t position) const { return method_.parameters[position].name(); }

    int64_t integer(size_t position, int64_t otherwise = 0, int64_t min = INT32_MIN,
                    int64_t max = INT32_MAX) const;
    /// Of 64 bits.
    int64_t long_integer(size_t position, int64_t otherwise = 0) const {
        return integer(position, otherwise, INT64_MIN, INT64_MAX);
    }
    bool boolean(size_t position, bool otherwise = false) const;
    std::string string(size_t position, std::string_view otherwise = {}) const;
    BlockHash block_hash(size_t position) const;
    Txid txid(size_t position) const;

    /// Runs `question(Node&)` on the core thread and returns its value. References into the node
    /// are only valid during that step: return blocks and transactions as shared pointers,
    /// everything else as copies.
    template <class Question>
    auto ask(Question&& question) {
        using Answer = std::invoke_result_t<Question, Node&>;
        if constexpr (std::is_void_v<Answer>) {
            run([&](Node& node) { question(node); });
        } else {
            std::optional<Answer> answer;
            run([&](Node& node) { answer.emplace(question(node)); });
            return std::move(*answer);
        }
    }
    /// The best chain without involving the core thread; null: not known.
    std::shared_ptr<const ChainSnapshot> chain() const { return context_.gateway.chain(); }
    /// The last block of the best chain.
    BlockSummary tip();

    /// Like ask(), with `question(Node&, Wallet&)` for the wallet named by the path, or the only
    /// one loaded.
    template <class Question>
    auto ask_wallet(Question&& question) {
        return ask([&](Node& node) { return question(node, wallet(node)); });
    }

    /// The wallet named by the path; empty: none.
    std::optional<std::string> wallet_in_path() const;

 private:
    void run(const std::function<void(Node&)>& call);
    Wallet& wallet(Node& node) const;

    Context context_;
    const Method& method_;
    Json::Array arguments_;
    std::string path_;
    /// Created by the first part that runs on the core thread.
    std::shared_ptr<const Request> request_;
    JsonWriter out_;
};

}  // namespace parley::rpc
