/* internal.h: what the commands share: the table of commands, given flags, output, configuration, services. */
#ifndef RIV_CLI_INTERNAL_H
#define RIV_CLI_INTERNAL_H

#include "aqua/aqua.h"
#include "base/base.h"
#include "cli/cli.h"
#include "host/host.h"
#include "marine/marine.h"

#include <stdio.h>

enum {
    CLI_SOURCE_BYTES_MAX = 16 << 20, /* scripts, programs, scenarios */
    CLI_DATA_BYTES_MAX   = 64 << 20, /* particle data */
    CLI_VALUES_MAX       = 256,      /* flags and arguments of one call */
    CLI_NODES_MAX        = 1000,     /* of an embedded network */
    CLI_NODES_UP_MAX     = 64,       /* real nodes in one process */
};

/* ---- the table ---- */

typedef struct cli cli;
typedef enum cli_flag_kind { CLI_SWITCH, CLI_VALUE, CLI_VALUES, CLI_BOOL /* --x, --x=true, --x=false */ } cli_flag_kind;
typedef struct cli_flag {
    const char   *name;
    char          letter; /* 0: none */
    cli_flag_kind kind;
    const char   *value;  /* how help calls the value */
    const char   *help;
} cli_flag;
typedef struct cli_command {
    const char     *name;    /* one or two words */
    const char     *args;    /* as help shows them */
    size_t          args_min, args_max;
    const char     *summary; /* one line */
    const char     *details; /* paragraphs, or NULL */
    const cli_flag *flags;   size_t flags_count;
    int           (*run)(cli *c);
} cli_command;
extern const cli_command cli_commands[];
extern const size_t      cli_commands_count;
extern const cli_flag    cli_common_flags[]; /* taken by every command */
extern const size_t      cli_common_flags_count;

/* ---- what was given ---- */

typedef struct cli_given { const cli_flag *flag; riv_str value; } cli_given;
typedef struct cli_args {
    riv_str   args[CLI_VALUES_MAX];   size_t args_count;
    cli_given flags[CLI_VALUES_MAX];  size_t flags_count;
} cli_args;
/* words: without program and command names. The fault is a whole sentence, with the nearest flag. */
RIV_MUST_USE riv_err cli_args_parse(const cli_command *command, const char *const *words, size_t count, riv_arena *arena, riv_fault *fault,
                                    cli_args *out);
/* The command that the first words name; *used: how many words. RIV_E_NOT_FOUND with the nearest name. */
RIV_MUST_USE riv_err cli_command_find(const char *const *words, size_t count, riv_fault *fault, const cli_command **out, size_t *used);

struct cli {
    riv_arena         *arena; /* of the whole call */
    riv_arena         *programs; /* compiled programs, with the compiler's budget; NULL before the first */
    const cli_command *command;
    cli_args           given;
    const char        *program; /* argv[0] */
    bool               colour_out, colour_err;
    host_log           log;   /* to stderr */
    riv_str            first_error; /* what cli_error or a diagnostic said first */
    const riv_json    *diags;  /* of a refused program, or NULL */
    bool               serves; /* stderr is a node's log: notes and warnings are records of it */
    const riv_str     *mounted; size_t mounted_count; /* programs that services may run: cli_services_load takes them from the configuration */
};

bool    cli_has(const cli *c, const char *flag);      /* a switch that is on; CLI_BOOL: given and not false */
riv_str cli_value(const cli *c, const char *flag);    /* the last one given; empty when none */
const riv_str *cli_values(const cli *c, const char *flag, size_t *count);
riv_str cli_arg(const cli *c, size_t index);          /* empty when not given */
/* A number in [min, max]; prints what is wrong and gives false. */
bool    cli_number(cli *c, const char *flag, uint64_t otherwise, uint64_t min, uint64_t max, uint64_t *out);

/* ---- output: answers on stdout, everything else on stderr ---- */

