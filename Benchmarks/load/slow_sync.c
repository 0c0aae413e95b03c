// Makes every fsync and fdatasync take SLOW_SYNC_US microseconds longer, as on a disk that is not this machine's:
// preloaded into the server that is measured, and into its peer.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

static void wait_a_while(void) {
  const char *text = getenv("SLOW_SYNC_US");
  long microseconds = text ? strtol(text, NULL, 10) : 2000;
  struct timespec left = {microseconds / 1000000, (microseconds % 1000000) * 1000};
  int kept = errno;
  while (nanosleep(&left, &left) == -1 && errno == EINTR) {
  }
  errno = kept;
}

int fdatasync(int file) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  int answer = real(file);
  wait_a_while();
  return answer;
}

int fsync(int file) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  int answer = real(file);
  wait_a_while();
  return answer;
}
