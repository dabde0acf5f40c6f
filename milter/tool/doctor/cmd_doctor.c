/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_doctor - is this host fit to send mail, and does all mail pass the gate?
 */
#include <stdio.h>
#include <string.h>

#include "tool/commands.h"
#include "tool/doctor/doctor.h"
#include "tool/print.h"

static bool is_fast, has_no_probe, is_terse;
static struct option_list only, domains, signers;

static const struct option_row options[] = {
    {"only", 0, "SECTION", OPTION_LIST, &only,
     "host, mta, probe or dns; may be given several times"},
    {"domain", 0, "DOMAIN", OPTION_LIST, &domains,
     "a sending domain, beside local_domains"},
    {"signer", 0, "FILE", OPTION_LIST, &signers,
     "the DKIM signer's config, opendkim.conf or rspamd's dkim_signing.conf; default: "
     "where Debian has them"},
    {"fast", 0, NULL, OPTION_FLAG, &is_fast,
     "nothing that takes seconds: no probe, no check of the whole database"},
    {"no-probe", 0, NULL, OPTION_FLAG, &has_no_probe, "send no mail"},
    {"quiet", 'q', NULL, OPTION_FLAG, &is_terse, "warnings and what is bad only"},
    {0},
};

struct section {
    const char *name;
    void (*check)(struct doctor *doctor);
};

static const struct section sections[] = {
    {"host", doctor_check_host},
    {"mta", doctor_check_mta},
    {"probe", doctor_check_probe},
    {"dns", doctor_check_dns},
};
enum { SECTION_COUNT = sizeof sections / sizeof *sections };

static bool is_wanted(const char *name)
{
    for (size_t i = 0; i < only.count; i++)
        if (strcmp(only.at[i], name) == 0)
            return true;
    return only.count == 0;
}

static int check_words(struct err *err)
{
    for (size_t i = 0; i < only.count; i++) {
        bool is_known = false;
        for (size_t k = 0; k < SECTION_COUNT; k++)
            is_known = is_known || strcmp(only.at[i], sections[k].name) == 0;
        if (!is_known)
            return err_set(err, ERR_USAGE,
                           "--only %s: it is none of host, mta, probe, dns",
                           only.at[i]);
    }
    return 0;
}

static void drop_what_is_fine(struct doctor *doctor)
{
    size_t kept = doctor->printed;
    for (size_t i = doctor->printed; i < doctor->count; i++)
        if (doctor->findings[i].level >= LEVEL_WARNING)
            doctor->findings[kept++] = doctor->findings[i];
    doctor->count = kept;
}

static int run(struct tool *tool, struct err *err)
{
    struct doctor doctor = {.tool = tool,
                            .arena = tool->arena,
                            .domains = &domains,
                            .signers = &signers,
                            .is_fast = is_fast,
                            .sends_probe = !is_fast && !has_no_probe};
    if (check_words(err) != 0 || tool_settings(tool, err) != 0)
        return -1;
    doctor_open(&doctor);
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        if (!is_wanted(sections[i].name))
            continue;
        doctor.section = sections[i].name;
        sections[i].check(&doctor);
        if (is_terse)
            drop_what_is_fine(&doctor);
        doctor_print(&doctor);
    }
    if (!tool->json)
        printf("%s%zu bad, %zu warnings, %zu notes, %zu ok\n",
               doctor.printed > 0 ? "\n" : "", doctor.counts[LEVEL_BAD],
               doctor.counts[LEVEL_WARNING], doctor.counts[LEVEL_NOTE],
               doctor.counts[LEVEL_OK]);
    return doctor.counts[LEVEL_BAD] > 0 ? EXIT_FOUND : EXIT_FINE;
}

const struct command outgate_cmd_doctor = {
    .name = "doctor",
    .words = "",
    .summary = "is this host fit to send, and does all mail pass the gate? With the "
               "lines that repair",
    .details =
        "host: clock, disk, database, daemon, rules, config. mta: how the gate is "
        "wired\n"
        "into Postfix or Sendmail. probe: a mail through smtpd and one through "
        "sendmail(1) that "
        "must\n"
        "appear in the audit log; the gate holds them, the doctor deletes them. dns: "
        "the\n"
        "egress addresses and sending domains as receivers see them.\n"
        "A finding is ok, a note, a warning, or bad: it costs reputation, lets mail "
        "past\n"
        "the gate, or stops mail. Ends with 1 if anything is bad. Run it as root.",
    .examples = "  outgate doctor\n"
                "  outgate doctor --only mta\n"
                "  outgate doctor --json | jq -r 'select(.level == \"bad\") | "
                ".repair[].line'",
    .options = options,
    .run = run,
};
