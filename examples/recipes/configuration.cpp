// Configuration that is read by every request and replaced as a whole now and then.
//
// The value is immutable and shared: a reader takes a pointer to it and goes on with that version, whatever is stored
// meanwhile; the last reader of a version destroys it. Readers wait for nobody and write no memory that other readers
// read, but for the count of the pointer; load(key, f) does without that, where f is short.
#include <evac/sync_map.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "expect.hpp"

namespace {

struct limits {
  int requests_per_second = 0;
  int burst = 0;  // always ten times as many
};
using version = std::shared_ptr<const limits>;

class configuration {
 public:
  /// Replaces the whole value: no reader sees the half of it.
  void set(const std::string& tenant, limits value) {
    versions_.store(tenant, std::make_shared<const limits>(std::move(value)));
  }
  /// Null for a tenant that has none.
  [[nodiscard]] version of(const std::string& tenant) const { return versions_.load(tenant).value_or(nullptr); }
  /// Nothing is copied, not even a pointer. Look, and return.
  [[nodiscard]] bool allows(const std::string& tenant, int rate) const {
    bool allowed = false;
    versions_.load(tenant, [&](const version& now) { allowed = rate <= now->requests_per_second; });
    return allowed;
  }

 private:
  evac::sync_map<std::string, version> versions_;
};

}  // namespace

int main() {
  configuration all;
  all.set("alice", {1, 10});
  const version before = all.of("alice");

  std::atomic<bool> torn = false;
  std::atomic<bool> done = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!done.load()) {
        const version now = all.of("alice");
        if (now->burst != 10 * now->requests_per_second) torn.store(true);
      }
    });
  }
  for (int rate = 2; rate <= 10'000; ++rate) all.set("alice", {rate, 10 * rate});
  done.store(true);
  for (std::thread& each : readers) each.join();

  expect(!torn.load(), "no reader saw half of a version");
  expect(before->requests_per_second == 1, "who holds an old version keeps it");
  expect(all.allows("alice", 10'000) && !all.allows("alice", 10'001), "a look without a copy");
  expect(all.of("bob") == nullptr, "an absent key is a null pointer");
}
