#include "contrib/lab/workload.h"

#include "rpc/jsonrpc/json_writer.h"

namespace parley::lab {
namespace {

constexpr const char* kPaidAmount = "0.01";
/// After this many refusals in a row, it is clear that no transaction will ever be accepted.
constexpr size_t kRefusalsMax = 1'000;

}  // namespace

Workload::Workload(LiveNetwork& network, const Observer& clock, double rate)
    : network_(network), clock_(clock) {
    if (rate > 0) thread_ = std::thread([this, rate] { run(rate); });
}

Workload::~Workload() {
    stop();
}

void Workload::stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
}

std::map<std::string, SentTransaction> Workload::sent() const {
    const std::lock_guard lock(mutex_);
    return sent_;
}

std::string Workload::last_refusal() const {
    const std::lock_guard lock(mutex_);
    return last_refusal_;
}

void Workload::run(double rate) {
    std::vector<std::unique_ptr<RpcClient>> clients;
    std::vector<std::string> addresses;
    size_t refused_in_a_row = 0;
    const auto refused = [&](const std::exception& error) {
        ++refused_count_;
        ++refused_in_a_row;
        const std::lock_guard lock(mutex_);
        last_refusal_ = error.what();
    };
    try {
        for (size_t node = 0; node < network_.size(); ++node) {
            clients.push_back(network_.client(node));
            addresses.push_back(clients.back()->call("getnewaddress", "[]", kWallet).string());
        }
    } catch (const std::exception& error) {
        refused(error);
        return;
    }
    const Seconds begin = clock_.now();
    for (size_t number = 0; !stopping_ && refused_in_a_row < kRefusalsMax; ++number) {
        const Seconds due = begin + static_cast<double>(number) / rate;
        while (!stopping_ && clock_.now() < due)
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        const size_t from = number % clients.size();
        const size_t to =
            (from + 1 + number / clients.size() % (clients.size() - 1)) % clients.size();
        const Seconds time = clock_.now();
        try {
            const std::string txid =
                clients[from]
                    ->call("sendtoaddress",
                           "[" + rpc::json_quote(addresses[to]) + "," + kPaidAmount + "]", kWallet)
                    .string();
            refused_in_a_row = 0;
            ++sent_count_;
            const std::lock_guard lock(mutex_);
            sent_[txid] = {from, time};
        } catch (const std::exception& error) {
            refused(error);
        }
    }
}

}  // namespace parley::lab
