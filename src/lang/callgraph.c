/* callgraph.c - which functions can come back to themselves.
 *
 * Strongly connected components after Tarjan (1972), with a stack of its own in place of recursion,
 * since a chain of calls may be as long as the program. */
#include "lang/check.h"

typedef struct Vertex {
	uint32_t first, end; /* its calls in Checker.calls */
	uint32_t next;	     /* the call to look at next */
	uint32_t order, low; /* of discovery from 1, 0: not yet; least reachable */
	uint32_t component;  /* 0: not known yet */
	FuncId caller;	     /* where the walk came from */
} Vertex;

typedef struct Graph {
	Checker *c;
	Vertex *v;
	FuncId *stack; /* found, component not known yet */
	uint32_t depth, order, components;
} Graph;

static void
discover(Graph *g, FuncId f, FuncId caller)
{
	Vertex *v = &g->v[f];

	v->order = v->low = ++g->order;
	v->next = v->first;
	v->caller = caller;
	g->stack[g->depth++] = f;
}

static void
walk(Graph *g, FuncId root)
{
	FuncId f = root;

	discover(g, root, FUNC_NONE);
	while (f != FUNC_NONE) {
		Vertex *v = &g->v[f];
		if (v->next < v->end) {
			FuncId to = g->c->calls.at[v->next++].to;
			if (!g->v[to].order) {
				discover(g, to, f);
				f = to;
			} else if (!g->v[to].component && g->v[to].order < v->low) {
				v->low = g->v[to].order;
			}
			continue;
		}
		if (v->low == v->order) {
			g->components++;
			do
				g->v[g->stack[--g->depth]].component = g->components;
			while (g->stack[g->depth] != f);
		}
		if (v->caller != FUNC_NONE && v->low < g->v[v->caller].low)
			g->v[v->caller].low = v->low;
		f = v->caller;
	}
}

enum { WEIGHT_UNIT = 16 };

/* What a call of f costs of the depth that is left: one, and one more for every WEIGHT_UNIT values
 * it may have to keep in its frame - variables, operands that wait, arguments on their way.  So the
 * count runs out before the native stack does, in the same call on every machine. */
static void
weigh(Checker *c, FuncId id, const Vertex *v)
{
	Func *f = &c->p->funcs.at[id];
	uint32_t most = 0, values = f->body ? c->p->nodes.at[f->body].height : 0;

	for (uint32_t i = 0; i < f->vars.n; i++)
		values += type_is_span((trivet_type)f->vars.at[i].type) ? 2 : 1;
	for (uint32_t i = v->first; i < v->end; i++) {
		uint32_t n = c->p->funcs.at[c->calls.at[i].to].nparams;
		most = n > most ? n : most;
	}
	values = 1 + (values + most) / WEIGHT_UNIT;
	f->weight = values < UINT16_MAX ? (uint16_t)values : UINT16_MAX;
}

void
check_recursion(Checker *c)
{
	Program *p = c->p;
	Graph g = { .c = c };

	g.v = arena_alloc(p->arena, p->funcs.n * sizeof *g.v);
	g.stack = arena_alloc(p->arena, p->funcs.n * sizeof *g.stack);
	if (!g.v || !g.stack)
		return;
	for (uint32_t i = c->calls.n; i-- > 0;)
		g.v[c->calls.at[i].from].first = i;
	for (uint32_t i = 0; i < c->calls.n; i++)
		g.v[c->calls.at[i].from].end = i + 1;
	for (FuncId f = 0; f < p->funcs.n; f++) {
		if (!g.v[f].order)
			walk(&g, f);
		weigh(c, f, &g.v[f]);
	}
	for (uint32_t i = 0; i < c->calls.n; i++) {
		const CallEdge *e = &c->calls.at[i];
		if (g.v[e->from].component == g.v[e->to].component) {
			p->nodes.at[e->call].flags |= NODE_RECURSIVE;
			p->funcs.at[e->from].recursive = true;
			p->funcs.at[e->to].recursive = true;
		}
	}
}
