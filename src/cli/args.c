/* args.c: words of the command line to a command, its arguments and flags, by the table.
 * A slip is answered with the nearest name that exists. Tests: args_test.c. */
#include "cli/internal.h"

#include <stdio.h>

/* ---- which command ---- */

static riv_str first_word(riv_str name)
{
    size_t gap = riv_str_find_char(name, ' ', 0);
    return gap == SIZE_MAX ? name : riv_str_sub(name, 0, gap);
}

static bool is_group(riv_str word)
{
    for (size_t i = 0; i < cli_commands_count; i++) {
        riv_str name = riv_str_c(cli_commands[i].name);
        if (first_word(name).len < name.len && riv_str_eq(first_word(name), word)) return true;
    }
    return false;
}

/* "parse, fmt, show" */
static void list_group(riv_str group, char *out, size_t size)
{
    size_t len = 0;
    for (size_t i = 0; i < cli_commands_count; i++) {
        riv_str name = riv_str_c(cli_commands[i].name);
        if (!riv_str_eq(first_word(name), group) || len >= size) continue;
        int wrote = snprintf(out + len, size - len, "%s%s", len ? ", " : "", cli_commands[i].name + group.len + 1);
        len += wrote > 0 ? (size_t)wrote : 0;
    }
}

static riv_err unknown_command(riv_str given, riv_fault *fault)
{
    riv_str names[128] = { 0 };
    RIV_ASSERT(cli_commands_count <= RIV_COUNT(names));
    for (size_t i = 0; i < cli_commands_count; i++) names[i] = riv_str_c(cli_commands[i].name);
    size_t near = riv_nearest(given, names, cli_commands_count);
    if (near == SIZE_MAX) /* a slip in the first of two words, or a word of a group */
        for (size_t i = 0; near == SIZE_MAX && i < cli_commands_count; i++) {
            riv_str word = first_word(names[i]);
            if (riv_nearest(given, &word, 1) == 0) near = i;
        }
    if (near == SIZE_MAX)
        return riv_fail(fault, RIV_E_NOT_FOUND, 0, "there is no command '" RIV_FMT "'", RIV_ARG(given));
    return riv_fail(fault, RIV_E_NOT_FOUND, 0, "there is no command '" RIV_FMT "'; did you mean '" RIV_FMT "'?",
                    RIV_ARG(given), RIV_ARG(names[near]));
}

riv_err cli_command_find(const char *const *words, size_t count, riv_fault *fault, const cli_command **out,
                         size_t *used)
{
    char    text[160] = { 0 };
    riv_str one       = count ? riv_str_c(words[0]) : (riv_str){ 0 };
    for (size_t i = 0; i < cli_commands_count; i++) {
        riv_str name = riv_str_c(cli_commands[i].name), head = first_word(name);
        bool    two = head.len < name.len;
        if (!riv_str_eq(head, one)) continue;
        if (two && (count < 2 || !riv_str_eq(riv_str_sub(name, head.len + 1, name.len), riv_str_c(words[1])))) continue;
        *out  = &cli_commands[i];
        *used = two ? 2 : 1;
        return RIV_OK;
    }
    if (!is_group(one)) return unknown_command(one, fault);
    if (count > 1 && words[1][0] != '-') {
        snprintf(text, sizeof text, "%.60s %.60s", words[0], words[1]);
        return unknown_command(riv_str_c(text), fault);
    }
    list_group(one, text, sizeof text);
    return riv_fail(fault, RIV_E_NOT_FOUND, 0, "'" RIV_FMT "' needs one more word: %s", RIV_ARG(one), text);
}

/* ---- its flags and arguments ---- */

