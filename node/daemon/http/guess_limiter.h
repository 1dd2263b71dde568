// GuessLimiter: how fast passwords can be guessed, over all connections of a server. Each wrong
// password is answered later than the one before it, at least a delay after it came; once too many
// wait for their answer, passwords are not checked at all for a while. Right ones are answered at
// once until then. Used by HttpServer. Thread-safe.
#pragma once

#include <chrono>
#include <mutex>

namespace parley {

class GuessLimiter {
 public:
    using Clock = std::chrono::steady_clock;
    /// From a wrong password to its answer, as bitcoind has it.
    static constexpr std::chrono::milliseconds kDelay{250};
    /// Between two such answers: 25 guesses a second.
    static constexpr std::chrono::milliseconds kInterval{40};
    /// Answers to wrong passwords that wait at most. Each holds a connection; the server has 256,
    /// and some must remain for clients who know the password.
    static constexpr int kWaitingMax = 192;

    /// May a password be checked now?
    bool may_check(Clock::time_point now) const;
    /// A password was wrong: how long its answer has to wait.
    Clock::duration on_wrong(Clock::time_point now);

 private:
    mutable std::mutex mutex_;
    Clock::time_point next_{};  // guarded by mutex_: the next free time of an answer, less kDelay
};

}  // namespace parley
