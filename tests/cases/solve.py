#!/usr/bin/env python3
"""Writes tests/cases/loops/solve_*.tv: every kind of loop that the optimiser solves, at few iterations, and
gives test_solve.py the results at many.

Expectations are worked out here, never by Trivet.  Few iterations are made one by one on Python's integers.
For many, the results of a loop that sums are a polynomial in n for each n modulo the loop's period: it is
interpolated from small n, exactly, and checked on two more points.  The others have their own formulas.
"""

from fractions import Fraction
from pathlib import Path

OUT = Path(__file__).parent / "loops"
TYPES = {"i32": (32, True), "u32": (32, False), "i64": (64, True), "u64": (64, False)}
FEW = [0, 1, 2, 3, 5, 8, 13, 16, 31, 64, 100]
K = 11  # the second argument, where there is one choice to make


def wrap(t, value):
    width, signed = TYPES[t]
    value %= 1 << width
    return value - (1 << width) if signed and value >> (width - 1) else value


class Loop:
    """Trivet's text of the loop, with T for the type; the same in Python; period and degree of the result
    as a function of n, from n = first on."""

    def __init__(self, name, text, simulate, degree=None, period=1, first=0, exact=None, types=TYPES):
        self.name, self.text, self.simulate = name, text, simulate
        self.degree, self.period, self.first, self.exact, self.types = degree, period, first, exact, types

    def many(self, n, width):
        """The result modulo 2^width for any n."""
        if self.exact:
            return self.exact(n, 1 << width)
        start = self.first + (n - self.first) % self.period
        xs = [start + self.period * j for j in range(self.degree + 3)]
        ys = [self.simulate(x) for x in xs]
        for x, y in zip(xs[-2:], ys[-2:]):
            assert lagrange(xs[:-2], ys[:-2], x) == y, self.name
        return lagrange(xs[:-2], ys[:-2], n)


def lagrange(xs, ys, x):
    total = Fraction(0)
    for i, xi in enumerate(xs):
        term = Fraction(ys[i])
        for j, xj in enumerate(xs):
            if i != j:
                term *= Fraction(x - xj, xi - xj)
        total += term
    assert total.denominator == 1
    return int(total)


def over(function):
    """The sum of function(i) for i below n."""
    return lambda n: sum(function(i) for i in range(n))


def summed(name, term, function, degree, period=1, first=0, **more):
    return Loop(name, "let s: T = 0; for i in 0..n { s += %s; } return s;" % term, over(function), degree,
                period, first, **more)


def power(matrix, n, modulus):
    size = range(len(matrix))
    result = [[int(i == j) for j in size] for i in size]
    while n:
        if n & 1:
            result = [[sum(a * matrix[k][j] for k, a in enumerate(row)) % modulus for j in size] for row in result]
        matrix = [[sum(a * matrix[k][j] for k, a in enumerate(row)) % modulus for j in size] for row in matrix]
        n >>= 1
    return result


def linear(name, text, matrix, start, **more):
    """State 0 after n times v = matrix·v."""
    def exact(n, modulus):
        row = power(matrix, n, modulus)[0]
        return sum(a * b for a, b in zip(row, start)) % modulus
    return Loop(name, text, lambda n: exact(n, 1 << 64), exact=exact, **more)


def nested(function):
    return lambda n: sum(function(i, j, n) for i in range(n) for j in range(n))


def meeting(n):
    s, i, j = 0, 0, n
    while i < j:
        s, i, j = s + i * j, i + 1, j - 1
    return s


def stepping(step):
    return lambda n: sum(range(0, n, step))


def skipping(n):
    return sum(i + 1 for i in range(n) if (i + 1) % 4 != 2)


def second_order(n):
    a, b = 3, 1
    for _ in range(n):
        a, b = a + b, b + K
    return a


def xor_to(n, _=0):
    return [0, n - 1, 1, n][n % 4]  # of all below n


def few_xor(n):
    x = 0
    for i in range(n):
        x ^= i
    return x


FIB = "let a: T = 0; let b: T = 1; for i in 0..n { let t = a + b; a = b; b = t; } return a;"
TRIB = ("let a: T = 0; let b: T = 1; let c: T = 1; "
        "for i in 0..n { let t = a + b + c; a = b; b = c; c = t; } return a;")
