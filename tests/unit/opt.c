/* opt.c - each pass does what it is for, and leaves alone what it must.
 *
 * A row is a program, the passes that run, and how often an operation is left in it.  Rows come in
 * pairs: one where the pass may act, one that differs in what forbids it.  Constants divided by are
 * tried against C's division. */
#include <stdlib.h>

#include "check.h"

#include "ir/ir.h"
#include "lang/lang.h"
#include "opt/opt.h"

typedef struct Row {
	const char *passes; /* that run; the others are left out */
	IrOp op;
	uint32_t left;
	const char *text;
} Row;

#define LOOP(body) "fn f(n: i64, m: i64) -> i64 { let s = 0; for i in 0..n { " body " } return s; }"

#define LOOP_OVER(body) \
	"fn f(xs: [i64], n: i64) -> i64 { let s = 0; for i in 0..n { " body " } return s; }"

#define COPIES(range, body) \
	"fn f(xs: [f64], n: i64, m: i64) -> i64 { for i in " range " { " body " } return m; }"

static const Row rows[] = {
	/* tail */
	{ "tail", IR_CALL, 0, /* but for the host's way in, which is none of a pass */
	  "fn f(a: u64, b: u64) -> u64 { if b == 0 { return a; } return f(b, a % b); }" },
	{ "tail", IR_STORE, 0,
	  "fn f(n: i64, s: i64) -> i64 { return if n == 0 { s } else { f(n - 1, s + n) }; }" },
	{ "tail", IR_TRAPIF, 1,
	  "fn f(n: i64, s: i64) -> i64 { return if n == 0 { s } else { f(n - 1, s + n) }; }" },
	{ "tail", IR_CALL, 1,
	  "fn f(n: i64) -> i64 { return if n == 0 { 0 } else { f(n - 1) + 1 }; }" },
	{ "tail", IR_CALL, 1,
	  "fn f(n: i64) -> i64 { if n == 0 { return 0; } f(n - 1); return 0; }" },
	{ "tail", IR_CALL, 0, "fn f(xs: [i64], n: i64) { xs[n] = n; if n > 0 { f(xs, n - 1); } }" },
	{ "tail", IR_CALL, 1, "fn f(xs: [i64], n: i64) { if n > 0 { f(xs, n - 1); } xs[n] = n; }" },
	/* another call finds the count of its round, and after the return it is as it was */
	{ "tail", IR_STORE, 4,
	  "fn f(n: i64, s: i64) -> i64 { if n < 1 { return s; } return f(n - 1, f(n - 2, s)); }" },
	{ "tail", IR_STORE, 2,
	  "extern fn h(i64); fn g(n: i64) { h(n); } "
	  "fn f(n: i64) { g(n); if n > 0 { f(n - 1); } }" },
	{ "tail", IR_STORE, 0, "extern fn h(i64); fn f(n: i64) { h(n); if n > 0 { f(n - 1); } }" },
	/* most calls of itself would stay */
	{ "tail", IR_CALL, 3,
	  "fn f(n: i64, s: i64) -> i64 { if n < 1 { return s; } return f(n - 1, f(n - 2, f(n - 3, "
	  "s))); }" },
	{ "tail", IR_CALL, 2,
	  "fn f(n: i64) -> i64 { if n < 1 { return n; } return g(n - 1); } fn g(n: i64) -> i64 { "
	  "return f(n); }" },
	/* sccp: a branch that would change a constant is never taken, for it is constant */
	{ "sccp", IR_BR, 1,
	  "fn f(n: i64) -> i64 { let x = 1; for i in 0..n { if x != 1 { x = 2; } } return x; }" },
	{ "sccp", IR_BR, 2,
	  "fn f(n: i64) -> i64 { let x = 1; for i in 0..n { if x != n { x = 2; } } return x; }" },
	{ "sccp", IR_BR, 2,
	  "fn f(n: i64) -> i64 { let x = 1; for i in 0..n { if x == 1 { x = 2; } } return x; }" },
	{ "sccp", IR_PHI, 4,
	  "fn f(n: i64) -> i64 { let x = 1; let y = 5; let s = 0; for i in 0..n { for j in 0..i { "
	  "if x != 1 { y += 1; } if y & 1 == 0 { x = i; } s += j * x; } } return s + y; }" },
	{ "sccp", IR_PHI, 10,
	  "fn f(n: i64) -> i64 { let x = 1; let y = 5; let s = 0; for i in 0..n { for j in 0..i { "
	  "if x != 1 { y += 1; } if y & 1 == 1 { x = i; } s += j * x; } } return s + y; }" },
	{ "sccp", IR_PHI, 1, /* the sum of -0.0 and 0.0 is another number */
	  "fn f(n: i64) -> f64 { let x = 0.0; let i = 0; while i < n { i += 1; x = x + -0.0; } "
	  "return x; }" },
	{ "sccp", IR_PHI, 2,
	  "fn f(n: i64) -> f64 { let x = -0.0; let i = 0; while i < n { i += 1; x = x + 0.0; } "
	  "return x; }" },
	/* gvn: values across blocks */
	{ "gvn", IR_MUL, 1,
	  "fn f(a: i64, b: i64) -> i64 { let x = a * b; if x > 3 { return a * b; } return x; }" },
	{ "gvn", IR_MUL, 2,
	  "fn f(a: i64, b: i64) -> i64 { if a > 3 { return a * b; } return a * b + 1; }" },
	{ "gvn", IR_ADD, 1,
	  "fn f(a: i64, b: i64) -> i64 { let x = a + b; if x > 3 { return b + a; } return x; }" },
	{ "gvn", IR_FSUB, 2,
	  "fn f(a: f64, b: f64) -> f64 { let x = a - b; if x > 3.0 { return b - a; } return x; }" },
	/* gvn: memory */
	{ "gvn", IR_LOAD, 1, "fn f(xs: [i64]) -> i64 { return xs[3] + xs[3]; }" },
	{ "gvn", IR_LOAD, 2,
	  "fn f(xs: [i64], ys: [i64]) -> i64 { let a = xs[3]; ys[0] = 1; return a + xs[3]; }" },
	{ "gvn", IR_LOAD, 0, "fn f(xs: [i64], v: i64) -> i64 { xs[3] = v; return xs[3]; }" },
	{ "gvn", IR_LOAD, 1, "fn f(xs: [u8], v: u32) -> u32 { xs[3] = v; return xs[3]; }" },
	{ "gvn", IR_LOAD, 2,
	  "fn g(xs: [i64]) { xs[0] = 2; } fn f(xs: [i64]) -> i64 { let a = xs[0]; g(xs); return a "
	  "+ xs[0]; }" },
	/* range: conditions */
	{ "gvn", IR_BR, 2,
	  "fn f(a: i64) -> i64 { if a < 5 { if a < 6 { return 1; } return 2; } return 3; }" },
	{ "gvn,range", IR_BR, 1,
	  "fn f(a: i64) -> i64 { if a < 5 { if a < 6 { return 1; } return 2; } return 3; }" },
	{ "gvn,range", IR_BR, 2,
	  "fn f(a: i64) -> i64 { if a < 5 { if a < 4 { return 1; } return 2; } return 3; }" },
	{ "gvn,range", IR_BR, 1,
	  "fn f(a: i64, b: i64) -> i64 { if a < b { if b <= a { return 1; } return 2; } return 3; "
	  "}" },
	{ "gvn,range", IR_BR, 2,
	  "fn f(a: u64, b: u64) -> i64 { if a <= b { if b <= a { return 1; } return 2; } return 3; "
	  "}" },
	{ "gvn,range", IR_BR, 2,
	  "fn f(a: f64, b: f64) -> i64 { if a < b { return 1; } if a >= b { return 2; } return 3; "
	  "}" },
	{ "gvn,range", IR_BR, 1,
	  "fn f(a: u32) -> i64 { if a % 8 > 7 { return 1; } if a > 7 { return 2; } return 3; }" },
	{ "gvn,range", IR_TRAPIF, 1, "fn f(a: i32, b: i32) -> i32 { return a % b + b % b; }" },
	{ "gvn,range", IR_TRAPIF, 0,
	  "fn f(a: i32, b: i32) -> i32 { if b > 0 { return a / b; } return 0; }" },
	{ "gvn,range", IR_TRAPIF, 1,
	  "fn f(a: i32, b: i32) -> i32 { if b >= 0 { return a / b; } return 0; }" },
	/* range: bounds */
	{ "gvn", IR_TRAPIF, 1,
	  "fn f(xs: [i64]) -> i64 { let s = 0; for i in 0..len(xs) { s += xs[i]; } return s; }" },
	{ "gvn,range", IR_TRAPIF, 0,
	  "fn f(xs: [i64]) -> i64 { let s = 0; for i in 0..len(xs) { s += xs[i]; } return s; }" },
	{ "gvn,range", IR_TRAPIF, 1,
	  "fn f(xs: [i64]) -> i64 { let s = 0; for i in -1..len(xs) { s += xs[i]; } return s; }" },
	{ "gvn,range", IR_TRAPIF, 1,
	  "fn f(xs: [i64], ys: [i64]) -> i64 { let s = 0; for i in 0..len(xs) { s += ys[i]; } "
	  "return s; }" },
	{ "gvn,range", IR_TRAPIF, 0,
	  "fn f(xs: [i64]) { for i in 1..len(xs) - 1 { xs[i] = xs[i - 1] + xs[i + 1]; } }" },
	{ "gvn,range", IR_TRAPIF, 1,
	  "fn f(xs: [i64]) { for i in 1..len(xs) { xs[i] = xs[i - 1] + xs[i + 1]; } }" },
	{ "gvn,range", IR_TRAPIF, 1,
	  "fn f(xs: [i64]) { for i in 0..len(xs) { xs[i] = xs[i - 1]; } }" },
	{ "gvn,range", IR_TRAPIF, 0,
	  "fn f(xs: [i64]) -> i64 { let s = 0; let i = len(xs) - 1; while i >= 0 { s += xs[i]; i "
	  "-= 1; } return s; }" },
	{ "gvn,range", IR_TRAPIF, 1,
	  "fn f(xs: [i64]) -> i64 { let s = 0; let i = len(xs); while i >= 0 { s += xs[i]; i -= 1; "
	  "} return s; }" },
	{ "gvn,range", IR_TRAPIF, 0,
	  "fn f(xs: [i64]) { let a = 0; let b = len(xs) - 1; while a < b { let t = xs[a]; xs[a] = "
	  "xs[b]; xs[b] = t; a += 1; b -= 1; } }" },
	{ "gvn,range", IR_TRAPIF, 1,
	  "fn f(xs: [i64], i: i64) -> i64 { let x = xs[i]; let j = i - 1; while j >= 0 && xs[j] > "
	  "x "
	  "{ xs[j + 1] = xs[j]; j -= 1; } xs[j + 1] = x; return j; }" },
	{ "gvn,range", IR_TRAPIF, 2,
	  "fn f(xs: [i64], i: i64) -> i64 { let x = xs[i]; let j = i - 1; while j >= 0 && xs[j] > "
	  "x "
	  "{ xs[j + 2] = xs[j]; j -= 1; } return j; }" },
	{ "gvn,range", IR_TRAPIF, 2,
	  "fn f(xs: [i64], i: i64) -> i64 { let x = xs[i]; let j = i + 1; while j >= 0 && xs[j] > "
	  "x "
	  "{ j -= 1; } return j; }" },
	{ "gvn,range", IR_TRAPIF, 1, "fn f(xs: [u8]) -> u32 { return xs[5] + xs[4] + xs[0]; }" },
	{ "gvn,range", IR_TRAPIF, 2, "fn f(xs: [u8]) -> u32 { return xs[0] + xs[5] + xs[4]; }" },
	{ "gvn,range", IR_TRAPIF, 1,
	  "fn f(xs: [u8], n: i64) -> u32 { let s: u32 = 0; let t = xs[0..n]; for i in 0..n { s += "
	  "t[i]; } return s; }" },
	/* a length only where it is one: n may be negative at the first test */
	{ "gvn,range", IR_BR, 1,
	  "fn f(xs: [u8], n: i64) -> u32 { if n < 0 { return 7; } let t = xs[0..n]; return t[0]; "
	  "}" },
	/* tidy */
	{ "tidy", IR_JMP, 2,
	  "fn f(n: i64) -> i64 { let s = 0; for i in 0..n { { s += i; } } return s; }" },
	/* one branch less for each flag that the ways to it settle, unless it lives on or heads a loop */
	{ "tidy", IR_BR, 1,
	  "fn f(xs: [i64], a: i64) { let p = false; if a > 3 { p = true; xs[0] = 1; } if p { xs[1] "
	  "= 2; } }" },
	{ "tidy", IR_BR, 2,
	  "fn f(xs: [i64], a: i64) -> bool { let p = false; if a > 3 { p = true; xs[0] = 1; } if p { "
	  "xs[1] = 2; } return p; }" },
	{ "tidy", IR_BR, 2,
	  "fn f(xs: [i64], a: i64) { let p = a == 2; if a > 3 { p = true; xs[0] = 1; } if p { xs[1] "
	  "= 2; } }" },
	{ "tidy", IR_PHI, 0,
	  "fn f(xs: [i64], a: i64) { let p = a == 2; if a > 3 { p = true; xs[0] = 1; } if p { xs[1] "
	  "= 2; } }" },
	{ "tidy", IR_BR, 2,
	  "fn f(xs: [i64]) { let p = true; while p { p = false; if xs[0] > 1 { p = true; xs[0] = 1; "
	  "} } }" },
	{ "tidy", IR_PHI, 3, /* s is named behind it */
	  "fn f(xs: [i64], a: i64, b: i64) -> i64 { let p = 0; let s = b; if a > 3 { p = 5; xs[0] = "
	  "1; } else if a > 2 { s = a; } if p < 4 { s += 2; } return s; }" },
	/* ifconv */
	{ "ifconv", IR_BR, 0,
	  "fn f(a: i64, b: i64) -> i64 { let x = a; if b < a { x = b + 1; } return x; }" },
	{ "ifconv", IR_SELECT, 1,
	  "fn f(a: i64, b: i64) -> i64 { return if a < b { a } else { b + 2 }; }" },
	{ "ifconv", IR_BR, 0, "fn f(a: f64, b: f64) -> f64 { return if a < b { a } else { b }; }" },
	{ "ifconv", IR_SELECT, 1,
	  "fn f(a: f32, b: f32) -> f32 { return if a > b { a * b } else { b }; }" },
	{ "ifconv", IR_BR, 1,
	  "fn f(a: f64, b: f64) -> f64 { return if a < b { a / b } else { b }; }" },
	{ "ifconv", IR_BR, 0,
	  "fn f(a: f64, b: i64) -> f64 { return if b < 9 { a } else { 0.5 }; }" },
	{ "ifconv", IR_BR, 1,
	  "fn f(a: f64, b: f32) -> f64 { return if b < 9.0 { a } else { 0.5 }; }" },
	{ "ifconv", IR_BR, 1,
	  "fn f(a: f64, b: f64) -> f64 { let x = a; let y = b; if a < b { x = b; y = a; } return x "
	  "/ y; }" },
	/* the greatest so far, which a branch foresees */
	{ "ifconv", IR_BR, 2,
	  "fn f(xs: [f64]) -> f64 { let m = -inf; for i in 0..len(xs) { if xs[i] > m { m = xs[i]; "
	  "} } "
	  "return m; }" },
	{ "ifconv", IR_BR, 1,
	  "fn f(a: i64, b: i64) -> i64 { return if a < b { a } else { a / 7 }; }" },
	{ "ifconv", IR_BR, 1,
	  "fn f(a: i64, xs: [i64]) -> i64 { return if a < 9 { a } else { xs[0] }; }" },
	/* licm */
	{ "licm", IR_MUL, 1, LOOP("s += n * m;") },
	{ "divconst", IR_UDIV, 0, "fn f(a: u64) -> u64 { return a / 10; }" },
	{ "divconst", IR_UDIV, 1, "fn f(a: u64, b: u64) -> u64 { return a / b; }" },
	{ "divconst", IR_MUL, 0, "fn f(a: i64) -> i64 { return a * 64; }" },
	{ "divconst", IR_FDIV, 0, "fn f(a: f64) -> f64 { return a / 8.0; }" },
	{ "divconst", IR_FDIV, 1, "fn f(a: f64) -> f64 { return a / 10.0; }" },
	{ "divconst", IR_FDIV, 1, "fn f(a: f32) -> f32 { return a / 1.7014118346046923e38; }" },
	/* version: two loops of one, three checks in one of them */
	{ "version", IR_TRAPIF, 3,
	  "fn f(xs: [i64], n: i64) { for i in 1..n { xs[i] = xs[i - 1] + xs[i + 1]; } }" },
	{ "version", IR_LOAD, 4,
	  "fn f(xs: [i64], n: i64) { for i in 1..n { xs[i] = xs[i - 1] + xs[i + 1]; } }" },
	{ "version", IR_LOAD, 4,
	  "fn f(xs: [i64], n: i64, a: i64) { for i in a..n { xs[i] = xs[i - 1] + xs[i + 1]; } }" },
	{ "version", IR_LOAD, 2,
	  "fn f(xs: [i64], n: i64) { for i in -1..n { xs[i] = xs[i - 1] + xs[i + 1]; } }" },
	/* by any step, and an index that stays */
	{ "version", IR_TRAPIF, 2,
	  "fn f(xs: [i64], n: i64, k: i64) { let i = 3; while i < n { xs[i] = xs[i + 2]; i += k; } "
	  "}" },
	{ "version", IR_LOAD, 1,
	  "fn f(xs: [i64], n: i64) { let i = 3; while i < n { xs[i] = xs[i + 2]; i += i; } }" },
	{ "version", IR_LOAD, 1,
	  "fn f(xs: [i64], n: i64) { let i = 3; while i < n { xs[i] = xs[i + 2]; i += -1; } }" },
	{ "version", IR_TRAPIF, 2,
	  "fn f(xs: [i64], n: i64, k: i64) { for i in 3..n { xs[i] = xs[k + 2]; } }" },
	{ "version", IR_LOAD, 2,
	  "fn f(xs: [i64], n: i64) { for i in 1..n { xs[i * i] = xs[i / 2] + xs[i * 2]; } }" },
	{ "version", IR_LOAD, 2,
	  "fn f(xs: [i64], n: i64) -> i64 { let s = 0; let i = 0; loop { s += xs[i] + xs[i + 1]; "
	  "if i >= n { break; } i += 1; } return s; }" },
	/* also where the counter is multiplied: one test of each for the whole loop */
	{ "version", IR_TRAPIF, 2,
	  "fn f(xs: [i64], n: i64, m: i64) -> i64 { let s = 0; for i in 0..n { s += xs[i * m + n] "
	  "+ "
	  "xs[i * 3]; } return s; }" },
	{ "version", IR_LOAD, 2,
	  "fn f(xs: [i64], n: i64) -> i64 { let s = 0; for i in 0..n { s += xs[i * s + n] + xs[i * "
	  "8589934592]; } return s; }" },
	/* copies: a call before the loop without checks */
	{ "version,copies", IR_CALLX, 1, COPIES("0..n", "xs[i] = xs[i + 8];") },
	{ "version,copies", IR_CALLX, 1, COPIES("3..n", "xs[m + i] = xs[i + n + 8];") },
	{ "version,copies", IR_CALLX, 1, COPIES("0..16", "xs[i] = xs[i + 8];") },
	{ "version,copies", IR_CALLX, 0, COPIES("0..15", "xs[i] = xs[i + 8];") },
	{ "version,copies,unroll", IR_LOAD, 2, COPIES("0..n", "xs[i] = xs[i + 8];") },
	{ "copies", IR_CALLX, 0, COPIES("0..n", "xs[i] = xs[i + 8];") },
	{ "version,copies", IR_CALLX, 0, COPIES("m..n", "xs[i] = xs[i + 8];") },
	{ "version,copies", IR_CALLX, 0, COPIES("0..n", "xs[i] = xs[i + 8] + 1.0;") },
	{ "version,copies", IR_CALLX, 0, COPIES("0..n", "xs[i] = xs[n];") },
	{ "version,copies", IR_CALLX, 0, COPIES("0..n", "xs[2 * i] = xs[i];") },
	{ "version,copies", IR_CALLX, 0, COPIES("0..n", "m += i; xs[i] = xs[i + 8];") },
	{ "version,copies", IR_CALLX, 0, COPIES("0..n", "xs[i] = xs[i + 8]; xs[i + 9] = 2.0;") },
	{ "version,copies", IR_CALLX, 0, COPIES("0..n", "if n < 9 { xs[i] = xs[i + 8]; }") },
	/* flatten */
	{ "flatten", IR_LOAD, 5,
	  "fn f(xs: [i64]) -> i64 { let s = 0; for i in 0..5 { s = s * 3 + xs[i]; } return s; }" },
	{ "flatten", IR_BR, 0,
	  "fn f(xs: [i64]) -> i64 { let s = 0; for i in 0..5 { s = s * 3 + xs[i]; } return s; }" },
	{ "flatten", IR_LOAD, 1,
	  "fn f(xs: [i64]) -> i64 { let s = 0; for i in 0..5 { s += xs[i]; if s > 9 { break; } } "
	  "return s; }" },
	{ "flatten", IR_LOAD, 1,
	  "fn f(xs: [i64]) -> i64 { let s = 0; for i in 0..500 { s = s * 3 + xs[i]; } return s; "
	  "}" },
	{ "flatten", IR_LOAD, 1,
	  "fn f(xs: [i64], n: i64) -> i64 { let s = 0; for i in n..n + 3 { s = s * 3 + xs[i]; } "
	  "return s; }" },
	/* unroll: four rounds and the loop */
	{ "unroll", IR_LOAD, 5, LOOP_OVER("s = s * 3 + xs[i];") },
	{ "unroll", IR_LOAD, 5, LOOP_OVER("s += xs[i];") },
	{ "unroll", IR_BR, 2, LOOP_OVER("s += xs[i];") },
	{ "unroll", IR_LOAD, 1, LOOP_OVER("s += xs[i] / 7;") },
	{ "unroll", IR_LOAD, 1, LOOP_OVER("s += xs[i]; if s > 9 { break; }") },
	{ "unroll", IR_LOAD, 1,
	  "fn f(xs: [i64], n: i64) -> i64 { let s = 0; let i = 0; while i != n { s += xs[i]; i += "
	  "1; "
	  "} return s; }" },
	{ "unroll", IR_LOAD, 1,
	  "fn f(xs: [i64], n: i64) -> i64 { let s = 0; let i = 0; while i < n { s += xs[i]; i -= "
	  "1; "
	  "} return s; }" },
	/* each of four rounds from the value before the first: no product of a product */
	{ "unroll,gvn2", IR_MUL, 5, LOOP_OVER("s = s * 5 + 3; xs[i] = s;") },
	/* gvn: what is beside a store is still known */
	{ "gvn", IR_LOAD, 1,
	  "fn f(xs: [i64], i: i64) -> i64 { let a = xs[i]; xs[i + 1] = 3; return a + xs[i]; }" },
	{ "gvn", IR_LOAD, 2,
	  "fn f(xs: [i64], i: i64, j: i64) -> i64 { let a = xs[i]; xs[j] = 3; return a + xs[i]; "
	  "}" },
	{ "gvn", IR_LOAD, 2,
	  "fn f(xs: [i64], i: i64) -> i64 { let a = xs[i]; xs[i] = 3; xs[i + 1] = 4; if a > 5 { "
	  "xs[i "
	  "+ 2] = 8; } return a + xs[i]; }" },
	/* strength: the product before the loop is folded away, the step is one with the factor */
	{ "licm,strength,gvn2", IR_MUL, 0,
	  "fn f(xs: [i64], n: i64, a: i64) -> i64 { let s = 0; for i in 0..n { s ^= xs[i * a + 3]; "
	  "} return s; }" },
	{ "licm,strength,gvn2", IR_MUL, 1,
	  "fn f(xs: [i64], n: i64) -> i64 { let s = 0; for i in 0..n { s ^= xs[i * 3]; } return s; "
	  "}" },
	{ "licm,strength,gvn2", IR_MUL, 1,
	  "fn f(xs: [i64], n: i64) -> i64 { let s = 0; for i in 0..n { s ^= xs[i * s]; } return s; "
	  "}" },
	/* address */
	{ "version,gvn2,address", IR_ADD, 8,
	  "fn f(xs: [i64], n: i64) { for i in 1..n { xs[i + 9] = xs[i - 1] + xs[i + 5]; } }" },
	/* dse */
	{ "dse", IR_STORE, 1,
	  "fn f(xs: [i64], v: i64) { let i = 1; if len(xs) > 1 { xs[i] = v; xs[i] = 2; } }" },
	{ "dse", IR_STORE, 2, "fn f(xs: [i64], v: i64) { xs[0] = v; xs[3] = 1; }" },
	{ "dse", IR_STORE, 2,
	  "fn f(xs: [i64], ys: [i64]) -> i64 { xs[0] = 1; let a = ys[0]; xs[0] = 2; return a; }" },
	{ "unroll", IR_FMUL, 1, /* each round waits for the one before */
	  "fn f(n: i64, x: f64) -> f64 { for i in 0..n { x = x * 0.3 + 1.0; } return x; }" },
	/* dse, across blocks: the depth counts on only where a call or a return follows */
	{ "inline,gvn,dse", IR_STORE, 7,
	  "fn f(n: i64) -> i64 { if n < 2 { return n; } return f(n - 1) + f(n - 2); }" },
	/* constants */
	{ "constants", IR_BITCAST, 1,
	  "fn f(n: i64, x: f64) -> f64 { for i in 0..n { x = x * 0.3 + 0.3; } return x; }" },
	{ "constants", IR_BITCAST, 1,
	  "fn f(n: i64, x: i64) -> i64 { for i in 0..n { x ^= x * 6364136223846793005; } return x; "
	  "}" },
	{ "constants", IR_BITCAST, 0,
	  "fn f(n: i64, x: f64) -> f64 { for i in 0..n { if x == 0.0 { x = 1.5; } } return x; }" },
	{ "constants", IR_BITCAST, 0, "fn f(n: i64, x: f64) -> f64 { return x * 0.3; }" },
	/* inline */
	/* scev: bits */
	{ "scev", IR_BR, 0,
	  "fn f(x: u64) -> i64 { let n = 0; while x != 0 { x &= x - 1; n += 1; } return n; }" },
	{ "scev", IR_POPCNT, 1,
	  "fn f(x: i32) -> i64 { let n = 0; while x > 0 { x &= x - 1; n += 1; } return n; }" },
	{ "scev", IR_BR, 1,
	  "fn f(x: u64) -> i64 { let n = 0; while x != 0 { x &= x - 2; n += 1; } return n; }" },
	{ "scev", IR_BR, 1,
	  "fn f(x: u64) -> i64 { let n = 0; while x > 1 { x &= x - 1; n += 1; } return n; }" },
	{ "scev", IR_BR, 0,
	  "fn f(x: u32) -> i64 { let n = 0; while x != 0 { x >>= 3; n += 1; } return n; }" },
	{ "scev", IR_CLZ, 1,
	  "fn f(x: i32) -> i64 { let n = 0; while x > 1 { x >>= 1; n += 1; } return n; }" },
	{ "scev", IR_BR, 1,
	  "fn f(x: i32) -> i64 { let n = 0; while x != 0 { x >>= 1; n += 1; } return n; }" },
	{ "scev", IR_BR, 1,
	  "fn f(x: u32) -> i64 { let n = 0; while x > 2 { x >>= 1; n += 1; } return n; }" },
	{ "scev", IR_BR, 0,
	  "fn f(x: i32) -> i64 { let n = 0; while x != 0 { x = x / 4; n += 1; } return n; }" },
	/* scev: a trap is an exit of what only computes: products are in formulas, too */
	{ "scev", IR_MUL, 4,
	  "fn f(n: i64, k: i64) -> i64 { let s = 0; for i in 0..n { let t = 7 / (k - i); s += i * "
	  "i; } "
	  "return s; }" },
	{ "scev", IR_BR, 1,
	  "fn f(x: i32) -> i64 { let n = 0; while x != 0 { x = x / 5; n += 1; } return n; }" },
	{ "inline", IR_CALL, 0,
	  "fn g(a: i64) -> i64 { return a + 1; } fn f(a: i64) -> i64 { return g(g(a)); }" },
	{ "inline", IR_CALL, 0,
	  "fn g(a: i64) -> i64 { if a < 3 { return 1; } return a; } fn f(a: i64) -> i64 { return "
	  "g(a); }" },
	{ "inline", IR_CALL, 1,
	  "fn g(a: i64) -> i64 { if a < 3 { return 1; } return g(a - 1); } fn f(a: i64) -> i64 { "
	  "return a; }" },
};

