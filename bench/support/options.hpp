// The words behind a program's name, read by CLI11.
#ifndef EVAC_BENCH_SUPPORT_OPTIONS_HPP
#define EVAC_BENCH_SUPPORT_OPTIONS_HPP

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <string>

namespace bench {

/// What was chosen: describe(CLI::App&, Settings&) names the options and where they go; of one that is given twice the
/// last counts. Ends the program if it was asked for help (with 0) or by words that mean nothing (with 2).
template <class Settings, class Describe>
[[nodiscard]] Settings settings_of(int argc, char** argv, const std::string& what, const Describe& describe) {
  Settings chosen;
  CLI::App app(what);
  app.option_defaults()->take_last()->always_capture_default();
  describe(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& ending) {
    std::exit(app.exit(ending) == 0 ? 0 : 2);
  }
  return chosen;
}

// Options that several programs have.

inline void add_only(CLI::App& app, std::string& into) {
  app.add_option("--only", into, "cases whose name contains it");
}
inline void add_maps(CLI::App& app, std::string& into) {
  app.add_option("--maps", into, "maps whose name contains it");
}
inline void add_json(CLI::App& app, std::string& into) { app.add_option("--json", into, "file for the results"); }
inline void add_rounds(CLI::App& app, std::size_t& into) {
  app.add_option("--rounds", into, "interleaved rounds")->check(CLI::Range(1, 1000));
}
inline void add_seconds(CLI::App& app, double& into) {
  app.add_option("--seconds", into, "length of one measurement")->check(CLI::Range(0.001, 3600.0));
}

}  // namespace bench

#endif
