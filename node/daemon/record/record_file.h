// RecordWriter and RecordReader: the file of the flight recorder: a header, the effects of the
// node's start, then each event with its time and the marks of its effects.
//
// Format: the magic "PARLEYREC", a version byte, then frames: length (4 bytes, little-endian),
// payload, and the first 4 bytes of the payload's SHA-256. The first frame is the header. A
// truncated frame ends the record: the daemon was killed while writing it. Any other defect is
// reported as damage.
//
// The file is written by the core thread, with one write per step, and never synced.
#pragma once

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "base/expected.h"
#include "base/time.h"
#include "chain/state/indexes/chain_indexes.h"
#include "node/daemon/options/settings.h"
#include "node/daemon/record/event_codec.h"
#include "node/daemon/system/unique_fd.h"

namespace parley {

struct RecordHeader {
    std::string program;  ///< version of the daemon
    std::string chain;    ///< value of -chain
    std::string engine;
    uint64_t seed = 0;               ///< of all random streams of the node, including secrets
    uint64_t coins_cache_bytes = 0;  ///< the coins cache's part of -dbcache
    bool fresh = true;               ///< the data directory was empty
    bool wallets = true;
    PerIndex<bool> indexes{};  ///< which there are
    TimePoint start{};
    Settings settings;  ///< the settings that the node's options were read from
};

struct RecordedStep {
    TimePoint time{};
    std::optional<Event> event;  ///< empty: the node's start
    std::vector<EffectMark> effects;
};

class RecordWriter {
 public:
    /// Refuses an existing file. Errors are sentences, here and below.
    static Expected<RecordWriter, std::string> create(const std::string& path, uint64_t size_max);

    /// Returns an error sentence; empty: written.
    std::string write(const RecordHeader& header);
    /// Must not be called after an error, or once the limit is reached.
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
    /// Empty optional: end of the record. Error: the record is damaged.
    Expected<std::optional<RecordedStep>, std::string> next();
    /// Whether the record ends in the middle of a step.
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

/// The first part of a step's payload.
Bytes encode_step(EventEncoder& encoder, TimePoint time, const Event* event);
/// Appends the second part.
void append_marks(Bytes& payload, const Effects& effects);

}  // namespace parley
