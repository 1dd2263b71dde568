// The behaviours of adversary.h.
#include <algorithm>
#include <limits>

#include "base/serialize.h"
#include "mempool/block_builder.h"
#include "tests/unit/consensus/pbft/adversary.h"

namespace parley::pbft::testing {
namespace {

using Node = Cluster::Node;

/// The message if it is of this kind. What borrows from `message` must not outlive it.
template <class T>
std::optional<T> read_as(const Corrupted& self, const Bytes& message) {
    const auto decoded = decode_message(message, self.cluster().network());
    if (!decoded || !std::holds_alternative<T>(*decoded)) return std::nullopt;
    return std::get<T>(*decoded);
}

/// The block of a proposal. Empty: it has none.
std::optional<Block> block_of(const PrePrepare& proposal) {
    if (proposal.block.empty()) return std::nullopt;
    Reader reader(proposal.block);
    Block block = read_block(reader);
    if (!reader.done()) return std::nullopt;
    return block;
}

/// The block with another list of outputs of the coinbase, and `transactions` after it.
Block rebuild(const Block& block, std::vector<TxOutput> outputs, bool keep_transactions) {
    Block result = block;
    const Transaction& coinbase = *block.transactions.front();
    TransactionData data{coinbase.version(), coinbase.inputs(), std::move(outputs),
                         coinbase.locktime()};
    if (!keep_transactions) {
        result.transactions.resize(1);
        for (TxInput& input : data.inputs) input.witness = {};
    }
    result.transactions.front() = make_transaction(std::move(data));
    result.header.merkle_root = block_merkle_root(result);
    return result;
}

class Silent final : public Behaviour {
 public:
    std::string_view name() const override { return "silent"; }
    std::vector<Bytes> replace(Corrupted&, Node, const Bytes&) override { return {}; }
};

class Dead final : public Behaviour {
 public:
    std::string_view name() const override { return "dead"; }
    void act(Corrupted& self) override { self.cluster().crash(self.node()); }
};

class Equivocator final : public Behaviour {
 public:
    std::string_view name() const override { return "equivocator"; }
    std::vector<Bytes> replace(Corrupted& self, Node to, const Bytes& message) override {
        if (self.side(to) == 0) return {message};
        if (const auto proposal = read_as<PrePrepare>(self, message)) {
            if (proposal->vote.validator != self.node()) return {message};
            auto block = block_of(*proposal);
            if (!block) return {};
            ++block->header.time;
            instead_[proposal->vote.digest] = block->header.hash();
            return {self.propose(proposal->vote, *block)};
        }
        const auto vote = read_as<Vote>(self, message);
        if (!vote || vote->validator != self.node()) return {message};
        const auto found = instead_.find(vote->digest);
        if (found == instead_.end()) return {message};
        return {self.vote(vote->type, vote->view, vote->height, found->second)};
    }

 private:
    std::map<BlockHash, BlockHash> instead_;
};

class ConflictingVoter final : public Behaviour {
 public:
    std::string_view name() const override { return "conflicting_voter"; }
    std::vector<Bytes> replace(Corrupted& self, Node to, const Bytes& message) override {
        const auto vote = read_as<Vote>(self, message);
        if (!vote || vote->validator != self.node() || self.side(to, 3) == 0) return {message};
        BlockHash other = vote->digest;
        other.bytes()[7] ^= 1;
        Bytes conflicting = self.vote(vote->type, vote->view, vote->height, other);
        if (self.side(to, 3) == 1) return {std::move(conflicting)};
        return {message, std::move(conflicting)};
    }
};

class Withholder final : public Behaviour {
 public:
    std::string_view name() const override { return "withholder"; }
    std::vector<Bytes> replace(Corrupted& self, Node, const Bytes& message) override {
        if (const auto vote = read_as<Vote>(self, message)) {
            // What it keeps back changes with the height.
            const uint64_t kind = vote->height % 3;
            const bool kept = (vote->type == MessageType::prepare && kind != 1) ||
                              (vote->type == MessageType::commit && kind != 0);
            if (kept && vote->validator == self.node()) return {};
        }
        const auto change = read_as<ViewChange>(self, message);
        if (!change || change->validator != self.node() || !change->prepared) return {message};
        if (!held_ || held_->height != change->prepared->height) held_ = change->prepared;
        const bool show = change->view >= held_->view + 2;
        return {self.view_change(change->view, change->final_point, show ? held_ : std::nullopt)};
    }

