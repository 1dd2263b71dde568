#include "node/daemon/http/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <thread>

#include "base/crypto/hash.h"
#include "base/encoding.h"
#include "node/daemon/http/guess_limiter.h"
#include "node/daemon/http/http_client.h"
#include "node/daemon/system/os_random.h"
#include "node/daemon/system/unique_fd.h"
#include "tests/unit/daemon/temporary_directory.h"

namespace parley {
namespace {

using namespace std::chrono_literals;

std::string basic(const std::string& credentials) {
    return "Basic " + base64_encode(as_bytes(credentials));
}

// A client that the test controls byte by byte.
class RawClient {
 public:
    explicit RawClient(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    }
    void send(std::string_view text) {
        while (!text.empty()) {
            const ssize_t count = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
            if (count <= 0) return;  // the server may have answered and closed
            text.remove_prefix(static_cast<size_t>(count));
        }
    }
    // Status line, headers and body of the next reply; empty at the end of the stream.
    std::string reply() {
        while (true) {
            if (const auto end = data_.find("\r\n\r\n"); end != std::string::npos) {
                size_t size = 0;
                if (const auto at = data_.find("Content-Length: "); at < end)
                    size = std::stoul(data_.substr(at + 16));
                if (data_.size() >= end + 4 + size) {
                    const std::string result = data_.substr(0, end + 4 + size);
                    data_.erase(0, result.size());
                    return result;
                }
            }
            char chunk[4096];
            const ssize_t count = ::recv(fd_.get(), chunk, sizeof chunk, 0);
            if (count <= 0) return {};
            data_.append(chunk, static_cast<size_t>(count));
        }
    }
    bool at_end() { return reply().empty(); }

 private:
    UniqueFd fd_;
    std::string data_;
};

class HttpServerTest : public testing::Test {
 protected:
    HttpServerTest() {
        options_.binds = {{"127.0.0.1", 0}};
        options_.user = "ann";
        options_.password = "secret";
    }
    ~HttpServerTest() override {
        if (server_) server_->stop();
    }
    void start() {
        auto auth = HttpAuth::create(options_, "__cookie__:c00c1e");
        ASSERT_TRUE(auth) << auth.error().sentence;
        server_.emplace(
            options_, std::move(*auth),
            [this](const rpc::HttpRequest& request) { return handle(request); }, log_);
        ASSERT_TRUE(server_->listen());
        port_ = server_->listening().at(0).port;
        server_->start();
    }
    virtual rpc::HttpReply handle(const rpc::HttpRequest& request) {
        ++handled_;
        if (request.body == "wait" || request.body == "block") server_->about_to_wait();
        if (request.body == "wait") gate_.get_future().wait();
        if (request.body == "block") released_.wait(false);
        if (request.body == "notify") return {204, "", ""};
        return {
            200, "application/json",
            request.method + " " + request.path + " " + request.user + " " +
                (request.body.size() < 100 ? request.body : std::to_string(request.body.size()))};
    }
    static std::string post(const std::string& body, const std::string& headers = "",
                            const std::string& path = "/") {
        return "POST " + path + " HTTP/1.1\r\nHost: x\r\nAuthorization: " + basic("ann:secret") +
               "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" +
               body;
    }
    // What comes back on a connection of its own.
    std::string exchange(const std::string& text) {
        RawClient client(port_);
        client.send(text);
        return client.reply();
    }
    static int status(const std::string& reply) {
        return reply.size() < 12 ? 0 : std::stoi(reply.substr(9, 3));
    }

