#include "node/daemon/record/flight_recorder.h"

#include <utility>

namespace parley {

FlightRecorder::FlightRecorder(NodeDriver& node, RecordWriter writer, const RecordHeader& header,
                               const Effects& start, LogSink& log)
    : node_(node), log_(log), writer_(std::move(writer)) {
    note(writer_.write(header));
    Bytes payload = encode_step(encoder_, header.start, nullptr);
    append_marks(payload, start);
    if (recording_) write(std::move(payload));
}

Effects FlightRecorder::handle(Event event, TimePoint now) {
    if (!recording_) return node_.handle(std::move(event), now);
    Bytes payload = encode_step(encoder_, now, &event);
    Effects effects = node_.handle(std::move(event), now);
    append_marks(payload, effects);
    write(std::move(payload));
    return effects;
}

void FlightRecorder::write(Bytes payload) {
    note(writer_.write(std::move(payload)));
}

void FlightRecorder::note(const std::string& problem) {
    if (!problem.empty()) {
        recording_ = false;
        log_.error(LogCategory::general, "Recording stopped: {}", problem);
    } else if (writer_.full()) {
        recording_ = false;
        log_.warning(LogCategory::general,
                     "Recording stopped: the record has reached -recordmaxsize");
    }
}

}  // namespace parley
