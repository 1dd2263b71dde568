// FlightRecorder: writes what the node is told, and marks of what it answers, to a record
// (-record). Each step is in the operating system's hands before its effects are carried out, so
// that the record of a killed daemon holds everything that left it. When the file reaches its
// bound, or cannot be written, recording ends with a line in the log, and the node goes on. Core
// thread only.
#pragma once

#include <string>

#include "base/log.h"
#include "node/daemon/record/record_file.h"
#include "node/daemon/workers/core_loop.h"

namespace parley {

class FlightRecorder final : public NodeDriver {
 public:
    /// Borrows the node and the log. `start`: the effects of the node's start.
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
