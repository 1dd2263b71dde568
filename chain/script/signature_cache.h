// SignatureCache: remembers valid signatures, so that a transaction validated by the mempool need
// not be verified again in its block. An interface: the daemon's thread pool owns one; other
// ScriptVerifiers have none. It changes the cost of a verdict, never the verdict. Implementations
// must be thread-safe.
#pragma once

#include "base/hash256.h"

namespace parley {

/// The signature scheme. Records of different schemes never match.
enum class SignatureKind : uint8_t { ecdsa, schnorr };

/// A signature with everything that its validity depends on. Borrows.
struct SignatureRecord {
    SignatureKind kind = SignatureKind::ecdsa;
    const Hash256& message;
    ByteSpan public_key;
    ByteSpan signature;
};

class SignatureCache {
 public:
    virtual ~SignatureCache() = default;
    /// Whether this record was inserted. May return false for an inserted record, never true for
    /// another.
    virtual bool contains(const SignatureRecord& record) = 0;
    /// REQUIRES: the signature is valid.
    virtual void insert(const SignatureRecord& record) = 0;
};

}  // namespace parley
