// SPDX-License-Identifier: MIT
/*
 * A process's memory, which is this one's: the input lies at MEMORY, so that pointers in it
 * can be good ones. First _PyRuntime, then what lies around a futex word.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "par_futex.h"
#include "symbol/python_memory.h"

#define MEMORY	     0x10000000UL
#define MEMORY_BYTES 4096

static void look_at_futex(const uint8_t *data, size_t size)
{
	struct par_futex_wait w = { 0 };
	struct par_futex_what what;

	memcpy(&w, data, size < sizeof(w) ? size : sizeof(w));
	what = par_futex_look(&w);
	FUZZ_CHECK(what.shape <= PAR_SHAPE_GVL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct python_info python = { .free_threaded = true, .lock_addr = MEMORY };
	static uint8_t *memory;
	int ret;

	if (!memory)
		memory = mmap((void *)MEMORY, MEMORY_BYTES, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	FUZZ_CHECK(memory == (void *)MEMORY);
	memset(memory, 0, MEMORY_BYTES);
	memcpy(memory, data, size < MEMORY_BYTES ? size : MEMORY_BYTES);
	ret = python_gil_is_on((uint32_t)getpid(), &python);
	FUZZ_CHECK(ret <= 1);
	look_at_futex(data, size);
	return 0;
}
