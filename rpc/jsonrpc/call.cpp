#include "rpc/jsonrpc/call.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace parley::rpc {

namespace {

const Json kNull;

void expect_type(const Json& json, Json::Type type) {
    if (json.type() == type) return;
    fail(Code::type, fmt::format("JSON value of type {} is not of expected type {}",
                                 type_name(json.type()), type_name(type)));
}

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string result;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            result += text[i];
            continue;
        }
        const auto byte = from_hex(text.substr(i + 1, 2));
        if (!byte || byte->size() != 1) return std::nullopt;
        result += static_cast<char>(byte->front());
        i += 2;
    }
    return result;
}

}  // namespace

void fail(Code code, std::string message) {
    throw Failure{Error{code, std::move(message)}};
}

Error to_error(const WalletError& error) {
    return {static_cast<Code>(error.rpc_code()), error.message};
}

int64_t read_integer(const Json& json, int64_t min, int64_t max) {
    expect_type(json, Json::Type::number);
    const std::string& text = json.number();
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < min || value > max)
        fail(Code::misc, "JSON integer out of range");
    return value;
}

bool read_boolean(const Json& json) {
    expect_type(json, Json::Type::boolean);
    return json.boolean();
}

const std::string& read_string(const Json& json) {
    expect_type(json, Json::Type::string);
    return json.string();
}

const Json::Array& read_array(const Json& json) {
    expect_type(json, Json::Type::array);
    return json.array();
}

const Json::Object& read_object(const Json& json) {
    expect_type(json, Json::Type::object);
    return json.object();
}

Amount read_amount(const Json& json) {
    if (!json.is_number() && !json.is_string())
        fail(Code::type, "Amount is not a number or string");
    const auto amount = parse_amount(json.is_number() ? json.number() : json.string());
    if (!amount) fail(Code::type, "Invalid amount");
    if (!money_range(*amount)) fail(Code::type, "Amount out of range");
    return *amount;
}

Amount read_fee_rate(const Json& json) {
    const Amount rate = read_amount(json);
    if (rate.value() >= kCoin)
        fail(Code::invalid_parameter,
             "Fee rates larger than or equal to 1BTC/kvB are not accepted");
    return rate;
}

Bytes read_hex(const Json& json, std::string_view name) {
    const std::string& text = read_string(json);
    auto bytes = from_hex(text);
    if (!bytes || bytes->empty())
        fail(Code::invalid_parameter,
             fmt::format("{} must be hexadecimal string (not '{}')", name, text));
    return std::move(*bytes);
}

Hash256 read_hash(const Json& json, std::string_view name) {
    const std::string& text = read_string(json);
    constexpr size_t kDigits = 2 * Hash256::kSize;
    if (text.size() != kDigits)
        fail(Code::invalid_parameter, fmt::format("{} must be of length {} (not {}, for '{}')",
                                                  name, kDigits, text.size(), text));
    const auto hash = Hash256::from_string(text);
    if (!hash)
        fail(Code::invalid_parameter,
             fmt::format("{} must be hexadecimal string (not '{}')", name, text));
    return *hash;
}

std::pair<uint32_t, uint32_t> read_range(const Json& json) {
    // bitcoind's limit.
    constexpr int64_t kRangeSizeMax = 1'000'000;
    int64_t first = 0;
    int64_t last = 0;
    if (json.is_number()) {
        last = read_integer(json, INT64_MIN, INT64_MAX);
    } else if (json.is_array() && json.array().size() == 2) {
        first = read_integer(json.array()[0], INT64_MIN, INT64_MAX);
        last = read_integer(json.array()[1], INT64_MIN, INT64_MAX);
        if (first > last)
            fail(Code::invalid_parameter,
                 "Range specified as [begin,end] must not have begin after end");
    } else {
        fail(Code::invalid_parameter, "Range must be specified as end or as [begin,end]");
    }
    if (first < 0) fail(Code::invalid_parameter, "Range should be greater or equal than 0");
    if (last < 0 || last > INT32_MAX) fail(Code::invalid_parameter, "End of range is too high");
    if (last - first >= kRangeSizeMax) fail(Code::invalid_parameter, "Range is too large");
    return {static_cast<uint32_t>(first), static_cast<uint32_t>(last)};
}

