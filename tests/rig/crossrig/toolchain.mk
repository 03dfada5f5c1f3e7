# Reads one toolchain file and prints what it says, KEY=VALUE a line:  make -s -f toolchain.mk FILE=x.mk
#
# These are all the keys there are.  Names that begin with _ are the file's own.
KEYS := SYSTEM MACHINE SUFFIX CC LD AR OBJCOPY NM PACKAGE RUNNER RUNNER_PACKAGE RUNNER_VERSION \
	CFLAGS TARGET_CFLAGS LINK LIBS VARIANTS

_system := $(shell uname -s | tr A-Z a-z)
HOST := $(subst arm64,aarch64,$(shell uname -m))-$(if $(filter mingw% msys% cygwin%,$(_system)),windows,$(_system))
TARGET := $(basename $(notdir $(FILE)))

_known := $(.VARIABLES) $(KEYS) _known
include $(FILE)
$(foreach name,$(filter-out _% $(_known),$(.VARIABLES)),$(info UNKNOWN=$(name)))
$(info HOST=$(HOST))
$(foreach key,$(KEYS),$(info $(key)=$($(key))))
all: ;
