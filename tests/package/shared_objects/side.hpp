// Interface of each of the two shared objects; they are the same source, which includes evac by itself.
#ifndef EVAC_TESTS_PACKAGE_SHARED_OBJECTS_SIDE_HPP
#define EVAC_TESTS_PACKAGE_SHARED_OBJECTS_SIDE_HPP

#include <cstddef>

/// Domains, maps and guards are evac's, known to the program by address only. Values tell when they are destroyed.
struct side {
  void* (*make_domain)(std::size_t cap);
  void (*end_domain)(void* domain);
  void* (*make_map)(void* domain);
  void (*end_map)(void* map);

  void (*store)(void* map, std::size_t key, std::size_t value, void (*on_end)());
  /// The value, or `otherwise`.
  std::size_t (*load)(void* map, std::size_t key, std::size_t otherwise);
  bool (*erase)(void* map, std::size_t key);

  void* (*enter)(void* domain);
  void (*leave)(void* guard);
  bool (*flush)(void* domain);
  void (*reinit_after_fork)(void* domain);
  std::size_t (*threads)(void* domain);
  std::size_t (*guards)(void* domain);
  std::size_t (*waiting)(void* domain);
  std::size_t (*over_cap)(void* domain);
  /// Of the default domain.
  void* (*process_domain)();
};

/// The one name that a shared object exports on purpose.
extern "C" using get_side = const side * ();

#endif
