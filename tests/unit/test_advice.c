// SPDX-License-Identifier: MIT
/* The advice in each language's and framework's words, and the numbers in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "facts/framework.h"
#include "judged.h"

#define assert_advised(v, what)                                                       \
	do {                                                                          \
		if (!is_advised(v, what))                                             \
			fail_msg("\"%s\" is not in: %s", what,                        \
				 (v)->advice_cnt ? (v)->advice[0] : "(no advice)");   \
	} while (0)

static struct fact_process *program(struct facts *f, uint32_t pid, uint32_t ppid,
				    const char *runtime, const char *version)
{
	struct fact_process *p = process(f, pid, ppid, "app");

	p->runtime = runtime ? xstrdup(runtime) : NULL;
	p->runtime_version = version ? xstrdup(version) : NULL;
	p->global_lock = runtime && (!strcmp(runtime, "cpython") || !strcmp(runtime, "ruby") ||
				     !strcmp(runtime, "pypy"));
	return p;
}

static void belongs_to(struct fact_process *p, const char *framework, const char *options)
{
	p->framework = xstrdup(framework);
	p->framework_options = xstrdup(options);
}

/* Four threads that compute behind a global lock, on two CPUs. */
static struct facts turns(const char *runtime, const char *version)
{
	struct facts f = recording(10000, 2);

	program(&f, 100, 1, runtime, version);
	for (uint32_t i = 1; i <= 4; i++)
		thread(&f, 100 + i, 100, "worker", CPU(2450), GIL(7150), QUEUE(400));
	return f;
}

/* One thread that computes. */
static struct facts alone(const char *runtime, const char *version)
{
	struct facts f = recording(10000, 2);

	program(&f, 100, 1, runtime, version);
	thread(&f, 100, 100, "main", CPU(9900), QUEUE(100));
	return f;
}

/* The same, and the lock is released meanwhile. */
static struct facts alone_released(const char *runtime, const char *version)
{
	struct facts f = alone(runtime, version);

	f.threads[0].watched_ns = 2000 * NS_PER_MS;
	f.threads[0].released_ns = 1900 * NS_PER_MS;
	return f;
}

/* Eight threads that compute, on two CPUs. */
static struct facts crowd(const char *runtime, const char *version)
{
	struct facts f = recording(10000, 2);

	program(&f, 100, 1, runtime, version)->global_lock = false;
	for (uint32_t i = 1; i <= 8; i++)
		thread(&f, 100 + i, 100, "worker", CPU(2450), QUEUE(7500));
	return f;
}

/* One thread that waits for the network nine times as long as it computes. */
static struct facts waiter(const char *runtime, const char *version)
{
	struct facts f = recording(10000, 2);

	program(&f, 100, 1, runtime, version);
	thread(&f, 100, 100, "main", CPU(1000), NETWORK(9000));
	return f;
}

/* 200 threads that do nearly nothing but wait for sockets. */
static struct facts many(const char *runtime, const char *version)
{
	struct facts f = recording(10000, 2);

	program(&f, 100, 1, runtime, version);
	for (uint32_t i = 1; i <= 200; i++)
		thread(&f, 100 + i, 100, "worker", CPU(20), NETWORK(9980));
	return f;
}

/* Two threads that wait for one mutex for half of the time. */
static struct facts locked(const char *runtime, const char *version)
{
	struct facts f = recording(10000, 4);

	program(&f, 100, 1, runtime, version)->global_lock = false;
	for (uint32_t i = 1; i <= 4; i++)
		thread(&f, 100 + i, 100, "worker", CPU(3000), LOCK(7000));
	edge(lock(&f, LOCK_MUTEX, "mutex cache_lock", 100, 28000), 101, 102, 28000);
	return f;
}

/* Two threads that compute under one mutex, in long pieces. */
static struct facts convoy(const char *runtime, const char *version)
{
	struct facts f = recording(10000, 2);
	struct fact_lock *l;

	program(&f, 100, 1, runtime, version)->global_lock = false;
	for (uint32_t i = 1; i <= 2; i++)
		thread(&f, 100 + i, 100, "worker", CPU(4950), LOCK(4950));
	l = lock(&f, LOCK_MUTEX, "mutex table_lock", 100, 9900);
	l->waits = 1000;
	edge(l, 101, 102, 9900);
	return f;
}

