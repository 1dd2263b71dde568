#include "base/crypto/recoverable_signature.h"

#include <secp256k1.h>
#include <secp256k1_recovery.h>

#include <algorithm>
#include <memory>

#include "base/check.h"

namespace parley {
namespace {

constexpr int kHeader = 27;
constexpr int kCompressed = 4;

struct ContextDeleter {
    void operator()(secp256k1_context* context) const { secp256k1_context_destroy(context); }
};

}  // namespace

RecoverableSignature sign_recoverable(const SecretKey& key, bool compressed,
                                      const Hash256& message) {
    const std::unique_ptr<secp256k1_context, ContextDeleter> context{
        secp256k1_context_create(SECP256K1_CONTEXT_NONE)};
    CHECK(context != nullptr);
    secp256k1_ecdsa_recoverable_signature signature;
    CHECK(secp256k1_ecdsa_sign_recoverable(context.get(), &signature, message.data(),
                                           key.bytes().data(), nullptr, nullptr) == 1);
    RecoverableSignature result{};
    int id = 0;
    secp256k1_ecdsa_recoverable_signature_serialize_compact(context.get(), result.data() + 1, &id,
                                                            &signature);
    result[0] = static_cast<uint8_t>(kHeader + id + (compressed ? kCompressed : 0));
    return result;
}

std::optional<PublicKey> recover_public_key(const RecoverableSignature& signature,
                                            const Hash256& message) {
    const secp256k1_context* context = secp256k1_context_static;
    // bitcoind takes any header byte modulo eight.
    const int header = (signature[0] - kHeader) & 7;
    secp256k1_ecdsa_recoverable_signature parsed;
    if (secp256k1_ecdsa_recoverable_signature_parse_compact(context, &parsed, signature.data() + 1,
                                                            header & 3) != 1)
        return std::nullopt;
    secp256k1_pubkey key;
    if (secp256k1_ecdsa_recover(context, &key, &parsed, message.data()) != 1) return std::nullopt;
    std::array<uint8_t, 65> serialised{};
    size_t size = serialised.size();
    const bool compressed = (header & kCompressed) != 0;
    secp256k1_ec_pubkey_serialize(context, serialised.data(), &size, &key,
                                  compressed ? SECP256K1_EC_COMPRESSED : SECP256K1_EC_UNCOMPRESSED);
    return PublicKey::parse(ByteSpan{serialised.data(), size});
}

}  // namespace parley
