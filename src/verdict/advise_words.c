// SPDX-License-Identifier: MIT
/*
 * Owns the words of the advice: per language, and per framework where that has a knob of
 * its own. Decides nothing. In braces, numbers of struct sizes:
 *
 *	{n} workers	{per} per process	{now} at once today	{cpus} {usable}
 *	{all} "both usable CPUs are"
 *	{waiters}	{sum} how that came	{online}		{chunk}
 *	{task} {trip}	{startup} {work}	{lock}			{opt}
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/xalloc.h"
#include "verdict/advise.h"

typedef const char *const words_table[NEED_CNT];

#define AT_THE_LIMIT "{all} at work: this one machine is the limit; "

#define PYTHON_WORDS                                                                              \
	[NEED_PROCESSES] = "concurrent.futures.ProcessPoolExecutor(max_workers={n}), with "       \
			   "executor.map(fn, items, chunksize=N): choose N so that a chunk has "  \
			   "2 ms of work or more, ten times what handing one over takes",         \
	[NEED_DIVIDE] = "divide the work over {n} processes: "                                    \
			"concurrent.futures.ProcessPoolExecutor(max_workers={n})",                \
	[NEED_DIVIDE_THREADS] = "divide the work over {n} threads, concurrent.futures."           \
				"ThreadPoolExecutor(max_workers={n}): most of it runs with the "  \
				"GIL released",                                                   \
	[NEED_THREADS] = "concurrent.futures.ThreadPoolExecutor(max_workers={waiters}) lets the " \
			 "waits overlap: {sum}; raise it while throughput grows",                 \
	[NEED_THREADS_IPC] = "concurrent.futures.ThreadPoolExecutor(max_workers={cpus}) in place "\
			     "of processes: nothing to pickle, no interpreter to start",          \
	[NEED_ASYNC] = "asyncio with libraries made for it (aiohttp, httpx; a server: uvicorn) "  \
		       "in place of a thread for each wait; keep calls that block in "            \
		       "asyncio.to_thread()",                                                     \
	[NEED_HYBRID] = "fetch in threads, ThreadPoolExecutor(max_workers={waiters}), compute in "\
			"a ProcessPoolExecutor(max_workers={n}); hand over whole batches",        \
	[NEED_FEWER] = "max_workers={n} in place of {now}: {usable} CPUs are usable; the same "   \
		       "throughput with less waiting and memory",                                 \
	[NEED_MORE] = "max_workers={n} in place of {now}: {usable} CPUs are usable",              \
	[NEED_WAITERS] = "keep the threads; max_workers={waiters}, in place of {now}, may be "     \
			 "worth trying ({sum}), as long as the other end keeps up",               \
	[NEED_CHUNKS] = "hand over {chunk} times as much per task, chunksize={chunk} where it is "\
			"1 now: a task takes {task}, handing it over and back {trip}",            \
	[NEED_SHARE] = "keep large data out of the messages: hand what is only read to the "      \
		       "workers once (initializer=), share arrays through "                       \
		       "multiprocessing.shared_memory, give back small results",                  \
	[NEED_POOL] = "keep the worker processes: each took {startup} to start for {work} of "    \
		      "work; one ProcessPoolExecutor for the whole run, without "                 \
		      "max_tasks_per_child",                                                      \
	[NEED_LESS_LOCK] = "do less under {lock}: compute outside the with block, hand batches "  \
			   "through a queue.Queue, or keep a dict per thread and merge at the end",\
	[NEED_MMAP_LOCK] = "keep buffers in place of making them anew (out= of NumPy, bytearray " \
			   "and readinto()); MALLOC_MMAP_THRESHOLD_=67108864 and "                \
			   "MALLOC_TRIM_THRESHOLD_=268435456 keep malloc from giving memory back",\
	[NEED_BALANCE] = "smaller pieces of work, taken by whoever is free: executor.map with a " \
			 "smaller chunksize, or Pool.imap_unordered(fn, items, chunksize=1), the "\
			 "longest first",                                                         \
	[NEED_CPU_COUNT] = "os.cpu_count() says {online}, {usable} are usable: size pools by "    \
			   "len(os.sched_getaffinity(0)), or os.process_cpu_count() from 3.13 on",\
	[NEED_QUOTA_COUNT] = "os.cpu_count() says {online}, the cgroup's quota allows {usable}, " \
			     "and no call of Python's tells: set max_workers={cpus} by hand, or " \
			     "PYTHON_CPU_COUNT={cpus} from 3.13 on",                              \
	[NEED_SCALE_OUT] = AT_THE_LIMIT "Ray, Dask or Spark spread Python's work over several",         \
	[NEED_GIL_OFF] = "this build of CPython can do without the GIL, but it is on (an "        \
			 "extension switches it on): PYTHON_GIL=0, or -X gil=0, keeps it off if " \
			 "the extension is safe without"

static words_table languages[LANG_CNT] = {
	[LANG_CPYTHON] = { PYTHON_WORDS,
		[NEED_FREE_THREADED] = "move the hot loop into code that releases the GIL "
				       "(NumPy, Numba, Cython nogil), or try a free-threaded build "
				       "(python3.13t or later)" },
	[LANG_PYPY] = { PYTHON_WORDS },
	[LANG_RUBY] = {
		[NEED_PROCESSES] = "divide the work over {n} processes, past the GVL: Process.fork, or "
				   "the parallel gem, Parallel.map(items, in_processes: {n}); Ractors "
				   "run in parallel too, but are experimental and share nothing mutable",
		[NEED_DIVIDE] = "divide the work over {n} processes: the parallel gem, "
				"Parallel.map(items, in_processes: {n}), or Process.fork",
		[NEED_DIVIDE_THREADS] = "divide the work over {n} threads, Parallel.map(items, "
					"in_threads: {n}): most of it runs with the GVL released",
		[NEED_THREADS] = "a pool of {waiters} threads (Thread.new on a Queue, or "
				 "concurrent-ruby's FixedThreadPool) lets the waits overlap: {sum}",
		[NEED_THREADS_IPC] = "threads share the data in place of Marshal and pipes",
		[NEED_ASYNC] = "the async gem (a fiber scheduler) in place of a thread for each wait: "
			       "fibers cost little",
		[NEED_HYBRID] = "fetch in {waiters} threads, compute in {n} forked processes; hand over "
				"whole batches",
		[NEED_FEWER] = "{n} workers in place of {now}: {usable} CPUs are usable; forked "
			       "processes for what computes, threads for what waits",
		[NEED_MORE] = "{n} forked workers in place of {now}: {usable} CPUs are usable",
		[NEED_WAITERS] = "keep the threads: they wait without the GVL; {waiters} in place of {now} "
				 "may be worth trying ({sum})",
		[NEED_CHUNKS] = "hand over {chunk} items at a time (each_slice({chunk})): a task takes "
				"{task}, handing it over and back {trip}",
		[NEED_SHARE] = "load large read-only data before the fork: the workers share it until "
			       "somebody writes (Process.warmup from 3.3 on)",
		[NEED_POOL] = "keep the forked workers: each took {startup} to start for {work} of work",
		[NEED_LESS_LOCK] = "do less under {lock}: compute outside synchronize, or keep a Hash "
				   "per thread and merge at the end",
		[NEED_OFFLOAD] = "what computes blocks the reactor and all its fibers: hand it to a "
				 "forked process",
		[NEED_BALANCE] = "smaller pieces of work, from one Queue that all workers pop from",
		[NEED_CPU_COUNT] = "{usable} of {online} CPUs are usable: size pools by Etc.nprocessors",
		[NEED_QUOTA_COUNT] = "Etc.nprocessors does not know the cgroup's quota of {usable} CPUs: "
				     "set the number of workers to {cpus}",
		[NEED_SCALE_OUT] = AT_THE_LIMIT "a job queue (Sidekiq, Resque) spreads Ruby's work over several",
	},
	[LANG_NODE] = {
		[NEED_PROCESSES] = "divide the work over {n} worker_threads (piscina keeps a pool), or "
				   "over processes with cluster.fork()",
		[NEED_DIVIDE] = "move what computes off the event loop into {n} worker_threads (piscina "
				"keeps a pool); a server: cluster with {n} workers",
		[NEED_THREADS] = "start the requests together (Promise.all, p-limit({waiters})) in place "
				 "of one await after the other: {sum}",
		[NEED_THREADS_IPC] = "worker_threads with a SharedArrayBuffer share the data in place of "
				     "sending it as JSON",
		[NEED_HYBRID] = "keep the event loop for what waits, and give what computes to {n} "
				"worker_threads",
		[NEED_FEWER] = "{n} workers in place of {now}: {usable} CPUs are usable "
			       "(os.availableParallelism()); UV_THREADPOOL_SIZE={n} if they are libuv's",
		[NEED_MORE] = "{n} workers in place of {now}; UV_THREADPOOL_SIZE={n} if they are libuv's "
			      "(fs, dns.lookup, crypto and zlib run there, 4 at a time unless told)",
		[NEED_WAITERS] = "UV_THREADPOOL_SIZE={waiters} ({sum}): fs, dns.lookup, crypto and zlib "
				 "run in libuv's pool, 4 at a time unless told",
		[NEED_CHUNKS] = "post {chunk} items per message: one takes {task}, the message and its "
				"answer {trip}",
		[NEED_SHARE] = "large data in a SharedArrayBuffer, or in the transferList of "
			       "postMessage(), which copies nothing",
		[NEED_POOL] = "keep the workers (piscina): each took {startup} to start for {work} of "
			      "work",
		[NEED_BALANCE] = "smaller messages, to whichever worker is free (piscina does)",
		[NEED_CPU_COUNT] = "os.cpus().length says {online}, {usable} are usable: size pools by "
				   "os.availableParallelism()",
		[NEED_QUOTA_COUNT] = "os.cpus().length says {online}, the cgroup's quota allows "
				     "{usable}: set the number of workers to {cpus}",
		[NEED_SCALE_OUT] = AT_THE_LIMIT "more machines behind a load balancer, or a job "
				   "queue (BullMQ), go past it",
	},
	[LANG_JAVA] = {
		[NEED_PROCESSES] = "or {n} JVMs with a share of the data each, if it divides: a lock of "
				   "one holds up no other, but each needs a heap of its own",
		[NEED_DIVIDE] = "divide the work over a ForkJoinPool({n}), or a parallel stream",
		[NEED_THREADS] = "Executors.newFixedThreadPool({waiters}) ({sum}), or from Java 21 on "
				 "Executors.newVirtualThreadPerTaskExecutor()",
		[NEED_THREADS_IPC] = "one JVM with Executors.newFixedThreadPool({cpus}) shares the data",
		[NEED_ASYNC] = "virtual threads, from Java 21 on: "
			       "Executors.newVirtualThreadPerTaskExecutor() in place of platform threads; "
			       "before, NIO (Netty)",
		[NEED_HYBRID] = "virtual threads, or a pool of {waiters}, for what waits; a "
				"ForkJoinPool({n}) for what computes",
		[NEED_FEWER] = "Executors.newFixedThreadPool({n}) in place of {now} threads: {usable} "
			       "CPUs are usable; a ForkJoinPool for tasks that make tasks",
		[NEED_MORE] = "Executors.newFixedThreadPool({n}) in place of {now} threads: {usable} "
			      "CPUs are usable",
		[NEED_WAITERS] = "keep the threads: {waiters} in place of {now} may be worth trying ({sum}); "
				 "virtual threads (Java 21) take the limit away",
		[NEED_CHUNKS] = "{chunk} times as much per message: a task takes {task}, handing it over "
				"and back {trip}",
		[NEED_SHARE] = "large data through a FileChannel.map() of both sides",
		[NEED_POOL] = "keep the JVM: each took {startup} to start for {work} of work; class data "
			      "sharing (-XX:SharedArchiveFile) shortens it",
		[NEED_LESS_LOCK] = "do less under {lock}: LongAdder and ConcurrentHashMap in place of "
				   "synchronized, or one lock per key",
		[NEED_MMAP_LOCK] = "-Xms equal to -Xmx and -XX:+AlwaysPreTouch: the heap then stops "
				   "growing and faulting while it works",
		[NEED_OFFLOAD] = "what computes or blocks leaves the event loop: an executor of its own "
				 "(Schedulers.boundedElastic(), executeBlocking())",
		[NEED_BALANCE] = "smaller tasks in a ForkJoinPool: whoever is free steals them",
		[NEED_CPU_COUNT] = "{usable} of {online} CPUs are usable: "
				   "Runtime.availableProcessors() knows",
		[NEED_QUOTA_COUNT] = "{usable} of {online} CPUs are allowed by the cgroup's quota: "
				     "Runtime.availableProcessors() knows from Java 10 on, else "
				     "-XX:ActiveProcessorCount={cpus}",
		[NEED_SCALE_OUT] = AT_THE_LIMIT "Spark, Flink or more instances spread it over several",
	},
	[LANG_GO] = {
		[NEED_PROCESSES] = "or {n} processes with a share of the data each, if it divides: a lock "
				   "of one holds up no other",
		[NEED_DIVIDE] = "divide the work over goroutines: {n} of them (errgroup with "
				"SetLimit({n})) keep {usable} CPUs busy",
		[NEED_THREADS] = "a goroutine per request, at most {waiters} at a time (errgroup "
				 "SetLimit): {sum}",
		[NEED_THREADS_IPC] = "goroutines of one process share the data",
		[NEED_ASYNC] = "goroutines over net, in place of threads in C code or blocking "
			       "files: the netpoller waits for all of them",
		[NEED_HYBRID] = "goroutines for both; bound those that compute to {n} (a semaphore)",
		[NEED_FEWER] = "GOMAXPROCS={n} in place of {now} threads that run: {usable} CPUs are "
			       "usable",
		[NEED_MORE] = "more goroutines, and GOMAXPROCS={n}: {usable} CPUs are usable",
		[NEED_CHUNKS] = "{chunk} times as much per message: a task takes {task}, handing it over "
				"and back {trip}",
		[NEED_LESS_LOCK] = "do less under {lock}: sync/atomic, one mutex per shard, or a value "
				   "per goroutine, merged at the end",
		[NEED_MMAP_LOCK] = "reuse buffers (sync.Pool), and GOGC=200 or GOMEMLIMIT: fewer "
				   "collections map and unmap less",
		[NEED_BALANCE] = "smaller pieces of work, from one channel that all goroutines range over",
		[NEED_CPU_COUNT] = "runtime.NumCPU() knows the {usable} usable CPUs of {online}: leave "
				   "GOMAXPROCS to it",
		[NEED_QUOTA_COUNT] = "GOMAXPROCS={cpus}: the cgroup's quota allows {usable} CPUs of "
				     "{online}, which Go heeds by itself only from 1.25 on "
				     "(before: automaxprocs)",
		[NEED_SCALE_OUT] = AT_THE_LIMIT "more instances behind a queue or a load balancer go "
				   "past it",
	},
	[LANG_RUST] = {
		[NEED_DIVIDE] = "divide the work over {n} threads: rayon (par_iter()), or "
				"std::thread::scope",
		[NEED_THREADS] = "{waiters} threads, or tokio tasks, let the waits overlap: {sum}",
		[NEED_ASYNC] = "tokio tasks in place of a thread for each wait; tokio::task::spawn_blocking for "
			       "calls that block",
		[NEED_HYBRID] = "tokio for what waits, rayon with {n} threads for what computes",
		[NEED_FEWER] = "{n} threads in place of {now}: {usable} CPUs are usable "
			       "(std::thread::available_parallelism()); RAYON_NUM_THREADS={n}, "
			       "TOKIO_WORKER_THREADS={n}",
		[NEED_MORE] = "{n} threads in place of {now} (RAYON_NUM_THREADS={n}): {usable} CPUs are "
			      "usable",
		[NEED_LESS_LOCK] = "do less under {lock}: atomics, sharding (DashMap), or a value per "
				   "thread (rayon's fold and reduce)",
		[NEED_MMAP_LOCK] = "reuse buffers, and an allocator with arenas per thread (jemalloc, "
				   "mimalloc as #[global_allocator]): fewer mmap and munmap",
		[NEED_OFFLOAD] = "keep the executor free: tokio::task::spawn_blocking for calls that "
				 "block, rayon for what computes",
		[NEED_BALANCE] = "smaller pieces: rayon's par_iter() steals them, with_min_len() bounds "
				 "them",
		[NEED_CPU_COUNT] = "std::thread::available_parallelism() knows the {usable} usable CPUs "
				   "of {online}; num_cpus::get() may not",
		[NEED_QUOTA_COUNT] = "std::thread::available_parallelism() knows the cgroup's quota of "
				     "{usable} CPUs; code that counts {online} does not",
	},
	[LANG_NATIVE] = {
		[NEED_PROCESSES] = "or divide the work over {n} processes: hand each its part of the data "
				   "once, and let it give back only the result",
		[NEED_DIVIDE] = "divide the work over {n} threads, if it divides (std::thread, pthreads, "
				"OpenMP)",
		[NEED_THREADS] = "a pool of {waiters} threads lets the waits overlap: {sum}; raise it "
				 "while throughput grows",
		[NEED_THREADS_IPC] = "{cpus} threads of one process share the data in place of sending it",
		[NEED_ASYNC] = "one event loop per CPU over non-blocking sockets (epoll, io_uring) in "
			       "place of a thread for each wait",
		[NEED_HYBRID] = "fetch in {waiters} threads, compute in {n} others; hand over whole "
				"batches",
		[NEED_FEWER] = "{n} workers for {usable} usable CPUs in place of {now}: same throughput, "
			       "less waiting and memory",
		[NEED_MORE] = "{n} workers in place of {now}: {usable} CPUs are usable",
		[NEED_WAITERS] = "keep the threads; {waiters} in place of {now} may be worth trying ({sum}), "
				 "as long as the other end keeps up",
		[NEED_CHUNKS] = "larger batches, {chunk} times as much per message: a task takes {task}, "
				"handing it over and back {trip}",
		[NEED_SHARE] = "large data through shared memory (shm_open, memfd_create), not through "
			       "messages",
		[NEED_POOL] = "keep the worker processes: each took {startup} to start for {work} of work",
		[NEED_LESS_LOCK] = "do less under {lock}: compute outside, batch updates, split it by "
				   "key, or keep a copy per worker",
		[NEED_MMAP_LOCK] = "fewer mmap, munmap and page faults: keep buffers, an arena per thread "
				   "(jemalloc, or M_MMAP_THRESHOLD and M_TRIM_THRESHOLD of mallopt), "
				   "MAP_POPULATE or madvise in advance",
		[NEED_KERNEL_LOCK] = "fewer system calls on the object that is locked: batch them, "
				     "preallocate, or give each worker one of its own",
		[NEED_BALANCE] = "smaller pieces of work, taken from one queue by whoever is free",
		[NEED_CPU_COUNT] = "{usable} of {online} CPUs are usable: size pools by "
				   "sched_getaffinity(), not by the CPUs of the machine",
		[NEED_QUOTA_COUNT] = "the cgroup's quota allows {usable} of {online} CPUs, which neither "
				     "sysconf() nor sched_getaffinity() tells: read cpu.max",
		[NEED_SCALE_OUT] = AT_THE_LIMIT "faster code, or more machines (MPI, a job queue, a "
				   "cluster), go past it",
	},
};

struct framework_words {
	const char *name;
	words_table words;
};

static const struct framework_words frameworks[] = {
	{ "joblib", {
		[NEED_PROCESSES] = "joblib: Parallel(n_jobs={n}, backend=\"loky\") runs processes, past "
				   "the GIL",
		[NEED_DIVIDE] = "joblib: Parallel(n_jobs={n})(delayed(fn)(x) for x in items)",
		[NEED_DIVIDE_THREADS] = "joblib: Parallel(n_jobs={n}, prefer=\"threads\"), as the work "
					"releases the GIL",
		[NEED_THREADS] = "joblib: Parallel(n_jobs={waiters}, prefer=\"threads\") lets the waits "
				 "overlap: {sum}",
		[NEED_THREADS_IPC] = "joblib: Parallel(n_jobs={cpus}, backend=\"threading\") shares the "
				     "data in place of pickling it",
		[NEED_FEWER] = "joblib: n_jobs={n} in place of {now}, and OMP_NUM_THREADS=1 if the tasks "
			       "use BLAS: {usable} CPUs are usable",
		[NEED_MORE] = "joblib: n_jobs={n} in place of {now}: {usable} CPUs are usable",
		[NEED_WAITERS] = "joblib: n_jobs={waiters} with prefer=\"threads\" may be worth "
				 "trying in place of {now} ({sum})",
		[NEED_CHUNKS] = "joblib: batch_size={chunk}: a task takes {task}, handing it over and "
				"back {trip}",
		[NEED_SHARE] = "joblib: NumPy arrays from max_nbytes on (1 MB) are shared through "
			       "files: pass arrays, not lists of objects",
		[NEED_BALANCE] = "joblib: batch_size=1 and pre_dispatch=\"all\", the longest tasks first",
	} },
	{ "dask", {
		[NEED_PROCESSES] = "dask: compute(scheduler=\"processes\", num_workers={n}), or workers "
				   "with --nworkers {n} --nthreads 1, past the GIL",
		[NEED_DIVIDE] = "dask: compute(scheduler=\"processes\", num_workers={n})",
		[NEED_DIVIDE_THREADS] = "dask: compute(scheduler=\"threads\", num_workers={n}), as the "
					"work releases the GIL",
		[NEED_THREADS] = "dask: compute(scheduler=\"threads\", num_workers={waiters}) lets the "
				 "waits overlap: {sum}",
		[NEED_THREADS_IPC] = "dask: compute(scheduler=\"threads\", num_workers={cpus}), or one "
				     "worker with --nthreads {cpus}, shares the data in place of sending it",
		[NEED_HYBRID] = "dask: --nworkers {n} --nthreads 2, so that each process has threads "
				"that wait",
		[NEED_FEWER] = "dask: num_workers={n} in place of {now} (--nworkers times --nthreads): "
			       "{usable} CPUs are usable",
		[NEED_MORE] = "dask: num_workers={n} in place of {now}: {usable} CPUs are usable",
		[NEED_CHUNKS] = "dask: partitions {chunk} times as large (repartition, rechunk; for bags "
				"partition_size): a task takes {task}, handing it over and back {trip}",
		[NEED_BALANCE] = "dask: smaller partitions, two or three per worker at least",
		[NEED_SHARE] = "dask: let the workers load their own parts, or client.scatter() large data "
			       "once, in place of passing it to every task",
	} },
	{ "gunicorn", {
		[NEED_PROCESSES] = "gunicorn: --workers {n} in place of threads{opt}: requests that "
				   "compute need a process each",
		[NEED_THREADS] = "gunicorn: --worker-class gthread --threads {per} per worker{opt}: {sum}",
		[NEED_THREADS_IPC] = "gunicorn: --worker-class gthread --threads {cpus}{opt}",
		[NEED_ASYNC] = "gunicorn: --worker-class uvicorn.workers.UvicornWorker (ASGI) or gevent "
			       "in place of a thread for each request{opt}",
		[NEED_HYBRID] = "gunicorn: --workers {n} --worker-class gthread --threads {per}{opt}",
		[NEED_FEWER] = "gunicorn: --workers {n} in place of {now}{opt}: {usable} CPUs are usable",
		[NEED_MORE] = "gunicorn: --workers {n} in place of {now}{opt}: {usable} CPUs are usable",
		[NEED_WAITERS] = "gunicorn: --threads {per} per worker may be worth trying{opt}: {sum}",
		[NEED_OFFLOAD] = "gunicorn: --workers {cpus}, one event loop per CPU{opt}; "
				 "asyncio.to_thread() for calls that block",
		[NEED_SHARE] = "gunicorn: --preload loads the application before the workers fork, so "
			       "that they share its memory",
		[NEED_CPU_COUNT] = "gunicorn: 2 x CPUs + 1 counts {online}, {usable} are usable: "
				   "--workers by those",
		[NEED_QUOTA_COUNT] = "gunicorn: 2 x CPUs + 1 counts {online}, the quota allows {usable}: "
				     "--workers by those",
		[NEED_SCALE_OUT] = AT_THE_LIMIT "more machines behind a load balancer go past it",
	} },
	{ "uvicorn", {
		[NEED_PROCESSES] = "uvicorn: --workers {n}, one event loop per process{opt}",
		[NEED_DIVIDE] = "uvicorn: --workers {n}, one event loop per process{opt}",
		[NEED_FEWER] = "uvicorn: --workers {n} in place of {now}{opt}: {usable} CPUs are usable",
		[NEED_MORE] = "uvicorn: --workers {n} in place of {now}{opt}: {usable} CPUs are usable",
		[NEED_HYBRID] = "uvicorn: --workers {n} for what computes{opt}; await what waits",
		[NEED_SHARE] = "uvicorn: its workers share nothing: what all need belongs into a database "
			       "or a cache",
		[NEED_SCALE_OUT] = AT_THE_LIMIT "more machines behind a load balancer go past it",
	} },
	{ "hypercorn", {
		[NEED_PROCESSES] = "hypercorn: --workers {n}{opt}",
		[NEED_DIVIDE] = "hypercorn: --workers {n}{opt}",
		[NEED_FEWER] = "hypercorn: --workers {n} in place of {now}{opt}",
		[NEED_MORE] = "hypercorn: --workers {n} in place of {now}{opt}",
		[NEED_SHARE] = "hypercorn: its workers share nothing: what all need belongs into a "
			       "database or a cache",
	} },
	{ "uwsgi", {
		[NEED_PROCESSES] = "uwsgi: --processes {n} --threads 1{opt}",
		[NEED_THREADS] = "uwsgi: --enable-threads --threads {per} per process{opt}: {sum}",
		[NEED_FEWER] = "uwsgi: --processes {n} in place of {now}{opt}: {usable} CPUs are usable",
		[NEED_MORE] = "uwsgi: --processes {n} in place of {now}{opt}: {usable} CPUs are usable",
		[NEED_WAITERS] = "uwsgi: --threads {per} per process may be worth trying{opt}: {sum}",
		[NEED_SHARE] = "uwsgi: without --lazy-apps the application is loaded before the workers "
			       "fork, so that they share its memory",
	} },
	{ "celery", {
		[NEED_PROCESSES] = "celery: --pool prefork --concurrency {n}{opt}: tasks that compute "
				   "need a process each",
		[NEED_DIVIDE] = "celery: --pool prefork --concurrency {n}{opt}",
		[NEED_THREADS] = "celery: --pool threads --concurrency {waiters} (or gevent){opt}: {sum}",
		[NEED_THREADS_IPC] = "celery: --pool threads --concurrency {cpus}{opt}",
		[NEED_ASYNC] = "celery: --pool gevent --concurrency {waiters}{opt}",
		[NEED_HYBRID] = "celery: two workers on two queues, --pool threads --concurrency "
				"{waiters} for tasks that wait, --pool prefork --concurrency {n} for "
				"those that compute{opt}",
		[NEED_FEWER] = "celery: --concurrency {n} in place of {now}{opt}: {usable} CPUs are usable",
		[NEED_MORE] = "celery: --concurrency {n} in place of {now}{opt}: {usable} CPUs are usable",
		[NEED_WAITERS] = "celery: --concurrency {waiters} in place of {now} may be worth "
				 "trying ({sum}){opt}",
		[NEED_CHUNKS] = "celery: task.chunks(items, {chunk}): a task takes {task}, handing it "
				"over and back {trip}; --prefetch-multiplier 64 helps short ones",
		[NEED_SHARE] = "celery: pass keys or paths of large data, not the data: arguments and "
			       "results go through the broker",
		[NEED_SCALE_OUT] = AT_THE_LIMIT "more celery workers on other machines, on the same broker",
	} },
	{ "ray", {
		[NEED_PROCESSES] = "ray: ray.init(num_cpus={n}) and tasks with num_cpus=1: each worker is "
				   "a process",
		[NEED_FEWER] = "ray: ray.init(num_cpus={n}) in place of {now} workers at once",
		[NEED_MORE] = "ray: num_cpus={n}, or less than 1 per task if it mostly waits",
		[NEED_CHUNKS] = "ray: {chunk} items per task: one takes {task}, handing it over {trip}",
		[NEED_SHARE] = "ray: ray.put() large data once, and pass the reference",
		[NEED_SCALE_OUT] = AT_THE_LIMIT "ray start --address=HEAD on another adds its CPUs",
	} },
	{ "spark", {
		[NEED_FEWER] = "spark: --executor-cores {n} (or local[{n}]) in place of {now} tasks at "
			       "once{opt}: {usable} CPUs are usable",
		[NEED_MORE] = "spark: --executor-cores {n} (or local[{n}]), and as many partitions or "
			      "more{opt}: {now} tasks ran at once",
		[NEED_CHUNKS] = "spark: fewer, larger partitions, and pandas_udf in place of udf: Python "
				"workers then get batches (spark.sql.execution.arrow.maxRecordsPerBatch)",
		[NEED_POOL] = "spark: spark.python.worker.reuse=true keeps Python workers: each took "
			      "{startup} to start for {work} of work",
		[NEED_BALANCE] = "spark: repartition(), or spark.sql.adaptive.enabled=true: one partition "
				 "is much larger than the others",
		[NEED_SCALE_OUT] = AT_THE_LIMIT "--num-executors on more of them",
	} },
	{ "pytest", {
		[NEED_PROCESSES] = "pytest: -n {n} (pytest-xdist) runs the tests in processes",
		[NEED_DIVIDE] = "pytest: -n {n} (pytest-xdist) divides the tests over processes",
		[NEED_FEWER] = "pytest: -n {n} in place of {now}{opt}: {usable} CPUs are usable",
		[NEED_MORE] = "pytest: -n {n} in place of {now}{opt}: {usable} CPUs are usable",
		[NEED_BALANCE] = "pytest: --dist worksteal, or load with smaller files: one worker had "
				 "most to do",
		[NEED_SCALE_OUT] = AT_THE_LIMIT "pytest-split or CI's shards divide the tests over several",
	} },
	{ "puma", {
		[NEED_PROCESSES] = "puma: --workers {n} (a cluster of processes){opt}: requests that "
				   "compute need one each",
		[NEED_DIVIDE] = "puma: --workers {n} (a cluster of processes){opt}",
		[NEED_THREADS] = "puma: --threads {per}:{per} per worker{opt}: {sum}",
		[NEED_HYBRID] = "puma: --workers {n} --threads {per}:{per}{opt}",
		[NEED_FEWER] = "puma: --workers {n} with fewer threads each{opt}: {usable} CPUs are usable",
		[NEED_MORE] = "puma: --workers {n}{opt}: {usable} CPUs are usable, {now} were at work",
		[NEED_WAITERS] = "puma: --threads {per}:{per} per worker may be worth trying{opt}: {sum}",
		[NEED_SHARE] = "puma: preload_app! loads the application before the workers fork",
	} },
	{ "sidekiq", {
		[NEED_PROCESSES] = "sidekiq: {n} processes, each with a small --concurrency{opt}: threads "
				   "of one take turns on the GVL",
		[NEED_DIVIDE] = "sidekiq: {n} processes on the same queues{opt}",
		[NEED_THREADS] = "sidekiq: --concurrency {waiters}{opt}: {sum}",
		[NEED_FEWER] = "sidekiq: --concurrency {n} in place of {now}{opt}",
		[NEED_MORE] = "sidekiq: {n} processes{opt}: {usable} CPUs are usable",
		[NEED_WAITERS] = "sidekiq: --concurrency {waiters} may be worth trying ({sum}){opt}",
	} },
	{ "postgresql", {
		[NEED_DIVIDE] = "postgresql: max_parallel_workers_per_gather = {n} lets one query use "
				"{usable} CPUs, if its plan divides",
		[NEED_FEWER] = "postgresql: a pooler with {n} server connections in place of {now} "
			       "(pgbouncer, default_pool_size = {n}): {usable} CPUs are usable",
		[NEED_LESS_LOCK] = "postgresql: pg_stat_activity.wait_event names what {lock} protects; "
				   "shorter transactions and fewer connections wait less for it",
		[NEED_SCALE_OUT] = AT_THE_LIMIT "read replicas take queries off it",
	} },
	{ "nginx", {
		[NEED_DIVIDE] = "nginx: worker_processes {n};",
		[NEED_FEWER] = "nginx: worker_processes {n}; in place of {now}: {usable} CPUs are usable",
		[NEED_MORE] = "nginx: worker_processes {n}; in place of {now}: {usable} CPUs are usable",
		[NEED_BALANCE] = "nginx: reuseport in the listen directive spreads connections evenly",
		[NEED_OFFLOAD] = "nginx: aio threads; keeps slow disks from blocking a worker",
		[NEED_QUOTA_COUNT] = "nginx: worker_processes auto; counts {online} CPUs, the quota allows "
				     "{usable}: worker_processes {cpus};",
		[NEED_SCALE_OUT] = AT_THE_LIMIT "more machines behind a load balancer or DNS go past it",
	} },
	{ "redis", {
		[NEED_DIVIDE] = "redis: io-threads {n} takes reading and writing off its one thread; "
				"commands stay on it: for more, shards (Redis Cluster)",
		[NEED_FEWER] = "redis: io-threads {n} in place of {now}{opt}: {usable} CPUs are usable",
		[NEED_MORE] = "redis: io-threads {n}{opt}; commands stay on one thread: for more, shards "
			      "(Redis Cluster)",
		[NEED_SCALE_OUT] = AT_THE_LIMIT "Redis Cluster shards the keys over several",
	} },
	{ "memcached", {
		[NEED_DIVIDE] = "memcached: -t {n} threads{opt}",
		[NEED_FEWER] = "memcached: -t {n} in place of {now}{opt}: {usable} CPUs are usable",
		[NEED_MORE] = "memcached: -t {n} in place of {now}{opt}: {usable} CPUs are usable",
		[NEED_SCALE_OUT] = AT_THE_LIMIT "more of them, the keys hashed over them by the clients",
	} },
	{ "make", {
		[NEED_DIVIDE] = "make -j{n}: {usable} CPUs are usable",
		[NEED_FEWER] = "make -j{n} in place of {now} jobs at once{opt}: {usable} CPUs are usable",
		[NEED_MORE] = "make -j{n}{opt}: {usable} CPUs are usable, {now} jobs ran at once",
		[NEED_BALANCE] = "make: one job is much longer than the others: divide it, or let it "
				 "start first",
		[NEED_CPU_COUNT] = "make -j$(nproc): nproc knows that {usable} of {online} CPUs are usable",
		[NEED_QUOTA_COUNT] = "make -j{cpus}: nproc says {online} and does not know the quota of "
				     "{usable} CPUs",
		[NEED_SCALE_OUT] = AT_THE_LIMIT "ccache saves work, distcc or icecc spread it over several",
	} },
	{ "ninja", {
		[NEED_FEWER] = "ninja -j{n} in place of {now} jobs at once{opt}: {usable} CPUs are usable",
		[NEED_MORE] = "ninja -j{n}{opt}: {usable} CPUs are usable, {now} jobs ran at once",
		[NEED_SCALE_OUT] = AT_THE_LIMIT "ccache saves work, distcc or icecc spread it over several",
	} },
	{ "xargs", {
		[NEED_DIVIDE] = "xargs -P {n}: {usable} CPUs are usable",
		[NEED_FEWER] = "xargs -P {n} in place of {now} at once{opt}: {usable} CPUs are usable",
		[NEED_MORE] = "xargs -P {n}{opt}: {usable} CPUs are usable",
		[NEED_POOL] = "xargs -n 100: each process took {startup} to start for {work} of work",
	} },
	{ "parallel", {
		[NEED_FEWER] = "parallel -j {n} in place of {now} at once{opt}: {usable} CPUs are usable",
		[NEED_MORE] = "parallel -j {n}{opt}: {usable} CPUs are usable",
		[NEED_POOL] = "parallel -X or --pipe: each process took {startup} to start for {work} of "
			      "work",
		[NEED_SCALE_OUT] = AT_THE_LIMIT "parallel --sshlogin spreads it over several",
	} },
};

/* What holds of code in whatever language, said where that has no words of its own. */
static bool is_for_all(enum need need)
{
	return need == NEED_KERNEL_LOCK || need == NEED_MMAP_LOCK || need == NEED_LESS_LOCK ||
	       need == NEED_SHARE || need == NEED_SCALE_OUT || need == NEED_CHUNKS ||
	       need == NEED_THREADS || need == NEED_THREADS_IPC || need == NEED_WAITERS ||
	       need == NEED_PROCESSES || need == NEED_CPU_COUNT || need == NEED_QUOTA_COUNT ||
	       need == NEED_POOL;
}