/* ---- */

typedef struct Unit {
	Mem mem;
	Arena arena;
	Program program;
	IrModule *ir;
} Unit;

static bool
unit_open(Unit *u, const char *text)
{
	const IrOptions plain = { 0 };
	Str source = { text, (uint32_t)strlen(text) };
	Diags diags;

	memset(u, 0, sizeof *u);
	mem_init(&u->mem, NULL);
	arena_init(&u->arena, &u->mem);
	diag_init(&diags, &u->arena, STR("test"), source);
	if (program_init(&u->program, &u->arena, STR("test")) == TRIVET_OK &&
	    lang_parse(&u->program, source, &diags) == TRIVET_OK)
		u->ir = ir_build(&u->arena, &u->program, &plain);
	if (!CHECK(u->ir != NULL))
		printf("    %s\n", text);
	return u->ir != NULL;
}

static uint32_t
count(const IrModule *m, IrOp op)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < m->funcs.n; k++)
		for (Val v = 1; v < m->funcs.at[k].ins.n && !m->funcs.at[k].is_entry; v++)
			n += m->funcs.at[k].ins.at[v].op == op;
	return n;
}

static uint64_t
all_but(const char *passes)
{
	OptOptions o = { 0 };
	Str unknown;

	CHECK(opt_parse(&o, passes, NULL, &unknown));
	return ~o.without;
}

