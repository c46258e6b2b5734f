// The commands: what the words of a request do to a store, and what is replied.
#ifndef EVAC_EXAMPLES_CACHE_SERVER_COMMANDS_HPP
#define EVAC_EXAMPLES_CACHE_SERVER_COMMANDS_HPP

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reply.hpp"
#include "store.hpp"

namespace cache_server {

/// What is known of a connection.
struct client {
  long long id = 0;
  std::string name;
  bool quits = false;
};

/// What the commands that ask about the server tell.
struct server_facts {
  /// Lines of INFO but for those of the store.
  std::function<std::string()> info;
  /// Names and values of CONFIG GET.
  std::vector<std::pair<std::string, std::string>> settings;
};

using words_view = std::span<const std::string_view>;

/// One request.
struct request {
  words_view words;
  store& data;
  const server_facts& facts;
  client& from;
  reply& out;
  time_ms now;
  /// 0 when it is done; else the word to go on with, in a call when `out` has been sent.
  std::size_t next = 0;
};

/// Carries out a request, or a part of it. Throws std::bad_alloc; nothing has been replied then.
void execute(request& asked);

}  // namespace cache_server

#endif
