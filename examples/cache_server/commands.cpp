// Each command as a function of its request, and the table of all of them.
#include "commands.hpp"

#include <algorithm>
#include <charconv>
#include <evac/map.hpp>
#include <iterator>
#include <optional>

#include "glob.hpp"
#include "request_parser.hpp"

namespace cache_server {

namespace {

constexpr std::string_view syntax_error = "ERR syntax error";
constexpr std::string_view not_an_integer = "ERR value is not an integer or out of range";

void reply_ok(request& asked) { asked.out.status("OK"); }
void reply_error(request& asked, std::string_view text) { asked.out.error(std::string(text)); }
void reply_optional(request& asked, const std::optional<std::string>& text) {
  text ? asked.out.bulk(*text) : asked.out.null();
}
[[nodiscard]] char lower(char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
[[nodiscard]] std::string lower(std::string_view word) {
  std::string result(word);
  for (char& each : result) each = lower(each);
  return result;
}
[[nodiscard]] bool is(std::string_view word, std::string_view name) {
  return std::ranges::equal(word, name, {}, [](char c) { return lower(c); }, [](char c) { return lower(c); });
}

// --- entries, none of which is seen when its deadline is over ----------------------------------------------------------

/// Calls show(const entry&) if the key is there. An entry whose time is over goes.
template <class Show>
bool read_live(request& asked, std::string_view key, const Show& show) {
  bool is_live = false;
  const bool is_there = asked.data.read(key, [&](const entry& it) {
    is_live = it.is_live(asked.now);
    if (is_live) show(it);
  });
  if (is_there && !is_live) asked.data.erase_if(key, [&](const entry& it) { return !it.is_live(asked.now); });
  return is_live;
}
[[nodiscard]] bool exists(request& asked, std::string_view key) {
  return read_live(asked, key, [](const entry&) {});
}
/// As store::update().
template <class Decide>
void update_live(request& asked, std::string_view key, const Decide& decide) {
  asked.data.update(key, [&](entry& it, bool found) {
    const bool is_live = found && it.is_live(asked.now);
    if (is_live || !found) return decide(it, is_live);
    // What is over makes way for a new entry when that is made: nothing may be left half done where there is no memory.
    entry fresh;
    const verdict answer = decide(fresh, false);
    if (answer != verdict::put) return verdict::erase;
    it = std::move(fresh);
    return verdict::put;
  });
}
[[nodiscard]] bool erase_live(request& asked, std::string_view key) {
  bool is_live = false;
  const bool is_erased = asked.data.erase_if(key, [&](const entry& it) {
    is_live = it.is_live(asked.now);
    return true;
  });
  return is_erased && is_live;
}

/// The moment that is so far away, in units of so many milliseconds; nothing if there is none.
[[nodiscard]] std::optional<time_ms> moment_after(time_ms now, long long time, long long unit) {
  long long result = 0;
  if (__builtin_mul_overflow(time, unit, &result) || __builtin_add_overflow(result, now, &result)) return std::nullopt;
  return result == never ? std::nullopt : std::optional(result);
}

// --- connections -------------------------------------------------------------------------------------------------------

void ping(request& asked) {
  if (asked.words.size() > 2) return reply_error(asked, "ERR wrong number of arguments for 'ping' command");
  asked.words.size() == 2 ? asked.out.bulk(asked.words[1]) : asked.out.status("PONG");
}
void quit(request& asked) {
  asked.from.quits = true;
  reply_ok(asked);
}
void select_database(request& asked) {
  if (!integer_of(asked.words[1])) return reply_error(asked, not_an_integer);
  asked.words[1] == "0" ? reply_ok(asked) : reply_error(asked, "ERR DB index is out of range");
}
void hello(request& asked) {
  if (asked.words.size() > 1 && asked.words[1] != "2")
    return reply_error(asked, "NOPROTO unsupported protocol version");
  for (std::size_t i = 2; i < asked.words.size(); i += 2) {
    if (!is(asked.words[i], "SETNAME") || i + 1 == asked.words.size()) return reply_error(asked, syntax_error);
    asked.from.name = asked.words[i + 1];
  }
  asked.out.array(14);
  for (const std::string_view each : {"server", "evac", "version", "7.0.0", "proto"}) asked.out.bulk(each);
  asked.out.integer(2);
  asked.out.bulk("id");
  asked.out.integer(asked.from.id);
  for (const std::string_view each : {"mode", "standalone", "role", "master", "modules"}) asked.out.bulk(each);
  asked.out.array(0);
}
void client_command(request& asked) {
  const std::string_view what = asked.words[1];
  if (is(what, "ID")) return asked.out.integer(asked.from.id);
  if (is(what, "GETNAME")) {
    return asked.from.name.empty() ? asked.out.null() : asked.out.bulk(asked.from.name);
  }
  if (is(what, "SETNAME") && asked.words.size() == 3) {
    asked.from.name = asked.words[2];
    return reply_ok(asked);
  }
  if (is(what, "SETINFO") && asked.words.size() == 4) return reply_ok(asked);
  reply_error(asked, "ERR unknown subcommand '" + std::string(what) + "'. Try CLIENT HELP.");
}

// --- values ------------------------------------------------------------------------------------------------------------

void get(request& asked) {
  if (!read_live(asked, asked.words[1], [&](const entry& it) { asked.out.bulk(it.data); })) asked.out.null();
}
void getdel(request& asked) {
  std::optional<std::string> old;
  const bool is_erased = asked.data.erase_if(asked.words[1], [&](const entry& it) {
    old = it.is_live(asked.now) ? std::optional(it.data) : std::nullopt;
    return true;
  });
  if (!is_erased) old.reset();  // another client was faster
  reply_optional(asked, old);
}
void strlen_command(request& asked) {
  std::size_t size = 0;
  read_live(asked, asked.words[1], [&](const entry& it) { size = it.data.size(); });
  asked.out.integer(static_cast<long long>(size));
}

struct set_options {
  bool only_absent = false;
  bool only_present = false;
  bool keeps_deadline = false;
  bool gets = false;
  std::string_view time;  // empty: none
  long long unit = 0;
};
/// Nothing where the words do not go together.
[[nodiscard]] std::optional<set_options> set_options_of(words_view words) {
  set_options chosen;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const long long unit = is(words[i], "EX") ? 1000 : is(words[i], "PX") ? 1 : 0;
    if (is(words[i], "NX") && !chosen.only_present) {
      chosen.only_absent = true;
    } else if (is(words[i], "XX") && !chosen.only_absent) {
      chosen.only_present = true;
    } else if (is(words[i], "GET")) {
      chosen.gets = true;
    } else if (is(words[i], "KEEPTTL") && chosen.unit == 0) {
      chosen.keeps_deadline = true;
    } else if (unit != 0 && (chosen.unit == 0 || chosen.unit == unit) && !chosen.keeps_deadline &&
               i + 1 < words.size()) {
      chosen.unit = unit;
      chosen.time = words[++i];
    } else {
      return std::nullopt;
    }
  }
  return chosen;
}
void set(request& asked) {
  const std::string_view key = asked.words[1];
  entry fresh{std::string(asked.words[2])};
  const auto chosen = set_options_of(asked.words.subspan(3));
  if (!chosen) return reply_error(asked, syntax_error);
  if (chosen->unit != 0) {
    const auto time = integer_of(chosen->time);
    if (!time) return reply_error(asked, not_an_integer);
    const auto deadline = moment_after(asked.now, *time, chosen->unit);
    if (*time <= 0 || !deadline) return reply_error(asked, "ERR invalid expire time in 'set' command");
    fresh.deadline = *deadline;
  }
  if (!chosen->only_absent && !chosen->only_present && !chosen->keeps_deadline && !chosen->gets) {
    asked.data.put(key, std::move(fresh));
    return reply_ok(asked);
  }
  std::optional<std::string> old;
  bool is_set = false;
  update_live(asked, key, [&](entry& it, bool found) {
    old = found && chosen->gets ? std::optional(it.data) : std::nullopt;
    is_set = found ? !chosen->only_absent : !chosen->only_present;
    if (!is_set) return verdict::keep;
    it.data = fresh.data;
    if (!chosen->keeps_deadline) it.deadline = fresh.deadline;
    return verdict::put;
  });
  if (chosen->gets) return reply_optional(asked, old);
  is_set ? reply_ok(asked) : asked.out.null();
}
void mset(request& asked) {
  if (asked.words.size() % 2 == 0) return reply_error(asked, "ERR wrong number of arguments for 'mset' command");
  for (std::size_t i = 1; i < asked.words.size(); i += 2)
    asked.data.put(asked.words[i], {std::string(asked.words[i + 1])});
  reply_ok(asked);
}
void mget(request& asked) {
  if (asked.next == 0) asked.out.array(asked.words.size() - 1);
  for (std::size_t i = asked.next == 0 ? 1 : asked.next; i < asked.words.size(); ++i) {
    if (asked.out.is_full()) {
      asked.next = i;
      return;
    }
    if (!read_live(asked, asked.words[i], [&](const entry& it) { asked.out.bulk(it.data); })) asked.out.null();
  }
  asked.next = 0;
}

void add(request& asked, long long by) {
  long long sum = 0;
  std::string_view wrong;
  update_live(asked, asked.words[1], [&](entry& it, bool found) {
    const auto number = found ? integer_of(it.data) : 0;
    wrong = !number                                     ? not_an_integer
            : __builtin_add_overflow(*number, by, &sum) ? "ERR increment or decrement would overflow"
                                                        : std::string_view();
    if (!wrong.empty()) return verdict::keep;
    it.data = std::to_string(sum);
    return verdict::put;
  });
  wrong.empty() ? asked.out.integer(sum) : reply_error(asked, wrong);
}
void incrby(request& asked) {
  const auto by = integer_of(asked.words[2]);
  by ? add(asked, *by) : reply_error(asked, not_an_integer);
}
void append(request& asked) {
  std::size_t size = 0;
  update_live(asked, asked.words[1], [&](entry& it, bool) {
    size = it.data.size() + asked.words[2].size();
    if (size > longest_word) return verdict::keep;
    it.data += asked.words[2];
    return verdict::put;
  });
  if (size > longest_word) return reply_error(asked, "ERR string exceeds maximum allowed size (proto-max-bulk-len)");
  asked.out.integer(static_cast<long long>(size));
}

// --- keys --------------------------------------------------------------------------------------------------------------

template <class Predicate>
void reply_count(request& asked, const Predicate& predicate) {
  long long count = 0;
  for (const std::string_view key : asked.words.subspan(1)) count += predicate(asked, key) ? 1 : 0;
  asked.out.integer(count);
}
void flushall(request& asked) {
  const bool bare = asked.words.size() == 1;
  if (!bare && !(asked.words.size() == 2 && (is(asked.words[1], "ASYNC") || is(asked.words[1], "SYNC"))))
    return reply_error(asked, syntax_error);
  asked.data.clear();
  reply_ok(asked);
}

void reply_left(request& asked, long long unit) {
  long long left = -2;
  read_live(asked, asked.words[1],
            [&](const entry& it) { left = it.deadline == never ? -1 : (it.deadline - asked.now + unit / 2) / unit; });
  asked.out.integer(left);
}
void persist(request& asked) {
  bool had_one = false;
  update_live(asked, asked.words[1], [&](entry& it, bool found) {
    had_one = found && it.deadline != never;
    it.deadline = never;
    return had_one ? verdict::put : verdict::keep;
  });
  asked.out.integer(had_one ? 1 : 0);
}

/// What EXPIRE may be told beside the time: only if there is no deadline, if there is one, if it comes later, if it
/// comes sooner.
constexpr std::string_view expire_options[] = {"NX", "XX", "GT", "LT"};
constexpr unsigned only_without = 1, only_with = 2, only_later = 4, only_sooner = 8;

[[nodiscard]] bool may_replace(time_ms before, time_ms after, unsigned chosen) {
  const unsigned broken = (before != never ? only_without : only_with) | (after <= before ? only_later : 0) |
                          (after >= before ? only_sooner : 0);
  return (chosen & broken) == 0;
}
void set_deadline(request& asked, long long unit, std::string_view name) {
  unsigned chosen = 0;
  for (const std::string_view each : asked.words.subspan(3)) {
    const auto* const option = std::ranges::find_if(expire_options, [&](auto known) { return is(each, known); });
    if (option == std::end(expire_options)) return reply_error(asked, "ERR Unsupported option " + std::string(each));
    chosen |= 1U << (option - std::begin(expire_options));
  }
  if ((chosen & only_without) != 0 && chosen != only_without)
    return reply_error(asked, "ERR NX and XX, GT or LT options at the same time are not compatible");
  if ((chosen & only_later) != 0 && (chosen & only_sooner) != 0)
    return reply_error(asked, "ERR GT and LT options at the same time are not compatible");
  const auto time = integer_of(asked.words[2]);
  if (!time) return reply_error(asked, not_an_integer);
  const auto deadline = moment_after(asked.now, *time, unit);
  if (!deadline) return reply_error(asked, "ERR invalid expire time in '" + std::string(name) + "' command");
  bool is_set = false;
  update_live(asked, asked.words[1], [&](entry& it, bool found) {
    is_set = found && may_replace(it.deadline, *deadline, chosen);
    if (!is_set) return verdict::keep;
    it.deadline = *deadline;
    return it.is_live(asked.now) ? verdict::put : verdict::erase;
  });
  asked.out.integer(is_set ? 1 : 0);
}

void scan_command(request& asked) {
  std::uint64_t cursor = 0;
  const std::string_view from = asked.words[1];
  const auto [stop, error] = std::from_chars(from.data(), from.data() + from.size(), cursor);
  if (error != std::errc() || stop != from.data() + from.size()) return reply_error(asked, "ERR invalid cursor");
  std::string_view pattern = "*";
  long long count = 10;
  bool of_strings = true;
  for (std::size_t i = 2; i < asked.words.size(); i += 2) {
    if (i + 1 == asked.words.size()) return reply_error(asked, syntax_error);
    const std::string_view value = asked.words[i + 1];
    if (is(asked.words[i], "COUNT")) {
      if (!integer_of(value)) return reply_error(asked, not_an_integer);
      count = *integer_of(value);
      if (count < 1) return reply_error(asked, syntax_error);
    } else if (is(asked.words[i], "MATCH")) {
      pattern = value;
    } else if (is(asked.words[i], "TYPE")) {
      of_strings = is(value, "string");
    } else {
      return reply_error(asked, syntax_error);
    }
  }
  constexpr long long largest_page = 10'000;
  std::vector<std::string> keys;
  cursor = asked.data.scan(cursor, static_cast<std::size_t>(std::min(count, largest_page)),
                           [&](std::string_view key, const entry& it) {
                             if (of_strings && it.is_live(asked.now) && matches(pattern, key)) keys.emplace_back(key);
                           });
  asked.out.array(2);
  asked.out.bulk(std::to_string(cursor));
  asked.out.array(keys.size());
  for (const std::string& each : keys) asked.out.bulk(each);
}

// --- the server --------------------------------------------------------------------------------------------------------

void info(request& asked) {
  const evac::map_counters figures = asked.data.counters();
  std::string text = asked.facts.info();
  text += "# Memory\r\nused_memory:" + std::to_string(figures.total_bytes()) + "\r\n";
  text += "# Keyspace\r\n";
  if (figures.size != 0) text += "db0:keys=" + std::to_string(figures.size) + ",expires=0,avg_ttl=0\r\n";
  asked.out.bulk(text);
}
void config(request& asked) {
  if (!is(asked.words[1], "GET") || asked.words.size() < 3)
    return reply_error(asked, "ERR unknown subcommand '" + std::string(asked.words[1]) + "'. Try CONFIG HELP.");
  std::vector<std::string_view> told;
  for (const auto& [name, value] : asked.facts.settings) {
    for (const std::string_view pattern : asked.words.subspan(2)) {
      if (!matches(lower(pattern), name)) continue;
      told.insert(told.end(), {name, value});
      break;
    }
  }
  asked.out.array(told.size());
  for (const std::string_view each : told) asked.out.bulk(each);
}
void debug(request& asked) {
  if (is(asked.words[1], "HTSTATS") && asked.words.size() == 3) return asked.out.bulk(asked.data.stats_text());
  reply_error(asked, "ERR unknown subcommand '" + std::string(asked.words[1]) + "'. Try DEBUG HELP.");
}

void command_command(request& asked);

/// As Redis tells them: a number of words with a minus sign is the least; keys are from the first word to the last
/// (counted from behind if negative), each step.
struct command {
  std::string_view name;
  int words;
  void (*run)(request&);
  int first_key = 0;
  int last_key = 0;
  int step = 0;
  bool writes = false;
};
constexpr command commands[] = {
    {"ping", -1, ping},
    {"echo", 2, [](request& asked) { asked.out.bulk(asked.words[1]); }},
    {"quit", -1, quit},
    {"select", 2, select_database},
    {"hello", -1, hello},
    {"client", -2, client_command},
    {"get", 2, get, 1, 1, 1},
    {"set", -3, set, 1, 1, 1, true},
    {"getdel", 2, getdel, 1, 1, 1, true},
    {"mget", -2, mget, 1, -1, 1},
    {"mset", -3, mset, 1, -1, 2, true},
    {"del", -2, [](request& asked) { reply_count(asked, erase_live); }, 1, -1, 1, true},
    {"unlink", -2, [](request& asked) { reply_count(asked, erase_live); }, 1, -1, 1, true},
    {"exists", -2, [](request& asked) { reply_count(asked, exists); }, 1, -1, 1},
    {"incr", 2, [](request& asked) { add(asked, 1); }, 1, 1, 1, true},
    {"incrby", 3, incrby, 1, 1, 1, true},
    {"decr", 2, [](request& asked) { add(asked, -1); }, 1, 1, 1, true},
    {"append", 3, append, 1, 1, 1, true},
    {"strlen", 2, strlen_command, 1, 1, 1},
    {"expire", -3, [](request& asked) { set_deadline(asked, 1000, "expire"); }, 1, 1, 1, true},
    {"pexpire", -3, [](request& asked) { set_deadline(asked, 1, "pexpire"); }, 1, 1, 1, true},
    {"ttl", 2, [](request& asked) { reply_left(asked, 1000); }, 1, 1, 1},
    {"pttl", 2, [](request& asked) { reply_left(asked, 1); }, 1, 1, 1},
    {"persist", 2, persist, 1, 1, 1, true},
    {"type", 2, [](request& asked) { asked.out.status(exists(asked, asked.words[1]) ? "string" : "none"); }, 1, 1, 1},
    {"dbsize", 1, [](request& asked) { asked.out.integer(static_cast<long long>(asked.data.size())); }},
    {"scan", -2, scan_command},
    {"flushall", -1, flushall, 0, 0, 0, true},
    {"info", -1, info},
    {"config", -2, config},
    {"command", -1, command_command},
    {"debug", -2, debug},
};

void command_command(request& asked) {
  if (asked.words.size() > 1 && is(asked.words[1], "COUNT")) return asked.out.integer(std::size(commands));
  if (asked.words.size() > 1) return asked.out.array(0);  // DOCS and the like: nothing is known of them
  asked.out.array(std::size(commands));
  for (const command& each : commands) {
    asked.out.array(6);
    asked.out.bulk(each.name);
    asked.out.integer(each.words);
    asked.out.array(1);
    asked.out.status(each.writes ? "write" : "readonly");
    for (const int number : {each.first_key, each.last_key, each.step}) asked.out.integer(number);
  }
}

[[nodiscard]] const command* command_of(std::string_view name) {
  static const auto by_name = [] {
    evac::map<std::string, const command*> map;
    for (const command& each : commands) map.try_emplace(std::string(each.name), &each);
    return map;
  }();
  const auto found = by_name.find(lower(name));
  return found != by_name.end() ? found->second : nullptr;
}

void reply_unknown(request& asked) {
  constexpr std::size_t most_told = 128;
  std::string told;
  for (const std::string_view each : asked.words.subspan(1)) {
    if (told.size() >= most_told) break;
    const std::string_view beginning = each.substr(0, most_told - told.size());
    told += '\'';
    told += beginning;
    told += "' ";
  }
  reply_error(asked, "ERR unknown command '" + std::string(asked.words[0].substr(0, most_told)) +
                         "', with args beginning with: " + told);
}

}  // namespace

void execute(request& asked) {
  const command* const which = command_of(asked.words[0]);
  if (which == nullptr) return reply_unknown(asked);
  const auto count = static_cast<int>(asked.words.size());
  if (which->words < 0 ? count < -which->words : count != which->words)
    return reply_error(asked, "ERR wrong number of arguments for '" + std::string(which->name) + "' command");
  which->run(asked);
}

}  // namespace cache_server
