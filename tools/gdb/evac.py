"""gdb printers and commands for evac's maps, locks and epoch domains.

    (gdb) source tools/gdb/evac.py
    (gdb) print map                          its elements, in the order of iteration, and how it stands
    (gdb) evac-dump map                      a line for each slot; --csv FILE for tools/plot_map.py
    (gdb) evac-locks [sharded map | lock]    which thread holds a lock, and which wait
    (gdb) evac-domains [sync map | domain]   which thread keeps garbage from being freed

It only reads memory, and calls nothing in the program: so it works on core files, and on a process stopped anywhere,
also in the middle of a growth. Memory that makes no sense becomes a message in the output; nothing here runs for ever
on it. docs/debugging.md shows what each command prints.

Fields are found by their names in the debug information, which the program must have (-g, with any optimisation).
What the words in them mean is in one place, the class Layout.
"""

import csv
import re
import time

import gdb


class Unreadable(Exception):
    """Memory that cannot be read, or that cannot be what it is taken for."""


# --- memory -----------------------------------------------------------------------------------------------------------


def read(address, size):
    """The bytes there."""
    try:
        return bytes(gdb.selected_inferior().read_memory(address, size))
    except (gdb.MemoryError, OverflowError, gdb.error) as error:
        raise Unreadable(f"no memory at {address:#x}") from error


def word(address, size=8):
    return int.from_bytes(read(address, size), "little")


def number(value):
    """A number or an address, whether it is plain, atomic, or another class with nothing else in it."""
    if value.type.strip_typedefs().code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
        return word(int(value.address), value.type.sizeof)
    return int(value)


def plain(type_):
    return type_.strip_typedefs().unqualified()


def argument(type_, index):
    """A template argument that is a type."""
    try:
        return plain(type_).template_argument(index)
    except (gdb.error, RuntimeError) as error:
        raise Unreadable(f"no template arguments in the debug information of {type_}") from error


def complete(type_):
    """The definition of a type that this part of the debug information may only declare."""
    type_ = plain(type_)
    if type_.sizeof == 0 and type_.name:
        try:
            return plain(gdb.lookup_type(type_.name))
        except gdb.error:
            pass
    return type_


def at(address, type_):
    """The object of a type there. Nothing is read yet."""
    return gdb.Value(address).cast(type_.pointer()).dereference()


def target(value):
    """The object that a pointer names, plain or atomic; None if it is null."""
    type_ = plain(value.type)
    if type_.code != gdb.TYPE_CODE_PTR:
        while not re.match(r"std::(__\w+::)?atomic<", type_.name):
            type_ = plain(type_.fields()[0].type)  # a class derived from it
        type_ = plain(argument(type_, 0))
    address = number(value)
    return None if address == 0 else at(address, complete(type_.target()))


def linked(first, follow, what, most=1_000_000):
    """The objects of a list. One that leads back into itself, or does not end, is no list."""
    seen = set()
    each = first
    while each is not None:
        address = int(each.address)
        if address in seen or len(seen) == most:
            raise Unreadable(f"{what} does not end")
        seen.add(address)
        yield each
        each = follow(each)


def array(value):
    """The objects of an array."""
    low, high = value.type.strip_typedefs().range()
    return [value[index] for index in range(low, high + 1)]


def has_field(value, name):
    return any(field.name == name for field in value.type.strip_typedefs().fields())


# --- what depends on the layout ---------------------------------------------------------------------------------------


class Layout:
    """Meanings of words, for one version of include/evac/detail/debugger.hpp. Raise both together."""

    version = 1

    base_homes = 16  # the first segment
    most_homes = 1 << 40

    # Keys of the segments in a directory: by the number of leading zeros, or by the highest bit on old processors.
    base_keys = (60, 3)

    @staticmethod
    def segment_key(home, base_key):
        highest = (home | (Layout.base_homes - 1)).bit_length() - 1
        return highest if base_key == 3 else 63 - highest

    # Bucket of one owner: tags, then the link. Shared bucket: the state of a home or the link of an overflow bucket,
    # then the tags; where a shared home has a filter, its last slot holds the link.
    header = 16

    @staticmethod
    def tag(tags, slot):
        return tags >> (8 * slot) & 0xFF

    @staticmethod
    def filter(tags):
        return tags >> 56

    # State of a shared home.
    @staticmethod
    def is_locked(state):
        return state >> 8 & 1 != 0

    @staticmethod
    def is_changing(state):
        return state >> 9 & 1 != 0

    @staticmethod
    def depth(state):
        """0: as deep as when the table was made."""
        return state & 0xFF

    # An element of a shared table in a node lies behind its hash.
    node_header = 8

    # State of a lock.
    writer, writer_waiting, parked, reader = 1, 2, 4, 8

    @staticmethod
    def is_biased(bias):
        return bias >> 30 == 2

    @staticmethod
    def stands(bias):
        """Readers announce themselves, and writers leave it so."""
        return bias >> 30 == 3

    @staticmethod
    def is_revoking(bias):
        return bias >> 30 == 1

    @staticmethod
    def registry(bias):
        """Address of the registry that a lock names, biased or revoking; None if it names none."""
        return None if bias >> 30 == 0 else ((bias & 0x3FFFFF) << 20) + 64

    # Record of a thread in a domain: 0 outside, else the epoch since which it is inside.
    @staticmethod
    def epoch_of(entered):
        return entered >> 1

    nesting_flags = 3 << 30  # in `nesting`

    # Mark of the thread that is inside a modifying call of a map of one owner, with checks only.
    @staticmethod
    def writing_thread(mark):
        return mark >> 1


