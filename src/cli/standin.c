/* standin.c - host functions for programs that are checked without their host (--stand-ins).
 *
 * Every extern becomes a function that computes one number from its name and all it was given,
 * writes to one element of each span, answers with bits of the number, and now and then raises a
 * trap: all that a program may see of a host function, with the same bits on every machine.
 * trivet_shim.h makes the C function of whatever signature. */
#include "cli/cli.h"
#include "trivet_shim.h"
#include <stdlib.h>
#include <string.h>

enum { RAISES_EVERY = 61 };

typedef struct Stand_in {
	trivet_stub stub;
	struct Stand_in *next;
	char *signature; /* "i64(i32,[f64])": then the name, in the same allocation */
	const char *name;
} Stand_in;

/* FNV-1a, 64 bits, over the bytes in memory's order (all machines here are little-endian). */
static uint64_t
mix(uint64_t h, const void *bytes, size_t n)
{
	const uint8_t *b = bytes;

	for (size_t k = 0; k < n; k++)
		h = (h ^ b[k]) * 0x100000001b3u;
	return h;
}

/* Bits of h as a value of the type that the text begins with, in *to; its size in bytes.  Floats
 * are small and finite. */
static size_t
put_value(const char *type, uint64_t h, void *to)
{
	double wide = (double)(int16_t)(h >> 16) / 8;
	float narrow = (float)wide;
	uint64_t bits = h >> 16 | h << 48;
	size_t size = type[1] == '8' ? 1 : type[1] == '1' ? 2 : type[1] == '3' ? 4 : 8;

	if (type[0] == 'v')
		return 0;
	if (type[0] == 'b') {
		bits &= 1;
		size = 1;
	}
	if (type[0] != 'f')
		memcpy(to, &bits, size);
	else if (size == 8)
		memcpy(to, &wide, size);
	else
		memcpy(to, &narrow, size);
	return size;
}

static void
answer(void *user, void *const *args, void *result)
{
	const Stand_in *f = user;
	const char *first = strchr(f->signature, '(') + 1;
	uint64_t h = mix(0xcbf29ce484222325u, f->name, strlen(f->name)), value;
	size_t arg = 0;

	for (const char *p = first; *p && *p != ')'; p += strcspn(p, ",)"), p += *p == ',') {
		if (*p == '[') {
			uint8_t *data;
			int64_t length;

			memcpy(&data, args[arg++], sizeof data);
			memcpy(&length, args[arg], sizeof length);
			h = mix(h, data, (size_t)length * put_value(p + 1, 0, &value));
		}
		h = mix(h, args[arg++], 8);
	}
	arg = 0;
	for (const char *p = first; *p && *p != ')'; p += strcspn(p, ",)"), p += *p == ',') {
		uint8_t *data;
		int64_t length;

		if (*p != '[') {
			arg++;
			continue;
		}
		memcpy(&data, args[arg++], sizeof data);
		memcpy(&length, args[arg++], sizeof length);
		if (length > 0) {
			size_t size = put_value(p + 1, h, &value);

			memcpy(data + h % (uint64_t)length * size, &value, size);
		}
	}
	if (h % RAISES_EVERY == 0)
		trivet_raise();
	put_value(f->signature, h, result);
}

/* The signature as C has it, where a span is a pointer and a length; malloc'ed. */
static char *
c_signature(const char *signature)
{
	char *text = malloc(3 * strlen(signature) + 1), *to = text;

	for (const char *p = signature; text && (*to = *p) != 0; p++) {
		if (*p != '[') {
			to++;
			continue;
		}
		memcpy(to, "ptr,i64", 7);
		to += 7;
		p = strchr(p, ']');
	}
	return text;
}

static trivet_status
bind_one(trivet_engine *e, const trivet_function_info *info, Stand_in **list)
{
	size_t n = strlen(info->signature) + 1, m = strlen(info->name) + 1;
	Stand_in *f = calloc(1, sizeof *f);
	char *c = c_signature(info->signature);
	trivet_status s = TRIVET_NO_MEMORY;

	if (f && c && (f->signature = malloc(n + m)) != NULL) {
		memcpy(f->signature, info->signature, n);
		f->name = memcpy(f->signature + n, info->name, m);
		s = trivet_closure(e, c, answer, f, &f->stub);
	}
	free(c);
	if (f) {
		f->next = *list;
		*list = f;
	}
	return s ? s : trivet_bind(e, info->name, info->signature, f->stub.function);
}

trivet_status
bind_stand_ins(trivet_engine *e, trivet_module *m, Stand_in **list)
{
	trivet_function_info info;
	trivet_status s = TRIVET_OK;

	for (uint32_t k = 0; k < trivet_function_count(m) && !s; k++) {
		s = trivet_function_get(m, k, &info);
		if (!s && info.is_extern)
			s = bind_one(e, &info, list);
	}
	return s;
}

void
free_stand_ins(trivet_engine *e, Stand_in **list)
{
	for (Stand_in *f = *list, *next; f; f = next) {
		next = f->next;
		if (f->stub.id)
			trivet_stub_free(e, f->stub);
		free(f->signature);
		free(f);
	}
	*list = NULL;
}
