/* align.c: which instruction of a script made which state of a trace, for tools that show traces.
 * Nothing is executed: values are not looked at. The script is taken as a grammar whose words are the states; par sizes and fold lore say where its
 * parts stand, and where an instruction could have ended in several ways, all are tried. Spec: docs/spec/air.md §4.3, §5. Tests: align_test.c, align_fuzz.c. */
#include "avm/avm.h"

enum {
    STEPS_MAX    = 400000, /* tried in all */
    DEPTH_MAX    = 4000,   /* continuations nest on C's stack: about two for each instruction that ran */
    READINGS_MAX = 32,     /* compared with the first */
};

typedef enum outcome { WELL, WAITS, FAILS } outcome;
typedef struct walk {
    const archive_data *data;
    riv_map            *results, *canons, *tetraplets;
    riv_str             init_peer_id;
    const air_node    **now, **found; /* by state: of this try; of the first reading, NULL where others differ */
    uint32_t            count, furthest;
    size_t              steps, depth, readings;
    bool                too_deep, differs;
} walk;

/* What comes after an instruction. True: the search is over. */
typedef struct then then;
typedef bool (*then_fn)(walk *w, const then *self, uint32_t pos, outcome how);
struct then {
    then_fn fn;
};

/* An iterator that is open. */
typedef struct binding binding;
struct binding {
    const binding       *up;
    const air_node      *fold;
    const archive_state *state;       /* of a fold over a stream or map; NULL: over a scalar or canon */
    size_t               item, last;  /* in its lore: this one; the end of its generation */
    uint32_t             began, idle; /* idle: items in a row without a state */
};

/* Where an instruction stands: the states that it may take end at `end`. */
typedef struct place {
    const binding *env;
    uint32_t       end;
    const then    *then;
} place;

static bool run(walk *w, const air_node *n, const place *p, uint32_t pos);

static bool go(walk *w, const place *p, uint32_t pos, outcome how)
{
    if (w->steps++ >= STEPS_MAX) return true;
    return p->then->fn(w, p->then, pos, how);
}

static const archive_state *state_at(const walk *w, const place *p, uint32_t pos, archive_state_kind kind)
{
    return pos < p->end && w->data->trace[pos].kind == kind ? &w->data->trace[pos] : NULL;
}

static void take(walk *w, const air_node *n, uint32_t pos)
{
    w->now[pos] = n;
    if (pos >= w->furthest) w->furthest = pos + 1;
}

/* ---- instructions with one state or none ---- */

static bool text_fits(const walk *w, const air_value *v, riv_str got)
{
    if (v->kind == AIR_LITERAL) return riv_str_eq(v->text, got);
    if (v->kind == AIR_INIT_PEER_ID) return !w->init_peer_id.len || riv_str_eq(w->init_peer_id, got);
    return true;
}

static const archive_tetraplet *tetraplet_of(const walk *w, const archive_state *s)
{
    bool                           called = s->kind == ARCHIVE_CALL && s->call != ARCHIVE_CALL_REQUEST;
    bool                           fixed  = s->kind == ARCHIVE_CANON && s->canon_executed;
    const archive_service_result  *r      = called ? riv_map_get_str(w->results, s->cid) : NULL;
    const archive_canon_result    *c      = fixed ? riv_map_get_str(w->canons, s->cid) : NULL;
    riv_str                        cid    = r ? r->tetraplet_cid : c ? c->tetraplet : (riv_str){ 0 };
    const archive_tetraplet_entry *e      = cid.len ? riv_map_get_str(w->tetraplets, cid) : NULL;
    return e ? &e->tetraplet : NULL;
}

static bool call_fits(const walk *w, const air_node *n, const archive_state *s)
{
    switch (s->call) {
    case ARCHIVE_CALL_REQUEST: return true;
    case ARCHIVE_CALL_SCALAR:
        if (!n->has_out || n->out.kind != AIR_VAR_SCALAR) return false;
        break;
    case ARCHIVE_CALL_STREAM:
        if (!n->has_out || n->out.kind != AIR_VAR_STREAM) return false;
        break;
    case ARCHIVE_CALL_UNUSED: return !n->has_out;
    case ARCHIVE_CALL_FAILED: break;
    }
    const archive_tetraplet *t = tetraplet_of(w, s);
    return !t || (text_fits(w, &n->peer, t->peer_pk) && text_fits(w, &n->service, t->service_id) &&
                  text_fits(w, &n->function, t->function_name));
}

