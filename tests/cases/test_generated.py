"""The committed cases are what generate.py writes: nobody edited an expectation by hand."""

import importlib.util
from pathlib import Path

HERE = Path(__file__).parent


def test_generated_cases_are_current():
    spec = importlib.util.spec_from_file_location("generate", HERE / "generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    wanted = {f.name + ".tv": f.content() for f in generate.files()}
    there = {p.name: p.read_text() for p in (HERE / "generated").glob("*.tv")}
    assert len(wanted) > 90
    assert sorted(there) == sorted(wanted)
    stale = [name for name in wanted if there[name] != wanted[name]]
    assert not stale, f"run tests/cases/generate.py; differing: {stale}"
