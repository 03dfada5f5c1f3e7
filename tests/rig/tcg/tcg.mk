# tcg.mk - the plugin that watches programs under qemu-aarch64 (sanitizer.c): for this machine, whatever
# the target.

HOSTCC ?= $(firstword $(foreach c,cc gcc clang,$(if $(shell command -v $(c)),$(c))))

ifneq ($(filter qemu-aarch64,$(RUNNER)),)
ifneq ($(HOSTCC),)
all: build/tcg/sanitizer.so
endif
endif

# gnu11: for the function that reads a register before the compiler has touched it
build/tcg/sanitizer.so: tests/rig/tcg/sanitizer.c tests/rig/tcg/plugin_api.h
	@mkdir -p $(@D)
	$(call SAY,PLUGIN,$@)
	$Q$(HOSTCC) -std=gnu11 $(WARNINGS) -O2 -g -fPIC -shared -fvisibility=hidden -o $@.$$$$ $< && mv $@.$$$$ $@
