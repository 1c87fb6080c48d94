/* error.c: failures of instructions, the objects %last_error% and :error:, and states as the original's messages show them.
 * Spec: docs/spec/air.md §4.6, §4.7. Tests: avm_test.c. */
#include "avm/internal.h"

static const failure *make(avm *vm, uint32_t code, riv_str message)
{
    failure *f = riv_new(vm->arena, failure, 1);
    *f         = (failure){ code, message };
    return f;
}

const failure *avm__fail(avm *vm, uint32_t code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    riv_str message = riv_vformat(vm->arena, format, args);
    va_end(args);
    return make(vm, code, message);
}

const failure *avm__fail_str(avm *vm, uint32_t code, riv_str message) { return make(vm, code, message); }

const failure *avm__trace_fail(avm *vm, const air_node *at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    riv_str what = riv_vformat(vm->arena, format, args);
    va_end(args);
    riv_buf out = riv_buf_in(vm->arena);
    riv_put_str(&out, RIV_LIT("on instruction '"));
    riv_put_str(&out, air_instruction_text(at, vm->arena));
    riv_put_str(&out, RIV_LIT("' trace handler encountered an error: "));
    riv_put_str(&out, what);
    return make(vm, CODE_TRACE, riv_buf_str(&out));
}

/* ---- error objects ---- */

static const riv_json *no_error(avm *vm)
{
    return riv_json_object(vm->arena, "error_code", riv_json_u64(vm->arena, 0), "message",
                           riv_json_str(vm->arena, RIV_LIT("")), NULL);
}

void avm__errors_init(avm *vm)
{
    vm->last_error = (error_slot){ .object = no_error(vm), .provenance = ARCHIVE_LITERAL, .can_be_set = true };
    vm->error      = vm->last_error;
}

static const riv_json *object_of(avm *vm, int64_t code, riv_str message, riv_str instruction, const riv_str *peer)
{
    return riv_json_object(vm->arena, "error_code", riv_json_i64(vm->arena, code), "message",
                           riv_json_str(vm->arena, message), "instruction", riv_json_str(vm->arena, instruction),
                           "peer_id", peer ? riv_json_str(vm->arena, *peer) : NULL, NULL);
}

/* Every instruction on the way up calls this; the first sets, later ones find the slots closed. */
void avm__set_errors(avm *vm, const failure *f, const air_node *at, const avm_tetraplet *tetraplet)
{
    if (!avm__catchable(f)) return;
    bool    tells_peer = at->kind == AIR_CALL || at->kind == AIR_CANON;
    riv_str peer       = tells_peer && tetraplet ? tetraplet->peer_pk : vm->params->current_peer_id;
    bool    is_match   = f->code == CODE_MATCH || f->code == CODE_MISMATCH;
    if (vm->last_error.can_be_set && !is_match)
        vm->last_error =
            (error_slot){ .object    = object_of(vm, f->code, f->message, air_instruction_text(at, vm->arena), &peer),
                          .tetraplet = tetraplet };
    if (vm->error.can_be_set)
        vm->error = (error_slot){ .object    = object_of(vm, f->code, f->message, air_instruction_text(at, vm->arena),
                                                      tells_peer ? &peer : NULL),
                                  .tetraplet = tetraplet };
    vm->error.can_be_set = false;
}

void avm__error_caught(avm *vm, const failure *f)
{
    vm->last_error.can_be_set = true;
    vm->error.original        = f;
    vm->error.can_be_set      = true;
}

void avm__error_done(avm *vm, bool well)
{
    bool can = vm->error.can_be_set;
    if (can) vm->error = (error_slot){ .object = no_error(vm) };
    vm->error.can_be_set = can || well;
}

/* ---- fail ---- */

static const failure *check_object(avm *vm, const riv_json *v)
{
    if (v->kind != RIV_JSON_OBJ)
        return avm__fail(vm, CODE_ERROR_OBJECT,
                         "scalar should have an object type to be converted into error object, but '" RIV_FMT
                         "' doesn't have",
                         RIV_ARG(avm__json_text(vm, v)));
    const riv_json *code = riv_json_get(v, RIV_LIT("error_code"));
    if (!code)
        return avm__fail(vm, CODE_ERROR_OBJECT, "scalar '" RIV_FMT "' must have field with name 'error_code'",
                         RIV_ARG(avm__json_text(vm, v)));
    if (code->kind != RIV_JSON_U64 && code->kind != RIV_JSON_I64)
        return avm__fail(vm, CODE_ERROR_OBJECT, "error_code of scalar '" RIV_FMT "' must have integer type",
                         RIV_ARG(avm__json_text(vm, v)));
    if (code->kind == RIV_JSON_U64 && code->u64 == 0)
        return avm__fail(vm, CODE_ERROR_OBJECT, "error code must be non-zero, but it is zero");
    const riv_json *message = riv_json_get(v, RIV_LIT("message"));
    if (!message)
        return avm__fail(vm, CODE_ERROR_OBJECT, "scalar '" RIV_FMT "' must have field with name 'message'",
                         RIV_ARG(avm__json_text(vm, v)));
    if (message->kind != RIV_JSON_STR)
        return avm__fail(vm, CODE_ERROR_OBJECT, "message of scalar '" RIV_FMT "' must have string type",
                         RIV_ARG(avm__json_text(vm, v)));
    return NULL;
}

static const failure *fail_with(avm *vm, const riv_json *object, const avm_tetraplet *t, archive_provenance p,
                                riv_str cid)
{
    vm->last_error = (error_slot){ .object = object, .tetraplet = t, .provenance = p, .cid = cid };
    vm->complete   = false;
    return avm__fail(vm, CODE_USER, "fail with '" RIV_FMT "' is used without corresponding xor",
                     RIV_ARG(avm__json_text(vm, object)));
}

static const failure *fail_again(avm *vm, error_slot *slot)
{
    AVM_TRY(check_object(vm, slot->object));
    const failure *original = slot->original;
    const failure *f        = fail_with(vm, slot->object, slot->tetraplet, slot->provenance, slot->cid);
    if (slot == &vm->error) {
        vm->error.can_be_set = false;
        if (original) return original;
    }
    return f;
}

static const failure *fail_literal(avm *vm, const air_node *node)
{
    riv_str         init = vm->params->init_peer_id;
    const riv_json *object =
        object_of(vm, node->value[0].i64, node->value[1].text, air_instruction_text(node, vm->arena), &init);
    return fail_with(vm, object, vm->literal, ARCHIVE_LITERAL, RIV_LIT(""));
}

const failure *avm__exec_fail(avm *vm, const air_node *node)
{
    const air_value *what = &node->value[0];
    if (what->kind == AIR_INT) return fail_literal(vm, node);
    if (what->kind == AIR_LAST_ERROR) {
        error_slot slot = vm->last_error;
        return fail_again(vm, &slot);
    }
    if (what->kind == AIR_ERROR) return fail_again(vm, &vm->error);
    resolved r = { 0 };
    AVM_TRY(avm__resolve(vm, what, &r));
    const riv_json *object = avm__json(vm, r.datum);
    AVM_TRY(check_object(vm, object));
    return fail_with(vm, object, r.tetraplet, r.provenance, r.cid);
}

/* ---- texts of states ---- */

/* What Rust's `escape_debug` shows as a number: spaces other than the plain one, format and private characters, marks that combine.
 * Characters that no Unicode table has yet are left as they are. */
static bool is_unprintable(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        { 0x7f, 0xa0 },     { 0xad, 0xad },       { 0x300, 0x36f },      { 0x483, 0x489 },   { 0x591, 0x5bd },
        { 0x600, 0x605 },   { 0x610, 0x61a },     { 0x61c, 0x61c },      { 0x64b, 0x65f },   { 0x6dd, 0x6dd },
        { 0x70f, 0x70f },   { 0x1680, 0x1680 },   { 0x180e, 0x180e },    { 0x1ab0, 0x1abe }, { 0x1dc0, 0x1dff },
        { 0x2000, 0x200f }, { 0x2028, 0x202f },   { 0x205f, 0x206f },    { 0x20d0, 0x20f0 }, { 0x3000, 0x3000 },
        { 0xe000, 0xf8ff }, { 0xfe00, 0xfe0f },   { 0xfe20, 0xfe2f },    { 0xfeff, 0xfeff }, { 0xfff0, 0xfffb },
        { 0xfffe, 0xffff }, { 0xe0000, 0xe0fff }, { 0xf0000, 0x10ffff },
    };
    if (c < 0x20) return true;
    for (size_t i = 0; i < RIV_COUNT(ranges) && c >= ranges[i].first; i++)
        if (c <= ranges[i].last) return true;
    return false;
}

