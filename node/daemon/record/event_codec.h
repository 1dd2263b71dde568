// Events and effects as the bytes of a record: an event whole, so that it can be handed to a node
// again; of an effect its kind and a hash, enough to see whether another run leads to the same.
// Pure; each encoder or decoder belongs to one record and one thread.
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
    uint8_t kind = 0;   ///< index in Effect
    uint32_t hash = 0;  ///< of everything in it
    bool operator==(const EffectMark&) const = default;
};

std::vector<EffectMark> mark(const Effects& effects);

/// "Send", "Persist", ...
std::string effect_name(uint8_t kind);
/// "Received from peer 3, 120 bytes": for people.
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

    /// Requests under way: their value is written once.
    std::map<const Request*, Known> requests_;
    uint64_t request_count_ = 0;
};

class EventDecoder {
 public:
    /// An Invoke has no `call`: that is the reader's business. Empty: the bytes are no event.
    std::optional<Event> read(Reader& reader);

 private:
    std::optional<event::Cause> read_cause(Reader& reader);

    std::map<uint64_t, std::shared_ptr<const Request>> requests_;
};

}  // namespace parley
