"""Random well-typed programs in the language of docs/language.md, as trees.

One generator serves two masters: a campaign drives it with random.Random, which is fast, and Hypothesis
with its own choices (strategies.py).  All it asks for is numbers below a bound: see Source.

Programs end: `for` bounds are close together, `while` and `loop` carry a counter, recursion passes one
less, and an estimate of the work (Generator.cost) keeps calls in loops cheap.
"""

import math
import struct

SIGNED, UNSIGNED = ("i32", "i64"), ("u32", "u64")
INTS = ("i32", "u32", "i64", "u64")
FLOATS = ("f32", "f64")
NUMBERS = INTS + FLOATS
SCALARS = NUMBERS + ("bool",)
WIDTH = {"i32": 32, "u32": 32, "i64": 64, "u64": 64}
ELEMENTS = {"i8": "i32", "u8": "u32", "i16": "i32", "u16": "u32", **{t: t for t in NUMBERS}}
NARROW = {"i8": (-128, 127), "u8": (0, 255), "i16": (-32768, 32767), "u16": (0, 65535)}

LEVEL = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3, "|": 4, "^": 5, "&": 6,
         "<<": 7, ">>": 7, "+": 8, "-": 8, "*": 9, "/": 9, "%": 9}
CAST, PREFIX, PRIMARY = 10, 11, 12

ARITHMETIC, BITWISE, SHIFTS, DIVISIONS = ("+", "-", "*"), ("&", "|", "^"), ("<<", ">>"), ("/", "%")
EQUALITY, ORDER = ("==", "!="), ("<", "<=", ">", ">=")
INT_1, INT_2 = ("clz", "ctz", "popcnt", "bswap", "abs"), ("rotl", "rotr", "mulhi", "min", "max")
FLOAT_1 = ("abs", "sqrt", "floor", "ceil", "trunc", "nearest")
FLOAT_2 = ("min", "max", "copysign")


class Node:
	"""A piece of a program.  `data` is what is no child: a name, an operator, a text."""

	__slots__ = ("kind", "type", "kids", "data", "line")

	def __init__(self, kind, type, kids=(), data=None):
		self.kind, self.type, self.kids, self.data, self.line = kind, type, list(kids), data, 0


class Source:
	"""Where choices come from: anything that gives integers from 0 to n - 1, the simplest first."""

	def __init__(self, below):
		self.below = below

	def pick(self, things):
		return things[self.below(len(things))]

	def chance(self, percent):
		return self.below(100) >= 100 - percent


def from_random(random):
	return Source(lambda n: int(random.random() * n))


def universe():
	"""Every operator with every type it takes: what coverage is measured against."""
	found = set()
	for ops, types in ((ARITHMETIC + DIVISIONS + BITWISE + SHIFTS + INT_1 + INT_2 + ("-", "~"), INTS),
			   (ARITHMETIC + ("/", "-", "fma") + FLOAT_1 + FLOAT_2 + ORDER, FLOATS),
			   (BITWISE + ("&&", "||", "!"), ("bool",)),
			   (EQUALITY + ("if", "select", "call"), SCALARS), (ORDER, INTS)):
		found |= {(op, t) for op in ops for t in types}
	found |= {("as", a, b) for a in SCALARS for b in NUMBERS}
	found |= {("checked", a, b) for a in FLOATS for b in INTS}
	found |= {("bits", "f32"), ("bits", "f64"), ("from_bits", "f32"), ("from_bits", "f64"), ("neg", "f32"),
		  ("neg", "f64")} | {("neg", t) for t in INTS}
	found |= {(op, "[" + e + "]") for op in ("load", "store", "update", "slice", "len") for e in ELEMENTS}
	found |= {("for", t) for t in INTS} | {("index", t) for t in INTS}
	return found


# ---- Numbers as text ----

def float_text(value, suffix=""):
	if math.isnan(value):
		return "nan" + ("_" + suffix if suffix else "")
	sign = "-" if math.copysign(1, value) < 0 else ""
	if math.isinf(value):
		return sign + "inf" + ("_" + suffix if suffix else "")
	text = repr(abs(value))
	if "e" in text:
		digits, _, exponent = text.partition("e")
		text = (digits if "." in digits else digits + ".0") + "e" + str(int(exponent))
	return sign + text + suffix


def round_f32(value):
	try:
		return struct.unpack("<f", struct.pack("<f", value))[0]
	except OverflowError:
		return math.inf


def from_pattern(t, bits):
	return struct.unpack("<f" if t == "f32" else "<d", struct.pack("<I" if t == "f32" else "<Q", bits))[0]


FLOAT_EDGES = {t: [0.0, 1.0, -0.0, -1.0, 0.5, 1.5, 2.5, -0.5, -1.5, 2.0, 3.0, 1e10, -1e10, math.inf, -math.inf,
		   math.nan, 2147483648.0, -2147483648.0, -2147483904.0, 4294967296.0, 9223372036854775808.0,
		   -9223372036854775808.0, 18446744073709551616.0, 16777216.0, 9007199254740992.0, 0.1, 1 / 3,
		   4503599627370497.5, 8388607.5] for t in FLOATS}
FLOAT_EDGES["f32"] = [round_f32(x) for x in FLOAT_EDGES["f32"]] + [
	from_pattern("f32", b) for b in (1, 0x007fffff, 0x00800000, 0x7f7fffff, 0x80000001, 0x4effffff, 0x4f7fffff,
					 0x5effffff, 0x5f7fffff, 0x3effffff, 0x3f7fffff)]
