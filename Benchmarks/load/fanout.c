// A crowd that watches: opens N event streams, reads all that comes, and says how much it was and how late.
//
//   fanout-load <port> <viewers> <path> [header: value]…
//
// Prints `ready` when every stream has had its first bytes, then takes commands, a line each, from standard input:
//   begin     forgets what was counted
//   end       prints one line of JSON about what came since `begin`
//   storm S   closes all streams, opens them again spread over S seconds with the last id that each saw, and prints how
//             long it took until every one of them had its first bytes
//   stall P   P percent of the streams stop reading until the next `begin`
//   quit
//
// An event carries `@@` and the microseconds of the monotonic clock at which it was published. To cost little, the crowd
// counts bytes; every 64th viewer is read closely: how many events its bytes were, and when each was published. Whoever is
// read closely sees each event, so latency is of all events for a sample of the viewers.
// Streams come from 127.0.0.1 to 127.0.0.8 in turn, because one pair of addresses has only so many ports.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SOURCES = 8, BUFFER = 256 * 1024, CLOSE_EVERY = 64, TAIL = 512, BUCKETS = 20000 };

struct viewer {
  int socket, number;
  char has_begun, is_stalled;
  char tail[TAIL];  // of a viewer that is read closely: the end of what was read, an event may go on
  int tail_length;
  char last_id[64];
};

static struct viewer *viewers;
static int count, epoll, port;
static char request[4096];
static const char *path;
static char headers[2048];
static uint64_t bytes, close_bytes, close_events, begun;
static int64_t latest;
static uint32_t latency[BUCKETS];  // milliseconds
static uint64_t resets;
static char buffer[BUFFER + TAIL + 1];

static void die(const char *what) {
  perror(what);
  exit(1);
}

static int64_t micros(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void dial(struct viewer *v) {
  v->socket = socket(AF_INET, SOCK_STREAM, 0);
  if (v->socket < 0) die("socket");
  int one = 1;
  setsockopt(v->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + v->number % SOURCES)};
  if (bind(v->socket, (void *)&from, sizeof from)) die("bind");
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(v->socket, (void *)&to, sizeof to)) die("connect");
  char id[128] = "";
  if (v->last_id[0]) sprintf(id, "Last-Event-ID: %s\r\n", v->last_id);
  int length = sprintf(request,
                       "GET %s HTTP/1.1\r\nHost: localhost:%d\r\nAccept: text/event-stream\r\n"
                       "X-Forwarded-For: 10.%d.%d.%d\r\n%s%s\r\n",
                       path, port, v->number >> 16 & 255, v->number >> 8 & 255, v->number & 255, id, headers);
  if (send(v->socket, request, length, MSG_NOSIGNAL) != length) die("send");
  fcntl(v->socket, F_SETFL, O_NONBLOCK);
  v->has_begun = v->is_stalled = 0;
  v->tail_length = 0;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = v};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, v->socket, &event)) die("epoll_ctl");
}

// Every event that ends in what was just read; what is left of the last one is kept for the next time.
static void look(struct viewer *v, char *text, int length) {
  int64_t now = micros();
  text[length] = 0;
  char *end = text + length, *at = text, *next;
  while ((next = memmem(at, end - at, "\n\n", 2))) {
    char *stamp = memmem(at, next - at, "@@", 2);
    if (stamp) {
      int64_t late = (now - strtoll(stamp + 2, NULL, 10)) / 1000;
      if (late < 0) late = 0;
      latency[late < BUCKETS ? late : BUCKETS - 1]++;
      if (late > latest) latest = late;
      close_events++;
    }
    char *id = memmem(at, next - at, "id: ", 4);
    if (id && (id == at || id[-1] == '\n')) {
      char *line = memchr(id, '\n', next - id + 1);
      int n = line - id - 4;
      if (n > 0 && n < (int)sizeof v->last_id) {
        memcpy(v->last_id, id + 4, n);
        v->last_id[n] = 0;
      }
    }
    if (memmem(at, next - at, "event: reset", 12)) resets++;
    at = next + 2;
  }
  v->tail_length = end - at < TAIL ? end - at : TAIL;
  memcpy(v->tail, end - v->tail_length, v->tail_length);
}

static void hear(struct viewer *v) {
  if (v->is_stalled) return;
  int is_close = v->number % CLOSE_EVERY == 0;
  int kept = is_close ? v->tail_length : 0;
  if (kept) memcpy(buffer, v->tail, kept);
  ssize_t got = read(v->socket, buffer + kept, BUFFER);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    fprintf(stderr, "the server closed the stream of viewer %d\n", v->number);
    exit(1);
  }
  if (!v->has_begun) {
    if (got < 12 || memcmp(buffer + kept + 9, "200", 3)) {
      fprintf(stderr, "%.*s\n", (int)got, buffer + kept);
      exit(1);
    }
    v->has_begun = 1;
    begun++;
  }
  bytes += got;
  if (is_close) {
    close_bytes += got;
    look(v, buffer, kept + got);
  }
}

