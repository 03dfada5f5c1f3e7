"""The second oracle: the same programs as C, in steps, compiled by the system's compiler.

It shares no code with Trivet: numbers are read by Python, operations are spelled out in oracle.h, and the
order of evaluation and traps with their lines are written out here.  Only the count of recursive calls,
which depends on the weight of functions, is not done again: where trivet says `stack-overflow` it is not asked.
"""

import resource
import shutil
import struct
import subprocess
import tempfile
import time
from pathlib import Path

import generate
from engines import Answer, Setup
from generate import ELEMENTS, FLOATS, INTS, WIDTH
from rig import process

HERE = Path(__file__).resolve().parent
OPERATION = {"+": "add", "-": "sub", "*": "mul", "/": "div", "%": "rem", "&": "and", "|": "or", "^": "xor",
	     "<<": "shl", ">>": "shr"}


def setups(target):
	"""The oracle as more ways to run programs, one a C compiler; clang takes a third of gcc's time."""
	return [Setup("C", target, "C", (path,)) for path in map(shutil.which, ("clang", "gcc")) if path]


# ---- One program as C ----

class Writer:
	def __init__(self, name, program):
		self.name, self.out = name, []
		self.count = 0
		self.consts, self.fns, self.calls = (part.kids for part in program.kids)
		self.constants = {c.data for c in self.consts}

	def fresh(self, stem="t"):
		self.count += 1
		return f"{stem}{self.count}"

	def put(self, line):
		self.out.append(line)

	def temp(self, t, value):
		name = self.fresh()
		self.put(f"{t} {name} = {value};")
		return name

	def whole(self, program):
		for c in self.consts:
			self.env, self.spans, self.f, self.line = {}, {}, "const", 0
			self.put(f"static {c.type} {self.name}_{c.data}(void) {{")
			self.put(f"return {self.expr(c.kids[0])};\n}}")
		for fn in self.fns:
			self.put(self.head(fn.data)[0] + ";")
		self.put(f"static void {self.name}_nothing(void) {{ }}")
		for name, call in generate.externs(program):
			self.extern(name, call)
		for fn in self.fns:
			self.function(fn)
		for k, call in enumerate(self.calls):
			self.directive(k, call)
		self.put(f"static void {self.name}(void) {{")
		for k in range(len(self.calls)):
			self.put(f"{self.name}_call{k}();")
		self.put(f'printf("{self.name}\\tdone\\t{len(self.calls)}\\t0\\n");\n}}')
		return "\n".join(self.out)

	def extern(self, name, call):
		"""What src/cli/standin.c says of host functions, once more."""
		params = [f"{'span_' + k.type[1:-1] if k.type[0] == '[' else k.type} a{i}" for i, k in enumerate(call.kids)]
		self.put(f"static {call.type or 'void'} {self.name}_{name}({', '.join(params + ['AT'])}) {{")
		self.put(f'u64 h = mix(0xcbf29ce484222325u, "{name}", {len(name)});')
		for i, k in enumerate(call.kids):
			if k.type[0] == "[":
				self.put(f"h = mix(h, a{i}.p, (size_t)a{i}.n * sizeof *a{i}.p); h = mix_u64(h, (u64)a{i}.n);")
			else:
				self.put(f"h = mix_u64(h, {f'bits_{k.type}' if k.type in FLOATS else '(u64)'}(a{i}));")
		for i, k in enumerate(call.kids):
			if k.type[0] == "[":
				self.put(f"if (a{i}.n) a{i}.p[h % (u64)a{i}.n] = {answer(k.type[1:-1])};")
		self.put('if (h % 61 == 0) trap("host", f, line);')
		self.put(f"return {answer(call.type)};\n}}" if call.type else "}")

	def head(self, f):
		self.env, self.spans = {}, {}
		params = []
		for name, t in f.params:
			c = self.fresh(name + "_")
			if t[0] == "[":
				self.spans[name] = c, t[1:-1]
				params.append(f"span_{t[1:-1]} {c}")
			else:
				self.env[name] = c
				params.append(f"{t} {c}")
		return f"static {f.result or 'void'} {self.name}_{f.name}({', '.join(params) or 'void'})", params

	def function(self, fn):
		self.loops = []
		self.f = fn.data.name
		self.result = fn.data.result
		self.put(self.head(fn.data)[0] + " {")
		self.block(fn.kids[0])
		self.put("}")

	def block(self, block):
		env, spans = dict(self.env), dict(self.spans)
		for s in block.kids:
			self.line = s.line
			getattr(self, "s_" + s.kind)(s)
		self.env, self.spans = env, spans

	# -- Statements --

	def declare(self, name, t, value):
		c = self.fresh(name + "_")
		self.put(f"{t} {c} = {value};")
		self.spans.pop(name, None)
		self.env[name] = c

	def s_let(self, s):
		self.declare(s.data, s.type, self.expr(s.kids[0]))

	def s_letspan(self, s):
		value = self.slice(s.kids[0])
		self.env.pop(s.data, None)
		self.spans[s.data] = value, s.type[1:-1]

	def s_set(self, s):
		name, op = s.data
		target = self.env[name]
		if op == "=":
			self.put(f"{target} = {self.expr(s.kids[0])};")
		else:
			old = self.temp(s.type, target)
			self.put(f"{target} = {self.operation(op[:-1], s.type, old, self.expr(s.kids[0]))};")

	def s_store(self, s):
		name, op = s.data
		span, element = self.spans[name]
		i = self.expr(s.kids[0])
		if op == "=":
			value = self.expr(s.kids[1])
			self.check(i, s.kids[0].type, span)
		else:
			self.check(i, s.kids[0].type, span)
			old = self.temp(s.type, f"{span}.p[{i}]")
			value = self.temp(s.type, self.operation(op[:-1], s.type, old, self.expr(s.kids[1])))
		if element in FLOATS:
			value = f"seen_{element}({value})"
		self.put(f"{span}.p[{i}] = ({element}){value};")

	def check(self, i, t, span):
		outside = f"{i} < 0 || {i} >= {span}.n" if t[0] == "i" else f"(u64){i} >= (u64){span}.n"
		self.put(f'if ({outside}) trap("out-of-bounds", "{self.f}", {self.line});')

	def s_do(self, s):
		self.expr(s.kids[0])

	def s_if(self, s):
		self.put(f"if ({self.expr(s.kids[0])}) {{")
		self.block(s.kids[1])
		if len(s.kids) > 2:
			self.put("} else {")
			self.block(s.kids[2])
		self.put("}")

	def s_block(self, s):
		self.put("{")
		self.block(s)
		self.put("}")

	def enter(self, label):
		end, again = self.fresh("end"), self.fresh("again")
		self.loops.append((label, end, again))

	def leave(self):
		_, end, again = self.loops.pop()
		self.put(f"{again}: ;\n}}\n{end}: ;")

	def s_while(self, s):
		label, _, trips = s.data
		fuel = self.temp("i64", trips)
		self.put(f"for (;;) {{\nif ({fuel} <= 0) break;")
		if s.kind == "while":
			self.put(f"if (!{self.expr(s.kids[0])}) break;")
		self.put(f"{fuel}--;")
		self.enter(label)
		self.put("{")
		self.block(s.kids[-1])
		self.put("}")
		self.leave()

	s_loop = s_while

	def s_plain(self, s):
		self.put("for (;;) {")
		self.put(f"if (!{self.expr(s.kids[0])}) break;")
		self.enter(None)
		self.put("{")
		self.block(s.kids[-1])
		self.put("}")
		self.leave()

	def s_for(self, s):
		label, name = s.data
		a, b = self.expr(s.kids[0]), self.expr(s.kids[1])
		own = self.fresh("n")
		self.put(f"for ({s.type} {own} = {a}; {own} < {b}; {own}++) {{")
		self.enter(label)
		env = dict(self.env)
		self.put("{")
		self.declare(name, s.type, own)
		self.block(s.kids[2])
		self.put("}")
		self.env = env
		self.leave()

	def s_break(self, s):
		loop = next(l for l in reversed(self.loops) if s.data is None or l[0] == s.data)
		self.put(f"goto {loop[1 if s.kind == 'break' else 2]};")

	s_continue = s_break

	def s_return(self, s):
		self.put(f"return {self.expr(s.kids[0])};" if s.kids else "return;")

	def s_trap(self, s):
		self.put(f'trap("unreachable", "{self.f}", {self.line});')

	# -- Expressions: each becomes a variable that holds its value from that moment on --

	def at(self):
		return f'"{self.f}", {self.line}'

	def operation(self, op, t, a, b):
		if t == "bool":
			return f"(bool)({a} {op} {b})"
		trapping = op in "/%" and t in INTS
		return f"{OPERATION[op]}_{t}({a}, {b}{', ' + self.at() if trapping else ''})"

	def expr(self, e):
		return getattr(self, "e_" + e.kind)(e)

	def e_lit(self, e):
		return literal(e)

	def e_var(self, e):
		if e.data in self.env:
			return self.temp(e.type, self.env[e.data])
		if e.data not in self.constants:
			raise KeyError(e.data)  # while shrinking: trivet refuses it, too
		return self.temp(e.type, f"{self.name}_{e.data}()")

	def e_bin(self, e):
		op, operand = e.data, e.kids[0].type
		if op in ("&&", "||"):
			result = self.temp("bool", self.expr(e.kids[0]))
			self.put(f"if ({'' if op == '&&' else '!'}{result}) {{")
			self.put(f"{result} = {self.expr(e.kids[1])};\n}}")
			return result
		a, b = self.expr(e.kids[0]), self.expr(e.kids[1])
		if op in generate.EQUALITY + generate.ORDER:
			return self.temp("bool", f"{a} {op} {b}")
		return self.temp(e.type, self.operation(op, operand, a, b))

	def e_un(self, e):
		a = self.expr(e.kids[0])
		return self.temp(e.type, f"!{a}" if e.data == "!" else f"{'neg' if e.data == '-' else 'not'}_{e.type}({a})")

	def e_cast(self, e):
		source = e.kids[0].type
		a = self.expr(e.kids[0])
		return self.temp(e.type, f"{source}_as_{e.type}({a})" if source in FLOATS and e.type in INTS
				 else f"({e.type}){a}")

	def e_cond(self, e):
		result = self.fresh()
		self.put(f"{e.type} {result};\nif ({self.expr(e.kids[0])}) {{")
		self.put(f"{result} = {self.expr(e.kids[1])};\n}} else {{")
		self.put(f"{result} = {self.expr(e.kids[2])};\n}}")
		return result

	def e_len(self, e):
		return self.temp("i64", f"{self.spans[e.data][0]}.n")

	def e_index(self, e):
		span, _ = self.spans[e.data]
		i = self.expr(e.kids[0])
		self.check(i, e.kids[0].type, span)
		return self.temp(e.type, f"{span}.p[{i}]")

	def slice(self, e):
		span, element = self.spans[e.data]
		a, b = self.expr(e.kids[0]), self.expr(e.kids[1])
		return self.temp(f"span_{element}", f"slice_{element}({span}, {a}, {b}, {self.at()})")

	def e_slice(self, e):
		return self.slice(e)

	def e_span(self, e):
		return self.spans[e.data][0]

	def e_builtin(self, e):
		args = [self.expr(k) for k in e.kids]
		if e.data == "select":
			return self.temp(e.type, "{} ? {} : {}".format(*args))
		if e.data == "bits":
			return self.temp(e.type, f"bits_{e.kids[0].type}({args[0]})")
		if e.data.startswith("checked_"):
			return self.temp(e.type, f"{e.kids[0].type}_checked_{e.type}({args[0]}, {self.at()})")
		return self.temp(e.type, f"{e.data}_{e.type}({', '.join(args)})")

	def e_call(self, e):
		args = [self.expr(k) for k in e.kids]
		if e.data.startswith(generate.HOST):
			args.append(self.at())
		call = f"{self.name}_{e.data}({', '.join(args)})"
		return self.temp(e.type, call) if e.type else self.put(call + ";")

	# -- Directives --

	def directive(self, k, call):
		self.put(f"static void {self.name}_call{k}(void) {{")
		args, hashes = [], []
		for a in call.kids:
			if a.kind != "spanlit":
				args.append(literal(a))
				continue
			element = a.type[1:-1]
			name = self.fresh("s")
			values = ", ".join(seen(element, literal(x)) for x in a.kids) or "0"
			self.put(f"static {element} {name}[{len(a.kids) or 1}];\n{{ {element} from[] = {{ {values} }};")
			self.put(f"memcpy({name}, from, sizeof from); }}")
			args.append(f"(span_{element}){{ {name}, {len(a.kids)} }}")
			hashes.append(f"hash({name}, {len(a.kids)} * sizeof *{name});")
		self.put(f'printf("{self.name}:{call.line}\\tC\\t-\\t");\nif (!setjmp(host)) {{')
		made = f"{self.name}_{call.data}({', '.join(args)})"
		if call.type:
			self.put(f"{call.type} r = {made};\nshow_{call.type}(r);")
		else:
			self.put(f'{made};\nprintf("void");')
		self.put('} else {\nprintf("trap:%s@%s:%d", trap_reason, trap_function, trap_line);\n}')
		if hashes:
			self.put("spans = 0xcbf29ce484222325u;\n" + "\n".join(hashes))
			self.put('printf(" spans:%016" PRIx64, spans);')
		self.put('printf("\\t-\\n");\nfflush(stdout);\n}')


