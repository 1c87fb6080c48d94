/* root_test.c: equal states have equal roots, whenever and however often one asked, in other processes, with other code; every change
 * shows; what was hashed piece by piece is what is hashed at once. And what a failure leaves of a guest's stack. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, usleep */
#include "marine/internal.h"
#include "marine/testing.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { OPERATIONS = 120, PAGE = 65536, SEED = 20261123 };
#define STATE_MODULE "tests/modules/state.c"
#define STATE_FLAGS  "-mreference-types"

static marine_module *state_module;
static marine_engine *state_engine;

/* ---- services ---- */

static marine_service *open_state(marine_engine *engine, const marine_module *module, const char *dir)
{
    const marine_pair          mapped = { RIV_LIT("data"), riv_str_c(dir) };
    const marine_module_config one    = {
           .name = RIV_LIT("state"), .module = module, .mapped_dirs = &mapped, .mapped_dirs_count = dir ? 1 : 0
    };
    const marine_service_config config = { .modules = &one, .modules_count = 1 };
    marine_service             *s      = NULL;
    riv_fault                   fault  = { 0 };
    for (size_t i = 0; i < RIV_COUNT(testing_signals); i++) sigaction(testing_signals[i], &testing_handlers[i], NULL);
    if (marine_service_new(engine, &config, &fault, &s)) fail_msg("%s", fault.msg);
    return s;
}

static marine_error_kind call(marine_service *s, const char *function, const char *args)
{
    riv_arena      *arena = riv_arena_new(0);
    riv_fault       fault = { 0 };
    marine_result   result;
    const riv_json *json;
    assert_int_equal(riv_json_parse(riv_str_c(args), arena, &fault, &json), RIV_OK);
    marine_call c = { .function = riv_str_c(function), .args = json };
    if (marine_service_call(s, &c, arena, &fault, &result) && result.error != MARINE_TRAP)
        fail_msg("%s: %s", function, fault.msg);
    riv_arena_free(arena);
    return result.error;
}

static marine_root root_of(marine_service *s)
{
    marine_root root;
    riv_fault   fault = { 0 };
    if (marine_service_root(s, &fault, &root)) fail_msg("%s", fault.msg);
    return root;
}

static bool same_root(const marine_root *a, const marine_root *b)
{
    return !memcmp(a->hash.bytes, b->hash.bytes, sizeof a->hash.bytes);
}

/* ---- a tree made by the words of the spec, without any shortcut but that of zeros ---- */

static crypto_hash plain_tree(const uint8_t *bytes, size_t chunks, uint64_t first, size_t level,
                              const crypto_hash *zero)
{
    if (first >= chunks) return zero[level];
    if (level == 0) return crypto_blake3((riv_bytes){ bytes + first * MARINE__CHUNK_BYTES, MARINE__CHUNK_BYTES });
    crypto_hash both[2] = { plain_tree(bytes, chunks, first, level - 1, zero),
                            plain_tree(bytes, chunks, first + (UINT64_C(1) << (level - 1)), level - 1, zero) };
    return crypto_blake3((riv_bytes){ (const uint8_t *)both, sizeof both });
}

static crypto_hash plain_root(const uint8_t *bytes, size_t size)
{
    crypto_hash zero[MARINE__MEMORY_LEVELS + 1];
    uint8_t     zeros[MARINE__CHUNK_BYTES] = { 0 };
    zero[0]                                = crypto_blake3((riv_bytes){ zeros, sizeof zeros });
    for (size_t i = 1; i < RIV_COUNT(zero); i++) {
        crypto_hash both[2] = { zero[i - 1], zero[i - 1] };
        zero[i]             = crypto_blake3((riv_bytes){ (const uint8_t *)both, sizeof both });
    }
    return plain_tree(bytes, size / MARINE__CHUNK_BYTES, 0, MARINE__MEMORY_LEVELS, zero);
}

