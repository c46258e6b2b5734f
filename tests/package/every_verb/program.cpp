// Every verb once, and what concepts say of the types; with either standard library.
#include "every_header.hpp"  // written by CMake: all that cmake/headers.cmake lists

#include <concepts>
#include <cstdio>
#include <iterator>
#include <ranges>
#include <string>

#include "every_verb.hpp"

namespace {

template <class C>
constexpr bool is_container =
    std::regular<C> && std::ranges::forward_range<C> && std::ranges::forward_range<const C> &&
    std::ranges::sized_range<C> && std::ranges::common_range<const C> && std::forward_iterator<typename C::iterator> &&
    std::forward_iterator<typename C::const_iterator> &&
    std::convertible_to<typename C::iterator, typename C::const_iterator> && std::movable<typename C::node_type> &&
    !std::copyable<typename C::node_type>;
static_assert(is_container<evac::map<int, int>> && is_container<evac::map<std::string, std::string>>);
static_assert(is_container<evac::set<int>> && is_container<evac::set<std::string>>);
static_assert(!std::output_iterator<evac::set<int>::iterator, int>);

static_assert(std::regular<evac::sharded_map<int, std::string>> && std::regular<evac::sharded_set<int>>);
static_assert(!std::movable<evac::sync_map<int, int>> && !std::movable<evac::sync_set<int>>);
static_assert(std::default_initializable<evac::sync_map<int, int>> && std::default_initializable<evac::rw_lock>);

// Members of an aggregate, which are initialised from an empty list.
struct all_members {
  evac::map<int, int> map;
  evac::set<int> set;
  evac::sharded_map<int, int> sharded_map;
  evac::sharded_set<int> sharded_set;
  evac::sync_map<int, int> sync_map;
  evac::sync_set<int> sync_set;
  evac::rw_lock lock;
  evac::table_stats stats;
  evac::sync_stats sync_stats;
  evac::sharded_stats sharded_stats;
};

}  // namespace

int main() {
  const all_members all{};
  if (!all.map.empty() || !all.sync_map.empty()) return 1;
  const char* wrong = every_verb::use_everything();
  std::puts(*wrong == 0 ? "every verb works" : wrong);
  return *wrong == 0 ? 0 : 1;
}
