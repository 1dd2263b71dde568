#include "net/filters/bloom_filters.h"

#include <set>
#include <utility>

#include "net/filters/filter_messages.h"
#include "net/filters/merkle_proof.h"

namespace parley {

bool BloomFilters::offered(Peer& peer, std::string_view command) {
    if (peer.handshake.offers_bloom()) return true;
    table_.disconnect(peer,
                      fmt::format("{} received despite not offering bloom services", command));
    return false;
}

void BloomFilters::on_filterload(Peer& peer, ByteSpan payload) {
    if (!offered(peer, message::FilterLoad::kCommand)) return;
    auto load = table_.decode_or_drop<message::FilterLoad>(peer, payload);
    if (!load) return;
    if (load->bits.size() > BloomFilter::kSizeMax || load->functions > BloomFilter::kFunctionsMax) {
        table_.punish(peer, "too-large bloom filter");
        return;
    }
    if (peer.blocks_only()) return;
    peer.relay.bloom = std::make_unique<BloomFilter>(std::move(load->bits), load->functions,
                                                     load->tweak, load->flags);
    peer.relay.wanted = true;
}

void BloomFilters::on_filteradd(Peer& peer, ByteSpan payload) {
    if (!offered(peer, message::FilterAdd::kCommand)) return;
    const auto add = table_.decode_or_drop<message::FilterAdd>(peer, payload);
    if (!add || peer.blocks_only()) return;
    if (add->element.size() > BloomFilter::kElementSizeMax || peer.relay.bloom == nullptr) {
        table_.punish(peer, "bad filteradd message");
        return;
    }
    peer.relay.bloom->insert(add->element);
}

void BloomFilters::on_filterclear(Peer& peer) {
    if (!offered(peer, message::FilterClear::kCommand) || peer.blocks_only()) return;
    peer.relay.bloom.reset();
    peer.relay.wanted = true;
}

bool BloomFilters::send_block(PeerTable& table, Peer& peer, const HeaderNode& node) {
    if (peer.relay.bloom == nullptr) return true;
    const auto bytes = table.view().read_block_bytes(node);
    if (!bytes) return false;
    Reader reader(*bytes);
    const Block block = read_block(reader);
    if (!reader.done()) return false;
    std::set<Txid> wanted;
    for (const TransactionRef& transaction : block.transactions) {
        if (peer.relay.bloom->matches(*transaction)) wanted.insert(transaction->txid());
    }
    table.send(peer, message::kMerkleBlockCommand, MerkleProof(block, wanted).serialize());
    for (const TransactionRef& transaction : block.transactions) {
        if (wanted.contains(transaction->txid()))
            table.send(peer, message::Tx::kCommand,
                       transaction->serialize(WitnessEncoding::without));
    }
    return true;
}

}  // namespace parley
