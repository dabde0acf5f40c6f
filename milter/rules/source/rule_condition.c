/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/source/rule_condition.h"

#include "rules/eval/eval.h"
#include "rules/expression/expression.h"

/* The language version that is spoken here, as SpamAssassin and Perl number. */
static const double language_version = 4.000001, perl_version = 5.036000;

#define PLUGIN_PREFIX "Mail::SpamAssassin::Plugin::"
#define CONF_PREFIX   "Mail::SpamAssassin::Conf::"

static const char *const plugins[] = {
    PLUGIN_PREFIX "MIMEHeader",
    PLUGIN_PREFIX "ReplaceTags",
};

/* Features of the language that hold here. */
static const char *const features[] = {
    CONF_PREFIX "feature_bug6558_free",
    CONF_PREFIX "feature_compile_regexp",
    CONF_PREFIX "feature_meta_rules_matching",
    CONF_PREFIX "feature_get_host",
    CONF_PREFIX "feature_blocklist_welcomelist",
    CONF_PREFIX "feature_welcomelist_blocklist",
    CONF_PREFIX "feature_header_address_parser",
    CONF_PREFIX "feature_local_tests_only",
    CONF_PREFIX "feature_header_first_last",
    CONF_PREFIX "feature_header_match_many",
    CONF_PREFIX "feature_capture_rules",
    CONF_PREFIX "feature_registryboundaries",
    CONF_PREFIX "has_tflags_nosubject",
    CONF_PREFIX "has_tflags_nolog",
    CONF_PREFIX "perl_min_version_5010000",
    CONF_PREFIX "feature_originating_ip_headers",
    CONF_PREFIX "feature_uri_host_listed",
    PLUGIN_PREFIX "MIMEHeader::has_all_header",
    PLUGIN_PREFIX "MIMEHeader::has_tflags_multiple",
    PLUGIN_PREFIX "MIMEHeader::has_tflags_range",
    PLUGIN_PREFIX "MIMEHeader::has_tflags_concat",
    PLUGIN_PREFIX "MIMEHeader::has_capture_rules",
    PLUGIN_PREFIX "BodyEval::has_check_body_length",
    PLUGIN_PREFIX "BodyEval::has_plaintext_body_sig_ratio",
    PLUGIN_PREFIX "MIMEEval::has_check_for_ascii_text_illegal",
    PLUGIN_PREFIX "MIMEEval::has_check_abundant_unicode_ratio",
    PLUGIN_PREFIX "MIMEEval::has_check_qp_ratio",
};

/* And where authentication runs. */
static const char *const authentication_features[] = {
    PLUGIN_PREFIX "SPF::has_check_for_spf_errors",
};

static bool is_listed(const char *const *list, size_t count, struct span name)
{
    for (size_t i = 0; i < count; i++)
        if (span_eq(span_of(list[i]), name))
            return true;
    return false;
}

bool rule_condition_has_plugin(struct span name, bool has_authentication)
{
    return is_listed(plugins, sizeof plugins / sizeof plugins[0], name) ||
           eval_has_plugin(name, has_authentication);
}

static bool has_feature(struct span name, bool has_authentication)
{
    return is_listed(features, sizeof features / sizeof features[0], name) ||
           (has_authentication &&
            is_listed(authentication_features,
                      sizeof authentication_features / sizeof *authentication_features,
                      name));
}

static int find(void *context, struct span name, struct span argument,
                struct expression_operand *out, struct err *err)
{
    const bool *has_authentication = context;

    out->type = EXPRESSION_NUMBER;
    out->is_constant = true;
    if (span_eq(name, SPAN("version")))
        out->number = language_version;
    else if (span_eq(name, SPAN("perl_version")))
        out->number = perl_version;
    else if (span_eq(name, SPAN("local_tests_only")))
        out->number = 1;
    else if (span_eq(name, SPAN("plugin")) && argument.at != NULL)
        out->number = rule_condition_has_plugin(argument, *has_authentication);
    else if ((span_eq(name, SPAN("can")) || span_eq(name, SPAN("has"))) &&
             argument.at != NULL)
        out->number = has_feature(argument, *has_authentication);
    else
        return err_set(err, ERR_CONFIG, "unknown word %.*s in a condition",
                       (int)(name.len < 64 ? name.len : 64), name.at);
    return 0;
}

int rule_condition_test(struct arena *arena, struct span condition,
                        bool has_authentication, bool *is_true, struct err *err)
{
    const struct expression_names names = {find, &has_authentication};
    struct expression *expression;
    unsigned limit_errors = 0;

    if (expression_compile(&expression, arena, condition, &names, err) != 0)
        return -1;
    *is_true = expression_run(expression, NULL, NULL, &limit_errors) != 0;
    expression_clear(expression);
    return 0;
}
