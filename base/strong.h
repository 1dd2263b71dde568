// Strong<Tag, Rep>: a number with a meaning, which does not mix with other numbers.
//     struct HeightTag;  using Height = Strong<HeightTag, int32_t>;
// Conversions are explicit (`Height{3}`, `.value()`). Ordered; can be incremented, and shifted by
// plain numbers of its representation.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>

namespace parley {

template <class Tag, class Rep>
class Strong {
 public:
    using rep = Rep;

    constexpr Strong() = default;
    constexpr explicit Strong(Rep value) : value_(value) {}

    constexpr Rep value() const { return value_; }

    constexpr auto operator<=>(const Strong&) const = default;

    constexpr Strong& operator++() {
        ++value_;
        return *this;
    }
    constexpr Strong& operator--() {
        --value_;
        return *this;
    }
    friend constexpr Strong operator+(Strong a, Rep b) {
        return Strong{static_cast<Rep>(a.value_ + b)};
    }
    friend constexpr Strong operator-(Strong a, Rep b) {
        return Strong{static_cast<Rep>(a.value_ - b)};
    }
    friend constexpr Rep operator-(Strong a, Strong b) {
        return static_cast<Rep>(a.value_ - b.value_);
    }

 private:
    Rep value_{};
};

}  // namespace parley

template <class Tag, class Rep>
struct std::hash<parley::Strong<Tag, Rep>> {
    size_t operator()(const parley::Strong<Tag, Rep>& strong) const noexcept {
        return std::hash<Rep>{}(strong.value());
    }
};