static void
run(Unit *u, const Row *row, uint64_t without)
{
	OptOptions o = { .without = without, .verify = true };
	Text why;

	text_init(&why, &u->arena);
	if (!CHECK(opt_run(u->ir, &o, &u->arena, NULL, &why)))
		printf("    %s\n    %s\n", why.at ? why.at : "", row->text);
}

static void
check_row(const Row *row)
{
	Unit u;
	Text shown;

	if (!unit_open(&u, row->text))
		return;
	run(&u, row, all_but(row->passes));
	if (!CHECK_EQ(count(u.ir, row->op), row->left)) {
		text_init(&shown, &u.arena);
		ir_print(u.ir, &shown);
		printf("    of %s after %s in\n%s\n%s", ir_op_info[row->op].name, row->passes,
		       row->text, shown.at);
	}
	arena_free(&u.arena);
	/* And what all of them make of it is well formed, with each left out in turn. */
	for (uint32_t k = 0; k == 0 || opt_pass(k - 1); k++) {
		if (!unit_open(&u, row->text))
			return;
		run(&u, row, k ? UINT64_C(1) << (k - 1) : 0);
		arena_free(&u.arena);
	}
}

/* How many CANONs have another one behind them. */
static uint32_t
count_pairs(const IrModule *m)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < m->funcs.n; k++)
		for (Val v = 1; v < m->funcs.at[k].ins.n; v++) {
			const Ins *i = &m->funcs.at[k].ins.at[v];

			n += i->op == IR_CANON && m->funcs.at[k].ins.at[i->next].op == IR_CANON;
		}
	return n;
}

