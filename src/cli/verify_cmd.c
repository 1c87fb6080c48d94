/* verify_cmd.c: rivulet air verify: who vouches for particle data, and where it is wrong.
 * Spec: docs/cli.md "air verify", docs/avm.md "Evidence". Tests: tests/e2e. */
#include "cli/internal.h"

#include "avm/avm.h"
#include "codec/codec.h"

/* ---- as JSON ---- */

static const riv_json *text_or_null(riv_arena *a, riv_str s) { return s.len ? riv_json_str(a, s) : riv_json_null(); }

static const riv_json *signed_json(riv_arena *a, const avm_signed *s)
{
    bool canon = !s->service.len && !s->function.len;
    return riv_json_object(a, "cid", riv_json_str(a, s->cid), "service", canon ? NULL : riv_json_str(a, s->service),
                           "function", canon ? NULL : riv_json_str(a, s->function), "canon",
                           canon ? riv_json_bool(true) : NULL, "value", s->value.len ? riv_json_str(a, s->value) : NULL,
                           "state", s->pos == AVM_NOT_IN_TRACE ? riv_json_null() : riv_json_u64(a, s->pos), NULL);
}

static const riv_json *list_json(riv_arena *a, const avm_signed_list *l)
{
    riv_json_list out = { 0 };
    for (size_t i = 0; i < l->len; i++) riv_json_add(a, &out, signed_json(a, &l->ptr[i]));
    return riv_json_arr(a, out.ptr, out.len);
}

static const char *const verdicts[] = {
    [AVM_COVERS]          = "good",
    [AVM_COVERS_UNKNOWN]  = "not checked",
    [AVM_COVERS_NO_KEY]   = "missing",
    [AVM_COVERS_BAD_FORM] = "malformed",
    [AVM_COVERS_OTHER]    = "other list",
    [AVM_COVERS_BORROWED] = "borrowed",
    [AVM_COVERS_NOTHING]  = "wrong",
};

static const riv_json *witness_json(riv_arena *a, const avm_witness *w)
{
    bool other = w->verdict == AVM_COVERS_OTHER;
    return riv_json_object(
        a, "peer", riv_json_str(a, w->peer), "verdict", riv_json_strc(a, verdicts[w->verdict]), "signature",
        w->signature.len && w->signature.len < 128 ? riv_json_str(a, codec_base58(a, w->signature)) : riv_json_null(),
        "results", list_json(a, &w->results), "signed_only", other ? list_json(a, &w->signed_only) : NULL, "trace_only",
        other ? list_json(a, &w->trace_only) : NULL, "made_by", w->whose.len ? riv_json_str(a, w->whose) : NULL, NULL);
}

static const riv_json *bad_json(riv_arena *a, const avm_bad_entry *e)
{
    return riv_json_object(a, "store", riv_json_strc(a, e->store), "key", riv_json_str(a, e->key), "hashes_to",
                           text_or_null(a, e->hashes_to), "why", text_or_null(a, e->why), "peer",
                           text_or_null(a, e->peer), NULL);
}

static const riv_json *contradiction_json(riv_arena *a, const avm_contradiction *x)
{
    return riv_json_object(a, "peer", riv_json_str(a, x->peer), "stored", list_json(a, &x->before), "arrived",
                           list_json(a, &x->now), "same_call", riv_json_bool(x->same_call), "signed",
                           riv_json_bool(x->signed_before && x->signed_now), NULL);
}

