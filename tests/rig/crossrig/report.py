"""What a run gave, told three ways: on the terminal, as one HTML page, as Markdown."""

import collections
import dataclasses
import html
import os
import subprocess
import time

from . import process

FAILURES_SHOWN, SLOWEST, TEXT_SHOWN = 200, 15, 6000
SHORT = {"interp": "interp", "baseline": "base", "optimized": "opt"}


@dataclasses.dataclass
class Tally:
    """Counts of one batch: many results came from a few processes."""

    target: str
    engine: str
    tests: int
    results: int
    seconds: float
    note: str = ""
    broken: int = 0

    @property
    def rate(self):
        return self.results / self.seconds if self.seconds else 0


@dataclasses.dataclass
class Entry:
    outcome: str  # passed, failed, error, skipped
    nodeid: str
    text: str
    seconds: float
    target: str  # "" for Python's own tests
    suite: str
    engine: str
    flaky: str


@dataclasses.dataclass
class Found:
    title: str
    entries: list
    reasons: collections.Counter
    tallies: list
    targets: list
    engines: tuple
    seconds: float
    header: list = dataclasses.field(default_factory=list)
    notes: list = dataclasses.field(default_factory=list)

    def count(self, outcome):
        return sum(e.outcome == outcome for e in self.entries)

    @property
    def bad(self):
        return [e for e in self.entries if e.outcome in ("failed", "error")]

    @property
    def verdict(self):
        parts = [f"{self.count(o)} {o}" for o in ("passed", "failed", "error", "skipped") if self.count(o)]
        flaky = sum(bool(e.flaky) for e in self.entries)
        return ", ".join(parts + [f"{flaky} flaky"] * bool(flaky)) or "nothing ran"


def reason_of(report):
    text = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    return text.removeprefix("Skipped: ")


def gather(terminalreporter, rig):
    entries, reasons = [], collections.Counter()
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            if outcome == "passed" and report.when != "call" or not hasattr(report, "user_properties"):
                continue
            told = dict(report.user_properties)
            entries.append(Entry(outcome, report.nodeid, str(report.longrepr or ""), report.duration,
                                 told.get("target", ""), told.get("suite", report.nodeid.split("::")[0]),
                                 told.get("engine", ""), told.get("flaky", "")))
            if outcome == "skipped":
                reasons[reason_of(report)] += 1
    tallies = rig.tallies()
    return Found(rig.title, entries, reasons, tallies, rig.targets, rig.engines, time.monotonic() - rig.start)


class Cells:
    """Counts per (row, column)."""

    def __init__(self, entries, row, column):
        self.counts = collections.defaultdict(collections.Counter)
        for entry in entries:
            self.counts[row(entry), column(entry)][entry.outcome] += 1
        self.rows = sorted({key[0] for key in self.counts})
        self.columns = {key[1] for key in self.counts}

    def at(self, row, column):
        return self.counts.get((row, column), collections.Counter())


def cell(count):
    """(class, text): '12', '2 ✗ of 12', '3 skipped'"""
    bad, ran = count["failed"] + count["error"], sum(count.values()) - count["skipped"]
    if not count:
        return "none", ""
    if bad:
        return "failed", f"{bad} ✗ of {ran}"
    if count["skipped"]:
        return "skipped", f"{ran} + {count['skipped']} skipped" if ran else f"{count['skipped']} skipped"
    return "passed", str(ran)


# ---- terminal --------------------------------------------------------------------------------------