/* Which start-up method, of which version, with what threads that are left out of a fork. */
static const char *start_words(const struct audience *who)
{
	if (who->language != LANG_CPYTHON)
		return NULL;
	if (who->major == 3 && who->minor >= 14)
		return "from 3.14 on worker processes start with forkserver: keep one pool for the "
		       "whole run, and guard the main module with if __name__ == \"__main__\"";
	return "start the processes before any threads that stay, or with "
	       "mp_context=multiprocessing.get_context(\"forkserver\"): a fork copies locks that "
	       "other threads hold";
}

static const char *find_words(const struct audience *who, enum need need)
{
	const char *words = NULL;

	for (size_t i = 0; who->framework && i < ARRAY_CNT(frameworks); i++)
		if (!strcmp(frameworks[i].name, who->framework))
			words = frameworks[i].words[need];
	if (words || who->is_product)
		return words;
	if (need == NEED_START)
		return start_words(who);
	words = languages[who->language][need];
	if (!words && is_for_all(need))
		words = languages[LANG_NATIVE][need];
	return words;
}

/* "850 us", "1.2 ms", "3.4 s" */
static bool add_time(struct strbuf *s, double ns)
{
	if (ns <= 0)
		return false;
	if (ns < 1e6)
		strbuf_addf(s, "%.0f us", ns / 1e3);
	else if (ns < 1e9)
		strbuf_addf(s, "%.3g ms", ns / 1e6);
	else
		strbuf_addf(s, "%.3g s", ns / 1e9);
	return true;
}

