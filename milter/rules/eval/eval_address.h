/* SPDX-License-Identifier: BSD-2-Clause
 *
 * eval_address - the addresses that a message is from and to, by all fields that tell.
 *
 * Stage: rules; private to the eval modules.
 * Source: behaviour of Mail::SpamAssassin::PerMsgStatus, all_from_addrs, all_to_addrs.
 */
#ifndef OUTGATE_RULES_EVAL_ADDRESS_H
#define OUTGATE_RULES_EVAL_ADDRESS_H

#include "rules/eval/eval_scene.h"

struct eval_address_list {
    struct span *at; /* lower case, each once */
    size_t count;
};

struct eval_address_list eval_senders(struct eval_scene *scene);
struct eval_address_list eval_recipients(struct eval_scene *scene);

/* eval_field_addresses - those of one field ("Reply-To"), lower case. */
struct eval_address_list eval_field_addresses(struct eval_scene *scene,
                                              struct span field);

#endif
