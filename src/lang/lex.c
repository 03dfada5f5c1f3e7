/* lex.c - text to tokens. */
#include "lang/lex.h"
#include "lang/literal.h"

static const char kind_text[TOK_COUNT][14] = {
#define X(name, text) text,
	TOKEN_LIST(X)
#undef X
};

const char *
lex_kind_text(TokenKind k)
{
	return kind_text[k];
}

void
lex_init(Lexer *l, Str text, uint32_t line, uint32_t column, Program *p, Diags *d)
{
	if (!text.at)
		text = STR("");
	*l = (Lexer){ .at = text.at, .end = text.at + text.n, .line = line, .program = p };
	l->line_start = text.at - (column - 1);
	l->diags = d;
	if (line == 1 && column == 1 && text.n >= 3 && memcmp(text.at, "\xef\xbb\xbf", 3) == 0)
		l->at += 3; /* a byte order mark some editors leave */
}

/* Not <ctype.h>: that depends on the locale.  Bits of what a byte may be part of. */
enum { IN_NUMBER = 1, IN_HEX = 2, IN_NAME = 4, IS_BLANK = 8 };
// clang-format off
static const uint8_t class_of[256] = {
#define DIGIT (IN_NUMBER | IN_HEX)
	['0'] = DIGIT, ['1'] = DIGIT, ['2'] = DIGIT, ['3'] = DIGIT, ['4'] = DIGIT,
	['5'] = DIGIT, ['6'] = DIGIT, ['7'] = DIGIT, ['8'] = DIGIT, ['9'] = DIGIT,
#undef DIGIT
#define LETTER(small, capital, also) [small] = IN_NAME | also, [capital] = IN_NAME | also,
	LETTER('a', 'A', IN_HEX) LETTER('b', 'B', IN_HEX) LETTER('c', 'C', IN_HEX)
	LETTER('d', 'D', IN_HEX) LETTER('e', 'E', IN_HEX) LETTER('f', 'F', IN_HEX)
	LETTER('g', 'G', 0) LETTER('h', 'H', 0) LETTER('i', 'I', 0) LETTER('j', 'J', 0)
	LETTER('k', 'K', 0) LETTER('l', 'L', 0) LETTER('m', 'M', 0) LETTER('n', 'N', 0)
	LETTER('o', 'O', 0) LETTER('p', 'P', 0) LETTER('q', 'Q', 0) LETTER('r', 'R', 0)
	LETTER('s', 'S', 0) LETTER('t', 'T', 0) LETTER('u', 'U', 0) LETTER('v', 'V', 0)
	LETTER('w', 'W', 0) LETTER('x', 'X', 0) LETTER('y', 'Y', 0) LETTER('z', 'Z', 0)
#undef LETTER
	['_'] = IN_NAME, [' '] = IS_BLANK, ['\t'] = IS_BLANK, ['\r'] = IS_BLANK,
};
// clang-format on

static bool
is(char c, unsigned classes)
{
	return (class_of[(unsigned char)c] & classes) != 0;
}

static char
peek(const Lexer *l, size_t i)
{
	return i < (size_t)(l->end - l->at) ? l->at[i] : '\0';
}

static uint32_t
column_of(const Lexer *l, const char *at)
{
	return (uint32_t)(at - l->line_start) + 1;
}

static void
skip_comment(Lexer *l)
{
	bool kept = l->keep_remarks && peek(l, 2) == '!';
	const char *from = l->at + 3, *to;

	to = memchr(l->at, '\n', (size_t)(l->end - l->at));
	l->at = to ? to : l->end;
	if (!kept)
		return;
	to = l->at;
	while (from < to && (*from == ' ' || *from == '\t'))
		from++;
	while (from < to && (to[-1] == ' ' || to[-1] == '\t' || to[-1] == '\r'))
		to--;
	Remark *r = vec_push(l->program->arena, &l->program->remarks);
	if (r)
		*r = (Remark){ { from, (uint32_t)(to - from) }, l->line, column_of(l, from) };
}

