// Go's maps: a program of its own (peers/go), run as a child process that answers with a line for each case.
#ifndef EVAC_BENCH_PEERS_GO_MAPS_HPP
#define EVAC_BENCH_PEERS_GO_MAPS_HPP

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <istream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/results.hpp"
#include "support/threads.hpp"

namespace bench {

/// The output of the program.
class go_answer {
 public:
  /// Reads lines of name, operations, seconds, seconds of processor time and a flag, separated by tabs. The last line
  /// is "end" and a flag: without it, or if it is 0, no line of the answer counts.
  explicit go_answer(std::istream& lines) {
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string name;
      std::getline(words, name, '\t');
      bool right = false;
      if (name == "end") {
        complete_ = words >> right && right;
        continue;
      }
      threads_run run;
      complete_ = false;
      if (words >> run.operations >> run.seconds >> run.cpu >> right && right) runs_[name] = run;
    }
  }
  [[nodiscard]] bool complete() const { return complete_; }
  /// How this case was run; without operations unless all was right.
  [[nodiscard]] threads_run run(const std::string& name, std::size_t threads) const {
    const auto found = runs_.find(name);
    if (!complete_ || found == runs_.end()) return {};
    threads_run run = found->second;
    run.cores = cores_for(threads);
    return run;
  }

 private:
  std::map<std::string, threads_run> runs_;
  bool complete_ = false;
};

/// Memory that a child process can map by the number of a file that it inherits.
class inherited_memory {
 public:
  inherited_memory() : file_(::memfd_create("keys", 0)) {
    if (file_ < 0) throw std::runtime_error("no memory to share with another program");
  }
  inherited_memory(const inherited_memory&) = delete;
  inherited_memory& operator=(const inherited_memory&) = delete;
  ~inherited_memory() { ::close(file_); }

  template <class T>
  void append(const std::vector<T>& values) {
    const char* at = reinterpret_cast<const char*>(values.data());
    for (std::size_t left = values.size() * sizeof(T); left != 0;) {
      const ssize_t written = ::write(file_, at, left);
      if (written <= 0) throw std::runtime_error("no memory to share with another program");
      at += written;
      left -= static_cast<std::size_t>(written);
    }
  }
  [[nodiscard]] int number() const { return file_; }

 private:
  int file_;
};

inline constexpr const char* go_sync_map = "Go sync.Map";

class go_maps {
 public:
  go_maps() = default;
  /// Maps whose name contains `wanted` and that pass the program's own check. Prints which are left out, and why.
  explicit go_maps(const std::string& wanted) {
    for (const auto& [name, word] : all) {
      if (std::string(name).find(wanted) == std::string::npos) continue;
      if (*program() == '\0') {
        std::cout << "without " << name << ": there was no Go when this was configured\n";
      } else if (!ask("check", name, "").complete()) {
        std::cout << "without " << name << ": it failed its correctness run\n";
      } else {
        names_.emplace_back(name);
      }
    }
    if (!names_.empty()) version_ = first_line(std::string(program()) + " version");
  }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] const std::string& version() const { return version_; }

  /// The answer to a command of main.go about this map.
  [[nodiscard]] static go_answer ask(const std::string& command, const std::string& name,
                                     const std::string& arguments) {
    std::string word;
    for (const auto& [known, its_word] : all) {
      if (name == known) word = its_word;
    }
    std::istringstream lines(output_of("'" + std::string(program()) + "' " + command + ' ' + word + ' ' + arguments));
    return go_answer(lines);
  }

 private:
  static constexpr std::array<std::pair<const char*, const char*>, 2> all{
      {{go_sync_map, "sync"}, {"Go map + sync.RWMutex", "locked"}}};

  [[nodiscard]] static const char* program() {
#ifdef EVAC_BENCH_GO_PROGRAM
    return EVAC_BENCH_GO_PROGRAM;
#else
    return "";
#endif
  }
  [[nodiscard]] static std::string output_of(const std::string& command) {
    std::cout.flush();
    const auto close = [](std::FILE* file) { ::pclose(file); };
    const std::unique_ptr<std::FILE, decltype(close)> answer(::popen(command.c_str(), "r"), close);
    std::string text;
    if (!answer) return text;
    std::array<char, 4096> part{};
    for (std::size_t got = 0; (got = std::fread(part.data(), 1, part.size(), answer.get())) != 0;) {
      text.append(part.data(), got);
    }
    return text;
  }
  [[nodiscard]] static std::string first_line(const std::string& command) {
    const std::string text = output_of(command);
    return text.substr(0, text.find('\n'));
  }

  std::vector<std::string> names_;
  std::string version_;
};

}  // namespace bench

#endif
