/* root.c: one hash over all that the calls of a service can change: memories, globals, tables, files; module by module, in order.
 * Spec: docs/spec/proofs.md 3.2. Tests: root_test.c. */
#define _XOPEN_SOURCE 700 /* openat and its kin */
#include "marine/wasi.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    CHUNK             = MARINE__CHUNK_BYTES,
    FILE_LEVELS       = 32, /* of the tree over a file: 16 TiB */
    FILES_MAX         = 100000,
    DEPTH_MAX         = 32,
    READ_BYTES        = 1 << 20,
    ARENA_BYTES_MAX   = 256 << 20,
    NO_FUNCTION       = -1,
    SETTLED_MS        = 2500, /* file systems that count time in steps of two seconds */
    ENTRY_FILE        = 1,
    ENTRY_DIR         = 2,
    ENTRY_OTHER       = 3,
    OPEN_NOWHERE      = 0, /* it has no name any more */
    OPEN_IN_DIRECTORY = 1,
    OPEN_ELSEWHERE    = 2, /* a directory whose mapped directory the guest closed or moved: still a way to its files */
};

typedef struct entry { /* of a mapped directory */
    riv_str     path;
    uint8_t     kind;
    uint64_t    size;
    crypto_hash content;
    dev_t       device;
    ino_t       inode;
} entry;
typedef RIV_VEC(entry) entry_vec;
typedef struct name {
    riv_str text;
} name; /* as riv_order wants it */
typedef RIV_VEC(name) name_vec;

typedef struct known { /* the content of a file that settled */
    uint64_t        size;
    struct timespec changed, modified;
    crypto_hash     content;
} known;

typedef struct looking {
    marine_service *service;
    riv_arena      *arena;
    riv_fault      *fault;
    marine_root    *out;
    riv_map        *known; /* of this time: what is not met any more is forgotten */
    uint8_t        *bytes; /* READ_BYTES */
    crypto_hash     zero[FILE_LEVELS + 1];
} looking;

static riv_err module_hash(looking *l, marine__instance *in, crypto_hash *out);

/* ---- hashes over records: a text that says what it is, then fields of fixed order, integers big-endian ---- */

static void put_hash(riv_buf *b, const crypto_hash *hash)
{
    riv_put_bytes(b, (riv_bytes){ hash->bytes, sizeof hash->bytes });
}

static void put_text(riv_buf *b, riv_str text)
{
    riv_put_u32be(b, (uint32_t)text.len);
    riv_put_str(b, text);
}

static riv_buf record(looking *l, riv_str what)
{
    riv_buf b = riv_buf_in(l->arena);
    riv_put_str(&b, what);
    return b;
}

/* ---- the service ---- */

static void put_randomness(riv_buf *b, const marine_service *s)
{
    riv_put_u8(b, s->env.random ? 0 : 1);
    for (size_t i = 0; !s->env.random && i < RIV_COUNT(s->prng.s); i++) riv_put_u64be(b, s->prng.s[i]);
}

static void free_known(riv_map *map)
{
    riv_bytes key;
    void     *value;
    for (size_t i = 0; map && i < riv_map_slots(map); i++)
        if (riv_map_at(map, i, &key, &value)) riv_free(value);
    riv_map_free(map);
}

void marine__root_free(marine_service *s) { free_known(s->known_files); }

riv_err marine_service_root(marine_service *s, riv_fault *fault, marine_root *out)
{
    RIV_TRY(marine__enter(s, fault));
    riv_arena  *arena = riv_arena_new(ARENA_BYTES_MAX);
    marine_root root  = { 0 };
    looking     l     = { .service = s, .arena = arena, .fault = fault, .out = &root, .known = riv_map_new(NULL) };
    riv_buf     all   = record(&l, RIV_LIT("rivulet/state/1"));
    riv_err     err   = RIV_OK;
    riv_arena_reset(s->scratch);
    riv_put_u32be(&all, (uint32_t)s->instances_count);
    for (size_t i = 0; !err && i < s->instances_count; i++) {
        crypto_hash hash;
        err = module_hash(&l, s->instances[i], &hash);
        if (!err) put_hash(&all, &hash);
    }
    put_randomness(&all, s);
    root.hash = crypto_blake3(riv_buf_view(&all));
    free_known(err ? l.known : s->known_files);
    if (!err) {
        s->known_files = l.known;
        *out           = root;
    }
    riv_arena_free(arena);
    marine__left(s);
    return err;
}

