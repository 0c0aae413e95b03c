// Buyers in a hurry: keeps N connections busy with POST requests for S seconds, one request under way on each, and says
// how many were answered and how long they took.
//
//   checkout-load <port> <connections> <seconds> <path> <file with the JSON body> [header: value]…
//
// Every request gets an Idempotency-Key of its own, and comes, as a proxy in front would say, from a buyer of its own: the
// limits for one address are not what is measured. Eight zeros before an @ in the body become the number of the request, so that
// each buyer has an e-mail address too; another run in the same minutes has other buyers. The first answer that is not 201 is printed to standard error.
// With PER_SECOND in the environment it is a crowd that asks so often altogether, spread evenly, whatever the answers are; with
// CLIENTS each connection is one client, whose address stays the same, and who does not wait for an answer before it asks again:
// what the server does not read stays in the socket. With AFTER_MILLISECONDS all wait so long between connecting and asking. A UUID of zeros and 7000-8000 in the body becomes an id of
// its own for each request, as a page sends one, and then there is no Idempotency-Key.
// Connections come from 127.0.0.1 to 127.0.0.8 in turn, because one pair of addresses has only so many ports.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { SOURCES = 8, BUFFER = 64 * 1024, BUCKET_MICROSECONDS = 20, BUCKETS = 500000 };

struct buyer {
  int socket;
  uint64_t asked;        // when the request under way was sent, in nanoseconds
  uint64_t due;          // when it asks next, if it is one of a crowd
  int number, is_idle;
  size_t received;       // bytes of its answer so far
  char *answer;          // apart: a crowd is gone through a thousand times a second
};

static char head[8192];
static char *body;
static char *buyer_number;  // eight digits within the body, or NULL
static char *body_id;       // an id within the body, or NULL
static size_t body_length;
static uint32_t buckets[BUCKETS];
static uint64_t created, refused, sent, latency_max;
static unsigned char key_salt[16];
static uint64_t keys;
static uint64_t first_buyer;
static int are_clients;
static double per_second;  // 0: as often as there are answers

static void die(const char *what) {
  perror(what);
  exit(1);
}

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// A key that sorts by time, as a UUIDv7 does.
static int write_key(char *out) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  uint64_t ms = (uint64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
  uint64_t salt;
  memcpy(&salt, key_salt, sizeof salt);
  uint64_t number = (salt ^ (++keys * 0x9e3779b97f4a7c15u));
  return sprintf(out, "%08x-%04x-7%03x-8%03x-%012llx", (unsigned)(ms >> 16), (unsigned)(ms & 0xffff),
                 (unsigned)(keys & 0xfff), (unsigned)(number >> 52), (unsigned long long)(number & 0xffffffffffff));
}

static int ask(struct buyer *b) {
  char request[sizeof head + 256];
  char key[64];
  write_key(key);
  uint64_t number = first_buyer + (are_clients ? (uint64_t)b->number : keys);
  int length = sprintf(request, "%s%s%s%sX-Forwarded-For: 10.%u.%u.%u\r\n\r\n", head, body_id ? "" : "Idempotency-Key: ",
                       body_id ? "" : key, body_id ? "" : "\r\n", (unsigned)(number >> 16 & 255),
                       (unsigned)(number >> 8 & 255), (unsigned)(number & 255));
  if (body_id) memcpy(body_id, key, 36);
  if (buyer_number) {
    char digits[9];
    sprintf(digits, "%08u", (unsigned)(number % 100000000));
    memcpy(buyer_number, digits, 8);
  }
  struct iovec parts[2] = {{request, length}, {body, body_length}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  if (!are_clients) b->received = 0;
  b->asked = now();
  // Requests are far smaller than a socket's buffer, and the last one has been answered: it fits. A client's may not, when
  // nobody reads them; then it is not offered.
  ssize_t took = sendmsg(b->socket, &message, MSG_NOSIGNAL | (are_clients ? MSG_DONTWAIT : 0));
  if (took < 0 && are_clients && errno == EAGAIN) return 0;
  if (took != (ssize_t)(length + body_length)) die("send");
  sent++;
  return 1;
}

// The whole answer's length, or 0 when its head is not complete.
static size_t answer_length(struct buyer *b) {
  b->answer[b->received] = 0;
  char *end = strstr(b->answer, "\r\n\r\n");
  if (!end) return 0;
  char *length = strcasestr(b->answer, "\r\ncontent-length:");
  if (!length || length > end) {
    fprintf(stderr, "an answer without Content-Length: %s\n", b->answer);
    exit(1);
  }
  return end + 4 - b->answer + strtoul(length + 17, NULL, 10);
}

static void count(struct buyer *b) {
  uint64_t took = now() - b->asked;
  if (strncmp(b->answer + 9, "201", 3) == 0) {
    created++;
  } else if (refused++ == 0) {
    fprintf(stderr, "%.1000s\n", b->answer);
  }
  uint64_t bucket = took / 1000 / BUCKET_MICROSECONDS;
  buckets[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
  if (took > latency_max) latency_max = took;
}

static double percentile(double share) {
  uint64_t total = created + refused, seen = 0;
  for (int i = 0; i < BUCKETS; i++) {
    seen += buckets[i];
    if (seen >= share * total) return (i + 1) * BUCKET_MICROSECONDS / 1000.0;
  }
  return latency_max / 1e6;
}

static int dial(int port, int number) {
  int s = socket(AF_INET, SOCK_STREAM, 0);
  if (s < 0) die("socket");
  int one = 1;
  setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + number % SOURCES)};
  if (bind(s, (void *)&from, sizeof from)) die("bind");
  struct sockaddr_in to = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(s, (void *)&to, sizeof to)) die("connect");
  return s;
}

