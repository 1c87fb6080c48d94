/* budget.c: linear memories that count against one budget a service, over all its modules.
 * Wasmtime's own limiter knows only one size for each memory and does not tell what it refused, so the engine asks us for
 * memories: address space is reserved as Wasmtime wishes, pages are opened as the guest grows.
 * Spec: docs/spec/marine.md 8.3. Tests: limits_test.c. */
#define _DEFAULT_SOURCE /* mmap's flags */
#include "marine/internal.h"

#include <sys/mman.h>
#include <unistd.h>

struct marine__linear {
    uint8_t        *base;
    size_t          size, reserved, mapped; /* mapped: reserved and guard */
    marine__budget *budget;
};
typedef struct marine__linear linear;

/* Where released memories lie as Wasmtime sees them: at addresses that no program has. The store keeps them until it goes, and when a
 * guest faults it looks through all of them for the address; their old places may belong to others by then. */
#define NOWHERE ((uint8_t *)(UINTPTR_MAX << 47))

/* Wasmtime calls back on the thread that makes an instance, but without saying for whom. */
static _Thread_local marine__budget *running;

void marine__budget_enter(marine__budget *budget) { running = budget; }

/* ---- images ---- */

static _Thread_local const marine__image *image_now;
static _Thread_local int                  image_file;

void marine__image_enter(const marine__image *image, marine_engine *engine)
{
    image_now  = image;
    image_file = image && image->at >= 0 ? marine__store_of(engine)->file : -1;
}

void marine__image_init(marine__image *image, marine_engine *engine, const marine__prepared *prepared)
{
    marine__store *store = marine__store_of(engine);
    size_t         page = (size_t)sysconf(_SC_PAGESIZE), from = SIZE_MAX, to = 0;
    *image = (marine__image){ marine__store_range(store), 0, 0, prepared->segments, prepared->segments_count };
    for (size_t i = 0; i < image->segments_count; i++) {
        const marine__segment *s = &image->segments[i];
        from                     = RIV_MIN(from, s->at);
        to                       = RIV_MAX(to, s->at + s->bytes.len);
    }
    image->from = from / page * page;
    image->to   = (to + page - 1) / page * page;
    for (size_t i = 0; image->at >= 0 && i < image->segments_count; i++) {
        const marine__segment *s = &image->segments[i];
        if (!marine__store_write(store, s->bytes.ptr, s->bytes.len, image->at + s->at)) image->at = -1;
    }
}

void marine__image_deinit(marine__image *image, marine_engine *engine)
{
    if (image)
        marine__store_forget(marine__store_of(engine), image->at < 0 ? -1 : image->at + (int64_t)image->from,
                             image->to - image->from);
}

/* Into a new memory: pages of the file that become its own where it writes. */
static bool put_image(linear *m)
{
    const marine__image *image = image_now;
    if (!image) return true;
    if (image->to > m->size) return false;
    if (image_file >= 0)
        return mmap(m->base + image->from, image->to - image->from, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, image_file,
                    image->at + (int64_t)image->from) != MAP_FAILED;
    for (size_t i = 0; i < image->segments_count; i++)
        memcpy(m->base + image->segments[i].at, image->segments[i].bytes.ptr, image->segments[i].bytes.len);
    return true;
}

/* ---- memories ---- */

static bool take(marine__budget *budget, size_t bytes)
{
    if (bytes > budget->bytes_max - budget->bytes) {
        budget->rejects++;
        return false;
    }
    budget->bytes += bytes;
    return true;
}

static uint8_t *get_memory(void *env, size_t *size, size_t *capacity)
{
    linear *m = env;
    *size     = m->size;
    *capacity = m->reserved;
    return m->base;
}

static wasmtime_error_t *grow_memory(void *env, size_t new_size)
{
    linear *m = env;
    if (new_size <= m->size) return NULL;
    if (new_size > m->reserved || !take(m->budget, new_size - m->size))
        return wasmtime_error_new("memory budget is used up");
    if (mprotect(m->base, new_size, PROT_READ | PROT_WRITE)) {
        m->budget->bytes -= new_size - m->size;
        m->budget->rejects++;
        return wasmtime_error_new("no memory from the operating system");
    }
    m->size = new_size;
    return NULL;
}

static void free_memory(void *env)
{
    linear *m = env;
    marine__linear_release(m);
    if (m->budget->made == m) m->budget->made = NULL;
    riv_free(m);
}

void marine__linear_release(linear *m)
{
    if (!m || m->base == NOWHERE) return;
    munmap(m->base, m->mapped);
    m->budget->bytes -= m->size;
    m->base = NOWHERE;
    m->size = m->reserved = m->mapped = 0;
}

uint64_t marine__linear_bytes(const linear *m) { return m ? m->size : 0; }

static wasmtime_error_t *new_memory(void *env, const wasm_memorytype_t *type, size_t minimum, size_t maximum,
                                    size_t reserved, size_t guard, wasmtime_linear_memory_t *out)
{
    (void)env;
    (void)type;
    (void)maximum;
    size_t room = RIV_MAX(reserved, minimum), total;
    if (!running) return wasmtime_error_new("no service is being made on this thread");
    if (__builtin_add_overflow(room, guard, &total) || total == 0) return wasmtime_error_new("memory is too large");
    if (minimum > running->bytes_max - running->bytes) {
        running->rejects++;
        return wasmtime_error_new("memory budget is used up");
    }
    void *base = mmap(NULL, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) return wasmtime_error_new("no address space from the operating system");
    linear *m               = riv_alloc(sizeof *m);
    *m                      = (linear){ base, 0, room, total, running };
    wasmtime_error_t *error = grow_memory(m, minimum);
    if (!error && !put_image(m)) error = wasmtime_error_new("the data of the module cannot be mapped");
    if (error) {
        free_memory(m);
        return error;
    }
    running->made = m;
    *out          = (wasmtime_linear_memory_t){ m, get_memory, grow_memory, free_memory };
    return NULL;
}

void marine__budget_config(wasm_config_t *config)
{
    wasmtime_config_memory_init_cow_set(config, false); /* Wasmtime maps images only into its own memories */
    wasmtime_config_host_memory_creator_set(config, &(wasmtime_memory_creator_t){ NULL, new_memory, NULL });
}
