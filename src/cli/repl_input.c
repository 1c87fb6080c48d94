/* repl_input.c: where the lines of the repl come from: any stream, or a terminal with editing, history and completion (libedit).
 * Spec: docs/cli.md "repl". Tests: tests/e2e (repl). */
#define _GNU_SOURCE
#include "cli/repl.h"

#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_BYTES = 64 << 10, HISTORY_BYTES_MAX = 4 << 20, PROMPT_BYTES = 32 };

struct repl_input {
    repl     *repl;
    riv_buf   held; /* read, not given out yet */
    size_t    at;   /* in held: behind the line that was given out */
    bool      ended;
    EditLine *edit; /* NULL: no terminal */
    History  *history;
    riv_str   history_file; /* empty: none is kept */
    uint32_t  number;       /* of the line, from 1 */
    char      prompt[PROMPT_BYTES];
};

/* ---- a stream ---- */

/* False: nothing more comes, or a signal came. */
static bool read_more(repl_input *in)
{
    riv_buf_drop(&in->held, in->at);
    in->at = 0;
    riv_buf_grow(&in->held, READ_BYTES);
    ssize_t got = read(0, in->held.ptr + in->held.len, READ_BYTES);
    if (got > 0) in->held.len += (size_t)got;
    if (got <= 0 && !(got < 0 && errno == EINTR)) in->ended = true;
    return got > 0;
}

static riv_str held(const repl_input *in, size_t from, size_t to)
{
    return riv_str_sub(riv_buf_str(&in->held), from, to);
}

/* The rest of a line that is longer than we keep. */
static repl_line skip_line(repl_input *in)
{
    size_t end;
    do {
        in->at = in->held.len;
        if (!read_more(in)) return REPL_TOO_LONG;
        end = riv_str_find_char(riv_buf_str(&in->held), '\n', 0);
    } while (end == SIZE_MAX);
    in->at = end + 1;
    return REPL_TOO_LONG;
}

static repl_line next_of_stream(repl_input *in, riv_str *line)
{
    size_t looked = in->at;
    for (;;) {
        size_t end = riv_str_find_char(riv_buf_str(&in->held), '\n', looked);
        if (end != SIZE_MAX) {
            *line  = held(in, in->at, end);
            in->at = end + 1;
            return REPL_LINE;
        }
        if (in->held.len - in->at > REPL_LINE_BYTES_MAX) return skip_line(in);
        looked = in->held.len - in->at; /* after reading the line begins at 0 */
        if (!in->ended && !read_more(in) && !in->ended) return REPL_CANCELLED;
        if (in->ended) break;
    }
    *line  = held(in, in->at, in->held.len);
    in->at = in->held.len;
    return line->len ? REPL_LINE : REPL_END;
}

/* ---- history: a line each ---- */

static riv_str history_path(riv_arena *arena)
{
    riv_str dir = host_env("XDG_STATE_HOME"), home = host_env("HOME");
    if (dir.len == 0 && home.len) dir = host_path_join(arena, home, RIV_LIT(".local/state"));
    if (dir.len == 0) return dir;
    dir = host_path_join(arena, dir, RIV_LIT("rivulet"));
    return host_dir_make(dir, NULL) ? (riv_str){ 0 } : host_path_join(arena, dir, RIV_LIT("repl_history"));
}

static void remember(repl_input *in, riv_str line)
{
    HistEvent event;
    if (line.len == 0 || riv_str_find_char(line, '\0', 0) != SIZE_MAX) return;
    history(in->history, &event, H_ENTER, riv_cstr(in->repl->scratch, line));
}

/* Appended at once: sessions side by side all keep theirs, and none is lost with the program. */
static void append(repl_input *in, riv_str line)
{
    if (in->history_file.len == 0) return;
    int fd = open(riv_cstr(in->repl->scratch, in->history_file), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
                  0600);
    if (fd < 0) return;
    riv_str text    = riv_format(in->repl->scratch, RIV_FMT "\n", RIV_ARG(line));
    ssize_t written = write(fd, text.ptr, text.len);
    (void)written; /* a full disk costs the history only */
    close(fd);
}

