// A cache server that any Redis client can talk to, over evac's maps.
//
//   cache_server --port 6379 --store sync
//   redis-cli -p 6379 set k v
#include <CLI/CLI.hpp>

#include <csignal>
#include <exception>
#include <iostream>
#include <optional>
#include <thread>

#include "admin.hpp"
#include "server.hpp"
#include "store.hpp"

namespace {

struct settings {
  cache_server::server_settings server;
  std::string store = "sync";
  std::string admin_address = "127.0.0.1";
  std::optional<unsigned short> admin_port;
};

/// Ends the program after printing help, or for arguments that it does not know.
[[nodiscard]] settings settings_of(int argc, char** argv) {
  settings chosen;
  CLI::App app("A cache server that speaks the protocol of Redis (RESP2).");
  app.option_defaults()->always_capture_default();
  app.add_option("--bind", chosen.server.address, "address to listen at");
  app.add_option("--port", chosen.server.port, "0: any that is free");
  app.add_option("--store", chosen.store,
                 "the map behind it: evac::sync_map, evac::sharded_map, evac::cache, std::unordered_map")
      ->check(CLI::IsMember({"sync", "sharded", "cache", "std"}));
  std::size_t mebibytes = 256;
  app.add_option("--max-memory", mebibytes, "MiB that the store `cache` holds; the others are not bounded")
      ->check(CLI::Range(1, 1 << 20));
  app.add_option("--threads", chosen.server.threads, "0: as many as the machine has cores");
  app.add_option("--max-clients", chosen.server.most_clients, "connections at one time");
  long long drain = chosen.server.longest_drain.count();
  app.add_option("--drain-seconds", drain, "how long SIGTERM waits for clients to take their replies");
  app.add_option("--admin-port", chosen.admin_port,
                 "for /metrics, /healthz, /debug/maps, /debug/locks; 0: any that is free");
  app.add_option("--admin-bind", chosen.admin_address, "address of that port: whoever reaches it sees the inside");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& ending) {
    std::exit(app.exit(ending) == 0 ? 0 : 2);
  }
  if (chosen.store == "cache") chosen.server.most_bytes = mebibytes << 20U;
  chosen.server.longest_drain = std::chrono::seconds(drain);
  return chosen;
}

}  // namespace

int main(int argc, char** argv) {
  const settings chosen = settings_of(argc, argv);
  // Waited for by one thread; blocked before there are others, so that they inherit that.
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  try {
    const auto data = cache_server::make_store(chosen.store, chosen.server.most_bytes);
    cache_server::server server(*data, chosen.server);
    std::cout << "listening at " << chosen.server.address << ':' << server.port() << ", store " << chosen.store
              << std::endl;
    std::optional<cache_server::admin> admin;
    if (chosen.admin_port) {
      admin.emplace(*data, server, chosen.admin_address, *chosen.admin_port);
      std::cout << "admin at http://" << chosen.admin_address << ':' << admin->port() << std::endl;
      if (!asio::ip::make_address(chosen.admin_address).is_loopback())
        std::cout << "the admin port can be reached from other machines" << std::endl;
    }
    std::thread([&] {
      int which = 0;
      sigwait(&ending, &which);
      server.stop();
    }).detach();
    server.run();
  } catch (const std::exception& failure) {
    std::cerr << "cache_server: " << failure.what() << '\n';
    return 1;
  }
  std::cout << "ended after all clients" << std::endl;
}
