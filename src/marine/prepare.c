/* prepare.c: a module as it is compiled: the same code, with exports under names of our own for all that its calls can change, because
 * Wasmtime's C interface sees of an instance only what is exported; and without the data that a new memory holds, which is mapped. Pure: bytes in, bytes out.
 * Spec: docs/spec/proofs.md 3.2; WebAssembly core specification, binary format. Tests: prepare_test.c, prepare_fuzz.c. */
#include "marine/internal.h"

enum {
    SECTION_CUSTOM   = 0,
    SECTION_IMPORT   = 2,
    SECTION_FUNCTION = 3,
    SECTION_TABLE    = 4,
    SECTION_MEMORY   = 5,
    SECTION_GLOBAL   = 6,
    SECTION_EXPORT   = 7,
    SECTION_START    = 8,
    SECTION_CODE     = 10,
    SECTION_DATA     = 11,
    SECTION_TAG      = 13,
    SECTION_KINDS    = 14,
    KIND_FUNCTION    = 0,
    KIND_TABLE       = 1,
    KIND_MEMORY      = 2,
    KIND_GLOBAL      = 3,
    TYPE_I32         = 0x7f,
    TYPE_FUNCREF     = 0x70,
    ULEB32_BYTES     = 5,
    LEB64_BYTES      = 10,
    HEAD_BYTES       = 8, /* of a wasm file: magic and version */
    WASM_PAGE_BYTES  = 65536,
    IMAGE_BYTES_MIN  = 8192, /* less is written into each memory faster than it is mapped */
    STACK_ALIGN      = 16,
    NAMES_GLOBALS    = 7, /* subsection of the name section */
};
#define STACK_POINTER_NAME "__stack_pointer"
#define RESERVED           "\001riv" /* no toolchain begins a name with a control character */

/* Opcodes that matter here, or that have immediates of their own shape. */
enum {
    OP_END          = 0x0b,
    OP_BR_TABLE     = 0x0e,
    OP_SELECT_TYPED = 0x1c,
    OP_GLOBAL_GET   = 0x23,
    OP_GLOBAL_SET   = 0x24,
    OP_LOCAL_SET    = 0x21,
    OP_LOCAL_TEE    = 0x22,
    OP_TABLE_SET    = 0x26,
    OP_I32_CONST    = 0x41,
    OP_I32_SUB      = 0x6b,
    OP_PREFIX_FC    = 0xfc,
    OP_PREFIX_FD    = 0xfd,
    FC_MEMORY_INIT  = 8,
    FC_DATA_DROP    = 9,
    FC_MEMORY_COPY  = 10,
    FC_MEMORY_FILL  = 11,
    FC_TABLE_INIT   = 12,
    FC_ELEM_DROP    = 13,
    FC_TABLE_COPY   = 14,
    FC_TABLE_GROW   = 15,
    FC_TABLE_SIZE   = 16,
    FC_TABLE_FILL   = 17,
};

typedef struct part { /* a section that is no custom section; end 0: there is none */
    size_t    start, end;
    riv_bytes body;
} part;

typedef struct global {
    uint8_t  type;
    bool     changes, exported, simple; /* simple: starts at one i32.const, value */
    uint32_t value;
} global;

typedef struct scan { /* what the code does */
    bool  unread;     /* it has instructions that are not known here: everything is held possible */
    bool *tables;     /* by index: changed by some instruction */
    bool  data_init, data_drop, elem_init, elem_drop;
    bool  stack_frame; /* a function begins by taking its frame from global 0, as LLVM's do */
} scan;

typedef struct segment {       /* of data */
    bool      passive, simple; /* simple: of memory 0 at one i32.const, at */
    uint32_t  at;
    riv_bytes head, bytes; /* head: as it stands in front of the bytes' length */
} segment;

typedef struct prep {
    riv_bytes  wasm;
    riv_arena *arena;
    riv_fault *fault;
    part       parts[SECTION_KINDS];
    riv_bytes  names; /* body of the name section */
    uint64_t   functions, tables, memories, memories_imported, globals_imported, tables_imported, exports;
    uint64_t   memory_pages;
    bool       passive_data, memory_exported;
    segment   *segments;
    uint64_t   segments_count;
    uint8_t   *table_types;
    global    *globals;
    uint64_t   globals_count;
    uint32_t   stack_named; /* by the name section, UINT32_MAX: it names none */
    scan       found;
} prep;