/* The whole memory of the service, hashed anew: what its tree must say. */
static void check_tree(marine_service *s)
{
    marine__instance *in    = s->instances[0];
    riv_arena        *arena = riv_arena_new(0);
    wasmtime_extern_t item;
    uint64_t          hashed = 0;
    assert_true(marine__state_find(in, 'm', 0, &item));
    uint8_t    *base = wasmtime_memory_data(s->context, &item.of.memory);
    size_t      size = wasmtime_memory_data_size(s->context, &item.of.memory);
    crypto_hash want = plain_root(base, size), got = marine__pages_root(in->pages, base, size, arena, &hashed);
    assert_memory_equal(want.bytes, got.bytes, sizeof want.bytes);
    riv_arena_free(arena);
}

/* ---- random calls ---- */

static void random_call(marine_service *s, riv_prng *random)
{
    static const char *const names[] = { "poke", "fill", "grow", "set_global", "set_table", "fail", "random" };
    char                     args[80];
    unsigned which = (unsigned)riv_prng_below(random, RIV_COUNT(names)), a = (unsigned)riv_prng_below(random, 8 << 20),
             b = (unsigned)riv_prng_below(random, 256), c = (unsigned)riv_prng_below(random, 3);
    switch (which) {
    case 1: snprintf(args, sizeof args, "[%u,%u,%u]", a, b * 300, c); break;
    case 2: snprintf(args, sizeof args, "[%u]", c); break;
    case 4: snprintf(args, sizeof args, "[%u,%u]", b % 4, c); break;
    case 3:
    case 5: snprintf(args, sizeof args, "[%u]", a); break;
    case 6: snprintf(args, sizeof args, "[]"); break;
    default: snprintf(args, sizeof args, "[%u,%u]", a, b); break;
    }
    call(s, names[which], args);
}

static void test_incremental_is_whole(void **state)
{
    (void)state;
    riv_prng        random = riv_prng_seed(SEED), same = random;
    marine_service *often = open_state(state_engine, state_module, NULL),
                   *once  = open_state(state_engine, state_module, NULL);
    for (int i = 0; i < OPERATIONS; i++) {
        random_call(often, &random);
        if (i % 3) {
            root_of(often);
            check_tree(often);
        }
        random_call(once, &same);
        if (i == OPERATIONS / 2) {
            marine_root a = root_of(often), b = root_of(once);
            if (!same_root(&a, &b)) fail_msg("operation %d of seed %d", i, SEED);
        }
    }
    marine_root a = root_of(often), b = root_of(once);
    if (!same_root(&a, &b)) fail_msg("seed %d", SEED);
    assert_true(a.chunks_hashed < b.chunks_hashed);
    marine_service_free(often);
    marine_service_free(once);
}

static void test_without_page_map(void **state)
{
    (void)state;
    marine_engine  *engine = NULL;
    marine_service *with   = open_state(state_engine, state_module, NULL);
    assert_int_equal(marine_engine_new(NULL, &engine), RIV_OK);
    riv_arena     *arena  = riv_arena_new(0);
    marine_module *module = testing_module(engine, testing_build_with(STATE_MODULE, STATE_FLAGS, arena));
    marine__store *store  = marine__store_of(engine);
    close(store->pagemap);
    store->pagemap          = -1;
    marine_service *without = open_state(engine, module, NULL);
    riv_prng        random = riv_prng_seed(SEED + 1), same = random;
    for (int i = 0; i < 20; i++) {
        random_call(with, &random);
        random_call(without, &same);
        marine_root a = root_of(with), b = root_of(without);
        assert_true(same_root(&a, &b));
        assert_true(a.chunks_total == b.chunks_total);
        if (i == 10) { /* from here on without a file too */
            close(store->file);
            store->file = -1;
        }
    }
    marine_service_free(with);
    marine_service_free(without);
    marine_module_free(module);
    marine_engine_free(engine);
    riv_arena_free(arena);
}

static uint32_t number(marine_service *s, const char *function, const char *args)
{
    riv_arena      *arena = riv_arena_new(0);
    marine_result   result;
    const riv_json *json;
    assert_int_equal(riv_json_parse(riv_str_c(args), arena, NULL, &json), RIV_OK);
    marine_call c = { .function = riv_str_c(function), .args = json };
    assert_int_equal(marine_service_call(s, &c, arena, NULL, &result), RIV_OK);
    uint32_t n = (uint32_t)result.value->u64;
    riv_arena_free(arena);
    return n;
}

