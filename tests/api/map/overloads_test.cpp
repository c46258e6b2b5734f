// Arguments that only the right overload takes, and functors of awkward types.
#include <evac/evac.hpp>
#include <iterator>
#include <map>
#include <memory>
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

#include "support/axes.hpp"
#include "support/catch.hpp"
#include "support/valid.hpp"

namespace {

struct bits {
  unsigned low : 3;
  unsigned high : 5;
};

template <class Set>
constexpr bool inserts_bit_fields = requires(Set set, bits of) { set.insert(of.low); };
template <class Map>
constexpr bool takes_bit_fields_as_keys = requires(Map map, bits of) {
  map[of.low];
  map.at(of.low);
  map.find(of.low);
  map.contains(of.low);
  map.count(of.low);
  map.equal_range(of.low);
  map.try_emplace(of.low, 1);
  map.insert_or_assign(of.low, 1);
  map.extract(of.low);
  map.erase(of.low);
};

struct point {
  int x = 0;
  int y = 0;
  friend bool operator==(const point&, const point&) = default;
};
struct final_hash final {
  std::size_t operator()(const point& p) const { return static_cast<std::size_t>(p.x * 31 + p.y); }
};
struct final_equal final {
  bool operator()(const point& a, const point& b) const { return a == b; }
};

/// Not empty, not assignable, and its move constructor is not noexcept.
class awkward_equal {
 public:
  explicit awkward_equal(int modulus) : modulus_(modulus) {}
  awkward_equal(const awkward_equal& other) : modulus_(other.modulus_) {}  // NOLINT: not noexcept, on purpose
  awkward_equal& operator=(const awkward_equal&) = delete;
  ~awkward_equal() = default;
  bool operator()(std::uint64_t a, std::uint64_t b) const {
    return a % static_cast<unsigned>(modulus_) == b % static_cast<unsigned>(modulus_);
  }
  friend void swap(awkward_equal& a, awkward_equal& b) noexcept { std::swap(a.modulus_, b.modulus_); }

 private:
  int modulus_;
};

/// An input iterator that yields proxies, each of which turns into an element once.
class proxy_iterator {
 public:
  using iterator_concept = std::input_iterator_tag;
  using iterator_category = std::input_iterator_tag;
  using value_type = std::pair<int, std::string>;
  using difference_type = std::ptrdiff_t;
  using pointer = void;
  struct reference {
    int number;
    operator value_type() const { return {number, std::to_string(number)}; }  // NOLINT(google-explicit-constructor)
    operator std::pair<const int, std::string>() const {                      // NOLINT(google-explicit-constructor)
      return {number, std::to_string(number)};
    }
  };

  proxy_iterator() = default;
  explicit proxy_iterator(int number) : number_(number) {}
  reference operator*() const { return {number_}; }
  proxy_iterator& operator++() {
    ++number_;
    return *this;
  }
  proxy_iterator operator++(int) {
    proxy_iterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const proxy_iterator&, const proxy_iterator&) = default;

 private:
  int number_ = 0;
};

}  // namespace

TEST_CASE("bit-fields are taken as keys") {
  STATIC_REQUIRE(takes_bit_fields_as_keys<evac::map<unsigned, int>>);
  CHECK(inserts_bit_fields<evac::set<unsigned>>);
}

TEST_CASE("keys and elements may be written in braces") {
  evac::map<point, int, final_hash, final_equal> map;
  map[{1, 2}] = 3;
  REQUIRE(map.at({1, 2}) == 3);
  REQUIRE(map.contains({1, 2}));
  REQUIRE(map.count({2, 1}) == 0);
  REQUIRE(map.find({1, 2}) != map.end());
  REQUIRE(map.try_emplace({3, 4}, 5).second);
  REQUIRE_FALSE(map.insert_or_assign({3, 4}, 6).second);
  REQUIRE(map.insert({{5, 6}, 7}).second);
  map.insert({{{7, 8}, 9}, {{9, 10}, 11}});
  REQUIRE(map.size() == 5);
  REQUIRE(map.extract({7, 8}).mapped() == 9);
  REQUIRE(map.erase({1, 2}) == 1);
  map = {{{1, 1}, 1}};
  REQUIRE(map.size() == 1);
}

