// A session table: sessions are found by any thread, outlive their entry while they are used, and use a map of a pool.
//
// Three lifetimes are nested: the pool outlives the sessions, a session its requests, and a request what it looks at.
// The table holds each session by a shared pointer, so that logging out takes it from the table at once, and the last
// request that uses it destroys it. What pin() returns keeps everything that was found through it, without a count that
// is written for each of them: but it also keeps all garbage of its map from being freed, so it belongs around a batch
// of looks, never around a wait.
#include <evac/map.hpp>
#include <evac/pool.hpp>
#include <evac/sync_map.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "expect.hpp"

namespace {

using basket = evac::map<std::uint64_t, int>;
using basket_pool = evac::pool<basket>;

class session {
 public:
  session(std::string user, basket_pool& pool) : user_(std::move(user)), basket_(pool.acquire()) {}

  void add(std::uint64_t article) {
    const std::lock_guard held(mutex_);
    ++(*basket_)[article];
  }
  [[nodiscard]] std::size_t articles() const {
    const std::lock_guard held(mutex_);
    return basket_->size();
  }
  [[nodiscard]] const std::string& user() const { return user_; }

 private:
  std::string user_;
  mutable std::mutex mutex_;
  basket_pool::lease basket_;  // goes back to the pool with the session, cleared
};

}  // namespace

int main() {
  basket_pool pool;  // first: it outlives the sessions
  evac::sync_map<std::string, std::shared_ptr<session>, evac::hash<std::string>, evac::equal_to<std::string>,
                 std::allocator<std::pair<const std::string, std::shared_ptr<session>>>, evac::storage::in_nodes>
      sessions;

  for (int i = 0; i < 100; ++i) {
    const std::string token = "token " + std::to_string(i);
    sessions.store(token, std::make_shared<session>("user " + std::to_string(i), pool));
  }

  // A request shares the session as long as it needs it; it may wait meanwhile.
  const std::shared_ptr<session> used = sessions.load("token 7").value();
  used->add(4711);
  sessions.erase("token 7");
  used->add(4712);
  expect(!sessions.contains("token 7") && used->articles() == 2, "a session that is in use outlives its entry");

  // A look at many: no pointer is copied, and what was found stays where it is until the pin goes.
  std::size_t found = 0;
  {
    const auto pin = sessions.pin();
    std::vector<const std::shared_ptr<session>*> looked_at;
    for (int i = 0; i < 100; ++i) {
      if (const auto* entry = pin.find("token " + std::to_string(i))) looked_at.push_back(entry);
    }
    for (const auto* each : looked_at) found += (*each)->user().empty() ? 0 : 1;
  }
  expect(found == 99, "a pin keeps what was found through it");
}
