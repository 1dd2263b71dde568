// Formats: what is encoded decodes to the same, what is cut or altered does not crash anything, and
// no two encodings of one message exist.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "consensus/engine.h"
#include "consensus/pbft/messages/messages.h"
#include "tests/unit/seed.h"

namespace parley::pbft {
namespace {

constexpr NetworkTag kNetwork{1, 2, 3, 4};

class Sample {
 public:
    explicit Sample(uint64_t seed) : random_(seed) {}

    Vote vote(MessageType type) {
        Vote vote{type, random_.next(), random_.next(), hash(), index(), signature()};
        return vote;
    }
    PreparedCertificate prepared() {
        PreparedCertificate result{random_.next(), random_.next(), hash(), signature(), {}};
        for (uint64_t i = random_.uniform(kValidatorsMax + 1); i > 0; --i)
            result.prepares.push_back(Endorsement{index(), signature()});
        return result;
    }
    CommitCertificate commits() {
        CommitCertificate result{random_.next(), {}};
        for (uint64_t i = random_.uniform(kValidatorsMax + 1); i > 0; --i)
            result.commits.push_back(Endorsement{index(), signature()});
        return result;
    }
    FinalPoint final_point() { return FinalPoint{random_.next(), hash(), encode_seal(commits())}; }
    ViewChange view_change() {
        ViewChange result{random_.next(), index(), final_point(), {}, signature()};
        if (random_.uniform(2) == 0) result.prepared = prepared();
        return result;
    }
    NewView new_view() {
        NewView result{random_.next(), index(), {}, {}, signature()};
        for (uint64_t i = random_.uniform(8); i > 0; --i)
            result.view_changes.push_back(view_change());
        if (random_.uniform(2) == 0)
            result.reproposal = Reproposal{random_.next(), hash(), signature()};
        return result;
    }
    Status status() {
        Status result{random_.next(),
                      random_.uniform(2) == 0,
                      random_.uniform(2) == 0,
                      final_point(),
                      hash(),
                      bytes(random_.uniform(14)),
                      bytes(random_.uniform(14)),
                      bytes(random_.uniform(14))};
        return result;
    }
    Bytes bytes(size_t size) {
        Bytes result(size);
        random_.fill(result);
        return result;
    }
    BlockHash hash() {
        BlockHash result;
        random_.fill(result.bytes());
        return result;
    }
    Random& random() { return random_; }

 private:
    ValidatorIndex index() { return static_cast<ValidatorIndex>(random_.next()); }
    Signature signature() {
        Signature result;
        random_.fill(result);
        return result;
    }

