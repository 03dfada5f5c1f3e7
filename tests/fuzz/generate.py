"""Random well-typed programs in the language of docs/language.md, as trees.

One generator serves two masters: a campaign drives it with random.Random, which is fast, and Hypothesis
with its own choices (strategies.py).  All it asks for is numbers below a bound: see Source.

Programs end: `for` bounds are close together, `while` and `loop` carry a counter, recursion passes one
less, and an estimate of the work (Generator.cost) keeps calls in loops cheap.
"""

from shapes import Shapes
from tree import *  # noqa: F403: callers have one module to know


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


# ---- The generator ----

class Function:
	def __init__(self, name, params, result):
		self.name, self.params, self.result = name, params, result
		self.cost = 1
		self.group = ()  # functions it may call with one less
		self.deep = False  # may be called very deep


class Generator(Shapes):
	def __init__(self, source, seen=None):
		self.s, self.below, self.pick, self.chance = source, source.below, source.pick, source.chance
		self.seen = set() if seen is None else seen
		self.functions, self.hosts, self.constants = [], [], {}
		self.risk = 0  # percent of places where a trap is not avoided
		self.names = 0

	# -- Programs --

	def program(self):
		self.risk = self.pick((3, 0, 1, 10, 40))
		self.loopy = self.chance(15)  # loops for the optimiser before all
		consts, fns, calls = [], [], []
		for k in range(self.below(4)):
			consts.append(self.constant(f"C{k}"))
		if self.chance(30):
			for k in range(1 + self.below(3)):
				self.hosts.append(self.signature(False))
				self.hosts[-1].name = f"{HOST}{k}"
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
		if self.chance(4):
			return [self.tail_call()]
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

	def tail_call(self):
		"""if depth <= 0 { return … } … return g(depth - 1, …): a loop in other words."""
		f = self.signature(True)
		f.params = [(n, t) for n, t in f.params if t[0] != "["]
		f.result = f.result or "u64"
		f.group, f.deep = (f,), self.chance(60)
		self.begin_function(f)
		self.env, self.fixed = dict(f.params), {"depth"}
		depth = Node("var", "i32", data="depth")
		end = Node("if", None, [Node("bin", "bool", [depth, Node("lit", "i32", data="0")], "<="),
					Node("block", None, [Node("return", None, [self.expr(f.result, 2)])])])
		body = [end] + [self.assign() for _ in range(self.below(3))]
		deeper = Node("bin", "i32", [depth, Node("lit", "i32", data="1")], "-")
		again = Node("call", f.result, [deeper] + [self.expr(t, 1) for _, t in f.params[1:]], f.name)
		self.seen.add(("call", f.result))
		if self.chance(30) and f.result in NUMBERS:
			again = Node("bin", f.result, [again, self.leaf(f.result)], self.pick(ARITHMETIC))
		f.cost = (self.cost + 10) * 12
		self.functions.append(f)
		return Node("fn", f.result, [Node("block", None, body + [Node("return", None, [again])])], f)

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
		if self.loopy and self.chance(70) or 81 <= choice < 88:
			return self.shape()
		if choice < 81:
			return self.branch(depth)
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
		able = [f for f in self.functions + self.hosts if (t is None or f.result == t)
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
