/* literal.c - taking number literals apart. */
#include "lang/literal.h"

static bool
is_digit_of(char c, int base)
{
	if (base == 16 && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
		return true;
	return c >= '0' && c < '0' + (base == 2 ? 2 : 10);
}

/* The digits from at on, '_' between them; how many bytes.  *any: at least one digit. */
static uint32_t
digits_length(Str s, uint32_t at, int base, bool *any)
{
	uint32_t i = at;

	for (; i < s.n && (s.at[i] == '_' || is_digit_of(s.at[i], base)); i++)
		*any |= s.at[i] != '_';
	return i - at;
}

static bool
scan_suffix(Str s, Number *n)
{
	for (int t = TRIVET_I32; t <= TRIVET_F64; t++)
		if (str_is(s, type_name((trivet_type)t))) {
			n->suffix = (uint8_t)t;
			return true;
		}
	return false;
}

/* "inf", "nan", and those with "_f32" or "_f64" */
static const char *
scan_word(Str s, Number *n)
{
	Str word = { s.at, s.n < 3 ? s.n : 3 };

	n->is_inf = str_is(word, "inf");
	n->is_nan = str_is(word, "nan");
	n->is_float = true;
	if (!n->is_inf && !n->is_nan)
		return "malformed number";
	if (s.n == 3)
		return NULL;
	if (s.at[3] != '_' || !scan_suffix((Str){ s.at + 4, s.n - 4 }, n) ||
	    !type_is_float((trivet_type)n->suffix))
		return "malformed number";
	return NULL;
}

static const char *
scan_exponent(Str s, uint32_t *at, Number *n)
{
	bool any = false;
	uint32_t i = *at + 1;

	if (i < s.n && (s.at[i] == '+' || s.at[i] == '-'))
		n->exp_negative = s.at[i++] == '-';
	n->exponent = (Str){ s.at + i, digits_length(s, i, 10, &any) };
	n->is_float = true;
	*at = i + n->exponent.n;
	return any ? NULL : "malformed number: the exponent has no digits";
}

const char *
number_scan(Str s, Number *n)
{
	uint32_t at = 0;
	bool any = false, fraction = false;
	char mark;
	const char *wrong;

	*n = (Number){ .base = 10 };
	while (at < s.n && is_digit_of(s.at[at], 10))
		at++;
	if (s.n && at == s.n) { /* digits alone, as most are */
		n->digits = s;
		return NULL;
	}
	if (!at)
		return scan_word(s, n);
	at = 0;
	if (s.n > 1 && s.at[0] == '0') {
		n->base = s.at[1] == 'x' || s.at[1] == 'X'   ? 16
			  : s.at[1] == 'b' || s.at[1] == 'B' ? 2
							     : 10;
		if (n->base != 10)
			at = 2;
	}
	n->digits = (Str){ s.at + at, digits_length(s, at, n->base, &any) };
	at += n->digits.n;
	if (!any)
		return n->base == 16 ? "malformed number: no digits after '0x'"
				     : "malformed number: no digits after '0b'";
	if (at < s.n && s.at[at] == '.' && n->base != 2) {
		uint32_t length = digits_length(s, at + 1, n->base, &fraction);
		n->digits.n += 1 + length;
		at += 1 + length;
		n->is_float = true;
		if (!fraction)
			return "malformed number: no digits after '.'";
	}
	mark = at < s.n ? s.at[at] : '\0';
	if ((n->base == 10 && (mark == 'e' || mark == 'E')) ||
	    (n->base == 16 && (mark == 'p' || mark == 'P'))) {
		wrong = scan_exponent(s, &at, n);
		if (wrong)
			return wrong;
	} else if (n->is_float && n->base == 16) {
		return "malformed number: a hexadecimal fraction needs an exponent, as in 0x1.8p0";
	}
	if (at == s.n)
		return NULL;
	if (!scan_suffix((Str){ s.at + at, s.n - at }, n))
		return "malformed number: expected digits or a suffix such as 'u32'";
	if (n->is_float && !type_is_float((trivet_type)n->suffix))
		return "malformed number: a number with a fraction or exponent is 'f32' or 'f64'";
	return NULL;
}

bool
number_magnitude(const Number *n, uint64_t *out)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < n->digits.n; i++) {
		char c = n->digits.at[i];
		uint64_t digit;
		if (c == '_')
			continue;
		digit = (uint64_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
		if (value > (UINT64_MAX - digit) / n->base)
			return false;
		value = value * n->base + digit;
	}
	*out = value;
	return true;
}
