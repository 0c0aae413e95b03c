// glibc has these two, and Swift's module for it leaves them out: they are no part of POSIX.
#include <spawn.h>

int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *directory);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int least);
