/* SPDX-License-Identifier: BSD-2-Clause */
#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/dns.h"
#include "store/incident.h"

/* Memory that one config may take. chosen */
enum { SETTINGS_BYTES = 16 << 20 };

#define AT(field) offsetof(struct settings, field)

const struct conf_key outgate_setting_keys[] = {
    {"milter", "socket", CONF_TEXT, AT(socket), "", "unix:/run/outgate/milter.sock", "",
     "", "",
     "Where the MTA finds the gate: unix:/path or inet:port@host. On a unix socket "
     "only "
     "the MTA's group can speak to it; on an inet socket every local user can."},
    {"milter", "socket_mode", CONF_TEXT, AT(socket_mode), "octal", "0660", "", "", "",
     "Permissions of a unix socket."},
    {"milter", "socket_group", CONF_TEXT, AT(socket_group), "", "", "", "", "",
     "Group of a unix socket when started by root, so that the MTA may speak to it: "
     "postfix, or smmsp for Sendmail; empty: the user's own."},
    {"milter", "user", CONF_TEXT, AT(user), "", "outgate", "", "", "",
     "The user to run as when started by root; empty: stay as started."},
    {"milter", "pid_file", CONF_TEXT, AT(pid_file), "", "", "", "", "",
     "File to write the process number to; empty: none."},
    {"milter", "mode", CONF_CHOICE, AT(mode), "", "enforce", "", "", "enforce|shadow",
     "enforce: do what was decided. shadow: decide and record, but let every message "
     "go."},
    {"milter", "on_error", CONF_CHOICE, AT(on_error), "", "tempfail", "", "",
     "tempfail|accept",
     "What happens to a message when the store or memory fails: wait (4xx; mail from "
     "sendmail(1) stays in the MTA's own queue) or pass unrecorded."},
    {"milter", "log", CONF_CHOICE, AT(log), "", "syslog", "", "", "syslog|stderr",
     "Where the daemon's log lines go (facility mail). With -f and no syslog wanted: "
     "stderr."},
    {"milter", "add_headers", CONF_CHOICE, AT(add_headers), "", "no", "", "", "no|yes",
     "Add X-Outgate-Score: and X-Outgate-Sender: to mail that leaves. They tell "
     "receivers what you thought of it: for tests."},
    {"milter", "contact", CONF_TEXT, AT(contact), "", "postmaster", "", "", "",
     "Whom a refused sender may ask; stands at the end of every reply."},
    {"milter", "scan_bytes", CONF_BYTES, AT(scan_bytes), "bytes", "8M", "64k", "256M",
     "",
     "How much of a body is read; what lies beyond is passed unread, and the fact "
     "bounds_reached says so."},
    {"milter", "max_messages", CONF_COUNT, AT(max_messages), "messages", "200", "1",
     "10000", "",
     "Messages worked on at once; more are asked to come back (451 4.3.2). With "
     "scan_bytes it bounds the memory."},
    {"milter", "timeout", CONF_DURATION, AT(timeout_us), "duration", "2h", "10s", "1d",
     "", "Silence of the MTA after which a session ends."},

    {"mail", "networks", CONF_NETWORKS, AT(networks), "", "127.0.0.0/8, ::1/128", "",
     "", "",
     "Clients whose mail is yours without a login: what Postfix calls mynetworks."},
    {"mail", "local_domains", CONF_LIST, AT(local_domains), "", "", "", "", "",
     "Domains whose mail stays on this host; .example.com stands for all below. Empty: "
     "ask the MTA by its {rcpt_mailer} macro."},
    {"mail", "egress", CONF_LIST, AT(egress), "", "", "", "", "",
     "The addresses that mail leaves from, as the world sees them."},
    {"mail", "helo", CONF_TEXT, AT(helo), "", "", "", "", "",
     "The name that the MTA says in HELO when it delivers."},
    {"mail", "signed_later", CONF_LIST, AT(signed_later), "", "", "", "", "",
     "From: domains whose DKIM signer runs after the gate; .example.com stands for all "
     "below. Their mail is judged as if an aligned signature were on it already; "
     "outgate doctor checks that the key is published. Empty: the gate is last."},
    {"mail", "geoip", CONF_TEXT, AT(geoip), "", "", "", "", "",
     "MaxMind DB file that tells the country of a client, for the facts country_new "
     "and "
     "countries_day (GeoLite2-Country or its like; replace it with rename, then "
     "reload); empty: countries are not known."},
    {"mail", "senders_map", CONF_TEXT, AT(senders_map), "", "", "", "", "",
     "Who may write as whom, for the fact from_matches_sender: /path (a login or "
     "kind:value, then its addresses, @domain, @.domain for all below, or *), "
     "postfix:/path (the text file of smtpd_sender_login_maps) or sqlite:/path. Files "
     "are read anew when they change. A login that is not in it owns its own address; "
     "programs on this host (Sieve, vacation, forms) may write as anybody unless it "
     "has "
     "their uid:N or script:NAME. Empty: not asked."},
    {"mail", "senders_query", CONF_TEXT, AT(senders_query), "", "", "", "", "",
     "Of a map in SQLite: a SELECT with :address or :domain, and :login or :identity; "
     "a "
     "row whose first column is neither 0 nor empty says that the address is the "
     "sender's. The database is only read, and has a second for a message."},
    {"mail", "senders_own", CONF_CHOICE, AT(senders_own), "", "yes", "", "", "yes|no",
     "With senders_map: a login that is an address may always write as that address."},
    {"mail", "identify_by", CONF_LIST, AT(identify_by_words), "",
     "sasl_user, script, uid, client_ip, mail_from", "", "", "",
     "Who is charged: the first of these that is present. tls_subject may be added "
     "where the MTA refuses clients whose certificate it cannot verify: Postfix hands "
     "over the subject of any certificate. Sendmail does not name who hands mail to "
     "sendmail(1) by a socket, as Node.js does: uid:unnamed, one sender for all."},

    {"dns", "servers", CONF_LIST, AT(dns_servers), "", "", "", "", "",
     "Resolvers to ask, as ADDRESS, ADDRESS@PORT or [IPV6]@PORT; system: those of "
     "/etc/resolv.conf. Best is one on this host. Empty: none is asked, and what needs "
     "the DNS is not known."},
    {"dns", "deadline", CONF_DURATION, AT(dns_deadline_us), "duration", "3s", "100ms",
     "30s", "",
     "How long a message waits for all its answers together; what is not known then is "
     "temperror, which costs no points. While no server answers anything no message "
     "waits."},
    {"dns", "lookups", CONF_COUNT, AT(dns_lookups), "questions", "60", "1", "1000", "",
     "Questions that one message may ask the servers; the cache is free."},
    {"dns", "zone", CONF_TEXT, AT(dns_zone), "", "", "", "", "",
     "Master file (RFC 1035) of answers that are asked before any server: for hosts "
     "that see no DNS, and for tests. Names at or below an SOA record are the file's "
     "alone. It is read again on reload."},
    {"dns", "trust_anchor", CONF_TEXT, AT(dns_trust_anchor), "", "", "", "", "",
     "File with the root's key, for DNSSEC (Debian: /usr/share/dns/root.key, of "
     "dns-root-data). The servers must hand on signatures. Empty: nothing is "
     "validated."},

    {"policy", "slow_at", CONF_NUMBER, AT(outbound.slow_at), "points", "3", "-1000",
     "100000", "", "Score from which mail takes the paced transport."},
    {"policy", "hold_at", CONF_NUMBER, AT(outbound.hold_at), "points", "5", "-1000",
     "100000", "", "Score from which mail waits for a person."},
    {"policy", "reject_at", CONF_NUMBER, AT(outbound.reject_at), "points", "15",
     "-1000", "100000", "", "Score from which mail is refused."},
    {"policy", "max_hold", CONF_DURATION, AT(outbound.max_hold_us), "duration", "24h",
     "1m", "30d", "",
     "Longest wait that a limit may cause; beyond it mail is deferred (4xx), or waits "
     "for a person where a 4xx would do harm."},
    {"policy forwarded", "slow_at", CONF_NUMBER, AT(forwarded.slow_at), "points", "3",
     "-1000", "100000", "", "As in [policy], for forwarded mail."},
    {"policy forwarded", "hold_at", CONF_NUMBER, AT(forwarded.hold_at), "points", "4",
     "-1000", "100000", "", "As in [policy], for forwarded mail."},
    {"policy forwarded", "reject_at", CONF_NUMBER, AT(forwarded.reject_at), "points",
     "15", "-1000", "100000", "", "As in [policy], for forwarded mail."},
    {"policy forwarded", "max_hold", CONF_DURATION, AT(forwarded.max_hold_us),
     "duration", "24h", "1m", "30d", "", "As in [policy], for forwarded mail."},

    {"border", "enabled", CONF_CHOICE, AT(has_border), "", "no", "", "", "no|yes",
     "The MTA sends all that leaves past the gate a second time "
     "(contrib/postfix/border): "
     "each message that comes in gets a ticket, X-Outgate-Ticket:, that is taken off "
     "when "
     "it leaves."},
    {"border", "daemon_name", CONF_TEXT, AT(border_daemon_name), "", "BORDER", "", "",
     "",
     "What the macro {daemon_name} says at the border and nowhere else (Postfix: "
     "milter_macro_daemon_name)."},

    {"reputation", "client_lists", CONF_LIST, AT(client_lists), "", "", "", "", "",
     "DNS lists asked for the submitting client's address, if it is public: zone, or "
     "zone=127.0.0.[2..11;15] for the answers that count, or zone=&6 for these bits of "
     "the last octet. Ask only lists whose terms allow it, through a resolver of your "
     "own."},
    {"reputation", "helo_lists", CONF_LIST, AT(helo_lists), "", "", "", "", "",
     "DNS lists of names asked for the client's HELO, if it is a public domain."},
    {"reputation", "link_lists", CONF_LIST, AT(link_lists), "", "", "", "", "",
     "DNS lists of names asked for the domains and hosts of links, 20 a message, and "
     "of "
     "more a choice that nobody can foresee; local_domains and helo are not asked "
     "for."},

    {"virus", "clamd", CONF_TEXT, AT(clamd), "", "", "", "", "",
     "Where ClamAV's daemon listens: unix:/path or inet:PORT@ADDRESS; empty: mail is "
     "not "
     "scanned. The gate's user must be able to write to the socket."},
    {"virus", "deadline", CONF_DURATION, AT(virus_deadline_us), "duration", "15s",
     "100ms", "2m", "",
     "How long a message waits for clamd; after that its virus is temperror, and stock "
     "rule VIRUS_UNSCANNED holds it."},
    {"virus", "max_bytes", CONF_BYTES, AT(virus_max_bytes), "bytes", "25M", "64k", "1G",
     "",
     "Most that is sent to clamd of a message: its StreamMaxLength at most. What is "
     "longer, or beyond [milter] scan_bytes, is scanned as far as it goes, and virus "
     "is "
     "neutral."},

    {"rules", "path", CONF_LIST, AT(rule_paths), "",
     "/usr/share/outgate/rules, /etc/outgate/rules.d", "", "", "",
     "Folders (every *.cf in them) or files of rules, in order; a later line about the "
     "same rule wins."},

    {"store", "database", CONF_TEXT, AT(database), "", "/var/lib/outgate/outgate.db",
     "", "", "", "The SQLite file with the audit log and the limits' state."},
    {"store", "keep", CONF_CHOICE, AT(keep), "", "headers", "", "", "none|headers|full",
     "What is kept of each message besides its audit row."},
    {"store", "keep_for", CONF_DURATION, AT(keep_for_us), "duration", "30d", "1h",
     "3650d", "",
     "Age at which rows are deleted; mail that is still held keeps its row."},

    {"mta", "kind", CONF_CHOICE, AT(mta), "", "auto", "", "", "auto|postfix|sendmail",
     "Whose hold queue `outgate held`, `release` and `drop` work on."},
    {"mta", "config", CONF_TEXT, AT(mta_config), "", "", "", "", "",
     "Postfix: configuration directory; Sendmail: sendmail.cf. Empty: the system's."},
    {"mta", "commands", CONF_TEXT, AT(mta_commands), "", "", "", "", "",
     "Directory of postqueue and postsuper, or of sendmail. Empty: PATH, /usr/sbin."},

    {"notify", "to", CONF_LIST, AT(notify_to), "", "", "", "", "",
     "Who is told of incidents, by the local sendmail(1); empty: nobody."},
    {"notify", "from", CONF_TEXT, AT(notify_from), "", "postmaster", "", "", "",
     "Envelope sender and From: of notices; the MTA adds its domain to a bare name."},
    {"notify", "command", CONF_TEXT, AT(notify_command), "", "", "", "", "",
     "Program that is run for each notice, without a shell: full path, no arguments. "
     "It has the text on standard input and OUTGATE_ID, OUTGATE_KIND, OUTGATE_KEY, "
     "OUTGATE_LEVEL, OUTGATE_TIMES and OUTGATE_TITLE in its environment, and 20 "
     "seconds."},
    {"notify", "repeat", CONF_LIST, AT(notify_repeat_words), "", "1h, 4h, 24h", "", "",
     "",
     "How long after a notice the next one of the same incident comes, if it goes on; "
     "the last stands for all that follow. Empty: told once."},
    {"notify", "quiet", CONF_LIST, AT(notify_quiet), "", "", "", "", "",
     "Kinds of incident that are recorded and logged but not told: limit, budget, "
     "block, brake, unsigned, spam, store, alert, virus, scanner."},
    {"notify", "per_hour", CONF_COUNT, AT(notify_per_hour), "notices", "12", "1",
     "1000", "",
     "Most notices in any hour; the last of them tells all that is due in one."},
    {"notify", "close_after", CONF_DURATION, AT(notify_close_after_us), "duration",
     "6h", "1s", "30d", "",
     "An incident is closed when nothing has been added to it for so long."},
    {"notify", "senders", CONF_CHOICE, AT(notify_senders), "", "no", "", "", "no|yes",
     "Tell a logged-in sender, once a day at most, that mail waits at a limit or that "
     "the account is blocked: the login, if it is an address, else the envelope sender "
     "in local_domains."},
    {"notify", "language", CONF_CHOICE, AT(notify_language), "", "auto", "", "",
     "auto|en|fr|es",
     "Language of what senders are told. auto: what their message names in "
     "Content-Language: or Accept-Language:, else English."},
};
const size_t outgate_setting_key_count =
    sizeof outgate_setting_keys / sizeof *outgate_setting_keys;

