// ZmqPublisher: tells subscribers by ZeroMQ what happens in the node, as bitcoind does
// (-zmqpub<topic>). A message has three parts: the topic, the body, and a number that counts the
// messages of this notification from 0 (4 bytes, little-endian), so that a subscriber sees when it
// has missed some. Hashes are in the byte order in which RPC shows them.
//
//   topic       body                                when
//   hashblock   hash of the block                   the best chain has grown
//   rawblock    the block                           the same
//   hashtx      txid                                it entered the mempool, or is in a block that
//   rawtx       the transaction                     was connected or disconnected
//   sequence    block hash, 'C' or 'D'              a block was connected or disconnected
//               txid, 'A' or 'R', and the mempool's it entered the mempool, or left it for any
//               sequence number (8 bytes)           reason but a block
//
// Sending never waits: a subscriber that does not keep up loses messages beyond the high-water
// mark. open() and publish() are called on one thread, the core thread; libzmq has its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/expected.h"
#include "node/daemon/network/zmq_options.h"
#include "node/notice.h"

namespace parley {

class ZmqPublisher {
 public:
    struct Notification {
        std::string type;     ///< "pubhashblock"
        std::string address;  ///< as libzmq takes it
        int high_water_mark = 0;
    };

    /// Listens at every address of the options. The error is a sentence for the log.
    static Expected<std::unique_ptr<ZmqPublisher>, std::string> open(const ZmqOptions& options);
    ~ZmqPublisher();

    std::vector<Notification> notifications() const;
    void publish(const Notice& notice);

 private:
    struct Impl;
    explicit ZmqPublisher(std::unique_ptr<Impl> impl);

    std::unique_ptr<Impl> impl_;
};

}  // namespace parley