/* An operand that could not be had ends the instruction before its state; a lambda may fail, a variable may not be there yet. */
static bool silent(walk *w, const place *p, uint32_t pos) { return go(w, p, pos, WAITS) || go(w, p, pos, FAILS); }

static bool run_call(walk *w, const air_node *n, const place *p, uint32_t pos)
{
    const archive_state *s = state_at(w, p, pos, ARCHIVE_CALL);
    if (s && call_fits(w, n, s)) {
        outcome how = s->call == ARCHIVE_CALL_REQUEST ? WAITS : s->call == ARCHIVE_CALL_FAILED ? FAILS : WELL;
        take(w, n, pos);
        if (go(w, p, pos + 1, how)) return true;
    }
    return silent(w, p, pos);
}

static bool run_canon(walk *w, const air_node *n, const place *p, uint32_t pos)
{
    const archive_state     *s = state_at(w, p, pos, ARCHIVE_CANON);
    const archive_tetraplet *t = s && s->canon_executed ? tetraplet_of(w, s) : NULL;
    if (s && (!t || text_fits(w, &n->peer, t->peer_pk))) {
        take(w, n, pos);
        if (go(w, p, pos + 1, s->canon_executed ? WELL : WAITS)) return true;
    }
    return silent(w, p, pos);
}

static bool run_ap(walk *w, const air_node *n, const place *p, uint32_t pos)
{
    bool leaves_state = n->out.kind == AIR_VAR_STREAM || n->out.kind == AIR_VAR_MAP;
    if (!leaves_state && go(w, p, pos, WELL)) return true;
    if (leaves_state && state_at(w, p, pos, ARCHIVE_AP)) {
        take(w, n, pos);
        if (go(w, p, pos + 1, WELL)) return true;
    }
    return silent(w, p, pos);
}

/* ---- seq, xor, par ---- */

typedef struct second {
    then            then;
    const air_node *right;
    const place    *outer;
} second;

static bool seq_goes_on(walk *w, const then *self, uint32_t pos, outcome how)
{
    const second *s = (const second *)self;
    return how == WELL ? run(w, s->right, s->outer, pos) : go(w, s->outer, pos, how);
}

static bool xor_goes_on(walk *w, const then *self, uint32_t pos, outcome how)
{
    const second *s = (const second *)self;
    return how == FAILS ? run(w, s->right, s->outer, pos) : go(w, s->outer, pos, how);
}

static bool run_pair(walk *w, const air_node *n, const place *p, uint32_t pos)
{
    second s    = { { n->kind == AIR_SEQ ? seq_goes_on : xor_goes_on }, n->kid[1], p };
    place  left = { p->env, p->end, &s.then };
    return run(w, n->kid[0], &left, pos);
}

typedef struct par_side {
    then            then;
    const air_node *par;
    const place    *outer;
    uint32_t        left_end, right_end;
    outcome         left;
} par_side;

static bool par_right_ends(walk *w, const then *self, uint32_t pos, outcome how)
{
    const par_side *s = (const par_side *)self;
    if (pos != s->right_end) return false;
    if (s->left == FAILS && how == FAILS) return go(w, s->outer, pos, FAILS);
    return go(w, s->outer, pos, s->left == WELL || how == WELL ? WELL : WAITS);
}

static bool par_left_ends(walk *w, const then *self, uint32_t pos, outcome how)
{
    const par_side *s = (const par_side *)self;
    if (pos != s->left_end) return false;
    par_side right = *s;
    right.then.fn  = par_right_ends;
    right.left     = how;
    place at       = { s->outer->env, s->right_end, &right.then };
    return run(w, s->par->kid[1], &at, pos);
}

static bool run_par(walk *w, const air_node *n, const place *p, uint32_t pos)
{
    const archive_state *s    = state_at(w, p, pos, ARCHIVE_PAR);
    uint32_t             room = s ? p->end - pos - 1 : 0;
    if (!s || s->left > room || s->right > room - s->left) return false;
    take(w, n, pos);
    par_side side = { { par_left_ends }, n, p, pos + 1 + s->left, pos + 1 + s->left + s->right, WELL };
    place    left = { p->env, side.left_end, &side.then };
    return run(w, n->kid[0], &left, pos + 1);
}

