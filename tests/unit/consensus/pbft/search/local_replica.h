// LocalReplica: one replica of the search (explorer.h): a LoneReplica that gets ahead of nothing by
// itself. It takes one input at a time and returns what it sends. As long as the chain is below the
// target height, one transaction waits. Beside engine messages it exchanges final blocks with its
// peers, as nodes do: the engine's CatchUp becomes a request, and the answer is blocks with seals.
//
// A Byzantine one runs the same engine and falsifies what it sends, by its persona.
//
// For tests.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/hash256.h"
#include "tests/unit/consensus/pbft/lone_replica.h"
#include "tests/unit/consensus/pbft/vote_checker.h"

namespace parley::pbft::testing {

enum class Persona : uint8_t {
    correct,
    /// As the primary it proposes one block to validators of even number and another one to the
    /// rest, and votes for both.
    equivocator,
    /// Sends no proposals, votes, new-views or blocks, and shows the certificate of the block that
    /// it prepared first two or more views later, as soon as anybody asks for such a view.
    withholder,
};
std::string_view to_string(Persona persona);

class LocalReplica final : private LoneReplica::Listener {
 public:
    struct Sent {
        size_t to = 0;
        Bytes message;
    };

    /// Borrows the committee.
    LocalReplica(size_t validator, Persona persona, const LoneReplica::Options& options,
                 const Committee& committee);

    /// What it sends at the start.
    std::vector<Sent> take_first() { return std::exchange(sent_, {}); }

    // Each of these returns what the replica sends because of it.

    std::vector<Sent> receive(size_t from, const Bytes& message);
    std::vector<Sent> fire_timer();
    /// Its process ends, and starts again with its record and its chain.
    std::vector<Sent> restart();

    /// A message in words.
    static std::string describe(const Bytes& message);

    void wait(Duration duration) { replica_.pause(duration); }
    const LoneReplica& replica() const { return replica_; }
    std::vector<BlockHash> chain() const;
    /// Equal: equal inputs give equal outputs from now on, and may contradict the same statements.
    Hash256 digest() const;
    /// What no correct replica does; empty: nothing.
    std::string problem() const;

 private:
    void on_message(size_t to, const Bytes& message) override;
    void on_catch_up(size_t from) override;
    void on_block(const BlockRef& block, const Bytes& seal) override;

    LoneReplica::Options with_listener(LoneReplica::Options options);
    void note(const Message& message);
    std::optional<Bytes> falsify(size_t to, const Bytes& message);
    std::optional<Bytes> equivocate(size_t to, const Bytes& message, const Message& decoded);
    std::optional<Bytes> withhold(const Bytes& message, const Message& decoded);
    /// Whether a withholder shows its certificate in a view-change to this view.
    bool shows(View view, const FinalPoint& point) const;
    void show_certificate(const Bytes& message);

    const size_t validator_;
    const Persona persona_;
    std::vector<Sent> sent_;
    std::vector<std::pair<BlockRef, Bytes>> blocks_;  ///< with their seals; the first has height 1
    /// What it has signed.
    std::set<std::tuple<MessageType, View, Sequence, Hash256>> said_;
    std::map<BlockHash, BlockHash> instead_;   ///< of an equivocator
    std::optional<PreparedCertificate> held_;  ///< of a withholder
    View shown_ = 0;                           ///< the last view in which it was shown
    const Committee& committee_;
    VoteChecker checker_;
    LoneReplica replica_;  ///< last: it speaks while it is made
};

}  // namespace parley::pbft::testing
