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

enum mail_path mail_path_find(struct span name)
{
    for (int i = PATH_SMTP; i <= PATH_BORDER; i++)
        if (span_eq(name, span_of(mail_path_name((enum mail_path)i))))
            return (enum mail_path)i;
    return PATH_UNKNOWN;
}

enum mail_class mail_class_find(struct span name)
{
    for (int i = CLASS_INBOUND; i <= CLASS_FORWARDED; i++)
        if (span_eq(name, span_of(mail_class_name((enum mail_class)i))))
            return (enum mail_class)i;
    return CLASS_UNKNOWN;
}

bool envelope_must_not_refuse(const struct envelope *env)
{
    return env->path == PATH_LOCAL || env->path == PATH_BORDER || env->is_null_sender;
}
