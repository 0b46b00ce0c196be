# SPDX-License-Identifier: MIT
"""The tracers that are compared: how each is started, known to be attached, and stopped.

A tracer that can't run here is in the tables with the reason, never left out.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.abspath(os.path.join(HERE, "..", "..", os.environ.get("OUT", "build")))
PARTRACE = os.path.abspath(os.environ.get("PARTRACE", os.path.join(OUT, "partrace")))
AGAINST = os.environ.get("AGAINST", "").split()     # other builds, to compare with: "NAME=PATH ..."
FLOOR = os.path.join(OUT, "tests", "bench", "floor")
os.environ["PATH"] += ":/usr/local/sbin:/usr/sbin:/sbin"

ATTACH_PATIENCE = 30    # seconds
STOP_PATIENCE = 120
POLL = 0.002

# What partrace keeps, as far as bpftrace can tell it: per task how long its calls
# took, how long it was off the CPU, and how long and by whom woken it queued.
BPFTRACE = """
tracepoint:raw_syscalls:sys_enter { @entered[tid] = nsecs; }
tracepoint:raw_syscalls:sys_exit /@entered[tid]/ {
    @call_ns[tid] = hist(nsecs - @entered[tid]);
    delete(@entered[tid]);
}
tracepoint:sched:sched_waking { @woken[args->pid] = nsecs; @wakes[args->pid, tid] = count(); }
tracepoint:sched:sched_switch {
    @left[args->prev_pid] = nsecs;
    if (@left[args->next_pid]) { @off_ns[args->next_pid] = hist(nsecs - @left[args->next_pid]); }
    if (@woken[args->next_pid]) {
        @queue_ns[args->next_pid] = hist(nsecs - @woken[args->next_pid]);
        delete(@woken[args->next_pid]);
    }
}
"""


class NotRunnable(Exception):
    """Says why."""


class Tracer:
    """ready: what it prints once it is attached; settle: seconds from then on, or from
    its start if it prints nothing. share: of a workload's amount it is given, as some
    are too slow for all of it."""
    def __init__(self, name, argv, ready=None, settle=0.0, share=1.0, trace=None, end=signal.SIGINT,
                 lost=None, follows_pids=False):
        self.name, self.argv, self.ready, self.settle, self.share = name, argv, ready, settle, share
        self.trace, self.end, self.lost, self.follows_pids = trace, end, lost, follows_pids


def partrace_facts(run):
    done = subprocess.run([PARTRACE, "report", "--json", run.trace_path], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.decode())


def partrace_lost(run):
    facts = partrace_facts(run)["recording"]
    run.overhead = facts["overhead"]
    return facts["lost"]["ring"] + facts["lost"]["state"]


def perf_lost(run):
    stats = subprocess.run(["perf", "report", "--stats", "-i", run.trace_path], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, check=False).stdout.decode()
    found = re.search(r"LOST_SAMPLES events: *(\d+)", stats) or re.search(r"LOST events: *(\d+)", stats)
    return int(found.group(1)) if found else 0


def output_lost(pattern):
    return lambda run: sum(int(n) for n in re.findall(pattern, run.output()))


def partrace(name, *options, binary=PARTRACE):
    return Tracer(name, [binary, "record", "-v", "-o", "{folder}/out.pftrace", *options, "-p", "{pid}"],
                  ready="recording begins", trace="out.pftrace", lost=partrace_lost)


def floor(mode):
    return Tracer("floor-" + mode, [FLOOR, mode], ready="ready", lost=output_lost(r"lost (\d+)"))


TRACERS = [
    Tracer("none", None),
    Tracer("again", None),  # as untraced as the one before: what it seems to add is noise
    floor("empty"),
    floor("least"),
    floor("light"),
    partrace("default"),
    partrace("light", "--light"),
    Tracer("perf-sched", ["perf", "sched", "record", "-o", "{folder}/perf.data"], settle=1.5,
           trace="perf.data", lost=perf_lost),
    Tracer("bpftrace", ["bpftrace", "-e", BPFTRACE], ready="Attaching", settle=1.5,
           lost=output_lost(r"Lost (\d+)")),
    Tracer("perf-trace", ["perf", "trace", "-s", "-p", "{pids}"], settle=1.0, share=0.05,
           lost=output_lost(r"LOST (\d+)")),
    Tracer("strace", ["strace", "-f", "-c", "-o", "{folder}/strace.txt", "-p", "{pids}"],
           ready="attached", settle=0.3, share=0.05),
    # These say that they are attached, but only to a terminal at once.
    Tracer("offcputime", ["offcputime"], settle=2.0, lost=output_lost(r"(\d+) stack traces")),
    Tracer("wakeuptime", ["wakeuptime"], settle=2.0, lost=output_lost(r"(\d+) stack traces")),
    Tracer("offcputime-bpfcc", ["offcputime-bpfcc"], ready="Tracing"),
    Tracer("wakeuptime-bpfcc", ["wakeuptime-bpfcc"], ready="Tracing"),
    Tracer("wprof", ["wprof", "-d", "600000", "-D", "{folder}/wprof.data", "-T", "{folder}/wprof.pb"],
           settle=1.5, trace="wprof.pb"),
]
for word in AGAINST:
    name, binary = word.split("=", 1)
    TRACERS += [partrace(name, binary=os.path.abspath(binary)),
                partrace(name + "-light", "--light", binary=os.path.abspath(binary))]


def cpu_ns(pid):
    """What all threads of a process have used so far."""
    total = 0
    for tid in os.listdir("/proc/%d/task" % pid):
        try:
            with open("/proc/%d/task/%s/schedstat" % (pid, tid)) as file:
                total += int(file.read().split()[0])
        except OSError:
            pass
    return total


def peak_rss_kib(pid):
    try:
        with open("/proc/%d/status" % pid) as file:
            return int(re.search(r"VmHWM:\s*(\d+)", file.read()).group(1))
    except (OSError, AttributeError):
        return 0


class Run:
    """A tracer that is attached. What it cost is known once it has been stopped."""
    def __init__(self, tracer, pids, folder):
        self.tracer, self.folder = tracer, folder
        self.trace_path = os.path.join(folder, tracer.trace) if tracer.trace else None
        self.log = os.path.join(folder, "tracer.log")
        self.rss_kib, self.overhead = 0, None
        names = {"folder": folder, "pid": str(pids[0]), "pids": ",".join(map(str, pids))}
        argv = [arg if arg is BPFTRACE else arg.format(**names) for arg in tracer.argv]
        if not shutil.which(argv[0]):
            raise NotRunnable("not found in PATH")
        start = time.monotonic()
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder)
        self.wait_until_ready(start)
        self.attach_s = time.monotonic() - start
        time.sleep(tracer.settle)
        if self.process.poll() is not None:
            raise NotRunnable(self.why())
        self.begin_cpu_ns = cpu_ns(self.process.pid)

    def output(self):
        with open(self.log, errors="replace") as file:
            return file.read()

    def why(self):
        """The line that says most about why it ended."""
        lines = [line.strip() for line in self.output().splitlines() if line.strip()]
        said = [line for line in lines if re.search(r"error|fail|exception|cannot", line, re.I)]
        return (said or lines or ["no message"])[-1][:100]

    def wait_until_ready(self, start):
        while self.tracer.ready and self.tracer.ready not in self.output():
            if self.process.poll() is not None:
                raise NotRunnable(self.why())
            if time.monotonic() - start > ATTACH_PATIENCE:
                self.kill()
                raise NotRunnable("not attached after %d s" % ATTACH_PATIENCE)
            time.sleep(POLL)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """What the run cost the tracer itself, from being attached to its end."""
        self.rss_kib = peak_rss_kib(self.process.pid)
        start = time.monotonic()
        self.process.send_signal(self.tracer.end)
        while True:
            self.rss_kib = max(self.rss_kib, peak_rss_kib(self.process.pid))
            pid, status, usage = os.wait4(self.process.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() - start > STOP_PATIENCE:
                self.kill()
                raise NotRunnable("did not end within %d s" % STOP_PATIENCE)
            time.sleep(POLL)
        self.process.returncode = status
        cost = {"attach_s": self.attach_s, "stop_s": time.monotonic() - start, "rss_kib": self.rss_kib,
                "cpu_s": usage.ru_utime + usage.ru_stime - self.begin_cpu_ns / 1e9}
        if self.tracer.trace:
            cost["trace_bytes"] = os.path.getsize(self.trace_path) if os.path.exists(self.trace_path) else 0
        if self.tracer.lost:
            cost["lost"] = self.tracer.lost(self)
        return cost