/* "error: ..." and, when there is one, "  hint: ..."; both return the code. */
int  cli_error(cli *c, int code, const char *format, ...) RIV_PRINTF(3, 4);
void cli_hint(cli *c, const char *format, ...) RIV_PRINTF(2, 3);
void cli_warn(cli *c, const char *format, ...) RIV_PRINTF(2, 3);
void cli_note(cli *c, const char *format, ...) RIV_PRINTF(2, 3); /* progress */
int  cli_fault(cli *c, const riv_fault *fault);                  /* the error and the code that fits it */
int cli_exit_of(riv_err err);
/* A fault whose pos is a byte offset in text: file:line:col, the line, a mark below. */
int  cli_fault_at(cli *c, int code, riv_str file, riv_str text, const riv_fault *fault);
void cli_print(riv_str text);                                    /* stdout */
void cli_print_json(const riv_json *doc, bool pretty);           /* stdout, with a line end */
const char *cli_style(bool colour, const char *sequence);        /* "" without colour */
#define CLI_BOLD  "\033[1m"
#define CLI_DIM   "\033[2m"
#define CLI_RED   "\033[31m"
#define CLI_GREEN "\033[32m"
#define CLI_AMBER "\033[33m"
#define CLI_BLUE  "\033[36m"
#define CLI_PLAIN "\033[0m"

/* Reads a text file of at most CLI_SOURCE_BYTES_MAX; prints what is wrong. */
bool cli_read_text(cli *c, riv_str path, riv_str *out);
/* Foreign text for a terminal: without control characters, cut after max bytes at a border of UTF-8, with an ellipsis. Lives in c->arena. */
riv_str cli_shown(cli *c, riv_str text, size_t max);
void cli_help(cli *c, const cli_command *command, FILE *to); /* NULL: the overview */
void cli_help_exit_codes(FILE *to);
bool cli_help_group(const cli *c, riv_str word, FILE *to); /* the commands that begin with this word; false: none does */

/* ---- compiling Aqua ---- */

/* One --import: names that begin with prefix (all, when it is empty) are looked for in dir, without it. */
typedef struct cli_import_rule { riv_str prefix, dir; } cli_import_rule;
/* A path that was looked at. err: RIV_E_NOT_FOUND, or the file is there and cannot be read: cause. */
typedef struct cli_looked { riv_err err; riv_str path /* links resolved */, text, cause; host_stamp stamp; } cli_looked;
typedef struct cli_imports {
    const cli_import_rule *rules; size_t count; /* in order of trial */
    riv_arena *arena;
    riv_map   *looked; /* cli_looked * by path as it was tried; may serve several programs */
} cli_imports;
cli_imports cli_imports_of(const riv_str *given, size_t count, riv_arena *arena); /* --import DIR or PREFIX:DIR */
/* An aqua_import_fn; ctx is a cli_imports. */
riv_err cli_import(void *ctx, riv_str importer_path, riv_str import_text, riv_arena *arena, riv_fault *fault, riv_str *path, riv_str *source,
                   riv_str *tried);
/* Reads and compiles path with the flags --import and --const (behind the constants of options); options has the rest. False: it was said why, *code is set. */
bool cli_compile(cli *c, riv_str path, aqua_options options, aqua_output *out, int *code);
bool cli_compile_with(cli *c, riv_str path, cli_imports *imports, aqua_options options, aqua_output *out, int *code);
/* The .aqua files of a folder and those below it (not of node_modules nor of names with a dot in front), sorted; under: their folder as seen from it.
 * An exit code when it was said what is wrong. */
typedef struct cli_aqua_file { riv_str path, under; } cli_aqua_file;
typedef RIV_VEC(cli_aqua_file) cli_aqua_files;
int cli_find_aqua(cli *c, riv_str folder, cli_aqua_files *out);
int cli_aqua_arguments(cli *c, cli_aqua_files *out); /* the command's arguments, those of folders in their places */
riv_str cli_short_path(cli *c, riv_str path); /* as the user knows it: relative to where they are */
void cli_print_diags(cli *c, aqua_diags diags);
const riv_json *cli_diags_json(cli *c, aqua_diags diags);

/* ---- configuration: rivulet.toml ---- */

