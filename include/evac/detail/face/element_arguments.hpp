// Arguments of insert, erase and extract: elements and keys that are forwarded, and never an iterator in their place.
#ifndef EVAC_DETAIL_FACE_ELEMENT_ARGUMENTS_HPP
#define EVAC_DETAIL_FACE_ELEMENT_ARGUMENTS_HPP

#include <type_traits>

#include "evac/detail/config.hpp"
#include "evac/detail/face/foreign_key.hpp"
#include "evac/detail/face/key_in_arguments.hpp"
#include "evac/detail/table/cursor.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class K, class Policy>
concept no_iterator =
    !std::is_convertible_v<K&&, cursor<Policy, true>> && !std::is_convertible_v<K&&, cursor<Policy, false>>;

/// A key for erase and extract that is looked up as it is. A key that is an lvalue goes to the overload for const Key&,
/// which a bit-field binds to.
template <class K, class Policy>
concept forwarded_lookup_key =
    lookup_key<K, Policy> && no_iterator<K, Policy> && !std::is_same_v<K, typename Policy::key_type&>;

/// A key that an element may be made with.
template <class K, class Policy>
concept forwarded_key =
    forwarded_as_key<K, Policy> && (std::is_same_v<K, typename Policy::key_type> || no_iterator<K, Policy>);

/// An argument that insert() forwards to an element. A set's own key has overloads that are no templates: a braced key
/// and a bit-field bind to those.
template <class P, class Policy>
concept forwarded_element =
    std::is_constructible_v<typename Policy::value_type, P&&> && !may_be_bit_field<P, typename Policy::value_type> &&
    (Policy::is_map || !std::is_same_v<std::remove_cvref_t<P>, typename Policy::value_type>);
/// The same behind a hint. insert(begin, end) of own iterators inserts a range, also where anything converts to a key.
template <class P, class Policy>
concept hinted_element = forwarded_element<P, Policy> && no_iterator<P, Policy>;

}  // namespace evac::inline EVAC_ABI::detail

#endif