def answer(t):
	"""Of a host function: bits of h."""
	return f"({t})(i16)(h >> 16) / 8" if t in FLOATS else f"({t})(h >> 16 & 1)" if t == "bool" else f"({t})(h >> 16 | h << 48)"


def seen(element, value):
	return f"seen_{element}({value})" if element in FLOATS else f"({element}){value}"


def literal(e):
	t, text = e.type, e.data
	if t == "bool":
		return text
	if t in INTS:
		digits = text[:-3] if text.endswith(t) else text
		value = int(digits.strip("_").replace("_", ""), 0) % (1 << WIDTH[t])
		return f"({t}){hex(value)}u" + ("ll" if WIDTH[t] == 64 else "")
	value = float(text.replace(t, "").rstrip("_"))
	if value != value:
		bits = 0x7fc00000 if t == "f32" else 0x7ff8000000000000
	elif t == "f32":
		bits = struct.unpack("<I", struct.pack("<f", generate.round_f32(value)))[0]
	else:
		bits = struct.unpack("<Q", struct.pack("<d", value))[0]
	return f"from_bits_{t}({hex(bits)}u{'ll' if t == 'f64' else ''})"


def write(name, program):
	"""The program as C; its text must have been made before (generate.show numbers the lines)."""
	return Writer(name, program).whole(program)


