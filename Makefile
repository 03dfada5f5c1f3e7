# Trivet: the library, the command and the tests, for this machine or for another.
#
#   make [TARGET=NAME]    build/NAME/trivet and build/NAME/libtrivet.a
#   make help             everything else
#
# Nothing is written outside build/.  A target is one file, toolchains/NAME.mk.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

ALL_TARGETS := $(sort $(basename $(notdir $(wildcard toolchains/*.mk))))
SYSTEM_NAME := $(shell uname -s | tr A-Z a-z)
HOST := $(subst arm64,aarch64,$(shell uname -m))-$(if $(filter mingw% msys%,$(SYSTEM_NAME)),windows,$(SYSTEM_NAME))
TARGET ?= $(HOST)
# A Python that has pytest: the first in the path may be someone's own, without it.
PYTHON ?= $(firstword $(foreach p,python3 /usr/bin/python3,\
	$(if $(shell $(p) -c 'import pytest; print(1)' 2>/dev/null),$(p))) python3)

# ---- Toolchains -------------------------------------------------------------------------------
# SYSTEM          linux or windows: which src/os/*.c belong to it
# MACHINE         file format and its machine number: ELF 62, ELF 183, PE 34404
# SUFFIX          of a program
# CC AR LD OBJCOPY NM, PACKAGE   tools, and the Debian package of the compiler
# RUNNER, RUNNER_PACKAGE, RUNNER_VERSION   what starts a program when this machine cannot
# LINK, LIBS, TARGET_CFLAGS    flags
# VARIANTS        name:runner's arguments:trivet's arguments;… - the same cases, stretched

ifeq ($(wildcard toolchains/$(TARGET).mk),)
$(error There is no target '$(TARGET)'. There are: $(ALL_TARGETS))
endif
include toolchains/$(TARGET).mk

# ---- Flags ------------------------------------------------------------------------------------

CFLAGS ?= -O2 -g
WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Werror
# Never contracted, or the interpreter's numbers would depend on the compiler (docs: one rounding each).
# A section a function, so that a program's linker can leave out what it never calls (-Wl,--gc-sections).
ALL_CFLAGS = -std=c11 $(WARNINGS) -ffp-contract=off -fno-math-errno -fvisibility=hidden \
	-ffunction-sections -fdata-sections -Isrc $(TARGET_CFLAGS) $(CFLAGS) $(PACE) $(TABLES) \
	$(if $(SANITIZE),$(SANITIZERS))
SANITIZERS_1 = -fsanitize=address,undefined -fno-sanitize-recover=all
SANITIZERS_thread = -fsanitize=thread
# NULL + 0, the place in an array that is empty, is no finding.
SANITIZERS_fuzzer = -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=pointer-overflow \
	-fno-sanitize-recover=all
SANITIZERS = $(SANITIZERS_$(SANITIZE)) -fno-omit-frame-pointer
ALL_LDFLAGS = $(LINK) -Wl,--gc-sections $(LDFLAGS) $(if $(SANITIZE),$(SANITIZERS))

B := build/$(TARGET)$(if $(SANITIZE),-$(subst 1,asan,$(subst thread,tsan,$(SANITIZE))))

# What is not on the way from text to a call is made small rather than fast.
SMALL_SOURCES = src/api/% src/cli/% src/asm/%_text.c src/asm/%_table.c src/asm/asm.c \
	src/base/diag.c src/base/ops.c src/code/debugger.c src/code/jitdump.c src/code/memory.c \
	src/gen/aarch64/shim.c src/gen/ra_check.c src/gen/shim.c src/gen/unwind.c src/interp/compile.c src/interp/expr.c \
	src/interp/print.c src/ir/print.c src/ir/read.c src/ir/verify.c src/lang/directive.c \
	src/lang/print.c src/lang/value.c src/opt/divconst.c src/opt/flatten.c src/opt/opt.c src/opt/remark.c \
	src/opt/scev% src/opt/tail.c src/opt/tidy.c src/opt/unroll.c src/opt/version.c src/os/%
# private, or what they need, the file of flags above all, would come out different by who asks for it first
objects_of = $(patsubst %,$B/obj/%,$(patsubst %.c,%.o,$1))
$(call objects_of,$(SMALL_SOURCES)): private PACE = -Os

# What every instruction passes through, and -O3 is quicker at.
FAST_SOURCES = src/gen/ra.c src/gen/ra_resolve.c src/gen/x86_64/lower.c src/ir/build_ssa.c src/ir/ir.c src/ir/order.c \
	src/lang/expr.c src/lang/literal.c src/opt/facts.c src/opt/gvn.c
$(call objects_of,$(FAST_SOURCES)): private PACE = -O3

# No exception and no backtrace comes through the compiler, which calls nothing of the host's but its allocator: these
# need no unwind tables, a tenth of the library.  Debuggers have those of -g; on Windows every function has them.
CLOSED_SOURCES = src/asm/% src/base/% src/gen/% src/ir/% src/lang/% src/opt/%
ifeq ($(SYSTEM)$(SANITIZE),linux)
$(call objects_of,$(CLOSED_SOURCES)): private TABLES = -fno-asynchronous-unwind-tables
endif

# ---- What there is to build -------------------------------------------------------------------

OTHER_OS := $(filter-out $(SYSTEM),linux windows)
SOURCES := $(filter-out src/os/$(OTHER_OS).c src/os/$(OTHER_OS)_%.c,\
	$(sort $(wildcard src/*/*.c src/*/*/*.c)))
CLI_SOURCES := $(filter src/cli/%,$(SOURCES))
LIB_OBJECTS := $(patsubst %.c,$B/obj/%.o,$(filter-out $(CLI_SOURCES),$(SOURCES)))
CLI_OBJECTS := $(patsubst %.c,$B/obj/%.o,$(CLI_SOURCES))
TESTS := $(patsubst tests/%.c,$B/%$(SUFFIX),$(sort $(wildcard tests/unit/*.c)))
HEADERS := $(sort $(wildcard src/*.h src/*/*.h src/*/*/*.h))

TRIVET := $B/trivet$(SUFFIX)

.PHONY: all all-targets unit clean help FORCE
all: $(if $(CLI_SOURCES),$(TRIVET)) $B/libtrivet.a
unit: $(TESTS)

all-targets: $(ALL_TARGETS:%=all-%)
all-unit: $(ALL_TARGETS:%=unit-%)
.PHONY: all-unit $(ALL_TARGETS:%=all-%) $(ALL_TARGETS:%=unit-%)
$(ALL_TARGETS:%=all-%): all-%: ; +@$(MAKE) --no-print-directory TARGET=$* all
$(ALL_TARGETS:%=unit-%): unit-%: ; +@$(MAKE) --no-print-directory TARGET=$* unit

# ---- How --------------------------------------------------------------------------------------

ifeq ($(V),)
Q = @
SAY = @echo "  $1	$2";
else
SAY =
endif

# Changed flags, tools or lists of files rebuild what they touch; a missing compiler is named.
COMMAND_LINE = $(SMALL_SOURCES) $(FAST_SOURCES) $(CLOSED_SOURCES) $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(LIBS)
$B/flags: FORCE
	@command -v $(firstword $(CC)) >/dev/null || { \
		echo "make: $(TARGET) needs the compiler '$(firstword $(CC))' (Debian: apt-get install $(PACKAGE)," \
			"or scripts/setup.sh for all that Trivet uses)" >&2; exit 1; }
	@mkdir -p $(@D)
	@echo '$(COMMAND_LINE)' | cmp -s - $@ || echo '$(COMMAND_LINE)' > $@
$B/objects: FORCE
	@mkdir -p $(@D)
	@echo '$(LIB_OBJECTS) $(CLI_OBJECTS)' | cmp -s - $@ || echo '$(LIB_OBJECTS) $(CLI_OBJECTS)' > $@

# The build id names the sources and flags a binary was made of, so that nobody tests an old one.
$B/build_id.h: $B/flags FORCE
	@id=$$(cat $B/flags $(SOURCES) $(HEADERS) $(wildcard src/*/*.def) | cksum | cut -d' ' -f1); \
	line="#define TRIVET_BUILD_ID \"$$id\""; \
	echo "$$line" | cmp -s - $@ || echo "$$line" > $@

$B/obj/src/cli/%.o: src/cli/%.c $B/flags $B/build_id.h
	@mkdir -p $(@D)
	$(call SAY,CC,$@)
	$Q$(CC) $(ALL_CFLAGS) -include $B/build_id.h -MMD -MP -c -o $@ $<

$B/obj/%.o: %.c $B/flags
	@mkdir -p $(@D)
	$(call SAY,CC,$@)
	$Q$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# One object with only trivet_* left visible: no name of ours can clash with one of the host program.
$B/libtrivet.a: $(LIB_OBJECTS) $B/objects
	$(call SAY,LIB,$@)
	$Q$(LD) -r --unique -o $B/whole.o $(LIB_OBJECTS)
	$Q$(OBJCOPY) -w --keep-global-symbol='trivet_*' $B/whole.o $B/trivet.o
	$Q$(RM) $@ && $(AR) rcs $@ $B/trivet.o && $(RM) $B/whole.o

# The unit tests look inside: all symbols, object by object.
$B/internal.a: $(LIB_OBJECTS) $B/objects
	$Q$(RM) $@ && $(AR) rcs $@ $(LIB_OBJECTS)

$(TRIVET): $(CLI_OBJECTS) $B/libtrivet.a
	$(call SAY,LINK,$@)
	$Q$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# tests/unit/NAME.c, and helper programs of other folders: build/TARGET/FOLDER/NAME
define test_program
$B/$1/%$(SUFFIX): $B/obj/tests/$1/%.o $B/internal.a
	@mkdir -p $$(@D)
	$$(call SAY,LINK,$$@)
	$$Q$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$(LIBS)
endef
$(foreach folder,unit encoding fuzz rig abi,$(eval $(call test_program,$(folder))))

# C functions of random signatures: many.  Generated code leaves x18 alone; the test must, to see it.
$B/abi/signatures.h: tests/abi/signatures.py
	@mkdir -p $(@D)
	$Q$(PYTHON) $< > $@
$B/obj/tests/abi/abi.o: $B/abi/signatures.h
$B/obj/tests/abi/abi.o: private TARGET_CFLAGS += -I$B $(if $(findstring aarch64,$(TARGET)),-ffixed-x18)
$B/obj/tests/abi/abi.o: private override CFLAGS += -O1 -g0
.PRECIOUS: $B/obj/%.o

# The examples in C see what any host sees: the public header and the archive.
$B/embed/%$(SUFFIX): $B/obj/examples/embed/%.o $B/libtrivet.a
	@mkdir -p $(@D)
	$(call SAY,LINK,$@)
	$Q$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

-include tests/bench/bench.mk
-include tests/rig/tcg/tcg.mk

-include $(patsubst %.o,%.d,$(LIB_OBJECTS) $(CLI_OBJECTS))
-include $(wildcard $B/obj/tests/*/*.d $B/obj/examples/*/*.d)

# ---- Tests ------------------------------------------------------------------------------------

comma := ,
PYTEST = $(PYTHON) -m pytest -q $(shell $(PYTHON) -c 'import xdist; print("-n auto")' 2>/dev/null) \
	$(if $(REQUIRE),--require=$(REQUIRE)) $(PYTEST_FLAGS) tests examples

.PHONY: agree check check-all check-variants check-headers format-check format rig-speed
check: check-headers
	$(PYTEST) --targets=host
# VARIANTS=all: also on other CPU models and page sizes, with fewer features, and under the sanitizers.
check-all: check-headers
	$(PYTEST) --targets=all$(if $(filter all,$(VARIANTS)),$(comma)variants$(comma)$(HOST)+asan) \
		--matrix=build/matrix.html --junitxml=build/report.xml
# The programs alone, in all these ways.
check-variants:
	$(PYTEST) --programs-only --targets=variants,$(HOST)+asan --matrix=build/matrix-variants.html
# How fast cases run: make rig-speed [CASES=10000]
rig-speed: all-targets
	@$(PYTHON) scripts/rig_speed.py $(or $(CASES),10000)

# What several threads may do, under ThreadSanitizer.  setarch: the sanitizer knows fewer address layouts
# than the kernel picks from; some containers forbid it.
THREADED = threads memory code shim
.PHONY: check-threads
check-threads:
	@$(MAKE) --no-print-directory SANITIZE=thread $(THREADED:%=build/$(TARGET)-tsan/unit/%)
	@fixed=$$(setarch -R true 2>/dev/null && echo setarch -R); for t in $(THREADED); do \
		printf '%s: ' $$t; $$fixed build/$(TARGET)-tsan/unit/$$t || exit 1; done

# scripts/agree.py reads these from the environment, where spaces and quotes survive.
agree: override export FILES := $(value FILES)
agree: export BITS := $(BITS)
agree: export TARGETS := $(TARGETS)
agree: export REQUIRE := $(REQUIRE)
agree:
	@$(PYTHON) scripts/agree.py

# Random programs on every target and engine: make fuzz TIME=60 SEED=1 SHARD=1/4 (see tests/fuzz/fuzz.py)
.PHONY: fuzz
fuzz:
	@$(PYTHON) tests/fuzz/fuzz.py --time=$(or $(TIME),60) --shard=$(or $(SHARD),1/1) \
		--targets=$(or $(TARGETS),all) $(if $(SEED),--seed=$(SEED)) $(FUZZ_FLAGS)

-include tests/fuzz/fuzz.mk

# One bug at a time, in a copy of the sources: is it caught?  make mutants ONLY=id SHARD=1/3
.PHONY: mutants
mutants:
	@$(PYTHON) tests/mutants/mutants.py --only='$(ONLY)' --shard='$(SHARD)' $(if $(JOBS),--jobs=$(JOBS))

# One case looked at closely: make repro CASE=loops/while.tv:12 (see tests/rig/repro.py)
.PHONY: repro
repro:
	@$(if $(value CASE),,echo 'usage: make repro CASE=loops/while.tv[:LINE], or a name as the tests print it' >&2; exit 2)
	@$(PYTHON) tests/rig/repro.py '$(value CASE)' --targets='$(TARGETS)' --engines='$(ENGINES)'

check-headers: $(HEADERS:src/%.h=$B/headers/%.ok)
$B/headers/%.ok: src/%.h $(HEADERS) $B/flags
	@mkdir -p $(@D)
	$Qecho '#include "$*.h"' | $(CC) $(ALL_CFLAGS) -fsyntax-only -xc -
	@touch $@

C_FILES = $(sort $(wildcard src/*/*.c src/*/*/*.c tests/*/*.c))
format-check:
	@command -v clang-format >/dev/null || { echo "clang-format is not installed (Debian: clang-format)"; exit 77; }
	clang-format --dry-run -Werror $(C_FILES)
format:
	clang-format -i $(C_FILES)

clean:
	rm -rf build

help:
	@echo 'make                      the library and the command for this machine ($(HOST))'
	@echo 'make TARGET=NAME          for another: $(ALL_TARGETS)'
	@echo 'make all-targets          for all of them'
	@echo 'make unit [TARGET=NAME]   the C unit tests, built but not run'
	@echo 'make agree [FILES="…"]    run the directives of .tv files on every target and engine, compare'
	@echo 'make check                all tests on this machine;  make check-all  on all targets'
	@echo 'make check-all VARIANTS=all   also on other CPU models, with fewer features, …, as below'
	@echo 'make rig-speed            how many cases a second run on each target and engine'
	@echo 'make check-variants       on other CPU models and page sizes, without features, under sanitizers'
	@echo 'make check-threads        what several threads may do, under ThreadSanitizer'
	@echo 'make check-headers        every header compiles alone;  make format-check  clang-format'
	@echo 'make fuzz TIME=60 SEED=1   random programs on all targets and engines; what differs is shrunk'
	@echo 'make fuzz-bytes TIME=60    any bytes as a program, found by libFuzzer (clang)'
	@echo 'make mutants [ONLY=ID]     plant known bugs in a copy of the sources, one at a time: is each caught?'
	@echo 'make repro CASE=NAME       one case: what each target gave, the machine code, a line that opens gdb'
	@echo 'make bench [KERNEL=…]     ratios of run time to gcc and Lua, and compile times, in one run'
	@echo 'make clean                remove build/'
	@echo 'Variables: CC CFLAGS LDFLAGS SANITIZE=1|thread (ASan and UBSan, or TSan, in build/NAME-asan, -tsan) V=1'

FORCE:
