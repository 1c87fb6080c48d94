/* trade_line.c: how an agent speaks to the chain: batches of JSON-RPC whose answers it knows again by their ids, heads that it is told, transactions.
 * A batch is answered at one moment, so the nonce in it belongs to everything else that was seen.
 * Spec: docs/sim.md, docs/spec/chain.md 3. Tests: trade_test.c. */
#include "sim/trade_internal.h"

enum { IDS_A_TALK = 128, ID_OF_TX = IDS_A_TALK - 1, GAS_LIMIT = 12000000, MAX_FEE_GWEI = 100 };
enum { SELF_NONCE, SELF_EPOCH, SELF_HEIGHT, SELF_COUNT };

/* ---- signatures and types, parsed once ---- */

typedef struct signature {
    eth_type args;
    uint8_t  selector[4];
} signature;

void trade__line_open(trade__world *w)
{
    w->types      = riv_map_new(w->arena);
    w->signatures = riv_map_new(w->arena);
    w->topics     = riv_map_new(w->arena);
}

const eth_type *trade__returns(trade__world *w, const char *text)
{
    eth_type *t = riv_map_get_str(w->types, riv_str_c(text));
    if (t) return t;
    t           = riv_new(w->arena, eth_type, 1);
    riv_err err = eth_type_parse(riv_str_c(text), w->arena, NULL, t);
    RIV_ASSERT(!err);
    riv_map_put_str(w->types, riv_str_c(text), t);
    return t;
}

static const signature *signature_of(trade__world *w, const char *text)
{
    signature *s = riv_map_get_str(w->signatures, riv_str_c(text));
    riv_str    name;
    if (s) return s;
    s           = riv_new(w->arena, signature, 1);
    riv_err err = eth_signature_parse(riv_str_c(text), w->arena, NULL, &name, &s->args);
    RIV_ASSERT(!err);
    crypto_hash hash = eth_signature_hash(name, &s->args);
    memcpy(s->selector, hash.bytes, sizeof s->selector);
    riv_map_put_str(w->signatures, riv_str_c(text), s);
    return s;
}

crypto_hash trade__topic(trade__world *w, const char *event)
{
    crypto_hash *hash = riv_map_get_str(w->topics, riv_str_c(event));
    if (hash) return *hash;
    hash  = riv_new(w->arena, crypto_hash, 1);
    *hash = crypto_keccak256(riv_str_bytes(riv_str_c(event)));
    riv_map_put_str(w->topics, riv_str_c(event), hash);
    return *hash;
}

riv_bytes trade__data(trade__world *w, const char *text, const eth_value *args, riv_arena *arena)
{
    const signature *s    = signature_of(w, text);
    riv_buf          data = riv_buf_in(arena);
    eth_value        all  = eth_list(args, s->args.items_count);
    riv_put_bytes(&data, (riv_bytes){ s->selector, sizeof s->selector });
    eth_abi_put(&s->args, &all, &data);
    return riv_buf_view(&data);
}

/* ---- hexadecimal ---- */

static void put_hex(riv_buf *out, riv_bytes bytes)
{
    riv_put_str(out, RIV_LIT("\"0x"));
    codec_put_hex(out, bytes);
    riv_put_u8(out, '"');
}

riv_bytes trade__hex(riv_arena *arena, riv_str text)
{
    riv_buf out = riv_buf_in(arena);
    if (!riv_str_starts(text, RIV_LIT("0x")) || codec_read_hex(riv_str_sub(text, 2, text.len), &out, NULL))
        return (riv_bytes){ 0 };
    return riv_buf_view(&out);
}

/* ---- a batch of questions ---- */

/* Without transactions no block moves the time of the newest one, so there everybody looks at the one to come. */
static const char *moment_of(const trade__agent *a)
{
    return a->world->config.interval_ms == 0 || a->index % 2 ? "pending" : "latest";
}