/* What the callbacks of the reader need. */
struct loading {
    struct settings *settings;
    conf_complain *complain;
    void *arg;
};

static void pass_on(void *arg, const char *text)
{
    struct loading *loading = arg;
    if (loading->complain != NULL)
        loading->complain(loading->arg, text);
}

static int add_limit(void *arg, const char *file, unsigned line, struct span name,
                     struct span value, struct err *err)
{
    struct settings *s = ((struct loading *)arg)->settings;
    struct limit limit;
    if (s->limit_count == BOUND_LIMITS)
        return err_set(err, ERR_CONFIG, "more than %d limits", BOUND_LIMITS);
    if (limit_parse(name, value, &limit, err) < 0)
        return -1;
    const struct limit *twin =
        limit_find(s->limits, s->limit_count, span_of(limit.name));
    if (twin != NULL)
        return err_set(err, ERR_CONFIG, "limit \"%s\" stands already in %s:%u",
                       limit.name, twin->file, twin->line);
    snprintf(limit.file, sizeof limit.file, "%s", file);
    limit.line = line;
    s->limits[s->limit_count++] = limit;
    return 0;
}

/* What no single key's row can say. Errors name the key, not a line: several keys on
 * several lines make them. */
static void check_policy(struct conf *conf, const char *section,
                         const struct policy *policy)
{
    char text[300];
    if (policy->slow_at <= policy->hold_at && policy->hold_at <= policy->reject_at)
        return;
    snprintf(text, sizeof text,
             "[%s]: slow_at (%g), hold_at (%g) and reject_at (%g) must not fall",
             section, policy->slow_at, policy->hold_at, policy->reject_at);
    conf->errors++;
    pass_on(conf->arg, text);
}

