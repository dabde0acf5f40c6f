/* SPDX-License-Identifier: BSD-2-Clause
 *
 * eval_settings - what rule files say besides rules that eval functions go by: trusted
 * networks, free mail providers, lists of addresses and hosts, locales.
 *
 * Stage: rules. Filled by the loader, read by every message.
 * Source: Mail::SpamAssassin::Conf(3pm) and the manuals of its plugins FreeMail,
 * WLBLEval and VBounce.
 * Threads: one loader, one thread; immutable after that.
 */
#ifndef OUTGATE_RULES_EVAL_SETTINGS_H
#define OUTGATE_RULES_EVAL_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "message/received.h"
#include "rules/eval/eval_list.h"

struct eval_settings {
    struct arena *arena; /* the rule source's */
    struct trust trust;
    struct eval_lists lists;
    struct span ok_locales; /* words; "all": none is foreign */
    unsigned max_body_emails, max_body_free_mails;
    bool skips_when_over_max, skips_bulk_sender;
};

/* eval_settings_init - SpamAssassin's defaults. */
void eval_settings_init(struct eval_settings *settings, struct arena *arena);

enum eval_setting_result {
    EVAL_SETTING_UNKNOWN = 0, /* no setting of this kind */
    EVAL_SETTING_TAKEN,
    EVAL_SETTING_WRONG, /* err says why */
};

/* eval_settings_take - one line of a rule file. word: lower case, '_' for '-'. */
enum eval_setting_result eval_settings_take(struct eval_settings *settings,
                                            struct span word, struct span value,
                                            struct err *err);

#endif
