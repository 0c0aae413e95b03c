// What the C library lets a program say of its memory.
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
