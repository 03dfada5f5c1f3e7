"""The workflow files are read, and each of their commands that can run here does, in a cheap form."""

import itertools
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from rig import process, targets

yaml = pytest.importorskip("yaml", reason="python3-yaml is not installed (Debian: python3-yaml)")
ROOT = targets.ROOT
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))

# (a command, what is run of it here): what must not be run at all has None and a reason.
CHEAP = (
    (r"scripts/setup\.sh", "scripts/setup.sh --list"),
    (r"ci/suite (.*)", r"ci/suite \1 --collect-only -q -p no:cacheprovider -n0"),
    (r"make agree REQUIRE=all", "make -s agree REQUIRE=all FILES=examples/add.tv"),
    (r"make fuzz TIME=60 SEED=(\d+)", r"make -s fuzz TIME=20 SEED=\1 TARGETS=host FUZZ_FLAGS=--programs=20"),
    (r"make fuzz TIME=3600 (SEED=\d+ SHARD=\d/\d)", r"make -s fuzz TIME=20 \1 TARGETS=host FUZZ_FLAGS=--programs=5"),
    (r"make check-threads", "make -s check-threads"),
    (r"make mutants SHARD=(\S+)", r"/usr/bin/python3 tests/mutants/mutants.py --list --shard=\1"),
    (r"python -m pytest (.*)", r"/usr/bin/python3 -m pytest \1 --collect-only -p no:cacheprovider"),
    (r"docker build (.*)", None), (r"docker run (.*)", None),
    (r"rm -f /etc/apt/\S+", None), (r"mkdir -p \.apt/partial", None), (r"echo .* >/etc/apt/\S+", None),
    (r"python -m pip install .*", None),
)


GITLAB = {"CI_PIPELINE_IID": 1}


def combinations(matrix):
    keys = [k for k in matrix if isinstance(matrix[k], list)]
    return [dict(zip(keys, values)) for values in itertools.product(*(matrix[k] for k in keys))] or [{}]


def github_commands():
    for path in WORKFLOWS:
        for name, job in yaml.safe_load(path.read_text())["jobs"].items():
            for values in combinations(job.get("strategy", {}).get("matrix", {})):
                for step in job["steps"]:
                    text = step.get("run", "").replace("${{ github.run_number }}", "1")
                    for key, value in values.items():
                        text = text.replace("${{ matrix.%s }}" % key, str(value))
                    for line in filter(None, re.split(r"\n| && ", text)):
                        yield f"{path.stem}/{name}", line.strip()


def gitlab_commands():
    for name, job in yaml.safe_load((ROOT / "ci" / "gitlab-ci.yml").read_text()).items():
        if not isinstance(job, dict) or "script" not in job:
            continue
        parallel = job.get("parallel", 1)
        if isinstance(parallel, int):
            rows = [dict(GITLAB, CI_NODE_INDEX=k + 1, CI_NODE_TOTAL=parallel) for k in range(parallel)]
        else:
            rows = combinations(parallel["matrix"][0])
        for values in rows:
            for text in job.get("before_script", []) + job["script"]:
                for key, value in values.items():
                    text = text.replace(f'"${key}"', str(value)).replace(f"${key}", str(value))
                for line in text.split(" && "):
                    yield f"gitlab/{name}", line.strip()


COMMANDS = sorted({command for _, command in [*github_commands(), *gitlab_commands()]})


def test_there_are_jobs():
    jobs = {job for job, _ in [*github_commands(), *gitlab_commands()]}
    assert {"ci/suite", "ci/arm", "ci/windows", "ci/container", "ci/fuzz", "ci/threads", "nightly/fuzz", "nightly/suite",
            "nightly/mutants", "gitlab/suite", "gitlab/fuzz", "gitlab/campaign"} <= jobs


@pytest.mark.parametrize("command", COMMANDS)
def test_command(command):
    for pattern, cheap in CHEAP:
        match = re.fullmatch(pattern, command)
        if match:
            break
    else:
        pytest.fail(f"{command}: a command this test does not know; say in CHEAP how it is run here")
    if cheap is None:
        pytest.skip(f"not for this target: `{command.split()[0]}` of the workflows changes the system or needs docker")
    line = match.expand(cheap)
    if line.startswith("ci/suite aarch64-linux+asan") and "aarch64-linux+asan" not in targets.load_targets():
        pytest.skip("not for this target: the sanitizers are for AArch64 machines' own programs there")
    if line.endswith("check-threads") and subprocess.run(["setarch", "-R", "true"], capture_output=True).returncode:
        pytest.skip("not for this target: setarch may not fix the address layout here, which ThreadSanitizer wants")
    env = {k: v for k, v in targets.make_environment().items()
           if not k.startswith(("PYTEST_", "CROSSRIG_", "REQUIRE", "FILES", "VARIANTS", "GITHUB_"))}
    done = subprocess.run(line, shell=True, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{line}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"


def test_actions_are_pinned_to_commits():
    for path in WORKFLOWS:
        for line in path.read_text().splitlines():
            if "uses:" in line:
                assert re.search(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), f"{path.name}: {line}"


def test_workflows_may_read_only_and_end():
    for path in WORKFLOWS:
        told = yaml.safe_load(path.read_text())
        assert told["permissions"] == {"contents": "read"}
        assert all(job.get("timeout-minutes") for job in told["jobs"].values()), path.name


def test_scripts_are_programs():
    for name in ("ci/suite", "ci/container", "scripts/setup.sh", "scripts/agree.py", "scripts/wine", ".ci/run",
                 "tests/rig/crossrig/wine", "tests/rig/crossrig/ssh"):
        assert os.access(ROOT / name, os.X_OK), name


@pytest.mark.parametrize("name", ["ci/suite", "ci/container", "scripts/setup.sh", "scripts/wine",
                                  "tests/rig/crossrig/wine", "tests/rig/crossrig/ssh"])
def test_shell_scripts_are_posix(name):
    shell = shutil.which("dash") or "/bin/sh"
    done = subprocess.run([shell, "-n", ROOT / name], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert Path(ROOT / name).read_text().startswith("#!/bin/sh\n"), process.shown(ROOT / name)
