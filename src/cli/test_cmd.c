/* test_cmd.c: `rivulet test`: Aqua programs with a NAME.scenario.json beside them, run over a simulated network with made-up services.
 * Compiles, plays each run, compares, and reports for people, as JSON, or as JUnit XML; --update writes what was seen into the file.
 * Spec: docs/spec/scenarios.md 2, docs/testing.md. Tests: tests/e2e, src/sim/trial_test.c. */
#include "cli/internal.h"
#include "sim/sim.h"

enum { RUNS_MAX = 10000, SEEDS_MAX = 100000 };

typedef struct outcome {
    riv_str   file, name;
    size_t    run; /* its number in the file */
    sim_trial trial;
    riv_str   why;     /* it could not be played */
    bool      by_seed; /* it failed in the order drawn from seed */
    uint64_t  seed;
    uint64_t  took_us;
} outcome;

typedef struct testing {
    cli        *c;
    riv_str     filter, order;
    bool        has_seed, update;
    uint64_t    seed, seeds;
    avm_version version;
    RIV_VEC(riv_str) files; /* programs */
    RIV_VEC(outcome) outcomes;
    size_t failed;
} testing;

static const char SUFFIX[] = ".scenario.json";

/* ---- which files ---- */

static riv_str scenario_of(testing *t, riv_str program)
{
    riv_str stem = riv_str_sub(program, 0, program.len - strlen(".aqua"));
    return riv_format(t->c->arena, RIV_FMT "%s", RIV_ARG(stem), SUFFIX);
}

static int find_files(testing *t)
{
    cli    *c     = t->c;
    riv_str input = cli_arg(c, 0).len ? cli_arg(c, 0) : RIV_LIT(".");
    if (host_is_dir(input)) {
        cli_aqua_files found = { 0 };
        int            code  = cli_find_aqua(c, input, &found);
        for (size_t i = 0; i < found.len; i++)
            if (host_file_exists(scenario_of(t, found.ptr[i].path))) *riv_push(c->arena, &t->files) = found.ptr[i].path;
        if (code || t->files.len) return code;
        return cli_error(c, CLI_USAGE, "there is no NAME.aqua with a NAME%s beside it in " RIV_FMT, SUFFIX,
                         RIV_ARG(input));
    }
    if (riv_str_ends(input, riv_str_c(SUFFIX)))
        input = riv_format(c->arena, RIV_FMT ".aqua", RIV_ARG(riv_str_sub(input, 0, input.len - strlen(SUFFIX))));
    if (!riv_str_ends(input, RIV_LIT(".aqua")))
        return cli_error(c, CLI_USAGE, RIV_FMT " is no Aqua program: NAME.aqua, or a folder of them", RIV_ARG(input));
    *riv_push(c->arena, &t->files) = input;
    return CLI_OK;
}

/* ---- reading a scenario file ---- */

typedef struct scenario_file {
    riv_str         program, path;
    const riv_json *doc, *options, *runs;
} scenario_file;

static int malformed(testing *t, riv_str path, const char *text)
{
    return cli_error(t->c, CLI_USAGE, RIV_FMT ": %s", RIV_ARG(path), text);
}

static bool known(const riv_json *obj, const char *const *keys, size_t count, riv_str *unknown)
{
    for (size_t i = 0; i < obj->obj.count; i++) {
        size_t k = 0;
        while (k < count && !riv_str_eq(obj->obj.members[i].key, riv_str_c(keys[k]))) k++;
        if (k == count) {
            *unknown = obj->obj.members[i].key;
            return false;
        }
    }
    return true;
}

static bool are_texts(const riv_json *list)
{
    for (size_t i = 0; i < list->arr.count; i++)
        if (list->arr.items[i]->kind != RIV_JSON_STR) return false;
    return true;
}

