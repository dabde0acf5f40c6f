/* SPDX-License-Identifier: BSD-2-Clause */
#include "mta/postfix_config.h"

#include <stdint.h>

enum {
    TIMEOUT_MS = 30000,
    SERVICES_MAX = 2000, /* lines of master.cf read. chosen */
    COLUMNS = 8,         /* of master.cf; master(5) */
};

static size_t count_lines(struct span text)
{
    size_t lines = 1;
    for (size_t i = 0; i < text.len; i++)
        lines += text.at[i] == '\n';
    return lines;
}

/* ---- words ---- */

static bool is_divider(char c)
{
    return c == ',' || ascii_is_space(c);
}

/* Where the word that begins s ends: a brace goes to its partner. */
static size_t word_end(struct span s)
{
    size_t depth = 0;
    size_t i = 0;
    for (; i < s.len && (depth > 0 || !is_divider(s.at[i])); i++) {
        depth += s.at[i] == '{';
        if (s.at[i] == '}' && depth > 0 && --depth == 0)
            return i + 1;
    }
    return i;
}

bool postfix_next_word(struct span *list, struct span *word)
{
    while (list->len > 0 && is_divider(list->at[0]))
        *list = span_from(*list, 1);
    size_t end = word_end(*list);
    *word = span_head(*list, end);
    *list = span_from(*list, end);
    return end > 0;
}

static struct span without_braces(struct span s)
{
    s = span_trim(s);
    if (s.len < 2 || s.at[0] != '{' || s.at[s.len - 1] != '}')
        return s;
    return span_trim((struct span){s.at + 1, s.len - 2});
}

static struct postfix_milter parse_milter(struct span entry)
{
    struct postfix_milter milter = {.whole = entry};
    struct span rest = without_braces(entry);
    struct span word;
    postfix_next_word(&rest, &milter.address);
    milter.options = span_trim(rest);
    if (milter.options.len > 0 && milter.options.at[0] == ',')
        milter.options = span_trim(span_from(milter.options, 1));
    while (postfix_next_word(&rest, &word)) {
        struct span name;
        struct span value;
        span_cut(without_braces(word), '=', &name, &value);
        if (span_ieq(span_trim(name), SPAN("default_action")))
            milter.default_action = span_trim(value);
        else if (span_ieq(span_trim(name), SPAN("protocol")))
            milter.protocol = span_trim(value);
    }
    return milter;
}

size_t postfix_milters(struct arena *arena, struct span list,
                       struct postfix_milter **out)
{
    size_t count = 0;
    struct span rest = list;
    struct span word;
    while (postfix_next_word(&rest, &word))
        count++;
    *out = arena_array(arena, count + 1, sizeof **out);
    if (*out == NULL)
        return 0;
    count = 0;
    while (postfix_next_word(&list, &word))
        (*out)[count++] = parse_milter(word);
    return count;
}

/* ---- postconf ---- */

/* "NAME = VALUE" of a line. */
static struct postfix_setting parse_setting(struct span line)
{
    struct postfix_setting setting = {.service = SPAN("")};
    span_cut(line, '=', &setting.name, &setting.value);
    setting.name = span_trim(setting.name);
    setting.value = span_trim(setting.value);
    return setting;
}

/* "SERVICE/TYPE/NAME = VALUE": the service's name may hold slashes. */
static struct postfix_setting parse_override(struct span line)
{
    struct postfix_setting setting = parse_setting(line);
    ptrdiff_t slash = span_rindex(setting.name, '/');
    if (slash < 0)
        return setting;
    setting.service = span_head(setting.name, (size_t)slash);
    setting.name = span_from(setting.name, (size_t)slash + 1);
    return setting;
}

static int ask(const struct mta_tools *tools, struct arena *arena, const char *option,
               struct span *text, struct err *err)
{
    const char *const words[] = {option, NULL};
    struct run_result result = {.status = -1};
    struct span line;
    struct span rest;
    if (mta_ask(tools, arena, "postconf", words, SPAN(""), TIMEOUT_MS, &result, err))
        return -1;
    *text = result.out;
    if (result.status == 0)
        return 0;
    span_cut(result.error, '\n', &line, &rest);
    return err_set(err, ERR_IO, "postconf %s: %.*s", option,
                   (int)span_head(line, 300).len, line.at);
}

