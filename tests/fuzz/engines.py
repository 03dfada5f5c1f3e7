"""Runs many programs on several builds of trivet at once, and says where their answers part.

A Setup is one way to run: a target and trivet's arguments.  A Job is a batch of programs on one setup,
in one process (`trivet check --stream`); when that crashes or hangs, the program at fault is marked and
a new process goes on behind it.  Nothing here blocks, so that the next batch can be made meanwhile, and
Ctrl-C ends every child.
"""

import dataclasses
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from rig import process
from rig.targets import ROOT

MAX_CRASHES = 40  # in one batch, before the rest of it is given up


@dataclasses.dataclass(frozen=True)
class Setup:
	name: str
	target: object
	engines: str = "all"
	args: tuple = ()
	wrapper: tuple = ()  # stands before the command: a stand-in, for the fuzzer's own tests

	def command(self, *args):
		return [*self.wrapper, *self.target.command(self.target.trivet, "check", *args, "--stand-ins",
							    f"--engine={self.engines}", *self.args)]


@dataclasses.dataclass
class Answer:
	"""What one setup said of one program."""

	results: dict = dataclasses.field(default_factory=dict)  # (line, engine) -> (call, value)
	failure: str = ""  # "crash …", "hang …", "error …", "protocol …"


class Job:
	def __init__(self, setup, programs, silent=20.0, crashes=MAX_CRASHES):
		"""programs: [(name, text)].  `silent`: seconds without output until a program counts as hung."""
		self.setup, self.rest, self.silent = setup, list(programs), silent * setup.target.slow
		self.answers = {name: Answer() for name, _ in programs}
		self.processes, self.crashes = 0, crashes
		self.child = self.folder = None
		self.start()

	def start(self):
		self.processes += 1
		self.folder = Path(tempfile.mkdtemp(prefix="fuzz-", dir=process.scratch_directory()))
		(self.folder / "in").write_text("".join(f"//! program {n}\n{t}\n" for n, t in self.rest))
		with open(self.folder / "in", "rb") as i, open(self.folder / "out", "wb") as o, \
				open(self.folder / "err", "wb") as e:
			self.child = subprocess.Popen(
				self.setup.command("--stream"), stdin=i, stdout=o, stderr=e, cwd=ROOT,
				env=process.environment(self.setup.target), start_new_session=True,
				preexec_fn=process.limits)
		self.size, self.grown = 0, time.monotonic()

	def poll(self):
		"""True when every program has its answer."""
		if self.child is None:
			return True
		hung = False
		if self.child.poll() is None:
			size, now = (self.folder / "out").stat().st_size, time.monotonic()
			if size != self.size:
				self.size, self.grown = size, now
			hung = now - self.grown > self.silent
			if not hung:
				return False
		process.kill_group(self.child)
		self.read(hung)
		self.clean()
		if self.rest:
			self.start()
		return self.child is None

	def clean(self):
		if self.folder:
			shutil.rmtree(self.folder, ignore_errors=True)
		self.child = self.folder = None

	def stop(self):
		if self.child:
			process.kill_group(self.child)
		self.clean()

	def read(self, hung):
		"""Takes what the process wrote; leaves in self.rest what it did not come to."""
		lines = (self.folder / "out").read_text("utf-8", "backslashreplace").split("\n")
		greeted = lines[0].startswith("trivet-stream 1 " + self.setup.target.base)
		done, said_bye = 0, False
		for line in lines[1:] if greeted else ():
			fields = line.rstrip("\r").split("\t")
			if fields[0].startswith("bye "):
				said_bye = True
			elif len(fields) == 4 and fields[1] == "done" and done < len(self.rest) \
					and fields[0] == self.rest[done][0]:
				done += 1
			elif line:
				self.take(fields, line, self.rest[min(done, len(self.rest) - 1)][0])
		if done < len(self.rest) or not said_bye:
			self.failed(min(done, len(self.rest) - 1), hung, greeted)
			done += 1
		self.rest = self.rest[done:] if greeted and self.processes <= self.crashes else self.give_up(done)

	def take(self, fields, line, current):
		answer = self.answers[current]
		name, _, number = fields[0].rpartition(":")
		if name == current and len(fields) == 5 and number.isdigit():
			answer.results[int(number), fields[1]] = fields[2], fields[3]
		elif fields[0] == current and len(fields) >= 3 and fields[1] == "error":
			answer.failure = answer.failure or "error " + " ".join(fields[2:])
		else:
			answer.failure = answer.failure or f"protocol {line[:200]!r}"

	def failed(self, at, hung, greeted):
		err = (self.folder / "err").read_text("utf-8", "backslashreplace").strip()[-2000:]
		how = process.Ended(self.child.returncode, False, 0, b"", b"", self.setup.target).how
		what = "hang" if hung else f"crash {how or 'ended too early'}" if greeted else f"protocol no greeting, {how}"
		self.answers[self.rest[at][0]].failure = what + (": " + err if err else "")

	def give_up(self, done):
		for name, _ in self.rest[done:]:
			self.answers[name].failure = "protocol not run: too many crashes before it"
		return []


def finish(jobs):
	"""Waits for all; on Ctrl-C no child stays."""
	try:
		nap = 0.001
		while not all([job.poll() for job in jobs]):
			time.sleep(nap)
			nap = min(nap * 1.5, 0.02)
	except BaseException:
		for job in jobs:
			job.stop()
		raise


# ---- Judgement ----

@dataclasses.dataclass
class Finding:
	kind: str  # "crash", "hang", "error", "protocol", "differs"
	setup: object  # the first that is at fault
	detail: str
	lines: tuple = ()  # of the directives that differ

	@property
	def like(self):
		"""Two findings alike here are taken for the same bug while shrinking."""
		if self.kind == "error":
			return self.kind, "".join(c for c in self.detail.split("error: ")[-1][:25] if not c.isdigit())
		return self.kind, self.setup.name


def judge(answers):
	"""answers: [(setup, Answer)] of one program, the reference first.  A Finding, or None."""
	for setup, answer in answers:
		if answer.failure:
			kind, _, detail = answer.failure.partition(" ")
			return Finding(kind.rstrip(":"), setup, detail)
	reference = {line: value[1] for (line, engine), value in answers[0][1].results.items() if engine == "interp"}
	for setup, answer in answers:
		wrong = [(line, engine) for (line, engine), value in answer.results.items()
			 if reference.get(line) != value[1] and not interrupted(value[1])
			 and not (engine == "C" and "trap:stack-overflow" in reference.get(line, ""))]
		if wrong:
			line, engine = wrong[0]
			call, value = answer.results[line, engine]
			wanted = reference.get(line, "nothing")
			engines = ",".join(dict.fromkeys(e for _, e in wrong))
			return Finding("differs", setup, f"{engines} on {setup.name}: {call} gave {value}, not {wanted}",
				       tuple(dict.fromkeys(n for n, _ in wrong)))
		engines = len({engine for _, engine in answer.results})
		if len(answer.results) != len(reference) * engines:
			return Finding("protocol", setup, f"{len(answer.results)} results for {len(reference)} directives")
	return None


def interrupted(value):
	return "trap:interrupted" in value