namespace {

const Member* find_member(std::initializer_list<Member> known, std::string_view name) {
    const auto found = std::ranges::find(known, name, &Member::name);
    return found == known.end() ? nullptr : found;
}

}  // namespace

void check_members(const Json& object, std::initializer_list<Member> known) {
    for (const auto& [key, value] : object.object()) {
        if (!find_member(known, key)) fail(Code::type, fmt::format("Unexpected key {}", key));
    }
    check_known_members(object, known);
}

void check_known_members(const Json& object, std::initializer_list<Member> known) {
    for (const auto& [key, value] : object.object()) {
        const Member* member = find_member(known, key);
        if (!member) continue;
        const auto expected = json_type(member->type);
        if (!expected || value.is_null() || value.type() == *expected) continue;
        fail(Code::type,
             fmt::format("JSON value of type {} for field {} is not of expected type {}",
                         type_name(value.type()), key, type_name(*expected)));
    }
}

void require_members(const Json& object, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
        const Json* member = object.find(name);
        if (member == nullptr || member->is_null())
            fail(Code::type, fmt::format("Missing {}", name));
    }
}

const Json& Call::argument(size_t position) const {
    return position < arguments_.size() ? arguments_[position] : kNull;
}

int64_t Call::integer(size_t position, int64_t otherwise, int64_t min, int64_t max) const {
    return has(position) ? read_integer(argument(position), min, max) : otherwise;
}

bool Call::boolean(size_t position, bool otherwise) const {
    return has(position) ? read_boolean(argument(position)) : otherwise;
}

std::string Call::string(size_t position, std::string_view otherwise) const {
    return has(position) ? read_string(argument(position)) : std::string{otherwise};
}

BlockHash Call::block_hash(size_t position) const {
    return read_block_hash(argument(position), name(position));
}

Txid Call::txid(size_t position) const {
    return read_txid(argument(position), name(position));
}

void Call::run(const std::function<void(Node&)>& call) {
    if (!request_) {
        JsonWriter params;
        params.array([&] {
            for (const Json& argument : arguments_) params.value(argument);
        });
        request_ = std::make_shared<const Request>(
            Request{std::string{method_.name}, params.take(), path_});
    }
    std::exception_ptr thrown;
    const bool ran = context_.gateway.run(request_, [&](Node& node) {
        try {
            call(node);
        } catch (...) {
            thrown = std::current_exception();  // rethrown on the calling thread; the core thread
                                                // must not unwind
        }
    });
    if (thrown) std::rethrow_exception(thrown);
    if (!ran) fail(Code::client_not_connected, "Shutting down");
}

BlockSummary Call::tip() {
    if (const auto known = chain()) return known->tip();
    return ask([](Node& node) { return summarise(node.chain(), node.chain().index().tip()); });
}

std::optional<std::string> Call::wallet_in_path() const {
    constexpr std::string_view kPrefix = "/wallet/";
    if (!path_.starts_with(kPrefix)) return std::nullopt;
    const auto name = percent_decoded(std::string_view{path_}.substr(kPrefix.size()));
    if (!name) fail(Code::wallet_not_found, "Malformed wallet name in the request path");
    return name;
}

Wallet& Call::wallet(Node& node) const {
    if (node.wallets() == nullptr)
        fail(Code::method_not_found,
             "Method not found (wallet method is disabled because no "
             "wallet is loaded or wallets are switched off by "
             "-disablewallet)");
    if (const auto name = wallet_in_path()) {
        if (Wallet* wallet = node.wallets()->find(*name)) return *wallet;
        fail(Code::wallet_not_found, "Requested wallet does not exist or is not loaded");
    }
    const auto& loaded = node.wallets()->loaded();
    if (loaded.empty())
        fail(Code::wallet_not_found,
             "No wallet is loaded. Load a wallet using loadwallet or create a new one with "
             "createwallet. (Note: A default wallet is no longer automatically created)");
    if (loaded.size() > 1)
        fail(Code::wallet_not_specified,
             "Multiple wallets are loaded. Please select which wallet to use by requesting the RPC "
             "through the /wallet/<walletname> URI path.");
    return *loaded.front();
}

}  // namespace parley::rpc
