/* How the daemon and the manager of services that started it speak: what it is told, which sockets it is handed, where
 * its log goes. systemd's protocols, as sd_notify(3), sd_listen_fds(3) and systemd.exec(5) write them down; without
 * such a manager nothing happens.
 *
 *   NOTIFY_SOCKET               READY=1, STOPPING=1, RELOADING=1, STATUS=...   one datagram each
 *   LISTEN_PID, LISTEN_FDS      descriptors 3, 4, ... are listening sockets
 *   JOURNAL_STREAM              device and inode of standard error, where it is the journal */
#ifndef WF_SERVICE_H
#define WF_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

struct wf_service {
	char socket_path[108]; /* empty: nobody listens; the first byte '@': an abstract one */
	bool logs_to_journal;
	int descriptors_count; /* inherited, from WF_SERVICE_DESCRIPTOR_FIRST on */
};

#define WF_SERVICE_DESCRIPTOR_FIRST 3

/* Reads the environment of the process. Descriptors that are inherited are closed on exec from now on. */
void wf_service_init(struct wf_service *service, char *const *environment);

/* Tells the manager: "READY=1", "STOPPING=1\nSTATUS=..." Does not wait; what cannot be told is lost. Any thread. */
void wf_service_tell(const struct wf_service *service, const char *state);

/* Tells it that what is read anew is being read; READY=1 ends that. */
void wf_service_tell_reloading(const struct wf_service *service);

#endif
