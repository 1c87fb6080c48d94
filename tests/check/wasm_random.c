/* wasm_random.c: see wasm_random.h. Expressions are made by the type they shall have, so whatever is chosen validates. */
#include "tests/check/wasm_random.h"

#include "marine/marine.h"

typedef enum type { I32, I64, F32, F64, V128, TYPES } type;

static const uint8_t type_code[TYPES] = { 0x7f, 0x7e, 0x7d, 0x7c, 0x7b };

enum {
    LOCALS_EACH = 3, /* of each type */
    COUNTERS    = 3, /* of loops inside each other */
    HELPERS     = 8,
    IMPORTS     = 2,
    DEPTH_MAX   = 60,  /* of calls */
    NODES_MAX   = 260, /* of one function */
    TABLE_SIZE  = 16,
    SEGMENTS    = 2, /* passive ones */
};

typedef struct signature {
    type    params[3];
    uint8_t count;
    type    result;
} signature;
static const signature signatures[] = {
    { { I32, I64 }, 2, I64 }, /* run */
    { { I32, I32 }, 2, I32 }, { { F64, F64 }, 2, F64 },      { { F32, I64 }, 2, F32 },
    { { I64, I32 }, 2, I64 }, { { I32, I64, I32 }, 3, I32 }, /* clock_time_get */
    { { I32, I32 }, 2, I32 },                                /* random_get: as the second, told apart by its place */
};
enum { SIG_HELPERS = 4, SIG_CLOCK = 5, SIG_RANDOM = 6 };

typedef struct gen {
    riv_prng        *rng;
    riv_buf         *out; /* of the running function's body */
    const signature *in;
    uint8_t          helper_sig[HELPERS];
    uint32_t         first; /* helpers from here on may be called directly */
    uint32_t         nodes, loops;
    bool             drops; /* segments: then the state has no root */
} gen;

static void expr(gen *g, type t, int depth);
static void statements(gen *g, int depth);

/* ---- bytes ---- */

static void uleb(riv_buf *b, uint64_t v)
{
    do {
        uint8_t byte = v & 0x7f;
        v >>= 7;
        riv_put_u8(b, (uint8_t)(byte | (v ? 0x80 : 0)));
    } while (v);
}

static void sleb(riv_buf *b, int64_t v)
{
    for (;;) {
        uint8_t byte = v & 0x7f;
        v >>= 7;
        bool last = (v == 0 && !(byte & 0x40)) || (v == -1 && (byte & 0x40));
        riv_put_u8(b, (uint8_t)(byte | (last ? 0 : 0x80)));
        if (last) return;
    }
}

static void     op(gen *g, uint8_t code) { riv_put_u8(g->out, code); }
static void     op_fc(gen *g, uint32_t code) { riv_put_u8(g->out, 0xfc), uleb(g->out, code); }
static void     op_fd(gen *g, uint32_t code) { riv_put_u8(g->out, 0xfd), uleb(g->out, code); }
static void     op_index(gen *g, uint8_t code, uint64_t index) { op(g, code), uleb(g->out, index); }
static void     i32_const(gen *g, int32_t v) { op(g, 0x41), sleb(g->out, v); }
static uint32_t pick(gen *g, uint32_t bound) { return (uint32_t)riv_prng_below(g->rng, bound); }
static bool     chance(gen *g, uint32_t percent) { return pick(g, 100) < percent; }

/* ---- locals and globals ---- */

static uint32_t local_of(gen *g, type t) { return g->in->count + (uint32_t)t * LOCALS_EACH + pick(g, LOCALS_EACH); }
static uint32_t counter_of(gen *g, uint32_t level) { return g->in->count + TYPES * LOCALS_EACH + level; }
static uint32_t global_of(type t) { return 1 + (uint32_t)t; } /* 0 counts the depth of calls */

static void read_name(gen *g, type t)
{
    for (uint8_t i = 0; i < g->in->count; i++)
        if (g->in->params[i] == t && chance(g, 30)) {
            op_index(g, 0x20, i);
            return;
        }
    if (chance(g, 70))
        op_index(g, 0x20, local_of(g, t));
    else
        op_index(g, 0x23, global_of(t));
}

/* ---- constants: borders, small ones, any bits; NaN with payloads among the floats ---- */