static int check_options(testing *t, const scenario_file *f)
{
    for (size_t i = 0; f->options && i < f->options->obj.count; i++) {
        riv_str         key       = f->options->obj.members[i].key;
        const riv_json *v         = f->options->obj.members[i].value;
        bool            constants = riv_str_eq(key, RIV_LIT("constants"));
        bool            list      = constants || riv_str_eq(key, RIV_LIT("imports"));
        bool            good      = list ? v->kind == RIV_JSON_ARR && are_texts(v) : v->kind == RIV_JSON_BOOL;
        const char *wanted = constants ? "a list of texts, or an object" : list ? "a list of texts" : "true or false";
        if (!good && !(constants && v->kind == RIV_JSON_OBJ))
            return cli_error(t->c, CLI_USAGE, RIV_FMT ": options." RIV_FMT ": expected %s", RIV_ARG(f->path),
                             RIV_ARG(key), wanted);
    }
    return CLI_OK;
}

static int read_file(testing *t, riv_str program, scenario_file *out)
{
    static const char *const keys[]    = { "options", "runs", "about" };
    static const char *const options[] = { "noRelay", "noXor", "noEmptyResponse", "tracing", "constants", "imports" };
    riv_str                  text, unknown = { 0 };
    riv_fault                fault = { 0 };
    *out                           = (scenario_file){ .program = program, .path = scenario_of(t, program) };
    if (!cli_read_text(t->c, out->path, &text)) return CLI_USAGE;
    if (riv_json_parse(text, t->c->arena, &fault, &out->doc))
        return cli_fault_at(t->c, CLI_USAGE, out->path, text, &fault);
    out->runs    = riv_json_get(out->doc, RIV_LIT("runs"));
    out->options = riv_json_get(out->doc, RIV_LIT("options"));
    if (out->doc->kind != RIV_JSON_OBJ || !out->runs || out->runs->kind != RIV_JSON_ARR)
        return malformed(t, out->path, "expected an object with a list `runs`");
    if (out->options && out->options->kind != RIV_JSON_OBJ)
        return malformed(t, out->path, "options: expected an object");
    if (!known(out->doc, keys, RIV_COUNT(keys), &unknown) ||
        (out->options && !known(out->options, options, RIV_COUNT(options), &unknown)))
        return cli_error(t->c, CLI_USAGE, RIV_FMT ": unknown key `" RIV_FMT "`", RIV_ARG(out->path), RIV_ARG(unknown));
    for (size_t i = 0; i < out->runs->arr.count; i++)
        if (out->runs->arr.items[i]->kind != RIV_JSON_OBJ)
            return malformed(t, out->path, riv_format(t->c->arena, "runs[%zu]: expected an object", i).ptr);
    return check_options(t, out);
}

static bool option(const scenario_file *f, const char *key, bool otherwise)
{
    const riv_json *v = riv_json_get(f->options, riv_str_c(key));
    return v && v->kind == RIV_JSON_BOOL ? v->boolean : otherwise;
}

/* A list of texts; constants may be {NAME: value} too. */
static const riv_str *texts(testing *t, const scenario_file *f, const char *key, size_t *count)
{
    const riv_json *v     = riv_json_get(f->options, riv_str_c(key));
    riv_arena      *a     = t->c->arena;
    RIV_VEC(riv_str) list = { 0 };
    for (size_t i = 0; v && v->kind == RIV_JSON_ARR && i < v->arr.count; i++)
        if (v->arr.items[i]->kind == RIV_JSON_STR) *riv_push(a, &list) = v->arr.items[i]->str;
    for (size_t i = 0; v && v->kind == RIV_JSON_OBJ && i < v->obj.count; i++)
        *riv_push(a, &list) = riv_format(a, RIV_FMT " = " RIV_FMT, RIV_ARG(v->obj.members[i].key),
                                         RIV_ARG(riv_json_text(v->obj.members[i].value, a)));
    *count = list.len;
    return list.ptr;
}

/* ---- compiling ---- */