static void turn(int milliseconds) {
  struct epoll_event events[1024];
  int ready = epoll_wait(epoll, events, 1024, milliseconds);
  if (ready < 0 && errno != EINTR) die("epoll_wait");
  for (int i = 0; i < ready; i++)
    if (events[i].data.ptr) hear(events[i].data.ptr);
}

static double percentile(double share) {
  uint64_t total = 0, seen = 0;
  for (int i = 0; i < BUCKETS; i++) total += latency[i];
  for (int i = 0; i < BUCKETS; i++) {
    seen += latency[i];
    if (total && seen >= share * total) return i;
  }
  return 0;
}

static void wait_for_all(void) {
  int64_t until = micros() + 60000000;
  while (begun < (uint64_t)count && micros() < until) turn(100);
  if (begun < (uint64_t)count) {
    fprintf(stderr, "only %llu of %d streams began\n", (unsigned long long)begun, count);
    exit(1);
  }
}

int main(int argc, char **argv) {
  if (argc < 4) {
    fprintf(stderr, "usage: fanout-load <port> <viewers> <path> [header: value]...\n");
    return 2;
  }
  port = atoi(argv[1]);
  count = atoi(argv[2]);
  path = argv[3];
  for (int i = 4; i < argc; i++) {
    strncat(headers, argv[i], sizeof headers - strlen(headers) - 3);
    strcat(headers, "\r\n");
  }
  struct rlimit files = {count + 64, count + 64};
  struct rlimit now_files;
  if (!getrlimit(RLIMIT_NOFILE, &now_files) && now_files.rlim_cur < files.rlim_cur && setrlimit(RLIMIT_NOFILE, &files))
    die("setrlimit");
  epoll = epoll_create1(0);
  viewers = calloc(count, sizeof *viewers);
  for (int i = 0; i < count; i++) {
    viewers[i].number = i;
    dial(&viewers[i]);
    if (i % 32 == 31) turn(0);
  }
  wait_for_all();
  puts("ready");
  fflush(stdout);

  struct epoll_event command = {.events = EPOLLIN, .data.ptr = NULL};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &command)) die("epoll_ctl");
  fcntl(0, F_SETFL, O_NONBLOCK);
  int64_t began = micros();
  char line[256];
  for (;;) {
    turn(200);
    ssize_t got = read(0, line, sizeof line - 1);
    if (got == 0) return 0;
    if (got < 0) continue;
    line[got] = 0;
    if (!strncmp(line, "begin", 5)) {
      bytes = close_bytes = close_events = latest = resets = 0;
      memset(latency, 0, sizeof latency);
      began = micros();
      for (int i = 0; i < count; i++) viewers[i].is_stalled = 0;
      puts("begun");
    } else if (!strncmp(line, "end", 3)) {
      double seconds = (micros() - began) / 1e6;
      double per_event = close_events ? (double)close_bytes / close_events : 0;
      double events = per_event ? bytes / per_event : 0;
      printf("{\"deliveries_per_second\": %.0f, \"seconds\": %.2f, \"bytes_per_event\": %.1f, \"events_seen\": %.1f, "
             "\"p50_ms\": %.0f, \"p99_ms\": %.0f, \"max_ms\": %lld, \"resets\": %llu}\n",
             events / seconds, seconds, per_event,
             (double)close_events / ((count + CLOSE_EVERY - 1) / CLOSE_EVERY), percentile(0.5), percentile(0.99),
             (long long)latest, (unsigned long long)resets);
    } else if (!strncmp(line, "stall", 5)) {
      int percent = atoi(line + 5);
      for (int i = 0; i < count; i++)
        if (i % CLOSE_EVERY && i % 100 < percent) {
          viewers[i].is_stalled = 1;
          epoll_ctl(epoll, EPOLL_CTL_DEL, viewers[i].socket, NULL);
        }
      puts("stalled");
    } else if (!strncmp(line, "storm", 5)) {
      double seconds = atof(line + 5);
      for (int i = 0; i < count; i++) close(viewers[i].socket);
      begun = 0;
      int64_t start = micros();
      for (int i = 0; i < count; i++) {
        int64_t due = start + (int64_t)(seconds * 1e6 * i / count);
        while (micros() < due) turn(1);
        dial(&viewers[i]);
        if (i % 8 == 7) turn(0);
      }
      wait_for_all();
      printf("{\"resumed_seconds\": %.2f}\n", (micros() - start) / 1e6);
    } else {
      return 0;
    }
    fflush(stdout);
  }
}