static uint64_t some_bits(gen *g)
{
    static const uint64_t edges[] = { 0,          1,  UINT64_MAX, 0x7fffffff, 0x80000000, INT64_MAX, 0x8000000000000000,
                                      0xffffffff, 63, 0xff };
    return chance(g, 40) ? edges[pick(g, RIV_COUNT(edges))] : chance(g, 50) ? pick(g, 1000) : riv_prng_u64(g->rng);
}

static uint32_t f32_bits(gen *g)
{
    static const uint32_t edges[] = { 0,          0x80000000, 0x7fc00000, 0xffc00000, 0x7fa12345, 0xff812345,
                                      0x7f800000, 0xff800000, 1,          0x3f800000, 0x4f000000 };
    return chance(g, 60) ? edges[pick(g, RIV_COUNT(edges))] : (uint32_t)riv_prng_u64(g->rng);
}

static uint64_t f64_bits(gen *g)
{
    static const uint64_t edges[] = { 0,
                                      0x8000000000000000,
                                      0x7ff8000000000000,
                                      0xfff8000000000000,
                                      0x7ff4000000012345,
                                      0xfff0000000054321,
                                      0x7ff0000000000000,
                                      0xfff0000000000000,
                                      1,
                                      0x3ff0000000000000,
                                      0x43e0000000000000 };
    return chance(g, 60) ? edges[pick(g, RIV_COUNT(edges))] : riv_prng_u64(g->rng);
}

static void constant(gen *g, type t)
{
    switch (t) {
    case I32: i32_const(g, (int32_t)some_bits(g)); return;
    case I64: op(g, 0x42), sleb(g->out, (int64_t)some_bits(g)); return;
    case F32: op(g, 0x43), riv_put_u32le(g->out, f32_bits(g)); return;
    case F64: op(g, 0x44), riv_put_u64le(g->out, f64_bits(g)); return;
    case V128:
        op_fd(g, 12);
        for (int i = 0; i < 2; i++)
            riv_put_u64le(g->out, chance(g, 50) ? f64_bits(g) : f32_bits(g) | (uint64_t)f32_bits(g) << 32);
        return;
    case TYPES: RIV_UNREACHABLE();
    }
}

/* ---- expressions ---- */

/* Mostly inside the memory of one page. */
static void address(gen *g, int depth)
{
    expr(g, I32, depth);
    if (pick(g, 1000) > 2) i32_const(g, 0xff00 >> pick(g, 6)), op(g, 0x71);
}

static void memarg(gen *g) { uleb(g->out, 0), uleb(g->out, pick(g, 16)); }

static void load(gen *g, type t, int depth)
{
    static const uint8_t ints[]  = { 0x28, 0x2c, 0x2d, 0x2e, 0x2f },
                         longs[] = { 0x29, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35 };
    address(g, depth);
    if (t == I32) op(g, ints[pick(g, RIV_COUNT(ints))]);
    if (t == I64) op(g, longs[pick(g, RIV_COUNT(longs))]);
    if (t == F32) op(g, 0x2a);
    if (t == F64) op(g, 0x2b);
    if (t == V128) op_fd(g, 0);
    memarg(g);
}

static void call_args(gen *g, const signature *s, int depth)
{
    for (uint8_t i = 0; i < s->count; i++) expr(g, s->params[i], depth);
}

/* Which helper gives this type, directly or through the table (where another may stand: a trap). False: none may be called. */
static bool call(gen *g, type t, int depth)
{
    uint32_t sig = t == I32 ? 1 : t == F64 ? 2 : t == F32 ? 3 : 4;
    if (t == V128) return false;
    if (chance(g, 40)) {
        call_args(g, &signatures[sig], depth);
        if (chance(g, 95))
            i32_const(g, (int32_t)sig - 1); /* the slot where one of this type stood at first */
        else
            expr(g, I32, depth), i32_const(g, TABLE_SIZE / 2 - 1), op(g, 0x71);
        op_index(g, 0x11, sig), uleb(g->out, 0);
        return true;
    }
    for (uint32_t i = g->first; i < HELPERS; i++)
        if (g->helper_sig[i] == sig && chance(g, 70)) {
            call_args(g, &signatures[sig], depth);
            op_index(g, 0x10, IMPORTS + i);
            return true;
        }
    return false;
}