static const cli_flag *find_flag(const cli_command *command, riv_str name, char letter)
{
    const cli_flag *tables[] = { command->flags, cli_common_flags };
    size_t          counts[] = { command->flags_count, cli_common_flags_count };
    for (size_t t = 0; t < 2; t++)
        for (size_t i = 0; i < counts[t]; i++) {
            const cli_flag *f = &tables[t][i];
            if (letter ? f->letter == letter : riv_str_eq(riv_str_c(f->name), name)) return f;
        }
    return NULL;
}

static riv_err unknown_flag(const cli_command *command, riv_str given, riv_fault *fault)
{
    riv_str names[64] = { 0 };
    size_t  count     = 0;
    RIV_ASSERT(command->flags_count + cli_common_flags_count <= RIV_COUNT(names));
    for (size_t i = 0; i < command->flags_count; i++) names[count++] = riv_str_c(command->flags[i].name);
    for (size_t i = 0; i < cli_common_flags_count; i++) names[count++] = riv_str_c(cli_common_flags[i].name);
    size_t near = riv_nearest(given, names, count);
    if (near == SIZE_MAX)
        return riv_fail(fault, RIV_E_MALFORMED, 0, "'%s' has no flag --" RIV_FMT, command->name, RIV_ARG(given));
    return riv_fail(fault, RIV_E_MALFORMED, 0, "'%s' has no flag --" RIV_FMT "; did you mean --" RIV_FMT "?",
                    command->name, RIV_ARG(given), RIV_ARG(names[near]));
}

typedef struct parser {
    const cli_command *command;
    const char *const *words;
    size_t             count, at;
    riv_fault         *fault;
    cli_args          *out;
} parser;

static riv_err add_flag(parser *p, const cli_flag *flag, riv_str value)
{
    if (p->out->flags_count == CLI_VALUES_MAX)
        return riv_fail(p->fault, RIV_E_LIMIT, 0, "more than %d flags", CLI_VALUES_MAX);
    p->out->flags[p->out->flags_count++] = (cli_given){ flag, value };
    return RIV_OK;
}

static riv_err parse_flag(parser *p, const cli_flag *flag, bool has_value, riv_str value)
{
    bool yes = riv_str_eq(value, RIV_LIT("true")), no = riv_str_eq(value, RIV_LIT("false"));
    switch (flag->kind) {
    case CLI_SWITCH:
        if (has_value) return riv_fail(p->fault, RIV_E_MALFORMED, 0, "--%s takes no value", flag->name);
        return add_flag(p, flag, value);
    case CLI_BOOL:
        if (has_value && !yes && !no)
            return riv_fail(p->fault, RIV_E_MALFORMED, 0, "--%s is true or false, not '" RIV_FMT "'", flag->name,
                            RIV_ARG(value));
        return add_flag(p, flag, has_value ? value : RIV_LIT("true"));
    case CLI_VALUE:
    case CLI_VALUES:
        if (!has_value && p->at == p->count)
            return riv_fail(p->fault, RIV_E_MALFORMED, 0, "--%s needs a value: --%s %s", flag->name, flag->name,
                            flag->value);
        return add_flag(p, flag, has_value ? value : riv_str_c(p->words[p->at++]));
    }
    RIV_UNREACHABLE();
}

static riv_err parse_word(parser *p, riv_str word)
{
    size_t          equals = riv_str_find_char(word, '=', 0);
    const cli_flag *flag;
    if (riv_str_starts(word, RIV_LIT("--"))) {
        riv_str name  = riv_str_sub(word, 2, RIV_MIN(equals, word.len));
        riv_str value = equals < word.len ? riv_str_sub(word, equals + 1, word.len) : (riv_str){ 0 };
        if (!(flag = find_flag(p->command, name, 0))) return unknown_flag(p->command, name, p->fault);
        return parse_flag(p, flag, equals < word.len, value);
    }
    if (word.len > 1 && word.ptr[0] == '-') {
        if (!(flag = find_flag(p->command, (riv_str){ 0 }, word.ptr[1])))
            return riv_fail(p->fault, RIV_E_MALFORMED, 0, "'%s' has no flag " RIV_FMT, p->command->name, RIV_ARG(word));
        riv_str rest = riv_str_sub(word, 2, word.len);
        return parse_flag(p, flag, rest.len > 0, rest);
    }
    if (p->out->args_count == p->command->args_max)
        return riv_fail(p->fault, RIV_E_MALFORMED, 0, "'" RIV_FMT "' is one argument too many; usage: rivulet %s %s",
                        RIV_ARG(word), p->command->name, p->command->args);
    p->out->args[p->out->args_count++] = word;
    return RIV_OK;
}