static void check_identities(struct conf *conf, struct settings *s)
{
    char text[300];
    for (size_t i = 0; i < s->identify_by_words.count; i++) {
        enum identity identity = identity_find(span_of(s->identify_by_words.at[i]));
        bool is_twice = false;
        for (size_t k = 0; k < s->identify_by_count; k++)
            is_twice = is_twice || s->identify_by[k] == identity;
        if (identity != IDENTITY_UNKNOWN && !is_twice) {
            s->identify_by[s->identify_by_count++] = identity;
            continue;
        }
        snprintf(text, sizeof text, "[mail] identify_by: \"%.60s\" %s",
                 s->identify_by_words.at[i],
                 is_twice
                     ? "stands twice"
                     : "is none of sasl_user, tls_subject, script, uid, client_ip, "
                       "mail_from, host");
        conf->errors++;
        pass_on(conf->arg, text);
    }
}

static void check_texts(struct conf *conf, const struct settings *s)
{
    char text[300];
    bool is_socket =
        strncmp(s->socket, "unix:/", 6) == 0 || strncmp(s->socket, "local:/", 7) == 0 ||
        strncmp(s->socket, "inet:", 5) == 0 || strncmp(s->socket, "inet6:", 6) == 0;
    if (!is_socket) {
        snprintf(text, sizeof text,
                 "[milter] socket = %.100s: write unix:/path or inet:port@host",
                 s->socket);
        conf->errors++;
        pass_on(conf->arg, text);
    }
    char *end;
    long mode = strtol(s->socket_mode, &end, 8);
    if (*end != '\0' || end == s->socket_mode || mode < 0 || mode > 0777) {
        snprintf(text, sizeof text,
                 "[milter] socket_mode = %.20s: write an octal mode such as 0660",
                 s->socket_mode);
        conf->errors++;
        pass_on(conf->arg, text);
    }
    for (size_t i = 0; i < s->egress.count; i++) {
        struct netaddr address;
        if (netaddr_parse(span_of(s->egress.at[i]), &address))
            continue;
        snprintf(text, sizeof text, "[mail] egress: \"%.60s\" is no IP address",
                 s->egress.at[i]);
        conf->errors++;
        pass_on(conf->arg, text);
    }
}

