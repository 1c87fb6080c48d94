/* trace_cmd.c: rivulet trace: the trace of a particle as a tree, with peers, values, signatures, and the script's instructions beside it.
 * Sizes and positions come from strangers: what does not fit is listed flat and said. Spec: docs/cli.md "trace", docs/spec/air.md §3.2, §5.
 * Tests: tests/e2e. */
#define _GNU_SOURCE /* gmtime_r */
#include "air/air.h"
#include "avm/avm.h"
#include "cli/internal.h"
#include "codec/archive.h"
#include "codec/codec.h"

#include <stdlib.h>
#include <time.h>

enum {
    NEST_MAX    = 256, /* levels of the tree; deeper states are listed flat */
    VALUE_BYTES = 60,
    SHORT_BYTES = 6, /* of a peer id: its last letters */
};

typedef struct trace_view {
    cli            *c;
    archive_data    data;
    avm_evidence    evidence;
    riv_map        *values, *tetraplets, *elements, *canons, *results, *witnesses;
    const riv_json *names;  /* {name: peer id}, or NULL */
    riv_map        *shorts; /* peer id -> riv_str *: its name, or its last letters */
    bool            has_script, checked;
    avm_alignment   alignment;
    riv_buf         lead; /* the lines of the tree left of where we are */
    RIV_VEC(riv_str) peers;
} trace_view;

/* What is known of one state. */
typedef struct state_facts {
    const char              *kind; /* "call", "canon", ... */
    const char              *what; /* "answered", "asked", ... */
    const archive_tetraplet *tetraplet;
    riv_str                  value; /* JSON text */
    bool                     has_value, is_signed;
    const avm_witness       *witness;
} state_facts;

/* ---- looking things up ---- */

