// getutxos (BIP64 over REST): which of some outputs are unspent.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/hash256.h"
#include "base/serialize.h"
#include "chain/primitives/amount.h"
#include "rpc/jsonrpc/json_writer.h"
#include "rpc/rest/rest.h"
#include "rpc/rest/rest_reply.h"

namespace parley::rpc {

namespace {

/// bitcoind's MAX_GETUTXOS_OUTPOINTS.
constexpr size_t kOutpointsMax = 15;
/// A new block in the middle of an answer makes it start again, so many times.
constexpr int kAttemptsMax = 5;
/// The height of a coin that is not confirmed (bitcoind's MEMPOOL_HEIGHT).
constexpr uint32_t kMempoolHeight = 0x7fffffff;
constexpr size_t kOutpointSize = Hash256::kSize + 4;

struct Outpoint {
    std::string txid;
    uint32_t index = 0;
};

struct Asked {
    bool mempool = false;
    std::vector<Outpoint> outpoints;
};

struct Coin {
    uint32_t height = 0;
    Json output;  ///< of gettxout
};

struct Found {
    std::string tip;
    uint32_t tip_height = 0;
    std::vector<std::optional<Coin>> coins;  ///< as asked
};

/// "checkmempool/<txid>-<n>/...", without the first slash.
std::optional<Asked> read_path(const std::string& rest) {
    Asked asked;
    for (const std::string& part : split(rest, '/')) {
        if (part == "checkmempool" && asked.outpoints.empty()) {
            asked.mempool = true;
            continue;
        }
        const auto dash = part.find('-');
        const auto txid = Hash256::from_string(std::string_view{part}.substr(0, dash));
        const auto index = dash == std::string::npos
                               ? std::nullopt
                               : parse_unsigned(std::string_view{part}.substr(dash + 1));
        if (!txid || !index || *index > UINT32_MAX) return std::nullopt;
        asked.outpoints.push_back({txid->to_string(), static_cast<uint32_t>(*index)});
    }
    return asked;
}

std::optional<Asked> read_bytes(ByteSpan bytes) {
    Reader reader(bytes);
    Asked asked;
    asked.mempool = reader.u8() != 0;
    const size_t count = reader.count(kOutpointSize);
    for (size_t i = 0; i < count && reader.ok(); ++i) {
        const Hash256 txid = reader.hash();
        asked.outpoints.push_back({txid.to_string(), reader.le<uint32_t>()});
    }
    return reader.ok() ? std::optional{asked} : std::nullopt;
}

Bytes as_binary(const Found& found) {
    Bytes bitmap((found.coins.size() + 7) / 8);
    Writer coins;
    size_t count = 0;
    for (size_t i = 0; i < found.coins.size(); ++i) {
        if (!found.coins[i]) continue;
        ++count;
        bitmap[i / 8] = static_cast<uint8_t>(bitmap[i / 8] | (1u << (i % 8)));
        const Coin& coin = *found.coins[i];
        const auto value = parse_amount(coin.output.find("value")->number());
        const auto script = from_hex(coin.output.find("scriptPubKey")->find("hex")->string());
        coins.le(uint32_t{0}).le(coin.height);  // a version that nothing uses any more
        coins.le(value->value()).var_bytes(*script);
    }
    Writer writer;
    writer.le(found.tip_height).hash(*Hash256::from_string(found.tip));
    writer.var_bytes(bitmap).compact_size(count).bytes(coins.data());
    return writer.take();
}

std::string as_json(const Found& found) {
    JsonWriter writer;
    writer.object([&] {
        writer.field("chainHeight", found.tip_height);
        writer.field("chaintipHash", found.tip);
        std::string bitmap;
        for (const auto& coin : found.coins) bitmap += coin ? '1' : '0';
        writer.field("bitmap", bitmap);
        writer.field_array("utxos", [&] {
            for (const auto& coin : found.coins) {
                if (!coin) continue;
                writer.object([&] {
                    writer.field("height", coin->height);
                    writer.field("value", *coin->output.find("value"));
                    writer.field("scriptPubKey", *coin->output.find("scriptPubKey"));
                });
            }
        });
    });
    return writer.take();
}

}  // namespace

Rest::Reply Rest::unspent_outputs(const Question& question) const {
    const RestFormat format = question.path.format;
    const Refusal nothing{400, "Error: empty request"};
    const Refusal unreadable{400, "Parse error"};
    std::optional<Asked> asked;
    if (question.rest.size() > 1) {
        asked = read_path(question.rest.substr(1));
        if (!asked) return Unexpected(unreadable);
        if (asked->outpoints.empty()) return Unexpected(nothing);
        if (!question.body.empty() && (format == RestFormat::binary || format == RestFormat::hex))
            return Unexpected(
                Refusal{400, "Combination of URI scheme inputs and raw post data is not allowed"});
    } else if (question.body.empty() || format == RestFormat::json) {
        return Unexpected(nothing);
    } else if (format == RestFormat::binary) {
        asked = read_bytes(as_bytes(question.body));
    } else if (format == RestFormat::hex) {
        const auto bytes = from_hex(question.body);
        if (bytes) asked = read_bytes(*bytes);
    }
    if (format == RestFormat::undefined) return Unexpected(Refusal{404, std::string(kAnyFormat)});
    if (!asked) return Unexpected(unreadable);
    if (asked->outpoints.size() > kOutpointsMax)
        return Unexpected(
            Refusal{400, fmt::format("Error: max outpoints exceeded (max: {}, tried: {})",
                                     kOutpointsMax, asked->outpoints.size())});
    Found found;
    for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
        const auto chain = call("getblockchaininfo", {}, {});
        if (!chain) return Unexpected(chain.error());
        const auto info = parse_json(*chain);
        const auto height = parse_unsigned(info->find("blocks")->number());
        found = {info->find("bestblockhash")->string(), static_cast<uint32_t>(*height), {}};
        bool steady = true;
        for (const Outpoint& outpoint : asked->outpoints) {
            const auto text =
                call("gettxout",
                     {Json::string(outpoint.txid), Json::number(std::to_string(outpoint.index)),
                      Json::boolean(asked->mempool)},
                     {});
            if (!text) return Unexpected(text.error());
            const auto output = parse_json(*text);
            if (!output || output->is_null()) {
                found.coins.emplace_back();
                continue;
            }
            steady = steady && output->find("bestblock")->string() == found.tip;
            const auto confirmations = parse_unsigned(output->find("confirmations")->number());
            const uint32_t coin_height =
                *confirmations == 0 ? kMempoolHeight
                                    : found.tip_height + 1 - static_cast<uint32_t>(*confirmations);
            found.coins.push_back(Coin{coin_height, *output});
        }
        if (steady) break;
    }
    if (format == RestFormat::json) return json_reply(as_json(found));
    return reply_in(format, as_binary(found));
}

}  // namespace parley::rpc
