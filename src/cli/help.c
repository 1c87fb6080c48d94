/* help.c: help, completion scripts and the version, all from the table. Tests: table_test.c. */
#include "cli/internal.h"

static const struct {
    int         code;
    const char *text;
} exit_codes[] = {
    { CLI_OK, "done" },
    { CLI_FAILED, "the program or script ended with an error, or was refused by the compiler" },
    { CLI_USAGE, "wrong arguments, or an input (file, address, configuration) that is missing or malformed" },
    { CLI_NETWORK, "a peer cannot be reached, or there was no answer in time" },
    { CLI_INTERNAL, "files, ports, memory, or a mistake of this program" },
    { CLI_INTERRUPTED, "stopped by Ctrl-C" },
};

void cli_help_exit_codes(FILE *to)
{
    fprintf(to, "Exit codes\n");
    for (size_t i = 0; i < RIV_COUNT(exit_codes); i++)
        fprintf(to, "  %3d  %s\n", exit_codes[i].code, exit_codes[i].text);
}

static void overview(const cli *c, FILE *to)
{
    const char *bold = cli_style(c->colour_out, CLI_BOLD), *plain = cli_style(c->colour_out, CLI_PLAIN);
    fprintf(to,
            "Rivulet %s: a cloudless computing network in one program\n\nUsage: rivulet COMMAND [ARGUMENTS] "
            "[FLAGS]\n\nCommands\n",
            RIV_VERSION);
    for (size_t i = 0; i < cli_commands_count; i++)
        fprintf(to, "  %s%-18s%s %s\n", bold, cli_commands[i].name, plain, cli_commands[i].summary);
    fprintf(to, "\n`rivulet help COMMAND` or `rivulet COMMAND --help` tells more; `rivulet help exit-codes` what a "
                "script may branch on.\n"
                "A first look: rivulet demo\n");
}

static void flags_of(FILE *to, const char *title, const cli_flag *flags, size_t count)
{
    if (count == 0) return;
    fprintf(to, "\n%s\n", title);
    for (size_t i = 0; i < count; i++) {
        char left[64], letter[8] = "    ";
        if (flags[i].letter) snprintf(letter, sizeof letter, "-%c, ", flags[i].letter);
        const char *gap = flags[i].value ? " " : "";
        snprintf(left, sizeof left, "%s--%s%s%s", letter, flags[i].name, flags[i].kind == CLI_BOOL ? "[=BOOL]" : gap,
                 flags[i].value ? flags[i].value : "");
        fprintf(to, "  %-30s %s%s\n", left, flags[i].help, flags[i].kind == CLI_VALUES ? " (may be given again)" : "");
    }
}

void cli_help(cli *c, const cli_command *command, FILE *to)
{
    if (!command) {
        overview(c, to);
        return;
    }
    fprintf(to, "Usage: rivulet %s%s%s [FLAGS]\n\n%c%s.\n", command->name, command->args[0] ? " " : "", command->args,
            command->summary[0] - 'a' + 'A', command->summary + 1);
    if (command->details) fprintf(to, "%s\n", command->details);
    flags_of(to, "Flags", command->flags, command->flags_count);
    flags_of(to, "Flags of every command", cli_common_flags, cli_common_flags_count);
}

bool cli_help_group(const cli *c, riv_str word, FILE *to)
{
    bool any = false;
    for (size_t i = 0; i < cli_commands_count; i++) {
        riv_str name = riv_str_c(cli_commands[i].name);
        if (!riv_str_starts(name, word) || name.len <= word.len || name.ptr[word.len] != ' ') continue;
        if (!any) fprintf(to, "Usage: rivulet " RIV_FMT " COMMAND [ARGUMENTS] [FLAGS]\n\nCommands\n", RIV_ARG(word));
        any = true;
        fprintf(to, "  %s%-18s%s %s\n", cli_style(c->colour_out, CLI_BOLD), cli_commands[i].name,
                cli_style(c->colour_out, CLI_PLAIN), cli_commands[i].summary);
    }
    if (any) fprintf(to, "\n`rivulet help " RIV_FMT " COMMAND` tells more.\n", RIV_ARG(word));
    return any;
}

int cli_cmd_help(cli *c)
{
    size_t             used;
    riv_fault          fault    = { 0 };
    const cli_command *command  = NULL;
    const char        *words[2] = { riv_cstr(c->arena, cli_arg(c, 0)), riv_cstr(c->arena, cli_arg(c, 1)) };
    if (c->given.args_count == 0) return cli_help(c, NULL, stdout), CLI_OK;
    if (strcmp(words[0], "exit-codes") == 0) return cli_help_exit_codes(stdout), CLI_OK;
    if (c->given.args_count == 1 && cli_help_group(c, cli_arg(c, 0), stdout)) return CLI_OK;
    riv_err err = cli_command_find(words, c->given.args_count, &fault, &command, &used);
    if (!err) return cli_help(c, command, stdout), CLI_OK;
    return cli_error(c, CLI_USAGE, "%s", fault.msg);
}

/* ---- completion ---- */

