"""Is what all targets and engines answered for a program the same, and what it says it should be?"""

import collections
import ctypes
import re
import struct

from . import debug, process, stream

DIRECTIVE = re.compile(rb"^[ \t]*//![ \t]*(?!program\b)(\S.*?)\s*$")
EACH_VALUE = re.compile(r"\b(?:bool|i32|u32|i64|u64|f32|f64):0x[0-9a-f]+")
SCALAR = re.compile(r"\S*")  # what stands before ` leaves …` and the hash of the spans
VALUE = re.compile(r"^(bool|i32|u32|i64|u64|f32|f64):0x([0-9a-f]+)$")
PLAIN_INTEGER = re.compile(r"^-?(0x[0-9a-fA-F_]+|0b[01_]+|[0-9][0-9_]*)((i32|u32|i64|u64)?)$")
WIDTH = {"bool": 32, "i32": 32, "u32": 32, "i64": 64, "u64": 64}
SPANS = " spans:"  # a hash of the span arguments' contents after the call
SHOWN = 5


def directive_lines(text):
    """{line: the directive's text}"""
    lines = {}
    for number, line in enumerate(text.split(b"\n"), 1):
        match = DIRECTIVE.match(line)
        if match:
            lines[number] = match[1].decode("utf-8", "backslashreplace")
    return lines


def decimal(value):
    """The bits as a number to read: 'i64:0x…2d' -> '45'; '' for a trap or an unknown text."""
    match = VALUE.match(SCALAR.match(value)[0])
    if not match:
        return ""
    kind, bits = match[1], int(match[2], 16)
    if kind == "f64":
        return repr(struct.unpack("<d", struct.pack("<Q", bits & (1 << 64) - 1))[0])
    if kind == "f32":
        return shortest_f32(struct.pack("<I", bits & 0xffffffff))
    if kind == "bool":
        return "true" if bits else "false"
    if kind[0] == "i" and bits >> (WIDTH[kind] - 1):
        bits -= 1 << WIDTH[kind]
    return str(bits)


def readable(value):
    """A whole result to read: every number in it decimal, the hash of the spans left out."""
    return EACH_VALUE.sub(lambda m: decimal(m[0]), value.partition(SPANS)[0])


def shortest_f32(raw):
    value = struct.unpack("<f", raw)[0]
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        # ctypes rounds past the largest f32 to infinity, where struct refuses
        if bytes(ctypes.c_float(float(text))) == raw:
            break
    return repr(float(text))


def second_opinion(directive, result):
    """The expectation read by the rig itself where that is easy, so that a `trivet` that calls
    everything `ok` is found out: integers and traps.  What is wrong, or ''."""
    if " traps " in directive:
        reason = directive.rsplit(" traps ", 1)[1].split("//")[0].split()[0]
        if not result.value.startswith(f"trap:{reason}@"):
            return f"the directive says: traps {reason}"
    if "==" in directive:
        wanted = directive.split(" leaves ")[0].rsplit("==", 1)[1].strip()
        match, bits = PLAIN_INTEGER.match(wanted), VALUE.match(SCALAR.match(result.value)[0])
        if match and bits and bits[1] in WIDTH:
            digits = wanted[:len(wanted) - len(match[2])]
            number = int(digits.replace("_", ""), 0 if "x" in digits or "b" in digits else 10)
            if number % (1 << WIDTH[bits[1]]) != int(bits[2], 16):
                return f"the directive says: {number}"
        elif match and not bits:
            return f"the directive says: {wanted}"
    return ""


def consensus(values):
    """The value most targets × engines gave; None when no value has more votes than another."""
    counts = collections.Counter(values).most_common(2)
    if len(counts) == 2 and counts[0][1] == counts[1][1]:
        return None
    return counts[0][0]


class Table:
    """All runs of one program: {(target, engine): Run}."""

    def __init__(self, path, text, runs, targets):
        self.path, self.text, self.runs, self.targets = path, text, runs, targets
        self.directives = directive_lines(text)
        self.answers = {
            key: {(r.line, r.call): r for r in run.results} for key, run in runs.items()}
        self.votes = {}  # {row: (values, what most gave, whether they differ)}

    def rows(self):
        """(line, call) in the order of the program."""
        seen = {}
        for answers in self.answers.values():
            for key in answers:
                seen[key] = None
        return sorted(seen, key=lambda key: key[0])

    def values(self, row):
        return {key: answers[row].value for key, answers in self.answers.items() if row in answers}

    def vote(self, row):
        """Worked out once, however many targets and engines ask."""
        if row not in self.votes:
            values = self.values(row)
            self.votes[row] = values, consensus(values.values()), len(set(values.values())) > 1
        return self.votes[row]

    def judge(self, key, closely=True):
        """What is wrong with this program on this target and engine: a report, or ''.

        `closely` adds the program, the machine code and a line that opens a debugger."""
        run, answers = self.runs[key], self.answers[key]
        target, engine = self.targets[key[0]], key[1]
        report = []
        if run.error:
            report += self.broken(key, closely)
        answered = {line for line, _ in answers}
        missing = [line for line in self.directives if line not in answered]
        if missing and not run.error:
            report += [f"{self.path}:{line}: {self.directives[line]}\n    gave no result"
                       for line in missing[:SHOWN]] + [self.reproduce(target, engine)]
        if not self.directives:
            report.append(f"{self.path}: there is no directive (//! CALL == VALUE) in this program")
        wrong = {row: w for row in answers if (w := self.wrong(key, row))}
        report += list(wrong.values())[:SHOWN]
        if len(wrong) > SHOWN:
            report.append(f"… and {len(wrong) - SHOWN} more calls of {self.path}")
        if wrong and closely:
            row = next(iter(wrong))
            report += debug.details(target, engine, self.path, self.text, row[1], answers[row].value)
        return "\n".join(report)

    def broken(self, key, closely=True):
        """The report of a run that did not get through: a crash is that of the first call not answered."""
        run, target, engine = self.runs[key], self.targets[key[0]], key[1]
        report = [f"{self.path}: {run.error}", self.reproduce(target, engine)]
        answered = {line for line, _ in self.answers[key]}
        line = next((line for line in self.directives if line not in answered), None)
        if line is not None and not run.done and closely:
            call = debug.call_of(self.directives[line])
            report += [f"  the first call without an answer: {self.path}:{line}: {call}",
                       *debug.details(target, engine, self.path, self.text, call)]
        return report

    def wrong(self, key, row):
        """What is wrong with one call: not as expected, or not as elsewhere."""
        result = self.answers[key][row]
        line, call = row
        problem = ""
        if result.verdict not in ("ok", "-"):
            problem = result.verdict
        else:
            problem = second_opinion(self.directives.get(line, ""), result)
        values, agreed, differ = self.vote(row)
        if differ and result.value != agreed:
            problem = "; ".join(filter(None, [problem, "targets or engines DIFFER"]))
        if not problem:
            return ""
        target, engine = self.targets[key[0]], key[1]
        out = [f"{self.path}:{line}: {call}", f"    {problem}"]
        width = max(len(" ".join(k)) for k in values)
        for k, value in values.items():
            number = decimal(value)
            out.append(f"    {' '.join(k):{width}}  {value}" + (f"  = {number}" if number else "")
                       + ("  <-- here" if k == key else ""))
        command = stream.run_command(target, engine, self.path, call)
        out.append(f"  reproduce: {process.quote(command)}")
        return "\n".join(out)

    def reproduce(self, target, engine):
        return f"  reproduce: {process.quote(stream.check_command(target, engine, self.path))}"
