/* avm, inside: the state of one run and what its files share. Reading order: README.md.
 * A script's own failures are values (`failure`), not riv_errs: NULL means that all went well. Everything lives in the run's arena;
 * a session's arena serves many runs.
 * Spec: docs/spec/air.md §2 to §5. */
#ifndef RIV_AVM_INTERNAL_H
#define RIV_AVM_INTERNAL_H

#include "avm/avm.h"

enum {
    AVM_FRAMES_MAX     = 1 << 20,          /* instructions that are open at once: fold bodies nest once per element */
    AVM_STREAM_MAX     = 1024,             /* SPEC air.md 4.3: A stream may hold at most 1023 values */
    AVM_JSON_DEPTH_MAX = RIV_JSON_DEPTH_MAX, /* nesting of a value that is written; deeper ones could not be read again */
};
#define AVM_GENERATION_STUB 0xCAFEBABEu /* a generation that is numbered at the end of the run */
#define AVM_VERSION_MIN     "0.61.0"    /* older data is refused with code 6 */

typedef struct avm avm;

/* ---- failures: error.c ---- */

/* Why an instruction failed. Codes below 20000 are catchable. SPEC air.md 4.7 */
typedef struct failure { uint32_t code; riv_str message; } failure;

enum {
    CODE_SERVICE = 10000, CODE_MATCH, CODE_MISMATCH, CODE_NOT_FOUND, CODE_TYPE, CODE_NON_ARRAY, CODE_USER, CODE_LAMBDA,
    CODE_ERROR_OBJECT, CODE_UNSET, CODE_LENGTH, CODE_TRIPLET, CODE_MAP_KEY,
    CODE_TRACE = 20000, CODE_GENERATION, CODE_INT, CODE_NO_FOLD, CODE_ITERATOR_SHADOWED, CODE_ITERATOR_TWICE,
    CODE_CALL_KIND, CODE_SHADOWING, CODE_SCALARS, CODE_CID, CODE_CID_NOT_FOUND, CODE_NO_GENERATION, CODE_BAD_FAILED,
    CODE_STREAM_FULL, CODE_KV_PAIR, CODE_MAP, CODE_MAP_SCALAR, CODE_MISMATCHED_PARAMETERS, CODE_SIGNING,
    CODE_UNUSED_RESULTS = 30000,
};

#define AVM_TRY(expr)                            \
    do {                                         \
        const failure *avm_try_failure = (expr); \
        if (avm_try_failure) return avm_try_failure; \
    } while (0)

const failure *avm__fail(avm *vm, uint32_t code, const char *format, ...) RIV_PRINTF(3, 4);
const failure *avm__fail_str(avm *vm, uint32_t code, riv_str message);
/* A failure of merging at an instruction: 20000 with the original's frame around the message. */
const failure *avm__trace_fail(avm *vm, const air_node *at, const char *format, ...) RIV_PRINTF(3, 4);
static inline bool avm__catchable(const failure *f) { return f->code < CODE_TRACE; }
static inline bool avm__joinable(const failure *f) { return f->code == CODE_NOT_FOUND; }

/* %last_error% or :error: */
typedef struct error_slot {
    const riv_json      *object;
    const avm_tetraplet *tetraplet; /* NULL: a literal's */
    archive_provenance   provenance;
    riv_str              cid;
    const failure       *original; /* :error: only: what the xor caught */
    bool                 can_be_set;
} error_slot;
void           avm__errors_init(avm *vm);
void           avm__set_errors(avm *vm, const failure *f, const air_node *at, const avm_tetraplet *tetraplet);
void           avm__error_caught(avm *vm, const failure *f); /* an xor's right branch begins */
void           avm__error_done(avm *vm, bool well);          /* and ends */
const failure *avm__exec_fail(avm *vm, const air_node *node);
void           avm__put_debug_str(riv_buf *out, riv_str s); /* as Rust's {:?} prints a string */
void           avm__put_debug_state(riv_buf *out, const archive_state *s);
riv_str        avm__debug_state(avm *vm, const archive_state *s);
riv_str        avm__shown_state(avm *vm, const archive_state *s); /* its Display form */
riv_str        avm__debug_call_value(avm *vm, const archive_state *s); /* ValueRef of an executed call */
riv_str        avm__debug_tetraplet(avm *vm, const avm_tetraplet *t);

