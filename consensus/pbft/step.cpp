#include "consensus/pbft/step.h"

namespace parley::pbft {

void Step::broadcast(const Vote& vote, const Recorded&) {
    broadcast(encode_vote(vote, network_));
}
void Step::broadcast(const PrePrepare& message, const Recorded&) {
    broadcast(encode_pre_prepare(message.vote, message.block, network_));
}
void Step::broadcast(const ViewChange& message, const Recorded&) {
    broadcast(encode_view_change(message, network_));
}
void Step::broadcast(const NewView& message, const Recorded&) {
    broadcast(encode_new_view(message, network_));
}

void Step::send(PeerId peer, const Vote& vote, const Recorded&) {
    send(peer, encode_vote(vote, network_));
}
void Step::send(PeerId peer, const PrePrepare& message, const Recorded&) {
    send(peer, encode_pre_prepare(message.vote, message.block, network_));
}
void Step::send(PeerId peer, const ViewChange& message, const Recorded&) {
    send(peer, encode_view_change(message, network_));
}
void Step::send(PeerId peer, const NewView& message, const Recorded&) {
    send(peer, encode_new_view(message, network_));
}

void Step::broadcast(const Status& status) {
    broadcast(encode_status(status, network_));
}
void Step::send(PeerId peer, const Status& status) {
    send(peer, encode_status(status, network_));
}
void Step::send(PeerId peer, const Fetch& fetch) {
    send(peer, encode_fetch(fetch, network_));
}
void Step::send(PeerId peer, const Body& body) {
    send(peer, encode_body(body.block, network_));
}

void Step::broadcast(Bytes message) {
    outputs_.emplace_back(engine_output::Broadcast{std::move(message)});
}
void Step::send(PeerId peer, Bytes message) {
    outputs_.emplace_back(engine_output::SendMessage{peer, std::move(message)});
}

}  // namespace parley::pbft