static riv_err find_parts(prep *p);
static riv_err read_imports(prep *p);
static riv_err read_functions(prep *p);
static riv_err read_tables(prep *p);
static riv_err read_memories(prep *p);
static riv_err read_globals(prep *p);
static riv_err read_exports(prep *p);
static riv_err read_data(prep *p);
static void    read_names(prep *p);
static void    scan_code(prep *p);
static void    make_plan(const prep *p, marine__prepared *plan);
static void    write_module(const prep *p, marine__prepared *plan, riv_buf *out);

riv_err marine__prepare(riv_bytes wasm, riv_arena *arena, riv_fault *fault, riv_buf *out, marine__prepared *plan)
{
    prep p = { .wasm = wasm, .arena = arena, .fault = fault, .stack_named = UINT32_MAX };
    RIV_TRY(find_parts(&p));
    RIV_TRY(read_imports(&p));
    RIV_TRY(read_functions(&p));
    RIV_TRY(read_tables(&p));
    RIV_TRY(read_memories(&p));
    RIV_TRY(read_globals(&p));
    RIV_TRY(read_exports(&p));
    RIV_TRY(read_data(&p));
    read_names(&p);
    scan_code(&p);
    make_plan(&p, plan);
    write_module(&p, plan, out);
    return RIV_OK;
}

riv_str marine__prepared_name(riv_arena *arena, char kind, uint32_t index)
{
    return riv_format(arena, RESERVED "%c%u", kind, index);
}

static bool reserves(riv_str name) { return riv_str_starts(name, RIV_LIT(RESERVED)); }

/* ---- the plan as bytes: what a cache keeps of it ---- */

static void put_indices(riv_buf *out, const uint32_t *indices, size_t count)
{
    marine__put_uleb(out, count);
    for (size_t i = 0; i < count; i++) marine__put_uleb(out, indices[i]);
}

void marine__prepared_write(const marine__prepared *plan, riv_buf *out)
{
    marine__put_uleb(out, plan->code_shift);
    marine__put_uleb(out, plan->stack_pointer);
    marine__put_uleb(out, (plan->memory ? 1u : 0u) | (plan->forgets ? 2u : 0u) | (plan->memory_exported ? 4u : 0u));
    marine__put_uleb(out, plan->functions_count);
    put_indices(out, plan->globals, plan->globals_count);
    put_indices(out, plan->tables, plan->tables_count);
    marine__put_uleb(out, plan->segments_count);
    for (size_t i = 0; i < plan->segments_count; i++) {
        marine__put_uleb(out, plan->segments[i].at);
        marine__put_uleb(out, plan->segments[i].bytes.len);
        riv_put_bytes(out, plan->segments[i].bytes);
    }
}

static riv_err read_u32(riv_reader *r, riv_fault *fault, uint32_t *out)
{
    size_t   start = r->pos;
    uint64_t v     = 0;
    RIV_TRY(marine__read_uleb(r, ULEB32_BYTES, fault, &v));
    if (v > UINT32_MAX) return riv_fail(fault, RIV_E_MALFORMED, start, "number of more than 32 bits");
    *out = (uint32_t)v;
    return RIV_OK;
}

static riv_err read_indices(riv_reader *r, riv_arena *arena, riv_fault *fault, const uint32_t **out, size_t *count)
{
    uint32_t n = 0;
    RIV_TRY(read_u32(r, fault, &n));
    if (n > riv_reader_left(r)) return riv_fail(fault, RIV_E_MALFORMED, r->pos, "list of indices is cut off");
    uint32_t *indices = riv_new(arena, uint32_t, n);
    for (uint32_t i = 0; i < n; i++) RIV_TRY(read_u32(r, fault, &indices[i]));
    *out   = indices;
    *count = n;
    return RIV_OK;
}

