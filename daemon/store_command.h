/* `wirefoldd check`, `backup`, `restore`: what an operator does with a store on disk. The `wirefold` command hands them
 * on to here, as it knows no stores. */
#ifndef WF_STORE_COMMAND_H
#define WF_STORE_COMMAND_H

#include <stdbool.h>

bool wf_store_command_is(const char *word);

/* Runs it; the first argument is its name. Returns the exit status: 0 done, no damage; 1 there is damage, or it could
 * not be done; 2 wrong use. */
int wf_store_command(int count, char **arguments);

#endif
