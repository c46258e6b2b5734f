// A page with tables and SVG pictures, readable without a network.
#ifndef EVAC_BENCH_SUPPORT_REPORT_HPP
#define EVAC_BENCH_SUPPORT_REPORT_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <iomanip>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace bench {

struct series {
  std::string name;
  std::vector<double> values;
};

/// Points by rising x, both above 0. Predictions are dashed.
struct curve {
  std::string name;
  std::vector<std::pair<double, double>> points;
  std::size_t colour = 0;
  bool dashed = false;
};

[[nodiscard]] inline std::string fixed(double value, int digits = 1) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(digits) << value;
  return out.str();
}
/// Nanoseconds with a unit that keeps the number short.
[[nodiscard]] inline std::string duration_text(double nanos) {
  if (nanos < 1e3) return fixed(nanos, 0) + " ns";
  if (nanos < 1e6) return fixed(nanos / 1e3, 1) + " us";
  if (nanos < 1e9) return fixed(nanos / 1e6, 1) + " ms";
  return fixed(nanos / 1e9, 2) + " s";
}

class report {
 public:
  void heading(const std::string& text) { body_ << "<h2>" << escaped(text) << "</h2>\n"; }
  void paragraph(const std::string& text) { body_ << "<p>" << escaped(text) << "</p>\n"; }