/* ---- reading as serde does: serde.c ---- */

riv_str avm__why_not_json(riv_arena *arena, riv_str text, const riv_fault *fallback);
/* {"ret_code", "message"} of a failed call, or both in an array; else 20012. */
const failure *avm__read_failed(avm *vm, const riv_json *json, int32_t *ret_code, riv_str *message);

/* ---- values: value.c ---- */

/* One JSON value in up to three forms, each made when first needed. */
typedef struct datum {
    const riv_json *json;
    riv_str         stored; /* as it stands in the value store, maybe not compact */
    riv_str         text;   /* compact, keys sorted: what is hashed */
} datum;

/* A value with where it comes from. */
typedef struct value {
    datum               *datum;
    const avm_tetraplet *tetraplet;
    uint32_t             trace_pos; /* of its own state: stream folds find their windows by it */
    archive_provenance   provenance;
    riv_str              cid; /* of the service result or canon result */
} value;

typedef struct canon_map_entry { riv_str key; const riv_json *key_json; RIV_VEC(const value *) values; } canon_map_entry;
/* A canonicalised stream or map. */
typedef struct canon {
    const value *const  *values; /* of a map: the pairs {"key", "value"} */
    size_t               count;
    const avm_tetraplet *tetraplet;
    riv_str              cid;
    datum               *whole;   /* the value as seen without a lambda; made when first needed */
    riv_map             *by_key;  /* of a map: typed key -> canon_map_entry */
} canon;

/* What an operand stands for. `many`: one tetraplet for each element. */
typedef struct resolved {
    datum               *datum;
    const avm_tetraplet *tetraplet;
    const canon         *many; /* not NULL: tetraplets are those of its values */
    archive_provenance   provenance;
    riv_str              cid;
} resolved;

datum          *avm__datum(avm *vm, const riv_json *json);
const riv_json *avm__json(avm *vm, datum *d);                    /* null and vm->broken set when the stored text is no JSON */
riv_str         avm__text(avm *vm, datum *d);                    /* compact; bounded by the budget */
riv_str         avm__json_text(avm *vm, const riv_json *json);   /* the same for a bare value */
avm_tetraplet  *avm__tetraplet(avm *vm, riv_str peer, riv_str service, riv_str function, riv_str lens);
const avm_tetraplet *avm__with_lens(avm *vm, const avm_tetraplet *t, riv_str lens);
const avm_tetraplet *avm__lambda_tetraplet(avm *vm, const avm_tetraplet *t, const air_lambda *lambda);
/* As a variable keeps it: literals keep only the peer of the tetraplet, canons peer and lens. SPEC air.md 4.5 */
value *avm__value(avm *vm, datum *d, const avm_tetraplet *t, uint32_t trace_pos, archive_provenance p, riv_str cid);
bool   avm__tetraplet_eq(const avm_tetraplet *a, const avm_tetraplet *b);
bool   avm__has_lambda(const air_lambda *lambda);
const failure *avm__select(avm *vm, const riv_json *json, const air_lambda *lambda, const riv_json **out);
datum *avm__canon_whole(avm *vm, canon *c, bool is_map);
/* Fills by_key from pairs; fails with 20014. */
const failure *avm__canon_index(avm *vm, canon *c);
/* A key of a stream map as bytes in which "42" and 42 differ; false for other kinds of JSON. */
bool    avm__map_key(avm *vm, const riv_json *json, riv_str *typed, riv_str *printed);
const failure *avm__resolve(avm *vm, const air_value *v, resolved *out);
/* Resolves and wants a string: peer, service, function. Fails with 10011. */
const failure *avm__resolve_text(avm *vm, const air_value *v, riv_str *out);

