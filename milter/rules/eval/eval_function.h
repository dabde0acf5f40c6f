/* SPDX-License-Identifier: BSD-2-Clause
 *
 * eval_function - what every module of eval functions offers: a table of them.
 *
 * Stage: rules; private to the eval modules.
 */
#ifndef OUTGATE_RULES_EVAL_FUNCTION_H
#define OUTGATE_RULES_EVAL_FUNCTION_H

#include "rules/eval/eval_scene.h"

enum { EVAL_ARGUMENTS = 16 };

enum eval_comparison {
    EVAL_COMPARE_UNKNOWN = 0,
    EVAL_LESS,
    EVAL_LESS_EQUAL,
    EVAL_MORE,
    EVAL_MORE_EQUAL,
    EVAL_EQUAL,
    EVAL_NOT_EQUAL,
};

struct eval_argument {
    struct span text;
    double number;
    bool is_open; /* 'undef' or 'inf', or not given: no bound */
    enum eval_comparison comparison;
    struct pattern *pattern; /* the call owns it */
    int id;                  /* of a name, from the function's own list */
};

struct eval_function;

struct eval_call {
    const struct eval_function *function;
    struct eval_argument arguments[EVAL_ARGUMENTS];
    unsigned count; /* given */
};

/* run: does the rule hit? arguments: a letter each: t text, n number, r regex, c
 * comparison with a number ("!= 0"), i one of names; those behind '|' may be left out;
 * of that before '*' there may be more.
 * doc: for the manual; it begins with what hits. */
struct eval_function {
    const char *name;
    const char *arguments;
    const char *const *names; /* of an i, ends in NULL */
    bool (*run)(struct eval_scene *scene, const struct eval_call *call);
    const char *doc;
};

struct eval_module {
    const char *plugin; /* without Mail::SpamAssassin::Plugin:: */
    const struct eval_function *functions;
    size_t count;
};

extern const struct eval_module outgate_eval_header;
extern const struct eval_module outgate_eval_relay;
extern const struct eval_module outgate_eval_html;
extern const struct eval_module outgate_eval_mime;
extern const struct eval_module outgate_eval_body;
extern const struct eval_module outgate_eval_freemail;
extern const struct eval_module outgate_eval_welcome;
extern const struct eval_module outgate_eval_subject;
extern const struct eval_module outgate_eval_uri;
extern const struct eval_module outgate_eval_image;
extern const struct eval_module outgate_eval_https;
extern const struct eval_module outgate_eval_bounce;
extern const struct eval_module outgate_eval_spf;
extern const struct eval_module outgate_eval_dkim;
extern const struct eval_module outgate_eval_dmarc;

/* eval_is_between - min and max as written, where "undef" and what is not given set no
 * bound: min <= value < max. */
bool eval_is_between(const struct eval_argument *min, const struct eval_argument *max,
                     double value);

/* eval_is_within - min < value <= max. */
bool eval_is_within(const struct eval_argument *min, const struct eval_argument *max,
                    double value);

/* eval_compare - value against the comparison's number. */
bool eval_compare(const struct eval_argument *argument, double value);

/* Functions of HeaderEval that have a module of their own, eval_date. */
bool eval_shifted_date(struct eval_scene *scene, const struct eval_call *call);
bool eval_outlook_id(struct eval_scene *scene, const struct eval_call *call);

#endif
