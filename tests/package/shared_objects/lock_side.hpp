// Interface of each shared object, and of the program itself, in the test of locks: all are the same source, which
// includes evac by itself. See locks.cpp.
#ifndef EVAC_TESTS_PACKAGE_SHARED_OBJECTS_LOCK_SIDE_HPP
#define EVAC_TESTS_PACKAGE_SHARED_OBJECTS_LOCK_SIDE_HPP

#include <cstddef>
#include <cstdint>

/// Eight words that are always equal.
struct equal_words {
  std::size_t words[8];
};

/// A function with what it needs.
struct callback {
  void (*function)(void* context);
  void* context;
  void operator()() const { function(context); }
};

/// Locks and maps are evac's, known to the program by address only.
struct lock_side {
  void* (*make_lock)();
  void (*end_lock)(void* lock);
  void (*lock)(void* lock);
  bool (*try_lock)(void* lock);
  void (*unlock)(void* lock);
  void (*lock_shared)(void* lock);
  void (*unlock_shared)(void* lock);
  bool (*is_biased)(void* lock);
  std::uint32_t (*reader_count)(void* lock);

  void* (*make_map)(std::size_t shards);
  void (*end_map)(void* map);
  void (*store)(void* map, std::size_t key, std::size_t value);
  /// The value; `torn` is counted up if it is none that was stored. ~0 if there is none.
  std::size_t (*load)(void* map, std::size_t key, std::size_t& torn);
  /// These return whether the call was reported as one from inside a call of the same map.
  bool (*visit)(void* map, std::size_t key, callback inside);
  bool (*cvisit)(void* map, std::size_t key, callback inside);
  bool (*erase)(void* map, std::size_t key);
  bool (*clear)(void* map);
  /// One flight for all who ask; make() is called by who computes.
  std::size_t (*compute)(void* map, std::size_t key, callback make);
};

/// The one name that a shared object exports on purpose.
extern "C" using get_lock_side = const lock_side * ();

#endif