/* The second operand of a division mostly is not 0. */
static void binary(gen *g, type t, uint8_t from, uint32_t count, int depth)
{
    uint8_t code = (uint8_t)(from + pick(g, count));
    expr(g, t, depth), expr(g, t, depth);
    if (code >= 0x6d && code <= 0x70 && chance(g, 97)) i32_const(g, 1), op(g, 0x72);
    if (code >= 0x7f && code <= 0x82 && chance(g, 97)) op(g, 0x42), sleb(g->out, 1), op(g, 0x84);
    op(g, code);
}

static void unary(gen *g, type t, uint8_t from, uint32_t count, int depth)
{
    expr(g, t, depth);
    op(g, (uint8_t)(from + pick(g, count)));
}

static void lane(gen *g, uint32_t code, uint32_t lanes, int depth)
{
    expr(g, V128, depth);
    op_fd(g, code), riv_put_u8(g->out, (uint8_t)pick(g, lanes));
}

static void i32_expr(gen *g, int d)
{
    switch (pick(g, 15)) {
    case 0:
    case 1: binary(g, I32, 0x6a, 15, d); return;
    case 2: unary(g, I32, 0x67, 3, d); return;
    case 3: binary(g, I32, 0x46, 10, d); return;
    case 4: binary(g, I64, 0x51, 10, d); return;
    case 5: binary(g, F32, 0x5b, 6, d); return;
    case 6: binary(g, F64, 0x61, 6, d); return;
    case 7: expr(g, I64, d), op(g, 0xa7); return;
    case 8: expr(g, F32, d), op(g, 0xbc); return;
    case 9: expr(g, F64, d), op_fc(g, 2 + pick(g, 2)); return;
    case 10: expr(g, I32, d), op(g, chance(g, 50) ? 0xc0 : 0xc1); return;
    case 11: lane(g, 0x1b, 4, d); return;
    case 12: op(g, 0x3f), op(g, 0); return;
    case 13: op_fc(g, 0x10), uleb(g->out, 0); return;
    default:
        if (chance(g, 4))
            expr(g, F64, d), op(g, (uint8_t)(0xaa + pick(g, 2))); /* traps unless it fits */
        else
            expr(g, F32, d), op_fc(g, pick(g, 2));
    }
}

static void i64_expr(gen *g, int d)
{
    switch (pick(g, 8)) {
    case 0:
    case 1:
    case 2: binary(g, I64, 0x7c, 15, d); return;
    case 3: unary(g, I64, 0x79, 3, d); return;
    case 4: expr(g, I32, d), op(g, (uint8_t)(0xac + pick(g, 2))); return;
    case 5: expr(g, F64, d), op(g, 0xbd); return;
    case 6:
        if (chance(g, 50))
            expr(g, F32, d), op_fc(g, 4 + pick(g, 2));
        else
            expr(g, F64, d), op_fc(g, 6 + pick(g, 2));
        return;
    default: lane(g, 0x1d, 2, d); return;
    }
}

static void f32_expr(gen *g, int d)
{
    switch (pick(g, 8)) {
    case 0: unary(g, F32, 0x8b, 7, d); return;
    case 1:
    case 2:
    case 3: binary(g, F32, 0x92, 7, d); return;
    case 4: unary(g, I32, 0xb2, 2, d); return;
    case 5: expr(g, F64, d), op(g, 0xb6); return;
    case 6: expr(g, I32, d), op(g, 0xbe); return;
    default: lane(g, 0x1f, 4, d); return;
    }
}

static void f64_expr(gen *g, int d)
{
    switch (pick(g, 8)) {
    case 0: unary(g, F64, 0x99, 7, d); return;
    case 1:
    case 2:
    case 3: binary(g, F64, 0xa0, 7, d); return;
    case 4: unary(g, I64, 0xb9, 2, d); return;
    case 5: expr(g, F32, d), op(g, 0xbb); return;
    case 6: expr(g, I64, d), op(g, 0xbf); return;
    default: lane(g, 0x21, 2, d); return;
    }
}

