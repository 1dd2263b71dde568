// Expected<T, E>: the result of an operation that untrusted input can make fail. A thin
// [[nodiscard]] type over tl::expected. Return a value, or Unexpected(error).
#pragma once

#include <tl/expected.hpp>
#include <type_traits>
#include <utility>

namespace parley {

template <class T, class E>
class [[nodiscard]] Expected : public tl::expected<T, E> {
 public:
    using tl::expected<T, E>::expected;
};

template <class E>
class Unexpected : public tl::unexpected<E> {
 public:
    explicit Unexpected(E error) : tl::unexpected<E>(std::move(error)) {}
};

}  // namespace parley