typedef struct cli_module { riv_str name, file; bool logger; } cli_module;
typedef struct cli_service {
    riv_str           id;
    const riv_str    *aliases; size_t aliases_count;
    const cli_module *modules; size_t modules_count; /* the last is the facade */
    riv_str           config;                        /* a Config.toml in place of modules; empty: none */
    const marine_pair *envs;  size_t envs_count;     /* of every module */
    const marine_pair *dirs;  size_t dirs_count;
    uint64_t          memory_bytes, fuel;            /* 0: defaults */
    riv_str           where;                         /* "rivulet.toml:3" or "--service" */
} cli_service;
typedef struct cli_config {
    riv_str            path; /* empty: none */
    const cli_service *services; size_t services_count;
    const riv_str     *listen;   size_t listen_count;
    const riv_str     *peers;    size_t peers_count;
    riv_str            state, key;
    uint32_t           ttl_max_ms, call_max_ms;      /* 0: defaults */
    const riv_str     *mounted;  size_t mounted_count; /* programs that services may run */
} cli_config;
/* Relative paths in it are relative to its folder. The fault's message is whole: "FILE:LINE:COL: ...". */
RIV_MUST_USE riv_err cli_config_parse(riv_str path, riv_str text, riv_arena *arena, riv_fault *fault, cli_config *out);
/* --config, or rivulet.toml beside `beside` (empty: none), and --service ID=FILE on top. Prints what is wrong. */
bool cli_config_load(cli *c, riv_str beside, cli_config *out, int *code);

/* ---- modules ---- */

/* A source (build.c tells which there are) to one wasm with its sections; C and C++ through the cache unless fresh. Prints what is wrong. */
bool cli_is_source(riv_str path); /* rather than a module that is built already */
bool cli_module_build(cli *c, riv_str source, bool fresh, riv_arena *arena, riv_bytes *wasm, int *code);
riv_str cli_cache_dir(riv_arena *arena, const char *kind);
marine_cache cli_code_cache(riv_arena *arena); /* for marine_module_open; without a usable key it keeps nothing */
/* marine_cache.compile: by a child of this program, under limits of processor time and memory. */
#define CLI_COMPILE_WORD "--compile-module" /* how the child is called; no command */
riv_err cli_compile_apart(void *ctx, riv_bytes wasm, riv_fault *fault);
int     cli_compile_here(cli *c, const char *file); /* the child */
riv_str cli_sdk_header(void); /* sdk/c/marine.h as it was when this program was built */

/* Services of a configuration: modules compiled once, instances for each node. */
typedef struct cli_services cli_services;
cli_services *cli_services_load(cli *c, const cli_config *config, int *code); /* NULL: said why */
void cli_services_free(cli_services *s);                                      /* accepts NULL */
const node_service *cli_services_nodes(const cli_services *s, size_t *count);
/* Instances for one more node; live as long as s. NULL: said why. env: what the modules see of the world. state: the node's folder,
 * services have theirs in it; empty: a temporary one. real: calls have a deadline and are measured; else they are as repeatable as the world is. */
typedef struct cli_services_node { const marine_env *env; riv_str state; bool real; } cli_services_node;
const work_env *cli_services_env(cli *c, cli_services *s, const cli_services_node *own, int *code);
marine_env cli_world_env(cli *c); /* the real clock, the kernel's randomness, our log, the programs of c->mounted */

/* ---- particle data from files ---- */

/* What could be known of a particle; all but data may be empty. */
typedef struct cli_particle { riv_bytes data; riv_str id, script, init_peer_id; uint64_t timestamp_ms; uint32_t ttl_ms; } cli_particle;
/* Bytes of particle data or of a whole particle message, their base64 text, or JSON: an object with "data" (base64 or an array of bytes) and, if it has them,
 * "id" or "particle_id", "script" or "air", "init_peer_id", "timestamp", "ttl". Whether data decodes is not looked at. */
RIV_MUST_USE riv_err cli_particle_parse(riv_bytes bytes, riv_arena *arena, riv_fault *fault, cli_particle *out);
bool cli_particle_read(cli *c, riv_str path, cli_particle *out); /* prints what is wrong */
/* The tree of its trace, as rivulet trace shows it; nothing when data does not decode. names: {name: peer id} or NULL. */
void cli_trace_print(cli *c, const cli_particle *p, const riv_json *names);

/* ---- one function call ---- */

typedef struct cli_program { const aqua_func *func; aqua_call call; } cli_program;
/* Compiles FILE, finds the function of --func (or the only one), checks arguments. */
bool cli_program_load(cli *c, riv_str path, riv_str func_text, cli_program *out, int *code);
const riv_json *cli_program_values(riv_arena *arena, const cli_program *p, riv_str relay); /* what getDataSrv answers */