/* Eight threads on mmap_lock. */
static struct facts churn(const char *runtime, const char *version)
{
	struct facts f = recording(10000, 4);

	program(&f, 100, 1, runtime, version)->global_lock = false;
	for (uint32_t i = 1; i <= 8; i++)
		thread(&f, 100 + i, 100, "worker", CPU(3000), KLOCK(7000));
	edge(lock(&f, LOCK_KERNEL, "mmap_lock of app (100)", 100, 56000), 101, 102, 56000);
	return f;
}

static const struct {
	struct facts (*facts)(const char *runtime, const char *version);
	const char *runtime, *version;
	const char *says[3];
} by_language[] = {
	{ turns, "cpython", "3.11",
	  { "ProcessPoolExecutor(max_workers=2)", "shared_memory", "free-threaded build" } },
	{ turns, "cpython", "3.11", { "get_context(\"forkserver\")" } },
	{ turns, "cpython", "3.14", { "from 3.14 on worker processes start with forkserver" } },
	{ turns, "pypy", "3.9", { "ProcessPoolExecutor(max_workers=2)" } },
	{ turns, "ruby", "3.1", { "in_processes: 2", "Process.fork", "Ractors" } },
	{ alone, "cpython", "3.11", { "2 processes", "max_workers=2" } },
	{ alone, "ruby", "3.1", { "in_processes: 2" } },
	{ alone_released, "cpython", "3.11", { "2 threads", "ThreadPoolExecutor(max_workers=2)" } },
	{ alone_released, "ruby", "3.1", { "in_threads: 2" } },
	{ alone, "node", "20.1", { "2 worker_threads" } },
	{ alone, "java", "17", { "ForkJoinPool(2)" } },
	{ alone, "go", "1.21", { "SetLimit(2)" } },
	{ alone, "rust", "1.70", { "rayon" } },
	{ alone, NULL, NULL, { "2 threads", "pthreads" } },
	{ crowd, "node", "20.1", { "2 workers in place of 8", "UV_THREADPOOL_SIZE=2" } },
	{ crowd, "java", "17", { "newFixedThreadPool(2) in place of 8" } },
	{ crowd, "go", "1.21", { "GOMAXPROCS=2" } },
	{ crowd, "rust", "1.70", { "RAYON_NUM_THREADS=2" } },
	{ crowd, NULL, NULL, { "2 workers for 2 usable CPUs in place of 8" } },
	/* 1 + 9: of interpreters one computes at a time, of others as many as there are CPUs. */
	{ waiter, "cpython", "3.11", { "ThreadPoolExecutor(max_workers=10)", "9 times as long" } },
	{ waiter, "ruby", "3.1", { "pool of 10 threads" } },
	{ waiter, "java", "21", { "newFixedThreadPool(20)", "VirtualThread" } },
	{ waiter, "node", "20.1", { "p-limit(20)" } },
	{ waiter, "go", "1.21", { "at most 20 at a time" } },
	{ waiter, "rust", "1.70", { "20 threads, or tokio" } },
	{ waiter, NULL, NULL, { "pool of 20 threads" } },
	{ many, "cpython", "3.11", { "asyncio", "aiohttp", "to_thread" } },
	{ many, "java", "17", { "newVirtualThreadPerTaskExecutor" } },
	{ many, "ruby", "3.1", { "async gem" } },
	{ many, NULL, NULL, { "epoll" } },
	{ locked, "java", "17", { "mutex cache_lock", "LongAdder" } },
	{ convoy, "java", "17", { "mutex table_lock", "2 JVMs" } },
	{ convoy, "go", "1.21", { "mutex table_lock", "or 2 processes" } },
	{ convoy, NULL, NULL, { "mutex table_lock", "or divide the work over 2 processes" } },
	{ locked, "rust", "1.70", { "mutex cache_lock", "DashMap" } },
	{ locked, "node", "20.1", { "mutex cache_lock" } },
	{ locked, NULL, NULL, { "mutex cache_lock", "copy per worker" } },
	{ churn, "cpython", "3.13", { "MALLOC_TRIM_THRESHOLD_" } },
	{ churn, "go", "1.21", { "sync.Pool" } },
	{ churn, NULL, NULL, { "MAP_POPULATE", "arena per thread" } },
};