static void
skip_blanks(Lexer *l)
{
	const char *at = l->at, *end = l->end;

	for (; at < end; at++) {
		if (is(*at, IS_BLANK))
			continue;
		if (*at == '\n') {
			l->line++;
			l->line_start = at + 1;
		} else if (*at == '/' && end - at > 1 && at[1] == '/') {
			l->at = at;
			skip_comment(l);
			at = l->at - 1; /* the loop steps over it again */
		} else {
			break;
		}
	}
	l->at = at;
}

static uint32_t
number_length(const Lexer *l)
{
	bool hex = peek(l, 0) == '0' && (peek(l, 1) == 'x' || peek(l, 1) == 'X');
	bool point = false;
	uint32_t n = 1;

	for (;; n++) {
		char c = peek(l, n), before = peek(l, n - 1);
		bool exponent =
			hex ? before == 'p' || before == 'P' : before == 'e' || before == 'E';
		if (is(c, IN_NAME | IN_NUMBER))
			continue;
		if (c == '.' && !point &&
		    (hex ? is(peek(l, n + 1), IN_HEX) : is(peek(l, n + 1), IN_NUMBER))) {
			point = true;
			continue;
		}
		if ((c == '+' || c == '-') && exponent && is(peek(l, n + 1), IN_NUMBER))
			continue;
		return n;
	}
}

static void
lex_number(Lexer *l, Token *t)
{
	Number ignored;
	const char *wrong;

	t->kind = TOK_NUMBER;
	t->text = (Str){ l->at, number_length(l) };
	wrong = number_scan(t->text, &ignored);
	if (wrong)
		diag_add(l->diags, t->line, t->column, t->text.n, "%s", wrong);
}

/* Words and signs are looked for by a comparison a row of their lists, all with constants: most end
 * at the first.  Is s the text of a row but for the quotes or brackets around it? */
#define IS_INSIDE(s, word) \
	((s).n == sizeof(word) - 3 && memcmp((s).at, (word) + 1, sizeof(word) - 3) == 0)

static bool
is_keyword(Str s, uint8_t *kind)
{
#define X(name, word)                                     \
	if (TOK_##name >= TOK_FN && IS_INSIDE(s, word)) { \
		*kind = TOK_##name;                       \
		return true;                              \
	}
	TOKEN_LIST(X)
#undef X
	return false;
}

