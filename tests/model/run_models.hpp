// main() of a program of models: what it does with its arguments. CMake reads the two tables at the end of such a
// program: each line is a test. Included after the shadow atomic.hpp, which brings relacy.
//
// EVAC_TEST_ROUNDS multiplies the interleavings. They are random but the same in every run.
#ifndef EVAC_TESTS_MODEL_RUN_MODELS_HPP
#define EVAC_TESTS_MODEL_RUN_MODELS_HPP

#include <cstddef>
#include <iostream>
#include <string_view>

#include "support/environment.hpp"

namespace evac_model {

struct named_model {
  std::string_view name;
  int (*run)(std::string_view, rl::iteration_t, bool);
  rl::iteration_t interleavings;
};
template <class Bug>
struct named_bug {
  std::string_view name;
  Bug value;
};

template <class Model>
int run(std::string_view name, rl::iteration_t interleavings, bool quiet) {
  // Streams that take no memory: relacy has an operator new of its own, which also the standard library gets.
  std::ostream nowhere(nullptr);
  rl::test_params params;
  params.iteration_count = interleavings;
  params.execution_depth_limit = 20000;
  params.output_stream = quiet ? &nowhere : &std::cerr;
  params.progress_stream = &nowhere;
  const bool good = rl::simulate<Model>(params);
  std::cout << name << ": ";
  if (good) {
    std::cout << "no error in " << interleavings << " interleavings\n";
    return 0;
  }
  std::cout << "found: " << rl::test_result_str(params.test_result) << " in interleaving " << params.stop_iteration
            << '\n';
  return 1;
}

#define EVAC_MODEL(model, interleavings) {#model, evac_model::run<model>, interleavings}
#define EVAC_MODEL_BUG(name, model, finding) {#name, bug::name}

/// main() of the program.
template <std::size_t Models, class Bug, std::size_t Bugs>
int run_models(std::string_view program, const named_model (&models)[Models], const named_bug<Bug> (&bugs)[Bugs],
               Bug& chosen, int argc, char** argv) {
  const auto refuse = [&](std::string_view why) {
    std::cerr << program << ": " << why << "\nusage: " << program << " --list | MODEL [BUG]\n";
    return 2;
  };
  if (argc == 2 && std::string_view(argv[1]) == "--list") {
    for (const named_model& each : models) std::cout << each.name << '\n';
    return 0;
  }
  if (argc < 2 || argc > 3) return refuse("one or two words, please");
  const rl::iteration_t factor = evac_test::rounds_from_environment();
  if (factor == 0) return refuse("EVAC_TEST_ROUNDS is not a number above 0");
  if (argc == 3) {
    for (const named_bug<Bug>& each : bugs) {
      if (each.name == argv[2]) chosen = each.value;
    }
    if (chosen == Bug::none) return refuse("no such bug");
  }
  for (const named_model& each : models) {
    if (each.name == argv[1]) return each.run(each.name, each.interleavings * factor, chosen != Bug::none);
  }
  return refuse("no such model");
}

}  // namespace evac_model

#endif