/* "both usable CPUs are", "all 4 usable CPUs are" */
static bool add_all(struct strbuf *s, const struct sizes *z)
{
	if (z->usable == 2)
		strbuf_addstr(s, "both usable CPUs are");
	else
		strbuf_addf(s, "all %.4g usable CPUs are", z->usable);
	return true;
}

static bool add_count(struct strbuf *s, uint32_t cnt)
{
	strbuf_addf(s, "%u", cnt);
	return cnt > 0;
}

/* "2 CPUs x (1 + 8.2 of waiting for each second of CPU)" */
static bool add_sum(struct strbuf *s, const struct sizes *z)
{
	if (z->wait_ratio >= 100)
		strbuf_addf(s, "they wait %.0f times as long as they compute", z->wait_ratio);
	else
		strbuf_addf(s, "they wait %.2g times as long as they compute", z->wait_ratio);
	return z->wait_ratio > 0;
}

/* False: that number is not known. */
static bool add_number(struct strbuf *s, const char *key, size_t len, const struct audience *who,
		       const struct sizes *z)
{
#define IS(name) (len == strlen(name) && !strncmp(key, name, len))
	if (IS("n"))
		return add_count(s, z->workers);
	if (IS("per"))
		return add_count(s, z->per_process);
	if (IS("now"))
		return add_count(s, z->now);
	if (IS("waiters"))
		return add_count(s, z->waiters);
	if (IS("cpus"))
		return add_count(s, z->cpus);
	if (IS("online"))
		return add_count(s, z->online);
	if (IS("chunk"))
		return add_count(s, z->chunk);
	if (IS("task"))
		return add_time(s, z->task_ns);
	if (IS("trip"))
		return add_time(s, z->trip_ns);
	if (IS("startup"))
		return add_time(s, z->startup_ns);
	if (IS("work"))
		return add_time(s, z->work_ns);
	if (IS("sum"))
		return add_sum(s, z);
	if (IS("all"))
		return add_all(s, z);
	if (IS("usable"))
		strbuf_addf(s, "%.4g", z->usable);
	else if (IS("lock"))
		strbuf_addstr(s, z->lock[0] ? z->lock : "the lock");
	else if (IS("opt") && who->options[0])
		strbuf_addf(s, " (now %s)", who->options);
	return true;
#undef IS
}

char *advice_words(const struct audience *who, enum need need, const struct sizes *sizes)
{
	const char *at = find_words(who, need);
	struct strbuf s = { 0 };

	while (at && *at) {
		size_t len = strcspn(at, "{"), key;

		strbuf_add(&s, at, len);
		at += len;
		if (!*at)
			break;
		key = strcspn(at + 1, "}");
		if (!add_number(&s, at + 1, key, who, sizes)) {
			strbuf_release(&s);
			return NULL;
		}
		at += key + 2;
	}
	return s.len ? strbuf_take(&s) : NULL;
}