FLOAT_EDGES["f64"] += [2147483647.0, 2147483647.5, -2147483648.5, 4294967295.0, 4294967295.5] + [
	from_pattern("f64", b) for b in (1, 0x000fffffffffffff, 0x0010000000000000, 0x7fefffffffffffff,
					 0x8000000000000001, 0x43dfffffffffffff, 0x43efffffffffffff,
					 0x3fdfffffffffffff, 0x47efffffe0000000, 0x47effffff0000000,
					 0x36a0000000000000, 0x3690000000000000)]


def int_range(t):
	width = WIDTH[t]
	return (-(1 << width - 1), (1 << width - 1) - 1) if t[0] == "i" else (0, (1 << width) - 1)


INT_EDGES = {}
for _t in INTS:
	_low, _high = int_range(_t)
	_edges = [0, 1, 2, 3, 5, 7, 8, 10, -1, -2, _high, _low, _high - 1, _low + 1, 31, 32, 33, 63, 64, 100, 127, 128,
		  255, 256, -128, 65535, 65536, 1 << 31, (1 << 31) - 1, 1 << 32, (1 << 32) - 1, -(1 << 31), 4095, 4096,
		  4097, 0xff00ff, 0x5555555555555555, 0x123456789abcdef, 1 << 53, (1 << 53) + 1, -(1 << 31) - 1,
		  0x7fffff, 1 << 24, (1 << 24) + 1, 0xfff000, 0x1000000000000]
	INT_EDGES[_t] = [e for e in _edges if _low <= e <= _high]


# ---- The generator ----

class Function:
	def __init__(self, name, params, result):
		self.name, self.params, self.result = name, params, result
		self.cost = 1
		self.group = ()  # functions it may call with one less
		self.deep = False  # may be called very deep


