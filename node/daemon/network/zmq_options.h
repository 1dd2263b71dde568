// ZmqOptions: where notifications are published by ZeroMQ. Plain values.
#pragma once

#include <string>
#include <vector>

#include "base/option_rows.h"

namespace parley {

struct ZmqOptions {
    /// bitcoind's default, and libzmq's.
    static constexpr int kHighWaterMark = 1000;

    // -zmqpub<topic>: endpoints of libzmq ("tcp://127.0.0.1:28332") or "unix:<path>".
    std::vector<std::string> hash_block;
    std::vector<std::string> hash_tx;
    std::vector<std::string> raw_block;
    std::vector<std::string> raw_tx;
    std::vector<std::string> sequence;
    // -zmqpub<topic>hwm: messages that wait for one slow subscriber; more are dropped. 0: no limit.
    int hash_block_hwm = kHighWaterMark;
    int hash_tx_hwm = kHighWaterMark;
    int raw_block_hwm = kHighWaterMark;
    int raw_tx_hwm = kHighWaterMark;
    int sequence_hwm = kHighWaterMark;

    bool any() const {
        return !hash_block.empty() || !hash_tx.empty() || !raw_block.empty() || !raw_tx.empty() ||
               !sequence.empty();
    }

    static OptionRows<ZmqOptions> rows();
};

}  // namespace parley
