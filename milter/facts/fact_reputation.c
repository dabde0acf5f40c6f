/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fact_reputation - what is behind from_matches_sender, the DNS lists and virus: which
 * address, what was left out, why. Pure: milter/auth asked.
 */
#include "facts/fact_input.h"

void fact_reputation(const struct fact_input *in, struct facts *out)
{
    const struct authentication *auth = in->auth;
    if (!auth->is_known)
        return;
    FACT_TEXT_SET(from_not_senders, auth->from_owner_address);
    FACT_SET(lists_failed, auth->lists_failed);
    FACT_SET(links_unasked, auth->has_names_left);
    FACT_TEXT_SET(virus_problem, auth->virus_problem);
}
