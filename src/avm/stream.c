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
    *riv_push(vm->arena, scopes_of(vm, var->name)) =
        (scope){ new_node->pos, new_node->end, riv_new(vm->arena, stream, 1) };
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

static void add(avm *vm, matrix *m, const value *v, uint32_t number)
{
    *riv_push(vm->arena, &generation_of(vm, m, number)->values) = v;
    if (m->count <= number) m->count = (size_t)number + 1;
    m->size++;
}

const failure *avm__stream_add(avm *vm, const air_var *var, const value *v, source from, uint32_t number)
{
    stream *s = avm__stream(vm, var);
    if (!s) { /* a new global one; it takes the place of scopes that do not hold this position */
        scopes *list = scopes_of(vm, var->name);
        s            = riv_new(vm->arena, stream, 1);
        list->len    = 0;
        /* from lies below every position */
        *riv_push(vm->arena, list) = (scope){ 0, SIZE_MAX, s };
    }
    if (from == SOURCE_NEW) number = s->side[SOURCE_NEW].count ? (uint32_t)(s->side[SOURCE_NEW].count - 1) : 0;
    if (number == UINT32_MAX) return avm__fail(vm, CODE_NO_GENERATION, "generation %u is out of range", number);
    add(vm, &s->side[from], v, number);
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
    out->len      = 0;
    for (int side = 0; side < 3; side++)
        for (size_t g = at->from[side]; g < s->side[side].list.len; g++) {
            const generation *gen     = &s->side[side].list.ptr[g];
            *riv_push(vm->arena, out) = (slice){ gen->values.ptr, gen->values.len };
        }
    bool last_empty =
        fresh->count && (!fresh->list.len || fresh->list.ptr[fresh->list.len - 1].number != fresh->count - 1);
    if (!start && last_empty) fresh->count--;
    for (int side = 0; side < 3; side++) at->from[side] = s->side[side].count;
    if (!start || out->len) fresh->count++; /* what is written from now on stands apart */
}

/* ---- numbering ---- */

static const failure *number_state(avm *vm, uint32_t pos, uint32_t number)
{
    if (pos >= vm->trace.result.len)
        return avm__fail(vm, CODE_GENERATION, "trying to change generation of an invalid trace position %u", pos);
    archive_state *s = &vm->trace.result.ptr[pos];
    if (s->kind == ARCHIVE_AP)
        s->generations_count = 1;
    else if (s->kind != ARCHIVE_CALL || s->call != ARCHIVE_CALL_STREAM)
        return avm__fail(vm, CODE_GENERATION,
                         "trying to change generation of a state " RIV_FMT
                         " on %u position, the state doesn't contain generation",
                         RIV_ARG(avm__shown_state(vm, s)), pos);
    s->generation = number;
    return NULL;
}

static const failure *number_stream(avm *vm, const stream *s)
{
    uint32_t number = 0;
    for (int side = 0; side < 3; side++)
        for (size_t g = 0; g < s->side[side].list.len; g++, number++)
            for (size_t i = 0; i < s->side[side].list.ptr[g].values.len; i++)
                AVM_TRY(number_state(vm, s->side[side].list.ptr[g].values.ptr[i]->trace_pos, number));
    return NULL;
}

const failure *avm__stream_close(avm *vm, const air_var *var)
{
    scopes *s = riv_map_get_str(vm->streams, var->name);
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
