#!/usr/bin/env python3
"""Pictures of evac's maps.

    tools/plot_map.py slots.csv            from `evac-dump MAP --csv slots.csv` (tools/gdb/evac.py): how full buckets
                                           and how long chains are, where keys lie, how far a growth has come
    tools/plot_map.py stats.json           from stats().to_json(): the first two
    tools/plot_map.py counters.jsonl       lines of counters().to_json(), each with a "time" in seconds and the name of
                                           its "map": memory, what is left to evacuate, and parked time, over time;
                                           of the record of tests/soak also latencies and calls

One picture for each input: FILE.png with matplotlib (Debian: python3-matplotlib), else FILE.svg, drawn here. A map has
the same colour in all pictures, by its name: --map NAME for inputs that name none.
"""

import argparse
import csv
import json
import math
import os
import sys
import zlib
from html import escape

PALETTE = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b", "#e377c2", "#17becf")
most_points = 20_000  # of a scatter: every n-th key of a larger map
SHADES = {"evacuated": "#dff0d8", "parent": "#fcf3cf", "child": "#dbe9f7"}


class Colours:
    """A colour for each name, the same in every picture unless two names of one picture would have one."""

    def __init__(self):
        self.of = {}

    def __getitem__(self, name):
        if name not in self.of:
            first = zlib.crc32(name.encode()) % len(PALETTE)
            turns = [PALETTE[(first + turn) % len(PALETTE)] for turn in range(len(PALETTE))]
            free = [colour for colour in turns if colour not in self.of.values()]
            self.of[name] = free[0] if free else turns[0]
        return self.of[name]


# --- what is drawn ----------------------------------------------------------------------------------------------------


class Panel:
    """One diagram: marks in the units of its axes, drawn by either back end."""

    def __init__(self, title, x_label, y_label):
        self.title = title
        self.x_label = x_label
        self.y_label = y_label
        self.bars = []  # (x, height, width, colour)
        self.points = []  # (xs, ys, colour)
        self.lines = []  # (xs, ys, colour, name)
        self.bands = []  # (from x, to x, colour, name)
        self.whole_x = False  # the x axis counts things: ticks at whole numbers
        self.x_limits = ()  # that the x axis shows whatever is there

    def x_range(self):
        xs = [edge for x, _, width, _ in self.bars for edge in (x - width / 2, x + width / 2)]
        xs += [x for series in self.points + self.lines for x in series[0]]
        xs += self.x_limits
        return spread(min(xs, default=0), max(xs, default=1))

    def y_range(self):
        ys = [height for _, height, _, _ in self.bars] + [0] * bool(self.bars)
        ys += [y for series in self.points + self.lines for y in series[1]]
        ys += [0] * bool(self.lines)
        low, high = spread(min(ys, default=0), max(ys, default=1))
        return low, high + (high - low) * 0.05

    def names(self):
        """(name, colour) for the legend."""
        found = [(name, colour) for *_, colour, name in self.lines + self.bands]
        return list(dict.fromkeys(found))


def spread(low, high):
    return (low, high) if high > low else (low, low + 1)


# --- from a dump ------------------------------------------------------------------------------------------------------


def as_number(text):
    try:
        return float(text)
    except ValueError:
        return None


def histogram(counts, title, x_label, y_label, colour):
    panel = Panel(title, x_label, y_label)
    panel.whole_x = True
    panel.bars = [(x, count, 0.8, colour) for x, count in sorted(counts.items())]
    return panel


def counted(values):
    counts = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return counts


def panels_of_dump(rows, colour):
    for row in rows:
        for name in ("shard", "home", "bucket", "slot", "tag", "chain_length", "frontier", "homes"):
            row[name] = int(row[name])
    in_home, beyond, chain, keys = {}, {}, {}, []
    for row in rows:
        home = (row["shard"], row["home"])
        chain[home] = row["chain_length"]
        in_home.setdefault(home, 0)
        taken = row["tag"] != 0
        if taken:
            counts = in_home if row["bucket"] == 0 else beyond
            counts[home] = counts.get(home, 0) + 1
            keys.append(row)
    return [
        histogram(counted(in_home.values()), "How full home buckets are", "slots taken in a home bucket",
                  "home buckets", colour),
        histogram(counted(chain.values()), "How long chains are", "buckets in a chain", "chains", colour),
        keys_panel(keys, colour),
        frontier_panel(rows, in_home, beyond, colour),
    ]


def keys_panel(rows, colour):
    homes = max((row["homes"] for row in rows), default=1)
    rows = rows[:: math.ceil(len(rows) / most_points) or 1]
    numbers = [as_number(row["key"]) for row in rows]
    if rows and all(number is not None for number in numbers):
        panel = Panel("Keys over homes (even is good)", "home (number of the bucket)", "key")
        panel.points = [([row["home"] for row in rows], numbers, colour)]
    else:
        panel = Panel("Tags over homes (even is good)", "home (number of the bucket)", "tag (top byte of the hash)")
        panel.points = [([row["home"] for row in rows], [row["tag"] for row in rows], colour)]
    panel.x_limits = (0, homes)
    return panel


def frontier_panel(rows, in_home, beyond, colour):
    """Elements per home along the table, over the parts of the running growth. Of many shards, the first."""
    shard = rows[0]["shard"] if rows else 0
    homes = {home: count + beyond.get((each, home), 0) for (each, home), count in in_home.items() if each == shard}
    here = next((row for row in rows if row["shard"] == shard), {"homes": 1, "frontier": 0})
    count, frontier = here["homes"], here["frontier"]
    title = f"How far the growth has come: {frontier} of {count - frontier} parents" if frontier else "No growth runs"
    panel = Panel(title + (f" (shard {shard})" if len({row["shard"] for row in rows}) > 1 else ""),
                  "home (number of the bucket)", "elements per home (mean of a stretch)")
    panel.x_limits = (0, count)
    stretch = max(1, math.ceil(count / 256))
    for first in range(0, count, stretch):
        part = [homes.get(home, 0) for home in range(first, min(first + stretch, count))]
        panel.bars.append((first + len(part) / 2, sum(part) / len(part), len(part), colour))
    if frontier:
        panel.bands = [(0, frontier, SHADES["evacuated"], "evacuated parents"),
                       (frontier, count - frontier, SHADES["parent"], "parents to come"),
                       (count - frontier, count, SHADES["child"], "children")]
    return panel


# --- from stats and counters ------------------------------------------------------------------------------------------


def panels_of_stats(stats, colour):
    table = stats.get("total", stats)
    table = table.get("table", table)
    occupancy = {slots: count for slots, count in enumerate(table["occupancy_histogram"])}
    lengths = {buckets: count for buckets, count in enumerate(table["chain_length_histogram"]) if buckets}
    return [
        histogram(occupancy, "How full home buckets are", "slots taken in a home bucket", "home buckets", colour),
        histogram(lengths, "How long chains are", "buckets in a chain", "chains", colour),
    ]


MEMORY = ("segment_bytes", "overflow_bytes", "node_bytes", "directory_bytes")


LATENCIES = (("p99_ns", "Latency of 99 in 100 calls"), ("p999_ns", "Latency of 999 in 1000 calls"),
             ("longest_ns", "Longest call"))


def held(line):
    """Bytes that a map holds; of the whole process those that are resident."""
    return line.get("resident_bytes", sum(line.get(kind, 0) for kind in MEMORY)) / 2**20