  void table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows) {
    body_ << "<table><thead><tr>";
    for (const auto& cell : head) body_ << "<th>" << escaped(cell) << "</th>";
    body_ << "</tr></thead><tbody>\n";
    for (const auto& row : rows) {
      body_ << "<tr>";
      for (const auto& cell : row) body_ << "<td>" << escaped(cell) << "</td>";
      body_ << "</tr>\n";
    }
    body_ << "</tbody></table>\n";
  }

  /// One line per series, values on a log axis from 10 ns up; ticks: share of the width, text below.
  void log_lines(const std::string& title, const std::string& x_label, const std::vector<series>& lines,
                 const std::vector<std::pair<double, std::string>>& ticks = {}) {
    double top = 1e4;
    for (const auto& line : lines) {
      for (const double value : line.values) top = std::max(top, value);
    }
    const double decades = std::ceil(std::log10(top)) - 1;
    const auto y_of = [&](double value) { return 330 - (std::log10(std::max(value, 10.0)) - 1) / decades * 300; };
    open_picture(title, 372 + legend_line * ((lines.size() + legend_columns - 1) / legend_columns));
    for (int decade = 1; decade <= static_cast<int>(decades) + 1; ++decade) {
      const double y = y_of(std::pow(10, decade));
      body_ << "<line class=grid x1=70 x2=880 y1=" << y << " y2=" << y << "></line><text x=62 y=" << y + 4
            << " text-anchor=end>" << duration_text(std::pow(10, decade)) << "</text>\n";
    }
    for (const auto& [share, text] : ticks) {
      const double x = 70 + 810.0 * share;
      body_ << "<line class=grid x1=" << x << " x2=" << x << " y1=30 y2=330></line><text x=" << x
            << " y=346 text-anchor=middle>" << escaped(text) << "</text>\n";
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
      body_ << "<polyline class=c" << colour_of(lines[i].name) << " points='";
      for (std::size_t x = 0; x < lines[i].values.size(); ++x) {
        body_ << 70 + 810.0 * static_cast<double>(x) / static_cast<double>(lines[i].values.size()) << ','
              << y_of(lines[i].values[x]) << ' ';
      }
      body_ << "'></polyline>\n";
      legend(i, lines[i].name, 380);
    }
    body_ << "<text x=880 y=362 text-anchor=end>" << escaped(x_label) << "</text></svg></figure>\n";
  }

  /// Both axes double from one line of the grid to the next.
  void doubling_curves(const std::string& title, const std::string& x_label, const std::string& y_label,
                       const std::vector<curve>& curves) {
    double right = 1;
    double low = 0;
    double high = 1;
    for (const curve& each : curves) {
      for (const auto& [x, y] : each.points) {
        right = std::max(right, std::ceil(std::log2(x)));
        low = std::min(low, std::floor(std::log2(y)));
        high = std::max(high, std::ceil(std::log2(y)));
      }
    }
    const auto x_of = [&](double doublings) { return 70 + 810 * doublings / right; };
    const auto y_of = [&](double doublings) { return 330 - 300 * (doublings - low) / (high - low); };
    constexpr std::size_t columns = 2;
    open_picture(title, 372 + legend_line * ((curves.size() + columns - 1) / columns));
    for (double doublings = low; doublings <= high; ++doublings) {
      const double y = y_of(doublings);
      body_ << "<line class=grid x1=70 x2=880 y1=" << y << " y2=" << y << "></line><text x=62 y=" << y + 4
            << " text-anchor=end>" << std::exp2(doublings) << "</text>\n";
    }
    for (double doublings = 0; doublings <= right; ++doublings) {
      const double x = x_of(doublings);
      body_ << "<line class=grid x1=" << x << " x2=" << x << " y1=30 y2=330></line><text x=" << x
            << " y=346 text-anchor=middle>" << std::exp2(doublings) << "</text>\n";
    }
    for (std::size_t i = 0; i < curves.size(); ++i) {
      const std::size_t colour = curves[i].colour % colours;
      const char* const dashes = curves[i].dashed ? " dashed" : "";
      body_ << "<polyline class='c" << colour << dashes << "' points='";
      for (const auto& [x, y] : curves[i].points) body_ << x_of(std::log2(x)) << ',' << y_of(std::log2(y)) << ' ';
      body_ << "'></polyline>\n";
      const std::size_t x = 70 + 405 * (i % columns);
      const std::size_t y = 380 + legend_line * (i / columns);
      body_ << "<polyline class='c" << colour << dashes << "' points='" << x << ',' << y - 4 << ' ' << x + 26 << ','
            << y - 4 << "'></polyline><text x=" << x + 32 << " y=" << y << ">" << escaped(curves[i].name)
            << "</text>\n";
    }
    body_ << "<text x=880 y=362 text-anchor=end>" << escaped(x_label) << "</text><text x=70 y=20>" << escaped(y_label)
          << "</text></svg></figure>\n";
  }

  /// A bar for each map; or for each part of one map, whose colour they all have then.
  void bars(const std::string& title, const std::vector<std::pair<std::string, double>>& bars, const std::string& unit,
            const std::string& all_of = "") {
    double top = 0;
    for (const auto& [name, value] : bars) top = std::max(top, value);
    open_picture(title, 30 + 34 * bars.size());
    for (std::size_t i = 0; i < bars.size(); ++i) {
      const std::size_t y = 10 + 34 * i;
      const double width = top > 0 ? bars[i].second / top * 440 : 0;
      body_ << "<text x=290 y=" << y + 18 << " text-anchor=end>" << escaped(bars[i].first) << "</text><rect class=b"
            << colour_of(all_of.empty() ? bars[i].first : all_of) << " x=300 y=" << y << " height=24 width=" << width
            << "></rect><text x=" << 308 + width << " y=" << y + 18 << ">" << fixed(bars[i].second) << ' '
            << escaped(unit) << "</text>\n";
    }
    body_ << "</svg></figure>\n";
  }

  /// For each name a bar for each column; with one column the names are maps, with more the columns are. On a log axis
  /// the lines are a power of ten apart, and bars begin at one. A value that is no number has no bar. texts: the labels
  /// beside the bars.
  void grouped_bars(const std::string& title, const std::vector<std::string>& columns,
                    const std::vector<std::string>& names, const std::vector<std::vector<double>>& values,
                    const std::vector<std::vector<std::string>>& texts, bool on_log_axis) {
    double least = std::numeric_limits<double>::max();
    double top = 0;
    for (const auto& row : values) {
      for (const double value : row) {
        if (!(value > 0)) continue;
        least = std::min(least, value);
        top = std::max(top, value);
      }
    }
    if (top == 0) return;
    const double first = std::floor(std::log10(least));
    const double decades = std::max(1.0, std::ceil(std::log10(top)) - first);
    const auto width_of = [&](double value) {
      if (!(value > 0)) return 0.0;
      return std::max(0.0, on_log_axis ? (std::log10(value) - first) / decades * 440 : value / top * 440);
    };
    const std::size_t height = 16 * columns.size() + 10;
    const std::size_t legend_at = 20 + height * names.size();
    open_picture(title, legend_at + legend_line * ((columns.size() + legend_columns - 1) / legend_columns));
    for (int decade = 1; on_log_axis && decade <= static_cast<int>(decades); ++decade) {
      const double x = 300 + decade / decades * 440;
      body_ << "<line class=grid x1=" << x << " x2=" << x << " y1=0 y2=" << legend_at - 20 << "></line>\n";
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::size_t y = height * i;
      body_ << "<text x=290 y=" << y + height / 2 + 3 << " text-anchor=end>" << escaped(names[i]) << "</text>\n";
      for (std::size_t c = 0; c < columns.size(); ++c) {
        const double width = width_of(values[i][c]);
        body_ << "<rect class=b" << colour_of(columns.size() == 1 ? names[i] : columns[c]) << " x=300 y=" << y + 16 * c
              << " height=14 width=" << width << "></rect><text x=" << 306 + width << " y=" << y + 16 * c + 12 << ">"
              << escaped(texts[i][c]) << "</text>\n";
      }
    }
    for (std::size_t c = 0; columns.size() != 1 && c < columns.size(); ++c) legend(c, columns[c], legend_at);
    body_ << "</svg></figure>\n";
  }

  void write(const std::string& path, const std::string& title) const {
    std::ofstream out(path);
    out << "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'><title>"
        << escaped(title) << "</title><style>" << style << "</style><main><h1>" << escaped(title) << "</h1>\n"
        << body_.str() << "</main></html>\n";
  }

 private:
  static constexpr const char* style = R"(