static size_t begin_question(trade__agent *a, const char *method, const char *returns)
{
    trade__look *l = &a->look;
    if (l->count == 0 && l->text.len == 0) {
        a->talk = ++a->world->talks;
        l->text = riv_buf_in(a->thought);
        riv_put_u8(&l->text, '[');
    }
    RIV_ASSERT(l->count < TRADE__QUESTIONS_MAX);
    if (l->count) riv_put_u8(&l->text, ',');
    l->asked[l->count]   = (trade__question){ returns };
    l->answers[l->count] = NULL;
    riv_putf(&l->text, "{\"jsonrpc\":\"2.0\",\"id\":%llu,\"method\":\"%s\",\"params\":[",
             (unsigned long long)(a->talk * IDS_A_TALK + l->count), method);
    return l->count++;
}

static void begin_batch(trade__agent *a) { a->look = (trade__look){ 0 }; }

static void put_address(riv_buf *out, const eth_address *who)
{
    put_hex(out, (riv_bytes){ who->bytes, sizeof who->bytes });
}

size_t trade__ask(trade__agent *a, const eth_address *to, const char *text, const eth_value *args, const char *returns)
{
    if (a->talk == 0) begin_batch(a);
    size_t   n   = begin_question(a, "eth_call", returns);
    riv_buf *out = &a->look.text;
    riv_put_str(out, RIV_LIT("{\"from\":"));
    put_address(out, &a->where);
    riv_put_str(out, RIV_LIT(",\"to\":"));
    put_address(out, to);
    riv_put_str(out, RIV_LIT(",\"data\":"));
    put_hex(out, trade__data(a->world, text, args, a->thought));
    riv_putf(out, "},\"%s\"]}", moment_of(a));
    return n;
}

void trade__ask_about_self(trade__agent *a)
{
    eth_address core = chain_contract_address(CHAIN_CORE);
    a->talk          = 0;
    begin_batch(a);
    begin_question(a, "eth_getTransactionCount", NULL);
    put_address(&a->look.text, &a->where);
    riv_put_str(&a->look.text, RIV_LIT(",\"latest\"]}"));
    trade__ask(a, &core, "currentEpoch()", NULL, "(uint256)");
    begin_question(a, "eth_blockNumber", NULL);
    riv_put_str(&a->look.text, RIV_LIT("]}"));
    a->look.receipt = SIZE_MAX;
    if (a->sent) {
        a->look.receipt = begin_question(a, "eth_getTransactionReceipt", NULL);
        put_hex(&a->look.text, (riv_bytes){ a->last.bytes, sizeof a->last.bytes });
        riv_put_str(&a->look.text, RIV_LIT("]}"));
    }
    if (a->subscribed) return;
    begin_question(a, "eth_subscribe", NULL);
    riv_put_str(&a->look.text, RIV_LIT("\"newHeads\"]}"));
    begin_question(a, "eth_subscribe", NULL);
    riv_put_str(&a->look.text, RIV_LIT("\"logs\",{}]}"));
}

size_t trade__ask_logs(trade__agent *a, const eth_address *at, size_t at_count, const char *event,
                       const eth_address *topic, uint64_t from, uint64_t to)
{
    if (a->talk == 0) begin_batch(a);
    size_t   n   = begin_question(a, "eth_getLogs", NULL);
    riv_buf *out = &a->look.text;
    riv_putf(out, "{\"fromBlock\":\"0x%llx\",\"address\":[", (unsigned long long)from);
    for (size_t i = 0; i < at_count; i++) {
        if (i) riv_put_u8(out, ',');
        put_address(out, &at[i]);
    }
    riv_put_u8(out, ']');
    if (to != UINT64_MAX) riv_putf(out, ",\"toBlock\":\"0x%llx\"", (unsigned long long)to);
    if (event) {
        uint8_t     who[32] = { 0 };
        crypto_hash hash    = trade__topic(a->world, event);
        memcpy(who + 12, topic->bytes, sizeof topic->bytes);
        riv_put_str(out, RIV_LIT(",\"topics\":["));
        put_hex(out, (riv_bytes){ hash.bytes, sizeof hash.bytes });
        riv_put_u8(out, ',');
        put_hex(out, (riv_bytes){ who, sizeof who });
        riv_put_u8(out, ']');
    }
    riv_put_str(out, RIV_LIT("}]}"));
    return n;
}

void trade__ask_end(trade__agent *a)
{
    riv_put_u8(&a->look.text, ']');
    trade__send(a, riv_buf_str(&a->look.text));
}

/* ---- what comes back ---- */

