"""The charts and the tables of docs/performance.md, from the figures of one run of bench.py.

Plain SVG by hand: it follows the reader's light or dark setting and needs no other file.
"""
import html
import re
import subprocess
from datetime import date

STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .title { font-size: 15px; font-weight: 600 } .small { font-size: 11px; fill: #57606a }
  .ours { fill: #0969da } .peer { fill: #afb8c1 } .line { stroke: #57606a; stroke-dasharray: 3 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #8d96a0 } .ours { fill: #4493f8 } .peer { fill: #57606a }
    .line { stroke: #8d96a0 }
  }"""
ROW, LEFT, WIDTH, NUMBER = 22, 150, 720, 64


def bars(title, note, rows, mark=None):
    """rows: (name, value, text, class).  A bar that would leave the page is cut; its number stays."""
    top, room = 58, WIDTH - LEFT - NUMBER
    most = sorted(value for _, value, _, _ in rows)[-1]
    second = sorted(value for _, value, _, _ in rows)[-2]
    scale = room / min(most, second * 1.25)
    height = top + ROW * len(rows) + 14
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
           f"<title>{html.escape(title)}</title><style>{STYLE}\n</style>",
           f'<text class="title" x="8" y="22">{html.escape(title)}</text>',
           f'<text class="small" x="8" y="41">{html.escape(note)}</text>']
    if mark:
        x = LEFT + mark * scale
        out.append(f'<line class="line" x1="{x:.1f}" x2="{x:.1f}" y1="{top - 4}" y2="{height - 10}"/>')
    for i, (name, value, text, kind) in enumerate(rows):
        y, length = top + i * ROW, min(value * scale, room)
        out.append(f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end">{html.escape(name)}</text>'
                   f'<rect class="{kind}" x="{LEFT}" y="{y + 2}" width="{max(length, 1):.1f}" height="{ROW - 6}" rx="2"/>'
                   f'<text x="{LEFT + length + 6:.1f}" y="{y + 14}">{html.escape(text)}</text>')
    return "\n".join([*out, "</svg>", ""])


def markdown(head, rows):
    lines = ["| " + " | ".join(map(str, head)) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def replace_part(text, name, part):
    pattern = rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)"
    if not re.search(pattern, text, re.S):
        raise SystemExit(f"bench: docs/performance.md has no part '{name}' to write into")
    return re.sub(pattern, lambda m: m[1] + part + "\n" + m[2], text, flags=re.S)


def machine():
    with open("/proc/cpuinfo") as file:
        cpu = re.search(r"model name\s*: (.*)", file.read())
    compiler = subprocess.run(["gcc", "--version"], capture_output=True, text=True).stdout.splitlines()[0]
    return f"{date.today()}, {cpu[1] if cpu else 'unknown processor'}, {compiler}"


def write_docs(docs, figures, aarch64):
    import bench

    head, rows = bench.run_rows(figures)
    names = {"gcc_O2": "gcc -O2", **{c: c.replace("_", " -") for c in bench.PEERS}}
    unsolved = figures.unsolved()
    columns = [c for c in ("clang_O3", "gcc_O3", "clang_O2", "gcc_O2", "optimized", "baseline", "luajit", "tcc", "gcc_O0")
               if c == "gcc_O2" or any(key[1] == c for key in figures.keys("run"))]
    means = [(c, bench.mean([figures.ratio(k, c) for k in unsolved])) for c in columns]
    (docs / "performance-run.svg").write_text(bars(
        "Run time, geometric mean, gcc -O2 = 1", f"{len(unsolved)} kernels; shorter is faster; solved loops left out",
        [(names.get(c, f"Trivet {c}"), m, f"{m:.2f}", "ours" if c in bench.OURS else "peer")
         for c, m in sorted(means, key=lambda pair: pair[1])], 1))
    ratios = sorted(((k, figures.ratio(k, "optimized")) for k in figures.kernels()), key=lambda pair: pair[1])
    (docs / "performance-kernels.svg").write_text(bars(
        "Trivet optimized, each kernel, gcc -O2 = 1", "shorter is faster; near 0: the loop was solved",
        [(k, r, bench.ratio_text(r), "ours") for k, r in ratios], 1))
    times = [(c, bench.median([figures.get("text", k, c) for k in figures.kernels()]))
             for c in ("baseline", "optimized", "tcc", "luajit", "gcc_O2")]
    (docs / "performance-compile.svg").write_text(bars(
        "From text to code, median", "a kernel of about 15 lines; shorter is faster",
        [(names.get(c, f"Trivet {c}"), t, bench.time_text(t), "ours" if c in bench.OURS else "peer")
         for c, t in times if t]))
    page = docs / "performance.md"
    text = page.read_text()
    text = replace_part(text, "machine", machine())
    text = replace_part(text, "goals", markdown(*bench.goal_rows(figures, aarch64)))
    text = replace_part(text, "run", markdown(head, rows))
    text = replace_part(text, "compile", markdown(*bench.compile_rows(figures)))
    text = replace_part(text, "size", markdown(*bench.size_rows(figures)))
    if aarch64:
        text = replace_part(text, "aarch64", markdown(*bench.aarch64_rows(aarch64)))
    page.write_text(text)
