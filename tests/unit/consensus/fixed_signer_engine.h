// FixedSigner: the smallest engine that can be thought of. One key signs each block, and its
// signature is the seal. A test of the seam: it is added without a change outside tests/. It is not
// fit for use, because the signer can sign two blocks of one height. Core thread only.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "base/crypto/keys.h"
#include "base/serialize.h"
#include "chain/primitives/compact_target.h"
#include "consensus/engine_factory.h"

namespace parley {

class FixedSigner final : public Engine {
 public:
    /// With `key`, this node is the signer.
    FixedSigner(const PublicKey& signer, std::optional<SecretKey> key, const ChainParams& params)
        : signer_(signer), key_(std::move(key)), bits_(compact_from_target(params.pow_limit)) {}

    Expected<std::optional<Score>, HeaderError> verify_header(
        const BlockHeader& header, const BlockHash& hash, ByteSpan seal,
        const HeaderNode& parent) const override {
        if (header.bits != bits_) return Unexpected(HeaderError{"bad-diffbits", "not the limit"});
        if (seal.empty()) return std::optional<Score>{};
        std::array<uint8_t, 64> signature{};
        if (seal.size() != signature.size())
            return Unexpected(HeaderError{"bad-seal", "not a signature"});
        std::ranges::copy(seal, signature.begin());
        if (!verify_compact(signer_, hash, signature))
            return Unexpected(HeaderError{"bad-seal", "not the signer's"});
        if (!parent.score) return std::optional<Score>{};
        return std::optional<Score>{*parent.score + 1};
    }
    Score genesis_score(const BlockHeader&) const override { return Score{0}; }
    uint32_t next_bits(const HeaderNode&, int64_t) const override { return bits_; }

    std::string name() const override { return "signer"; }
    Finality finality() const override { return Finality::absolute; }
    EngineReport::Object report() const override {
        return {
            {"role", key_ ? "signer" : "follower"}, {"waiting", waiting_}, {"building", building_}};
    }
    std::optional<TimePoint> next_deadline() const override { return std::nullopt; }

    EngineOutputs handle(const EngineInput& input, TimePoint now) override {
        EngineOutputs outputs;
        if (const auto* started = std::get_if<engine_input::Started>(&input)) {
            tip_ = started->tip;
        } else if (const auto* changed = std::get_if<engine_input::TipChanged>(&input)) {
            tip_ = changed->tip;
            building_ = false;
            outputs.push_back(engine_output::Finalize{tip_->hash});
        } else if (const auto* demand = std::get_if<engine_input::DemandChanged>(&input)) {
            waiting_ = demand->demand.transactions;
        } else if (const auto* built = std::get_if<engine_input::ProposalBuilt>(&input)) {
            if (built->block == nullptr || built->parent != tip_->hash) {
                building_ = false;
                return outputs;
            }
            const auto seal = key_->sign_compact(built->block->header.hash());
            outputs.push_back(
                engine_output::Publish{built->block, Bytes(seal.begin(), seal.end())});
        } else if (const auto* message = std::get_if<engine_input::PeerMessage>(&input)) {
            outputs.push_back(engine_output::Blame{message->from, "this engine has no messages"});
        }
        if (key_ && waiting_ > 0 && !building_) {
            building_ = true;
            outputs.push_back(
                engine_output::BuildProposal{tip_->hash, to_unix_seconds(now), false});
        }
        return outputs;
    }

 private:
    const PublicKey signer_;
    const std::optional<SecretKey> key_;
    const uint32_t bits_;
    const HeaderNode* tip_ = nullptr;
    size_t waiting_ = 0;
    bool building_ = false;  ///< until the tip changes
};

inline EngineChoice fixed_signer_choice(const PublicKey& signer,
                                        std::optional<SecretKey> key = std::nullopt) {
    EngineChoice choice;
    choice.name = "signer";
    choice.sealed_blocks = true;
    choice.problem = [](const EngineSurroundings&) { return std::optional<std::string>{}; };
    choice.make = [signer, key](const EngineHost& host) {
        return Expected<std::unique_ptr<Engine>, std::string>{
            std::make_unique<FixedSigner>(signer, key, host.params)};
    };
    return choice;
}

}  // namespace parley
