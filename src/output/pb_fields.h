/* SPDX-License-Identifier: MIT */
/*
 * Generated, do not edit: tools/gen-pb-fields.py perfetto_trace.proto, with the
 * merged .proto of Perfetto v58.2. Field numbers and enum values that we use.
 */
#ifndef OUTPUT_PB_FIELDS_H
#define OUTPUT_PB_FIELDS_H

#define PB_TRACE_PACKET                                 1

#define PB_TRACE_PACKET_TIMESTAMP                       8
#define PB_TRACE_PACKET_TIMESTAMP_CLOCK_ID              58
#define PB_TRACE_PACKET_TRUSTED_PACKET_SEQUENCE_ID      10
#define PB_TRACE_PACKET_SEQUENCE_FLAGS                  13
#define PB_TRACE_PACKET_INTERNED_DATA                   12
#define PB_TRACE_PACKET_TRACE_PACKET_DEFAULTS           59
#define PB_TRACE_PACKET_COMPRESSED_PACKETS              50
#define PB_TRACE_PACKET_FTRACE_EVENTS                   1
#define PB_TRACE_PACKET_PROCESS_TREE                    2
#define PB_TRACE_PACKET_CLOCK_SNAPSHOT                  6
#define PB_TRACE_PACKET_TRACK_EVENT                     11
#define PB_TRACE_PACKET_SYSTEM_INFO                     45
#define PB_TRACE_PACKET_TRACK_DESCRIPTOR                60
#define PB_TRACE_PACKET_SEQ_INCREMENTAL_STATE_CLEARED   1
#define PB_TRACE_PACKET_SEQ_NEEDS_INCREMENTAL_STATE     2

#define PB_TRACE_PACKET_DEFAULTS_TIMESTAMP_CLOCK_ID     58
#define PB_TRACE_PACKET_DEFAULTS_TRACK_EVENT_DEFAULTS   11

#define PB_TRACK_EVENT_DEFAULTS_TRACK_UUID              11

#define PB_CLOCK_SNAPSHOT_CLOCKS                        1

#define PB_CLOCK_SNAPSHOT_CLOCK_CLOCK_ID                1
#define PB_CLOCK_SNAPSHOT_CLOCK_TIMESTAMP               2
#define PB_CLOCK_SNAPSHOT_CLOCK_IS_INCREMENTAL          3
#define PB_CLOCK_SNAPSHOT_CLOCK_REALTIME                1
#define PB_CLOCK_SNAPSHOT_CLOCK_MONOTONIC               3
#define PB_CLOCK_SNAPSHOT_CLOCK_BOOTTIME                6

#define PB_SYSTEM_INFO_UTSNAME                          1
#define PB_SYSTEM_INFO_NUM_CPUS                         8

#define PB_UTSNAME_SYSNAME                              1
#define PB_UTSNAME_RELEASE                              3
#define PB_UTSNAME_MACHINE                              4

#define PB_PROCESS_TREE_PROCESSES                       1
#define PB_PROCESS_TREE_THREADS                         2

#define PB_PROCESS_TREE_PROCESS_PID                     1
#define PB_PROCESS_TREE_PROCESS_PPID                    2
#define PB_PROCESS_TREE_PROCESS_CMDLINE                 3
#define PB_PROCESS_TREE_PROCESS_CMDLINE_IS_COMM         9

#define PB_PROCESS_TREE_THREAD_TID                      1
#define PB_PROCESS_TREE_THREAD_TGID                     3
#define PB_PROCESS_TREE_THREAD_NAME                     2

#define PB_TRACK_DESCRIPTOR_UUID                        1
#define PB_TRACK_DESCRIPTOR_PARENT_UUID                 5
#define PB_TRACK_DESCRIPTOR_NAME                        2
#define PB_TRACK_DESCRIPTOR_PROCESS                     3
#define PB_TRACK_DESCRIPTOR_THREAD                      4
#define PB_TRACK_DESCRIPTOR_COUNTER                     8

#define PB_PROCESS_DESCRIPTOR_PID                       1
#define PB_PROCESS_DESCRIPTOR_CMDLINE                   2
#define PB_PROCESS_DESCRIPTOR_PROCESS_NAME              6

#define PB_THREAD_DESCRIPTOR_PID                        1
#define PB_THREAD_DESCRIPTOR_TID                        2
#define PB_THREAD_DESCRIPTOR_THREAD_NAME                5

#define PB_COUNTER_DESCRIPTOR_UNIT                      3
#define PB_COUNTER_DESCRIPTOR_UNIT_NAME                 6
#define PB_COUNTER_DESCRIPTOR_UNIT_SIZE_BYTES           3

#define PB_INTERNED_DATA_EVENT_CATEGORIES               1
#define PB_INTERNED_DATA_EVENT_NAMES                    2
#define PB_INTERNED_DATA_DEBUG_ANNOTATION_NAMES         3
#define PB_INTERNED_DATA_DEBUG_ANNOTATION_STRING_VALUES 29

