// FlightRecorder: writes the node's events, and digests of their effects, to a record (-record).
// Each step reaches the operating system before its effects are carried out, so the record of a
// killed daemon contains everything that led to what left it. When the file reaches its size limit,
// or cannot be written, recording ends with a log line and the node continues. Core thread only.
#pragma once

#include <string>

#include "base/log.h"
#include "node/daemon/record/record_file.h"
#include "node/daemon/workers/core_loop.h"

namespace parley {

class FlightRecorder final : public NodeDriver {
 public:
    /// Borrows the node and the log. `start`: the effects of Node::start().
    FlightRecorder(NodeDriver& node, RecordWriter writer, const RecordHeader& header,
                   const Effects& start, LogSink& log);

    Effects handle(Event event, TimePoint now) override;
    std::optional<TimePoint> next_deadline() const override { return node_.next_deadline(); }

 private:
    void write(Bytes payload);
    void note(const std::string& problem);

    NodeDriver& node_;
    LogSink& log_;
    RecordWriter writer_;
    EventEncoder encoder_;
    bool recording_ = true;
};

}  // namespace parley
