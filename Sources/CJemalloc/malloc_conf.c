#include "CJemalloc.h"

// Read by jemalloc before anything is allocated (jemalloc(3), “TUNING”). Buffers above 64 KiB, as segments are, go back to the
// kernel when they are let go, so that what is not written to of the next takes no memory; smaller ones after a fifth of a
// second, also while nothing is asked for.
const char *malloc_conf =
    "oversize_threshold:65536,dirty_decay_ms:200,muzzy_decay_ms:0,background_thread:true";
