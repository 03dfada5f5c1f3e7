#!/usr/bin/env python3
"""Random programs on every target and engine, which must agree: `make fuzz TIME=60 SEED=1 SHARD=1/4`.

Program k of a seed is the same everywhere and at any time; a shard i/n does those with k % n == i - 1.
Each batch of programs leaves out passes of the optimised mode, CPU features and registers as the seed says,
another choice for every target; the reference runs with everything.

A program that makes trivet crash, hang, refuse it or differ is shrunk, written to tests/cases/regress/
(ready to commit) and printed with a command that reproduces it.

Exit status: 0 nothing found, 1 something found, 2 usage, 77 no target can run here.
"""

import argparse
import dataclasses
import os
import random
import re
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import engines  # noqa: E402
import generate  # noqa: E402
import oracle  # noqa: E402
import shrink  # noqa: E402
from rig import process, targets  # noqa: E402

BATCH = 150
REGRESS = targets.ROOT / "tests" / "cases" / "regress"


def arguments(argv):
	parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
	parser.add_argument("--time", type=float, default=60, metavar="SECONDS")
	parser.add_argument("--programs", type=int, default=0, metavar="N", help="end after so many programs")
	parser.add_argument("--seed", default="", help="default: another one each time; it is printed")
	parser.add_argument("--shard", default="1/1", metavar="I/N")
	parser.add_argument("--targets", default="all", metavar="LIST")
	parser.add_argument("--shrink", type=float, default=120, metavar="SECONDS", help="at most, for each finding")
	parser.add_argument("--oracle", type=int, default=25, metavar="PERCENT",
			    help="of the programs that are also compiled as C (default 25)")
	parser.add_argument("--only", type=int, metavar="K", help="just program K: print it, run it, shrink it")
	parser.add_argument("--list", action="store_true", help="print the numbers of the programs, and no more (with --programs)")
	parser.add_argument("--findings", type=int, default=1, metavar="N", help="go on until so many were found")
	parser.add_argument("--out", type=Path, default=REGRESS, metavar="FOLDER", help="where shrunk programs go")
	parser.add_argument("--no-build", action="store_true", help="use what is in build/ already")
	parser.add_argument("--wrapper", default="", help=argparse.SUPPRESS)  # a stand-in, for test_fuzz.py
	options = parser.parse_args(argv)
	try:
		i, n = map(int, options.shard.split("/"))
	except ValueError:
		parser.error(f"--shard={options.shard}: it is written I/N, as in 1/4")
	if not 1 <= i <= n:
		parser.error(f"--shard={options.shard}: I goes from 1 to N")
	options.shard = i - 1, n
	options.seed = options.seed or str(random.SystemRandom().randrange(1 << 31))
	return options


def setups(options):
	"""The ways to run programs here, the reference first; and why others are left out."""
	found, skipped = [], []
	everything = targets.load_targets()
	for target in targets.choose_targets(everything, options.targets):
		reason = prepare(target, options.no_build)
		if reason:
			skipped.append(reason)
			continue
		found.append(engines.Setup(target.name, target))
		if target.machine == 62 and target.host:
			found.append(engines.Setup(target.name + " floor", target, "baseline,optimized", ("--features=none",)))
		if target.host:
			found.append(engines.Setup(target.name + " verify", target, "baseline,optimized",
						   ("--verify", "--timeout=60000")))
	if options.wrapper:
		last = found[0]
		found.append(engines.Setup(last.name + " stand-in", last.target, wrapper=tuple(options.wrapper.split())))
	return found, skipped


def prepare(target, no_build):
	"""Why this target cannot run; '' when it can."""
	missing = target.missing()
	if missing:
		return missing
	if target.buildable and not no_build:
		status, said = targets.make(target, "all")
		if status:
			raise targets.RigError(f"make TARGET={target.base} failed:\n{said[-3000:]}")
	wrong = targets.wrong_machine(target, targets.ROOT / target.trivet)
	if wrong:
		raise targets.RigError(wrong)
	if target.runner == "wine":
		process.run(target, ["scripts/wine", "--warm"], total=200)
	return ""


def choices(target):
	"""What may be left out in testing: (passes of the optimised mode, features of this machine's processor)."""
	def said(*args):
		return process.run(target, target.command(target.trivet, *args), total=60).out.decode().replace("\r", "")

	passes = said("emit", "--help").partition("in their order:")[2].partition("\n\n")[0]
	return re.findall(r"^  (\w+)", passes, re.M), re.findall(r"^(\S+)", said("features"), re.M)