/* ---- scalars and iterators: scope.c ---- */

typedef struct lore_fold lore_fold;
typedef struct fold_state {
    const air_node      *fold;
    const value *const  *values; /* items as they are, or NULL: items are elements of array */
    const riv_json      *array;
    const avm_tetraplet *tetraplet;
    archive_provenance   provenance;
    riv_str              cid;
    uint32_t             trace_pos;
    size_t               count, cursor;
    bool                 back_started;
    lore_fold           *lore; /* NULL: a fold over scalars or canons */
    const value         *item; /* cache of avm__item */
    size_t               item_cursor;
} fold_state;

typedef enum found { FOUND_NOTHING, FOUND_UNSET, FOUND_VALUE, FOUND_ITERATOR } found;
void           avm__scope_init(avm *vm);
const failure *avm__set(avm *vm, riv_str name, void *held); /* value or canon, by the name's sigil */
bool           avm__could_be_set(avm *vm, riv_str name);
found          avm__look(avm *vm, riv_str name, void **held, fold_state **iterator);
const failure *avm__get_canon(avm *vm, riv_str name, canon **out);
/* A scalar or the current item of a fold, as it is. */
const failure *avm__get_scalar(avm *vm, riv_str name, const value **out, fold_state **iterator);
void           avm__fold_start(avm *vm);
void           avm__fold_end(avm *vm);
void           avm__next_before(avm *vm);
void           avm__next_after(avm *vm);
void           avm__new_start(avm *vm, riv_str name);
const failure *avm__new_end(avm *vm, riv_str name);
const value   *avm__item(avm *vm, fold_state *f);
fold_state    *avm__iterator(avm *vm, riv_str name);
void           avm__iterator_put(avm *vm, riv_str name, fold_state *f); /* NULL removes */

/* ---- streams: stream.c ---- */

typedef enum source { SOURCE_PREV, SOURCE_CUR, SOURCE_NEW } source;
typedef struct generation {
    uint32_t number;
    uint32_t given;    /* the number that the first `numbered` values have in the result */
    size_t   numbered;
    RIV_VEC(const value *) values;
} generation;
typedef struct matrix { /* only generations with values are kept; count tells of the empty ones too */
    RIV_VEC(generation) list;
    size_t count, size;
} matrix;
typedef struct stream {
    matrix side[3];  /* by source; iterated in this order */
    size_t folds;    /* entered with values: each left a generation's place in SOURCE_NEW */
    bool   settled;  /* nothing changed since avm__streams_settle */
    size_t same;     /* so many first stored generations have not changed since, and their place is their number */
} stream;
typedef struct stream_cursor { size_t from[3]; } stream_cursor;
typedef struct slice { const value *const *values; size_t count; } slice;
typedef RIV_VEC(slice) slices;

stream        *avm__stream(avm *vm, const air_var *var); /* NULL: nothing was written to it yet */
const failure *avm__stream_add(avm *vm, const air_var *var, const value *v, source from, uint32_t number);
void           avm__stream_open(avm *vm, const air_var *var, const air_node *new_node);
const failure *avm__stream_close(avm *vm, const air_var *var);
const failure *avm__streams_number(avm *vm); /* at the end of the run */
/* As a run over the result so far would have them: all values that stand before this position are stored ones. */
void           avm__streams_settle(avm *vm, uint32_t before);
void           avm__stream_values(avm *vm, const stream *s, const value *const **values, size_t *count);
/* What lies behind the cursor, as slices of one generation each; moves the cursor. */
void           avm__stream_behind(avm *vm, stream *s, stream_cursor *at, bool start, slices *out);

/* ---- trace: trace.c, lore.c ---- */

