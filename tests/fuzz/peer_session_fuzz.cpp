// A whole session of a peer: after a valid handshake, the input is a series of {command, size,
// payload} that arrive in valid frames, with time passing in between. The state machine must keep
// its limits, and must not send to a peer that it has closed. Record: 1 byte command, 2 bytes size
// (little-endian), payload.
#include <algorithm>
#include <array>

#include "base/check.h"
#include "net/wire/framing.h"
#include "net/wire/messages.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/unit/net/fake_backend.h"

using namespace parley;

namespace {

constexpr std::array<std::string_view, 32> kCommands{
    "version",      "verack",      "ping",      "pong",      "addr",        "addrv2",
    "getaddr",      "inv",         "getdata",   "notfound",  "tx",          "block",
    "headers",      "getheaders",  "mempool",   "getblocks", "feefilter",   "sendheaders",
    "wtxidrelay",   "sendaddrv2",  "sendcmpct", "seal",      "engine",      "linkid",
    "reject",       "filterload",  "nonsense",  "filteradd", "filterclear", "getcfilters",
    "getcfheaders", "getcfcheckpt"};
constexpr TimePoint kStart = from_unix_seconds(1'800'000'000);
constexpr PeerId kPeer{1};
constexpr size_t kRecordsMax = 64;

struct Session {
    explicit Session(NetOptions options)
        : backend(false), random(1), manager(options, backend, random, log), magic(options.magic) {
        backend.mine(3);
        backend.filters_to = backend.active_tip().height;
        step(net_input::Started{});
        const auto remote = parse_endpoint("127.0.0.1:50000", 0);
        const auto local = parse_endpoint("127.0.0.1:18444", 0);
        step(net_input::Connected{kPeer, *remote, *local, true, 0});
    }

    void send(std::string_view command, ByteSpan payload) {
        if (closed) return;
        step(net_input::Received{kPeer, *encode_frame(magic, command, payload)});
    }

    void pass(Duration duration) {
        now += duration;
        if (const auto deadline = manager.next_deadline(); deadline && *deadline <= now) {
            step(net_input::TimerDue{});
        }
    }

    void step(NetInput input) {
        for (const NetOutput& output : backend.run(manager, std::move(input), now)) {
            if (const auto* send_bytes = std::get_if<net_output::Send>(&output)) {
                CHECK(!closed || send_bytes->peer != kPeer);
                sent += send_bytes->data->size();
            } else if (std::holds_alternative<net_output::Close>(output)) {
                CHECK(!closed);
                closed = true;
            }
        }
    }

    test::FakeBackend backend;
    SeededRandom random;
    NullLog log;
    PeerManager manager;
    NetworkMagic magic;
    TimePoint now = kStart;
    bool closed = false;
    size_t sent = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    NetOptions options;
    options.services |= kServiceBloom | kServiceCompactFilters;
    Session session{options};
    message::Version hello;
    hello.user_agent = "/fuzz/";
    hello.nonce = 7;
    session.send("version", encode(hello));
    session.send("verack", {});
    CHECK(!session.closed);

    ByteSpan rest(data, size);
    for (size_t record = 0; record < kRecordsMax && rest.size() >= 3; ++record) {
        const auto command = kCommands[rest[0] % kCommands.size()];
        const size_t wanted = rest[1] + 256U * rest[2];
        rest = rest.subspan(3);
        const size_t length = std::min(wanted, rest.size());
        session.send(command, rest.first(length));
        rest = rest.subspan(length);
        session.pass(std::chrono::milliseconds{300});
    }
    CHECK(session.manager.orphan_count() <= 1000);
    if (session.closed) session.step(net_input::Closed{kPeer, "closed"});
    session.pass(std::chrono::minutes{30});
    return 0;
}
