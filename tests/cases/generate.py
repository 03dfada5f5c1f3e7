#!/usr/bin/env python3
"""Writes the systematic cases: every operator × type × edge value, tests/cases/generated/*.tv.

Expectations are worked out here with exact arithmetic (integers and fractions), never by Trivet.  The
results are committed; test_generated.py checks that they are what this script writes.
"""

import math
import struct
import sys
from fractions import Fraction
from pathlib import Path

OUT = Path(__file__).parent / "generated"
INTS = {"i32": (32, True), "u32": (32, False), "i64": (64, True), "u64": (64, False)}
FLOATS = {"f32": (24, -149, 127), "f64": (53, -1074, 1023)}  # digits, lowest and highest exponent
NAN, INF = math.nan, math.inf


class Trap(Exception):
    pass


# ---- Integers ----

def wrap(t, value):
    width, signed = INTS[t]
    value %= 1 << width
    return value - (1 << width) if signed and value >> (width - 1) else value


def lowest(t):
    return -(1 << (INTS[t][0] - 1)) if INTS[t][1] else 0


def highest(t):
    return (1 << (INTS[t][0] - INTS[t][1])) - 1


def divide(t, a, b):
    if b == 0:
        raise Trap("divide-by-zero")
    q = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    if q > highest(t):
        raise Trap("integer-overflow")
    return q


def remainder(t, a, b):
    if b == 0:
        raise Trap("divide-by-zero")
    return abs(a) % abs(b) * (-1 if a < 0 else 1)


def unsigned(t, a):
    return a % (1 << INTS[t][0])


def rotate(t, a, n):
    width = INTS[t][0]
    n %= width
    a = unsigned(t, a)
    return wrap(t, a << n | a >> (width - n))


def ones(t, a):
    return bin(unsigned(t, a)).count("1")


def leading(t, a):
    return INTS[t][0] - unsigned(t, a).bit_length()


def trailing(t, a):
    a = unsigned(t, a)
    return INTS[t][0] if a == 0 else (a & -a).bit_length() - 1


def swap(t, a):
    size = INTS[t][0] // 8
    return wrap(t, int.from_bytes(unsigned(t, a).to_bytes(size, "little"), "big"))


INT_BINARY = {
    "+": ("add", lambda t, a, b: wrap(t, a + b)),
    "-": ("sub", lambda t, a, b: wrap(t, a - b)),
    "*": ("mul", lambda t, a, b: wrap(t, a * b)),
    "/": ("div", divide),
    "%": ("rem", remainder),
    "&": ("and", lambda t, a, b: wrap(t, a & b)),
    "|": ("or", lambda t, a, b: wrap(t, a | b)),
    "^": ("xor", lambda t, a, b: wrap(t, a ^ b)),
    "<<": ("shl", lambda t, a, b: wrap(t, a << b % INTS[t][0])),
    ">>": ("shr", lambda t, a, b: a >> b % INTS[t][0]),
}
INT_CALLS_2 = {
    "rotl": rotate,
    "rotr": lambda t, a, n: rotate(t, a, -n),
    "min": lambda t, a, b: min(a, b),
    "max": lambda t, a, b: max(a, b),
    "mulhi": lambda t, a, b: wrap(t, a * b >> INTS[t][0]),
}
INT_CALLS_1 = {
    "clz": leading, "ctz": trailing, "popcnt": ones, "bswap": swap,
    "abs": lambda t, a: wrap(t, abs(a)),
}
COMPARISONS = {
    "==": ("eq", lambda a, b: a == b), "!=": ("ne", lambda a, b: a != b),
    "<": ("lt", lambda a, b: a < b), "<=": ("le", lambda a, b: a <= b),
    ">": ("gt", lambda a, b: a > b), ">=": ("ge", lambda a, b: a >= b),
}


def int_values(t):
    width = INTS[t][0]
    pattern = wrap(t, 0xfedcba9876543210 >> (64 - width))
    values = [0, 1, 7, width - 1, width, highest(t), highest(t) - 1, pattern]
    values += [-1, -7, lowest(t), lowest(t) + 1] if INTS[t][1] else [2, 1 << (width - 1), 0x10001]
    return values


# ---- Floats: exact, then rounded once ----

def negative(x):
    return math.copysign(1, x) < 0


def finite(x):
    return not (math.isnan(x) or math.isinf(x))


def rounded(t, exact, sign_of_zero=1.0):
    """A fraction to the nearest value of the type, ties to even."""
    digits, low, high = FLOATS[t]
    if exact == 0:
        return math.copysign(0.0, sign_of_zero)
    size = abs(exact)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    if Fraction(2) ** exponent > size:
        exponent -= 1
    unit = Fraction(2) ** max(exponent - digits + 1, low)
    count, rest = divmod(size, unit)
    count = int(count)
    if rest * 2 > unit or rest * 2 == unit and count % 2:
        count += 1
    result = count * unit
    if result >= Fraction(2) ** (high + 1):
        return INF if exact > 0 else -INF
    return float(result) if exact > 0 else -float(result)


def f_add(t, a, b):
    if not (finite(a) and finite(b)):
        return a + b
    exact = Fraction(a) + Fraction(b)
    return rounded(t, exact, -1.0 if negative(a) and negative(b) else 1.0)


