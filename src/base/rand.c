/* rand.c: xoshiro256** seeded by splitmix64 (Blackman and Vigna, public domain description). Not for keys. */
#include "base/base.h"

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z          = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z          = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static uint64_t rotl(uint64_t v, unsigned n) { return v << n | v >> (64 - n); }

riv_prng riv_prng_seed(uint64_t seed)
{
    riv_prng p;
    for (size_t i = 0; i < 4; i++) p.s[i] = splitmix(&seed);
    return p;
}

uint64_t riv_prng_u64(riv_prng *p)
{
    uint64_t *s = p->s, out = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return out;
}

uint64_t riv_prng_below(riv_prng *p, uint64_t bound)
{
    RIV_ASSERT(bound > 0);
    uint64_t limit = UINT64_MAX - UINT64_MAX % bound; /* values from limit on would favour small results */
    uint64_t v;
    do v = riv_prng_u64(p);
    while (v >= limit);
    return v % bound;
}

bool riv_prng_chance(riv_prng *p, uint32_t per_million) { return riv_prng_below(p, 1000000) < per_million; }

void riv_prng_fill(riv_prng *p, uint8_t *out, size_t len)
{
    uint64_t v = 0;
    for (size_t i = 0; i < len; i++, v >>= 8) {
        if (i % 8 == 0) v = riv_prng_u64(p);
        out[i] = (uint8_t)v;
    }
}
