/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/regex/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"

/* The 32 KiB that JIT code has by default are too few for published rules. */
enum { JIT_STACK_START_BYTES = 32768, JIT_STACK_MAX_BYTES = 1 << 20 };

/* Groups whose text can be asked for. chosen: published rules have a few. */
enum { GROUPS_MAX = 64 };

struct pattern {
    pcre2_code *code;
    bool is_fast;   /* JIT code stands behind it */
    bool is_direct; /* and may be called without what pcre2_match checks before */
};

/* What one thread needs to match. */
struct scratch {
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    pcre2_match_data *data;
    pcre2_match_data *groups; /* of a match whose groups matter; made when needed */
};

static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;
static bool has_scratch_key;

static void scratch_free(void *memory)
{
    struct scratch *scratch = memory;

    if (scratch == NULL)
        return;
    pcre2_match_data_free(scratch->data);
    pcre2_match_data_free(scratch->groups);
    pcre2_match_context_free(scratch->context);
    pcre2_jit_stack_free(scratch->stack);
    free(scratch);
}

static void make_scratch_key(void)
{
    has_scratch_key = pthread_key_create(&scratch_key, scratch_free) == 0;
}

static struct scratch *scratch_new(void)
{
    struct scratch *scratch = calloc(1, sizeof *scratch);

    if (scratch == NULL)
        return NULL;
    scratch->context = pcre2_match_context_create(NULL);
    scratch->data = pcre2_match_data_create(1, NULL); /* only the whole match */
    if (scratch->context == NULL || scratch->data == NULL) {
        scratch_free(scratch);
        return NULL;
    }
    /* NULL where executable memory is forbidden; then no JIT code exists either. */
    scratch->stack =
        pcre2_jit_stack_create(JIT_STACK_START_BYTES, JIT_STACK_MAX_BYTES, NULL);
    if (scratch->stack != NULL)
        pcre2_jit_stack_assign(scratch->context, NULL, scratch->stack);
    pcre2_set_match_limit(scratch->context, BOUND_MATCH_STEPS);
    pcre2_set_depth_limit(scratch->context, BOUND_MATCH_DEPTH);
    pcre2_set_heap_limit(scratch->context, BOUND_MATCH_HEAP_KIB);
    return scratch;
}

/* The calling thread's match memory; NULL without memory. */
static struct scratch *scratch_of_thread(void)
{
    struct scratch *scratch;

    pthread_once(&scratch_once, make_scratch_key);
    if (!has_scratch_key)
        return NULL;
    scratch = pthread_getspecific(scratch_key);
    if (scratch != NULL)
        return scratch;
    scratch = scratch_new();
    if (scratch != NULL && pthread_setspecific(scratch_key, scratch) != 0) {
        scratch_free(scratch);
        return NULL;
    }
    return scratch;
}

static char closing_of(char opening)
{
    switch (opening) {
    case '{':
        return '}';
    case '(':
        return ')';
    case '[':
        return ']';
    case '<':
        return '>';
    default:
        return opening;
    }
}

static int flag_of(char c, unsigned *flags)
{
    switch (c) {
    case 'i':
        *flags |= PATTERN_CASELESS;
        return 0;
    case 'm':
        *flags |= PATTERN_MULTILINE;
        return 0;
    case 's':
        *flags |= PATTERN_DOTALL;
        return 0;
    case 'x':
        *flags |= *flags & PATTERN_EXTENDED ? PATTERN_EXTENDED_MORE : PATTERN_EXTENDED;
        return 0;
    case 'n':
        *flags |= PATTERN_NO_CAPTURE;
        return 0;
    default:
        return c != '\0' && strchr("gopadl", c) != NULL ? 0 : -1;
    }
}

/* A delimiter that is its own end must be quoted inside. */
static bool has_unquoted(struct span regex, char delimiter)
{
    for (size_t i = 0; i < regex.len; i++) {
        if (regex.at[i] == '\\')
            i++;
        else if (regex.at[i] == delimiter)
            return true;
    }
    return false;
}

/* Where the regex begins in written, and with which delimiter. */
static int find_opening(struct span written, size_t *start, char *opening,
                        struct err *err)
{
    size_t at = 0;

    if (span_starts(written, SPAN("qr")))
        at = 2;
    else if (span_starts(written, SPAN("m")))
        at = 1;
    if (at >= written.len || (at == 0 && written.at[0] != '/'))
        return err_set(err, ERR_CONFIG, "a pattern stands in /.../ or m{...}");
    *opening = written.at[at];
    if (ascii_is_alnum(*opening) || ascii_is_space(*opening) || *opening == '\\' ||
        *opening == '_')
        return err_set(err, ERR_CONFIG, "'%c' cannot delimit a pattern", *opening);
    *start = at + 1;
    return 0;
}

int pattern_split(struct span written, struct span *regex, unsigned *flags,
                  struct err *err)
{
    size_t start = 0, end = written.len;
    char opening = 0, closing;