static void v128_expr(gen *g, int d)
{
    static const uint32_t pairs[]   = { 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xeb, 0xf0, 0xf1, 0xf2, 0xf3,
                                        0xf4, 0xf5, 0xf6, 0xf7, 0xae, 0xb1, 0xb5, 0x4e, 0x50, 0x51, 0x0e, 0xba };
    static const uint32_t singles[] = { 0xe0, 0xe1, 0xe3, 0xec, 0xed, 0xef, 0x67, 0x68,
                                        0xfa, 0xfb, 0x5e, 0x5f, 0xf8, 0xf9, 0xfc, 0xfd };
    switch (pick(g, 6)) {
    case 0: expr(g, F32, d), op_fd(g, 0x13); return;
    case 1: expr(g, F64, d), op_fd(g, 0x14); return;
    case 2: expr(g, I32, d), op_fd(g, 0x11); return;
    case 3: expr(g, V128, d), op_fd(g, singles[pick(g, RIV_COUNT(singles))]); return;
    default: expr(g, V128, d), expr(g, V128, d), op_fd(g, pairs[pick(g, RIV_COUNT(pairs))]); return;
    }
}

static void expr(gen *g, type t, int depth)
{
    static void (*const by_type[TYPES])(gen *, int) = { i32_expr, i64_expr, f32_expr, f64_expr, v128_expr };
    if (++g->nodes > NODES_MAX || depth <= 0) {
        if (chance(g, 40))
            constant(g, t);
        else
            read_name(g, t);
        return;
    }
    uint32_t what = pick(g, 100);
    if (what < 15) {
        read_name(g, t);
    } else if (what < 25) {
        load(g, t, depth - 1);
    } else if (what < 31 && call(g, t, 1)) {
        return;
    } else if (what < 36) { /* select with its type, or a block that gives a value */
        expr(g, t, depth - 1), expr(g, t, depth - 1), expr(g, I32, depth - 1);
        op(g, 0x1c), uleb(g->out, 1), op(g, type_code[t]);
    } else if (what < 42) {
        expr(g, I32, depth - 1);
        op(g, 0x04), op(g, type_code[t]);
        expr(g, t, depth - 1), op(g, 0x05), expr(g, t, depth - 1), op(g, 0x0b);
    } else {
        by_type[t](g, depth - 1);
    }
}

/* ---- statements ---- */

static void store(gen *g)
{
    static const struct {
        uint8_t code;
        type    of;
    } stores[]     = { { 0x36, I32 }, { 0x37, I64 }, { 0x38, F32 }, { 0x39, F64 }, { 0x3a, I32 },
                       { 0x3b, I32 }, { 0x3c, I64 }, { 0x3d, I64 }, { 0x3e, I64 } };
    uint32_t which = pick(g, RIV_COUNT(stores) + 1);
    address(g, 2);
    if (which == RIV_COUNT(stores)) {
        expr(g, V128, 3), op_fd(g, 11);
    } else {
        expr(g, stores[which].of, 3), op(g, stores[which].code);
    }
    memarg(g);
}

static void small(gen *g, int32_t mask) { expr(g, I32, 1), i32_const(g, mask), op(g, 0x71); }

static void bulk(gen *g)
{
    uint32_t segment = pick(g, SEGMENTS);
    switch (pick(g, 4)) {
    case 0: small(g, 0x7fff), expr(g, I32, 1), small(g, 0xff), op_fc(g, 11), uleb(g->out, 0); return;
    case 1: small(g, 0x7fff), small(g, 0x7fff), small(g, 0xff), op_fc(g, 10), uleb(g->out, 0), uleb(g->out, 0); return;
    case 2: small(g, 0x7fff), small(g, 7), small(g, 7), op_fc(g, 8), uleb(g->out, 1 + segment), uleb(g->out, 0); return;
    default:
        if (g->drops) op_fc(g, 9), uleb(g->out, 1 + segment);
        return;
    }
}

static void reference(gen *g)
{
    if (chance(g, 80))
        op_index(g, 0xd2, IMPORTS + pick(g, HELPERS));
    else
        op(g, 0xd0), op(g, 0x70);
}

static void tables(gen *g)
{
    switch (pick(g, 6)) {
    case 0:
        small(g, TABLE_SIZE / 2 - 1), i32_const(g, SIG_HELPERS), op(g, 0x72), reference(g), op_index(g, 0x26, 0);
        return;
    case 1: small(g, 7), small(g, 3), small(g, 1), op_fc(g, 12), uleb(g->out, 1), uleb(g->out, 0); return;
    case 2: small(g, 7), small(g, 7), small(g, 7), op_fc(g, 14), uleb(g->out, 0), uleb(g->out, 0); return;
    case 3: reference(g), small(g, 3), op_fc(g, 15), uleb(g->out, 0), op_index(g, 0x21, local_of(g, I32)); return;
    case 4: small(g, 7), reference(g), small(g, 7), op_fc(g, 17), uleb(g->out, 0); return;
    default:
        if (g->drops) op_fc(g, 13), uleb(g->out, 1);
        return;
    }
}

