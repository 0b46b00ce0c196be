// SPDX-License-Identifier: MIT
/*
 * Owns the table of frameworks and their options. What they should be set to is the
 * verdict's business.
 */
#include "facts/framework.h"

#include <ctype.h>
#include <string.h>

#include "base/array.h"

#define ARGS_MAX 48
#define WORD_MAX 64

/* How far into a command line its name may be: "sudo -u app /usr/bin/python3 -m celery". */
#define NAME_ARGS 6

struct framework {
	const char *name;
	const char *programs;	/* base names, between blanks */
	const char *titles;	/* how the process may call itself: the beginning, or NULL */
	const char *options;	/* those that say how many, between blanks */
};

static const struct framework frameworks[] = {
	{ "gunicorn", " gunicorn gunicorn3 ", "gunicorn: ",
	  " -w --workers --threads -k --worker-class --worker-connections " },
	{ "uvicorn", " uvicorn uvicorn3 ", NULL, " --workers --limit-concurrency " },
	{ "hypercorn", " hypercorn ", NULL, " -w --workers -k --worker-class " },
	{ "uwsgi", " uwsgi uwsgi-core ", "uWSGI ", " -p --processes --workers --threads " },
	{ "celery", " celery celeryd ", "[celeryd", " -c --concurrency -P --pool " },
	{ "dask", " dask-worker dask-scheduler dask distributed.cli.dask_worker ", NULL,
	  " --nthreads --nworkers --nprocs --memory-limit " },
	{ "ray", " raylet gcs_server default_worker.py ", "ray::", " --num-cpus --num_cpus " },
	{ "spark", " pyspark.daemon pyspark.worker org.apache.spark.deploy.SparkSubmit "
		   "org.apache.spark.executor.CoarseGrainedExecutorBackend spark-submit ",
	  NULL, " --executor-cores --num-executors --cores --master " },
	{ "pytest", " pytest py.test pytest-3 ", "[pytest-xdist", " -n --numprocesses --dist " },
	{ "postgresql", " postgres postmaster ", "postgres: ", " -N " },
	{ "nginx", " nginx ", "nginx: ", NULL },
	{ "redis", " redis-server ", NULL, " --io-threads " },
	{ "memcached", " memcached ", NULL, " -t --threads " },
	{ "puma", " puma ", "puma: ", " -w --workers -t --threads " },
	{ "sidekiq", " sidekiq ", "sidekiq ", " -c --concurrency " },
	{ "make", " make gmake ", NULL, " -j --jobs " },
	{ "ninja", " ninja ", NULL, " -j " },
	{ "xargs", " xargs ", NULL, " -P --max-procs " },
	{ "parallel", " parallel ", NULL, " -j --jobs " },
};

/* What a script imports, and which framework that is. */
static const struct {
	const char *module, *name;
} modules[] = {
	{ "joblib", "joblib" },	    { "sklearn", "joblib" }, { "dask", "dask" },
	{ "distributed", "dask" },  { "ray", "ray" },	     { "pyspark", "spark" },
	{ "celery", "celery" },
};

struct args {
	const char *at[ARGS_MAX];
	size_t len[ARGS_MAX];
	size_t cnt;
};

static void split(const char *command, struct args *out)
{
	out->cnt = 0;
	while (*command && out->cnt < ARGS_MAX) {
		size_t len;

		command += strspn(command, " ");
		len = strcspn(command, " ");
		if (!len)
			break;
		out->at[out->cnt] = command;
		out->len[out->cnt++] = len;
		command += len;
	}
}

/* Is the word in a list of words between blanks? */
static bool is_listed(const char *list, const char *word, size_t len)
{
	char key[WORD_MAX + 3];

	if (!list || !len || len > WORD_MAX)
		return false;
	key[0] = ' ';
	memcpy(key + 1, word, len);
	key[len + 1] = ' ';
	key[len + 2] = 0;
	return strstr(list, key);
}