/* Stores of floats that wait for each other, in a loop. */
static const struct PairsRow {
	const char *body;
	uint32_t pairs;
} pairs_rows[] = {
	{ "xs[i] = x; xs[i + 1] = x + 1.0;", 1 },
	{ "xs[i] = x; xs[i + 1] = xs[i + 2] + 1.0;", 1 },
	{ "xs[i] = x; xs[i + 1] = x + 1.0; xs[i + 2] = x * x; xs[i + 3] = x - 1.0;", 2 },
	{ "xs[i] = x; xs[i + 1] = xs[i] + 1.0;", 0 }, /* made of the first, as gvn knows */
	{ "xs[i] = x; xs[i + 1] = xs[n] + 1.0;", 0 },
	{ "xs[i] = x; xs[i + 1] = ys[i] + 1.0;", 0 },
	{ "xs[i] = x; ys[i] = x + 1.0;", 1 },
	{ "xs[i] = x; ks[i] = n; xs[i + 1] = x + 1.0;", 0 },
	{ "xs[i] = x; xs[i + 1] = (n / i) as f64 * x;", 0 },
	{ "xs[i] = x; g(); xs[i + 1] = x + 1.0;", 0 },
	{ "xs[i] = x; zs[i] = x as f32 * 2f32;", 0 },
};

