# Linux on x86-64: everything that is known about the target, for make and (as JSON) for the rig.
# The keys are explained in the Makefile, under "Toolchains".
SYSTEM   = linux
MACHINE  = ELF 62
SUFFIX   =
ifeq ($(HOST),x86_64-linux)
ifneq ($(filter default undefined,$(origin CC)),)
CC       = gcc
endif
PACKAGE  = gcc
RUNNER   =
RUNNER_PACKAGE =
LD       = ld
AR       = ar
OBJCOPY  = objcopy
NM       = nm
else
CC       = x86_64-linux-gnu-gcc
PACKAGE  = gcc-x86-64-linux-gnu
RUNNER   = qemu-x86_64
RUNNER_PACKAGE = qemu-user
LD       = x86_64-linux-gnu-ld
AR       = x86_64-linux-gnu-ar
OBJCOPY  = x86_64-linux-gnu-objcopy
NM       = x86_64-linux-gnu-nm
LINK     = -static
endif
RUNNER_VERSION = $(if $(RUNNER),$(RUNNER) --version)
LIBS     = -pthread
# name:arguments of the runner, or a runner:arguments of trivet.  The models of qemu-x86_64 lack what CPUs of
# their time lacked: SSE4.1, then POPCNT, then LZCNT, BMI and FMA.
VARIANTS = floor::--features=none;sse4::--features=sse4.1,popcnt;nobmi::--features=sse4.1,popcnt,lzcnt,fma;\
	core2duo:qemu-x86_64 -cpu core2duo:;penryn:qemu-x86_64 -cpu Penryn:;nehalem:qemu-x86_64 -cpu Nehalem:;\
	qemu:qemu-x86_64 -cpu max:
