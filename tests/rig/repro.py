"""A case looked at closely: its program, what everybody answered, the machine code, a debugger on it.

    make repro CASE=loops/while.tv             every call of the program
    make repro CASE=loops/while.tv:12          one of them
    make repro CASE='aarch64-linux::loops/while.tv::baseline'     as the tests call it
    make repro CASE=/tmp/x.tv TARGETS=all,aarch64-linux+page64k ENGINES=interp,baseline

Exit status 0: all agree and are as expected; 1: not; 2: there is no such case.
"""

import argparse
import re
import sys
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    __package__ = "rig"

from . import cases, debug, process, stream, targets
from .targets import ROOT, RigError

def find_case(name):
    """(path, line or None, target or None, engine or None)"""
    target = engine = line = None
    if "::" in name:
        parts = name.split("::")
        target, name = parts[0], parts[1]
        engine = parts[2] if len(parts) > 2 else None
    match = re.fullmatch(r"(.*\.tv):(\d+)", name)
    if match:
        name, line = match[1], int(match[2])
    for folder in (Path.cwd(), ROOT, ROOT / "tests" / "cases"):
        if (folder / name).is_file():
            return process.shown((folder / name).resolve()), line, target, engine
    raise RigError(f"there is no case '{name}', neither as a file nor under tests/cases")


def values_shown(table, row):
    values = table.values(row)
    agreed = cases.consensus(values.values())
    width = max(len(" ".join(k)) for k in values)
    for (target, engine), value in values.items():
        number = cases.decimal(value)
        yield (f"    {target + ' ' + engine:{width}}  {value}" + (f"  = {number}" if number else "")
               + ("  <-- differs" if value != agreed else ""))


def worst(table, row, keys):
    """The run of a call that is worth looking at: a wrong one before others, machine code before none."""
    answered = [k for k in keys if row in table.answers[k]]
    return min(answered, key=lambda k: (not table.wrong(k, row), k[1] == "interp"), default=None)


def show(table, text, line, keys):
    """Prints; True when all is well."""
    good = True
    for key in keys:
        if table.runs[key].error:
            good = False
            print(f"{' '.join(key)}:")
            print("\n".join(table.broken(key)))
    rows = [row for row in table.rows() if line in (None, row[0])]
    if line is not None and not rows:
        print(f"{table.path}:{line}: no call there was answered")
        good = False
    bad = [row for row in rows if any(row in table.answers[k] and table.wrong(k, row) for k in keys)]
    for row in bad[:cases.SHOWN] or rows[:1] if line is None else rows:
        key = worst(table, row, keys)
        if key is None:
            continue
        result, target = table.answers[key][row], table.targets[key[0]]
        print(f"{table.path}:{row[0]}: {table.directives.get(row[0], row[1])}")
        print("\n".join(values_shown(table, row)))
        if result.verdict not in ("ok", "-"):
            print(f"    {result.verdict}")
        command = stream.run_command(target, key[1], table.path, row[1])
        print(f"  reproduce: {process.quote(command)}")
        print("\n".join(debug.details(target, key[1], table.path, text, row[1], result.value)))
    print(f"{table.path}: {len(rows)} calls on {len(keys)} targets × engines, "
          + (f"{len(bad)} WRONG" if bad else "all as they should be" if good else "not all answered"))
    return good and not bad


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case")
    parser.add_argument("--targets", default="")
    parser.add_argument("--engines", default="")
    options = parser.parse_args(argv)
    try:
        path, line, target, engine = find_case(options.case)
        every = targets.load_targets()
        chosen = targets.choose_targets(every, options.targets or "all")
        if target and target not in [t.name for t in chosen]:
            chosen += targets.choose_targets(every, target)
        engines = [e for e in (options.engines or ",".join(stream.ENGINES)).split(",") if e]
        for name in engines + ([engine] if engine else []):
            if name not in stream.ENGINES:
                raise RigError(f"no engine '{name}'; there are: {' '.join(stream.ENGINES)}")
    except RigError as e:
        print(f"repro: {e}", file=sys.stderr)
        return 2
    text, runs = (ROOT / path).read_bytes(), {}
    for t in chosen:
        reason = t.missing()
        if not reason:
            status, said = targets.make(t, "all") if t.buildable else (0, "")
            reason = f"the build failed\n{said}" if status else targets.wrong_machine(t, ROOT / t.trivet)
        if not reason and t.runner == "wine":
            process.run(t, ["scripts/wine", "--warm"], total=200)
        if reason:
            print(f"not looked at: {t.name}: {reason}")
        for e in engines if not reason else ():
            batch = stream.run_batch(t, e, [("case", text)])
            if batch.skip:
                print(f"not looked at: {t.name} {e}: {batch.skip}")
            else:
                runs[t.name, e] = batch.runs["case"]
    if not runs:
        print("repro: nothing could be run", file=sys.stderr)
        return 1
    table = cases.Table(path, text, runs, every)
    keys = [k for k in runs if target in (None, k[0]) and engine in (None, k[1])] or list(runs)
    return 0 if show(table, text, line, keys) else 1


if __name__ == "__main__":
    sys.exit(main())
