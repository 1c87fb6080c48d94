/* log.c: hands a record to the sink if it is wanted. Formatting is the sink's affair (host/, sim/). */
#include "base/base.h"

void riv_log_write(const riv_log *log, riv_log_level level, const char *event, const riv_log_field *fields,
                   size_t count)
{
    if (log && log->write && level <= log->level) log->write(log->ctx, level, event, fields, count);
}
