#!/bin/sh
# Builds tests/fuzz/bytes.c for a fuzzing engine, as OSS-Fuzz and ClusterFuzzLite want it: called in the root of the
# sources with CC, CFLAGS, CXX, CXXFLAGS, LIB_FUZZING_ENGINE, WORK (for objects) and OUT, where bytes,
# bytes_seed_corpus.zip and bytes.dict are left.
set -eu

# With no make: its flags for optimisation and sanitizers would stand against the engine's.
find src tests/fuzz/bytes.c -name '*.c' ! -path 'src/cli/*' ! -path 'src/os/windows*' |
	xargs -P "$(nproc)" -I FILE sh -c '
		$CC -std=c11 -ffp-contract=off -fno-math-errno -Isrc $CFLAGS -c -o "$WORK/$(echo FILE | tr / _).o" FILE'
$CXX $CXXFLAGS -o "$OUT/bytes" "$WORK"/*.o $LIB_FUZZING_ENGINE -lpthread

mkdir -p "$WORK/corpus"
find tests/cases tests/errors examples -name '*.tv' -size -32k | while read -r file; do
	cp "$file" "$WORK/corpus/$(echo "$file" | tr / _)"
done
rm -f "$OUT/bytes_seed_corpus.zip"
python3 -m zipfile -c "$OUT/bytes_seed_corpus.zip" "$WORK"/corpus/*
cp tests/fuzz/words.dict "$OUT/bytes.dict"
