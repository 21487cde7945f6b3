/* SPDX-License-Identifier: Apache-2.0
 *
 * Replaces the C library's allocator and read(2) in a program and in every library that it loads. A thread can then be
 * halted at any of these calls, where the host does what it must not do at a worse moment. It needs glibc, whose
 * allocator it calls. Include it in one source only.
 */
#ifndef STEPS_H
#define STEPS_H

#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "expect.h"

/* How many calls this thread makes before it halts; 0: it does not halt. */
static _Thread_local long steps_until_halt;

/* Posted when the thread has halted or ended, and by the host to let it go on. */
static sem_t has_halted, may_go_on;
static volatile int is_halted;

static void step(void) {
    if (steps_until_halt == 0 || --steps_until_halt > 0) return;
    is_halted = 1;
    sem_post(&has_halted);
    while (sem_wait(&may_go_on) != 0) continue;
}

#define AT_EACH_CALL() step()
#include "counting_allocator.h"

ssize_t read(int file, void *buffer, size_t count) {
    step();
    return syscall(SYS_read, file, buffer, count);
}

typedef struct halted_work {
    void (*work)(void *context);
    void *context;
    long step;
} halted_work;

static void *do_work(void *argument) {
    halted_work *work = argument;
    steps_until_halt = work->step;
    work->work(work->context);
    steps_until_halt = 0;
    sem_post(&has_halted);
    return NULL;
}

/* Runs the work in a thread of its own, and `meanwhile` while that thread is halted at the step. Returns 0 if the
 * thread ended before. */
static inline int halt_at(long step, void (*work)(void *), void (*meanwhile)(pthread_t thread, void *), void *context) {
    halted_work halted = {work, context, step};
    pthread_t thread;
    is_halted = 0;
    sem_init(&has_halted, 0, 0);
    sem_init(&may_go_on, 0, 0);
    if (pthread_create(&thread, NULL, do_work, &halted) != 0) exit(2);
    while (sem_wait(&has_halted) != 0) continue;
    int was_halted = is_halted;
    if (was_halted) meanwhile(thread, context);
    sem_post(&may_go_on);
    if (pthread_join(thread, NULL) != 0) exit(2);
    return was_halted;
}

#endif