typedef struct cursor { const archive_state *states; uint32_t count, pos, len, seen; } cursor; /* states: from trace.base on */
typedef struct pos_pairs { RIV_VEC(uint32_t) of_new; uint32_t *to_new; } pos_pairs; /* positions behind trace.base + 1; 0: none */
typedef struct edit { uint32_t pos; archive_state was; } edit;
typedef struct trace {
    uint32_t  base;    /* a run that goes on from a checkpoint: states before it are in both prev and the result */
    cursor    side[2]; /* SOURCE_PREV, SOURCE_CUR */
    pos_pairs pairs[2];
    RIV_VEC(archive_state) result;
    RIV_VEC(archive_state) tail;   /* of prev, from base on */
    RIV_VEC(edit)          edits;  /* states before base that this run changed */
} trace;

typedef struct met_state { bool met; archive_state state; uint32_t trace_pos; source from; } met_state;
void           avm__trace_init(avm *vm, const archive_data *prev, const archive_data *cur);
uint32_t       avm__trace_pos(const avm *vm); /* where the next state goes */
void           avm__trace_push(avm *vm, archive_state state);
archive_state *avm__trace_edit(avm *vm, uint32_t pos); /* to be changed; the result grows no more while it is held */
const archive_state *avm__state_at(const avm *vm, const cursor *c, uint32_t pos); /* pos < c->count */
bool           avm__same_state(const archive_state *a, const archive_state *b);
void           avm__trace_rewind(avm *vm, uint32_t pos); /* the result so far becomes prev; the walk stands at pos */
const failure *avm__meet_call(avm *vm, const air_node *at, met_state *out);
const failure *avm__meet_ap(avm *vm, const air_node *at, met_state *out);
const failure *avm__meet_canon(avm *vm, const air_node *at, met_state *out);

typedef struct par_join par_join;
const failure *avm__par_start(avm *vm, const air_node *at, par_join **out);
void           avm__par_left_end(avm *vm, par_join *p);
void           avm__par_right_end(avm *vm, par_join *p);

const failure *avm__lore_start(avm *vm, const air_node *at, lore_fold **out);
const failure *avm__lore_iteration_start(avm *vm, const air_node *at, lore_fold *f, uint32_t value_pos);
const failure *avm__lore_iteration_end(avm *vm, const air_node *at, lore_fold *f);
const failure *avm__lore_back(avm *vm, const air_node *at, lore_fold *f);
void           avm__lore_generation_end(avm *vm, lore_fold *f);
void           avm__lore_end(avm *vm, lore_fold *f);
/* Shared by trace.c and lore.c. */
const failure *avm__next_states(avm *vm, const air_node *at, archive_state_kind want, const char *name,
                                const archive_state *out[2]);
riv_str        avm__cursor_window(avm *vm, cursor *c, uint32_t pos, uint32_t len); /* empty: done, else what is wrong */
riv_str        avm__cursor_len(avm *vm, cursor *c, uint32_t len);

/* ---- stores: data.c ---- */

typedef struct stores { riv_map *values, *tetraplets, *elements, *canons, *results; } stores; /* CID -> entry (values: datum) */
void avm__stores_init(stores *s, riv_arena *arena);
void avm__stores_put(stores *s, const archive_data *data, riv_arena *arena);
/* SPEC air.md 3.3: content ids and references; trusted (may be NULL) holds entries that need no second look. code 8 */
RIV_MUST_USE riv_err avm__stores_verify(const archive_data *data, const stores *own, const stores *trusted,
                                        riv_arena *arena, riv_fault *fault);
void           avm__stores_export(const avm *vm, archive_data *out);
riv_str        avm__track_service_result(avm *vm, datum *d, const avm_tetraplet *t, riv_str argument_hash);
riv_str        avm__track_canon(avm *vm, const canon *c);
const failure *avm__service_result(avm *vm, riv_str cid, datum **d, const avm_tetraplet **t, riv_str *argument_hash);
const failure *avm__stored_canon(avm *vm, riv_str cid, canon **out);

/* ---- signatures: sign.c ---- */

