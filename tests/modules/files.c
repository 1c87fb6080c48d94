/* files.c: works on the directory that is mapped as "data". */
#include "marine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

MARINE_EXPORT(string, write, (string path, bytes data, bool append))
{
    FILE *f = fopen(path.ptr, append ? "ab" : "wb");
    if (!f) return marine_text(strerror(errno));
    size_t n = fwrite(data.ptr, 1, data.len, f);
    return marine_text(fclose(f) || n != data.len ? strerror(errno) : "");
}
MARINE_EXPORT(string, read, (string path))
{
    char  text[1000];
    FILE *f = fopen(path.ptr, "rb");
    if (!f) return marine_format("error: %s", strerror(errno));
    size_t n = fread(text, 1, sizeof text - 1, f);
    text[n]  = 0;
    fclose(f);
    return marine_format("%s", text);
}
MARINE_EXPORT(string, list, (string path))
{
    DIR          *dir = opendir(path.ptr);
    marine_string all = marine_text("");
    if (!dir) return marine_format("error: %s", strerror(errno));
    for (struct dirent *e; (e = readdir(dir));) all = marine_format("%s%s ", all.ptr, e->d_name);
    closedir(dir);
    return all;
}
MARINE_EXPORT(i64, size, (string path))
{
    struct stat st;
    return stat(path.ptr, &st) ? -errno : (int64_t)st.st_size;
}
MARINE_EXPORT(i32, make_dir, (string path)) { return mkdir(path.ptr, 0777) ? errno : 0; }
MARINE_EXPORT(i32, remove_file, (string path)) { return unlink(path.ptr) ? errno : 0; }
MARINE_EXPORT(i32, remove_dir, (string path)) { return rmdir(path.ptr) ? errno : 0; }
MARINE_EXPORT(i32, move, (string from, string to)) { return rename(from.ptr, to.ptr) ? errno : 0; }
MARINE_EXPORT(string, patch, (string path, i64 at, string text))
{
    int  fd      = open(path.ptr, O_RDWR);
    char back[4] = "";
    if (fd < 0) return marine_format("error: %s", strerror(errno));
    pwrite(fd, text.ptr, text.len, at);
    pread(fd, back, 3, at);
    lseek(fd, -1, SEEK_END);
    char last = 0;
    read(fd, &last, 1);
    ftruncate(fd, at + 2);
    close(fd);
    return marine_format("%s %c", back, last);
}
