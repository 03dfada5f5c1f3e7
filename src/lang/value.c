/* value.c - values and signatures as text. */
#include <inttypes.h>

#include "lang/floattext.h"
#include "lang/lang.h"

static void
print_bits(Text *out, trivet_type t, uint64_t bits)
{
	char hex[20] = "0x";
	uint32_t digits = t == TRIVET_BOOL ? 1 : 2 * type_size(t);

	for (uint32_t i = 0; i < digits; i++)
		hex[2 + i] = "0123456789abcdef"[bits >> 4 * (digits - 1 - i) & 15];
	hex[2 + digits] = '\0';
	text_addf(out, "%s:%s", type_name(t), hex);
}

void
lang_print_value(Text *out, trivet_type t, uint64_t bits, bool as_bits)
{
	char text[FLOAT_TEXT_MAX];
	uint32_t n;

	if (t == TRIVET_VOID) {
		text_addf(out, "void");
		return;
	}
	if (as_bits) {
		print_bits(out, t, bits);
		return;
	}
	switch (t) {
	case TRIVET_BOOL: text_addf(out, "%s", bits & 1 ? "true" : "false"); break;
	case TRIVET_I32: text_addf(out, "%" PRId32, (int32_t)(uint32_t)bits); break;
	case TRIVET_U32: text_addf(out, "%" PRIu32, (uint32_t)bits); break;
	case TRIVET_I64: text_addf(out, "%" PRId64, (int64_t)bits); break;
	case TRIVET_U64: text_addf(out, "%" PRIu64, bits); break;
	case TRIVET_F32:
	case TRIVET_F64:
		n = float_write(t, bits, text);
		text_add(out, text, n);
		break;
	default: break;
	}
}

void
lang_print_const(Text *out, const ConstValue *v, bool as_bits)
{
	trivet_type t = (trivet_type)v->type;

	if (!type_is_span(t)) {
		lang_print_value(out, t, v->bits, as_bits);
		return;
	}
	text_add(out, "[", 1);
	for (uint64_t i = 0; i < v->count; i++) {
		if (i)
			text_add(out, ", ", 2);
		lang_print_value(out, type_element(t), v->elements[i], as_bits);
	}
	text_add(out, "]", 1);
}

/* ---- Signatures ----------------------------------------------------------------------------- */

static void
skip_blanks(Str *s)
{
	while (s->n && (*s->at == ' ' || *s->at == '\t')) {
		s->at++;
		s->n--;
	}
}

static bool
take(Str *s, char c)
{
	skip_blanks(s);
	if (!s->n || *s->at != c)
		return false;
	s->at++;
	s->n--;
	return true;
}

static bool
take_word(Str *s, Str *word)
{
	skip_blanks(s);
	*word = (Str){ s->at, 0 };
	while (s->n && ((*s->at >= 'a' && *s->at <= 'z') || (*s->at >= '0' && *s->at <= '9'))) {
		s->at++;
		s->n--;
		word->n++;
	}
	return word->n > 0;
}

static bool
take_type(Str *s, trivet_type *out)
{
	bool span = take(s, '[');
	Str word;

	if (!take_word(s, &word) || (span && !take(s, ']')))
		return false;
	for (int t = TRIVET_VOID; t < TRIVET_TYPE_COUNT; t++) {
		const char *name = type_name((trivet_type)t);
		if (type_is_span((trivet_type)t) == span &&
		    strlen(name) == word.n + (span ? 2u : 0u) &&
		    memcmp(name + span, word.at, word.n) == 0) {
			*out = (trivet_type)t;
			return true;
		}
	}
	return false;
}

bool
lang_parse_signature(Str text, trivet_type *result, trivet_type *params, uint32_t *n, uint32_t max)
{
	Str s = text;
	trivet_type t;

	*n = 0;
	if (!take_type(&s, result) || type_is_span(*result) || !take(&s, '('))
		return false;
	while (*n || !take(&s, ')')) {
		if (!take_type(&s, &t) || t == TRIVET_VOID || *n >= max)
			return false;
		params[(*n)++] = t;
		if (take(&s, ')'))
			break;
		if (!take(&s, ','))
			return false;
	}
	skip_blanks(&s);
	return s.n == 0;
}