static const riv_json *evidence_json(riv_arena *a, const avm_evidence *e, bool checked)
{
    riv_json_list bad = { 0 }, witnesses = { 0 }, contradictions = { 0 };
    for (size_t i = 0; i < e->bad.len; i++) riv_json_add(a, &bad, bad_json(a, &e->bad.ptr[i]));
    for (size_t i = 0; i < e->witnesses_count; i++) riv_json_add(a, &witnesses, witness_json(a, e->witnesses[i]));
    for (size_t i = 0; i < e->contradictions.len; i++)
        riv_json_add(a, &contradictions, contradiction_json(a, &e->contradictions.ptr[i]));
    const riv_json *versions = riv_json_object(a, "data", text_or_null(a, e->data_version), "interpreter",
                                               text_or_null(a, e->interpreter_version), NULL);
    return riv_json_object(a, "good", riv_json_bool(!e->err && checked), "code", riv_json_u64(a, e->code), "message",
                           text_or_null(a, e->message), "evidence", text_or_null(a, e->line), "against",
                           text_or_null(a, e->peer), "versions", versions, "states", riv_json_u64(a, e->trace_count),
                           "bad", riv_json_arr(a, bad.ptr, bad.len), "bad_count", riv_json_u64(a, e->bad_count),
                           "signatures_checked", riv_json_bool(checked && e->decoded), "signatures",
                           riv_json_arr(a, witnesses.ptr, witnesses.len), "contradictions",
                           riv_json_arr(a, contradictions.ptr, contradictions.len), NULL);
}

/* ---- for people ---- */

static void print_signed(cli *c, const char *lead, const avm_signed_list *l)
{
    enum { SHOWN_MAX = 8 };
    for (size_t i = 0; i < l->len && i < SHOWN_MAX; i++) {
        const avm_signed *s    = &l->ptr[i];
        bool              call = s->service.len || s->function.len;
        printf("    %-26s ", i ? "" : lead);
        if (call)
            printf(RIV_FMT "." RIV_FMT, RIV_ARG(cli_shown(c, s->service, 40)), RIV_ARG(cli_shown(c, s->function, 40)));
        else
            printf("canon");
        if (s->value.len) printf(" = " RIV_FMT, RIV_ARG(cli_shown(c, s->value, 60)));
        printf("\n    %-26s %s" RIV_FMT "%s\n", "", cli_style(c->colour_out, CLI_DIM),
               RIV_ARG(cli_shown(c, s->cid, 80)), cli_style(c->colour_out, CLI_PLAIN));
    }
    if (l->len > SHOWN_MAX) printf("    %-26s and %zu more\n", "", l->len - SHOWN_MAX);
}

static const char *mark(const cli *c, bool good, bool known)
{
    if (!known) return "?";
    if (good) return c->colour_out ? CLI_GREEN "✓" CLI_PLAIN : "✓";
    return c->colour_out ? CLI_BOLD CLI_RED "✗" CLI_PLAIN : "✗";
}

static void print_witness(cli *c, const avm_witness *w)
{
    printf("  %s " RIV_FMT "  %zu %s", mark(c, w->verdict == AVM_COVERS, w->verdict != AVM_COVERS_UNKNOWN),
           RIV_ARG(cli_shown(c, w->peer, 80)), w->results.len, w->results.len == 1 ? "result" : "results");
    switch (w->verdict) {
    case AVM_COVERS: printf("\n"); return;
    case AVM_COVERS_UNKNOWN: printf(", not checked\n"); return;
    case AVM_COVERS_NO_KEY: printf(" in the trace, but no signature\n"); break;
    case AVM_COVERS_BAD_FORM:
        printf(", key or signature malformed (%zu and %zu bytes, not 33 and 65)\n", w->public_key.len,
               w->signature.len);
        break;
    case AVM_COVERS_OTHER:
        printf(" in the trace, but it signed another list\n");
        print_signed(c, "signed, not in the trace", &w->signed_only);
        print_signed(c, "in the trace, not signed", &w->trace_only);
        return;
    case AVM_COVERS_BORROWED: printf(", but the signature was made by\n    " RIV_FMT "\n", RIV_ARG(w->whose)); return;
    case AVM_COVERS_NOTHING:
        printf(", but the signature covers neither them nor any list that the data suggests:\n"
               "    it is forged, or of another particle\n");
        break;
    }
    print_signed(c, "in the trace", &w->results);
}

static void print_bad(cli *c, const avm_bad_entry *e)
{
    printf("  %s %s " RIV_FMT "\n", mark(c, false, true), e->store, RIV_ARG(cli_shown(c, e->key, 80)));
    if (e->hashes_to.len)
        printf("    what stands there hashes to " RIV_FMT "\n", RIV_ARG(e->hashes_to));
    else
        printf("    " RIV_FMT "\n", RIV_ARG(cli_shown(c, e->why, 300)));
    if (e->peer.len) printf("    it belongs to a result of " RIV_FMT "\n", RIV_ARG(cli_shown(c, e->peer, 80)));
}

