"""Writes C functions of random signatures, and calls of them, for abi.c: the same ones every time.

For each signature: a callee, a caller that passes what the prototype says, and one that passes rubbish
above each narrow value.  Where the language of Trivet has all the types, also a program that passes its
arguments on to a host function, in another order.
"""

import random
import sys

# letter: C type, signature's name, what rubbish may be passed in its place
TYPES = {
    "b": ("bool", "bool", "uint64_t"),
    "c": ("int8_t", "i8", "uint64_t"),
    "C": ("uint8_t", "u8", "uint64_t"),
    "s": ("int16_t", "i16", "uint64_t"),
    "S": ("uint16_t", "u16", "uint64_t"),
    "i": ("int32_t", "i32", "uint64_t"),
    "I": ("uint32_t", "u32", "uint64_t"),
    "l": ("int64_t", "i64", "uint64_t"),
    "L": ("uint64_t", "u64", "uint64_t"),
    "f": ("float", "f32", "double"),
    "d": ("double", "f64", "double"),
    "p": ("void *", "ptr", "uint64_t"),
}
LANGUAGE = "biIlLfd"


def c_type(letter):
    return TYPES[letter][0] if letter != "v" else "void"


def wide_type(letter):
    return TYPES[letter][2] if letter != "v" else "void"


def name(letter):
    return TYPES[letter][1] if letter != "v" else "void"


def signatures(count):
    """(result, parameters): some by hand, where the edges are; random ones, half in the language."""
    yield "v", ""
    for letter in TYPES:
        yield letter, letter
        yield letter, letter * 20
    yield "l", "p" * 64
    yield "f", "f" * 64
    yield "c", "cCsSiIlLbfdp" * 5 + "cfdb"
    for k in range(count):
        letters = "".join(TYPES) if k % 2 else LANGUAGE
        n = random.randrange(21) if k % 10 else random.randrange(21, 65)
        yield random.choice(letters + "v"), "".join(random.choice(letters) for _ in range(n))


def params(letters, type_of):
    return ", ".join(f"{type_of(t)} a{k}" for k, t in enumerate(letters)) or "void"


def callee(called, result, letters, places, rubbish):
    """Notes argument k as got[places[k]]."""
    returned = wide_type(result) if rubbish else c_type(result)
    notes = " ".join(f"GOT_{t}({places[k]}, a{k})" for k, t in enumerate(letters))
    how = "RUBBISH" if rubbish else "GIVE"
    return (f"static {returned} {called}({params(letters, c_type)})\n"
            f"{{ ENTER {notes} LEAVE {how}_{result} }}\n")


def caller(called, result, letters, kind, type_of):
    pointer = f"({type_of(result)} (*)({', '.join(map(type_of, letters)) or 'void'}))f"
    args = ", ".join(f"{kind}_{t}({k})" for k, t in enumerate(letters))
    return f"static void {called}(trivet_function f)\n{{ {kind}_RESULT_{result}(({pointer})({args})) }}\n"


def program(n, result, letters, order):
    extern = ", ".join(name(letters[k]) for k in order)
    args = ", ".join(f"a{k}" for k in order)
    given = ", ".join(f"a{k}: {name(t)}" for k, t in enumerate(letters))
    arrow = "" if result == "v" else f" -> {name(result)}"
    call = f"host{n}({args});"
    return (f"extern fn host{n}({extern}){arrow};\\n"
            f"fn run{n}({given}){arrow} {{ {call if result == 'v' else 'return ' + call} }}\\n")


def write(count, out):
    rows = []
    for n, (result, letters) in enumerate(signatures(count)):
        text = f"{name(result)}({','.join(map(name, letters))})"
        out.write(callee(f"c{n}", result, letters, range(len(letters)), n % 2))
        out.write(caller(f"k{n}", result, letters, "PLAIN", c_type))
        out.write(caller(f"d{n}", result, letters, "DIRTY", wide_type))
        row = f'"{text}", "{letters}", \'{result}\', (trivet_function)c{n}, k{n}, d{n}'
        if all(t in LANGUAGE for t in letters + result.strip("v")):
            order = random.sample(range(len(letters)), len(letters))
            permuted = "".join(letters[k] for k in order)
            out.write(callee(f"h{n}", result, permuted, order, n % 2))
            host = f"{name(result)}({','.join(map(name, permuted))})"
            row += f', (trivet_function)h{n}, "{host}",\n\t  "{program(n, result, letters, order)}"'
        else:
            row += ', NULL, "", ""'
        rows.append(f"\t{{ {row} }},\n")
    out.write("static const Signature signatures[] = {\n" + "".join(rows) + "};\n")


if __name__ == "__main__":
    random.seed(20)
    write(int(sys.argv[1]) if len(sys.argv) > 1 else 300, sys.stdout)
