# fuzz.mk - any bytes as a program (tests/fuzz/bytes.c): `make fuzz-bytes TIME=60` with clang's libFuzzer, in
# build/NAME-fuzzer; its corpus grows in build/fuzz-corpus, what it finds lies in build/fuzz-found.

$B/obj/tests/fuzz/bytes.o: ALL_CFLAGS += $(if $(filter fuzzer,$(SANITIZE)),,-DREPLAY)
$B/fuzz/bytes: ALL_LDFLAGS += $(if $(filter fuzzer,$(SANITIZE)),-fsanitize=fuzzer)

FUZZER = build/$(TARGET)-fuzzer/fuzz/bytes
.PHONY: fuzz-bytes
fuzz-bytes:
	+@$(MAKE) --no-print-directory SANITIZE=fuzzer CC=clang CFLAGS='-O1 -g' $(FUZZER)
	@mkdir -p build/fuzz-corpus build/fuzz-found
	$(FUZZER) -max_total_time=$(or $(TIME),60) -timeout=20 -rss_limit_mb=4096 -max_len=8192 \
		-dict=tests/fuzz/words.dict -artifact_prefix=build/fuzz-found/ $(if $(SEED),-seed=$(SEED)) $(FUZZ_FLAGS) \
		build/fuzz-corpus tests/cases/calls tests/cases/control tests/cases/loops tests/cases/numbers \
		tests/cases/span tests/cases/traps tests/cases/regress tests/errors examples
