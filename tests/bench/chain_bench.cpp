// parley-bench-chain: what validating blocks costs without a node around it.
//   make FILE [--blocks=N] [--inputs=N] [--coins=N] [--threads=N]
//       writes a signature-heavy regtest chain (ChainMaker) in the form that -loadblock takes
//   floor FILE [--threads=N]
//       what checking such a chain costs at least: its signatures on all threads, its hashes on one
//   block FILE
//       one raw block: parsing, hashing and the Merkle root, beside the bare hashing.
//   connect FILE [--cache=BYTES]
//       connecting such a chain over a store in memory, without running its scripts
// Prints one JSON object; tests/bench/table.py makes a table of it.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/crypto/hash.h"
#include "base/crypto/keys.h"
#include "base/crypto/sha256.h"
#include "base/serialize.h"
#include "base/storage/memory_storage.h"
#include "chain/rules/params.h"
#include "chain/script/sighash.h"
#include "chain/state/chainstate.h"
#include "tests/bench/chain_maker.h"

namespace parley::bench {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& sentence) {
    std::fprintf(stderr, "parley-bench-chain: %s\n", sentence.c_str());
    std::exit(1);
}

double seconds_of(const std::function<void()>& work) {
    const auto start = Clock::now();
    work();
    return std::chrono::duration<double>(Clock::now() - start).count();
}

double thread_seconds() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// Results are stored here, so that the compiler cannot remove the work.
volatile uint64_t sink = 0;

void keep(const Hash256& hash) {
    sink = sink + hash.bytes()[0];
}

/// A signature as it is checked: the least that a node must do for an input.
struct SignatureCheck {
    Bytes public_key;
    Hash256 message;
    Bytes signature;
};

/// The bytes that are hashed to know a chain's ids and signature hashes, nothing else.
struct Messages {
    std::vector<Bytes> twice;  ///< hashed by SHA-256d: transactions with and without witness
    std::vector<size_t> merkle_leaves;  ///< of each tree
};

void add_messages(const Block& block, Messages& messages) {
    for (const TransactionRef& transaction : block.transactions) {
        messages.twice.push_back(transaction->serialize(WitnessEncoding::without));
        if (transaction->has_witness()) messages.twice.push_back(transaction->serialize());
    }
    messages.merkle_leaves.push_back(block.transactions.size());
}

void hash_messages(const Messages& messages) {
    for (const Bytes& message : messages.twice) keep(sha256d(message));
    Bytes level;
    for (const size_t leaves : messages.merkle_leaves) {
        level.assign((leaves + 1) * 32, 0x5a);
        for (size_t count = leaves; count > 1; count = (count + 1) / 2)
            sha256d_64(level.data(), level.data(), (count + 1) / 2);
        sink = sink + level[0];
    }
}

std::vector<SignatureCheck> signature_checks(const std::vector<BlockRef>& blocks) {
    // BIP143's messages need the values of the coins; every output was made in this chain.
    std::unordered_map<OutPoint, Amount> values;
    std::vector<SignatureCheck> checks;
    for (const BlockRef& block : blocks) {
        for (const TransactionRef& transaction : block->transactions) {
            for (uint32_t i = 0; i < transaction->outputs().size(); ++i)
                values[{transaction->txid(), i}] = transaction->outputs()[i].value;
            if (transaction->is_coinbase()) continue;
            const SighashParts parts = sighash_parts(transaction->data());
            for (uint32_t i = 0; i < transaction->inputs().size(); ++i) {
                const TxInput& input = transaction->inputs()[i];
                const ByteSpan signature = input.witness[0];
                const Script code = p2pkh_script(hash160(input.witness[1]));
                checks.push_back(
                    {to_bytes(input.witness[1]),
                     witness_v0_signature_hash(transaction->data(), i, code.bytes(),
                                               values[input.prevout], kSighashAll, &parts),
                     to_bytes(signature.first(signature.size() - 1))});
                values.erase(input.prevout);
            }
        }
    }
    return checks;
}

