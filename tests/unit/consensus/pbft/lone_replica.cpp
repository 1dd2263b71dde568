#include "tests/unit/consensus/pbft/lone_replica.h"

#include <algorithm>

#include "base/check.h"
#include "base/serialize.h"
#include "chain/rules/retarget.h"

namespace parley::pbft::testing {
namespace {

PeerId peer_of(size_t number) {
    return PeerId{number + 1};
}

size_t validator_of(PeerId peer) {
    return static_cast<size_t>(peer.value()) - 1;
}

}  // namespace

LoneReplica::LoneReplica(size_t validator, Options options)
    : Committee(options.validators), validator_(validator), options_(options) {
    auto genesis = std::make_unique<HeaderNode>();
    genesis->header = params().genesis->header;
    genesis->hash = params().genesis_hash;
    genesis->score = Score{0};
    chain_.push_back(std::move(genesis));
    WriteBatch batch;
    for (const auto& [key, value] : options_.records) batch.put(key, value);
    storage_.commit(std::move(batch), Durability::synced);
    start();
}

void LoneReplica::start() {
    const ValidatorSet& set = authenticator().validators();
    PbftOptions chosen = engine_options(validator_);
    chosen.idle_status_period = options_.idle_status_period;
    replica_ = std::make_unique<Replica>(std::move(chosen), params(),
                                         options_.small_quorum ? set.with_small_quorum() : set,
                                         log_, options_.tuning);
    CHECK(replica_->restore(storage_));
    step(engine_input::Started{chain_.back().get()});
    for (size_t other = 0; other < validators(); ++other) {
        if (other != validator_) step(engine_input::PeerReady{peer_of(other)});
    }
    sent_.clear();
    if (options_.demand_below > height()) demand(1);
}

void LoneReplica::restart_at(size_t height) {
    chain_.resize(height + 1);
    waiting_ = 0;
    start();
}

std::string LoneReplica::problem_without_record(bool new_record) {
    PbftOptions options = engine_options(validator_);
    options.new_record = new_record;
    const MemoryStorage empty;
    const auto engine = make_pbft_engine(options, params(), empty, log_);
    CHECK(engine);
    return (*engine)->start_problem(tip()).value_or("");
}

FinalPoint LoneReplica::final_point() const {
    return {height(), tip().hash, tip().seal};
}

void LoneReplica::decide() {
    CHECK(validator_ != 0);
    const BlockRef block = make_block(++built_);
    const Sequence next = height() + 1;
    receive(0, pre_prepare_message(0, next, *block, 0));
    for (const auto type : {MessageType::prepare, MessageType::commit}) {
        for (size_t other = type == MessageType::prepare ? 1 : 0; height() < next; ++other) {
            if (other == validators()) break;
            if (other != validator_)
                receive(other, vote_message(type, 0, next, block->header.hash(), other));
        }
    }
    CHECK(height() == next);
}

void LoneReplica::run_for(Duration duration) {
    const TimePoint end = now_ + duration;
    for (auto due = replica_->next_deadline(); due && *due <= end;
         due = replica_->next_deadline()) {
        now_ = std::max(now_, *due);
        step(engine_input::TimerDue{});
    }
    now_ = end;
}

void LoneReplica::fire_timer() {
    const auto due = replica_->next_deadline();
    CHECK(due);
    now_ = std::max(now_, *due);
    step(engine_input::TimerDue{});
}

void LoneReplica::demand(size_t transactions) {
    waiting_ = transactions;
    step(engine_input::DemandChanged{Demand{waiting_}});
}

void LoneReplica::receive(size_t from, Bytes message) {
    step(engine_input::PeerMessage{peer_of(from), std::move(message)});
}

void LoneReplica::extend() {
    const BlockRef block = make_block(++built_);
    std::vector<size_t> signers;
    for (size_t i = 0; i < authenticator().validators().quorum(); ++i) signers.push_back(i);
    append(block, encode_seal(certificate(0, height() + 1, block->header.hash(), signers)));
}

void LoneReplica::step(const EngineInput& input) {
    for (EngineOutput& output : replica_->handle(input, now_)) carry_out(output);
}

void LoneReplica::carry_out(EngineOutput& output) {
    const auto count = [this](const Bytes& message) {
        ++sent_[static_cast<MessageType>(message.at(1))];
        last_sent_[static_cast<MessageType>(message.at(1))] = message;
    };
    if (const auto* send = std::get_if<engine_output::SendMessage>(&output)) {
        count(send->message);
        leave(validator_of(send->peer), send->message);
    } else if (const auto* broadcast = std::get_if<engine_output::Broadcast>(&output)) {
        count(broadcast->message);
        for (size_t other = 0; other < validators(); ++other) {
            if (other != validator_) leave(other, broadcast->message);
        }
    } else if (auto* record = std::get_if<engine_output::Record>(&output)) {
        storage_.commit(std::move(record->batch), Durability::synced);
    } else if (const auto* request = std::get_if<engine_output::BuildProposal>(&output)) {
        CHECK(request->parent == tip().hash);
        const bool possible = waiting_ > 0 || request->allow_empty;
        step(engine_input::ProposalBuilt{request->parent,
                                         possible ? build_next(request->time) : nullptr});
    } else if (const auto* check = std::get_if<engine_output::CheckProposal>(&output)) {
        const bool connects = check->block->header.previous == tip().hash &&
                              check->block->transactions[0]->inputs()[0].witness.empty();
        step(engine_input::ProposalChecked{check->block, connects ? "" : "bad-block"});
    } else if (const auto* publish = std::get_if<engine_output::Publish>(&output)) {
        append(publish->block, publish->seal);
    } else if (const auto* final_block = std::get_if<engine_output::Finalize>(&output)) {
        CHECK(tip().hash == final_block->hash);
    } else if (const auto* blame = std::get_if<engine_output::Blame>(&output)) {
        blames_.push_back(blame->reason);
    } else {
        const auto* catch_up = std::get_if<engine_output::CatchUp>(&output);
        CHECK(catch_up != nullptr);
        ++catch_ups_;
        if (options_.listener != nullptr)
            options_.listener->on_catch_up(validator_of(catch_up->peer));
    }
}

void LoneReplica::leave(size_t to, const Bytes& message) {
    if (options_.listener != nullptr) options_.listener->on_message(to, message);
}

void LoneReplica::append(const BlockRef& block, const Bytes& seal) {
    const HeaderNode& parent = tip();
    const auto score = replica_->verify_header(block->header, block->header.hash(), seal, parent);
    CHECK(score && *score && block->header.previous == parent.hash);
    auto child = std::make_unique<HeaderNode>();
    child->header = block->header;
    child->hash = block->header.hash();
    child->height = parent.height + 1;
    child->parent = &parent;
    child->score = *score;
    child->seal = seal;
    chain_.push_back(std::move(child));
    if (options_.listener != nullptr) options_.listener->on_block(block, seal);
    waiting_ = 0;
    step(engine_input::TipChanged{chain_.back().get()});
    demand(height() < options_.demand_below ? 1 : 0);
}

BlockRef LoneReplica::make_block(uint64_t salt) const {
    return build(to_unix_seconds(now_), ~salt);
}

BlockRef LoneReplica::build_next(int64_t time) {
    if (!options_.plain_blocks) return build(time, ++built_);
    return build(kStart_s + static_cast<int64_t>(height()), validator_);
}

BlockRef LoneReplica::build(int64_t time, uint64_t salt) const {
    Writer content;
    content.le(salt);
    TransactionData coinbase;
    coinbase.inputs.resize(1);
    coinbase.inputs[0].script_sig = Script{content.data()};
    coinbase.outputs.push_back(TxOutput{Amount{0}, Script{}});
    auto block = std::make_shared<Block>();
    block->transactions.push_back(make_transaction(coinbase));
    block->header.version = 4;
    block->header.previous = tip().hash;
    block->header.merkle_root = block_merkle_root(*block);
    block->header.time = static_cast<uint32_t>(std::max(time, tip().median_time_past() + 1));
    block->header.bits = compact_from_target(params().pow_limit);
    return block;
}

size_t LoneReplica::sent(MessageType type) const {
    const auto found = sent_.find(type);
    return found == sent_.end() ? 0 : found->second;
}

Bytes LoneReplica::last_sent(MessageType type) const {
    const auto found = last_sent_.find(type);
    return found == last_sent_.end() ? Bytes{} : found->second;
}

size_t LoneReplica::sent() const {
    size_t total = 0;
    for (const auto& [type, count] : sent_) total += count;
    return total;
}

}  // namespace parley::pbft::testing