static void each_language_is_spoken_to_in_its_own_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(by_language) / sizeof(by_language[0]); i++) {
		struct facts f = by_language[i].facts(by_language[i].runtime,
						      by_language[i].version);
		struct fact_verdict v = judge(&f);

		for (size_t k = 0; k < 3 && by_language[i].says[k]; k++)
			assert_advised(&v, by_language[i].says[k]);
		assert_true(v.advice_cnt <= 4);
		fact_verdict_release(&v);
	}
}

static const struct {
	struct facts (*facts)(const char *runtime, const char *version);
	const char *runtime, *framework, *options;
	const char *says[3];
} by_framework[] = {
	{ turns, "cpython", "joblib", "", { "n_jobs=2, backend=\"loky\"" } },
	{ turns, "cpython", "dask", "--nthreads 4", { "num_workers=2", "--nthreads 1" } },
	{ turns, "cpython", "gunicorn", "-w 1 --threads 4",
	  { "gunicorn: --workers 2", "(now -w 1 --threads 4)" } },
	{ turns, "cpython", "celery", "-P threads", { "--pool prefork --concurrency 2" } },
	{ turns, "cpython", "ray", "", { "num_cpus=2" } },
	{ turns, "ruby", "puma", "-t 4:4", { "puma: --workers 2", "(now -t 4:4)" } },
	{ turns, "ruby", "sidekiq", "-c 4", { "sidekiq: 2 processes" } },
	{ alone, "cpython", "uvicorn", "", { "uvicorn: --workers 2" } },
	{ alone, "cpython", "pytest", "", { "pytest: -n 2" } },
	{ alone, NULL, "postgresql", "", { "max_parallel_workers_per_gather = 2" } },
	{ alone, NULL, "redis", "", { "io-threads 2", "Redis Cluster" } },
	{ alone, NULL, "nginx", "", { "worker_processes 2" } },
	{ alone, NULL, "memcached", "-t 1", { "memcached: -t 2", "(now -t 1)" } },
	{ crowd, "cpython", "joblib", "", { "n_jobs=2 in place of 8" } },
	{ crowd, "cpython", "celery", "-c 8", { "--concurrency 2 in place of 8", "(now -c 8)" } },
	{ crowd, NULL, "postgresql", "", { "pgbouncer", "default_pool_size = 2" } },
	{ crowd, NULL, "memcached", "-t 8", { "-t 2 in place of 8" } },
	{ crowd, "cpython", "spark", "", { "--executor-cores 2", "local[2]" } },
	{ waiter, "cpython", "gunicorn", "-w 1", { "--worker-class gthread --threads 10" } },
	{ waiter, "cpython", "celery", "", { "--pool threads --concurrency 10" } },
	{ waiter, "cpython", "joblib", "", { "n_jobs=10, prefer=\"threads\"" } },
	{ waiter, "cpython", "dask", "", { "scheduler=\"threads\", num_workers=10" } },
	{ many, "cpython", "gunicorn", "", { "UvicornWorker" } },
	{ locked, NULL, "postgresql", "", { "pg_stat_activity" } },
};

static void each_framework_gets_its_own_knob(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(by_framework) / sizeof(by_framework[0]); i++) {
		struct facts f = by_framework[i].facts(by_framework[i].runtime, "3.11");
		struct fact_verdict v;

		belongs_to(&f.processes[0], by_framework[i].framework, by_framework[i].options);
		v = judge(&f);
		for (size_t k = 0; k < 3 && by_framework[i].says[k]; k++)
			assert_advised(&v, by_framework[i].says[k]);
		fact_verdict_release(&v);
	}
}

/* @cnt compilers at once, under as many shells, under one make. */
static struct facts build(uint32_t cnt)
{
	struct facts f = recording(10000, 2);

	belongs_to(process(&f, 100, 1, "make"), "make", "-j 8");
	thread(&f, 100, 100, "make", CPU(10), CHILD(9990));
	for (uint32_t i = 1; i <= cnt; i++) {
		process(&f, 100 + i, 100, "sh");
		thread(&f, 100 + i, 100 + i, "sh", CPU(1), CHILD(9999));
		process(&f, 200 + i, 100 + i, "cc1");
		thread(&f, 200 + i, 200 + i, "cc1", CPU(19000 / cnt), QUEUE(10000 - 19000 / cnt));
	}
	return f;
}