/* Data that is mapped is each service's own, also before and after roots, and where there is no file to map. */
static void test_initial_data(void **state)
{
    (void)state;
    marine_engine *engine = NULL;
    riv_arena     *arena  = riv_arena_new(0);
    assert_int_equal(marine_engine_new(NULL, &engine), RIV_OK);
    marine_module  *module = testing_module(engine, testing_build_with(STATE_MODULE, STATE_FLAGS, arena));
    marine_service *a = open_state(engine, module, NULL), *b = open_state(engine, module, NULL), *c, *d;
    assert_non_null(module->image);
    assert_true(module->image->at >= 0);
    assert_int_equal(number(a, "peek_initial", "[5000]"), 77);
    call(a, "poke_initial", "[5000,78]");
    assert_int_equal(number(a, "peek_initial", "[5000]"), 78);
    assert_int_equal(number(b, "peek_initial", "[5000]"), 77);
    marine_root ra = root_of(a), rb = root_of(b);
    check_tree(a);
    check_tree(b);
    assert_false(same_root(&ra, &rb));
    call(b, "poke_initial", "[5000,78]");
    call(a, "poke_initial", "[5000,78]");
    assert_int_equal(number(a, "peek_initial", "[16383]"), 2);
    assert_int_equal(number(b, "peek_initial", "[16383]"), 2);
    c = open_state(engine, module, NULL);
    assert_int_equal(number(c, "peek_initial", "[5000]"), 77);
    assert_int_equal(number(c, "peek_initial", "[16383]"), 2);
    marine_root    rc    = root_of(c); /* while there is a file */
    marine__store *store = marine__store_of(engine);
    int            file  = store->file;
    store->file          = -1;
    d                    = open_state(engine, module, NULL); /* written into its memory */
    assert_int_equal(number(d, "peek_initial", "[5000]"), 77);
    assert_int_equal(number(d, "peek_initial", "[16383]"), 2);
    marine_root rd = root_of(d);
    assert_true(same_root(&rc, &rd));
    marine_service_free(d);
    store->file = file;
    marine_service_free(a);
    marine_service_free(b);
    marine_service_free(c);
    marine_module_free(module);
    marine_engine_free(engine);
    riv_arena_free(arena);
}

static void test_every_change_shows_and_goes(void **state)
{
    (void)state;
    static const struct {
        const char *function, *change, *back;
    } cases[] = {
        { "poke", "[5000000,1]", "[5000000,0]" },
        { "set_global", "[18446744073709551615]", "[0]" },
        { "set_table", "[3,1]", "[3,0]" },
        { "set_table", "[2,2]", "[2,0]" },
        { "fill", "[100,70000,7]", "[100,70000,0]" },
    };
    marine_service *s = open_state(state_engine, state_module, NULL);
    call(s, "peek", "[0]"); /* a call leaves its traces in the stack and the heap: the same ones each time */
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        call(s, cases[i].function, cases[i].back);
        marine_root before = root_of(s);
        call(s, cases[i].function, cases[i].change);
        marine_root changed = root_of(s);
        call(s, cases[i].function, cases[i].back);
        marine_root after = root_of(s);
        if (same_root(&before, &changed)) fail_msg("%s%s does not show", cases[i].function, cases[i].change);
        if (!same_root(&before, &after)) fail_msg("%s%s does not go", cases[i].function, cases[i].change);
    }
    call(s, "set_table", "[3,1]");
    marine_root one = root_of(s);
    call(s, "set_table", "[3,2]");
    marine_root two = root_of(s), again = root_of(s);
    assert_false(same_root(&one, &two)); /* another function */
    assert_true(same_root(&two, &again));
    assert_int_equal(again.chunks_hashed, 0);
    call(s, "random", "[]"); /* moves the fixed stream on */
    call(s, "poke", "[0,0]");
    marine_root three = root_of(s);
    assert_false(same_root(&two, &three));
    marine_service_free(s);
}

