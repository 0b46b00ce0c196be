# SPDX-License-Identifier: MIT
#
# partrace: `make help` lists the goals.
#
#   OUT=DIR  build there instead of build/      V=1    show the commands
#   LTO=     without optimization across modules: builds faster, records slower
#   SAN=1    with ASan and UBSan, into build-san/; SAN=thread with TSan, build-thread/
#   FUZZ="ring elf" FUZZ_SECONDS=60   which fuzzers, and how long each
#   TESTS="040 gil"   which end-to-end tests, by parts of their names
#   CORPUS="--only primes"   options of tests/corpus/run.py
#   DIFF_PROOF="--tries 5"   options of tests/diff-proof.py
#   SOAK=600 KILLS=50   how long soak records, in seconds; how often faults kills
#   VM="bookworm sid trixie/arm64"   which kernels of Debian's vmtest boots

#   BENCH="--rounds 3 pingpong"   options of tests/bench/bench.py
#   DESTDIR= PREFIX=/usr/local                  as usual, for install and uninstall

san_1	= -fsanitize=address,undefined
san_thread = -fsanitize=thread
san_fuzz = -fsanitize=fuzzer-no-link,address,undefined,float-cast-overflow
OUT	?= build$(if $(SAN),-$(SAN:1=san))
ifeq ($(origin CC),default)
CC	= gcc
endif
CLANG	?= clang
# Often outside a user's PATH; Ubuntu's is a wrapper that may lack its kernel's.
BPFTOOL	?= $(shell for b in bpftool /usr/sbin/bpftool /usr/local/sbin/bpftool \
	     /usr/lib/linux-tools*/bpftool /usr/lib/linux-tools/*/bpftool; do \
	     $$b version >/dev/null 2>&1 && echo $$b && break; done)
PREFIX	?= /usr/local
prefix	?= $(PREFIX)
bindir	= $(prefix)/bin
docdir	= $(prefix)/share/doc/partrace
man1dir	= $(prefix)/share/man/man1
bashdir	= $(prefix)/share/bash-completion/completions
zshdir	= $(prefix)/share/zsh/site-functions

ARCH	:= $(shell uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/')
VERSION	:= 0.1.0

CFLAGS	?= -O2 -g
# libseccomp's macros leave a field out, which gcc knows to be zero.
WARN	= -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
	  $(if $(findstring clang,$(CC)),-Wno-missing-field-initializers)
CPPFLAGS_ALL = -D_GNU_SOURCE -Iinclude -Isrc -I$(OUT)
SANITIZE = $(san_$(SAN)) -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_ALL = -std=gnu11 $(WARN) $(CFLAGS) $(if $(SAN),$(SANITIZE))
# Each record passes through a dozen small modules: partrace itself is optimized as a whole.
# Tests, which link the same objects, are not: that would take each of them three times as long.
LTO	= $(if $(SAN)$(findstring clang,$(CC)),,-flto=auto)
LDLIBS	= -lbpf -ldw -lelf -lz -ldeflate -ljansson -lseccomp -lpthread -lm

BPF_CFLAGS = -g -O2 -mcpu=v3 -target bpf -D__TARGET_ARCH_$(ARCH) -Wall -Werror \
	     -Iinclude -Ivmlinux -Ibpf

srcs	:= $(wildcard src/*/*.c)
objs	:= $(srcs:%.c=$(OUT)/%.o)
lib_objs := $(filter-out $(OUT)/src/cmd/main.o,$(objs))
# hot.bpf.c includes some of the others.
bpf_hot	:= $(shell sed -n 's/^\#include "\(.*\.bpf\.c\)"/bpf\/\1/p' bpf/hot.bpf.c)
bpf_srcs := $(filter-out $(bpf_hot),$(wildcard bpf/*.bpf.c))
bpf_objs := $(bpf_srcs:%.c=$(OUT)/%.o)
skel	:= $(OUT)/partrace.skel.h
unit_srcs := $(wildcard tests/unit/test_*.c)
unit_bins := $(unit_srcs:%.c=$(OUT)/%)

Q	= $(if $(V),,@)
msg	= $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)')

.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
.PHONY: all help check unit golden golden-update threads fuzz fuzzers seeds e2e demo layers style lint format install uninstall deb clean

all: $(OUT)/partrace	## build partrace (the default)
	@$(give_back)

help:			## list the goals
	@sed -n 's/^\([a-z][a-z0-9-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 20
	@sed -n 's/^#  /  /p' Makefile

# What root built in a user's tree is handed to that user.
give_back = [ -z "$$SUDO_UID" ] || for d in $(OUT) build build-*; do \
	[ ! -d $$d ] || chown -Rh "$$SUDO_UID:$$SUDO_GID" $$d; done
# Tests keep their files to themselves, whoever called sudo; a command that partrace
# launched as them could not read those.
for_root = env -u SUDO_UID -u SUDO_GID
need_root = [ "$$(id -u)" = 0 ] || { echo "make $@: needs root: sudo make $@" >&2; exit 1; }
# Sub-makes share the jobs that were asked for; else they use every CPU.
jobs	= $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

# Sub-makes, since the packages that this file looks for may only just have come.
check:			## all tests, missing packages included: sudo make check
	@{ ($(need_root)) && tools/install-deps build test; } || \
		{ echo "0 passed, 1 failed, 0 skipped"; exit 1; }
	$(Q)MAKE="$(MAKE) --no-print-directory $(jobs)" OUT="$(OUT:-san=)" tests/run-all.sh; \
	err=$$?; { $(give_back); } && exit $$err

demo:			## show a verdict, missing packages included: sudo make demo
	@$(need_root)
	$(Q)tools/install-deps build demo && $(MAKE) --no-print-directory $(jobs) all && \
	tools/demo.sh

# It runs as root, so what it links to can't be exchanged later.
$(OUT)/partrace: $(objs)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LTO) -Wl,-z,relro,-z,now $(LDFLAGS) $^ $(LDLIBS) -o $@

$(OUT)/libpartrace.a: $(lib_objs)
	$(call msg,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(OUT)/%.o: %.c
	$(call msg,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(if $(LTO),$(LTO) -ffat-lto-objects) -MMD -MP -c $< -o $@

# Each question the kernel is asked is an object of its own; linked, they are
# one skeleton.
$(OUT)/bpf/%.bpf.o: bpf/%.bpf.c
	$(call msg,BPF,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@

$(OUT)/partrace.bpf.o: $(bpf_objs)
	$(call msg,GEN-OBJ,$@)
	$(Q)$(BPFTOOL) gen object $@ $^

$(skel): $(OUT)/partrace.bpf.o
	$(call msg,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name partrace > $@

# Only probes.c sees the skeleton.
$(OUT)/src/record/probes.o: $(skel)

# Programs that the end-to-end tests watch. They come with their own truth, so
# they are built without sanitizers. Parts of one are called NAME_PART.c.
workload_srcs := $(wildcard tests/e2e/workloads/*.c)
workload_bins := $(patsubst tests/e2e/workloads/%.c,$(OUT)/tests/workloads/%, \
		 $(foreach s,$(workload_srcs),$(if $(findstring _,$(notdir $s)),,$s)))

# The proof of the verdict: see tests/corpus/run.py. CORPUS="--only primes json"
corpus_bins := $(OUT)/tests/corpus/native

.PHONY: corpus
corpus: all $(corpus_bins)	## verdicts against what a change really brings; needs root, half an hour
	@$(need_root)
	$(Q)$(for_root) OUT=$(OUT) tests/corpus/run.py $(CORPUS)

$(OUT)/tests/corpus/%: tests/corpus/%.c
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -D_GNU_SOURCE -std=gnu11 $(WARN) $(CFLAGS) -pthread $< -o $@

# The proof of diff: see tests/diff-proof.py. DIFF_PROOF="--tries 5 --only threads,lock"
.PHONY: diff-proof
diff-proof: all $(OUT)/tests/workloads/planted	## does diff tell noise from change? needs root, ten minutes
	@$(need_root)
	$(Q)$(for_root) OUT=$(OUT) tests/diff-proof.py $(DIFF_PROOF)

# Other kernels, in an emulator: see tests/vm/run.sh.
.PHONY: vmtest
vmtest: all workloads	## record on Debian's kernels from 5.10 on, in an emulator; no root needed
	$(Q)OUT=$(OUT) tests/vm/run.sh $(VM)

# What partrace costs, beside what others cost and the least that anybody must: see
# tests/bench/bench.py. BENCH="--rounds 3 --tracers default,light pingpong"
bench_srcs := $(wildcard tests/bench/workloads/*.c)
bench_bins := $(bench_srcs:%.c=$(OUT)/%) $(OUT)/tests/bench/floor $(OUT)/tests/bench/replay

.PHONY: bench bench-bins
bench-bins: $(bench_bins)
bench:			## what it costs beside other tracers; needs root, half an hour of a quiet machine
	@$(need_root)
	$(Q)tools/install-deps build bench && \
	$(MAKE) --no-print-directory $(jobs) all bench-bins && \
	OUT=$(OUT) tests/bench/bench.py $(BENCH)

$(OUT)/tests/bench/workloads/%: tests/bench/workloads/%.c tests/bench/workloads/bench.h
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -D_GNU_SOURCE -std=gnu11 $(WARN) $(CFLAGS) -pthread $< -o $@

$(OUT)/tests/bench/floor.bpf.o: tests/bench/floor.bpf.c
	$(call msg,BPF,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(OUT)/tests/bench/floor.skel.h: $(OUT)/tests/bench/floor.bpf.o
	$(call msg,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name floor > $@

$(OUT)/tests/bench/floor: tests/bench/floor.c $(OUT)/tests/bench/floor.skel.h
	$(call msg,CC,$@)
	$(Q)$(CC) -D_GNU_SOURCE -std=gnu11 $(WARN) $(CFLAGS) -I$(OUT)/tests/bench $< -lbpf -lelf -lz -o $@

$(OUT)/tests/bench/replay: tests/bench/replay.c $(OUT)/libpartrace.a
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LTO) $< $(OUT)/libpartrace.a $(LDFLAGS) $(LDLIBS) -o $@

.PHONY: workloads e2e
workloads: $(workload_bins)	## the programs that the end-to-end tests watch
e2e: $(workload_bins) $(corpus_bins) $(bench_bins)

$(OUT)/tests/workloads/truth: $(wildcard tests/e2e/workloads/truth_*.c)
$(OUT)/tests/workloads/%: tests/e2e/workloads/%.c $(wildcard tests/e2e/workloads/*.h)
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -D_GNU_SOURCE -std=gnu11 $(WARN) $(CFLAGS) -pthread $(filter %.c,$^) -lrt -o $@

$(OUT)/version.h: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)printf '#define PARTRACE_VERSION "%s"\n#define PARTRACE_COMMIT "%s"\n' '$(VERSION)' \
		"$$(git describe --always --dirty 2>/dev/null || echo unknown)" > $@.tmp
	$(Q)cmp -s $@.tmp $@ && rm $@.tmp || mv $@.tmp $@

# Named as phony because .SECONDARY: would let a missing file pass for up to date.
.PHONY: FORCE
FORCE:

$(objs): | $(OUT)/version.h

# The compiler's own idea of system call numbers, so that a cross build is right.
$(OUT)/sysno_table.h: Makefile
	$(call msg,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)printf '#include <asm/unistd.h>\n' | $(CC) $(CFLAGS) -E -dM -x c - | \
		sed -n 's/^#define __NR_\([a-z_][a-z0-9_]*\) .*/\1/p' | \
		grep -vx -e syscalls -e arch_specific_syscall | LC_ALL=C sort | \
		sed 's/.*/[__NR_&] = "&",/' > $@
	$(Q)grep -q futex $@

# Those of 32-bit programs, by number: one header can't have both.
$(OUT)/sysno_table32.h: Makefile
	$(call msg,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)printf '#ifdef __x86_64__\n#include <asm/unistd_32.h>\n#endif\n' | \
		$(CC) $(CFLAGS) -E -dM -x c - | \
		sed -n 's/^#define __NR_\([a-z_][a-z0-9_]*\) \([0-9]*\)$$/[\2] = "\1",/p' | \
		LC_ALL=C sort > $@

$(OUT)/src/event/sysno.o: $(OUT)/sysno_table.h $(OUT)/sysno_table32.h

# The HTML report's style sheet and script, as strings.
$(OUT)/page_assets.h: tools/embed-page.sh src/html/page.css src/html/page.js
	$(call msg,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$^ > $@

$(OUT)/src/html/page.o: $(OUT)/page_assets.h

unit: $(unit_bins)	## unit tests, no root needed; SAN=1 with sanitizers
	$(Q)tests/unit/run.sh $^

# What the tests of more than one thread are: who writes a recording has one of its own.
threaded := $(patsubst %,$(OUT)/tests/unit/test_%,recording trace_writer trace_reader join_trace)

# Then all the way from ring records to the file, for five seconds of a busy machine.
threads: $(threaded) $(OUT)/tests/bench/replay	## tests of what has threads; SAN=thread to look for races
	$(Q)tests/unit/run.sh $(threaded)
	$(Q)$(OUT)/tests/bench/replay 5 $(OUT)/tests/replay.pftrace && rm -f $(OUT)/tests/replay.pftrace

$(OUT)/tests/unit/%: tests/unit/%.c $(OUT)/libpartrace.a
	$(call msg,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -fno-lto -MMD -MP -MF $@.d -MT $@ $< $(OUT)/libpartrace.a \
		$(LDFLAGS) -lcmocka $(LDLIBS) -o $@

# Whole pipeline on tests/golden/<case>/events.txt; no root needed.
golden_bin := $(OUT)/tests/golden/golden

golden: $(golden_bin)	## readable event lists through the whole pipeline
	$(Q)tests/golden/run.sh $(golden_bin)

golden-update: $(golden_bin)	## rewrite what golden expects, and show the difference
	$(Q)tools/update-golden.sh $(golden_bin)

$(OUT)/tests/golden/%: tests/golden/%.c $(OUT)/libpartrace.a
	$(call msg,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -fno-lto -MMD -MP -MF $@.d -MT $@ $< $(OUT)/libpartrace.a \
		$(LDFLAGS) $(LDLIBS) -o $@

# Whatever reads bytes that others wrote: see tests/fuzz/fuzz.h.
fuzz_srcs := $(wildcard tests/fuzz/fuzz_*.c)
fuzz_bins := $(fuzz_srcs:%.c=$(OUT)/%)
fuzz_names := $(or $(FUZZ),$(patsubst tests/fuzz/fuzz_%.c,%,$(fuzz_srcs)))
FUZZ_CC	?= $(shell for c in clang-14 clang; do command -v $$c && break; done)
FUZZ_SECONDS ?= 60

# libFuzzer comes with clang, so all is built once more, by it.
fuzz:			## fuzz each parser for FUZZ_SECONDS; no root needed
	$(Q)if tests/fuzz/run.sh --can "$(FUZZ_CC)"; then \
		$(MAKE) --no-print-directory SAN=fuzz OUT=$(OUT)-fuzz CC="$(FUZZ_CC)" fuzzers && \
		SECONDS_EACH=$(FUZZ_SECONDS) tests/fuzz/run.sh $(OUT)-fuzz $(fuzz_names); fi

fuzzers: $(fuzz_bins)

seeds: $(fuzz_bins)	## the inputs that fuzzing has kept, once each; SAN=1 with sanitizers
	$(Q)tests/fuzz/replay.sh $(OUT) $(fuzz_names)

fuzz_parts = $(patsubst %,$(OUT)/tests/fuzz/%.o,fuzz story $(if $(filter fuzz,$(SAN)),,replay))

$(fuzz_bins): %: %.o $(fuzz_parts) $(OUT)/libpartrace.a
	$(call msg,LINK,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(if $(filter fuzz,$(SAN)),-fsanitize=fuzzer) $(LDFLAGS) $^ \
		$(LDLIBS) -o $@

e2e: all		## record real programs on this kernel; needs root
	@$(need_root)
	$(Q)OUT=$(OUT) tests/e2e/run.sh $(or $(TESTS),$(if $(SAN),--sanitized))

.PHONY: faults
faults: all $(workload_bins)	## SIGKILL at 200 moments, and other misfortunes; needs root
	@$(need_root)
	$(Q)FAULT_KILLS=$(or $(KILLS),200) OUT=$(OUT) tests/e2e/run.sh 413 414 417

# A long recording under load: see tests/soak.py. SOAK=seconds
.PHONY: soak
soak: all		## record for SOAK seconds (an hour), and compare with the kernel's numbers; needs root
	@$(need_root)
	$(Q)$(for_root) OUT=$(OUT) tests/soak.py --seconds $(or $(SOAK),3600)

layers:			## who includes whom, and how long it is
	$(Q)tools/check-layers.sh --self-test
	$(Q)tools/check-layers.sh

style:			## clang-format and shellcheck, where installed
	$(Q)tools/check-style.sh

# As laid out here, so that the links between them hold.
doc_files = README.md CONTRIBUTING.md LICENSE $(wildcard LICENSES/*.txt docs/*.md)

lint: all	## static analysers, where installed; DEEP=1: all, in minutes
	$(Q)OUT=$(OUT) DEEP=$(DEEP) tools/lint.sh

format:			## lay out what style complains about
	$(Q)tools/check-style.sh --fix

# Made from the tables that --help is printed from, by the program that was built: a
# cross build needs a way to run it.
commands := $(patsubst src/cmd/cmd_%.c,%,$(wildcard src/cmd/cmd_*.c))
man_pages := $(OUT)/man/partrace.1 $(commands:%=$(OUT)/man/partrace-%.1)
completions := $(OUT)/completions/partrace $(OUT)/completions/_partrace

$(OUT)/man/partrace.1: $(OUT)/partrace tools/make-man.sh $(wildcard docs/man/*.roff)
	$(call msg,MAN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/make-man.sh $< > $@

$(OUT)/man/partrace-%.1: $(OUT)/partrace tools/make-man.sh $(wildcard docs/man/*.roff)
	$(call msg,MAN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/make-man.sh $< $* > $@

$(OUT)/completions/partrace: $(OUT)/partrace tools/make-completions.sh
	$(call msg,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/make-completions.sh $< bash > $@

$(OUT)/completions/_partrace: $(OUT)/partrace tools/make-completions.sh
	$(call msg,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/make-completions.sh $< zsh > $@

# What users try first; it finds partrace in their PATH.
example_files = demo.sh demo/wordcount.py

install: all $(man_pages) $(completions)	## install below DESTDIR and PREFIX
	install -D -m 755 $(OUT)/partrace $(DESTDIR)$(bindir)/partrace
	for f in $(man_pages); do \
		install -D -m 644 $$f $(DESTDIR)$(man1dir)/$${f##*/} || exit; done
	install -D -m 644 $(OUT)/completions/partrace $(DESTDIR)$(bashdir)/partrace
	install -D -m 644 $(OUT)/completions/_partrace $(DESTDIR)$(zshdir)/_partrace
	for f in $(doc_files); do install -D -m 644 $$f $(DESTDIR)$(docdir)/$$f || exit; done
	for f in $(example_files); do \
		install -D -m 755 tools/$$f $(DESTDIR)$(docdir)/examples/$$f || exit; done
	@$(give_back)

uninstall:		## undo install
	rm -f $(DESTDIR)$(bindir)/partrace $(DESTDIR)$(bashdir)/partrace $(DESTDIR)$(zshdir)/_partrace
	rm -f $(addprefix $(DESTDIR)$(man1dir)/,$(notdir $(man_pages)))
	rm -f $(addprefix $(DESTDIR)$(docdir)/,$(doc_files) $(addprefix examples/,$(example_files)))
	-rmdir $(addprefix $(DESTDIR)$(docdir)/,docs LICENSES examples/demo examples) \
		$(DESTDIR)$(docdir)

deb: all		## a Debian package: build/partrace_VERSION_ARCH.deb
	$(Q)MAKE="$(MAKE) --no-print-directory" tools/make-deb.sh $(OUT) $(VERSION)
	@$(give_back)

clean:			## remove what was built
	rm -rf build build-*

-include $(objs:.o=.d) $(bpf_objs:.o=.d) $(unit_bins:=.d) $(golden_bin:=.d) $(fuzz_bins:=.d) \
	$(fuzz_parts:.o=.d)