:root{color-scheme:light dark;--ink:#222;--paper:#fff;--rule:#ddd;--c0:#b2542d;--c1:#2d6fb2;--c2:#2d9a5f;
--c3:#8a4fb0;--c4:#a8871b;--c5:#1b9aa8;--c6:#b02d6f;--c7:#6b6b6b;--c8:#5f7a1b;--c9:#4f58c4;--c10:#8a5a3c;
--c11:#333;--c12:#a0522d;--c13:#5f9ea0;--c14:#b8860b;--c15:#7b68a6}
@media(prefers-color-scheme:dark){:root{--ink:#ddd;--paper:#161616;--rule:#3a3a3a;--c0:#e58a62;--c1:#6aa9e8;
--c2:#62cf93;--c3:#c08be0;--c4:#d9b84a;--c5:#58cdd9;--c6:#e06fa6;--c7:#a5a5a5;--c8:#a5c356;--c9:#9299f0;
--c10:#c99b7d;--c11:#fff;--c12:#d98a63;--c13:#8fc7c9;--c14:#e0b64a;--c15:#b3a3dd}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:0}
main{max-width:60rem;margin:auto;padding:1rem}
table{border-collapse:collapse;margin:1rem 0;display:block;overflow-x:auto}
th,td{padding:.3rem .8rem;border-bottom:1px solid var(--rule);text-align:right}td{white-space:nowrap}
th:first-child,td:first-child{text-align:left}figure{margin:1.5rem 0}svg{width:100%;height:auto}
svg text{font:13px system-ui,sans-serif;fill:var(--ink)}.grid{stroke:var(--rule)}
polyline{fill:none;stroke-width:1.5}.dashed{stroke-dasharray:6 4}.c0{stroke:var(--c0)}.c1{stroke:var(--c1)}
.c2{stroke:var(--c2)}.c3{stroke:var(--c3)}.c4{stroke:var(--c4)}.c5{stroke:var(--c5)}.c6{stroke:var(--c6)}
.c7{stroke:var(--c7)}.c8{stroke:var(--c8)}.c9{stroke:var(--c9)}.c10{stroke:var(--c10)}.c11{stroke:var(--c11)}
.c12{stroke:var(--c12)}.c13{stroke:var(--c13)}.c14{stroke:var(--c14)}.c15{stroke:var(--c15)}
.b0{fill:var(--c0)}.b1{fill:var(--c1)}.b2{fill:var(--c2)}.b3{fill:var(--c3)}.b4{fill:var(--c4)}
.b5{fill:var(--c5)}.b6{fill:var(--c6)}.b7{fill:var(--c7)}.b8{fill:var(--c8)}.b9{fill:var(--c9)}
.b10{fill:var(--c10)}.b11{fill:var(--c11)}.b12{fill:var(--c12)}.b13{fill:var(--c13)}.b14{fill:var(--c14)}
.b15{fill:var(--c15)}
)";

  void open_picture(const std::string& title, std::size_t height) {
    body_ << "<figure><figcaption>" << escaped(title) << "</figcaption><svg role=img viewBox='0 0 900 " << height
          << "'><title>" << escaped(title) << "</title>\n";
  }
  static constexpr std::size_t colours = 16;
  static constexpr std::size_t legend_columns = 3;
  static constexpr std::size_t legend_line = 20;
  void legend(std::size_t i, const std::string& name, std::size_t top) {
    const std::size_t x = 70 + 270 * (i % legend_columns);
    const std::size_t y = top + legend_line * (i / legend_columns);
    body_ << "<rect class=b" << colour_of(name) << " x=" << x << " y=" << y - 10
          << " width=12 height=12></rect><text x=" << x + 18 << " y=" << y << ">" << escaped(name) << "</text>\n";
  }
  [[nodiscard]] static std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
      if (c == '&')
        out += "&amp;";
      else if (c == '<')
        out += "&lt;";
      else if (c == '>')
        out += "&gt;";
      else
        out += c;
    }
    return out;
  }

  /// One colour for each map in all pictures of a page: evac's own are the same on all pages, the others take what is
  /// left in the order in which they appear.
  [[nodiscard]] std::size_t colour_of(const std::string& name) {
    static const std::map<std::string, std::size_t> own{
        {"evac::map", 0}, {"evac::sharded_map", 1}, {"evac::sync_map", 2}, {"evac::rw_lock", 1}};
    if (const auto at = own.find(name); at != own.end()) return at->second;
    const auto [at, fresh] = others_.try_emplace(name, 3 + others_.size() % (colours - 3));
    return at->second;
  }

  std::map<std::string, std::size_t> others_;
  std::ostringstream body_;
};

/// The same rows on a terminal.
inline void print_table(std::ostream& out, const std::vector<std::string>& head,
                        const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(head.size());
  const auto widen = [&](const std::vector<std::string>& row) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  };
  widen(head);
  for (const auto& row : rows) widen(row);
  const auto print = [&](const std::vector<std::string>& row) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out << (i == 0 ? std::left : std::right) << std::setw(static_cast<int>(widths[i]) + (i == 0 ? 0 : 2)) << row[i];
    }
    out << '\n';
  };
  print(head);
  for (const auto& row : rows) print(row);
  out << std::flush;
}

}  // namespace bench

#endif