def check_version(found):
    if found != Layout.version:
        raise Unreadable(f"laid out by version {found}, and this evac.py knows version {Layout.version}")


class Facts:
    """Numbers of a layout of slots, from the object that its class keeps in the binary."""

    def __init__(self, layout):
        layout = complete(layout)
        facts = None
        try:
            value = gdb.Value(bytes(max(layout.sizeof, 1)), layout)["facts"]
            if not value.is_optimized_out:
                facts = {field.name: int(value[field]) for field in value.type.strip_typedefs().fields()}
        except (gdb.error, KeyError, ValueError):
            pass
        if facts is None:
            raise Unreadable(f"the binary has no {layout.name}::facts: no symbols, or another version of evac")
        check_version(facts["version"])
        self.in_nodes = facts["in_nodes"] != 0
        self.slot_bytes = facts["slot_bytes"]
        self.slots_offset = facts["slots_offset"]
        self.home_slots = facts["home_slots"]
        self.home_bytes = facts["home_bytes"]
        self.overflow_slots = facts["overflow_slots"]
        self.overflow_bytes = facts["overflow_bytes"]


# --- elements ---------------------------------------------------------------------------------------------------------


def round_up(size, multiple):
    return (size + multiple - 1) // multiple * multiple


class Elements:
    """Types of the keys and values of a map, and where they lie in an element. A set has keys only."""

    def __init__(self, elements):
        elements = plain(elements)
        self.key_type = complete(argument(elements, 0))
        self.is_map = elements.name.split("<")[0].endswith("::map_elements")
        self.mapped_type = complete(argument(elements, 1)) if self.is_map else None
        if self.key_type.sizeof == 0 or (self.is_map and self.mapped_type.sizeof == 0):
            raise Unreadable(f"the debug information only declares types of {elements.name}")

    def alignment(self):
        return max(self.key_type.alignof, self.mapped_type.alignof if self.is_map else 1)

    def in_pair(self, address):
        """(key, value) of an element at an address; the value is None in a set."""
        key = at(address, self.key_type)
        if not self.is_map:
            return key, None
        return key, at(address + round_up(self.key_type.sizeof, self.mapped_type.alignof), self.mapped_type)

    def in_words(self, address):
        """The same in a slot of a sync map, where key and value begin with a word each."""
        key = at(address, self.key_type)
        return key, at(address + round_up(self.key_type.sizeof, 8), self.mapped_type) if self.is_map else None


def fetched(value):
    """The value, read by now; or a text where there is no memory, which would otherwise end gdb's whole output."""
    try:
        value.fetch_lazy()
        return value
    except gdb.error as error:
        return f"<{error}>"


class Slot:
    """One place for an element: `position` in its chain is 0 for the home. The tag is 0 where there is none."""

    def __init__(self, home, position, bucket, index, tag, address):
        self.home = home
        self.position = position
        self.bucket = bucket
        self.index = index
        self.tag = tag
        self.address = address


class Growth:
    """How far a growth has come, from the number of homes."""

    def __init__(self, homes):
        self.homes = homes
        self.parents = 1 << (homes.bit_length() - 1) if homes else 0
        self.frontier = homes - self.parents

    def running(self):
        return self.frontier != 0

    def place(self, home):
        if not self.running():
            return "resting"
        if home >= self.parents:
            return "child"
        return "evacuated" if home < self.frontier else "parent"

    def text(self):
        if not self.running():
            return f"{self.homes} home{'' if self.homes == 1 else 's'}"
        return f"{self.homes} homes, growing: {self.frontier} of {self.parents} parents evacuated"


# --- tables -----------------------------------------------------------------------------------------------------------


class Table:
    """Chains of buckets. What is common to both kinds: where homes lie, and reading many of them at a time."""

    chunk_homes = 256

    def __init__(self, facts, elements):
        self.facts = facts
        self.elements = elements
        self.chunk = (0, 0, b"")
        self.base_key = None

    def entry(self, key):
        raise NotImplementedError

    def address(self, home):
        biased = self.entry(Layout.segment_key(home, self.base_key))
        return (biased + home * self.facts.home_bytes) & 0xFFFFFFFFFFFFFFFF

    def header(self, home, homes):
        """The two words that a home begins with. Homes of a segment are read many at a time."""
        first, behind, data = self.chunk
        if not first <= home < behind:
            segment_end = max(1 << home.bit_length(), Layout.base_homes)
            first, behind = home, min(home + self.chunk_homes, segment_end, homes)
            size = self.facts.home_bytes
            try:
                data = read(self.address(first), (behind - first) * size)
            except Unreadable:
                behind = first + 1
                data = read(self.address(first), Layout.header)
            self.chunk = (first, behind, data)
        begin = (home - first) * self.facts.home_bytes
        header = data[begin : begin + Layout.header]
        return int.from_bytes(header[:8], "little"), int.from_bytes(header[8:], "little")

    def bucket_slots(self, home, position, bucket, tags, count):
        for index in range(count):
            yield Slot(home, position, bucket, index, Layout.tag(tags, index),
                       bucket + self.facts.slots_offset + index * self.facts.slot_bytes)

    def chain(self, home):
        """Slots of a chain, also empty ones, in the order in which an iterator visits them."""
        home_address = self.address(home)
        tags, link, in_home = self.look(home)
        yield from self.bucket_slots(home, 0, home_address, tags, in_home)
        seen = set()
        while link != 0:
            if link in seen or len(seen) > 10_000_000:
                raise Unreadable(f"the chain of home {home} does not end")
            if link % 64 != 0:
                raise Unreadable(f"the chain of home {home} leads to {link:#x}, which is no bucket")
            seen.add(link)
            bucket = link
            tags, link = self.overflow_header(bucket)
            yield from self.bucket_slots(home, len(seen), bucket, tags, self.facts.overflow_slots)

    def slots(self):
        """All slots, home by home."""
        for home in self.homes():
            yield from self.chain(home)

    def occupied(self):
        return (slot for slot in self.slots() if slot.tag != 0)