static bool is_interpreter(const char *name, size_t len)
{
	static const char *const names[] = { "python", "pypy", "ruby", "perl", "node", "java",
					     "sudo",   "env",  "setpriv", "taskset", "nice" };

	for (size_t i = 0; i < ARRAY_CNT(names); i++)
		if (len >= strlen(names[i]) && !strncmp(name, names[i], strlen(names[i])))
			return true;
	return false;
}

/*
 * The program: the first argument, or, behind an interpreter, the script or module.
 * Behind any other program its arguments are its own business ("grep gunicorn").
 */
static bool names_program(const struct args *args, const char *programs)
{
	for (size_t i = 0; i < args->cnt && i < NAME_ARGS; i++) {
		const char *word = args->at[i];
		size_t len = args->len[i];

		for (size_t k = 0; k < len; k++) {
			if (word[k] != '/')
				continue;
			word += k + 1;
			len -= k + 1;
			k = (size_t)-1;
		}
		/* A server's title: "nginx: worker process". */
		if (len > 1 && word[len - 1] == ':')
			len--;
		if (is_listed(programs, word, len))
			return true;
		/* A script ends the interpreter's own options; their values come before it. */
		if (!i && !is_interpreter(word, len))
			return false;
		if (i && len > 3 && !strncmp(word + len - 3, ".py", 3))
			return false;
	}
	return false;
}

static bool has_title(const char *command, const char *titles)
{
	return titles && !strncmp(command, titles, strlen(titles));
}

/* A number, or a name as "gthread" or "0:16": nothing that could be a secret. */
static bool is_plain(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr("_.:-*[]", s[i]))
			return false;
	return len > 0 && len <= 40;
}

static void add_option(struct strbuf *out, const char *name, size_t name_len, const char *value,
		       size_t value_len)
{
	if (!is_plain(value, value_len))
		return;
	if (out->len)
		strbuf_addch(out, ' ');
	strbuf_add(out, name, name_len);
	strbuf_addch(out, ' ');
	strbuf_add(out, value, value_len);
}

/* "-w 4", "-w4", "--workers 4", "--workers=4" */
static void find_options(const struct args *args, const char *known, struct strbuf *out)
{
	for (size_t i = 1; i < args->cnt; i++) {
		const char *word = args->at[i];
		size_t len = args->len[i], name = 0;

		if (len < 2 || word[0] != '-')
			continue;
		while (name < len && word[name] != '=')
			name++;
		if (is_listed(known, word, name) && name < len)
			add_option(out, word, name, word + name + 1, len - name - 1);
		else if (is_listed(known, word, len) && i + 1 < args->cnt)
			add_option(out, word, len, args->at[i + 1], args->len[i + 1]);
		else if (word[1] != '-' && len > 2 && is_listed(known, word, 2))
			add_option(out, word, 2, word + 2, len - 2);
	}
}

static const char *by_import(const char *imports)
{
	struct args words;

	split(imports, &words);
	for (size_t m = 0; m < ARRAY_CNT(modules); m++)
		for (size_t i = 0; i < words.cnt; i++)
			if (words.len[i] == strlen(modules[m].module) &&
			    !strncmp(words.at[i], modules[m].module, words.len[i]))
				return modules[m].name;
	return NULL;
}

const char *framework_find(const char *command, const char *imports, struct strbuf *options)
{
	struct args args;

	if (command) {
		split(command, &args);
		/* A worker of joblib's own pool, and one of pytest's. */
		if (strstr(command, "loky.backend.popen_loky"))
			return "joblib";
		for (size_t i = 0; i < ARRAY_CNT(frameworks); i++) {
			const struct framework *f = &frameworks[i];

			if (!names_program(&args, f->programs) && !has_title(command, f->titles))
				continue;
			find_options(&args, f->options, options);
			return f->name;
		}
	}
	return imports ? by_import(imports) : NULL;
}

bool framework_is_module(const char *module)
{
	for (size_t m = 0; m < ARRAY_CNT(modules); m++)
		if (!strcmp(module, modules[m].module))
			return true;
	return false;
}
