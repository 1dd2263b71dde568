#include "contrib/lab/observer.h"

#include "rpc/jsonrpc/json_writer.h"

namespace parley::lab {

Observer::Observer(LiveNetwork& network, std::chrono::milliseconds pause)
    : network_(network), pause_(pause), begin_(std::chrono::steady_clock::now()) {
    seen_.tips.resize(network.size());
    seen_.views.resize(network.size());
    for (size_t node = 0; node < network.size(); ++node)
        threads_.emplace_back([this, node] { watch(node); });
}

Observer::~Observer() {
    stop();
}

Seconds Observer::now() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

size_t Observer::block_count() const {
    const std::lock_guard lock(mutex_);
    return seen_.blocks.size();
}

std::string Observer::failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
}

void Observer::stop() {
    stopping_ = true;
    for (auto& thread : threads_) thread.join();
    threads_.clear();
}

void Observer::watch(size_t node) {
    try {
        const auto client = network_.client(node);
        std::string tip;
        bool votes = network_.consensus() == Consensus::pbft;
        while (!stopping_) {
            const std::string hash = client->call("getbestblockhash").string();
            if (hash != tip) {
                const Seconds time = now();
                fetch(*client, hash);
                const std::lock_guard lock(mutex_);
                seen_.tips[node].push_back({time, hash});
                tip = hash;
            }
            votes = votes && look_at_view(*client, node);
            std::this_thread::sleep_for(pause_);
        }
    } catch (const std::exception& error) {
        const std::lock_guard lock(mutex_);
        failure_ = error.what();
    }
}

bool Observer::look_at_view(RpcClient& client, size_t node) {
    const rpc::Json reply = client.call("getconsensusinfo");
    if (member(reply, "validator").is_null()) return false;
    const SeenView view{now(), static_cast<uint64_t>(to_integer(member(reply, "view"))),
                        member(reply, "phase").string() == "view change"};
    const std::lock_guard lock(mutex_);
    auto& views = seen_.views[node];
    if (views.empty() || !views.back().same(view)) views.push_back(view);
    return true;
}

void Observer::fetch(RpcClient& client, std::string hash) {
    while (true) {
        {
            const std::lock_guard lock(mutex_);
            if (seen_.blocks.contains(hash)) return;
        }
        const rpc::Json reply = client.call("getblock", "[" + rpc::json_quote(hash) + ",1]");
        SeenBlock block;
        block.height = to_integer(member(reply, "height"));
        block.size = static_cast<uint64_t>(to_integer(member(reply, "size")));
        for (const rpc::Json& txid : member(reply, "tx").array())
            block.transactions.push_back(txid.string());
        if (const rpc::Json* previous = reply.find("previousblockhash"))
            block.previous = previous->string();
        std::string next = block.previous;
        if (block.height > height_) height_ = block.height;
        {
            const std::lock_guard lock(mutex_);
            seen_.blocks.emplace(hash, std::move(block));
        }
        if (next.empty()) return;
        hash = std::move(next);
    }
}

Observations Observer::finish() {
    stop();
    for (size_t node = 0; node < network_.size(); ++node) {
        const auto client = network_.client(node);
        const rpc::Json tips = client->call("getchaintips");
        for (const rpc::Json& tip : tips.array()) {
            const std::string& status = member(tip, "status").string();
            // Not counted here: without a body, this node cannot have mined on it. A node that has
            // the body counts it.
            if (status == "headers-only" || status == "invalid") continue;
            fetch(*client, member(tip, "hash").string());
        }
    }
    const std::lock_guard lock(mutex_);
    return seen_;
}

}  // namespace parley::lab