/* ---- memory, globals, tables ---- */

static crypto_hash memory_hash(looking *l, marine__instance *in)
{
    wasmtime_extern_t item;
    marine_service   *s = in->service;
    if (!in->module->prepared.memory) return (crypto_hash){ 0 };
    RIV_ASSERT(marine__state_find(in, 'm', 0, &item) && item.kind == WASMTIME_EXTERN_MEMORY);
    uint8_t *base = wasmtime_memory_data(s->context, &item.of.memory);
    size_t   size = wasmtime_memory_data_size(s->context, &item.of.memory);
    if (!in->pages) in->pages = marine__pages_new(s->engine, in->module->image);
    crypto_hash tree = marine__pages_root(in->pages, base, size, l->arena, &l->out->chunks_hashed);
    l->out->chunks_total += size / CHUNK;
    riv_buf b = record(l, RIV_LIT("rivulet/memory/1"));
    riv_put_u64be(&b, size);
    put_hash(&b, &tree);
    return crypto_blake3(riv_buf_view(&b));
}

/* Functions are told by their index; Wasmtime tells them by address, the same for the same function of an instance. */
static riv_err put_function(looking *l, marine__instance *in, const wasmtime_func_t *f, riv_buf *b)
{
    const marine__prepared *plan = &in->module->prepared;
    if (f->store_id == 0) {
        riv_put_u32be(b, (uint32_t)NO_FUNCTION);
        return RIV_OK;
    }
    if (!in->functions) {
        in->functions = riv_map_new_for(in->arena, plan->functions_count);
        for (uint32_t i = 0; i < plan->functions_count; i++) {
            wasmtime_extern_t item;
            RIV_ASSERT(marine__state_find(in, 'f', i, &item) && item.kind == WASMTIME_EXTERN_FUNC);
            riv_map_put_u64(in->functions, (uintptr_t)item.of.func.__private, (void *)((uintptr_t)i + 1));
        }
    }
    uintptr_t index = (uintptr_t)riv_map_get_u64(in->functions, (uintptr_t)f->__private);
    if (!index)
        return riv_fail(l->fault, RIV_E_UNSUPPORTED, 0, "module " RIV_FMT " holds a function that is not its own",
                        RIV_ARG(in->name));
    riv_put_u32be(b, (uint32_t)index - 1);
    return RIV_OK;
}

static riv_err put_value(looking *l, marine__instance *in, const wasmtime_val_t *v, riv_buf *b)
{
    riv_put_u8(b, v->kind);
    switch (v->kind) {
    case WASMTIME_I32: riv_put_u32be(b, (uint32_t)v->of.i32); return RIV_OK;
    case WASMTIME_I64: riv_put_u64be(b, (uint64_t)v->of.i64); return RIV_OK;
    case WASMTIME_F32: {
        uint32_t bits;
        memcpy(&bits, &v->of.f32, sizeof bits);
        riv_put_u32be(b, bits);
        return RIV_OK;
    }
    case WASMTIME_F64: {
        uint64_t bits;
        memcpy(&bits, &v->of.f64, sizeof bits);
        riv_put_u64be(b, bits);
        return RIV_OK;
    }
    case WASMTIME_V128: riv_put_bytes(b, (riv_bytes){ v->of.v128, sizeof v->of.v128 }); return RIV_OK;
    case WASMTIME_FUNCREF: return put_function(l, in, &v->of.funcref, b);
    case WASMTIME_EXTERNREF:
        if (wasmtime_externref_is_null(&v->of.externref)) return RIV_OK; /* the only one that a guest can have */
        break;
    default: break;
    }
    return riv_fail(l->fault, RIV_E_UNSUPPORTED, 0, "module " RIV_FMT " keeps a value that has no bytes",
                    RIV_ARG(in->name));
}

