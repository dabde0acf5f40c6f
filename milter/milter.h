/* SPDX-License-Identifier: BSD-2-Clause
 *
 * milter - libmilter's callbacks, translated. The only module that names smfi_*.
 *
 * Each callback copies what it is given and returns; conclusions are drawn in
 * message/session and gate. The verdict falls at end of message; of the other callbacks
 * only MAIL FROM is answered, where a blocked sender is refused, if the MTA allows that
 * (SMFIP_NR_*: half the cost of a message).
 * Threads: libmilter's pool; callbacks of one session may run on different threads.
 * Source: libmilter's documentation (libmilter-doc), mfapi.h 8.17.
 */
#ifndef OUTGATE_MILTER_H
#define OUTGATE_MILTER_H

#include "base/err.h"
#include "gate.h"
#include "store/reader.h"
#include "store/writer.h"

/* milter_open - register with libmilter and open the socket of engine's config. A
 * live socket of another daemon is an error, a stale one is removed. The engine
 * becomes the one in force (a reference is taken). */
int milter_open(struct engine *engine, struct err *err);

/* milter_run - serve until milter_stop; writer and reader outlive it. -1 if libmilter
 * failed. */
int milter_run(struct writer *writer, struct reader *reader, struct err *err);

/* milter_replace - put another engine in force; messages on their way keep theirs. */
void milter_replace(struct engine *engine);

/* milter_tell_troubles - log what authentication has to tell (a list that blocks us, a
 * scanner that is away, servers that are dead or back): said once, when it changes.
 * From any thread. */
void milter_tell_troubles(const struct engine *engine);

/* milter_stop - make milter_run return soon. From any thread. */
void milter_stop(void);

/* milter_drain - wait until no end-of-message is being worked on, timeout_ms at most;
 * returns how many are left. */
unsigned milter_drain(unsigned timeout_ms);

#endif