void check_all(const std::vector<SignatureCheck>& checks, unsigned threads) {
    std::atomic<size_t> next{0};
    const auto work = [&] {
        constexpr size_t kChunk = 64;
        for (size_t first = next.fetch_add(kChunk); first < checks.size();
             first = next.fetch_add(kChunk)) {
            for (size_t i = first; i < std::min(first + kChunk, checks.size()); ++i) {
                const SignatureCheck& check = checks[i];
                if (!verify_ecdsa(check.public_key, check.message, check.signature))
                    fail("a signature of the chain does not verify");
            }
        }
    };
    std::vector<std::thread> others;
    for (unsigned i = 1; i < threads; ++i) others.emplace_back(work);
    work();
    for (std::thread& other : others) other.join();
}

void write_chain(const std::vector<BlockRef>& blocks, const std::string& path) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    const auto magic = regtest_params().magic;
    for (const BlockRef& block : blocks) {
        const Bytes bytes = block->serialize();
        Writer frame;
        frame.bytes(magic).le(static_cast<uint32_t>(bytes.size())).bytes(bytes);
        file.write(reinterpret_cast<const char*>(frame.data().data()),
                   static_cast<std::streamsize>(frame.size()));
    }
    file.flush();
    if (!file) fail("cannot write " + path);
}

