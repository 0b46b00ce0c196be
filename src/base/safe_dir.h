/* SPDX-License-Identifier: MIT */
/*
 * The directory that a file is to be made in. Where everybody may write, others can put
 * symbolic links; following theirs would make the file where they want it. The kernel
 * refuses that too, but only with fs.protected_symlinks, and not without a sticky bit.
 */
#ifndef BASE_SAFE_DIR_H
#define BASE_SAFE_DIR_H

#include <stdbool.h>
#include <sys/stat.h>

/*
 * Walks to the parent directory of @path. Returns a descriptor (O_PATH) that stands for
 * it whatever happens to the path, and in *@name the rest of @path: lent, without a
 * slash, "" if @path ends with one. -ELOOP: somebody else's link is in the way; or what
 * open(2) says.
 */
int safe_dir_open(const char *path, const char **name);

/* Was @st found in @dir, where others may write, and is it from one of them? */
bool safe_dir_is_foreign(int dir, const struct stat *st);

#endif
