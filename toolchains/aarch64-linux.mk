# Linux on AArch64; under qemu-aarch64 unless this machine is one.
SYSTEM   = linux
MACHINE  = ELF 183
SUFFIX   =
ifeq ($(HOST),aarch64-linux)
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
CC       = aarch64-linux-gnu-gcc
PACKAGE  = gcc-aarch64-linux-gnu
RUNNER   = qemu-aarch64
RUNNER_PACKAGE = qemu-user
LD       = aarch64-linux-gnu-ld
AR       = aarch64-linux-gnu-ar
OBJCOPY  = aarch64-linux-gnu-objcopy
NM       = aarch64-linux-gnu-nm
# An emulator starts a static program in a third of the time, and needs no copy of the target's libc.
# The page size is then the guest's own, so that qemu's -p 65536 can be used.
LINK     = -static -Wl,-z,max-page-size=65536
endif
RUNNER_VERSION = $(if $(RUNNER),$(RUNNER) --version)
LIBS     = -pthread
# name:arguments of the runner:arguments of trivet.  The Cortex models are Armv8.0, without BTI; `max` has it.
VARIANTS = cortex-a53:-cpu cortex-a53:;cortex-a57:-cpu cortex-a57:;cortex-a72:-cpu cortex-a72:;bti:-cpu max:;\
	page16k:-p 16384:;page64k:-p 65536:;sanitized:-plugin build/tcg/sanitizer.so,fd=1:
