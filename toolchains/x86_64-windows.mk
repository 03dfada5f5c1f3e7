# Windows on x86-64, cross-compiled by MinGW-w64; runs under Wine.
SYSTEM   = windows
MACHINE  = PE 34404
SUFFIX   = .exe
ifeq ($(HOST),x86_64-windows)
# In MSYS2's shell, with its MinGW-w64: nothing stands between.
ifneq ($(filter default undefined,$(origin CC)),)
CC       = gcc
endif
PACKAGE  = mingw-w64-x86_64-gcc
LD       = ld
AR       = ar
OBJCOPY  = objcopy
NM       = nm
else
CC       = x86_64-w64-mingw32-gcc
PACKAGE  = gcc-mingw-w64-x86-64-win32
RUNNER   = wine
RUNNER_PACKAGE = wine wine64
RUNNER_VERSION = wine --version
LD       = x86_64-w64-mingw32-ld
AR       = x86_64-w64-mingw32-ar
OBJCOPY  = x86_64-w64-mingw32-objcopy
NM       = x86_64-w64-mingw32-nm
endif
# The threads of MinGW's own run-time library come along statically: one file that needs no DLL beside it.
# Windows reserves 1 MiB of stack by default, Linux 8: deep recursion has to fit in both.
LINK     = -static -Wl,--stack,16777216
LIBS     = -lpthread
# C99 printf (%zu, PRIx64 as everywhere else)
TARGET_CFLAGS = -D__USE_MINGW_ANSI_STDIO=1
# name:arguments of the runner:arguments of trivet
VARIANTS = floor::--features=none;sse4::--features=sse4.1,popcnt