static riv_err read_segments(riv_reader *r, riv_arena *arena, riv_fault *fault, const marine__segment **out,
                             size_t *count)
{
    uint32_t n = 0, len = 0;
    RIV_TRY(read_u32(r, fault, &n));
    if (n > riv_reader_left(r)) return riv_fail(fault, RIV_E_MALFORMED, r->pos, "list of segments is cut off");
    marine__segment *segments = riv_new(arena, marine__segment, n);
    for (uint32_t i = 0; i < n; i++) {
        size_t start = r->pos;
        RIV_TRY(read_u32(r, fault, &segments[i].at));
        RIV_TRY(read_u32(r, fault, &len));
        segments[i].bytes = riv_read_bytes(r, len);
        if (r->short_read || len == 0 || len > UINT32_MAX - segments[i].at)
            return riv_fail(fault, RIV_E_MALFORMED, start, "a segment of data is cut off, empty, or beyond any memory");
    }
    *out   = segments;
    *count = n;
    return RIV_OK;
}

riv_err marine__prepared_read(riv_bytes in, riv_arena *arena, riv_fault *fault, marine__prepared *out)
{
    riv_reader       r     = riv_reader_of(in);
    marine__prepared plan  = { 0 };
    uint32_t         flags = 0;
    RIV_TRY(read_u32(&r, fault, &plan.code_shift));
    RIV_TRY(read_u32(&r, fault, &plan.stack_pointer));
    RIV_TRY(read_u32(&r, fault, &flags));
    RIV_TRY(read_u32(&r, fault, &plan.functions_count));
    RIV_TRY(read_indices(&r, arena, fault, &plan.globals, &plan.globals_count));
    RIV_TRY(read_indices(&r, arena, fault, &plan.tables, &plan.tables_count));
    RIV_TRY(read_segments(&r, arena, fault, &plan.segments, &plan.segments_count));
    if (flags > 7 || riv_reader_left(&r))
        return riv_fail(fault, RIV_E_MALFORMED, r.pos, "plan of a module has more than it should");
    plan.memory          = flags & 1;
    plan.forgets         = flags & 2;
    plan.memory_exported = flags & 4;
    *out                 = plan;
    return RIV_OK;
}

/* ---- sections ---- */

/* Bad bytes at a place in the file: what begins at `bytes` was read up to pos. */
static riv_err bad(const prep *p, riv_bytes bytes, size_t pos, const char *what)
{
    return riv_fail(p->fault, RIV_E_MALFORMED, (uint64_t)(bytes.ptr - p->wasm.ptr) + pos, "%s", what);
}

static riv_err find_parts(prep *p)
{
    riv_reader r = riv_reader_of(p->wasm);
    riv_read_bytes(&r, HEAD_BYTES);
    if (r.short_read || memcmp(p->wasm.ptr, "\0asm\1\0\0\0", HEAD_BYTES) != 0)
        return riv_fail(p->fault, RIV_E_MALFORMED, 0, "not a wasm core module");
    while (riv_reader_left(&r)) {
        part     s    = { .start = r.pos };
        uint8_t  id   = riv_read_u8(&r);
        uint32_t size = 0;
        RIV_TRY(read_u32(&r, p->fault, &size));
        s.body = riv_read_bytes(&r, size);
        s.end  = r.pos;
        if (r.short_read) return riv_fail(p->fault, RIV_E_MALFORMED, s.start, "section %u is cut off", id);
        if (id == SECTION_CUSTOM) {
            if (s.body.len > 4 && memcmp(s.body.ptr, "\4name", 5) == 0) p->names = riv_bytes_sub(s.body, 5, s.body.len);
            continue;
        }
        if (id >= SECTION_KINDS || p->parts[id].end)
            return riv_fail(p->fault, RIV_E_MALFORMED, s.start, "section %u is unknown or comes twice", id);
        p->parts[id] = s;
    }
    return RIV_OK;
}