static int compile(testing *t, const scenario_file *f, aqua_output *out)
{
    cli           *c = t->c;
    size_t         given, own;
    int            code;
    const riv_str *flags = cli_values(c, "import", &given), *imports = texts(t, f, "imports", &own);
    riv_str       *dirs = riv_new(c->arena, riv_str, given + own + 1);
    for (size_t i = 0; i < own; i++)
        dirs[i] = riv_str_starts(imports[i], RIV_LIT("/"))
                      ? imports[i]
                      : riv_format(c->arena, RIV_FMT "/" RIV_FMT, RIV_ARG(host_path_dir(f->path)), RIV_ARG(imports[i]));
    for (size_t i = 0; i < given; i++) dirs[own + i] = flags[i];
    cli_imports  rules   = cli_imports_of(dirs, own + given, c->arena);
    aqua_options options = { .no_relay          = option(f, "noRelay", false),
                             .no_xor            = option(f, "noXor", false),
                             .tracing           = option(f, "tracing", false),
                             .no_empty_response = option(f, "noEmptyResponse", true) };
    options.constants    = texts(t, f, "constants", &options.constants_count);
    if (!cli_compile_with(c, f->program, &rules, options, out, &code)) return code;
    if (out->accepted) return CLI_OK;
    cli_print_diags(c, out->errors);
    return CLI_FAILED;
}

static riv_str text_of(const riv_json *run, const char *key, const char *otherwise)
{
    const riv_json *v = riv_json_get(run, riv_str_c(key));
    return v && v->kind == RIV_JSON_STR ? v->str : riv_str_c(otherwise);
}

static const aqua_func *function_of(const aqua_output *program, riv_str name)
{
    for (size_t i = 0; i < program->funcs_count; i++)
        if (riv_str_eq(program->funcs[i].name, name)) return &program->funcs[i];
    return NULL;
}

/* ---- playing ---- */

/* The first argument of the run that the function has not, or its parameter that is not given. */
static riv_str wrong_argument(testing *t, const aqua_func *func, const riv_json *run)
{
    const riv_json *args = riv_json_get(run, RIV_LIT("args"));
    riv_arena      *a    = t->c->arena;
    for (size_t i = 0; i < func->params_count; i++)
        if (!func->params[i].is_arrow && !riv_json_get(args, func->params[i].name))
            return riv_format(a, "args: the function's parameter `" RIV_FMT "` is missing",
                              RIV_ARG(func->params[i].name));
    for (size_t k = 0; args && args->kind == RIV_JSON_OBJ && k < args->obj.count; k++) {
        size_t i = 0;
        while (i < func->params_count && !riv_str_eq(func->params[i].name, args->obj.members[k].key)) i++;
        if (i == func->params_count)
            return riv_format(a, "args: the function has no parameter `" RIV_FMT "`",
                              RIV_ARG(args->obj.members[k].key));
    }
    return (riv_str){ 0 };
}

/* Is that all there is to say of a round? In an arena of its own: there may be many. */
static bool passes(const sim_trial_input *in)
{
    riv_arena *scratch = riv_arena_new(0);
    riv_fault  fault   = { 0 };
    sim_trial  trial   = { 0 };
    bool       passed  = !sim_trial_run(in, scratch, &fault, &trial) && trial.passed;
    riv_arena_free(scratch);
    return passed;
}

static int play(testing *t, const scenario_file *f, const aqua_func *func, size_t index, outcome *o)
{
    sim_trial_input in    = { .air      = func->air_text,
                              .run      = f->runs->arr.items[index],
                              .where    = riv_format(t->c->arena, "runs[%zu]", index).ptr,
                              .order    = t->order,
                              .has_seed = t->has_seed,
                              .seed     = t->seed,
                              .version  = t->version };
    riv_fault       fault = { 0 };
    uint64_t        began = host_now_us(), from = t->seed, rounds = t->seeds ? t->seeds : 1;
    for (uint64_t i = 0; i < rounds; i++) {
        if (t->seeds) {
            in.has_seed = true;
            in.seed     = from + i;
        }
        if (i + 1 < rounds && passes(&in) && !cli_interrupted()) continue;
        riv_err err = sim_trial_run(&in, t->c->arena, &fault, &o->trial);
        if (err == RIV_E_MALFORMED) return cli_error(t->c, CLI_USAGE, RIV_FMT ": %s", RIV_ARG(f->path), fault.msg);
        if (err) {
            o->why          = riv_str_dup(t->c->arena, riv_str_c(fault.msg));
            o->trial.passed = false;
        }
        o->by_seed = in.has_seed;
        o->seed    = in.seed;
        if (!o->trial.passed || cli_interrupted()) break;
    }
    o->took_us = host_now_us() - began;
    return CLI_OK;
}

static void report(testing *t, const outcome *o);

