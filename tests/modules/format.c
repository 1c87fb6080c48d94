/* format.c: marine_format against the C library's printf: answers the first that differs, or "". */
#include "marine.h"

#define TRY(...)                                                                                                       \
    do {                                                                                                               \
        char          want[256];                                                                                       \
        marine_string got = marine_format(__VA_ARGS__);                                                                \
        size_t        len = (size_t)snprintf(want, sizeof want, __VA_ARGS__);                                          \
        if (got.len != len || memcmp(got.ptr, want, len) || got.ptr[len])                                              \
            return marine_format("line %d: [%s] wanted [%s]", __LINE__, got.ptr, want);                                \
    } while (0)

MARINE_EXPORT(string, check, ())
{
    TRY("plain");
    TRY("%d%%", 5);
    TRY("%s|%5s|%-5s|%.2s|%.*s|%*s", "abc", "abc", "abc", "abc", 1, "abc", 6, "abc");
    TRY("%d|%i|%5d|%-5d|%05d|%+d|% d", -7, 7, -7, -7, -7, 7, 7);
    TRY("%.3d|%8.3d|%-8.3d|%.0d|%08.3d", 7, -7, 7, 0, 7);
    TRY("%u|%x|%X|%#x|%#X|%o|%#o|%#x", 4000000000u, 255u, 255u, 255u, 255u, 8u, 8u, 0u);
    TRY("%lld|%llu|%llx|%ld|%zu", (long long)INT64_MIN, UINT64_MAX, 1ull << 40, -1L, (size_t)9);
    TRY("%c%c|%3c", 'a', 'b', 'c');
    TRY("%jd %ju", (intmax_t)-5, (uintmax_t)5);
    TRY("%p", (void *)0x1234);
    TRY("%f %g %.2f %e", 1.5, 0.1, 3.14159, 1e100);
    TRY("%d %f", 3, 2.0f);
    return marine_text("");
}