static void
check_pairs(const struct PairsRow *row)
{
	char text[400];
	Row r = { .text = text };
	Unit u;

	snprintf(text, sizeof text,
		 "extern fn g();\n"
		 "fn f(xs: [f64], ys: [f64], zs: [f32], ks: [i64], x: f64, n: i64) { for i in 0..n "
		 "{ x = x * 0.5; %s } }",
		 row->body);
	if (!unit_open(&u, text))
		return;
	run(&u, &r, all_but("version,gvn2,address,pairs"));
	if (!CHECK_EQ(count_pairs(u.ir), row->pairs)) {
		Text shown;

		text_init(&shown, &u.arena);
		ir_print(u.ir, &shown);
		printf("    pairs in %s\n%s", row->body, shown.at);
	}
	arena_free(&u.arena);
}

/* Running out of memory at every allocation: it says so, and nothing leaks. */
typedef struct Short {
	long left;
} Short;

static void *
short_resize(void *user, void *p, size_t old_size, size_t size)
{
	Short *s = user;

	(void)old_size;
	if (!size) {
		free(p);
		return NULL;
	}
	return s->left-- > 0 ? realloc(p, size) : NULL;
}

static void
check_no_memory(const char *text)
{
	const trivet_compile_options o = { .mode = TRIVET_OPTIMIZED };
	bool done = false;

	for (long k = 0; !done && k < 400; k++) {
		Short s = { 1000000 };
		trivet_options options = { .allocator = { short_resize, &s } };
		trivet_engine *e;
		trivet_module *m;
		trivet_code *c;
		trivet_status status;

		if (!CHECK(trivet_open(&options, &e) == TRIVET_OK))
			return;
		if (!CHECK(trivet_parse(e, "t", text, strlen(text), &m) == TRIVET_OK))
			return;
		s.left = k;
		status = trivet_compile(m, &o, &c);
		CHECK(status == TRIVET_OK || status == TRIVET_NO_MEMORY);
		done = status == TRIVET_OK;
		s.left = 1000000;
		trivet_close(e);
	}
	CHECK(done);
}

