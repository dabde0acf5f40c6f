/* SPDX-License-Identifier: BSD-2-Clause
 *
 * notifier - the daemon's thread that tells people of incidents.
 *
 * It reads table incident (store/incident), writes a log line when one opens or its
 * level rises, hands notices to sendmail(1) and the command of [notify], and closes
 * what has gone quiet. All that it must remember stands in the table: after a restart
 * it goes on where it was, and what could not be sent is tried again. A notice may come
 * twice (a crash after it was sent), never not at all.
 * Never on the message path: messages do not know it, and its writes are ordinary jobs.
 */
#ifndef OUTGATE_INCIDENT_NOTIFIER_H
#define OUTGATE_INCIDENT_NOTIFIER_H

#include "settings.h"
#include "store/reader.h"
#include "store/writer.h"

struct notifier;

/* Settings for as long as they are in use: release is called when they no longer are.
 */
struct notifier_settings {
    const struct settings *settings;
    void *owner;
    void (*release)(void *owner);
};

/* notifier_new - without a thread: a test steps it. It owns settings. */
int notifier_new(struct notifier **out, struct writer *writer, struct reader *reader,
                 struct notifier_settings settings, struct err *err);

/* notifier_step - one look at the table, and what is due at now_us (wall clock). */
void notifier_step(struct notifier *notifier, int64_t now_us);

/* notifier_run - start the thread, all signals blocked: a step a second. */
int notifier_run(struct notifier *notifier, struct err *err);

/* notifier_replace - new settings after a reload; it owns them. Thread-safe. */
void notifier_replace(struct notifier *notifier, struct notifier_settings settings);

/* notifier_stop - end the thread (a program that runs is waited for, 20 s at most),
 * free all, set to NULL; NULL is fine. */
void notifier_stop(struct notifier **notifier);

/* notifier_next_us - when an incident told `times` times by now is told again, 0:
 * never. */
int64_t notifier_next_us(const struct settings *settings, int64_t times,
                         int64_t now_us);

#endif