static void a_launcher_counts_only_with_several_children(void **state)
{
	struct facts f = build(8), one = build(1);
	struct fact_verdict v = judge(&f);

	(void)state;
	assert_advised(&v, "make -j2 in place of 8 jobs at once (now -j 8)");
	fact_verdict_release(&v);
	one.threads[2].time_ns[BUCKET_CPU_USER] = 9900 * NS_PER_MS;
	one.threads[2].time_ns[BUCKET_RUN_QUEUE] = 100 * NS_PER_MS;
	v = judge(&one);
	assert_false(is_advised(&v, "make"));
	fact_verdict_release(&v);
}

/* @tasks of @task_us each, to two worker processes of a pool. */
static struct facts pool(uint64_t tasks, uint64_t task_us, uint64_t lead_us)
{
	struct facts f = recording(10000, 2);

	python(&f, 100);
	thread(&f, 100, 100, "main", CPU(tasks * lead_us / 1000), SYNC(1000));
	for (uint32_t i = 1; i <= 2; i++) {
		python_child(&f, 100 + i, 100);
		thread(&f, 100 + i, 100 + i, "worker", CPU(tasks * task_us / 2000), IPC(1000));
		channel(&f, "pipe", 100, 100 + i, tasks / 2, tasks * 100, 50);
		channel(&f, "pipe", 100 + i, 100, tasks / 2, tasks * 100, 50);
	}
	return f;
}

static void chunks_come_from_task_and_round_trip(void **state)
{
	struct facts tiny = pool(50000, 30, 80), long_ones = pool(1000, 9000, 80);
	struct fact_verdict v = judge(&tiny);

	(void)state;
	/* 20 us of work once the messages are off, some 95 us to hand it over: 50 of them. */
	assert_advised(&v, "chunksize=50");
	assert_advised(&v, "a task takes ");
	fact_verdict_release(&v);
	v = judge(&long_ones);
	assert_false(is_advised(&v, "chunksize="));
	fact_verdict_release(&v);
}

static void large_messages_are_worth_sharing(void **state)
{
	struct facts f = pool(1000, 3000, 1000);
	struct fact_verdict v;

	(void)state;
	for (size_t i = 0; i < f.channel_cnt; i++)
		f.channels[i].bytes = 2000000000;
	v = judge(&f);
	assert_int_equal(v.class, CLASS_IPC_BOUND);
	assert_advised(&v, "multiprocessing.shared_memory");
	fact_verdict_release(&v);
}

/* Eight processes where os.cpu_count() says 8 and two are usable. */
static struct facts by_cpu_count(void)
{
	struct facts f = recording(10000, 2);

	f.recording.cpus_online = 8;
	python(&f, 100);
	thread(&f, 100, 100, "main", CPU(10), IPC(9990));
	for (uint32_t i = 1; i <= 8; i++) {
		python_child(&f, 100 + i, 100);
		thread(&f, 100 + i, 100 + i, "worker", CPU(2450), QUEUE(7500));
	}
	return f;
}

static void the_cpus_that_count_are_the_usable_ones(void **state)
{
	struct facts affinity = by_cpu_count(), quota = by_cpu_count();
	struct fact_verdict v = judge(&affinity);

	(void)state;
	assert_advised(&v, "max_workers=2 in place of 8");
	assert_advised(&v, "os.cpu_count() says 8, 2 are usable");
	assert_advised(&v, "sched_getaffinity");
	fact_verdict_release(&v);
	quota.recording.cpus_affinity = 8;
	quota.recording.cpus_quota = 2;
	v = judge(&quota);
	assert_advised(&v, "the cgroup's quota allows 2");
	assert_advised(&v, "PYTHON_CPU_COUNT=2");
	fact_verdict_release(&v);
}

static void nobody_is_told_of_cpus_that_he_does_not_miscount(void **state)
{
	struct facts f = by_cpu_count();
	struct fact_verdict v;

	(void)state;
	f.recording.cpus_online = 2;
	v = judge(&f);
	assert_false(is_advised(&v, "os.cpu_count()"));
	fact_verdict_release(&v);
}