static bool is_first_of_group(size_t index, riv_str *word)
{
    riv_str name = riv_str_c(cli_commands[index].name);
    size_t  gap  = riv_str_find_char(name, ' ', 0);
    *word        = riv_str_sub(name, 0, RIV_MIN(gap, name.len));
    if (index == 0) return true;
    riv_str before = riv_str_c(cli_commands[index - 1].name);
    return !(riv_str_starts(before, *word) && before.len > word->len && before.ptr[word->len] == ' ');
}

static void first_words(FILE *to)
{
    riv_str word;
    for (size_t i = 0; i < cli_commands_count; i++)
        if (is_first_of_group(i, &word)) fprintf(to, "%s" RIV_FMT, i ? " " : "", RIV_ARG(word));
}

static void bash(FILE *to)
{
    fprintf(to, "_rivulet() {\n  local cur=${COMP_WORDS[COMP_CWORD]} words\n"
                "  case \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in\n");
    for (size_t i = 0; i < cli_commands_count; i++) {
        const cli_command *cmd = &cli_commands[i];
        fprintf(to, "    '%s'*) words='", cmd->name);
        for (size_t f = 0; f < cmd->flags_count; f++) fprintf(to, "--%s ", cmd->flags[f].name);
        for (size_t f = 0; f < cli_common_flags_count; f++) fprintf(to, "--%s ", cli_common_flags[f].name);
        fprintf(to, "' ;;\n");
    }
    fprintf(to, "  esac\n  if [ \"$COMP_CWORD\" = 1 ]; then words='");
    first_words(to);
    fprintf(to, "'\n  elif [ \"$COMP_CWORD\" = 2 ]; then\n    case \"${COMP_WORDS[1]}\" in\n");
    for (size_t i = 0; i < cli_commands_count; i++) {
        riv_str word, name = riv_str_c(cli_commands[i].name);
        if (!is_first_of_group(i, &word) || word.len == name.len) continue;
        fprintf(to, "      " RIV_FMT ") words='", RIV_ARG(word));
        for (size_t k = i; k < cli_commands_count; k++) {
            riv_str other = riv_str_c(cli_commands[k].name);
            if (riv_str_starts(other, word) && other.len > word.len && other.ptr[word.len] == ' ')
                fprintf(to, RIV_FMT " ", RIV_ARG(riv_str_sub(other, word.len + 1, other.len)));
        }
        fprintf(to, "' ;;\n");
    }
    fprintf(to, "    esac\n  fi\n  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
                "  if [ ${#COMPREPLY[@]} = 0 ]; then mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); fi\n}\ncomplete "
                "-o filenames -F _rivulet rivulet\n");
}

static void fish(FILE *to)
{
    for (size_t i = 0; i < cli_commands_count; i++) {
        const cli_command *cmd = &cli_commands[i];
        riv_str            word, name = riv_str_c(cmd->name);
        bool               first = is_first_of_group(i, &word);
        if (first)
            fprintf(to, "complete -c rivulet -n __fish_use_subcommand -a '" RIV_FMT "' -d '%s'\n", RIV_ARG(word),
                    word.len == name.len ? cmd->summary : "");
        if (word.len < name.len)
            fprintf(to, "complete -c rivulet -n '__fish_seen_subcommand_from " RIV_FMT "' -a '" RIV_FMT "' -d '%s'\n",
                    RIV_ARG(word), RIV_ARG(riv_str_sub(name, word.len + 1, name.len)), cmd->summary);
        for (size_t f = 0; f < cmd->flags_count; f++)
            fprintf(to, "complete -c rivulet -n '__fish_seen_subcommand_from " RIV_FMT "' -l %s%s\n",
                    RIV_ARG(riv_str_sub(name, word.len < name.len ? word.len + 1 : 0, name.len)), cmd->flags[f].name,
                    cmd->flags[f].value ? " -r" : "");
    }
}

int cli_cmd_completion(cli *c)
{
    riv_str shell = cli_arg(c, 0);
    if (riv_str_eq(shell, RIV_LIT("bash")))
        bash(stdout);
    else if (riv_str_eq(shell, RIV_LIT("zsh"))) {
        fprintf(stdout, "autoload -U +X bashcompinit && bashcompinit\n");
        bash(stdout);
    } else if (riv_str_eq(shell, RIV_LIT("fish")))
        fish(stdout);
    else {
        cli_error(c, CLI_USAGE, "there is completion for bash, zsh and fish, not for '" RIV_FMT "'", RIV_ARG(shell));
        return CLI_USAGE;
    }
    return CLI_OK;
}

int cli_cmd_version(cli *c)
{
    riv_arena *a = c->arena;
    if (cli_has(c, "json"))
        cli_print_json(riv_json_object(a, "version", riv_json_strc(a, RIV_VERSION), "avm",
                                       riv_json_strc(a, AVM_INTERPRETER_VERSION), "data",
                                       riv_json_strc(a, ARCHIVE_DATA_VERSION), NULL),
                       false);
    else
        printf("rivulet %s (behaves as AquaVM %s, particle data %s)\n", RIV_VERSION, AVM_INTERPRETER_VERSION,
               ARCHIVE_DATA_VERSION);
    return CLI_OK;
}