LOOPS = [
    Loop("last", "let s: T = 7; for i in 0..n { s = 42; } return s;", lambda n: 42 if n else 7, 0, first=1),
    Loop("late", "let s: T = 7; for i in 0..n { s = i * i + 3; } return s;",
         lambda n: (n - 1) ** 2 + 3 if n else 7, 2, first=1),
    summed("count", "5", lambda i: 5, 1),
    Loop("minus", "let s: T = 0; for i in 0..n { s -= i; } return s;", lambda n: -sum(range(n)), 2),
    summed("numbers", "i", lambda i: i, 2),
    summed("squares", "i * i", lambda i: i * i, 3),
    summed("cubes", "i * i * i", lambda i: i ** 3, 4),
    summed("degree8", "i * i * i * i * i * i * i * i", lambda i: i ** 8, 9),
    summed("shifted", "i << 2", lambda i: 4 * i, 2),
    Loop("second_order", "let a: T = 3; let b: T = 1; for i in 0..n { a += b; b += k; } return a;",
         second_order, 2),
    linear("geometric", "let x: T = 1; for i in 0..n { x *= 3; } return x;", [[3]], [1]),
    linear("shift_out", "let x: T = 1; for i in 0..n { x = x << 1; } return x;", [[2]], [1]),
    linear("affine", "let x: T = k; for i in 0..n { x = x * 1103515245 + 12345; } return x;",
           [[1103515245, 12345], [0, 1]], [K, 1]),
    linear("affine_counter", "let x: T = k; for i in 0..n { x = x * 5 + i; } return x;",
           [[5, 1, 0], [0, 1, 1], [0, 0, 1]], [K, 0, 1]),
    linear("fibonacci", FIB, [[0, 1], [1, 1]], [0, 1]),
    linear("tribonacci", TRIB, [[0, 1, 0], [0, 0, 1], [1, 1, 1]], [0, 1, 1]),
    Loop("rectangle", "let s: T = 0; for i in 0..n { for j in 0..k { s += i * j; } } return s;",
         lambda n: sum(i * j for i in range(n) for j in range(K)), 2),
    Loop("triangle", "let s: T = 0; for i in 0..n { for j in 0..i { s += i * j + 1; } } return s;",
         nested(lambda i, j, n: i * j + 1 if j < i else 0), 4),
    Loop("upper_triangle", "let s: T = 0; for i in 0..n { for j in i..n { s += j; } } return s;",
         nested(lambda i, j, n: j if j >= i else 0), 3),
    Loop("pyramid", "let s: T = 0; for i in 0..n { for j in 0..i { for l in 0..j { s += l; } } } return s;",
         lambda n: sum(l for i in range(n) for j in range(i) for l in range(j)), 4),
    Loop("stride", "let s: T = 0; let i: T = 0; while i < n { s += i; i += 3; } return s;", stepping(3), 2, 3),
    Loop("down", "let s: T = 0; let i = n; while i > 0 { s += i; i -= 1; } return s;",
         lambda n: n * (n + 1) // 2, 2),
    Loop("unequal", "let s: T = 0; let i = k; let m = k + n; while i != m { s += i; i += 1; } return s;",
         lambda n: sum(range(K, K + n)), 2),
    Loop("two_bounds", "let s: T = 0; let i: T = 0; while i < n && i < k + n { s += i; i += 1; } return s;",
         lambda n: sum(range(n)), 2),
    Loop("meet", "let s: T = 0; let i: T = 0; let j = n; while i < j { s += i * j; i += 1; j -= 1; } return s;",
         meeting, 3, 2),
    Loop("break", "let s: T = 0; let i = n; loop { if i == 0 { break; } s += i; i -= 1; } return s;",
         lambda n: n * (n + 1) // 2, 2),
    Loop("xor", "let s: T = 0; for i in 0..n { s ^= i; } return s;", few_xor, exact=xor_to),
    summed("odd", "i & 1", lambda i: i & 1, 1, 2),
    summed("low_bits", "i & 7", lambda i: i & 7, 1, 8),
    summed("halved", "i >> 3", lambda i: i >> 3, 2, 8),
    summed("remainder", "i % 7", lambda i: i % 7, 1, 7),
    summed("quotient", "i / 6", lambda i: i // 6, 2, 6),
    summed("choice", "if i < k { 1 } else { 2 }", lambda i: 1 if i < K else 2, 1, first=K),
    summed("one_choice", "if i == k { 100 } else { i }", lambda i: 100 if i == K else i, 2, first=K + 1),
    summed("alternating", "if (i & 1) != 0 { i } else { 0 - i }", lambda i: i if i & 1 else -i, 1, 2),
    Loop("sign", "let s: T = 0; let g: T = 1; for i in 0..n { s += g * i; g = 0 - g; } return s;",
         over(lambda i: i * (-1) ** i), 1, 2),
    summed("fizz", "if i % 3 == 0 || i % 5 == 0 { i } else { 0 }",
           lambda i: i if i % 3 == 0 or i % 5 == 0 else 0, 2, 15),
    Loop("continue", "let s: T = 0; let i: T = 0; "
         "while i < n { i += 1; if (i & 3) == 2 { continue; } s += i; } return s;", skipping, 2, 4),
    Loop("greatest", "let s = k; for i in 0..n { s = max(s, i); } return s;",
         lambda n: max([K, *range(n)]), 1, first=K + 2),
    Loop("least", "let s = k; let i = n; while i > 0 { if i < s { s = i; } i -= 1; } return s;",
         lambda n: 1 if n else K, 0, first=1),
    Loop("widened", "let s: i64 = 0; for i in 0..n { s += (i as i64) * 3; } return s as T;",
         over(lambda i: 3 * i), 2),
]


class Bits:
    """A loop on the bits of x: Trivet's text of it, and what it gives; x and the result are of type t.  Some
    loops stay as they are, having no closed form."""

    def __init__(self, name, text, gives, types=TYPES, stays=False):
        self.name, self.text, self.gives, self.types, self.stays = name, text, gives, types, stays


def ones(x, t):
    return (x % (1 << TYPES[t][0])).bit_count()


def shifts(x, k, least=1):
    """How often x, not negative, is shifted by k before it is below least."""
    return 0 if x < least else 1 + shifts(x >> k, k, least)


def left(x, k, least=1):
    return x if x < least else left(x >> k, k, least)


def toward_zero(x, m):
    return x >> m if x >= 0 else -(-x >> m)


def shifted_down(k, by):
    return [Bits(f"{'divide' if by else 'shift'}_{k}_by_{n}",
                 f"for i in 0..{n} {{ {f'x = x / {1 << k}' if by else f'x >>= {k}'}; }} return x;",
                 lambda x, t, n=n: toward_zero(x, k * n) if by else x >> k * n) for n in (3, 11, 200)]


UNSIGNED, SIGNED = ("u32", "u64"), ("i32", "i64")
BITS = [
    Bits("ones", "let n: T = 0; while x != 0 { x &= x - 1; n += 1; } return n * 100 + x;",
         lambda x, t: ones(x, t) * 100),
    Bits("ones_break", "let n: T = 7; loop { if x == 0 { break; } x = (x - 1) & x; n += 3; } return n;",
         lambda x, t: 7 + 3 * ones(x, t)),
    Bits("ones_positive", "let n: T = 0; while x > 0 { x &= x - 1; n += 1; } return n * 1000 + (x >> 7);",
         lambda x, t: ones(x, t) * 1000 if x > 0 else x >> 7),
    Bits("ones_from_1", "let n: T = 0; while x >= 1 { x &= x - 1; n += 1; } return n * 1000 + (x >> 7);",
         lambda x, t: ones(x, t) * 1000 if x > 0 else x >> 7),
    Bits("ones_squares", "let n: T = 0; let s: T = 0; while x != 0 { x &= x - 1; s += n * n; n += 1; } return s;",
         lambda x, t: sum(i * i for i in range(ones(x, t)))),
    Bits("ones_by_2", "let n: T = 0; while (x & 1) == 0 && x != 0 { x &= x - 1; n += 1; } return n * 100 + (x & 63);",
         lambda x, t: ones(x, t) * 100 if x % 2 == 0 else x & 63, stays=True),
    Bits("ones_three", "for i in 0..3 { x &= x - 1; } return x;",
         lambda x, t: (lambda f: f(f(f(x))))(lambda y: y & (y - 1)), stays=True),
    Bits("ones_or_7", "let n: T = 0; while x != 0 && n < 7 { x &= x - 1; n += 1; } return n;",
         lambda x, t: min(ones(x, t), 7), stays=True),
    Bits("clear_from_2", "let n: T = 0; while x > 1 { x &= x - 1; n += 1; } return n;",
         lambda x, t: ones(x, t) if x > 1 else 0, stays=True),
    *(Bits(f"size_{k}", f"let n: T = 0; while x != 0 {{ x = x >> {k}; n += 1; }} return n * 100 + x;",
           lambda x, t, k=k: shifts(x, k) * 100, UNSIGNED) for k in (1, 2, 3, 5, 7, 8, 31)),
    *(Bits(f"positive_{k}", f"let n: T = 0; while x > 0 {{ x >>= {k}; n += 1; }} return n * 1000 + (x >> 7);",
           lambda x, t, k=k: shifts(x, k) * 1000 + (left(x, k) >> 7)) for k in (1, 3, 4, 30)),
    *(Bits(f"from_{c}_{k}", f"let n: T = 0; loop {{ if x < {c} {{ break; }} x = x >> {k}; n += 1; }} "
           "return n * 1000 + x % 512;",
           lambda x, t, k=k, c=c: shifts(x, k, c) * 1000 + left(x, k, c) % 512, UNSIGNED, c == 10)
      for c in (2, 8, 10, 1 << 30) for k in (1, 3, 31)),
    *(Bits(f"halve_{k}", f"let n: T = 0; while x != 0 {{ x = x / {1 << k}; n += 1; }} return n * 100 + x;",
           lambda x, t, k=k: shifts(abs(x), k) * 100) for k in (1, 4, 30)),
    Bits("halve_above_1", "let n: T = 0; while x > 1 { x /= 2; n += 1; } return n * 1000 + x % 512;",
         lambda x, t: shifts(x, 1, 2) * 1000 + (left(x, 1, 2) if x >= 0 else -(-x % 512))),
    Bits("digits", "let n: T = 0; while x != 0 { x = x / 10; n += 1; } return n;",
         lambda x, t: len(str(abs(x))) if x else 0, stays=True),
    Bits("odd_ones", "let n: T = 0; while x > 0 { n += x & 1; x >>= 1; } return n;",
         lambda x, t: ones(x, t) if x > 0 else 0, stays=True),
    Bits("until_minus_1", "let n: T = 0; while x != -1 { x = x >> 1; n += 1; if n == 99 { break; } } return n;",
         lambda x, t: shifts(-1 - x, 1) if x < 0 else 99, SIGNED, True),
    Bits("never", "let n: T = 0; while x != 0 { x = x >> 1; n += 1; if n == 99 { break; } } return n;",
         lambda x, t: shifts(x, 1) if x >= 0 else 99, SIGNED),
    Bits("never_64", "let n: T = 0; while x != 0 && n < 64 { x = x >> 2; n += 1; } return n * 100 + x;",
         lambda x, t: shifts(x, 2) * 100 if x >= 0 else 6399, SIGNED),
    *shifted_down(5, False), *shifted_down(1, False), *shifted_down(4, True),
]


def bit_numbers(t):
    width, signed = TYPES[t]
    xs = {0, 1, 2, 3, 8, 10, 255, 0x55555555, 1 << 30, (1 << width) - 1, 0x9e3779b97f4a7c15}
    xs |= {(1 << e) + d for e in (width - 2, width - 1) for d in (-1, 0, 1)}
    xs |= {-2, -256}
    return sorted({wrap(t, x) for x in xs})


def bits_text():
    lines = ["// tests/cases/loops/solve_bits.tv - written by tests/cases/solve.py: loops that take bits away"]
    for b in BITS:
        for t in b.types:
            text = b.text.replace(": T", f": {t}")
            lines.append(f"fn f_{b.name}_{t}(x: {t}) -> {t} {{ {text} }}")
            lines += [f"//! f_{b.name}_{t}({x}) == {wrap(t, b.gives(x, t))}" for x in bit_numbers(t)]
    return "\n".join(lines) + "\n"


def function_text(loop, t):
    return "fn %s(n: %s, k: %s) -> %s { %s }" % (f"f_{loop.name}", t, t, t,
                                               loop.text.replace(": T", f": {t}").replace("as T", f"as {t}"))


def file_text(t):
    lines = [f"// tests/cases/loops/solve_{t}.tv - written by tests/cases/solve.py: solved loops do what {t} loops do"]
    lines += [function_text(loop, t) for loop in LOOPS]
    for loop in LOOPS:
        for n in FEW:
            lines.append(f"//! f_{loop.name}({n}, {K}) == {wrap(t, loop.simulate(n))}")
        if t[0] == "i" and loop.name not in ("unequal", "break"):  # these would take 2^w rounds
            lines.append(f"//! f_{loop.name}(-5, {K}) == {wrap(t, loop.simulate(0))}")
    return "\n".join(lines) + "\n"


def many_counts(t):
    width, signed = TYPES[t]
    top = (1 << (width - signed)) - 1
    counts = {1 << e for e in range(12, width - signed)} | {10 ** 6 + 3, 10 ** 9 + 7, top // 3, top - 20}
    counts |= {top, top - 1} if width == 64 else set()
    return sorted(n for n in counts if n <= top - 20)


def many_text(t):
    """Large counts, for the optimised engine alone."""
    width, _ = TYPES[t]
    lines = [function_text(loop, t) for loop in LOOPS]
    for loop in LOOPS:
        for n in many_counts(t):
            lines.append(f"//! f_{loop.name}({n}, {K}) == {wrap(t, loop.many(n, width))}")
    return "\n".join(lines) + "\n"


def main():
    for t in TYPES:
        (OUT / f"solve_{t}.tv").write_text(file_text(t))
    (OUT / "solve_bits.tv").write_text(bits_text())


if __name__ == "__main__":
    main()