/* @cnt worker processes that are never idle, each on @cpu_ms of 10 s. */
static struct facts busy(uint32_t cnt, uint64_t cpu_ms)
{
	struct facts f = recording(10000, 4);

	python(&f, 100);
	thread(&f, 100, 100, "main", CPU(10), IPC(9990));
	for (uint32_t i = 1; i <= cnt; i++) {
		python_child(&f, 100 + i, 100);
		thread(&f, 100 + i, 100 + i, "worker", CPU(cpu_ms), QUEUE(100));
	}
	return f;
}

static void all_cpus_at_useful_work_is_one_machines_limit(void **state)
{
	struct facts full = busy(4, 9850), spare = busy(2, 9850);
	struct fact_verdict v = judge(&full);

	(void)state;
	assert_advised(&v, "this one machine is the limit; Ray, Dask or Spark");
	fact_verdict_release(&v);
	v = judge(&spare);
	assert_false(is_advised(&v, "one machine is the limit"));
	assert_advised(&v, "max_workers=4 in place of 2");
	fact_verdict_release(&v);
}

/* A process per task: each @startup_ms to start, for @work_ms of work. */
static struct facts brief(uint64_t startup_ms, uint64_t work_ms)
{
	struct facts f = recording(10000, 2);

	python(&f, 100);
	thread(&f, 100, 100, "main", CPU(100), CHILD(9900));
	for (uint32_t i = 1; i <= 20; i++) {
		uint64_t begin = i * 400 * NS_PER_MS;
		struct fact_process *p;

		python_child(&f, 100 + i, 100);
		p = &f.processes[f.process_cnt - 1];
		p->start_method = xstrdup("spawn");
		p->has_startup = p->ended = true;
		p->startup_ns = startup_ms * NS_PER_MS;
		p->started_ns = begin;
		p->ended_ns = begin + (startup_ms + work_ms) * NS_PER_MS;
		thread(&f, 100 + i, 100 + i, "worker", CPU(startup_ms + work_ms));
		f.threads[f.thread_cnt - 1].first_cpu_ns = p->started_ns;
		f.threads[f.thread_cnt - 1].last_cpu_ns = p->ended_ns;
		f.threads[f.thread_cnt - 1].lifetime_ns = p->ended_ns - p->started_ns;
		f.threads[f.thread_cnt - 1].time_ns[BUCKET_IDLE] = 0;
	}
	return f;
}

static void workers_that_live_briefly_are_warned_of(void **state)
{
	struct facts dear = brief(80, 200), cheap = brief(10, 300);
	struct fact_verdict v = judge(&dear);

	(void)state;
	assert_advised(&v, "80 ms to start for 200 ms of work");
	fact_verdict_release(&v);
	v = judge(&cheap);
	assert_false(is_advised(&v, "to start for"));
	fact_verdict_release(&v);
}

static void memory_that_is_not_there_is_warned_of(void **state)
{
	struct facts f = turns("cpython", "3.11");
	struct fact_verdict v;

	(void)state;
	f.recording.memory_bytes = 8000000000;
	f.processes[0].private_bytes = 5000000000;
	v = judge(&f);
	assert_advised(&v, "do not fit into 8.0 GB");
	fact_verdict_release(&v);
}

static void a_free_threaded_build_with_its_gil_on_is_told_so(void **state)
{
	struct facts f = turns("cpython", "3.13");
	struct fact_verdict v;

	(void)state;
	f.processes[0].free_threaded = true;
	v = judge(&f);
	assert_non_null(strstr(v.advice[0], "PYTHON_GIL=0"));
	fact_verdict_release(&v);
}

static void what_waits_is_sized_by_how_long_it_waits(void **state)
{
	struct facts f = recording(10000, 2);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	for (uint32_t i = 1; i <= 4; i++)
		thread(&f, 100 + i, 100, "worker", CPU(100), NETWORK(9900));
	v = judge(&f);
	/* 99 times as long: 100 would be worth having, but that was never tried; 32 at most. */
	assert_advised(&v, "max_workers=32");
	assert_advised(&v, "99 times");
	fact_verdict_release(&v);
}

