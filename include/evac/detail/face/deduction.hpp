// Deduction of a container's template arguments from what its constructors are given.
//
//   map(first, last, n, hash, equal, allocator)      the tail is all behind the source, each part of which may be left
//   map(first, last, n, hash, allocator)             out from the right; the allocator may come early
//   map(first, last, n, allocator)
//   map(first, last, allocator)
//
// One guide a source: its parameters are the tail at its longest, each with a default. Braces stand for the default.
#ifndef EVAC_DETAIL_FACE_DEDUCTION_HPP
#define EVAC_DETAIL_FACE_DEDUCTION_HPP

#include <cstddef>
#include <iterator>
#include <memory>
#include <ranges>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/fwd.hpp"

namespace evac::inline EVAC_ABI::detail {

// The standard's requirements on the arguments that template arguments are deduced from.
template <class A>
concept allocator_like = requires(A& allocator) {
  typename A::value_type;
  allocator.allocate(std::size_t{});
};
template <class F>
concept functor_like = !std::is_integral_v<F> && !allocator_like<F>;

/// A part of the tail that is left out, or given as empty braces.
struct left_out {};

template <class... Parts>
concept all_left_out = (std::is_same_v<Parts, left_out> && ...);
template <class F>
concept functor_or_left_out = functor_like<F>;  // left_out is no allocator
template <class A>
concept allocator_or_left_out = allocator_like<A> || all_left_out<A>;

/// The tails that constructors take. N is the number of elements to have room for, or the allocator.
template <class N, class Hash, class KeyEqual, class Allocator>
concept constructor_tail =
    (allocator_like<N> && all_left_out<Hash, KeyEqual, Allocator>) ||
    (std::is_convertible_v<N, std::size_t> &&
     ((allocator_like<Hash> && all_left_out<KeyEqual, Allocator>) ||
      (functor_or_left_out<Hash> && allocator_like<KeyEqual> && all_left_out<Allocator>) ||
      (functor_or_left_out<Hash> && functor_or_left_out<KeyEqual> && allocator_or_left_out<Allocator>)));

/// The first of the parts that is a functor, or what stands for one that is left out.
template <class Default, class Part>
using functor_or = std::conditional_t<allocator_like<Part> || std::is_same_v<Part, left_out>,
                                      std::type_identity<Default>, std::type_identity<Part>>;
/// The one of the parts that is an allocator, or the default.
template <class Default, class... Parts>
struct allocator_or : std::type_identity<Default> {};
template <class Default, class First, class... Rest>
struct allocator_or<Default, First, Rest...>
    : std::conditional_t<allocator_like<First>, std::type_identity<First>, allocator_or<Default, Rest...>> {};

template <class Key, class Hash>
using hash_in = typename functor_or<hash<Key>, Hash>::type;
template <class Key, class KeyEqual>
using equal_in = typename functor_or<equal_to<Key>, KeyEqual>::type;
template <class Value, class... Tail>
using allocator_in = typename allocator_or<std::allocator<Value>, Tail...>::type;

template <class Key, class T, class... Tail>
using map_allocator_in = allocator_in<std::pair<const Key, T>, Tail...>;

template <class It>
using key_of = std::remove_const_t<typename std::iter_value_t<It>::first_type>;
template <class It>
using mapped_of = typename std::iter_value_t<It>::second_type;
template <class R>
using range_key_of = key_of<std::ranges::iterator_t<R>>;
template <class R>
using range_mapped_of = mapped_of<std::ranges::iterator_t<R>>;
/// The key of a list of pairs, which may be constant there.
template <class Key>
using list_key = std::remove_const_t<Key>;

}  // namespace evac::inline EVAC_ABI::detail

#endif
