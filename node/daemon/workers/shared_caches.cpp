#include "node/daemon/workers/shared_caches.h"

namespace parley {

// The message and the kind have fixed sizes, and the size of the key is included, so different
// entries never give the same bytes.
Hash256 SharedSignatureCache::digest(const SignatureRecord& record) const {
    HashStream stream = cache_.stream();
    stream.le(static_cast<uint8_t>(record.kind)).hash(record.message);
    return stream.var_bytes(record.public_key).bytes(record.signature).once();
}

Hash256 SharedScriptCache::digest(const Wtxid& wtxid, ScriptFlags flags) const {
    HashStream stream = cache_.stream();
    return stream.hash(wtxid).le(flags).once();
}

}  // namespace parley