static int load_settings(const struct mta_tools *tools, struct arena *arena,
                         struct postfix_config *out, struct err *err)
{
    struct span main_cf;
    struct span overrides;
    struct span line;
    if (ask(tools, arena, "-x", &main_cf, err) != 0 ||
        ask(tools, arena, "-xP", &overrides, err) != 0)
        return -1;
    size_t room = count_lines(main_cf) + count_lines(overrides);
    out->settings = arena_array(arena, room, sizeof *out->settings);
    if (out->settings == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    while (main_cf.len > 0) {
        span_cut(main_cf, '\n', &line, &main_cf);
        out->settings[out->setting_count++] = parse_setting(line);
    }
    while (overrides.len > 0) {
        span_cut(overrides, '\n', &line, &overrides);
        out->settings[out->setting_count++] = parse_override(line);
    }
    return 0;
}

static bool parse_service(struct arena *arena, struct span line, bool chroots,
                          struct postfix_service *out)
{
    struct span words[COLUMNS];
    size_t count = 0;
    while (count < COLUMNS && postfix_next_word(&line, &words[count]))
        count++;
    if (count < COLUMNS)
        return false;
    struct span id = {NULL, words[0].len + 1 + words[1].len};
    char *text = arena_alloc(arena, id.len + 1);
    if (text == NULL)
        return false;
    for (size_t i = 0; i < words[0].len; i++)
        text[i] = words[0].at[i];
    text[words[0].len] = '/';
    for (size_t i = 0; i < words[1].len; i++)
        text[words[0].len + 1 + i] = words[1].at[i];
    id.at = text;
    *out = (struct postfix_service){
        .id = id,
        .name = words[0],
        .type = words[1],
        .program = words[7],
        .is_chrooted =
            span_eq(words[4], SPAN("-")) ? chroots : span_eq(words[4], SPAN("y")),
    };
    return true;
}

size_t postfix_parse_services(struct arena *arena, struct span text, bool chroots,
                              struct postfix_service **out)
{
    size_t count = 0;
    struct span line;
    *out = arena_array(arena, SERVICES_MAX, sizeof **out);
    while (*out != NULL && text.len > 0 && count < SERVICES_MAX) {
        span_cut(text, '\n', &line, &text);
        count += parse_service(arena, line, chroots, &(*out)[count]);
    }
    return count;
}

int postfix_config_load(const struct mta_tools *tools, struct arena *arena,
                        struct postfix_config *out, struct err *err)
{
    struct span text;
    *out = (struct postfix_config){0};
    if (load_settings(tools, arena, out, err) != 0 ||
        ask(tools, arena, "-M", &text, err) != 0)
        return -1;
    /* since Postfix 3.0 services are chrooted by default only where compatibility with
     * versions before is asked for */
    struct span level = postfix_value(out, SPAN(""), "compatibility_level");
    bool chroots = level.len == 0 || span_eq(level, SPAN("0"));
    out->service_count = postfix_parse_services(arena, text, chroots, &out->services);
    return 0;
}

static const struct postfix_setting *find(const struct postfix_config *config,
                                          struct span service, const char *name)
{
    for (size_t i = 0; i < config->setting_count; i++)
        if (span_eq(config->settings[i].service, service) &&
            span_eq(config->settings[i].name, span_of(name)))
            return &config->settings[i];
    return NULL;
}

struct span postfix_value(const struct postfix_config *config, struct span service,
                          const char *name)
{
    const struct postfix_setting *setting = find(config, service, name);
    if (setting == NULL && service.len > 0)
        setting = find(config, SPAN(""), name);
    return setting != NULL ? setting->value : SPAN("");
}

bool postfix_is_overridden(const struct postfix_config *config, struct span service,
                           const char *name)
{
    return service.len > 0 && find(config, service, name) != NULL;
}

const struct postfix_service *postfix_find_service(const struct postfix_config *config,
                                                   struct span name, const char *type)
{
    for (size_t i = 0; i < config->service_count; i++)
        if (span_eq(config->services[i].name, name) &&
            span_eq(config->services[i].type, span_of(type)))
            return &config->services[i];
    return NULL;
}
