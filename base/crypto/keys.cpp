#include "base/crypto/keys.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <secp256k1.h>
#include <secp256k1_extrakeys.h>
#include <secp256k1_schnorrsig.h>

#include <algorithm>
#include <memory>

#include "base/check.h"
#include "base/crypto/lax_der.h"

namespace parley {
namespace {

constexpr size_t kCompressedSize = 33;
constexpr size_t kUncompressedSize = 65;
constexpr size_t kXOnlySize = 32;
constexpr size_t kDerSizeMax =
    72;  // two 33-byte integers with 2-byte headers, and the 2-byte header of the sequence

struct ContextDeleter {
    void operator()(secp256k1_context* context) const { secp256k1_context_destroy(context); }
};
using ContextOwner = std::unique_ptr<secp256k1_context, ContextDeleter>;

// Verification needs no precomputed tables in the context.
const secp256k1_context* verify_context() {
    return secp256k1_context_static;
}

// Blinded once against side channels, which does not change results; then read-only.
const secp256k1_context* sign_context() {
    static const ContextOwner owner = [] {
        ContextOwner context{secp256k1_context_create(SECP256K1_CONTEXT_NONE)};
        std::array<uint8_t, 32> blind;
        CHECK(RAND_bytes(blind.data(), static_cast<int>(blind.size())) == 1);
        CHECK(secp256k1_context_randomize(context.get(), blind.data()));
        OPENSSL_cleanse(blind.data(), blind.size());
        return context;
    }();
    return owner.get();
}

std::optional<secp256k1_pubkey> parse_point(ByteSpan serialised) {
    // Required: an empty span has a null pointer, for which the library would abort the program.
    if (serialised.size() != kCompressedSize && serialised.size() != kUncompressedSize) {
        return std::nullopt;
    }
    secp256k1_pubkey point;
    if (!secp256k1_ec_pubkey_parse(verify_context(), &point, serialised.data(),
                                   serialised.size())) {
        return std::nullopt;
    }
    return point;
}

// A key pair on the stack, wiped by the destructor.
struct KeyPair {
    secp256k1_keypair pair;
    explicit KeyPair(ByteSpan secret) {
        CHECK(secp256k1_keypair_create(sign_context(), &pair, secret.data()));
    }
    KeyPair(const KeyPair&) = delete;
    KeyPair& operator=(const KeyPair&) = delete;
    ~KeyPair() { OPENSSL_cleanse(&pair, sizeof pair); }
};

secp256k1_ecdsa_signature sign(const Hash256& message, ByteSpan secret,
                               const uint8_t* extra_entropy) {
    secp256k1_ecdsa_signature signature;
    CHECK(secp256k1_ecdsa_sign(sign_context(), &signature, message.data(), secret.data(),
                               secp256k1_nonce_function_rfc6979, extra_entropy));
    return signature;
}

std::array<uint8_t, 64> to_compact(const secp256k1_ecdsa_signature& signature) {
    std::array<uint8_t, 64> compact;
    secp256k1_ecdsa_signature_serialize_compact(verify_context(), compact.data(), &signature);
    return compact;
}

}  // namespace

std::optional<PublicKey> PublicKey::parse(ByteSpan serialised) {
    if (!parse_point(serialised)) return std::nullopt;
    PublicKey key;
    std::copy(serialised.begin(), serialised.end(), key.bytes_.begin());
    key.size_ = static_cast<uint8_t>(serialised.size());
    return key;
}

std::array<uint8_t, 32> PublicKey::x_only() const {
    CHECK(size_ != 0);
    std::array<uint8_t, 32> x;
    std::copy_n(bytes_.begin() + 1, x.size(), x.begin());
    return x;
}

std::optional<PublicKey> PublicKey::tweak_add(const std::array<uint8_t, 32>& tweak) const {
    auto point = parse_point(bytes());
    CHECK(point);
    if (!secp256k1_ec_pubkey_tweak_add(verify_context(), &*point, tweak.data()))
        return std::nullopt;
    PublicKey result;
    size_t size = result.bytes_.size();
    secp256k1_ec_pubkey_serialize(
        verify_context(), result.bytes_.data(), &size, &*point,
        compressed() ? SECP256K1_EC_COMPRESSED : SECP256K1_EC_UNCOMPRESSED);
    result.size_ = static_cast<uint8_t>(size);
    return result;
}

bool verify_ecdsa(ByteSpan public_key, const Hash256& message, ByteSpan signature) {
    const auto compact = parse_lax_der(signature);
    if (!compact) return false;
    const auto point = parse_point(public_key);
    if (!point) return false;
    secp256k1_ecdsa_signature parsed;
    if (!secp256k1_ecdsa_signature_parse_compact(verify_context(), &parsed, compact->data()))
        return false;
    secp256k1_ecdsa_signature_normalize(verify_context(), &parsed, &parsed);
    return secp256k1_ecdsa_verify(verify_context(), &parsed, message.data(), &*point) == 1;
}

bool verify_schnorr(ByteSpan x_only_public_key, ByteSpan message, ByteSpan signature) {
    if (x_only_public_key.size() != kXOnlySize || signature.size() != 64) return false;
    secp256k1_xonly_pubkey point;
    if (!secp256k1_xonly_pubkey_parse(verify_context(), &point, x_only_public_key.data()))
        return false;
    return secp256k1_schnorrsig_verify(verify_context(), signature.data(), message.data(),
                                       message.size(), &point) == 1;
}

bool verify_x_only_tweak(ByteSpan output, bool odd, ByteSpan internal,
                         const std::array<uint8_t, 32>& tweak) {
    if (output.size() != kXOnlySize || internal.size() != kXOnlySize) return false;
    secp256k1_xonly_pubkey point;
    if (!secp256k1_xonly_pubkey_parse(verify_context(), &point, internal.data())) return false;
    return secp256k1_xonly_pubkey_tweak_add_check(verify_context(), output.data(), odd ? 1 : 0,
                                                  &point, tweak.data()) == 1;
}

bool verify_compact(const PublicKey& public_key, const Hash256& message,
                    const std::array<uint8_t, 64>& signature) {
    const auto point = parse_point(public_key.bytes());
    if (!point) return false;
    secp256k1_ecdsa_signature parsed;
    if (!secp256k1_ecdsa_signature_parse_compact(verify_context(), &parsed, signature.data()))
        return false;
    // secp256k1_ecdsa_verify only accepts low S.
    return secp256k1_ecdsa_verify(verify_context(), &parsed, message.data(), &*point) == 1;
}

std::optional<SecretKey> SecretKey::from_bytes(ByteSpan bytes) {
    if (bytes.size() != 32 || !secp256k1_ec_seckey_verify(verify_context(), bytes.data()))
        return std::nullopt;
    SecretKey key;
    std::copy(bytes.begin(), bytes.end(), key.bytes_.begin());
    return key;
}

SecretKey SecretKey::generate(Random& secret_source) {
    SecretKey key;
    do {
        secret_source.fill(key.bytes_);
    } while (!secp256k1_ec_seckey_verify(verify_context(), key.bytes_.data()));
    return key;
}

SecretKey::~SecretKey() {
    OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

PublicKey SecretKey::public_key(bool compressed) const {
    secp256k1_pubkey point;
    CHECK(secp256k1_ec_pubkey_create(sign_context(), &point, bytes_.data()));
    PublicKey key;
    size_t size = key.bytes_.size();
    secp256k1_ec_pubkey_serialize(verify_context(), key.bytes_.data(), &size, &point,
                                  compressed ? SECP256K1_EC_COMPRESSED : SECP256K1_EC_UNCOMPRESSED);
    key.size_ = static_cast<uint8_t>(size);
    return key;
}

Bytes SecretKey::sign_der(const Hash256& message) const {
    secp256k1_ecdsa_signature signature = sign(message, bytes_, nullptr);
    // If the top bit of R is set, DER needs one more byte. Half of all nonces avoid this. As in
    // bitcoind, the counter is passed in RFC 6979's additional data, little-endian, so that both
    // create the same signatures.
    std::array<uint8_t, 32> extra_entropy{};
    for (uint32_t counter = 1; to_compact(signature)[0] >= 0x80; ++counter) {
        for (size_t i = 0; i < 4; ++i) extra_entropy[i] = static_cast<uint8_t>(counter >> (8 * i));
        signature = sign(message, bytes_, extra_entropy.data());
    }
    Bytes der(kDerSizeMax);
    size_t size = der.size();
    CHECK(secp256k1_ecdsa_signature_serialize_der(verify_context(), der.data(), &size, &signature));
    der.resize(size);
    return der;
}

std::array<uint8_t, 64> SecretKey::sign_compact(const Hash256& message) const {
    return to_compact(sign(message, bytes_, nullptr));
}

std::array<uint8_t, 64> SecretKey::sign_schnorr(const Hash256& message,
                                                const std::array<uint8_t, 32>& auxiliary) const {
    const KeyPair keys{bytes_};
    std::array<uint8_t, 64> signature;
    CHECK(secp256k1_schnorrsig_sign32(sign_context(), signature.data(), message.data(), &keys.pair,
                                      auxiliary.data()));
    return signature;
}

std::optional<SecretKey> SecretKey::tweak_add(const std::array<uint8_t, 32>& tweak) const {
    SecretKey result = *this;
    if (!secp256k1_ec_seckey_tweak_add(verify_context(), result.bytes_.data(), tweak.data())) {
        return std::nullopt;
    }
    return result;
}

std::optional<SecretKey> SecretKey::x_only_tweak_add(const std::array<uint8_t, 32>& tweak) const {
    KeyPair keys{bytes_};
    if (!secp256k1_keypair_xonly_tweak_add(verify_context(), &keys.pair, tweak.data()))
        return std::nullopt;
    SecretKey result;
    CHECK(secp256k1_keypair_sec(verify_context(), result.bytes_.data(), &keys.pair));
    return result;
}

}  // namespace parley
