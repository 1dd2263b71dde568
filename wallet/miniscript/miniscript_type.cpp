// The type rules of BIP379, in its order of fragments.
#include "wallet/miniscript/miniscript_type.h"

#include <algorithm>

#include "chain/primitives/consensus_limits.h"

namespace parley {
namespace {

using Type = MiniscriptType;

/// Whether a spend that needs both contains locks in different units, which no transaction meets.
bool locks_exclude(Type x, Type y) {
    return (x.has("g") && y.has("h")) || (x.has("h") && y.has("g")) || (x.has("i") && y.has("j")) ||
           (x.has("j") && y.has("i"));
}

Type leaf_type(Fragment fragment, uint32_t number) {
    switch (fragment) {
        case Fragment::zero:
            return Type{"Bzudemsxk"};
        case Fragment::one:
            return Type{"Bzufmxk"};
        case Fragment::pk_k:
            return Type{"Konudemsxk"};
        case Fragment::pk_h:
            return Type{"Knudemsxk"};
        case Fragment::older:
            return Type{number & kSequenceLockIsTime ? "Bzfmxgk" : "Bzfmxhk"};
        case Fragment::after:
            return Type{number >= kLocktimeThreshold ? "Bzfmxik" : "Bzfmxjk"};
        case Fragment::multi:
            return Type{"Bnudemsk"};
        case Fragment::multi_a:
            return Type{"Budemsk"};
        default:
            return Type{"Bonudmk"};  // the four hashes
    }
}

Type wrapper_type(Fragment fragment, Type x, MiniscriptContext context) {
    Type type = x.only("ghijk");
    switch (fragment) {
        case Fragment::wrap_a:
            return type.add("W", x.has("B")).add(x.only("udfems")).add("x", true);
        case Fragment::wrap_s:
            return type.add("W", x.has("Bo")).add(x.only("udfemsx"));
        case Fragment::wrap_c:
            return type.add("B", x.has("K")).add(x.only("ondfem")).add("us", true);
        case Fragment::wrap_d:
            // MINIMALIF, which makes it `u`, is consensus in tapscript only.
            return type.add("B", x.has("Vz"))
                .add("o", x.has("z"))
                .add("e", x.has("f"))
                .add(x.only("ms"))
                .add("u", context == MiniscriptContext::tapscript)
                .add("ndx", true);
        case Fragment::wrap_v:
            return type.add("V", x.has("B")).add(x.only("zonms")).add("fx", true);
        case Fragment::wrap_j:
            return type.add("B", x.has("Bn"))
                .add("e", x.has("f"))
                .add(x.only("oums"))
                .add("ndx", true);
        default:  // wrap_n
            return type.add(x.only("Bzondfems")).add("ux", true);
    }
}

/// Properties that and_v and and_b share.
Type conjunction(Type x, Type y) {
    Type type = (x & y).only("mz") | (x | y).only("sghij") | x.only("n");
    return type.add("n", x.has("z") && y.has("n"))
        .add("o", (x | y).has("oz"))
        .add("k", x.has("k") && y.has("k") && !locks_exclude(x, y));
}

/// Properties that all disjunctions share.
Type disjunction(Type x, Type y) {
    return (x & y).only("sk") | (x | y).only("ghij");
}

Type pair_type(Fragment fragment, Type x, Type y) {
    const Type both = x & y;
    const Type either = x | y;
    Type type;
    switch (fragment) {
        case Fragment::and_v:
            type = conjunction(x, y) | y.only("ux");
            if (x.has("V")) type.add(y.only("KVB"));
            return type.add("f", y.has("f") || x.has("s"));
        case Fragment::and_b:
            type = conjunction(x, y) | both.only("d");
            return type.add("B", x.has("B") && y.has("W"))
                .add("e", both.has("es"))
                .add("f", both.has("f") || x.has("sf") || y.has("sf"))
                .add("ux", true);
        case Fragment::or_b:
            type = disjunction(x, y) | both.only("ze");
            return type.add("B", x.has("Bd") && y.has("Wd"))
                .add("o", either.has("oz"))
                .add("m", both.has("me") && either.has("s"))
                .add("dux", true);
        case Fragment::or_c:
        case Fragment::or_d: {
            const bool continues = fragment == Fragment::or_d;
            type = disjunction(x, y) | both.only("z");
            if (x.has("Bdu")) type.add(y.only(continues ? "B" : "V"));
            type.add("o", x.has("o") && y.has("z"))
                .add("m", both.has("m") && x.has("e") && either.has("s"));
            return continues ? type.add(y.only("ufde")).add("x", true) : type.add("fx", true);
        }
        default:  // or_i
            type = disjunction(x, y) | both.only("VBKuf") | either.only("d");
            return type.add("o", both.has("z"))
                .add("e", (x.has("e") && y.has("f")) || (x.has("f") && y.has("e")))
                .add("m", both.has("m") && either.has("s"))
                .add("x", true);
    }
}

Type andor_type(Type x, Type y, Type z) {
    Type type = (x & y & z).only("z") | (y & z).only("u") | z.only("d") | (x | y | z).only("ghij");
    if (x.has("Bdu")) type.add((y & z).only("BKV"));
    const bool guarded = x.has("s") || y.has("f");
    return type.add("o", (x.has("o") && (y & z).has("z")) || (x.has("z") && (y & z).has("o")))
        .add("f", z.has("f") && guarded)
        .add("e", z.has("e") && guarded)
        .add("m", (x & y & z).has("m") && x.has("e") && (x | y | z).has("s"))
        .add("s", z.has("s") && (x | y).has("s"))
        .add("k", (x & y & z).has("k") && !locks_exclude(x, y))
        .add("x", true);
}

Type threshold_type(uint32_t required, std::span<const Type> children) {
    const size_t count = children.size();
    bool all_e = true;
    bool all_m = true;
    bool excluding = false;
    size_t signed_count = 0;
    size_t stack_arguments = 0;
    Type locks{"k"};
    for (size_t i = 0; i < count; ++i) {
        const Type child = children[i];
        if (!child.has(i == 0 ? "Bdu" : "Wdu")) return {};
        all_e &= child.has("e");
        all_m &= child.has("m");
        if (child.has("s")) ++signed_count;
        if (!child.has("z")) stack_arguments += child.has("o") ? 1 : 2;
        excluding |= required > 1 && locks_exclude(locks, child);
        const bool consistent = locks.has("k") && child.has("k");
        locks = (locks | child).only("ghij").add("k", consistent);
    }
    Type type = locks.only("ghij");
    return type.add("Bdu", true)
        .add("k", locks.has("k") && !excluding)
        .add("z", stack_arguments == 0)
        .add("o", stack_arguments == 1)
        .add("e", all_e && signed_count == count)
        .add("m", all_e && all_m && signed_count + required >= count)
        .add("s", signed_count + required > count);
}

}  // namespace

MiniscriptType type_of(Fragment fragment, const FragmentArguments& arguments) {
    const auto children = arguments.children;
    for (const Type child : children)
        if (!child.is_valid()) return {};
    Type type;
    if (fragment < Fragment::and_v)
        type = leaf_type(fragment, arguments.number);
    else if (fragment < Fragment::andor)
        type = pair_type(fragment, children[0], children[1]);
    else if (fragment == Fragment::andor)
        type = andor_type(children[0], children[1], children[2]);
    else if (fragment == Fragment::thresh)
        type = threshold_type(arguments.number, children);
    else
        type = wrapper_type(fragment, children[0], arguments.context);
    return type.is_valid() ? type : Type{};
}

}  // namespace parley
