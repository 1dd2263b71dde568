// The record of the flight recorder: what is written is read again; what is damaged is refused;
// what is cut short ends with its last whole step.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "chain/rules/params.h"
#include "mempool/mempool_file.h"
#include "node/daemon/record/flight_recorder.h"
#include "tests/unit/daemon/temporary_directory.h"

namespace parley {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kLarge = 1 << 20;

Event request_part(uint64_t id, const std::shared_ptr<const Request>& request) {
    return event::Invoke{id, nullptr, event::RequestPart{request}};
}

/// Answers every event with one Send.
class EchoNode final : public NodeDriver {
 public:
    int events = 0;
    Effects handle(Event, TimePoint) override {
        ++events;
        return {effect::Send{PeerId{static_cast<uint64_t>(events)},
                             std::make_shared<const Bytes>(100), false, CommitId{}}};
    }
    std::optional<TimePoint> next_deadline() const override { return std::nullopt; }
};

class RecordTest : public testing::Test {
 protected:
    RecordHeader header() const {
        RecordHeader header;
        header.program = "1";
        header.chain = "regtest";
        header.engine = "pow";
        header.seed = 7;
        header.coins_cache_bytes = 1'000;
        header.start = from_unix_seconds(1'700'000'000);
        header.settings.add(Settings::Source::command_line, "", "txindex", {"1", false});
        header.settings.add(Settings::Source::file, "regtest", "listen", {"", true});
        header.settings.add(Settings::Source::command_line, "", "rpcpassword", {"secret", false});
        return header;
    }
    FlightRecorder record(uint64_t size_max = kLarge) {
        auto writer = RecordWriter::create(path_, size_max);
        EXPECT_TRUE(writer);
        return FlightRecorder(node_, std::move(*writer), header(), {effect::StopSearch{}}, log_);
    }
    std::string bytes() const {
        std::ifstream file(path_, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    void set_bytes(const std::string& bytes) const {
        std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
    }
    /// Whole steps; -1: the record is damaged.
    int count_steps(bool* cut_short = nullptr) const {
        auto reader = RecordReader::open(path_);
        if (!reader) return -1;
        int steps = 0;
        while (true) {
            auto step = reader->next();
            if (!step) return -1;
            if (!*step) break;
            ++steps;
        }
        if (cut_short != nullptr) *cut_short = reader->cut_short();
        return steps;
    }

    TemporaryDirectory directory_;
    const std::string path_ = directory_.path() + "/record";
    EchoNode node_;
    NullLog log_;
};

TEST_F(RecordTest, every_kind_of_event_is_read_as_it_was_written) {
    const auto genesis = regtest_params().genesis;
    const auto request = std::make_shared<const Request>(Request{"send", "[1]", "/wallet/w"});
    MempoolFile mempool;
    mempool.entries.push_back({genesis->transactions[0], 7, Amount{8}});
    mempool.other_deltas[Txid{}] = Amount{-9};
    const std::vector<Event> events{
        event::Connected{PeerId{1}, {"1.2.3.4", 5}, {"::1", 6}, true, 0},
        event::DialFailed{7, "refused"},
        event::Received{PeerId{1}, Bytes{1, 2, 3}},
        event::Drained{PeerId{1}},
        event::Closed{PeerId{1}, "gone"},
        event::TimerDue{},
        event::SolutionFound{8, genesis->header},
        event::SearchExhausted{9},
        request_part(10, request),
        request_part(11, request),
        event::Invoke{12, nullptr, event::ReindexStep{}},
        event::Invoke{13, nullptr, event::LoadFile{{genesis, genesis}, nullptr}},
        event::Invoke{14, nullptr, event::StopSignal{}},
        event::Invoke{15, nullptr,
                      event::LoadFile{{}, std::make_shared<const MempoolFile>(mempool)}},
    };
    {
        FlightRecorder recorder = record();
        for (const Event& each : events) recorder.handle(each, header().start);
    }
    auto reader = RecordReader::open(path_);
    ASSERT_TRUE(reader) << reader.error();
    EXPECT_EQ(reader->header().seed, 7u);
    EXPECT_TRUE(reader->header().settings.has("txindex"));
    EXPECT_FALSE(reader->header().settings.has("rpcpassword")) << "no password in the record";
    auto start = reader->next();
    ASSERT_TRUE(start && *start);
    EXPECT_FALSE((*start)->event);
    EXPECT_EQ((*start)->effects, mark({effect::StopSearch{}}));
    EventEncoder before;
    EventEncoder after;
    std::shared_ptr<const Request> first_part;
    for (const Event& each : events) {
        auto step = reader->next();
        ASSERT_TRUE(step && *step) << describe(each);
        ASSERT_TRUE((*step)->event);
        EXPECT_EQ(describe(*(*step)->event), describe(each));
        Writer expected;
        before.write(expected, each);
        Writer got;
        after.write(got, *(*step)->event);
        EXPECT_EQ(got.data(), expected.data()) << describe(each);
        ASSERT_EQ((*step)->effects.size(), 1u);
        EXPECT_EQ(effect_name((*step)->effects[0].kind), "Send");
    }
    auto end = reader->next();
    ASSERT_TRUE(end);
    EXPECT_FALSE(*end);
    EXPECT_FALSE(reader->cut_short());
}

TEST_F(RecordTest, marks_differ_where_anything_in_an_effect_does) {
    const auto data = std::make_shared<const Bytes>(Bytes{1});
    const auto other = std::make_shared<const Bytes>(Bytes{2});
    const auto of = [](const Effect& effect) { return mark({effect}).at(0); };
    const Effect send = effect::Send{PeerId{1}, data, false, CommitId{3}};
    EXPECT_EQ(of(send), of(send));
    EXPECT_NE(of(send), of(effect::Send{PeerId{2}, data, false, CommitId{3}}));
    EXPECT_NE(of(send), of(effect::Send{PeerId{1}, other, false, CommitId{3}}));
    EXPECT_NE(of(send), of(effect::Send{PeerId{1}, data, true, CommitId{3}}));
    EXPECT_NE(of(send), of(effect::Send{PeerId{1}, data, false, CommitId{4}}));
    EXPECT_NE(of(effect::Persist{CommitId{1}, Durability::written}),
              of(effect::Persist{CommitId{1}, Durability::synced}));
}

TEST_F(RecordTest, record_cut_at_any_byte_ends_with_its_last_whole_step) {
    {
        FlightRecorder recorder = record();
        recorder.handle(event::TimerDue{}, header().start);
        recorder.handle(event::Received{PeerId{1}, Bytes(50)}, header().start);
    }
    const std::string whole = bytes();
    ASSERT_EQ(count_steps(), 3);
    int last = -1;
    for (size_t size = 0; size < whole.size(); ++size) {
        set_bytes(whole.substr(0, size));
        const int steps = count_steps();
        EXPECT_GE(steps, last) << size;
        EXPECT_LT(steps, 3) << size;
        last = steps;
    }
    EXPECT_EQ(last, 2);
    bool cut_short = false;
    count_steps(&cut_short);
    EXPECT_TRUE(cut_short);
}

TEST_F(RecordTest, wrong_byte_never_reads_as_the_whole_record) {
    {
        FlightRecorder recorder = record();
        recorder.handle(event::Received{PeerId{1}, Bytes(50)}, header().start);
    }
    const std::string whole = bytes();
    for (size_t at = 0; at < whole.size(); ++at) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 1);
        set_bytes(damaged);
        EXPECT_NE(count_steps(), 2) << "byte " << at;
    }
    // The last byte belongs to a checksum.
    EXPECT_EQ(count_steps(), -1);
    set_bytes("something else");
    const auto opened = RecordReader::open(path_);
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().find("is not a record of a Parley daemon"), std::string::npos);
}

TEST_F(RecordTest, existing_file_is_refused_and_a_new_one_is_private) {
    record();
    EXPECT_EQ(fs::status(path_).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    const auto again = RecordWriter::create(path_, kLarge);
    ASSERT_FALSE(again);
    EXPECT_NE(again.error().find("exists already"), std::string::npos);
}

TEST_F(RecordTest, recording_ends_at_its_bound_and_the_node_goes_on) {
    constexpr uint64_t kBound = 2'000;
    FlightRecorder recorder = record(kBound);
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(recorder.handle(event::Received{PeerId{1}, Bytes(90)}, header().start).size(),
                  1u);
    EXPECT_EQ(node_.events, 100);
    EXPECT_LE(fs::file_size(path_), kBound);
    EXPECT_GT(count_steps(), 5);
    EXPECT_LT(count_steps(), 100);
}

}  // namespace
}  // namespace parley