/* Opens a section that is a vector. A section that is not there has no entries. */
static riv_err open_vector(const prep *p, int id, riv_reader *r, uint64_t *count)
{
    *r     = riv_reader_of(p->parts[id].body);
    *count = 0;
    if (!p->parts[id].end) return RIV_OK;
    uint32_t  n   = 0;
    riv_fault own = { 0 };
    if (read_u32(r, &own, &n)) return bad(p, r->in, own.pos, own.msg);
    if (n > riv_reader_left(r)) return bad(p, r->in, 0, "more entries than bytes");
    if (n > MARINE__ENTITIES_MAX && id != SECTION_CODE && id != SECTION_FUNCTION) /* which take no room here */
        return riv_fail(p->fault, RIV_E_LIMIT, p->parts[id].start, "section with %u entries, the limit is %d", n,
                        MARINE__ENTITIES_MAX);
    *count = n;
    return RIV_OK;
}

static uint64_t leb(riv_reader *r) /* signed or not: only the low bits count */
{
    uint64_t v = 0;
    for (unsigned i = 0; i < LEB64_BYTES; i++) {
        uint8_t byte = riv_read_u8(r);
        v |= i < 9 ? (uint64_t)(byte & 0x7f) << (7 * i) : 0;
        if (!(byte & 0x80)) return v;
    }
    r->short_read = true;
    return 0;
}

static uint64_t limits(riv_reader *r)
{
    uint8_t  flags   = riv_read_u8(r);
    uint64_t minimum = leb(r);
    if (flags & 1) leb(r);
    if (flags > 1) r->short_read = true; /* shared, 64 bits, other page sizes: the engine has none of them */
    return minimum;
}

static riv_err read_imports(prep *p)
{
    riv_reader r;
    uint64_t   count;
    RIV_TRY(open_vector(p, SECTION_IMPORT, &r, &count));
    for (uint64_t i = 0; i < count && !r.short_read; i++) {
        for (int names = 0; names < 2; names++) riv_read_bytes(&r, leb(&r));
        switch (riv_read_u8(&r)) {
        case KIND_FUNCTION:
            leb(&r);
            p->functions++;
            break;
        case KIND_TABLE:
            riv_read_u8(&r);
            limits(&r);
            p->tables++;
            break;
        case KIND_MEMORY:
            limits(&r);
            p->memories++;
            p->memories_imported++;
            break;
        case KIND_GLOBAL:
            riv_read_bytes(&r, 2);
            p->globals_imported++;
            break;
        default: return bad(p, r.in, r.pos, "import of a kind that the engine does not have");
        }
    }
    p->tables_imported = p->tables;
    return r.short_read ? bad(p, r.in, r.pos, "import section is cut off") : RIV_OK;
}

static riv_err read_functions(prep *p)
{
    riv_reader r;
    uint64_t   count;
    RIV_TRY(open_vector(p, SECTION_FUNCTION, &r, &count));
    p->functions += count;
    return RIV_OK;
}

static riv_err read_tables(prep *p)
{
    riv_reader r;
    uint64_t   count, imported = p->tables;
    RIV_TRY(open_vector(p, SECTION_TABLE, &r, &count));
    p->tables += count;
    p->table_types  = riv_new(p->arena, uint8_t, p->tables);
    p->found.tables = riv_new(p->arena, bool, p->tables);
    for (uint64_t i = 0; i < count && !r.short_read; i++) {
        p->table_types[imported + i] = riv_read_u8(&r);
        limits(&r);
    }
    return r.short_read ? bad(p, r.in, r.pos, "table section is cut off, or of a kind that the engine does not have")
                        : RIV_OK;
}

static riv_err read_memories(prep *p)
{
    riv_reader r;
    uint64_t   count;
    RIV_TRY(open_vector(p, SECTION_MEMORY, &r, &count));
    p->memories += count;
    if (count) p->memory_pages = limits(&r);
    return r.short_read ? bad(p, r.in, r.pos, "memory section is cut off, or of a kind that the engine does not have")
                        : RIV_OK;
}

static bool skip_instruction(riv_reader *r, scan *found, uint64_t tables, uint8_t *op);

/* An expression of the core specification; *value is that of a single i32.const. */
static bool skip_const(riv_reader *r, bool *simple, uint32_t *value)
{
    riv_reader look = *r;
    scan       none = { 0 };
    uint8_t    op   = riv_read_u8(&look);
    *value          = (uint32_t)leb(&look);
    *simple         = op == OP_I32_CONST && riv_read_u8(&look) == OP_END && !look.short_read;
    do {
        if (!skip_instruction(r, &none, 0, &op)) return false;
    } while (op != OP_END);
    return true;
}

