#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Check that a .pftrace is what Perfetto's importer and partrace both expect.

    tests/trace-check.py [--partial] [--dump] FILE

Prints one summary line, "switches=12 wakings=4 slices=9 …", and exits 0; or says
on standard error what is wrong, and exits 1. --partial: the recording was cut
short, so its last packet may be too, facts may be missing or interim, and what
is open may stay open. --dump: print every event as a line, in order of time.

Needs nothing but Python 3.9; knows the few messages that partrace writes.
"""
import argparse
import collections
import struct
import sys
import zlib

PARTRACE, MAGIC = 1717, b"partrace recording"
BOOTTIME, MONOTONIC = 6, 3
CLEARED, NEEDS_STATE = 1, 2
SLICE_BEGIN, SLICE_END, INSTANT, COUNTER = 1, 2, 3, 4
COMPRESSED_MAX = 512 * 1024
BUCKETS = set("""gil lock kernel_lock sync ipc child disk network memory sleep idle stopped
    other""".split())
PREV_STATES = {0, 1, 2, 4, 8, 16, 32, 64, 128, 256}
MAX_ERRORS = 20


class Malformed(Exception):
    pass


def varint(buf, at):
    value = shift = 0
    while True:
        if at >= len(buf) or shift > 63:
            raise Malformed("varint is cut or too long")
        byte = buf[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def fields(buf):
    """Yield (number, value): int for varints and fixed, memoryview for bytes."""
    at, end = 0, len(buf)
    while at < end:
        tag, at = varint(buf, at)
        wire, number = tag & 7, tag >> 3
        if not number:
            raise Malformed("field number 0")
        if wire == 0:
            value, at = varint(buf, at)
        elif wire in (1, 2, 5):
            size = {1: 8, 5: 4}.get(wire)
            if size is None:
                size, at = varint(buf, at)
            if at + size > end:
                raise Malformed("field is longer than its message")
            value = buf[at : at + size]
            if wire != 2:
                value = int.from_bytes(value, "little")
            at += size
        else:
            raise Malformed(f"wire type {wire}")
        yield number, value


def message(buf):
    """All fields, last value of each; and lists of those that repeat."""
    found = collections.defaultdict(list)
    for number, value in fields(buf):
        found[number].append(value)
    return found


def one(msg, number, default=None):
    return msg[number][-1] if number in msg else default


def text(value):
    return bytes(value).decode("utf-8", "replace")


def packed(msg, number):
    out = []
    for buf in msg.get(number, ()):
        at = 0
        while at < len(buf):
            value, at = varint(buf, at)
            out.append(value)
    return out


def signed(value):
    return value - (1 << 64) if value >> 63 else value


class Sequence:
    def __init__(self):
        self.valid = False
        self.clear()

    def clear(self):
        self.clocks = {}        # id -> [last ns, is incremental]
        self.default_clock = BOOTTIME
        self.default_track = None
        self.interned = collections.defaultdict(dict)   # InternedData field -> iid -> string


class Checker:
    def __init__(self, partial):
        self.partial = partial
        self.errors = []
        self.sequences = collections.defaultdict(Sequence)
        self.boot_clock = False
        self.release = None
        self.tracks = {}                # uuid -> (kind, name)
        self.parents = []
        self.events = collections.defaultdict(list)     # uuid -> [(ts, order, type, name, …)]
        self.flows = collections.defaultdict(list)      # id -> [(ts, order, is_end)]
        self.sched = collections.defaultdict(list)      # cpu -> [(ts, order, kind, …)]
        self.frees = 0
        self.processes, self.threads = {}, {}
        self.counters = collections.Counter()
        self.order = self.packets = self.compressed = 0
        self.facts = None               # (is complete, length)
        self.facts_last = False
        self.cut = False

    def error(self, what):
        self.errors.append(what)

    # The file

    def read(self, data):
        at = 0
        while at < len(data):
            try:
                tag, body = varint(data, at)
                size, body = varint(data, body)
            except Malformed:
                self.cut = True
                break
            if tag != 0x0A:
                raise Malformed(f"byte {at}: not a packet")
            if body + size > len(data):
                self.cut = True
                break
            self.packet(data[body : body + size], at == 0)
            at = body + size
        if self.cut and not self.partial:
            self.error(f"byte {at}: the last packet is cut")

    def packet(self, buf, is_first=False, inside=False):
        self.packets += 1
        msg = message(buf)
        ours = one(msg, PARTRACE)
        if is_first and (ours is None or one(message(ours), 1) != MAGIC):
            self.error("the first packet does not say that this is a partrace recording")
        self.facts_last = False
        if ours is not None:
            self.own(message(ours), inside)
        for blob in msg.get(50, ()):
            self.compressed += 1
            if inside:
                self.error("compressed packets inside compressed packets")
            if len(buf) >= COMPRESSED_MAX:
                self.error(f"a compressed packet is {len(buf)} bytes long")
            self.unpack(zlib.decompress(blob))
        self.trace_packet(msg)

    def unpack(self, data):
        data, at = memoryview(data), 0
        while at < len(data):
            tag, at = varint(data, at)
            size, at = varint(data, at)
            if tag != 0x0A or at + size > len(data):
                raise Malformed("compressed packets: not made of whole packets")
            self.packet(data[at : at + size], inside=True)
            at += size

    def own(self, msg, inside):
        if 3 not in msg:
            return
        if inside:
            self.error("facts inside compressed packets")
        raw = zlib.decompress(one(msg, 3))
        if len(raw) != one(msg, 4):
            self.error("facts are not as long as their packet says")
        self.facts = (bool(one(msg, 5, 0)), len(raw))
        self.facts_last = True

    # One packet

    def trace_packet(self, msg):
        seq_id, flags = one(msg, 10), one(msg, 13, 0)
        seq = self.sequences[seq_id]
        if flags & CLEARED:
            seq.clear()
            seq.valid = True
        if flags & NEEDS_STATE and not seq.valid:
            self.error(f"sequence {seq_id}: its state is used before it is begun")
        for snapshot in msg.get(6, ()):
            self.clock_snapshot(seq, message(snapshot))
        for defaults in msg.get(59, ()):
            defaults = message(defaults)
            seq.default_clock = one(defaults, 58, BOOTTIME)
            if 11 in defaults:
                seq.default_track = one(message(one(defaults, 11)), 11)
        for interned in msg.get(12, ()):
            for kind, entry in fields(interned):
                entry = message(entry)
                seq.interned[kind][one(entry, 1)] = text(one(entry, 2, b""))

        ts = self.timestamp(seq_id, seq, msg)
        if 45 in msg:
            utsname = message(one(message(one(msg, 45)), 1, b""))
            self.release = text(one(utsname, 3, b""))
        for tree in msg.get(2, ()):
            self.process_tree(message(tree))
        for track in msg.get(60, ()):
            self.track(message(track))
        for bundle in msg.get(1, ()):
            self.bundle(message(bundle))
        for event in msg.get(11, ()):
            if seq_id is None or ts is None:
                self.error("a track event lacks its sequence or its time")
                continue
            if not seq.valid:
                self.error(f"sequence {seq_id}: a track event before the sequence is begun")
            self.track_event(seq, ts, message(event))

    def clock_snapshot(self, seq, msg):
        ids = set()
        for clock in msg.get(1, ()):
            clock = message(clock)
            number, at = one(clock, 1), one(clock, 2, 0)
            ids.add(number)
            if number >= 64:
                seq.clocks[number] = [at, bool(one(clock, 3, 0))]
        if BOOTTIME not in ids:
            self.error("a clock snapshot lacks BOOTTIME")
        self.boot_clock = True

    def timestamp(self, seq_id, seq, msg):
        ts = one(msg, 8)
        if ts is None:
            return None
        clock = one(msg, 58, seq.default_clock)
        if clock == BOOTTIME:
            return ts
        if clock not in seq.clocks:
            self.error(f"sequence {seq_id}: clock {clock} is not in a snapshot")
            return None
        state = seq.clocks[clock]
        if state[1]:
            state[0] += ts
            return state[0]
        return ts

    def process_tree(self, msg):
        for process in msg.get(1, ()):
            process = message(process)
            self.processes[one(process, 1)] = text(one(process, 3, b""))
        for thread in msg.get(2, ()):
            thread = message(thread)
            self.threads[one(thread, 1)] = text(one(thread, 2, b""))

    def track(self, msg):
        uuid, name, kind = one(msg, 1), text(one(msg, 2, b"")), "track"
        if not uuid:
            self.error("a track without uuid")
        if 3 in msg:
            process = message(one(msg, 3))
            kind, name = "process", text(one(process, 6, b""))
            if 1 not in process:
                self.error(f"process track {uuid} lacks a pid")
            self.processes[one(process, 1)] = name
        elif 4 in msg:
            thread = message(one(msg, 4))
            kind, name = "thread", text(one(thread, 5, b""))
            if 1 not in thread or 2 not in thread:
                self.error(f"thread track {uuid} lacks pid or tid")
            self.threads[one(thread, 2)] = name
        elif 8 in msg:
            kind = "counter"
        if uuid in self.tracks and self.tracks[uuid][0] != kind:
            self.error(f"track {uuid} is a {self.tracks[uuid][0]} and a {kind}")
        self.tracks[uuid] = (kind, name)
        if 5 in msg:
            self.parents.append((uuid, one(msg, 5)))

    # Events

    def track_event(self, seq, ts, msg):
        kind, uuid = one(msg, 9), one(msg, 11, seq.default_track)
        if uuid not in self.tracks:
            self.error(f"an event is on track {uuid}, which is not declared")
        if kind == COUNTER:
            if self.tracks.get(uuid, ("counter",))[0] != "counter":
                self.error(f"track {uuid} is no counter, but has a value")
            if 30 not in msg and 44 not in msg:
                self.error(f"counter {uuid}: an event without a value")
            value = one(msg, 30)
            if value is None:
                value = struct.unpack("<d", one(msg, 44, 0).to_bytes(8, "little"))[0]
            self.counters[uuid] += 1
            self.add(uuid, ts, kind, value, [])
            return
        name = text(one(msg, 23, b""))
        if 10 in msg:
            name = self.string(seq, 2, one(msg, 10))
        if kind in (SLICE_BEGIN, INSTANT) and not name:
            self.error(f"track {uuid}: a slice without a name")
        notes = [("category", self.string(seq, 1, iid)) for iid in msg.get(3, ())]
        notes += [("category", text(value)) for value in msg.get(22, ())]
        for note in msg.get(4, ()):
            note = message(note)
            key = self.string(seq, 3, one(note, 1)) if 1 in note else text(one(note, 10, b""))
            if 17 in note:
                value = self.string(seq, 29, one(note, 17))
            else:
                value = text(note[6][-1]) if 6 in note else str(signed(one(note, 4, 0)))
            notes.append((key, value))
        self.add(uuid, ts, kind, name, notes)
        for is_end, number in ((False, 47), (True, 48)):
            for flow in msg.get(number, ()):
                self.flows[flow].append((ts, self.order, is_end, uuid))

    def add(self, uuid, ts, kind, name, notes):
        self.order += 1
        self.events[uuid].append((ts, self.order, kind, name, notes))

    def string(self, seq, kind, iid):
        found = seq.interned[kind].get(iid)
        if found is None:
            self.error(f"interned string {iid} (field {kind}) is not defined")
            return "?"
        return found

    def bundle(self, msg):
        cpu = one(msg, 1)
        if cpu is None:
            self.error("a bundle of ftrace events without its CPU")
            return
        for event in msg.get(2, ()):
            event = message(event)
            if 1 not in event:
                self.error("an ftrace event without a time")
                continue
            ts, pid = one(event, 1), one(event, 2, 0)
            self.order += 1
            if 4 in event:
                sw = message(one(event, 4))
                self.sched[cpu].append((ts, self.order, "switch", one(sw, 2, 0), one(sw, 6, 0),
                                        signed(one(sw, 4, 0))))
            elif 20 in event:
                waking = message(one(event, 20))
                self.sched[cpu].append((ts, self.order, "waking", pid, one(waking, 2, 0), 0))
            elif 240 in event:
                self.frees += 1
            else:
                self.error("an ftrace event of an unknown kind")
        if 4 in msg:
            self.compact(cpu, message(one(msg, 4)))

    def compact(self, cpu, msg):
        names = len(msg.get(5, ()))
        for kind, columns in (("switch", (1, 3, 2, 4, 6)), ("waking", (7, 8, 9, 10, 11, 12))):
            rows = [packed(msg, column) for column in columns]
            if len({len(row) for row in rows}) > 1:
                self.error(f"CPU {cpu}: compact {kind} columns differ in length")
                continue
            ts = 0
            comms = rows[4]
            for i, delta in enumerate(rows[0]):
                ts += signed(delta)
                self.order += 1
                if comms[i] >= names:
                    self.error(f"CPU {cpu}: compact {kind} names thread name {comms[i]} of {names}")
                extra = rows[2][i] if kind == "switch" else 0
                self.sched[cpu].append((ts, self.order, "compact " + kind, None, rows[1][i],
                                        extra))

    # The whole

    def check(self):
        if self.partial and not self.sched and not self.events:
            return
        if not self.release:
            self.error("no utsname.release: Perfetto would assume Linux 4.4's task states")
        if not self.boot_clock:
            self.error("no clock snapshot")
        for uuid, parent in self.parents:
            if parent not in self.tracks:
                self.error(f"track {uuid}: its parent {parent} is not declared")
        for cpu in sorted(self.sched):
            self.check_cpu(cpu)
        for uuid in self.events:
            self.check_track(uuid)
        for flow in self.flows if not self.partial else ():
            self.check_flow(flow)
        if not self.facts and not self.partial:
            self.error("no facts")
        if self.facts and not self.partial and not (self.facts[0] and self.facts_last):
            self.error("the last packet does not hold complete facts")

    def check_cpu(self, cpu):
        current, known = None, False
        for ts, _, kind, prev, pid, state in sorted(self.sched[cpu], key=lambda e: e[:2]):
            if kind == "compact switch" and not known:
                self.error(f"CPU {cpu}: its first switch at {ts} is compact, and dropped")
            if kind == "switch" and known and prev != current:
                self.error(f"CPU {cpu}: at {ts} {prev} leaves, but {current} ran")
            if kind == "compact waking" and not known:
                self.error(f"CPU {cpu}: a compact waking at {ts} before its first switch")
            if kind.endswith("switch"):
                if state not in PREV_STATES:
                    self.error(f"CPU {cpu}: task state {state} at {ts}")
                current, known = pid, True

    def check_wait(self, uuid, ts, name, notes):
        """Each slice on a thread's track is a wait: where it belongs, and what for."""
        if notes.get("bucket") not in BUCKETS or notes["bucket"] != notes.get("category"):
            self.error(f"track {uuid}: '{name}' at {ts} has no bucket")
        if ("lock" in notes or "channel" in notes or "peer" in notes) and "object" not in notes:
            self.error(f"track {uuid}: '{name}' at {ts} does not say what it waits on")
        if ", held by " in name and "holder" not in notes:
            self.error(f"track {uuid}: '{name}' at {ts} has no holder")

    def check_track(self, uuid):
        stack = []
        is_thread = self.tracks.get(uuid, ("?",))[0] == "thread"
        for ts, _, kind, name, notes in sorted(self.events[uuid], key=lambda e: e[:2]):
            if kind == SLICE_BEGIN:
                stack.append(name)
                if is_thread:
                    self.check_wait(uuid, ts, name, dict(notes))
            elif kind == SLICE_END:
                if not stack:
                    self.error(f"track {uuid}: a slice ends at {ts} that did not begin")
                else:
                    stack.pop()
            elif kind not in (INSTANT, COUNTER):
                self.error(f"track {uuid}: event type {kind}")
        if stack and not self.partial:
            self.error(f"track {uuid}: {len(stack)} slices are open at the end: {stack[-1]}")

    def check_flow(self, flow):
        is_open, begun_on = False, None
        for ts, _, is_end, uuid in sorted(self.flows[flow]):
            if is_end != is_open:
                self.error(f"flow {flow}: {'ends' if is_end else 'begins'} twice at {ts}")
            if self.tracks.get(uuid, ("?",))[0] != "thread":
                self.error(f"flow {flow}: at {ts} on track {uuid}, which is no thread's")
            if is_end and uuid == begun_on:
                self.error(f"flow {flow}: from track {uuid} to itself at {ts}")
            is_open, begun_on = not is_end, uuid
        if is_open and not self.partial:
            self.error(f"flow {flow}: does not end")

    def summary(self):
        kinds = collections.Counter(e[2] for es in self.events.values() for e in es)
        sched = collections.Counter(e[2].split()[-1] for es in self.sched.values() for e in es)
        facts = "none" if not self.facts else "complete" if self.facts[0] else "interim"
        ends = sum(e[2] for es in self.flows.values() for e in es)
        return (f"switches={sched['switch']} wakings={sched['waking']} slices={kinds[SLICE_BEGIN]} "
                f"instants={kinds[INSTANT]} flows={ends} counters={len(self.counters)} "
                f"values={kinds[COUNTER]} processes={len(self.processes)} "
                f"threads={len(self.threads)} frees={self.frees} packets={self.packets} "
                f"compressed={self.compressed} facts={facts}")

    def dump(self):
        verbs = {SLICE_BEGIN: "begin", SLICE_END: "end", INSTANT: "instant", COUNTER: "count"}
        lines = []
        for cpu, events in self.sched.items():
            for ts, order, kind, prev, pid, state in events:
                lines.append((ts, order, f"cpu{cpu} {kind} {prev} {pid} {state}"))
        for uuid, events in self.events.items():
            where = self.tracks.get(uuid, ("?", "?"))[1]
            for ts, order, kind, name, notes in events:
                notes = "".join(f" {key}={value!r}" for key, value in notes)
                lines.append((ts, order, f"{where} {verbs.get(kind, kind)} {name}{notes}"))
        for ts, _, line in sorted(lines):
            print(ts, line)


def main():
    args = argparse.ArgumentParser(description="check the structure of a partrace recording")
    args.add_argument("--partial", action="store_true", help="the recording was cut short")
    args.add_argument("--dump", action="store_true", help="print the events")
    args.add_argument("file")
    args = args.parse_args()
    checker = Checker(args.partial)
    try:
        with open(args.file, "rb") as file:
            checker.read(memoryview(file.read()))
        checker.check()
    except (Malformed, zlib.error, OSError) as err:
        checker.error(str(err))
    if args.dump:
        checker.dump()
    for error in checker.errors[:MAX_ERRORS]:
        print(f"{args.file}: {error}", file=sys.stderr)
    if len(checker.errors) > MAX_ERRORS:
        print(f"{args.file}: and {len(checker.errors) - MAX_ERRORS} more", file=sys.stderr)
    print(checker.summary())
    return 1 if checker.errors else 0


if __name__ == "__main__":
    sys.exit(main())