def terminal(reporter, found):
    if found.tallies:
        reporter.section("results per target and engine")
    for t in found.tallies:
        reporter.write_line(
            f"{t.target:26} {t.engine:10} {t.tests:5} programs {t.results:7} results {t.seconds:7.1f} s "
            f"{t.rate:9.0f}/s" + (f", {t.broken} BROKEN" if t.broken else "") + (f", {t.note}" if t.note else ""))
    native = [e for e in found.entries if e.target]
    if not native:
        return
    cells = Cells(native, lambda e: e.target, lambda e: e.engine)
    columns = [e for e in (*found.engines, "") if e in cells.columns]
    reporter.section("matrix")
    reporter.write_line(" " * 26 + "".join(f" {c or 'programs':>16}" for c in columns))
    for target in found.targets:
        if target.name in cells.rows:
            texts = [cell(cells.at(target.name, c)) for c in columns]
            reporter.write_line(f"{target.name:26}" + "".join(f" {text or '-':>16}" for _, text in texts),
                                red=any(kind == "failed" for kind, _ in texts))
    for e in found.entries:
        if e.flaky:
            reporter.write_line(f"FLAKY: {e.nodeid}: {e.flaky}", red=True)


# ---- Markdown --------------------------------------------------------------------------------------


def markdown(found):
    out = [f"## {found.title}: {found.verdict}", ""]
    native = [e for e in found.entries if e.target]
    cells = Cells(native, lambda e: e.target, lambda e: e.engine)
    columns = [e for e in (*found.engines, "") if e in cells.columns]
    if columns:
        out += ["| target | " + " | ".join(c or "programs" for c in columns) + " |",
                "|---|" + "---:|" * len(columns)]
        for target in found.targets:
            if target.name in cells.rows:
                out.append(f"| {target.name} | "
                           + " | ".join(cell(cells.at(target.name, c))[1] for c in columns) + " |")
        out.append("")
    out += [f"**{note}**" for note in found.notes]
    for entry in found.bad[:20]:
        text = entry.text[:1500].replace("```", "'''")
        out += [f"<details><summary>{html.escape(entry.nodeid)}</summary>", "", "```", text, "```", "</details>", ""]
    if len(found.bad) > 20:
        out.append(f"… and {len(found.bad) - 20} more")
    out += [f"- {count} skipped: {reason}" for reason, count in found.reasons.most_common()]
    out += ["", *(f"- {line}" for line in found.header), ""]
    return "\n".join(out) + "\n"


# ---- HTML ------------------------------------------------------------------------------------------

STYLE = """:root { color-scheme: light dark; --ink: #1c2126; --dim: #5d6670; --paper: #fff; --line: #d5dae0; --band: #f4f6f8;
--good: #e3f4e6; --good-ink: #17602a; --bad: #fbdada; --bad-ink: #98131b; --skip: #eceef1; --bar: #7fa8d9 }
@media (prefers-color-scheme: dark) { :root { --ink: #dfe3e8; --dim: #98a2ad; --paper: #15181c; --line: #343a42;
--band: #1d2126; --good: #15301c; --good-ink: #8fd7a0; --bad: #4a1a1e; --bad-ink: #ffb3b3; --skip: #262b31; --bar: #3f6ea3 } }
* { box-sizing: border-box } body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 72em; padding: 1em;
color: var(--ink); background: var(--paper); overflow-wrap: anywhere } h1 { font-size: 1.5em; margin: .3em 0 0 }
h2 { font-size: 1.15em; margin: 2em 0 .5em } h3 { font-size: 1em; margin: 1.5em 0 .3em } p, ul { margin: .4em 0 }
.verdict { font-size: 1.25em; font-weight: 600 } .verdict.passed { color: var(--good-ink) } .dim { color: var(--dim) }
.verdict.failed, .note { color: var(--bad-ink) } .scroll { overflow-x: auto; max-width: 100% }
table { border-collapse: collapse; font-variant-numeric: tabular-nums } th, td { padding: .2em .6em;
border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; font-weight: 400 }
thead th { color: var(--dim); font-size: .9em } thead th[colspan] { text-align: center; color: var(--ink); font-weight: 600 }
tbody th, thead th:first-child { text-align: left; position: sticky; left: 0; background: var(--paper); z-index: 1 }
td.passed { background: var(--good); color: var(--good-ink) } td.skipped { background: var(--skip); color: var(--dim) }
td.failed { background: var(--bad); color: var(--bad-ink); font-weight: 600 } .first { border-left: 2px solid var(--paper) }
.bar { width: 30%; min-width: 5em; padding-right: 0 } .bar i { display: block; height: .8em; background: var(--bar); border-radius: 2px }
td.wide { white-space: normal; text-align: left; min-width: 12em } a { color: inherit } pre { font: 13px/1.45 ui-monospace, monospace; white-space: pre-wrap;
background: var(--band); border-left: 3px solid var(--bad-ink); margin: 0; padding: .7em 1em } dl { margin: 0; font-size: .92em }
dt { font-weight: 600 } dd { margin: 0 0 .4em; color: var(--dim) } summary { cursor: pointer }
.bars tbody th { white-space: normal; position: static; min-width: 9em }
@media (max-width: 30em) { body { font-size: 14px; padding: .7em } th, td { padding: .2em .25em } table { font-size: 12px }
thead th { font-size: 11px } .bar { min-width: 3em } }
@media print { body { font-size: 10pt; max-width: none } .scroll { overflow: visible } table { font-size: .85em }
tr, dt, dd { break-inside: avoid } h2, h3 { break-after: avoid } tbody th { position: static } * { print-color-adjust: exact } }"""


