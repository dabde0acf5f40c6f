/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/envelope.h"

const char *mail_path_name(enum mail_path path)
{
    static const char *const names[] = {"unknown", "smtp", "local", "border"};
    return names[path];
}

const char *mail_class_name(enum mail_class mail_class)
{
    static const char *const names[] = {"unknown", "inbound", "outbound", "forwarded"};
    return names[mail_class];
}

bool envelope_must_not_refuse(const struct envelope *env)
{
    return env->path == PATH_LOCAL || env->path == PATH_BORDER || env->is_null_sender;
}