std::vector<BlockRef> read_chain(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string raw((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    Reader reader(as_bytes(raw));
    std::vector<BlockRef> blocks;
    while (reader.ok() && reader.left() > 0) {
        reader.bytes(4);  // magic
        Reader block(reader.bytes(reader.le<uint32_t>()));
        blocks.push_back(std::make_shared<const Block>(read_block(block)));
        if (!block.done()) reader.fail();
    }
    if (!reader.ok() || blocks.empty()) fail(path + " is no file of blocks");
    return blocks;
}

void make(const std::string& path, const ChainSize& size) {
    if (const std::string problem = size.validate(); !problem.empty()) fail(problem);
    std::vector<BlockRef> blocks;
    const double making = seconds_of([&] { blocks = make_chain(size); });
    write_chain(blocks, path);
    uint64_t bytes = 0;
    for (const BlockRef& block : blocks) bytes += block->size();
    fmt::print(R"({{"blocks":{},"inputs":{},"bytes":{},"tip":"{}","make_s":{:.3f}}})"
               "\n",
               blocks.size(), count_inputs(blocks), bytes, blocks.back()->header.hash().to_string(),
               making);
}

void measure_floor(const std::string& path, unsigned threads) {
    const auto blocks = read_chain(path);
    const auto checks = signature_checks(blocks);
    Messages messages;
    for (const BlockRef& block : blocks) add_messages(*block, messages);
    const std::clock_t begin = std::clock();
    const double wall = seconds_of([&] { check_all(checks, threads); });
    const double cpu = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    const double hashing = seconds_of([&] { hash_messages(messages); });
    fmt::print(R"({{"signatures":{},"threads":{},"wall_s":{:.4f},"cpu_s":{:.4f},)"
               R"("hashing_s":{:.4f}}})"
               "\n",
               checks.size(), threads, wall, cpu, hashing);
}

// Measures processor time, so that other programs on the machine do not count.
double median_ms(const std::function<void()>& work) {
    constexpr int kRounds = 41;
    std::vector<double> times;
    for (int round = 0; round < kRounds; ++round) {
        const double start = thread_seconds();
        work();
        times.push_back(1000 * (thread_seconds() - start));
    }
    std::nth_element(times.begin(), times.begin() + kRounds / 2, times.end());
    return times[kRounds / 2];
}

void measure_block(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string raw((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const ByteSpan bytes = as_bytes(raw);
    Reader first(bytes);
    const Block block = read_block(first);
    if (!first.done()) fail(path + " is no raw block");
    Messages messages;
    add_messages(block, messages);
    // Each over fresh data, as a node sees a block: hashes are computed as it is parsed.
    const double all = median_ms([&] {
        Reader reader(bytes);
        const Block parsed = read_block(reader);
        if (block_merkle_root(parsed) != block.header.merkle_root) fail("wrong Merkle root");
        keep(parsed.header.hash());
    });
    const double hashing = median_ms([&] { hash_messages(messages); });
    const double merkle = median_ms([&] { keep(block_merkle_root(block)); });
    fmt::print(R"({{"hash":"{}","transactions":{},"bytes":{},"all_ms":{:.4f},)"
               R"("hashing_ms":{:.4f},"merkle_ms":{:.4f}}})"
               "\n",
               block.header.hash().to_string(), block.transactions.size(), bytes.size(), all,
               hashing, merkle);
}

// Accepts every header; the longest chain is the best.
class AnyHeader final : public HeaderRules {
 public:
    explicit AnyHeader(uint32_t bits) : bits_(bits) {}
    Expected<void, HeaderError> check_header(const BlockHeader&, const BlockHash&) const override {
        return {};
    }
    Expected<std::optional<Score>, HeaderError> verify_header(
        const BlockHeader&, const BlockHash&, ByteSpan, const HeaderNode& parent) const override {
        return std::optional<Score>{*parent.score + Score{1}};
    }
    Score genesis_score(const BlockHeader&) const override { return Score{1}; }
    uint32_t next_bits(const HeaderNode&, int64_t) const override { return bits_; }

 private:
    const uint32_t bits_;
};

// Accepts all script checks without running them.
class PassingVerifier final : public ScriptVerifier {
 public:
    std::unique_ptr<ScriptRun> begin() override { return std::make_unique<Run>(); }

 private:
    class Run final : public ScriptRun {
     public:
        void add(std::vector<ScriptCheck>) override {}
        std::optional<ScriptFailure> finish() override { return std::nullopt; }
    };
};

void measure_connect(const std::string& path, uint64_t cache_bytes) {
    const auto blocks = read_chain(path);
    const ChainParams params = regtest_params();
    const AnyHeader rules(params.genesis->header.bits);
    MemoryStorage block_store;
    MemoryStorage coin_store;
    PassingVerifier verifier;
    NullLog log;
    ChainOptions options;
    options.coins_cache_bytes = cache_bytes;
    const auto chain =
        Chainstate::open(params, rules, block_store, coin_store, verifier, log, options);
    if (!chain) fail(chain.error());
    double connecting = 0;
    for (const BlockRef& block : blocks) {
        const TimePoint now = from_unix_seconds(block->header.time);
        if ((*chain)->accept_block(block, {}, now).state != BlockResult::State::accepted)
            fail("a block of the chain is not accepted");
        const double start = thread_seconds();
        if (!(*chain)->activate_best_chain().changed()) fail("a block does not connect");
        connecting += thread_seconds() - start;
    }
    const uint64_t inputs = count_inputs(blocks);
    fmt::print(R"({{"blocks":{},"inputs":{},"cache_bytes":{},"connect_s":{:.4f},)"
               R"("ns_per_input":{:.1f}}})"
               "\n",
               blocks.size(), inputs, cache_bytes, connecting,
               1e9 * connecting / static_cast<double>(inputs));
}

template <class T>
bool take_option(std::string_view argument, std::string_view name, T& value) {
    if (!argument.starts_with(name)) return false;
    argument.remove_prefix(name.size());
    const auto result = std::from_chars(argument.data(), argument.data() + argument.size(), value);
    if (result.ec != std::errc{} || result.ptr != argument.data() + argument.size())
        fail(fmt::format("{} needs a number", name));
    return true;
}

}  // namespace
}  // namespace parley::bench

int main(int count, char** arguments) {
    using namespace parley::bench;
    const std::string usage =
        "make FILE [--blocks=N] [--inputs=N] [--coins=N] [--threads=N], or floor FILE "
        "[--threads=N], "
        "or block FILE, or connect FILE [--cache=BYTES]";
    if (count < 3) fail(usage);
    const std::string_view what = arguments[1];
    if (what == "block" && count == 3) {
        measure_block(arguments[2]);
        return 0;
    }
    if (what != "make" && what != "floor" && what != "connect") fail(usage);
    ChainSize size;
    uint64_t cache_bytes = uint64_t{64} << 20;  // the default of -dbcache
    size.threads = std::max(1u, std::thread::hardware_concurrency());
    size.end_time = std::chrono::duration_cast<std::chrono::seconds>(
                        std::chrono::system_clock::now().time_since_epoch())
                        .count();
    for (int i = 3; i < count; ++i) {
        const std::string_view argument = arguments[i];
        if (!take_option(argument, "--blocks=", size.blocks) &&
            !take_option(argument, "--inputs=", size.inputs) &&
            !take_option(argument, "--coins=", size.coins) &&
            !take_option(argument, "--threads=", size.threads) &&
            !take_option(argument, "--cache=", cache_bytes))
            fail(usage);
    }
    if (what == "make")
        make(arguments[2], size);
    else if (what == "connect")
        measure_connect(arguments[2], cache_bytes);
    else
        measure_floor(arguments[2], std::max(1u, size.threads));
}
