/* Cli: the program `rivulet` as people use it: subcommands, flags, help, texts on the terminal, exit codes.
 * Not here: anything that another program could want to call; each command is a thin walk through the rooms below.
 * Spec: docs/cli.md, docs/spec/scenarios.md §1, §2 and §4. */
#ifndef RIV_CLI_H
#define RIV_CLI_H

/* What a shell may branch on. SPEC cli.md "Exit codes" */
typedef enum cli_exit {
    CLI_OK          = 0,
    CLI_FAILED      = 1,   /* the program or script ended with an error, or was refused */
    CLI_USAGE       = 2,   /* wrong arguments, or an input that is malformed */
    CLI_NETWORK     = 3,   /* a peer cannot be reached, or did not answer in time */
    CLI_INTERNAL    = 4,   /* files, ports, memory, our own mistakes */
    CLI_INTERRUPTED = 130, /* Ctrl-C */
} cli_exit;

/* The whole program: returns the exit code. */
int cli_main(int argc, char **argv);

#endif
