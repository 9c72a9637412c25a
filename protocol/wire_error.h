/* How our error codes and the contract's eight words stand to each other.
 *
 *   WF_EBADREQUEST, WF_EMALFORMED -> bad_request       WF_ENOTFOUND              -> not_found
 *   WF_ENOMETHOD                  -> no_such_method    WF_EDENIED                -> denied
 *   WF_EBADARTICLE                -> bad_article       WF_EOVERLOADED, WF_ENOMEM,
 *   WF_ETOOLARGE                  -> too_large           WF_EFULL                -> overloaded
 *   everything else               -> internal */
#ifndef WF_WIRE_ERROR_H
#define WF_WIRE_ERROR_H

#include "base/bytes.h"
#include "base/error.h"
#include "value.h"

/* The word that a client is told for a code; static. `code` is not 0. */
const char *wf_wire_error_word(int code);

/* The code that a word means; WF_EINTERNAL of a word that is not the contract's. */
int wf_wire_error_code(struct wf_bytes word);

/* Reads the error of a response, [word, message], into `error`. Lenient, as other daemons' errors may be plain
 * strings: those give WF_EINTERNAL with the string as text. Returns the code; 0 for nil. */
int wf_wire_error_of(struct wf_value value, struct wf_error *error);

#endif