static riv_err globals_hash(looking *l, marine__instance *in, crypto_hash *out)
{
    const marine__prepared *plan = &in->module->prepared;
    riv_buf                 b    = record(l, RIV_LIT("rivulet/globals/1"));
    riv_put_u32be(&b, (uint32_t)plan->globals_count);
    for (size_t i = 0; i < plan->globals_count; i++) {
        wasmtime_extern_t item;
        wasmtime_val_t    value;
        RIV_ASSERT(marine__state_find(in, 'g', plan->globals[i], &item) && item.kind == WASMTIME_EXTERN_GLOBAL);
        wasmtime_global_get(in->service->context, &item.of.global, &value);
        riv_put_u32be(&b, plan->globals[i]);
        riv_err err = put_value(l, in, &value, &b);
        wasmtime_val_unroot(&value);
        if (err) return err;
    }
    *out = crypto_blake3(riv_buf_view(&b));
    return RIV_OK;
}

static riv_err tables_hash(looking *l, marine__instance *in, crypto_hash *out)
{
    const marine__prepared *plan    = &in->module->prepared;
    wasmtime_context_t     *context = in->service->context;
    riv_buf                 b       = record(l, RIV_LIT("rivulet/tables/1"));
    riv_put_u32be(&b, (uint32_t)plan->tables_count);
    for (size_t i = 0; i < plan->tables_count; i++) {
        wasmtime_extern_t item;
        RIV_ASSERT(marine__state_find(in, 't', plan->tables[i], &item) && item.kind == WASMTIME_EXTERN_TABLE);
        uint64_t size = wasmtime_table_size(context, &item.of.table);
        riv_put_u32be(&b, plan->tables[i]);
        riv_put_u64be(&b, size);
        for (uint64_t k = 0; k < size; k++) {
            wasmtime_val_t value;
            RIV_ASSERT(wasmtime_table_get(context, &item.of.table, k, &value));
            riv_err err = put_value(l, in, &value, &b);
            wasmtime_val_unroot(&value);
            if (err) return err;
        }
    }
    *out = crypto_blake3(riv_buf_view(&b));
    return RIV_OK;
}

/* ---- files ---- */

/* Adds the next leaf of a tree that is built from the left: at each level one hash waits for its right neighbour. */
static void add_leaf(crypto_hash *waiting, uint64_t index, crypto_hash hash)
{
    size_t level = 0;
    for (; index & 1; index >>= 1, level++) hash = marine__node_hash(&waiting[level], &hash);
    waiting[level] = hash;
}

static crypto_hash end_tree(const looking *l, const crypto_hash *waiting, uint64_t leaves)
{
    crypto_hash hash = l->zero[0];
    for (size_t level = 0; level < FILE_LEVELS; level++)
        hash =
            leaves >> level & 1 ? marine__node_hash(&waiting[level], &hash) : marine__node_hash(&hash, &l->zero[level]);
    return hash;
}

