#include "node/daemon/record/event_codec.h"

#include <fmt/format.h>

#include <array>

#include "base/check.h"
#include "base/crypto/sha256.h"
#include "mempool/mempool_file.h"
#include "node/block_summary.h"

namespace parley {
namespace {

// Finished requests are removed when this many are known.
constexpr size_t kKnownRequestsMax = 256;
// Far more than a block import passes in one event.
constexpr size_t kBlockSizeMin = 81;

template <class... Handlers>
struct Overloaded : Handlers... {
    using Handlers::operator()...;
};
// Clang 16 deduces no arguments of aggregates without it.
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

void write_text(Writer& writer, const std::string& text) {
    writer.var_bytes({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

// A request may contain a block in hex; the size of a record frame limits it.
constexpr uint64_t kTextSizeMax = uint64_t{1} << 30;

std::string read_text(Reader& reader) {
    const ByteSpan bytes = reader.var_bytes(kTextSizeMax);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void write_endpoint(Writer& writer, const Endpoint& endpoint) {
    write_text(writer, endpoint.host);
    writer.le(endpoint.port);
}

Endpoint read_endpoint(Reader& reader) {
    Endpoint endpoint;
    endpoint.host = read_text(reader);
    endpoint.port = reader.le<uint16_t>();
    return endpoint;
}

/// All fields of an effect except the bytes of a Send.
void write_effect(Writer& writer, const Effect& effect) {
    std::visit(Overloaded{
                   [&](const effect::Send& each) {
                       writer.le(each.peer.value()).u8(each.notify).le(each.after.value());
                   },
                   [&](const effect::Dial& each) {
                       writer.le(each.dial);
                       write_endpoint(writer, each.target);
                   },
                   [&](const effect::Close& each) { writer.le(each.peer.value()); },
                   [&](const effect::Persist& each) {
                       writer.le(each.commit.value()).u8(static_cast<uint8_t>(each.durability));
                   },
                   [&](const effect::SearchNonce& each) {
                       writer.le(each.job).bytes(each.header.serialize()).hash(each.target);
                   },
                   [&](const effect::StopSearch&) {},
                   [&](const effect::TipChanged& each) {
                       writer.hash(each.tip->hash).le(each.after.value());
                   },
                   [&](const effect::Notify& each) {
                       writer.u8(static_cast<uint8_t>(each.notice.index())).le(each.after.value());
                   },
                   [&](const effect::Complete& each) { writer.le(each.id).le(each.after.value()); },
                   [&](const effect::Shutdown& each) {
                       write_text(writer, each.error);
                       writer.le(each.after.value());
                   },
               },
               effect);
}

}  // namespace

std::vector<EffectMark> mark(const Effects& effects) {
    std::vector<EffectMark> marks;
    marks.reserve(effects.size());
    for (const Effect& effect : effects) {
        Writer writer;
        write_effect(writer, effect);
        Sha256 hasher;
        hasher.write(writer.data());
        if (const auto* send = std::get_if<effect::Send>(&effect)) hasher.write(*send->data);
        const Hash256 hash = hasher.finish();
        marks.push_back({static_cast<uint8_t>(effect.index()), Reader(hash.span()).le<uint32_t>()});
    }
    return marks;
}

std::string effect_name(uint8_t kind) {
    constexpr std::array kNames{"Send",       "Dial",       "Close",    "Persist",  "SearchNonce",
                                "StopSearch", "TipChanged", "Complete", "Shutdown", "Notify"};
    static_assert(kNames.size() == std::variant_size_v<Effect>);
    return kind < kNames.size() ? kNames[kind] : fmt::format("kind {}", kind);
}

std::string describe(const Event& event) {
    return std::visit(
        Overloaded{
            [](const event::Connected& each) {
                return fmt::format("Connected, peer {} at {}", each.peer.value(),
                                   to_string(each.remote));
            },
            [](const event::DialFailed& each) { return fmt::format("DialFailed {}", each.dial); },
            [](const event::Received& each) {
                return fmt::format("Received, {} bytes from peer {}", each.data.size(),
                                   each.peer.value());
            },
            [](const event::Drained& each) {
                return fmt::format("Drained, peer {}", each.peer.value());
            },
            [](const event::Closed& each) {
                return fmt::format("Closed, peer {}", each.peer.value());
            },
            [](const event::TimerDue&) { return std::string{"TimerDue"}; },
            [](const event::SolutionFound& each) {
                return fmt::format("SolutionFound, job {}", each.job);
            },
            [](const event::SearchExhausted& each) {
                return fmt::format("SearchExhausted, job {}", each.job);
            },
            [](const event::Invoke& each) {
                if (const auto* part = std::get_if<event::RequestPart>(&each.cause))
                    return fmt::format("Invoke {}, {}", each.id, part->request->method);
                if (std::holds_alternative<event::ReindexStep>(each.cause))
                    return fmt::format("Invoke {}, reindex", each.id);
                if (const auto* load = std::get_if<event::LoadFile>(&each.cause))
                    return fmt::format("Invoke {}, import of {} blocks, {} transactions", each.id,
                                       load->blocks.size(),
                                       load->mempool ? load->mempool->entries.size() : 0);
                return fmt::format("Invoke {}, stop", each.id);
            },
        },
        event);
}

void EventEncoder::write(Writer& writer, const Event& event) {
    writer.u8(static_cast<uint8_t>(event.index()));
    std::visit(
        Overloaded{
            [&](const event::Connected& each) {
                writer.le(each.peer.value());
                write_endpoint(writer, each.remote);
                write_endpoint(writer, each.local);
                writer.u8(each.inbound).le(each.dial);
            },
            [&](const event::DialFailed& each) {
                writer.le(each.dial);
                write_text(writer, each.reason);
            },
            [&](const event::Received& each) { writer.le(each.peer.value()).var_bytes(each.data); },
            [&](const event::Drained& each) { writer.le(each.peer.value()); },
            [&](const event::Closed& each) {
                writer.le(each.peer.value());
                write_text(writer, each.reason);
            },
            [&](const event::TimerDue&) {},
            [&](const event::SolutionFound& each) {
                writer.le(each.job).bytes(each.header.serialize());
            },
            [&](const event::SearchExhausted& each) { writer.le(each.job); },
            [&](const event::Invoke& each) {
                writer.le(each.id);
                write_cause(writer, each.cause);
            },
        },
        event);
}

void EventEncoder::write_cause(Writer& writer, const event::Cause& cause) {
    writer.u8(static_cast<uint8_t>(cause.index()));
    if (const auto* load = std::get_if<event::LoadFile>(&cause)) {
        writer.compact_size(load->blocks.size());
        for (const BlockRef& block : load->blocks) writer.bytes(block->serialize());
        writer.u8(load->mempool != nullptr);
        if (load->mempool) writer.var_bytes(load->mempool->serialize(std::nullopt));
        return;
    }
    const auto* part = std::get_if<event::RequestPart>(&cause);
    if (part == nullptr) {
        CHECK(!std::holds_alternative<event::DirectCall>(cause));  // a daemon makes no direct calls
        return;
    }
    const auto known = requests_.find(part->request.get());
    if (known != requests_.end()) {
        writer.le(known->second.number).u8(0);
        return;
    }
    if (requests_.size() >= kKnownRequestsMax) {
        std::erase_if(requests_,
                      [](const auto& each) { return each.second.request.use_count() == 1; });
    }
    requests_[part->request.get()] = {part->request, ++request_count_};
    writer.le(request_count_).u8(1);
    write_text(writer, part->request->method);
    write_text(writer, part->request->params);
    write_text(writer, part->request->wallet);
}

std::optional<Event> EventDecoder::read(Reader& reader) {
    constexpr uint8_t kInvoke = 8;
    static_assert(std::is_same_v<std::variant_alternative_t<kInvoke, Event>, event::Invoke>);
    const auto peer = [&] { return PeerId{reader.le<uint64_t>()}; };
    std::optional<Event> event;
    switch (reader.u8()) {
        case 0: {
            event::Connected each;
            each.peer = peer();
            each.remote = read_endpoint(reader);
            each.local = read_endpoint(reader);
            each.inbound = reader.u8() != 0;
            each.dial = reader.le<uint64_t>();
            event = std::move(each);
            break;
        }
        case 1: {
            const auto dial = reader.le<uint64_t>();
            event = event::DialFailed{dial, read_text(reader)};
            break;
        }
        case 2: {
            const PeerId from = peer();
            event = event::Received{from, to_bytes(reader.var_bytes(kTextSizeMax))};
            break;
        }
        case 3:
            event = event::Drained{peer()};
            break;
        case 4: {
            const PeerId from = peer();
            event = event::Closed{from, read_text(reader)};
            break;
        }
        case 5:
            event = event::TimerDue{};
            break;
        case 6: {
            const auto job = reader.le<uint64_t>();
            event = event::SolutionFound{job, read_block_header(reader)};
            break;
        }
        case 7:
            event = event::SearchExhausted{reader.le<uint64_t>()};
            break;
        case kInvoke: {
            event::Invoke each;
            each.id = reader.le<uint64_t>();
            auto cause = read_cause(reader);
            if (!cause) return std::nullopt;
            each.cause = std::move(*cause);
            event = std::move(each);
            break;
        }
        default:
            return std::nullopt;
    }
    if (!reader.done()) return std::nullopt;
    return event;
}

std::optional<event::Cause> EventDecoder::read_cause(Reader& reader) {
    switch (reader.u8()) {
        case 1: {
            const auto number = reader.le<uint64_t>();
            if (reader.u8() != 0) {
                Request request;
                request.method = read_text(reader);
                request.params = read_text(reader);
                request.wallet = read_text(reader);
                requests_[number] = std::make_shared<const Request>(std::move(request));
            }
            const auto known = requests_.find(number);
            if (!reader.ok() || known == requests_.end()) return std::nullopt;
            return event::RequestPart{known->second};
        }
        case 2:
            return event::ReindexStep{};
        case 3: {
            event::LoadFile load;
            const size_t count = reader.count(kBlockSizeMin);
            for (size_t i = 0; i < count && reader.ok(); ++i)
                load.blocks.push_back(std::make_shared<const Block>(read_block(reader)));
            if (reader.u8() == 0) return load;
            auto file = MempoolFile::parse(reader.var_bytes(kTextSizeMax));
            if (!file) return std::nullopt;
            load.mempool = std::make_shared<const MempoolFile>(std::move(*file));
            return load;
        }
        case 4:
            return event::StopSignal{};
        default:
            return std::nullopt;
    }
}

}  // namespace parley
