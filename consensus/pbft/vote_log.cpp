#include "consensus/pbft/vote_log.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/crypto/sha256.h"
#include "consensus/engine.h"

namespace parley::pbft {
namespace {

constexpr uint8_t kRecordVersion = 2;
// Without the byte that says whether there is a new-view: there is one in each view but 0.
constexpr uint8_t kRecordVersionOld = 1;
constexpr size_t kChecksumSize = Hash256::kSize;

Bytes key_of(char kind) {
    return {kEngineKeyPrefix, static_cast<uint8_t>(kind)};
}

Bytes body_key(const BlockHash& digest) {
    Bytes key = key_of('b');
    append(key, digest.span());
    return key;
}

Bytes with_checksum(Bytes payload) {
    append(payload, sha256(payload).span());
    return payload;
}

// Empty: too short, or the checksum does not match.
std::optional<ByteSpan> without_checksum(ByteSpan record) {
    if (record.size() < kChecksumSize) return std::nullopt;
    const ByteSpan payload = record.first(record.size() - kChecksumSize);
    const Hash256 expected = sha256(payload);
    const ByteSpan checksum = record.last(kChecksumSize);
    if (!std::equal(checksum.begin(), checksum.end(), expected.data())) return std::nullopt;
    return payload;
}

template <class T, class Write>
void write_optional(Writer& writer, const std::optional<T>& value, Write write) {
    writer.u8(value ? 1 : 0);
    if (value) write(*value);
}

template <class T, class Read>
void read_optional(Reader& reader, std::optional<T>& value, Read read) {
    const uint8_t present = reader.u8();
    if (present > 1) reader.fail();
    if (present == 1) value = read();
}

// Messages are kept in the form in which they are sent.
template <class T>
std::optional<T> decode_as(ByteSpan bytes, const NetworkTag& network) {
    auto message = decode_message(bytes, network);
    if (!message || !std::holds_alternative<T>(*message)) return std::nullopt;
    return std::get<T>(std::move(*message));
}

}  // namespace

Sequence VoteState::vote_floor() const {
    Sequence floor = 0;
    for (const auto* vote : {&accepted, &prepare, &commit}) {
        if (*vote) floor = std::max(floor, (*vote)->height);
    }
    return floor;
}

bool VoteState::bound_at(Sequence height) const {
    return vote_floor() >= height || (view_change && view_change->final_point.height + 1 >= height);
}

VoteLog::VoteLog(ValidatorIndex self, std::optional<SecretKey> key,
                 const Authenticator& authenticator)
    : self_(self), key_(std::move(key)), authenticator_(&authenticator) {}

Expected<VoteLog, std::string> VoteLog::load(const Storage& storage, ValidatorIndex self,
                                             std::optional<SecretKey> key,
                                             const Authenticator& authenticator) {
    VoteLog log(self, std::move(key), authenticator);
    std::optional<std::string> problem;
    bool has_new_view = false;
    // The state first, because it identifies the owner of the record.
    const auto found_state = storage.get(key_of('s'));
    if (!found_state) return Unexpected(found_state.error().message);
    if (*found_state) {
        const auto payload = without_checksum(**found_state);
        problem = payload ? log.read_state(*payload, has_new_view) : "its main record is damaged";
    }
    bool found_other = false;
    const auto visit = [&](ByteSpan key, ByteSpan value) {
        const auto payload = without_checksum(value);
        if (key.size() == 2 && key[1] == 's') return true;
        if (!payload || key.size() < 2) {
            problem = fmt::format("its record {} is damaged", to_hex(key));
        } else if (key[1] == 'n' && key.size() == 2) {
            found_other = true;
            log.state.new_view = decode_as<NewView>(*payload, authenticator.network());
            if (!log.state.new_view) problem = "its new-view record cannot be decoded";
        } else if (key[1] == 'b') {
            found_other = true;
            Reader reader(*payload);
            auto block = std::make_shared<Block>(read_block(reader));
            const BlockHash digest = block->header.hash();
            if (!reader.done() || body_key(digest) != to_bytes(key))
                problem = "its record of a prepared block cannot be decoded";
            log.restored_[digest] = std::move(block);
            log.stored_.insert(digest);
        } else {
            problem = fmt::format("it contains an unknown record {}", to_hex(key));
        }
        return !problem;
    };
    const Bytes prefix{kEngineKeyPrefix};
    if (!problem) {
        if (auto scanned = storage.scan(prefix, visit); !scanned)
            return Unexpected(scanned.error().message);
    }
    if (!problem && !*found_state && found_other) problem = "its main record is missing";
    VoteState& state = log.state;
    if (!problem && state.prepared && !log.restored_.contains(state.prepared->digest))
        problem = "the block that it prepared is missing";
    if (!problem && has_new_view && (!state.new_view || state.new_view->view != state.view))
        problem = "the new-view of its view is missing";
    if (problem)
        return Unexpected(fmt::format(
            "the vote record cannot be used: {}. This replica does not know what it signed, so it "
            "must not vote. Do not move the record or the data directory away: that would lose the "
            "promise not to vote twice. Restore the latest state of this directory, with its "
            "record, from this very validator, or retire the key and follow the chain without "
            "-pbftkey",
            *problem));
    log.found_ = found_state->has_value();
    if (state.new_view) log.stored_new_view_ = state.new_view->view;
    if (!has_new_view) state.new_view.reset();
    return log;
}

std::optional<std::string> VoteLog::read_state(ByteSpan record, bool& has_new_view) {
    Reader reader(record);
    const uint8_t version = reader.u8();
    if (version != kRecordVersion && version != kRecordVersionOld)
        return "it was written by another version";
    const ByteSpan network = reader.bytes(authenticator_->network().size());
    const Hash256 validators = reader.hash();
    const auto self = reader.le<ValidatorIndex>();
    if (!reader.ok()) return "its main record cannot be decoded";
    if (!std::equal(network.begin(), network.end(), authenticator_->network().begin()) ||
        validators != authenticator_->validators().id())
        return "it belongs to another chain or validator set";
    if (self != self_) return fmt::format("it is validator {}'s, this is {}", self, self_);

    state.view = reader.le<View>();
    state.active = reader.u8() == 1;
    has_new_view = version == kRecordVersionOld ? state.active && state.view > 0 : reader.u8() == 1;
    const auto vote = [&](MessageType type) {
        return [&reader, type] { return read_vote(reader, type); };
    };
    read_optional(reader, state.accepted, vote(MessageType::pre_prepare));
    read_optional(reader, state.prepare, vote(MessageType::prepare));
    read_optional(reader, state.commit, vote(MessageType::commit));
    read_optional(reader, state.prepared, [&] { return read_prepared(reader); });
    std::optional<Bytes> view_change;
    read_optional(reader, view_change, [&] { return to_bytes(reader.var_bytes()); });
    if (!reader.done() || state.view >= kViewMax) return "its main record cannot be decoded";
    if (view_change) {
        state.view_change = decode_as<ViewChange>(*view_change, authenticator_->network());
        if (!state.view_change) return "its view-change record cannot be decoded";
    }
    if (state.active == state.view_change.has_value() || (has_new_view && !state.active))
        return "its main record contradicts itself";
    for (const auto* mine : {&state.prepare, &state.commit}) {
        if (*mine && ((*mine)->validator != self_ || !authenticator_->verify(**mine)))
            return "it contains a vote of another validator";
    }
    return std::nullopt;
}

Signature VoteLog::sign(const Hash256& message) {
    CHECK(key_ && !halted_);
    unrecorded_ = true;
    return key_->sign_compact(message);
}

bool VoteLog::halt(std::string_view what, Sequence height) {
    if (halted_) return false;
    halted_ = fmt::format(
        "The key of validator {} has signed {} for height {} that this process did not sign: "
        "another process votes with the same key, or this validator's record is an old copy or was "
        "lost. This node has stopped voting and follows the chain. Make sure that only one process "
        "has the key, then restart it.",
        self_, what, height);
    return true;
}

Recorded VoteLog::record(const Bodies& bodies, Sequence final_height, Step& step) {
    step.emit<engine_output::Record>(save(bodies, final_height));
    unrecorded_ = false;
    return {};
}

Recorded VoteLog::recorded() const {
    CHECK(!unrecorded_);
    return {};
}

WriteBatch VoteLog::save(const Bodies& bodies, Sequence final_height) {
    if (state.prepared && state.prepared->height <= final_height) state.prepared.reset();
    Writer writer(1024);
    writer.u8(kRecordVersion)
        .bytes(authenticator_->network())
        .hash(authenticator_->validators().id())
        .le(self_)
        .le(state.view)
        .u8(state.active ? 1 : 0)
        .u8(state.new_view ? 1 : 0);
    const auto put_vote = [&](const Vote& vote) { write_vote(writer, vote); };
    write_optional(writer, state.accepted, put_vote);
    write_optional(writer, state.prepare, put_vote);
    write_optional(writer, state.commit, put_vote);
    write_optional(writer, state.prepared,
                   [&](const PreparedCertificate& prepared) { write_prepared(writer, prepared); });
    write_optional(writer, state.view_change, [&](const ViewChange& view_change) {
        writer.var_bytes(encode_view_change(view_change, authenticator_->network()));
    });
    WriteBatch batch;
    batch.put(key_of('s'), with_checksum(writer.take()));
    if (state.new_view && stored_new_view_ != state.new_view->view) {
        batch.put(key_of('n'),
                  with_checksum(encode_new_view(*state.new_view, authenticator_->network())));
        stored_new_view_ = state.new_view->view;
    } else if (!state.new_view && stored_new_view_) {
        batch.erase(key_of('n'));
        stored_new_view_.reset();
    }

    std::set<BlockHash> needed;
    for (const auto& [digest, block] : bodies) needed.insert(digest);
    if (state.accepted && state.accepted->height > final_height)
        needed.insert(state.accepted->digest);
    if (state.prepared) needed.insert(state.prepared->digest);
    for (auto it = stored_.begin(); it != stored_.end();) {
        if (!needed.contains(*it)) {
            batch.erase(body_key(*it));
            it = stored_.erase(it);
        } else {
            ++it;
        }
    }
    for (const auto& [digest, block] : bodies) {
        if (!stored_.insert(digest).second) continue;
        batch.put(body_key(digest), with_checksum(block->serialize()));
    }
    return batch;
}

}  // namespace parley::pbft
