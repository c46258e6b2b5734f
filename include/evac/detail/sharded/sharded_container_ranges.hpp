// What sharded_map and sharded_set do with ranges: of keys, which are visited, and of elements, which are inserted one by
// one.
#ifndef EVAC_DETAIL_SHARDED_SHARDED_CONTAINER_RANGES_HPP
#define EVAC_DETAIL_SHARDED_SHARDED_CONTAINER_RANGES_HPP

#include <initializer_list>
#include <iterator>
#include <ranges>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/face/foreign_key.hpp"
#include "evac/detail/sharded/sharded_container_elements.hpp"
#include "evac/detail/sync/reentry.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Policy, class Mutex>
class sharded_container_ranges : public sharded_container_elements<Policy, Mutex> {
  using base = sharded_container_elements<Policy, Mutex>;

 protected:
  using typename base::location;

 public:
  using base::cvisit;
  using base::insert;
  using base::insert_and_cvisit;
  using base::insert_and_visit;
  using base::insert_or_cvisit;
  using base::insert_or_visit;
  using base::visit;
  using typename base::size_type;
  using typename base::value_type;

  /// Visits each of the keys that is present; returns how many are. Keys are taken bulk_visit_size at a time: the locks
  /// of all their shards are held while their elements are fetched at once and visited in order. Keys of another type
  /// are looked up as they are where hash and equality are transparent, else as the keys that they convert to.
  template <std::forward_iterator It, class F>
    requires stands_for_key<std::iter_reference_t<It>, Policy>
  size_type visit(It first, It last, F f, location where = location::current()) {
    return core_.template visit_many<true>({"visit", where}, first, last, f);
  }
  template <std::forward_iterator It, class F>
    requires stands_for_key<std::iter_reference_t<It>, Policy>
  size_type visit(It first, It last, F f, location where = location::current()) const {
    return core_.template visit_many<false>({"visit", where}, first, last, f);
  }
  template <std::forward_iterator It, class F>
    requires stands_for_key<std::iter_reference_t<It>, Policy>
  size_type cvisit(It first, It last, F f, location where = location::current()) const {
    return core_.template visit_many<false>({"cvisit", where}, first, last, f);
  }

  /// Each element as by the form for one. All of these return how many were inserted.
  template <std::input_iterator It>
  size_type insert(It first, It last) {
    return insert_each(std::ranges::subrange(std::move(first), std::move(last)), {"insert"}, ignore_element,
                       ignore_element);
  }
  size_type insert(std::initializer_list<value_type> list) {
    return insert_each(list, {"insert"}, ignore_element, ignore_element);
  }
  template <std::ranges::input_range R>
  size_type insert_range(R&& range) {
    return insert_each(std::forward<R>(range), {"insert_range"}, ignore_element, ignore_element);
  }
  template <std::input_iterator It, class F>
  size_type insert_or_visit(It first, It last, F f, location where = location::current()) {
    return insert_each(std::ranges::subrange(std::move(first), std::move(last)), {"insert_or_visit", where},
                       ignore_element, base::as_visited(f));
  }
  template <std::ranges::input_range R, class F>
  size_type insert_range_or_visit(R&& range, F f, location where = location::current()) {
    return insert_each(std::forward<R>(range), {"insert_range_or_visit", where}, ignore_element, base::as_visited(f));
  }
  template <class F>
  size_type insert_or_visit(std::initializer_list<value_type> list, F f, location where = location::current()) {
    return insert_each(list, {"insert_or_visit", where}, ignore_element, base::as_visited(f));
  }
  template <std::input_iterator It, class F>
  size_type insert_or_cvisit(It first, It last, F f, location where = location::current()) {
    return insert_each(std::ranges::subrange(std::move(first), std::move(last)), {"insert_or_cvisit", where},
                       ignore_element, base::template as_visited<true>(f));
  }
  template <std::ranges::input_range R, class F>
  size_type insert_range_or_cvisit(R&& range, F f, location where = location::current()) {
    return insert_each(std::forward<R>(range), {"insert_range_or_cvisit", where}, ignore_element,
                       base::template as_visited<true>(f));
  }
  template <class F>
  size_type insert_or_cvisit(std::initializer_list<value_type> list, F f, location where = location::current()) {
    return insert_each(list, {"insert_or_cvisit", where}, ignore_element, base::template as_visited<true>(f));
  }
  template <std::input_iterator It, class F1, class F2>
  size_type insert_and_visit(It first, It last, F1 f1, F2 f2, location where = location::current()) {
    return insert_each(std::ranges::subrange(std::move(first), std::move(last)), {"insert_and_visit", where},
                       base::as_visited(f1), base::as_visited(f2));
  }
  template <std::ranges::input_range R, class F1, class F2>
  size_type insert_range_and_visit(R&& range, F1 f1, F2 f2, location where = location::current()) {
    return insert_each(std::forward<R>(range), {"insert_range_and_visit", where}, base::as_visited(f1),
                       base::as_visited(f2));
  }
  template <class F1, class F2>
  size_type insert_and_visit(std::initializer_list<value_type> list, F1 f1, F2 f2,
                             location where = location::current()) {
    return insert_each(list, {"insert_and_visit", where}, base::as_visited(f1), base::as_visited(f2));
  }
  template <std::input_iterator It, class F1, class F2>
  size_type insert_and_cvisit(It first, It last, F1 f1, F2 f2, location where = location::current()) {
    return insert_each(std::ranges::subrange(std::move(first), std::move(last)), {"insert_and_cvisit", where},
                       base::as_visited(f1), base::template as_visited<true>(f2));
  }
  template <std::ranges::input_range R, class F1, class F2>
  size_type insert_range_and_cvisit(R&& range, F1 f1, F2 f2, location where = location::current()) {
    return insert_each(std::forward<R>(range), {"insert_range_and_cvisit", where}, base::as_visited(f1),
                       base::template as_visited<true>(f2));
  }
  template <class F1, class F2>
  size_type insert_and_cvisit(std::initializer_list<value_type> list, F1 f1, F2 f2,
                              location where = location::current()) {
    return insert_each(list, {"insert_and_cvisit", where}, base::as_visited(f1), base::template as_visited<true>(f2));
  }

 protected:
  using base::base;
  using base::core_;
  using base::ignore_element;
  ~sharded_container_ranges() = default;

 private:
  friend struct table_access;

  template <class R, class OnNew, class OnExisting>
  size_type insert_each(R&& range, call_site site, const OnNew& on_new, const OnExisting& on_existing) {
    size_type inserted = 0;
    for (auto&& value : range) {
      if (core_.emplace_one(site, on_new, on_existing, std::forward<decltype(value)>(value))) ++inserted;
    }
    return inserted;
  }
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
