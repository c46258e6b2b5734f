// Command line options, read by CLI11.
#ifndef EVAC_BENCH_SUPPORT_OPTIONS_HPP
#define EVAC_BENCH_SUPPORT_OPTIONS_HPP

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <string>

namespace bench {

/// The options that several programs have: each for which Settings has a member of its name.
template <class Settings>
void add_shared_options(CLI::App& app, Settings& into) {
  if constexpr (requires { into.only; }) app.add_option("--only", into.only, "cases whose name contains it");
  if constexpr (requires { into.maps; }) app.add_option("--maps", into.maps, "maps whose name contains it");
  if constexpr (requires { into.rounds; }) {
    app.add_option("--rounds", into.rounds, "interleaved rounds")->check(CLI::Range(1, 1000));
  }
  if constexpr (requires { into.seconds; }) {
    app.add_option("--seconds", into.seconds, "length of one measurement")->check(CLI::Range(0.001, 3600.0));
  }
  if constexpr (requires { into.json; }) app.add_option("--json", into.json, "file for the results");
}

/// Reads the shared options and those that add_own(CLI::App&, Settings&) adds; of an option that is given twice the
/// last one counts. Ends the program after printing help (with 0) or for arguments that it does not know (with 2).
template <class Settings, class AddOwn>
[[nodiscard]] Settings settings_of(int argc, char** argv, const std::string& what, const AddOwn& add_own) {
  Settings chosen;
  CLI::App app(what);
  app.option_defaults()->take_last()->always_capture_default();
  add_shared_options(app, chosen);
  add_own(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& ending) {
    std::exit(app.exit(ending) == 0 ? 0 : 2);
  }
  return chosen;
}

}  // namespace bench

#endif
