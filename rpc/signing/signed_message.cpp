// Messages signed with the key of an address: signmessagewithprivkey, verifymessage.
#include <algorithm>

#include "base/crypto/recoverable_signature.h"
#include "base/crypto/sha256.h"
#include "base/encoding.h"
#include "base/serialize.h"
#include "chain/primitives/address.h"
#include "rpc/jsonrpc/call.h"
#include "rpc/signing/signed_message.h"

namespace parley::rpc {

Hash256 message_hash(std::string_view message) {
    Writer writer;
    writer.var_bytes(as_bytes("Bitcoin Signed Message:\n")).var_bytes(as_bytes(message));
    return sha256d(writer.data());
}

namespace {

void signmessagewithprivkey(Call& call) {
    const auto key = decode_secret_key(call.params().address_prefixes, call.string(0));
    if (!key) fail(Code::address_or_key, "Invalid private key");
    call.out().value(
        base64_encode(sign_recoverable(key->key, key->compressed, message_hash(call.string(1)))));
}

void verifymessage(Call& call) {
    const auto script = decode_address(call.params().address_prefixes, call.string(0));
    if (!script) fail(Code::address_or_key, "Invalid address");
    const auto wanted = match_p2pkh(*script);
    if (!wanted) fail(Code::type, "Address does not refer to key");
    const auto bytes = base64_decode(call.string(1));
    if (!bytes) fail(Code::type, "Malformed base64 encoding");
    RecoverableSignature signature{};
    std::optional<PublicKey> key;
    if (bytes->size() == signature.size()) {
        std::ranges::copy(*bytes, signature.begin());
        key = recover_public_key(signature, message_hash(call.string(2)));
    }
    call.out().value(key && hash160(key->bytes()) == *wanted);
}

}  // namespace

std::vector<Method> signed_message_methods() {
    using enum ParameterType;
    const Parameter message{"message", string, true, "", "The message"};
    return {
        {.name = "signmessagewithprivkey",
         .category = "util",
         .description = "Sign a message with the private key of an address",
         .parameters = {{"privkey", string, true, "", "The private key, base58-encoded"}, message},
         .result = "\"signature\"    (string) The signature, base64-encoded",
         .example = "\"privkey\" \"my message\"",
         .handler = &signmessagewithprivkey},
        {.name = "verifymessage",
         .category = "util",
         .description = "Verify a signed message.",
         .parameters = {{"address", string, true, "", "The address of the signer's key (P2PKH)"},
                        {"signature", string, true, "", "The signature, base64-encoded"},
                        message},
         .result = "true|false    (boolean) Whether the key of the address signed the message",
         .example = "\"1D1ZrZNe3JUo7ZycKEYQQiQAWd9y54F4XX\" \"signature\" \"my message\"",
         .handler = &verifymessage},
    };
}

}  // namespace parley::rpc
