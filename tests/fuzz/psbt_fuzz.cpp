// PSBTs: what was read is written as something that is read the same; analysing, merging and
// finalizing never fail a check.
#include "base/check.h"
#include "tests/fuzz/fuzz_target.h"
#include "wallet/psbt/psbt_signer.h"

using namespace parley;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    auto psbt = Psbt::decode(ByteSpan(data, size));
    if (!psbt) return 0;
    const Bytes written = psbt->encode();
    auto again = Psbt::decode(written);
    CHECK(again.has_value());
    CHECK(again->encode() == written);
    CHECK(again->unique_id() == psbt->unique_id());
    const PsbtAnalysis analysis = analyze_psbt(*psbt);
    CHECK(analysis.inputs.empty() || analysis.inputs.size() == psbt->inputs.size());
    CHECK(again->merge(*psbt) == psbt->unique_id().has_value());
    if (const auto transaction = finalize_and_extract(*psbt))
        CHECK(transaction->inputs.size() == psbt->inputs.size());
    return 0;
}
