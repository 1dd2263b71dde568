// ForgetfulEngine: an engine around another one that forgets its barrier. What the inner engine
// wants recorded before its messages leave is put off until the next tip, so that a vote is out
// long before anything of it is on the disk. The negative control for crashes that lose what was
// not synced: nothing else is wrong with it. Core thread only.
#pragma once

#include <memory>
#include <utility>

#include "consensus/engine_factory.h"

namespace parley::sim {

class ForgetfulEngine final : public Engine {
 public:
    explicit ForgetfulEngine(std::unique_ptr<Engine> inner) : inner_(std::move(inner)) {}

    Expected<void, HeaderError> check_header(const BlockHeader& header,
                                             const BlockHash& hash) const override {
        return inner_->check_header(header, hash);
    }
    Expected<std::optional<Score>, HeaderError> verify_header(
        const BlockHeader& header, const BlockHash& hash, ByteSpan seal,
        const HeaderNode& parent) const override {
        return inner_->verify_header(header, hash, seal, parent);
    }
    Score genesis_score(const BlockHeader& genesis) const override {
        return inner_->genesis_score(genesis);
    }
    uint32_t next_bits(const HeaderNode& parent, int64_t time) const override {
        return inner_->next_bits(parent, time);
    }
    std::string name() const override { return inner_->name(); }
    Finality finality() const override { return inner_->finality(); }
    EngineReport::Object report() const override { return inner_->report(); }
    std::optional<TimePoint> next_deadline() const override { return inner_->next_deadline(); }

    EngineOutputs handle(const EngineInput& input, TimePoint now) override {
        EngineOutputs outputs;
        if (std::holds_alternative<engine_input::TipChanged>(input))
            outputs = std::exchange(records_, {});
        for (auto& output : inner_->handle(input, now)) {
            const bool record = std::holds_alternative<engine_output::Record>(output);
            (record ? records_ : outputs).push_back(std::move(output));
        }
        return outputs;
    }

 private:
    const std::unique_ptr<Engine> inner_;
    EngineOutputs records_;  ///< not handed to the node yet
};

inline EngineChoice forgetful(EngineChoice choice) {
    choice.make = [make = std::move(choice.make)](
                      const EngineHost& host) -> Expected<std::unique_ptr<Engine>, std::string> {
        auto inner = make(host);
        if (!inner) return Unexpected(inner.error());
        return std::unique_ptr<Engine>{std::make_unique<ForgetfulEngine>(std::move(*inner))};
    };
    return choice;
}

}  // namespace parley::sim