static riv_err read_globals(prep *p)
{
    riv_reader r;
    uint64_t   count;
    RIV_TRY(open_vector(p, SECTION_GLOBAL, &r, &count));
    p->globals_count = p->globals_imported + count;
    p->globals       = riv_new(p->arena, global, p->globals_count);
    for (uint64_t i = 0; i < count; i++) {
        global *g  = &p->globals[p->globals_imported + i];
        g->type    = riv_read_u8(&r);
        g->changes = riv_read_u8(&r) == 1;
        if (!skip_const(&r, &g->simple, &g->value))
            return bad(p, r.in, r.pos, "global section is cut off, or an expression in it is not known");
    }
    return RIV_OK;
}

static riv_err read_exports(prep *p)
{
    riv_reader r;
    RIV_TRY(open_vector(p, SECTION_EXPORT, &r, &p->exports));
    for (uint64_t i = 0; i < p->exports && !r.short_read; i++) {
        size_t   start = r.pos;
        riv_str  name  = riv_bytes_str(riv_read_bytes(&r, leb(&r)));
        uint8_t  kind  = riv_read_u8(&r);
        uint64_t index = leb(&r);
        if (!r.short_read && reserves(name))
            return riv_fail(p->fault, RIV_E_CONFLICT, (uint64_t)(r.in.ptr - p->wasm.ptr) + start,
                            "export under a reserved name");
        if (kind == KIND_GLOBAL && index < p->globals_count) p->globals[index].exported = true;
        if (kind == KIND_MEMORY) p->memory_exported = true;
    }
    if (!r.short_read && riv_reader_left(&r)) return bad(p, r.in, r.pos, "export section has more than its entries");
    return r.short_read ? bad(p, r.in, r.pos, "export section is cut off") : RIV_OK;
}

static riv_err read_data(prep *p)
{
    riv_reader r;
    uint64_t   count;
    RIV_TRY(open_vector(p, SECTION_DATA, &r, &count));
    p->segments       = riv_new(p->arena, segment, count);
    p->segments_count = count;
    for (uint64_t i = 0; i < count && !r.short_read; i++) {
        segment *s     = &p->segments[i];
        size_t   start = r.pos;
        uint64_t flags = leb(&r);
        s->passive     = flags == 1;
        p->passive_data |= s->passive;
        if (flags == 2) leb(&r);
        if (!s->passive && !skip_const(&r, &s->simple, &s->at)) p->passive_data = r.short_read = true;
        s->simple = s->simple && flags == 0;
        s->head   = riv_bytes_sub(r.in, start, r.pos);
        s->bytes  = riv_read_bytes(&r, leb(&r));
    }
    return r.short_read ? bad(p, r.in, r.pos, "data section is cut off") : RIV_OK;
}

/* Names are a help for people: a bad section of them is none. */
static void read_names(prep *p)
{
    riv_reader r = riv_reader_of(p->names);
    while (riv_reader_left(&r) && !r.short_read) {
        uint8_t    id   = riv_read_u8(&r);
        riv_reader body = riv_reader_of(riv_read_bytes(&r, leb(&r)));
        if (id != NAMES_GLOBALS) continue;
        for (uint64_t count = leb(&body); count > 0 && !body.short_read; count--) {
            uint64_t index = leb(&body);
            riv_str  name  = riv_bytes_str(riv_read_bytes(&body, leb(&body)));
            if (!body.short_read && index < p->globals_count && riv_str_eq(name, RIV_LIT(STACK_POINTER_NAME)))
                p->stack_named = (uint32_t)index;
        }
    }
}

/* ---- code ---- */

static void mark(scan *found, uint64_t tables, uint64_t index)
{
    if (index < tables) found->tables[index] = true;
}

