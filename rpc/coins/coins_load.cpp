// loadtxoutset: starts from a UTXO set in a file of bitcoind's format.
#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "chain/primitives/amount.h"
#include "chain/store/coin_codec.h"
#include "rpc/coins/coins_file.h"
#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

/// Read at once.
constexpr size_t kPieceBytes = size_t{1} << 20;
/// No coin of a UTXO set is larger: larger scripts cannot be spent, and are not in it.
constexpr size_t kCoinBytesMax = 20'000;
/// Passed to the node at once, so that it goes on in between.
constexpr size_t kBatchCoins = 10'000;
constexpr size_t kHeaderBytes = 5 + 2 + 4 + Hash256::kSize + 8;

/// A file from the beginning to the end.
class FileStream {
 public:
    FileStream(Host& host, std::string path) : host_(host), path_(std::move(path)) {}

    /// The next bytes: at least `size` of them, unless the file ends before.
    ByteSpan peek(size_t size) {
        if (buffer_.size() - at_ >= size || ended_) return ByteSpan{buffer_}.subspan(at_);
        buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at_));
        at_ = 0;
        auto piece = host_.read_file(path_, offset_, std::max(size, kPieceBytes));
        if (!piece || !*piece)
            fail(Code::invalid_parameter,
                 fmt::format("Couldn't open file {} for reading.", host_.absolute_path(path_)));
        ended_ = (*piece)->empty();
        offset_ += (*piece)->size();
        buffer_.insert(buffer_.end(), (*piece)->begin(), (*piece)->end());
        return ByteSpan{buffer_};
    }
    void skip(size_t size) { at_ += size; }

 private:
    Host& host_;
    const std::string path_;
    uint64_t offset_ = 0;
    Bytes buffer_;
    size_t at_ = 0;
    bool ended_ = false;
};

struct SnapshotHeader {
    BlockHash base;
    uint64_t coins = 0;
};

[[noreturn]] void fail_header(const std::string& problem) {
    fail(Code::deserialization, "Unable to parse metadata: " + problem);
}

/// Empty: no chain has it.
std::string_view chain_of_magic(ByteSpan magic) {
    for (const ChainName& chain : chain_names()) {
        if (std::ranges::equal(chain.params().magic, magic)) return chain.name;
    }
    return {};
}

SnapshotHeader read_header(FileStream& file, const ChainParams& params) {
    Reader reader(file.peek(kHeaderBytes));
    const ByteSpan magic = reader.bytes(kSnapshotMagic.size());
    if (!std::ranges::equal(magic, as_bytes(kSnapshotMagic)))
        fail_header(
            "Invalid UTXO set snapshot magic bytes. Please check if this is indeed a snapshot file "
            "or if you are using an outdated snapshot format.");
    const auto version = reader.le<uint16_t>();
    if (reader.ok() && version != kSnapshotVersion)
        fail_header(fmt::format(
            "Version of snapshot {} does not match any of the supported versions.", version));
    const ByteSpan network = reader.bytes(params.magic.size());
    if (reader.ok() && !std::ranges::equal(network, params.magic)) {
        const std::string_view name = chain_of_magic(network);
        if (name.empty())
            fail_header(
                "This snapshot has been created for an unrecognized network. This could be a "
                "custom "
                "signet, a new testnet or possibly caused by data corruption.");
        fail_header(fmt::format(
            "The network of the snapshot ({}) does not match the network of this node ({}).", name,
            params.name));
    }
    SnapshotHeader header{BlockHash{reader.hash()}, reader.le<uint64_t>()};
    if (!reader.ok()) fail_header("end of file");
    file.skip(kHeaderBytes);
    return header;
}

/// Reads the coins one after another. A problem is a sentence, in bitcoind's words.
class CoinReader {
 public:
    using Coins = std::vector<std::pair<OutPoint, Coin>>;

    CoinReader(FileStream& file, uint64_t coins, Height base)
        : file_(file), coins_(coins), left_(coins), base_(base) {}

    bool done() const { return left_ == 0; }
    Expected<Coins, std::string> read() {
        Coins coins;
        while (!done() && coins.size() < kBatchCoins) {
            if (of_transaction_ == 0) {
                if (auto problem = begin_transaction(); !problem.empty())
                    return Unexpected(std::move(problem));
                continue;
            }
            auto coin = read_one();
            if (!coin) return Unexpected(coin.error());
            coins.push_back(std::move(*coin));
        }
        return coins;
    }
    /// Whether anything follows the last coin.
    bool more_follows() { return !file_.peek(1).empty(); }

