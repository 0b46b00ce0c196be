// SPDX-License-Identifier: MIT
/*
 * A program that is no Python, and loads one: embedder LIBPYTHON ARGUMENT…
 * runs the library's interpreter with these arguments. 3.8 and later.
 */
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	int (*py_main)(int argc, char **argv);
	void *lib = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL) : NULL;

	if (!lib) {
		fprintf(stderr, "embedder: %s\n", argc > 1 ? dlerror() : "which library?");
		return 2;
	}
	*(void **)&py_main = dlsym(lib, "Py_BytesMain");
	if (!py_main)
		return 77;
	return py_main(argc - 1, argv + 1);
}
