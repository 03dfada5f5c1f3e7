# bench.mk - `make bench [KERNEL=part of a name]`: ratios against C compilers, LuaJIT and Lua, in one run, on this
# machine; TARGET=aarch64-linux builds the same program for counting instructions under the emulator.
# `make bench-docs` writes docs/performance.md's table and charts from such a run.

KERNELS := $(notdir $(basename $(wildcard tests/bench/kernels/*.c)))
BENCH_CLANG := $(if $(filter $(HOST),$(TARGET)),$(shell command -v clang))
BENCH_TCC := $(if $(filter $(HOST),$(TARGET)),$(shell echo '\#include <libtcc.h>' | $(CC) -E - >/dev/null 2>&1 && echo 1))
BENCH_COLUMNS := gcc_O0 gcc_O2 gcc_O3 $(if $(BENCH_CLANG),clang_O2 clang_O3)
BENCH_CFLAGS = -std=c11 -Wall -Wextra -Werror -ffp-contract=off -fno-math-errno

define bench_column
$B/bench/%_$1.o: tests/bench/kernels/%.c tests/bench/kernels/kernel.h
	@mkdir -p $$(@D)
	$$Q$$(if $$(filter clang%,$1),clang,$$(CC)) $$(BENCH_CFLAGS) -$$(lastword $$(subst _, ,$1)) \
		-DKERNEL_NAME=$$*_$1 -c -o $$@ $$<
endef
$(foreach c,$(BENCH_COLUMNS),$(eval $(call bench_column,$c)))
KERNEL_OBJECTS := $(foreach c,$(BENCH_COLUMNS),$(KERNELS:%=$B/bench/%_$c.o))

$B/obj/tests/bench/bench.o: ALL_CFLAGS += $(if $(BENCH_CLANG),-DHAVE_CLANG) $(if $(BENCH_TCC),-DHAVE_TCC)
$B/bench/bench$(SUFFIX): $B/obj/tests/bench/bench.o $(KERNEL_OBJECTS) $B/libtrivet.a
	$(call SAY,LINK,$@)
	$Q$(CC) $(ALL_LDFLAGS) -o $@ $^ $(if $(BENCH_TCC),-ltcc -ldl) $(LIBS) -lm

# The two programs below follow, unless it is about one kernel.
BENCH_MORE := $(if $(KERNEL),,$(if $(filter $(HOST),$(filter %-linux,$(TARGET))),$B/bench/asm $B/bench/memory))
.PHONY: bench bench-docs bench-program
bench-program: $B/bench/bench$(SUFFIX)
bench bench-docs: $B/bench/bench$(SUFFIX) $(BENCH_MORE) $(if $(BENCH_MORE),$B/embed/add)
	@$(PYTHON) tests/bench/bench.py $(if $(filter bench-docs,$@),--docs) $< tests/bench/kernels $(KERNEL)
	@for program in $(BENCH_MORE); do echo; $$program; done

# `make bench-memory`: code memory against bare system calls.
$B/bench/memory: $B/obj/tests/bench/memory.o $B/libtrivet.a
	@mkdir -p $(@D)
	$(call SAY,LINK,$@)
	$Q$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: bench-memory
bench-memory: $B/bench/memory
	@$<

# `make bench-asm`: what emitting an instruction costs, beside asmjit where it is installed.
BENCH_ASMJIT := $(if $(filter $(HOST),$(TARGET)),$(shell echo '\#include <asmjit/x86.h>' | $(CXX) -E -xc++ - >/dev/null 2>&1 && echo 1))
$B/obj/tests/bench/asm.o: ALL_CFLAGS += $(if $(BENCH_ASMJIT),-DHAVE_ASMJIT)
$B/bench/asm_asmjit.o: tests/bench/asm_asmjit.cc
	@mkdir -p $(@D)
	$(call SAY,CXX,$@)
	$Q$(CXX) -std=c++17 -O2 -Wall -c -o $@ $<
$B/bench/asm: $B/obj/tests/bench/asm.o $(if $(BENCH_ASMJIT),$B/bench/asm_asmjit.o) $B/internal.a
	$(call SAY,LINK,$@)
	$Q$(if $(BENCH_ASMJIT),$(CXX),$(CC)) $(ALL_LDFLAGS) -o $@ $^ $(if $(BENCH_ASMJIT),-lasmjit -lrt) $(LIBS) -lpthread

.PHONY: bench-asm
bench-asm: $B/bench/asm
	@$<
