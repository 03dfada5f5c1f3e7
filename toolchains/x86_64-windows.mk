# Windows on x86-64, cross-compiled by MinGW-w64; runs under Wine.
SYSTEM   = windows
MACHINE  = PE 34404
SUFFIX   = .exe
CC       = x86_64-w64-mingw32-gcc
PACKAGE  = gcc-mingw-w64-x86-64-win32
RUNNER   = wine
RUNNER_PACKAGE = wine wine64
RUNNER_VERSION = wine --version
LD       = x86_64-w64-mingw32-ld
AR       = x86_64-w64-mingw32-ar
OBJCOPY  = x86_64-w64-mingw32-objcopy
NM       = x86_64-w64-mingw32-nm
# The threads of MinGW's own run-time library come along statically: one file that needs no DLL beside it.
# Windows reserves 1 MiB of stack by default, Linux 8: deep recursion has to fit in both.
LINK     = -static -Wl,--stack,16777216
LIBS     = -lpthread
# C99 printf (%zu, PRIx64 as everywhere else)
TARGET_CFLAGS = -D__USE_MINGW_ANSI_STDIO=1
VARIANTS = floor::--features=none