def panels_of_series(lines, default_name, colours):
    series = {}
    for line in lines:
        series.setdefault(line.get("map", default_name), []).append(line)
    start = min(line["time"] for line in lines)
    panels = [Panel("Memory", "time (s)", "memory held (MiB)"),
              Panel("Evacuation debt", "time (s)", "parents left to evacuate"),
              Panel("Parked time", "time (s)", "threads asleep on locks (mean number)"),
              Panel("Garbage", "time (s)", "memory that waits to be freed (MiB)")]
    memory, debt, parked, garbage = panels
    for name, points in sorted(series.items()):
        points.sort(key=lambda line: line["time"])
        times = [line["time"] - start for line in points]
        colour = colours[name]
        memory.lines.append((times, [held(line) for line in points], colour, name))
        if "resident_bytes" in points[0]:
            continue  # a process has none of the others
        debt.lines.append((times, [line.get("parents_left", 0) for line in points], colour, name))
        garbage.lines.append((times, [line.get("retired_bytes", 0) / 2**20 for line in points], colour, name))
        parked.lines.append((times[1:], rates(points, "parked_time_ns"), colour, name))
    return panels + latency_panels(series, start, colours)


def latency_panels(series, start, colours):
    """Of lines that have latencies; and how many calls there were in each second."""
    timed = {name: points for name, points in sorted(series.items()) if "p99_ns" in points[0]}
    if not timed:
        return []
    panels = [Panel(title, "time (s)", "microseconds") for _, title in LATENCIES]
    calls = Panel("Calls", "time (s)", "thousand calls in a second")
    for name, points in timed.items():
        times = [line["time"] - start for line in points]
        for panel, (figure, _) in zip(panels, LATENCIES):
            panel.lines.append((times, [line[figure] / 1000 for line in points], colours[name], name))
        lengths = [after["time"] - before["time"] for before, after in zip(points, points[1:])]
        calls.lines.append((times[1:], [line["calls"] / length / 1000 if length > 0 else 0
                                        for line, length in zip(points[1:], lengths)], colours[name], name))
    return panels + [calls]


def rates(points, figure):
    """Nanoseconds of a total that passed in each second between two lines, in seconds."""
    result = []
    for before, after in zip(points, points[1:]):
        passed = after["time"] - before["time"]
        result.append(max(0, after.get(figure, 0) - before.get(figure, 0)) / 1e9 / passed if passed > 0 else 0)
    return result


def panels_of(path, name, colours):
    with open(path, newline="", encoding="utf-8") as file:
        text = file.read()
    if text.lstrip().startswith("{"):
        lines = [json.loads(line) for line in text.splitlines() if line.strip()]
        if all("time" in line for line in lines):
            return panels_of_series(lines, name, colours)
        return panels_of_stats(lines[0], colours[name])
    return panels_of_dump(list(csv.DictReader(text.splitlines())), colours[name])


# --- matplotlib -------------------------------------------------------------------------------------------------------


def draw_png(panels, title, path):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import MaxNLocator

    rows = (len(panels) + 1) // 2
    figure, axes = pyplot.subplots(rows, 2, figsize=(12, 4 * rows), squeeze=False)
    for panel, axis in zip(panels, axes.flat):
        for begin, end, colour, name in panel.bands:
            axis.axvspan(begin, end, color=colour, label=name, zorder=0)
        for x, height, width, colour in panel.bars:
            axis.bar(x, height, width, color=colour, zorder=2)
        for xs, ys, colour in panel.points:
            axis.scatter(xs, ys, s=4, color=colour, zorder=2)
        for xs, ys, colour, name in panel.lines:
            axis.plot(xs, ys, color=colour, label=name, zorder=2)
        axis.set(title=panel.title, xlabel=panel.x_label, ylabel=panel.y_label)
        axis.set(xlim=panel.x_range(), ylim=panel.y_range())
        if panel.whole_x:
            axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        if panel.names():
            axis.legend(loc="best", fontsize="small")
    for axis in axes.flat[len(panels):]:
        axis.set_visible(False)
    figure.suptitle(title)
    figure.tight_layout()
    figure.savefig(path, dpi=100)


# --- SVG --------------------------------------------------------------------------------------------------------------