 private:
    std::optional<PreparedCertificate> held_;  ///< the first one of its height
};

class Impatient final : public Behaviour {
 public:
    std::string_view name() const override { return "impatient"; }
    void act(Corrupted& self) override {
        if (self.random().uniform(4) != 0) return;
        self.send_all(
            self.view_change(self.view() + 1 + self.random().uniform(3), self.final_point()));
    }
};

class BadNewViews final : public Behaviour {
 public:
    std::string_view name() const override { return "bad_new_views"; }
    std::vector<Bytes> replace(Corrupted& self, Node to, const Bytes& message) override {
        auto start = read_as<NewView>(self, message);
        if (!start || start->validator != self.node()) return {message};
        switch (self.random().uniform(5)) {
            case 0:
                start->reproposal.reset();
                break;
            case 1: {
                BlockHash invented;
                self.random().fill(invented.bytes());
                start->reproposal = Reproposal{self.final_point().height + 1, invented, {}};
                break;
            }
            case 2:
                start->view_changes.pop_back();
                break;
            case 3:
                for (ViewChange& each : start->view_changes) {
                    if (each.validator != self.node()) continue;
                    each = self.cluster().make_view_change(start->view, self.node(),
                                                           self.cluster().genesis_point());
                    if (each.final_point == self.final_point()) each.prepared.reset();
                }
                break;
            default:
                return self.side(to) == 0 ? std::vector<Bytes>{message} : std::vector<Bytes>{};
        }
        return {self.new_view(std::move(*start))};
    }
};

class Replayer final : public Behaviour {
 public:
    std::string_view name() const override { return "replayer"; }
    std::vector<Bytes> replace(Corrupted&, Node, const Bytes& message) override {
        remember(message);
        return {message};
    }
    void overhear(Corrupted&, const Bytes& message) override { remember(message); }
    void act(Corrupted& self) override {
        for (int i = 0; i < 10 && !seen_.empty(); ++i)
            self.send_all(seen_[self.random().uniform(seen_.size())]);
    }

 private:
    void remember(const Bytes& message) {
        if (++count_ % 3 != 0) return;
        seen_.push_back(message);
        if (seen_.size() > 300) seen_.pop_front();
    }
    std::deque<Bytes> seen_;
    size_t count_ = 0;
};

class Forger final : public Behaviour {
 public:
    std::string_view name() const override { return "forger"; }
    void overhear(Corrupted& self, const Bytes& message) override {
        if (self.random().uniform(8) == 0) heard_ = message;
    }
    void act(Corrupted& self) override {
        if (self.random().uniform(4) != 0) return;
        const std::vector<Node> others = self.others();
        if (others.empty()) return;
        const Node to = others[self.random().uniform(others.size())];
        const Cluster& cluster = self.cluster();
        switch (self.random().uniform(3)) {
            case 0: {  // another's name, its own signature
                Vote vote =
                    cluster.make_vote(MessageType::commit, self.view(),
                                      self.final_point().height + 1, BlockHash{}, self.node());
                vote.validator =
                    static_cast<ValidatorIndex>((self.node() + 1) % self.cluster().validators());
                return self.send(to, encode_vote(vote, cluster.network()));
            }
            case 1: {  // a network of its own
                NetworkTag foreign = cluster.network();
                foreign[0] ^= 1;
                return self.send(to, encode_fetch(Fetch{}, foreign));
            }
            default:  // truncated and altered
                if (heard_.size() < 8) return;
                Bytes altered = heard_;
                altered[6 + self.random().uniform(altered.size() - 6)] ^= 0x10;
                if (self.random().uniform(2) == 0) altered.resize(altered.size() / 2);
                self.send(to, std::move(altered));
        }
    }

 private:
    Bytes heard_;
};

class ViewSpammer final : public Behaviour {
 public:
    std::string_view name() const override { return "view_spammer"; }
    void act(Corrupted& self) override {
        next_ = std::max(next_, self.view()) + 1;
        for (int i = 0; i < 20; ++i) self.send_all(self.view_change(next_++, self.final_point()));
    }

 private:
    View next_ = 0;
};

class Censor final : public Behaviour {
 public:
    std::string_view name() const override { return "censor"; }
    std::vector<Bytes> replace(Corrupted& self, Node, const Bytes& message) override {
        const auto proposal = read_as<PrePrepare>(self, message);
        if (!proposal || proposal->vote.validator != self.node()) return {message};
        const auto block = block_of(*proposal);
        if (!block || block->transactions.size() == 1) return {message};
        // Without fees, and without the witness commitment.
        std::vector<TxOutput> outputs{block->transactions.front()->outputs().front()};
        outputs.front().value = Amount{0};
        return {self.propose(proposal->vote, rebuild(*block, std::move(outputs), false))};
    }
};

class CensorOf final : public Behaviour {
 public:
    explicit CensorOf(std::function<bool(const Transaction&)> ignored)
        : ignored_(std::move(ignored)) {}
    std::string_view name() const override { return "censor_of"; }
    std::vector<Bytes> replace(Corrupted& self, Node, const Bytes& message) override {
        const auto proposal = read_as<PrePrepare>(self, message);
        if (!proposal || proposal->vote.validator != self.node()) return {message};
        auto block = block_of(*proposal);
        if (!block) return {message};
        const auto removed = std::erase_if(
            block->transactions, [this](const TransactionRef& each) { return ignored_(*each); });
        if (removed == 0) return {message};
        std::vector<TxOutput> outputs = block->transactions.front()->outputs();
        outputs.front().value = Amount{0};  // without the fees
        *block = rebuild(*block, std::move(outputs), true);
        refresh_commitments(*block);
        return {self.propose(proposal->vote, *block)};
    }