class Generator:
	def __init__(self, source, seen=None):
		self.s, self.below, self.pick, self.chance = source, source.below, source.pick, source.chance
		self.seen = set() if seen is None else seen
		self.functions, self.constants = [], {}
		self.risk = 0  # percent of places where a trap is not avoided
		self.names = 0

	# -- Programs --

	def program(self):
		self.risk = self.pick((3, 0, 1, 10, 40))
		self.loopy = self.chance(15)  # loops for the optimiser before all
		consts, fns, calls = [], [], []
		for k in range(self.below(4)):
			consts.append(self.constant(f"C{k}"))
		for _ in range(1 + self.below(3)):
			fns += self.group()
		for f in self.functions:
			for _ in range(2 + self.below(4)):
				calls.append(self.directive(f))
		return Node("program", None, [Node("consts", None, consts), Node("fns", None, fns),
					      Node("calls", None, calls)])

	def constant(self, name):
		t = self.pick(SCALARS)
		self.begin_function(None)
		self.pure = True
		value = self.expr(t, self.below(4))
		self.constants[name] = t
		return Node("const", t, [value], name)

	def group(self):
		"""One function, or some that call each other."""
		size = self.pick((1, 1, 1, 1, 1, 1, 2, 2, 3)) if self.chance(35) else 0
		made = [self.signature(size > 0) for _ in range(max(size, 1))]
		deep = size and self.chance(30)
		for f in made:
			f.group, f.deep = tuple(made) if size else (), deep
		nodes = [self.function(f) for f in made]
		total = sum(f.cost for f in made)
		for f in made:
			f.cost = total * (12 if size else 1)
		self.functions += made
		return nodes

	def signature(self, recursive):
		params = [("depth", "i32")] if recursive else []
		count = self.pick((2, 1, 0, 3, 4, 5, 3, 2, 14, 22, 35)) if self.chance(90) else 1
		taste = self.pick((SCALARS, NUMBERS, ("f64", "i64"), ("f32", "f64"), INTS))
		for k in range(count):
			if self.chance(25):
				params.append((f"s{k}", "[" + self.pick(tuple(ELEMENTS)) + "]"))
			else:
				params.append((f"p{k}", self.pick(taste)))
		result = None if self.chance(8) else self.pick(SCALARS + ("u64", "i64"))
		return Function(f"g{self.names_next()}", params, result)

	def names_next(self):
		self.names += 1
		return self.names

	# -- Functions --

	def begin_function(self, f):
		self.f, self.env, self.spans, self.fixed = f, {}, {}, set()
		self.mult, self.cost, self.loops, self.pure = 1, 0, [], False
		self.calls_left = 6
		self.nodes = 0
		self.room = 400

	def function(self, f):
		self.begin_function(f)
		for name, t in f.params:
			if t[0] == "[":
				self.spans[name] = t[1:-1]
			else:
				self.env[name] = t
		self.fixed = {"depth"} if f.group else set()
		body = []
		pressure = self.chance(15)
		# Rarely so many variables that a frame is more than a page, and so much code that branches reach far.
		giant = pressure and not f.group and self.chance(6)
		if pressure:
			for _ in range(600 if giant else 15 + self.below(25)):
				body.append(self.let(1))
		self.room = 2500 if giant else 400
		outer = dict(self.env)
		body += self.statements(25 if giant else 1 + self.below(2 if f.deep and not pressure else 6), 3)
		if f.group:
			body += self.recurse(f)
		if pressure or self.chance(60) and not f.deep:
			body += self.statements(1 + self.below(4), 2)
		body += self.finish(f, outer if pressure else self.env)
		f.cost = self.cost + 5
		return Node("fn", f.result, [Node("block", None, body)], f)

	def finish(self, f, live):
		"""Brings every variable into the result, so that none of them can be wrong unseen."""
		if f.result is None:
			return [Node("return", None)] if self.chance(20) else []
		if f.result not in ("u64", "i64") or not self.chance(75):
			return [Node("return", None, [self.expr(f.result, 3)])]
		t = f.result
		body = [Node("let", t, [self.literal(t)], "mixed")]
		for name, kind in list(live.items()):
			if self.env.get(name) != kind or name == "mixed":
				continue
			value = self.mixable(Node("var", kind, data=name), t)
			turned = Node("builtin", t, [Node("var", t, data="mixed"), Node("lit", t, data=f"9{t}")], "rotl")
			body.append(Node("set", t, [Node("bin", t, [turned, value], "^")], ("mixed", "=")))
		return body + [Node("return", None, [Node("var", t, data="mixed")])]

	def mixable(self, value, t):
		if value.type in FLOATS:
			value = Node("builtin", "u" + value.type[1:], [value], "bits")
		return value if value.type == t else Node("cast", t, [value])

	def recurse(self, f):
		"""if depth > 0 { … g(depth - 1, …) … }"""
		g = self.pick(f.group)
		deeper = Node("bin", "i32", [Node("var", "i32", data="depth"), Node("lit", "i32", data="1")], "-")
		call = self.call_node(g, [deeper], fixed=1)
		if g.result is None:
			inner = [Node("do", None, [call])]
		elif call.kind != "call":
			return []
		else:
			name = self.fresh("r")
			inner = [Node("let", g.result, [call], name)]
			targets = [n for n, t in self.env.items() if t == g.result and n not in self.fixed]
			if targets:
				inner.append(Node("set", g.result, [Node("var", g.result, data=name)], (self.pick(targets), "=")))
			elif f.result == g.result:
				inner.append(Node("return", None, [Node("var", g.result, data=name)]))
		over = Node("bin", "bool", [Node("var", "i32", data="depth"), Node("lit", "i32", data="0")], ">")
		return [Node("if", None, [over, Node("block", None, inner)])]

	def fresh(self, stem):
		return f"{stem}{self.names_next()}"

	# -- Statements --

	def block(self, count, depth):
		env, spans = dict(self.env), dict(self.spans)
		body = self.statements(count, depth)
		self.env, self.spans = env, spans
		return Node("block", None, body)

	def statements(self, count, depth):
		return [s for _ in range(count) for s in (self.statement(depth),) if s]

	def statement(self, depth):
		self.cost += self.mult
		choice = self.below(100)
		if choice < 25:
			return self.let(2 + self.below(2))
		if choice < 45:
			return self.assign()
		if choice < 60 and self.spans:
			return self.store()
		if choice < 63 and self.spans:
			return self.let_slice()
		if choice < 66:
			return self.call_statement()
		if choice < 69 and self.loops:
			return self.leave()
		if choice < 71:
			return self.stop()
		if depth <= 0 or self.nodes > self.room:
			return self.assign()
		if self.loopy and self.chance(70):
			return self.walk_span() if self.spans and self.chance(50) else self.recurrence()
		if choice < 81:
			return self.branch(depth)
		if choice < 85:
			return self.recurrence()
		if choice < 87 and self.spans:
			return self.walk_span()
		if choice < 97:
			return self.loop(depth)
		return self.block(self.below(3), depth - 1)

	def let(self, depth):
		t = self.pick(SCALARS)
		value = self.expr(t, depth)
		shadowed = [n for n in self.env if n not in self.fixed] if self.chance(10) else ()
		name = self.pick(shadowed) if shadowed else self.fresh("v")
		self.env.pop(name, None)
		self.spans.pop(name, None)
		self.env[name] = t
		# Now and then the type is left to the value, whose numbers all bear theirs.
		return Node("let", t, [value], name)

	def assign(self):
		names = [n for n in self.env if n not in self.fixed]
		if not names:
			return self.let(2)
		name = self.pick(names)
		t = self.env[name]
		op, value = self.update(t, 3)
		return Node("set", t, [value], (name, op))

	def update(self, t, depth):
		"""An assignment's operator, and its value."""
		if not self.chance(45):
			return "=", self.expr(t, depth)
		if t == "bool":
			ops = BITWISE
		elif t in FLOATS:
			ops = ARITHMETIC + ("/",)
		else:
			ops = ARITHMETIC + BITWISE + SHIFTS + DIVISIONS
		op = self.pick(ops)
		value = self.divisor(t, depth) if op in DIVISIONS and t in INTS else self.expr(t, depth)
		self.seen.add((op, t))
		return op + "=", value

	def store(self):
		name = self.pick(tuple(self.spans))
		element = self.spans[name]
		t = ELEMENTS[element]
		index = self.index(name)
		op, value = self.update(t, 2)
		self.seen.add(("store" if op == "=" else "update", f"[{element}]"))
		return Node("store", t, [index, value], (name, op))

	def let_slice(self):
		part = self.slice(self.pick(tuple(self.spans)))
		name = self.fresh("t")
		self.spans[name] = part.type[1:-1]
		return Node("letspan", part.type, [part], name)

	def slice(self, span):
		element = self.spans[span]
		self.seen.add(("slice", f"[{element}]"))
		a, b = self.bound(span), self.bound(span)
		if not self.risky():
			a = Node("builtin", "i64", [a, b], "min") if self.chance(50) else Node("lit", "i64", data="0")
		return Node("slice", f"[{element}]", [a, b], span)

	def bound(self, span):
		"""An i64 from 0 to len(span), mostly."""
		whole = Node("len", "i64", data=span)
		choice = self.below(4)
		if choice == 0:
			return whole
		if choice == 1 and self.risky():
			return self.expr("i64", 2)
		if choice == 2 and self.risky():
			return Node("lit", "i64", data=str(self.below(5)))
		small = Node("bin", "i64", [self.expr("i64", 1), Node("lit", "i64", data="7")], "&")
		return Node("builtin", "i64", [small, whole], "min")

	def call_statement(self):
		call = self.call(None)
		return Node("do", None, [call]) if call and call.kind == "call" else self.assign()

	def leave(self):
		label, named = self.pick(self.loops)
		if not named:  # only the innermost can be left without its name
			label = None
		jump = Node(self.pick(("break", "continue")), None, data=label)
		if self.chance(10):
			return jump
		return Node("if", None, [self.expr("bool", 2), Node("block", None, [jump])])

	def stop(self):
		if self.chance(self.risk):
			last = Node("trap", None)
		else:
			last = Node("return", None, [self.expr(self.f.result, 2)] if self.f.result else [])
		return Node("if", None, [self.expr("bool", 3), Node("block", None, [last])])

	def branch(self, depth):
		kids = [self.expr("bool", 3), self.block(1 + self.below(3), depth - 1)]
		if self.chance(50):
			kids.append(self.block(1 + self.below(3), depth - 1))
		return Node("if", None, kids)

	def loop(self, depth):
		trips = self.pick((3, 2, 5, 9, 1, 17)) if self.chance(90) else 60
		if self.mult * trips > 1200:
			return self.branch(depth)
		named = self.chance(40)
		label = self.fresh("L")
		kind = self.pick(("for", "for", "while", "loop"))
		start = self.for_bounds(trips) if kind == "for" else None
		before = self.mult, dict(self.env)
		self.mult *= trips
		self.cost += self.mult
		around = self.loops
		self.loops = [l for l in around if l[1]] + [(label, named)]
		if kind == "for":
			name, t, a, b = start
			self.env[name] = t
			self.seen.add(("for", t))
			body = self.block(1 + self.below(4), depth - 1)
			node = Node("for", t, [a, b, body], (named and label, name))
		else:
			fuel = self.fresh("fuel")
			condition = [self.expr("bool", 2)] if kind == "while" else []
			body = self.block(1 + self.below(4), depth - 1)
			node = Node(kind, None, condition + [body], (named and label, fuel, trips))
		self.loops = around
		self.mult, self.env = before
		return node

	def walk_span(self):
		"""for k in 0..len(xs) { … xs[k + 1] … }, with bounds and indices that are a little off: which checks
		may be left out?"""
		span = self.pick(tuple(self.spans))
		element, t = self.spans[span], self.pick(("i64", "i64", "i32", "u32", "u64"))
		if self.mult * 16 > 1200:
			return self.assign()
		before, env = self.mult, dict(self.env)
		self.mult *= 16
		self.cost += 5 * self.mult
		off = lambda: self.pick((0, 0, 0, 1, 2)) if self.chance(60) else -1
		start = self.number(t, self.pick((0, 0, 0, 1, 2, -1)) if t in SIGNED else self.below(3))
		end = off()
		if t in UNSIGNED:
			end = max(end, 0)  # 0 - 1 would be billions of rounds
		end = self.moved(self.length(span, t), t, end)
		counter = self.fresh("k")
		self.env[counter] = t
		self.fixed.add(counter)
		body = []
		for _ in range(1 + self.below(3)):
			at = self.moved(Node("var", t, data=counter), t, off())
			self.seen.add(("index", t))
			step = self.use_element(span, element, at)
			if self.chance(30):
				guard = self.moved(Node("var", t, data=counter), t, off())
				condition = Node("bin", "bool", [guard, self.length(span, t)], self.pick(("<", "<", "<=", "!=")))
				if t in SIGNED and self.chance(50):
					low = Node("bin", "bool", [Node("var", t, data=counter), self.number(t, self.below(2))], ">=")
					condition = Node("bin", "bool", [low, condition], "&&")
				step = Node("if", None, [condition, Node("block", None, [step])])
			body.append(step)
		self.mult, self.env = before, env
		return Node("for", t, [start, end, Node("block", None, body)], (False, counter))

	def length(self, span, t):
		self.seen.add(("len", f"[{self.spans[span]}]"))
		node = Node("len", "i64", data=span)
		return node if t == "i64" else Node("cast", t, [node])

	def moved(self, node, t, by):
		if by == 0:
			return node
		return Node("bin", t, [node, self.number(t, abs(by))], "+" if by > 0 else "-")

	def use_element(self, span, element, at):
		t = ELEMENTS[element]
		targets = [n for n, k in self.env.items() if k == t and n not in self.fixed]
		if targets and self.chance(50):
			self.seen.add(("load", f"[{element}]"))
			return Node("set", t, [Node("index", t, [at], span)], (self.pick(targets), self.pick(("+=", "-=", "="))))
		op, value = self.update(t, 1)
		self.seen.add(("store" if op == "=" else "update", f"[{element}]"))
		return Node("store", t, [at, value], (span, op))

	def recurrence(self):
		"""A loop whose variables evolve so that an optimiser may solve it: sums, powers, alternating
		signs, conditions on the counter, steps that miss the bound."""
		t = self.pick(INTS)
		trips = self.pick((8, 0, 1, 2, 3, 31, 100, 255))
		if self.mult * trips > 1200:
			return self.assign()
		before, env = self.mult, dict(self.env)
		self.mult *= trips + 1
		self.cost += 5 * self.mult
		small = Node("bin", t, [self.leaf(t), self.number(t, (1 << trips.bit_length()) - 1)], "&")
		names = [n for n, k in self.env.items() if k == t and n not in self.fixed]
		sums = [self.pick(names) for _ in range(1 + self.below(3))] if names else []
		counter = self.fresh("k")
		start = self.leaf(t) if self.chance(40) else self.number(t, self.pick((0, 0, 1, -3)))
		if start.kind not in ("lit", "var"):
			start = self.number(t, 0)
		again = Node(start.kind, t, data=start.data)
		self.env[counter] = t
		self.fixed.add(counter)
		strides = self.chance(40)
		body = []
		if self.chance(12) and self.mult < 300:
			fixed = set(self.fixed)
			body.append(self.recurrence())
			self.fixed = fixed
		if self.chance(10):
			at = Node("bin", "bool", [Node("var", t, data=counter), self.leaf(t)], self.pick(EQUALITY + ORDER))
			jump = Node("break" if strides else self.pick(("break", "continue")), None)
			body.append(Node("if", None, [at, Node("block", None, [jump])]))
		steps = [self.evolve(t, name, counter, sums) for name in sums] or [self.assign()]
		body = body + steps if self.chance(50) or not sums else steps + body
		if not strides:
			end = Node("bin", t, [again, small], "+")
			node = Node("for", t, [start, end, Node("block", None, body)], (False, counter))
		else:
			node = self.stride(t, counter, trips, small, body)
		self.mult, self.env = before, env
		return node

	def stride(self, t, counter, trips, few, body):
		"""let k = a; while k < b { …; k += step }, up or down; small numbers, so that it ends."""
		step, down = 1 + self.below(7), self.chance(50) and t in SIGNED
		variable = lambda: Node("var", t, data=counter)
		first = self.number(t, self.below(5) + (trips if down else 0))
		bound = Node("bin", t, [few, self.number(t, 3)], "-") if t in SIGNED and self.chance(50) else few
		condition = Node("bin", "bool", [variable(), bound], self.pick((">", ">=") if down else ("<", "<=")))
		if bound.kids[0].kind == "bin":
			bound.kids[0].kids[0] = self.steady(t, few.kids[0])
		else:
			bound.kids[0] = self.steady(t, few.kids[0])
		body.append(Node("set", t, [self.number(t, step)], (counter, "-=" if down else "+=")))
		return Node("block", None, [Node("let", t, [first], counter),
					    Node("plain", None, [condition, Node("block", None, body)])])

	def steady(self, t, node):
		"""A bound must not move with the loop's sums."""
		changing = node.kind == "var" and node.data not in self.fixed and node.data not in self.constants
		return self.number(t, 77) if changing and self.chance(50) else node

	def evolve(self, t, name, counter, sums):
		"""One step of a recurrence: name = …"""
		own, k = Node("var", t, data=name), Node("var", t, data=counter)
		choice = self.below(9)
		if choice < 3:
			return Node("set", t, [self.polynomial(t, k, 2)], (name, self.pick(("+=", "-=", "^="))))
		if choice == 3:
			return Node("set", t, [self.literal(t)], (name, "+="))
		if choice == 4:
			scaled = Node("bin", t, [own, self.number(t, self.pick((2, 3, -1, 5)))], "*")
			return Node("set", t, [Node("bin", t, [scaled, self.number(t, self.below(9))], "+")], (name, "="))
		if choice == 5:
			other = Node("var", t, data=self.pick(sums))
			return Node("set", t, [Node("bin", t, [own, other], self.pick(ARITHMETIC))], (name, "="))
		if choice == 6:
			odd = Node("bin", t, [k, self.number(t, self.pick((1, 3)))], "&")
			condition = Node("bin", "bool", [odd, self.number(t, 0)], "==")
		else:
			condition = Node("bin", "bool", [k, self.leaf(t)], self.pick(ORDER + EQUALITY))
		if choice == 7:
			value = Node("cond", t, [condition, self.polynomial(t, k, 1), self.literal(t)])
			return Node("set", t, [value], (name, "+="))
		return Node("if", None, [condition, Node("block", None, [Node("set", t, [self.literal(t)], (name, "+="))]),
					 Node("block", None, [Node("set", t, [self.literal(t)], (name, "-="))])])

	def polynomial(self, t, k, depth):
		if depth <= 0 or self.chance(30):
			return Node("var", t, data=k.data) if self.chance(60) else self.leaf(t)
		return Node("bin", t, [self.polynomial(t, k, depth - 1), self.polynomial(t, k, depth - 1)],
			    self.pick(ARITHMETIC))

	def number(self, t, value):
		low, high = int_range(t)
		return Node("lit", t, data=self.int_text(t, value if low <= value <= high else value % (high + 1)))

	def for_bounds(self, trips):
		t = self.pick(INTS)
		low, high = int_range(t)
		name = self.fresh("k")
		choice = self.below(10)
		number = lambda v: Node("lit", t, data=self.int_text(t, v))
		if choice < 4:
			return name, t, number(0), number(trips)
		if choice == 4 and self.spans:
			self.seen.add(("len", "[" + self.spans[next(iter(self.spans))] + "]"))
			return name, "i64", Node("lit", "i64", data="0i64"), Node("len", "i64", data=self.pick(tuple(self.spans)))
		if choice == 5:
			return name, t, number(high - self.below(trips + 1)), number(high)
		if choice == 6:
			return name, t, number(low), number(low + self.below(trips + 1))
		mask = number((1 << trips.bit_length() - 1) - 1 if trips > 1 else 1)
		few = Node("bin", t, [self.expr(t, 2), mask], "&")
		if choice == 7:
			return name, t, number(0), few
		start = self.leaf(t)
		if start.kind not in ("var", "lit"):
			return name, t, number(0), few
		again = Node(start.kind, t, data=start.data)
		if choice == 8 and t in SIGNED:
			return name, t, Node("bin", t, [start, few], "-"), again
		return name, t, start, Node("bin", t, [again, few], "+")

	# -- Calls --

	def call(self, t, depth=2):
		"""A call with a result of this type (None: any function), or None."""
		able = [f for f in self.functions if (t is None or f.result == t)
			and f.cost * self.mult + self.cost < 60000]
		if not able or self.pure or self.calls_left <= 0:
			return None
		f = self.pick(able)
		self.calls_left -= 1
		self.cost += f.cost * self.mult
		first = [Node("lit", "i32", data=str(self.below(9)))] if f.group else []
		return self.call_node(f, first, len(first), depth)

	def call_node(self, f, first, fixed, depth=1):
		args = list(first)
		self.seen.add(("call", f.result or "i32"))
		for _, t in f.params[fixed:]:
			if t[0] != "[":
				args.append(self.expr(t, depth if len(f.params) < 8 else 1))
				continue
			fitting = [n for n, e in self.spans.items() if e == t[1:-1]]
			if not fitting:  # there is no way to write an empty span in an expression
				return self.substitute(f)
			name = self.pick(fitting)
			args.append(self.slice(name) if self.chance(40) else Node("span", t, data=name))
		return Node("call", f.result, args, f.name)

	def substitute(self, f):
		if f.result is None:
			return Node("call", None, [], "nothing")
		return self.literal(f.result)

	# -- Expressions --

	def risky(self):
		return self.chance(self.risk) and not self.pure

	def expr(self, t, depth):
		self.cost += self.mult
		self.nodes += 1
		if depth <= 0 or self.nodes > 2 * self.room:
			return self.leaf(t)
		choice = self.below(100)
		if choice < 12:
			return self.leaf(t)
		if choice < 17:
			self.seen.add(("if", t))
			return Node("cond", t, [self.expr("bool", depth - 1), self.expr(t, depth - 1), self.expr(t, depth - 1)])
		if choice < 20:
			self.seen.add(("select", t))
			return Node("builtin", t, [self.expr("bool", depth - 1), self.expr(t, depth - 1),
						   self.expr(t, depth - 1)], "select")
		if choice < 25:
			call = self.call(t, depth - 1)
			if call:
				return call
		if choice < 34 and self.spans and not self.pure and t != "bool":
			load = self.load(t)
			if load:
				return load
		if t == "bool":
			return self.expr_bool(depth - 1)
		if choice < 47:
			return self.cast(t, depth - 1)
		return self.expr_float(t, depth - 1) if t in FLOATS else self.expr_int(t, depth - 1)

	def binary(self, op, t, operand, depth):
		self.seen.add((op, operand))
		left, right = self.expr(operand, depth), self.expr(operand, depth)
		return Node("bin", t, [left, right], op)

	def builtin(self, name, t, types, depth):
		self.seen.add((name, t))
		return Node("builtin", t, [self.expr(x, depth) for x in types], name)

	def expr_int(self, t, depth):
		choice = self.below(100)
		if choice < 28:
			return self.binary(self.pick(ARITHMETIC), t, t, depth)
		if choice < 42:
			return self.binary(self.pick(BITWISE), t, t, depth)
		if choice < 52:
			return self.binary(self.pick(SHIFTS), t, t, depth)
		if choice < 62 and not self.pure:
			op = self.pick(DIVISIONS)
			self.seen.add((op, t))
			return Node("bin", t, [self.expr(t, depth), self.divisor(t, depth)], op)
		if choice < 70:
			op = self.pick(("-", "~"))
			self.seen.add(("neg" if op == "-" else op, t))
			return Node("un", t, [self.expr(t, depth)], op)
		if choice < 80:
			return self.builtin(self.pick(INT_1), t, (t,), depth)
		if choice < 90:
			return self.builtin(self.pick(INT_2), t, (t, t), depth)
		if choice < 94 and t in UNSIGNED:
			self.seen.add(("bits", "f" + t[1:]))
			return Node("builtin", t, [self.expr("f" + t[1:], depth)], "bits")
		if choice < 97 and self.risky():
			return self.checked(t, depth)
		if t == "i64" and self.spans:
			name = self.pick(tuple(self.spans))
			self.seen.add(("len", f"[{self.spans[name]}]"))
			return Node("len", t, data=name)
		return self.binary(self.pick(ARITHMETIC), t, t, depth)

	def checked(self, t, depth):
		kind = self.pick(FLOATS)
		self.seen.add(("checked", kind, t))
		value = self.expr(kind, depth)
		if self.chance(70):  # in range, if it is a number
			one = Node("lit", kind, data=float_text(0.0 if t in UNSIGNED else -1000.5, kind))
			value = Node("builtin", kind, [Node("builtin", kind, [value, one], "max"),
						       Node("lit", kind, data=float_text(70000.25, kind))], "min")
		return Node("builtin", t, [value], "checked_" + t)

	def expr_float(self, t, depth):
		choice = self.below(100)
		if choice < 45:
			return self.binary(self.pick(ARITHMETIC + ("/",)), t, t, depth)
		if choice < 52:
			self.seen.add(("neg", t))
			return Node("un", t, [self.expr(t, depth)], "-")
		if choice < 70:
			return self.builtin(self.pick(FLOAT_1), t, (t,), depth)
		if choice < 85:
			return self.builtin(self.pick(FLOAT_2), t, (t, t), depth)
		if choice < 92:
			return self.builtin("fma", t, (t, t, t), depth)
		self.seen.add(("from_bits", t))
		return Node("builtin", t, [self.expr("u" + t[1:], depth)], "from_bits")

	def expr_bool(self, depth):
		choice = self.below(100)
		if choice < 55:
			t = self.pick(NUMBERS)
			return self.binary(self.pick(ORDER + EQUALITY), "bool", t, depth)
		if choice < 78:
			return self.binary(self.pick(("&&", "||")), "bool", "bool", depth)
		if choice < 86:
			self.seen.add(("!", "bool"))
			return Node("un", "bool", [self.expr("bool", depth)], "!")
		return self.binary(self.pick(BITWISE + EQUALITY), "bool", "bool", depth)

	def cast(self, t, depth):
		source = self.pick(SCALARS)
		self.seen.add(("as", source, t))
		return Node("cast", t, [self.expr(source, depth)])

	def divisor(self, t, depth):
		"""Mostly not 0 and not -1."""
		if self.risky():
			return self.expr(t, depth)
		if self.chance(60):
			value = self.pick((2, 3, 7, 10, 1, 8, 64, 641, 1000, 2147483647, int_range(t)[1], int_range(t)[0]))
			return Node("lit", t, data=self.int_text(t, value or 5))
		odd = Node("bin", t, [self.expr(t, depth), Node("lit", t, data=self.int_text(t, 1))], "|")
		if t in UNSIGNED:
			return odd
		some = Node("bin", t, [odd, Node("lit", t, data=self.int_text(t, 0xffff))], "&")
		return some

	def load(self, t):
		able = [n for n, e in self.spans.items() if ELEMENTS[e] == t]
		if not able:
			return None
		name = self.pick(able)
		self.seen.add(("load", f"[{self.spans[name]}]"))
		return Node("index", t, [self.index(name)], name)

	def index(self, span):
		"""Mostly inside, if the span is not empty."""
		if self.risky():
			t = self.pick(INTS)
			self.seen.add(("index", t))
			return self.expr(t, 2)
		t = self.pick(INTS)
		self.seen.add(("index", t))
		choice = self.below(4)
		if choice == 0:
			return Node("lit", t, data=self.int_text(t, self.below(3)))
		if choice == 1:
			return Node("bin", t, [self.expr(t, 1), Node("lit", t, data=self.int_text(t, self.pick((3, 1))))], "&")
		counters = [n for n, k in self.env.items() if n[0] == "k" and k in INTS]
		if choice == 2 and counters:
			name = self.pick(counters)
			return Node("bin", self.env[name], [Node("var", self.env[name], data=name),
							    Node("lit", self.env[name], data=self.int_text(self.env[name], 3))], "&")
		unsigned = Node("cast", "u64", [self.expr(t, 1)])
		size = Node("builtin", "u64", [Node("cast", "u64", [Node("len", "i64", data=span)]),
					       Node("lit", "u64", data="1u64")], "max")
		return Node("bin", "u64", [unsigned, size], "%")

	def leaf(self, t):
		if self.chance(75):
			able = [n for n, k in self.env.items() if k == t]
			if able:
				return Node("var", t, data=self.pick(able))
		if self.constants and self.chance(20):
			able = [n for n, k in self.constants.items() if k == t]
			if able:
				return Node("var", t, data=self.pick(able))
		return self.literal(t)

	# -- Literals --

	def int_text(self, t, value):
		return self.written(value, self.below(10)) + t

	def written(self, value, form):
		if form == 9 and value >= 0:
			return hex(value) + "_"
		if form == 8 and value >= 0:
			return bin(value) + "_"
		return str(value)

	def int_value(self, t):
		if self.chance(75):
			return self.pick(INT_EDGES[t])
		low, high = int_range(t)
		value = self.below(high - low + 1) + low
		return value >> self.below(WIDTH[t])

	def float_value(self, t):
		if self.chance(60):
			return self.pick(FLOAT_EDGES[t])
		if self.chance(50):
			value = (self.below(20001) - 10000) / self.pick((1, 2, 8, 3, 10, 1000))
			return round_f32(value) if t == "f32" else value
		return from_pattern(t, self.below(1 << (32 if t == "f32" else 64)))

	def literal(self, t):
		if t == "bool":
			return Node("lit", t, data=self.pick(("true", "false")))
		if t in INTS:
			return Node("lit", t, data=self.int_text(t, self.int_value(t)))
		return Node("lit", t, data=float_text(self.float_value(t), t))

	# -- Directives --

	def directive(self, f):
		args = []
		for k, (name, t) in enumerate(f.params):
			if name == "depth":
				deep = f.deep and self.chance(30)
				args.append(Node("lit", t, data=str(self.pick((1000, 999, 1001, 998, 500, 333, 2000)) if deep
								  else self.below(7))))
			elif t[0] == "[":
				count = self.pick((5, 0, 8, 2, 3, 4, 7, 1, 9, 16, 6, 12)) if self.chance(80) else 4
				args.append(Node("spanlit", t, [self.element(t[1:-1]) for _ in range(count)]))
			else:
				args.append(self.plain(t))
		return Node("call", f.result, args, f.name)

	def plain(self, t):
		"""A number as a directive has it: without suffix, the parameter gives the type."""
		node = self.literal(t)
		if t in INTS:
			node.data = str(self.int_value(t))
		return node

	def element(self, e):
		if e in NARROW:
			low, high = NARROW[e]
			value = self.pick((low, high, 0, 1, low + 1)) if self.chance(40) else low + self.below(high - low + 1)
			return Node("lit", ELEMENTS[e], data=str(value))
		return self.plain(e)


