# bench.mk - `make bench [KERNEL=part of a name]`: ratios against gcc and Lua, in one run, on this machine.

KERNELS := $(notdir $(basename $(wildcard tests/bench/kernels/*.c)))
KERNEL_OBJECTS := $(foreach o,O0 O2,$(KERNELS:%=$B/bench/%_$o.o))

$B/bench/%_O0.o: tests/bench/kernels/%.c tests/bench/kernels/kernel.h
	@mkdir -p $(@D)
	$Q$(CC) -std=c11 -Wall -Wextra -Werror -O0 -ffp-contract=off -DKERNEL_NAME=$*_O0 -c -o $@ $<

$B/bench/%_O2.o: tests/bench/kernels/%.c tests/bench/kernels/kernel.h
	@mkdir -p $(@D)
	$Q$(CC) -std=c11 -Wall -Wextra -Werror -O2 -ffp-contract=off -DKERNEL_NAME=$*_O2 -c -o $@ $<

$B/bench/bench$(SUFFIX): $B/obj/tests/bench/bench.o $(KERNEL_OBJECTS) $B/libtrivet.a
	$(call SAY,LINK,$@)
	$Q$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: bench
bench: $B/bench/bench$(SUFFIX)
	@$(PYTHON) tests/bench/bench.py $< tests/bench/kernels $(KERNEL)

# `make bench-memory`: code memory against bare system calls.
$B/bench/memory: $B/obj/tests/bench/memory.o $B/libtrivet.a
	@mkdir -p $(@D)
	$(call SAY,LINK,$@)
	$Q$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: bench-memory
bench-memory: $B/bench/memory
	@$<