typedef struct signer { riv_bytes public_key, signature; riv_str peer; RIV_VEC(riv_str) cids; } signer;
typedef struct signers {
    riv_map *by_peer;
    signer  *last;    /* looked for last: neighbours in a trace are often one peer's */
    riv_str  message; /* the last failure, whole */
} signers;
/* Groups the trace's content ids by the peers that answer for them. code 9 */
RIV_MUST_USE riv_err avm__signers_of(const archive_data *data, const stores *own, riv_arena *arena, riv_fault *fault,
                                     signers *out);
RIV_MUST_USE riv_err avm__signers_verify(signers *s, riv_str particle_id, riv_arena *arena, riv_fault *fault,
                                         size_t *checked);
/* Puts the signatures of b and those of a together, per peer that over more; into a. code 9 */
RIV_MUST_USE riv_err avm__signers_merge(signers *a, const signers *b, riv_arena *arena, riv_fault *fault);
/* A signature is the same whenever its bytes are: made once. */
typedef struct signed_before { riv_blob bytes; crypto_signature signature; uint64_t made; } signed_before;
/* The current peer, over what it met in this run. signed_before may be NULL. */
void avm__sign(avm *vm, signers *s, signed_before *before);
/* Its entry, without the signature. */
signer *avm__self(const avm_params *p, riv_arena *arena);
void avm__signers_export(const signers *s, riv_arena *arena, archive_data *out);
void avm__met_cid(avm *vm, riv_str peer, riv_str cid);

/* ---- one invoke between its stages: avm.c ---- */

typedef enum ending { ENDING_REFUSED /* data as before */, ENDING_NO_DATA, ENDING_DATA } ending;
typedef struct invoke {
    const avm_input  *in;
    const avm_params *params;
    riv_arena        *arena; /* of what is decoded */
    riv_arena        *out_arena;
    avm_output       *out;
    bool              known; /* prev was decoded before: prev and prev_stores are set */
    bool              refused;
    bool              over; /* a message does not fit into out_arena */
    archive_data      prev, cur;
    stores            prev_stores, cur_stores;
    signers           signers; /* of prev, then merged */
    const air_node   *root;
    size_t            bytes_start;
    uint64_t          bytes_max;
} invoke;
/* In this order; each can end the invoke: refused is set. */
void avm__invoke_start(invoke *v, const avm_input *in, const avm_params *params, riv_arena *arena, riv_arena *out_arena, avm_output *out);
bool avm__check_sizes(invoke *v);
RIV_MUST_USE riv_err avm__take_data(invoke *v, riv_fault *fault);
RIV_MUST_USE riv_err avm__take_script(invoke *v, riv_arena *arena, riv_fault *fault);
bool avm__take_results(invoke *v); /* and the key */
/* vm->arena, stores and traces are set already. */
void   avm__vm_start(avm *vm, invoke *v);
void   avm__vm_inputs(avm *vm, invoke *v, riv_fault *fault); /* what is new in each step */
ending avm__finish(avm *vm, invoke *v);

/* ---- running: exec.c, exec_*.c ---- */

/* An open instruction. A handler is called with step 0, then again after each child it asked for. */
typedef struct frame {
    const air_node *node;
    uint32_t        step;
    bool            left_complete; /* par */
    const failure  *left;          /* par: why the left side failed */
    void           *local;
} frame;

/* Does the next piece of an instruction: a child to run, or NULL when it ended (vm->failure tells how). The frame does not move. */
typedef const air_node *(*handler)(avm *vm, frame *f);
const air_node *avm__exec_call(avm *vm, frame *f);
const air_node *avm__exec_ap(avm *vm, frame *f);
const air_node *avm__exec_canon(avm *vm, frame *f);
const air_node *avm__exec_fold(avm *vm, frame *f);
const air_node *avm__exec_next(avm *vm, frame *f);

RIV_MUST_USE riv_err avm__exec(avm *vm, const air_node *root);
RIV_MUST_USE riv_err avm__exec_on(avm *vm); /* from the frames as they are */
/* True when f means "wait": completeness is cleared and the instruction ends well. SPEC air.md 4.2 */
bool avm__join(avm *vm, const failure *f);
void avm__send_to(avm *vm, riv_str peer);