static void world(gen *g)
{
    if (chance(g, 50))
        i32_const(g, 0), op(g, 0x42), sleb(g->out, 0), small(g, 0x7ff8), op_index(g, 0x10, 0);
    else
        small(g, 0x7fff), small(g, 15), op_index(g, 0x10, 1);
    op_index(g, 0x21, local_of(g, I32));
}

static void loop(gen *g, int depth)
{
    uint32_t counter = counter_of(g, g->loops++);
    i32_const(g, 1 + (int32_t)pick(g, 12)), op_index(g, 0x21, counter);
    op(g, 0x03), op(g, 0x40);
    statements(g, depth - 1);
    op_index(g, 0x20, counter), i32_const(g, 1), op(g, 0x6b), op_index(g, 0x22, counter);
    op_index(g, 0x0d, 0), op(g, 0x0b);
    g->loops--;
}

static void branches(gen *g, int depth)
{
    uint32_t blocks = 1 + pick(g, 4);
    for (uint32_t i = 0; i < blocks; i++) op(g, 0x02), op(g, 0x40);
    expr(g, I32, 2);
    op_index(g, 0x0e, blocks);
    for (uint32_t i = 0; i <= blocks; i++) uleb(g->out, pick(g, blocks));
    for (uint32_t i = 0; i < blocks; i++) {
        op(g, 0x0b);
        if (i + 1 < blocks) statements(g, depth - 1);
    }
}

static void statement(gen *g, int depth)
{
    type     t    = (type)pick(g, TYPES);
    uint32_t what = pick(g, 100);
    if (what < 30) {
        expr(g, t, 4), op_index(g, 0x21, local_of(g, t));
    } else if (what < 40) {
        expr(g, t, 3), op_index(g, 0x24, global_of(t));
    } else if (what < 58) {
        store(g);
    } else if (what < 65) {
        bulk(g);
    } else if (what < 70) {
        tables(g);
    } else if (what < 74) {
        world(g);
    } else if (what < 77) {
        small(g, 3), op(g, 0x40), op(g, 0), op_index(g, 0x21, local_of(g, I32));
    } else if (what < 84 && depth > 0) {
        expr(g, I32, 2), op(g, 0x04), op(g, 0x40), statements(g, depth - 1), op(g, 0x05), statements(g, depth - 1),
            op(g, 0x0b);
    } else if (what < 92 && depth > 0 && g->loops < COUNTERS) {
        loop(g, depth);
    } else if (what < 97 && depth > 0) {
        branches(g, depth);
    } else if (what == 99) {
        expr(g, I32, 2), i32_const(g, 0x3ff), op(g, 0x71), op(g, 0x45), op(g, 0x04), op(g, 0x40), op(g, 0x00),
            op(g, 0x0b); /* rarely unreachable */
    } else {
        expr(g, t, 3), op(g, 0x1a);
    }
}

static void statements(gen *g, int depth)
{
    for (uint32_t i = 0, n = 1 + pick(g, depth > 1 ? 5 : 3); i < n && g->nodes < NODES_MAX; i++) statement(g, depth);
}

/* ---- functions ---- */

static void zero(gen *g, type t)
{
    if (t == I32) i32_const(g, 0);
    if (t == I64) op(g, 0x42), sleb(g->out, 0);
    if (t == F32) op(g, 0x43), riv_put_u32le(g->out, 0);
    if (t == F64) op(g, 0x44), riv_put_u64le(g->out, 0);
}

static void count_calls(gen *g, bool is_run)
{
    if (is_run) {
        i32_const(g, 0), op_index(g, 0x24, 0); /* a trap left it anywhere */
        return;
    }
    op_index(g, 0x23, 0), i32_const(g, DEPTH_MAX), op(g, 0x4b), op(g, 0x04), op(g, 0x40);
    zero(g, g->in->result), op(g, 0x0f), op(g, 0x0b);
    op_index(g, 0x23, 0), i32_const(g, 1), op(g, 0x6a), op_index(g, 0x24, 0);
}

