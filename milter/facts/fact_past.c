/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fact_past - the message against what the store knows of its sender, its domain and
 * its text. Pure.
 *
 * From few messages follows nothing: the facts that compare with a past are 0 until
 * there is one. All figures are chosen; outgate.rules(5) says each.
 */
#include "facts/fact_input.h"

#define DAY_US (INT64_C(86400) * 1000000)

enum {
    SETTLED_DAYS = 7, /* since when an identity, or a kind of trait, is known */
    SETTLED_MESSAGES = 20,
    ROVER_VALUES = 5, /* taken up in four weeks: one more is no news */
    VOLUME_HOURS = 10,
    VOLUME_LEAST = 10, /* recipients: a busiest hour below it counts as that many */
    MEAN_LEAST = 2,
    NEW_LEAST = 5,
    UNUSUAL_MESSAGES = 40,
    UNUSUAL_HOURS = 20,
    SIGNS_MAILS = 10,
    SIGNS_PERCENT = 95,
    SIGNATURES_MOST = 20, /* DKIM-Signature: fields looked at */
};

static bool is_settled(const struct past *past)
{
    return past->is_known && past->sender_first_us > 0 &&
           past->now_us - past->sender_first_us >= SETTLED_DAYS * DAY_US &&
           past->sender_messages >= SETTLED_MESSAGES;
}

/* Never used until a day ago, though others of its kind were for long. */
static bool is_new(const struct past *past, enum trait id)
{
    const struct past_trait *trait = &past->trait[id];
    return is_settled(past) && trait->is_known && trait->since_us > 0 &&
           past->now_us - trait->since_us >= SETTLED_DAYS * DAY_US &&
           (trait->first_us == 0 || past->now_us - trait->first_us < DAY_US) &&
           trait->taken_up <= ROVER_VALUES;
}

static int64_t used_day(const struct past *past, enum trait id)
{
    const struct past_trait *trait = &past->trait[id];
    return trait->used_day + (trait->is_known && !trait->has_used_day);
}

static int64_t used_week(const struct past *past, enum trait id)
{
    const struct past_trait *trait = &past->trait[id];
    return trait->used_week + (trait->is_known && !trait->has_used_week);
}

/* The d= of a tag-list (RFC 6376 3.2), "" without one. */
static struct span signing_domain(struct span value)
{
    struct span tag, rest = value;
    while (rest.len > 0) {
        struct span name, text;
        span_cut(rest, ';', &tag, &rest);
        if (span_cut(tag, '=', &name, &text) && span_eq(span_trim(name), SPAN("d")))
            return span_trim(text);
    }
    return SPAN("");
}

/* A signature that could not be verified may be sound: it is one. */
static bool is_verified(const struct fact_input *in)
{
    const struct authentication *auth = in->auth;
    for (size_t i = 0; i < auth->signature_count; i++) {
        const struct auth_signature *signature = &auth->signatures[i];
        bool may_hold = signature->result == AUTH_PASS ||
                        signature->result == AUTH_NEUTRAL ||
                        signature->result == AUTH_TEMPERROR;
        if (may_hold &&
            (signature->domain.len == 0 ||
             span_ieq(fact_registrable(in->arena, signature->domain), in->from_domain)))
            return true;
    }
    return auth->is_signed_later;
}

static bool is_named(const struct fact_input *in)
{
    const struct header_field *field;
    for (size_t n = 0; n < SIGNATURES_MOST &&
                       (field = message_field(in->msg, "DKIM-Signature", n)) != NULL;
         n++) {
        struct span domain = signing_domain(field->value);
        if (domain.len > 0 &&
            span_ieq(fact_registrable(in->arena, domain), in->from_domain))
            return true;
    }
    return false;
}

static bool is_signed(const struct fact_input *in)
{
    if (in->from_domain.len == 0)
        return false;
    return in->auth->dkim != AUTH_UNKNOWN ? is_verified(in) : is_named(in);
}

static bool is_signature_missed(const struct past *past, bool has_signature)
{
    const struct past_trait *habit = &past->trait[TRAIT_UNSIGNED];
    int64_t all = past->domain_signed + past->domain_unsigned;
    return !has_signature && past->domain_signed >= SIGNS_MAILS &&
           past->domain_signed * 100 >= all * SIGNS_PERCENT &&
           (habit->first_us == 0 || past->now_us - habit->first_us < DAY_US);
}

static double ratio(int64_t amount, double usual, double least)
{
    return (double)amount / (usual > least ? usual : least);
}

static void set_identity(const struct past *past, struct facts *out)
{
    int64_t age_us = past->now_us - past->sender_first_us;
    bool is_old = past->sender_first_us > 0 && age_us > 0;
    FACT_SET(sender_age_days, is_old ? (double)age_us / (double)DAY_US : 0);
    FACT_SET(sender_is_new, past->is_known && (!is_old || age_us < DAY_US));
    FACT_SET(sender_settled, is_settled(past));
    FACT_SET(network_new, is_new(past, TRAIT_NETWORK));
    FACT_SET(country_new, is_new(past, TRAIT_COUNTRY));
    FACT_SET(x_mailer_new, is_new(past, TRAIT_X_MAILER));
    FACT_SET(from_domain_new, is_new(past, TRAIT_FROM_DOMAIN));
    FACT_SET(networks_day, used_day(past, TRAIT_NETWORK));
    FACT_SET(countries_day, used_day(past, TRAIT_COUNTRY));
    FACT_SET(from_addresses_day, used_day(past, TRAIT_HEADER_FROM));
    FACT_SET(from_domains_week, used_week(past, TRAIT_FROM_DOMAIN));
}

static void set_volume(const struct past *past, int64_t recipients, struct facts *out)
{
    int64_t hour = past->hour_recipients + recipients;
    int64_t new_hour = past->hour_new_recipients + past->new_recipients;
    bool has_past = is_settled(past) && past->past_hours >= VOLUME_HOURS;
    double mean = past->past_hours > 0
                      ? (double)past->past_recipients / (double)past->past_hours
                      : 0;
    FACT_SET(new_recipients, past->new_recipients);
    FACT_SET(new_recipients_ratio, past->recipients > 0 ? (double)past->new_recipients /
                                                              (double)past->recipients
                                                        : 0);
    FACT_SET(new_recipients_hour, new_hour);
    FACT_SET(volume_hour, past->is_known ? hour : 0);
    if (!has_past)
        return;
    FACT_SET(new_recipients_surge,
             ratio(new_hour, (double)past->busiest_new, NEW_LEAST));
    FACT_SET(volume_ratio, ratio(hour, (double)past->busiest_recipients, VOLUME_LEAST));
    FACT_SET(volume_mean_ratio, ratio(hour, mean, MEAN_LEAST));
}

void fact_past(const struct fact_input *in, struct facts *out)
{
    const struct past *past = in->past;
    bool has_signature = is_signed(in);
    FACT_SET(signature_aligned, has_signature);
    FACT_SET(domain_signs_unsigned, is_signature_missed(past, has_signature));
    set_identity(past, out);
    set_volume(past, (int64_t)in->env->recipient_count, out);
    FACT_SET(hour_unusual,
             is_settled(past) && past->past_messages >= UNUSUAL_MESSAGES &&
                 past->past_hours >= UNUSUAL_HOURS && past->near_messages == 0);
    FACT_SET(campaign_messages, past->campaign_messages);
    FACT_SET(campaign_recipients, past->campaign_recipients);
    FACT_SET(campaign_senders, past->campaign_senders);
}