class OwnedTable(Table):
    """Table of map and set, and of a shard."""

    def __init__(self, table):
        parts = table["parts_"]
        layout = argument(parts["overflow"].type, 1)
        super().__init__(Facts(layout), Elements(argument(layout, 0)))
        homes = parts["homes"]
        self.size = number(parts["size"])
        self.count = number(homes["count_"])
        self.moves = number(parts["moves"])
        directory = homes["directory_"]
        base = directory["base_"]
        self.origin = number(directory["origin_"])
        self.growth = Growth(self.count)
        opened = 1 << min(number(homes["opened_depth_"]), 64)
        if self.count > Layout.most_homes or (self.count != 0 and not self.count <= opened <= Layout.most_homes):
            raise Unreadable(f"it is said to have {self.count} homes, and memory for {opened}")
        # Without a block the one entry lies in the directory, and the origin where the first entry would be.
        inline = (int(base.address) - self.origin) // 8
        for key in Layout.base_keys:
            if inline == key or (self.count > Layout.base_homes and word(self.origin + 8 * key) == number(base)):
                self.base_key = key
        if self.count != 0 and self.base_key is None:
            raise Unreadable("its directory does not lead to its first home")

    def entry(self, key):
        return word(self.origin + 8 * key)

    def homes(self):
        return range(self.count)

    def look(self, home):
        tags, link = self.header(home, self.count)
        return tags, link, self.facts.home_slots

    def overflow_header(self, bucket):
        return word(bucket), word(bucket + 8)

    def element(self, slot):
        address = word(slot.address) if self.facts.in_nodes else slot.address
        return self.elements.in_pair(address)


class SyncTable(Table):
    """Table of a sync map or set. Without elements it may have no root."""

    def __init__(self, table):
        root = table["roots_"]["now_"]
        storage_type = argument(argument(root.type, 0).target(), 0)
        self.in_nodes = "::nodes_storage<" in storage_type.name
        self.root = target(root)
        self.size = self.claimed = self.finished = self.initial = 0
        self.growth = Growth(0)
        elements = Elements(argument(storage_type, 0))
        if self.root is None:
            super().__init__(None, elements)
            return
        segments = self.root["segments_"]
        super().__init__(Facts(argument(segments.type, 1)), elements)
        frontier = self.root["frontier_"]
        self.claimed = number(frontier["claimed_"])
        self.finished = number(frontier["finished_"])
        self.initial = number(self.root["initial_"])
        if not Layout.base_homes <= self.initial <= self.finished <= self.claimed <= Layout.most_homes:
            raise Unreadable(f"of {self.claimed} homes {self.finished} are said to be there, {self.initial} at first")
        self.size = self.count_elements(self.root["elements_"])
        self.entries = int(segments["entries_"].address)
        for key in Layout.base_keys:
            if self.entry(key) != 0:
                self.base_key = key
        if self.base_key is None:
            raise Unreadable("it has no first segment")
        self.growth = Growth(self.claimed)

    @staticmethod
    def count_elements(count):
        total = number(count["inserted_"]) - number(count["erased_"])
        stripes = target(count["stripes_"])
        if stripes is not None:
            many = number(count["stripe_count_"])
            if many > 4096:
                raise Unreadable(f"its count is said to have {many} stripes")
            for index in range(many):
                stripe = at(int(stripes.address) + index * stripes.type.sizeof, stripes.type)
                total += number(stripe["inserted"]) - number(stripe["erased"])
        return total

    def entry(self, key):
        return word(self.entries + 8 * key)

    def state(self, home):
        return self.header(home, self.claimed)[0]

    def depth(self, home):
        depth = Layout.depth(self.state(home))
        if depth != 0:
            return depth
        half = 1 << (self.initial.bit_length() - 1)
        return half.bit_length() - 1 + (1 if home >= half or home + half < self.initial else 0)

    def exists(self, home):
        """Whether a home that was claimed has been split off from its parent."""
        if home < self.finished:
            return True
        before = home.bit_length() - 1
        parent = home - (1 << before)
        return self.exists(parent) and self.depth(parent) > before

    def homes(self):
        return (home for home in range(self.claimed) if self.exists(home))

    def unsplit(self):
        return [home for home in range(self.finished, self.claimed) if not self.exists(home)]

    def look(self, home):
        _, tags = self.header(home, self.claimed)
        if Layout.filter(tags) == 0:
            return tags, 0, self.facts.home_slots
        in_home = self.facts.home_slots - 1
        return tags, word(self.address(home) + self.facts.slots_offset + in_home * self.facts.slot_bytes), in_home

    def overflow_header(self, bucket):
        link, tags = word(bucket), word(bucket + 8)
        return tags, link

    def element(self, slot):
        if not self.in_nodes:
            return self.elements.in_words(slot.address)
        return self.elements.in_pair(word(slot.address) + round_up(Layout.node_header, self.elements.alignment()))


