/* names.c - scopes: a hash table whose newest entries can be taken back. */
#include "lang/check.h"

enum { BUCKETS_FIRST = 256 };

/* FNV-1a */
static uint32_t
bucket_of(const Names *n, Str name)
{
	uint32_t h = 2166136261u;

	for (uint32_t i = 0; i < name.n; i++)
		h = (h ^ (uint8_t)name.at[i]) * 16777619u;
	return (h ^ h >> 16) & (n->nbuckets - 1);
}

/* Puts everything into that many buckets, in the old order.  On failure all stays as it was. */
static bool
rehash(Names *n, uint32_t nbuckets)
{
	uint32_t *bucket = arena_alloc(n->arena, nbuckets * sizeof *bucket);

	if (!bucket)
		return false;
	n->bucket = bucket;
	n->nbuckets = nbuckets;
	for (uint32_t i = 0; i < n->list.n; i++) {
		uint32_t *head = &bucket[bucket_of(n, n->list.at[i].name)];
		n->list.at[i].older = *head;
		*head = i + 1;
	}
	return true;
}

Names *
names_new(Arena *a)
{
	Names *n = arena_alloc(a, sizeof *n);

	if (!n)
		return NULL;
	n->arena = a;
	return rehash(n, BUCKETS_FIRST) ? n : NULL;
}

const Binding *
names_find(const Names *n, Str name)
{
	for (uint32_t i = n->bucket[bucket_of(n, name)]; i; i = n->list.at[i - 1].older)
		if (str_equal(n->list.at[i - 1].name, name))
			return &n->list.at[i - 1];
	return NULL;
}

void
names_add(Names *n, Str name, NameKind kind, uint32_t id)
{
	Binding *b = vec_push(n->arena, &n->list);
	uint32_t bucket;

	if (!b)
		return;
	bucket = bucket_of(n, name);
	*b = (Binding){ name, id, n->bucket[bucket], (uint8_t)kind };
	n->bucket[bucket] = n->list.n;
	if (n->list.n > n->nbuckets && n->nbuckets < UINT32_C(1) << 24)
		rehash(n, n->nbuckets * 4);
}

void
names_cut(Names *n, uint32_t count)
{
	while (n->list.n > count) {
		const Binding *b = &n->list.at[--n->list.n];
		n->bucket[bucket_of(n, b->name)] = b->older;
	}
}

/* One letter changed, added, left out, or two neighbours swapped. */
static bool
is_near(Str a, Str b)
{
	uint32_t i = 0, j = 0;
	Str ra, rb;

	while (i < a.n && i < b.n && a.at[i] == b.at[i])
		i++;
	while (j < a.n - i && j < b.n - i && a.at[a.n - 1 - j] == b.at[b.n - 1 - j])
		j++;
	ra = (Str){ a.at + i, a.n - i - j };
	rb = (Str){ b.at + i, b.n - i - j };
	return (ra.n <= 1 && rb.n <= 1) ||
	       (ra.n == 2 && rb.n == 2 && ra.at[0] == rb.at[1] && ra.at[1] == rb.at[0]);
}

const Binding *
names_near(const Names *n, Str name)
{
	for (uint32_t i = n->list.n; name.n > 1 && i-- > 0;)
		if (n->list.at[i].name.n > 1 && is_near(n->list.at[i].name, name))
			return &n->list.at[i];
	return NULL;
}
