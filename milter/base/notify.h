/* SPDX-License-Identifier: BSD-2-Clause
 *
 * notify - tell the service manager how the daemon is doing.
 *
 * The datagram protocol of sd_notify(3), which its manual declares stable and meant to
 * be spoken without the library: one sendto() does not earn the daemon a dependency
 * on libsystemd and what that pulls in.
 */
#ifndef OUTGATE_BASE_NOTIFY_H
#define OUTGATE_BASE_NOTIFY_H

/* notify_manager - send state ("READY=1", "STOPPING=1", "RELOADING=1\n...") to the
 * socket that NOTIFY_SOCKET names; nothing without one. Never fails loudly: the
 * manager's absence must not stop mail. */
void notify_manager(const char *state);

#endif
