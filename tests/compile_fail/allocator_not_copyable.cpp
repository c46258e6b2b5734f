// expect: evac: the allocator must be copyable
#include <memory>

#include "evac/set.hpp"

template <class T>
struct pinned : std::allocator<T> {
  pinned() = default;
  pinned(const pinned&) = delete;
  template <class U>
  struct rebind {
    using other = pinned<U>;
  };
};

int main() {
  evac::set<int, evac::hash<int>, evac::equal_to<int>, pinned<int>> numbers;
  numbers.insert(1);
}
