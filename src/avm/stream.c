/* stream.c: streams and stream maps: values by source and generation, scopes by position, numbering at the end.
 * Empty generations are not kept, only counted: foreign data may name any number.
 * Spec: docs/spec/air.md §4.3, §4.4, §5. Tests: avm_test.c. */
#include "avm/internal.h"

typedef struct scope {
    size_t  from, to;
    stream *stream;
} scope; /* a position is inside when from < position < to */
typedef RIV_VEC(scope) scopes;

static stream *find(const scopes *s, size_t pos)
{
    for (size_t i = s ? s->len : 0; i-- > 0;)
        if (s->ptr[i].from < pos && pos < s->ptr[i].to) return s->ptr[i].stream;
    return NULL;
}

stream *avm__stream(avm *vm, const air_var *var) { return find(riv_map_get_str(vm->streams, var->name), var->pos); }

static scopes *scopes_of(avm *vm, riv_str name)
{
    scopes *s = riv_map_get_str(vm->streams, name);
    if (!s) {
        s = riv_new(vm->arena, scopes, 1);
        riv_map_put_view(vm->streams, name, s);
    }
    return s;
}

void avm__stream_open(avm *vm, const air_var *var, const air_node *new_node)
{
    *avm__push(vm, scopes_of(vm, var->name)) = (scope){ new_node->pos, new_node->end, riv_new(vm->arena, stream, 1) };
}

/* ---- adding ---- */

static generation *generation_of(avm *vm, matrix *m, uint32_t number)
{
    size_t low = 0, high = m->list.len;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (m->list.ptr[mid].number < number)
            low = mid + 1;
        else
            high = mid;
    }
    if (low < m->list.len && m->list.ptr[low].number == number) return &m->list.ptr[low];
    (void)riv_push(vm->arena, &m->list);
    memmove(&m->list.ptr[low + 1], &m->list.ptr[low], (m->list.len - 1 - low) * sizeof m->list.ptr[0]);
    m->list.ptr[low] = (generation){ .number = number };
    return &m->list.ptr[low];
}

static void add(avm *vm, stream *s, source side, const value *v, uint32_t number)
{
    matrix     *m = &s->side[side];
    generation *g = generation_of(vm, m, number);
    if (side == SOURCE_PREV) s->same = RIV_MIN(s->same, (size_t)(g - m->list.ptr));
    *riv_push(vm->arena, &g->values) = v;
    if (m->count <= number) m->count = (size_t)number + 1;
    m->size++;
}

const failure *avm__stream_add(avm *vm, const air_var *var, const value *v, source from, uint32_t number)
{
    stream *s = avm__stream(vm, var);
    if (!s) { /* a new global one; it takes the place of scopes that do not hold this position */
        scopes *list    = scopes_of(vm, var->name);
        s               = riv_new(vm->arena, stream, 1);
        vm->scopes_lost = vm->scopes_lost || list->len;
        avm__note_vec(vm, list);
        list->len = 0;
        /* from lies below every position */
        *avm__push(vm, list) = (scope){ 0, SIZE_MAX, s };
    }
    s->settled = false;
    if (from == SOURCE_NEW) number = s->side[SOURCE_NEW].count ? (uint32_t)(s->side[SOURCE_NEW].count - 1) : 0;
    if (number == UINT32_MAX) return avm__fail(vm, CODE_NO_GENERATION, "generation %u is out of range", number);
    add(vm, s, from, v, number);
    size_t size = s->side[SOURCE_PREV].size + s->side[SOURCE_CUR].size + s->side[SOURCE_NEW].size;
    if (size >= AVM_STREAM_MAX)
        return avm__fail(vm, CODE_STREAM_FULL, "stream size goes over the allowed limit of %d", AVM_STREAM_MAX);
    return NULL;
}

/* ---- reading ---- */

void avm__stream_values(avm *vm, const stream *s, const value *const **values, size_t *count)
{
    *values = NULL;
    *count  = 0;
    if (!s) return;
    size_t        size = s->side[0].size + s->side[1].size + s->side[2].size, n = 0;
    const value **all = riv_new(vm->arena, const value *, size ? size : 1);
    for (int side = 0; side < 3; side++)
        for (size_t g = 0; g < s->side[side].list.len; g++)
            for (size_t i = 0; i < s->side[side].list.ptr[g].values.len; i++)
                all[n++] = s->side[side].list.ptr[g].values.ptr[i];
    *values = all;
    *count  = n;
}

/* A cursor counts empty generations, the list has none: a generation that comes late is passed over, as in the original. */
void avm__stream_behind(avm *vm, stream *s, stream_cursor *at, bool start, slices *out)
{
    matrix *fresh = &s->side[SOURCE_NEW];
    if (s->side[SOURCE_CUR].size || fresh->size)
        vm->unsteady = true; /* other generations for a run that has them stored */
    out->len = 0;
    for (int side = 0; side < 3; side++)
        for (size_t g = at->from[side]; g < s->side[side].list.len; g++) {
            const generation *gen     = &s->side[side].list.ptr[g];
            *riv_push(vm->arena, out) = (slice){ gen->values.ptr, gen->values.len };
        }
    bool last_empty =
        fresh->count && (!fresh->list.len || fresh->list.ptr[fresh->list.len - 1].number != fresh->count - 1);
    if (!start && last_empty) fresh->count--;
    if (start && out->len) {
        avm__note(vm, &s->folds, sizeof s->folds);
        s->folds++;
    }
    for (int side = 0; side < 3; side++) at->from[side] = s->side[side].count;
    if (!start || out->len) fresh->count++; /* what is written from now on stands apart */
}

/* ---- numbering ---- */