static void test_only_what_changed_is_hashed(void **state)
{
    (void)state;
    marine_service *s = open_state(state_engine, state_module, NULL);
    call(s, "fill", "[0,8388608,1]");
    marine_root all = root_of(s);
    assert_true(all.chunks_hashed > 2048);
    call(s, "poke", "[1000000,9]");
    marine_root one = root_of(s);
    assert_in_range(one.chunks_hashed, 1, 8); /* the page, and what the call itself moves: stack, globals of C */
    assert_int_equal(one.chunks_total, all.chunks_total);
    marine_service_free(s);
}

static void test_growth_by_zeros_is_size_only(void **state)
{
    (void)state;
    riv_arena     *arena  = riv_arena_new(0);
    marine__pages *pages  = marine__pages_new(state_engine, NULL);
    uint64_t       hashed = 0;
    uint8_t       *base   = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(base != MAP_FAILED);
    memset(base + 5, 1, PAGE);
    crypto_hash small = marine__pages_root(pages, base, 3 * PAGE, arena, &hashed);
    crypto_hash large = marine__pages_root(pages, base, 64 * PAGE, arena, &hashed);
    crypto_hash plain = plain_root(base, 64 * PAGE);
    assert_memory_equal(small.bytes, large.bytes, sizeof small.bytes);
    assert_memory_equal(small.bytes, plain.bytes, sizeof small.bytes);
    munmap(base, 64 * PAGE);
    marine__pages_free(pages);
    riv_arena_free(arena);

    marine_service *s = open_state(state_engine, state_module, NULL);
    call(s, "grow", "[0]");
    marine_root before = root_of(s);
    call(s, "grow", "[1]");
    marine_root after = root_of(s);
    assert_false(same_root(&before, &after)); /* the size is in the root of the memory */
    marine_service_free(s);
}

/* ---- other processes, other code ---- */

static void print_root(const char *optimize, const char *path)
{
    static const char *const names[] = {
        [MARINE_FOR_SPEED] = "speed", [MARINE_FOR_SIZE] = "size", [MARINE_NOT_AT_ALL] = "none"
    };
    riv_arena           *arena  = riv_arena_new(0);
    riv_prng             random = riv_prng_seed(SEED + 2);
    marine_engine       *engine = NULL;
    marine_engine_config config = { MARINE_FOR_SPEED };
    for (size_t i = 0; i < RIV_COUNT(names); i++)
        if (!strcmp(names[i], optimize)) config.optimize = (marine_optimize)i;
    if (marine_engine_new_with(&config, NULL, &engine)) exit(1);
    marine_module  *module = testing_module(engine, testing_read(path, arena));
    marine_service *s      = open_state(engine, module, NULL);
    for (int i = 0; i < 30; i++) random_call(s, &random);
    marine_root root = root_of(s);
    for (size_t i = 0; i < sizeof root.hash.bytes; i++) printf("%02x", root.hash.bytes[i]);
    marine_service_free(s);
    marine_module_free(module);
    marine_engine_free(engine);
    riv_arena_free(arena);
}

static void test_other_processes_and_code(void **state)
{
    (void)state;
    static const char *const modes[]   = { "speed", "size", "none", "speed" };
    riv_arena               *arena     = riv_arena_new(0);
    riv_bytes                wasm      = testing_build_with(STATE_MODULE, STATE_FLAGS, arena);
    char                     self[512] = "", path[600], command[1300], lines[RIV_COUNT(modes)][80] = { "" };
    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    snprintf(path, sizeof path, "%s/tests/root-%d.wasm", RIV_BINARY_DIR, (int)getpid());
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(wasm.ptr, 1, wasm.len, file), wasm.len);
    fclose(file);
    for (size_t i = 0; i < RIV_COUNT(modes); i++) {
        snprintf(command, sizeof command, "%s root %s %s", self, modes[i], path);
        FILE *pipe = popen(command, "r");
        assert_non_null(pipe);
        assert_non_null(fgets(lines[i], sizeof lines[i], pipe));
        assert_int_equal(pclose(pipe), 0);
        assert_int_equal(strlen(lines[i]), 64);
        assert_string_equal(lines[i], lines[0]);
    }
    unlink(path);
    riv_arena_free(arena);
}