def esc(text):
    return html.escape(str(text))


def table(cells, groups):
    """Two header rows: groups is [(title, [(column's title, column)])]"""
    out = ["<div class=scroll><table><thead><tr><th>"]
    out += [f"<th class=first colspan={len(columns)}>{esc(title)}" for title, columns in groups]
    if any(name for _, columns in groups for name, _ in columns):
        out.append("<tr><th>")
        for _, columns in groups:
            out += [f"<th{'' if i else ' class=first'}>{esc(name)}" for i, (name, _) in enumerate(columns)]
    out.append("<tbody>")
    for row in cells.rows:
        out.append(f"<tr><th>{esc(row)}")
        for _, columns in groups:
            for i, (_, column) in enumerate(columns):
                kind, text = cell(cells.at(row, column))
                out.append(f"<td class='{kind}{'' if i else ' first'}'>{esc(text)}")
    return "".join(out) + "</table></div>"


def bars(rows):
    """rows: [(name, fields, value)]; the bars are the values' share of the largest."""
    largest = max([row[2] for row in rows] + [1e-9])
    out = ["<div class=scroll><table class=bars><tbody>"]
    for name, fields, value in rows:
        out.append(f"<tr><th>{esc(name)}" + "".join(f"<td>{esc(f)}" for f in fields)
                   + f"<td class=bar><i style='width:{100 * value / largest:.1f}%'></i>")
    return "".join(out) + "</table></div>"


def matrices(found):
    """Cases per target × engine; programs per target; variants of each target, all engines together."""
    plain = [t.name for t in found.targets if not t.variant]
    entries = [e for e in found.entries if e.target in plain and e.engine]
    out = []
    if entries:
        cells = Cells(entries, lambda e: e.suite, lambda e: (e.target, e.engine))
        groups = [(t, [(SHORT.get(e, e), (t, e)) for e in found.engines if (t, e) in cells.columns]) for t in plain]
        out += ["<h2>Cases</h2>", table(cells, [g for g in groups if g[1]])]
    entries = [e for e in found.entries if e.target in plain and not e.engine]
    if entries:
        cells = Cells(entries, lambda e: e.suite, lambda e: e.target)
        out += ["<h2>Programs</h2>", table(cells, [(t, [("", t)]) for t in plain if t in cells.columns])]
    for base in dict.fromkeys(t.base for t in found.targets if t.variant):
        names = [t for t in found.targets if t.variant and t.base == base]
        entries = [e for e in found.entries if e.target in {t.name for t in names}]
        if entries:
            cells = Cells(entries, lambda e: e.suite, lambda e: e.target)
            columns = [(t.variant.name, t.name) for t in names if t.name in cells.columns]
            out += [f"<h2>Variants of {esc(base)}</h2>", table(cells, [(base, columns)])]
    python = [e for e in found.entries if not e.target]
    if python:
        out += ["<h2>Python tests</h2>", python_table(python)]
    return out


