// jemalloc in the place of the C library's malloc, and how it is set (docs/decisions/0067).
#ifndef HAAT_CJEMALLOC_H
#define HAAT_CJEMALLOC_H

extern const char *malloc_conf;

#endif
