// RecordWriter and RecordReader: the file of the flight recorder: a header, the effects of the
// node's start, then each event with its time and the marks of the effects that it led to.
//
// Format: the magic "PARLEYREC", a version byte, then frames: length (4 bytes, little-endian),
// payload, first 4 bytes of the payload's SHA-256. The first frame is the header. A frame that is
// cut short ends the record: the daemon was killed while it wrote. Any other fault is damage.
//
// The file is written by the core thread, one write a step, and is never synced.
#pragma once

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "base/expected.h"
#include "base/time.h"
#include "node/daemon/options/settings.h"
#include "node/daemon/record/event_codec.h"
#include "node/daemon/system/unique_fd.h"

namespace parley {

struct RecordHeader {
    std::string program;  ///< version of the daemon
    std::string chain;    ///< as -chain takes it
    std::string engine;
    uint64_t seed = 0;               ///< of the node's random streams, the secret one too
    uint64_t coins_cache_bytes = 0;  ///< the node's part of -dbcache
    bool fresh = true;               ///< the data directory was empty
    bool wallets = true;
    bool tx_index = false;
    TimePoint start{};
    Settings settings;  ///< what the node's options were read from
};

struct RecordedStep {
    TimePoint time{};
    std::optional<Event> event;  ///< empty: the node's start
    std::vector<EffectMark> effects;
};

class RecordWriter {
 public:
    /// Refuses a file that is there. The errors are sentences, here and below.
    static Expected<RecordWriter, std::string> create(const std::string& path, uint64_t size_max);

    /// Empty: written.
    std::string write(const RecordHeader& header);
    /// Nothing may be written after a problem, nor when the bound is reached.
    std::string write(Bytes payload);
    bool full() const { return full_; }

 private:
    RecordWriter(std::string path, UniqueFd file, uint64_t size_max)
        : path_(std::move(path)), file_(std::move(file)), left_(size_max) {}
    std::string append(ByteSpan bytes);

    std::string path_;
    UniqueFd file_;
    uint64_t left_;
    bool full_ = false;
};

class RecordReader {
 public:
    static Expected<RecordReader, std::string> open(const std::string& path);

    const RecordHeader& header() const { return header_; }
    /// Empty optional: the record ends. The error: it is damaged.
    Expected<std::optional<RecordedStep>, std::string> next();
    /// The record ends in the middle of a step.
    bool cut_short() const { return cut_short_; }

 private:
    RecordReader(std::string path, std::ifstream file)
        : path_(std::move(path)), file_(std::move(file)) {}
    Expected<std::optional<Bytes>, std::string> next_payload();
    std::string damaged(const char* what) const;

    std::string path_;
    std::ifstream file_;
    uint64_t size_ = 0;
    uint64_t position_ = 0;
    bool cut_short_ = false;
    RecordHeader header_;
    EventDecoder decoder_;
};

/// A step's payload.
Bytes encode_step(EventEncoder& encoder, TimePoint time, const Event* event);
/// Completes it.
void append_marks(Bytes& payload, const Effects& effects);

}  // namespace parley