def dressed(way, left_out, rng):
	"""This way to run programs with some passes, features and registers left out."""
	passes, features = left_out
	args, without = [], []
	kind = rng.randrange(4)
	if kind == 1:
		without = [p for p in passes if rng.random() < 0.15]
	elif kind == 2:
		without = [p for p in passes if rng.random() < 0.5]
	elif kind == 3:
		without = [p for p in passes if rng.random() < 0.9]
	if rng.randrange(3) == 0:
		without.append(rng.choice(("registers", f"registers{rng.randrange(1, 1000)}")))
	if without:
		args.append("--without=" + ",".join(without))
	if rng.randrange(2) and not any(a.startswith("--features") for a in way.args):
		args.append("--features=" + (",".join(f for f in features if rng.random() < 0.6) or "none"))
	return dataclasses.replace(way, args=way.args + tuple(args))


class Campaign:
	def __init__(self, options, ways, left_out=None):
		"""left_out: {target's name: choices(target)}; without, programs run in the ways given only."""
		self.options, self.ways, self.left_out = options, ways, left_out
		self.seen, self.total = set(), len(generate.universe())
		self.programs = self.results = self.in_c = 0
		self.c = oracle.setups(ways[0].target) if options.oracle > 0 and ways[0].target.host else []
		self.findings, self.alike = [], {}
		self.start = self.told = time.monotonic()
		self.next = options.shard[0]

	def make(self, k, seen=None):
		return generate.generate(generate.from_random(random.Random(f"{self.options.seed}/{k}")), seen)

	def batch(self):
		"""[(name, text)] of the next programs, and [(name, C text)] of some of them."""
		made, in_c = [], []
		left = self.options.programs - self.programs if self.options.programs else BATCH
		count = min(BATCH, left)
		for k in range(count):
			program, name = self.make(self.next, self.seen), f"p{self.next}"
			made.append((name, generate.show(program)))
			if self.c and k < max(count * self.options.oracle / 100, 1):
				in_c.append((name, oracle.write(name, program)))
			self.next += self.options.shard[1]
		return made, in_c

	def dress(self):
		"""The ways for the batch that comes next."""
		if not self.left_out:
			return self.ways
		block = self.next // (BATCH * self.options.shard[1])
		return self.ways[:1] + [
			dressed(way, self.left_out[way.target.name], random.Random(f"{self.options.seed}/{block}/{way.name}"))
			for way in self.ways[1:]]

	def over(self):
		return (time.monotonic() - self.start > self.options.time
			or self.options.programs and self.programs >= self.options.programs
			or len(self.findings) >= self.options.findings)

	def run(self):
		ways, batch = self.dress(), self.batch()
		while batch[0]:
			jobs = [engines.Job(way, batch[0]) for way in ways]
			if batch[1]:
				jobs.append(oracle.Job(self.c[0], batch[1]))
				self.c.append(self.c.pop(0))
			ways = self.dress()
			try:
				following = self.batch_while(jobs)
			finally:
				for job in jobs:
					job.stop()
			self.programs += len(batch[0])
			self.in_c += len(batch[1])
			self.judge(batch[0], jobs)
			self.progress()
			batch = ([], []) if self.over() else following
		self.progress(last=True)

	def batch_while(self, jobs):
		"""The next batch is made while this one runs."""
		programs, self.programs = self.programs, self.programs + len(jobs[0].answers)
		following = self.batch()
		self.programs = programs
		engines.finish(jobs)
		return following

	def judge(self, batch, jobs):
		for name, text in batch:
			answers = [(job.setup, job.answers[name]) for job in jobs if name in job.answers]
			self.results += sum(len(a.results) for _, a in answers)
			finding = engines.judge(answers)
			if not finding:
				continue
			self.alike[finding.like] = self.alike.get(finding.like, 0) + 1
			if self.alike[finding.like] == 1 and len(self.findings) < self.options.findings:
				self.found(int(name[1:]), finding)

	def progress(self, last=False):
		now = time.monotonic()
		tty = sys.stdout.isatty()
		if not last and now - self.told < (0.5 if tty else 10):
			return
		self.told = now
		seconds = max(now - self.start, 0.001)
		line = (f"fuzz: {self.programs} programs ({self.in_c} as C), {self.results} results on {len(self.ways)} setups, "
			f"{self.programs / seconds:.0f} programs/s, operators x types {len(self.seen)}/{self.total}, "
			f"{seconds:.0f} s, {sum(self.alike.values())} failing")
		print(("\r" if tty else "") + line, end="" if tty and not last else "\n", flush=True)
		never = sorted(" ".join(pair) for pair in generate.universe() - self.seen)
		if last and never:
			print(f"fuzz: never made: {len(never)} operators x types: {', '.join(never)}")

	# -- What was found --

	def found(self, k, finding):
		print(f"\nfuzz: program {k} of seed {self.options.seed}: {finding.kind} {finding.detail[:600]}", flush=True)
		program = self.make(k)
		ways = [self.ways[0]] + ([finding.setup] if finding.setup is not self.ways[0] else [])
		failing = Failing(ways, finding.like)
		if failing([failing.source(program, generate.show(program))]) == [True]:
			shrink.shrink(program, failing, self.options.shrink, progress=lambda n: print(f"\r  shrinking: {n} bytes   ", end="", flush=True))
			print()
		else:
			print("fuzz: it does not fail alone; the program as it is:")
		path = self.write(program, k, finding, ways)
		self.findings.append((k, finding, path))

	def write(self, program, k, finding, ways):
		text = generate.show(program)
		failing = Failing(ways, None)
		now = failing.findings([failing.source(program, text)])[0] or finding
		self.options.out.mkdir(parents=True, exist_ok=True)
		path = self.options.out / f"fuzz_{self.options.seed}_{k}.tv"
		detail = now.detail.replace("\n", " ")[:300]
		path.write_text(f"// {now.kind}: {detail}\n// Found by `make fuzz SEED={self.options.seed}`, program {k}.\n\n{text}")
		print(text)
		print(f"fuzz: {now.kind} {now.detail}\nfuzz: wrote {process.shown(path)}; reproduce:")
		shown = process.shown(path)
		for way in ways:
			if way.engines == "C":
				continue
			line = [*way.wrapper, *way.target.command(way.target.trivet, "check", "--bits",
								  f"--engine={way.engines}", *way.args, shown)]
			print("  " + process.quote(line))
		return path