/* ---- Division by constants ------------------------------------------------------------------ */

static const uint64_t numbers[] = {
	0,
	1,
	2,
	3,
	4,
	5,
	6,
	7,
	9,
	10,
	11,
	12,
	13,
	25,
	60,
	99,
	100,
	101,
	125,
	127,
	255,
	625,
	641,
	1000,
	3600,
	10000,
	65535,
	65536,
	65537,
	86400,
	1000000,
	16777216,
	1000000007,
	0x3fffffff,
	0x40000000,
	0x55555555,
	0x55555556,
	0x7ffffffe,
	0x7fffffff,
	0x80000000,
	0x80000001,
	0xaaaaaaab,
	0xfffffffe,
	0xffffffff,
	UINT64_C(0x100000000),
	UINT64_C(0x100000001),
	UINT64_C(6700417),
	UINT64_C(1000000000039),
	UINT64_C(0x3fffffffffffffff),
	UINT64_C(0x5555555555555555),
	UINT64_C(0x7ffffffffffffffe),
	UINT64_C(0x7fffffffffffffff),
	UINT64_C(0x8000000000000000),
	UINT64_C(0x8000000000000001),
	UINT64_C(0xaaaaaaaaaaaaaaab),
	UINT64_C(0xfffffffffffffffe),
	UINT64_C(0xffffffffffffffff),
};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