static int play_file(testing *t, scenario_file *f)
{
    aqua_output program = { 0 };
    int         code    = compile(t, f, &program);
    for (size_t i = 0; !code && i < f->runs->arr.count && !cli_interrupted(); i++) {
        const riv_json *run  = f->runs->arr.items[i];
        riv_str         main = text_of(run, "function", "main");
        outcome         o    = { .file = f->program, .run = i };
        o.name               = text_of(run, "name", riv_format(t->c->arena, "run %zu", i + 1).ptr);
        if (t->filter.len && riv_str_find(o.name, t->filter, 0) == SIZE_MAX) continue;
        const aqua_func *func = function_of(&program, main);
        if (!func)
            return cli_error(t->c, CLI_USAGE, RIV_FMT ": runs[%zu]: the program exports no function `" RIV_FMT "`",
                             RIV_ARG(f->path), i, RIV_ARG(main));
        riv_str wrong = wrong_argument(t, func, run);
        if (wrong.len)
            return cli_error(t->c, CLI_USAGE, RIV_FMT ": runs[%zu]: " RIV_FMT, RIV_ARG(f->path), i, RIV_ARG(wrong));
        code = play(t, f, func, i, &o);
        if (code) return code;
        t->failed += !o.trial.passed && !(t->update && !o.why.len);
        *riv_push(t->c->arena, &t->outcomes) = o;
        report(t, &o);
    }
    return code;
}

/* ---- writing what was seen ---- */

typedef RIV_VEC(riv_json_member) members;

/* In the order in which people read them; what is not named here comes last. */
static const char *const RUN_KEYS[]  = { "name",      "about",     "function", "args",  "services",  "particle_id",
                                         "timestamp", "ttl",       "order",    "seed",  "duplicate", "results",
                                         "calls",     "responses", "errors",   "edges", "unordered", "unorderedResult" };
static const char *const RULE_KEYS[] = { "peer", "service", "function" };

static bool is_one_of(riv_str key, const char *const *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (riv_str_eq(key, riv_str_c(keys[i]))) return true;
    return false;
}

static const riv_json *in_order(riv_arena *a, const riv_json *obj, const char *const *keys, size_t count)
{
    members list = { 0 };
    if (obj->kind != RIV_JSON_OBJ) return obj;
    for (size_t i = 0; i < count; i++) {
        const riv_json *v = riv_json_get(obj, riv_str_c(keys[i]));
        if (v) *riv_push(a, &list) = (riv_json_member){ riv_str_c(keys[i]), v };
    }
    for (size_t i = 0; i < obj->obj.count; i++)
        if (!is_one_of(obj->obj.members[i].key, keys, count)) *riv_push(a, &list) = obj->obj.members[i];
    return riv_json_ordered(a, list.ptr, list.len);
}

static const riv_json *rules_in_order(riv_arena *a, const riv_json *rules)
{
    riv_json_list list = { 0 };
    for (size_t i = 0; i < rules->arr.count; i++)
        riv_json_add(a, &list, in_order(a, rules->arr.items[i], RULE_KEYS, RIV_COUNT(RULE_KEYS)));
    return riv_json_arr(a, list.ptr, list.len);
}

/* The run with what was seen instead of what it expects; one that expects nothing gets calls, responses and errors. */
static const riv_json *updated(riv_arena *a, const riv_json *run, const sim_trial *seen)
{
    const struct {
        const char     *key;
        const riv_json *value;
        bool            usual;
    } parts[]    = { { "calls", seen->calls, true },
                     { "responses", seen->responses, true },
                     { "errors", seen->errors, true },
                     { "edges", seen->edges, false } };
    members list = { 0 };
    for (size_t i = 0; i < run->obj.count; i++) {
        riv_json_member m = run->obj.members[i];
        for (size_t k = 0; k < RIV_COUNT(parts); k++)
            if (riv_str_eq(m.key, riv_str_c(parts[k].key))) m.value = parts[k].value;
        if (riv_str_eq(m.key, RIV_LIT("services")) && m.value->kind == RIV_JSON_ARR)
            m.value = rules_in_order(a, m.value);
        *riv_push(a, &list) = m;
    }
    for (size_t k = 0; !seen->expects && k < RIV_COUNT(parts); k++)
        if (parts[k].usual) *riv_push(a, &list) = (riv_json_member){ riv_str_c(parts[k].key), parts[k].value };
    return in_order(a, riv_json_obj(a, list.ptr, list.len), RUN_KEYS, RIV_COUNT(RUN_KEYS));
}