/* The last lines; a file that has many more is cut to them. */
static void load_history(repl_input *in)
{
    riv_bytes  data;
    riv_arena *arena = in->repl->scratch;
    if (in->history_file.len == 0 || host_file_read(in->history_file, HISTORY_BYTES_MAX, arena, NULL, &data)) return;
    riv_str text  = riv_bytes_str(data);
    size_t  start = text.len, lines = 0;
    while (start > 0 && lines <= REPL_HISTORY_LINES_MAX) lines += text.ptr[--start] == '\n';
    if (start > 0) start++;
    for (size_t at = start; at < text.len;) {
        size_t end = RIV_MIN(riv_str_find_char(text, '\n', at), text.len);
        remember(in, riv_str_sub(text, at, end));
        at = end + 1;
    }
    if (start > text.len / 2 &&
        host_file_write_cache(in->history_file, riv_str_bytes(riv_str_sub(text, start, text.len)), 0600, NULL))
        return;
}

/* ---- completion ---- */

typedef RIV_VEC(riv_str) names;

static void add_if(names *list, riv_arena *arena, riv_str name, riv_str begun)
{
    if (riv_str_starts(name, begun)) *riv_push(arena, list) = name;
}

static void add_files(names *list, riv_arena *arena, riv_str begun)
{
    size_t slash = begun.len;
    while (slash > 0 && begun.ptr[slash - 1] != '/') slash--;
    riv_str        dir = riv_str_sub(begun, 0, slash), name = riv_str_sub(begun, slash, begun.len);
    const riv_str *found;
    size_t         count;
    if (host_dir_list(dir.len ? dir : RIV_LIT("."), arena, NULL, &found, &count)) return;
    for (size_t i = 0; i < count; i++) {
        if (!riv_str_starts(found[i], name) || (name.len == 0 && riv_str_starts(found[i], RIV_LIT(".")))) continue;
        riv_str path           = riv_format(arena, RIV_FMT RIV_FMT, RIV_ARG(dir), RIV_ARG(found[i]));
        *riv_push(arena, list) = host_is_dir(path) ? riv_format(arena, RIV_FMT "/", RIV_ARG(path)) : path;
    }
}

static void add_functions(names *list, riv_arena *arena, const repl_module *m, riv_str begun)
{
    const marine_interface *in = m ? marine_module_interface(m->config.module) : NULL;
    for (size_t i = 0; in && i < in->functions_count; i++) add_if(list, arena, in->functions[i].name, begun);
}

const riv_str *repl_complete(repl *r, riv_str line, riv_arena *arena, size_t *count, size_t *start)
{
    riv_str words[4]    = { { 0 } }; /* whole ones before the one that is begun */
    size_t  words_count = 0, at = 0;
    names   list = { 0 };
    for (size_t i = 0; i < line.len; i++) {
        if (line.ptr[i] != ' ') continue;
        if (i > at && words_count < RIV_COUNT(words)) words[words_count++] = riv_str_sub(line, at, i);
        at = i + 1;
    }
    riv_str begun = riv_str_sub(line, at, line.len);
    if (words_count == 0) {
        for (size_t i = 0; i < repl_commands_count; i++) add_if(&list, arena, riv_str_c(repl_commands[i].name), begun);
    } else if ((repl_is_command(words[0], "new") && words_count == 1) ||
               (repl_is_command(words[0], "load") && words_count == 2)) {
        add_files(&list, arena, begun);
    } else if (words_count == 1 && (repl_is_command(words[0], "call") || repl_is_command(words[0], "unload") ||
                                    repl_is_command(words[0], "interface") || repl_is_command(words[0], "envs"))) {
        for (size_t i = 0; i < r->loaded.len; i++) add_if(&list, arena, r->loaded.ptr[i].name, begun);
    } else if (words_count == 2 && repl_is_command(words[0], "call")) {
        add_functions(&list, arena, repl_find(r, words[1]), begun);
    }
    *count = list.len;
    *start = at;
    return list.ptr;
}

static riv_str common_start(const riv_str *list, size_t count)
{
    riv_str same = list[0];
    for (size_t i = 1; i < count; i++) {
        size_t n = 0;
        while (n < same.len && n < list[i].len && same.ptr[n] == list[i].ptr[n]) n++;
        same.len = n;
    }
    return same;
}

