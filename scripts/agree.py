#!/usr/bin/env python3
"""Runs the directives of .tv files on every target and engine, and prints one table.

    scripts/agree.py [FILE or FOLDER …]     default: examples/

A row is a call.  Where all agree its value is there once; where they do not, who says what is listed, with
a line that reproduces it.  Builds what is missing first.

Exit status: 0 all agree and are as expected, 1 not so, 2 usage, 77 no target can run here.
`make agree FILES="…" BITS=1 TARGETS=… REQUIRE=…` says the same through the environment.
"""

import argparse
import os
import shlex
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from rig import cases, process, stream, targets  # noqa: E402

SHORT = {"interp": "interp", "baseline": "base", "optimized": "opt"}
SAME, OTHER, NONE, SKIPPED = "=", "DIFFERS", "NONE", "-"


def arguments():
    parser = argparse.ArgumentParser(
        description="Run the directives (//! f(1) == 2) of .tv files on every target and engine, and compare.")
    parser.add_argument("files", nargs="*", metavar="FILE", help="programs or folders of them (default: examples)")
    parser.add_argument("--bits", action="store_true", default=bool(os.environ.get("BITS")),
                        help="print raw bits instead of numbers")
    parser.add_argument("--targets", default=os.environ.get("TARGETS") or "all", metavar="LIST")
    parser.add_argument("--engines", default=",".join(stream.ENGINES), metavar="LIST")
    parser.add_argument("--require", default=os.environ.get("REQUIRE") or "", metavar="LIST",
                        help="targets (or: all) of which none may be skipped")
    parser.add_argument("--no-build", action="store_true", help="use what is in build/ already")
    options = parser.parse_args()
    for engine in options.engines.split(","):
        if engine not in stream.ENGINES:
            parser.error(f"no engine '{engine}'; there are: {' '.join(stream.ENGINES)}")
    if not options.files:
        options.files = files_variable(os.environ.get("FILES", "")) or [str(targets.ROOT / "examples")]
    return options


def files_variable(text):
    """FILES="a.tv b.tv", FILES="'my file.tv' b.tv", or one name with spaces in it."""
    if text.strip() and os.path.exists(text):  # False, not an error, for a name too long to be one
        return [text]
    try:
        return shlex.split(text)
    except ValueError as e:
        raise targets.RigError(f"FILES={text}: {e}") from None


def programs(names):
    """[(path, text)] of files and folders."""
    found = []
    for name in names:
        path = Path(name)
        inside = sorted(path.rglob("*.tv")) if path.is_dir() else [path]
        if not inside:
            raise targets.RigError(f"{name}: no .tv file in this folder")
        for file in inside:
            try:
                found.append((file.resolve(), file.read_bytes()))
            except OSError as e:
                raise targets.RigError(f"{file}: {e.strerror}") from None
    return list(dict(found).items())


def prepare(target, no_build):
    """Why this target cannot run ('' when it can): only missing tools are a reason, a failed build is fatal."""
    missing = target.missing()
    if missing:
        return missing
    if target.buildable and not no_build:
        status, said = targets.make(target, "all")
        if status:
            raise targets.RigError(f"make TARGET={target.base} failed:\n{said[-4000:]}")
    wrong = targets.wrong_machine(target, targets.ROOT / target.trivet)
    if wrong:
        raise targets.RigError(wrong)
    problem = targets.warm(target)
    if problem:
        raise targets.RigError(problem)
    return ""


class Paper:
    """Prints; in colour on a terminal."""

    def __init__(self):
        self.colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def loud(self, text):
        return f"\033[1;31m{text}\033[0m" if self.colour else text

    def strong(self, text):
        return f"\033[1m{text}\033[0m" if self.colour else text


def readable(value, bits):
    return value.partition(cases.SPANS)[0] if bits else cases.readable(value)


def shortened(text, width):
    return text if len(text) <= width else text[:width - 1] + "…"