/* Of those of one file, which begin at `from`. NULL: it was not played. Names are no key: two runs may have the same. */
static const outcome *outcome_of(const testing *t, size_t from, size_t run)
{
    for (size_t i = from; i < t->outcomes.len; i++)
        if (t->outcomes.ptr[i].run == run) return &t->outcomes.ptr[i];
    return NULL;
}

enum { COLUMNS = 100, STEP = 2 };

/* A value on one line where it fits, else its members on lines of their own. */
static void put_value(riv_arena *a, riv_buf *out, const riv_json *v, size_t indent)
{
    bool    object = v->kind == RIV_JSON_OBJ, list = v->kind == RIV_JSON_ARR;
    size_t  count = object ? v->obj.count : list ? v->arr.count : 0;
    riv_str text  = riv_json_text(v, a);
    if (!count || indent + text.len + 2 * count <= COLUMNS) {
        riv_put_str(out, text);
        return;
    }
    riv_put_u8(out, object ? '{' : '[');
    for (size_t i = 0; i < count; i++) {
        riv_putf(out, "%s\n%*s", i ? "," : "", (int)(indent + STEP), "");
        if (object) {
            riv_json_write_str(v->obj.members[i].key, out);
            riv_put_str(out, RIV_LIT(": "));
        }
        put_value(a, out, object ? v->obj.members[i].value : v->arr.items[i], indent + STEP);
    }
    riv_putf(out, "\n%*s%c", (int)indent, "", object ? '}' : ']');
}

static int update(testing *t, const scenario_file *f, size_t from)
{
    static const char *const keys[] = { "about", "options", "runs" };
    riv_arena               *a      = t->c->arena;
    riv_json_list            runs   = { 0 };
    members                  top    = { 0 };
    riv_buf                  out    = riv_buf_in(a);
    riv_fault                fault  = { 0 };
    bool                     change = false;
    for (size_t i = 0; i < f->runs->arr.count; i++) {
        const outcome *o    = outcome_of(t, from, i);
        bool           take = o && !o->why.len && (!o->trial.passed || !o->trial.expects);
        riv_json_add(a, &runs,
                     take ? updated(a, f->runs->arr.items[i], &o->trial)
                          : in_order(a, f->runs->arr.items[i], RUN_KEYS, RIV_COUNT(RUN_KEYS)));
        change |= take;
    }
    if (!change) return CLI_OK;
    for (size_t i = 0; i < f->doc->obj.count; i++) {
        riv_json_member m = f->doc->obj.members[i];
        if (riv_str_eq(m.key, RIV_LIT("runs"))) m.value = riv_json_arr(a, runs.ptr, runs.len);
        *riv_push(a, &top) = m;
    }
    put_value(a, &out, in_order(a, riv_json_obj(a, top.ptr, top.len), keys, RIV_COUNT(keys)), 0);
    riv_put_u8(&out, '\n');
    if (host_file_rewrite(f->path, riv_buf_view(&out), &fault)) return cli_fault(t->c, &fault);
    cli_note(t->c, "wrote " RIV_FMT, RIV_ARG(f->path));
    return CLI_OK;
}

/* ---- reports ---- */

