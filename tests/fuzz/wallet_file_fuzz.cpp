// The backup of a wallet: what is read is written as the same bytes, damage to it is noticed, and
// any records survive being written and read. The input is the content of a file without its
// digest, which no mutation would get right.
#include <algorithm>
#include <map>

#include "base/check.h"
#include "base/crypto/sha256.h"
#include "base/serialize.h"
#include "tests/fuzz/fuzz_target.h"
#include "wallet/backup/wallet_file.h"

using namespace parley;

namespace {

void check_file(const Bytes& file) {
    const auto records = decode_wallet_file(file);
    if (!records) {
        CHECK(!records.error().empty());
        return;
    }
    CHECK(encode_wallet_file(*records) == file);
    CHECK(!decode_wallet_file(ByteSpan{file}.first(file.size() - 1)));
    Bytes damaged = file;
    damaged[file.back() % file.size()] ^= 1;
    CHECK(!decode_wallet_file(damaged));
}

/// The input as keys and values of up to 15 bytes each.
WalletRecords records_of(ByteSpan input) {
    std::map<Bytes, Bytes> sorted;
    Reader reader(input);
    while (reader.left() > 0) {
        const uint8_t sizes = reader.u8();
        const auto piece = [&](size_t size) {
            return to_bytes(reader.bytes(std::min(size, reader.left())));
        };
        Bytes key = piece(sizes & 0x0f);
        sorted[std::move(key)] = piece(sizes >> 4);
    }
    WalletRecords records;
    for (auto& [key, value] : sorted) records.push_back({key, value});
    return records;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const ByteSpan input(data, size);
    Bytes file = to_bytes(input);
    const Hash256 digest = sha256d(file);
    append(file, digest.span());
    check_file(file);

    const WalletRecords records = records_of(input);
    const auto again = decode_wallet_file(encode_wallet_file(records));
    CHECK(again);
    CHECK(std::ranges::equal(*again, records, [](const auto& a, const auto& b) {
        return a.key == b.key && a.value == b.value;
    }));
    return 0;
}
