/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/report.h"

#include "feedback.h"

/* The mail that brings a report waits for the store no longer than this. chosen */
enum { TIMEOUT_MS = 5000 };

bool gate_may_be_report(const struct message *msg, const struct envelope *env)
{
    struct span type = span_trim(message_value(msg, "Content-Type"));
    return env->is_null_sender || span_istarts(type, SPAN("multipart/report"));
}

static int take(struct db *db, void *arg, struct err *err)
{
    const struct feedback *feedback = arg;
    struct feedback_result result;
    return feedback_take(db, feedback, feedback->msg->arena, &result, err);
}

void gate_feedback(const struct passage *passage)
{
    struct report report;
    struct feedback feedback = {.settings = passage->engine->settings,
                                .report = &report,
                                .msg = passage->msg,
                                .at_us = passage->now_us,
                                .limit_now_us = passage->limit_now_us};
    if (!gate_may_be_report(passage->msg, passage->env))
        return;
    report_read(passage->msg, &report);
    if (report.kind == REPORT_BOUNCE || report.kind == REPORT_COMPLAINT)
        writer_run(passage->writer, take, &feedback, TIMEOUT_MS, NULL);
}