/* ---- folds ---- */

static const binding *find(const binding *env, riv_str iterator)
{
    while (env && !riv_str_eq(env->fold->out.name, iterator)) env = env->up;
    return env;
}

/* The last item was reached. */
static bool next_ends(walk *w, const binding *b, const place *p, uint32_t pos)
{
    if (b->fold->kid[1]) return run(w, b->fold->kid[1], p, pos);
    return go(w, p, pos, WELL) || go(w, p, pos, WAITS);
}

static bool next_plain(walk *w, const binding *b, const place *p, uint32_t pos)
{
    binding again = *b;
    place   at    = { &again, p->end, p->then };
    bool    idle  = pos == b->began; /* this item left no state before its next: it may do so on the way back */
    again.began   = pos;
    again.idle    = idle ? b->idle + 1 : 0;
    if (pos == p->end || again.idle > p->end - pos) return next_ends(w, b, p, pos);
    if (idle && next_ends(w, b, p, pos)) return true;
    return run(w, b->fold->kid[0], &at, pos) || (!idle && next_ends(w, b, p, pos));
}

static bool next_stream(walk *w, const binding *b, const place *p, uint32_t pos)
{
    const archive_desc *before = &b->state->lore[b->item].descs[0];
    if (pos - before->begin != before->len) return false;
    if (b->item + 1 == b->last) return next_ends(w, b, p, pos);
    binding following = *b;
    place   at        = { &following, p->end, p->then };
    following.item++;
    if (b->state->lore[following.item].descs[0].begin != pos) return false;
    return run(w, b->fold->kid[0], &at, pos);
}

static bool run_next(walk *w, const air_node *n, const place *p, uint32_t pos)
{
    const binding *b = find(p->env, n->out.name);
    if (!b) return go(w, p, pos, FAILS);
    return b->state ? next_stream(w, b, p, pos) : next_plain(w, b, p, pos);
}

typedef struct generation {
    then                 then;
    const air_node      *fold;
    const archive_state *state;
    const place         *outer;
    size_t               first, last;
    bool                 any_well;
} generation;

static bool run_generation(walk *w, const generation *from, size_t first, bool any_well, uint32_t pos);

static bool generation_ends(walk *w, const then *self, uint32_t pos, outcome how)
{
    const generation   *g     = (const generation *)self;
    const archive_desc *after = &g->state->lore[g->first].descs[1];
    if (pos - after->begin != after->len) return false;
    return run_generation(w, g, g->last, g->any_well || how == WELL, pos);
}

static uint32_t number_of(const walk *w, const archive_lore *l)
{
    return l->value_pos < w->count ? w->data->trace[l->value_pos].generation : 0;
}

static bool run_generation(walk *w, const generation *from, size_t first, bool any_well, uint32_t pos)
{
    const archive_state *s = from->state;
    if (first == s->lore_count) return go(w, from->outer, pos, any_well ? WELL : WAITS);
    generation g = *from;
    g.then.fn    = generation_ends;
    g.first      = first;
    g.any_well   = any_well;
    for (g.last = first + 1; g.last < s->lore_count; g.last++)
        if (number_of(w, &s->lore[g.last]) != number_of(w, &s->lore[first])) break;
    if (s->lore[first].descs[0].begin != pos) return false;
    binding b  = { from->outer->env, g.fold, s, first, g.last, pos, 0 };
    place   at = { &b, from->outer->end, &g.then };
    return run(w, g.fold->kid[0], &at, pos);
}

static bool run_stream_fold(walk *w, const air_node *n, const place *p, uint32_t pos)
{
    const archive_state *s = state_at(w, p, pos, ARCHIVE_FOLD);
    if (!s) return go(w, p, pos, WAITS); /* nobody wrote to the stream yet */
    for (size_t i = 0; i < s->lore_count; i++)
        if (s->lore[i].descs_count != 2) return false;
    take(w, n, pos);
    generation none = { { NULL }, n, s, p, 0, 0, false };
    return run_generation(w, &none, 0, false, pos + 1);
}