class Failing:
	"""Tells which programs fail as the first did."""

	def __init__(self, ways, like):
		self.like = like
		self.batch = 6 if like and like[0] in ("crash", "hang") else 48  # these cost a process each
		self.ways = [way for way in ways if way.engines != "C"]
		self.c = next((way for way in ways if way.engines == "C"), None)

	def source(self, program, text):
		"""What is to be given for a program: its text, and C if that has a part in the failure."""
		if not self.c:
			return text, None
		try:
			return text, oracle.write("NAME", program)
		except (KeyError, StopIteration):  # it uses what is not declared: trivet refuses it, too
			return text, None

	def findings(self, sources):
		batch = [(f"p{k}", text) for k, (text, _) in enumerate(sources)]
		jobs = [engines.Job(way, batch, silent=2.0, crashes=len(batch)) for way in self.ways]
		engines.finish(jobs)
		if self.c:
			fine = [k for k, (name, _) in enumerate(batch) if not engines.judge([(j.setup, j.answers[name]) for j in jobs])]
			in_c = [(f"p{k}", sources[k][1].replace("NAME", f"p{k}")) for k in fine if sources[k][1]]
			jobs.append(oracle.Job(self.c, in_c))
			engines.finish(jobs)
		return [engines.judge([(j.setup, j.answers[name]) for j in jobs if name in j.answers]) for name, _ in batch]

	def __call__(self, sources):
		return [f is not None and f.like == self.like for f in self.findings(sources)]


def main(argv=None):
	options = arguments(argv)
	if options.list:
		first, step = options.shard
		print(*(f"program {options.seed}/{first + k * step}" for k in range(options.programs)), sep="\n")
		return 0
	try:
		ways, skipped = setups(options)
	except targets.RigError as e:
		print(f"fuzz: {e}", file=sys.stderr)
		return 2
	for reason in skipped:
		print(f"fuzz: skipped: {reason}")
	if not ways:
		print("fuzz: no target can run here")
		return 77
	print(f"fuzz: seed {options.seed}, shard {options.shard[0] + 1}/{options.shard[1]}, "
	      f"on {', '.join(w.name for w in ways)}", flush=True)
	campaign = Campaign(options, ways, {way.target.name: choices(way.target) for way in ways[1:]})
	if options.only is not None:
		campaign.next, options.programs = options.only, 1
		print(generate.show(campaign.make(options.only)))
	try:
		campaign.run()
	except KeyboardInterrupt:
		campaign.progress(last=True)
		print("fuzz: interrupted")
		return 1 if campaign.findings else 130
	return 1 if campaign.alike else 0


if __name__ == "__main__":
	os.nice(5)
	sys.exit(main())
