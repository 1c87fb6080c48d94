/* repl.h: what the files of `rivulet repl` share: the session, what a command answers, how a line is read.
 * Inside cli only. Spec: docs/spec/scenarios.md 5. */
#ifndef RIV_CLI_REPL_H
#define RIV_CLI_REPL_H

#include "cli/internal.h"

enum {
    REPL_LINE_BYTES_MAX    = 64 << 20,
    REPL_HISTORY_LINES_MAX = 1000,
    REPL_TICK_MS           = 10,
    REPL_DEADLINE_MS       = 10000,
    REPL_DEADLINE_MS_MAX   = 3600 * 1000,
};

typedef struct repl_module { /* one that is loaded */
    riv_str              name, file;
    host_stamp           stamp; /* of the file when it was read */
    marine_module_config config;
} repl_module;

typedef struct repl {
    cli            *c;
    bool            json, terminal;
    uint64_t        fuel, deadline_ms, memory_bytes_max; /* of each call; memory of a service whose configuration does not say */
    marine_cache    cache;
    marine_engine  *engine;
    marine_env      env;
    marine_service *service; /* NULL: no module is loaded */
    uint64_t        service_memory_max;
    riv_arena      *arena;   /* lives with the service */
    RIV_VEC(repl_module) loaded;            /* in the service's order */
    RIV_VEC(marine_module *) modules; /* all that the service ever saw: it may still hold their code */
    riv_arena      *scratch; /* of one command */
} repl;

typedef struct repl_answer { /* of one command; all lives in r->scratch */
    const char     *kind; /* NULL: it went well; else as scenarios.md 5 has it */
    riv_str         message, hint;
    const riv_json *result; /* NULL: none */
    riv_str         text;   /* the result as people read it; empty: the JSON */
    bool            silent; /* people do not want to see the result */
    bool            timed;  /* fuel and time say something */
    uint64_t        fuel;
    double          time_us;
    bool            quit;
} repl_answer;

/* ---- repl.c ---- */
/* From now until repl_unwatch Ctrl-C lets a deadline of so many ticks pass. */
void repl_watch(repl *r, uint64_t ticks);
bool repl_unwatch(void); /* Ctrl-C came */

/* ---- repl_commands.c ---- */
typedef struct repl_command {
    const char *name, *args, *help;
    bool      (*run)(repl *r, riv_str rest, repl_answer *out); /* false: out->kind is set */
} repl_command;
extern const repl_command repl_commands[];
extern const size_t       repl_commands_count;
bool repl_is_command(riv_str word, const char *name); /* the name, or its first letter */
/* Runs one line. Modules whose files changed are loaded anew before. */
void repl_run(repl *r, riv_str line, repl_answer *out);
void repl_forget(repl *r); /* frees the service and what belongs to it */
const repl_module *repl_find(const repl *r, riv_str name);
riv_str repl_signature(const marine_interface *in, const marine_function *f, riv_arena *arena); /* "greeting(name: string) -> string" */

/* ---- repl_params.c: what follows `call MODULE FUNCTION` ---- */
typedef struct repl_call { bool no_result; const riv_json *args; marine_call_params params; } repl_call;
/* ARGS and CALL_PARAMETERS. The fault's message is whole. */
RIV_MUST_USE riv_err repl_call_read(riv_str text, riv_arena *arena, riv_fault *fault, repl_call *out);

/* ---- repl_show.c ---- */
void repl_show(repl *r, const repl_answer *answer);
riv_str repl_interface_text(const repl *r, riv_str only, riv_arena *arena); /* only: empty for all modules */

/* ---- repl_input.c: lines from a pipe, or edited on a terminal ---- */
typedef struct repl_input repl_input;
repl_input *repl_input_new(repl *r);
void        repl_input_free(repl_input *in); /* accepts NULL */
typedef enum repl_line { REPL_LINE, REPL_END, REPL_CANCELLED, REPL_TOO_LONG } repl_line;
repl_line   repl_input_next(repl_input *in, riv_str *line); /* valid until the next */
/* What could stand at the end of line, in order; *start: where the word begins that they would replace. */
const riv_str *repl_complete(repl *r, riv_str line, riv_arena *arena, size_t *count, size_t *start);

#endif
