// Stores alone: updates that no thread loses, and cursors that show each key once while the map changes.
#include <atomic>
#include <initializer_list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "../store.hpp"
#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/in_threads.hpp"

namespace {

using cache_server::entry;
using cache_server::store;
using cache_server::time_ms;
using cache_server::verdict;

const std::vector<std::string> kinds = {"sync", "sharded", "cache", "std"};

/// Large enough that the store that is bounded loses nothing.
[[nodiscard]] std::unique_ptr<store> make_store(const std::string& kind) {
  return cache_server::make_store(kind, std::size_t{256} << 20U);
}
bool erase(store& from, std::string_view key) {
  return from.erase_if(key, [](const entry&) { return true; });
}
[[nodiscard]] std::string key_of(std::size_t number) { return "key " + std::to_string(number); }

/// How often each key was shown.
using shown_keys = std::map<std::string, int>;

template <class BetweenPages>
[[nodiscard]] shown_keys scan_all(const store& from, std::size_t count, const BetweenPages& between) {
  shown_keys shown;
  std::uint64_t cursor = 0;
  do {
    cursor = from.scan(cursor, count, [&](std::string_view key, const entry&) { ++shown[std::string(key)]; });
    between();
  } while (cursor != 0);
  return shown;
}
/// How many of the first keys were not shown exactly once, and how many of all more than once.
[[nodiscard]] std::size_t wrong_of(const shown_keys& shown, std::size_t permanent) {
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < permanent; ++i) {
    const auto at = shown.find(key_of(i));
    wrong += at != shown.end() && at->second == 1 ? 0 : 1;
  }
  for (const auto& [key, times] : shown) wrong += times > 1 ? 1 : 0;
  return wrong;
}

}  // namespace

TEST_CASE("an update sees what the key has, and does what it answers") {
  for (const std::string& kind : kinds) {
    CAPTURE(kind);
    const std::unique_ptr<store> data = make_store(kind);
    const auto value = [&] {
      std::string text = "absent";
      data->read("k", [&](const entry& it) { text = it.data; });
      return text;
    };
    const auto update = [&](verdict answer, const std::string& text, bool expected) {
      data->update("k", [&](entry& it, bool found) {
        CHECK(found == expected);
        CHECK(it.data == (found ? value() : ""));
        if (answer == verdict::put) it = {text};
        return answer;
      });
    };
    if (kind == "sync") {  // in others the key may be locked meanwhile, and value() must not be called
      update(verdict::keep, "", false);
      CHECK(value() == "absent");
      update(verdict::erase, "", false);
      CHECK(value() == "absent");
      update(verdict::put, "a", false);
      CHECK(value() == "a");
      update(verdict::keep, "", true);
      CHECK(value() == "a");
      update(verdict::put, "b", true);
      CHECK(value() == "b");
      update(verdict::erase, "", true);
      CHECK(value() == "absent");
    }
    for (const verdict answer : {verdict::keep, verdict::erase, verdict::put}) {
      for (const bool is_there : {false, true}) {
        data->clear();
        if (is_there) data->put("k", {"old"});
        bool found_it = !is_there;
        std::string seen = "nothing";
        data->update("k", [&](entry& it, bool found) {
          found_it = found;
          seen = it.data;
          if (answer == verdict::put) it.data += "new";
          return answer;
        });
        CHECK(found_it == is_there);
        CHECK(seen == (is_there ? "old" : ""));
        const std::string expected = answer == verdict::put                ? seen + "new"
                                     : answer == verdict::keep && is_there ? "old"
                                                                           : "absent";
        CHECK(value() == expected);
        CHECK(data->size() == (expected == "absent" ? 0 : 1));
        CHECK(erase(*data, "k") == (expected != "absent"));
      }
    }
  }
}

TEST_CASE("an update of an absent key that another thread puts meanwhile is decided again") {
  for (const std::string kind : {"sync", "sharded"}) {
    CAPTURE(kind);
    const std::unique_ptr<store> data = make_store(kind);
    std::vector<std::string> seen;
    data->update("k", [&](entry& it, bool found) {
      seen.push_back(found ? it.data : "absent");
      if (!found) std::thread([&] { data->put("k", {"theirs"}); }).join();
      it = {"ours"};
      return verdict::put;
    });
    CHECK(seen == std::vector<std::string>{"absent", "theirs"});
    std::string value;
    CHECK(data->read("k", [&](const entry& it) { value = it.data; }));
    CHECK(value == "ours");
  }
}

TEST_CASE("no update of any thread is lost, and a key that all erase and put again is found once at most") {
  for (const std::string& kind : kinds) {
    CAPTURE(kind);
    const std::unique_ptr<store> data = make_store(kind);
    const std::size_t each = evac_test::rounds(3000);
    constexpr std::size_t threads = 4;
    std::atomic<long> erased{0};
    evac_test::in_threads(threads, [&](std::size_t thread) {
      for (std::size_t i = 0; i < each; ++i) {
        data->update("sum", [](entry& it, bool found) {
          it.data = std::to_string((found ? std::stoul(it.data) : 0) + 1);
          return verdict::put;
        });
        // As many are put as are erased: each answer is that of one moment.
        long change = 0;
        data->update("toggled", [&](entry& it, bool found) {
          it.data = std::to_string(thread);
          change = found ? -1 : 1;
          return found ? verdict::erase : verdict::put;
        });
        erased += change;
      }
    });
    std::string sum;
    data->read("sum", [&](const entry& it) { sum = it.data; });
    CHECK(sum == std::to_string(each * threads));
    CHECK(erased.load() == (erase(*data, "toggled") ? 1 : 0));
    CHECK(data->size() == 1);
  }
}