    if (find_opening(written, &start, &opening, err) != 0)
        return -1;
    closing = closing_of(opening);
    while (end > start && written.at[end - 1] != closing)
        end--;
    if (end <= start)
        return err_set(err, ERR_CONFIG, "the pattern has no closing '%c'", closing);
    *regex = (struct span){written.at + start, end - 1 - start};
    *flags = 0;
    for (size_t i = end; i < written.len; i++)
        if (flag_of(written.at[i], flags) != 0)
            return err_set(err, ERR_CONFIG, "unknown pattern flag '%c'", written.at[i]);
    if (opening == closing && has_unquoted(*regex, closing))
        return err_set(err, ERR_CONFIG, "unquoted '%c' inside the pattern", closing);
    return 0;
}

static uint32_t options_of(struct span regex, unsigned flags)
{
    /* Perl lets several groups have one name; \C would split characters. */
    uint32_t options = PCRE2_DUPNAMES | PCRE2_NEVER_BACKSLASH_C;

    options |= flags & PATTERN_CASELESS ? PCRE2_CASELESS : 0;
    options |= flags & PATTERN_MULTILINE ? PCRE2_MULTILINE : 0;
    options |= flags & PATTERN_DOTALL ? PCRE2_DOTALL : 0;
    options |= flags & PATTERN_EXTENDED ? PCRE2_EXTENDED : 0;
    options |= flags & PATTERN_EXTENDED_MORE ? PCRE2_EXTENDED_MORE : 0;
    options |= flags & PATTERN_NO_CAPTURE ? PCRE2_NO_AUTO_CAPTURE : 0;
    if (span_starts(regex, SPAN("(*UTF")))
        options |= PCRE2_MATCH_INVALID_UTF; /* hostile text is not an error */
    return options;
}

/* Of UTF-8: PCRE2 has to look at the text first. */
static bool is_of_characters(const pcre2_code *code)
{
    uint32_t options = 0;

    return pcre2_pattern_info(code, PCRE2_INFO_ALLOPTIONS, &options) != 0 ||
           (options & PCRE2_UTF) != 0;
}

int pattern_new(struct pattern **out, struct span regex, unsigned flags,
                struct err *err)
{
    struct pattern *pattern = calloc(1, sizeof *pattern);
    int code = 0;
    PCRE2_SIZE offset = 0;
    char reason[160];

    *out = NULL;
    if (pattern == NULL)
        return err_set(err, ERR_MEMORY, "no memory for a pattern");
    pattern->code =
        pcre2_compile((PCRE2_SPTR)(regex.len > 0 ? regex.at : ""), regex.len,
                      options_of(regex, flags), &code, &offset, NULL);
    if (pattern->code == NULL) {
        free(pattern);
        if (pcre2_get_error_message(code, (PCRE2_UCHAR *)reason, sizeof reason) < 0)
            memcpy(reason, "unknown error", sizeof "unknown error");
        return err_set(
            err, code == PCRE2_ERROR_PATTERN_TOO_LARGE ? ERR_TOO_LARGE : ERR_CONFIG,
            "%s at character %zu", reason, offset);
    }
    pattern->is_fast = pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE) == 0;
    pattern->is_direct = pattern->is_fast && !is_of_characters(pattern->code);
    *out = pattern;
    return 0;
}

void pattern_free(struct pattern **pattern)
{
    if (*pattern == NULL)
        return;
    pcre2_code_free((*pattern)->code);
    free(*pattern);
    *pattern = NULL;
}

bool pattern_is_fast(const struct pattern *pattern)
{
    return pattern->is_fast;
}

/* One search from start. What is too deep for the stack of JIT code is searched again
 * by the interpreter, within the limits. */
static int search(const struct pattern *pattern, const struct scratch *scratch,
                  pcre2_match_data *data, struct span text, size_t start,
                  uint32_t options)
{
    PCRE2_SPTR at = (PCRE2_SPTR)(text.len > 0 ? text.at : "");
    int (*const match)(const pcre2_code *, PCRE2_SPTR, PCRE2_SIZE, PCRE2_SIZE, uint32_t,
                       pcre2_match_data *, pcre2_match_context *) =
        pattern->is_direct ? pcre2_jit_match : pcre2_match;
    int rc = match(pattern->code, at, text.len, start, options, data, scratch->context);

    if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
        rc = pcre2_match(pattern->code, at, text.len, start, options | PCRE2_NO_JIT,
                         data, scratch->context);
    return rc;
}

static enum pattern_result outcome(int rc, unsigned count)
{
    if (rc < 0 && rc != PCRE2_ERROR_NOMATCH)
        return PATTERN_LIMIT;
    return count > 0 ? PATTERN_MATCH : PATTERN_MISS;
}

/* Room for groups, where they matter; NULL without memory. */
static pcre2_match_data *group_data(struct scratch *scratch)
{
    if (scratch != NULL && scratch->groups == NULL)
        scratch->groups = pcre2_match_data_create(GROUPS_MAX + 1, NULL);
    return scratch != NULL ? scratch->groups : NULL;
}

