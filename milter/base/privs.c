/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/privs.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int privs_drop(const char *user, struct err *err)
{
    if (user[0] == '\0' || geteuid() != 0)
        return 0;
    const struct passwd *pw = getpwnam(user);
    if (pw == NULL)
        return err_set(err, ERR_CONFIG, "[milter] user: there is no user \"%s\"", user);
    if (pw->pw_uid == 0)
        return 0;
    if (initgroups(user, pw->pw_gid) < 0 || setgid(pw->pw_gid) < 0 ||
        setuid(pw->pw_uid) < 0)
        return err_set(err, ERR_IO, "becoming user %s: %s", user, strerror(errno));
    if (setuid(0) == 0)
        return err_set(err, ERR_IO, "becoming user %s: still root", user);
    return 0;
}

int privs_give_socket(const char *path, unsigned mode, const char *user,
                      const char *group, struct err *err)
{
    uid_t uid = (uid_t)-1;
    gid_t gid = (gid_t)-1;
    const struct passwd *pw = user[0] != '\0' ? getpwnam(user) : NULL;
    const struct group *gr = group[0] != '\0' ? getgrnam(group) : NULL;
    if (group[0] != '\0' && gr == NULL)
        return err_set(err, ERR_CONFIG,
                       "[milter] socket_group: there is no group \"%s\"", group);
    if (pw != NULL) {
        uid = pw->pw_uid;
        gid = pw->pw_gid;
    }
    if (gr != NULL)
        gid = gr->gr_gid;
    if (geteuid() == 0 && chown(path, uid, gid) < 0)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    if (chmod(path, (mode_t)mode) < 0)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    return 0;
}
