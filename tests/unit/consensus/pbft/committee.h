// Committee: the keys of a set of validators, and what they sign. For tests: with it a test speaks
// for validators that have no node, or that lie. Money comes from the same genesis block.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chain/rules/header_node.h"
#include "consensus/engine.h"
#include "consensus/pbft/messages/certificate.h"
#include "tests/unit/simulator/test_world.h"

namespace parley::pbft::testing {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Coins for all tests of a process that make so many payments or fewer; the genesis block of a
/// committee's chain has them. Every start of a node reads them all.
const sim::Purse& purse(size_t payments);
inline constexpr size_t kPaymentsUsual = 24;

class Committee {
 public:
    explicit Committee(size_t count, size_t payments = kPaymentsUsual);

    const sim::Purse& coins() const { return coins_; }
    const ChainParams& params() const { return coins_.params(); }
    size_t validators() const { return members_.size(); }
    const SecretKey& key(size_t validator) const { return members_.key(validator); }
    const Authenticator& authenticator() const { return authenticator_; }
    const NetworkTag& network() const { return authenticator_.network(); }
    /// Of the engine of this validator; empty: of a follower.
    PbftOptions engine_options(std::optional<size_t> validator) const;

    Vote make_vote(MessageType type, View view, Sequence height, const BlockHash& digest,
                   size_t validator) const;
    /// A prepare or commit as a message.
    Bytes vote_message(MessageType type, View view, Sequence height, const BlockHash& digest,
                       size_t validator) const;
    /// The proposal of a block by this validator, whoever the primary is.
    Bytes pre_prepare_message(View view, Sequence height, const Block& block,
                              size_t validator) const;
    ViewChange make_view_change(View view, size_t validator, const FinalPoint& final_point,
                                const std::optional<PreparedCertificate>& prepared = {}) const;
    FinalPoint genesis_point() const { return {0, params().genesis_hash, {}}; }
    /// What an idle validator with this last final block says of itself.
    Bytes status_message(View view, const FinalPoint& final_point) const;
    /// Commits of these validators.
    CommitCertificate certificate(View view, Sequence height, const BlockHash& digest,
                                  const std::vector<size_t>& signers) const;

 protected:
    sim::Validators& members() { return members_; }
    const sim::Validators& members() const { return members_; }

 private:
    const sim::Purse& coins_;
    sim::Validators members_;
    Authenticator authenticator_;
};

/// A field of an engine's report as the JSON text of getconsensusinfo; empty: no such field.
std::string report_field(const Engine& engine, std::string_view field);

}  // namespace parley::pbft::testing