/* *size is what was read. */
static riv_err hash_file(looking *l, int fd, uint64_t *size, crypto_hash *out)
{
    crypto_hash waiting[FILE_LEVELS + 1];
    uint64_t    leaves = 0, total = 0;
    if (!l->bytes) {
        l->bytes = riv_arena_alloc_raw(l->arena, READ_BYTES, 16);
        marine__zero_hashes(l->zero, RIV_COUNT(l->zero));
    }
    for (bool end = false; !end;) {
        size_t have = 0;
        while (have < READ_BYTES) {
            ssize_t n = pread(fd, l->bytes + have, READ_BYTES - have, (off_t)(total + have));
            if (n < 0) return riv_fail(l->fault, RIV_E_IO, total, "a file below a mapped directory cannot be read");
            if (n == 0) break;
            have += (size_t)n;
        }
        end = have < READ_BYTES;
        total += have;
        while (have % CHUNK) l->bytes[have++] = 0;
        for (size_t at = 0; at < have; at += CHUNK, leaves++) {
            bool zero = marine__is_zero(l->bytes + at);
            add_leaf(waiting, leaves, zero ? l->zero[0] : crypto_blake3((riv_bytes){ l->bytes + at, CHUNK }));
            l->out->chunks_hashed += !zero;
        }
        if (leaves >> FILE_LEVELS)
            return riv_fail(l->fault, RIV_E_LIMIT, 0, "a file below a mapped directory is too large");
    }
    *size = total;
    *out  = end_tree(l, waiting, leaves);
    return RIV_OK;
}

static bool same_time(struct timespec a, struct timespec b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

/* A file that changed a moment ago may change again within one step of the clock that its times come from. */
static bool settled(const struct stat *st)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t ms = (int64_t)(now.tv_sec - st->st_ctim.tv_sec) * 1000 + (now.tv_nsec - st->st_ctim.tv_nsec) / 1000000;
    return ms > SETTLED_MS;
}

static riv_err content_of(looking *l, int fd, const struct stat *st, uint64_t *size, crypto_hash *out)
{
    struct {
        uint64_t device, inode;
    } id             = { st->st_dev, st->st_ino };
    riv_bytes    key = { (const uint8_t *)&id, sizeof id };
    const known *old = l->service->known_files ? riv_map_get(l->service->known_files, key) : NULL;
    known        now = { (uint64_t)st->st_size, st->st_ctim, st->st_mtim, { { 0 } } };
    struct stat  after;
    if (old && old->size == now.size && same_time(old->changed, now.changed) &&
        same_time(old->modified, now.modified)) {
        *size = old->size;
        *out  = old->content;
        now   = *old;
    } else {
        bool keep = settled(st);
        RIV_TRY(hash_file(l, fd, size, out));
        now.content = *out;
        if (!keep || fstat(fd, &after) || *size != now.size || !same_time(after.st_ctim, now.changed)) return RIV_OK;
    }
    known *copy = riv_alloc(sizeof *copy);
    *copy       = now;
    riv_free(riv_map_put(l->known, key, copy));
    return RIV_OK;
}

static riv_err read_names(looking *l, int dir, name_vec *out)
{
    int  own    = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* with a position of its own */
    DIR *stream = own < 0 ? NULL : fdopendir(own);
    if (!stream) {
        if (own >= 0) close(own);
        return riv_fail(l->fault, RIV_E_IO, 0, "a mapped directory, or one below it, cannot be read");
    }
    for (struct dirent *e; (e = readdir(stream));) {
        riv_str text = riv_str_c(e->d_name);
        if (riv_str_eq(text, RIV_LIT(".")) || riv_str_eq(text, RIV_LIT(".."))) continue;
        if (out->len == FILES_MAX) break;
        riv_push(l->arena, out)->text = riv_str_dup(l->arena, text);
    }
    closedir(stream);
    if (out->len == FILES_MAX)
        return riv_fail(l->fault, RIV_E_LIMIT, 0, "more than %d files below a mapped directory", FILES_MAX);
    return RIV_OK;
}

static riv_err add_dir(looking *l, int dir, riv_str path, size_t depth, entry_vec *out);

