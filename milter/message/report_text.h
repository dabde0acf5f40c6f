/* SPDX-License-Identifier: BSD-2-Clause
 *
 * report_text - a bounce that is written for people only: recipients, what was said of
 * each, and where the original's header begins. Pure; private to report.
 */
#ifndef OUTGATE_MESSAGE_REPORT_TEXT_H
#define OUTGATE_MESSAGE_REPORT_TEXT_H

#include "message/report.h"

/* report_text_original - the header of the original inside text: the first block of
 * header fields that can be one (Message-ID, or From with To, Date, Subject or
 * Received). *before is what stands before it. Empty, and *before all of text, if
 * there is none. */
struct span report_text_original(struct span text, struct span *before);

/* report_text_recipients - fill out->recipients from the words before the original;
 * room: how many fit. Status and reason are set where the words say them. */
void report_text_recipients(struct arena *arena, struct span text, struct report *out,
                            size_t room);

/* report_text_judge - status, reason and is_permanent of a recipient from its
 * diagnostic (and what stands there already). */
void report_text_judge(struct report_recipient *recipient);

/* report_text_line - text as one line of at most BOUND_REPORT_TEXT_BYTES, in the
 * arena. */
struct span report_text_line(struct arena *arena, struct span text);

/* report_text_next - the next line of *rest without its line end; false at the end. */
bool report_text_next(struct span *rest, struct span *line);

#endif
