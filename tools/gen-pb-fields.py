#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Print src/output/pb_fields.h: the field numbers we use, from Perfetto's .proto.

    tools/gen-pb-fields.py perfetto_trace.proto > src/output/pb_fields.h

The .proto is protos/perfetto/trace/perfetto_trace.proto of a Perfetto release,
the merged file. Numbers on the wire never change, so the header is committed
and nobody needs the .proto to build.
"""
import re
import sys

WANTED = """
Trace packet
TracePacket timestamp timestamp_clock_id trusted_packet_sequence_id sequence_flags
TracePacket interned_data trace_packet_defaults compressed_packets
TracePacket ftrace_events process_tree clock_snapshot track_event system_info track_descriptor
TracePacket SEQ_INCREMENTAL_STATE_CLEARED SEQ_NEEDS_INCREMENTAL_STATE
TracePacketDefaults timestamp_clock_id track_event_defaults
TrackEventDefaults track_uuid
ClockSnapshot clocks
ClockSnapshot.Clock clock_id timestamp is_incremental REALTIME MONOTONIC BOOTTIME
SystemInfo utsname num_cpus
Utsname sysname release machine
ProcessTree processes threads
ProcessTree.Process pid ppid cmdline cmdline_is_comm
ProcessTree.Thread tid tgid name
TrackDescriptor uuid parent_uuid name process thread counter
ProcessDescriptor pid cmdline process_name
ThreadDescriptor pid tid thread_name
CounterDescriptor unit unit_name UNIT_SIZE_BYTES
InternedData event_categories event_names debug_annotation_names debug_annotation_string_values
EventCategory iid name
EventName iid name
DebugAnnotationName iid name
InternedString iid str
TrackEvent category_iids categories name_iid name type track_uuid
TrackEvent counter_value double_counter_value flow_ids terminating_flow_ids debug_annotations
TrackEvent TYPE_SLICE_BEGIN TYPE_SLICE_END TYPE_INSTANT TYPE_COUNTER
DebugAnnotation name_iid name int_value string_value string_value_iid
FtraceEventBundle cpu event compact_sched
FtraceEventBundle.CompactSched intern_table switch_timestamp switch_prev_state switch_next_pid
FtraceEventBundle.CompactSched switch_next_prio switch_next_comm_index
FtraceEventBundle.CompactSched waking_timestamp waking_pid waking_target_cpu waking_prio
FtraceEventBundle.CompactSched waking_comm_index waking_common_flags
FtraceEvent timestamp pid sched_switch sched_waking sched_process_free
SchedSwitchFtraceEvent prev_comm prev_pid prev_prio prev_state next_comm next_pid next_prio
SchedWakingFtraceEvent comm pid prio success target_cpu
SchedProcessFreeFtraceEvent comm pid prio
"""

NUMBER = re.compile(r"(?:[\w.]+\s+)?(\w+)\s*=\s*(\d+)\s*(?:\[[^\]]*\])?$")


def statements(text):
    """Yield the .proto's statements and braces, comments left out."""
    text = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S)
    for part in re.findall(r"[^;{}]+|[{};]", text):
        part = " ".join(part.split())
        if part:
            yield part


def numbers(text):
    """Map (message path, field or enum value) to its number."""
    found, stack, last = {}, [], ""
    for part in statements(text):
        if part == "{":
            kind, _, name = last.partition(" ")
            # Fields of a oneof and values of an enum belong to the message around them.
            stack.append(name if kind == "message" else None)
        elif part == "}":
            stack.pop()
        elif part != ";":
            last = part
            match = NUMBER.search(part)
            if match:
                path = ".".join(name for name in stack if name)
                found.setdefault((path, match.group(1)), int(match.group(2)))
    return found


def c_name(path, field):
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", path.replace(".", "_"))
    snake = re.sub("_+", "_", snake)
    return f"PB_{snake}_{field}".upper().replace("FTRACE_EVENT_BUNDLE_COMPACT_SCHED", "COMPACT_SCHED")


def main():
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} perfetto_trace.proto")
    with open(sys.argv[1], encoding="utf-8") as file:
        found = numbers(file.read())
    found[("Trace", "packet")] = found.get(("Trace", "packet"), 1)

    print("/* SPDX-License-Identifier: MIT */")
    print("/*")
    print(" * Generated, do not edit: tools/gen-pb-fields.py perfetto_trace.proto, with the")
    print(" * merged .proto of Perfetto v58.2. Field numbers and enum values that we use.")
    print(" */")
    print("#ifndef OUTPUT_PB_FIELDS_H")
    print("#define OUTPUT_PB_FIELDS_H")
    before = None
    for line in WANTED.split("\n"):
        path, *fields = line.split() or [None]
        if path and path != before:
            print()
        before = path
        for field in fields:
            if (path, field) not in found:
                sys.exit(f"{sys.argv[1]}: no {path}.{field}")
            print(f"#define {c_name(path, field)}".ljust(55), found[path, field])
    print("\n#endif")


if __name__ == "__main__":
    main()
