/* Memory that runs out on purpose: the linker sends what the tested code allocates here (-Wl,--wrap=...), counted.
 *
 * Include it once in a test whose line in CMakeLists.txt asks for the wrapping. */
#ifndef WF_TEST_MEMORY_FAULT_H
#define WF_TEST_MEMORY_FAULT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

struct memory_fault {
	bool is_armed;
	bool is_lasting;  /* memory stays out after the first refusal */
	long countdown;   /* allocations still served */
	long refused;     /* since it was armed */
	atomic_long live; /* allocations not given back yet, of all threads */
};

static struct memory_fault memory_fault;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *memory);

static bool memory_is_refused(void)
{
	if (!memory_fault.is_armed)
		return false;
	if (memory_fault.countdown-- > 0)
		return false;
	if (memory_fault.refused > 0 && !memory_fault.is_lasting)
		return false;
	memory_fault.refused++;
	return true;
}

static void *memory_counted(void *memory)
{
	memory_fault.live += memory != NULL;
	return memory;
}

void *__wrap_malloc(size_t size)
{
	return memory_is_refused() ? NULL : memory_counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
	return memory_is_refused() ? NULL : memory_counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *memory, size_t size)
{
	void *moved = memory_is_refused() ? NULL : __real_realloc(memory, size);

	memory_fault.live += memory == NULL && moved != NULL;
	return moved;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return memory_is_refused() ? NULL : memory_counted(__real_aligned_alloc(alignment, size));
}

void __wrap_free(void *memory)
{
	memory_fault.live -= memory != NULL;
	__real_free(memory);
}

/* From now on `served` allocations succeed, then one is refused, or, where it is lasting, all are. */
static inline void memory_fault_arm(long served, bool is_lasting)
{
	memory_fault.is_armed = true;
	memory_fault.is_lasting = is_lasting;
	memory_fault.countdown = served;
	memory_fault.refused = 0;
}

/* Memory is there again; whether any was refused. */
static inline bool memory_fault_disarm(void)
{
	memory_fault.is_armed = false;
	return memory_fault.refused > 0;
}

static inline long memory_live(void)
{
	return memory_fault.live;
}

#endif
