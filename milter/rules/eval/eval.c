/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/eval/eval.h"

#include <string.h>

#include "rules/eval/eval_function.h"
#include "rules/regex/pattern.h"

static const struct eval_module *const modules[] = {
    &outgate_eval_body,
    &outgate_eval_header,
    &outgate_eval_html,
    &outgate_eval_mime,
    &outgate_eval_relay,
    &outgate_eval_freemail,
    &outgate_eval_welcome,
    &outgate_eval_subject,
    &outgate_eval_uri,
    &outgate_eval_https,
    &outgate_eval_image,
    &outgate_eval_bounce,
    /* from here on: what the authentication stage knows */
    &outgate_eval_spf,
    &outgate_eval_dkim,
    &outgate_eval_dmarc,
};

enum {
    MODULES = sizeof modules / sizeof modules[0],
    FREE_MODULES = MODULES - 3, /* need nothing */
};

#define PLUGIN_PREFIX "Mail::SpamAssassin::Plugin::"

bool eval_has_plugin(struct span name, bool has_authentication)
{
    if (!span_starts(name, SPAN(PLUGIN_PREFIX)))
        return false;
    name = span_from(name, sizeof PLUGIN_PREFIX - 1);
    for (size_t i = 0; i < MODULES; i++)
        if (span_eq(name, span_of(modules[i]->plugin)))
            return has_authentication || i < FREE_MODULES;
    return false;
}

bool eval_info(size_t n, struct eval_info *out)
{
    for (size_t i = 0; i < MODULES; i++) {
        if (n < modules[i]->count) {
            const struct eval_function *f = &modules[i]->functions[n];
            *out = (struct eval_info){modules[i]->plugin, f->name,
                                      f->arguments,       f->doc,
                                      f->names,           i >= FREE_MODULES};
            return true;
        }
        n -= modules[i]->count;
    }
    return false;
}

static const struct eval_function *find(struct span name, bool *needs_authentication)
{
    *needs_authentication = false;
    for (size_t i = 0; i < MODULES; i++)
        for (size_t k = 0; k < modules[i]->count; k++)
            if (span_eq(name, span_of(modules[i]->functions[k].name))) {
                *needs_authentication = i >= FREE_MODULES;
                return &modules[i]->functions[k];
            }
    return NULL;
}

static int width(struct span s)
{
    return (int)(s.len < 80 ? s.len : 80);
}

/* ---- arguments as written ---- */

/* The next one of *rest, without its quotes; -1 when it is none. */
static int take_argument(struct span *rest, struct span *out)
{
    char quote = rest->at[0];
    size_t len = 0;

    if (quote == '\'' || quote == '"') {
        *rest = span_from(*rest, 1);
        if (!span_cut(*rest, quote, out, rest))
            return -1;
    } else {
        while (len < rest->len &&
               (ascii_is_alnum(rest->at[len]) || strchr(".:-_", rest->at[len]) != NULL))
            len++;
        if (len == 0)
            return -1;
        *out = span_head(*rest, len);
        *rest = span_from(*rest, len);
    }
    *rest = span_trim(*rest);
    if (rest->len == 0)
        return 0;
    if (rest->at[0] != ',')
        return -1;
    *rest = span_trim(span_from(*rest, 1));
    return rest->len > 0 ? 0 : -1;
}

static int split(struct span written, struct eval_call *call, struct err *err)
{
    while (written.len > 0) {
        if (call->count == EVAL_ARGUMENTS)
            return err_set(err, ERR_CONFIG, "%s takes at most %d arguments",
                           call->function->name, EVAL_ARGUMENTS);
        if (take_argument(&written, &call->arguments[call->count++].text) != 0)
            return err_set(err, ERR_CONFIG, "%s: an argument is not quoted as 'text'",
                           call->function->name);
    }
    return 0;
}

/* ---- arguments as meant ---- */

/* A decimal number, whatever the locale. */
static bool parse_number(struct span text, double *number)
{
    double value = 0, unit = 1;
    size_t i = 0, digits = 0;
    bool is_negative = text.len > 0 && text.at[0] == '-', has_point = false;

    i = is_negative;
    for (; i < text.len; i++) {
        if (text.at[i] == '.' && !has_point) {
            has_point = true;
            continue;
        }
        if (!ascii_is_digit(text.at[i]) || ++digits > 15)
            return false;
        value = value * 10 + (text.at[i] - '0');
        unit *= has_point ? 10 : 1;
    }
    *number = (is_negative ? -value : value) / unit;
    return digits > 0;
}

static int bind_number(struct eval_argument *argument, struct err *err)
{
    if (span_eq(argument->text, SPAN("undef")) ||
        span_eq(argument->text, SPAN("inf"))) {
        argument->is_open = true;
        return 0;
    }
    if (parse_number(argument->text, &argument->number))
        return 0;
    return err_set(err, ERR_CONFIG, "'%.*s' is no number", width(argument->text),
                   argument->text.at);
}

