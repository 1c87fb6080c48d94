/* Inside codec: what the envelope of particle data needs of MessagePack beside the public functions. */
#ifndef RIV_CODEC_INTERNAL_H
#define RIV_CODEC_INTERNAL_H

#include "codec/codec.h"

/* As codec_mp_next; texts may be any bytes. */
RIV_MUST_USE riv_err codec__mp_token(riv_reader *r, riv_fault *fault, codec_mp *out);
/* As codec_mp_skip, with another limit of depth (at most CODEC__MP_DEPTH_MAX) and without the check of texts. */
enum { CODEC__MP_DEPTH_MAX = 1022 }; /* what the original's reader takes inside an envelope */
RIV_MUST_USE riv_err codec__mp_skip(riv_reader *r, riv_fault *fault, size_t depth_max);
/* What stands in front of a byte string of len bytes. */
void codec__mp_put_bin_head(riv_buf *out, size_t len);

#endif