# ---- A batch ----

def limits():
	"""Unoptimised frames are large, and recursion may go 2,000 deep."""
	process.limits()
	_, hard = resource.getrlimit(resource.RLIMIT_STACK)
	resource.setrlimit(resource.RLIMIT_STACK, (1 << 30 if hard == resource.RLIM_INFINITY else hard, hard))


class Job:
	"""Compiles and runs a batch of programs; looks like engines.Job."""

	def __init__(self, setup, sources):
		"""sources: [(name, C text)]"""
		self.setup, self.answers = setup, {name: Answer() for name, _ in sources}
		self.names = [name for name, _ in sources]
		self.folder = Path(tempfile.mkdtemp(prefix="oracle-", dir=process.scratch_directory()))
		main = "int main(void) {\n" + "".join(f"{n}();\n" for n in self.names) + "return 0;\n}\n"
		code = f'#include "{HERE}/oracle.h"\n' + "\n".join(c for _, c in sources) + "\n" + main
		(self.folder / "o.c").write_text(code)
		self.compiled = False
		self.child = self.spawn(setup.args[0], "-std=gnu11", "-O0", "-w", "-fwrapv", "-ffp-contract=off", "-fno-math-errno",
					"-o", self.folder / "o", self.folder / "o.c", "-lm")

	def spawn(self, *line):
		self.started = time.monotonic()
		with open(self.folder / "out", "wb") as o, open(self.folder / "err", "wb") as e:
			return subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=o, stderr=e, start_new_session=True,
						preexec_fn=limits)

	def poll(self):
		if self.child is None:
			return True
		hung = time.monotonic() - self.started > 60
		if self.child.poll() is None and not hung:
			return False
		process.kill_group(self.child)
		if not self.compiled and self.child.returncode == 0:
			self.compiled = True
			self.child = self.spawn(self.folder / "o")
			return False
		self.read()
		self.stop()
		return True

	def read(self):
		done = set()
		for line in (self.folder / "out").read_text().split("\n"):
			fields = line.split("\t")
			if len(fields) == 5:
				name, _, number = fields[0].rpartition(":")
				self.answers[name].results[int(number), fields[1]] = fields[2], fields[3]
			elif len(fields) == 4:
				done.add(fields[0])
		err = (self.folder / "err").read_text()[-1500:]
		for name in self.names:
			if name not in done:
				self.answers[name].failure = f"oracle status {self.child.returncode} {err}"

	def stop(self):
		if self.child:
			process.kill_group(self.child)
			shutil.rmtree(self.folder, ignore_errors=True)
		self.child = None
