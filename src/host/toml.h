/* toml.h: the border between toml.cpp (toml++) and toml.c (riv_json): the parsed document as calls.
 * Shared inside host only. */
#ifndef RIV_HOST_TOML_H
#define RIV_HOST_TOML_H

#ifdef __cplusplus
#include <cstddef>
#include <cstdint>
/* base.h is C; of it only the slice is needed here. */
typedef struct riv_str { const char *ptr; size_t len; } riv_str;
#else
#include "base/base.h"
#endif

typedef struct toml_sink {
    void *ctx;
    int   depth_max;
    void (*open)(void *ctx, bool table);
    void (*key)(void *ctx, riv_str key, riv_str path, uint32_t line, uint32_t col); /* before each member or item */
    void (*text)(void *ctx, riv_str v);
    void (*integer)(void *ctx, int64_t v);
    void (*number)(void *ctx, double v);
    void (*boolean)(void *ctx, bool v);
    void (*close)(void *ctx, bool table);
    void (*error)(void *ctx, riv_str what, uint32_t line, uint32_t col);
} toml_sink;
/* False: error was called, or the document is nested deeper than depth_max. */
bool host__toml_walk(riv_str text, const toml_sink *out);

#endif