/* What was seen on the way: events of peers, from their logs. */
typedef struct cli_seen { uint64_t ts_us; riv_str peer, event, other; uint64_t bytes, signatures; } cli_seen;
typedef struct cli_hop { riv_str from, to; uint64_t sent_us, received_us, bytes; } cli_hop; /* peer ids */
/* What came back. */
typedef struct cli_outcome {
    bool            done;
    node_reply_kind kind;
    const riv_json *json;
    riv_json_list   callbacks;  /* {name, args} each */
    uint64_t        start_us, end_us;
    RIV_VEC(cli_seen) seen;
} cli_outcome;
/* Takes one event of the node whose id is peer; copies what it keeps. */
void cli_outcome_event(cli_outcome *o, riv_arena *arena, uint64_t ts_us, riv_str peer, const char *event, const riv_log_field *fields, size_t count);
void cli_outcome_reply(cli_outcome *o, riv_arena *arena, uint64_t ts_us, node_reply_kind kind, riv_str name, const riv_json *json);
/* In order of arrival; a hop begins with the sender's run that asked for it. */
const cli_hop *cli_outcome_hops(cli_outcome *o, riv_arena *arena, size_t *count);
uint64_t cli_outcome_signatures(const cli_outcome *o);
/* The answer or the error; --json: one document, with the members of extra. Returns the exit code. */
/* With --json a call that never came to an answer is told on stdout too: {answer: null, error, errors}. Returns code. */
int cli_json_failure(cli *c, int code);
int cli_outcome_print(cli *c, const cli_program *p, cli_outcome *o, const riv_json *extra);
const riv_json *cli_outcome_json(cli *c, const cli_program *p, cli_outcome *o, const riv_json *extra);
const riv_json *cli_answer(riv_arena *arena, const cli_program *p, const cli_outcome *o); /* NULL: no response */

/* A client on a host that sends one call through a relay. */
typedef struct cli_client {
    cli               *c;
    host              *host;
    host_node         *node;
    const cli_program *program;
    cli_outcome       *outcome;
    riv_str            relay_text;
    codec_peer         relay;
    uint32_t           ttl_ms;
    bool               connected;
    riv_str            unreachable; /* why there is no link to the relay */
    uint64_t           linger_ms;   /* after the answer */
} cli_client;
/* Dials relay, sends the call, waits for the answer. CLI_OK: outcome has it; else it was said why. */
int cli_client_run(cli_client *client, riv_str key_file);

/* Ctrl-C outside of a host, where something has to be cleaned up: noted between catch and release. A host takes the signals over. */
void cli_catch_signals(void);
void cli_release_signals(void); /* Ctrl-C ends the program again */
bool cli_interrupted(void);
void cli_forget_interrupt(void); /* where the program goes on */

int cli_demo_market(cli *c); /* the second part of the demo */

/* ---- the commands: one function each, named in table.c ---- */
#define CLI_COMMANDS(X) \
    X(repl) \
    X(run) X(up) X(node) X(demo) X(sim) X(aqua_compile) X(aqua_explain) X(aqua_fmt) X(aqua_doc) X(test) X(air_parse) X(air_fmt) X(air_show) X(air_verify) X(air_invoke) X(trace) X(chain_start) X(chain_status) X(chain_blocks) X(chain_account) X(chain_pay) X(chain_export) X(chain_replay) X(chain_scenario) X(module_build) \
    X(module_info) X(module_aqua) X(module_new) X(module_pack) X(key_new) X(key_show) X(key_import) \
    X(provider_init) X(provider_register) X(provider_offer) X(provider_commit) X(provider_pickup) X(provider_work) X(provider_leave) X(provider_status) \
    X(provider_rewards) X(provider_prove) X(provider_finish) X(provider_exit) X(provider_close) X(stake_list) X(stake_deposit) X(stake_rewards) X(stake_finish) X(deal_create) X(deal_publish) X(deal_match) X(deal_deposit) X(deal_withdraw) X(deal_info) X(deal_stop) X(deal_list) X(deal_unpublish) X(deal_remove) X(deal_app) X(deal_access) X(deal_offers) X(completion) X(version) X(help)
#define X(name) int cli_cmd_##name(cli *c);
CLI_COMMANDS(X)
#undef X

#endif
