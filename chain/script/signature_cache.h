// SignatureCache: remembers signatures that were found good, so that a transaction that came
// through the mempool need not be verified again in its block. An interface: whoever runs the
// checks owns one (the daemon's pool of threads) or has none. It changes the cost of a verdict,
// never a verdict. Implementations are called from several threads at once.
#pragma once

#include "base/hash256.h"

namespace parley {

/// What kind of signature; the kinds have caches of their own in effect.
enum class SignatureKind : uint8_t { ecdsa, schnorr };

/// A signature with all that it depends on. Borrows.
struct SignatureRecord {
    SignatureKind kind = SignatureKind::ecdsa;
    const Hash256& message;
    ByteSpan public_key;
    ByteSpan signature;
};

class SignatureCache {
 public:
    virtual ~SignatureCache() = default;
    /// Was this very record inserted? False negatives are allowed, false positives are not.
    virtual bool contains(const SignatureRecord& record) = 0;
    /// REQUIRES: the signature is good.
    virtual void insert(const SignatureRecord& record) = 0;
};

}  // namespace parley