TEST_CASE("a key is erased if the condition is true of its entry, once, and else stays") {
  for (const std::string& kind : kinds) {
    CAPTURE(kind);
    const std::unique_ptr<store> data = make_store(kind);
    data->put("k", {"v", 100});
    const auto is_over = [](time_ms now) { return [now](const entry& it) { return !it.is_live(now); }; };
    CHECK_FALSE(data->erase_if("k", is_over(99)));
    CHECK(data->size() == 1);
    CHECK(data->erase_if("k", is_over(100)));
    CHECK(data->size() == 0);
    CHECK_FALSE(data->erase_if("k", is_over(100)));
  }
}

TEST_CASE("the bounded store holds no more than it may, and what was put last") {
  constexpr std::size_t most = std::size_t{1} << 20U;
  const std::unique_ptr<store> data = cache_server::make_store("cache", most);
  for (std::size_t i = 0; i < 10'000; ++i) data->put(key_of(i), {std::string(1000, 'x')});
  CHECK(data->counters().total_bytes() <= most);
  CHECK(data->size() > 500);
  CHECK(data->size() < 1100);
  CHECK(data->read(key_of(9999), [](const entry&) {}));
}

TEST_CASE("a scan shows each key once, whatever the size of its pages") {
  for (const std::string& kind : kinds) {
    const std::unique_ptr<store> data = make_store(kind);
    CHECK(scan_all(*data, 10, [] {}).empty());
    for (const std::size_t keys : std::initializer_list<std::size_t>{1, 10, 3000}) {
      for (std::size_t i = 0; i < keys; ++i) data->put(key_of(i), {"v"});
      for (const std::size_t count : std::initializer_list<std::size_t>{1, 7, 100, 1'000'000}) {
        CAPTURE(kind, keys, count);
        const shown_keys shown = scan_all(*data, count, [] {});
        CHECK(shown.size() == keys);
        CHECK(wrong_of(shown, keys) == 0);
      }
    }
  }
}

TEST_CASE("a scan shows the keys that are there throughout once while the map grows and shrinks between its pages") {
  for (const std::string& kind : kinds) {
    for (const std::size_t permanent : std::initializer_list<std::size_t>{3, 500, 4000}) {
      CAPTURE(kind, permanent);
      const std::unique_ptr<store> data = make_store(kind);
      for (std::size_t i = 0; i < permanent; ++i) data->put(key_of(i), {"v"});
      std::size_t others = permanent;
      std::size_t pages = 0;
      evac_test::dice roll(permanent);
      const shown_keys shown = scan_all(*data, 1 + roll(permanent < 20 ? 2 : 20), [&] {
        // So many come that the table doubles several times on the way; in other phases all of them go again.
        const bool shrinks = ++pages % 40 == 0;
        if (others > 60'000) return;
        for (std::size_t i = 0; i < 200; ++i) data->put(key_of(others++), {"v"});
        if (!shrinks) return;
        for (std::size_t i = permanent; i < others; ++i) erase(*data, key_of(i));
      });
      CHECK(pages > 1);
      CHECK(wrong_of(shown, permanent) == 0);
    }
  }
}

TEST_CASE("a scan shows the keys that are there throughout once while threads put and erase others") {
  for (const std::string& kind : kinds) {
    CAPTURE(kind);
    const std::unique_ptr<store> data = make_store(kind);
    constexpr std::size_t permanent = 2000;
    for (std::size_t i = 0; i < permanent; ++i) data->put(key_of(i), {"v"});
    std::atomic<bool> over{false};
    std::size_t wrong = 0;
    std::size_t largest = 0;
    evac_test::in_threads(3, [&](std::size_t thread) {
      if (thread == 0) {
        // Each page of a store without cursors looks at all.
        const std::size_t page = kind == "std" ? 3000 : 50;
        for (std::size_t round = 0; round < evac_test::rounds(20); ++round) {
          const shown_keys shown = scan_all(*data, page, [] {});
          wrong += wrong_of(shown, permanent);
          largest = std::max(largest, shown.size());
        }
        over = true;
        return;
      }
      for (std::size_t i = 0; !over; ++i) {
        const std::size_t at = permanent + thread * 1'000'000 + i % 9'000;
        data->put(key_of(at), {"v"});
        if (i % 27'000 >= 18'000) erase(*data, key_of(at));
      }
    });
    CHECK(wrong == 0);
    CHECK(largest > permanent);
  }
}

TEST_CASE("a walk of the sweep comes by each key and to its end, also in a store without a cursor") {
  for (const std::string& kind : kinds) {
    CAPTURE(kind);
    const std::unique_ptr<store> data = make_store(kind);
    for (std::size_t i = 0; i < 1000; ++i) data->put(key_of(i), {"v"});
    std::set<std::string> seen;
    std::uint64_t cursor = 0;
    std::size_t pages = 0;
    do {
      cursor = data->walk(cursor, 64, [&](std::string_view key, const entry&) { seen.emplace(key); });
    } while (cursor != 0 && ++pages < 10'000);
    CHECK(cursor == 0);
    CHECK(pages > 5);
    CHECK(seen.size() == 1000);
  }
}
