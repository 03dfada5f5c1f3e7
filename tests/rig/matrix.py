"""One HTML page: what passed, failed and was skipped, target × suite."""

import collections
import html

STYLE = """body { font: 15px/1.5 sans-serif; margin: 2em auto; max-width: 90em; padding: 0 1em; color: #222; background: #fff }
table { border-collapse: collapse } th, td { padding: .3em .8em; border: 1px solid #bbb; text-align: left }
td.passed { background: #dff2df } td.failed { background: #f6c9c9; font-weight: bold } td.skipped { background: #eee }
pre { white-space: pre-wrap; border-left: 3px solid #c44; padding-left: 1em; overflow-x: auto }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #181818 } td.passed { background: #1d3b1d }
td.failed { background: #5c2020 } td.skipped { background: #333 } }"""
WORST = ("failed", "skipped", "passed")


def place(nodeid):
    """(suite, target): aarch64-linux::arith/div.tv::interp -> ('arith', 'aarch64-linux · interp')"""
    parts = nodeid.split("::")
    if len(parts) >= 2 and not parts[0].endswith(".py"):
        suite = parts[1].rpartition("/")[0] or parts[1]
        return suite, parts[0] + (f" · {parts[2]}" if len(parts) == 3 else " · programs")
    return parts[0], "here"


def page(reports, header, reasons):
    """reports: [(outcome, nodeid, text)]"""
    cells, failures = collections.defaultdict(collections.Counter), []
    for outcome, nodeid, text in reports:
        cells[place(nodeid)][outcome] += 1
        if outcome == "failed":
            failures.append((nodeid, text))
    suites = sorted({suite for suite, _ in cells})
    columns = sorted({column for _, column in cells})
    out = ["<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'>",
           f"<title>Trivet: tests</title><style>{STYLE}</style><h1>Trivet: tests</h1>",
           "<p>" + "<br>".join(map(html.escape, header)) + "</p>",
           "<div style='overflow-x: auto'><table><tr><th>" + "".join(f"<th>{html.escape(c)}" for c in columns)]
    for suite in suites:
        out.append(f"<tr><th>{html.escape(suite)}")
        for column in columns:
            count = cells.get((suite, column))
            worst = next((o for o in WORST if count and count[o]), "")
            shown = ", ".join(f"{count[o]} {o}" for o in WORST if count[o]) if count else ""
            out.append(f"<td class='{worst}'>{shown}")
    out.append("</table></div>")
    if reasons:
        out.append("<h2>Skipped, and why</h2><ul>")
        out += [f"<li>{count} × {html.escape(reason)}" for reason, count in reasons.most_common()]
        out.append("</ul>")
    if failures:
        out.append("<h2>Failed</h2>")
        out += [f"<h3>{html.escape(nodeid)}</h3><pre>{html.escape(text[:4000])}</pre>" for nodeid, text in failures[:200]]
    return "\n".join(out) + "\n"
