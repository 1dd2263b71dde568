#include "contrib/lab/live_network.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "base/crypto/sha256.h"
#include "base/random.h"
#include "chain/primitives/address.h"
#include "chain/rules/retarget.h"
#include "consensus/pbft/messages/validator_set.h"
#include "node/daemon/system/replace_file.h"
#include "rpc/jsonrpc/json_writer.h"
#include "wallet/descriptor/descriptor_checksum.h"

namespace parley::lab {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr auto kStartLimit = 30s;
constexpr auto kStopLimit = 10s;
constexpr auto kPollPause = 20ms;
constexpr int kLaunchesMax = 10;
/// Number of genesis outputs per node. Enough that chains of unconfirmed change stay short.
constexpr int kCoinsOfNode = 40;
constexpr const char* kCoinAmount = "100";

/// A port of the loopback interface that is not in use at this moment. Another process may take it
/// before the node does; the node is then started again with another one.
uint16_t free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    const bool bound = ::bind(socket, reinterpret_cast<const sockaddr*>(&address), length) == 0 &&
                       ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) == 0;
    ::close(socket);
    if (!bound) throw std::runtime_error("no free port on 127.0.0.1");
    return ntohs(address.sin_port);
}

/// The compact target that takes `hashes` hashes to meet on average.
uint32_t bits_for_hashes(double hashes) {
    const U256 target = U256::max() / U256{static_cast<uint64_t>(std::max(hashes, 2.0))};
    return compact_from_target(target);
}

size_t validators(const LiveOptions& options) {
    return options.validators == 0 ? options.nodes : options.validators;
}

SecretKey funding_key(size_t node) {
    // The key is public: the coins are worthless outside this run.
    const Hash256 digest = sha256(as_bytes("parley-lab funding key " + std::to_string(node)));
    return *SecretKey::from_bytes(digest.span());
}

/// Readable by this user only: daemons refuse a key that others can read.
void write_file(const std::filesystem::path& path, const std::string& text) {
    if (const std::string problem = replace_file(path.string(), as_bytes(text)); !problem.empty())
        throw std::runtime_error(problem);
}

}  // namespace

struct LiveNetwork::Node {
    size_t index = 0;
    int launches = 0;
    uint16_t p2p_port = 0;
    uint16_t rpc_port = 0;
    std::filesystem::path directory;
    std::string cookie;
    std::unique_ptr<Process> process;
    std::unique_ptr<RpcClient> rpc;
};

LiveNetwork::LiveNetwork(const LiveOptions& options, Consensus consensus,
                         const std::filesystem::path& directory, bool (*cancelled)())
    : options_(options), consensus_(consensus), directory_(directory), cancelled_(cancelled) {
    std::filesystem::create_directories(directory_);
    const ChainParams params = labnet_params({});
    for (size_t i = 0; i < options_.nodes; ++i) {
        const Script script = p2wpkh_script(hash160(funding_key(i).public_key().bytes()));
        const std::string address = encode_address(params.address_prefixes, script);
        for (int coin = 0; coin < kCoinsOfNode; ++coin)
            genesis_outputs_.push_back(address + ":" + kCoinAmount);
    }
    if (consensus_ == Consensus::pbft) {
        // The keys protect only this run, so they need no secure random source.
        SeededRandom random{static_cast<uint64_t>(::getpid())};
        const auto keys = generate_pbft_keys(validators(options_), "labnet", random);
        if (!keys) throw std::runtime_error(keys.error());
        write_file(directory_ / "validators.json", keys->validators);
        for (size_t i = 0; i < keys->keys.size(); ++i) {
            write_file(directory_ / fmt::format("key-{}.hex", i), keys->keys[i]);
        }
    }
    for (size_t i = 0; i < options_.nodes; ++i) start_node(i);
    for (auto& node : nodes_) wait_for_rpc(*node);
    if (options_.transaction_rate > 0) {
        for (auto& node : nodes_) fund(*node);
    }
    connect_all();
}

LiveNetwork::~LiveNetwork() {
    stop();
}