static riv_err add_entry(looking *l, int dir, riv_str text, riv_str path, size_t depth, entry_vec *out)
{
    struct stat st;
    const char *file = riv_cstr(l->arena, text);
    if (out->len == FILES_MAX || riv_arena_over(l->arena))
        return riv_fail(l->fault, RIV_E_LIMIT, 0, "more than %d files below a mapped directory", FILES_MAX);
    if (fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW))
        return riv_fail(l->fault, RIV_E_IO, 0, "file " RIV_FMT " went away while it was looked at", RIV_ARG(path));
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
        *riv_push(l->arena, out) =
            (entry){ .path = path, .kind = ENTRY_OTHER, .device = st.st_dev, .inode = st.st_ino };
        return RIV_OK;
    }
    int fd = openat(dir, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return riv_fail(l->fault, RIV_E_IO, 0, "file " RIV_FMT " does not open", RIV_ARG(path));
    riv_err err = RIV_OK;
    if (S_ISDIR(st.st_mode)) {
        err = add_dir(l, fd, path, depth + 1, out);
    } else {
        entry e = { .path = path, .kind = ENTRY_FILE, .device = st.st_dev, .inode = st.st_ino };
        err     = content_of(l, fd, &st, &e.size, &e.content);
        l->out->chunks_total += (e.size + CHUNK - 1) / CHUNK;
        if (!err) *riv_push(l->arena, out) = e;
    }
    close(fd);
    return err;
}

/* The directory, then all below it by their names' bytes. */
static riv_err add_dir(looking *l, int dir, riv_str path, size_t depth, entry_vec *out)
{
    name_vec    names = { 0 };
    struct stat st;
    if (depth > DEPTH_MAX) return riv_fail(l->fault, RIV_E_LIMIT, 0, "directories more than %d deep", DEPTH_MAX);
    if (fstat(dir, &st)) return riv_fail(l->fault, RIV_E_IO, 0, "directory " RIV_FMT " went away", RIV_ARG(path));
    *riv_push(l->arena, out) = (entry){ .path = path, .kind = ENTRY_DIR, .device = st.st_dev, .inode = st.st_ino };
    RIV_TRY(read_names(l, dir, &names));
    const uint32_t *order = riv_order(l->arena, names.ptr, sizeof(name), names.len);
    for (size_t i = 0; i < names.len; i++) {
        riv_str text  = names.ptr[order ? order[i] : i].text;
        riv_str below = path.len ? riv_format(l->arena, RIV_FMT "/" RIV_FMT, RIV_ARG(path), RIV_ARG(text)) : text;
        RIV_TRY(add_entry(l, dir, text, below, depth, out));
    }
    return RIV_OK;
}

static void put_entries(riv_buf *b, riv_str alias, const entry_vec *entries, size_t first)
{
    put_text(b, alias);
    riv_put_u32be(b, (uint32_t)(entries->len - first));
    for (size_t i = first; i < entries->len; i++) {
        const entry *e = &entries->ptr[i];
        put_text(b, e->path);
        riv_put_u8(b, e->kind);
        riv_put_u64be(b, e->size);
        put_hash(b, &e->content);
    }
}

/* A listing under way stands as it was when it began, whatever became of the directory. */
static void put_listing(const wasi_listing *listing, riv_buf *b)
{
    riv_put_u8(b, listing->arena ? 1 : 0);
    riv_put_u32be(b, (uint32_t)listing->count);
    for (size_t i = 0; i < listing->count; i++) {
        put_text(b, listing->entries[i].name);
        riv_put_u64be(b, listing->entries[i].id);
        riv_put_u8(b, listing->entries[i].type);
    }
}

static bool was_removed(int dir)
{
    int own = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (own >= 0) close(own);
    return own < 0 && errno == ENOENT;
}

/* An open file or directory that none of the entries is; what is below a directory becomes entries. */
static riv_err put_apart(looking *l, const marine__open_file *f, const struct stat *st, entry_vec *entries, riv_buf *b)
{
    uint64_t    size    = 0;
    crypto_hash content = { 0 };
    if (f->is_dir && !was_removed(f->fd)) {
        size_t first = entries->len;
        RIV_TRY(add_dir(l, f->fd, (riv_str){ 0 }, 0, entries));
        riv_put_u8(b, OPEN_ELSEWHERE);
        put_entries(b, (riv_str){ 0 }, entries, first);
        return RIV_OK;
    }
    if (!f->is_dir) RIV_TRY(content_of(l, f->fd, st, &size, &content));
    riv_put_u8(b, OPEN_NOWHERE);
    riv_put_u64be(b, size);
    put_hash(b, &content);
    return RIV_OK;
}