/* ---- files ---- */

static void put_file(const char *dir, const char *name, const char *text)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void test_files(void **state)
{
    (void)state;
    char one[] = "/tmp/marine-root-XXXXXX", two[] = "/tmp/marine-root-XXXXXX", path[300], to[300], command[700];
    assert_non_null(mkdtemp(one));
    assert_non_null(mkdtemp(two));
    marine_service *a = open_state(state_engine, state_module, one), *b = open_state(state_engine, state_module, two);
    put_file(one, "x", "first");
    put_file(one, "y", "second");
    put_file(two, "y", "second"); /* in another order */
    put_file(two, "x", "first");
    marine_root ra = root_of(a), rb = root_of(b);
    assert_true(same_root(&ra, &rb));
    put_file(two, "x", "fi?st"); /* same size, a moment later */
    rb = root_of(b);
    assert_false(same_root(&ra, &rb));
    put_file(two, "x", "first");
    rb = root_of(b);
    assert_true(same_root(&ra, &rb));
    snprintf(path, sizeof path, "%s/x", two);
    snprintf(to, sizeof to, "%s/z", two);
    assert_int_equal(rename(path, to), 0);
    rb = root_of(b);
    assert_false(same_root(&ra, &rb));
    assert_int_equal(rename(to, path), 0);
    snprintf(path, sizeof path, "%s/sub", two);
    assert_int_equal(mkdir(path, 0700), 0);
    rb = root_of(b);
    assert_false(same_root(&ra, &rb));
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    rb = root_of(b);
    assert_false(same_root(&ra, &rb)); /* its name is seen in listings */
    assert_int_equal(unlink(path), 0);
    call(a, "write_file", "[\"data/new\",\"hello\"]");
    call(b, "write_file", "[\"data/new\",\"hello\"]");
    ra = root_of(a);
    rb = root_of(b);
    assert_true(same_root(&ra, &rb));
    usleep(2600 * 1000); /* until the files have settled: then their content is known by their times */
    ra                = root_of(a);
    marine_root again = root_of(a);
    assert_true(same_root(&ra, &again));
    assert_true(ra.chunks_hashed >= 3);
    assert_int_equal(again.chunks_hashed, 0);
    put_file(one, "y", "sec0nd");
    again = root_of(a);
    assert_false(same_root(&ra, &again));
    marine_service_free(a);
    marine_service_free(b);
    snprintf(command, sizeof command, "rm -r %s %s", one, two);
    assert_int_equal(system(command), 0);
}

/* A guest may close or move its mapped directory and go on by what it opened below: all that it can reach counts. */
static void test_directories_that_stay_open(void **state)
{
    (void)state;
    for (int moves = 0; moves < 2; moves++) {
        char dir[] = "/tmp/marine-root-XXXXXX", sub[300], args[64], command[400];
        assert_non_null(mkdtemp(dir));
        snprintf(sub, sizeof sub, "%s/sub", dir);
        assert_int_equal(mkdir(sub, 0700), 0);
        put_file(sub, "x", "first");
        marine_service *s = open_state(state_engine, state_module, dir);
        snprintf(args, sizeof args, "[\"data/sub\",%d]", moves);
        assert_int_equal(number(s, "keep_open", args), 0);
        marine_root before = root_of(s);
        put_file(sub, "x", "other");
        marine_root changed = root_of(s);
        assert_false(same_root(&before, &changed));
        put_file(sub, "x", "first");
        marine_root after = root_of(s);
        assert_true(same_root(&before, &after));
        snprintf(command, sizeof command, "rm -r %s", moves ? dir : sub);
        assert_int_equal(system(command), 0);
        changed = root_of(s); /* what was removed is still open, and holds nothing */
        assert_false(same_root(&before, &changed));
        marine_service_free(s);
        rmdir(dir);
    }
}

