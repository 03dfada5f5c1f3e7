/* floattext.c - exact conversion between binary floating point and decimal text.
 *
 * The straightforward way of Clinger (1990) and Steele and White (1990): the number as a quotient
 * of two big integers, from which come either 62 bits and a sticky bit, or decimal digits.  Slow
 * next to Ryu and its kin, but small and evidently exact.
 *
 * Sizes.  Reading keeps DIGITS_MAX digits and whether there was more: the longest number that lies
 * exactly half-way between two doubles has 767 digits, so nothing beyond matters except that it is
 * there.  Magnitudes out of reach are decided by their exponent first, which bounds the powers of
 * ten: 10^(400 + 800) times 2^64 is under 4,100 bits, a double's own 2^1074 is smaller. */
#include "lang/floattext.h"

enum { DIGITS_MAX = 800, BIG_WORDS = 144, QUOTIENT_BITS = 62 };

typedef struct Big {
	uint32_t n;	       /* words in use, the highest not 0 */
	uint32_t w[BIG_WORDS]; /* low first */
} Big;

static void
big_set(Big *b, uint64_t v)
{
	b->w[0] = (uint32_t)v;
	b->w[1] = (uint32_t)(v >> 32);
	b->n = b->w[1] ? 2 : b->w[0] ? 1 : 0;
}

static void
big_mul_add(Big *b, uint32_t factor, uint32_t add)
{
	uint64_t carry = add;

	for (uint32_t i = 0; i < b->n; i++) {
		carry += (uint64_t)b->w[i] * factor;
		b->w[i] = (uint32_t)carry;
		carry >>= 32;
	}
	if (carry)
		b->w[b->n++] = (uint32_t)carry;
}

static void
big_mul_pow10(Big *b, uint32_t power)
{
	for (; power >= 9; power -= 9)
		big_mul_add(b, 1000000000, 0);
	for (; power; power--)
		big_mul_add(b, 10, 0);
}

static uint32_t
big_bits(const Big *b)
{
	uint32_t n = b->n * 32;

	if (!n)
		return 0;
	for (uint32_t top = b->w[b->n - 1]; !(top >> 31); top <<= 1)
		n--;
	return n;
}

static void
big_shift_left(Big *b, uint32_t bits)
{
	uint32_t words = bits / 32;

	if (!b->n)
		return;
	for (uint32_t i = b->n; words && i-- > 0;)
		b->w[i + words] = b->w[i];
	memset(b->w, 0, words * sizeof b->w[0]);
	b->n += words;
	if (bits % 32)
		big_mul_add(b, UINT32_C(1) << bits % 32, 0);
}

static bool
big_less(const Big *a, const Big *b)
{
	if (a->n != b->n)
		return a->n < b->n;
	for (uint32_t i = a->n; i-- > 0;)
		if (a->w[i] != b->w[i])
			return a->w[i] < b->w[i];
	return false;
}

/* a -= b, where b <= a */
static void
big_sub(Big *a, const Big *b)
{
	uint64_t borrow = 0;

	for (uint32_t i = 0; i < a->n; i++) {
		uint64_t d = (uint64_t)a->w[i] - (i < b->n ? b->w[i] : 0) - borrow;
		a->w[i] = (uint32_t)d;
		borrow = d >> 63;
	}
	while (a->n && !a->w[a->n - 1])
		a->n--;
}

/* ---- Binary formats ------------------------------------------------------------------------- */

typedef struct Format {
	int precision;	  /* bits of significand, the implied one included */
	int min_exponent; /* of the lowest bit of a subnormal */
	int max_exponent; /* of the highest bit of a finite number */
} Format;

static const Format formats[2] = { { 24, -149, 127 }, { 53, -1074, 1023 } };