static void report(testing *t, const outcome *o)
{
    cli *c  = t->c;
    bool ok = o->trial.passed && !o->why.len;
    if (cli_has(c, "json")) return;
    const char *colour = cli_style(c->colour_out, ok ? CLI_GREEN : CLI_RED),
               *plain  = cli_style(c->colour_out, CLI_PLAIN);
    riv_arena *a       = c->arena;
    cli_print(riv_format(a, "%s%s%s " RIV_FMT ": " RIV_FMT "%s\n", colour, ok ? "ok    " : "FAILED", plain,
                         RIV_ARG(cli_short_path(c, o->file)), RIV_ARG(cli_shown(c, o->name, 200)),
                         o->trial.expects || o->why.len ? "" : " (expects nothing; this was seen)"));
    if (o->why.len) cli_print(riv_format(a, "  " RIV_FMT "\n", RIV_ARG(cli_shown(c, o->why, 1000))));
    if (!ok && o->by_seed && !o->why.len)
        cli_print(riv_format(a, "  in the order drawn from seed %llu: repeat with --seed %llu\n",
                             (unsigned long long)o->seed, (unsigned long long)o->seed));
    cli_print(o->trial.difference);
    if (!o->trial.document) return;
    if (!o->trial.expects)
        cli_print(riv_format(a, "  calls     " RIV_FMT "\n  responses " RIV_FMT "\n  errors    " RIV_FMT "\n",
                             RIV_ARG(riv_json_text(o->trial.calls, a)), RIV_ARG(riv_json_text(o->trial.responses, a)),
                             RIV_ARG(riv_json_text(o->trial.errors, a))));
    if (!cli_has(c, "trace")) return;
    const riv_json *steps = riv_json_get(o->trial.document, RIV_LIT("steps"));
    for (size_t i = 0; i < steps->arr.count; i++) {
        const riv_json *s = steps->arr.items[i];
        cli_print(riv_format(a, "  step " RIV_FMT ": " RIV_FMT " (" RIV_FMT "), to " RIV_FMT ", calls " RIV_FMT "\n",
                             RIV_ARG(riv_json_text(riv_json_get(s, RIV_LIT("step")), a)),
                             RIV_ARG(text_of(s, "peer", "")), RIV_ARG(text_of(s, "kind", "")),
                             RIV_ARG(riv_json_text(riv_json_get(s, RIV_LIT("next_peers")), a)),
                             RIV_ARG(riv_json_text(riv_json_get(s, RIV_LIT("call_requests")), a))));
    }
}

static void put_xml(riv_buf *out, riv_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char ch   = (unsigned char)text.ptr[i];
        riv_str       rest = riv_str_sub(text, i, text.len);
        bool never = riv_str_starts(rest, RIV_LIT("\xef\xbf\xbe")) || riv_str_starts(rest, RIV_LIT("\xef\xbf\xbf"));
        if (never) i += 2; /* U+FFFE, U+FFFF: three bytes */
        if (never)
            riv_put_u8(out, '?');
        else if (ch == '<')
            riv_put_str(out, RIV_LIT("&lt;"));
        else if (ch == '>')
            riv_put_str(out, RIV_LIT("&gt;"));
        else if (ch == '&')
            riv_put_str(out, RIV_LIT("&amp;"));
        else if (ch == '"')
            riv_put_str(out, RIV_LIT("&quot;"));
        else if (ch >= 0x20 || ch == '\n' || ch == '\t')
            riv_put_u8(out, ch);
        else
            riv_put_u8(out, '?'); /* XML has no way to write it */
    }
}

static int write_junit(testing *t, riv_str path)
{
    riv_buf   out   = riv_buf_in(t->c->arena);
    riv_fault fault = { 0 };
    riv_putf(&out,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"rivulet test\" tests=\"%zu\" "
             "failures=\"%zu\">\n",
             t->outcomes.len, t->failed);
    for (size_t i = 0; i < t->outcomes.len; i++) {
        const outcome *o = &t->outcomes.ptr[i];
        riv_put_str(&out, RIV_LIT("  <testcase classname=\""));
        put_xml(&out, o->file);
        riv_put_str(&out, RIV_LIT("\" name=\""));
        put_xml(&out, o->name);
        riv_putf(&out, "\" time=\"%.6f\"", (double)o->took_us / 1e6);
        if (o->trial.passed) {
            riv_put_str(&out, RIV_LIT("/>\n"));
            continue;
        }
        riv_put_str(&out, RIV_LIT("><failure message=\"not as expected\">"));
        put_xml(&out, o->why.len ? o->why : o->trial.difference);
        riv_put_str(&out, RIV_LIT("</failure></testcase>\n"));
    }
    riv_put_str(&out, RIV_LIT("</testsuite>\n"));
    return host_file_write(path, riv_buf_view(&out), 0644, &fault) ? cli_fault(t->c, &fault) : CLI_OK;
}