def shards_of(container):
    """The shards of a sharded map or set."""
    shards = container["state_"]["shards"]
    first = target(shards["shards_"])
    count = number(shards["mask_"]) + 1
    if first is None or count > 65536 or count & (count - 1) != 0:
        raise Unreadable(f"it is said to have {count} shards")
    return [at(int(first.address) + index * first.type.sizeof, first.type) for index in range(count)]


KINDS = ("map", "set", "sharded_map", "sharded_set", "sync_map", "sync_set")


def kind_of(type_):
    """(name without namespaces and arguments, namespace) of a type of evac; (None, None) of another."""
    type_ = plain(type_)
    name = type_.name or ""
    match = re.match(r"((?:\w+::)*?evac::(?:v[0-9_]+::)?)(?:detail::)?(\w+)(?:<|$)", name)
    return (match[2], match[1]) if match else (None, None)


def tables_of(container):
    """[(index of the shard, table)] of any map or set."""
    kind, _ = kind_of(container.type)
    if kind in ("map", "set"):
        return [(0, OwnedTable(container["table_"]))]
    if kind in ("sharded_map", "sharded_set"):
        return [(index, OwnedTable(shard["table_"])) for index, shard in enumerate(shards_of(container))]
    if kind in ("sync_map", "sync_set"):
        return [(0, SyncTable(container["table_"]))]
    raise Unreadable(f"{container.type} is no map or set of evac")


# --- threads ----------------------------------------------------------------------------------------------------------


class Thread:
    def __init__(self, thread):
        self.number = thread.num
        self.name = f"thread {thread.num}" + (f" ({thread.name})" if thread.name else "") + f", LWP {thread.ptid[1]}"
        self.system_id = thread.ptid[1]
        self.pthread = None  # what pthread_self() returns
        self.sleeps_on = None  # the word that it waits for
        frame = gdb.newest_frame()
        architecture = frame.architecture().name()
        if "x86-64" in architecture:
            self.pthread = self.register(frame, "fs_base")
            if self.register(frame, "orig_rax") == 202:
                self.sleeps_on = self.register(frame, "rdi")
        elif "aarch64" in architecture:
            self.pthread = self.register(frame, "tpidr")
            if self.register(frame, "x8") == 98:
                self.sleeps_on = self.register(frame, "x0")

    @staticmethod
    def register(frame, name):
        try:
            return int(frame.read_register(name)) & 0xFFFFFFFFFFFFFFFF
        except (ValueError, gdb.error):
            return None


class Threads:
    """Threads of the program, found by the numbers by which evac knows them."""

    def __init__(self):
        self.all = []
        selected = gdb.selected_thread()
        if selected is None:
            return
        frame = gdb.selected_frame()
        try:
            for thread in sorted(gdb.selected_inferior().threads(), key=lambda each: each.num):
                thread.switch()
                self.all.append(Thread(thread))
        finally:
            selected.switch()
            frame.select()

    def of_errno(self, address):
        """The name of the thread whose errno has this address."""
        thread = self.by_errno(address)
        return thread.name if thread else f"a thread that is gone (errno at {address:#x})"

    def by_errno(self, address):
        """It lies at the same distance from the block of each thread that pthread_self() names."""
        known = [thread for thread in self.all if thread.pthread is not None]
        near = [(abs(thread.pthread - address), thread.number, thread) for thread in known]
        if not near:
            return None
        distance, _, thread = min(near)
        return thread if distance < 1 << 16 else None

    def sleeps_on(self, errno):
        thread = self.by_errno(errno)
        return thread.sleeps_on if thread else None

    def of_pthread(self, pthread):
        for thread in self.all:
            if thread.pthread == pthread:
                return thread.name
        return f"a thread that is gone ({pthread:#x})"

    def of_system(self, found):
        """The thread that the system gives this number."""
        for thread in self.all:
            if thread.system_id == found:
                return thread.name
        return f"a thread that gdb does not know by this number (LWP {found}): gone, or of another PID namespace"

    def sleepers(self, address):
        return [thread.name for thread in self.all if thread.sleeps_on == address]


# --- locks ------------------------------------------------------------------------------------------------------------


def records_of(registry):
    """Records of the threads in a registry, taken or not."""
    nodes = registry["records_"]["head_"]
    for node in linked(target(nodes), lambda node: target(node["next"]), "the list of records"):
        yield node["record"]


def registry_type(namespace):
    known = gdb.lookup_type(f"{namespace}detail::visible_readers")
    for field in known.fields():
        if field.name == "known_":
            return complete(argument(field.type, 0).target())
    raise Unreadable("the debug information has no registry of readers")