/* The character at the start of s, which is UTF-8; *len: its bytes. A byte that begins none stands for itself. */
static uint32_t character(riv_str s, size_t *len)
{
    uint8_t  c    = (uint8_t)s.ptr[0];
    size_t   more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
    uint32_t out  = more ? c & (0x3fu >> more) : c;
    *len          = 1;
    if (more >= s.len) return c < 0x80 ? c : '?';
    for (size_t i = 1; i <= more; i++) out = out << 6 | ((uint8_t)s.ptr[i] & 0x3f);
    *len += more;
    return c >= 0x80 && !more ? '?' : out;
}

void avm__put_debug_str(riv_buf *out, riv_str s)
{
    riv_put_u8(out, '"');
    for (size_t i = 0, len = 1; i < s.len; i += len) {
        uint32_t c = character(riv_str_sub(s, i, s.len), &len);
        if (c == '"' || c == '\\')
            riv_putf(out, "\\%c", (char)c);
        else if (c == '\n')
            riv_put_str(out, RIV_LIT("\\n"));
        else if (c == '\r')
            riv_put_str(out, RIV_LIT("\\r"));
        else if (c == '\t')
            riv_put_str(out, RIV_LIT("\\t"));
        else if (c == 0)
            riv_put_str(out, RIV_LIT("\\0"));
        else if (is_unprintable(c))
            riv_putf(out, "\\u{%x}", c);
        else
            riv_put_str(out, riv_str_sub(s, i, i + len));
    }
    riv_put_u8(out, '"');
}

static void put_cid(riv_buf *out, riv_str cid)
{
    riv_put_str(out, RIV_LIT("CID("));
    avm__put_debug_str(out, cid);
    riv_put_str(out, RIV_LIT(")"));
}

static void put_call_value(riv_buf *out, const archive_state *s)
{
    switch (s->call) {
    case ARCHIVE_CALL_SCALAR:
        riv_put_str(out, RIV_LIT("Scalar("));
        put_cid(out, s->cid);
        riv_put_str(out, RIV_LIT(")"));
        break;
    case ARCHIVE_CALL_STREAM:
        riv_put_str(out, RIV_LIT("Stream { cid: "));
        put_cid(out, s->cid);
        riv_putf(out, ", generation: %u }", s->generation);
        break;
    case ARCHIVE_CALL_UNUSED:
        riv_put_str(out, RIV_LIT("Unused("));
        put_cid(out, s->cid);
        riv_put_str(out, RIV_LIT(")"));
        break;
    case ARCHIVE_CALL_REQUEST:
    case ARCHIVE_CALL_FAILED: break;
    }
}

static void put_call(riv_buf *out, const archive_state *s)
{
    switch (s->call) {
    case ARCHIVE_CALL_REQUEST:
        riv_put_str(out, RIV_LIT("RequestSentBy("));
        riv_put_str(out, s->has_call_id ? RIV_LIT("PeerIdWithCallId { peer_id: ") : RIV_LIT("PeerId("));
        avm__put_debug_str(out, s->sender);
        if (s->has_call_id)
            riv_putf(out, ", call_id: %u })", s->call_id);
        else
            riv_put_str(out, RIV_LIT("))"));
        break;
    case ARCHIVE_CALL_SCALAR:
    case ARCHIVE_CALL_STREAM:
    case ARCHIVE_CALL_UNUSED:
        riv_put_str(out, RIV_LIT("Executed("));
        put_call_value(out, s);
        riv_put_str(out, RIV_LIT(")"));
        break;
    case ARCHIVE_CALL_FAILED:
        riv_put_str(out, RIV_LIT("Failed("));
        put_cid(out, s->cid);
        riv_put_str(out, RIV_LIT(")"));
        break;
    }
}

static void put_fold(riv_buf *out, const archive_state *s)
{
    riv_put_str(out, RIV_LIT("FoldResult { lore: ["));
    for (size_t i = 0; i < s->lore_count; i++) {
        riv_putf(out, "%sFoldSubTraceLore { value_pos: %u, subtraces_desc: [", i ? ", " : "", s->lore[i].value_pos);
        for (size_t k = 0; k < s->lore[i].descs_count; k++)
            riv_putf(out, "%sSubTraceDesc { begin_pos: %u, subtrace_len: %u }", k ? ", " : "",
                     s->lore[i].descs[k].begin, s->lore[i].descs[k].len);
        riv_put_str(out, RIV_LIT("] }"));
    }
    riv_put_str(out, RIV_LIT("] }"));
}

