/* num.h - arithmetic with one meaning on every machine, in C.
 *
 * The float functions that C or its libraries do differently from machine to machine.  Built with
 * -ffp-contract=off.  They are also the helpers that generated code calls where a CPU lacks the
 * instruction.  NaN results are canonical (positive, quiet, zero payload).
 *                                                              Tests: tests/unit/num.c */
#ifndef TRIVET_NUM_H
#define TRIVET_NUM_H

#include <stdint.h>
#include <string.h>

#define NUM_NAN32 UINT32_C(0x7fc00000)
#define NUM_NAN64 UINT64_C(0x7ff8000000000000)

static inline uint32_t num_bits_f32(float x) { uint32_t b; memcpy(&b, &x, 4); return b; }
static inline uint64_t num_bits_f64(double x) { uint64_t b; memcpy(&b, &x, 8); return b; }
static inline float num_from_f32(uint32_t b) { float x; memcpy(&x, &b, 4); return x; }
static inline double num_from_f64(uint64_t b) { double x; memcpy(&x, &b, 8); return x; }
static inline float num_canon_f32(float x) { return x == x ? x : num_from_f32(NUM_NAN32); }
static inline double num_canon_f64(double x) { return x == x ? x : num_from_f64(NUM_NAN64); }

/* The list: each exists as num_NAME_f32 and num_NAME_f64. */
#define NUM_UNARY_LIST(X) X(sqrt) X(floor) X(ceil) X(trunc) X(nearest)
#define NUM_BINARY_LIST(X) X(min) X(max) X(copysign)
#define X(name) float num_##name##_f32(float); double num_##name##_f64(double);
NUM_UNARY_LIST(X)
#undef X
#define X(name) float num_##name##_f32(float, float); double num_##name##_f64(double, double);
NUM_BINARY_LIST(X)
#undef X
float num_fma_f32(float a, float b, float c);
double num_fma_f64(double a, double b, double c);

/* float -> int, saturating, NaN is 0 */
int32_t num_i32_f32(float), num_i32_f64(double);
uint32_t num_u32_f32(float), num_u32_f64(double);
int64_t num_i64_f32(float), num_i64_f64(double);
uint64_t num_u64_f32(float), num_u64_f64(double);
/* u64 -> float, one rounding to nearest even (i64, i32 and u32 are C's own) */
float num_f32_u64(uint64_t);
double num_f64_u64(uint64_t);

uint64_t num_mulhi_u64(uint64_t a, uint64_t b);
int64_t num_mulhi_i64(int64_t a, int64_t b);
uint32_t num_clz32(uint32_t), num_ctz32(uint32_t), num_popcnt32(uint32_t);
uint32_t num_clz64(uint64_t), num_ctz64(uint64_t), num_popcnt64(uint64_t);

#endif
