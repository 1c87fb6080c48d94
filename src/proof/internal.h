/* internal.h: what checking and searching share: memory and machines of RandomX. */
#ifndef RIV_PROOF_INTERNAL_H
#define RIV_PROOF_INTERNAL_H

#include "proof/proof.h"

#include <randomx.h>

/* With what this processor offers; where pages must not be written and run (a hardened machine) without compiled programs. NULL: no memory. */
randomx_cache *proof__cache_new(void);
randomx_vm    *proof__vm_new(randomx_cache *cache, randomx_dataset *dataset); /* dataset: fast mode; cache may then be NULL */

#endif
