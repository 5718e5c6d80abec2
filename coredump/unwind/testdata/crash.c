// Ways to crash, one an argument. Compiled by real_test.go in several ways.
#define _GNU_SOURCE
#include <alloca.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FRAME __attribute__((noinline, noclone))

volatile int sink;
volatile char *volatile nowhere = (char *)16;
void (*volatile pointer)(int);
char data[64];

// A function whose result somebody needs: a tail call would leave out the caller's frame.
#define AFTER(x) do { x; sink++; } while (0)

FRAME void leaf(int n) { *nowhere = n; }

FRAME void deep(int n) {
  char room[100];
  memset(room, n, sizeof room);
  if (n == 0)
    AFTER(leaf(room[0]));
  else
    AFTER(deep(n - 1));
  sink += room[n];
}

FRAME void variable(int n) {
  char *room = alloca(n * 100);
  memset(room, 1, n * 100);
  AFTER(leaf(n));
  sink += room[n];
}

FRAME __attribute__((noreturn)) void die(int n) {
  sink = n;
  abort();
}

FRAME void endsInCall(int n) {
  sink = n;
  die(n);
}

FRAME void unusual(int n) { // so that the call above is its function's last instruction
  if (n > 1000)
    sink = 3;
  AFTER(endsInCall(n));
}

static void handler(int sig) {
  sink = sig;
  AFTER(leaf(sig));
}

static void aborting(int sig) {
  sink = sig;
  abort();
}

FRAME void interrupted(int n) { AFTER(raise(SIGUSR1)); sink += n; }

FRAME void onAlternateStack(int n) {
  stack_t st = {.ss_sp = malloc(65536), .ss_size = 65536};
  sigaltstack(&st, 0);
  struct sigaction sa = {.sa_handler = aborting, .sa_flags = SA_ONSTACK | SA_SIGINFO};
  sigaction(SIGSEGV, &sa, 0);
  AFTER(deep(n));
}

FRAME void twice(int n) {
  struct sigaction sa = {.sa_handler = aborting};
  sigaction(SIGSEGV, &sa, 0);
  signal(SIGUSR1, handler);
  AFTER(interrupted(n));
}

static int compare(const void *a, const void *b) {
  if (*(int *)a == 3)
    AFTER(leaf(1));
  return *(int *)a - *(int *)b;
}

FRAME void sorting(int n) {
  int numbers[] = {5, 4, 3, 2, 1, n};
  qsort(numbers, 6, sizeof *numbers, compare);
  sink += numbers[0];
}

FRAME void call(int n) { AFTER(pointer(n)); }

static void *threaded(void *arg) {
  AFTER(deep(3));
  return arg;
}

FRAME void inThread(int n) {
  pthread_t t;
  pthread_create(&t, 0, threaded, 0);
  pthread_join(t, 0);
  sink = n;
}

FRAME int endless(int n) {
  char room[3000];
  memset(room, n, sizeof room);
  asm volatile("" ::"r"(room) : "memory"); // or the compiler makes a loop of it
  int more = endless(n + 1);
  return more + room[n % 100];
}

FRAME void vdso(int n) { AFTER(clock_gettime(CLOCK_MONOTONIC, (void *)(long)n)); }

FRAME void inLibrary(int n) { AFTER(sink = strlen((char *)(long)n)); }

int main(int argc, char **argv) {
  const char *how = argv[1];
  if (!strcmp(how, "deep")) deep(5);
  if (!strcmp(how, "alloca")) variable(5);
  if (!strcmp(how, "noreturn")) unusual(5);
  if (!strcmp(how, "handler")) { signal(SIGUSR1, handler); interrupted(5); }
  if (!strcmp(how, "twice")) twice(5);
  if (!strcmp(how, "altstack")) onAlternateStack(5);
  if (!strcmp(how, "qsort")) sorting(5);
  if (!strcmp(how, "null")) { pointer = 0; call(5); }
  if (!strcmp(how, "wild")) { pointer = (void *)data; call(5); }
  if (!strcmp(how, "thread")) inThread(5);
  if (!strcmp(how, "overflow")) sink = endless(1);
  if (!strcmp(how, "vdso")) vdso(8);
  if (!strcmp(how, "strlen")) inLibrary(8);
  sink++;
  return 0;
}