/* What group number of the match in data took, if it has a part in it. */
static bool group_text(pcre2_match_data *data, struct span text, unsigned number,
                       struct span *out)
{
    const PCRE2_SIZE *range = pcre2_get_ovector_pointer(data) + 2 * (size_t)number;

    if (number > GROUPS_MAX || number >= pcre2_get_ovector_count(data) ||
        range[0] == PCRE2_UNSET || range[1] < range[0])
        return false;
    *out = (struct span){text.at + range[0], range[1] - range[0]};
    return true;
}

static void add_capture(struct pattern_captures *captures, struct span name,
                        struct span value)
{
    size_t room = captures->room > 0 ? 2 * captures->room : 8;

    if (value.len == 0 || captures->count >= BOUND_CAPTURES)
        return;
    if (captures->count == captures->room) {
        struct pattern_capture *at = arena_array(captures->arena, room, sizeof *at);
        if (at == NULL)
            return;
        if (captures->count > 0)
            memcpy(at, captures->at, captures->count * sizeof *at);
        captures->at = at;
        captures->room = room;
    }
    captures->at[captures->count++] = (struct pattern_capture){name, value};
}

size_t pattern_name_count(const struct pattern *pattern)
{
    uint32_t count = 0;

    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMECOUNT, &count);
    return count;
}

/* An entry of PCRE2's table: a number in two bytes, a name, a NUL. */
static PCRE2_SPTR name_entry(const struct pattern *pattern, size_t index)
{
    uint32_t size = 0;
    PCRE2_SPTR table = NULL;

    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMETABLE, &table);
    return table + index * size;
}

struct span pattern_name(const struct pattern *pattern, size_t index)
{
    return span_of((const char *)name_entry(pattern, index) + 2);
}

static void take_names(const struct pattern *pattern, pcre2_match_data *data,
                       struct span text, struct pattern_captures *captures)
{
    for (size_t i = 0; i < pattern_name_count(pattern); i++) {
        PCRE2_SPTR entry = name_entry(pattern, i);
        struct span value;
        if (group_text(data, text, (unsigned)entry[0] << 8 | entry[1], &value))
            add_capture(captures, pattern_name(pattern, i), value);
    }
}

/* captures: NULL, or where named groups go. */
static enum pattern_result each(const struct pattern *pattern, struct span text,
                                bool is_continued, unsigned max, unsigned *count,
                                struct pattern_captures *captures)
{
    struct scratch *scratch = scratch_of_thread();
    pcre2_match_data *data = captures != NULL  ? group_data(scratch)
                             : scratch != NULL ? scratch->data
                                               : NULL;
    uint32_t options = is_continued ? PCRE2_NOTBOL : 0;
    bool is_cut = text.len > BOUND_MATCH_TEXT_BYTES;
    size_t start = 0;
    int rc = PCRE2_ERROR_NOMATCH;

    *count = 0;
    if (data == NULL)
        return PATTERN_LIMIT;
    if (is_cut)
        text.len = BOUND_MATCH_TEXT_BYTES;
    while (*count < max && start <= text.len) {
        rc = search(pattern, scratch, data, text, start, options);
        if (rc < 0)
            break;
        (*count)++;
        if (captures != NULL)
            take_names(pattern, data, text, captures);
        const PCRE2_SIZE *range = pcre2_get_ovector_pointer(data);
        /* After an empty match the next must not be empty at the same place. */
        options &= ~(uint32_t)PCRE2_NOTEMPTY_ATSTART;
        if (range[1] <= range[0] || range[1] <= start)
            options |= PCRE2_NOTEMPTY_ATSTART;
        start = range[1] > start ? range[1] : start;
    }
    if (is_cut && *count == 0 && rc == PCRE2_ERROR_NOMATCH)
        return PATTERN_LIMIT;
    return outcome(rc, *count);
}

enum pattern_result pattern_count(const struct pattern *pattern, struct span text,
                                  bool is_continued, unsigned max, unsigned *count)
{
    return each(pattern, text, is_continued, max, count, NULL);
}

enum pattern_result pattern_capture(const struct pattern *pattern, struct span text,
                                    bool is_continued, unsigned max, unsigned *count,
                                    struct pattern_captures *captures)
{
    return each(pattern, text, is_continued, max, count, captures);
}

bool pattern_group(const struct pattern *pattern, struct span text, unsigned number,
                   struct span *out)
{
    struct scratch *scratch = scratch_of_thread();
    pcre2_match_data *data = group_data(scratch);

    return data != NULL && search(pattern, scratch, data, text, 0, 0) >= 0 &&
           group_text(data, text, number, out);
}

enum pattern_result pattern_match(const struct pattern *pattern, struct span text)
{
    unsigned count;

    return pattern_count(pattern, text, false, 1, &count);
}
