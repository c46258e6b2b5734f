// The tables of docs/guarantees/sharded_map.md, as a test reads them.
#ifndef EVAC_TESTS_SUPPORT_DOCUMENTED_TABLES_HPP
#define EVAC_TESTS_SUPPORT_DOCUMENTED_TABLES_HPP

#include <cstddef>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace evac_test {

inline std::vector<std::string> cells_of(const std::string& row) {
  std::vector<std::string> cells;
  std::istringstream text(row);
  std::string cell;
  std::getline(text, cell, '|');  // nothing stands before the first bar
  while (std::getline(text, cell, '|')) {
    const std::size_t first = cell.find_first_not_of(' ');
    cells.push_back(first == std::string::npos ? "" : cell.substr(first, cell.find_last_not_of(' ') - first + 1));
  }
  return cells;
}
using table_rows = std::vector<std::vector<std::string>>;

/// The rows of the table in docs/guarantees/sharded_map.md whose heading begins with these words, heading included.
inline table_rows table_under(const std::string& heading) {
  std::ifstream file(EVAC_SHARDED_GUARANTEES);
  REQUIRE(file.is_open());
  table_rows rows;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("| " + heading, 0) == 0) {
      REQUIRE_FALSE(inside);
      inside = true;
      rows.push_back(cells_of(line));
    } else if (inside && (line.empty() || line.front() != '|')) {
      break;
    } else if (inside && line.rfind("|---", 0) != 0) {
      rows.push_back(cells_of(line));
    }
  }
  INFO(heading);
  REQUIRE(rows.size() > 1);
  return rows;
}

inline std::set<std::string> documented_operations() {
  std::set<std::string> names;
  for (const auto& row : table_under("operation | kind")) {
    const std::string& cell = row.at(0);
    for (std::size_t at = cell.find('`'); at != std::string::npos;) {
      const std::size_t end = cell.find('`', at + 1);
      REQUIRE(end != std::string::npos);
      const std::string name = cell.substr(at + 1, end - at - 1);
      INFO(name << " stands in two rows");
      REQUIRE(names.insert(name).second);
      at = cell.find('`', end + 1);
    }
  }
  return names;
}

/// The entries of a column below the heading.
inline std::set<std::string> column(const table_rows& rows, std::size_t index) {
  std::set<std::string> entries;
  for (std::size_t i = 1; i < rows.size(); ++i) entries.insert(rows[i].at(index));
  return entries;
}

}  // namespace evac_test

#endif
