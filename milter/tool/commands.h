/* SPDX-License-Identifier: BSD-2-Clause
 *
 * commands - every command's row; outgate.c lists them in the order of the help.
 */
#ifndef OUTGATE_TOOL_COMMANDS_H
#define OUTGATE_TOOL_COMMANDS_H

#include "tool/tool.h"

extern const struct command outgate_cmd_scan, outgate_cmd_lint, outgate_cmd_tune,
    outgate_cmd_replay, outgate_cmd_log, outgate_cmd_show, outgate_cmd_top,
    outgate_cmd_senders, outgate_cmd_sender, outgate_cmd_campaigns, outgate_cmd_limits,
    outgate_cmd_limit, outgate_cmd_exempt, outgate_cmd_explain, outgate_cmd_held,
    outgate_cmd_release, outgate_cmd_drop, outgate_cmd_block, outgate_cmd_unblock,
    outgate_cmd_brake, outgate_cmd_incidents, outgate_cmd_doctor, outgate_cmd_alert,
    outgate_cmd_dossier, outgate_cmd_feedback, outgate_cmd_forget, outgate_cmd_report,
    outgate_cmd_metrics, outgate_cmd_config, outgate_cmd_facts;

#endif