class Lock:
    """An rw_lock."""

    def __init__(self, lock, namespace):
        self.address = int(lock.address)
        self.state = number(lock["state_"])
        self.bias = number(lock["bias_"])
        self.namespace = namespace

    def announced(self):
        """errno addresses of threads that read by their records."""
        registry = Layout.registry(self.bias)
        if registry is None:
            return []
        found = []
        for record in records_of(at(registry, registry_type(self.namespace))):
            found += [number(record["owner_"]) for slot in array(record["slots_"]) if number(slot) == self.address]
        return found

    def readers(self):
        return self.state // Layout.reader

    def words(self, name):
        """What is to be said of it; name(errno address) names a thread."""
        said = []
        if self.state & Layout.writer:
            said.append("held by a writer")
        if self.readers():
            said.append(f"held by {self.readers()} reader{'s' if self.readers() > 1 else ''}")
        try:
            said += ["read by " + name(errno) for errno in self.announced()]
        except (Unreadable, gdb.error) as error:
            said.append(f"announced readers unknown: {error}")
        if self.state & Layout.writer_waiting:
            said.append("a writer waits")
        if self.state & Layout.parked:
            said.append("threads sleep")
        if Layout.is_revoking(self.bias):
            said.append("a writer waits for announced readers")
        return said or ["free"]

    def text(self, name):
        kind = ""
        if Layout.is_biased(self.bias):
            kind = ", biased to readers"
        if Layout.stands(self.bias):
            kind = ", biased to readers, also after the next writer"
        return ", ".join(self.words(name)) + kind


def call_marks(record):
    """[(operation, file, line, address of the container)] of the calls that a thread is in, innermost first."""
    marks = target(record["marks_"])
    calls = []
    if marks is None:
        return calls
    ring = int(marks.address)

    def following(each):
        after = target(each["next"])
        return None if after is None or int(after.address) == ring else after

    for each in linked(marks, following, "the ring of marks"):
        for call in linked(target(each["innermost"]), lambda call: target(call["around_"]), "the chain of calls", 1000):
            site = call["site_"]
            calls.append((text_at(site["operation"]), *place_of(site["where"]), number(call["map_"])))
    return calls


def text_at(pointer, most=500):
    """What a char pointer leads to; "?" if that is no text."""
    text, address = b"", number(pointer)
    try:
        while len(text) < most:
            text += read(address + len(text), 1)
            if text[-1] == 0:
                return text[:-1].decode(errors="replace")
    except Unreadable:
        pass
    return "?"


def named(address):
    """An address, and the variable that lies there, if one does."""
    symbol_text = gdb.execute(f"info symbol {address:#x}", to_string=True)
    match = re.match(r"(.+?)(?: \+ \d+)? in section ", symbol_text)
    return f"{match[1]} ({address:#x})" if match else f"{address:#x}"


def place_of(location):
    """File and line of a std::source_location of libstdc++ or libc++; ("", 0) if it has none."""
    for member in ("_M_impl", "__ptr_"):
        if not has_field(location, member) or number(location[member]) == 0:
            continue
        at_once = target(location[member])
        fields = {field.name.strip("_").removeprefix("M_"): field for field in at_once.type.strip_typedefs().fields()}
        return text_at(at_once[fields["file_name"]]), int(at_once[fields["line"]])
    return "", 0


# --- domains ----------------------------------------------------------------------------------------------------------


def batches_of(bag):
    """(where, batch) for the batches of a bag of garbage."""
    filling = target(bag["filling_"])
    if filling is not None:
        yield "filling", filling
    lists = (("sealed", bag["sealed_"]["first_"]), ("in hand", bag["in_hand_"]))
    for where, first in lists:
        for batch in linked(target(first), lambda batch: target(batch["next"]), "the list of batches"):
            yield where, batch


class Garbage:
    def __init__(self, bag):
        self.objects = self.bytes = 0
        self.oldest = None
        for where, batch in batches_of(bag):
            self.objects += number(batch["count"]) - number(batch["reclaimed"])
            self.bytes += number(batch["bytes"])
            if where == "sealed":
                stamp = number(batch["stamp"])
                self.oldest = stamp if self.oldest is None else min(self.oldest, stamp)

    def text(self):
        if self.objects == 0:
            return "no garbage"
        since = f", sealed since epoch {self.oldest}" if self.oldest is not None else ""
        return f"{self.objects} retired objects of {self.bytes} bytes{since}"


class Domain:
    def __init__(self, core):
        self.core = core
        clock = core["clock_"]
        self.epoch = number(clock["epoch_"])
        self.held_since = number(clock["held_since_"])
        self.charged = number(core["budget_"]["charged_"])
        self.cap = number(core["budget_"]["cap_"])
        self.waited = number(core["cap_waits_"])

    def records(self):
        for node in linked(target(self.core["clock_"]["records_"]["head_"]), lambda node: target(node["next"]),
                           "the list of records"):
            yield node["record"]

    def guards(self):
        return [record for record in self.records() if number(record["entered"]) != 0]

    def text(self):
        inside = len(self.guards())
        return (f"epoch {self.epoch}, {inside} thread{'' if inside == 1 else 's'} inside, "
                f"{self.charged} of {self.cap} bytes charged")


def core_of(value):
    """The core of a domain, of a sync map, or the core itself."""
    kind, _ = kind_of(value.type)
    if kind in ("sync_map", "sync_set"):
        value = target(value["domain_"])
        kind = "epoch_domain"
    if kind == "epoch_domain":
        core = target(value["core_"])
        if core is None:
            raise Unreadable("it is not constructed")
        return core
    raise Unreadable(f"{value.type} is no domain, and no sync map")


def symbol(name, type_):
    """A variable by its full name, where the debug information may have lost its type."""
    try:
        address = int(gdb.parse_and_eval(f"(unsigned long)&'{name}'"))
    except gdb.error:
        return None
    return at(address, type_)