static void function(gen *g, riv_buf *section, const signature *in, uint32_t first, bool is_run)
{
    riv_buf body = { 0 };
    g->out       = &body;
    g->in        = in;
    g->first     = first;
    g->nodes     = 0;
    g->loops     = 0;
    uleb(&body, TYPES + 1);
    for (int t = 0; t < TYPES; t++) uleb(&body, LOCALS_EACH), riv_put_u8(&body, type_code[t]);
    uleb(&body, COUNTERS), riv_put_u8(&body, 0x7f);
    count_calls(g, is_run);
    statements(g, 3);
    if (g->nodes < NODES_MAX) statements(g, 3);
    expr(g, in->result, 4);
    if (!is_run) op_index(g, 0x23, 0), i32_const(g, 1), op(g, 0x6b), op_index(g, 0x24, 0);
    op(g, 0x0b);
    uleb(section, body.len);
    riv_put_bytes(section, riv_buf_view(&body));
    riv_buf_free(&body);
}

/* ---- sections ---- */

static void section(riv_buf *out, uint8_t id, riv_buf *body)
{
    riv_put_u8(out, id);
    uleb(out, body->len);
    riv_put_bytes(out, riv_buf_view(body));
    riv_buf_clear(body);
}

static void name(riv_buf *b, const char *text)
{
    uleb(b, strlen(text));
    riv_put_str(b, riv_str_c(text));
}

static void put_types(riv_buf *b)
{
    uleb(b, RIV_COUNT(signatures) + 3);
    for (size_t i = 0; i < RIV_COUNT(signatures); i++) {
        riv_put_u8(b, 0x60);
        uleb(b, signatures[i].count);
        for (uint8_t k = 0; k < signatures[i].count; k++) riv_put_u8(b, type_code[signatures[i].params[k]]);
        uleb(b, 1), riv_put_u8(b, type_code[signatures[i].result]);
    }
    riv_put_bytes(b, RIV_BYTES("\x60\0\0"
                               "\x60\0\1\x7f"
                               "\x60\1\x7f\0")); /* nothing, one i32 out, one i32 in */
}

/* What every Marine module exports; integers never need it. */
static const struct {
    const char *name;
    uint8_t     sig;
    riv_bytes   body;
} abi[] = {
    { "allocate", 1, RIV_BYTES_INIT("\0\x41\0\x0b") },
    { "release_objects", RIV_COUNT(signatures), RIV_BYTES_INIT("\0\x0b") },
    { "get_result_size", RIV_COUNT(signatures) + 1, RIV_BYTES_INIT("\0\x41\0\x0b") },
    { "get_result_ptr", RIV_COUNT(signatures) + 1, RIV_BYTES_INIT("\0\x41\0\x0b") },
    { "set_result_size", RIV_COUNT(signatures) + 2, RIV_BYTES_INIT("\0\x0b") },
    { "set_result_ptr", RIV_COUNT(signatures) + 2, RIV_BYTES_INIT("\0\x0b") },
};

static void put_imports(riv_buf *b)
{
    uleb(b, IMPORTS);
    name(b, "wasi_snapshot_preview1"), name(b, "clock_time_get"), riv_put_u8(b, 0), uleb(b, SIG_CLOCK);
    name(b, "wasi_snapshot_preview1"), name(b, "random_get"), riv_put_u8(b, 0), uleb(b, SIG_RANDOM);
}

static void put_globals(gen *g, riv_buf *b)
{
    g->out = b;
    uleb(b, 1 + TYPES);
    riv_put_u8(b, 0x7f), riv_put_u8(b, 1), i32_const(g, 0), op(g, 0x0b);
    for (int t = 0; t < TYPES; t++) riv_put_u8(b, type_code[t]), riv_put_u8(b, 1), constant(g, (type)t), op(g, 0x0b);
}

static void put_elements(riv_buf *b)
{
    uleb(b, 2);
    riv_put_u8(b, 0), riv_put_u8(b, 0x41), riv_put_u8(b, 0), riv_put_u8(b, 0x0b); /* active, from 0 */
    uleb(b, TABLE_SIZE / 2);
    for (uint32_t i = 0; i < TABLE_SIZE / 2; i++) uleb(b, IMPORTS + i % HELPERS);
    riv_put_u8(b, 1), riv_put_u8(b, 0), uleb(b, HELPERS); /* passive: all of them, so that each may be referred to */
    for (uint32_t i = 0; i < HELPERS; i++) uleb(b, IMPORTS + i);
}

