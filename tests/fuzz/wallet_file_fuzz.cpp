// The backup of a wallet: what is read is written as the same bytes. The input is the content
// without its digest, which no mutation would get right.
#include "base/check.h"
#include "base/crypto/sha256.h"
#include "tests/fuzz/fuzz_target.h"
#include "wallet/backup/wallet_file.h"

using namespace parley;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    Bytes file = to_bytes(ByteSpan(data, size));
    const Hash256 digest = sha256d(file);
    append(file, digest.span());
    if (const auto records = decode_wallet_file(file)) CHECK(encode_wallet_file(*records) == file);
    if (decode_wallet_file(ByteSpan(data, size))) CHECK(size > kWalletFileMagic.size());
    return 0;
}
