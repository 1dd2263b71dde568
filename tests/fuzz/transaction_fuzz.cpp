// Transactions in both encodings: a transaction that was read is written as the same bytes, and the
// ids match their definitions.
#include <algorithm>

#include "base/check.h"
#include "base/serialize.h"
#include "chain/primitives/transaction.h"
#include "tests/fuzz/fuzz_target.h"

using namespace parley;

namespace {

void try_encoding(ByteSpan input, WitnessEncoding encoding) {
    Reader reader(input);
    const TransactionData data = read_transaction(reader, encoding);
    if (!reader.ok()) return;
    Writer writer;
    write_transaction(writer, data, encoding);
    const ByteSpan consumed = input.first(input.size() - reader.left());
    CHECK(std::equal(consumed.begin(), consumed.end(), writer.data().begin(), writer.data().end()));

    const Transaction transaction(data);
    CHECK(transaction.has_witness() == data.has_witness());
    CHECK(transaction.serialize(encoding) == writer.data());
    CHECK((std::ranges::equal(transaction.txid().span(), transaction.wtxid().span())) ==
          !transaction.has_witness());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    try_encoding(ByteSpan(data, size), WitnessEncoding::with);
    try_encoding(ByteSpan(data, size), WitnessEncoding::without);
    return 0;
}