    NullLog log_;
    HttpOptions options_;
    std::optional<HttpServer> server_;
    uint16_t port_ = 0;
    std::atomic<int> handled_{0};
    std::promise<void> gate_;
    std::atomic<bool> released_{false};
};

TEST_F(HttpServerTest, post_with_credentials_reaches_the_handler) {
    start();
    const std::string reply = exchange(post("{}"));
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 200 OK\r\n")) << reply;
    EXPECT_NE(reply.find("\r\nContent-Type: application/json\r\n"), std::string::npos);
    EXPECT_TRUE(reply.ends_with("\r\n\r\nPOST / ann {}")) << reply;
    EXPECT_TRUE(exchange(post("x", "", "/wallet/a%20b")).ends_with("POST /wallet/a%20b ann x"));
    EXPECT_TRUE(exchange("POST / HTTP/1.1\r\nAuthorization: " + basic("__cookie__:c00c1e") +
                         "\r\nContent-Length: 1\r\n\r\nx")
                    .ends_with("__cookie__ x"));
}

TEST_F(HttpServerTest, status_for_each_wrong_request) {
    start();
    const std::string auth = "Authorization: " + basic("ann:secret") + "\r\n";
    EXPECT_EQ(status(exchange("GET / HTTP/1.1\r\n" + auth + "\r\n")), 405);
    EXPECT_EQ(status(exchange("GET /nowhere HTTP/1.1\r\n\r\n")), 404);
    EXPECT_EQ(status(exchange(post("x", "", "/walle"))), 404);
    EXPECT_EQ(status(exchange("GET /rest/chaininfo.json HTTP/1.1\r\n\r\n")), 404);
    for (const char* line : {"nonsense", "GET / ", "GET / HTTP/9.9", "GET / NOTHTTP/1.1"})
        EXPECT_EQ(status(exchange(line + std::string("\r\n\r\n"))), 400) << line;
    EXPECT_EQ(status(exchange("POST / HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n")),
              400);
    EXPECT_EQ(status(exchange("POST / HTTP/1.1\r\n" + auth + "Content-Length: 33554433\r\n\r\n")),
              413);
    EXPECT_EQ(status(exchange("POST / HTTP/1.1\r\n" + auth + "Content-Length: -1\r\n\r\n")), 400);
    EXPECT_EQ(handled_, 0);
}

TEST_F(HttpServerTest, missing_and_wrong_credentials_get_401) {
    start();
    const std::string missing = exchange("POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(status(missing), 401);
    EXPECT_NE(missing.find("\r\nWWW-Authenticate: Basic realm=\"jsonrpc\"\r\n"), std::string::npos);
    const auto begin = std::chrono::steady_clock::now();
    for (const char* wrong : {"ann:Secret", "ann:", "ben:secret", "ann"}) {
        EXPECT_EQ(status(exchange("POST / HTTP/1.1\r\nContent-Length: 0\r\nAuthorization: " +
                                  basic(wrong) + "\r\n\r\n")),
                  401);
    }
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 4 * 250ms);
    EXPECT_EQ(handled_, 0);
}

TEST_F(HttpServerTest, guesses_on_many_connections_share_one_pace_and_right_ones_are_not_held_up) {
    start();
    constexpr int kGuesses = 20;
    const auto begin = std::chrono::steady_clock::now();
    std::vector<std::unique_ptr<RawClient>> guessers;
    for (int i = 0; i < kGuesses; ++i) {
        guessers.push_back(std::make_unique<RawClient>(port_));
        guessers.back()->send("POST / HTTP/1.1\r\nContent-Length: 0\r\nAuthorization: " +
                              basic("ann:" + std::to_string(i)) + "\r\n\r\n");
    }
    EXPECT_EQ(status(exchange(post("x"))), 200);
    for (const auto& guesser : guessers) EXPECT_EQ(status(guesser->reply()), 401);
    EXPECT_GE(std::chrono::steady_clock::now() - begin,
              GuessLimiter::kDelay + (kGuesses - 1) * GuessLimiter::kInterval);
    EXPECT_EQ(handled_, 1);
}

TEST_F(HttpServerTest, flood_of_guesses_does_not_stop_the_cookie) {
    start();
    std::vector<std::unique_ptr<RawClient>> guessers;
    for (int i = 0; i < GuessLimiter::kWaitingMax + 10; ++i) {
        guessers.push_back(std::make_unique<RawClient>(port_));
        guessers.back()->send("POST / HTTP/1.1\r\nContent-Length: 0\r\nAuthorization: " +
                              basic("ann:" + std::to_string(i)) + "\r\n\r\n");
    }
    EXPECT_EQ(status(exchange("POST / HTTP/1.1\r\nAuthorization: " + basic("__cookie__:c00c1e") +
                              "\r\nContent-Length: 1\r\n\r\nx")),
              200);
    // The last of the flood is refused before its password is looked at.
    EXPECT_EQ(status(guessers.back()->reply()), 503);
}

TEST_F(HttpServerTest, wrong_credentials_keep_the_connection) {
    start();
    RawClient client(port_);
    client.send("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}");
    EXPECT_EQ(status(client.reply()), 401);
    client.send(post("x"));
    EXPECT_EQ(status(client.reply()), 200);
}

TEST_F(HttpServerTest, large_body_of_a_stranger_is_not_read) {
    start();
    RawClient client(port_);
    client.send("POST / HTTP/1.1\r\nContent-Length: 30000000\r\n\r\n");
    EXPECT_EQ(status(client.reply()), 401);
    EXPECT_TRUE(client.at_end());
}

TEST_F(HttpServerTest, large_body_of_a_user_is_read_whole) {
    start();
    EXPECT_TRUE(exchange(post(std::string(20'000'000, 'x'))).ends_with(" 20000000"));
}

TEST_F(HttpServerTest, requests_pipelined_are_answered_in_order) {
    start();
    RawClient client(port_);
    client.send(post("1") + post("2") + post("notify") + post("3"));
    EXPECT_TRUE(client.reply().ends_with(" 1"));
    EXPECT_TRUE(client.reply().ends_with(" 2"));
    const std::string nothing = client.reply();
    EXPECT_EQ(status(nothing), 204);
    EXPECT_EQ(nothing.find("Content-Length"), std::string::npos);
    EXPECT_TRUE(client.reply().ends_with(" 3"));
}

TEST_F(HttpServerTest, request_in_single_bytes_and_chunked_is_understood) {
    start();
    RawClient client(port_);
    for (const char c : post("slow")) client.send(std::string_view(&c, 1));
    EXPECT_TRUE(client.reply().ends_with(" slow"));
    const std::string head = "POST / HTTP/1.1\r\nAuthorization: " + basic("ann:secret");
    const std::string chunks =
        "\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    client.send(head + chunks);
    EXPECT_TRUE(client.reply().ends_with(" abcde"));
    client.send(head + "\r\ncontent-length: 3" + chunks + post("smuggled"));
    EXPECT_TRUE(client.reply().ends_with(" abcde"));
    EXPECT_TRUE(client.at_end()) << "chunks override a length, and end the connection";
}

TEST_F(HttpServerTest, connection_close_and_http_10_end_after_the_reply) {
    start();
    RawClient client(port_);
    client.send(post("x", "Connection: close\r\n"));
    const std::string reply = client.reply();
    EXPECT_NE(reply.find("\r\nConnection: close\r\n"), std::string::npos);
    EXPECT_TRUE(client.at_end());
    RawClient old(port_);
    old.send("POST / HTTP/1.0\r\nAuthorization: " + basic("ann:secret") +
             "\r\nContent-Length: 1\r\n\r\nx");
    EXPECT_EQ(status(old.reply()), 200);
    EXPECT_TRUE(old.at_end());
}

TEST_F(HttpServerTest, expect_continue_is_answered_before_the_body) {
    start();
    RawClient client(port_);
    client.send("POST / HTTP/1.1\r\nAuthorization: " + basic("ann:secret") +
                "\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    EXPECT_EQ(status(client.reply()), 100);
    client.send("body");
    EXPECT_TRUE(client.reply().ends_with(" body"));
}

TEST_F(HttpServerTest, requests_beyond_threads_and_queue_get_503) {
    options_.threads = 2;
    options_.work_queue_max = 3;
    start();
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 5; ++i) {
        clients.push_back(std::make_unique<RawClient>(port_));
        clients.back()->send(post("block"));
        if (i < 2) {
            while (handled_ <= i) std::this_thread::yield();
        }
    }
    // Two are in the handler and three wait, or are about to: the sixth is refused.
    std::string refused;
    do {
        refused = exchange(post("x"));
    } while (status(refused) != 503 && !refused.empty());
    EXPECT_TRUE(refused.ends_with("Work queue depth exceeded")) << refused;
    EXPECT_EQ(handled_, 2);
    released_ = true;
    released_.notify_all();
    for (auto& client : clients) EXPECT_EQ(status(client->reply()), 200);
    EXPECT_EQ(status(exchange(post("x"))), 200);
}

TEST_F(HttpServerTest, silent_connection_is_closed_after_the_timeout) {
    options_.timeout = 1s;
    start();
    RawClient silent(port_);
    RawClient half(port_);
    half.send("POST / HTTP/1.1\r\nContent-");
    EXPECT_TRUE(silent.at_end());
    EXPECT_TRUE(half.at_end());
}

TEST_F(HttpServerTest, idle_strangers_give_way_before_idle_users) {
    options_.connections_max = 3;
    start();
    RawClient user(port_);  // idle for longest, but has shown its password
    user.send(post("1"));
    EXPECT_EQ(status(user.reply()), 200);
    RawClient older(port_);
    older.send("POST / HTTP/1.1\r\n");
    // A reply shows that the server has seen the connection before it.
    EXPECT_EQ(status(exchange(post("2", "Connection: close\r\n"))), 200);
    RawClient newer(port_);
    newer.send("GET /nowhere HTTP/1.1\r\n\r\n");
    EXPECT_EQ(status(newer.reply()), 404);
    RawClient third(port_);
    third.send(post("3"));
    EXPECT_EQ(status(third.reply()), 200);
    EXPECT_TRUE(older.at_end());
    user.send(post("4"));
    EXPECT_EQ(status(user.reply()), 200);
    RawClient fourth(port_);
    fourth.send(post("5"));
    EXPECT_EQ(status(fourth.reply()), 200);
    EXPECT_TRUE(newer.at_end());
    // Nobody is a stranger now: the user who has been idle for longest.
    RawClient fifth(port_);
    fifth.send(post("6"));
    EXPECT_EQ(status(fifth.reply()), 200);
    EXPECT_TRUE(third.at_end());
}

class HttpServerLargeReplyTest : public HttpServerTest {
 protected:
    rpc::HttpReply handle(const rpc::HttpRequest&) override {
        return {200, "application/json", std::string(size_t{64} << 20, 'x')};
    }
};

TEST_F(HttpServerLargeReplyTest, reply_that_nobody_reads_is_dropped_after_the_timeout) {
    options_.timeout = 100ms;
    start();
    RawClient client(port_);
    client.send(post("large"));
    std::this_thread::sleep_for(3s);  // several sweeps; the buffers of the system are full
    EXPECT_TRUE(client.at_end());     // less than the whole reply, then the end
}

TEST_F(HttpServerTest, stop_lets_the_reply_under_way_out) {
    start();
    RawClient idle(port_);
    RawClient client(port_);
    client.send(post("wait"));
    while (handled_ == 0) std::this_thread::yield();
    std::thread stopping([this] { server_->stop(); });
    EXPECT_TRUE(idle.at_end());
    gate_.set_value();
    EXPECT_TRUE(client.reply().ends_with(" wait"));
    EXPECT_TRUE(client.at_end());
    stopping.join();
}

TEST_F(HttpServerTest, many_clients_at_once_each_get_their_own_reply) {
    start();
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; ++i) {
        threads.emplace_back([this, i] {
            RawClient client(port_);
            for (int k = 0; k < 100; ++k) {
                const std::string body = std::to_string(i * 1000 + k);
                client.send(post(body));
                EXPECT_TRUE(client.reply().ends_with(" " + body));
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(handled_, 1600);
}

TEST_F(HttpServerTest, client_post_gets_status_and_body) {
    start();
    HttpClientRequest request;
    request.host = "localhost";
    request.port = port_;
    request.authorization = basic("ann:secret");
    request.body = std::string(5'000'000, 'y');
    request.timeout = 20s;
    HttpClientReply reply = http_post(request);
    EXPECT_EQ(reply.state, HttpClientReply::State::answered);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "POST / ann 5000000");
    request.authorization.clear();
    EXPECT_EQ(http_post(request).status, 401);
    request.body = "block";
    request.authorization = basic("ann:secret");
    request.timeout = 1s;
    EXPECT_EQ(http_post(request).state, HttpClientReply::State::broken);
    released_ = true;
    released_.notify_all();
    server_->stop();
    reply = http_post(request);
    EXPECT_EQ(reply.state, HttpClientReply::State::unreachable);
    EXPECT_NE(reply.body.find("localhost:" + std::to_string(port_)), std::string::npos);
}

TEST_F(HttpServerTest, listen_port_in_use_says_so) {
    start();
    HttpOptions options = options_;
    options.binds = {{"127.0.0.1", port_}};
    HttpServer second(options, *HttpAuth::create(options, ""), nullptr, log_);
    const auto listening = second.listen();
    ASSERT_FALSE(listening);
    EXPECT_NE(listening.error().find(std::to_string(port_)), std::string::npos);
}

TEST(HttpAuth, rpcauth_is_salted_hmac) {
    HttpOptions options;
    const std::string hash = to_hex(hmac_sha256(as_bytes("5a17"), as_bytes("pass")).span());
    options.auth = {"bob:5a17$" + hash};
    const auto auth = HttpAuth::create(options, "");
    ASSERT_TRUE(auth);
    EXPECT_EQ(auth->authorise(basic("bob:pass")), "bob");
    EXPECT_FALSE(auth->authorise(basic("bob:past")));
    EXPECT_FALSE(auth->authorise(basic("rob:pass")));
    EXPECT_FALSE(auth->authorise("Bearer x"));
    EXPECT_FALSE(auth->authorise("Basic ###"));
    for (const char* bad : {"bob", "bob:salt", "bob$x", "bob:a:salt$zz", "bob:salt$a$zz"}) {
        options.auth = {bad};
        EXPECT_FALSE(HttpAuth::create(options, "")) << bad;
    }
    options.auth = {"bob:5a17$" + hash.substr(2)};
    const auto short_digest = HttpAuth::create(options, "");
    ASSERT_TRUE(short_digest);
    EXPECT_FALSE(short_digest->authorise(basic("bob:pass")));
}

TEST(HttpAuth, rpcallowip_forms) {
    HttpOptions options;
    options.allowed = {"10.1.0.0/16", "192.168.1.0/255.255.255.0", "1.2.3.4", "fe80::/10"};
    const auto auth = HttpAuth::create(options, "");
    ASSERT_TRUE(auth);
    for (const char* allowed : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "10.1.255.1",
                                "192.168.1.77", "1.2.3.4", "fe80::5", "febf::1"})
        EXPECT_TRUE(auth->allows_address(allowed)) << allowed;
    for (const char* refused :
         {"10.2.0.1", "192.168.2.1", "1.2.3.5", "::2", "fec0::1", "nonsense", ""})
        EXPECT_FALSE(auth->allows_address(refused)) << refused;
    for (const char* bad : {"x", "1.2.3.4/33", "::1/129", "1.2.3.4/::1", "1.2.3.4/", "1.2.3/8"}) {
        options.allowed = {bad};
        EXPECT_FALSE(HttpAuth::create(options, "")) << bad;
    }
}

TEST(RpcCookie, file_is_private_and_gone_at_the_end) {
    const TemporaryDirectory directory;
    const std::string path = directory / ".cookie";
    OsRandom secrets(true);
    std::string first;
    {
        const auto cookie = RpcCookie::create(path, 0600, secrets);
        ASSERT_TRUE(cookie) << cookie.error();
        first = cookie->text();
        std::ifstream file(path);
        EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), first);
        EXPECT_TRUE(first.starts_with("__cookie__:"));
        EXPECT_EQ(first.size(), 11u + 64u);
        struct stat info {};
        ASSERT_EQ(::stat(path.c_str(), &info), 0);
        EXPECT_EQ(info.st_mode & 0777u, 0600u);
    }
    EXPECT_FALSE(std::filesystem::exists(path));
    const auto second = RpcCookie::create(path, 0640, secrets);
    ASSERT_TRUE(second);
    EXPECT_NE(second->text(), first);
    EXPECT_FALSE(RpcCookie::create(directory / "absent/.cookie", 0600, secrets));
}

}  // namespace
}  // namespace parley