/* What the guest holds open: which file, and where it stands in it. */
static riv_err put_open(looking *l, const marine__open_file *f, entry_vec *entries, riv_buf *b)
{
    struct stat st;
    if (fstat(f->fd, &st)) return riv_fail(l->fault, RIV_E_IO, 0, "an open file of the module is gone");
    off_t at     = f->is_dir ? 0 : lseek(f->fd, 0, SEEK_CUR);
    int   access = fcntl(f->fd, F_GETFL) & O_ACCMODE;
    riv_put_u32be(b, f->number);
    riv_put_u8(b, f->is_dir ? ENTRY_DIR : ENTRY_FILE);
    riv_put_u8(b, access == O_RDONLY ? 1 : access == O_WRONLY ? 2 : 3);
    riv_put_u8(b, f->append ? 1 : 0);
    riv_put_u64be(b, at < 0 ? 0 : (uint64_t)at);
    for (size_t i = 0; i < entries->len; i++)
        if (entries->ptr[i].device == st.st_dev && entries->ptr[i].inode == st.st_ino) {
            riv_put_u8(b, OPEN_IN_DIRECTORY);
            riv_put_u32be(b, (uint32_t)i);
            return RIV_OK;
        }
    return put_apart(l, f, &st, entries, b);
}

static riv_err files_hash(looking *l, marine__instance *in, crypto_hash *out)
{
    entry_vec         entries = { 0 };
    size_t            dirs    = in->config->mapped_dirs_count;
    marine__open_file f;
    *out = (crypto_hash){ 0 };
    if (!in->files) return RIV_OK;
    riv_buf b = record(l, RIV_LIT("rivulet/files/1"));
    riv_put_u32be(&b, (uint32_t)dirs);
    for (size_t i = 0; i < dirs; i++) {
        size_t first = entries.len;
        RIV_ASSERT(marine__files_slot(in->files, i, &f));
        if (f.fd >= 0 && f.mapped) RIV_TRY(add_dir(l, f.fd, (riv_str){ 0 }, 0, &entries));
        put_entries(&b, in->config->mapped_dirs[i].key, &entries, first);
    }
    for (size_t i = 0; marine__files_slot(in->files, i, &f); i++) {
        if (f.fd < 0) continue;
        const wasi_file *file = &in->files->files[i];
        RIV_TRY(put_open(l, &f, &entries, &b));
        riv_put_u64be(&b, file->id);
        put_listing(&file->listing, &b);
    }
    *out = crypto_blake3(riv_buf_view(&b));
    return RIV_OK;
}

/* ---- a module ---- */

static riv_err module_hash(looking *l, marine__instance *in, crypto_hash *out)
{
    crypto_hash globals, tables, files;
    if (in->module->component)
        return riv_fail(l->fault, RIV_E_UNSUPPORTED, 0,
                        "module " RIV_FMT " is a component, whose state the engine does not show", RIV_ARG(in->name));
    if (in->module->prepared.forgets)
        return riv_fail(l->fault, RIV_E_UNSUPPORTED, 0,
                        "module " RIV_FMT " drops data while it runs, or has code that is not known",
                        RIV_ARG(in->name));
    crypto_hash memory = memory_hash(l, in);
    RIV_TRY(globals_hash(l, in, &globals));
    RIV_TRY(tables_hash(l, in, &tables));
    RIV_TRY(files_hash(l, in, &files));
    riv_buf b = record(l, RIV_LIT("rivulet/module/1"));
    put_text(&b, in->name);
    put_hash(&b, &in->module->hash);
    put_hash(&b, &memory);
    put_hash(&b, &globals);
    put_hash(&b, &tables);
    put_hash(&b, &files);
    *out = crypto_blake3(riv_buf_view(&b));
    return RIV_OK;
}
