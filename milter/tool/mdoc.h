/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mdoc - the tables' texts as mdoc(7) source, for the manual's generated sections.
 */
#ifndef OUTGATE_TOOL_MDOC_H
#define OUTGATE_TOOL_MDOC_H

/* mdoc_sentence - print text so that each sentence begins a line, as mdoc wants it;
 * backslashes and leading dots are escaped, a missing full stop is set and lines are
 * folded. */
void mdoc_sentence(const char *text);

#endif
