"""Makes a failing program small: edits its tree as long as it goes on failing in the same way.

Every edit replaces some children of a node by others.  Candidates are tried by the batch, one process
for many; those that do not compile are simply no failure of the kind looked for.  An edit is kept only
if the text gets smaller, so the search ends.
"""

import time

import generate
from generate import INTS, Node


def shrink(program, failing, seconds=120, progress=None):
	"""`failing([source, …])` says, for each, whether it fails as the program does; a source is what
	`failing.source(program, text)` makes of a program, and `failing.batch` is how many to ask for at a time."""
	until = time.monotonic() + seconds
	size = measure(program)
	improved = True
	while improved and time.monotonic() < until:
		improved = False
		for edits in (drop_items, drop_statements, unwrap, drop_parameters, simplify, inline, literals, elements):
			while time.monotonic() < until:
				new = one_round(program, edits, failing, size, until)
				if new is None:
					break
				size, improved = new, True
				if progress:
					progress(size[0])
	return program


def measure(program):
	text = generate.show(program)
	return len(text), text


def one_round(program, edits, failing, size, until):
	"""Goes through the edits of one kind once, keeping what it can; the new size, or None."""
	batch, best = [], None
	for edit in list(edits(program)):
		undo = apply(edit)
		new = measure(program)
		if new < (best or size):
			batch.append((edit, new, failing.source(program, new[1])))
		revert(undo)
		if len(batch) == failing.batch:
			best = accept(program, batch, failing, best or size) or best
			batch = []
		if time.monotonic() > until:
			return best
	return accept(program, batch, failing, best or size) or best if batch else best


def accept(program, batch, failing, size):
	"""Keeps the edits that fail by themselves, as many together as go."""
	verdicts = failing([source for _, _, source in batch])
	good = [(new, k) for k, (_, new, _) in enumerate(batch) if verdicts[k]]
	best = None
	for _, k in sorted(good):
		edit = batch[k][0]
		if not still_there(edit):
			continue
		undo = apply(edit)
		new = measure(program)
		if program.kids[2].kids and new < (best or size) and (best is None or failing([failing.source(program, new[1])])[0]):
			best = new
		else:
			revert(undo)
	return best


# ---- Edits: lists of (list, old slice as list, index, new list) ----

def apply(edit):
	undo = []
	for kids, at, count, new in edit:
		undo.append((kids, list(kids)))
		kids[at:at + count] = new
	return undo


def revert(undo):
	for kids, old in reversed(undo):
		kids[:] = old


def still_there(edit):
	"""After other edits the places may have moved; the edit remembers what it replaces."""
	return all(at + count <= len(kids) for kids, at, count, _ in edit)


def runs(items):
	"""Slices of a list, long ones first."""
	size = len(items)
	while size:
		for at in range(0, len(items) - size + 1, max(size // 2, 1)):
			yield at, size
		size //= 2


def drop_items(program):
	for part in reversed(program.kids):
		for at, size in runs(part.kids):
			if part.kind == "calls" and size == len(part.kids):
				continue  # a case needs a directive
			yield [(part.kids, at, size, [])]


def drop_statements(program):
	for node in generate.walk(program):
		if node.kind == "block":
			for at, size in runs(node.kids):
				yield [(node.kids, at, size, [])]


def unwrap(program):
	"""A statement by what is in it; without else; the value of a store or call alone."""
	for block in generate.walk(program):
		if block.kind != "block":
			continue
		for k, s in enumerate(block.kids):
			for inner in s.kids:
				if inner.kind == "block":
					yield [(block.kids, k, 1, list(inner.kids))]
					yield [(block.kids, k, 1, [inner])]
			if s.kind == "if" and len(s.kids) == 3:
				yield [(s.kids, 2, 1, [])]
			if s.kind in ("while", "loop") and s.data[2] > 1:
				label, fuel, _ = s.data
				for trips in (1, 2, 3):
					yield [(block.kids, k, 1, [Node(s.kind, None, s.kids, (label, fuel, trips))])]
			if s.kind in ("while", "loop", "for") and s.data[0]:
				yield [(block.kids, k, 1, [Node(s.kind, s.type, s.kids, (None, *s.data[1:]))])]
			if s.kind in ("set", "store") and s.data[1] != "=":
				yield [(block.kids, k, 1, [Node(s.kind, s.type, s.kids, (s.data[0], "="))])]


def drop_parameters(program):
	calls = [n for n in generate.walk(program) if n.kind == "call"]
	for fn in program.kids[1].kids:
		f = fn.data
		for k in reversed(range(len(f.params))):
			edit = [(f.params, k, 1, [])]
			for call in calls:
				if call.data == f.name and len(call.kids) > k:
					edit.append((call.kids, k, 1, []))
			yield edit


def simplest(t):
	if t == "bool":
		return [Node("lit", t, data="false"), Node("lit", t, data="true")]
	return [Node("lit", t, data=d + ("" if t in INTS else ".0") + t) for d in ("0", "1")]


def simplify(program):
	"""An expression by a part of it, by another variable's name or by a plain number."""
	for node in generate.walk(program):
		for k, e in enumerate(node.kids):
			if e.type is None or e.type[0] == "[" or node.kind == "program" or e.kind in ("const", "fn", "spanlit") \
					or node.kind in ("calls", "spanlit") or is_statement(e):
				continue
			if e.kind != "lit":
				parts = [d for d in generate.walk(e) if d is not e and d.type == e.type and d.kind != "spanlit"
					 and not is_statement(d)]
				for part in parts[:12] + simplest(e.type):
					yield [(node.kids, k, 1, [part])]


def inline(program):
	"""A variable that is but a number or another variable, by that."""
	for fn in program.kids[1].kids:
		uses = {}
		for node in generate.walk(fn):
			for k, e in enumerate(node.kids):
				if e.kind == "var":
					uses.setdefault(e.data, []).append((node.kids, k))
		for block in generate.walk(fn):
			for k, s in enumerate(block.kids):
				if s.kind == "let" and s.kids[0].kind in ("lit", "var"):
					yield [(block.kids, k, 1, [])] + [(kids, at, 1, [s.kids[0]])
									  for kids, at in uses.get(s.data, ())]


def is_statement(n):
	return n.kind in ("let", "letspan", "set", "store", "do", "if", "block", "for", "while", "plain", "loop", "return",
			  "break", "continue", "trap")


def literals(program):
	for node in generate.walk(program):
		if node.kind == "call" and node in program.kids[2].kids:
			plain = True
		else:
			plain = node.kind == "spanlit"
		for k, e in enumerate(node.kids):
			if e.kind != "lit":
				continue
			for s in simplest(e.type):
				if plain and e.type != "bool":
					s.data = s.data[:-3]
				yield [(node.kids, k, 1, [s])]
			body = e.data[1:] if e.data[0] == "-" else e.data
			if body != e.data:
				yield [(node.kids, k, 1, [Node("lit", e.type, data=body)])]


def elements(program):
	for node in generate.walk(program):
		if node.kind == "spanlit":
			for at, size in runs(node.kids):
				yield [(node.kids, at, size, [])]