def python_table(entries):
    cells, seconds = Cells(entries, lambda e: e.suite, lambda e: ""), collections.Counter()
    for e in entries:
        seconds[e.suite] += e.seconds
    largest = max([*seconds.values(), 1e-9])
    out = ["<div class=scroll><table class=bars><tbody>"]
    for row in cells.rows:
        kind, text = cell(cells.at(row, ""))
        out.append(f"<tr><th>{esc(row)}<td class={kind}>{esc(text)}<td>{seconds[row]:.1f} s"
                   f"<td class=bar><i style='width:{100 * seconds[row] / largest:.1f}%'></i>")
    return "".join(out) + "</table></div>"


def commit():
    done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=process.root(), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) if os.path.exists(
                              process.root() / ".git") else None
    return f"commit {done.stdout.strip()}, " if done and done.returncode == 0 else ""


def page(found):
    """The whole page; it needs no other file."""
    good = "failed" if found.bad or found.notes or not found.entries else "passed"
    out = ["<!doctype html><html lang=en><meta charset=utf-8>",
           "<meta name=viewport content='width=device-width, initial-scale=1'>",
           f"<title>{esc(found.title)}: {esc(found.verdict)}</title><style>{STYLE}</style>",
           f"<h1>{esc(found.title)}</h1><p class='verdict {good}'>{esc(found.verdict)}",
           f"<p class=dim>{commit()}{time.strftime('%Y-%m-%d %H:%M:%S %Z')}, {found.seconds:.0f} s"]
    out += [f"<p class=note>{esc(note)}" for note in found.notes]
    if found.bad:
        out.append("<p><a href=#failed>What failed, and how to see it again</a>")
    out += matrices(found)
    out += failures(found)
    if found.reasons:
        out += ["<h2>Skipped, and why</h2><ul>"]
        out += [f"<li>{count} × {esc(reason)}" for reason, count in found.reasons.most_common()]
        out.append("</ul>")
    if found.tallies:
        rows = [(f"{t.target} {SHORT.get(t.engine, t.engine)}",
                 (f"{t.results} results", f"{t.rate:.0f}/s", f"{t.seconds:.1f} s"), t.seconds) for t in found.tallies]
        out += ["<h2>Time per batch</h2>", bars(rows)]
    slow = sorted(found.entries, key=lambda e: -e.seconds)[:SLOWEST]
    if slow:
        out += ["<h2>Slowest tests</h2>", bars([(e.nodeid, (f"{e.seconds:.1f} s",), e.seconds) for e in slow])]
    out.append("<h2>Ran on</h2><dl>")
    for line in found.header:
        name, _, rest = line.partition(": ")
        out.append(f"<dt>{esc(name)}<dd>{esc(rest)}")
    notes = {(t.target, t.note) for t in found.tallies if t.note}
    out += [f"<dt>{esc(target)}, as its program sees it<dd>{esc(note)}" for target, note in sorted(notes)]
    return "\n".join(out) + "</dl>\n"


def failures(found):
    if not found.bad:
        return []
    out = ["<h2 id=failed>Failed</h2>"]
    for entry in found.bad[:FAILURES_SHOWN]:
        kind = " <span class=note>(rig fault)</span>" if entry.outcome == "error" else ""
        out.append(f"<h3>{esc(entry.nodeid)}{kind}</h3><pre>{esc(entry.text[:TEXT_SHOWN])}</pre>")
    if len(found.bad) > FAILURES_SHOWN:
        out.append(f"<p>… and {len(found.bad) - FAILURES_SHOWN} more")
    return out