    SeededRandom random_;
};

template <class T>
T decoded(const Bytes& bytes) {
    auto message = decode_message(bytes, kNetwork);
    EXPECT_TRUE(message);
    EXPECT_TRUE(message && std::holds_alternative<T>(*message));
    return message && std::holds_alternative<T>(*message) ? std::get<T>(*message) : T{};
}

TEST(Messages, encoded_and_decoded_are_equal) {
    Sample sample(test_seed());
    for (int i = 0; i < 50; ++i) {
        for (const auto type : {MessageType::prepare, MessageType::commit}) {
            const Vote vote = sample.vote(type);
            EXPECT_EQ(decoded<Vote>(encode_vote(vote, kNetwork)), vote);
        }
        const Vote vote = sample.vote(MessageType::pre_prepare);
        const Bytes block = sample.bytes(sample.random().uniform(1000));
        const Bytes encoded = encode_pre_prepare(vote, block, kNetwork);
        const auto pre_prepare = decoded<PrePrepare>(encoded);
        EXPECT_EQ(pre_prepare.vote, vote);
        EXPECT_EQ(to_bytes(pre_prepare.block), block);
        const ViewChange view_change = sample.view_change();
        EXPECT_EQ(decoded<ViewChange>(encode_view_change(view_change, kNetwork)), view_change);
        const NewView new_view = sample.new_view();
        EXPECT_EQ(decoded<NewView>(encode_new_view(new_view, kNetwork)), new_view);
        const Status status = sample.status();
        EXPECT_EQ(decoded<Status>(encode_status(status, kNetwork)), status);
        const BlockHash digest = sample.hash();
        EXPECT_EQ(decoded<Fetch>(encode_fetch(Fetch{digest}, kNetwork)).digest, digest);
        const Bytes body = encode_body(block, kNetwork);
        EXPECT_EQ(to_bytes(decoded<Body>(body).block), block);
        const CommitCertificate commits = sample.commits();
        EXPECT_EQ(decode_seal(encode_seal(commits)), commits);
    }
}

TEST(Messages, first_bytes_are_version_type_and_network) {
    Sample sample(1);
    const Bytes bytes = encode_vote(sample.vote(MessageType::commit), kNetwork);
    EXPECT_EQ(to_hex(ByteSpan(bytes).first(6)), "010301020304");
    EXPECT_EQ(bytes.size(), 6U + 8 + 8 + 32 + 2 + 64);
}

TEST(Messages, every_cut_and_every_tail_is_refused) {
    Sample sample(2);
    ViewChange view_change = sample.view_change();
    view_change.prepared = sample.prepared();
    NewView new_view = sample.new_view();
    new_view.view_changes = {view_change};
    for (const Bytes& bytes :
         {encode_vote(sample.vote(MessageType::prepare), kNetwork),
          encode_view_change(view_change, kNetwork), encode_new_view(new_view, kNetwork),
          encode_status(sample.status(), kNetwork), encode_fetch(Fetch{}, kNetwork)}) {
        for (size_t size = 0; size < bytes.size(); ++size)
            EXPECT_FALSE(decode_message(ByteSpan(bytes).first(size), kNetwork)) << size;
        Bytes longer = bytes;
        longer.push_back(0);
        EXPECT_FALSE(decode_message(longer, kNetwork));
    }
}

TEST(Messages, header_errors_are_named) {
    Sample sample(3);
    const Bytes good = encode_vote(sample.vote(MessageType::prepare), kNetwork);
    const auto error_with = [&](size_t position, uint8_t value) {
        Bytes bytes = good;
        bytes[position] = value;
        return decode_message(bytes, kNetwork).error();
    };
    EXPECT_EQ(error_with(0, 2), DecodeError::version);
    EXPECT_EQ(error_with(1, 0), DecodeError::type);
    EXPECT_EQ(error_with(1, 9), DecodeError::type);
    EXPECT_EQ(error_with(2, 9), DecodeError::network);
    EXPECT_EQ(decode_message({}, kNetwork).error(), DecodeError::malformed);
    EXPECT_EQ(decode_message(Bytes(kEngineMessageSizeMax + 1), kNetwork).error(),
              DecodeError::too_large);
}

TEST(Messages, counts_beyond_a_validator_set_are_refused) {
    Sample sample(4);
    CommitCertificate commits = sample.commits();
    commits.commits.assign(kValidatorsMax, Endorsement{});
    EXPECT_TRUE(decode_seal(encode_seal(commits)));
    commits.commits.push_back(Endorsement{});
    EXPECT_FALSE(decode_seal(encode_seal(commits)));
    NewView new_view = sample.new_view();
    ViewChange small = sample.view_change();
    small.prepared.reset();
    new_view.view_changes.assign(kValidatorsMax, small);
    EXPECT_TRUE(decode_message(encode_new_view(new_view, kNetwork), kNetwork));
    new_view.view_changes.push_back(small);
    EXPECT_FALSE(decode_message(encode_new_view(new_view, kNetwork), kNetwork));
    Status status = sample.status();
    status.commits.assign(14, 0);
    EXPECT_FALSE(decode_message(encode_status(status, kNetwork), kNetwork));
}

TEST(Messages, altered_bytes_never_crash_and_decode_to_one_encoding_only) {
    Sample sample(test_seed());
    NewView new_view = sample.new_view();
    new_view.view_changes.resize(2);
    for (int i = 0; i < 20'000; ++i) {
        Bytes bytes;
        switch (sample.random().uniform(4)) {
            case 0:
                bytes = encode_view_change(sample.view_change(), kNetwork);
                break;
            case 1:
                bytes = encode_status(sample.status(), kNetwork);
                break;
            case 2:
                bytes = encode_new_view(new_view, kNetwork);
                break;
            default:
                bytes = sample.bytes(sample.random().uniform(200));
        }
        if (bytes.empty()) continue;
        for (uint64_t changes = 1 + sample.random().uniform(3); changes > 0; --changes)
            bytes[sample.random().uniform(bytes.size())] =
                static_cast<uint8_t>(sample.random().next());
        const auto message = decode_message(bytes, kNetwork);
        if (!message) continue;
        if (const auto* change = std::get_if<ViewChange>(&*message)) {
            EXPECT_EQ(encode_view_change(*change, kNetwork), bytes);
        }
        if (const auto* view = std::get_if<NewView>(&*message)) {
            EXPECT_EQ(encode_new_view(*view, kNetwork), bytes);
        }
        if (const auto* status = std::get_if<Status>(&*message)) {
            EXPECT_EQ(encode_status(*status, kNetwork), bytes);
        }
    }
}

}  // namespace
}  // namespace parley::pbft