def namespaces():
    """Inline namespaces of evac in the program: one for each version and settings."""
    found = gdb.execute("info variables -q debugger_facts$", to_string=True)
    names = sorted(set(re.findall(r"((?:\w+::)*evac::v[0-9_]+::)detail::debugger_facts", found)))
    for name in names:
        try:
            facts = gdb.parse_and_eval(f"'{name}detail::debugger_facts'")
        except gdb.error:  # a symbol without a type
            facts = symbol(f"{name}detail::debugger_facts", gdb.lookup_type("unsigned int"))
        check_version(int(facts))
    return names


def or_no_debug_information(text):
    """What a command says that has found nothing, unless there was nothing that it could have found anything by."""
    for namespace in namespaces():
        for name in ("detail::slot_facts", "detail::thread_marks", "detail::epoch_core", "epoch_domain"):
            try:
                gdb.lookup_type(namespace + name)
                return text
            except gdb.error:
                continue
    return "there is no debug information of evac in this program: build it with -g"


# --- printers ---------------------------------------------------------------------------------------------------------


def guarded(function):
    """A printer's text, or what is wrong instead of it."""

    def text(self):
        try:
            return function(self)
        except (Unreadable, gdb.error, KeyError, RuntimeError) as error:
            return f"{self.name}: cannot be read: {error}"

    return text


class ContainerPrinter:
    def __init__(self, value, kind):
        self.value = value
        self.kind = kind
        self.name = f"evac::{kind}"

    def display_hint(self):
        return "map" if self.kind.endswith("map") else "array"

    @guarded
    def to_string(self):
        tables = tables_of(self.value)
        size = sum(table.size for _, table in tables)
        said = [f"{self.name} of {size} element{'' if size == 1 else 's'}"]
        if self.kind.startswith("sharded"):
            said.append(f"{len(tables)} shards")
            growing = sum(table.growth.running() for _, table in tables)
            if growing:
                said.append(f"{growing} growing")
        else:
            table = tables[0][1]
            said.append(table.growth.text())
            if isinstance(table, SyncTable):
                unsplit = len(table.unsplit())
                if unsplit:
                    said.append(f"{unsplit} children claimed and not split off")
            elif number(self.value["owner_"]):
                writer = Layout.writing_thread(number(self.value["owner_"]))
                said.append("inside a modifying call of " + Threads().of_pthread(writer))
        return ", ".join(said)

    def children(self):
        done = 0
        try:
            for _, table in tables_of(self.value):
                for slot in table.occupied():
                    key, value = table.element(slot)
                    yield f"[{done}]", fetched(key)
                    if value is not None:
                        yield f"[{done}] value", fetched(value)
                    done += 1
        except (Unreadable, gdb.error, KeyError, RuntimeError) as error:
            yield "unreadable", str(error)
            if self.kind.endswith("map"):
                yield "unreadable value", f"after {done} elements"


class LockPrinter:
    name = "evac::rw_lock"

    def __init__(self, value, namespace):
        self.value = value
        self.namespace = namespace

    @guarded
    def to_string(self):
        lock = Lock(self.value, self.namespace)
        return f"{self.name}: " + lock.text(lambda errno: f"the thread with errno at {errno:#x}")


class DomainPrinter:
    name = "evac::epoch_domain"

    def __init__(self, value):
        self.value = value

    @guarded
    def to_string(self):
        return f"{self.name}: " + Domain(core_of(self.value)).text()


class IteratorPrinter:
    name = "evac iterator"

    def __init__(self, value):
        self.value = value

    def where(self):
        place = self.value["at_"]
        return number(place["where"]), number(place["index"]), number(place["home"])

    @guarded
    def to_string(self):
        bucket, index, home = self.where()
        return "end" if bucket == 0 else f"element in home {home}, slot {index}"

    def children(self):
        try:
            bucket, index, home = self.where()
            if bucket == 0:
                return
            table = OwnedTable(target(self.value["table_"]))
            slot = Slot(home, 0, bucket, index, 1, bucket + table.facts.slots_offset + index * table.facts.slot_bytes)
            if Layout.tag(word(bucket), index) == 0:
                yield "element", "erased"
                return
            key, value = table.element(slot)
            yield "key", fetched(key)
            if value is not None:
                yield "value", fetched(value)
        except (Unreadable, gdb.error, KeyError, RuntimeError) as error:
            yield "unreadable", str(error)


class NodePrinter:
    name = "evac node handle"

    def __init__(self, value):
        self.value = value

    def is_empty(self):
        return not engaged(self.value["allocator_"])

    @guarded
    def to_string(self):
        return f"{self.name}, empty" if self.is_empty() else self.name

    def children(self):
        try:
            if self.is_empty():
                return
            elements, allocator = argument(self.value.type, 0), argument(self.value.type, 1)
            _, namespace = kind_of(self.value.type)
            layout = gdb.lookup_type(f"{namespace}detail::slot_layout<{elements.name}, {allocator.name} >")
            address = int(self.value["storage_"].address)
            key, value = Elements(elements).in_pair(word(address) if Facts(layout).in_nodes else address)
            yield "key", fetched(key)
            if value is not None:
                yield "value", fetched(value)
        except (Unreadable, gdb.error, KeyError, RuntimeError) as error:
            yield "unreadable", str(error)


def engaged(optional):
    """Whether a std::optional holds something, of libstdc++ or libc++."""
    for field in optional.type.strip_typedefs().fields():
        if field.name in ("_M_engaged", "__engaged_"):
            return bool(optional[field])
        if field.is_base_class or field.name in ("_M_payload",):
            found = engaged(optional[field])
            if found is not None:
                return found
    return None


