// SignatureTable and ScriptTable: the daemon's SignatureCache and ScriptCache, shared by the
// threads of the script pool, by mempool and blocks. Thread-safe.
#pragma once

#include "chain/script/script_cache.h"
#include "chain/script/signature_cache.h"
#include "node/daemon/workers/digest_table.h"

namespace parley {

class SignatureTable final : public SignatureCache {
 public:
    SignatureTable(Random& secrets, size_t bytes_max) : table_(secrets, bytes_max) {}

    bool contains(const SignatureRecord& record) override {
        return !table_.empty() && table_.contains(digest(record));
    }
    void insert(const SignatureRecord& record) override { table_.insert(digest(record)); }

 private:
    Hash256 digest(const SignatureRecord& record) const;

    DigestTable table_;
};

class ScriptTable final : public ScriptCache {
 public:
    ScriptTable(Random& secrets, size_t bytes_max) : table_(secrets, bytes_max) {}

    bool contains(const Wtxid& wtxid, ScriptFlags flags) override {
        return !table_.empty() && table_.contains(digest(wtxid, flags));
    }
    void insert(const Wtxid& wtxid, ScriptFlags flags) override {
        table_.insert(digest(wtxid, flags));
    }

 private:
    Hash256 digest(const Wtxid& wtxid, ScriptFlags flags) const;

    DigestTable table_;
};

}  // namespace parley