def f_mul(t, a, b):
    if not (finite(a) and finite(b)):
        return a * b
    return rounded(t, Fraction(a) * Fraction(b), math.copysign(1, a) * math.copysign(1, b))


def f_div(t, a, b):
    if math.isnan(a) or math.isnan(b) or a == b == 0 or math.isinf(a) and math.isinf(b):
        return NAN
    sign = math.copysign(1, a) * math.copysign(1, b)
    if math.isinf(a) or b == 0:
        return math.copysign(INF, sign)
    if math.isinf(b):
        return math.copysign(0.0, sign)
    return rounded(t, Fraction(a) / Fraction(b), sign)


def f_fma(t, a, b, c):
    if not (finite(a) and finite(b) and finite(c)):
        return a * b + c if finite(a) is False or finite(b) is False else c
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    product_negative = negative(a) != negative(b)
    return rounded(t, exact, -1.0 if product_negative and negative(c) else 1.0)


def f_sqrt(t, a):
    if math.isnan(a) or a < 0:
        return NAN
    if a == 0 or math.isinf(a):
        return a
    scale = 1400  # bits below the point: the root of the smallest value has 537 + digits of them
    exact = Fraction(a) * (1 << 2 * scale)
    whole = math.isqrt(int(exact))
    sticky = whole * whole != exact
    return rounded(t, Fraction(2 * whole + sticky, 2 << scale))


def f_min(a, b):
    if math.isnan(a) or math.isnan(b):
        return NAN
    if a == b == 0:
        return a if negative(a) else b
    return min(a, b)


def f_max(a, b):
    if math.isnan(a) or math.isnan(b):
        return NAN
    if a == b == 0:
        return b if negative(a) else a
    return max(a, b)


def to_whole(how):
    def apply(t, a):
        return a if not finite(a) else math.copysign(float(how(Fraction(a))), a)
    return apply


FLOAT_BINARY = {"+": ("add", f_add), "-": ("sub", lambda t, a, b: f_add(t, a, -b)),
                "*": ("mul", f_mul), "/": ("div", f_div)}
FLOAT_CALLS_2 = {"min": lambda t, a, b: f_min(a, b), "max": lambda t, a, b: f_max(a, b),
                 # a NaN's sign cannot be seen: it is the positive one
                 "copysign": lambda t, a, b: math.copysign(a, 1 if math.isnan(b) else b)}
FLOAT_CALLS_1 = {"sqrt": f_sqrt, "abs": lambda t, a: abs(a), "floor": to_whole(math.floor),
                 "ceil": to_whole(math.ceil), "trunc": to_whole(math.trunc), "nearest": to_whole(round)}


def float_values(t):
    digits, low, high = FLOATS[t]
    tiny = float(Fraction(2) ** low)
    normal = float(Fraction(2) ** (1 - high))
    most = rounded(t, Fraction(2) ** (high + 1) - Fraction(2) ** (high + 1 - digits))
    return [0.0, -0.0, 1.0, -1.5, rounded(t, Fraction(1, 10)), -tiny, normal, normal - tiny, most, -most,
            float(2 ** digits - 1), INF, -INF, NAN]


def whole_values(t):
    digits = FLOATS[t][0]
    some = [0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.5, 3.5, 4.999, 1e5 + 0.5, 2.0 ** (digits - 1) - 0.5,
            2.0 ** (digits - 1) + 1, 2.0 ** digits + 2, 1e30, 0.49999997, 1e-40]
    some = [rounded(t, Fraction(v)) for v in some]
    return some + [-v for v in some] + [INF, -INF, NAN]


# ---- Text ----

def text(t, value):
    if t == "bool":
        return "true" if value else "false"
    if t in INTS:
        return str(value)
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "-inf" if value < 0 else "inf"
    if t == "f64":
        return repr(value)
    for digits in range(1, 10):  # the shortest text that gives this f32
        short = f"{value:.{digits}g}"
        if rounded(t, Fraction(short)) == value:
            return short if "." in short or "e" in short else short + ".0"
    raise ValueError(value)


class File:
    def __init__(self, name, about):
        self.name = name
        self.lines = [f"// {about}", "// Written by ../generate.py; do not edit.", ""]

    def function(self, name, parameters, result, body):
        listed = ", ".join(f"{n}: {t}" for n, t in parameters)
        self.lines.append(f"fn {name}({listed}) -> {result} {{ {body} }}")

    def call(self, name, types, values, result, compute):
        arguments = ", ".join(text(t, v) for t, v in zip(types, values))
        try:
            self.lines.append(f"//! {name}({arguments}) == {text(result, compute())}")
        except Trap as trap:
            self.lines.append(f"//! {name}({arguments}) traps {trap}")

    def content(self):
        return "\n".join(self.lines) + "\n"


def literal(t, value):
    """A constant inside an expression: with its type, in parentheses when negative."""
    if t in FLOATS and not finite(value):
        bits = {"inf": 0x7f8 << 20, "-inf": 0xff8 << 20, "nan": 0x7fc << 20}[text(t, value)]
        return f"from_bits(f32, 0x{bits:x}u32)" if t == "f32" else f"({text(t, value)})"
    written = text(t, value) + ("" if t == "bool" else t)
    return f"({written})" if written.startswith("-") else written