static bool skip_fc(riv_reader *r, scan *found, uint64_t tables)
{
    uint64_t op = leb(r);
    if (op < FC_MEMORY_INIT) return true; /* conversions */
    if (op > FC_TABLE_FILL) return false;
    uint64_t first  = leb(r),
             second = op == FC_MEMORY_INIT || op == FC_MEMORY_COPY || op == FC_TABLE_INIT || op == FC_TABLE_COPY
                          ? leb(r)
                          : 0;
    switch (op) {
    case FC_MEMORY_INIT: found->data_init = true; break;
    case FC_DATA_DROP: found->data_drop = true; break;
    case FC_TABLE_INIT:
        found->elem_init = true;
        mark(found, tables, second);
        break;
    case FC_ELEM_DROP: found->elem_drop = true; break;
    case FC_TABLE_COPY:
    case FC_TABLE_GROW:
    case FC_TABLE_FILL: mark(found, tables, first); break;
    default: break;
    }
    return true;
}

static void skip_memarg(riv_reader *r)
{
    leb(r);
    leb(r);
}

static bool skip_fd(riv_reader *r)
{
    enum {
        LOADS_END         = 11,
        CONST             = 12,
        SHUFFLE           = 13,
        LANE_FIRST        = 21,
        LANE_LAST         = 34,
        MEMORY_LANE_FIRST = 84,
        MEMORY_LANE_LAST  = 91,
        LOAD_ZERO_LAST    = 93,
        LAST              = 255
    };
    uint64_t op = leb(r);
    if (op > LAST) return false;
    if (op <= LOADS_END || (op >= MEMORY_LANE_FIRST && op <= LOAD_ZERO_LAST)) skip_memarg(r);
    if (op == CONST || op == SHUFFLE) riv_read_bytes(r, 16);
    if ((op >= LANE_FIRST && op <= LANE_LAST) || (op >= MEMORY_LANE_FIRST && op <= MEMORY_LANE_LAST)) riv_read_u8(r);
    return true;
}

/* False: not an instruction that is known here, or cut off. */
static bool skip_instruction(riv_reader *r, scan *found, uint64_t tables, uint8_t *opcode)
{
    uint8_t op = *opcode = riv_read_u8(r);
    if (op == OP_BR_TABLE || op == OP_SELECT_TYPED) {
        for (uint64_t n = leb(r) + (op == OP_BR_TABLE); n > 0 && !r->short_read; n--) leb(r);
    } else if (op == OP_TABLE_SET) {
        mark(found, tables, leb(r));
    } else if (op == 0x11 || op == 0x13) { /* call_indirect, return_call_indirect: type, table */
        leb(r);
        leb(r);
    } else if (op >= 0x28 && op <= 0x3e) {
        skip_memarg(r);
    } else if ((op >= 0x02 && op <= 0x04) || op == 0x0c || op == 0x0d || op == 0x10 || op == 0x12 ||
               (op >= 0x20 && op <= 0x25) || (op >= 0x3f && op <= 0x42) || op == 0xd0 || op == 0xd2) {
        leb(r); /* one index, block type, number, or heap type */
    } else if (op == 0x43 || op == 0x44) {
        riv_read_bytes(r, op == 0x43 ? 4 : 8);
    } else if (op == OP_PREFIX_FC) {
        if (!skip_fc(r, found, tables)) return false;
    } else if (op == OP_PREFIX_FD) {
        if (!skip_fd(r)) return false;
    } else if (!(op <= 0x01 || op == 0x05 || op == OP_END || op == 0x0f || op == 0x1a || op == 0x1b ||
                 (op >= 0x45 && op <= 0xc4) || op == 0xd1)) {
        return false;
    }
    return !r->short_read;
}

/* global.get 0, i32.const, i32.sub, local.tee or local.set: how LLVM's functions take their frame of the stack in memory. */
static bool takes_frame(riv_reader r)
{
    if (riv_read_u8(&r) != OP_GLOBAL_GET || leb(&r) != 0 || riv_read_u8(&r) != OP_I32_CONST) return false;
    leb(&r);
    if (riv_read_u8(&r) != OP_I32_SUB) return false;
    uint8_t set = riv_read_u8(&r);
    return !r.short_read && (set == OP_LOCAL_TEE || set == OP_LOCAL_SET);
}

