// Forward declarations of the public types: the only place with default template arguments.
#ifndef EVAC_FWD_HPP
#define EVAC_FWD_HPP

#include <memory>
#include <utility>

namespace evac {

template <class T>
struct hash;

template <class T>
struct equal_to;

struct table_stats;

template <class Key, class T, class Hash = evac::hash<Key>, class KeyEqual = evac::equal_to<Key>,
          class Allocator = std::allocator<std::pair<const Key, T>>>
class map;

template <class Key, class Hash = evac::hash<Key>, class KeyEqual = evac::equal_to<Key>,
          class Allocator = std::allocator<Key>>
class set;

}  // namespace evac

#endif
