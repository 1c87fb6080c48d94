/* sdk.c: sdk/c/marine.h inside the program, so that `rivulet module build` needs no installed files.
 * CMakeLists.txt names the header as a dependency of this file. */
#include "cli/internal.h"

extern const char cli__sdk_start[], cli__sdk_end[];
/* clang-format off */
__asm__(".pushsection .rodata\n"
        ".globl cli__sdk_start\n.globl cli__sdk_end\n"
        "cli__sdk_start:\n.incbin \"../sdk/c/marine.h\"\ncli__sdk_end:\n.byte 0\n"
        ".popsection\n");
/* clang-format on */

riv_str cli_sdk_header(void) { return (riv_str){ cli__sdk_start, (size_t)(cli__sdk_end - cli__sdk_start) }; }