def binary(file, t, name, expression, values, compute, result=None):
    """f(a, b), then each operand as a constant, then both in one register."""
    result = result or t
    file.function(name, [("a", t), ("b", t)], result, f"return {expression('a', 'b')};")
    for a in values:
        for b in values:
            file.call(name, (t, t), (a, b), result, lambda: compute(a, b))
    file.function(f"{name}_self", [("a", t)], result, f"return {expression('a', 'a')};")
    for a in values:
        file.call(f"{name}_self", (t,), (a,), result, lambda: compute(a, a))
    for i, c in enumerate(values):
        file.function(f"{name}_by{i}", [("a", t)], result, f"return {expression('a', literal(t, c))};")
        file.function(f"{name}_of{i}", [("a", t)], result, f"return {expression(literal(t, c), 'a')};")
        for a in values[i % 4::4]:
            file.call(f"{name}_by{i}", (t,), (a,), result, lambda: compute(a, c))
            file.call(f"{name}_of{i}", (t,), (a,), result, lambda: compute(c, a))
        file.function(f"{name}_folded{i}", [], result,
                      f"return {expression(literal(t, c), literal(t, values[-1 - i]))};")
        file.call(f"{name}_folded{i}", (), (), result, lambda: compute(c, values[-1 - i]))


def unary(file, t, name, expression, values, compute, result=None, folded=True):
    result = result or t
    file.function(name, [("a", t)], result, f"return {expression('a')};")
    for i, a in enumerate(values):
        file.call(name, (t,), (a,), result, lambda: compute(a))
        if folded and i % 3 == 0:
            file.function(f"{name}_folded{i}", [], result, f"return {expression(literal(t, a))};")
            file.call(f"{name}_folded{i}", (), (), result, lambda: compute(a))


def operator(op):
    return lambda a, b: f"{a} {op} {b}"


def called(name):
    return lambda *operands: f"{name}({', '.join(operands)})"


# ---- Files ----

def integer_files(t):
    values = int_values(t)
    for op, (name, compute) in INT_BINARY.items():
        file = File(f"{name}_{t}", f"{t} {op} {t}")
        binary(file, t, name, operator(op), values, lambda a, b, f=compute: f(t, a, b))
        yield file
    for name, compute in INT_CALLS_2.items():
        file = File(f"{name}_{t}", f"{name} of {t}")
        binary(file, t, "f", called(name), values, lambda a, b, f=compute: f(t, a, b))
        yield file
    file = File(f"unary_{t}", f"operators and built-in functions of one {t}")
    bits = [wrap(t, 1 << k) for k in range(0, INTS[t][0], 5)]
    for name, compute in INT_CALLS_1.items():
        unary(file, t, f"f_{name}", called(name), values + bits, lambda a, f=compute: f(t, a))
    unary(file, t, "f_neg", lambda a: f"-{a}", values, lambda a: wrap(t, -a), folded=False)
    unary(file, t, "f_not", lambda a: f"~{a}", values, lambda a: wrap(t, ~a))
    yield file


def float_files(t):
    values = float_values(t)
    for op, (name, compute) in FLOAT_BINARY.items():
        file = File(f"{name}_{t}", f"{t} {op} {t}")
        binary(file, t, name, operator(op), values, lambda a, b, f=compute: f(t, a, b))
        yield file
    for name, compute in FLOAT_CALLS_2.items():
        file = File(f"{name}_{t}", f"{name} of {t}")
        binary(file, t, "f", called(name), values, lambda a, b, f=compute: f(t, a, b))
        yield file
    file = File(f"unary_{t}", f"operators and built-in functions of one {t}")
    for name, compute in FLOAT_CALLS_1.items():
        more = whole_values(t) if name not in ("sqrt", "abs") else [2.0, 4.0, 0.25, 10.0]
        unary(file, t, f"f_{name}", called(name), values + more, lambda a, f=compute: f(t, a))
    unary(file, t, "f_neg", lambda a: f"-{a}", values, lambda a: -a, folded=False)
    yield file
    yield fma_file(t)


