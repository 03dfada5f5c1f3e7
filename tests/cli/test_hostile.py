"""Programs that nobody writes but somebody's generator does: each is compiled within bounds and gives the same on all
engines, or is refused with a message.  Sizes are those at which a pass that is not linear shows."""

import random
import re

import pytest

from rig import process, targets

ENGINES = ["interp", "baseline", "optimized"]
MEGABYTES = 700  # of address space: the largest of these programs needs 250


def pytest_generate_tests(metafunc):
    chosen = [t.name for t in metafunc.config.rig.targets if not t.variant]
    metafunc.parametrize("target_name", chosen, scope="module")


@pytest.fixture(scope="module")
def target(request, target_name):
    target = request.config.rig.all_targets[target_name]
    if target.missing():
        pytest.skip(target.missing())
    assert targets.wrong_machine(target, targets.ROOT / target.trivet) == ""
    return target


def run(target, *args, megabytes=MEGABYTES):
    command = target.command(target.trivet, *args)
    if not target.runner and process.tool("prlimit"):
        command = ["prlimit", f"--as={megabytes << 20}", *command]
    ended = process.run(target, command, total=60)
    assert not ended.timed_out
    return ended.status, ended.out.decode(), ended.err.decode()


def agree(target, path, text, *options, megabytes=MEGABYTES):
    """What the calls of text give, the same on all engines."""
    path.write_text(text)
    status, out, err = run(target, "check", "--bits", "--engine=all", *options, path, megabytes=megabytes)
    assert (status, err) == (0, ""), err
    given = {}
    for line in out.splitlines()[:-1]:
        engine, call, result = re.fullmatch(r".*?: (\w+): (.*?) = (.*)", line).groups()
        given.setdefault(call, {})[engine] = result
    assert given
    for call, results in given.items():
        assert sorted(results) == sorted(ENGINES), call
        assert len(set(results.values())) == 1, (call, results)
    return [results["interp"] for results in given.values()]


def function(head, body, *calls):
    return "\n".join([head + " {", *body, "}", *("//! " + call for call in calls), ""])


def test_blocks(target, tmp_path):
    body = [f"if (a ^ {k}) < b {{ s += a; }} else {{ s ^= b; }}" for k in range(3400)]
    agree(target, tmp_path / "blocks.tv", function(
        "fn blocks(a: i64, b: i64) -> i64", ["let s: i64 = 0;", *body, "return s;"],
        "blocks(3, 4)", "blocks(1700, 1000)"))


def test_live_at_once(target, tmp_path):
    n = 5000
    agree(target, tmp_path / "live.tv", function(
        "fn live(a: i64) -> i64",
        [*(f"let v{k}: i64 = a * {2 * k + 1} ^ {k};" for k in range(n)), "let s: i64 = 0;", "for r in 0..a {",
         *(f"v{k} += v{(7 * k + 1) % n};" for k in range(n)), "}", *(f"s = s * 3 + v{k};" for k in range(n)),
         "return s;"],
        "live(3)"))


def test_live_across_exits(target, tmp_path):
    """Values with a hole in their lives at each early return: not a note for each of both."""
    n = 3000
    agree(target, tmp_path / "exits.tv", function(
        "fn exits(a: i64, b: i64) -> i64",
        ["let s = a;", "let v0 = a + b;",
         *(f"let v{k} = (a ^ {k}) * b; if v{k} <= v{k - 1} {{ return {k}; }} s += v{k};" for k in range(1, n)),
         *(f"if v{k} < v{(7 * k + 3) % n} {{ s += 1; }}" for k in range(n)), "return s;"],
        "exits(8192, 4)", "exits(-1, 7)", "exits(8192, 0)"), megabytes=80)


def test_breaks(target, tmp_path):
    """As many values that rest, each in a register's hole, up to where the loop ends."""
    agree(target, tmp_path / "breaks.tv", function(
        "fn breaks(a: i64, b: i64) -> i64",
        ["let s = 0;", "for i in 0..a {",
         *(f"if (s ^ {k}) > b {{ s += {k}; break; }} s += i & {k % 2};" for k in range(8000)), "}", "return s;"],
        "breaks(1, 100000)", "breaks(3, 4000)", "breaks(9, 40000)"))


def nest(depth):
    return function(
        "fn nest(a: i64) -> i64",
        ["let s: i64 = 0;", *(f"for k{k} in 0..a {{" for k in range(depth)), f"s += 1 + (k0 ^ k{depth - 1});",
         *("s *= 3; }" for _ in range(depth)), "return s;"],
        "nest(1)", "nest(0)")