/* significand * 2^exponent, and a bit more when sticky, to the nearest value, ties to even. */
static bool
round_to(const Format *f, uint64_t significand, int exponent, bool sticky, uint64_t *bits)
{
	int top = 63, drop;
	uint64_t kept, rest, half;

	*bits = 0;
	if (!significand)
		return true;
	while (!(significand >> top))
		top--;
	drop = top + 1 - f->precision;
	if (exponent + drop < f->min_exponent)
		drop = f->min_exponent - exponent;
	if (drop > 64)
		return true; /* below half of the smallest */
	if (drop <= 0) {
		kept = significand << -drop;
	} else {
		kept = drop == 64 ? 0 : significand >> drop;
		rest = drop == 64 ? significand : significand & ((UINT64_C(1) << drop) - 1);
		half = UINT64_C(1) << (drop - 1);
		if (rest > half || (rest == half && (sticky || (kept & 1))))
			kept++;
	}
	/* A carry into the next power of two, or from subnormal to normal, falls out of adding. */
	exponent += drop - f->min_exponent;
	*bits = kept;
	if (kept >> (f->precision - 1))
		*bits += (uint64_t)exponent << (f->precision - 1);
	return *bits >> (f->precision - 1) <
	       (uint64_t)(f->max_exponent - f->min_exponent - f->precision + 3);
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* The exponent's value, stopping where it makes no difference. */
static int64_t
read_exponent(const Number *n)
{
	int64_t e = 0;

	for (uint32_t i = 0; i < n->exponent.n; i++)
		if (n->exponent.at[i] != '_' && e < INT64_C(1) << 40)
			e = e * 10 + (n->exponent.at[i] - '0');
	return n->exp_negative ? -e : e;
}

static bool
read_binary(const Number *n, const Format *f, uint64_t *bits)
{
	int64_t exponent = read_exponent(n);
	int64_t step = n->base == 16 ? 4 : 1;
	uint64_t significand = 0;
	bool point = false, sticky = false;

	for (uint32_t i = 0; i < n->digits.n; i++) {
		char c = n->digits.at[i];
		uint32_t digit;
		if (c == '_')
			continue;
		if (c == '.') {
			point = true;
			continue;
		}
		digit = (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
		if (significand >> 59) {
			sticky |= digit != 0;
			exponent += point ? 0 : step;
		} else {
			significand = significand << step | digit;
			exponent -= point ? step : 0;
		}
	}
	if (!significand || exponent < -5000) {
		*bits = 0;
		return true;
	}
	return exponent < 5000 && round_to(f, significand, (int)exponent, sticky, bits);
}

/* num / den as 62 or 63 bits times 2^*exponent; *sticky: and a remainder.  Changes both. */
static uint64_t
divide(Big *num, Big *den, int *exponent, bool *sticky)
{
	int shift = (int)big_bits(num) - (int)big_bits(den);
	uint64_t q = 0;

	/* Line the highest bits up, so that 1/2 < num/den < 2; then one bit a step. */
	if (shift > 0)
		big_shift_left(den, (uint32_t)shift);
	else
		big_shift_left(num, (uint32_t)-shift);
	for (int i = 0; i <= QUOTIENT_BITS; i++) {
		q <<= 1;
		if (!big_less(num, den)) {
			big_sub(num, den);
			q |= 1;
		}
		big_mul_add(num, 2, 0);
	}
	*exponent = shift - QUOTIENT_BITS;
	*sticky = num->n != 0;
	return q;
}

/* The first DIGITS_MAX digits; *exponent: power of ten of the last; a 1 stands for all the rest. */
static void
read_digits(const Number *n, Big *b, int64_t *exponent, uint32_t *count)
{
	bool point = false, rest = false;

	b->n = 0;
	*count = 0;
	for (uint32_t i = 0; i < n->digits.n; i++) {
		char c = n->digits.at[i];
		if (c == '.')
			point = true;
		if (c == '.' || c == '_')
			continue;
		if (*count >= DIGITS_MAX) {
			rest |= c != '0';
			*exponent += point ? 0 : 1;
			continue;
		}
		big_mul_add(b, 10, (uint32_t)(c - '0'));
		*count += b->n != 0;
		*exponent -= point ? 1 : 0;
	}
	if (rest) {
		big_mul_add(b, 10, 1);
		*exponent -= 1;
		*count += 1;
	}
}

static bool
read_decimal(const Number *n, const Format *f, uint64_t *bits)
{
	int64_t exponent = read_exponent(n);
	uint32_t count;
	int binary;
	bool sticky;
	uint64_t q;
	Big num, den;

	read_digits(n, &num, &exponent, &count);
	*bits = 0;
	if (!num.n || exponent + count < -400)
		return true;
	if (exponent + count > 400)
		return false;
	big_set(&den, 1);
	if (exponent >= 0)
		big_mul_pow10(&num, (uint32_t)exponent);
	else
		big_mul_pow10(&den, (uint32_t)-exponent);
	q = divide(&num, &den, &binary, &sticky);
	return round_to(f, q, binary, sticky, bits);
}

bool
float_read(const Number *n, trivet_type t, uint64_t *bits)
{
	const Format *f = &formats[t == TRIVET_F64];

	if (n->is_nan || n->is_inf) {
		uint64_t exponents = (uint64_t)(f->max_exponent * 2 + 1);
		*bits = exponents << (f->precision - 1);
		if (n->is_nan)
			*bits |= UINT64_C(1) << (f->precision - 2);
		return true;
	}
	return n->base == 10 ? read_decimal(n, f, bits) : read_binary(n, f, bits);
}

/* ---- Writing -------------------------------------------------------------------------------- */

enum { DIGITS_MADE = 20, DIGITS_ENOUGH = 17 }; /* 17 digits tell any two doubles apart */

/* The first DIGITS_MADE decimal digits of significand * 2^binary, not rounded, *more when others
 * than 0 follow.  Returns the power of ten of the first. */
static int
make_digits(uint64_t significand, int binary, char *digits, bool *more)
{
	Big num, den;
	int power = 0;

	big_set(&num, significand);
	big_set(&den, 1);
	if (binary >= 0)
		big_shift_left(&num, (uint32_t)binary);
	else
		big_shift_left(&den, (uint32_t)-binary);
	/* Scale to 1 <= num/den < 10; log10(2) is about 1233/4096, which is off by one at most. */
	power = ((int)big_bits(&num) - (int)big_bits(&den)) * 1233 / 4096;
	if (power >= 0)
		big_mul_pow10(&den, (uint32_t)power);
	else
		big_mul_pow10(&num, (uint32_t)-power);
	while (big_less(&num, &den)) {
		big_mul_add(&num, 10, 0);
		power--;
	}
	for (;;) {
		Big ten = den;
		big_mul_add(&ten, 10, 0);
		if (big_less(&num, &ten))
			break;
		den = ten;
		power++;
	}
	for (int i = 0; i < DIGITS_MADE; i++) {
		for (digits[i] = '0'; !big_less(&num, &den); digits[i]++)
			big_sub(&num, &den);
		big_mul_add(&num, 10, 0);
	}
	*more = num.n != 0;
	return power;
}

static uint32_t
put_uint(char *out, uint32_t v)
{
	char reversed[10];
	uint32_t n = 0;

	do
		reversed[n++] = (char)('0' + v % 10);
	while (v /= 10);
	for (uint32_t i = 0; i < n; i++)
		out[i] = reversed[n - 1 - i];
	return n;
}

/* d.ddd * 10^power: plainly from 1e-5 to below 1e17, else with an exponent. */
static uint32_t
layout(const char *digits, int count, int power, char *out)
{
	uint32_t n = 0;

	if (power < -5 || power >= 17) {
		out[n++] = digits[0];
		if (count > 1)
			out[n++] = '.';
		for (int i = 1; i < count; i++)
			out[n++] = digits[i];
		out[n++] = 'e';
		if (power < 0)
			out[n++] = '-';
		return n + put_uint(out + n, (uint32_t)(power < 0 ? -power : power));
	}
	for (int place = power > 0 ? power : 0; place >= -1 || power - place < count; place--) {
		int i = power - place;
		if (place == -1)
			out[n++] = '.';
		out[n++] = i >= 0 && i < count ? digits[i] : '0';
	}
	return n;
}

/* Adds one to the last of count digits; all nines become a 1 of the next power. */
static void
increment(char *digits, int count, int *power)
{
	int i = count - 1;

	while (i >= 0 && digits[i] == '9')
		digits[i--] = '0';
	if (i >= 0) {
		digits[i]++;
	} else {
		digits[0] = '1';
		++*power;
	}
}

/* Lays the candidate out; does it read back as bits? */
static bool
try_digits(const char *made, int count, bool up, int power, trivet_type t, uint64_t bits, char *out)
{
	char digits[DIGITS_MADE];
	Number n;
	uint64_t back = 0;
	uint32_t length;

	memcpy(digits, made, sizeof digits);
	if (up)
		increment(digits, count, &power);
	length = layout(digits, count, power, out);
	out[length] = '\0';
	return !number_scan((Str){ out, length }, &n) && float_read(&n, t, &back) && back == bits;
}

static bool
is_more_than_half(const char *rest, int n, bool more)
{
	if (rest[0] != '5')
		return rest[0] > '5';
	for (int i = 1; i < n; i++)
		more |= rest[i] != '0';
	return more;
}

static void
write_finite(trivet_type t, uint64_t bits, uint64_t significand, int binary, char *out)
{
	char digits[DIGITS_MADE];
	bool more;
	int power = make_digits(significand, binary, digits, &more);

	for (int n = 1; n <= DIGITS_ENOUGH; n++) {
		/* The nearer first.  The other can be the only one that reads back just above a
		 * power of two, where the gaps below are half as wide. */
		bool up = is_more_than_half(digits + n, DIGITS_MADE - n, more);
		if (try_digits(digits, n, up, power, t, bits, out) ||
		    try_digits(digits, n, !up, power, t, bits, out))
			return;
	}
}

uint32_t
float_write(trivet_type t, uint64_t bits, char out[FLOAT_TEXT_MAX])
{
	const Format *f = &formats[t == TRIVET_F64];
	int width = f->precision - 1, exponent;
	uint64_t sign = bits >> (t == TRIVET_F64 ? 63 : 31) & 1;
	uint64_t fraction = bits & ((UINT64_C(1) << width) - 1);
	char *at = out;

	exponent = (int)(bits >> width & (uint64_t)(f->max_exponent * 2 + 1));
	if (sign)
		*at++ = '-';
	if (exponent == f->max_exponent * 2 + 1) {
		memcpy(fraction ? out : at, fraction ? "nan" : "inf", 4);
	} else if (!exponent && !fraction) {
		memcpy(at, "0.0", 4);
	} else {
		uint64_t magnitude = bits & ~(UINT64_C(1) << (t == TRIVET_F64 ? 63 : 31));
		if (exponent)
			fraction |= UINT64_C(1) << width;
		exponent = (exponent ? exponent - 1 : 0) + f->min_exponent;
		write_finite(t, magnitude, fraction, exponent, at);
	}
	return (uint32_t)strlen(out);
}