/* The tab key: as far as there is no choice, else the choice. */
static unsigned char on_tab(EditLine *edit, int key)
{
    repl_input *in = NULL;
    size_t      count, start;
    (void)key;
    el_get(edit, EL_CLIENTDATA, &in);
    const LineInfo *info  = el_line(edit);
    riv_str         line  = { info->buffer, (size_t)(info->cursor - info->buffer) };
    riv_arena      *arena = riv_arena_new(0);
    const riv_str  *list  = repl_complete(in->repl, line, arena, &count, &start);
    unsigned char   done  = CC_ERROR;
    if (count > 0) {
        riv_str same = common_start(list, count), rest = riv_str_sub(same, line.len - start, same.len);
        bool    more = count == 1 && !riv_str_ends(same, RIV_LIT("/"));
        if (rest.len || more) {
            if (el_insertstr(edit, riv_format(arena, RIV_FMT "%s", RIV_ARG(rest), more ? " " : "").ptr) == 0)
                done = CC_REFRESH;
        } else {
            fputc('\n', stdout);
            for (size_t i = 0; i < count; i++) printf(RIV_FMT "%s", RIV_ARG(list[i]), i + 1 < count ? "  " : "\n");
            fflush(stdout);
            done = CC_REDISPLAY;
        }
    }
    riv_arena_free(arena);
    return done;
}

/* ---- a terminal ---- */

static char *prompt_of(EditLine *edit)
{
    repl_input *in = NULL;
    el_get(edit, EL_CLIENTDATA, &in);
    return in->prompt;
}

static bool open_terminal(repl_input *in)
{
    HistEvent event;
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        setlocale(LC_CTYPE, ""); /* how wide a character is on the screen; nothing else asks */
    in->edit = el_init("rivulet", stdin, stdout, stderr);
    if (!in->edit) return false;
    in->history = history_init();
    history(in->history, &event, H_SETSIZE, REPL_HISTORY_LINES_MAX);
    history(in->history, &event, H_SETUNIQUE, 1);
    el_set(in->edit, EL_CLIENTDATA, in);
    el_set(in->edit, EL_PROMPT, prompt_of);
    el_set(in->edit, EL_EDITOR, "emacs");
    el_set(in->edit, EL_SIGNAL, 0);
    el_set(in->edit, EL_HIST, history, in->history);
    el_set(in->edit, EL_ADDFN, "rivulet-complete", "completes commands, modules, functions and files", on_tab);
    el_set(in->edit, EL_BIND, "^I", "rivulet-complete", NULL);
    el_set(in->edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
    in->history_file = history_path(in->repl->c->arena);
    load_history(in);
    return true;
}

static repl_line next_of_terminal(repl_input *in, riv_str *line)
{
    int count = 0;
    snprintf(in->prompt, sizeof in->prompt, "%u> ", in->number);
    errno            = 0;
    const char *text = el_gets(in->edit, &count);
    if (!text || count <= 0) {
        printf("\n");
        if (count < 0 && errno == EINTR) return REPL_CANCELLED;
        return REPL_END;
    }
    riv_buf_clear(&in->held);
    riv_put_str(&in->held, riv_str_trim((riv_str){ text, (size_t)count }));
    *line = riv_buf_str(&in->held);
    if (line->len == 0) return REPL_LINE;
    in->number++;
    remember(in, *line);
    append(in, *line);
    return REPL_LINE;
}

/* ---- both ---- */

repl_input *repl_input_new(repl *r)
{
    repl_input *in = riv_alloc(sizeof *in);
    in->repl       = r;
    in->number     = 1;
    if (r->terminal) r->terminal = open_terminal(in);
    return in;
}

repl_line repl_input_next(repl_input *in, riv_str *line)
{
    return in->edit ? next_of_terminal(in, line) : next_of_stream(in, line);
}

void repl_input_free(repl_input *in)
{
    if (!in) return;
    if (in->edit) el_end(in->edit);
    if (in->history) history_end(in->history);
    riv_buf_free(&in->held);
    riv_free(in);
}