riv_err cli_args_parse(const cli_command *command, const char *const *words, size_t count, riv_arena *arena,
                       riv_fault *fault, cli_args *out)
{
    cli_args *made  = riv_new(arena, cli_args, 1);
    parser    p     = { command, words, count, 0, fault, made };
    bool      plain = false;
    while (p.at < count) {
        riv_str word = riv_str_c(words[p.at++]);
        if (!plain && riv_str_eq(word, RIV_LIT("--")))
            plain = true;
        else if (!plain || word.len == 0 || word.ptr[0] != '-')
            RIV_TRY(parse_word(&p, word));
        else if (made->args_count < command->args_max)
            made->args[made->args_count++] = word;
        else
            return riv_fail(fault, RIV_E_MALFORMED, 0, "'" RIV_FMT "' is one argument too many", RIV_ARG(word));
    }
    bool help = false;
    for (size_t i = 0; i < made->flags_count; i++) help = help || strcmp(made->flags[i].flag->name, "help") == 0;
    if (!help && made->args_count < command->args_min)
        return riv_fail(fault, RIV_E_MALFORMED, 0, "'%s' needs %s", command->name, command->args);
    *out = *made;
    return RIV_OK;
}

/* ---- asking ---- */

/* A name that the command does not have is our own slip. */
static bool is_flag(const cli_given *g, const char *name) { return strcmp(g->flag->name, name) == 0; }

static void must_exist(const cli *c, const char *flag)
{
    RIV_ASSERT(find_flag(c->command, riv_str_c(flag), 0) != NULL);
}

riv_str cli_value(const cli *c, const char *flag)
{
    must_exist(c, flag);
    for (size_t i = c->given.flags_count; i-- > 0;)
        if (is_flag(&c->given.flags[i], flag)) return c->given.flags[i].value;
    return (riv_str){ 0 };
}

bool cli_has(const cli *c, const char *flag)
{
    must_exist(c, flag);
    for (size_t i = c->given.flags_count; i-- > 0;)
        if (is_flag(&c->given.flags[i], flag)) return !riv_str_eq(c->given.flags[i].value, RIV_LIT("false"));
    return false;
}

const riv_str *cli_values(const cli *c, const char *flag, size_t *count)
{
    RIV_VEC(riv_str) list = { 0 };
    must_exist(c, flag);
    for (size_t i = 0; i < c->given.flags_count; i++)
        if (is_flag(&c->given.flags[i], flag)) *riv_push(c->arena, &list) = c->given.flags[i].value;
    *count = list.len;
    return list.ptr;
}

riv_str cli_arg(const cli *c, size_t index)
{
    return index < c->given.args_count ? c->given.args[index] : (riv_str){ 0 };
}

bool cli_number(cli *c, const char *flag, uint64_t otherwise, uint64_t min, uint64_t max, uint64_t *out)
{
    riv_str  text = cli_value(c, flag);
    uint64_t v    = otherwise;
    *out          = otherwise;
    if (text.len && (!riv_str_u64(text, &v) || v < min || v > max)) {
        cli_error(c, CLI_USAGE, "--%s is a number from %llu to %llu, not '" RIV_FMT "'", flag, (unsigned long long)min,
                  (unsigned long long)max, RIV_ARG(text));
        return false;
    }
    *out = v;
    return true;
}
