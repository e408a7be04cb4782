/** Who may read the files of a party's directory, and which may be there at all. */
#ifndef TACIT_PARTY_MPC_PLACE_FILES_H
#define TACIT_PARTY_MPC_PLACE_FILES_H

#include "net/role.h"

/** ERR_AUTH where the directory or a file in it is not this user's alone, or is a link; ERR_POLICY
 * where a file is none that a directory of that role has. */
status mpc_place_check_files(const char *dir, role who, error *err) MUST_USE;

/** Make a directory and all in it readable by nobody else. */
status mpc_place_make_private(const char *dir, error *err) MUST_USE;

#endif
