/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dossier_text - the words of a dossier: one text a message, one for its senders, and
 * the README in English and French. Text from mail is escaped.
 */
#ifndef OUTGATE_TOOL_PROVIDER_DOSSIER_TEXT_H
#define OUTGATE_TOOL_PROVIDER_DOSSIER_TEXT_H

#include "base/buf.h"
#include "tool/provider/dossier.h"

int dossier_text_message(struct tool *tool, const struct dossier_message *message,
                         struct buf *out, struct err *err);

/* dossier_text_senders - the history of each sender that is in it. */
int dossier_text_senders(struct tool *tool, const struct dossier *dossier,
                         struct buf *out, struct err *err);

void dossier_text_readme(struct tool *tool, const struct dossier *dossier,
                         struct buf *out);

#endif
