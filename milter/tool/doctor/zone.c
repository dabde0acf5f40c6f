/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/doctor/zone.h"

#include "base/netaddr.h"

enum {
    ANSWER_US = 10000000, /* for one question: nobody waits but a person. chosen */
    QUESTIONS = 1000,
    STRING_BYTES = 255, /* RFC 1035 3.3 */
    LINE_BYTES = 1 << 16,
};

void zone_budget(struct dns_budget *budget)
{
    dns_budget_init(budget, ANSWER_US, QUESTIONS);
}

void zone_ask(struct doctor *doctor, struct span name, enum dns_type type,
              struct dns_answer *out)
{
    struct dns_budget budget;
    zone_budget(&budget);
    dns_ask(doctor->dns, &budget, name, type, doctor->arena, out);
}

bool zone_unanswered(struct doctor *doctor, const char *check, struct span name,
                     const struct dns_answer *answer)
{
    if (answer->status != DNS_TEMPERROR && answer->status != DNS_SPENT)
        return false;
    struct finding *finding =
        doctor_find(doctor, LEVEL_WARNING, check, name, "the DNS gave no answer: %s",
                    answer->why != NULL ? answer->why : "");
    doctor_why(finding, "Receivers may fare no better; they defer mail then.");
    doctor_remedy(doctor, finding, REMEDY_LOOK, "outgate doctor --only dns");
    return true;
}

const char *zone_name(struct doctor *doctor, struct span name)
{
    struct buf out;
    buf_init(&out, doctor->arena, LINE_BYTES);
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        if (ascii_is_alnum(c) || c == '-' || c == '_' || c == '.')
            buf_add_char(&out, c);
        else
            buf_printf(&out, "\\%03u", (unsigned)(unsigned char)c);
    }
    if (name.len == 0 || name.at[name.len - 1] != '.')
        buf_add_char(&out, '.');
    return buf_cstr(&out);
}

void zone_text(struct doctor *doctor, struct finding *finding, struct span name,
               struct span text)
{
    struct buf out;
    buf_init(&out, doctor->arena, LINE_BYTES);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (i % STRING_BYTES == 0)
            buf_printf(&out, "%s\"", i > 0 ? "\" " : "");
        if (c == '"' || c == '\\' || c < 0x20 || c > 0x7e)
            buf_printf(&out, "\\%03u", c);
        else
            buf_add_char(&out, (char)c);
    }
    doctor_remedy(doctor, finding, REMEDY_ZONE, "%s 3600 IN TXT %s\"",
                  zone_name(doctor, name), buf_cstr(&out));
}

void zone_address(struct doctor *doctor, struct finding *finding, struct span name,
                  struct span address)
{
    struct netaddr parsed;
    char text[NETADDR_TEXT_BYTES];
    if (!netaddr_parse(address, &parsed))
        return;
    doctor_remedy(doctor, finding, REMEDY_ZONE, "%s 3600 IN %s %s",
                  zone_name(doctor, name), parsed.bits == 32 ? "A" : "AAAA",
                  netaddr_print(&parsed, text));
}