static bool
is_type(Str s, uint8_t *type)
{
#define X(name, word, size, element)                                               \
	if (type_is_span(TRIVET_##name)                                            \
		    ? IS_INSIDE(s, word)                                           \
		    : TRIVET_##name != TRIVET_VOID && s.n == sizeof word - 1 &&    \
			      memcmp(s.at, word, sizeof word - 1) == 0) {          \
		*type = type_is_span(TRIVET_##name) ? TRIVET_VOID : TRIVET_##name; \
		return true;                                                       \
	}
	TRIVET_TYPE_LIST(X)
#undef X
	return false;
}

static void
lex_name(Lexer *l, Token *t)
{
	Number ignored;
	uint32_t n = 1, most = (uint32_t)(l->end - l->at);

	while (n < most && is(l->at[n], IN_NAME | IN_NUMBER))
		n++;
	t->text = (Str){ l->at, n };
	t->kind = TOK_NAME;
	if (n == 1)
		return; /* the commonest names, and no word of the language */
	if (is_keyword(t->text, &t->kind))
		return;
	if (is_type(t->text, &t->type))
		t->kind = TOK_TYPE;
	else if ((n == 3 || n == 7) && (*l->at == 'i' || *l->at == 'n') &&
		 !number_scan(t->text, &ignored))
		t->kind = TOK_NUMBER; /* inf, nan, inf_f32 … */
}

bool
lex_is_word(Str s)
{
	Lexer l = { .at = s.at, .end = s.at + s.n, .line_start = s.at };
	Token t = { 0 };

	if (!s.n || !is(s.at[0], IN_NAME))
		return false;
	lex_name(&l, &t);
	return t.kind == TOK_NAME && t.text.n == s.n;
}

/* Punctuation that is no operator of ops.h, and no `=`, which may be part of one. */
static bool
lex_punctuation(Lexer *l, Token *t)
{
	static const uint8_t single[256] = {
		['('] = TOK_LPAREN, [')'] = TOK_RPAREN,	   ['{'] = TOK_LBRACE,
		['}'] = TOK_RBRACE, ['['] = TOK_LBRACKET,  [']'] = TOK_RBRACKET,
		[','] = TOK_COMMA,  [';'] = TOK_SEMICOLON, [':'] = TOK_COLON,
	};
	char c = *l->at, second;

	t->kind = single[(unsigned char)c];
	t->text.n = 1;
	if (t->kind)
		return true;
	second = peek(l, 1);
	t->text.n = 2;
	t->kind = c == '&' && second == '&'   ? TOK_ANDAND
		  : c == '|' && second == '|' ? TOK_OROR
		  : c == '-' && second == '>' ? TOK_ARROW
		  : c == '.' && second == '.' ? TOK_DOTDOT
					      : TOK_END;
	if (t->kind != TOK_END)
		return true;
	t->text.n = 0;
	return false;
}

/* The longest operator; '-' is found as OP_SUB first. */
static bool
lex_operator(Lexer *l, Token *t)
{
	char c = *l->at, second = peek(l, 1);

#define X(name, word, arity, takes, gives, form)                                       \
	if (FORM_##form != FORM_CALL && t->text.n < sizeof word - 1 && c == word[0] && \
	    (sizeof word == 2 || second == word[1])) {                                 \
		t->kind = TOK_OP;                                                      \
		t->op = OP_##name;                                                     \
		t->text.n = sizeof word - 1;                                           \
	}
	OP_LIST(X)
#undef X
	if (!t->text.n && peek(l, 0) == '=') {
		t->kind = TOK_ASSIGN;
		t->text.n = 1;
	} else if (t->text.n && peek(l, t->text.n) == '=' && op_info[t->op].form == FORM_BINARY &&
		   op_info[t->op].gives == GIVES_SAME) {
		t->kind = TOK_COMPOUND;
		t->text.n++;
	}
	return t->text.n > 0;
}

/* Steps over bytes that begin no token, telling once. */
static void
lex_garbage(Lexer *l, const Token *t)
{
	unsigned char c = (unsigned char)*l->at;

	l->bad_line = l->line;
	if (c > ' ' && c < 0x7f)
		diag_add(l->diags, t->line, t->column, 1, "unexpected character '%c'", c);
	else
		diag_add(l->diags, t->line, t->column, 1, "unexpected byte 0x%02x%s", c,
			 c >= 0x80 ? " (other than ASCII is for comments only)" : "");
	do
		l->at++;
	while (l->at < l->end && (*l->at == (char)c || (unsigned char)*l->at >= 0x7f ||
				  (unsigned char)*l->at < '\t'));
}

void
lex_next(Lexer *l, Token *t)
{
	for (;;) {
		skip_blanks(l);
		*t = (Token){ .kind = TOK_END, .line = l->line };
		t->column = column_of(l, l->at);
		t->text.at = l->at;
		if (l->at == l->end || l->program->arena->mem->failed)
			return;
		if (is(*l->at, IN_NAME)) {
			lex_name(l, t);
		} else if (is(*l->at, IN_NUMBER)) {
			lex_number(l, t);
		} else if (!lex_punctuation(l, t) && !lex_operator(l, t)) {
			lex_garbage(l, t);
			continue;
		}
		l->at += t->text.n;
		return;
	}
}
