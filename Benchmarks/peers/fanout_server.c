// The least that a server of events can do: one thread, epoll, no storage, no rules. What it costs to deliver is what the
// kernel costs.
//
//   fanout-server <port>
//
// `GET` anything is a viewer: an answer in chunks that never ends. The body of a `POST` is an event for all of them. As
// Haat does, it joins the events of 50 ms to one chunk and writes that once to every viewer; one whose socket is full
// misses it.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { TICK_MS = 50, HEAD = 4096, PENDING = 1 << 20 };

struct client {
  int socket, place;  // place among the viewers; -1 for who is none
  int length;
  char head[HEAD];  // what was read of a request
};

static int epoll;
static struct client **viewers;
static int count, room;
static char pending[PENDING];
static int pending_length;
static uint64_t sequence;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void say(int socket, const char *text) {
  if (send(socket, text, strlen(text), MSG_NOSIGNAL) < 0 && errno != EAGAIN) perror("send");
}

static void publish(const char *body, int length) {
  if (pending_length + length + 128 > PENDING) return;
  pending_length += sprintf(
      pending + pending_length, "id: 12345678:%llu\nevent: timeline\ndata: ", (unsigned long long)++sequence);
  memcpy(pending + pending_length, body, length);
  pending_length += length;
  pending[pending_length++] = '\n';
  pending[pending_length++] = '\n';
}

static void tick(void) {
  static char chunk[PENDING + 32];
  if (!pending_length) return;
  int head = sprintf(chunk, "%x\r\n", pending_length);
  memcpy(chunk + head, pending, pending_length);
  memcpy(chunk + head + pending_length, "\r\n", 2);
  int length = head + pending_length + 2;
  for (int i = 0; i < count; i++) {
    ssize_t sent = send(viewers[i]->socket, chunk, length, MSG_NOSIGNAL);
    // Half a chunk cannot be taken back: such a viewer is cut, and comes back.
    if (sent >= 0 && sent < length) shutdown(viewers[i]->socket, SHUT_RDWR);
  }
  pending_length = 0;
}

static void leave(struct client *client) {
  if (client->place >= 0) {
    viewers[client->place] = viewers[--count];
    viewers[client->place]->place = client->place;
  }
  close(client->socket);
  free(client);
}

// False when it is over.
static int read_from(struct client *client) {
  char nothing[512];
  if (client->place >= 0) {
    ssize_t got = recv(client->socket, nothing, sizeof nothing, 0);
    return got > 0 || (got < 0 && errno == EAGAIN);
  }
  ssize_t got = recv(client->socket, client->head + client->length, HEAD - 1 - client->length, 0);
  if (got <= 0) return got < 0 && errno == EAGAIN;
  client->length += got;
  for (;;) {
    client->head[client->length] = 0;
    char *end = strstr(client->head, "\r\n\r\n");
    if (!end) return client->length < HEAD - 1;
    if (!strncmp(client->head, "GET ", 4)) {
      say(client->socket,
          "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
          "Transfer-Encoding: chunked\r\n\r\n3\r\n:\n\n\r\n");
      if (count == room && !(viewers = realloc(viewers, (room += 16384) * sizeof *viewers))) die("realloc");
      client->place = count;
      viewers[count++] = client;
      return 1;
    }
    char *length = strcasestr(client->head, "content-length:");
    int body = length && length < end ? atoi(length + 15) : 0;
    int whole = (int)(end + 4 - client->head) + body;
    if (body < 0 || whole >= HEAD) return 0;
    if (client->length < whole) return 1;
    publish(end + 4, body);
    say(client->socket, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    memmove(client->head, client->head + whole, client->length - whole);
    client->length -= whole;
  }
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: fanout-server <port>\n");
    return 2;
  }
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  int server = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(server, (struct sockaddr *)&address, sizeof address) || listen(server, 4096)) die("listen");
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct itimerspec every = {{0, TICK_MS * 1000000}, {0, TICK_MS * 1000000}};
  timerfd_settime(timer, 0, &every, NULL);
  epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = &server};
  epoll_ctl(epoll, EPOLL_CTL_ADD, server, &event);
  event.data.ptr = &timer;
  epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event);
  for (;;) {
    struct epoll_event events[256];
    int n = epoll_wait(epoll, events, 256, -1);
    if (n < 0 && errno != EINTR) die("epoll_wait");
    for (int i = 0; i < n; i++) {
      void *who = events[i].data.ptr;
      if (who == &timer) {
        uint64_t times;
        if (read(timer, &times, sizeof times) > 0) tick();
      } else if (who == &server) {
        for (int socket; (socket = accept4(server, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
          struct client *client = calloc(1, sizeof *client);
          if (!client) die("calloc");
          client->socket = socket;
          client->place = -1;
          setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
          event.events = EPOLLIN;
          event.data.ptr = client;
          epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
        }
      } else if (!read_from(who)) {
        leave(who);
      }
    }
  }
}
