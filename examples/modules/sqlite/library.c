/* library.c: SQLite as it is, in one piece, with its file layer for WASI. */
#pragma clang diagnostic ignored "-Weverything"
#include "vendor/sqlite3.c"
#include "vendor/wasm32-wasi-vfs.c"