/* ---- going on where a run waits: resume.c ---- */

/* Old bytes of what a run changed behind its checkpoint, taken back from the youngest on. */
typedef struct note { void *at; uint32_t len, bytes_at; } note;
typedef struct checkpoint {
    bool       set;
    bool       final;         /* a call was met that waits for this host: no later place will do */
    uint32_t   pos;           /* in the result */
    bool       complete, folded;
    size_t     frames_len, frames_low; /* frames from low on are saved */
    RIV_VEC(frame) frames;    /* youngest first */
    error_slot last_error, error;
    size_t     met_len;
    uint32_t   depth;
    RIV_VEC(note)    notes;
    RIV_VEC(uint8_t) bytes;
} checkpoint;
/* To be called before *at changes: keeps the old bytes when there is a checkpoint to come back to. */
void avm__note(avm *vm, void *at, size_t len);
#define avm__note_vec(vm, v) avm__note((vm), (v), sizeof *(v)) /* its header: for a vector that gets shorter */
/* riv_push for a vector that a checkpoint can take back. */
#define avm__push(vm, v) \
    ((vm)->checkpoint.set ? avm__note_push((vm), (v), sizeof *(v), (v)->ptr, (v)->len, (v)->cap, sizeof *(v)->ptr) : (void)0, \
     riv_push((vm)->arena, (v)))
void avm__note_push(avm *vm, void *header, size_t header_bytes, void *items, size_t len, size_t cap, size_t item_bytes);
void avm__save_frame(avm *vm); /* the top one, before its handler runs */
void avm__check_steady(avm *vm, datum *d); /* a value that was just written: is it the same when it is read? */
void avm__checkpoint_at_fold(avm *vm);
void avm__checkpoint_at_call(avm *vm); /* the call that runs waits for this host */
/* Everything as a run over the result would have it where the checkpoint stands. */
void avm__resume(avm *vm);

struct avm {
    const avm_params *params;
    riv_arena *arena;
    riv_arena *out;           /* where peers and requests go: the caller's */
    riv_fault *fault;
    size_t     bytes_start;
    uint64_t   bytes_max, steps_max, steps;
    bool       over;          /* a budget is spent: the run ends with RIV_E_LIMIT */
    const char *over_what;
    const failure *broken;    /* data on which no run can go on; becomes vm->failure */

    stores   stores;
    trace    trace;
    riv_map *names;           /* variable or iterator -> its cells */
    RIV_VEC(uint8_t) allowed; /* by depth: may values of this depth be seen */
    RIV_VEC(void *) set_here; /* by depth: names with a cell of it */
    uint32_t depth;
    riv_map *streams;         /* stream or map -> its scopes */
    error_slot last_error, error;
    const avm_tetraplet *literal; /* {init_peer_id, "", "", ""} */

    bool           complete;
    bool           tail; /* the child that was just named takes its parent's place */
    const failure *failure;
    RIV_VEC(frame) frames;
    uint32_t       last_call_id;
    riv_map       *results; /* call id -> its avm_call_result */
    riv_map       *peers_seen;
    RIV_VEC(riv_str) peers;
    RIV_VEC(avm_call_request) requests;
    RIV_VEC(riv_str) met_cids; /* of the current peer, in the order met */
    riv_buf        scratch;

    /* For sessions. */
    bool           keeps;      /* somebody will go on from here: checkpoints are made */
    bool           unsteady;   /* a run over the result could walk otherwise than this one did */
    bool           reread;     /* the stores hold values that their own texts do not give */
    bool           stray;      /* a result was taken for a peer that is not this one */
    bool           folded;     /* a stream was folded */
    bool           renumbered; /* stored values got other numbers */
    bool           scopes_lost; /* of streams: unwinding can fail */
    uint32_t       lores;      /* folds over streams that are open */
    RIV_VEC(par_join *) pars;  /* that are open */
    uint32_t       call_pos;   /* of the call that runs */
    bool           call_complete;
    checkpoint     checkpoint;
};

#endif
