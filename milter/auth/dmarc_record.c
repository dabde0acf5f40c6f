/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/dmarc_record.h"

/* Production dmarc-version: v = DMARC1, the value in capitals, then ';' or the end. */
static bool cut_version(struct span text, struct span *rest)
{
    struct span first, name, value;
    span_cut(text, ';', &first, rest);
    return span_cut(first, '=', &name, &value) && span_eq(span_trim(name), SPAN("v")) &&
           text.len > 0 && text.at[0] == 'v' &&
           span_eq(span_trim(value), SPAN("DMARC1"));
}

static bool parse_policy(struct span value, enum dmarc_policy *out)
{
    for (int policy = DMARC_NONE; policy <= DMARC_REJECT; policy++)
        if (span_ieq(value, span_of(dmarc_policy_name((enum dmarc_policy)policy)))) {
            *out = (enum dmarc_policy)policy;
            return true;
        }
    return false;
}

/* What the tags said, before the defaults. */
struct reading {
    bool has_p, has_bad_policy; /* a policy tag with no policy in it */
    bool has_rua;
};

static void read_policy(struct span value, enum dmarc_policy *out, struct reading *r)
{
    if (!parse_policy(value, out))
        r->has_bad_policy = true;
}

/* A value that no tag has is as if the tag were not there (RFC 9989 4.7). */
static void read_tag(struct span name, struct span value, struct dmarc_record *out,
                     struct reading *r)
{
    uint64_t percent;
    if (span_ieq(name, SPAN("p"))) {
        r->has_p = parse_policy(value, &out->policy);
        r->has_bad_policy |= !r->has_p;
    } else if (span_ieq(name, SPAN("sp"))) {
        read_policy(value, &out->sub_policy, r);
    } else if (span_ieq(name, SPAN("np"))) {
        read_policy(value, &out->np_policy, r);
    } else if (span_ieq(name, SPAN("adkim"))) {
        out->is_dkim_strict = span_ieq(value, SPAN("s"));
    } else if (span_ieq(name, SPAN("aspf"))) {
        out->is_spf_strict = span_ieq(value, SPAN("s"));
    } else if (span_ieq(name, SPAN("psd"))) {
        bool is_known = span_ieq(value, SPAN("y")) || span_ieq(value, SPAN("n"));
        out->psd = is_known ? ascii_lower(value.at[0]) : 'u';
    } else if (span_ieq(name, SPAN("t"))) {
        out->is_test = span_ieq(value, SPAN("y"));
    } else if (span_ieq(name, SPAN("pct"))) {
        if (text_parse_count(value, 100, &percent))
            out->percent = (unsigned)percent;
    } else if (span_ieq(name, SPAN("rua"))) {
        r->has_rua = span_index(value, ':') > 0;
    }
}

bool dmarc_record_parse(struct span text, struct dmarc_record *out)
{
    struct span rest, tag, name, value;
    struct reading reading = {.has_p = false};
    *out = (struct dmarc_record){.psd = 'u', .percent = 100};
    if (!cut_version(text, &rest))
        return false;
    while (rest.len > 0) {
        span_cut(rest, ';', &tag, &rest);
        if (span_cut(tag, '=', &name, &value))
            read_tag(span_trim(name), span_trim(value), out, &reading);
    }
    out->is_test |= out->percent == 0;
    if (!reading.has_p || reading.has_bad_policy) {
        out->policy = out->sub_policy = out->np_policy =
            reading.has_rua ? DMARC_NONE : DMARC_NO_POLICY;
        if (!reading.has_rua)
            out->problem = reading.has_bad_policy ? "unknown policy" : "no p=";
    }
    if (out->sub_policy == DMARC_NO_POLICY)
        out->sub_policy = out->policy;
    if (out->np_policy == DMARC_NO_POLICY)
        out->np_policy = out->sub_policy;
    return true;
}

enum dmarc_policy dmarc_lesser(enum dmarc_policy policy)
{
    return policy == DMARC_REJECT       ? DMARC_QUARANTINE
           : policy == DMARC_QUARANTINE ? DMARC_NONE
                                        : policy;
}
