/* likewise-ready: asks the service whether it can store likes, for the health check of a container.

   What `likewise health` asks and means, in 1 MiB of memory where an interpreter needs 20: it reads
   LIKEWISE_HOST and LIKEWISE_PORT, asks GET /readyz, and returns 0 for an answer of 200, else 1. */

#define _GNU_SOURCE
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const unsigned TIMEOUT_SECONDS = 5;
static const char REQUEST[] = "GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
static const char UNIX_PREFIX[] = "unix:";

static int failed(const char *reason) {
    fprintf(stderr, "likewise-ready: %s\n", reason);
    return EXIT_FAILURE;
}

static void too_late(int number) {
    (void)number;
    static const char reason[] = "likewise-ready: No answer within 5 seconds.\n";
    (void)!write(STDERR_FILENO, reason, sizeof reason - 1);
    _exit(EXIT_FAILURE);
}

static const char *setting(const char *name, const char *otherwise) {
    const char *value = getenv(name);
    return value && *value ? value : otherwise;
}

static int connect_unix(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    int connection = socket(AF_UNIX, SOCK_STREAM, 0);
    return connect(connection, (struct sockaddr *)&address, sizeof address) ? -1 : connection;
}

static int connect_tcp(const char *host, const char *port) {
    if (!strcmp(host, "0.0.0.0")) host = "127.0.0.1"; /* who listens everywhere is asked here */
    if (!strcmp(host, "::")) host = "::1";
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *addresses;
    errno = EADDRNOTAVAIL;
    if (getaddrinfo(host, port, &hints, &addresses)) return -1;
    for (struct addrinfo *one = addresses; one; one = one->ai_next) {
        int connection = socket(one->ai_family, one->ai_socktype, 0);
        if (!connect(connection, one->ai_addr, one->ai_addrlen)) return connection;
    }
    return -1;
}

/* Read to the end or until there is no more room; tell how much there is, -1 where that failed. */
static ssize_t read_answer(int connection, char *answer, size_t room) {
    size_t length = 0;
    while (length < room) {
        ssize_t piece = read(connection, answer + length, room - length);
        if (piece < 0) return -1;
        if (piece == 0) break;
        length += (size_t)piece;
    }
    return (ssize_t)length;
}

int main(void) {
    const char *host = setting("LIKEWISE_HOST", "127.0.0.1");
    const char *port = setting("LIKEWISE_PORT", "8000");
    char answer[16384 + 1];

    signal(SIGALRM, too_late);
    signal(SIGPIPE, SIG_IGN);
    alarm(TIMEOUT_SECONDS); /* for all of it: a peer that sends a byte a second gains nothing */

    size_t prefix = sizeof UNIX_PREFIX - 1;
    int is_unix = !strncmp(host, UNIX_PREFIX, prefix);
    int connection = is_unix ? connect_unix(host + prefix) : connect_tcp(host, port);
    if (connection < 0) return failed(strerror(errno));
    if (write(connection, REQUEST, sizeof REQUEST - 1) < 0) return failed(strerror(errno));
    ssize_t length = read_answer(connection, answer, sizeof answer - 1);
    if (length < 0) return failed(strerror(errno));
    answer[length] = '\0';

    if (strncmp(answer, "HTTP/1.1 ", 9)) return failed("What answers is another program.");
    if (!strncmp(answer + 9, "200 ", 4)) return EXIT_SUCCESS;
    const char *body = strstr(answer, "\r\n\r\n");
    return failed(body && body[4] ? body + 4 : "The service is not ready.");
}