def generate(source, seen=None):
	return Generator(source, seen).program()


# ---- Trees as text ----

def show(program):
	"""The program's text; sets `line` in every statement and directive."""
	out = []
	consts, fns, calls = (part.kids for part in program.kids)
	for c in consts:
		out.append(f"const {c.data}: {c.type} = {text(c.kids[0])};")
	used = {n.data for n in walk(program) if n.kind == "call"}
	if "nothing" in used:
		out.append("fn nothing() { }")
	for fn in fns:
		f = fn.data
		params = ", ".join(f"{n}: {t}" for n, t in f.params)
		out.append(f"fn {f.name}({params})" + (f" -> {f.result}" if f.result else "") + " {")
		show_block(fn.kids[0], out, 1)
		out.append("}")
	for c in calls:
		out.append("//! " + text(c))
		c.line = len(out)
	return "\n".join(out) + "\n"


def show_block(block, out, depth):
	for s in block.kids:
		show_statement(s, out, "\t" * depth, depth)


def show_statement(s, out, tabs, depth):
	kind, kids = s.kind, s.kids
	s.line = len(out) + 1
	if kind == "let":
		out.append(f"{tabs}let {s.data}: {s.type} = {text(kids[0])};")
	elif kind == "letspan":
		out.append(f"{tabs}let {s.data} = {text(kids[0])};")
	elif kind == "set":
		out.append(f"{tabs}{s.data[0]} {s.data[1]} {text(kids[0])};")
	elif kind == "store":
		out.append(f"{tabs}{s.data[0]}[{text(kids[0])}] {s.data[1]} {text(kids[1])};")
	elif kind == "do":
		out.append(f"{tabs}{text(kids[0])};")
	elif kind == "if":
		show_if(s, out, tabs, depth)
	elif kind == "block":
		out.append(tabs + "{")
		show_block(s, out, depth + 1)
		out.append(tabs + "}")
	elif kind == "for":
		label, name = s.data
		out.append(f"{tabs}{label + ': ' if label else ''}for {name} in {text(kids[0])}..{text(kids[1])} {{")
		show_block(kids[2], out, depth + 1)
		out.append(tabs + "}")
	elif kind in ("while", "loop"):
		label, fuel, trips = s.data
		out.append(f"{tabs}let {fuel} = {trips};")
		s.line += 1
		label = label + ": " if label else ""
		if kind == "while":
			out.append(f"{tabs}{label}while {fuel} > 0 && {text(kids[0], 3)} {{")
		else:
			out.append(f"{tabs}{label}loop {{")
			out.append(f"{tabs}\tif {fuel} == 0 {{ break; }}")
		out.append(f"{tabs}\t{fuel} -= 1;")
		show_block(kids[-1], out, depth + 1)
		out.append(tabs + "}")
	elif kind == "plain":
		out.append(f"{tabs}while {text(kids[0])} {{")
		show_block(kids[1], out, depth + 1)
		out.append(tabs + "}")
	elif kind == "return":
		out.append(f"{tabs}return {text(kids[0])};" if kids else f"{tabs}return;")
	else:  # break, continue, trap
		out.append(f"{tabs}{kind} {s.data};" if s.data else f"{tabs}{kind};")


