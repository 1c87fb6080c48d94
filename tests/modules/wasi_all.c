/* wasi_all.c: all of WASI preview 1 from inside, by libc and by its bare functions; what is not as it should be is told by its line.
 * The directory is mapped as "data"; from outside it holds: link -> ../secret, linkdir -> .., fifo. */
#include "marine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

enum { DATA = 3 }; /* the first mapped directory */

#define WANT(cond)                                                                                                     \
    do {                                                                                                               \
        if (!(cond)) return marine_format("line %d: %s (errno %d)", __LINE__, #cond, errno);                           \
    } while (0)
#define FAILS(call, error) WANT((errno = 0, (call) < 0) && errno == (error))
#define IS(call, error)                                                                                                \
    do {                                                                                                               \
        int got_ = (call);                                                                                             \
        if (got_ != (error)) return marine_format("line %d: %s gave %d", __LINE__, #call, got_);                       \
    } while (0)

MARINE_EXPORT(string, files, ())
{
    struct stat st, again;
    char        text[64] = "";
    int         fd, other;
    WANT(mkdir("data/d", 0777) == 0);
    FAILS(mkdir("data/d", 0777), EEXIST);
    FAILS(mkdir("data/no/such", 0777), ENOENT);
    WANT((fd = open("data/d/a", O_CREAT | O_RDWR | O_EXCL, 0666)) >= 0);
    FAILS(open("data/d/a", O_CREAT | O_RDWR | O_EXCL, 0666), EEXIST);
    WANT(write(fd, "hello world", 11) == 11);
    WANT(pwrite(fd, "W", 1, 6) == 1);
    WANT(lseek(fd, 0, SEEK_CUR) == 11);
    WANT(lseek(fd, -5, SEEK_END) == 6);
    WANT(read(fd, text, 64) == 5 && !memcmp(text, "World", 5));
    WANT(pread(fd, text, 3, 1) == 3 && !memcmp(text, "ell", 3));
    FAILS(lseek(fd, -1, SEEK_SET), EINVAL);
    WANT(fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 11 && st.st_nlink == 1);
    WANT(st.st_mtim.tv_sec == 0 && st.st_atim.tv_sec == 0 && st.st_ctim.tv_sec == 0);
    WANT(stat("data/d/a", &again) == 0 && again.st_ino == st.st_ino && st.st_ino != 0);
    WANT(stat("data/d/../d/./a", &again) == 0 && again.st_ino == st.st_ino);
    WANT(stat("data/d", &again) == 0 && S_ISDIR(again.st_mode) && again.st_ino != st.st_ino && again.st_size == 0);
    WANT(ftruncate(fd, 5) == 0 && fstat(fd, &st) == 0 && st.st_size == 5);
    WANT(posix_fallocate(fd, 0, 100) == 0 && fstat(fd, &st) == 0 && st.st_size == 100);
    WANT(posix_fallocate(fd, 0, 10) == 0 && fstat(fd, &st) == 0 && st.st_size == 100);
    WANT(posix_fadvise(fd, 0, 10, POSIX_FADV_RANDOM) == 0);
    WANT(fsync(fd) == 0 && fdatasync(fd) == 0);
    WANT(futimens(fd, (struct timespec[2]){ { 5, 0 }, { 6, 0 } }) == 0);
    WANT(fstat(fd, &st) == 0 && st.st_mtim.tv_sec == 0); /* the times stay hidden */
    WANT(utimensat(AT_FDCWD, "data/d/a", NULL, 0) == 0);
    FAILS(utimensat(AT_FDCWD, "data/d/none", NULL, 0), ENOENT);
    WANT(close(fd) == 0);
    FAILS(close(fd), EBADF);
    WANT((fd = open("data/d/a", O_WRONLY | O_APPEND)) >= 0);
    WANT(lseek(fd, 0, SEEK_SET) == 0 && write(fd, "!", 1) == 1 && fstat(fd, &st) == 0 && st.st_size == 101);
    WANT(fcntl(fd, F_GETFL) & O_APPEND);
    WANT(fcntl(fd, F_SETFL, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0 && write(fd, "J", 1) == 1);
    WANT(fstat(fd, &st) == 0 && st.st_size == 101);
    FAILS(read(fd, text, 1), EBADF);
    WANT((other = open("data/d/b", O_CREAT | O_WRONLY | O_TRUNC, 0666)) >= 0);
    IS(__wasi_fd_renumber((__wasi_fd_t)fd, (__wasi_fd_t)other), 0);
    FAILS(close(fd), EBADF);
    WANT(fstat(other, &st) == 0 && st.st_size == 101);
    IS(__wasi_fd_renumber((__wasi_fd_t)other, 60), __WASI_ERRNO_BADF);
    WANT(close(other) == 0);
    WANT(rename("data/d/a", "data/d/c") == 0 && rename("data/d/c", "data/moved") == 0);
    FAILS(rename("data/d/a", "data/x"), ENOENT);
    FAILS(rename("data/moved", "data/d"), EISDIR);
    FAILS(rmdir("data/moved"), ENOTDIR);
    FAILS(rmdir("data/d"), ENOTEMPTY);
    FAILS(unlink("data/d"), EISDIR);
    WANT(unlink("data/d/b") == 0 && rmdir("data/d") == 0 && unlink("data/moved") == 0);
    FAILS(unlink("data/moved"), ENOENT);
    WANT((fd = open("data", O_RDONLY | O_DIRECTORY)) >= 0);
    FAILS(read(fd, text, 1), EISDIR);
    FAILS(write(fd, text, 1), EBADF + (errno == EISDIR ? EISDIR - EBADF : 0));
    WANT((other = openat(fd, "x", O_CREAT | O_RDWR, 0666)) >= 0 && close(other) == 0);
    WANT(unlinkat(fd, "x", 0) == 0 && close(fd) == 0);
    return marine_text("");
}

/* Ways out of the directory, and slips. */
MARINE_EXPORT(string, paths, ())
{
    static const struct {
        const char *path;
        int         error;
    } bad[] = {
        { "data/..", ENOTCAPABLE },
        { "data/../secret", ENOTCAPABLE },
        { "data/./../secret", ENOTCAPABLE },
        { "data/sub/../../secret", ENOTCAPABLE },
        { "data/sub/../../../../../../etc/passwd", ENOTCAPABLE },
        { "data/link", ELOOP },
        { "data/linkdir/secret", ENOTDIR },
        { "data/linkdir", ELOOP },
        { "data/sub/../link", ELOOP },
        { "/etc/passwd", ENOTCAPABLE },
        { "../secret", ENOTCAPABLE },
        { "data/fifo", ENOTCAPABLE },
        { "data/file/", ENOTDIR },
        { "data/file/x", ENOTDIR },
        { "data/none/", ENOENT },
        { "data/file/..", ENOTDIR },
    };
    struct stat st;
    int         fd;
    WANT(mkdir("data/sub", 0777) == 0 && (fd = open("data/file", O_CREAT | O_RDWR, 0666)) >= 0 && close(fd) == 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        errno = 0;
        fd    = open(bad[i].path, O_RDONLY);
        if (fd >= 0 || errno != bad[i].error) return marine_format("open %s: fd %d, errno %d", bad[i].path, fd, errno);
    }
    static const __wasi_lookupflags_t follow = __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW;
    __wasi_fd_t                       out;
    __wasi_filestat_t                 fs;
    __wasi_size_t                     used;
    char                              text[64];
    IS(__wasi_path_open(DATA, 0, "/", 0, __WASI_RIGHTS_FD_READ, 0, 0, &out), __WASI_ERRNO_NOTCAPABLE);
    IS(__wasi_path_open(DATA, follow, "link", 0, __WASI_RIGHTS_FD_READ, 0, 0, &out), __WASI_ERRNO_LOOP);
    IS(__wasi_path_open(DATA, 0, "fifo", 0, __WASI_RIGHTS_FD_WRITE, 0, 0, &out), __WASI_ERRNO_NOTCAPABLE);
    IS(__wasi_path_open(DATA, 0, "new/", __WASI_OFLAGS_CREAT, __WASI_RIGHTS_FD_WRITE, 0, 0, &out), __WASI_ERRNO_ISDIR);
    IS(__wasi_path_open(0, 0, "x", 0, 0, 0, 0, &out), __WASI_ERRNO_BADF);
    IS(__wasi_path_open(77, 0, "x", 0, 0, 0, 0, &out), __WASI_ERRNO_BADF);
    IS(__wasi_path_filestat_get(DATA, 0, "link", &fs), 0);
    WANT(fs.filetype == __WASI_FILETYPE_SYMBOLIC_LINK);
    IS(__wasi_path_filestat_get(DATA, follow, "link", &fs), __WASI_ERRNO_LOOP);
    IS(__wasi_path_filestat_get(DATA, 0, "", &fs), __WASI_ERRNO_NOENT);
    IS(__wasi_path_readlink(DATA, "link", (uint8_t *)text, 64, &used), 0);
    WANT(used == 9 && !memcmp(text, "../secret", 9));
    IS(__wasi_path_readlink(DATA, "link", (uint8_t *)text, 4, &used), 0);
    WANT(used == 4);
    IS(__wasi_path_readlink(DATA, "file", (uint8_t *)text, 64, &used), __WASI_ERRNO_INVAL);
    FAILS(symlink("../secret", "data/mine"), EPERM);
    FAILS(link("data/file", "data/second"), EPERM);
    IS(__wasi_path_symlink("x", 0, "y"), __WASI_ERRNO_BADF);
    FAILS(unlink("data/file/"), ENOTDIR);
    FAILS(rename("data/file", "data/other/"), ENOTDIR);
    WANT(rename("data/sub/", "data/sub2/") == 0 && stat("data/sub2/", &st) == 0 && mkdir("data/sub3/", 0777) == 0);
    FAILS(stat("data/file/", &st), ENOTDIR);
    char deep[400] = "data", name[300];
    for (int i = 0; i < 40; i++) strcat(deep, "/sub2");
    FAILS(open(deep, O_RDONLY), ENOENT);
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    char *long_path       = marine_alloc(6000);
    memcpy(long_path, "data/", 5);
    for (int i = 0; i < 2500; i++) memcpy(long_path + 5 + 2 * i, "./", 2);
    FAILS(open(long_path, O_RDONLY), ENAMETOOLONG);
    memcpy(long_path, "data/", 5);
    strcpy(long_path + 5, name);
    FAILS(open(long_path, O_RDONLY), ENAMETOOLONG);
    WANT(unlink("data/link") == 0); /* a link may go, what it leads to stays */
    WANT(rmdir("data/sub2") == 0 && rmdir("data/sub3") == 0 && unlink("data/file") == 0);
    return marine_text("");
}

/* Entries come by name; a directory may be emptied while it is read. */
MARINE_EXPORT(string, listing, (u32 count))
{
    char path[64], last[64] = "";
    u32  seen = 0;
    WANT(mkdir("data/many", 0777) == 0);
    for (u32 i = 0; i < count; i++) {
        snprintf(path, sizeof path, "data/many/file-%u", (unsigned)(i * 7919u % count));
        int fd = open(path, O_CREAT | O_WRONLY, 0666);
        WANT(fd >= 0 && close(fd) == 0);
    }
    DIR *dir = opendir("data/many");
    WANT(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        WANT(strcmp(last, e->d_name) < 0);
        strcpy(last, e->d_name);
        if (e->d_name[0] == '.') {
            WANT(e->d_type == DT_DIR);
            continue;
        }
        struct stat st;
        snprintf(path, sizeof path, "data/many/%s", e->d_name);
        WANT(e->d_type == DT_REG && stat(path, &st) == 0 && st.st_ino == e->d_ino);
        WANT(unlink(path) == 0);
        seen++;
    }
    WANT(closedir(dir) == 0);
    WANT(seen == count);
    WANT(rmdir("data/many") == 0);
    return marine_text("");
}

/* Sizes and counts that have a limit. */
MARINE_EXPORT(string, limits, ())
{
    int fds[80], n = 0, fd;
    WANT((fd = open("data/big", O_CREAT | O_RDWR, 0666)) >= 0);
    FAILS(ftruncate(fd, INT64_C(1) << 40), EFBIG);
    WANT(ftruncate(fd, INT64_C(4) << 30) == 0);
    FAILS(pwrite(fd, "x", 1, INT64_C(4) << 30), EFBIG);
    WANT(lseek(fd, 0, SEEK_END) == INT64_C(4) << 30);
    FAILS(write(fd, "x", 1), EFBIG);
    WANT(pwrite(fd, "xy", 2, (INT64_C(4) << 30) - 2) == 2);
    WANT(posix_fallocate(fd, INT64_MAX, 2) == EFBIG && posix_fallocate(fd, 0, 0) == EINVAL);
    WANT(close(fd) == 0 && unlink("data/big") == 0);
    while (n < 80 && (fds[n] = open("data", O_RDONLY | O_DIRECTORY)) >= 0) n++;
    WANT(n == 63 && errno == EMFILE); /* 64 with the mapped one */
    while (n > 0) WANT(close(fds[--n]) == 0);
    return marine_text("");
}

/* What is no file. */
MARINE_EXPORT(string, others, ())
{
    __wasi_fdstat_t    fdstat;
    __wasi_filestat_t  fs;
    __wasi_filesize_t  at;
    __wasi_prestat_t   prestat;
    __wasi_size_t      used, bytes;
    __wasi_timestamp_t time;
    char               text[8], more[8];
    WANT(read(0, text, 8) == 0);
    FAILS(write(0, text, 1), EBADF);
    FAILS(read(1, text, 1), EBADF);
    FAILS(lseek(1, 0, SEEK_CUR), ESPIPE);
    IS(__wasi_fd_tell(1, &at), __WASI_ERRNO_SPIPE);
    IS(__wasi_fd_fdstat_get(1, &fdstat), 0);
    WANT(fdstat.fs_filetype == __WASI_FILETYPE_CHARACTER_DEVICE);
    IS(__wasi_fd_filestat_get(2, &fs), 0);
    WANT(fs.filetype == __WASI_FILETYPE_CHARACTER_DEVICE);
    IS(__wasi_fd_fdstat_set_rights(DATA, 0, 0), __WASI_ERRNO_NOTSUP);
    IS(__wasi_fd_fdstat_set_rights(40, 0, 0), __WASI_ERRNO_BADF);
    IS(__wasi_fd_prestat_get(DATA, &prestat), 0);
    WANT(prestat.tag == 0 && prestat.u.dir.pr_name_len == 4);
    IS(__wasi_fd_prestat_dir_name(DATA, (uint8_t *)text, 8), 0);
    WANT(!memcmp(text, "data", 4));
    IS(__wasi_fd_prestat_dir_name(DATA, (uint8_t *)text, 3), __WASI_ERRNO_NAMETOOLONG);
    IS(__wasi_fd_prestat_get(4, &prestat), __WASI_ERRNO_BADF);
    IS(__wasi_args_sizes_get(&used, &bytes), 0);
    WANT(used == 0 && bytes == 0);
    IS(__wasi_clock_time_get(9, 0, &time), __WASI_ERRNO_INVAL);
    IS(__wasi_clock_res_get(9, &time), __WASI_ERRNO_INVAL);
    IS(__wasi_clock_res_get(__WASI_CLOCKID_MONOTONIC, &time), 0);
    WANT(time == 1);
    IS(__wasi_random_get((uint8_t *)text, 8), 0);
    IS(__wasi_random_get((uint8_t *)more, 8), 0);
    WANT(memcmp(text, more, 8) != 0);
    IS(__wasi_sched_yield(), 0);
    IS(__wasi_sock_shutdown(DATA, 0), __WASI_ERRNO_NOTSOCK);
    IS(__wasi_sock_send(40, NULL, 0, 0, &used), __WASI_ERRNO_BADF);
    IS(__wasi_sock_recv(1, NULL, 0, 0, &used, &(__wasi_roflags_t){ 0 }), __WASI_ERRNO_NOTSOCK);
    __wasi_subscription_t subs[4]   = { { .userdata = 1 }, { .userdata = 2 }, { .userdata = 3 }, { .userdata = 4 } };
    __wasi_event_t        events[4] = { 0 };
    subs[0].u.tag                   = __WASI_EVENTTYPE_CLOCK;
    subs[0].u.u.clock.timeout       = 1000000000;
    subs[1].u.tag                   = __WASI_EVENTTYPE_FD_READ;
    subs[1].u.u.fd_read.file_descriptor  = 0;
    subs[2].u.tag                        = __WASI_EVENTTYPE_FD_WRITE;
    subs[2].u.u.fd_write.file_descriptor = 1;
    subs[3].u.tag                        = __WASI_EVENTTYPE_FD_READ;
    subs[3].u.u.fd_read.file_descriptor  = 50;
    IS(__wasi_poll_oneoff(subs, events, 4, &used), 0);
    WANT(used == 4);
    for (u32 i = 0; i < 4; i++) WANT(events[i].userdata == i + 1 && events[i].type == subs[i].u.tag);
    WANT(events[0].error == 0 && events[1].error == 0 && events[1].fd_readwrite.flags == 1);
    WANT(events[2].error == 0 && events[2].fd_readwrite.nbytes > 0 && events[3].error == __WASI_ERRNO_BADF);
    IS(__wasi_poll_oneoff(subs, events, 0, &used), __WASI_ERRNO_INVAL);
    return marine_text("");
}

/* The older generation, where it differs. */
__attribute__((import_module("wasi_unstable"), import_name("fd_seek"))) int old_fd_seek(int fd, int64_t by, int whence,
                                                                                        uint64_t *out);
__attribute__((import_module("wasi_unstable"), import_name("fd_filestat_get"))) int   old_fd_stat(int fd, uint8_t *out);
__attribute__((import_module("wasi_unstable"), import_name("path_filestat_get"))) int old_path_stat(int fd, int flags,
                                                                                                    const char *path,
                                                                                                    size_t      len,
                                                                                                    uint8_t    *out);
__attribute__((import_module("wasi_unstable"), import_name("poll_oneoff"))) int       old_poll(const uint8_t *subs,
                                                                                               uint8_t *events, size_t count,
                                                                                               size_t *used);
__attribute__((import_module("wasi_unstable"), import_name("fd_write"))) int old_fd_write(int fd, const void *vecs,
                                                                                          size_t count, size_t *used);
MARINE_EXPORT(string, old, ())
{
    uint64_t at;
    uint8_t  stat[64], subs[2 * 56] = { 0 }, events[2 * 32] = { 0 };
    size_t   used;
    struct {
        const char *ptr;
        size_t      len;
    } vec  = { "0123456789", 10 };
    int fd = open("data/old", O_CREAT | O_RDWR, 0666);
    WANT(fd >= 0);
    IS(old_fd_write(fd, &vec, 1, &used), 0);
    IS(old_fd_seek(fd, 3, 2, &at), 0); /* from the start */
    WANT(at == 3);
    IS(old_fd_seek(fd, 2, 0, &at), 0); /* from here */
    WANT(at == 5);
    IS(old_fd_seek(fd, -1, 1, &at), 0); /* from the end */
    WANT(at == 9);
    IS(old_fd_seek(1, 0, 0, &at), __WASI_ERRNO_SPIPE);
    memset(stat, 0xee, sizeof stat);
    IS(old_fd_stat(fd, stat), 0);
    WANT(stat[16] == 4 && stat[20] == 1 && stat[21] == 0 && stat[24] == 10 && stat[55] == 0 && stat[56] == 0xee);
    memset(stat, 0xee, sizeof stat);
    IS(old_path_stat(DATA, 0, "old", 3, stat), 0);
    WANT(stat[16] == 4 && stat[24] == 10 && stat[56] == 0xee);
    IS(old_fd_stat(1, stat), 0);
    WANT(stat[16] == 2);
    subs[0] = 7, subs[56] = 8; /* two clocks */
    IS(old_poll(subs, events, 2, &used), 0);
    WANT(used == 2 && events[0] == 7 && events[32] == 8 && events[8] == 0);
    WANT(close(fd) == 0 && unlink("data/old") == 0);
    return marine_text("");
}