static int bind_comparison(struct eval_argument *argument, struct err *err)
{
    static const struct {
        struct span sign;
        enum eval_comparison comparison;
    } signs[] = {
        {SPAN("<="), EVAL_LESS_EQUAL}, {SPAN(">="), EVAL_MORE_EQUAL},
        {SPAN("=="), EVAL_EQUAL},      {SPAN("!="), EVAL_NOT_EQUAL},
        {SPAN("<"), EVAL_LESS},        {SPAN(">"), EVAL_MORE},
    };
    struct span text = span_trim(argument->text);

    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (span_starts(text, signs[i].sign)) {
            argument->comparison = signs[i].comparison;
            text = span_trim(span_from(text, signs[i].sign.len));
            break;
        }
    if (argument->comparison != EVAL_COMPARE_UNKNOWN &&
        parse_number(text, &argument->number))
        return 0;
    return err_set(err, ERR_CONFIG, "'%.*s' is no comparison with a number",
                   width(argument->text), argument->text.at);
}

static int bind_regex(struct eval_argument *argument, struct err *err)
{
    struct span regex = argument->text;
    unsigned flags = 0;
    struct err ignored;

    if (span_starts(regex, SPAN("/")) &&
        pattern_split(argument->text, &regex, &flags, &ignored) != 0) {
        regex = argument->text;
        flags = 0;
    }
    return pattern_new(&argument->pattern, regex, flags, err);
}

static int bind_name(const struct eval_function *function,
                     struct eval_argument *argument, struct err *err)
{
    for (int i = 0; function->names[i] != NULL; i++)
        if (span_eq(argument->text, span_of(function->names[i]))) {
            argument->id = i;
            return 0;
        }
    return err_set(err, ERR_NOT_FOUND, "eval:%s('%.*s') is not there", function->name,
                   width(argument->text), argument->text.at);
}

static int bind_argument(struct eval_call *call, unsigned n, char kind, struct err *err)
{
    struct eval_argument *argument = &call->arguments[n];
    int rc = 0;

    if (kind == 'n')
        rc = bind_number(argument, err);
    else if (kind == 'c')
        rc = bind_comparison(argument, err);
    else if (kind == 'r')
        rc = bind_regex(argument, err);
    else if (kind == 'i')
        return bind_name(call->function, argument, err);
    return rc == 0 ? 0
                   : err_prefix(err, "argument %u of %s", n + 1, call->function->name);
}

static int bind(struct eval_call *call, struct err *err)
{
    const char *kinds = call->function->arguments;
    bool is_optional = false;
    unsigned n = 0;

    for (; *kinds != '\0'; kinds++) {
        if (*kinds == '|') {
            is_optional = true;
            continue;
        }
        if (*kinds == '*') { /* texts, which need no more than to be there */
            n = n < call->count ? call->count : n;
            continue;
        }
        if (n < call->count) {
            if (bind_argument(call, n, *kinds, err) != 0)
                return -1;
        } else if (is_optional)
            call->arguments[n].is_open = true;
        else
            return err_set(err, ERR_CONFIG, "%s needs more arguments than %u",
                           call->function->name, call->count);
        n++;
    }
    if (call->count > n)
        return err_set(err, ERR_CONFIG, "%s takes at most %u arguments",
                       call->function->name, n);
    return 0;
}

bool eval_needs_authentication(struct span written)
{
    struct span name, rest;
    bool needs_it;

    span_cut(written, '(', &name, &rest);
    return find(span_trim(name), &needs_it) != NULL && needs_it;
}

int eval_parse(struct arena *arena, struct span written, bool has_authentication,
               struct eval_call **out, struct err *err)
{
    bool needs_authentication;
    struct span name, rest = SPAN("");
    bool has_arguments = span_cut(written, '(', &name, &rest);
    struct eval_call *call = arena_alloc(arena, sizeof *call);

    *out = NULL;
    if (call == NULL)
        return err_set(err, ERR_MEMORY, "no memory for the rules");
    name = span_trim(name);
    rest = span_trim(rest);
    call->function = find(name, &needs_authentication);
    if (call->function == NULL)
        return err_set(err, ERR_NOT_FOUND, "eval:%.*s is not there", width(name),
                       name.at);
    if (needs_authentication && !has_authentication)
        return err_set(err, ERR_NOT_FOUND,
                       "asks the network (eval:%s), and [dns] is empty",
                       call->function->name);
    if (has_arguments && (rest.len == 0 || rest.at[rest.len - 1] != ')'))
        return err_set(err, ERR_CONFIG, "%s: ')' is missing", call->function->name);
    rest.len -= has_arguments;
    if (split(span_trim(rest), call, err) != 0 || bind(call, err) != 0) {
        eval_clear(call);
        return -1;
    }
    *out = call;
    return 0;
}

void eval_clear(struct eval_call *call)
{
    for (unsigned i = 0; call != NULL && i < EVAL_ARGUMENTS; i++)
        pattern_free(&call->arguments[i].pattern);
}

bool eval_run(const struct eval_call *call, struct eval_scene *scene)
{
    return call->function->run(scene, call);
}
