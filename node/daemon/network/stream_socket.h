// StreamSocket: TCP, or a local socket of this machine.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>

namespace parley {

using StreamSocket = boost::asio::generic::stream_protocol::socket;

}  // namespace parley
