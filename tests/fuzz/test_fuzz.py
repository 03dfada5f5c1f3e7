"""The fuzzer finds nothing where nothing is, finds and shrinks planted bugs, and is the same every time."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import hypothesis
import pytest

from rig import targets

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import engines  # noqa: E402
import fuzz  # noqa: E402
import generate  # noqa: E402
import oracle  # noqa: E402
import shrink  # noqa: E402
import strategies  # noqa: E402


@pytest.fixture
def host(request):
	target = next(t for t in request.config.rig.all_targets.values() if t.host and not t.variant)
	if not (targets.ROOT / target.trivet).exists():
		pytest.skip(f"{target.trivet} is not built")
	return target


def options(tmp_path, *more):
	return fuzz.arguments(["--seed=7", "--time=60", "--shrink=40", f"--out={tmp_path}", "--oracle=0", *more])


def standin(host, how, word, kind="all"):
	return engines.Setup("stand-in", host, kind, wrapper=(sys.executable, str(HERE / "standin.py"), how, word))


def test_a_fixed_seed_finds_nothing(host, tmp_path, capsys):
	assert fuzz.main(["--seed=7", "--programs=300", f"--targets={host.name}", "--no-build", "--oracle=4",
			  f"--out={tmp_path}"]) == 0
	assert "300 programs (" in capsys.readouterr().out
	assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("how, word", [("differs", "popcnt("), ("crash", "rotr(")])
def test_a_planted_bug_is_found_and_shrunk(host, tmp_path, how, word):
	ways = [engines.Setup("reference", host), standin(host, how, word)]
	campaign = fuzz.Campaign(options(tmp_path, "--programs=300"), ways)
	campaign.run()
	(k, finding, path), = campaign.findings
	assert finding.kind == how and finding.setup is ways[1]
	text = path.read_text()
	assert word in text and "//! g" in text
	assert len(text) < len(generate.show(campaign.make(k))) / 2, text
	# What was written is a case that the rig can run.
	done = subprocess.run([targets.ROOT / host.trivet, "check", "--engine=all", path], capture_output=True, text=True)
	assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_the_second_oracle_can_contradict(host, compiler):
	c = next((c for c in oracle.setups(host) if c.args[0].endswith(compiler)), None)
	if not c:
		pytest.skip(f"{'not for this target: ' if compiler == 'clang' else ''}{compiler} is not installed")
	program = simple("clz")
	shown = generate.show(program)
	jobs = [engines.Job(engines.Setup("x", host), [("p", shown)]), oracle.Job(c, [("p", oracle.write("p", program))])]
	engines.finish(jobs)
	assert engines.judge([(j.setup, j.answers["p"]) for j in jobs]) is None
	wrong = oracle.Job(c, [("p", oracle.write("p", simple("ctz")))])
	engines.finish([wrong])
	finding = engines.judge([(jobs[0].setup, jobs[0].answers["p"]), (c, wrong.answers["p"])])
	assert finding.kind == "differs" and finding.setup is c


def simple(builtin):
	f = generate.Function("g1", [("x", "i32")], "i32")
	value = generate.Node("builtin", "i32", [generate.Node("var", "i32", data="x")], builtin)
	body = generate.Node("block", None, [generate.Node("return", None, [value])])
	call = generate.Node("call", "i32", [generate.Node("lit", "i32", data="8")], "g1")
	return generate.Node("program", None, [generate.Node("consts", None), generate.Node("fns", None, [
		generate.Node("fn", "i32", [body], f)]), generate.Node("calls", None, [call])])


def test_a_hang_costs_one_program(host):
	programs = [("a", "fn f() { }\n//! f()\n"), ("b", "// slow\nfn f() { }\n//! f()\n"), ("c", "fn f() { }\n//! f()\n")]
	job = engines.Job(standin(host, "hang", "slow"), programs, silent=1.5)
	engines.finish([job])
	assert [bool(job.answers[n].results) for n in "abc"] == [True, False, True]
	assert job.answers["b"].failure.startswith("hang")


def test_many_crashes_do_not_count_as_passed(host):
	programs = [(f"p{k}", "// bad\nfn f() { }\n//! f()\n") for k in range(8)]
	job = engines.Job(standin(host, "crash", "bad"), programs, crashes=3)
	engines.finish([job])
	assert all(a.failure for a in job.answers.values())


def test_shards_are_parts_of_the_whole():
	def numbers(shard):
		o = fuzz.arguments(["--seed=1", f"--shard={shard}", "--programs=6", "--oracle=0"])
		campaign = fuzz.Campaign(o, [engines.Setup("none", None)])
		made = dict(campaign.batch()[0])
		assert not set(made) & set(parts)
		return made
	parts = {}
	whole = numbers("1/1")
	for i in (1, 2, 3):
		parts |= numbers(f"{i}/3")
	assert len(parts) == 18
	assert all(parts[name] == text for name, text in whole.items())


def test_what_is_left_out_is_the_seeds(host):
	left_out = fuzz.choices(host)
	assert {"inline", "scev", "dse"} <= set(left_out[0]) and len(left_out[1]) > 0

	def args(seed, first):
		o = fuzz.arguments([f"--seed={seed}", "--oracle=0"])
		campaign = fuzz.Campaign(o, [engines.Setup(n, host) for n in "ab"], {host.name: left_out})
		campaign.next = first
		reference, way = campaign.dress()
		assert not reference.args
		return way.args

	assert args(1, 10) == args(1, fuzz.BATCH - 1)
	made = {args(1, k * fuzz.BATCH) for k in range(60)}
	assert len(made) > 30
	said = " ".join(arg for some in made for arg in some)
	assert all(name in said for name in [*left_out[0], *left_out[1], "registers"])
	for some in list(made)[:8]:  # the command understands them
		job = engines.Job(engines.Setup("x", host, args=some), [("a", "fn f() { }\n//! f()\n")])
		engines.finish([job])
		assert len(job.answers["a"].results) == 3, (some, job.answers["a"])


@pytest.mark.parametrize("shard", ["0/3", "4/3", "x", "1", "1/0", "-1/2"])
def test_a_bad_shard_is_refused(shard, capsys):
	with pytest.raises(SystemExit) as e:
		fuzz.arguments([f"--shard={shard}"])
	assert e.value.code == 2
	assert "--shard" in capsys.readouterr().err


def test_an_unknown_target_is_refused(capsys):
	assert fuzz.main(["--targets=vax"]) == 2
	assert "no target 'vax'" in capsys.readouterr().err


def test_everything_is_generated():
	seen = set()
	for k in range(400):
		generate.generate(generate.from_random(random.Random(f"coverage/{k}")), seen)
	assert not generate.universe() - seen
	assert not seen - generate.universe()


def test_interrupting_leaves_nothing(host, tmp_path):
	line = [sys.executable, HERE / "fuzz.py", "--time=60", "--no-build", "--seed=3", f"--targets={host.name}",
		f"--out={tmp_path}"]
	# Whoever runs these tests in the background may have Ctrl-C ignored.
	child = subprocess.Popen(line, stdout=subprocess.PIPE, text=True, start_new_session=True,
				 preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
	time.sleep(4)
	child.send_signal(signal.SIGINT)
	out, _ = child.communicate(timeout=20)
	assert "interrupted" in out and "Traceback" not in out
	assert child.returncode == 130
	try:  # signal 0 only asks whether anybody is left in its process group
		for _ in range(20):
			os.killpg(child.pid, 0)
			time.sleep(0.1)
		raise AssertionError("processes are left behind")
	except ProcessLookupError:
		pass


def test_shrinking_keeps_what_fails():
	class Popcnt:
		batch = 48

		def source(self, program, text):
			return text

		def __call__(self, texts):
			return ["popcnt" in t and t.count("//!") > 0 for t in texts]

	for k in range(40):
		program = generate.generate(generate.from_random(random.Random(f"shrink/{k}")))
		if "popcnt" in generate.show(program):
			shrink.shrink(program, Popcnt(), seconds=20)
			assert len(generate.show(program)) < 250
			return
	raise AssertionError("no program to shrink")


@hypothesis.settings(max_examples=15, deadline=None, suppress_health_check=list(hypothesis.HealthCheck))
@hypothesis.given(strategies.programs())
def test_hypothesis_drives_the_generator(program):
	host = next(t for t in targets.load_targets().values() if t.host and not t.variant)
	if not (targets.ROOT / host.trivet).exists():
		pytest.skip(f"{host.trivet} is not built")
	job = engines.Job(engines.Setup("host", host), [("p", generate.show(program))])
	engines.finish([job])
	assert engines.judge([(job.setup, job.answers["p"])]) is None
