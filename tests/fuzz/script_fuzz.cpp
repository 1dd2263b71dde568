// Script templates: the builder of a template recreates every script that the template matches, and
// no script matches two templates.
#include "base/check.h"
#include "chain/primitives/script.h"
#include "tests/fuzz/fuzz_target.h"

using namespace parley;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const Script script(Bytes(data, data + size));
    int kinds = 0;
    if (const auto key_hash = match_p2pkh(script)) {
        CHECK(p2pkh_script(*key_hash) == script);
        ++kinds;
    }
    if (const auto script_hash = match_p2sh(script)) {
        CHECK(p2sh_script(*script_hash) == script);
        ++kinds;
    }
    if (const auto program = witness_program(script)) {
        CHECK(witness_script(program->version, program->program) == script);
        ++kinds;
    }
    if (const auto key_hash = match_p2wpkh(script)) {
        CHECK(p2wpkh_script(*key_hash) == script);
        CHECK(witness_program(script).has_value());
    }
    if (const auto key = match_p2pk(script)) {
        CHECK(ScriptBuilder().push(*key).op(OP_CHECKSIG).build() == script);
        ++kinds;
    }
    CHECK(kinds <= 1);
    if (kinds > 0) CHECK(!script.is_unspendable());
    const Script pushed = ScriptBuilder().push(script.bytes()).build();
    CHECK(pushed.size() >= 1 && pushed.size() <= script.size() + 5);
    return 0;
}
