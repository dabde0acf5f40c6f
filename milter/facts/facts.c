/* SPDX-License-Identifier: BSD-2-Clause */
#include "facts/facts.h"

#include <string.h>

#include "facts/fact_input.h"

const struct fact_row outgate_fact_rows[] = {
#define F(name, type, unit, range, source, doc) {#name, type, unit, range, source, doc},
    FACTS_TABLE(F)
#undef F
};

void facts_collect(struct facts *facts, const struct message *msg,
                   const struct envelope *env, const struct past *past, int64_t now_s)
{
    struct fact_input in;
    memset(facts, 0, sizeof(*facts));
    fact_input_build(&in, msg, env, past, now_s);
    fact_subject(&in, facts);
    fact_text(&in, facts);
    fact_links(&in, facts);
    fact_images(&in, facts);
    fact_html(&in, facts);
    fact_bulk(&in, facts);
    fact_sender(&in, facts);
    fact_headers(&in, facts);
    fact_envelope(&in, facts);
    fact_attachments(&in, facts);
    fact_calendar(&in, facts);
    fact_form(&in, facts);
    fact_past(&in, facts);
    fact_authentication(&in, facts);
    fact_reputation(&in, facts);
}

int facts_find(struct span name)
{
    for (int id = 0; id < FACT_ID_COUNT; id++)
        if (span_eq(name, span_of(outgate_fact_rows[id].name)))
            return id;
    return -1;
}

const char *facts_nearest(struct span name)
{
    const char *best = NULL;
    unsigned least = (unsigned)(name.len < 32 ? name.len : 32) / 3 + 1;
    for (int id = 0; id < FACT_ID_COUNT; id++) {
        unsigned distance = text_distance(name, span_of(outgate_fact_rows[id].name));
        if (distance < least || (distance == least && best == NULL)) {
            least = distance;
            best = outgate_fact_rows[id].name;
        }
    }
    return best;
}

bool facts_is_set(const struct facts *facts, enum fact_id id)
{
    if (outgate_fact_rows[id].type == FACT_TEXT)
        return facts->text[id].len > 0;
    return facts->number[id] < 0 || facts->number[id] > 0;
}
