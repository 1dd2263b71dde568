// SignalThread: stops the loop when the process gets a signal. All threads block the signals, and
// this thread waits for them, so that no handler interrupts other code. Create it before any other
// thread, which inherits the mask.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <thread>

#include "node/daemon/workers/core_loop.h"
#include "node/node.h"

namespace parley {

class SignalThread {
 public:
    explicit SignalThread(CoreLoop& loop) {
        sigset_t set;
        ::sigemptyset(&set);
        for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) ::sigaddset(&set, number);
        ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
        ::signal(SIGPIPE, SIG_IGN);
        thread_ = std::thread([&loop, set] {
            ::pthread_setname_np(::pthread_self(), "signal");
            int number = 0;
            while (::sigwait(&set, &number) == 0 && number != SIGUSR1) {
                // In bitcoind, SIGHUP reopens the log; here it has no effect.
                if (number == SIGHUP) continue;
                if (!loop.call(event::StopSignal{}, [](Node& node) { node.stop(); }))
                    loop.request_stop();
            }
        });
    }
    ~SignalThread() {
        ::pthread_kill(thread_.native_handle(), SIGUSR1);
        thread_.join();
    }
    SignalThread(const SignalThread&) = delete;
    SignalThread& operator=(const SignalThread&) = delete;

 private:
    std::thread thread_;
};

}  // namespace parley
