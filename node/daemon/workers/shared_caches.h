// SharedSignatureCache and SharedScriptCache: the daemon's implementations of SignatureCache and
// ScriptCache, shared by the threads of the script pool, for mempool and blocks. Thread-safe.
#pragma once

#include "chain/script/script_cache.h"
#include "chain/script/signature_cache.h"
#include "node/daemon/workers/digest_cache.h"

namespace parley {

class SharedSignatureCache final : public SignatureCache {
 public:
    SharedSignatureCache(Random& secrets, size_t bytes_max) : cache_(secrets, bytes_max) {}

    bool contains(const SignatureRecord& record) override {
        return !cache_.empty() && cache_.contains(digest(record));
    }
    void insert(const SignatureRecord& record) override { cache_.insert(digest(record)); }

 private:
    Hash256 digest(const SignatureRecord& record) const;

    DigestCache cache_;
};

class SharedScriptCache final : public ScriptCache {
 public:
    SharedScriptCache(Random& secrets, size_t bytes_max) : cache_(secrets, bytes_max) {}

    bool contains(const Wtxid& wtxid, ScriptFlags flags) override {
        return !cache_.empty() && cache_.contains(digest(wtxid, flags));
    }
    void insert(const Wtxid& wtxid, ScriptFlags flags) override {
        cache_.insert(digest(wtxid, flags));
    }

 private:
    Hash256 digest(const Wtxid& wtxid, ScriptFlags flags) const;

    DigestCache cache_;
};

}  // namespace parley
