// The default hash of strings of all kinds, and what users specialise: std::hash, evac::hash, evac::is_avalanching.
#include <evac/evac.hpp>
#include <memory_resource>
#include <string>
#include <string_view>
#include <type_traits>

#include "support/catch.hpp"

namespace {

// Strings that do not tell capitals from small letters.
struct any_case : std::char_traits<char> {
  static char lowered(char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
  static bool eq(char left, char right) { return lowered(left) == lowered(right); }
  static bool lt(char left, char right) { return lowered(left) < lowered(right); }
  static int compare(const char* left, const char* right, std::size_t count) {
    for (std::size_t i = 0; i != count; ++i) {
      if (lt(left[i], right[i])) return -1;
      if (lt(right[i], left[i])) return 1;
    }
    return 0;
  }
};
using any_case_string = std::basic_string<char, any_case>;

struct other_traits : std::char_traits<char> {};
using string_without_hash = std::basic_string<char, other_traits>;

struct point {
  int x;
  int y;
  bool operator==(const point&) const = default;
};
template <class T>
struct boxed {
  T value;
  bool operator==(const boxed&) const = default;
};
struct well_mixed {
  std::size_t operator()(int value) const { return static_cast<std::size_t>(value) * 0x9E3779B97F4A7C15U; }
};

template <class String>
bool finds(const String& text, std::basic_string_view<typename String::value_type> view) {
  evac::map<String, int> map;
  map[text] = 1;
  evac::sync_map<String, int> sync;
  sync.store(text, 1);
  return map.contains(view) && sync.contains(view);
}

}  // namespace

template <>
struct std::hash<any_case_string> {
  std::size_t operator()(const any_case_string& text) const {
    std::size_t sum = 0;
    for (const char c : text) sum = sum * 31 + static_cast<unsigned char>(any_case::lowered(c));
    return sum;
  }
};

// As a user writes it, who knows nothing of inline namespaces.
namespace evac {
template <>
struct hash<point> {
  std::size_t operator()(const point& of) const { return static_cast<std::size_t>(of.x + 1000 * of.y); }
};
template <class T>
struct hash<boxed<T>> {
  std::size_t operator()(const boxed<T>& of) const { return hash<T>{}(of.value); }
};
template <>
struct is_avalanching<well_mixed> : std::true_type {};
}  // namespace evac

TEST_CASE("strings of all characters and allocators are found by a view") {
  CHECK(finds<std::string>("text", "text"));
  CHECK(finds<std::pmr::string>("text", "text"));
  CHECK(finds<std::wstring>(L"text", L"text"));
  CHECK(finds<std::u8string>(u8"text", u8"text"));
  CHECK(finds<std::u16string>(u"text", u"text"));
  CHECK(finds<std::u32string>(U"text", U"text"));
}

TEST_CASE("strings with traits of their own are hashed by their own hash, so that equal ones are found") {
  evac::map<any_case_string, int> map;
  map["Key"] = 1;
  CHECK(map.contains("kEY"));
  CHECK(map.find("other") == map.end());
  evac::sharded_set<any_case_string> set;
  set.insert("Key");
  CHECK(set.contains("KEY"));
}

TEST_CASE("strings with traits of their own and no hash have none, also not that of their characters") {
  STATIC_REQUIRE_FALSE(std::is_invocable_v<evac::hash<string_without_hash>, const string_without_hash&>);
  STATIC_REQUIRE_FALSE(std::is_invocable_v<evac::hash<std::basic_string_view<char, other_traits>>,
                                           std::basic_string_view<char, other_traits>>);
  STATIC_REQUIRE(std::is_invocable_v<evac::hash<any_case_string>, const any_case_string&>);
}

TEST_CASE("specialisations in namespace evac are used") {
  CHECK(evac::hash<point>{}({1, 2}) == 2001);
  evac::map<point, int> map;
  map[{1, 2}] = 3;
  CHECK(map.at({1, 2}) == 3);
  evac::sync_map<boxed<point>, int> boxes;
  boxes.store({{1, 2}}, 4);
  CHECK(boxes.load({{1, 2}}) == 4);
  STATIC_REQUIRE(evac::is_avalanching<well_mixed>::value);
}