static bool scan_body(riv_bytes body, scan *found, uint64_t tables)
{
    riv_reader r = riv_reader_of(body);
    for (uint64_t locals = leb(&r); locals > 0 && !r.short_read; locals--) {
        leb(&r);
        leb(&r);
    }
    if (takes_frame(r)) found->stack_frame = true;
    uint8_t op;
    while (riv_reader_left(&r))
        if (!skip_instruction(&r, found, tables, &op)) return false;
    return !r.short_read;
}

/* What is wrong in code is the engine's to say; here it only makes everything possible. */
static void scan_code(prep *p)
{
    riv_reader r;
    uint64_t   count;
    riv_fault  own  = { 0 };
    prep       copy = *p;
    copy.fault      = &own;
    p->found.unread = open_vector(&copy, SECTION_CODE, &r, &count) != RIV_OK;
    for (uint64_t i = 0; !p->found.unread && i < count; i++) {
        riv_bytes body  = riv_read_bytes(&r, leb(&r));
        p->found.unread = r.short_read || !scan_body(body, &p->found, p->tables);
    }
}

/* ---- the plan ---- */

static bool may_be_stack_pointer(const prep *p, uint64_t i)
{
    return i >= p->globals_imported && i < p->globals_count && p->globals[i].changes && p->globals[i].type == TYPE_I32;
}

/* LLVM's stack in linear memory: its pointer is named, or is the first global, starts at the top and is not exported. */
static uint32_t stack_pointer(const prep *p)
{
    if (p->stack_named != UINT32_MAX) return may_be_stack_pointer(p, p->stack_named) ? p->stack_named : UINT32_MAX;
    if (!may_be_stack_pointer(p, 0)) return UINT32_MAX;
    const global *g = &p->globals[0];
    bool          top =
        g->simple && g->value && g->value % STACK_ALIGN == 0 && g->value <= p->memory_pages * (uint64_t)WASM_PAGE_BYTES;
    return top && !g->exported && p->found.stack_frame && !p->found.unread ? 0 : UINT32_MAX;
}

/* Data that a new memory holds may be mapped into it instead of being written: when all of it lies at places that are known, within the
 * memory (what does not must fail as it does), and close enough that its pages are mostly data. */
static void make_image(const prep *p, marine__prepared *plan)
{
    marine__segment *out = riv_new(p->arena, marine__segment, p->segments_count);
    uint64_t         low = UINT64_MAX, high = 0, total = 0, memory = p->memory_pages * (uint64_t)WASM_PAGE_BYTES;
    size_t           count = 0;
    for (uint64_t i = 0; i < p->segments_count; i++) {
        const segment *s = &p->segments[i];
        if (s->passive) continue;
        if (!s->simple || s->bytes.len > memory || s->at > memory - s->bytes.len) return;
        if (!s->bytes.len) continue;
        low  = RIV_MIN(low, s->at);
        high = RIV_MAX(high, s->at + s->bytes.len);
        total += s->bytes.len;
        out[count++] = (marine__segment){ s->at, s->bytes };
    }
    if (p->memories != 1 || p->memories_imported || total < IMAGE_BYTES_MIN || high - low > 2 * total) return;
    plan->segments       = out;
    plan->segments_count = count;
}

static void make_plan(const prep *p, marine__prepared *plan)
{
    uint32_t *globals = riv_new(p->arena, uint32_t, p->globals_count), *tables = riv_new(p->arena, uint32_t, p->tables);
    bool      functions = false;
    *plan               = (marine__prepared){
                      .globals = globals, .tables = tables, .memory = p->memories > 0, .stack_pointer = stack_pointer(p)
    };
    for (uint64_t i = p->globals_imported; i < p->globals_count; i++)
        if (p->globals[i].changes) {
            globals[plan->globals_count++] = (uint32_t)i;
            functions |= p->globals[i].type == TYPE_FUNCREF;
        }
    for (uint64_t i = p->tables_imported; i < p->tables; i++)
        if (p->found.unread || p->found.tables[i]) {
            tables[plan->tables_count++] = (uint32_t)i;
            functions |= p->table_types[i] == TYPE_FUNCREF;
        }
    plan->memory_exported = p->memory_exported;
    /* Whether a segment was dropped shows nowhere but in an init after it. */
    const scan *f = &p->found;
    plan->forgets = f->unread || (functions && p->functions > MARINE__ENTITIES_MAX) ||
                    (f->data_init && f->data_drop && p->passive_data) || (f->elem_init && f->elem_drop);
    if (functions && !plan->forgets) plan->functions_count = (uint32_t)p->functions;
    make_image(p, plan);
}