static void print_contradiction(cli *c, const avm_contradiction *x)
{
    printf("  %s " RIV_FMT " %s\n", mark(c, false, true), RIV_ARG(x->peer),
           x->signed_before && x->signed_now ? "signed both" : "is said to have given both");
    if (x->same_call) printf("    two answers to one call with the same arguments\n");
    print_signed(c, "stored, not arrived", &x->before);
    print_signed(c, "arrived, not stored", &x->now);
}

static void print_verdict(cli *c, const avm_evidence *e, bool checked)
{
    const char *bold = cli_style(c->colour_out, CLI_BOLD), *plain = cli_style(c->colour_out, CLI_PLAIN);
    if (e->err)
        printf("%s%srefused, code %u%s  " RIV_FMT "\n", bold, cli_style(c->colour_out, CLI_RED), e->code, plain,
               RIV_ARG(cli_shown(c, e->message, 400)));
    else if (checked)
        printf("%s%sgood%s  content ids and signatures hold\n", bold, cli_style(c->colour_out, CLI_GREEN), plain);
    else
        printf("%s%shalf checked%s  content ids hold; signatures were not looked at\n", bold,
               cli_style(c->colour_out, CLI_AMBER), plain);
}

static void print_evidence(cli *c, const avm_evidence *e, bool checked)
{
    print_verdict(c, e, checked);
    if (e->data_version.len)
        printf("\nversions    data " RIV_FMT ", interpreter " RIV_FMT "\n", RIV_ARG(cli_shown(c, e->data_version, 40)),
               RIV_ARG(cli_shown(c, e->interpreter_version, 40)));
    if (!e->decoded) return;
    printf("trace       %zu %s\n\ncontent ids%s\n", e->trace_count, e->trace_count == 1 ? "state" : "states",
           e->bad_count ? "" : " all good");
    for (size_t i = 0; i < e->bad.len; i++) print_bad(c, &e->bad.ptr[i]);
    if (e->bad_count > e->bad.len) printf("  and %zu more\n", e->bad_count - e->bad.len);
    printf("\nsignatures%s\n", e->witnesses_count ? "" : "  none");
    for (size_t i = 0; i < e->witnesses_count; i++) print_witness(c, e->witnesses[i]);
    if (e->contradictions.len) printf("\nagainst stored data\n");
    for (size_t i = 0; i < e->contradictions.len; i++) print_contradiction(c, &e->contradictions.ptr[i]);
}

int cli_cmd_air_verify(cli *c)
{
    cli_particle p, stored = { 0 };
    avm_evidence e;
    riv_str      id = cli_value(c, "particle"), stored_file = cli_value(c, "stored");
    if (!cli_particle_read(c, cli_arg(c, 0), &p)) return CLI_USAGE;
    if (stored_file.len && !cli_particle_read(c, stored_file, &stored)) return CLI_USAGE;
    if (!p.data.len)
        return cli_error(c, CLI_USAGE, RIV_FMT " holds no data: nothing has happened yet", RIV_ARG(cli_arg(c, 0)));
    if (!id.len) id = p.id;
    avm_evidence_input in = { .data = p.data, .stored = stored.data, .particle_id = id };
    avm_evidence_of(&in, c->arena, &e);
    bool checked = id.len || (e.decoded && !e.witnesses_count);
    if (cli_has(c, "json"))
        cli_print_json(evidence_json(c->arena, &e, checked), false);
    else
        print_evidence(c, &e, checked);
    if (e.err && !e.decoded)
        return cli_error(c, CLI_USAGE, RIV_FMT " holds no particle data that can be read", RIV_ARG(cli_arg(c, 0)));
    if (e.err) return CLI_FAILED;
    if (checked) return CLI_OK;
    cli_error(c, CLI_USAGE,
              "the signatures were not checked: they cover the particle's id, which the file does not hold");
    cli_hint(c, "add --particle ID");
    return CLI_USAGE;
}
