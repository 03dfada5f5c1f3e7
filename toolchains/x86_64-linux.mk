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
# name:arguments of the runner:arguments of trivet
VARIANTS = floor::--features=none