class StatsPrinter:
    """Figures that are not zero."""

    def __init__(self, value, kind):
        self.value = value
        self.name = f"evac::{kind}"

    def to_string(self):
        return self.name

    def children(self):
        for field in self.value.type.strip_typedefs().fields():
            value = self.value[field]
            if "::duration<" in str(plain(value.type)):
                value = number(value)  # nanoseconds
            if (isinstance(value, int) or plain(value.type).code == gdb.TYPE_CODE_INT) and int(value) == 0:
                continue
            yield field.name, value


def printer_of(value):
    if plain(value.type).code in (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF):
        value = value.referenced_value()
    kind, namespace = kind_of(value.type)
    if kind is None or plain(value.type).code != gdb.TYPE_CODE_STRUCT:
        return None
    if kind in KINDS:
        return ContainerPrinter(value, kind)
    if kind in ("rw_lock", "basic_rw_lock"):
        return LockPrinter(value, namespace)
    if kind == "epoch_domain":
        return DomainPrinter(value)
    if kind == "cursor":
        return IteratorPrinter(value)
    if kind == "node_handle":
        return NodePrinter(value)
    if kind.endswith("_stats") or kind.endswith("_counters") or kind == "counters":
        return StatsPrinter(value, kind)
    return None


# --- commands ---------------------------------------------------------------------------------------------------------


class Command(gdb.Command):
    """A command whose errors are messages."""

    def __init__(self):
        super().__init__(self.name, gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, text, from_tty):
        try:
            self.run(text.strip())
        except (Unreadable, KeyError, RuntimeError, OSError) as error:
            raise gdb.GdbError(f"{self.name}: {error}") from error

    @staticmethod
    def evaluate(expression):
        value = gdb.parse_and_eval(expression)
        while plain(value.type).code in (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF, gdb.TYPE_CODE_PTR):
            value = value.referenced_value()
        return value


def one_line(value, most=200):
    """A key as text, without line breaks."""
    try:
        text = value.format_string(max_elements=most)
    except (gdb.error, gdb.MemoryError) as error:
        text = f"<{error}>"
    return " ".join(text.split())


class DumpCommand(Command):
    """evac-dump EXPR [--csv FILE]: a line for each slot of a map or set of evac, also for empty ones.

Columns: shard, home, bucket (0 is the home itself, 1 its first overflow bucket, ...), slot, tag, chain length in
buckets, key, and which part the home has in a growth (parent, evacuated, child, resting), with the frontier. Without
--csv, the first 200 lines with an element are printed."""

    name = "evac-dump"
    columns = ("shard", "home", "bucket", "slot", "tag", "chain_length", "key", "place", "frontier", "homes")
    most_lines = 200

    def run(self, text):
        match = re.fullmatch(r"(?P<expression>.+?)(?:\s+--csv\s+(?P<file>\S+))?", text)
        if not match:
            raise Unreadable("of which map? evac-dump EXPR [--csv FILE]")
        tables = tables_of(self.evaluate(match["expression"]))
        if match["file"]:
            self.write(tables, match["file"])
            return
        print(self.line(self.columns))
        lines = 0
        for row in self.rows(tables):
            if row[4] == 0:
                continue
            if lines == self.most_lines:
                print("... (--csv FILE has the rest)")
                return
            print(self.line(row))
            lines += 1

    def write(self, tables, path):
        lines = elements = longest = 0
        tags = set()
        with open(path, "w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerow(self.columns)
            for row in self.rows(tables):
                writer.writerow(row)
                lines += 1
                longest = max(longest, row[5])
                if row[4] != 0:
                    elements += 1
                    tags.add(row[4])
        print(f"{lines} slots written to {path}: {elements} elements, longest chain {longest} buckets, "
              f"{len(tags)} of 255 tags in use")

    @staticmethod
    def line(cells):
        """A line of the table on the screen. The key comes last, for it may be long."""
        shard, home, bucket, slot, tag, length, key, place, frontier, homes = (str(cell) for cell in cells)
        return (f"{shard:>5} {home:>10} {bucket:>6} {slot:>4} {tag:>3} {length:>12} {place:>9} "
                f"{frontier:>10} {homes:>10}  {key}")

    @staticmethod
    def rows(tables):
        for shard, table in tables:
            growth = table.growth
            for home in table.homes():
                chain = list(table.chain(home))
                length = chain[-1].position + 1
                for slot in chain:
                    key = one_line(table.element(slot)[0]) if slot.tag != 0 else ""
                    yield (shard, home, slot.position, slot.index, slot.tag, length, key, growth.place(home),
                           growth.frontier, growth.homes)


class LocksCommand(Command):
    """evac-locks [EXPR]: which thread holds a lock of evac, and which wait.

Of a sharded map: each shard whose lock is not free. Of an rw_lock: that lock. Of a sync map: buckets that are locked.
Without an expression: each thread that is inside a call of a sharded map or reads under a lock by its record, and
what it sleeps on."""

    name = "evac-locks"

    def run(self, text):
        threads = Threads()
        if not text:
            self.show_threads(threads)
            return
        value = self.evaluate(text)
        kind, namespace = kind_of(value.type)
        if kind == "rw_lock":
            print(self.line(Lock(value, namespace), threads))
        elif kind in ("sharded_map", "sharded_set"):
            self.show_shards(value, namespace, threads)
        elif kind in ("sync_map", "sync_set"):
            self.show_homes(SyncTable(value["table_"]))
        else:
            raise Unreadable(f"{value.type} has no locks that this command knows")

    @staticmethod
    def line(lock, threads):
        sleeping = "".join(f"; {each} sleeps" for each in threads.sleepers(lock.address))
        return f"lock {lock.address:#x}: {lock.text(threads.of_errno)}{sleeping}"

    def show_shards(self, container, namespace, threads):
        shards = shards_of(container)
        busy = 0
        for index, shard in enumerate(shards):
            mutex = shard["mutex_"]
            if kind_of(mutex.type)[0] != "rw_lock":
                raise Unreadable(f"its locks are of type {mutex.type}")
            lock = Lock(mutex, namespace)
            words = lock.words(threads.of_errno)
            if words == ["free"]:
                continue
            busy += 1
            owner = shard["owner_"]
            holder = ""
            if has_field(owner, "id_") and number(owner["id_"]) != 0:
                holder = f"; the writer is {threads.of_system(number(owner['id_']))}"
            print(f"shard {index}: {self.line(lock, threads)}{holder}")
        print(f"{busy} of {len(shards)} shards are not free")
        self.show_threads(threads, int(container["state_"].address))

    @staticmethod
    def show_homes(table):
        locked = [home for home in table.homes() if Layout.is_locked(table.state(home))]
        for home in locked:
            changing = ", changing" if Layout.is_changing(table.state(home)) else ""
            print(f"home {home}: locked by a writer{changing}")
        print(f"{len(locked)} of {table.claimed} homes are locked")

    @staticmethod
    def show_threads(threads, of_map=None):
        """What threads do, as their records say; of one container, or of all."""
        said = 0
        for namespace in namespaces():
            try:
                known = symbol(f"{namespace}detail::visible_readers::known_",
                               gdb.lookup_type(f"{namespace}detail::visible_readers")["known_"].type)
            except (gdb.error, KeyError):
                continue
            registry = None if known is None else target(known)
            if registry is None:
                continue
            for record in records_of(registry):
                owner = number(record["owner_"])
                if owner == 0:
                    continue
                calls = [call for call in call_marks(record) if of_map in (None, call[3])]
                reads = [] if of_map else [number(slot) for slot in array(record["slots_"]) if number(slot) != 0]
                if calls or reads:
                    said += 1
                    print(threads.of_errno(owner))
                for operation, file, line, container in calls:
                    where = f" ({file}:{line})" if line else ""
                    print(f"  is in {operation}{where} of {named(container)}")
                for lock in reads:
                    print(f"  reads under the lock {named(lock)}")
                sleeps_on = threads.sleeps_on(owner)
                if sleeps_on is not None and calls and of_map is None:
                    print(f"  sleeps until the word at {named(sleeps_on)} changes")
        if said == 0 and of_map is None:
            print(or_no_debug_information("no thread is inside a call of a sharded map, or reads by its record"))


class DomainsCommand(Command):
    """evac-domains [EXPR]: threads, guards, epochs and garbage of an epoch domain.

The domain of a sync map or set, or a domain; without an expression, the domain of the process."""

    name = "evac-domains"

    def run(self, text):
        threads = Threads()
        if text:
            self.show(core_of(self.evaluate(text)), text, threads)
            return
        shown = 0
        for namespace in namespaces():
            try:
                domain = gdb.lookup_type(f"{namespace}epoch_domain")
            except gdb.error:
                continue
            found = symbol(f"{namespace}epoch_domain::process()::domain", domain.pointer())
            if found is None or target(found) is None:
                continue
            self.show(core_of(target(found)), "the domain of the process", threads)
            shown += 1
        if shown == 0:
            print(or_no_debug_information("the domain of the process has not been used"))

    @staticmethod
    def show(core, name, threads):
        domain = Domain(core)
        print(f"{name}: {domain.text()}")
        if domain.waited:
            print(f"  how often writers had to wait for room: {domain.waited}")
        if domain.held_since:
            age = ""
            if gdb.selected_inferior().pid and not is_core():
                age = f", {(time.monotonic_ns() - domain.held_since) / 1e9:.1f} s ago"
            print(f"  a step of the epoch was first held up at {domain.held_since} ns of the steady clock{age}")
        for record in domain.records():
            owner = number(record["owner"])
            entered = number(record["entered"])
            garbage = Garbage(record["bag"])
            if owner == 0 and garbage.objects == 0:
                continue
            said = []
            if entered != 0:
                since = Layout.epoch_of(entered)
                held = "" if since == domain.epoch else ": it holds the epoch up"
                said.append(f"inside since epoch {since}, {number(record['nesting']) & ~Layout.nesting_flags} deep{held}")
            else:
                said.append("outside")
            said.append(garbage.text())
            if number(record["reserved"]):
                said.append(f"{number(record['reserved'])} bytes reserved")
            if record["reclaiming"]:
                said.append("is freeing")
            print(f"  {threads.of_errno(owner) if owner else 'a free record'}: " + "; ".join(said))
        orphans = Garbage(core["orphans_"])
        if orphans.objects:
            print(f"  of threads that are gone: {orphans.text()}")


def is_core():
    connection = getattr(gdb.selected_inferior(), "connection", None)
    return connection is not None and connection.type == "core"


def register():
    gdb.pretty_printers[:] = [each for each in gdb.pretty_printers if getattr(each, "__name__", "") != "printer_of"]
    gdb.pretty_printers.append(printer_of)
    DumpCommand()
    LocksCommand()
    DomainsCommand()


register()
