#!/bin/bash
# SPDX-License-Identifier: MIT
# Locks bear the names of the variables that they are: in a program, position
# independent or not, in a library, in a deleted file, in another mount namespace; what
# is stripped has none, unless its symbols are installed beside it.
. "$(dirname "$0")/lib.sh"
need_tracing
need_cmd gcc strip objcopy readelf unshare

cat >named.h <<'END'
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
extern pthread_mutex_t library_lock;
END
cat >library.c <<'END'
#include "named.h"
pthread_mutex_t library_lock = PTHREAD_MUTEX_INITIALIZER;
END
cat >named.c <<'END'
#include "named.h"
static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static struct { long before[4]; pthread_mutex_t lock; } cache = { { 0 }, PTHREAD_MUTEX_INITIALIZER };
static void nap(long ms)
{
	nanosleep(&(struct timespec){ 0, ms * 1000000 }, NULL);
}
static int rounds = 40;
static void *contend(void *lock)
{
	for (int i = 0; i < rounds; i++) {
		pthread_mutex_lock(lock);
		nap(5);
		pthread_mutex_unlock(lock);
	}
	return NULL;
}
int main(int argc, char **argv)
{
	pthread_mutex_t *heap_lock = malloc(sizeof(*heap_lock));
	pthread_mutex_t *locks[] = { &queue_lock, &cache.lock, &library_lock, heap_lock };
	pthread_t threads[8];

	if (argc > 1)
		rounds = atoi(argv[1]);
	pthread_mutex_init(heap_lock, NULL);
	nap(100);
	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, contend, locks[i / 2]);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	free(heap_lock);
	return 0;
}
END
gcc -O1 -shared -fPIC -o libnamed.so library.c -pthread
link()
{
    gcc -O1 "$@" named.c -L. -lnamed -Wl,-rpath,"$TMP" -pthread
}
link -fPIC -pie -Wl,--build-id -o pie
link -fno-pie -no-pie -o fixed
cp pie stripped
strip stripped

# names FILE: of all mutexes, without the process.
names()
{
    "$PYTHON" - "$1" <<'END'
import json, os, re, subprocess, sys
facts = json.loads(subprocess.check_output([os.environ["PARTRACE"], "report", "--json", sys.argv[1]]))
found = [re.sub(r" of \w+ \(\d+\)$", "", l["name"]) for l in facts["locks"] if l["kind"] == "mutex"]
print("\n".join(sorted(re.sub(r"0x[0-9a-f]{5,}", "ADDRESS", re.sub(r"heap\+0x[0-9a-f]+", "heap", n))
                       for n in found)))
END
}

# check NAME EXPECTED
check()
{
    run "$PARTRACE" -q -o "$1.pftrace" -- "./$1"
    assert_status 0
    assert_equal "names of the locks in $1" "$(names "$1.pftrace")" "$2"
}

full="mutex cache+0x20
mutex heap
mutex library_lock in libnamed.so
mutex queue_lock"
check pie "$full"
# A program that is not position independent has a copy of its library's variables.
check fixed "${full/ in libnamed.so/}"
check stripped "mutex ADDRESS
mutex ADDRESS
mutex heap
mutex library_lock in libnamed.so"

# Where distributions put symbols.
id=$(readelf -n stripped | sed -n 's/^ *Build ID: *//p')
debug=/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug
undo()
{
    rm -f "$debug"
    rmdir -p "$(dirname "$debug")" 2>/dev/null
}
mkdir -p "$(dirname "$debug")"
objcopy --only-keep-debug pie "$debug"
check stripped "$full"
undo || true

# What the program's path leads to here is another file.
mkdir mount
cp stripped mount/inside
run "$PARTRACE" -q -o inside.pftrace -- unshare -m sh -c \
    "mount -t tmpfs none '$TMP/mount' && cp pie '$TMP/mount/inside' && exec '$TMP/mount/inside'"
assert_status 0
assert_equal "names of the locks in another mount namespace" "$(names inside.pftrace)" "$full"

# Attached to, and the file is gone by then.
cp pie deleted
start ./deleted 5000
wait_until 10 "program to delete" test "/proc/$PID/exe" -ef deleted
rm deleted
record -q -o deleted.pftrace -d 500ms -p "$PID"
assert_equal "names of the locks in a deleted program" "$(names deleted.pftrace)" "$full"

# A wait that never ends is named, too.
cat >stuck.c <<'END'
#include <pthread.h>
#include <unistd.h>
static pthread_mutex_t stuck_lock = PTHREAD_MUTEX_INITIALIZER;
static void *wait_for_ever(void *arg)
{
	sleep(1);
	pthread_mutex_lock(&stuck_lock);
	return arg;
}
int main(void)
{
	pthread_t thread;

	pthread_mutex_lock(&stuck_lock);
	pthread_create(&thread, NULL, wait_for_ever, NULL);
	sleep(60);
	return 0;
}
END
gcc -O1 -o stuck stuck.c -pthread
start ./stuck
record -q -o stuck.pftrace -d 1500ms -p "$PID"
assert_equal "name of the lock that never came" "$(names stuck.pftrace)" "mutex stuck_lock"