static const struct {
	const char *command, *imports, *name, *options;
} commands[] = {
	{ "/usr/bin/python3 /usr/bin/gunicorn -w 4 --threads=2 -b :80 app:app", NULL, "gunicorn",
	  "-w 4 --threads 2" },
	{ "gunicorn: worker [app]", NULL, "gunicorn", "" },
	{ "python3 -m uvicorn app:app --workers 2 --host 0.0.0.0", NULL, "uvicorn", "--workers 2" },
	{ "python3 -m celery -A tasks worker -c 8 --pool=prefork -b redis://:secret@host", NULL,
	  "celery", "-c 8 --pool prefork" },
	{ "python3 -m joblib.externals.loky.backend.popen_loky_posix --process-name x", NULL,
	  "joblib", "" },
	{ "/usr/bin/python3 /usr/bin/dask-worker tcp://a:1 --nthreads 4 --nworkers 1", NULL, "dask",
	  "--nthreads 4 --nworkers 1" },
	{ "ray::train()", NULL, "ray", "" },
	{ "python3 -m pyspark.daemon", NULL, "spark", "" },
	{ "nginx: worker process", NULL, "nginx", "" },
	{ "nginx: master process /usr/sbin/nginx -g daemon off;", NULL, "nginx", "" },
	{ "/usr/bin/redis-server 127.0.0.1:6379", NULL, "redis", "" },
	{ "/usr/lib/postgresql/15/bin/postgres -D /var/lib", NULL, "postgresql", "" },
	{ "postgres: 15/main: writer", NULL, "postgresql", "" },
	{ "memcached -t 8 -m 64", NULL, "memcached", "-t 8" },
	{ "make -j8 all", NULL, "make", "-j 8" },
	{ "/usr/bin/python3 /usr/bin/pytest -n 4", NULL, "pytest", "-n 4" },
	{ "puma: cluster worker 0: 123 [app]", NULL, "puma", "" },
	{ "ruby /usr/bin/puma -w 2 -t 4:4", NULL, "puma", "-w 2 -t 4:4" },
	{ "sidekiq 7.0 app [0 of 5 busy]", NULL, "sidekiq", "" },
	{ "python3 app.py", "numpy dask", "dask", "" },
	{ "python3 app.py", "joblib", "joblib", "" },
	/* The nearer sign is what runs. */
	{ "python3 -m celery worker", "joblib", "celery", "" },
	/* None of these is. */
	{ "grep gunicorn /etc/passwd", NULL, NULL, "" },
	{ "vim nginx", NULL, NULL, "" },
	{ "python3 app.py gunicorn", NULL, NULL, "" },
	{ "python3 app.py", "numpy", NULL, "" },
	{ "", NULL, NULL, "" },
	{ NULL, NULL, NULL, "" },
};

static void frameworks_are_known_by_their_command_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct strbuf options = { 0 };
		const char *name = framework_find(commands[i].command, commands[i].imports,
						  &options);

		if (!commands[i].name)
			assert_null(name);
		else
			assert_string_equal(name ? name : commands[i].command, commands[i].name);
		assert_string_equal(strbuf_str(&options), commands[i].options);
		strbuf_release(&options);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_language_is_spoken_to_in_its_own_words),
		cmocka_unit_test(each_framework_gets_its_own_knob),
		cmocka_unit_test(a_launcher_counts_only_with_several_children),
		cmocka_unit_test(chunks_come_from_task_and_round_trip),
		cmocka_unit_test(large_messages_are_worth_sharing),
		cmocka_unit_test(the_cpus_that_count_are_the_usable_ones),
		cmocka_unit_test(nobody_is_told_of_cpus_that_he_does_not_miscount),
		cmocka_unit_test(all_cpus_at_useful_work_is_one_machines_limit),
		cmocka_unit_test(workers_that_live_briefly_are_warned_of),
		cmocka_unit_test(memory_that_is_not_there_is_warned_of),
		cmocka_unit_test(a_free_threaded_build_with_its_gil_on_is_told_so),
		cmocka_unit_test(what_waits_is_sized_by_how_long_it_waits),
		cmocka_unit_test(frameworks_are_known_by_their_command_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