/* Pages of initial data may be out of sight of the page map when their copy in the file of roots is made. */
static void test_initial_data_is_kept_late(void **state)
{
    (void)state;
    marine_service   *s     = open_state(state_engine, state_module, NULL);
    marine__store    *store = marine__store_of(state_engine);
    marine__instance *in    = s->instances[0];
    wasmtime_extern_t item;
    int               file = store->file, broken = open("/dev/null", O_RDONLY);
    assert_true(marine__state_find(in, 'm', 0, &item));
    uint8_t *base              = wasmtime_memory_data(s->context, &item.of.memory);
    store->file                = broken; /* nothing can be put there */
    marine_root first          = root_of(s);
    store->file                = file;
    const marine__image *image = in->module->image;
    assert_int_equal(madvise(base + image->from, image->to - image->from, MADV_DONTNEED),
                     0); /* as when memory is short */
    marine_root second = root_of(s), third = root_of(s);
    assert_true(same_root(&first, &second));
    assert_true(same_root(&first, &third));
    assert_int_equal(number(s, "peek_initial", "[5000]"), 77);
    check_tree(s);
    close(broken);
    marine_service_free(s);
}

/* ---- several modules ---- */

static void test_modules_in_order(void **state)
{
    (void)state;
    marine_module_config  both[] = { { .name = RIV_LIT("one"), .module = state_module },
                                     { .name = RIV_LIT("two"), .module = state_module } };
    marine_service_config config = { .modules = both, .modules_count = 2 };
    marine_service       *s      = NULL;
    assert_int_equal(marine_service_new(state_engine, &config, NULL, &s), RIV_OK);
    marine_root first = root_of(s);
    marine_service_free(s);
    both[0].name = RIV_LIT("other");
    assert_int_equal(marine_service_new(state_engine, &config, NULL, &s), RIV_OK);
    marine_root named = root_of(s);
    assert_false(same_root(&first, &named));
    assert_int_equal(first.chunks_total, named.chunks_total);
    marine_service_free(s);
}

/* ---- what a failure leaves ---- */

static void test_failures_do_not_eat_the_stack(void **state)
{
    (void)state;
    enum { TRAPS = 100000, FIRST = 100 };
    marine_service *s = open_state(state_engine, state_module, NULL);
    assert_true(s->instances[0]->has_stack);
    marine_root early = { 0 };
    for (int i = 0; i < TRAPS; i++) {
        assert_int_equal(call(s, "fail", "[7]"), MARINE_TRAP); /* each leaves a frame of 1 KiB; the stack has 64 */
        if (i == FIRST) early = root_of(s);
    }
    marine_root late = root_of(s);
    assert_true(same_root(&early, &late));
    assert_int_equal(call(s, "peek", "[0]"), MARINE_NO_ERROR);
    marine_service_free(s);
}

static int setup(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    if (marine_engine_new(NULL, &state_engine)) return -1;
    state_module = testing_module(state_engine, testing_build_with(STATE_MODULE, STATE_FLAGS, arena));
    riv_arena_free(arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    marine_module_free(state_module);
    marine_engine_free(state_engine);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_incremental_is_whole),
        cmocka_unit_test(test_without_page_map),
        cmocka_unit_test(test_initial_data),
        cmocka_unit_test(test_every_change_shows_and_goes),
        cmocka_unit_test(test_only_what_changed_is_hashed),
        cmocka_unit_test(test_growth_by_zeros_is_size_only),
        cmocka_unit_test(test_other_processes_and_code),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_directories_that_stay_open),
        cmocka_unit_test(test_initial_data_is_kept_late),
        cmocka_unit_test(test_modules_in_order),
        cmocka_unit_test(test_failures_do_not_eat_the_stack),
    };
    testing_main();
    if (argc == 4 && !strcmp(argv[1], "root")) {
        print_root(argv[2], argv[3]);
        return 0;
    }
    return cmocka_run_group_tests(tests, setup, teardown);
}
