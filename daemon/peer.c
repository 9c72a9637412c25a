#include "peer.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "hash.h"

#define NETWORK_BYTES 8 /* of an IPv6 address that belong to one client: it can take any of the rest */

void wf_peers_init(struct wf_peers *peers)
{
	memset(peers, 0, sizeof *peers);
	/* Where there is no randomness yet, the place of the structure has to do. */
	if (getrandom(&peers->secret, sizeof peers->secret, GRND_NONBLOCK) != (ssize_t)sizeof peers->secret)
		peers->secret = (uint64_t)(uintptr_t)peers;
}

struct wf_peer_key wf_peer_key_of_address(const struct sockaddr_storage *address)
{
	struct wf_peer_key key = {.family = address->ss_family};
	const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;

	if (address->ss_family == AF_INET) {
		memcpy(key.address, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
	} else if (address->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(v6)) {
		key.family = AF_INET;
		memcpy(key.address, v6->s6_addr + 12, 4);
	} else if (address->ss_family == AF_INET6) {
		memcpy(key.address, v6->s6_addr, NETWORK_BYTES);
	}
	return key;
}

struct wf_peer_key wf_peer_key_of(const uv_stream_t *stream)
{
	struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
	struct ucred user;
	socklen_t length = sizeof user;
	int address_length = sizeof address;
	uv_os_fd_t descriptor;

	if (stream->type == UV_TCP) {
		(void)uv_tcp_getpeername((const uv_tcp_t *)stream, (struct sockaddr *)&address, &address_length);
		return wf_peer_key_of_address(&address);
	}
	if (uv_fileno((const uv_handle_t *)stream, &descriptor) == 0 &&
	    getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &user, &length) == 0)
		return (struct wf_peer_key){.family = AF_UNIX, .user = user.uid};
	return (struct wf_peer_key){.family = AF_UNIX, .user = UINT32_MAX};
}

static struct wf_peer **bucket_of(struct wf_peers *peers, const struct wf_peer_key *key)
{
	const struct wf_bytes bytes = {(const char *)key, sizeof *key};

	return &peers->buckets[wf_hash_bytes(bytes, peers->secret) % WF_PEER_BUCKETS];
}

struct wf_peer *wf_peers_enter(struct wf_peers *peers, const struct wf_peer_key *key)
{
	struct wf_peer **bucket = bucket_of(peers, key);
	struct wf_peer *peer = *bucket;

	while (peer != NULL && memcmp(&peer->key, key, sizeof *key) != 0)
		peer = peer->next;
	if (peer == NULL) {
		peer = calloc(1, sizeof *peer);
		if (peer == NULL)
			return NULL;
		peer->key = *key;
		peer->next = *bucket;
		*bucket = peer;
	}
	peer->connections_count++;
	return peer;
}

void wf_peers_leave(struct wf_peers *peers, struct wf_peer *peer)
{
	struct wf_peer **link;

	if (peer == NULL || --peer->connections_count > 0)
		return;
	for (link = bucket_of(peers, &peer->key); *link != peer;)
		link = &(*link)->next;
	*link = peer->next;
	free(peer);
}