#define PB_EVENT_CATEGORY_IID                           1
#define PB_EVENT_CATEGORY_NAME                          2

#define PB_EVENT_NAME_IID                               1
#define PB_EVENT_NAME_NAME                              2

#define PB_DEBUG_ANNOTATION_NAME_IID                    1
#define PB_DEBUG_ANNOTATION_NAME_NAME                   2

#define PB_INTERNED_STRING_IID                          1
#define PB_INTERNED_STRING_STR                          2

#define PB_TRACK_EVENT_CATEGORY_IIDS                    3
#define PB_TRACK_EVENT_CATEGORIES                       22
#define PB_TRACK_EVENT_NAME_IID                         10
#define PB_TRACK_EVENT_NAME                             23
#define PB_TRACK_EVENT_TYPE                             9
#define PB_TRACK_EVENT_TRACK_UUID                       11
#define PB_TRACK_EVENT_COUNTER_VALUE                    30
#define PB_TRACK_EVENT_DOUBLE_COUNTER_VALUE             44
#define PB_TRACK_EVENT_FLOW_IDS                         47
#define PB_TRACK_EVENT_TERMINATING_FLOW_IDS             48
#define PB_TRACK_EVENT_DEBUG_ANNOTATIONS                4
#define PB_TRACK_EVENT_TYPE_SLICE_BEGIN                 1
#define PB_TRACK_EVENT_TYPE_SLICE_END                   2
#define PB_TRACK_EVENT_TYPE_INSTANT                     3
#define PB_TRACK_EVENT_TYPE_COUNTER                     4

#define PB_DEBUG_ANNOTATION_NAME_IID                    1
#define PB_DEBUG_ANNOTATION_NAME                        10
#define PB_DEBUG_ANNOTATION_INT_VALUE                   4
#define PB_DEBUG_ANNOTATION_STRING_VALUE                6
#define PB_DEBUG_ANNOTATION_STRING_VALUE_IID            17

#define PB_FTRACE_EVENT_BUNDLE_CPU                      1
#define PB_FTRACE_EVENT_BUNDLE_EVENT                    2
#define PB_COMPACT_SCHED                                4

#define PB_COMPACT_SCHED_INTERN_TABLE                   5
#define PB_COMPACT_SCHED_SWITCH_TIMESTAMP               1
#define PB_COMPACT_SCHED_SWITCH_PREV_STATE              2
#define PB_COMPACT_SCHED_SWITCH_NEXT_PID                3
#define PB_COMPACT_SCHED_SWITCH_NEXT_PRIO               4
#define PB_COMPACT_SCHED_SWITCH_NEXT_COMM_INDEX         6
#define PB_COMPACT_SCHED_WAKING_TIMESTAMP               7
#define PB_COMPACT_SCHED_WAKING_PID                     8
#define PB_COMPACT_SCHED_WAKING_TARGET_CPU              9
#define PB_COMPACT_SCHED_WAKING_PRIO                    10
#define PB_COMPACT_SCHED_WAKING_COMM_INDEX              11
#define PB_COMPACT_SCHED_WAKING_COMMON_FLAGS            12

#define PB_FTRACE_EVENT_TIMESTAMP                       1
#define PB_FTRACE_EVENT_PID                             2
#define PB_FTRACE_EVENT_SCHED_SWITCH                    4
#define PB_FTRACE_EVENT_SCHED_WAKING                    20
#define PB_FTRACE_EVENT_SCHED_PROCESS_FREE              240

#define PB_SCHED_SWITCH_FTRACE_EVENT_PREV_COMM          1
#define PB_SCHED_SWITCH_FTRACE_EVENT_PREV_PID           2
#define PB_SCHED_SWITCH_FTRACE_EVENT_PREV_PRIO          3
#define PB_SCHED_SWITCH_FTRACE_EVENT_PREV_STATE         4
#define PB_SCHED_SWITCH_FTRACE_EVENT_NEXT_COMM          5
#define PB_SCHED_SWITCH_FTRACE_EVENT_NEXT_PID           6
#define PB_SCHED_SWITCH_FTRACE_EVENT_NEXT_PRIO          7

#define PB_SCHED_WAKING_FTRACE_EVENT_COMM               1
#define PB_SCHED_WAKING_FTRACE_EVENT_PID                2
#define PB_SCHED_WAKING_FTRACE_EVENT_PRIO               3
#define PB_SCHED_WAKING_FTRACE_EVENT_SUCCESS            4
#define PB_SCHED_WAKING_FTRACE_EVENT_TARGET_CPU         5

#define PB_SCHED_PROCESS_FREE_FTRACE_EVENT_COMM         1
#define PB_SCHED_PROCESS_FREE_FTRACE_EVENT_PID          2
#define PB_SCHED_PROCESS_FREE_FTRACE_EVENT_PRIO         3

#endif
