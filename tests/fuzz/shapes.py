"""Statements in the shapes that passes of the optimised mode look for: loops to be solved, unrolled or copied,
checks to be left out, selections, updates in place.  A part of generate.Generator."""

from tree import ARITHMETIC, ELEMENTS, EQUALITY, FLOATS, INTS, NUMBERS, ORDER, SIGNED, UNSIGNED, Node, int_range


class Shapes:
	def shape(self):
		"""One of them."""
		if self.spans and self.chance(60):
			return self.pick((self.walk_span, self.columns, self.in_place, self.reduce_span))()
		return self.pick((self.recurrence, self.recurrence, self.extremes))()

	def up_to(self, t, end, trips, body_of):
		"""for k in 0..end { what body_of(k's variable) gives }; `trips` is for the estimate of work."""
		before, env, fixed = self.mult, dict(self.env), set(self.fixed)
		self.mult *= max(trips, 1)
		self.cost += 5 * self.mult
		counter = self.fresh("k")
		self.env[counter] = t
		self.fixed.add(counter)
		self.seen.add(("for", t))
		body = body_of(Node("var", t, data=counter))
		self.mult, self.env, self.fixed = before, env, fixed
		return Node("for", t, [self.number(t, 0), end, Node("block", None, body)], (False, counter))

	def variable(self, t):
		"""One that may be assigned, or None."""
		names = [n for n, k in self.env.items() if k == t and n not in self.fixed]
		return self.pick(names) if names else None

	def columns(self):
		"""Two loops over a span as a matrix, by rows or by columns; sizes that mostly fit."""
		span = self.pick(tuple(self.spans))
		element, t = self.spans[span], self.pick(("i64", "i64", "i32", "u64", "u32"))
		if self.mult * 16 > 1200:
			return self.assign()
		wide = self.pick((2, 3, 1, 4))
		rows = Node("bin", t, [self.length(span, t), self.number(t, wide)], "/")
		high = rows if not self.risky() else self.number(t, self.below(5))
		def at(i, j):
			product = Node("bin", t, [i, self.number(t, wide)], "*")
			return Node("bin", t, [product, j] if self.chance(70) else [j, product], "+")
		def inner(i, j):
			self.seen.add(("index", t))
			return [self.use_element(span, element, at(i, j)) for _ in range(1 + self.below(2))]
		if self.chance(50):
			return self.up_to(t, high, 4, lambda i: [self.up_to(t, self.number(t, wide), wide, lambda j: inner(i, j))])
		return self.up_to(t, self.number(t, wide), wide, lambda j: [self.up_to(t, high, 4, lambda i: inner(i, j))])

	def in_place(self):
		"""xs[k] = xs[k] op …, with the neighbour, or from a slice of the same span: order matters."""
		span = self.pick(tuple(self.spans))
		element = self.spans[span]
		if self.mult * 16 > 1200:
			return self.assign()
		value, before = ELEMENTS[element], []
		source = span
		if self.chance(50):
			part = self.slice(span)
			source = self.fresh("t")
			before = [Node("letspan", part.type, [part], source)]
			self.spans[source] = element
		end = Node("builtin", "i64", [Node("len", "i64", data=span), Node("len", "i64", data=source)], "min")
		by = self.pick((0, 0, 1, -1, 2))
		def load(name, k):
			self.seen.add(("load", f"[{element}]"))
			return Node("index", value, [k], name)
		def body(k):
			self.seen.add(("index", "i64"))
			near = self.moved(k, "i64", by) if self.risky() else Node("bin", "i64", [
				self.moved(k, "i64", abs(by)), Node("builtin", "i64", [Node("len", "i64", data=source), self.number("i64", 1)],
				"max")], "%")
			ops = ARITHMETIC if value in FLOATS else ARITHMETIC + ("^", "&")
			new = Node("bin", value, [load(source, near), self.leaf(value)], self.pick(ops))
			op = self.pick(("=", "+=", "="))
			self.seen.add(("store" if op == "=" else "update", f"[{element}]"))
			return [Node("store", value, [k, new], (span, op))]
		loop = self.up_to("i64", end, 12, body)
		if source != span:
			del self.spans[source]
		return Node("block", None, before + [loop])

	def reduce_span(self):
		"""for k in 0..len(xs) { s = s + xs[k] * ys[k] …; m = max(m, xs[k]) … }: inner loops to be unrolled."""
		span = self.pick(tuple(self.spans))
		element = self.spans[span]
		t = ELEMENTS[element]
		target = self.variable(t)
		if not target or self.mult * 16 > 1200:
			return self.assign()
		others = [n for n, e in self.spans.items() if ELEMENTS[e] == t]
		def body(k):
			self.seen.update({("load", f"[{element}]"), ("index", "i64")})
			own, x = Node("var", t, data=target), Node("index", t, [k], span)
			if others and self.chance(30):
				other = self.pick(others)
				size = Node("builtin", "i64", [Node("len", "i64", data=other), self.number("i64", 1)], "max")
				y = Node("index", t, [Node("bin", "i64", [k, size], "%")], other)
				x = Node("bin", t, [x, y], self.pick(ARITHMETIC))
			return [self.gather(t, target, own, x)]
		end = Node("len", "i64", data=span)
		if self.chance(30):
			end = Node("builtin", "i64", [end, Node("lit", "i64", data=f"{self.below(9)}i64")], "min")
		self.seen.add(("len", f"[{element}]"))
		return self.up_to("i64", end, 12, body)

	def gather(self, t, target, own, x):
		"""target = own and x in one: a sum, the larger, the last that …"""
		choice = self.below(6)
		if choice < 2:
			return Node("set", t, [x], (target, self.pick(("+=", "+=", "-=", "*="))))
		if choice == 2:
			return Node("set", t, [Node("builtin", t, [own, x] if self.chance(50) else [x, own], self.pick(("min", "max")))],
				    (target, "="))
		condition = Node("bin", "bool", [x, own], self.pick(ORDER + EQUALITY))
		if choice == 3:
			return Node("set", t, [Node("builtin", t, [condition, x, own], "select")], (target, "="))
		if choice == 4:
			return Node("set", t, [Node("cond", t, [condition, x, own])], (target, "="))
		return Node("if", None, [condition, Node("block", None, [Node("set", t, [x], (target, "="))])])

	def extremes(self):
		"""A loop without spans, of numbers that grow and are held between others: float recurrences, clamps."""
		t = self.pick(FLOATS + INTS)
		target, trips = self.variable(t), self.pick((8, 3, 1, 31, 0, 100))
		if not target or self.mult * trips > 1200:
			return self.assign()
		def body(k):
			own = Node("var", t, data=target)
			ops = ARITHMETIC + ("/",) if t in FLOATS else ARITHMETIC
			new = Node("bin", t, [Node("bin", t, [own, self.leaf(t)], self.pick(ops)), self.expr(t, 1)], self.pick(ops))
			step = Node("set", t, [new], (target, "="))
			if self.chance(40):
				counted = Node("cast", t, [k]) if k.type != t else k
				step = Node("set", t, [counted], (target, self.pick(("+=", "-=", "*="))))
			return [step, self.gather(t, target, own, self.literal(t) if self.chance(60) else self.leaf(t))]
		kind = self.pick(INTS)
		if t != kind:
			self.seen.add(("as", kind, t))
		return self.up_to(kind, self.number(kind, trips), trips, body)

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
		long = self.mult == 1 and self.chance(4)
		trips = self.pick((1000, 4096, 32767, 65535)) if long else self.pick((8, 0, 1, 2, 3, 31, 100, 255))
		if self.mult * trips > 1200 and not long:
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
