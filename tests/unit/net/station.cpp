#include "station.h"

#include <algorithm>

#include "base/check.h"
#include "base/crypto/sha256.h"

namespace parley::test {

Bytes raw_message(const std::string& command, ByteSpan payload) {
    Bytes bytes{0xfa, 0xbf, 0xb5, 0xda};
    Bytes name = to_bytes(as_bytes(command));
    name.resize(12);
    append(bytes, name);
    const auto size = static_cast<uint32_t>(payload.size());
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(uint8_t(size >> shift & 0xff));
    append(bytes, sha256d(payload).span().first(4));
    append(bytes, payload);
    return bytes;
}

Station::Station(NetOptions options, bool sealed, uint64_t seed)
    : backend(sealed),
      random(seed),
      manager((options.sealed_blocks = sealed, options), backend, random, log) {
    step(net_input::Started{});
}

message::Version Station::default_version() {
    message::Version version;
    version.version = 70016;
    version.services = kServiceNetwork | kServiceWitness;
    version.time = 1'800'000'000;
    version.nonce = 0x1122334455667788;
    version.user_agent = "/test:1.0/";
    version.start_height = 0;
    return version;
}

PeerId Station::connect(bool inbound, const std::string& host, uint64_t dial) {
    const PeerId peer{next_peer_++};
    auto port = static_cast<uint16_t>(50'000 + peer.value() % 10'000);
    if (const auto dialled = dialled_ports_.find(dial); dialled != dialled_ports_.end())
        port = dialled->second;
    step(net_input::Connected{peer, Endpoint{host, port}, Endpoint{"10.0.0.99", 18444}, inbound,
                              dial});
    return peer;
}

PeerId Station::ready_peer(bool inbound, message::Version version, bool wtxid_relay,
                           const std::string& host, uint64_t dial) {
    const PeerId peer = connect(inbound, host, dial);
    send(peer, version);
    if (wtxid_relay) send(peer, message::WtxidRelay{});
    send(peer, message::Verack{});
    take_sent(peer);
    return peer;
}

void Station::receive(PeerId peer, ByteSpan bytes) {
    step(net_input::Received{peer, to_bytes(bytes)});
}

void Station::step(NetInput input) {
    sort(backend.run(manager, std::move(input), now));
}

void Station::collect() {
    sort(backend.run(manager, now));
}

void Station::sort(NetOutputs outputs) {
    for (NetOutput& output : outputs) {
        if (auto* send = std::get_if<net_output::Send>(&output)) {
            append(streams_[send->peer], *send->data);
            bytes_sent[send->peer] += send->data->size();
            notifies[send->peer] += send->notify ? 1 : 0;
        } else if (auto* dial = std::get_if<net_output::Dial>(&output)) {
            dials_.push_back(*dial);
            dialled_ports_[dial->dial] = dial->target.port;
        } else if (auto* close = std::get_if<net_output::Close>(&output)) {
            closed_[close->peer] = true;
        }
    }
}

void Station::advance(Duration duration) {
    const TimePoint end = now + duration;
    collect();
    // A manager whose deadline does not move would hang its host: give up where that shows.
    for (int steps = 0; steps < 1'000'000; ++steps) {
        const auto deadline = manager.next_deadline();
        if (!deadline || *deadline > end) {
            now = end;
            return;
        }
        now = std::max(now, *deadline);
        step(net_input::TimerDue{});
    }
    CHECK(false && "next_deadline() makes no progress");
}

std::vector<Sent> Station::take_sent(PeerId peer) {
    collect();
    std::vector<Sent> result;
    const Bytes stream = std::exchange(streams_[peer], {});
    for (size_t at = 0; at < stream.size();) {
        CHECK(stream.size() - at >= 24);
        Sent sent;
        for (size_t i = 0; i < 12 && stream[at + 4 + i] != 0; ++i)
            sent.command += static_cast<char>(stream[at + 4 + i]);
        size_t size = 0;
        for (size_t i = 4; i-- > 0;) size = size << 8 | stream[at + 16 + i];
        CHECK(stream.size() - at - 24 >= size);
        const auto begin = stream.begin() + static_cast<std::ptrdiff_t>(at + 24);
        sent.payload.assign(begin, begin + static_cast<std::ptrdiff_t>(size));
        CHECK(raw_message(sent.command, sent.payload) ==
              Bytes(begin - 24, begin + static_cast<std::ptrdiff_t>(size)));
        result.push_back(std::move(sent));
        at += 24 + size;
    }
    return result;
}

std::vector<std::string> Station::take_commands(PeerId peer) {
    std::vector<std::string> result;
    for (const Sent& sent : take_sent(peer)) result.push_back(sent.command);
    return result;
}

bool Station::closed(PeerId peer) {
    collect();
    return closed_[peer];
}

void Station::close(PeerId peer) {
    step(net_input::Closed{peer, "closed"});
}

void Station::drained(PeerId peer) {
    step(net_input::Drained{peer});
}

std::vector<net_output::Dial> Station::take_dials() {
    collect();
    return std::exchange(dials_, {});
}

}  // namespace parley::test