 private:
    const std::function<bool(const Transaction&)> ignored_;
};

class InvalidProposer final : public Behaviour {
 public:
    std::string_view name() const override { return "invalid_proposer"; }
    std::vector<Bytes> replace(Corrupted& self, Node, const Bytes& message) override {
        const auto proposal = read_as<PrePrepare>(self, message);
        if (!proposal || proposal->vote.validator != self.node()) return {message};
        auto block = block_of(*proposal);
        if (!block) return {message};
        switch (proposal->vote.view % 4) {
            case 0: {
                std::vector<TxOutput> outputs = block->transactions.front()->outputs();
                outputs.front().value = kMaxMoney;
                block = rebuild(*block, std::move(outputs), true);
                break;
            }
            case 1:
                block->header.merkle_root.bytes()[0] ^= 1;
                break;
            case 2:
                block->header.time = std::numeric_limits<uint32_t>::max();
                break;
            default:
                block->header.previous = self.cluster().params().genesis_hash;
                block->header.previous.bytes()[0] ^= 1;
        }
        return {self.propose(proposal->vote, *block)};
    }
};

class FalseChain final : public Behaviour {
 public:
    std::string_view name() const override { return "false_chain"; }
    void act(Corrupted& self) override {
        if (self.random().uniform(6) != 0) return;
        const std::vector<Node> others = self.others();
        if (others.empty()) return;
        const Node to = others[self.random().uniform(others.size())];
        const FinalPoint point = self.final_point();
        BlockHeader header = self.cluster().tip(self.node()).header;
        header.previous = point.digest;
        ++header.time;
        self.random().fill(header.merkle_root.bytes());
        const Sequence height = point.height + 1;
        const BlockHash hash = header.hash();
        // Its own commit as often as a quorum has members.
        const std::vector<size_t> signers(self.cluster().authenticator().validators().quorum(),
                                          self.node());
        const Bytes seal =
            encode_seal(self.cluster().certificate(self.view(), height, hash, signers));
        self.send(to, self.cluster().status_message(self.view(), {height, hash, seal}));
        const auto feed = [&](const auto& message) {
            Writer writer;
            message.write(writer);
            self.send(to, writer.data(), message.kCommand);
        };
        feed(message::Headers{{header}});
        feed(message::Seal{hash, seal});
    }
};

}  // namespace

BehaviourRef make_silent() {
    return std::make_unique<Silent>();
}
BehaviourRef make_dead() {
    return std::make_unique<Dead>();
}
BehaviourRef make_equivocator() {
    return std::make_unique<Equivocator>();
}
BehaviourRef make_conflicting_voter() {
    return std::make_unique<ConflictingVoter>();
}
BehaviourRef make_withholder() {
    return std::make_unique<Withholder>();
}
BehaviourRef make_impatient() {
    return std::make_unique<Impatient>();
}
BehaviourRef make_bad_new_views() {
    return std::make_unique<BadNewViews>();
}
BehaviourRef make_replayer() {
    return std::make_unique<Replayer>();
}
BehaviourRef make_forger() {
    return std::make_unique<Forger>();
}
BehaviourRef make_view_spammer() {
    return std::make_unique<ViewSpammer>();
}
BehaviourRef make_censor() {
    return std::make_unique<Censor>();
}
BehaviourRef make_censor_of(std::function<bool(const Transaction&)> ignored) {
    return std::make_unique<CensorOf>(std::move(ignored));
}
BehaviourRef make_invalid_proposer() {
    return std::make_unique<InvalidProposer>();
}
BehaviourRef make_false_chain() {
    return std::make_unique<FalseChain>();
}

std::vector<BehaviourRef> make_all_behaviours() {
    std::vector<BehaviourRef> all;
    for (const auto make :
         {make_silent, make_dead, make_equivocator, make_conflicting_voter, make_withholder,
          make_impatient, make_bad_new_views, make_replayer, make_forger, make_view_spammer,
          make_censor, make_invalid_proposer, make_false_chain})
        all.push_back(make());
    all.push_back(make_censor_of([](const Transaction& transaction) {
        return !transaction.is_coinbase() && transaction.txid().bytes()[0] % 2 == 1;
    }));
    return all;
}

}  // namespace parley::pbft::testing
