// The encoding of events and effects in a record. Events are encoded completely, so that they can
// be passed to a node again; effects as their kind and a hash, which suffices to detect
// differences. Pure; each encoder or decoder belongs to one record and one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/serialize.h"
#include "node/effect.h"
#include "node/event.h"

namespace parley {

struct EffectMark {
    uint8_t kind = 0;   ///< variant index in Effect
    uint32_t hash = 0;  ///< of its whole content
    bool operator==(const EffectMark&) const = default;
};

std::vector<EffectMark> mark(const Effects& effects);

/// "Send", "Persist", ...
std::string effect_name(uint8_t kind);
/// "Received from peer 3, 120 bytes": for messages to the user.
std::string describe(const Event& event);

class EventEncoder {
 public:
    void write(Writer& writer, const Event& event);

 private:
    struct Known {
        std::shared_ptr<const Request> request;
        uint64_t number;
    };
    void write_cause(Writer& writer, const event::Cause& cause);

    /// Requests in progress, each written only once.
    std::map<const Request*, Known> requests_;
    uint64_t request_count_ = 0;
};

class EventDecoder {
 public:
    /// An Invoke has no `call`; the reader must supply it. Empty: not an event.
    std::optional<Event> read(Reader& reader);

 private:
    std::optional<event::Cause> read_cause(Reader& reader);

    std::map<uint64_t, std::shared_ptr<const Request>> requests_;
};

}  // namespace parley