static bool u64_of(const riv_json *v, uint64_t *out)
{
    u256 number;
    return v && v->kind == RIV_JSON_STR && !u256_parse(v->str, NULL, &number) && u256_u64(number, out);
}

/* Nobody is ever told of a block that is not there, or of another in its place: heads, logs and receipts name one. */
static void check_named(trade__agent *a, const riv_json *what, const char *number, const char *hash)
{
    trade__world   *w     = a->world;
    const riv_json *named = riv_json_get(what, riv_str_c(hash));
    uint64_t        height;
    if (!u64_of(riv_json_get(what, riv_str_c(number)), &height) || !named || named->kind != RIV_JSON_STR) {
        trade__break(w, "a notice or receipt that names no block");
        return;
    }
    riv_buf kept = riv_buf_in(a->thought);
    riv_put_str(&kept, RIV_LIT("0x"));
    if (height < w->hashes.len) codec_put_hex(&kept, (riv_bytes){ w->hashes.ptr[height].bytes, 32 });
    if (height >= w->hashes.len || !riv_str_eq(riv_buf_str(&kept), named->str))
        trade__break(w, "somebody was told of a block %llu that was never kept", (unsigned long long)height);
}

static void on_notice(trade__agent *a, const riv_json *what)
{
    if (riv_json_get(what, RIV_LIT("topics")))
        check_named(a, what, "blockNumber", "blockHash");
    else
        check_named(a, what, "number", "hash");
    a->world->report.notices++;
}

static void on_answers(trade__agent *a, const riv_json *batch)
{
    for (size_t i = 0; i < batch->arr.count; i++) {
        const riv_json *one = batch->arr.items[i], *id = riv_json_get(one, RIV_LIT("id"));
        if (!id || id->kind != RIV_JSON_U64 || id->u64 / IDS_A_TALK != a->talk) return; /* of another look: too late */
        size_t n = (size_t)(id->u64 % IDS_A_TALK);
        if (n < a->look.count) a->look.answers[n] = riv_json_get(one, RIV_LIT("result"));
    }
    a->subscribed = true;
    a->talk       = 0;
    a->stage++;
    if (a->provider)
        trade__provider_look(a);
    else
        trade__customer_look(a);
}

void trade__heard(trade__agent *a, riv_str text)
{
    const riv_json *root  = NULL;
    riv_fault       fault = { 0 };
    if (riv_json_parse(text, a->thought, &fault, &root)) {
        trade__break(a->world, "an answer that is no JSON: %s", fault.msg);
    } else if (root->kind == RIV_JSON_ARR) {
        if (a->talk) on_answers(a, root);
    } else if (riv_json_get(root, RIV_LIT("params"))) {
        on_notice(a, riv_json_get(riv_json_get(root, RIV_LIT("params")), RIV_LIT("result")));
    } else if (riv_json_get(root, RIV_LIT("error"))) {
        a->world->report.refused++; /* a transaction: known already, its nonce used, or another one waits under it */
    }
}

const riv_json *trade__answer_json(trade__agent *a, size_t question) { return a->look.answers[question]; }

const eth_value *trade__answer(trade__agent *a, size_t question)
{
    const riv_json *v = a->look.answers[question];
    eth_value      *out;
    if (!v || v->kind != RIV_JSON_STR) return NULL;
    out                   = riv_new(a->thought, eth_value, 1);
    const eth_type *type  = trade__returns(a->world, a->look.asked[question].returns);
    riv_bytes       bytes = trade__hex(a->thought, v->str);
    if (eth_abi_read(type, bytes, a->thought, NULL, out)) {
        trade__break(a->world, "an answer that does not decode as %s", a->look.asked[question].returns);
        return NULL;
    }
    return out->items;
}

bool trade__answer_u64(trade__agent *a, size_t question, uint64_t *out)
{
    const eth_value *v = trade__answer(a, question);
    return v && u256_u64(v[0].word, out);
}

/* A transaction that is in a block stays in it. */
static void check_receipt(trade__agent *a)
{
    const riv_json *receipt = a->look.receipt == SIZE_MAX ? NULL : trade__answer_json(a, a->look.receipt);
    if (!receipt || receipt->kind != RIV_JSON_OBJ) return;
    check_named(a, receipt, "blockNumber", "blockHash");
    a->world->report.receipts++;
}

