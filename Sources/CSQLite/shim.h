// What SQLite is told once for the whole process, by a function whose arguments vary, which Swift cannot call.
#include <sqlite3.h>

// Without a count of the memory in use, which nobody reads here: it is behind a lock that every allocation takes. Only
// before the first connection; SQLITE_MISUSE afterwards.
static inline int haat_sqlite_without_memory_count(void) {
  return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}