def fma_file(t):
    digits, low, high = FLOATS[t]
    file = File(f"fma_{t}", f"fma of {t}: one rounding")
    file.function("f", [("a", t), ("b", t), ("c", t)], t, "return fma(a, b, c);")
    file.function("two", [("a", t), ("b", t), ("c", t)], t, "return a * b + c;")
    some = [0.0, -0.0, 1.0, -1.5, rounded(t, Fraction(1, 3)), INF, -INF, NAN,
            float(Fraction(2) ** low), rounded(t, Fraction(2) ** high)]
    rows = [(a, b, c) for a in some for b in some for c in some[::3]]
    one = 1.0 + 2.0 ** (1 - digits)
    hard = [
        (one, one, -1.0), (one, one, -one), (one, -one, 1.0),
        (one, 1.0 - 2.0 ** (1 - digits), -1.0),  # the product's last bit decides
        (2.0 ** (high // 2 + 1), 2.0 ** (high // 2 + 1), -rounded(t, Fraction(2) ** high)),
        (float(Fraction(2) ** low), 0.5, float(Fraction(2) ** low)),
        (float(Fraction(2) ** low), 0.5, -float(Fraction(2) ** low)),
        (float(Fraction(2) ** low), 0.25, 1.0), (2.0 ** 60, 2.0 ** -60, float(Fraction(2) ** low)),
        (rounded(t, Fraction(1, 10)), 10.0, -1.0), (3.0, rounded(t, Fraction(1, 3)), -1.0),
        (one, 2.0 ** (1 - high), float(Fraction(2) ** low)),
        (-one, 2.0 ** (1 - high), float(Fraction(2) ** low)),
        # halfway between two values, and the addend tips it
        (2.0 ** (digits - 1) + 1, 2.0, float(Fraction(2) ** low)),
        (one, 2.0 ** -digits, 1.0), (one, -(2.0 ** -digits), 1.0),
    ]
    for a, b, c in rows + hard:
        file.call("f", (t, t, t), (a, b, c), t, lambda: f_fma(t, a, b, c))
    for a, b, c in hard:
        file.call("two", (t, t, t), (a, b, c), t, lambda: f_add(t, f_mul(t, a, b), c))
    return file


def compare_files():
    for t in (*INTS, *FLOATS):
        values = int_values(t) if t in INTS else float_values(t)
        file = File(f"compare_{t}", f"comparisons of {t}, as a value, in a branch and in a select")
        for op, (name, compute) in COMPARISONS.items():
            binary(file, t, name, operator(op), values, lambda a, b, f=compute: f(a, b), "bool")
            branch = f"{name}_branch"
            file.function(branch, [("a", t), ("b", t)], "i32", f"if a {op} b {{ return 1; }} return 2;")
            file.function(f"{name}_unless", [("a", t), ("b", t)], "i32",
                          f"if !(a {op} b) {{ return 1; }} return 2;")
            file.function(f"{name}_select", [("a", t), ("b", t)], t, f"return select(a {op} b, b, a);")
            file.function(f"{name}_choose", [("a", t), ("b", t)], t, f"return if a {op} b {{ b }} else {{ a }};")
            for a in values[1::3]:
                for b in values[::4] + values[1::3]:
                    file.call(branch, (t, t), (a, b), "i32", lambda: 1 if compute(a, b) else 2)
                    file.call(f"{name}_unless", (t, t), (a, b), "i32", lambda: 2 if compute(a, b) else 1)
                    file.call(f"{name}_select", (t, t), (a, b), t, lambda: b if compute(a, b) else a)
                    file.call(f"{name}_choose", (t, t), (a, b), t, lambda: b if compute(a, b) else a)
        yield file


def select_file(t):
    """What is selected keeps its bits; with the operands that are compared, with others, with constants."""
    some = [1.5, 0.0, -0.0, NAN, -INF]
    file = File(f"select_{t}", f"{t} selected by comparisons of {t}")
    for op, (name, compute) in COMPARISONS.items():
        for prefix, condition, wanted in ((name, f"a {op} b", True), (f"not_{name}", f"!(a {op} b)", False)):
            two, four = [("a", t), ("b", t)], [(n, t) for n in "abxy"]
            file.function(f"{prefix}_same", two, t, f"return select({condition}, a, b);")
            file.function(f"{prefix}_swapped", two, t, f"return select({condition}, b, a);")
            file.function(f"{prefix}_other", four, t, f"return select({condition}, x, y);")
            file.function(f"{prefix}_one", two, t, f"return if {condition} {{ {literal(t, 1.5)} }} else {{ b }};")
            file.function(f"{prefix}_half", two, t, f"if {condition} {{ a = -a * {literal(t, 0.5)}; }} return a;")
            for a, b in ((a, b) for a in some for b in some):
                then = compute(a, b) == wanted
                file.call(f"{prefix}_same", (t, t), (a, b), t, lambda: a if then else b)
                file.call(f"{prefix}_swapped", (t, t), (a, b), t, lambda: b if then else a)
                file.call(f"{prefix}_other", (t,) * 4, (a, b, 7.0, -7.0), t, lambda: 7.0 if then else -7.0)
                file.call(f"{prefix}_one", (t, t), (a, b), t, lambda: 1.5 if then else b)
                file.call(f"{prefix}_half", (t, t), (a, b), t, lambda: a * -0.5 if then else a)
    return file


def saturate(t, x):
    if math.isnan(x):
        return 0
    if math.isinf(x):
        return highest(t) if x > 0 else lowest(t)
    return min(max(math.trunc(x), lowest(t)), highest(t))


def checked(t, x):
    if not finite(x) or not lowest(t) <= math.trunc(x) <= highest(t):
        raise Trap("invalid-conversion")
    return math.trunc(x)


def border_floats(t):
    """Values around the borders of every integer type."""
    found = []
    for k in (31, 32, 63, 64):
        at = Fraction(2) ** k
        unit = Fraction(2) ** (k - FLOATS[t][0])  # below the border
        for exact in (at, at - unit, at - 2 * unit, at + 2 * unit, at + 4 * unit, at - 1, at - Fraction(1, 2), at + 1):
            value = rounded(t, exact)
            found += [value, -value]
    return found + [0.0, -0.0, 0.5, -0.5, 0.99999, -0.99999, -1.0, 1.0, 1e9, -1e9, 1e30, -1e30, INF, -INF, NAN]


def unique(values):
    seen = {}
    for v in values:
        seen.setdefault((repr(v)), v)
    return list(seen.values())


def convert_files():
    for source in FLOATS:
        values = unique([rounded(source, Fraction(v)) if finite(v) and v else v for v in border_floats(source)])
        file = File(f"convert_{source}_to_int", f"{source} as integers (saturating) and checked (trapping)")
        for t in INTS:
            unary(file, source, f"to_{t}", lambda a: f"{a} as {t}", values,
                  lambda a: saturate(t, a), t)
            unary(file, source, f"checked_to_{t}", lambda a: f"checked_{t}({a})", values,
                  lambda a: checked(t, a), t)
        yield file
    file = File("convert_int_to_float", "integers as floats: one rounding, ties to even")
    for source in INTS:
        values = int_values(source)
        for t in FLOATS:
            digits = FLOATS[t][0]
            ties = [v for k in range(digits, INTS[source][0] - INTS[source][1])
                    for v in ((1 << k) + (1 << (k - digits)), (1 << k) + 3 * (1 << (k - digits)),
                              (1 << k) + (1 << (k - digits)) + 1, (1 << k) + (1 << (k - digits)) - 1)]
            ties = [v for v in ties if v <= highest(source)][::3]
            ties += [-v for v in ties[::2]] if INTS[source][1] else []
            # What two roundings, first to f64 and then to f32, would get wrong.
            twice = [v for v in (0x8000008000000001, 0x4000004000000001, 0x7fffffbfffffffff,
                                 0x20000020000000001 >> 2) if t == "f32" and v <= highest(source)]
            unary(file, source, f"{source}_to_{t}", lambda a: f"{a} as {t}",
                  unique(values + ties + twice), lambda a: rounded(t, Fraction(a)), t)
    yield file
    file = File("convert_int_to_int", "integers as integers: cut, or extended by the source's sign")
    for source in INTS:
        for t in INTS:
            unary(file, source, f"{source}_to_{t}", lambda a: f"{a} as {t}", int_values(source),
                  lambda a: wrap(t, a), t)
        # The upper half of a narrow value must not leak into the wide one.
        for t in ("i64", "u64"):
            if INTS[source][0] == 32:
                for op, (name, compute) in (("+", INT_BINARY["+"]), ("*", INT_BINARY["*"]), ("<<", INT_BINARY["<<"])):
                    called_ = f"{source}_{name}_to_{t}"
                    file.function(called_, [("a", source), ("b", source)], t, f"return (a {op} b) as {t};")
                    for a in int_values(source)[::2]:
                        for b in int_values(source)[1::3]:
                            file.call(called_, (source, source), (a, b), t,
                                      lambda: wrap(t, compute(source, a, b)))
    yield file
    yield float_width_file()
    yield bits_file()


def float_width_file():
    file = File("convert_float_to_float", "f64 as f32 rounds once; f32 as f64 is exact")
    middle = Fraction(1) + Fraction(1, 1 << 24)
    values = [float(middle), float(middle + Fraction(1, 1 << 52)), float(middle - Fraction(1, 1 << 52)),
              float(Fraction(2) ** -149), float(Fraction(2) ** -150), float(Fraction(3) * Fraction(2) ** -151),
              float(Fraction(2) ** -150 * (1 + Fraction(1, 1 << 50))), 1e-45, 1e-46,
              float(Fraction(2) ** 128 - Fraction(2) ** 103), 3.4028235677973366e38, 3.4028235677973362e38]
    values = unique(float_values("f64") + values + [-v for v in values])
    unary(file, "f64", "narrow", lambda a: f"{a} as f32", values,
          lambda a: rounded("f32", Fraction(a), math.copysign(1, a)) if finite(a) else a, "f32")
    unary(file, "f32", "widen", lambda a: f"{a} as f64", float_values("f32"), lambda a: a, "f64")
    for t in FLOATS:
        unary(file, t, f"same_{t}", lambda a: f"{a} as {t}", float_values(t), lambda a: a)
    return file


def bits_file():
    file = File("convert_bits", "bits and from_bits; a NaN has only one pattern")
    for t, u, pack in (("f32", "u32", "<f"), ("f64", "u64", "<d")):
        nan = 0x7fc00000 if t == "f32" else 0x7ff8000000000000
        unary(file, t, f"bits_{t}", lambda a: f"bits({a})", float_values(t),
              lambda a: nan if math.isnan(a) else int.from_bytes(struct.pack(pack, a), "little"), u)
        sign = 1 << (INTS[u][0] - 1)
        quiet = nan & ~(sign >> (9 if t == "f32" else 12))
        patterns = [0, 1, sign, sign | 1, nan, nan | 1, nan | sign, nan | sign | 5, quiet | 1, quiet,
                    sign | quiet, sign | quiet | 77, 0x3f800000 if t == "f32" else 0x3ff0000000000000]
        def value(a):
            return struct.unpack(pack, a.to_bytes(INTS[u][0] // 8, "little"))[0]
        unary(file, u, f"from_{u}", lambda a: f"from_bits({t}, {a})", patterns, value, t)
        unary(file, u, f"there_and_back_{u}", lambda a: f"bits(from_bits({t}, {a}))", patterns,
              lambda a: nan if math.isnan(value(a)) else a, u)
        unary(file, u, f"sign_{u}", lambda a: f"copysign({'1.0f32' if t == 'f32' else '1.0'}, from_bits({t}, {a}))",
              patterns, lambda a: math.copysign(1.0, 1 if math.isnan(value(a)) else value(a)), t)
        unary(file, u, f"neg_{u}", lambda a: f"bits(-from_bits({t}, {a}))", patterns,
              lambda a: nan if math.isnan(value(a)) else a ^ sign, u)
        unary(file, u, f"abs_{u}", lambda a: f"bits(abs(from_bits({t}, {a})))", patterns,
              lambda a: nan if math.isnan(value(a)) else a & ~sign, u)
    return file


def bool_file():
    file = File("bool", "operators of bool, conversions, and that && and || do not look further")
    both = (False, True)
    for op, name, compute in (("&", "and", lambda a, b: a and b), ("|", "or", lambda a, b: a or b),
                              ("^", "xor", lambda a, b: a != b), ("&&", "and2", lambda a, b: a and b),
                              ("||", "or2", lambda a, b: a or b), ("==", "eq", lambda a, b: a == b),
                              ("!=", "ne", lambda a, b: a != b)):
        binary(file, "bool", name, operator(op), both, compute)
    unary(file, "bool", "not", lambda a: f"!{a}", both, lambda a: not a)
    for t in INTS:
        unary(file, "bool", f"to_{t}", lambda a: f"{a} as {t}", both, int, t)
    for t in (*INTS, *FLOATS, "bool"):
        file.function(f"pick_{t}", [("c", "bool"), ("a", t), ("b", t)], t, "return select(c, a, b);")
        values = int_values(t) if t in INTS else float_values(t) if t in FLOATS else both
        for c in both:
            for a, b in zip(values, values[1:] + values[:1]):
                file.call(f"pick_{t}", ("bool", t, t), (c, a, b), t, lambda: a if c else b)
    return file


def division_file():
    """Divisors that become multiplications and shifts."""
    divisors = [1, 2, 3, 5, 6, 7, 9, 10, 11, 12, 25, 64, 100, 125, 625, 641, 1000, 1 << 16, 1000003, (1 << 30) + 1]
    for t in INTS:
        file = File(f"divide_by_constant_{t}", f"{t} divided by constants")
        wide = [1 << (INTS[t][0] - 2), highest(t), highest(t) - 1]
        chosen = divisors + wide + ([-d for d in divisors[:8]] + [lowest(t), -1] if INTS[t][1] else [])
        for i, d in enumerate(chosen):
            file.function(f"div{i}", [("a", t)], t, f"return a / {literal(t, d)};")
            file.function(f"rem{i}", [("a", t)], t, f"return a % {literal(t, d)};")
            values = int_values(t) + [wrap(t, d), wrap(t, d - 1), wrap(t, 2 * d - 1), wrap(t, highest(t) // d * d)]
            for a in unique(values):
                file.call(f"div{i}", (t,), (a,), t, lambda: divide(t, a, d))
                file.call(f"rem{i}", (t,), (a,), t, lambda: remainder(t, a, d))
        yield file


# ---- Size: many variables, many parameters, long functions ----

def many_variables_file(count):
    """All live in a loop, each changed in every round; integers and floats side by side."""
    file = File(f"many_variables_{count}", f"{count} integers and {count} floats, live around a loop")
    body = ["let s: i64 = 0;", "let t: f64 = 0.0;"]
    body += [f"let v{k} = a + {k};\n\tlet g{k} = x + {k}.5;" for k in range(count)]
    steps = []
    for k in range(count):
        other = (k * 7 + 3) % count
        steps.append(f"v{k} = (v{k} + v{other} * {k + 3}) ^ i;")
        steps.append(f"g{k} = g{k} * 0.5 + g{other};")
    body.append("for i in 0..n {\n\t\t" + "\n\t\t".join(steps) + "\n\t}")
    body += [f"s = s * 3 + v{k};\n\tt = t * 0.25 + g{k};" for k in range(count)]
    body.append("return s + bits(t) as i64;")
    file.function("f", [("n", "i64"), ("a", "i64"), ("x", "f64")], "i64", "\n\t" + "\n\t".join(body) + "\n")

    def model(n, a, x):
        v, f = [a + k for k in range(count)], [x + (k + 0.5) for k in range(count)]
        for i in range(n):
            for k in range(count):
                other = (k * 7 + 3) % count
                v[k] = wrap("i64", v[k] + v[other] * (k + 3)) ^ i
                f[k] = f[k] * 0.5 + f[other]
        s, t = 0, 0.0
        for k in range(count):
            s, t = wrap("i64", s * 3 + v[k]), t * 0.25 + f[k]
        return wrap("i64", s + struct.unpack("<q", struct.pack("<d", t))[0])

    for n, a, x in ((0, 1, 0.0), (1, -5, 1.0), (3, 1 << 40, 0.1), (10, 7, -2.5)):
        file.call("f", ("i64", "i64", "f64"), (n, a, x), "i64", lambda: model(n, a, x))
    return file


def rotation_file():
    """The values of variables go round in a loop: moves that depend on each other in a circle."""
    file = File("rotations", "2 to 20 variables whose values go round, by 1 and by 3, and swapped in pairs")
    for t in ("i32", "i64", "f32", "f64"):
        for count in (2, 3, 4, 7, 14, 20):
            for shift in (1, 3) if count > 3 else (1,):
                name = f"rotate_{t}_{count}_{shift}"
                saved = "; ".join(f"let t{k} = v{k}" for k in range(shift))
                moves = []
                for k in range(count):
                    source = k + shift
                    moves.append(f"v{k} = {f't{(source - count) % shift}' if source >= count else f'v{source}'}")
                start = "; ".join(f"let v{k}: {t} = a + {k}{'.0' if t in FLOATS else ''}" for k in range(count))
                total = " + ".join(f"v{k} * {(k + 1) * (k + 1)}{'.0' if t in FLOATS else ''}" for k in range(count))
                body = f"{start}; let i: i64 = 0; while i < n {{ {saved}; {'; '.join(moves)}; i += 1; }} return {total};"
                file.function(name, [("n", "i64"), ("a", t)], t, body)

                def model(n, a):
                    v = [a + k for k in range(count)]
                    for _ in range(n):
                        old = v[:]
                        for k in range(count):
                            source = k + shift
                            v[k] = old[(source - count) % shift] if source >= count else old[source]
                    return sum(v[k] * (k + 1) * (k + 1) for k in range(count))

                for n in (0, 1, 5, 40):
                    a = 100.0 if t in FLOATS else 100
                    file.call(name, ("i64", t), (n, a), t, lambda: model(n, a))
    return file


def many_parameters_file():
    types = ["i64", "f64", "i32", "u64", "f32", "bool", "u32"]
    count = 40
    chosen = [types[k * 5 % 7] for k in range(count)]
    file = File("many_parameters", f"{count} parameters of mixed types, passed on in another order")
    parameters = [(f"p{k}", chosen[k]) for k in range(count)]
    weight = {t: f"{{}} as i64" for t in types}
    total = " + ".join(f"({weight[t].format(n)}) * {k + 1}" for k, (n, t) in enumerate(parameters)
                       if t != "bool") + "".join(f" + (if {n} {{ {k + 1} }} else {{ 0 }})"
                                                 for k, (n, t) in enumerate(parameters) if t == "bool")
    file.function("total", parameters, "i64", f"return {total};")
    by_type = {t: [k for k in range(count) if chosen[k] == t] for t in types}
    order = [by_type[chosen[k]][by_type[chosen[k]].index(k) - 1] for k in range(count)]
    passed = ", ".join(f"p{k}" for k in order)
    file.function("onward", parameters, "i64", f"return total({passed}) * 3 - total({', '.join(n for n, _ in parameters)});")

    def model(values):
        return sum(int(v) * (k + 1) for k, v in enumerate(values))

    for seed in (1, 2, 3):
        values = []
        for k, t in enumerate(chosen):
            number = (k * 37 + seed * 101) % 251
            values.append(number % 2 == 0 if t == "bool" else -number if t in ("i32", "i64") and k % 3 == 0
                          else float(number) if t in FLOATS else number)
        file.call("total", chosen, values, "i64", lambda: model(values))
        file.call("onward", chosen, values, "i64",
                  lambda: model([values[k] for k in order]) * 3 - model(values))
    return file


def long_file():
    file = File("long", "long functions: 4,000 operands, 300 branches, 1,500 statements in a loop, deep parentheses")
    file.function("chain", [("a", "i64")], "i64",
                  "return a" + "".join(f" {'+' if k % 3 else '^'} {k}" for k in range(4000)) + ";")

    def chain(a):  # ^ binds less tightly than +
        result, term = None, a
        for k in range(4000):
            if k % 3:
                term += k
            else:
                result = term if result is None else result ^ term
                term = k
        return wrap("i64", result ^ term)

    for a in (0, 12345, -1):
        file.call("chain", ("i64",), (a,), "i64", lambda: chain(a))
    branches = "".join(f"if x == {k * k} {{ return {k}; }} else " for k in range(300)) + "{ return -1; }"
    file.function("branches", [("x", "i64")], "i64", branches)
    for x in (0, 1, 4, 150 * 150, 299 * 299, 300 * 300, 5):
        file.call("branches", ("i64",), (x,), "i64",
                  lambda: math.isqrt(x) if math.isqrt(x) ** 2 == x and x < 90000 else -1)
    steps = " ".join(f"s = s * {k % 7 + 1} + (i ^ {k}); if s < 0 {{ s = -s - {k}; }}" for k in range(750))
    file.function("body", [("n", "i32")], "i32",
                  f"let s: i32 = 1; for i in 0..n {{ {steps} if s == 77 {{ break; }} }} return s;")

    def body(n):
        s = 1
        for i in range(n):
            for k in range(750):
                s = wrap("i32", s * (k % 7 + 1) + (i ^ k))
                if s < 0:
                    s = wrap("i32", -s - k)
            if s == 77:
                break
        return s

    for n in (0, 1, 2, 20):
        file.call("body", ("i32",), (n,), "i32", lambda: body(n))
    depth = 100
    nested = "a"
    for k in range(depth):
        nested = f"({nested} * 3 + {k})"
    file.function("nested", [("a", "u32")], "u32", f"return {nested};")
    right = "a"
    for k in range(depth):
        right = f"({k} - {right} * 5)"
    file.function("right", [("a", "u32")], "u32", f"return {right};")

    def nest(a, step):
        for k in range(depth):
            a = wrap("u32", step(a, k))
        return a

    for a in (0, 1, 99):
        file.call("nested", ("u32",), (a,), "u32", lambda: nest(a, lambda v, k: v * 3 + k))
        file.call("right", ("u32",), (a,), "u32", lambda: nest(a, lambda v, k: k - v * 5))
    return file


# ---- Loops: every comparison and direction, with recurrences that have a closed form and some that have none ----

BODIES = {  # name: (statements, what they do to the state [s, u])
    "sum": ("s += i;", lambda t, s, u, i: (s + i, u)),
    "squares": ("s += i * i; u = s - i;", lambda t, s, u, i: (s + i * i, s + i * i - i)),
    "cubes": ("s += i * i * i - 2 * i + 5;", lambda t, s, u, i: (s + i ** 3 - 2 * i + 5, u)),
    "sums": ("s += u; u += i;", lambda t, s, u, i: (s + u, u + i)),
    "powers": ("s = s * 3 + 1; u *= 5;", lambda t, s, u, i: (s * 3 + 1, u * 5)),
    "fibonacci": ("let w = s + u; s = u; u = w;", lambda t, s, u, i: (u, s + u)),
    "signs": ("s = i - s; u = -u;", lambda t, s, u, i: (i - s, -u)),
    "swap": ("let w = s; s = u; u = w + 1;", lambda t, s, u, i: (u, s + 1)),
    "odd": ("if i & 1 == 1 { s += i; } else { u += 3; }",
            lambda t, s, u, i: (s + i, u) if i & 1 else (s, u + 3)),
    "split": ("if i < 10 { s += 2; } else { s += i; u += 1; }",
              lambda t, s, u, i: (s + 2, u) if i < 10 else (s + i, u + 1)),
    "last": ("s = i; u = s * 2;", lambda t, s, u, i: (i, i * 2)),
    "xors": ("s = s * 5 ^ i;", lambda t, s, u, i: (wrap(t, s * 5) ^ i, u)),
    "divides": ("s += i / 3; u += i % 7;",
                lambda t, s, u, i: (s + divide(t, i, 3), u + remainder(t, i, 7))),
}


def loop_files():
    limit = 3000
    for t in INTS:
        file = File(f"loops_{t}", f"loops over {t}: all comparisons and directions, around zero and where it wraps")
        spots = [(0, 0), (0, 1), (0, 2), (0, 10), (3, 40), (0, 1000), (10, 0), (1000, 7), (5, 5),
                 (highest(t) - 20, highest(t)), (highest(t) - 20, highest(t) - 1), (highest(t), lowest(t)),
                 (highest(t), highest(t)), (lowest(t), lowest(t) + 17), (lowest(t) + 17, lowest(t)),
                 (lowest(t), lowest(t)), (highest(t) - 8, wrap(t, highest(t) + 9))]
        if INTS[t][1]:
            spots += [(-10, 10), (10, -10), (-1000, -990), (-1, 0), (0, -1)]
        names = list(BODIES)
        row = 0
        for op, (op_name, compare) in COMPARISONS.items():
            for step in (1, 2, 3, 7, -1, -2, -5):
                if op == "==" and step not in (1, -2):
                    continue
                for body in (names[row % len(names)], names[(row * 5 + 3) % len(names)], names[(row * 3 + 7) % len(names)]):
                    add_loop(file, t, op, op_name, compare, step, body, row, spots, limit)
                    row += 1
        yield file


def add_loop(file, t, op, op_name, compare, step, body, row, spots, limit):
    text_, change = BODIES[body]
    name = f"{body}_{op_name}_{'up' if step > 0 else 'down'}{abs(step)}_{row}"
    move = f"i += {step};" if step > 0 else f"i -= {-step};"
    file.function(name, [("a", t), ("b", t)], t,
                  f"let s: {t} = 1; let u: {t} = 2; let n: {t} = 0; let i = a; "
                  f"while i {op} b {{ {text_} n += 1; {move} }} return (s * 31 + u) * 31 + n + i * 7;")

    def model(a, b):
        s, u, n, i = 1, 2, 0, a
        while compare(i, b):
            s, u = change(t, s, u, i)
            s, u, n, i = wrap(t, s), wrap(t, u), n + 1, wrap(t, i + step)
            if n > limit:
                return None
        return wrap(t, (s * 31 + u) * 31 + n + i * 7)

    for a, b in spots:
        result = model(a, b)
        if result is not None:
            file.call(name, (t, t), (a, b), t, lambda: result)


def files():
    yield from loop_files()
    for count in (6, 20, 60, 250):
        yield many_variables_file(count)
    yield rotation_file()
    yield many_parameters_file()
    yield long_file()
    for t in INTS:
        yield from integer_files(t)
    for t in FLOATS:
        yield from float_files(t)
    yield from compare_files()
    for t in FLOATS:
        yield select_file(t)
    yield from convert_files()
    yield bool_file()
    yield from division_file()


def main():
    OUT.mkdir(exist_ok=True)
    names = set()
    for file in files():
        names.add(file.name + ".tv")
        (OUT / (file.name + ".tv")).write_text(file.content())
    for stray in OUT.glob("*.tv"):
        if stray.name not in names:
            stray.unlink()
    print(f"{len(names)} files")


if __name__ == "__main__":
    sys.exit(main())