bool trade__self(trade__agent *a, uint64_t *height)
{
    check_receipt(a);
    return u64_of(trade__answer_json(a, SELF_NONCE), &a->nonce) && trade__answer_u64(a, SELF_EPOCH, &a->epoch) &&
           u64_of(trade__answer_json(a, SELF_HEIGHT), height);
}

/* ---- transactions ---- */

static void submit(trade__agent *a, const eth_address *to, u256 value, riv_bytes data, uint64_t nonce)
{
    trade__world *w   = a->world;
    riv_buf       raw = riv_buf_in(a->thought), out = riv_buf_in(a->thought);
    uint64_t      fee = w->config.fees ? MAX_FEE_GWEI * UINT64_C(1000000000) : 0;
    eth_tx        tx  = { .type               = 2,
                          .chain_id           = w->params.chain_id,
                          .protected_by_chain = true,
                          .nonce              = nonce,
                          .gas_limit          = GAS_LIMIT,
                          .max_fee            = u256_of(fee),
                          .max_tip            = u256_of(fee / 100),
                          .to                 = *to,
                          .value              = value,
                          .data               = data };
    riv_err       err = eth_tx_sign(&tx, &a->key, &raw, NULL);
    RIV_ASSERT(!err);
    a->sent = true;
    a->last = tx.hash;
    riv_putf(&out, "{\"jsonrpc\":\"2.0\",\"id\":%llu,\"method\":\"eth_sendRawTransaction\",\"params\":[",
             (unsigned long long)(++w->talks * IDS_A_TALK + ID_OF_TX));
    put_hex(&out, riv_buf_view(&raw));
    riv_put_str(&out, RIV_LIT("]}"));
    trade__send(a, riv_buf_str(&out));
}

/* Under the nonce that was seen with everything else, so it never runs beside another one that was not seen. */
static void carry_out(trade__agent *a, const trade__wish *w)
{
    riv_bytes data = trade__data(a->world, w->signature, w->args, a->thought);
    RIV_ASSERT(!a->acted);
    a->acted = true;
    LOG_INFO(a->world->config.log, "trade.does", LOG_U64("ms", trade__ms(a->world)),
             LOG_CSTR("who", a->provider ? "provider" : "customer"), LOG_U64("index", a->index),
             LOG_U64("nonce", a->nonce), LOG_CSTR("what", w->signature));
    submit(a, &w->to, w->value, data, a->nonce);
    if (a->world->config.spoil == SIM_TRADE_SPOIL_TWICE && !a->provider && w->signature[0] == 'd')
        submit(a, &w->to, w->value, data, a->nonce + 1);
}

eth_value *trade__wish_at(trade__agent *a, const eth_address *to, u256 value, const char *text, size_t args)
{
    eth_value *all = riv_new(a->thought, eth_value, args + 1);
    if (a->wishes_count < TRADE__WISHES_MAX) a->wishes[a->wishes_count++] = (trade__wish){ *to, value, text, all };
    return all;
}

eth_value *trade__wish_of(trade__agent *a, chain_contract at, const char *text, size_t args)
{
    eth_address to = chain_contract_address(at);
    return trade__wish_at(a, &to, U256_ZERO, text, args);
}

void trade__do_one(trade__agent *a, uint64_t odds)
{
    if (!a->wishes_count) return;
    carry_out(a, &a->wishes[trade__below(a->world, odds) ? 0 : trade__below(a->world, a->wishes_count)]);
}

/* ---- what follows from the key ---- */

crypto_hash trade__id(const trade__agent *a, const char *kind, uint64_t first, uint64_t second)
{
    riv_buf text = { 0 };
    riv_put_bytes(&text, (riv_bytes){ a->where.bytes, sizeof a->where.bytes });
    riv_putf(&text, " %s %llu %llu", kind, (unsigned long long)first, (unsigned long long)second);
    crypto_hash out = crypto_keccak256(riv_buf_view(&text));
    riv_buf_free(&text);
    return out;
}

riv_prng trade__character(const trade__agent *a, uint64_t what)
{
    crypto_hash hash   = trade__id(a, "character", what, 0);
    riv_reader  reader = riv_reader_of((riv_bytes){ hash.bytes, sizeof hash.bytes });
    return riv_prng_seed(riv_read_u64be(&reader));
}
