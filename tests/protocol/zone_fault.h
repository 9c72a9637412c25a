/* msgpack-c's zone runs out of memory on purpose (-Wl,--wrap=msgpack_zone_init), beside what memory_fault.h does. */
#ifndef WF_TEST_ZONE_FAULT_H
#define WF_TEST_ZONE_FAULT_H

#include "memory_fault.h"

struct msgpack_zone;

bool __real_msgpack_zone_init(struct msgpack_zone *zone, size_t chunk_size);
bool __wrap_msgpack_zone_init(struct msgpack_zone *zone, size_t chunk_size);

bool __wrap_msgpack_zone_init(struct msgpack_zone *zone, size_t chunk_size)
{
	return !memory_is_refused() && __real_msgpack_zone_init(zone, chunk_size);
}

#endif
