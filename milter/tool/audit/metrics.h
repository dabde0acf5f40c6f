/* SPDX-License-Identifier: BSD-2-Clause
 *
 * metrics - the state of the gate as OpenMetrics text.
 *
 * Counters come from the summaries and never fall; nothing here is labelled with a
 * sender or an address: a monitoring system keeps labels for ever.
 * Source: OpenMetrics 1.0 (github.com/OpenObservability/OpenMetrics), "Text Format".
 */
#ifndef OUTGATE_TOOL_AUDIT_METRICS_H
#define OUTGATE_TOOL_AUDIT_METRICS_H

#include "base/buf.h"
#include "tool/tool.h"

#define METRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* metrics_print - all of it, up to "# EOF". tool->db is open. */
int metrics_print(struct tool *tool, struct buf *out, struct err *err);

#endif
