#include "node/daemon/record/record_file.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "base/crypto/sha256.h"
#include "node/daemon/system/system_error.h"

namespace parley {
namespace {

constexpr std::string_view kMagic = "PARLEYREC";
constexpr uint8_t kVersion = 2;
constexpr size_t kPreludeSize = kMagic.size() + 1;
constexpr size_t kLengthSize = 4;
constexpr size_t kCheckSize = 4;
// A step contains at most one batch of imported blocks, or a request with a block in hex. A longer
// frame means that the file is damaged, and is rejected before memory is allocated.
constexpr uint32_t kRecordPayloadSizeMax = 256 << 20;
// Options of the RPC server are not recorded: the node does not use them, and they include
// passwords.
constexpr std::string_view kPrivateOptions = "rpc";

ByteSpan bytes_of(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// Which indexes there are: the bit of each IndexKind.
uint8_t index_bits(const PerIndex<bool>& indexes) {
    uint32_t bits = 0;
    for (size_t i = 0; i < kIndexKinds; ++i) bits |= (indexes[i] ? 1u : 0u) << i;
    return static_cast<uint8_t>(bits);
}

PerIndex<bool> indexes_of(uint8_t bits) {
    PerIndex<bool> indexes{};
    for (size_t i = 0; i < kIndexKinds; ++i) indexes[i] = (bits >> i & 1) != 0;
    return indexes;
}

std::string text_of(ByteSpan bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Bytes encode(const RecordHeader& header) {
    Writer writer;
    writer.var_bytes(bytes_of(header.program))
        .var_bytes(bytes_of(header.chain))
        .var_bytes(bytes_of(header.engine))
        .le(header.seed)
        .le(header.coins_cache_bytes)
        .u8(header.fresh)
        .u8(header.wallets)
        .u8(index_bits(header.indexes))
        .le(header.start.time_since_epoch().count());
    Writer entries;
    uint64_t count = 0;
    header.settings.for_each([&](Settings::Source source, std::string_view section,
                                 std::string_view name, const Settings::Value& value) {
        if (name.starts_with(kPrivateOptions)) return;
        ++count;
        entries.u8(static_cast<uint8_t>(source))
            .var_bytes(bytes_of(section))
            .var_bytes(bytes_of(name))
            .var_bytes(bytes_of(value.text))
            .u8(value.negated);
    });
    writer.compact_size(count).bytes(entries.data());
    return writer.take();
}

std::optional<RecordHeader> decode_header(ByteSpan payload) {
    constexpr size_t kEntrySizeMin = 5;
    Reader reader(payload);
    RecordHeader header;
    header.program = text_of(reader.var_bytes());
    header.chain = text_of(reader.var_bytes());
    header.engine = text_of(reader.var_bytes());
    header.seed = reader.le<uint64_t>();
    header.coins_cache_bytes = reader.le<uint64_t>();
    header.fresh = reader.u8() != 0;
    header.wallets = reader.u8() != 0;
    header.indexes = indexes_of(reader.u8());
    header.start = TimePoint{Duration{reader.le<int64_t>()}};
    const size_t count = reader.count(kEntrySizeMin);
    for (size_t i = 0; i < count; ++i) {
        const uint8_t source = reader.u8();
        if (source >= Settings::kSources) return std::nullopt;
        const std::string section = text_of(reader.var_bytes());
        const std::string name = text_of(reader.var_bytes());
        Settings::Value value;
        value.text = text_of(reader.var_bytes());
        value.negated = reader.u8() != 0;
        header.settings.add(static_cast<Settings::Source>(source), section, name, value);
    }
    if (!reader.done()) return std::nullopt;
    return header;
}

}  // namespace

// --- writing

Expected<RecordWriter, std::string> RecordWriter::create(const std::string& path,
                                                         uint64_t size_max) {
    UniqueFd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (!file.valid()) {
        if (errno == EEXIST) {
            return Unexpected(
                fmt::format("The record {} exists already. Move it away, or choose another -record "
                            "file.",
                            path));
        }
        return Unexpected(system_error_sentence("create", path, errno));
    }
    return RecordWriter(path, std::move(file), size_max);
}

std::string RecordWriter::write(const RecordHeader& header) {
    Writer prelude;
    prelude.bytes(bytes_of(kMagic)).u8(kVersion);
    if (std::string problem = append(prelude.data()); !problem.empty()) return problem;
    return write(encode(header));
}

std::string RecordWriter::write(Bytes payload) {
    const uint64_t size = kLengthSize + payload.size() + kCheckSize;
    if (size > left_ || payload.size() > kRecordPayloadSizeMax) {
        full_ = true;
        return {};
    }
    Writer frame(size);
    frame.le(static_cast<uint32_t>(payload.size()))
        .bytes(payload)
        .bytes(sha256(payload).span().first(kCheckSize));
    return append(frame.data());
}

std::string RecordWriter::append(ByteSpan bytes) {
    left_ -= std::min<uint64_t>(left_, bytes.size());
    while (!bytes.empty()) {
        const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return system_error_sentence("write", path_, errno);
        bytes = bytes.subspan(static_cast<size_t>(written));
    }
    return {};
}

Bytes encode_step(EventEncoder& encoder, TimePoint time, const Event* event) {
    Writer writer;
    writer.le(time.time_since_epoch().count());
    Writer body;
    if (event != nullptr) encoder.write(body, *event);
    writer.var_bytes(body.data());
    return writer.take();
}

void append_marks(Bytes& payload, const Effects& effects) {
    const std::vector<EffectMark> marks = mark(effects);
    Writer writer;
    writer.compact_size(marks.size());
    for (const EffectMark& each : marks) writer.u8(each.kind).le(each.hash);
    append(payload, writer.data());
}

// --- reading

Expected<RecordReader, std::string> RecordReader::open(const std::string& path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) return Unexpected(fmt::format("The record {} cannot be opened.", path));
    RecordReader reader(path, std::move(file));
    reader.size_ = static_cast<uint64_t>(reader.file_.tellg());
    reader.file_.seekg(0);
    std::string prelude(kPreludeSize, '\0');
    if (reader.size_ < kPreludeSize ||
        !reader.file_.read(prelude.data(), static_cast<std::streamsize>(kPreludeSize)) ||
        !prelude.starts_with(kMagic))
        return Unexpected(fmt::format("{} is not a record of a Parley daemon.", path));
    reader.position_ = kPreludeSize;
    if (static_cast<uint8_t>(prelude.back()) != kVersion) {
        return Unexpected(
            fmt::format("{} is a record of version {}; this program reads version {}.", path,
                        static_cast<uint8_t>(prelude.back()), kVersion));
    }
    auto payload = reader.next_payload();
    if (!payload) return Unexpected(payload.error());
    auto header = *payload ? decode_header(**payload) : std::nullopt;
    if (!header) return Unexpected(reader.damaged("its header is incomplete"));
    reader.header_ = std::move(*header);
    return reader;
}

std::string RecordReader::damaged(const char* what) const {
    return fmt::format("The record {} is damaged before byte {}: {}.", path_, position_, what);
}

Expected<std::optional<Bytes>, std::string> RecordReader::next_payload() {
    const uint64_t left = size_ - position_;
    if (left < kLengthSize) {
        cut_short_ = left != 0;
        return std::optional<Bytes>{};
    }
    std::array<uint8_t, kLengthSize> prefix{};
    const auto read = [&](MutableByteSpan target) {
        file_.read(reinterpret_cast<char*>(target.data()),
                   static_cast<std::streamsize>(target.size()));
        position_ += target.size();
        return static_cast<bool>(file_);
    };
    if (!read(prefix)) return Unexpected(damaged("it cannot be read"));
    const auto length = Reader(prefix).le<uint32_t>();
    if (length > kRecordPayloadSizeMax) return Unexpected(damaged("a frame has an invalid length"));
    if (size_ - position_ < uint64_t{length} + kCheckSize) {
        cut_short_ = true;
        return std::optional<Bytes>{};
    }
    Bytes payload(length);
    std::array<uint8_t, kCheckSize> check{};
    if (!read(payload) || !read(check)) return Unexpected(damaged("it cannot be read"));
    const Hash256 hash = sha256(payload);
    if (!std::equal(check.begin(), check.end(), hash.span().begin()))
        return Unexpected(damaged("a checksum does not match"));
    return std::optional{std::move(payload)};
}

Expected<std::optional<RecordedStep>, std::string> RecordReader::next() {
    constexpr size_t kMarkSize = 5;
    auto payload = next_payload();
    if (!payload) return Unexpected(payload.error());
    if (!*payload) return std::optional<RecordedStep>{};
    Reader reader(**payload);
    RecordedStep step;
    step.time = TimePoint{Duration{reader.le<int64_t>()}};
    const ByteSpan event = reader.var_bytes(kRecordPayloadSizeMax);
    if (!event.empty()) {
        Reader event_reader(event);
        step.event = decoder_.read(event_reader);
        if (!step.event) return Unexpected(damaged("an event is malformed"));
    }
    const size_t count = reader.count(kMarkSize);
    for (size_t i = 0; i < count; ++i) {
        EffectMark each;
        each.kind = reader.u8();
        each.hash = reader.le<uint32_t>();
        step.effects.push_back(each);
    }
    if (!reader.done()) return Unexpected(damaged("a step is malformed"));
    return std::optional{std::move(step)};
}

}  // namespace parley
