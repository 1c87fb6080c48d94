/* main.c: the entry of the program `rivulet`. */
#include <malloc.h>

#include "cli/cli.h"

int main(int argc, char **argv)
{
    /* Interpreter runs take and give back some megabytes each: kept by the process, they cost no page faults the next time. */
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
    return cli_main(argc, argv);
}