static const failure *number_state(avm *vm, uint32_t pos, uint32_t number)
{
    if (pos >= vm->trace.result.len)
        return avm__fail(vm, CODE_GENERATION, "trying to change generation of an invalid trace position %u", pos);
    const archive_state *s = &vm->trace.result.ptr[pos];
    if (s->kind != ARCHIVE_AP && (s->kind != ARCHIVE_CALL || s->call != ARCHIVE_CALL_STREAM))
        return avm__fail(vm, CODE_GENERATION,
                         "trying to change generation of a state " RIV_FMT
                         " on %u position, the state doesn't contain generation",
                         RIV_ARG(avm__shown_state(vm, s)), pos);
    if (s->generation == number && (s->kind == ARCHIVE_CALL || s->generations_count == 1)) return NULL;
    archive_state *edited = avm__trace_edit(vm, pos);
    edited->generation    = number;
    if (s->kind == ARCHIVE_AP) edited->generations_count = 1;
    return NULL;
}

static const failure *number_generation(avm *vm, generation *g, uint32_t number)
{
    size_t from = g->given == number ? g->numbered : 0;
    for (size_t i = from; i < g->values.len; i++) AVM_TRY(number_state(vm, g->values.ptr[i]->trace_pos, number));
    g->given    = number;
    g->numbered = g->values.len;
    return NULL;
}

static const failure *number_stream(avm *vm, stream *s)
{
    uint32_t number = (uint32_t)s->same;
    if (s->settled && s->same == s->side[SOURCE_PREV].list.len) return NULL;
    for (int side = 0; side < 3; side++)
        for (size_t i = side == SOURCE_PREV ? s->same : 0; i < s->side[side].list.len; i++, number++) {
            generation *g = &s->side[side].list.ptr[i];
            if (side == SOURCE_PREV && g->number != number) vm->renumbered = true;
            AVM_TRY(number_generation(vm, g, number));
        }
    return NULL;
}

const failure *avm__stream_close(avm *vm, const air_var *var)
{
    scopes *s = riv_map_get_str(vm->streams, var->name);
    if (s) avm__note_vec(vm, s);
    if (!s || !s->len) /* the original traps: the scope was replaced by a global stream that is gone too */
        return avm__fail(vm, CODE_SCALARS, "stream '" RIV_FMT "' has no scope left to end", RIV_ARG(var->name));
    return number_stream(vm, s->ptr[--s->len].stream);
}

const failure *avm__streams_number(avm *vm)
{
    for (size_t i = 0; i < riv_map_slots(vm->streams); i++) {
        riv_bytes name;
        void     *held;
        if (!riv_map_at(vm->streams, i, &name, &held)) continue;
        const scopes *s = held;
        for (size_t k = 0; k < s->len; k++) AVM_TRY(number_stream(vm, s->ptr[k].stream));
    }
    return NULL;
}

/* ---- going on from a checkpoint ---- */

/* Whether stored generations stay when what stands behind is taken away; else some of it goes or has another number. */
static bool prev_stays(const stream *s, uint32_t before)
{
    const matrix *m = &s->side[SOURCE_PREV];
    for (size_t i = s->same; i < m->list.len; i++) {
        const generation *g = &m->list.ptr[i];
        if (g->given != g->number || g->numbered != g->values.len) return false;
        if (g->values.ptr[g->values.len - 1]->trace_pos >= before) return false;
    }
    return true;
}

/* In the order of the trace, in which another run would put them; they mostly are. */
static size_t gather(const matrix *m, uint32_t before, const value **to, size_t count)
{
    for (size_t i = 0; i < m->list.len; i++)
        for (size_t k = 0; k < m->list.ptr[i].values.len; k++) {
            const value *v = m->list.ptr[i].values.ptr[k];
            if (v->trace_pos >= before) continue;
            size_t at = count++;
            for (; at > 0 && to[at - 1]->trace_pos > v->trace_pos; at--) to[at] = to[at - 1];
            to[at] = v;
        }
    return count;
}

static void settle(avm *vm, stream *s, uint32_t before)
{
    matrix       *prev = &s->side[SOURCE_PREV];
    bool          stay = prev_stays(s, before);
    size_t        size = s->side[SOURCE_CUR].size + s->side[SOURCE_NEW].size + (stay ? 0 : prev->size), count = 0;
    const value **all = riv_new(vm->arena, const value *, size + 1);
    if (!stay) {
        count   = gather(prev, before, all, 0);
        *prev   = (matrix){ 0 };
        s->same = 0;
    }
    for (int side = SOURCE_CUR; side <= SOURCE_NEW; side++) {
        count         = gather(&s->side[side], before, all, count);
        s->side[side] = (matrix){ 0 };
    }
    for (size_t i = 0; i < count; i++)
        add(vm, s, SOURCE_PREV, all[i], vm->trace.result.ptr[all[i]->trace_pos].generation);
    for (size_t i = s->same; i < prev->list.len; i++) {
        generation *g = &prev->list.ptr[i];
        g->given      = g->number;
        g->numbered   = g->values.len;
    }
    while (s->same < prev->list.len && prev->list.ptr[s->same].number == s->same) s->same++;
    s->settled = true;
}

void avm__streams_settle(avm *vm, uint32_t before)
{
    for (size_t i = 0; i < riv_map_slots(vm->streams); i++) {
        riv_bytes name;
        void     *held;
        if (!riv_map_at(vm->streams, i, &name, &held)) continue;
        const scopes *list = held;
        for (size_t k = 0; k < list->len; k++) {
            stream *s = list->ptr[k].stream;
            if (!s->settled) settle(vm, s, before);
            s->side[SOURCE_NEW].count = s->folds;
        }
    }
}
