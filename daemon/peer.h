/* Which connections are one client's: those from one address (of IPv6, from one /64), or of one user of this machine.
 *
 *   buckets [ ] [ peer -> peer ] [ ] ...     by a keyed hash of the address; a peer goes with its last connection */
#ifndef WF_PEER_H
#define WF_PEER_H

#include <uv.h>

#define WF_PEER_BUCKETS 4096u

/* The address as far as it tells clients apart. */
struct wf_peer_key {
	uint32_t family;
	uint32_t user;       /* AF_UNIX */
	uint8_t address[16]; /* AF_INET, AF_INET6 */
};

struct wf_peer {
	struct wf_peer *next; /* of its bucket */
	struct wf_peer_key key;
	size_t connections_count;
	size_t jobs_count;      /* requests under way, of all of them */
	size_t bytes;           /* of those, and of replies that are not taken; but for events */
	uint64_t full_since_ms; /* over a bound at each tick since; 0: it is not */
};

struct wf_peers {
	uint64_t secret;
	struct wf_peer *buckets[WF_PEER_BUCKETS];
};

/* `peers` without a peer. */
void wf_peers_init(struct wf_peers *peers);

/* The key of whoever is at the other end; all zeros where that cannot be told. */
struct wf_peer_key wf_peer_key_of(const uv_stream_t *stream);
struct wf_peer_key wf_peer_key_of_address(const struct sockaddr_storage *address);

/* Counts a connection. NULL where memory is out. */
struct wf_peer *wf_peers_enter(struct wf_peers *peers, const struct wf_peer_key *key);

/* Counts it no more. NULL is allowed. */
void wf_peers_leave(struct wf_peers *peers, struct wf_peer *peer);

#endif
