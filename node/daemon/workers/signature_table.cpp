#include "node/daemon/workers/signature_table.h"

namespace parley {

// Message and kind have fixed sizes, and the key's is told: no two records give the same bytes.
Hash256 SignatureTable::digest(const SignatureRecord& record) const {
    HashStream stream = table_.stream();
    stream.le(static_cast<uint8_t>(record.kind)).hash(record.message);
    return stream.var_bytes(record.public_key).bytes(record.signature).once();
}

Hash256 ScriptTable::digest(const Wtxid& wtxid, ScriptFlags flags) const {
    HashStream stream = table_.stream();
    return stream.hash(wtxid).le(flags).once();
}

}  // namespace parley