/* ---- the module with its new exports ---- */

static void put_export(const prep *p, riv_buf *out, char letter, uint8_t kind, uint32_t index)
{
    riv_str name = marine__prepared_name(p->arena, letter, index);
    marine__put_uleb(out, name.len);
    riv_put_str(out, name);
    riv_put_u8(out, kind);
    marine__put_uleb(out, index);
}

/* Where an export section may stand in a module that has none: before the first of those that come after it. */
static size_t place_of_exports(const prep *p)
{
    size_t place = p->wasm.len;
    for (int id = 1; id < SECTION_KINDS; id++)
        if (p->parts[id].end && id >= SECTION_START && id != SECTION_TAG) place = RIV_MIN(place, p->parts[id].start);
    return place;
}

/* The same segments, by the same indices; active ones are empty. */
static void put_data(const prep *p, riv_buf *out)
{
    riv_buf body = riv_buf_in(p->arena);
    marine__put_uleb(&body, p->segments_count);
    for (uint64_t i = 0; i < p->segments_count; i++) {
        const segment *s = &p->segments[i];
        riv_bytes      b = s->passive ? s->bytes : (riv_bytes){ 0 };
        riv_put_bytes(&body, s->head);
        marine__put_uleb(&body, b.len);
        riv_put_bytes(&body, b);
    }
    riv_put_u8(out, SECTION_DATA);
    marine__put_uleb(out, body.len);
    riv_put_bytes(out, riv_buf_view(&body));
}

static void write_module(const prep *p, marine__prepared *plan, riv_buf *out)
{
    riv_buf     added = riv_buf_in(p->arena), body = riv_buf_in(p->arena);
    const part *old = &p->parts[SECTION_EXPORT];
    uint64_t    count =
        p->exports + plan->globals_count + plan->tables_count + plan->functions_count + (plan->memory ? 1 : 0);
    size_t from = old->end ? old->start : place_of_exports(p), to = old->end ? old->end : from;
    if (plan->memory) put_export(p, &added, 'm', KIND_MEMORY, 0);
    for (size_t i = 0; i < plan->globals_count; i++) put_export(p, &added, 'g', KIND_GLOBAL, plan->globals[i]);
    for (size_t i = 0; i < plan->tables_count; i++) put_export(p, &added, 't', KIND_TABLE, plan->tables[i]);
    for (uint32_t i = 0; i < plan->functions_count; i++) put_export(p, &added, 'f', KIND_FUNCTION, i);
    if (added.len == 0) { /* nothing changes in it */
        riv_put_bytes(out, p->wasm);
        return;
    }
    riv_reader entries = riv_reader_of(old->body);
    if (old->end) leb(&entries);
    marine__put_uleb(&body, count);
    riv_put_bytes(&body, riv_bytes_sub(old->body, entries.pos, old->body.len));
    riv_put_bytes(&body, riv_buf_view(&added));
    size_t start = out->len;
    riv_put_bytes(out, riv_bytes_sub(p->wasm, 0, from));
    riv_put_u8(out, SECTION_EXPORT);
    marine__put_uleb(out, body.len);
    riv_put_bytes(out, riv_buf_view(&body));
    plan->code_shift = (uint32_t)(out->len - start - to); /* the section only grew */
    const part *data = &p->parts[SECTION_DATA];
    if (plan->segments_count && data->start < to) plan->segments_count = 0; /* out of order: the engine will say so */
    if (plan->segments_count) {
        riv_put_bytes(out, riv_bytes_sub(p->wasm, to, data->start));
        put_data(p, out);
        to = data->end;
    }
    riv_put_bytes(out, riv_bytes_sub(p->wasm, to, p->wasm.len));
}
