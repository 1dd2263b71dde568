// Miniscripts: what was parsed prints as something that parses to the same; a script of type B is
// decoded to an expression with that script; analysis and satisfaction never fail a check. The
// first byte chooses P2WSH or tapscript, and text or script.
#include "base/check.h"
#include "tests/fuzz/fuzz_target.h"
#include "wallet/miniscript/miniscript_analysis.h"
#include "wallet/miniscript/miniscript_satisfier.h"

using namespace parley;

namespace {

/// Signs and knows everything.
class AllAssets final : public MiniscriptAssets {
 public:
    std::optional<Bytes> signature(uint32_t) override { return Bytes(64, 1); }
    std::optional<Bytes> preimage(Fragment, const Bytes&) override { return Bytes(32, 2); }
    bool older_met(uint32_t) override { return true; }
    bool after_met(uint32_t) override { return true; }
};

/// A short name stands for a key: the name, padded.
std::optional<Miniscript::Decoded> parse(std::string_view text, MiniscriptContext context,
                                         std::vector<std::string>& names) {
    constexpr size_t kNameMax = 3;
    std::vector<Bytes> keys;
    const auto read_key = [&](std::string_view name) {
        if (name.empty() || name.size() > kNameMax) return false;
        Bytes key = to_bytes(as_bytes(name));
        key.resize(context == MiniscriptContext::tapscript ? 32 : 33);
        keys.push_back(std::move(key));
        names.emplace_back(name);
        return true;
    };
    auto parsed = Miniscript::parse(text, context, read_key);
    if (!parsed) return std::nullopt;
    return Miniscript::Decoded{std::move(*parsed), std::move(keys)};
}

void check_analysis(const Miniscript::Decoded& decoded, const std::vector<std::string>& names) {
    const Miniscript& expression = decoded.expression;
    const auto name_of = [&](uint32_t key) { return names[key]; };
    const MiniscriptAnalysis analysis{expression, names};
    const auto problem = analysis.problem(name_of);
    CHECK(problem.has_value() == !(analysis.is_sane() && analysis.is_satisfiable()));
    AllAssets assets;
    const auto witness = satisfy(expression, decoded.keys, assets);
    if (problem) return;
    CHECK(witness.has_value());
    uint64_t size = 0;
    for (const Bytes& item : *witness) size += item.size() + 1;
    CHECK(size <= analysis.witness_size());
    CHECK(static_cast<int64_t>(witness->size()) <= analysis.stack_items());
}

void fuzz_text(std::string_view text, MiniscriptContext context) {
    std::vector<std::string> names;
    const auto parsed = parse(text, context, names);
    if (!parsed) return;
    const Miniscript& expression = parsed->expression;
    const std::string printed = expression.to_string([&](uint32_t key) { return names[key]; });
    std::vector<std::string> names_again;
    const auto again = parse(printed, context, names_again);
    CHECK(again.has_value() && names_again == names);
    CHECK(again->expression.type() == expression.type());
    if (!expression.type().has("B")) return;
    const Script script = expression.script(parsed->keys);
    CHECK(script.size() == expression.script_size());
    CHECK(again->expression.script(again->keys) == script);
    check_analysis(*parsed, names);
    const auto decoded = Miniscript::decode(script, context, [&](const Hash160& hash) {
        std::optional<Bytes> found;
        for (const Bytes& key : parsed->keys)
            if (hash160(key) == hash) found = key;
        return found;
    });
    CHECK(decoded.has_value());
    CHECK(decoded->expression.script(decoded->keys) == script);
}

void fuzz_script(const Script& script, MiniscriptContext context) {
    const auto decoded = Miniscript::decode(script, context, [&](const Hash160&) {
        return Bytes(context == MiniscriptContext::tapscript ? 32 : 33, 3);
    });
    if (!decoded) return;
    CHECK(decoded->expression.script(decoded->keys) == script);
    std::vector<std::string> names;
    for (const Bytes& key : decoded->keys) names.push_back(to_hex(key));
    check_analysis(*decoded, names);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const auto context = data[0] & 1 ? MiniscriptContext::tapscript : MiniscriptContext::p2wsh;
    const ByteSpan rest{data + 1, size - 1};
    if (data[0] & 2)
        fuzz_script(Script{rest}, context);
    else
        fuzz_text({reinterpret_cast<const char*>(rest.data()), rest.size()}, context);
    return 0;
}
