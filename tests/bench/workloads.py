# SPDX-License-Identifier: MIT
"""The workloads: each does a fixed amount of work when told to, and says how long it took."""
import os
import re
import shutil
import signal
import subprocess
import sys
import time

from tracers import HERE, OUT

BIN = os.path.join(OUT, "tests", "bench", "workloads")
PYTHON = os.environ.get("PYTHON", "/usr/bin/python3")
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def children(pid):
    """All its descendants."""
    found = []
    for tid in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/children" % (pid, tid)) as file:
            for child in map(int, file.read().split()):
                found += [child] + children(child)
    return found


class Program:
    """One that speaks as workloads/bench.h has it. With @watched, that other program
    is what the tracer is told to watch."""
    def __init__(self, argv, watched=None):
        self.watched = subprocess.Popen(watched, stdin=subprocess.PIPE, stdout=subprocess.PIPE) if watched else None
        if watched:
            self.watched.stdout.readline()
            self.watched.stdin.write(b"\n")
            self.watched.stdin.flush()
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.process.stdout.readline() != b"ready\n":
            raise RuntimeError("%s did not start" % argv[0])
        pid = (self.watched or self.process).pid
        self.pids = [pid] + children(pid)

    def work(self):
        """Seconds, and how often its threads left a CPU."""
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline().decode()
        found = re.match(r"elapsed_ns (\d+) switches (\d+)", line)
        if not found:
            raise RuntimeError("%s ended early" % self.process.args[0])
        return int(found.group(1)) / 1e9, int(found.group(2))

    def close(self):
        for process in (self.process, self.watched):
            if process:
                process.kill()
                process.communicate()


class Workload:
    """argv: with "{amount}" for how much work is done; python: a script."""
    def __init__(self, name, what, argv, amount, watched=None):
        self.name, self.what, self.argv, self.amount, self.watched = name, what, argv, amount, watched

    def open(self, folder):
        """Before the first round."""

    def close(self):
        """After the last one."""

    def start(self, share):
        return Program([a.format(amount=int(self.amount * share)) for a in self.argv], self.watched)


class Server:
    """A client's work, seen from the server that is watched."""
    def __init__(self, pids, argv, seconds):
        self.pids, self.argv, self.seconds = pids, argv, seconds

    def work(self):
        done = subprocess.run(self.argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        try:
            return self.seconds(done.stdout.decode()), 0
        except (AttributeError, ZeroDivisionError):
            raise RuntimeError("%s: %s" % (self.argv[0], done.stderr.decode()[-200:]))

    def close(self):
        """It serves the next one, too."""


class Redis(Workload):
    CLIENTS = 50

    def open(self, folder):
        if not shutil.which("redis-server") or not shutil.which("redis-benchmark"):
            raise RuntimeError("needs redis-server and redis-tools")
        self.socket = os.path.join(folder, "redis.sock")
        self.server = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", self.socket, "--dir", folder,
                                        "--save", "", "--appendonly", "no"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not os.path.exists(self.socket) and self.server.poll() is None:
            time.sleep(0.05)

    def close(self):
        self.server.kill()
        self.server.wait()

    def start(self, share):
        n = int(self.amount * share)
        argv = ["redis-benchmark", "-s", self.socket, "-n", str(n), "-c", str(self.CLIENTS), "-t", "get", "--csv"]
        return Server([self.server.pid], argv, lambda out: n / float(re.search(r'^"GET","([\d.]+)"', out, re.M).group(1)))


class Pgbench(Workload):
    CLIENTS = 4

    def open(self, folder):
        versions = sorted(os.listdir("/usr/lib/postgresql")) if os.path.isdir("/usr/lib/postgresql") else []
        if not versions or not shutil.which("pgbench"):
            raise RuntimeError("needs postgresql and postgresql-contrib")
        self.bin = "/usr/lib/postgresql/%s/bin/" % versions[-1]
        self.home = os.path.join(folder, "pg")
        os.chmod(folder, 0o755)
        os.mkdir(self.home)
        os.chown(self.home, 65534, 65534)
        self.run(self.bin + "initdb", "-D", self.home + "/data", "-U", "bench", "-A", "trust", "--no-sync")
        # The disk's moods are nobody's cost.
        self.run(self.bin + "pg_ctl", "-D", self.home + "/data", "-w", "-l", self.home + "/log", "-o",
                 "-k %s -c listen_addresses= -c fsync=off -c autovacuum=off" % self.home, "start")
        with open(self.home + "/data/postmaster.pid") as file:
            self.pid = int(file.readline())
        self.run("pgbench", "-h", self.home, "-U", "bench", "-i", "-s", "4", "-q", "postgres")

    def run(self, *argv):
        subprocess.run(NOBODY + list(argv), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True,
                       cwd=self.home)

    def close(self):
        self.run(self.bin + "pg_ctl", "-D", self.home + "/data", "-m", "immediate", "-w", "stop")

    def start(self, share):
        n = int(self.amount * share) // self.CLIENTS
        argv = NOBODY + ["pgbench", "-h", self.home, "-U", "bench", "-n", "-c", str(self.CLIENTS), "-t", str(n),
                         "postgres"]
        return Server([self.pid] + children(self.pid), argv,
                      lambda out: n * self.CLIENTS / float(re.search(r"tps = ([\d.]+)", out).group(1)))


def program(name):
    return os.path.join(BIN, name)


# What is watched while the cost to others is measured: not idle, and on the other CPU.
OTHER = [program("pingpong"), "--trips", "1000000000", "--rate", "1000", "--cpu", "1"]

WORKLOADS = [
    Workload("pingpong", "two processes on one CPU, 150,000 round trips through pipes",
             [program("pingpong"), "--trips", "{amount}"], 150000),
    Workload("getppid", "the cheapest system call, 4,000,000 times",
             [program("getppid"), "--calls", "{amount}"], 4000000),
    Workload("futex", "a pair of threads per CPU hands over by futex, 150,000 times each",
             [program("futex"), "--handoffs", "{amount}"], 150000),
    Workload("condvar", "40,000 items through four threads, mutex and condition variable between them",
             [program("condvar"), "--items", "{amount}"], 40000),
    Workload("gil", "four Python threads that compute under the GIL",
             [PYTHON, os.path.join(HERE, "workloads", "gil.py"), "{amount}"], 1500),
    Pgbench("pgbench", "4 clients, 12,000 transactions, fsync off", None, 12000),
    Redis("redis", "redis-benchmark, 50 clients, 300,000 GETs", None, 300000),
    Workload("unrelated-calls", "getppid, not watched: partrace watches another program",
             [program("getppid"), "--calls", "{amount}"], 4000000, OTHER),
    Workload("unrelated-switches", "pingpong, not watched: partrace watches another program",
             [program("pingpong"), "--trips", "{amount}"], 150000, OTHER),
    Workload("unrelated-compute", "computes, not watched: partrace watches another program",
             [program("compute"), "--rounds", "{amount}"], 6000, OTHER),
]
