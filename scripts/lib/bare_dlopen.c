/* What a plugin costs at the least: prints the microseconds that dlopen of argv[1] takes. */
#include <dlfcn.h>
#include <stdio.h>
#include <time.h>

int main(int argc, char **argv) {
    struct timespec before, after;
    if (argc != 2) {
        fprintf(stderr, "usage: bare_dlopen LIBRARY\n");
        return 2;
    }
    clock_gettime(CLOCK_MONOTONIC, &before);
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    clock_gettime(CLOCK_MONOTONIC, &after);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    printf("%.1f\n", (double)(after.tv_sec - before.tv_sec) * 1e6 + (double)(after.tv_nsec - before.tv_nsec) / 1e3);
    return 0;
}
