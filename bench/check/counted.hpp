// Checks of the verdicts on counted operations.
#ifndef EVAC_BENCH_CHECK_COUNTED_HPP
#define EVAC_BENCH_CHECK_COUNTED_HPP

#include <string>
#include <vector>

#include "check/require.hpp"
#include "counted/bars.hpp"
#include "counted/callgrind.hpp"
#include "counted/counted.hpp"
#include "support/results.hpp"

namespace bench {

inline void check_counted() {
  const operation_count hit{integer_keys, "evac::map", "hit", 40, 0.5};
  const operation_count text_hit{string_keys, "evac::map", "hit", 180, 2.2};
  const operation_count peer{integer_keys, "absl::flat_hash_map", "hit", 38, 0.01};
  const auto recorded = [&](double instructions, double mispredictions) {
    return std::vector<result>{{instructions_case(hit), "per operation", "evac::map", {instructions}},
                               {mispredictions_case(hit), "per operation", "evac::map", {mispredictions}},
                               {mispredictions_case(text_hit), "per operation", "evac::map", {0.2}}};
  };
  const auto unrecorded = judge({hit, peer}, {});
  require("only evac's maps are judged, by instructions and by mispredictions", unrecorded.size() == 2);
  require("a target that is not reached yet is no regression",
          unrecorded[0].verdict() == "not yet" && !unrecorded[0].regressed() && unrecorded[1].verdict().empty());
  require("one instruction more than recorded is no regression",
          judge({hit}, recorded(39, 0.5))[0].verdict() == "not yet");
  require("a good one more than recorded is", judge({hit}, recorded(38.7, 0.5))[0].verdict() == "REGRESSED");
  require("so are mispredictions", judge({hit}, recorded(40, 0.3))[1].verdict() == "REGRESSED");
  require("but not those of strings", !judge({text_hit}, recorded(40, 0.5))[1].regressed());
  const auto bars = bars_of(judge({hit, text_hit}, recorded(40, 0.5)));
  require("a file of results keeps what has a target", bars.size() == 1 && bars[0].verdict == "not yet");
}

}  // namespace bench

#endif