std::vector<std::string> LiveNetwork::arguments(size_t index) const {
    const Node& node = *nodes_[index];
    std::vector<std::string> arguments{
        options_.daemon,
        "-chain=labnet",
        "-datadir=" + node.directory.string(),
        "-connect=0",
        "-server=1",
        fmt::format("-bind=127.0.0.1:{}", node.p2p_port),
        fmt::format("-rpcport={}", node.rpc_port),
        fmt::format("-testlinkdelay={}", options_.delay_ms),
        "-par=1",
    };
    for (const auto& output : genesis_outputs_) arguments.push_back("-genesisoutput=" + output);
    arguments.insert(arguments.end(), options_.node_arguments.begin(),
                     options_.node_arguments.end());
    if (consensus_ == Consensus::pow) {
        const auto mining = mining_arguments();
        arguments.insert(arguments.end(), mining.begin(), mining.end());
        return arguments;
    }
    arguments.push_back("-consensus=pbft");
    arguments.push_back("-pbftvalidators=" + (directory_ / "validators.json").string());
    if (index < validators(options_))
        arguments.push_back("-pbftkey=" + (directory_ / fmt::format("key-{}.hex", index)).string());
    return arguments;
}

std::vector<std::string> LiveNetwork::mining_arguments() const {
    const bool hashing = options_.block_periods_s.empty();
    const double hashes =
        hashing ? static_cast<double>(options_.hash_rate * options_.nodes) * options_.interval_s
                : 0;
    std::vector<std::string> arguments{
        fmt::format("-powstartbits={:08x}", bits_for_hashes(hashes)),
        fmt::format("-powtargetspacing={}", std::max(1, static_cast<int>(options_.interval_s))),
        "-genthreads=1"};
    if (hashing) arguments.push_back(fmt::format("-genrate={}", options_.hash_rate));
    return arguments;
}

std::vector<std::pair<size_t, size_t>> LiveNetwork::links() const {
    if (!options_.links.empty()) return options_.links;
    std::vector<std::pair<size_t, size_t>> links;
    for (size_t i = 0; i < nodes_.size(); ++i) {
        for (size_t j = 0; j < i; ++j) links.emplace_back(i, j);
    }
    return links;
}

void LiveNetwork::start_node(size_t index) {
    auto node = std::make_unique<Node>();
    node->index = index;
    node->directory = directory_ / fmt::format("node-{}", index);
    std::filesystem::create_directories(node->directory);
    nodes_.push_back(std::move(node));
    launch(*nodes_.back());
}

void LiveNetwork::launch(Node& node) {
    node.p2p_port = free_port();
    node.rpc_port = free_port();
    ++node.launches;
    const std::filesystem::path output = node.directory / "output.txt";
    std::filesystem::remove(output);
    node.process = std::make_unique<Process>(arguments(node.index), output.string());
}

/// A node has ended before it answered.
void LiveNetwork::relaunch_or_throw(Node& node) {
    std::ifstream output(node.directory / "output.txt");
    const std::string text((std::istreambuf_iterator<char>(output)), {});
    const bool port_taken = text.find("Unable to bind") != std::string::npos;
    if (!port_taken || node.launches == kLaunchesMax)
        throw std::runtime_error("a node did not start: " + text);
    launch(node);
}

void LiveNetwork::wait_for_rpc(Node& node) {
    const auto end = SteadyClock::now() + kStartLimit;
    const auto cookie_file = node.directory / "labnet" / ".cookie";
    std::string problem = "there is no .cookie file";
    while (SteadyClock::now() < end) {
        if (cancelled_()) throw std::runtime_error("interrupted");
        if (!node.process->running()) relaunch_or_throw(node);
        std::ifstream file(cookie_file);
        if (std::getline(file, node.cookie)) {
            try {
                node.rpc = std::make_unique<RpcClient>(node.rpc_port, node.cookie);
                node.rpc->call("getblockcount");
                return;
            } catch (const RpcFailure& failure) {
                problem = failure.what();
            }
        }
        std::this_thread::sleep_for(kPollPause);
    }
    throw std::runtime_error("a node did not answer: " + problem + "; see " +
                             node.directory.string());
}

