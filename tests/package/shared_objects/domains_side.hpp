// Interface of each shared object in the test of domains; they are the same source, which includes evac by itself.
#ifndef EVAC_TESTS_PACKAGE_SHARED_OBJECTS_DOMAINS_SIDE_HPP
#define EVAC_TESTS_PACKAGE_SHARED_OBJECTS_DOMAINS_SIDE_HPP

#include <cstddef>

/// Domains and guards are evac's, known to the program by address only.
struct domains_side {
  void* (*make_domain)(std::size_t cap);
  void (*end_domain)(void* domain);
  void* (*enter)(void* domain);
  void (*leave)(void* guard);
  /// Makes room and retires an object of this size, whose destructor is in the shared object and adds one to `gone`.
  void (*retire)(void* domain, std::size_t bytes, std::size_t* gone);
  bool (*flush)(void* domain);
  void (*reinit_after_fork)(void* domain);
  std::size_t (*over_cap)(void* domain);
};

/// The one name that a shared object exports on purpose.
extern "C" using get_domains_side = const domains_side * ();

#endif
