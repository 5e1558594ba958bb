// How the allocator treats memory that is free again (docs/decisions/0016-mimalloc.md). It has to be said before
// main, and the environment (MIMALLOC_PURGE_DELAY, MIMALLOC_PAGE_MAX_RECLAIM) still wins.

#include <mimalloc.h>

__attribute__((constructor)) static void set_up_allocator(void) {
  // Goes back to the system at once. What is put off is done by a later call only, and after a storm there may be none.
  mi_option_set_default(mi_option_purge_delay, 0);
  // A page that other threads free block by block is given back by the last of them, and does not wait for its
  // thread to allocate again.
  mi_option_set_default(mi_option_page_max_reclaim, 0);
}
