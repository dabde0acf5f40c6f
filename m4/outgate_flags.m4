# SPDX-License-Identifier: BSD-2-Clause
#
# OUTGATE_PROBE_CFLAGS(VARIABLE, FLAGS) - append each flag that the compiler takes
# without a warning; OUTGATE_PROBE_LDFLAGS likewise for the linker.
AC_DEFUN([OUTGATE_PROBE_CFLAGS], [
  for og_flag in $2; do
    og_saved=$CFLAGS
    CFLAGS="$CFLAGS -Werror $og_flag"
    AC_MSG_CHECKING([whether $CC takes $og_flag])
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
      [AC_MSG_RESULT([yes]); $1="$$1 $og_flag"], [AC_MSG_RESULT([no])])
    CFLAGS=$og_saved
  done
])

AC_DEFUN([OUTGATE_PROBE_LDFLAGS], [
  for og_flag in $2; do
    og_saved=$LDFLAGS
    LDFLAGS="$LDFLAGS $og_flag"
    AC_MSG_CHECKING([whether the linker takes $og_flag])
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
      [AC_MSG_RESULT([yes]); $1="$$1 $og_flag"], [AC_MSG_RESULT([no])])
    LDFLAGS=$og_saved
  done
])
