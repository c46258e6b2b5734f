"""Compares what tools/gdb/evac.py shows of program.cpp with what the program itself has written down.

Run inside gdb by the script `run` beside it, which sets $printers (evac.py), $truth (the program's file) and $cores
(where cores go, or empty: then this is a core, and $truth belongs to it).
"""

import os
import re
import shutil

import gdb

failures = []
checks = 0


def setting(name):
    return gdb.convenience_variable(name).string()


def check(holds, what):
    global checks
    checks += 1
    if not holds:
        failures.append(f"{scene}: {what}")


def shown(command):
    return gdb.execute(command, to_string=True)


# --- contents ---------------------------------------------------------------------------------------------------------


def text_of(value):
    """A key or a value as program.cpp writes it."""
    if isinstance(value, str):
        return value
    type_ = value.type.strip_typedefs()
    if type_.code == gdb.TYPE_CODE_STRUCT and any(field.name in ("first", "value") for field in type_.fields()):
        value = value["first"] if "first" in [field.name for field in type_.fields()] else value["value"]
    if value.type.strip_typedefs().code == gdb.TYPE_CODE_INT:
        return str(int(value))
    return value.format_string()


def children(name):
    printer = gdb.default_visualizer(gdb.parse_and_eval(f"::{name}"))
    check(printer is not None, f"no printer for {name}")
    return [text_of(value) for _, value in printer.children()]


def summary(name):
    return gdb.default_visualizer(gdb.parse_and_eval(f"::{name}")).to_string()


def pairs(cells):
    return sorted(zip(cells[::2], cells[1::2]))


def check_contents(truth):
    with open(truth, encoding="utf-8") as lines:
        for line in lines:
            name, *cells = line.rstrip("\n").split("\t")
            found = children(name)
            if name.startswith("sync_"):
                check(pairs(found) == pairs(cells), f"{name}: {len(found) // 2} elements shown, {len(cells) // 2} there")
            else:
                check(found == cells, f"{name}: {len(found)} cells shown, {len(cells)} there, or in another order")


def check_summaries():
    check("evac::map of 999 elements" in shown("print names"), "size of names")
    check(shown("print nothing").endswith("evac::map of 0 elements, 0 homes\n"), "an empty map")
    check("evac::set of 1000 elements" in shown("print same_words"), "a reference")
    check("growing: " in shown("print numbers"), "numbers is in the middle of a growth")
    check("growing: " in shown("print sync_numbers"), "sync_numbers is in the middle of a growth")
    check(len(children("shared_names")) in (1998, 2000), "elements of shared_names")
    check(sorted(map(int, children("shared_numbers"))) == list(range(1000)), "elements of shared_numbers")
    check(len(children("sync_words")) == 1000, "elements of sync_words")
    check(re.search(r"n17\".*n17!", shown("print taken")) is not None, "a node handle")
    check("evac::table_stats" in shown("print figures") and "growths" in shown("print figures"), "table_stats")
    check("free" in shown("print free_lock"), "a free lock")
    check("[1]" not in shown("print found") and "key = 1" in shown("print found"), "an iterator")
    # One line of text for each slot that holds an element, and a header.
    lines = shown("evac-dump chained").splitlines()
    check(len(lines) == 1 + 26, f"evac-dump of 26 elements has {len(lines)} lines")


def check_dump(folder):
    path = os.path.join(folder, "slots.csv")
    shown(f"evac-dump numbers --csv {path}")
    with open(path, encoding="utf-8") as lines:
        header, *rows = [line.rstrip("\n").split(",") for line in lines]
    keys = [row[header.index("key")] for row in rows if row[header.index("tag")] != "0"]
    check(keys == children("numbers")[::2], "keys of evac-dump")
    homes = {int(row[header.index("home")]): row[header.index("place")] for row in rows}
    frontier, count = int(rows[0][header.index("frontier")]), int(rows[0][header.index("homes")])
    parents = count - frontier
    check(len(homes) == count and parents & (parents - 1) == 0, "homes of evac-dump")
    check(all((place == "child") == (home >= parents) for home, place in homes.items()), "children of evac-dump")
    check(all((place == "evacuated") == (home < frontier) for home, place in homes.items()), "evacuated parents")


def check_threads():
    check("threads sleep" in shown("evac-locks shared_names"), "a thread sleeps on a shard")
    locks = shown("evac-locks shared_names")
    check(re.search(r"held by a writer.*; thread \d+[^;]* sleeps", locks) is not None, "the shard's writer and sleeper")
    check(re.search(r"the writer is thread \d+", locks) is not None, "which thread has the shard")
    check(re.search(r"thread \d+.*\n  is in visit \(.*program\.cpp:\d+\)", locks) is not None, "where it was called")
    check("is in erase" in locks, "which call waits")
    check(re.search(r"read by thread \d+.*biased", shown("evac-locks announced_lock")) is not None, "a reader by its record")
    check("held by a writer" in shown("print write_lock"), "a lock that is held")
    everything = shown("evac-locks")
    check(re.search(r"thread \d+.*\n  reads under the lock announced_lock", everything) is not None, "the reader, without a name")
    domain = shown("evac-domains own_domain")
    check("1 thread inside" in domain and "it holds the epoch up" in domain, "the guard that holds the epoch up")
    check("100 retired objects" in domain, "garbage")
    check("bytes charged" in shown("print own_domain"), "a domain")
    check("bytes charged" in shown("evac-domains"), "the domain of the process")
    check("bytes charged" in shown("evac-domains sync_names"), "the domain of a map")


