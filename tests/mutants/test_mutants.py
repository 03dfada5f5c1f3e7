"""The table of mutants fits the sources; the runner notices what is stale, what survives, what does not build."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import mutants  # noqa: E402

ROW = {"id": "x", "kind": "k", "file": "a.c", "old": "one", "new": "two", "by": ["unit/ra@x86_64-linux"]}


def test_every_mutant_applies_to_the_sources():
    rows = mutants.load()
    assert len(rows) >= 60
    for row in rows:
        mutants.edited(row)
        for suite in row["by"]:
            what, _, target = suite.partition("@")
            if what.startswith("unit/"):
                assert (mutants.ROOT / "tests" / f"{what}.c").exists(), suite
            elif what.startswith("pytest/"):
                assert (mutants.ROOT / what[7:].partition(":")[0]).exists(), suite
            else:
                assert (mutants.ROOT / "tests" / what).is_dir(), suite
            if not what.startswith("pytest/"):
                assert (mutants.ROOT / "toolchains" / f"{target.partition('+')[0]}.mk").exists(), suite


def test_mutants_reach_every_part():
    files = {row["file"] for row in mutants.load()}
    for part in ("src/lang/", "src/base/", "src/interp/", "src/ir/", "src/opt/", "src/opt/scev", "src/gen/x86_64/",
                 "src/gen/aarch64/", "src/gen/ra", "src/asm/", "src/code/", "src/os/", "src/api/", "tests/rig/"):
        assert any(f.startswith(part) for f in files), part


@pytest.mark.parametrize("text, times", [("zero", 0), ("one, one", 2)])
def test_a_stale_mutant_is_an_error(tmp_path, text, times):
    (tmp_path / "a.c").write_text(text)
    with pytest.raises(mutants.MutantError, match=f"x: stale: its text stands {times} times"):
        mutants.edited(ROW, tmp_path)
    (tmp_path / "a.c").write_text("only one")
    assert mutants.edited(ROW, tmp_path) == "only two"
    with pytest.raises(mutants.MutantError, match="No such file"):
        mutants.edited({**ROW, "file": "b.c"}, tmp_path)


@pytest.mark.parametrize("table, said", [
    ("[[mutant]]\nid = 'a'\n", "needs id, kind"),
    ("".join(f"[[mutant]]\nid='a'\nkind='k'\nfile='f'\nold='o'\nnew='{n}'\nby=['s']\n" for n in "pq"), "two mutants 'a'"),
    ("[[mutant]]\nid='a'\nkind='k'\nfile='f'\nold='o'\nnew='o'\nby=['s']\n", "changes nothing"),
])
def test_a_wrong_table_is_an_error(tmp_path, table, said):
    path = tmp_path / "m.toml"
    path.write_text(table)
    with pytest.raises(mutants.MutantError, match=said):
        mutants.load(path)


def test_shards_are_a_partition():
    rows = mutants.load()
    parts = [mutants.choose(rows, "", f"{i}/3") for i in (1, 2, 3)]
    assert sorted(r["id"] for p in parts for r in p) == sorted(r["id"] for r in rows)
    assert [r["id"] for r in mutants.choose(rows, "rex-r-for-b", "")] == ["rex-r-for-b"]
    for only, shard in (("nonsense", ""), ("", "4/3"), ("", "0/3"), ("", "x")):
        with pytest.raises(mutants.MutantError):
            mutants.choose(rows, only, shard)


def answer(caught="", error=""):
    return {"caught": caught, "detail": "", "error": error, "seconds": 1.0}


@pytest.mark.parametrize("results, clean, good, said", [
    ([answer("unit/a")], {"unit/a": ""}, True, "1 of 1 caught, 100 %"),
    ([answer("unit/a"), answer()], {}, False, "survived: m1"),
    ([answer("unit/a")], {"unit/a": "failed"}, False, "not decided: m0"),
    ([answer(error="does not build")], {}, False, "not decided: m0"),
    ([], {}, False, "not run: 1"),
])
def test_only_all_caught_is_success(capsys, results, clean, good, said):
    listed = [({"id": f"m{i}"}, a) for i, a in enumerate(results)]
    assert mutants.summary(listed, len(listed) or 1, clean, 60) is good
    assert said in capsys.readouterr().out


def test_the_copy_follows_the_project(tmp_path):
    project, copy = tmp_path / "p", tmp_path / "c"
    (project / "src").mkdir(parents=True)
    for name in mutants.COPIED[1:]:
        (project / name).write_text(name) if name in ("Makefile", "pytest.ini") else (project / name).mkdir()
    (project / "src" / "a.c").write_text("1")
    (project / "src" / "b.c").write_text("2")
    mutants.synchronise(copy, project)
    before = (copy / "src" / "a.c").stat().st_mtime_ns
    (project / "src" / "b.c").unlink()
    (project / "src" / "c.c").write_text("3")
    mutants.synchronise(copy, project)
    assert sorted(p.name for p in (copy / "src").iterdir()) == ["a.c", "c.c"]
    assert (copy / "src" / "a.c").stat().st_mtime_ns == before


def test_the_command_refuses_what_there_is_not():
    for argument, said in (("--only=nonsense", "there is no mutant 'nonsense'"), ("--shard=9/3", "SHARD=9/3")):
        done = subprocess.run([sys.executable, mutants.__file__, argument], capture_output=True, text=True)
        assert done.returncode == 2 and said in done.stderr