 private:
    std::string begin_transaction() {
        Reader reader(file_.peek(kCoinBytesMax));
        const size_t size = reader.left();
        txid_ = Txid{reader.hash()};
        of_transaction_ = reader.compact_size();
        if (!reader.ok()) return truncated();
        file_.skip(size - reader.left());
        return of_transaction_ > left_
                   ? "Mismatch in coins count in snapshot metadata and actual snapshot data"
                   : std::string{};
    }
    Expected<std::pair<OutPoint, Coin>, std::string> read_one() {
        Reader reader(file_.peek(kCoinBytesMax));
        const size_t size = reader.left();
        const uint64_t index = reader.compact_size();
        Coin coin = read_coin(reader);
        // An amount out of range ends the reading, too, and has an error of its own.
        if (!reader.ok() && money_range(coin.output.value)) return Unexpected(truncated());
        file_.skip(size - reader.left());
        const std::string place =
            fmt::format("Bad snapshot data after deserializing {} coins", coins_ - left_);
        if (coin.height > base_) return Unexpected(place);
        if (!money_range(coin.output.value)) return Unexpected(place + " - bad tx out value");
        --left_;
        --of_transaction_;
        return std::pair{OutPoint{txid_, static_cast<uint32_t>(index)}, std::move(coin)};
    }
    std::string truncated() const {
        return fmt::format("Bad snapshot format or truncated snapshot after deserializing {} coins",
                           coins_ - left_);
    }

    FileStream& file_;
    const uint64_t coins_;
    uint64_t left_;
    const Height base_;
    Txid txid_;
    uint64_t of_transaction_ = 0;  ///< coins of `txid_` that are still to come
};

/// Returns the height of the base. The error is a sentence.
Expected<Height, std::string> load(Call& call, FileStream& file, const SnapshotHeader& header) {
    const auto begun = call.ask([&](Node& node) { return node.begin_snapshot(header.base); });
    if (!begun) return Unexpected(begun.error());
    const Height base = find_snapshot(call.params(), header.base)->height;
    const auto refuse = [&](const std::string& problem) {
        call.ask([](Node& node) { node.drop_snapshot(); });
        return Unexpected("Population failed: " + problem);
    };
    try {
        CoinReader reader(file, header.coins, base);
        while (!reader.done()) {
            const auto coins = reader.read();
            if (!coins) return refuse(coins.error());
            call.ask([&](Node& node) { node.add_snapshot_coins(*coins); });
        }
        if (reader.more_follows())
            return refuse(fmt::format("Bad snapshot - coins left over after deserializing {} coins",
                                      header.coins));
    } catch (...) {
        call.ask([](Node& node) { node.drop_snapshot(); });
        throw;
    }
    while (true) {
        const auto more = call.ask([](Node& node) { return node.finish_snapshot(); });
        if (!more) return Unexpected(more.error());
        if (!*more) return base;
    }
}

void loadtxoutset(Call& call) {
    const std::string& path = call.string(0);
    const std::string full = call.host().absolute_path(path);
    FileStream file(call.host(), path);
    const SnapshotHeader header = read_header(file, call.params());
    const auto base = load(call, file, header);
    if (!base)
        fail(Code::internal,
             fmt::format("Unable to load UTXO snapshot: {}. ({})", base.error(), full));
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("coins_loaded", header.coins);
        out.field("tip_hash", header.base);
        out.field("base_height", *base);
        out.field("path", full);
    });
}

}  // namespace

std::vector<Method> coins_load_methods() {
    using enum ParameterType;
    return {
        {.name = "loadtxoutset",
         .category = "blockchain",
         .description =
             "Starts from a UTXO set in a file, as dumptxoutset writes it. Its hash must "
             "be one that this program knows. The node follows the chain from there at "
             "once, fetches and validates the earlier blocks in the background, and "
             "stops if they do not lead to this set; see getchainstates. Wallets must "
             "be unloaded, and the mempool empty.",
         .parameters = {{"path", string, true, "", "The file; relative to the chain's directory"}},
         .result = "{coins_loaded, tip_hash, base_height, path}    (json object)",
         .example = "utxo.dat",
         .handler = &loadtxoutset},
    };
}

}  // namespace parley::rpc