void LiveNetwork::fund(Node& node) {
    node.rpc->call("createwallet", fmt::format("[\"{}\"]", kWallet));
    const ChainParams params = labnet_params({});
    const std::string body =
        "wpkh(" + encode_secret_key(params.address_prefixes, {funding_key(node.index), true}) + ")";
    const std::string descriptor = body + "#" + *descriptor_checksum(body);
    const auto imported = node.rpc->call(
        "importdescriptors",
        fmt::format(R"([[{{"desc":{},"timestamp":0}}]])", rpc::json_quote(descriptor)), kWallet);
    if (!member(imported.array().at(0), "success").boolean())
        throw std::runtime_error("a wallet was not funded");
}

void LiveNetwork::connect_all() {
    std::vector<size_t> degrees(nodes_.size(), 0);
    for (const auto& [from, to] : links()) {
        nodes_[from]->rpc->call("addnode",
                                fmt::format(R"(["127.0.0.1:{}","add"])", nodes_[to]->p2p_port));
        ++degrees[from];
        ++degrees[to];
    }
    constexpr double kTrips = 16;  // of a handshake and a ping, twice
    const auto end = SteadyClock::now() + kStartLimit +
                     std::chrono::milliseconds{static_cast<int64_t>(kTrips * options_.delay_ms)};
    for (auto& node : nodes_) {
        const auto ready = [&] {
            size_t count = 0;
            const rpc::Json peers = node->rpc->call("getpeerinfo");
            for (const rpc::Json& peer : peers.array()) {
                // A peer that answered a ping has finished its handshake in both directions.
                if (peer.find("pingtime") != nullptr) ++count;
            }
            return count >= degrees[node->index];
        };
        while (!ready()) {
            if (cancelled_()) throw std::runtime_error("interrupted");
            if (SteadyClock::now() > end)
                throw std::runtime_error("the nodes did not connect to each other");
            std::this_thread::sleep_for(kPollPause);
        }
    }
}

std::unique_ptr<RpcClient> LiveNetwork::client(size_t node) const {
    return std::make_unique<RpcClient>(nodes_.at(node)->rpc_port, nodes_.at(node)->cookie);
}

void LiveNetwork::set_mining(bool on) {
    if (consensus_ != Consensus::pow) return;
    for (auto& node : nodes_) {
        std::string schedule = on ? "gen" : "off";
        if (on && !options_.block_periods_s.empty()) {
            const double period = options_.block_periods_s.at(node->index);
            if (period == 0) continue;
            schedule = fmt::format("poisson:{:.6f}", period);
        }
        node->rpc->call("setautomine", fmt::format(R"(["{}"])", schedule));
    }
}

bool LiveNetwork::agree_at(uint64_t height) const {
    std::string first;
    for (const auto& node : nodes_) {
        try {
            const std::string hash =
                node->rpc->call("getblockhash", fmt::format("[{}]", height)).string();
            if (first.empty()) first = hash;
            if (hash != first) return false;
        } catch (const RpcFailure& failure) {
            if (failure.code() == 0) throw;
            return false;  // it has no such height yet
        }
    }
    return true;
}

bool LiveNetwork::tips_agree() const {
    std::string first;
    for (const auto& node : nodes_) {
        const std::string tip = node->rpc->call("getbestblockhash").string();
        if (first.empty()) first = tip;
        if (tip != first) return false;
    }
    return true;
}

bool LiveNetwork::wait_for_agreement(std::chrono::seconds limit) {
    const auto end = SteadyClock::now() + limit;
    while (!cancelled_()) {
        if (tips_agree()) return true;
        if (SteadyClock::now() >= end) return false;
        std::this_thread::sleep_for(kPollPause);
    }
    return false;
}

double LiveNetwork::cpu_seconds() const {
    double sum = 0;
    for (const auto& node : nodes_) sum += node->process->cpu_seconds();
    return sum;
}

uint64_t LiveNetwork::bytes_sent() const {
    uint64_t sum = 0;
    for (const auto& node : nodes_) {
        sum += static_cast<uint64_t>(
            to_integer(member(node->rpc->call("getnettotals"), "totalbytessent")));
    }
    return sum;
}

void LiveNetwork::stop() {
    for (auto& node : nodes_) {
        if (node->process) node->process->signal(SIGTERM);
    }
    for (auto& node : nodes_) {
        if (node->process) node->process->wait(kStopLimit);
    }
    nodes_.clear();  // kills the nodes that did not stop
}

}  // namespace parley::lab