class Report:
    def __init__(self, chosen, engines, skipped, options):
        self.targets, self.engines, self.skipped = chosen, engines, skipped
        self.keys = [(t.name, e) for t in chosen for e in engines]
        self.live = [k for k in self.keys if k[0] not in skipped]
        self.bits, self.paper = options.bits, Paper()
        self.calls = self.bad = 0

    def header(self, name_width, value_width):
        widths = {k: max(len(SHORT[k[1]]), 1) for k in self.keys}
        group = {t.name: sum(widths[t.name, e] + 1 for e in self.engines) for t in self.targets}
        self.widths = {}
        for target in self.targets:  # the name of a target has to fit above its engines
            more = max(0, len(target.name) + 1 - group[target.name])
            for i, engine in enumerate(self.engines):
                extra = more // len(self.engines) + (i < more % len(self.engines))
                self.widths[target.name, engine] = widths[target.name, engine] + extra
        self.name_width, self.value_width = name_width, value_width
        first = " " * (name_width + value_width + 3)
        for target in self.targets:
            width = sum(self.widths[target.name, e] + 1 for e in self.engines)
            first += f" {target.name:{width - 1}} "
        second = f"{'call':{name_width}} {'value':{value_width}}  "
        for key in self.keys:
            second += f" {SHORT[key[1]]:{self.widths[key]}}" + (" " if key[1] == self.engines[-1] else "")
        print(self.paper.strong(first.rstrip()))
        print(self.paper.strong(second.rstrip()))

    def row(self, table, row):
        values = table.values(row)
        agreed = cases.consensus(values.values())
        distinct = set(values.values())
        problems = [k for k in self.live if k not in values]
        verdicts = {table.answers[k][row].verdict for k in values} - {"ok", "-"}
        verdicts |= {cases.second_opinion(table.directives.get(row[0], ""), table.answers[k][row])
                     for k in values} - {""}
        fine = len(distinct) == 1 and not problems and not verdicts
        shown = readable(agreed, self.bits) if agreed is not None else "?"
        line = f"  {shortened(row[1], self.name_width - 2):{self.name_width - 2}} " \
            f"{shortened(shown, self.value_width):{self.value_width}}  "
        for key in self.keys:
            mark = SKIPPED if key[0] in self.skipped else NONE if key not in values \
                else SAME if values[key] == agreed else OTHER
            cell = f" {mark:{self.widths[key]}}"
            line += (self.paper.loud(cell) if mark in (OTHER, NONE) else cell) \
                + (" " if key[1] == self.engines[-1] else "")
        print(line.rstrip())
        self.calls += 1
        if fine:
            return
        self.bad += 1
        for verdict in sorted(verdicts):
            print(self.paper.loud(f"    WRONG: {verdict}"))
        if len(distinct) > 1 or problems:
            self.difference(table, row, values, agreed)

    def difference(self, table, row, values, agreed):
        print(self.paper.loud("    DIFFERENCE:"))
        by_name = {t.name: t for t in self.targets}
        for key in self.live:
            value = values.get(key, "no result")
            number = cases.decimal(value)
            print(f"      {key[0]:{max(map(len, by_name))}} {key[1]:9}  {value}" + (f"  = {number}" if number else ""))
            if value != agreed:
                line = stream.run_command(by_name[key[0]], key[1], table.path, row[1])
                print(f"        reproduce: {process.quote(line)}")

    def file(self, table):
        print(self.paper.strong(table.path))
        for row in table.rows():
            self.row(table, row)
        errors = {}
        for key in self.live:
            run = table.runs[key]
            missing = [n for n in table.directives if n not in {line for line, _ in table.answers[key]}]
            said = run.error or (f"no result for line {missing[0]}" if missing else "")
            if said:
                errors.setdefault(said, []).append(key)
        if not table.directives and not errors:
            errors["no directive (//! CALL == VALUE) in this file"] = [("", "")]
        for said, keys in errors.items():
            self.bad += 1
            who = "all" if len(keys) == len(self.live) else ", ".join(" ".join(k) for k in keys)
            print(self.paper.loud(f"    ERROR ({who}): {said}"))


def agree(options):
    files = programs(options.files)
    texts = {process.shown(path): text for path, text in files}
    names = {path: path.replace("\t", " ").replace("\n", " ") for path in texts}
    engines = options.engines.split(",")
    everything = targets.load_targets()
    chosen = targets.choose_targets(everything, options.targets)
    skipped = {}
    for target in chosen:
        reason = prepare(target, options.no_build)
        if reason:
            skipped[target.name] = reason
    jobs = [(t, e) for t in chosen if t.name not in skipped for e in engines]
    stream_in = [(names[path], text) for path, text in texts.items()]
    with ThreadPoolExecutor(max(1, os.cpu_count() or 1)) as pool:
        batches = dict(zip([(t.name, e) for t, e in jobs],
                           pool.map(lambda job: stream.run_batch(*job, stream_in), jobs)))
    for (name, _), batch in batches.items():
        for run in batch.runs.values():
            run.error = run.error or batch.fault
        if batch.skip:
            skipped[name] = f"{name}: {batch.skip}"
    tables = [cases.Table(path, text, {k: b.runs[names[path]] for k, b in batches.items() if not b.skip},
                          everything) for path, text in texts.items()]
    return show(options, chosen, engines, skipped, tables)


def show(options, chosen, engines, skipped, tables):
    report = Report(chosen, engines, skipped, options)
    calls = [row for table in tables for row in table.rows()]
    texts = [readable(v, options.bits) for table in tables for row in table.rows()
             for v in table.values(row).values()]
    report.header(min(48, max([len(c[1]) + 2 for c in calls] + [20])), min(30, max(map(len, texts + ["value"]))))
    for table in tables:
        report.file(table)
    for reason in skipped.values():
        print(f"skipped: {reason}")
    required = options.require.split(",")
    refused = [n for n in skipped if n in required or "all" in required]
    for name in refused:
        print(report.paper.loud(f"FAILED: {name} is required"))
    if not report.live:
        print("no target can run here")
        return 1 if refused else 77
    columns = f"{len(report.live)} combinations of target and engine"
    if report.bad or refused:
        print(report.paper.loud(f"FAILED: {report.bad} problems in {report.calls} calls of {len(tables)} programs, {columns}"))
        return 1
    print(f"All equal: {report.calls} calls of {len(tables)} programs, {columns}")
    return 0


def main():
    try:
        return agree(arguments())
    except targets.RigError as e:
        print(f"agree: {e}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 1


if __name__ == "__main__":
    sys.exit(main())
