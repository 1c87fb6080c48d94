/* host.c: asks the host for everything it has: parameters of the call, log, clock, randomness, environment, output. */
#include "marine.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

MARINE_EXPORT(string, parameters, ())
{
    const marine_call_parameters *p = marine_parameters();
    marine_string                 t = marine_text("");
    for (size_t i = 0; i < p->tetraplets.len; i++)
        for (size_t k = 0; k < p->tetraplets.ptr[i].len; k++) {
            const marine_tetraplet *x = p->tetraplets.ptr[i].ptr[k];
            t = marine_format("%s [%zu %s %s %s %s]", t.ptr, i, x->peer_pk.ptr, x->service_id.ptr, x->function_name.ptr,
                              x->lens.ptr);
        }
    return marine_format("%s %s %llu %u %s %zu %s %s %s %s %s%s", p->particle->id.ptr, p->particle->init_peer_id.ptr,
                         (unsigned long long)p->particle->timestamp, (unsigned)p->particle->ttl,
                         p->particle->script.ptr, p->particle->signature.len, p->particle->token.ptr, p->service_id.ptr,
                         p->service_creator_peer_id.ptr, p->host_id.ptr, p->worker_id.ptr, t.ptr);
}
MARINE_EXPORT(void, log, (string text, i32 level)) { marine_log(level, "%s!", text.ptr); }
MARINE_EXPORT(u64, now, ())
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
MARINE_EXPORT(bytes, random, (u32 count))
{
    marine_bytes b = marine_array_new(u8, count);
    return getentropy(b.ptr, b.len) ? marine_array_new(u8, 0) : b;
}
MARINE_EXPORT(string, env, (string name))
{
    const char *value = getenv(name.ptr);
    return marine_text(value ? value : "(none)");
}
MARINE_EXPORT(void, print, (string out, string err))
{
    printf("%s\n", out.ptr);
    fflush(stdout);
    fprintf(stderr, "%s\n", err.ptr);
}
MARINE_EXPORT(void, leave, (i32 code)) { _Exit(code); }
MARINE_EXPORT(i32, pause, ()) { return usleep(1000000); }