typedef struct Quotient {
	uint64_t q, r;
} Quotient;

static Quotient
divided(uint64_t x, uint64_t by, bool wide, bool is_signed)
{
	if (!is_signed)
		return wide ? (Quotient){ x / by, x % by }
			    : (Quotient){ (uint32_t)x / (uint32_t)by, (uint32_t)x % (uint32_t)by };
	if (wide)
		return (Quotient){ (uint64_t)((int64_t)x / (int64_t)by),
				   (uint64_t)((int64_t)x % (int64_t)by) };
	return (Quotient){ (uint32_t)((int64_t)(int32_t)x / (int32_t)by),
			   (uint32_t)((int64_t)(int32_t)x % (int32_t)by) };
}

/* Dividends near the multiples of the divisor, where the quotient changes, and at the ends. */
static void
check_divisor(trivet_code *c, uint64_t by, unsigned type)
{
	static const trivet_type types[] = { TRIVET_I32, TRIVET_U32, TRIVET_I64, TRIVET_U64 };
	bool wide = type >= 2, is_signed = !(type & 1);
	uint64_t most = wide ? UINT64_MAX : UINT32_MAX, least = is_signed ? most / 2 + 1 : 0;

	for (unsigned k = 0; k < 5 * NUMBERS; k++) {
		uint64_t x = numbers[k / 5] * (k % 5 < 3 ? by : 1) + k % 5 % 3 - 1;
		trivet_value v = { .type = types[type] }, q, r;
		Quotient want;

		x &= most;
		if (is_signed && by == most && x == least)
			continue;
		v.as.u64 = x;
		want = divided(x, by, wide, is_signed);
		CHECK(trivet_call(c, "q", &v, 1, &q) == TRIVET_OK);
		CHECK(trivet_call(c, "r", &v, 1, &r) == TRIVET_OK);
		if (!CHECK((q.as.u64 & most) == want.q && (r.as.u64 & most) == want.r))
			printf("    0x%" PRIx64 " by 0x%" PRIx64 ", type %u\n", x, by, type);
	}
}

