// A string interner: equal strings become one, and comparing two of them is comparing two pointers.
//
// The set holds the strings by pointer, so that their addresses stay while it grows, and is asked by a view: a
// transparent hash and equality make no string for a look-up. A string that is there already is found under a shared
// lock.
#include <evac/hash.hpp>
#include <evac/sharded_set.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "expect.hpp"

namespace {

using owned = std::unique_ptr<const std::string>;

struct by_text {
  using is_transparent = void;
  [[nodiscard]] static std::string_view text(std::string_view view) { return view; }
  [[nodiscard]] static std::string_view text(const owned& string) { return *string; }
};
struct text_hash : by_text {
  using is_avalanching = void;
  template <class K>
  [[nodiscard]] std::size_t operator()(const K& key) const {
    return evac::hash<std::string_view>{}(text(key));
  }
};
struct text_equal : by_text {
  template <class A, class B>
  [[nodiscard]] bool operator()(const A& a, const B& b) const {
    return text(a) == text(b);
  }
};

class interner {
 public:
  /// The one string with this text, as long as the interner lives.
  [[nodiscard]] const std::string& operator()(std::string_view text) {
    const std::string* found = nullptr;
    const auto take = [&](const owned& string) { found = string.get(); };
    if (strings_.cvisit(text, take) == 0) {
      // Another thread may insert the same text meanwhile: then its string is taken, and this one is dropped.
      strings_.insert_and_cvisit(std::make_unique<const std::string>(text), take, take);
    }
    return *found;
  }
  [[nodiscard]] std::size_t size() const { return strings_.size(); }

 private:
  evac::sharded_set<owned, text_hash, text_equal> strings_;
};

}  // namespace

int main() {
  interner intern;
  const std::string& first = intern("content-type");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int word = 0; word < 5000; ++word) static_cast<void>(intern("word " + std::to_string(word)));
    });
  }
  for (std::thread& each : threads) each.join();
  expect(intern.size() == 5001, "each text is there once");
  expect(&intern("content-type") == &first, "equal texts are one string, at one address");
  expect(&intern("word 1") != &intern("word 2"), "others are not");
}
