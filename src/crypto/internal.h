/* Inside crypto: libsodium's header under a roof. Its functions crypto_hash and crypto_sign share names with our type and our
 * function, so the two are renamed while it is read; neither is called by anyone, also not inside the library. */
#ifndef RIV_CRYPTO_INTERNAL_H
#define RIV_CRYPTO_INTERNAL_H

#define crypto_hash sodium_crypto_hash
#define crypto_sign sodium_crypto_sign
#include <sodium.h>
#undef crypto_hash
#undef crypto_sign

#include "crypto/crypto.h"

#endif
