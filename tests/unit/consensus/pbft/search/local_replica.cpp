#include "tests/unit/consensus/pbft/search/local_replica.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/crypto/sha256.h"
#include "base/serialize.h"
#include "tests/unit/consensus/pbft/search/replica_digest.h"

namespace parley::pbft::testing {
namespace {

// First bytes of what nodes exchange beside engine messages, which start with their version.
constexpr uint8_t kBlocksRequest = 0xF0;
constexpr uint8_t kSealedBlock = 0xF1;

}  // namespace

std::string_view to_string(Persona persona) {
    switch (persona) {
        case Persona::correct:
            return "correct";
        case Persona::equivocator:
            return "equivocator";
        case Persona::withholder:
            return "withholder";
    }
    return "unknown";
}

LocalReplica::LocalReplica(size_t validator, Persona persona, const LoneReplica::Options& options,
                           const Committee& committee)
    : validator_(validator),
      persona_(persona),
      committee_(committee),
      checker_(committee_),
      replica_(validator, with_listener(options)) {
    if (persona_ == Persona::correct) checker_.trust(validator_, validator_);
}

LoneReplica::Options LocalReplica::with_listener(LoneReplica::Options options) {
    options.listener = this;
    return options;
}

std::vector<LocalReplica::Sent> LocalReplica::receive(size_t from, const Bytes& message) {
    if (message.at(0) == kBlocksRequest) {
        Reader reader(ByteSpan(message).subspan(1));
        for (size_t height = reader.le<uint64_t>(); height < blocks_.size(); ++height) {
            const auto& [block, seal] = blocks_[height];
            Writer writer;
            writer.u8(kSealedBlock).le(uint64_t{height}).var_bytes(seal).bytes(block->serialize());
            sent_.push_back({from, writer.take()});
        }
    } else if (message.at(0) == kSealedBlock) {
        Reader reader(ByteSpan(message).subspan(1));
        if (reader.le<uint64_t>() == replica_.height()) {
            const Bytes seal = to_bytes(reader.var_bytes());
            const auto block = std::make_shared<const Block>(read_block(reader));
            CHECK(reader.done());
            replica_.append(block, seal);
        }
    } else {
        if (held_) show_certificate(message);
        replica_.receive(from, message);
    }
    return std::exchange(sent_, {});
}

std::vector<LocalReplica::Sent> LocalReplica::fire_timer() {
    replica_.fire_timer();
    return std::exchange(sent_, {});
}

std::vector<LocalReplica::Sent> LocalReplica::restart() {
    replica_.restart_at(replica_.height());
    return std::exchange(sent_, {});
}

std::string LocalReplica::describe(const Bytes& message) {
    constexpr std::array<std::string_view, 9> kNames{"?",      "pre-prepare", "prepare",
                                                     "commit", "view-change", "new-view",
                                                     "status", "fetch",       "block"};
    if (message.at(0) == kBlocksRequest) return "request for blocks";
    if (message.at(0) == kSealedBlock) return "sealed block";
    std::string text(kNames[std::min<size_t>(message.at(1), 8)]);
    // View, height, digest, validator: see messages.h.
    if (message.at(1) <= 3) {
        Reader reader(ByteSpan(message).subspan(6));
        const auto view = reader.le<View>();
        const auto height = reader.le<Sequence>();
        const Hash256 digest = reader.hash();
        text += fmt::format(" of {} (view {}, height {}, block {})", reader.le<ValidatorIndex>(),
                            view, height, digest.to_string().substr(0, 6));
    }
    return text;
}

std::vector<BlockHash> LocalReplica::chain() const {
    std::vector<BlockHash> result;
    for (const auto& [block, seal] : blocks_) result.push_back(block->header.hash());
    return result;
}

Hash256 LocalReplica::digest() const {
    Writer writer;
    writer.hash(digest_of(replica_.replica(), replica_.storage(), replica_.now()));
    for (const auto& [block, seal] : blocks_) writer.hash(block->header.hash()).var_bytes(seal);
    for (const auto& [type, view, height, digest] : said_)
        writer.u8(static_cast<uint8_t>(type)).le(view).le(height).hash(digest);
    for (const auto& [block, other] : instead_) writer.hash(block).hash(other);
    if (held_) write_prepared(writer, *held_);
    writer.le(shown_);
    return sha256(writer.data());
}

std::string LocalReplica::problem() const {
    return checker_.violations().empty() ? "" : checker_.violations().front();
}

void LocalReplica::on_message(size_t to, const Bytes& message) {
    checker_.on_message(validator_, message);
    const auto instead = falsify(to, message);
    if (instead) sent_.push_back({to, *instead});
}

void LocalReplica::on_catch_up(size_t from) {
    Writer writer;
    writer.u8(kBlocksRequest).le(uint64_t{replica_.height()});
    sent_.push_back({from, writer.take()});
}

void LocalReplica::on_block(const BlockRef& block, const Bytes& seal) {
    blocks_.emplace_back(block, seal);
}

void LocalReplica::note(const Message& message) {
    if (const auto* vote = std::get_if<Vote>(&message)) {
        if (vote->validator == validator_)
            said_.emplace(vote->type, vote->view, vote->height, vote->digest);
    } else if (const auto* first = std::get_if<PrePrepare>(&message)) {
        if (first->vote.validator == validator_)
            said_.emplace(first->vote.type, first->vote.view, first->vote.height,
                          first->vote.digest);
    } else if (const auto* change = std::get_if<ViewChange>(&message)) {
        if (change->validator == validator_)
            said_.emplace(MessageType::view_change, change->view, change->final_point.height,
                          content_digest(*change));
    } else if (const auto* start = std::get_if<NewView>(&message)) {
        if (start->validator == validator_)
            said_.emplace(MessageType::new_view, start->view, 0, content_digest(*start));
    }
}

std::optional<Bytes> LocalReplica::falsify(size_t to, const Bytes& message) {
    const auto decoded = decode_message(message, committee_.network());
    CHECK(decoded);
    note(*decoded);
    switch (persona_) {
        case Persona::correct:
            return message;
        case Persona::equivocator:
            return equivocate(to, message, *decoded);
        case Persona::withholder:
            return withhold(message, *decoded);
    }
    return std::nullopt;
}

std::optional<Bytes> LocalReplica::equivocate(size_t to, const Bytes& message,
                                              const Message& decoded) {
    if (to % 2 == 0) return message;
    if (const auto* first = std::get_if<PrePrepare>(&decoded);
        first != nullptr && first->vote.validator == validator_ && !first->block.empty()) {
        Reader reader(first->block);
        Block block = read_block(reader);
        ++block.header.time;
        instead_[first->vote.digest] = block.header.hash();
        return committee_.pre_prepare_message(first->vote.view, first->vote.height, block,
                                              validator_);
    }
    const auto* vote = std::get_if<Vote>(&decoded);
    if (vote == nullptr || vote->validator != validator_) return message;
    const auto other = instead_.find(vote->digest);
    if (other == instead_.end()) return message;
    return committee_.vote_message(vote->type, vote->view, vote->height, other->second, validator_);
}

std::optional<Bytes> LocalReplica::withhold(const Bytes& message, const Message& decoded) {
    if (!std::holds_alternative<ViewChange>(decoded) && !std::holds_alternative<Status>(decoded) &&
        !std::holds_alternative<Fetch>(decoded))
        return std::nullopt;
    const auto* change = std::get_if<ViewChange>(&decoded);
    if (change == nullptr || change->validator != validator_) return message;
    if (change->prepared && (!held_ || held_->height != change->prepared->height))
        held_ = change->prepared;
    return encode_view_change(committee_.make_view_change(
                                  change->view, validator_, change->final_point,
                                  shows(change->view, change->final_point) ? held_ : std::nullopt),
                              committee_.network());
}

bool LocalReplica::shows(View view, const FinalPoint& point) const {
    return held_ && held_->height == point.height + 1 && view >= held_->view + 2;
}

// Others must not make a new-view before they have the certificate.
void LocalReplica::show_certificate(const Bytes& message) {
    const auto decoded = decode_message(message, committee_.network());
    if (!decoded || !std::holds_alternative<ViewChange>(*decoded)) return;
    const auto& change = std::get<ViewChange>(*decoded);
    if (change.view <= shown_ || !shows(change.view, change.final_point)) return;
    shown_ = change.view;
    const Bytes own = encode_view_change(
        committee_.make_view_change(change.view, validator_, change.final_point, held_),
        committee_.network());
    for (size_t other = 0; other < committee_.validators(); ++other) {
        if (other != validator_) sent_.push_back({other, own});
    }
}

}  // namespace parley::pbft::testing
