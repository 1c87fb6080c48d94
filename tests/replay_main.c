/* replay_main.c: gives every file of the corpus folders (or single files) on the command line to a fuzz target once.
 * An empty input and a missing folder are tried too, so that a target without a corpus still runs. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned replay(const char *path)
{
    struct stat st;
    if (stat(path, &st)) return 0;
    if (S_ISDIR(st.st_mode)) {
        unsigned count = 0;
        DIR     *dir   = opendir(path);
        for (struct dirent *e; dir && (e = readdir(dir));) {
            char inner[4096];
            if (e->d_name[0] == '.') continue;
            snprintf(inner, sizeof inner, "%s/%s", path, e->d_name);
            count += replay(inner);
        }
        if (dir) closedir(dir);
        return count;
    }
    FILE *file = fopen(path, "rb");
    if (!file) return 0;
    uint8_t *data = malloc((size_t)st.st_size + 1);
    size_t   len  = data ? fread(data, 1, (size_t)st.st_size, file) : 0;
    fclose(file);
    uint8_t *exact = malloc(len ? len : 1); /* so that ASan sees a read past the end */
    for (size_t i = 0; exact && i < len; i++) exact[i] = data[i];
    LLVMFuzzerTestOneInput(exact, len);
    free(exact);
    free(data);
    return 1;
}

int main(int argc, char **argv)
{
    unsigned count = 1;
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++) count += replay(argv[i]);
    printf("replayed %u inputs\n", count);
    return 0;
}