static void put_data(gen *g, riv_buf *b)
{
    uleb(b, 1 + SEGMENTS);
    riv_put_u8(b, 0), riv_put_u8(b, 0x41), sleb(b, 64), riv_put_u8(b, 0x0b);
    uleb(b, 64);
    for (int i = 0; i < 8; i++) riv_put_u64le(b, f64_bits(g));
    for (int s = 0; s < SEGMENTS; s++) {
        riv_put_u8(b, 1), uleb(b, 16);
        for (int i = 0; i < 2; i++) riv_put_u64le(b, riv_prng_u64(g->rng));
    }
}

static void put_descriptions(riv_buf *out, riv_buf *b)
{
    name(b, "__fluence_sdk_version"), riv_put_str(b, RIV_LIT("0.14.0")), section(out, 0, b);
    name(b, "__m_generated_section__run");
    riv_put_str(b,
                RIV_LIT("{\"ast_type\":\"Function\",\"signature\":{\"name\":\"run\",\"arguments\":[{\"name\":\"x\","
                        "\"ty\":{\"I32\":\"ByValue\"}},"
                        "{\"name\":\"y\",\"ty\":{\"I64\":\"ByValue\"}}],\"output_types\":[{\"I64\":\"ByValue\"}]}}"));
    section(out, 0, b);
}

void wasm_random(riv_prng *rng, riv_buf *out)
{
    riv_buf b = { 0 }, plain = { 0 };
    gen     g = { .rng = rng };
    g.drops   = chance(&g, 10);
    for (uint32_t i = 0; i < HELPERS; i++)
        g.helper_sig[i] = (uint8_t)(1 + (i < SIG_HELPERS ? i : pick(&g, SIG_HELPERS)));
    riv_put_bytes(&plain, RIV_BYTES("\0asm\1\0\0\0"));
    put_types(&b), section(&plain, 1, &b);
    put_imports(&b), section(&plain, 2, &b);
    uleb(&b, HELPERS + 1 + RIV_COUNT(abi));
    for (uint32_t i = 0; i < HELPERS; i++) uleb(&b, g.helper_sig[i]);
    uleb(&b, 0);
    for (size_t i = 0; i < RIV_COUNT(abi); i++) uleb(&b, abi[i].sig);
    section(&plain, 3, &b);
    uleb(&b, 1), riv_put_u8(&b, 0x70), riv_put_u8(&b, 1), uleb(&b, TABLE_SIZE), uleb(&b, 2 * TABLE_SIZE),
        section(&plain, 4, &b);
    uleb(&b, 1), riv_put_u8(&b, 1), uleb(&b, 1), uleb(&b, 8), section(&plain, 5, &b);
    put_globals(&g, &b), section(&plain, 6, &b);
    uleb(&b, 2 + RIV_COUNT(abi));
    for (uint32_t i = 0; i < RIV_COUNT(abi); i++)
        name(&b, abi[i].name), riv_put_u8(&b, 0), uleb(&b, IMPORTS + HELPERS + 1 + i);
    name(&b, "run"), riv_put_u8(&b, 0), uleb(&b, IMPORTS + HELPERS);
    name(&b, "memory"), riv_put_u8(&b, 2), uleb(&b, 0), section(&plain, 7, &b);
    put_elements(&b), section(&plain, 9, &b);
    uleb(&b, 1 + SEGMENTS), section(&plain, 12, &b);
    uleb(&b, HELPERS + 1 + RIV_COUNT(abi));
    for (uint32_t i = 0; i < HELPERS; i++) function(&g, &b, &signatures[g.helper_sig[i]], i + 1, false);
    function(&g, &b, &signatures[0], 0, true);
    for (size_t i = 0; i < RIV_COUNT(abi); i++) uleb(&b, abi[i].body.len), riv_put_bytes(&b, abi[i].body);
    section(&plain, 10, &b);
    put_data(&g, &b), section(&plain, 11, &b);
    put_descriptions(&plain, &b);
    riv_fault fault = { 0 };
    if (marine_embed(riv_buf_view(&plain), &fault, out)) riv_panic(__FILE__, __LINE__, fault.msg);
    riv_buf_free(&b);
    riv_buf_free(&plain);
}