static void print_document(testing *t)
{
    riv_arena    *a    = t->c->arena;
    riv_json_list runs = { 0 };
    for (size_t i = 0; i < t->outcomes.len; i++) {
        const outcome *o = &t->outcomes.ptr[i];
        riv_json_add(a, &runs,
                     riv_json_record(a, "file", riv_json_str(a, o->file), "name", riv_json_str(a, o->name), "passed",
                                     riv_json_bool(o->trial.passed), "calls", o->trial.calls, "responses",
                                     o->trial.responses, "errors", o->trial.errors, "edges", o->trial.edges, "seed",
                                     o->by_seed ? riv_json_u64(a, o->seed) : NULL, "difference",
                                     o->trial.passed ? NULL : riv_json_str(a, o->trial.difference), "why",
                                     o->why.len ? riv_json_str(a, o->why) : NULL, NULL));
    }
    cli_print_json(
        riv_json_record(a, "passed", riv_json_bool(t->failed == 0), "runs", riv_json_arr(a, runs.ptr, runs.len), NULL),
        true);
}

/* ---- the command ---- */

static bool read_flags(testing *t)
{
    cli    *c       = t->c;
    riv_str version = cli_value(c, "avm-version");
    t->filter       = cli_value(c, "filter");
    t->order        = cli_value(c, "order");
    t->update       = cli_has(c, "update");
    t->has_seed     = cli_has(c, "seed");
    if (t->order.len && !riv_str_eq(t->order, RIV_LIT("fifo")) && !riv_str_eq(t->order, RIV_LIT("lifo")) &&
        !riv_str_eq(t->order, RIV_LIT("random"))) {
        cli_error(c, CLI_USAGE, "--order is fifo, lifo or random");
        return false;
    }
    if (version.len && !riv_str_eq(version, RIV_LIT("0.62")) && !riv_str_eq(version, RIV_LIT("0.64"))) {
        cli_error(c, CLI_USAGE, "--avm-version is 0.62 or 0.64");
        return false;
    }
    if (t->update && (t->order.len || t->has_seed || cli_has(c, "seeds"))) {
        cli_error(c, CLI_USAGE, "--update goes with the runs' own order: not with --order, --seed or --seeds");
        return false;
    }
    t->version = riv_str_eq(version, RIV_LIT("0.62")) ? AVM_0_62 : AVM_0_64;
    return cli_number(c, "seed", 1, 0, UINT64_MAX, &t->seed) && cli_number(c, "seeds", 0, 1, SEEDS_MAX, &t->seeds);
}

static int test_all(testing *t)
{
    int code = find_files(t);
    for (size_t i = 0; !code && i < t->files.len && !cli_interrupted(); i++) {
        scenario_file f;
        size_t        from = t->outcomes.len;
        code               = read_file(t, t->files.ptr[i], &f);
        if (!code) code = play_file(t, &f);
        if (!code && t->update) code = update(t, &f, from);
    }
    return code;
}

int cli_cmd_test(cli *c)
{
    testing t = { .c = c };
    if (!read_flags(&t)) return CLI_USAGE;
    cli_catch_signals();
    int code = test_all(&t);
    if (cli_interrupted()) code = CLI_INTERRUPTED;
    cli_release_signals();
    if (!code && t.outcomes.len == 0)
        code = cli_error(c, CLI_USAGE,
                         t.filter.len ? "no run's name has `" RIV_FMT "` in it" : "there are no runs" RIV_FMT,
                         RIV_ARG(t.filter));
    if (code && cli_has(c, "json"))
        cli_print_json(riv_json_record(c->arena, "passed", riv_json_bool(false), "runs",
                                       riv_json_arr(c->arena, NULL, 0), "error", riv_json_str(c->arena, c->first_error),
                                       NULL),
                       true);
    if (code) return code;
    riv_str junit = cli_value(c, "junit");
    if (junit.len) code = write_junit(&t, junit);
    if (code) return code;
    if (cli_has(c, "json"))
        print_document(&t);
    else
        cli_print(riv_format(c->arena, "%zu of %zu runs passed\n", t.outcomes.len - t.failed, t.outcomes.len));
    return t.failed ? CLI_FAILED : CLI_OK;
}
