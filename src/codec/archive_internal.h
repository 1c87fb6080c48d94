/* Inside codec: what reading and writing of archives share: numbers of the layout. */
#ifndef RIV_CODEC_ARCHIVE_INTERNAL_H
#define RIV_CODEC_ARCHIVE_INTERNAL_H

#include "codec/archive.h"

/* AquaVM's codes of preparation errors. */
enum { ARCHIVE__CODE_INNER = 2, ARCHIVE__CODE_ENVELOPE = 3, ARCHIVE__CODE_ENVELOPE_VERSIONS = 4 };

/* Bytes of the archived records. SPEC air.md 3.2 "Layout" */
enum {
    ARCHIVE__ALIGN               = 4,
    ARCHIVE__ROOT_BYTES          = 60,
    ARCHIVE__STATE_BYTES         = 24,
    ARCHIVE__LORE_BYTES          = 12,
    ARCHIVE__DESC_BYTES          = 8,
    ARCHIVE__ENTRY_BYTES         = 12,
    ARCHIVE__SIGNATURE_BYTES     = 16,
    ARCHIVE__TEXT_BYTES          = 8, /* relptr and length: Box<str>, Rc<str>, Box<[u8]> */
    ARCHIVE__STRING_BYTES        = 8,
    ARCHIVE__STRING_INLINE_MAX   = 7,
    ARCHIVE__TETRAPLET_BYTES     = 32,
    ARCHIVE__SERVICE_RESULT_BYTES = 24,
    ARCHIVE__CANON_RESULT_BYTES  = 16,
    ARCHIVE__CANON_ELEMENT_BYTES = 28,
};

/* Tags inside a state. */
enum { ARCHIVE__CALL_REQUEST = 0, ARCHIVE__CALL_EXECUTED = 1, ARCHIVE__CALL_FAILED = 2 };
enum { ARCHIVE__SENDER_PEER = 0, ARCHIVE__SENDER_PEER_WITH_ID = 1 };
enum { ARCHIVE__VALUE_SCALAR = 0, ARCHIVE__VALUE_STREAM = 1, ARCHIVE__VALUE_UNUSED = 2 };
enum { ARCHIVE__CANON_SENT_BY = 0, ARCHIVE__CANON_EXECUTED = 1 };

#endif