def show_if(s, out, tabs, depth):
	out.append(f"{tabs}if {text(s.kids[0])} {{")
	show_block(s.kids[1], out, depth + 1)
	while len(s.kids) > 2:
		rest = s.kids[2]
		if len(rest.kids) == 1 and rest.kids[0].kind == "if":
			s = rest.kids[0]
			s.line = len(out) + 1
			out.append(f"{tabs}}} else if {text(s.kids[0])} {{")
			show_block(s.kids[1], out, depth + 1)
			continue
		out.append(tabs + "} else {")
		show_block(rest, out, depth + 1)
		break
	out.append(tabs + "}")


def text(e, level=0):
	"""An expression, in parentheses if it binds less than `level`."""
	kind = e.kind
	if kind in ("lit", "var", "span"):
		negative = kind == "lit" and e.data[0] == "-"
		return f"({e.data})" if negative and level > PREFIX else e.data
	if kind == "bin":
		own = LEVEL[e.data]
		left = own + 1 if own == 3 else own
		shown = f"{text(e.kids[0], left)} {e.data} {text(e.kids[1], own + 1)}"
	elif kind == "un":
		own = PREFIX
		shown = e.data + text(e.kids[0], PREFIX)
	elif kind == "cast":
		own = CAST
		shown = f"{text(e.kids[0], CAST + 1)} as {e.type}"
	elif kind == "cond":
		return f"if {text(e.kids[0])} {{ {text(e.kids[1])} }} else {{ {text(e.kids[2])} }}"
	elif kind == "index":
		return f"{e.data}[{text(e.kids[0])}]"
	elif kind == "slice":
		return f"{e.data}[{text(e.kids[0])}..{text(e.kids[1])}]"
	elif kind == "len":
		return f"len({e.data})"
	elif kind == "spanlit":
		return "[" + ", ".join(text(k) for k in e.kids) + "]"
	else:
		args = ", ".join(text(k) for k in e.kids)
		return f"{e.data}({e.type}, {args})" if e.data == "from_bits" else f"{e.data}({args})"
	return f"({shown})" if own < level else shown


def walk(node):
	"""Every node, parents first."""
	todo = [node]
	while todo:
		n = todo.pop()
		yield n
		todo.extend(reversed(n.kids))
