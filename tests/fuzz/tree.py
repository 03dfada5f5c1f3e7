"""Programs as trees, and trees as text (generate.py makes them, shrink.py makes them smaller)."""

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

HOST = "host"  # what names of extern functions begin with; trivet gives them stand-ins

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


# ---- Trees as text ----

def show(program):
	"""The program's text; sets `line` in every statement and directive."""
	out = []
	consts, fns, calls = (part.kids for part in program.kids)
	for c in consts:
		out.append(f"const {c.data}: {c.type} = {text(c.kids[0])};")
	for name, call in externs(program):
		types = ", ".join(k.type for k in call.kids)
		out.append(f"extern fn {name}({types})" + (f" -> {call.type}" if call.type else "") + ";")
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


def externs(program):
	"""[(name, a call)] of the host functions that are called; a call shows the signature."""
	return sorted({n.data: n for n in walk(program) if n.kind == "call" and n.data.startswith(HOST)}.items())


def walk(node):
	"""Every node, parents first."""
	todo = [node]
	while todo:
		n = todo.pop()
		yield n
		todo.extend(reversed(n.kids))
