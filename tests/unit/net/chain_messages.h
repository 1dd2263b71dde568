// Messages about blocks that several tests build.
#pragma once

#include <vector>

#include "fake_backend.h"
#include "net/wire/messages.h"
#include "station.h"

namespace parley::test {

inline message::Inv block_inv(const BlockHash& hash) {
    message::Inv inv;
    inv.entries.push_back(message::InvEntry::of(InvType::block, hash));
    return inv;
}

inline message::Seal seal_of_last(const message::Headers& headers) {
    const BlockHash hash = headers.headers.back().hash();
    return {hash, seal_for(hash)};
}

inline message::Version parley_version() {
    message::Version version = Station::default_version();
    version.services |= kServiceParley;
    return version;
}

inline message::GetData block_request(InvType type, const BlockHash& hash) {
    message::GetData request;
    request.entries.push_back(message::InvEntry::of(type, hash));
    return request;
}

/// The headers of a branch above `parent`, and its blocks.
struct Branch {
    message::Headers headers;
    std::vector<BlockRef> blocks;

    Branch(const HeaderNode& parent, size_t count, uint32_t salt) {
        BlockHeader previous = parent.header;
        for (size_t i = 0; i < count; ++i) {
            blocks.push_back(
                make_block(previous, parent.height.value() + static_cast<int32_t>(i) + 1, salt));
            previous = blocks.back()->header;
            headers.headers.push_back(previous);
        }
    }
};

}  // namespace parley::test