static bool run_fold(walk *w, const air_node *n, const place *p, uint32_t pos)
{
    const air_value *over = &n->value[0];
    if (over->kind == AIR_VARIABLE && (over->var.kind == AIR_VAR_STREAM || over->var.kind == AIR_VAR_MAP))
        return run_stream_fold(w, n, p, pos);
    binding b  = { p->env, n, NULL, 0, 0, pos, 0 };
    place   at = { &b, p->end, p->then };
    if (pos < p->end && over->kind != AIR_EMPTY_ARRAY && run(w, n->kid[0], &at, pos)) return true;
    if (go(w, p, pos, WELL)) return true; /* no items, or none that left a state */
    return over->kind != AIR_EMPTY_ARRAY && silent(w, p, pos);
}

/* ---- the whole ---- */

static bool run_node(walk *w, const air_node *n, const place *p, uint32_t pos)
{
    switch (n->kind) {
    case AIR_CALL: return run_call(w, n, p, pos);
    case AIR_CANON: return run_canon(w, n, p, pos);
    case AIR_AP: return run_ap(w, n, p, pos);
    case AIR_SEQ:
    case AIR_XOR: return run_pair(w, n, p, pos);
    case AIR_PAR: return run_par(w, n, p, pos);
    case AIR_MATCH:
    case AIR_MISMATCH: return run(w, n->kid[0], p, pos) || go(w, p, pos, FAILS) || go(w, p, pos, WAITS);
    case AIR_FOLD: return run_fold(w, n, p, pos);
    case AIR_NEXT: return run_next(w, n, p, pos);
    case AIR_NEW: return run(w, n->kid[0], p, pos);
    case AIR_FAIL: return go(w, p, pos, FAILS);
    case AIR_NULL: return go(w, p, pos, WELL);
    case AIR_NEVER: return go(w, p, pos, WAITS);
    case AIR_KINDS: break;
    }
    RIV_UNREACHABLE();
}

static bool run(walk *w, const air_node *n, const place *p, uint32_t pos)
{
    if (w->depth == DEPTH_MAX) {
        w->too_deep = true;
        return true;
    }
    if (w->steps++ >= STEPS_MAX) return true;
    w->depth++;
    bool over = run_node(w, n, p, pos);
    w->depth--;
    return over;
}

static bool read_to_the_end(walk *w, const then *self, uint32_t pos, outcome how)
{
    (void)self;
    (void)how;
    if (pos != w->count) return false;
    for (uint32_t i = 0; i < w->count; i++)
        if (w->readings == 0)
            w->found[i] = w->now[i];
        else if (w->found[i] != w->now[i]) {
            w->found[i] = NULL;
            w->differs  = true;
        }
    return ++w->readings == READINGS_MAX;
}

#define INDEX(map, field)                                                                                              \
    (map) = riv_map_new(arena);                                                                                        \
    for (size_t i = 0; i < data->field##_count; i++)                                                                   \
    riv_map_put_str((map), data->field[i].key, (void *)(uintptr_t)&data->field[i])

void avm_align(const air_node *script, const archive_data *data, riv_str init_peer_id, riv_arena *arena,
               avm_alignment *out)
{
    walk w = { .data         = data,
               .init_peer_id = init_peer_id,
               .now          = riv_new(arena, const air_node *, data->trace_count + 1),
               .found        = riv_new(arena, const air_node *, data->trace_count + 1),
               .count        = (uint32_t)RIV_MIN(data->trace_count, (size_t)UINT32_MAX - 1) };
    INDEX(w.results, service_results);
    INDEX(w.canons, canon_results);
    INDEX(w.tetraplets, tetraplets);
    then  end = { read_to_the_end };
    place all = { NULL, w.count, &end };
    (void)run(&w, script, &all, 0);
    /* a search that became too deep before its first end was right up to there, as far as one can tell */
    if (!w.readings && w.too_deep) memcpy(w.found, w.now, w.furthest * sizeof w.found[0]);
    *out = (avm_alignment){ .nodes     = w.found,
                            .fits      = w.readings > 0,
                            .given_up  = !w.readings && (w.too_deep || w.steps >= STEPS_MAX),
                            .ambiguous = w.differs,
                            .reached   = w.furthest };
}