static void check_dns(struct conf *conf, const struct settings *s)
{
    char text[300];
    for (size_t i = 0; i < s->dns_servers.count; i++) {
        const char *server = s->dns_servers.at[i];
        bool is_system = strcmp(server, "system") == 0;
        if (dns_is_server(span_of(server)) || (is_system && s->dns_servers.count == 1))
            continue;
        snprintf(text, sizeof text, "[dns] servers: \"%.60s\" %s", server,
                 is_system ? "stands for all servers: write it alone"
                           : "is neither ADDRESS, ADDRESS@PORT nor system");
        conf->errors++;
        pass_on(conf->arg, text);
    }
}

static void refuse(struct conf *conf, const char *key, const char *value,
                   const char *why)
{
    char text[300];
    snprintf(text, sizeof text, "[notify] %s: \"%.100s\" %s", key, value, why);
    conf->errors++;
    pass_on(conf->arg, text);
}

/* What stands in a header field and on sendmail's command line as it is. */
static bool is_notify_address(const char *address)
{
    if (address[0] == '-' || address[0] == '\0' || strlen(address) > 254)
        return false;
    for (const char *c = address; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~' || strchr("\"(),:;<>[\\]", *c) != NULL)
            return false;
    return true;
}

static void check_repeat(struct conf *conf, struct settings *s)
{
    for (size_t i = 0; i < s->notify_repeat_words.count; i++) {
        const char *word = s->notify_repeat_words.at[i];
        int64_t after_us = 0;
        if (i == NOTIFY_REPEATS)
            refuse(conf, "repeat", word, "is one step too many: 8 at most");
        else if (!conf_parse_duration(span_of(word), &after_us) || after_us < 1000000)
            refuse(conf, "repeat", word, "is no duration from 1s up, such as 4h");
        else
            s->notify_repeat_us[s->notify_repeat_count++] = after_us;
    }
}

static void check_notify(struct conf *conf, struct settings *s)
{
    for (size_t i = 0; i < s->notify_to.count; i++)
        if (!is_notify_address(s->notify_to.at[i]))
            refuse(conf, "to", s->notify_to.at[i], "is no plain address");
    if (!is_notify_address(s->notify_from))
        refuse(conf, "from", s->notify_from, "is no plain address");
    if (s->notify_command[0] != '\0' && s->notify_command[0] != '/')
        refuse(conf, "command", s->notify_command, "is no full path");
    for (size_t i = 0; i < s->notify_quiet.count; i++)
        if (incident_kind_find(span_of(s->notify_quiet.at[i])) == INCIDENT_UNKNOWN)
            refuse(
                conf, "quiet", s->notify_quiet.at[i],
                "is none of limit, budget, block, brake, unsigned, spam, store, alert, "
                "virus, scanner");
    check_repeat(conf, s);
}

/* A key that needs another one. */
static void check_senders(struct conf *conf, const struct settings *s)
{
    bool is_sqlite = strncmp(s->senders_map, "sqlite:", 7) == 0;
    if (is_sqlite == (s->senders_query[0] != '\0'))
        return;
    conf->errors++;
    pass_on(conf->arg, is_sqlite
                           ? "[mail] senders_map is an SQLite file: say what to ask it "
                             "in senders_query"
                           : "[mail] senders_query: senders_map is no sqlite:/path");
}

/* An MTA that does not send the macro would be taken for the border. */
static void check_border(struct conf *conf, const struct settings *s)
{
    if (!s->has_border || s->border_daemon_name[0] != '\0')
        return;
    conf->errors++;
    pass_on(conf->arg,
            "[border] daemon_name is empty: every message would be taken for "
            "one at the border");
}

static void check(struct conf *conf, struct settings *s)
{
    check_border(conf, s);
    check_policy(conf, "policy", &s->outbound);
    check_policy(conf, "policy forwarded", &s->forwarded);
    check_identities(conf, s);
    check_texts(conf, s);
    check_senders(conf, s);
    check_dns(conf, s);
    check_notify(conf, s);
}

static int create(struct settings **out, struct err *err)
{
    struct arena *arena = arena_new(SETTINGS_BYTES);
    struct settings *s = arena != NULL ? arena_alloc(arena, sizeof *s) : NULL;
    if (s != NULL) {
        s->arena = arena;
        s->file = "";
        s->limits = arena_array(arena, BOUND_LIMITS, sizeof *s->limits);
    }
    if (s == NULL || s->limits == NULL) {
        arena_free(&arena);
        return err_set(err, ERR_MEMORY, "no memory for the config");
    }
    *out = s;
    return 0;
}

int settings_load(struct settings **out, const char *path, conf_complain *complain,
                  void *arg, struct err *err)
{
    struct settings *s = NULL;
    *out = NULL;
    if (create(&s, err) < 0 || s == NULL)
        return -1;
    struct loading loading = {s, complain, arg};
    struct conf conf = {
        .keys = outgate_setting_keys,
        .key_count = outgate_setting_key_count,
        .free_section = "limits",
        .free_line = add_limit,
        .target = s,
        .arena = s->arena,
        .complain = pass_on,
        .arg = &loading,
    };
    s->file = path != NULL ? span_cstr(s->arena, span_of(path)) : "";
    conf_defaults(&conf);
    int result = path != NULL ? conf_read(&conf, path, err) : 0;
    unsigned before = conf.errors;
    check(&conf, s);
    if (result == 0 && conf.errors > before)
        result = err_set(err, ERR_CONFIG, "%s: the config contradicts itself", path);
    if (result < 0)
        settings_free(&s);
    *out = s;
    return result;
}

int settings_default(struct settings **out, struct err *err)
{
    return settings_load(out, NULL, NULL, NULL, err);
}

void settings_free(struct settings **settings)
{
    if (*settings == NULL)
        return;
    struct arena *arena = (*settings)->arena; /* the struct lives in it */
    arena_free(&arena);
    *settings = NULL;
}

const struct policy *settings_policy(const struct settings *settings,
                                     enum mail_class mail_class)
{
    return mail_class == CLASS_FORWARDED ? &settings->forwarded : &settings->outbound;
}