class Svg:
    """A drawing by hand: panels side by side, two in a row."""

    width, height = 600, 400
    left, right, top, bottom = 80, 20, 36, 52
    legend = 140  # right of the diagram, where nothing is hidden by it

    def __init__(self, panels, title):
        self.parts = []
        rows = (len(panels) + 1) // 2
        total = 30 + rows * self.height
        self.parts.append(f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * self.width}" height="{total}" '
                          'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>')
        self.text(self.width, 20, title, size=16)
        for index, panel in enumerate(panels):
            self.panel(panel, index % 2 * self.width, 30 + index // 2 * self.height)
        self.parts.append("</svg>")

    def text(self, x, y, text, size=12, anchor="middle", more=""):
        place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" {more}'
        self.parts.append(f"<text {place}>{escape(text)}</text>")

    def rectangle(self, x, y, width, height, colour, more=""):
        place = f'x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{height:.1f}"'
        self.parts.append(f'<rect {place} fill="{colour}" {more}/>')

    def panel(self, panel, x0, y0):
        left, right = x0 + self.left, x0 + self.width - (self.legend if panel.names() else self.right)
        top, bottom = y0 + self.top, y0 + self.height - self.bottom
        x_low, x_high = panel.x_range()
        y_low, y_high = panel.y_range()

        def at_x(x):
            return left + (x - x_low) / (x_high - x_low) * (right - left)

        def at_y(y):
            return bottom - (y - y_low) / (y_high - y_low) * (bottom - top)

        for begin, end, colour, _ in panel.bands:
            self.rectangle(at_x(begin), top, at_x(end) - at_x(begin), bottom - top, colour)
        for x, height, width, colour in panel.bars:
            self.rectangle(at_x(x - width / 2), at_y(height), at_x(x + width / 2) - at_x(x - width / 2),
                           at_y(0) - at_y(height), colour)
        for xs, ys, colour in panel.points:
            marks = "".join(f"M{at_x(x):.1f} {at_y(y):.1f}h0" for x, y in zip(xs, ys))
            self.parts.append(f'<path d="{marks}" stroke="{colour}" stroke-width="3" stroke-linecap="round"/>')
        for xs, ys, colour, _ in panel.lines:
            points = " ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for x, y in zip(xs, ys))
            self.parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{points}"/>')
        self.rectangle(left, top, right - left, bottom - top, "none", 'stroke="black"')
        for tick in ticks(x_low, x_high, panel.whole_x):
            self.text(at_x(tick), bottom + 16, label(tick))
        for tick in ticks(y_low, y_high, False):
            self.text(left - 6, at_y(tick) + 4, label(tick), anchor="end")
        self.text((left + right) / 2, top - 10, panel.title, size=14)
        self.text((left + right) / 2, bottom + 38, panel.x_label)
        middle = (top + bottom) / 2
        self.text(x0 + 16, middle, panel.y_label, more=f'transform="rotate(-90 {x0 + 16} {middle})"')
        for index, (name, colour) in enumerate(panel.names()):
            y = top + 8 + 16 * index
            self.rectangle(right + 8, y, 12, 12, colour, 'stroke="gray"')
            self.text(right + 26, y + 10, name, anchor="start")


def ticks(low, high, whole):
    """Round numbers between two, some five of them."""
    step = 10 ** math.floor(math.log10((high - low) / 5))
    step *= next(times for times in (1, 2, 5, 10) if (high - low) / (step * times) <= 6)
    if whole:
        step = max(1, round(step))
    return [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def label(number):
    return f"{number:.10g}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--map", default="map", help="name of the map where the input has none")
    parser.add_argument("--svg", action="store_true", help="draw an SVG although matplotlib is there")
    arguments = parser.parse_args()
    try:
        import matplotlib  # noqa: F401

        svg = arguments.svg
    except ImportError:
        svg = True
    for path in arguments.files:
        try:
            panels = panels_of(path, arguments.map, Colours())
        except (OSError, ValueError, KeyError, IndexError) as error:
            sys.exit(f"tools/plot_map.py: {path}: {type(error).__name__}: {error}")
        title, picture = os.path.basename(path), path + (".svg" if svg else ".png")
        if svg:
            with open(picture, "w", encoding="utf-8") as out:
                out.write("\n".join(Svg(panels, title).parts))
        else:
            draw_png(panels, title, picture)
        print(picture)


if __name__ == "__main__":
    main()