void avm__put_debug_state(riv_buf *out, const archive_state *s)
{
    switch (s->kind) {
    case ARCHIVE_PAR: riv_putf(out, "Par(ParResult { left_size: %u, right_size: %u })", s->left, s->right); break;
    case ARCHIVE_CALL:
        riv_put_str(out, RIV_LIT("Call("));
        put_call(out, s);
        riv_put_str(out, RIV_LIT(")"));
        break;
    case ARCHIVE_FOLD:
        riv_put_str(out, RIV_LIT("Fold("));
        put_fold(out, s);
        riv_put_str(out, RIV_LIT(")"));
        break;
    case ARCHIVE_AP:
        if (s->generations_count == 0)
            riv_put_str(out, RIV_LIT("Ap(ApResult { res_generations: [] })"));
        else
            riv_putf(out, "Ap(ApResult { res_generations: [%u] })", s->generation);
        break;
    case ARCHIVE_CANON:
        if (s->canon_executed) {
            riv_put_str(out, RIV_LIT("Canon(Executed("));
            put_cid(out, s->cid);
        } else {
            riv_put_str(out, RIV_LIT("Canon(RequestSentBy("));
            avm__put_debug_str(out, s->sender);
        }
        riv_put_str(out, RIV_LIT("))"));
        break;
    }
}

/* The other form in the original's messages. */
riv_str avm__shown_state(avm *vm, const archive_state *s)
{
    riv_buf out = riv_buf_in(vm->arena);
    switch (s->kind) {
    case ARCHIVE_PAR: riv_putf(&out, "par(%u, %u)", s->left, s->right); break;
    case ARCHIVE_CALL:
        if (s->call == ARCHIVE_CALL_REQUEST) {
            riv_putf(&out, "request_sent_by(" RIV_FMT, RIV_ARG(s->sender));
            if (s->has_call_id) riv_putf(&out, ": %u", s->call_id);
        } else if (s->call == ARCHIVE_CALL_FAILED) {
            riv_put_str(&out, RIV_LIT("failed("));
            put_cid(&out, s->cid);
        } else {
            riv_put_str(&out, RIV_LIT("executed("));
            put_call_value(&out, s);
        }
        riv_put_u8(&out, ')');
        break;
    case ARCHIVE_FOLD:
        riv_put_str(&out, RIV_LIT("fold(\n"));
        for (size_t i = 0; i < s->lore_count; i++) {
            riv_putf(&out, "          %u - ", s->lore[i].value_pos);
            for (size_t k = 0; k < RIV_MIN(s->lore[i].descs_count, (size_t)2); k++)
                riv_putf(&out, "%s[%u, %u]", k ? ", " : "", s->lore[i].descs[k].begin, s->lore[i].descs[k].len);
            riv_put_u8(&out, '\n');
        }
        riv_put_str(&out, RIV_LIT("     )"));
        break;
    case ARCHIVE_AP:
        if (s->generations_count == 0)
            riv_put_str(&out, RIV_LIT("ap: _ -> []"));
        else
            riv_putf(&out, "ap: _ -> [%u]", s->generation);
        break;
    case ARCHIVE_CANON: riv_put_str(&out, RIV_LIT("canon [<object>]")); break;
    }
    return riv_buf_str(&out);
}

riv_str avm__debug_state(avm *vm, const archive_state *s)
{
    riv_buf out = riv_buf_in(vm->arena);
    avm__put_debug_state(&out, s);
    return riv_buf_str(&out);
}

riv_str avm__debug_call_value(avm *vm, const archive_state *s)
{
    riv_buf out = riv_buf_in(vm->arena);
    put_call_value(&out, s);
    return riv_buf_str(&out);
}

riv_str avm__debug_tetraplet(avm *vm, const avm_tetraplet *t)
{
    riv_buf out = riv_buf_in(vm->arena);
    riv_put_str(&out, RIV_LIT("SecurityTetraplet { peer_pk: "));
    avm__put_debug_str(&out, t->peer_pk);
    riv_put_str(&out, RIV_LIT(", service_id: "));
    avm__put_debug_str(&out, t->service_id);
    riv_put_str(&out, RIV_LIT(", function_name: "));
    avm__put_debug_str(&out, t->function_name);
    riv_put_str(&out, RIV_LIT(", lens: "));
    avm__put_debug_str(&out, t->lens);
    riv_put_str(&out, RIV_LIT(" }"));
    return riv_buf_str(&out);
}
