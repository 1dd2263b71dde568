// MiniscriptType: the correctness and malleability properties of a miniscript expression (BIP379),
// and the rules by which a fragment's type follows from those of its arguments. Values.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace parley {

enum class MiniscriptContext : uint8_t { p2wsh, tapscript };

enum class Fragment : uint8_t {
    zero,
    one,
    pk_k,
    pk_h,
    older,
    after,
    sha256,
    hash256,
    ripemd160,
    hash160,
    multi,
    multi_a,
    and_v,
    and_b,
    or_b,
    or_c,
    or_d,
    or_i,
    andor,
    thresh,
    wrap_a,
    wrap_s,
    wrap_c,
    wrap_d,
    wrap_v,
    wrap_j,
    wrap_n,
};

/// A set of properties, each named by BIP379's letter:
/// - B, V, K, W: the basic types. A valid expression has exactly one.
/// - z, o, n: consumes no, exactly one, or a nonzero top stack element. d: can be dissatisfied.
///   u: leaves exactly 1. e, f, s, m: unique dissatisfaction, none without signature, satisfaction
///   only with a signature, non-malleable satisfaction exists.
/// And by letters of common use:
/// - x: its last opcode has no VERIFY form.
/// - g, h, i, j: has a relative time, relative height, absolute time, absolute height lock.
///   k: no satisfaction needs two locks that exclude each other.
class MiniscriptType {
 public:
    constexpr MiniscriptType() = default;
    constexpr explicit MiniscriptType(std::string_view letters) {
        for (const char letter : letters) bits_ |= bit(letter);
    }

    /// Whether all of these properties hold.
    constexpr bool has(std::string_view letters) const {
        const uint64_t wanted = MiniscriptType{letters}.bits_;
        return (bits_ & wanted) == wanted;
    }
    /// Of these properties, those that hold.
    constexpr MiniscriptType only(std::string_view letters) const {
        return MiniscriptType{bits_ & MiniscriptType{letters}.bits_};
    }
    constexpr MiniscriptType operator|(MiniscriptType other) const {
        return MiniscriptType{bits_ | other.bits_};
    }
    constexpr MiniscriptType operator&(MiniscriptType other) const {
        return MiniscriptType{bits_ & other.bits_};
    }
    MiniscriptType& add(std::string_view letters, bool condition) {
        if (condition) bits_ |= MiniscriptType{letters}.bits_;
        return *this;
    }
    MiniscriptType& add(MiniscriptType other) {
        bits_ |= other.bits_;
        return *this;
    }

    constexpr bool is_valid() const {
        return (bits_ & MiniscriptType{std::string_view{"BVKW"}}.bits_) != 0;
    }
    constexpr bool operator==(const MiniscriptType&) const = default;

 private:
    constexpr explicit MiniscriptType(uint64_t bits) : bits_(bits) {}
    static constexpr uint64_t bit(char letter) {
        return uint64_t{1} << (static_cast<unsigned>(letter) & 63u);
    }

    uint64_t bits_ = 0;  ///< by the low six bits of the letter, which differ for all in use
};

struct FragmentArguments {
    MiniscriptContext context = MiniscriptContext::p2wsh;
    uint32_t number = 0;  ///< the lock of older and after, the threshold of thresh
    std::span<const MiniscriptType> children;
};
/// Not valid: a child has the wrong type.
MiniscriptType type_of(Fragment fragment, const FragmentArguments& arguments);

}  // namespace parley
