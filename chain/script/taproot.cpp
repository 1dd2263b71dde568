#include "chain/script/taproot.h"

#include "base/check.h"
#include "base/crypto/keys.h"
#include "chain/script/hash_stream.h"

namespace parley {

Hash256 tapleaf_hash(uint8_t leaf_version, ByteSpan script) {
    static const Sha256 kTagged = tagged_hasher("TapLeaf");
    return HashStream{kTagged}.le(leaf_version).var_bytes(script).once();
}

Hash256 tapbranch_hash(const Hash256& a, const Hash256& b) {
    static const Sha256 kTagged = tagged_hasher("TapBranch");
    const bool in_order = a < b;
    return HashStream{kTagged}.hash(in_order ? a : b).hash(in_order ? b : a).once();
}

Hash256 taptweak_hash(ByteSpan internal_key, const Hash256* merkle_root) {
    static const Sha256 kTagged = tagged_hasher("TapTweak");
    HashStream stream{kTagged};
    stream.bytes(internal_key);
    if (merkle_root != nullptr) stream.hash(*merkle_root);
    return stream.once();
}

bool is_control_block_size(size_t size) {
    return size >= kControlBaseSize &&
           size <= kControlBaseSize + kControlNodeSize * kControlNodesMax &&
           (size - kControlBaseSize) % kControlNodeSize == 0;
}

bool verify_taproot_commitment(ByteSpan control, ByteSpan output_key, const Hash256& leaf_hash) {
    CHECK(is_control_block_size(control.size()));
    const ByteSpan internal_key = control.subspan(1, kControlBaseSize - 1);
    Hash256 node = leaf_hash;
    for (ByteSpan path = control.subspan(kControlBaseSize); !path.empty();
         path = path.subspan(kControlNodeSize)) {
        node = tapbranch_hash(node, Hash256::from_bytes(path.first(kControlNodeSize)));
    }
    const bool odd = (control[0] & ~kLeafVersionMask & 0xff) != 0;
    return verify_x_only_tweak(output_key, odd, internal_key,
                               taptweak_hash(internal_key, &node).bytes());
}

}  // namespace parley
