/* SPDX-License-Identifier: BSD-2-Clause */
#include "facts/authentication.h"

const char *auth_result_name(enum auth_result result)
{
    static const char *const names[] = {
        "",        "none",   "pass",      "fail",      "softfail",
        "neutral", "policy", "temperror", "permerror",
    };
    return names[result];
}

const char *dmarc_policy_name(enum dmarc_policy policy)
{
    static const char *const names[] = {"", "none", "quarantine", "reject"};
    return names[policy];
}