TEST_CASE("a lambda, a function pointer and a functor that cannot be assigned serve as hash and equality") {
  auto by_length = [](const std::string& text) { return text.size(); };
  evac::map<std::string, int, decltype(by_length)> lengths;
  for (int i = 0; i < 300; ++i) lengths[std::string(static_cast<std::size_t>(i), 'x')] = i;
  auto copied = lengths;
  copied.swap(lengths);
  REQUIRE(copied == lengths);
  REQUIRE_VALID(copied);

  using hash_pointer = std::size_t (*)(int);
  const hash_pointer negated = [](int key) { return static_cast<std::size_t>(-key); };
  evac::map<int, int, hash_pointer> pointed(0, negated);
  for (int i = 0; i < 300; ++i) pointed[i] = i;
  evac::map<int, int, hash_pointer> assigned(0, nullptr);
  assigned = pointed;
  REQUIRE(assigned.hash_function() == negated);
  REQUIRE(assigned == pointed);

  struct modulo_hash {
    std::size_t operator()(std::uint64_t key) const { return key % 10; }
  };
  using modulo_map = evac::map<std::uint64_t, int, modulo_hash, awkward_equal>;
  modulo_map ten(0, modulo_hash(), awkward_equal(10));
  modulo_map hundred(0, modulo_hash(), awkward_equal(100));
  for (std::uint64_t i = 0; i < 1000; ++i) {
    ten.try_emplace(i, 0);
    hundred.try_emplace(i, 0);
  }
  REQUIRE(ten.size() == 10);
  REQUIRE(hundred.size() == 100);
  ten.swap(hundred);
  REQUIRE(ten.contains(199));
  hundred = std::move(ten);
  REQUIRE(hundred.size() == 100);
  REQUIRE_FALSE(hundred.try_emplace(1234, 0).second);
}

TEST_CASE("emplace builds the element from whatever arguments") {
  evac::map<std::string, std::string> map;
  REQUIRE(map.emplace().second);
  REQUIRE_FALSE(map.emplace().second);
  REQUIRE(map.emplace("a", "b").second);
  REQUIRE(map.emplace(std::pair("c", "d")).second);
  REQUIRE(map.emplace(std::piecewise_construct, std::forward_as_tuple(3U, 'e'), std::forward_as_tuple()).second);
  REQUIRE(map.insert(std::pair<const char*, const char*>("f", "g")).second);
  REQUIRE(map.insert(std::pair<const std::string, std::string>("h", "i")).second);
  const std::pair<const std::string, std::string> constant("j", "k");
  REQUIRE(map.insert(constant).second);
  REQUIRE(map.insert(map.begin(), constant)->second == "k");
  REQUIRE(map.at("eee").empty());
  REQUIRE(map.size() == 7);
  evac::set<std::string> set;
  REQUIRE(set.emplace(3U, 'x').second);
  REQUIRE(set.emplace("xxx").second == false);
  REQUIRE(set.emplace().second);
  const std::string known = "known";
  REQUIRE(set.insert(known).second);
  REQUIRE(*set.emplace_hint(set.begin(), known) == known);
  REQUIRE(set.insert(set.end(), std::string("other")) != set.end());
}

TEST_CASE("ranges of proxies, of other pairs and of rvalues are inserted") {
  const evac::map<int, std::string> from_proxies(proxy_iterator(0), proxy_iterator(200));
  REQUIRE(from_proxies.size() == 200);
  REQUIRE(from_proxies.at(150) == "150");
  evac::map<int, std::string> map;
  map.insert(proxy_iterator(5), proxy_iterator(10));
  REQUIRE(map.size() == 5);
  const std::map<int, const char*> other{{5, "not taken"}, {77, "seventy-seven"}};
  map.insert_range(other);
  REQUIRE(map.at(5) == "5");
  REQUIRE(map.at(77) == "seventy-seven");
  map.insert_range(std::views::iota(100, 120) |
                   std::views::transform([](int i) { return std::pair(i, std::to_string(i)); }));
  REQUIRE(map.at(119) == "119");
  std::vector<std::pair<int, std::unique_ptr<int>>> owners;
  for (int i = 0; i < 50; ++i) owners.emplace_back(i, std::make_unique<int>(i));
  const evac::map<int, std::unique_ptr<int>> taken(std::make_move_iterator(owners.begin()),
                                                   std::make_move_iterator(owners.end()));
  REQUIRE(taken.size() == 50);
  REQUIRE(*taken.at(49) == 49);
  REQUIRE(owners.front().second == nullptr);
}

TEST_CASE("a range insert does not grow for elements that it only might get") {
  evac::map<int, int> map{{1, 1}};
  const auto buckets = map.bucket_count();
  const std::vector<std::pair<int, int>> same(10000, {1, 1});
  map.insert(same.begin(), same.end());
  map.insert_range(same);
  REQUIRE(map.bucket_count() == buckets);
}

TEST_CASE("keys that cannot be copied are moved in once and come out again") {
  evac::map<std::unique_ptr<int>, int> map;
  std::vector<int*> known;
  for (int i = 0; i < 200; ++i) {
    auto key = std::make_unique<int>(i);
    known.push_back(key.get());
    REQUIRE(map.try_emplace(std::move(key), i).second);
  }
  REQUIRE_VALID(map);
  for (const auto& [key, value] : map) REQUIRE(*key == value);
  while (!map.empty()) {
    auto node = map.extract(map.begin());
    const std::unique_ptr<int> key = std::move(node.key());
    REQUIRE(known[static_cast<std::size_t>(node.mapped())] == key.get());
  }
}