def test_loop_nest(target, tmp_path):
    agree(target, tmp_path / "nest.tv", nest(120))
    (tmp_path / "deep.tv").write_text(nest(1000))
    status, _, err = run(target, "check", tmp_path / "deep.tv")
    assert status == 2 and "nested too deeply (limit 256)" in err


@pytest.mark.parametrize("engine", ENGINES)
def test_longest_loop_ends_by_interruption(target, tmp_path, engine):
    """2^63 - 1 steps that have no formula."""
    path = tmp_path / "long.tv"
    path.write_text("fn f(n: i64) -> i64 { let s: i64 = 1; for i in 0..n { s = s * s ^ i; } return s; }\n")
    status, _, err = run(target, "run", "--timeout=100", f"--engine={engine}", path, "f(9223372036854775807)")
    assert status == 3 and "interrupted" in err


def test_constants_that_overflow(target, tmp_path):
    """Each operator on the ends of the types, as constants the optimiser folds and as arguments it cannot."""
    text = []
    for name, bits in ("i32", 32), ("i64", 64), ("u32", 32), ("u64", 64):
        low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if name[0] == "i" else (0, (1 << bits) - 1)
        values = sorted({low, low + 1, 0, 1, bits - 1, bits, high - 1, high} | ({-1, -bits} if low else set()))
        for k, op in enumerate("+ - * / % << >> & | ^ < ==".split()):
            result = "bool" if op in ("<", "==") else name
            text.append(f"fn {name}_{k}(a: {name}, b: {name}) -> {result} {{ return a {op} b; }}")
            for x in values:
                for y in values:
                    of = f"{name}_{k}_{x}_{y}".replace("-", "m")
                    text.append(f"fn {of}() -> {result} {{ let a: {name} = {x}; let b: {name} = {y}; return a {op} b; }}")
                    text.append(f"//! {of}()")
                    text.append(f"//! {name}_{k}({x}, {y})")
    results = agree(target, tmp_path / "constants.tv", "\n".join(text) + "\n")
    plain = [re.sub("@.*", "", result) for result in results]  # a trap says where, and these are two places
    assert plain[::2] == plain[1::2]


def web(lines, seed):
    """Loops left and begun again from anywhere within."""
    rng = random.Random(seed)
    body, depth = [], 0
    for k in range(lines):
        kind = rng.randrange(8)
        if kind == 0 and depth < 40:
            body.append(f"for k{depth} in 0..(a & 3) {{")
            depth += 1
        elif kind == 1 and depth:
            body.append("s += 1; }")
            depth -= 1
        elif kind in (2, 3) and depth:
            leave = rng.choice(("break", "continue"))
            body.append(f"if (s ^ {k}) % {rng.randrange(2, 9)} == 0 {{ s += {k}; {leave}; }}")
        elif kind == 4:
            body.append(f"if s > b {{ s -= {k}; }} else {{ s += b; }}")
        elif kind == 5:
            body.append(f"s = s * 3 + {k};")
        else:
            body.append(f"s ^= s >> {rng.randrange(1, 60)};")
    return function("fn web(a: i64, b: i64) -> i64", ["let s: i64 = 1;", *body, *"}" * depth, "return s;"], "web(1, 5)")


@pytest.mark.parametrize("seed", range(4))
def test_web(target, tmp_path, seed):
    agree(target, tmp_path / "web.tv", web(500, seed))


def test_long_web(target, tmp_path):
    agree(target, tmp_path / "web.tv", web(40000, 1))


def test_ways_to_one_place(target, tmp_path):
    """Flags that settle where to go next, set on very many ways, and very many of them one behind the other."""
    ways = [f"if a == b ^ {k} {{ ok = false; break; }}" for k in range(20000)]
    again = [f"let go{k} = true; if a > {k} {{ go{k} = b < s; }} if go{k} {{ s += {k}; break; }}" for k in range(5000)]
    agree(target, tmp_path / "ways.tv", function(
        "fn ways(a: i64, b: i64) -> i64",
        ["let s = b;", "for i in 0..3 {", "let ok = true;", "loop {", *ways, "break;", "}", "if ok { s = s * 3 ^ a; }",
         "s += i;", "}", "loop {", *again, "break; }", "return s;"], "ways(1, 5)", "ways(5000000, 5)", "ways(-3, 0)"))