#define INDEX(map, field)                                                                                              \
    (map) = riv_map_new(a);                                                                                            \
    for (size_t i = 0; i < t->data.field##_count; i++)                                                                 \
    riv_map_put_str((map), t->data.field[i].key, (void *)(uintptr_t)&t->data.field[i])

static void index_data(trace_view *t)
{
    riv_arena *a = t->c->arena;
    INDEX(t->values, values);
    INDEX(t->tetraplets, tetraplets);
    INDEX(t->elements, canon_elements);
    INDEX(t->canons, canon_results);
    INDEX(t->results, service_results);
    t->witnesses = riv_map_new(a);
    for (size_t i = 0; i < t->evidence.witnesses_count; i++)
        riv_map_put_str(t->witnesses, t->evidence.witnesses[i]->peer, (void *)(uintptr_t)t->evidence.witnesses[i]);
}

static riv_str value_at(const trace_view *t, riv_str cid, bool *found)
{
    const archive_value *v = riv_map_get_str(t->values, cid);
    *found                 = v != NULL;
    return v ? v->text : (riv_str){ 0 };
}

static const archive_tetraplet *tetraplet_at(const trace_view *t, riv_str cid)
{
    const archive_tetraplet_entry *e = riv_map_get_str(t->tetraplets, cid);
    return e ? &e->tetraplet : NULL;
}

static riv_str canon_values(const trace_view *t, const archive_canon_result *r)
{
    riv_buf out = riv_buf_in(t->c->arena);
    riv_put_u8(&out, '[');
    for (size_t i = 0; i < r->values_count; i++) {
        const archive_canon_element *e = riv_map_get_str(t->elements, r->values[i]);
        bool                         found;
        riv_str                      v = e ? value_at(t, e->value, &found) : (riv_str){ 0 };
        riv_putf(&out, "%s" RIV_FMT, i ? "," : "", RIV_ARG(v.len ? v : RIV_LIT("?")));
    }
    riv_put_u8(&out, ']');
    return riv_buf_str(&out);
}

static void take_call(const trace_view *t, const archive_state *s, state_facts *f)
{
    bool                          asked = s->call == ARCHIVE_CALL_REQUEST;
    const archive_service_result *r     = asked ? NULL : riv_map_get_str(t->results, s->cid);
    f->kind                             = "call";
    if (r) f->tetraplet = tetraplet_at(t, r->tetraplet_cid);
    if (r) f->value = value_at(t, r->value_cid, &f->has_value);
    f->is_signed = s->call != ARCHIVE_CALL_REQUEST && s->call != ARCHIVE_CALL_UNUSED;
    switch (s->call) {
    case ARCHIVE_CALL_REQUEST: f->what = s->has_call_id ? "waits for its service" : "asked"; break;
    case ARCHIVE_CALL_SCALAR:
    case ARCHIVE_CALL_STREAM: f->what = "answered"; break;
    case ARCHIVE_CALL_UNUSED: f->what = "answered, answer not kept"; break;
    case ARCHIVE_CALL_FAILED: f->what = "failed"; break;
    }
}

static state_facts facts_of(const trace_view *t, const archive_state *s)
{
    state_facts f = { .kind = "?", .what = "" };
    switch (s->kind) {
    case ARCHIVE_PAR: f.kind = "par"; break;
    case ARCHIVE_FOLD: f.kind = "fold"; break;
    case ARCHIVE_AP: f.kind = "ap"; break;
    case ARCHIVE_CALL: take_call(t, s, &f); break;
    case ARCHIVE_CANON: {
        const archive_canon_result *r = s->canon_executed ? riv_map_get_str(t->canons, s->cid) : NULL;
        f.kind                        = "canon";
        f.what                        = s->canon_executed ? "fixed" : "asked";
        f.is_signed                   = s->canon_executed;
        if (r) f.tetraplet = tetraplet_at(t, r->tetraplet);
        if (r) f.value = canon_values(t, r);
        f.has_value = r != NULL;
        break;
    }
    }
    if (f.tetraplet) f.witness = riv_map_get_str(t->witnesses, f.tetraplet->peer_pk);
    return f;
}

/* ---- peers by short names ---- */

static riv_str name_of(const trace_view *t, riv_str id)
{
    for (size_t i = 0; t->names && i < t->names->obj.count; i++) {
        const riv_json *v = t->names->obj.members[i].value;
        if (v->kind == RIV_JSON_STR && riv_str_eq(v->str, id)) return cli_shown(t->c, t->names->obj.members[i].key, 60);
    }
    return (riv_str){ 0 };
}

static void note_peer(trace_view *t, riv_str id)
{
    riv_arena *a = t->c->arena;
    if (!id.len || riv_map_has(t->shorts, riv_str_bytes(id))) return;
    riv_str *name = riv_new(a, riv_str, 1);
    riv_map_put_str(t->shorts, id, name);
    *name = name_of(t, id);
    if (name->len) {
        *riv_push(a, &t->peers) = id;
        return;
    }
    size_t take = RIV_MIN((size_t)SHORT_BYTES, id.len);
    for (bool again = true; again && take < id.len; take += again) { /* longer until nobody else is called so */
        again = false;
        for (size_t i = 0; i < t->peers.len; i++)
            again |= riv_str_ends(t->peers.ptr[i], riv_str_sub(id, id.len - take, id.len));
    }
    *name                   = cli_shown(t->c, riv_str_sub(id, id.len - take, id.len), 60);
    *riv_push(a, &t->peers) = id;
}

static void note_peers(trace_view *t, riv_str init_peer_id)
{
    t->shorts = riv_map_new(t->c->arena);
    note_peer(t, init_peer_id);
    for (size_t i = 0; i < t->data.trace_count; i++) {
        state_facts f = facts_of(t, &t->data.trace[i]);
        if (f.tetraplet) note_peer(t, f.tetraplet->peer_pk);
        note_peer(t, t->data.trace[i].sender);
    }
    for (size_t i = 0; i < t->evidence.witnesses_count; i++) note_peer(t, t->evidence.witnesses[i]->peer);
    for (size_t i = 0; t->has_script && i < t->data.trace_count; i++) { /* who is asked and has not answered */
        const air_node *n = t->alignment.nodes[i];
        if (n && (n->kind == AIR_CALL || n->kind == AIR_CANON) && n->peer.kind == AIR_LITERAL)
            note_peer(t, n->peer.text);
    }
}

static riv_str short_of(const trace_view *t, riv_str id)
{
    const riv_str *name = riv_map_get_str(t->shorts, id);
    return name ? *name : RIV_LIT("?");
}

/* ---- one line ---- */

static const char *dim(const trace_view *t) { return cli_style(t->c->colour_out, CLI_DIM); }
static const char *plain(const trace_view *t) { return cli_style(t->c->colour_out, CLI_PLAIN); }

static const char *sign_mark(const trace_view *t, const state_facts *f)
{
    if (!f->is_signed) return "";
    if (!f->witness || f->witness->verdict == AVM_COVERS_NO_KEY)
        return t->c->colour_out ? CLI_RED " ✗" CLI_PLAIN : " ✗";
    if (f->witness->verdict == AVM_COVERS_UNKNOWN) return " ?";
    if (f->witness->verdict == AVM_COVERS) return t->c->colour_out ? CLI_GREEN " ✓" CLI_PLAIN : " ✓";
    return t->c->colour_out ? CLI_RED " ✗" CLI_PLAIN : " ✗";
}

static void put_facts(const trace_view *t, const archive_state *s, const state_facts *f)
{
    cli *c = t->c;
    if (f->tetraplet) {
        printf(" " RIV_FMT, RIV_ARG(short_of(t, f->tetraplet->peer_pk)));
        if (f->tetraplet->service_id.len)
            printf(" %s" RIV_FMT "." RIV_FMT "%s", cli_style(c->colour_out, CLI_BOLD),
                   RIV_ARG(cli_shown(c, f->tetraplet->service_id, 40)),
                   RIV_ARG(cli_shown(c, f->tetraplet->function_name, 40)), plain(t));
    }
    if (s->kind == ARCHIVE_AP && s->generations_count == 1) printf(" into generation %u", s->generation);
    if ((s->kind == ARCHIVE_CALL && s->call == ARCHIVE_CALL_REQUEST) ||
        (s->kind == ARCHIVE_CANON && !s->canon_executed)) {
        printf(" %s by " RIV_FMT, f->what, RIV_ARG(short_of(t, s->sender)));
        if (s->has_call_id) printf(" (request %u)", s->call_id);
        return;
    }
    if (s->kind == ARCHIVE_CALL && s->call == ARCHIVE_CALL_FAILED)
        printf(" %sfailed%s", cli_style(c->colour_out, CLI_RED), plain(t));
    if (s->kind == ARCHIVE_CALL && s->call == ARCHIVE_CALL_UNUSED) printf(" %s", f->what);
    if (f->has_value)
        printf(" = " RIV_FMT, RIV_ARG(cli_shown(c, f->value, VALUE_BYTES)));
    else if (f->is_signed)
        printf(" %sresult is missing%s", cli_style(c->colour_out, CLI_RED), plain(t));
    if (s->kind == ARCHIVE_CALL && s->call == ARCHIVE_CALL_STREAM) printf(" into generation %u", s->generation);
}

/* The instruction with peers by their short names. */
static riv_str instruction_of(const trace_view *t, const air_node *n)
{
    riv_str text = riv_str_trim(air_instruction_text(n, t->c->arena));
    for (size_t i = 0; i < t->peers.len && text.len < 4096; i++) {
        riv_str quoted = riv_format(t->c->arena, "\"" RIV_FMT "\"", RIV_ARG(t->peers.ptr[i]));
        riv_buf out    = riv_buf_in(t->c->arena);
        size_t  from   = 0, at;
        while ((at = riv_str_find(text, quoted, from)) != SIZE_MAX) {
            riv_put_str(&out, riv_str_sub(text, from, at));
            riv_put_str(&out, short_of(t, t->peers.ptr[i]));
            from = at + quoted.len;
        }
        if (!from) continue;
        riv_put_str(&out, riv_str_sub(text, from, text.len));
        text = riv_buf_str(&out);
    }
    return cli_shown(t->c, text, 100);
}

static void put_state(const trace_view *t, size_t pos, size_t extra)
{
    const archive_state *s = &t->data.trace[pos];
    const air_node      *n = t->has_script ? t->alignment.nodes[pos] : NULL;
    state_facts          f = facts_of(t, s);
    printf("%s%5zu%s  " RIV_FMT "%s", dim(t), pos, plain(t), RIV_ARG(riv_buf_str(&t->lead)), f.kind);
    put_facts(t, s, &f);
    if (s->kind == ARCHIVE_PAR) printf(" of %zu branches", extra);
    if (s->kind == ARCHIVE_FOLD) printf(" over %zu %s", s->lore_count, s->lore_count == 1 ? "item" : "items");
    printf("%s", sign_mark(t, &f));
    if (n && s->kind != ARCHIVE_PAR) printf("  %s← " RIV_FMT "%s", dim(t), RIV_ARG(instruction_of(t, n)), plain(t));
    printf("\n");
}

/* ---- the tree ---- */

static void put_range(trace_view *t, size_t from, size_t to, size_t nest);

/* A headed part of a state: a branch of a par, a turn of a fold. */
static void put_part(trace_view *t, riv_str head, bool last, size_t from, size_t to, size_t nest)
{
    size_t len = t->lead.len;
    printf("       " RIV_FMT "%s %s" RIV_FMT "%s\n", RIV_ARG(riv_buf_str(&t->lead)), last ? "└" : "├", dim(t),
           RIV_ARG(head), plain(t));
    riv_put_str(&t->lead, last ? RIV_LIT("    ") : RIV_LIT("│   "));
    put_range(t, from, to, nest + 1);
    t->lead.len = len;
}

static bool par_fits(const trace_view *t, size_t pos, size_t to)
{
    const archive_state *s    = &t->data.trace[pos];
    size_t               room = to - pos - 1;
    return s->left <= room && s->right <= room - s->left;
}

typedef struct branch {
    size_t from, to;
} branch;
typedef RIV_VEC(branch) branches;

/* par A (par B C) is shown as three branches; the inner pars' states have no line of their own. */
static void find_branches(const trace_view *t, size_t pos, branches *out, size_t *inner)
{
    for (;; pos = out->ptr[out->len - 1].to, (*inner)++) {
        const archive_state *s    = &t->data.trace[pos];
        size_t               left = pos + 1 + s->left, right = left + s->right;
        *riv_push(t->c->arena, out) = (branch){ pos + 1, left };
        bool goes_on = left < right && t->data.trace[left].kind == ARCHIVE_PAR && par_fits(t, left, right) &&
                       1 + (size_t)t->data.trace[left].left + t->data.trace[left].right == right - left;
        if (!goes_on) {
            *riv_push(t->c->arena, out) = (branch){ left, right };
            return;
        }
    }
}

static void put_par(trace_view *t, size_t pos, size_t nest)
{
    branches b     = { 0 };
    size_t   inner = 0;
    find_branches(t, pos, &b, &inner);
    put_state(t, pos, b.len);
    for (size_t i = 0; i < b.len; i++) {
        bool    empty = b.ptr[i].from == b.ptr[i].to;
        riv_str head  = riv_format(t->c->arena, empty ? "branch %zu: nothing" : "branch %zu", i + 1);
        put_part(t, head, i + 1 == b.len, b.ptr[i].from, b.ptr[i].to, nest);
    }
}

typedef struct turn {
    size_t   from, to, item;
    bool     back;
    uint32_t value_pos;
} turn;

static int by_place(const void *a, const void *b)
{
    const turn *x = a, *y = b;
    if (x->from != y->from) return x->from < y->from ? -1 : 1;
    return x->to < y->to ? -1 : x->to > y->to;
}

/* The turns of a fold in the order of their states. False: they overlap or lie elsewhere. */
static bool find_turns(const trace_view *t, size_t pos, size_t to, turn **out, size_t *count, size_t *end)
{
    const archive_state *s    = &t->data.trace[pos];
    turn                *list = riv_new(t->c->arena, turn, 2 * s->lore_count + 1);
    size_t               n = 0, at = pos + 1;
    for (size_t i = 0; i < s->lore_count; i++) {
        if (s->lore[i].descs_count != 2) return false;
        for (int k = 0; k < 2; k++) {
            archive_desc d = s->lore[i].descs[k];
            if (k && !d.len) continue;
            list[n++] = (turn){ d.begin, (size_t)d.begin + d.len, i, k == 1, s->lore[i].value_pos };
        }
    }
    if (n > 1) qsort(list, n, sizeof *list, by_place);
    for (size_t i = 0; i < n; i++) {
        if (list[i].from != at || list[i].to > to) return false;
        at = list[i].to;
    }
    *out   = list;
    *count = n;
    *end   = at;
    return true;
}

static void put_fold(trace_view *t, size_t pos, const turn *turns, size_t count, size_t nest)
{
    put_state(t, pos, 0);
    for (size_t i = 0; i < count; i++) {
        riv_str head = riv_format(t->c->arena, "item %zu, %sof state %u%s", turns[i].item + 1,
                                  turns[i].back ? "after its next, " : "", turns[i].value_pos,
                                  turns[i].from == turns[i].to ? ": nothing" : "");
        put_part(t, head, i + 1 == count, turns[i].from, turns[i].to, nest);
    }
}

static void put_range(trace_view *t, size_t from, size_t to, size_t nest)
{
    for (size_t pos = from; pos < to;) {
        const archive_state *s     = &t->data.trace[pos];
        turn                *turns = NULL;
        size_t               count = 0, end = pos + 1;
        if (nest < NEST_MAX && s->kind == ARCHIVE_PAR && par_fits(t, pos, to)) {
            put_par(t, pos, nest);
            pos += 1 + (size_t)s->left + s->right;
        } else if (nest < NEST_MAX && s->kind == ARCHIVE_FOLD && find_turns(t, pos, to, &turns, &count, &end)) {
            put_fold(t, pos, turns, count, nest);
            pos = end;
        } else {
            put_state(t, pos, 2);
            if (s->kind == ARCHIVE_PAR && !par_fits(t, pos, to))
                printf("       " RIV_FMT "  its sizes %u and %u do not fit here\n", RIV_ARG(riv_buf_str(&t->lead)),
                       s->left, s->right);
            if (s->kind == ARCHIVE_FOLD)
                printf("       " RIV_FMT "  its items do not stand here one after the other\n",
                       RIV_ARG(riv_buf_str(&t->lead)));
            pos++;
        }
    }
}

/* ---- head and foot ---- */

static void put_time(const cli_particle *p)
{
    char      text[64] = "";
    time_t    seconds  = (time_t)RIV_MIN(p->timestamp_ms / 1000, (uint64_t)253402300799);
    struct tm tm       = { 0 };
    if (!p->timestamp_ms) return;
    if (gmtime_r(&seconds, &tm)) strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
    printf("time      %s.%03u UTC, lives %u ms\n", text, (unsigned)(p->timestamp_ms % 1000), p->ttl_ms);
}

static void put_head(const trace_view *t, const cli_particle *p)
{
    if (p->id.len) printf("particle  " RIV_FMT "\n", RIV_ARG(cli_shown(t->c, p->id, 120)));
    put_time(p);
    printf("data      " RIV_FMT " of interpreter " RIV_FMT ", %zu %s, last request %u\n",
           RIV_ARG(cli_shown(t->c, t->data.version.text, 40)),
           RIV_ARG(cli_shown(t->c, t->data.interpreter_version.text, 40)), t->data.trace_count,
           t->data.trace_count == 1 ? "state" : "states", t->data.last_call_id);
}

static const char *says(const avm_witness *w)
{
    if (!w) return "- nothing signed";
    switch (w->verdict) {
    case AVM_COVERS: return "✓ signature good";
    case AVM_COVERS_UNKNOWN: return "? signature not checked";
    case AVM_COVERS_NO_KEY: return "✗ no signature";
    case AVM_COVERS_BAD_FORM: return "✗ signature malformed";
    case AVM_COVERS_OTHER: return "✗ signed other results";
    case AVM_COVERS_BORROWED: return "✗ signature of another peer";
    case AVM_COVERS_NOTHING: return "✗ signature wrong";
    }
    RIV_UNREACHABLE();
}

static void put_peers(const trace_view *t, riv_str init_peer_id)
{
    printf("\npeers\n");
    for (size_t i = 0; i < t->peers.len; i++) {
        riv_str            id   = t->peers.ptr[i];
        const avm_witness *w    = riv_map_get_str(t->witnesses, id);
        bool               good = w && w->verdict == AVM_COVERS, unknown = !w || w->verdict == AVM_COVERS_UNKNOWN;
        printf("  " RIV_FMT "  %s" RIV_FMT "%s  %s%s%s%s", RIV_ARG(short_of(t, id)), dim(t),
               RIV_ARG(cli_shown(t->c, id, 80)), plain(t),
               cli_style(t->c->colour_out && !unknown, good ? CLI_GREEN : CLI_RED), says(w), plain(t),
               riv_str_eq(id, init_peer_id) ? ", began it" : "");
        if (w) printf(", %zu %s", w->results.len, w->results.len == 1 ? "result" : "results");
        printf("\n");
    }
}

static void put_notes(const trace_view *t)
{
    if (t->evidence.err)
        printf("\n%srefused, code %u%s: " RIV_FMT "\n", cli_style(t->c->colour_out, CLI_RED), t->evidence.code,
               plain(t), RIV_ARG(cli_shown(t->c, t->evidence.line, 400)));
    else if (!t->checked && t->evidence.witnesses_count)
        printf("\nsignatures were not checked: add --particle ID\n");
    if (!t->has_script) return;
    if (t->alignment.given_up)
        printf("\nthe script is too large to be laid beside the whole trace\n");
    else if (!t->alignment.fits)
        printf("\nthe script does not fit this trace: it parts from it at state %zu\n", t->alignment.reached);
    else if (t->alignment.ambiguous)
        printf("\nstates without an instruction beside them could be of several\n");
}

/* ---- as JSON ---- */

static const riv_json *opt(riv_arena *a, riv_str s) { return s.len ? riv_json_str(a, s) : NULL; }

static const riv_json *value_json(riv_arena *a, const state_facts *f)
{
    const riv_json *v = NULL;
    if (!f->has_value) return NULL;
    return riv_json_parse(f->value, a, NULL, &v) ? riv_json_str(a, f->value) : v;
}

static const riv_json *lore_json(riv_arena *a, const archive_state *s)
{
    riv_json_list items = { 0 };
    for (size_t i = 0; i < s->lore_count; i++) {
        riv_json_list parts = { 0 };
        for (size_t k = 0; k < s->lore[i].descs_count; k++) {
            riv_json_list pair = { 0 };
            riv_json_add(a, &pair, riv_json_u64(a, s->lore[i].descs[k].begin));
            riv_json_add(a, &pair, riv_json_u64(a, s->lore[i].descs[k].len));
            riv_json_add(a, &parts, riv_json_arr(a, pair.ptr, pair.len));
        }
        riv_json_add(a, &items,
                     riv_json_object(a, "value", riv_json_u64(a, s->lore[i].value_pos), "states",
                                     riv_json_arr(a, parts.ptr, parts.len), NULL));
    }
    return riv_json_arr(a, items.ptr, items.len);
}

static const riv_json *state_json(const trace_view *t, size_t pos)
{
    riv_arena           *a   = t->c->arena;
    const archive_state *s   = &t->data.trace[pos];
    const air_node      *n   = t->has_script ? t->alignment.nodes[pos] : NULL;
    state_facts          f   = facts_of(t, s);
    bool                 gen = (s->kind == ARCHIVE_AP && s->generations_count == 1) ||
               (s->kind == ARCHIVE_CALL && s->call == ARCHIVE_CALL_STREAM);
    bool asked = (s->kind == ARCHIVE_CALL && s->call == ARCHIVE_CALL_REQUEST) ||
                 (s->kind == ARCHIVE_CANON && !s->canon_executed);
    bool            has_cid = !asked && (s->kind == ARCHIVE_CALL || s->kind == ARCHIVE_CANON);
    const riv_json *good    = NULL;
    if (f.is_signed && t->checked) good = riv_json_bool(f.witness && f.witness->verdict == AVM_COVERS);
    return riv_json_object(
        a, "state", riv_json_u64(a, pos), "kind", riv_json_strc(a, f.kind), "what",
        f.what[0] ? riv_json_strc(a, f.what) : NULL, "peer", f.tetraplet ? riv_json_str(a, f.tetraplet->peer_pk) : NULL,
        "service", f.tetraplet ? opt(a, f.tetraplet->service_id) : NULL, "function",
        f.tetraplet ? opt(a, f.tetraplet->function_name) : NULL, "value", value_json(a, &f), "cid",
        has_cid ? opt(a, s->cid) : NULL, "generation", gen ? riv_json_u64(a, s->generation) : NULL, "sent_by",
        asked ? opt(a, s->sender) : NULL, "request", s->has_call_id ? riv_json_u64(a, s->call_id) : NULL, "left",
        s->kind == ARCHIVE_PAR ? riv_json_u64(a, s->left) : NULL, "right",
        s->kind == ARCHIVE_PAR ? riv_json_u64(a, s->right) : NULL, "items",
        s->kind == ARCHIVE_FOLD ? lore_json(a, s) : NULL, "signed", good, "instruction",
        n ? riv_json_str(a, riv_str_trim(air_instruction_text(n, a))) : NULL, "at", n ? riv_json_u64(a, n->pos) : NULL,
        NULL);
}

static const riv_json *trace_json(const trace_view *t, const cli_particle *p)
{
    riv_arena    *a      = t->c->arena;
    riv_json_list states = { 0 }, peers = { 0 };
    for (size_t i = 0; i < t->data.trace_count; i++) riv_json_add(a, &states, state_json(t, i));
    for (size_t i = 0; i < t->peers.len; i++) {
        const avm_witness *w = riv_map_get_str(t->witnesses, t->peers.ptr[i]);
        riv_json_add(a, &peers,
                     riv_json_object(a, "id", riv_json_str(a, t->peers.ptr[i]), "short",
                                     riv_json_str(a, short_of(t, t->peers.ptr[i])), "signature",
                                     w && w->public_key.len
                                         ? (t->checked ? riv_json_bool(w->verdict == AVM_COVERS) : riv_json_null())
                                         : NULL,
                                     "results", riv_json_u64(a, w ? w->results.len : 0), NULL));
    }
    const riv_json *particle = riv_json_object(a, "id", opt(a, p->id), "init_peer_id", opt(a, p->init_peer_id),
                                               "timestamp", p->timestamp_ms ? riv_json_u64(a, p->timestamp_ms) : NULL,
                                               "ttl", p->ttl_ms ? riv_json_u64(a, p->ttl_ms) : NULL, NULL);
    const riv_json *versions = riv_json_object(a, "data", riv_json_str(a, t->data.version.text), "interpreter",
                                               riv_json_str(a, t->data.interpreter_version.text), NULL);
    return riv_json_object(a, "particle", particle, "versions", versions, "last_call_id",
                           riv_json_u64(a, t->data.last_call_id), "peers", riv_json_arr(a, peers.ptr, peers.len),
                           "states", riv_json_arr(a, states.ptr, states.len), "refused",
                           t->evidence.err ? riv_json_u64(a, t->evidence.code) : riv_json_null(), "script_fits",
                           t->has_script ? riv_json_bool(t->alignment.fits) : riv_json_null(), NULL);
}

/* ---- the command ---- */

/* Everything that is worked out beside data, which is decoded. A script that is refused is left out; *fault tells. */
static riv_err prepare(trace_view *t, const cli_particle *p, riv_fault *fault)
{
    const air_node *tree;
    riv_err         err = RIV_OK;
    t->checked          = p->id.len > 0;
    avm_evidence_of(&(avm_evidence_input){ .data = p->data, .particle_id = p->id }, t->c->arena, &t->evidence);
    if (p->script.len && !(err = air_parse(p->script, t->c->arena, fault, &tree))) {
        avm_align(tree, &t->data, p->init_peer_id, t->c->arena, &t->alignment);
        t->has_script = true;
    }
    index_data(t);
    note_peers(t, p->init_peer_id);
    return err;
}

void cli_trace_print(cli *c, const cli_particle *p, const riv_json *names)
{
    trace_view t     = { .c = c, .lead = riv_buf_in(c->arena), .names = names };
    riv_fault  fault = { 0 };
    if (!p->data.len || archive_read(p->data, c->arena, &fault, &t.data)) return;
    (void)prepare(&t, p, &fault);
    put_range(&t, 0, t.data.trace_count, 0);
}

int cli_cmd_trace(cli *c)
{
    trace_view   t = { .c = c, .lead = riv_buf_in(c->arena) };
    cli_particle p;
    riv_fault    fault = { 0 };
    if (!cli_particle_read(c, cli_arg(c, 0), &p)) return CLI_USAGE;
    if (cli_value(c, "particle").len) p.id = cli_value(c, "particle");
    if (!p.data.len)
        return cli_error(c, CLI_USAGE, RIV_FMT " holds no data: nothing has happened yet", RIV_ARG(cli_arg(c, 0)));
    if (archive_read(p.data, c->arena, &fault, &t.data)) {
        cli_error(c, CLI_USAGE, RIV_FMT " holds no particle data: %s (offset %llu)", RIV_ARG(cli_arg(c, 0)), fault.msg,
                  (unsigned long long)fault.pos);
        cli_hint(c, "expected are the bytes that peers exchange, their base64 text, or a particle as JSON");
        return CLI_USAGE;
    }
    riv_str air = cli_value(c, "air");
    if (air.len && !cli_read_text(c, air, &p.script)) return CLI_USAGE;
    if (prepare(&t, &p, &fault)) return cli_fault_at(c, CLI_USAGE, air.len ? air : cli_arg(c, 0), p.script, &fault);
    if (cli_has(c, "json")) {
        cli_print_json(trace_json(&t, &p), false);
        return CLI_OK;
    }
    put_head(&t, &p);
    put_peers(&t, p.init_peer_id);
    printf("\ntrace\n");
    put_range(&t, 0, t.data.trace_count, 0);
    put_notes(&t);
    return CLI_OK;
}