static void read_body(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) die(path);
  body = malloc(BUFFER);
  body_length = fread(body, 1, BUFFER - 1, file);
  body[body_length] = 0;
  buyer_number = strstr(body, "00000000@");
  body_id = strstr(body, "00000000-0000-7000-8000-000000000000");
  fclose(file);
}

int main(int argc, char **argv) {
  if (argc < 6) {
    fprintf(stderr, "usage: checkout-load <port> <connections> <seconds> <path> <body> [header: value]...\n");
    return 2;
  }
  int port = atoi(argv[1]), connections = atoi(argv[2]);
  double seconds = atof(argv[3]);
  read_body(argv[5]);
  int length = snprintf(head, sizeof head,
                        "POST %s HTTP/1.1\r\nHost: localhost:%d\r\nContent-Type: application/json\r\n"
                        "Content-Length: %zu\r\n",
                        argv[4], port, body_length);
  for (int i = 6; i < argc; i++) length += snprintf(head + length, sizeof head - length, "%s\r\n", argv[i]);
  if (length >= (int)sizeof head) return 2;
  if (getrandom(key_salt, sizeof key_salt, 0) != sizeof key_salt) die("getrandom");
  // More than a second has orders.
  first_buyer = (uint64_t)time(NULL) * 20000;

  are_clients = getenv("CLIENTS") != NULL;
  if (getenv("PER_SECOND")) per_second = atof(getenv("PER_SECOND"));

  int epoll = epoll_create1(0);
  struct buyer *buyers = calloc(connections, sizeof *buyers);
  for (int i = 0; i < connections; i++) {
    buyers[i].socket = dial(port, i);
    buyers[i].number = i;
    buyers[i].answer = malloc(BUFFER);
    if (!buyers[i].answer) die("malloc");
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &buyers[i]};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, buyers[i].socket, &event)) die("epoll_ctl");
  }
  // Those who come have come before they are counted.
  if (getenv("AFTER_MILLISECONDS")) usleep(1000 * (useconds_t)atoi(getenv("AFTER_MILLISECONDS")));
  uint64_t began = now(), end = began + (uint64_t)(seconds * 1e9);
  uint64_t pause = per_second > 0 ? (uint64_t)(connections / per_second * 1e9) : 0;
  for (int i = 0; i < connections; i++) {
    buyers[i].due = began + pause * i / connections;
    buyers[i].is_idle = pause > 0;
    if (!pause) ask(&buyers[i]);
  }

  int under_way = pause ? 0 : connections;
  while (under_way > 0 || (pause && now() < end)) {
    for (int i = 0; pause && i < connections; i++) {
      struct buyer *b = &buyers[i];
      if (!b->is_idle || b->due > now() || b->due >= end) continue;
      b->due += pause;
      if (are_clients) {
        ask(b);
        continue;
      }
      b->is_idle = 0;
      under_way++;
      ask(b);
    }
    struct epoll_event events[256];
    int ready = epoll_wait(epoll, events, 256, pause ? 1 : 10000);
    if (ready < 0 && errno != EINTR) die("epoll_wait");
    if (ready == 0 && !pause) {
      fprintf(stderr, "no answer for 10 seconds, %d requests under way\n", under_way);
      return 1;
    }
    for (int i = 0; i < ready; i++) {
      struct buyer *b = events[i].data.ptr;
      ssize_t got = read(b->socket, b->answer + b->received, BUFFER - 1 - b->received);
      if (got <= 0) {
        fprintf(stderr, "the server closed a connection\n");
        return 1;
      }
      b->received += got;
      size_t whole = answer_length(b);
      if (whole == 0 || b->received < whole) continue;
      count(b);
      if (are_clients) {
        // Several answers may have come together.
        while (1) {
          memmove(b->answer, b->answer + whole, b->received -= whole);
          whole = answer_length(b);
          if (whole == 0 || b->received < whole) break;
          count(b);
        }
        continue;
      }
      if (pause) {
        b->is_idle = 1;
        under_way--;
      } else if (now() < end) {
        ask(b);
      } else {
        under_way--;
      }
    }
  }
  double took = (now() - began) / 1e9;
  printf("{\"orders_per_second\": %.1f, \"sent\": %llu, \"created\": %llu, \"refused\": %llu, \"seconds\": %.2f, \"p50_ms\": %.2f, "
         "\"p90_ms\": %.2f, \"p99_ms\": %.2f, \"max_ms\": %.2f}\n",
         created / took, (unsigned long long)sent, (unsigned long long)created, (unsigned long long)refused, took, percentile(0.5),
         percentile(0.9), percentile(0.99), latency_max / 1e6);
  return 0;
}