static void
check_divisions(void)
{
	static const char *const names[] = { "i32", "u32", "i64", "u64" };
	const trivet_compile_options o = { .mode = TRIVET_OPTIMIZED, .verify = true };
	trivet_engine *e;

	if (!CHECK(trivet_open(NULL, &e) == TRIVET_OK))
		return;
	for (unsigned type = 0; type < 4; type++) {
		for (unsigned k = 1; k < NUMBERS; k++) {
			uint64_t most = type >= 2 ? UINT64_MAX : UINT32_MAX, by = numbers[k];
			const char *t = names[type];
			char text[400];
			trivet_module *m;
			trivet_code *c;

			if (by > most)
				continue;
			/* Written as the signed number it is, in brackets. */
			if (type & 1)
				snprintf(text, sizeof text,
					 "fn q(x: %s) -> %s { return x / %" PRIu64 "; }"
					 "fn r(x: %s) -> %s { return x %% %" PRIu64 "; }",
					 t, t, by, t, t, by);
			else
				snprintf(text, sizeof text,
					 "fn q(x: %s) -> %s { return x / (%" PRId64 "); }"
					 "fn r(x: %s) -> %s { return x %% (%" PRId64 "); }",
					 t, t, type ? (int64_t)by : (int32_t)by, t, t,
					 type ? (int64_t)by : (int32_t)by);
			if (!CHECK(trivet_parse(e, "t", text, strlen(text), &m) == TRIVET_OK)) {
				printf("    %s\n", text);
				continue;
			}
			if (CHECK(trivet_compile(m, &o, &c) == TRIVET_OK))
				check_divisor(c, by, type);
			trivet_code_free(c);
			trivet_module_free(m);
		}
	}
	trivet_close(e);
}

/* ---- Names ---------------------------------------------------------------------------------- */

static void
check_names(void)
{
	const char *text = "fn f(a: i64) -> i64 { return a * 8; }", *name, *what, *shown;
	trivet_compile_options o = { .without = "gvn,nonsense" };
	OptOptions parsed = { 0 };
	trivet_engine *e;
	trivet_module *m;
	trivet_code *c;
	uint32_t n = 0;
	Str unknown;

	for (; trivet_pass(n, &name, &what); n++) {
		OptOptions one = { 0 };
		CHECK(opt_parse(&one, name, name, &unknown));
		CHECK_EQ(one.without, UINT64_C(1) << n);
		CHECK(strlen(what) > 10);
	}
	CHECK(n > 5 && !opt_pass(n));
	CHECK(!opt_parse(&parsed, "gvn,,dse", NULL, &unknown) && unknown.n == 0);
	CHECK(!opt_parse(&parsed, NULL, "gv", &unknown) && str_is(unknown, "gv"));
	if (!CHECK(trivet_open(NULL, &e) == TRIVET_OK) ||
	    !CHECK(trivet_parse(e, "t", text, strlen(text), &m) == TRIVET_OK))
		return;
	CHECK(trivet_compile(m, &o, &c) == TRIVET_ARGUMENT);
	CHECK(strstr(trivet_message(e), "nonsense") != NULL);
	CHECK(trivet_dump_after(m, "x", NULL, &shown) == TRIVET_ARGUMENT && !shown);
	CHECK(trivet_dump_after(m, "divconst", NULL, &shown) == TRIVET_OK &&
	      strstr(shown, "shl.i64"));
	CHECK(trivet_dump_after(m, NULL, "divconst", &shown) == TRIVET_OK &&
	      strstr(shown, "mul.i64"));
	trivet_close(e);
}

int
main(void)
{
	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
		check_row(&rows[k]);
	for (size_t k = 0; k < sizeof pairs_rows / sizeof *pairs_rows; k++)
		check_pairs(&pairs_rows[k]);
	check_names();
	check_divisions();
	check_no_memory("fn g(a: i64) -> i64 { if a < 2 { return a; } return g(a - 1) + g(a - 2); }"
			"fn f(xs: [i64], n: i64) -> i64 { let s = 0; for i in 0..n { "
			"if xs[i] > s { s = xs[i] / 10 + n * n; } xs[i] = g(i); } return s; }");
	check_no_memory("fn g(a: i64) -> i64 { return if a < 1 { 0 } else { g(a - 1) + 1 }; }"
			"fn f(n: i64, s: i64) -> i64 { s += g(n); if n == 0 { return s; } "
			"return f(n - 1, s); }");
	check_no_memory("fn f(xs: [f64], n: i64) { for i in 0..n { xs[i] = xs[i + 8]; } "
			"for i in 0..n { xs[i] = xs[i + 8] * 0.5; xs[i + 1] = 3.0; } }");
	return check_done();
}
