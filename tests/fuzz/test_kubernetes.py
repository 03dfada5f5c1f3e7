"""The jobs of ci/kubernetes/job.yaml: their parts, run here for three pods, are the whole."""

import os
import subprocess

import pytest

from rig import targets

yaml = pytest.importorskip("yaml", reason="python3-yaml is not installed (Debian: python3-yaml)")
ROOT = targets.ROOT


def jobs():
	documents = yaml.safe_load_all((ROOT / "ci" / "kubernetes" / "job.yaml").read_text())
	return {d["metadata"]["name"]: d for d in documents}


def container(job):
	one, = job["spec"]["template"]["spec"]["containers"]
	return one


def lines(command, index, shards, wanted):
	"""What a pod's command says, those lines that `wanted` is true of."""
	environment = {**os.environ, "JOB_COMPLETION_INDEX": str(index), "SHARDS": str(shards), "SEED": "5"}
	done = subprocess.run(["sh", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True)
	assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-1000:]
	return [line for line in done.stdout.splitlines() if wanted(line)]


def parts(command, wanted):
	three = [lines(command, i, 3, wanted) for i in range(3)]
	together = [line for part in three for line in part]
	assert all(three) and len(set(together)) == len(together)
	return three, set(together)


def test_every_pod_has_a_part():
	for name, job in jobs().items():
		spec = job["spec"]
		shards = {e["name"]: e["value"] for e in container(job)["env"]}["SHARDS"]
		assert job["kind"] == "Job" and spec["completionMode"] == "Indexed"
		assert spec["completions"] == spec["parallelism"] == int(shards), name
		assert spec["template"]["spec"]["restartPolicy"] == "Never"
		assert container(job)["command"] == ["sh", "-c"]


def test_a_campaign_in_three_parts():
	command, = container(jobs()["trivet-fuzz"])["args"]
	assert command.startswith("make fuzz TIME=")
	three, together = parts(command + " FUZZ_FLAGS='--list --programs=40'", lambda line: line.startswith("program "))
	assert [len(part) for part in three] == [40, 40, 40]
	whole = lines(command + " FUZZ_FLAGS='--list --programs=120'", 0, 1, lambda line: line.startswith("program "))
	assert together == set(whole) and len(whole) == 120


def test_all_tests_in_three_parts():
	command, = container(jobs()["trivet-check"])["args"]
	assert command.startswith("ci/suite all ")
	listing = " --collect-only -n0 -p no:cacheprovider"
	def wanted(line):
		return "::" in line and "::canary/" not in line  # canaries prove every run awake

	_, together = parts(command + listing, wanted)
	whole = lines(command + listing, 0, 1, wanted)
	assert together == set(whole) and len(whole) > 1000
