"""Any bytes as a program (bytes.c): all programs there are, and damaged ones; and the script that builds it for OSS-Fuzz."""

import os
import random
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from rig import process, targets

ROOT = targets.ROOT
FOLDERS = ("tests/cases", "tests/errors", "examples")


def programs():
	return [p for folder in FOLDERS for p in sorted((ROOT / folder).rglob("*.tv"))]


def damaged(text, rng):
	"""Cut, flipped, doubled, with a number made extreme or rubbish between."""
	yield text[:rng.randrange(len(text))]
	flipped = bytearray(text)
	for _ in range(rng.choice((1, 3, 20))):
		flipped[rng.randrange(len(text))] ^= 1 << rng.randrange(8)
	yield bytes(flipped)
	a, b = sorted(rng.randrange(len(text)) for _ in range(2))
	yield text[:b] + text[a:]
	yield text[:a] + text[b:]
	digits = [k for k, c in enumerate(text) if chr(c).isdigit()] or [0]
	at = rng.choice(digits)
	extreme = rng.choice((b"18446744073709551616", b"-9223372036854775808", b"1e999", b"0x", b"nan", b"(((((((((("))
	yield text[:at] + extreme + text[at + 1:]
	yield text[:a] + bytes(rng.randrange(256) for _ in range(9)) + text[a:]


def write_damaged(folder):
	rng = random.Random("damaged")
	small = [p for p in programs() if p.stat().st_size < 3000]
	for k, path in enumerate(rng.sample(small, 40)):
		for n, text in enumerate(damaged(path.read_bytes(), rng)):
			(folder / f"{k}-{n}").write_bytes(text)
	(folder / "empty").write_bytes(b"")
	(folder / "zeros").write_bytes(bytes(1000))
	(folder / "deep").write_bytes(b"fn f() -> i32 { return " + b"(" * 100000)
	return sorted(folder.iterdir())


def test_no_bytes_do_harm(request, tmp_path):
	host = next(t for t in request.config.rig.all_targets.values() if t.host and not t.variant)
	if host.system == "windows":
		pytest.skip("the harness needs POSIX timers")
	status, said = targets.make(host, f"{host.build}/fuzz/bytes")
	assert not status, said
	given = programs() + write_damaged(tmp_path)
	done = subprocess.run([ROOT / host.build / "fuzz/bytes", *given], capture_output=True, text=True, timeout=300)
	assert done.returncode == 0, done.stderr[-2000:]  # the last file named is the one
	assert len(done.stderr.splitlines()) == len(given) > 350


def test_the_build_for_oss_fuzz(tmp_path):
	"""With gcc in the place of the engine's compiler, and the harness's own main() in that of the engine."""
	if not shutil.which("gcc"):
		pytest.skip("gcc is not installed")
	work, out = tmp_path / "work", tmp_path / "out"
	work.mkdir(), out.mkdir()
	environment = {**os.environ, "CC": "gcc", "CFLAGS": "-O0 -DREPLAY", "CXX": "gcc", "CXXFLAGS": "-O0",
		       "LIB_FUZZING_ENGINE": "-lm", "WORK": str(work), "OUT": str(out)}
	done = subprocess.run([ROOT / "ci/oss-fuzz/build.sh"], cwd=ROOT, env=environment, capture_output=True, text=True)
	assert done.returncode == 0, done.stderr[-3000:]
	with zipfile.ZipFile(out / "bytes_seed_corpus.zip") as corpus:
		assert len(corpus.namelist()) > 100
		assert all("/" not in name for name in corpus.namelist())
	assert (out / "bytes.dict").read_text().count('"') > 100
	said = subprocess.run([out / "bytes"], input="fn f() -> i32 { return 1; }\n//! f() == 1\n", capture_output=True, text=True)
	assert said.returncode == 0 and not said.stderr