def check_scene():
    check_contents(setting("truth"))
    check_summaries()
    check_dump(os.path.dirname(setting("truth")))
    if scene == "split of a sync map":
        check("children claimed and not split off" in shown("print sync_numbers"), "children that are not split off")
        check(re.search(r"home \d+: locked", shown("evac-locks sync_numbers")) is not None, "the bucket that is split")
    if scene == "split of a map":
        check("inside a modifying call of thread 1" in shown("print numbers"), "the thread that writes")
    if scene == "threads":
        check_threads()


def check_every_step(name):
    """At every few instructions of a split, all elements stay but those of the bucket that is being split."""
    there = set(children(name)[::2])
    most_moving = 21  # of one chain
    worst = 0
    before = summary(name)
    steps = 0
    while summary(name) == before and steps < 600:
        shown(f"stepi {3 + steps // 4}")  # without optimisation there are some thousand of them
        steps += 1
        cells = children(name)
        keys = cells[::2]
        check(not any(key.startswith("<") or "unreadable" in key for key in cells), f"{name} in a split: readable")
        check(set(keys) <= there, f"{name} in a split: only elements that are there")
        check(len(keys) - len(set(keys)) <= most_moving, f"{name} in a split: elements shown twice")
        worst = max(worst, len(there - set(keys)))
    check(10 < steps < 600, f"{name} in a split: {steps} looks until its end")
    check(worst <= most_moving, f"{name} in a split: {worst} elements missing")


# --- memory that makes no sense ----------------------------------------------------------------------------------------


def with_words(address, words, look):
    """Calls look() while these words are in memory."""
    memory = gdb.selected_inferior()
    before = bytes(memory.read_memory(address, 8 * len(words)))
    memory.write_memory(address, b"".join(each.to_bytes(8, "little") for each in words))
    look()
    memory.write_memory(address, before)


def look_at_everything():
    """Whatever is in memory, each of these ends, and without an error but gdb's own kind."""
    for name in ("numbers", "movers", "chained", "sync_numbers", "sync_names", "shared_names", "own_domain", "write_lock"):
        shown(f"print {name}")
    for command in ("evac-dump chained", "evac-dump sync_names", "evac-locks shared_names", "evac-domains own_domain"):
        try:
            shown(command)
        except gdb.error:
            pass


def check_wild_memory():
    # Names of evac.py, which is part of this module once it is sourced: target, OwnedTable.
    chained = gdb.parse_and_eval("chained")
    homes = chained["table_"]["parts_"]["homes"]
    fields = [homes[name] for name in ("count_", "opened_depth_")]
    fields += [homes["directory_"][name] for name in ("origin_", "base_")]
    fields.append(gdb.parse_and_eval("sync_names")["table_"]["roots_"]["now_"])
    fields.append(gdb.parse_and_eval("shared_names")["state_"]["shards"]["mask_"])
    fields.append(gdb.parse_and_eval("shared_names")["state_"]["shards"]["shards_"])
    fields.append(gdb.parse_and_eval("own_domain")["core_"])
    root = target(gdb.parse_and_eval("sync_names")["table_"]["roots_"]["now_"])  # noqa: F821
    fields += [root["frontier_"]["claimed_"], root["elements_"]["stripes_"], root["segments_"]["entries_"]]
    for field in fields:
        address = int(field.address)
        for wild in (0, 7, 1 << 62, address & ~63):
            with_words(address, [wild], look_at_everything)
    # A chain that leads back into itself.
    slots = [line.split() for line in shown("evac-dump chained").splitlines()[1:]]
    check(any(int(line[5]) > 1 for line in slots), "chained has a chain")
    table = OwnedTable(chained["table_"])  # noqa: F821
    overflow = next(slot.bucket for slot in table.slots() if slot.position == 1)
    with_words(overflow + 8, [overflow], lambda: check("does not end" in shown("print -elements unlimited -- chained"), "a circle"))
    nodes = next(OwnedTable(gdb.parse_and_eval("movers")["table_"]).occupied()).address  # noqa: F821
    with_words(nodes, [3], lambda: shown("print movers"))


gdb.execute(f"source {setting('printers')}")
gdb.execute("set pagination off")
gdb.execute("set width 0")
gdb.execute("set confirm off")

scene = ""
if setting("cores"):
    gdb.execute("break stop_here")
    gdb.execute(f"run {setting('truth')} > /dev/null")
    while gdb.selected_inferior().pid != 0:
        scene = gdb.parse_and_eval("scene").string()
        check_scene()
        name = os.path.join(setting("cores"), scene.replace(" ", "_"))
        gdb.execute(f"generate-core-file {name}.core", to_string=True)
        shutil.copy(setting("truth"), f"{name}.truth")
        if scene == "threads":
            check_wild_memory()
            break
        if scene.startswith("split"):
            check_every_step("sync_numbers" if "sync" in scene else "numbers")
        gdb.execute("continue")
    gdb.execute("kill")
else:
    scene = gdb.parse_and_eval("scene").string()
    check_scene()

print(f"{checks} checks, {len(failures)} failed")
for failure in failures:
    print(f"FAILED {failure}")
gdb.execute(f"quit {1 if failures or checks < 30 else 0}")
